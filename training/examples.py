"""Texts as the heads learn from them: words, mentions, facts, sums and references.

What a source does not tell is left open, never taken for absent: a word may carry a set
of labels, a thing a set of classes, and a fact is learnt only for the predicates that its
source marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import spacy
from spacy.language import Language

from kg.ontology import load_ontology
from training import data
from training.data import Example, allowed_labels
from training.held_out import is_held_out
from training.texts import AnnotatedText, problems_of, read_texts

REFERENCE = "Reference"  # the label of a mention that is no name
OPEN = "?"
ROLES = ("payer", "recipient")


@dataclass(frozen=True, slots=True)
class TextMention:
    """Words ``start:end`` that stand for thing number ``thing``."""

    start: int
    end: int
    thing: int
    nominal: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount at words ``start:end``; ``kind`` is "" for one that nobody pays."""

    start: int
    end: int
    kind: str
    status: str
    parts: dict[str, tuple[int, ...]]


@dataclass(slots=True)
class Text:
    """One text with all that its source tells.

    ``facts`` maps (subject thing, object thing, predicate) to a status, or to ``OPEN``
    where the source leaves open whether it holds; only ``told`` predicates are marked.  ``sums`` is None where it marks none.
    """

    id: str
    words: list[str]
    sentences: list[int]
    allowed: list[frozenset[str]]
    mentions: list[TextMention] = field(default_factory=list)
    types: list[frozenset[str]] = field(default_factory=list)
    facts: dict[tuple[int, int, str], str] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    sums: list[Sum] | None = None


def written(folder: Path) -> tuple[list[Text], list[Text]]:
    """Return (training, held-out) texts of all annotated texts in a folder."""
    nlp, ontology = _splitter(), load_ontology()
    training: list[Text] = []
    held_out: list[Text] = []
    for path in sorted(folder.glob("*.md")):
        for document in read_texts(path):
            if problems_of(document, ontology):
                print(
                    f"{path.name}: {document.id} is left out: see training.texts check"
                )
                continue
            text = _of_written(document, nlp)
            (held_out if is_held_out(document.id) else training).append(text)
    return training, held_out


def _splitter() -> Language:
    import kg.pipeline  # noqa: F401 - registers the factories

    nlp = spacy.blank("en")
    nlp.add_pipe("kg_sentences")
    nlp.add_pipe("kg_values")
    return nlp


def _of_written(document: AnnotatedText, nlp: Language) -> Text:
    doc = nlp(document.text)
    tokens = [token for token in doc if not token.is_space]
    place = {token.i: i for i, token in enumerate(tokens)}
    sentence = -1
    sentences = []
    for token in tokens:
        sentence += bool(token.is_sent_start) or sentence < 0
        sentences.append(sentence)

    def words(start: int, end: int) -> tuple[int, int] | None:
        span = doc.char_span(start, end, alignment_mode="expand")
        inside = [place[t.i] for t in span if t.i in place]
        return (inside[0], inside[-1] + 1) if inside else None

    numbers = {key: i for i, key in enumerate(document.types)}
    mentions, spans = [], []
    marked: dict[str, list[tuple[int, int]]] = {}
    for mention in document.mentions:
        at = words(mention.start, mention.end)
        if at is None:
            continue
        if mention.id[0] == "m":
            marked.setdefault(mention.id, []).append(at)
        elif mention.id in numbers:
            mentions.append(TextMention(*at, numbers[mention.id], mention.nominal))
            label = REFERENCE if mention.nominal else document.types[mention.id]
            spans.append((*at, (label,)))
    spans.sort(key=lambda s: s[2] != (REFERENCE,))  # a name within a reference wins
    ontology = load_ontology()
    facts: dict[tuple[int, int, str], str] = {}
    for subject, predicate, object_, status, _ in document.facts:
        s, o = numbers[subject], numbers[object_]
        facts[s, o, predicate] = status
        if ontology.predicates[predicate].symmetric:
            facts[o, s, predicate] = status
    sums = []
    for span in doc.spans["amounts"]:
        at = words(span.start_char, span.end_char)
        if at is None:
            continue
        key = next(
            (
                key
                for key, places in marked.items()
                if any(at[0] < end and start < at[1] for start, end in places)
            ),
            None,
        )
        if key is None:
            sums.append(Sum(*at, "", "", {}))
            continue
        money = document.money[key]
        parts = {
            role: tuple(
                numbers[e] for e in filter(None, money.get(role, "").split(","))
            )
            for role in ROLES
        }
        sums.append(Sum(*at, money["kind"], money.get("status", "done"), parts))
    outside = frozenset("O")
    texts = [token.text for token in tokens]
    return Text(
        document.id,
        texts,
        sentences,
        allowed_labels(texts, spans, outside),
        mentions,
        [frozenset((document.types[key],)) for key in numbers],
        facts,
        frozenset(ontology.predicates),
        sums,
    )


