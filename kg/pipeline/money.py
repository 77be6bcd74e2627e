"""Who gives how much to whom for what: sums of money and the parts they play."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from spacy.language import Language
from spacy.tokens import Doc

from kg import lexicon
from kg.lexicon import alternation, inflections, participles
from kg.ontology import load_ontology
from kg.pipeline.attributes import FoundMoney
from kg.pipeline.patterns import spaced
from kg.pipeline.skeleton import Skeleton, skeletons
from kg.values.dates import resolve_date

_FAR = 18  # words between a verb and its amount, at most
_BE = re.compile(r"(?:is|are|was|were|be|been|being) (?:[a-z]+ly |also |already )?$")
_TO = re.compile(
    r"(?<!\S)(?:to|in|into|for|towards|toward|on|against|at|with|behind) (?:[^\s<>#;,.]+ ){0,3}$"
)
_FROM = re.compile(r"(?<!\S)(?:from|by) (?:[^\s<>#;,.]+ ){0,3}$")
_BY = re.compile(r"^(?:[^\s<>#;,.]+ ){0,2}by (?:[^\s<>#;,.]+ ){0,3}$")
_ON = re.compile(r"(?<!\S)(?:on|against) (?:[^\s<>#;,.]+ ){0,3}$")
# "the government of Canada" is Canada; otherwise what hangs on a preposition is no subject.
_PREPOSITION = re.compile(
    r"(?<!\S)(?:(?<!government )of|in|at|for|with|by|from|to|on|under|into) (?:[a-z]+ )?$"
)
_PURPOSE = re.compile(r"(?<!\S)(?:for|to|towards|toward|into|in|aimed at|on) (?!@)")


@Language.factory(
    "kg_money",
    requires=["doc._.clusters", "doc._.claims", "doc._.amounts"],
    assigns=["doc._.money"],
)
def create_money(nlp: Language, name: str) -> Money:
    """Create the component for a pipeline."""
    return Money()


@dataclass(frozen=True, slots=True)
class _Trigger:
    """A word that tells what happens to a sum: its kind, its way, where it stands."""

    kind: str
    way: str  # "give", "receive", "take" (a fine) or "noun"
    start: int
    end: int
    passive: bool = False


class Money:
    """Sets ``doc._.money``: one event per sum that somebody pays or may pay.

    The verb before the amount decides; without one, a noun such as "fine" or "grant"
    beside it.  A sum without either, or one told as a statistic ("worth", "revenue"),
    is no event.  A sum that is told again is one event.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Find the money events of a document."""
        found: dict[tuple[object, ...], FoundMoney] = {}
        for skeleton in skeletons(doc):
            for match in re.finditer(r"#(\d+) ", skeleton.text):
                event = self._event(doc, skeleton, match)
                if event is None:
                    continue
                amount = event.amount
                key = (amount.low, amount.high, amount.currency)
                found[key] = _joined(found[key], event) if key in found else event
        doc._.money = tuple(found.values())
        return doc

    def _event(
        self, doc: Doc, skeleton: Skeleton, match: re.Match[str]
    ) -> FoundMoney | None:
        text = skeleton.text
        if _is_statistic(text[: match.start()], text[match.end() :]):
            return None
        trigger = _trigger(text, match.start(), match.end())
        if trigger is None:
            return None
        number = int(match[1])
        payer, recipient = _roles(doc, skeleton, match, trigger)
        amount_at = doc.spans["amounts"][number]
        return FoundMoney(
            trigger.kind,
            doc._.amounts[number],
            amount_at,
            skeleton.sentence,
            (skeleton.token_at(trigger.start), skeleton.token_at(trigger.end - 2) + 1),
            _fit(doc, "payer", payer),
            _fit(doc, "recipient", tuple(r for r in recipient if r not in payer)),
            _purpose(skeleton, match.end()),
            _date(doc, skeleton),
            0.8 if payer or recipient else 0.6,
        )


def _fit(doc: Doc, role: str, clusters: tuple[int, ...]) -> tuple[int, ...]:
    """Keep those of a class that the ontology lets play a role: no law pays."""
    allowed = load_ontology().range_of(role)
    return tuple(c for c in clusters if doc._.clusters[c].type in allowed)


def _joined(first: FoundMoney, again: FoundMoney) -> FoundMoney:
    """Return the first telling of a sum, with what a later telling adds."""
    return replace(
        first,
        payer=first.payer or again.payer,
        recipient=first.recipient
        or tuple(r for r in again.recipient if r not in first.payer),
        purpose=first.purpose or again.purpose,
        date=first.date or again.date,
    )


def _is_statistic(before: str, after: str) -> bool:
    """Tell whether a sum only measures something: a value, a market, a revenue."""
    words = lexicon.all_words("statistic")
    near = before.split()[-5:]
    last = max((i for i, word in enumerate(near) if word in words), default=None)
    if last is not None and not lexicon.all_words("payment") & set(near[:last]):
        return True
    behind = after.removeprefix("in ").split()[:2]
    return any(word in words for word in behind)


@cache
def _verbs() -> tuple[tuple[str, str, re.Pattern[str], frozenset[str]], ...]:
    """Return (kind, way, matcher, participles) of each group of money verbs."""
    found = []
    for way in ("take", "give", "receive"):
        for kind, verbs in sorted(lexicon.words(way + "Verb").items()):
            forms = {form for verb in verbs for form in inflections(verb)}
            passive = frozenset(form for verb in verbs for form in participles(verb))
            matcher = re.compile(rf"(?<!\S){alternation(forms)} ")
            found.append((kind, way, matcher, passive))
    return tuple(found)


@cache
def _nouns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (kind, re.compile(rf"(?<!\S){alternation(map(spaced, nouns))} "))
        for kind, nouns in sorted(lexicon.words("moneyNoun").items())
    )


def _trigger(text: str, start: int, end: int) -> _Trigger | None:
    """Choose the word that tells what happens to the sum at ``text[start:end]``."""
    left = max(text.rfind("; ", 0, start), 0)
    noun = _noun_near(text, start, end)
    before = [
        trigger
        for trigger in _verb_triggers(text, left, start)
        if text.count(" ", trigger.end, start) <= _FAR
    ]
    if before:
        # The verb next to the amount; of two readings of one verb the noun decides
        # ("to pay a fine"), else the more particular kind.
        best = max(
            before, key=lambda t: (t.start, noun is not None and t.kind == noun.kind)
        )
        if noun is not None and noun.kind != best.kind and best.way != "take":
            return replace(best, kind=noun.kind)
        if best.way == "take" and noun is None and not _names_offence(text, best):
            return None
        return best
    after = [
        trigger
        for trigger in _verb_triggers(text, end, min(len(text), end + 60))
        if trigger.passive
    ]
    return after[0] if after else noun


def _names_offence(text: str, trigger: _Trigger) -> bool:
    """Tell whether a verb means a fine by itself: "fined", but not "ordered" or "hit"."""
    nouns = lexicon.words("moneyNoun").get(trigger.kind, ())
    word = text[trigger.start : trigger.end].split()[0]
    return any(word.startswith(noun) for noun in nouns) or word.startswith("penali")


def _verb_triggers(text: str, start: int, end: int) -> list[_Trigger]:
    found = []
    for kind, way, matcher, passive in _verbs():
        for match in matcher.finditer(text, start, end):
            is_passive = match[0].strip() in passive and bool(
                _BE.search(text[: match.start()])
            )
            found.append(_Trigger(kind, way, match.start(), match.end(), is_passive))
    return found


def _noun_near(text: str, start: int, end: int) -> _Trigger | None:
    """Return the money noun closest to the amount, at most five words away."""
    best: tuple[int, _Trigger] | None = None
    for kind, matcher in _nouns():
        for match in matcher.finditer(text):
            gap = (
                text[match.end() : start]
                if match.end() <= start
                else text[end : match.start()]
            )
            distance = gap.count(" ")
            if distance <= 5 and not re.search(r"[;.] ", gap):
                trigger = _Trigger(kind, "noun", match.start(), match.end())
                if best is None or distance < best[0]:
                    best = (distance, trigger)
    return best[1] if best else None


def _roles(
    doc: Doc,
    skeleton: Skeleton,
    match: re.Match[str],
    trigger: _Trigger,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return payer and recipient clusters, read off the sides of the verb."""
    text = skeleton.text
    agents = [
        (m.start(), m.end(), _clusters(skeleton, int(m[1] or m[2])))
        for m in re.finditer(r"<(\d+)> |\{(\d+)\} government ", text)
    ]
    subject = _subject(text, agents, trigger.start)
    beside = _first_after(text, agents, trigger.end, match.start(), None)
    to = _first_after(text, agents, match.end(), len(text), _TO)
    source = _first_after(text, agents, trigger.end, len(text), _FROM)
    if trigger.way == "take":
        by = _first_after(text, agents, match.end(), len(text), _BY)
        on = _first_after(text, agents, match.end(), len(text), _ON)
        if trigger.passive:
            return subject, by
        if beside or on or not _names_offence(text, trigger):
            return beside or on, subject
        # "Google fined €250m in France": a headline's passive goes without its "was".
        return subject, by
    if trigger.way == "receive":
        return source, subject
    if trigger.way == "give":
        if trigger.passive:
            told = trigger.end <= match.start()
            return source, (subject if told else to)
        if trigger.kind in lexicon.words("takeVerb"):
            # "Google will pay a fine of ..., to ...": who pays owes it.
            return _led(doc, subject), to if _is_imposer(text, match) else ()
        return _led(doc, subject), beside or to
    owner = _possessor(text, agents, min(match.start(), trigger.start))
    if trigger.kind in lexicon.words("takeVerb"):
        return to, owner
    return _led(doc, owner or source), to


