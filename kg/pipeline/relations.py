"""Who does what to whom: claims between the entities of a document."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Span

from kg import lexicon
from kg.ontology import load_ontology
from kg.pipeline.asides import is_aside
from kg.pipeline.attributes import FoundClaim, FoundPart
from kg.pipeline.encoder import session
from kg.pipeline.heads import chosen
from kg.pipeline.mentions import AMOUNT, Mentioned, mentioned
from kg.pipeline.pairs import Bools, Ints, mention_pairs
from kg.pipeline.phrases import Phrases
from kg.pipeline.status import likeliest_status

Floats = NDArray[np.float64]

# Claims of this probability are annotated; how sure one must be to stand in the graph is
# decided when the graph is stated.
KEPT = 0.2
# A phrase that the network holds to be this unlikely in its context is passed over.
DOUBTFUL = 0.01
# A further sentence that alone makes a claim this probable is evidence too.
TELLING = 0.5


@Language.factory(
    "kg_relations",
    requires=["doc._.clusters", "doc._.windows", "doc.spans"],
    assigns=["doc._.claims", "doc._.parts"],
)
def create_relations(nlp: Language, name: str) -> Relations:
    """Create the component for a pipeline; weights come with ``from_disk``."""
    return Relations()


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network's numbers mean.

    ``kinds`` are the classes of mentions, ``facts`` predicates and then parts in sums,
    ``statuses`` how sure.  ``scale`` and ``shift`` turn a score into a probability
    (Platt 1999), fitted on texts that were not trained on.
    """

    kinds: tuple[str, ...]
    facts: tuple[str, ...]
    statuses: tuple[str, ...]
    scale: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class _Scored:
    """What the network says of the pairs of things in one window.

    ``things`` [pairs of things, 2] are cluster numbers, sums behind them;
    ``probability`` [pairs of things, outputs] is 0 where the ontology allows nothing.
    The mention pairs of the i-th are those of ``order`` from ``first[i]`` to
    ``first[i + 1]``: ``by_mentions`` [mention pairs, outputs] what each alone says,
    ``statuses`` how sure, ``ends`` which mentions.
    """

    at: Mentioned
    things: Ints
    probability: Floats
    order: Ints
    first: Ints
    by_mentions: Floats
    statuses: NDArray[np.float32]
    ends: Ints

    def rows(self, pair: int) -> Ints:
        """Return the mention pairs of a pair of things."""
        return self.order[self.first[pair] : self.first[pair + 1]]

    def together(self, row: int) -> bool:
        """Tell whether a pair of mentions stands in one sentence."""
        first, second = (self.at.mentions[i].sentence for i in self.ends[row])
        return bool(first == second)


