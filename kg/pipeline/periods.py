"""When a fact holds, as its sentence tells: "since 2017", "from 2015 to 2019"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from spacy.language import Language
from spacy.tokens import Doc, Span

from kg import lexicon
from kg.ontology import load_ontology
from kg.pipeline.attributes import FoundClaim
from kg.values.dates import resolve_date

REACH = 6  # tokens between a fact's last word and its period, at most
# Between a fact and its period nothing may begin that is told of something else.
_CUTS = frozenset(",;:()—–-")
_RANGE = re.compile(r"(?<=\w)(?: ?[-–—] ?| (?:to|until|till|through|and) )(?=\w)")
# What leads from the first date of a period to its last.
_JOINTS = frozenset(("to", "until", "till", "through", "and", "-", "–", "—"))


@dataclass(frozen=True, slots=True)
class _Period:
    """Tokens ``start:end`` that tell when something began, ended, or both."""

    start: int
    end: int
    since: str | None
    until: str | None


@Language.component(
    "kg_periods", requires=["doc._.claims", "doc.spans"], assigns=["doc._.claims"]
)
def periods(doc: Doc) -> Doc:
    """Set ``since`` and ``until`` of the claims that a period stands by.

    Only what lasts has a period; it belongs to the fact that is told last before it, or
    to the one behind it where it opens the sentence.
    """
    found: dict[int, _Period] = {}
    by_sentence: dict[int, list[int]] = {}
    for number, claim in enumerate(doc._.claims):
        by_sentence.setdefault(claim.sentence.start, []).append(number)
    for numbers in by_sentence.values():
        for period in _periods(doc._.claims[numbers[0]].sentence):
            gaps = {n: _gap(doc, doc._.claims[n], period) for n in numbers}
            near = [gap for gap in gaps.values() if gap is not None]
            for number, gap in gaps.items():
                if near and gap == min(near):
                    found.setdefault(number, period)
    if found:
        doc._.claims = tuple(
            _lasting(claim, found[i], doc._.published) if i in found else claim
            for i, claim in enumerate(doc._.claims)
        )
    return doc


def _lasting(claim: FoundClaim, period: _Period, published: str | None) -> FoundClaim:
    """Return a claim with its period, if it is one that lasts.

    A post that ended before the document was written is a former one; one that began
    before it and has no end is not.
    """
    if claim.predicate not in lexicon.words("lasting"):
        return claim
    told = replace(claim, since=period.since, until=period.until)
    if claim.predicate not in lexicon.words("former") or not published:
        return told
    ontology = load_ontology()
    if period.until:
        over = period.until < published[: len(period.until)]
        return replace(told, status=ontology.contrary) if over else told
    begun = period.since and period.since <= published[: len(period.since)]
    if claim.status == ontology.contrary and begun and not _has_no(claim.sentence):
        # Who has led it since 2017 leads it.
        return replace(told, status=ontology.asserted)
    return told


def _has_no(sentence: Span) -> bool:
    words = lexicon.all_words("nearCue") | lexicon.all_words("former")
    return any(token.lower_ in words for token in sentence)


def _periods(sentence: Span) -> Iterator[_Period]:
    """Yield the periods of a sentence; "since 2015 and until 2019" is one."""
    doc = sentence.doc
    last: _Period | None = None
    for date in doc.spans.get("dates", ()):
        if not sentence.start <= date.start < sentence.end:
            continue
        if last and not last.until and _ends_period(doc, last.end, date.start):
            told = resolve_date(date.text, doc._.published)
            last = _Period(last.start, date.end, last.since, told)
            continue
        if last:
            yield last
        last = _period(doc, sentence, date)
    if last:
        yield last


def _ends_period(doc: Doc, end: int, start: int) -> bool:
    """Tell whether the words between two dates make the second the end of a period.

    "From 2015 to 2019", "since 2015 and until 2019", but not "since 2015 and 2019".
    """
    words = [token.lower_ for token in doc[end:start]]
    opening = doc[end - 2].lower_ if end > 1 else ""
    if not words or len(words) > 2 or words[-1] not in _JOINTS:
        return False
    return words != ["and"] or opening == "between"


def _period(doc: Doc, sentence: Span, date: Span) -> _Period | None:
    """Return what a date and the words before it tell of when something holds."""
    before = [t.lower_ for t in doc[max(sentence.start, date.start - 3) : date.start]]
    words = " ".join(before)
    opens, ends = _opens().search(words), _ends().search(words)
    bracketed = words.endswith("(") and doc[date.end : date.end + 1].text == ")"
    parts = _RANGE.split(date.text)
    if len(parts) == 2 and (opens or bracketed):
        said = [resolve_date(part, doc._.published) for part in parts]
        length = len(opens[0].split()) if opens else 1
        return _Period(date.start - length, date.end, said[0], said[1])
    told = resolve_date(date.text, doc._.published)
    if told is None or len(parts) == 2 or not (opens or ends):
        return None
    match = opens or ends
    length = len(match[0].split()) if match else 0
    return _Period(
        date.start - length,
        date.end,
        told if opens else None,
        None if opens else told,
    )


def _gap(doc: Doc, claim: FoundClaim, period: _Period) -> int | None:
    """Return how many tokens lie between a claim's words and a period, None if too many.

    Words of another sentence, in which an antecedent stands, do not count.
    """
    sentence = claim.sentence
    spans = [(claim.subject_at.start, claim.subject_at.end)]
    spans += [(claim.object_at.start, claim.object_at.end), claim.trigger]
    spans = [s for s in spans if sentence.start <= s[0] and s[1] <= sentence.end]
    if not spans:
        return None
    start, end = min(s[0] for s in spans), max(s[1] for s in spans)
    if start <= period.start and period.end <= end:
        return min(
            period.start - s[1] if s[1] <= period.start else s[0] - period.end
            for s in spans
            if s[1] <= period.start or s[0] >= period.end
        )
    if period.end <= start:
        # "Since 2017, X has led Y": what opens a sentence is told of what follows.
        opens = period.start - sentence.start <= 1
        return start - period.end if opens and start - period.end <= REACH else None
    between = doc[end : period.start]
    bracket = len(between) == 1 and between.text == "("
    cut = any(token.text in _CUTS for token in between) and not bracket
    return None if cut or len(between) > REACH else len(between)


@cache
def _opens() -> re.Pattern[str]:
    return _at_end("since")


@cache
def _ends() -> re.Pattern[str]:
    return _at_end("until")


def _at_end(term: str) -> re.Pattern[str]:
    phrases = lexicon.alternation(lexicon.words("timeWord")[term])
    return re.compile(rf"(?<!\S){phrases}(?: the)?$")