def _is_imposer(text: str, match: re.Match[str]) -> bool:
    return " to " in text[match.end() : match.end() + 20]


def _clusters(skeleton: Skeleton, group: int) -> tuple[int, ...]:
    return tuple(named.cluster for named in skeleton.groups[group])


def _subject(
    text: str, groups: list[tuple[int, int, tuple[int, ...]]], before: int
) -> tuple[int, ...]:
    """Return what is named last before the verb and hangs on no preposition."""
    chosen: tuple[int, ...] = ()
    for start, end, clusters in groups:
        if end > before:
            break
        if _PREPOSITION.search(text[:start]) or text.startswith("'s ", end):
            continue
        if not chosen or not re.match(r"(?:, |\( )", text[start - 2 : start]):
            chosen = clusters
    return chosen


def _first_after(
    text: str,
    groups: list[tuple[int, int, tuple[int, ...]]],
    start: int,
    end: int,
    preposition: re.Pattern[str] | None,
) -> tuple[int, ...]:
    for at, _, clusters in groups:
        if start <= at < end and text.count(" ", start, at) <= _FAR:
            if preposition is None:
                if text.count(" ", start, at) <= 2:
                    return clusters
            elif preposition.search(text[start:at]) and ";" not in text[start:at]:
                return clusters
    return ()


