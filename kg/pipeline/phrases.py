"""Claims that set phrases and verbs make: what the ontology's lexicon spells out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacy.tokens import Doc, Span

from kg import lexicon
from kg.ontology import Ontology, load_ontology
from kg.pipeline.attributes import FoundClaim
from kg.pipeline.patterns import SET_PHRASE, Pattern, patterns
from kg.pipeline.skeleton import Named, Skeleton, skeletons


class Phrases:
    """Finds claims by the lexicon's phrases, within domain and range.

    Every predicate is tried on every sentence; of several claims of one subject,
    predicate and object in a sentence the first of the highest confidence stays.
    """

    def __init__(self) -> None:
        self._ontology = load_ontology()
        self._former = re.compile(
            rf"(?<!\S){lexicon.alternation(lexicon.all_words('former'))}(?!\S)"
        )

    def claims(self, doc: Doc) -> list[FoundClaim]:
        """Return the claims that a document's phrases make."""
        best: dict[tuple[int, str, int, int], FoundClaim] = {}
        for skeleton in skeletons(doc):
            if len(skeleton.groups) < 2:
                continue
            for claim in self._claims(doc, skeleton):
                key = (
                    claim.subject,
                    claim.predicate,
                    claim.object,
                    claim.sentence.start,
                )
                if key not in best or best[key].confidence < claim.confidence:
                    best[key] = claim
        for claim in _from_law_names(doc, self._ontology):
            key = (claim.subject, claim.predicate, claim.object, claim.sentence.start)
            best.setdefault(key, claim)
        return list(best.values())

    def _claims(self, doc: Doc, skeleton: Skeleton) -> Iterator[FoundClaim]:
        present = frozenset(skeleton.text.split())
        for pattern in patterns():
            if pattern.words and not pattern.words & present:
                continue
            # Phrases may overlap ("<0> 's president <1> 's ..."): search on from each
            # match's second symbol.
            at = 0
            while match := pattern.expression.search(skeleton.text, at):
                at = match.start() + 1
                yield from self._of_match(doc, skeleton, pattern, match)

    def _of_match(
        self, doc: Doc, skeleton: Skeleton, pattern: Pattern, match: re.Match[str]
    ) -> Iterator[FoundClaim]:
        groups = match.groupdict()
        if self._former.search(groups.get("m") or ""):
            return
        before = skeleton.text[: match.start()].split()
        if groups.get("m") is not None and self._former.search(" ".join(before[-2:])):
            return
        subjects = skeleton.groups[int(groups["s"])]
        number = groups.get("o") or groups.get("o2")
        # "a partnership between S" speaks of those it names among each other.
        objects = subjects if number is None else skeleton.groups[int(number)]
        if groups.get("m") is not None:
            # Of a list before a title ("China, the EU and India, whose prime minister")
            # only the last name goes with it, of a list behind it the first.
            subjects, objects = (
                named[-1:] if match.start(part) < match.start("v") else named[:1]
                for named, part in ((subjects, "s"), (objects, "o"))
            )
        trigger = (
            skeleton.token_at(match.start("v")),
            skeleton.token_at(match.end("v") - 2) + 1,
        )
        for subject in subjects:
            for object_ in objects:
                if pattern.subject_type not in {None, _type(doc, subject)}:
                    continue
                ordered = number is not None or subject.at.start < object_.at.start
                if ordered and self._allowed(doc, subject, pattern.predicate, object_):
                    yield FoundClaim(
                        subject.cluster,
                        pattern.predicate,
                        object_.cluster,
                        skeleton.sentence,
                        trigger,
                        subject.at,
                        object_.at,
                        round(
                            pattern.confidence
                            * min(_score(subject.at), _score(object_.at)),
                            3,
                        ),
                        pattern.hedgeable,
                    )

    def _allowed(
        self, doc: Doc, subject: Named, predicate: str, object_: Named
    ) -> bool:
        if subject.cluster == object_.cluster:
            return False
        clusters = doc._.clusters
        return self._ontology.allows(
            clusters[subject.cluster].type, predicate, clusters[object_.cluster].type
        )


def _type(doc: Doc, named: Named) -> str:
    return str(doc._.clusters[named.cluster].type)


def _score(span: Span) -> float:
    return float(span._.score)


def _from_law_names(doc: Doc, ontology: Ontology) -> Iterator[FoundClaim]:
    """Yield whose law a law is when its name begins with the name of a polity.

    The predicate is the one whose domain and range the ontology marks with
    ``lex:nameBegins``: "EU AI Act" is law of the EU.
    """
    owners = {
        name: number
        for number, cluster in enumerate(doc._.clusters)
        for name in cluster.names
    }
    for predicate in sorted(lexicon.words("nameBegins")):
        for number, cluster in enumerate(doc._.clusters):
            for mention in cluster.mentions:
                for length in range(1, min(4, len(mention))):
                    owner = owners.get(mention[:length].text)
                    if (
                        owner is not None
                        and owner != number
                        and ontology.allows(
                            cluster.type, predicate, doc._.clusters[owner].type
                        )
                    ):
                        yield FoundClaim(
                            number,
                            predicate,
                            owner,
                            mention.sent,
                            (mention.start, mention.end),
                            mention,
                            mention[:length],
                            SET_PHRASE,
                            hedgeable=False,
                        )