class Relations:
    """Sets ``doc._.claims`` and ``doc._.parts``, within domain and range.

    The network reads every pair of mentions in reach; the phrases of the lexicon add
    claims it was not taught, unless it finds them out of place.
    """

    def __init__(self) -> None:
        self._model = b""
        self._outputs = Outputs((), (), ())
        self._session: Any = None
        self._ontology = load_ontology()
        self._phrases = Phrases()
        self._possible: Bools = np.zeros((0, 0, 0), dtype=np.bool_)
        self._linked: Bools = np.zeros((0, 0), dtype=np.bool_)

    def __call__(self, doc: Doc) -> Doc:
        """Find the claims of a document."""
        clusters = len(doc._.clusters)
        found: dict[tuple[int, str, int, int], FoundClaim] = {}
        parts: dict[tuple[int, str, int], FoundPart] = {}
        seen: dict[tuple[int, int], Floats] = {}
        for scored in self._scored(doc):
            for (subject, object_), row in zip(
                scored.things.tolist(), scored.probability, strict=True
            ):
                before = seen.get((subject, object_))
                seen[subject, object_] = (
                    row if before is None else np.maximum(row, before)
                )
            for pair, output in np.argwhere(scored.probability >= KEPT).tolist():
                subject, object_ = scored.things[pair].tolist()
                if object_ >= clusters:
                    self._add_part(parts, scored, pair, output, clusters)
                else:
                    for claim in self._claims(scored, pair, output):
                        found[_key(claim)] = claim
        self._add_phrases(doc, found, seen)
        self._drop_turned(found)
        _keep_most_telling(found)
        self._keep_one_of_disjoint(found)
        _keep_own_heads(doc, found)
        doc._.claims = tuple(
            sorted(found.values(), key=lambda c: (c.sentence.start, c.trigger))
        )
        doc._.parts = tuple(parts.values())
        return doc

    def _scored(self, doc: Doc) -> Iterator[_Scored]:
        """Yield what the network says, window by window."""
        if not self._model:
            return
        if self._session is None:
            self._session = session(self._model)
        for at in mentioned(doc, self._outputs.kinds):
            kinds = np.array([m.kind for m in at.mentions])
            pairs = mention_pairs(at.mentions, self._linked[kinds[:, None], kinds])
            if not len(pairs.ends):
                continue
            inputs = at.inputs(doc, pairs) | {
                "looks": at.window.looks(at.ranges()),
                "couples": pairs.couples,
                "couple": pairs.couple,
                "between": pairs.between,
            }
            scores, statuses = self._session.run(None, inputs)
            things = np.array([m.thing for m in at.mentions])[pairs.ends]
            kinds = kinds[pairs.ends]
            order = np.lexsort((things[:, 1], things[:, 0]))
            ordered = things[order]
            first = np.flatnonzero(
                np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)]
            )
            mine = scores[order].astype(np.float64)
            # Log-sum-exp over the mention pairs of two things, as in training.
            pooled = np.log(np.add.reduceat(np.exp(np.clip(mine, -50, 50)), first))
            possible = self._possible[kinds[order[first], 0], kinds[order[first], 1]]
            yield _Scored(
                at,
                ordered[first],
                np.where(possible, self._probability(pooled), 0.0),
                order,
                np.append(first, len(order)),
                self._probability(scores.astype(np.float64)),
                statuses,
                pairs.ends,
            )

    def _probability(self, scores: Floats) -> Floats:
        value = self._outputs.scale * scores + self._outputs.shift
        probability: Floats = 1 / (1 + np.exp(-value))
        return probability

    def _add_part(
        self,
        parts: dict[tuple[int, str, int], FoundPart],
        scored: _Scored,
        pair: int,
        output: int,
        clusters: int,
    ) -> None:
        subject, object_ = scored.things[pair].tolist()
        part = FoundPart(
            subject,
            self._outputs.facts[output],
            object_ - clusters,
            float(scored.probability[pair, output]),
        )
        key = (subject, part.role, part.amount)
        if key not in parts or parts[key].confidence < part.confidence:
            parts[key] = part

    def _claims(self, scored: _Scored, pair: int, output: int) -> Iterator[FoundClaim]:
        """Yield a claim for each sentence that says it; the likeliest tells the status.

        Where no sentence with both things says it, the likeliest pair of mentions does.
        """
        subject, object_ = scored.things[pair].tolist()
        predicate = self._outputs.facts[output]
        spans = scored.at.spans
        mine = scored.rows(pair)
        mine = mine[np.argsort(-scored.by_mentions[mine, output], kind="stable")]
        rows: list[int] = [
            row
            for row in mine.tolist()
            if not _stand_aside(
                predicate,
                (subject, spans[scored.ends[row][0]]),
                (object_, spans[scored.ends[row][1]]),
            )
        ]
        if not rows:
            return
        telling = [
            row
            for row in rows
            if scored.by_mentions[row, output] >= TELLING and scored.together(row)
        ] or [rows[0]]
        status = likeliest_status(scored.statuses[telling[0]], self._outputs.statuses)
        sentences = set()
        for row in telling:
            first, second = (spans[i] for i in scored.ends[row])
            claim = _claim(
                (subject, predicate, object_),
                first,
                second,
                float(scored.probability[pair, output]),
                status,
            )
            if claim.sentence.start not in sentences:
                sentences.add(claim.sentence.start)
                yield claim

    def _add_phrases(
        self,
        doc: Doc,
        found: dict[tuple[int, str, int, int], FoundClaim],
        seen: dict[tuple[int, int], Floats],
    ) -> None:
        """Add what phrases say; the network's claims gain by a phrase's confidence."""
        numbers = {name: i for i, name in enumerate(self._outputs.facts)}
        claimed: dict[tuple[int, str, int], list[tuple[int, str, int, int]]] = {}
        for key in found:
            claimed.setdefault(key[:3], []).append(key)
        for claim in self._phrases.claims(doc):
            triple = (claim.subject, claim.predicate, claim.object)
            for key in claimed.get(triple, ()):
                # Two witnesses: both would have to err.
                doubt = (1 - found[key].confidence) * (1 - claim.confidence)
                found[key] = replace(found[key], confidence=1 - doubt)
                if self._denies(found[key]) and claim.sentence == found[key].sentence:
                    # "Vetoed" denies that a law is enacted, but says that it is opposed:
                    # what a verb says outright only other words deny.
                    found[key] = replace(claim, confidence=1 - doubt)
            if triple in claimed or _stand_aside(
                claim.predicate,
                (claim.subject, claim.subject_at),
                (claim.object, claim.object_at),
            ):
                continue
            likely = seen.get((claim.subject, claim.object))
            number = numbers.get(claim.predicate)
            if likely is None or number is None or likely[number] >= DOUBTFUL:
                found[_key(claim)] = claim

    def _denies(self, claim: FoundClaim) -> bool:
        status = self._ontology.statuses.get(claim.status)
        return status is not None and status.contrary

    def _drop_turned(self, found: dict[tuple[int, str, int, int], FoundClaim]) -> None:
        """Keep one direction of a symmetric claim: what is named first is its subject."""
        best: dict[tuple[int, str, int], float] = {}
        for key, claim in found.items():
            best[key[:3]] = max(claim.confidence, best.get(key[:3], 0.0))
        for key, claim in list(found.items()):
            subject, predicate, object_ = key[:3]
            turned = best.get((object_, predicate, subject))
            if not self._ontology.predicates[predicate].symmetric or turned is None:
                continue
            if subject > object_:
                del found[key]
            else:
                sure = max(claim.confidence, turned)
                found[key] = replace(claim, confidence=sure)

    def _keep_one_of_disjoint(
        self, found: dict[tuple[int, str, int, int], FoundClaim]
    ) -> None:
        """Keep the likelier of two claims that exclude each other: a head is no clerk.

        Claims of different status do not: who once led a body may work for it now.
        """
        best: dict[tuple[int, str, int, str], float] = {}

        def told(claim: FoundClaim) -> tuple[int, str, int, str]:
            status = claim.status or self._ontology.asserted
            return claim.subject, claim.predicate, claim.object, status

        for claim in found.values():
            best[told(claim)] = max(claim.confidence, best.get(told(claim), 0.0))
        for (subject, predicate, object_, status), sure in best.items():
            for other in self._ontology.predicates[predicate].disjoint:
                rival = best.get((subject, other, object_, status))
                if rival is None:
                    continue
                loser = predicate if sure < rival else other
                for key, claim in list(found.items()):
                    if told(claim) == (subject, loser, object_, status):
                        del found[key]

    def load(self, model: bytes, outputs: Outputs) -> None:
        """Take over an ONNX model and what its numbers mean."""
        self._model, self._outputs, self._session = model, outputs, None
        self._possible = np.array(
            [
                [
                    [self._allowed(a, name, b) for name in outputs.facts]
                    for b in outputs.kinds
                ]
                for a in outputs.kinds
            ]
        )
        linked: Any = self._possible.any(axis=2)
        self._linked = linked

    def _allowed(self, first: str, output: str, second: str) -> bool:
        """Tell whether an output is possible between two kinds of mentions."""
        if output in self._ontology.predicates:
            return self._ontology.allows(first, output, second)
        return second == AMOUNT and first in self._ontology.range_of(output)

    def to_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> None:
        """Write the weights to a folder."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "pairs.onnx").write_bytes(self._model)
        outputs = {
            "kinds": self._outputs.kinds,
            "facts": self._outputs.facts,
            "statuses": self._outputs.statuses,
            "scale": self._outputs.scale,
            "shift": self._outputs.shift,
        }
        (path / "outputs.json").write_text(json.dumps(outputs), "utf-8")

    def from_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> Relations:
        """Read the weights from a folder."""
        told = json.loads((path / "outputs.json").read_text("utf-8"))
        self.load(
            (path / "pairs.onnx").read_bytes(),
            Outputs(
                tuple(told["kinds"]),
                tuple(told["facts"]),
                tuple(told["statuses"]),
                told["scale"],
                told["shift"],
            ),
        )
        return self


def _stand_aside(predicate: str, *ends: tuple[int, Span]) -> bool:
    """Tell whether a mention of a place (cluster, words) stands aside of what happens."""
    return predicate not in lexicon.words("where") and any(
        lexicon.family_of(span.doc._.clusters[cluster].type) == "place"
        and is_aside(span)
        for cluster, span in ends
    )


def _keep_most_telling(found: dict[tuple[int, str, int, int], FoundClaim]) -> None:
    """Keep the likeliest predicate between two things, and others that are likely too."""
    best: dict[frozenset[int], tuple[float, str, int]] = {}
    for claim in found.values():
        told = (claim.confidence, claim.predicate, claim.subject)
        both = frozenset((claim.subject, claim.object))
        best[both] = max(told, best.get(both, told))
    for key, claim in list(found.items()):
        _, predicate, subject = best[frozenset((claim.subject, claim.object))]
        first = (claim.predicate, claim.subject) == (predicate, subject)
        if not first and claim.confidence < TELLING:
            del found[key]


def _keep_own_heads(
    doc: Doc, found: dict[tuple[int, str, int, int], FoundClaim]
) -> None:
    """Where two vie for the same two polities, keep for each the one it heads."""
    for predicate, classes in sorted(lexicon.words("oneEach").items()):
        likely: dict[int, dict[int, float]] = defaultdict(dict)
        for claim in found.values():
            if (
                claim.predicate == predicate
                and doc._.clusters[claim.object].type in classes
                and claim.confidence >= TELLING
            ):
                before = likely[claim.subject].get(claim.object, 0.0)
                likely[claim.subject][claim.object] = max(before, claim.confidence)
        own = chosen(likely)
        for key, claim in list(found.items()):
            if (
                claim.predicate == predicate
                and claim.subject in own
                and claim.object in likely[claim.subject]
                and claim.object != own[claim.subject]
            ):
                del found[key]


def _key(claim: FoundClaim) -> tuple[int, str, int, int]:
    return (claim.subject, claim.predicate, claim.object, claim.sentence.start)


def _claim(
    what: tuple[int, str, int],
    first: Span,
    second: Span,
    probability: float,
    status: str,
) -> FoundClaim:
    """Return a claim whose evidence is the sentence of the later of its mentions."""
    later = max(first, second, key=lambda span: span.start)
    sentence = later.sent
    between = (min(first.end, second.end), later.start)
    same = min(first.start, second.start) >= sentence.start and between[0] < between[1]
    return FoundClaim(
        *what,
        sentence,
        between if same else (later.start, later.end),
        first,
        second,
        round(probability, 3),
        hedgeable=True,
        status=status,
    )