def _possessor(
    text: str, groups: list[tuple[int, int, tuple[int, ...]]], before: int
) -> tuple[int, ...]:
    for _, end, clusters in reversed(groups):
        if end <= before and re.fullmatch(
            r"'s (?:[^\s<>#;,.]+ ){0,3}", text[end:before]
        ):
            return clusters
    return ()


def _led(doc: Doc, payer: Iterable[int]) -> tuple[int, ...]:
    """Put what a person heads in the person's place: presidents pledge public money."""
    headed = {
        claim.subject: claim.object
        for claim in reversed(doc._.claims)
        if claim.predicate in lexicon.words("speaksFor")
    }
    return tuple(headed.get(number, number) for number in payer)


def _purpose(skeleton: Skeleton, after: int) -> str | None:
    """Return the phrase behind the amount that tells what it is for."""
    match = _PURPOSE.search(skeleton.text, after)
    if match is None or skeleton.text.count(" ", after, match.start()) > 8:
        return None
    doc = skeleton.sentence.doc
    start = skeleton.token_at(match.start()) + 1
    end = start
    while (
        end < skeleton.sentence.end
        and end - start < 14
        and doc[end].text not in {",", ".", ";", ":", "(", "—", "–"}
        and "\n" not in doc[end].text
    ):
        end += 1
    words = doc[start:end].text.strip()
    return words or None


def _date(doc: Doc, skeleton: Skeleton) -> str | None:
    sentence = skeleton.sentence
    for span in doc.spans.get("dates", ()):
        if sentence.start <= span.start < sentence.end:
            resolved = resolve_date(span.text, doc._.published)
            if resolved:
                return resolved
    return None