# Wikidata relation -> (our predicate, whether head and tail change places).
_WIKIDATA = {
    **dict.fromkeys(("P6", "P35", "P169", "P488", "P1037"), ("leads", True)),
    "P108": ("worksFor", False),
    **dict.fromkeys(("P102", "P463"), ("memberOf", False)),
    "P112": ("founded", True),
    "P127": ("owns", True),
    "P355": ("partOf", True),
    **dict.fromkeys(("P749", "P361"), ("partOf", False)),
    "P159": ("basedIn", False),
    **dict.fromkeys(("P17", "P131", "P276", "P30"), ("locatedIn", False)),
    "P150": ("locatedIn", True),
    **dict.fromkeys(("P178", "P176"), ("develops", True)),
    "P1001": ("jurisdiction", False),
    "P710": ("participatesIn", True),
    "P1344": ("participatesIn", False),
}


def redocred(path: Path) -> Iterator[Text]:
    """Yield the documents of a Re-DocRED file, with the facts its relations tell."""
    told = frozenset(predicate for predicate, _ in _WIKIDATA.values())
    ontology = load_ontology()
    documents = json.loads(path.read_text("utf-8"))
    for document, example in zip(documents, data.redocred(path), strict=True):
        sentences = [i for i, s in enumerate(document["sents"]) for _ in s]
        starts = data.sentence_starts(document)
        mentions, types = [], []
        for number, vertex in enumerate(document["vertexSet"]):
            classes: set[str] = set()
            for mention in vertex:
                start = starts[mention["sent_id"]] + mention["pos"][0]
                end = starts[mention["sent_id"]] + mention["pos"][1]
                labels = example.allowed[start]
                classes |= {label[2:] for label in labels if label[:2] == "B-"}
                mentions.append(TextMention(start, end, number, nominal=False))
            types.append(frozenset(classes))
        facts = {}
        for relation in document["labels"]:
            if relation["r"] not in _WIKIDATA:
                continue
            predicate, turned = _WIKIDATA[relation["r"]]
            s, o = relation["h"], relation["t"]
            if turned:
                s, o = o, s
            if predicate == "locatedIn" and not types[s] & {"Polity", "Place", "Event"}:
                # A body's country may be its seat, what it is part of, or neither.
                facts.setdefault((s, o, "basedIn"), OPEN)
                facts.setdefault((s, o, "partOf"), OPEN)
                continue
            if any(
                ontology.allows(a, predicate, b) for a in types[s] for b in types[o]
            ):
                facts[s, o, predicate] = "done"
        yield Text(
            f"redocred-{document['title']}",
            example.words,
            sentences,
            _open(example.allowed),
            mentions,
            types,
            facts,
            told,
        )


def _open(allowed: list[frozenset[str]]) -> list[frozenset[str]]:
    """Leave open whether a word outside names refers to something."""
    references = frozenset(("B-Reference", "I-Reference"))
    return [a | references if "O" in a else a for a in allowed]


