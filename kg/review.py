"""A walk through what is doubtful, with a person who decides.

Asked are names that nearly agree, people of one name who were told apart, and facts whose
probability lies around the threshold.
Each answer becomes a line of
``corrections.txt``; nothing else is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from kg import lexicon
from kg.building import corrections_file, least_confidence, restate
from kg.corrections import add_correction, read_corrections, undo_correction
from kg.errors import UsageError
from kg.groups import Reference
from kg.known import full_key
from kg.model import Annotation, Claim, Document, Entity
from kg.ontology import Ontology, load_ontology
from kg.resolve import resolve
from kg.shelf import Shelf
from kg.table import clean

# How far from the threshold a fact is worth a question.
NEAR = 0.15
# How alike two names of one class are that may be one thing (difflib's ratio).
ALIKE = 0.88
CONTEXT = 200  # characters of the text before and behind a sentence

Ask = Callable[..., Any]
Tell = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Something doubtful.

    Attributes:
        kind: ``fact`` or ``pair``.
        text: What is asked.
        context: Where it is said.
        ids: Subject, predicate, object and document of a fact; the entities of a pair.
        distance: How far from the threshold a fact's probability lies.
    """

    kind: str
    text: str
    context: str
    ids: tuple[str, ...]
    distance: float = 0.0


def questions(output: Path) -> list[Question]:
    """Return what is doubtful in a graph and not decided yet.

    Names that nearly agree come first, then facts, the nearest to the threshold before.

    Raises:
        StoreError: There is no graph.
    """
    ontology = load_ontology()
    decided = read_corrections(corrections_file(output), ontology)
    shelf = Shelf.open(output)
    try:
        least = least_confidence(shelf)
        shelved = [(s.document, s.annotation) for s in shelf]
    finally:
        shelf.close()
    entities = resolve(
        ((document.id, annotation) for document, annotation in shelved), decided
    ).entities
    done = {frozenset(c.parts[:2]) for c in decided if c.verb in {"merge", "apart"}}
    done |= {frozenset(c.parts) for c in decided if c.verb in {"accept", "reject"}}

    def is_open(question: Question) -> bool:
        """Tell whether it is undecided; a fact may be decided for all documents."""
        return not {frozenset(question.ids), frozenset(question.ids[:3])} & done

    pairs = _pairs(set(entities.values()), ontology)
    facts = [
        question
        for document, annotation in shelved
        for question in _facts(document, annotation, entities, ontology, least)
    ]
    facts.sort(key=lambda question: (question.distance, question.ids))
    return [question for question in (*pairs, *facts) if is_open(question)]


def _pairs(entities: Iterable[Entity], ontology: Ontology) -> Iterator[Question]:
    """Yield pairs of one class whose names nearly agree, or agree but for a post.

    Names are compared that share their first three letters or their last word, so that
    the number of comparisons grows with the names and not with their square.
    """
    blocks: dict[tuple[str, str], list[Entity]] = defaultdict(list)
    for entity in sorted(entities, key=lambda e: e.id):
        key = _said(entity)
        for part in {key[:3], key.rpartition(" ")[2]}:
            blocks[entity.type, part].append(entity)
    seen = set()
    for block in blocks.values():
        for i, first in enumerate(block):
            for second in block[i + 1 :]:
                names = (_said(first), _said(second))
                if (first.id, second.id) in seen or not _alike(*names):
                    continue
                seen.add((first.id, second.id))
                class_ = ontology.classes[first.type].label
                yield Question(
                    "pair",
                    f"Is “{clean(first.label)}” the {class_} “{clean(second.label)}”?",
                    "",
                    (first.id, second.id),
                )


def _said(entity: Entity) -> str:
    """Return the key of a name as texts say it, without what tells namesakes apart."""
    plain = entity.label.partition(" (")[0]
    return full_key(
        plain if entity.type in lexicon.words("namesakes") else entity.label
    )


def _alike(first: str, second: str) -> bool:
    digits = [c for c in first if c.isdigit()] == [c for c in second if c.isdigit()]
    return digits and SequenceMatcher(None, first, second).ratio() >= ALIKE


