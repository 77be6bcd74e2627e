"""What "the company", "she" and "its" stand for."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from kg import lexicon
from kg.pipeline.encoder import session
from kg.pipeline.mentions import AMOUNT, mentioned
from kg.pipeline.pairs import Bools, Mention, mention_pairs

FARTHEST = 5  # sentences between a reference and the name it stands for
# Below this share of all names in reach a reference is left unresolved.
MIN_SHARE = 0.5
BEFORE = 2  # words between who speaks and the verb of speech, such as "has also"
_LEADS_ON = frozenset(["that", "on"])  # stand between such a verb and a pronoun


@Language.factory(
    "kg_references",
    requires=["doc._.clusters", "doc._.windows", "doc.spans"],
    assigns=["doc._.clusters"],
)
def create_references(nlp: Language, name: str) -> References:
    """Create the component for a pipeline; weights come with ``from_disk``."""
    return References()


class References:
    """Gives each cluster the references that stand for it."""

    def __init__(self) -> None:
        self._model = b""
        self._kinds: tuple[str, ...] = ()
        self._session: Any = None

    def __call__(self, doc: Doc) -> Doc:
        """Resolve the references of a document."""
        loose = tuple(doc.spans.get("references", ()))
        if not loose or not doc._.clusters:
            return doc
        if self._session is None:
            self._session = session(self._model)
        meant: dict[int, list[Span]] = defaultdict(list)
        for at in mentioned(doc, self._kinds, loose=loose):
            pairs = mention_pairs(at.mentions, self._may_mean(at.mentions))
            if not len(pairs.ends):
                continue
            inputs = at.inputs(doc, pairs)
            scores = self._session.run(None, {key: inputs[key] for key in _INPUTS})[0]
            for reference in np.unique(pairs.ends[:, 0]):
                rows = np.flatnonzero(pairs.ends[:, 0] == reference)
                share: dict[int, float] = defaultdict(float)
                # Score 0 stands for "none of these".
                total = 1.0 + float(np.exp(scores[rows]).sum())
                for row in rows:
                    thing = at.mentions[pairs.ends[row, 1]].thing
                    share[thing] += float(np.exp(scores[row])) / total
                best = min(share, key=lambda thing: (-share[thing], thing))
                if share[best] > MIN_SHARE:
                    span = at.spans[reference]
                    span._.score = share[best]
                    meant[best].append(span)
        spoken = _speakers(doc, loose)
        for thing, spans in meant.items():
            meant[thing] = [span for span in spans if spoken.get(span, thing) == thing]
        for span, thing in spoken.items():
            if span not in meant[thing]:
                span._.score = 1.0
                meant[thing].append(span)
        doc._.clusters = tuple(
            replace(cluster, references=tuple(meant[number]))
            for number, cluster in enumerate(doc._.clusters)
        )
        return doc

    def _may_mean(self, mentions: Sequence[Mention]) -> Bools:
        named = np.array([self._kinds[m.kind] != AMOUNT for m in mentions])
        may: Bools = may_mean(mentions) & named
        return may

    def load(self, model: bytes, kinds: tuple[str, ...]) -> None:
        """Take over an ONNX model and the kinds of mentions it knows."""
        self._model, self._kinds, self._session = model, kinds, None

    def to_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> None:
        """Write the weights to a folder."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "references.onnx").write_bytes(self._model)
        (path / "kinds.json").write_text(json.dumps(self._kinds), "utf-8")

    def from_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> References:
        """Read the weights from a folder."""
        kinds = json.loads((path / "kinds.json").read_text("utf-8"))
        self.load((path / "references.onnx").read_bytes(), tuple(kinds))
        return self


def _speakers(doc: Doc, loose: Sequence[Span]) -> dict[Span, int]:
    """Return the pronouns of those who speak of themselves: "Meta said it would"."""
    ends = {
        mention.end: number
        for number, cluster in enumerate(doc._.clusters)
        for mention in cluster.mentions
    }
    pronouns = lexicon.words("pronoun")
    found = {}
    for span in loose:
        verb = _verb_before(doc, span)
        if verb is None or len(span) > 1:
            continue
        for end in range(verb, max(verb - BEFORE, span.sent.start) - 1, -1):
            speaker = ends.get(end)
            if speaker is not None:
                allowed = pronouns.get(doc._.clusters[speaker].type, ())
                if span[0].lower_ in allowed:
                    found[span] = speaker
                break
            if not doc[end - 1].is_alpha:
                break
    return found


def _verb_before(doc: Doc, span: Span) -> int | None:
    """Return where a verb of speech stands that leads to a pronoun: "said on Monday"."""
    when = {token.i for date in doc.spans.get("dates", ()) for token in date}
    at = span.start - 1
    while at > span.sent.start and (doc[at].lower_ in _LEADS_ON or at in when):
        at -= 1
    return at if at > span.sent.start and doc[at].lower_ in _speech() else None


@cache
def _speech() -> frozenset[str]:
    verbs = lexicon.all_words("speechVerb")
    return frozenset(form for verb in verbs for form in lexicon.inflections(verb))


_INPUTS = ("states", "spans", "kinds", "ends", "features")


def may_mean(mentions: Sequence[Mention]) -> Bools:
    """Tell which mentions are looked at as what a reference may stand for [n, n]."""
    sentence = np.array([m.sentence for m in mentions], dtype=np.int64)
    nominal = np.array([m.nominal for m in mentions], dtype=np.bool_)
    apart = sentence[:, None] - sentence
    return nominal[:, None] & ~nominal & (apart >= 0) & (apart <= FARTHEST)