def plain(example: Example, name: str) -> Text:
    """Return an example for entity recognition alone."""
    sentences = []
    number = 0
    for word in example.words:
        sentences.append(number)
        number += word in {".", "?", "!"}
    return Text(name, example.words, sentences, _open(example.allowed))


_ENTITY = re.compile(r"\((\d+)-(\w+)-([^()|]*)|(\d+)\)|\)")


def gum(folder: Path) -> Iterator[Text]:
    """Yield GUM's documents with the references to named things, and no entity classes."""
    for path in sorted(folder.glob("*.conllu")):
        words, tags, sentences, spans = _gum_spans(path)
        chains: dict[str, list[tuple[int, int, int]]] = {}
        for group, kind, start, end, head in spans:
            if kind in {"person", "organization", "place", "object", "event"}:
                chains.setdefault(group, []).append((start, end, head))
        mentions, labels, types = [], [], []
        for chain in chains.values():
            named = [m for m in chain if tags[m[2]] == "PROPN"]
            others = [m for m in chain if tags[m[2]] in {"PRON", "NOUN"}]
            if not named:
                continue
            number = len(types)
            types.append(frozenset())
            for start, end, head in named:
                first = start + (words[start].lower() in {"the", "a", "an"})
                mentions.append(
                    TextMention(first, min(end, head + 1), number, nominal=False)
                )
            for start, _, head in others:
                if words[start].lower() in {"i", "we", "you", "my", "our", "your"}:
                    continue
                mentions.append(TextMention(start, head + 1, number, nominal=True))
                labels.append((start, head + 1, (REFERENCE,)))
        mentions = [m for m in mentions if m.start < m.end]
        mentions.sort(key=lambda m: m.start)
        labels = [span for span in labels if span[0] < span[1]]
        allowed = [
            frozenset("*") if tag in {"PROPN", "ADJ", "NUM"} and "O" in a else a
            for a, tag in zip(allowed_labels(words, labels), tags, strict=True)
        ]
        yield Text(path.stem, words, sentences, allowed, mentions, types)


def _gum_spans(
    path: Path,
) -> tuple[list[str], list[str], list[int], list[tuple[str, str, int, int, int]]]:
    words: list[str] = []
    tags: list[str] = []
    sentences: list[int] = []
    spans = []
    stack: list[tuple[str, str, int, str]] = []
    number = -1
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# sent_id"):
            number += 1
        fields = line.split("\t")
        if len(fields) < 10 or not fields[0].isdigit():
            continue
        here = len(words)
        words.append(fields[1])
        tags.append(fields[3])
        sentences.append(number)
        notes = dict(n.split("=", 1) for n in fields[9].split("|") if "=" in n)
        for match in _ENTITY.finditer(notes.get("Entity", "")):
            if match[1]:
                parts = match[3].split("-")
                minimal = next(
                    (p for p in parts[2:] if re.fullmatch(r"\d+(,\d+)*", p)), "1"
                )
                stack.append((match[1], match[2], here, minimal))
                # A one-word mention closes at once: "(5-person-...)".
                continue
            group = match[4]
            for i in range(len(stack) - 1, -1, -1):
                if group is None or stack[i][0] == group:
                    opened, kind, start, minimal = stack.pop(i)
                    head = start + max(map(int, minimal.split(","))) - 1
                    spans.append((opened, kind, start, here + 1, min(head, here)))
                    break
    return words, tags, sentences, spans


def public_texts(folder: Path) -> list[Text]:
    """Return all public training texts; Re-DocRED's test half is kept for testing."""
    texts = list(redocred(folder / "redocred" / "dev_revised.json"))
    texts += gum(folder / "gum")
    texts += [
        plain(example, f"public-{i}")
        for i, example in enumerate(data.sentence_examples(folder))
    ]
    return texts