def _facts(
    document: Document,
    annotation: Annotation,
    entities: Mapping[Reference, Entity],
    ontology: Ontology,
    least: float,
) -> Iterator[Question]:
    best: dict[tuple[str, str, str], Claim] = {}
    for claim in annotation.claims:
        key = (claim.subject, claim.predicate, claim.object)
        if key not in best or best[key].confidence < claim.confidence:
            best[key] = claim
    for claim in best.values():
        if abs(claim.confidence - least) > NEAR:
            continue
        subject = entities[document.id, claim.subject]
        object_ = entities[document.id, claim.object]
        if subject == object_ or not ontology.allows(
            subject.type, claim.predicate, object_.type
        ):
            continue
        label = ontology.predicates[claim.predicate].label
        status = ontology.statuses[claim.status].label
        yield Question(
            "fact",
            f"{clean(subject.label)} {label} {clean(object_.label)}"
            f"  [{status}; confidence {claim.confidence:.2f}]",
            _in_context(document, claim),
            (subject.id, claim.predicate, object_.id, document.id),
            abs(claim.confidence - least),
        )


def _in_context(document: Document, claim: Claim) -> str:
    start, end = claim.evidence.start, claim.evidence.end
    before = document.text[max(0, start - CONTEXT) : start]
    behind = document.text[end : end + CONTEXT]
    quote = f"{before}»{document.text[start:end]}«{behind}"
    return f"{document.path}: …{clean(' '.join(quote.split()))}…"


KEYS = {
    "fact": "[a]ccept [r]eject re[n]ame re[t]ype s[p]lit [s]kip [u]ndo [q]uit",
    "pair": "[m]erge [a]part re[n]ame re[t]ype [s]kip [u]ndo [q]uit",
}


def review(output: Path, *, ask: Ask, tell: Tell) -> bool:
    """Ask one question after the other; state the graph again if anything was decided.

    Args:
        output: The folder of the graph.
        ask: Called with a prompt, returns what the person typed.
        tell: Called with each line for the person.

    Returns:
        Whether something was decided.

    Raises:
        StoreError: There is no graph, or it cannot be written.
    """
    path = corrections_file(output)
    open_ = questions(output)
    tell(f"{len(open_)} doubtful; decisions go to {path}")
    made = 0
    i = 0
    while i < len(open_):
        question = open_[i]
        tell(f"\n{i + 1}/{len(open_)}  {question.text}")
        if question.context:
            tell(f"    {question.context}")
        key = str(ask(KEYS[question.kind], default="s"))[:1].lower()
        if key == "q":
            break
        if key == "u":
            undone = undo_correction(path) if made else None
            made -= undone is not None
            tell(f"taken back: {undone}" if undone else "nothing to take back")
            i = max(0, i - 1)
            continue
        try:
            made += _decide(question, key, path, ask)
        except UsageError as error:
            tell(str(error))
            continue
        i += 1
    if made:
        for unmet in restate(output):
            tell(f"correction {unmet.line} meets nothing: {unmet}")
    tell(f"{made} decided")
    return made > 0


def _decide(question: Question, key: str, path: Path, ask: Ask) -> bool:
    """Take down one decision; tell whether there was one.

    Raises:
        UsageError: There is no such key here, or what was typed cannot be.
    """
    simple = {
        "fact": {"a": "accept", "r": "reject"},
        "pair": {"m": "merge", "a": "apart"},
    }
    if key == "s":
        return False
    if key in simple[question.kind]:
        add_correction(path, simple[question.kind][key], question.ids)
        return True
    if key not in "nt" and not (key == "p" and question.kind == "fact"):
        raise UsageError(f"no {key!r} here")
    ends = question.ids if question.kind == "pair" else question.ids[::2][:2]
    which = str(ask(f"1 {ends[0]}, 2 {ends[1]}", default="1"))
    entity = ends[which.strip() == "2"]
    if key == "n":
        add_correction(path, "rename", (entity, str(ask("name"))))
    elif key == "t":
        class_ = load_ontology().class_called(str(ask("class")))
        add_correction(path, "retype", (entity, class_))
    else:
        parts = (entity, question.ids[3], str(ask("name of the other")))
        add_correction(path, "split", parts)
    return True
