"""Who gives how much to whom for what: sums of money and the parts they play."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from kg import lexicon
from kg.lexicon import alternation, inflections, participles
from kg.ontology import load_ontology
from kg.pipeline.attributes import FoundMoney, FoundPart
from kg.pipeline.encoder import session
from kg.pipeline.patterns import spaced
from kg.pipeline.skeleton import Skeleton, skeletons
from kg.pipeline.status import likeliest_status
from kg.values.dates import resolve_date

# Probabilities from which a sum counts as paid, without and with words that say so, and
# from which somebody has part in it; chosen on texts that were not trained on.
LIKELY_PAYMENT, DOUBTED_PAYMENT, LIKELY_PART = 0.5, 0.3, 0.45
# The same, of who has that part in another sum of the text: a text is about one fund.
LIKELY_AGAIN = 0.3
BESIDE = 0.5  # of the likeliest one's probability, for others to have the same part
# A part that the network is this sure of outvotes one that the words tell and it does not see.
SURE_PART, UNLIKELY_PART = 0.6, 0.1
SAID = 0.6  # how surely words alone tell that a sum is paid
NAMED = 5.0  # how many times likelier a kind is whose verb or noun stands by the sum
LISTED_WITHIN = 2  # sentences in which the members of a group are looked for
_FAR = 18  # words between a verb and its amount, at most
_BE = re.compile(r"(?:is|are|was|were|be|been|being) (?:[a-z]+ly |also |already )?$")
_TO = re.compile(
    r"(?<!\S)(?:(?<!according )to|in|into|for|towards|toward|on|against|at|with|behind) (?:[^\s<>#;,.]+ ){0,3}$"
)
_FROM = re.compile(r"(?<!\S)(?:from|by) (?:[^\s<>#;,.]+ ){0,3}$")
_BY = re.compile(r"^(?:[^\s<>#;,.]+ ){0,2}by (?:[^\s<>#;,.]+ ){0,3}$")
_ON = re.compile(r"(?<!\S)(?:on|against) (?:[^\s<>#;,.]+ ){0,3}$")
# What a sum is for: no name, date or number (who gets it, when, how much), and no idiom.
_PURPOSE = re.compile(
    r"(?<!\S)(?:for |(?:to|towards|toward|into|in|aimed at|on) (?![<{]))"
    r"(?!(?:[^\s<{@#]+ )?[@#])"
    r"(?!\d|(?:all|addition|advance|average|behalf|breach|cash|damages|date|exchange"
    r"|fines?|go|her|him|it|its|last|next|now|one|order|part|penalt(?:y|ies)|return|tax(?:es)?"
    r"|that|them|this|those|top|total|turn|violation|which|whom|years?) )"
)
_PURPOSE_ENDS = re.compile(r"[,.;:()–—?!\n]|which|that|who|while|when|after|before|as")

# Where somebody is named in a skeleton, from and to, and which clusters these are.
_Agent: TypeAlias = tuple[int, int, tuple[int, ...]]


@Language.factory(
    "kg_money",
    requires=["doc._.clusters", "doc._.claims", "doc._.parts", "doc._.amounts"],
    assigns=["doc._.money"],
)
def create_money(nlp: Language, name: str) -> Money:
    """Create the component for a pipeline; weights come with ``from_disk``."""
    return Money()


@dataclass(frozen=True, slots=True)
class _Trigger:
    """A word that tells what happens to a sum: its kind, its way, where it stands."""

    kind: str
    way: str  # "give", "receive", "take" (a fine) or "noun"
    start: int
    end: int
    passive: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the network says of a sum: probabilities by kind ("" for none) and status."""

    kinds: dict[str, float]
    status: str


class Money:
    """Sets ``doc._.money``: one event per sum that somebody pays or may pay.

    The network judges what a sum is and who has part in it; the verb before the amount
    or a noun such as "fine" or "grant" beside it decide where the network is in doubt.
    A sum that is told again is one event.
    """

    def __init__(self) -> None:
        self._model = b""
        self._kinds: tuple[str, ...] = ()
        self._statuses: tuple[str, ...] = ()
        self._session: Any = None

    def __call__(self, doc: Doc) -> Doc:
        """Find the money events of a document."""
        judged = self._judged(doc)
        parts: dict[int, dict[str, list[FoundPart]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for part in doc._.parts:
            parts[part.amount][part.role].append(part)
        found: list[FoundMoney] = []
        told_by: list[dict[str, list[FoundPart]]] = []
        last: tuple[int, FoundMoney] | None = None
        read: dict[int, FoundMoney | None] = {}
        for place, skeleton in enumerate(skeletons(doc)):
            for match in re.finditer(r"#(\d+) ", skeleton.text):
                number = int(match[1])
                told = _told_in_another_currency(doc, skeleton.text, match)
                if told is not None:
                    event, mine = _converted(doc, read.get(told), number), parts[told]
                else:
                    mine = parts[number]
                    event = self._event(doc, place, match, judged.get(number), mine)
                read[number] = event
                if event is None:
                    continue
                if last and place - last[0] <= 2 and _goes_on(skeleton.text, match):
                    event = _with_parties_of(last[1], event)
                last = place, event
                same = (i for i, e in enumerate(found) if _may_be_one(e, event))
                if (first := next(same, None)) is None:
                    found.append(event)
                    if _urging().search(skeleton.text, 0, match.start()):
                        mine.pop(
                            "payer", None
                        )  # who is asked to pay has not paid before
                    told_by.append(mine)
                else:
                    found[first] = _joined(found[first], event)
        doc._.money = tuple(
            _filled(doc, event, mine, [e for e in found if e is not event])
            for event, mine in zip(found, told_by, strict=True)
        )
        return doc

    def _judged(self, doc: Doc) -> dict[int, _Judged]:
        """Return what the network says of each sum of the document."""
        if not self._model:
            return {}
        if self._session is None:
            self._session = session(self._model)
        found = {}
        for window in doc._.windows:
            place = {int(token): i for i, token in enumerate(window.tokens)}
            numbers, spans, around = [], [], []
            for number, span in enumerate(doc.spans["amounts"]):
                inside = [place[t.i] for t in span if t.i in place]
                if not inside:
                    continue
                sentence = [place[t.i] for t in span.sent if t.i in place]
                numbers.append(number)
                spans.append((inside[0], inside[-1] + 1))
                around.append((sentence[0], sentence[-1] + 1))
            if not numbers:
                continue
            ranges = np.array(spans, dtype=np.int64)
            kinds, statuses = self._session.run(
                None,
                {
                    "states": doc.tensor[window.tokens],
                    "looks": window.looks(ranges),
                    "spans": ranges,
                    "around": np.array(around, dtype=np.int64),
                },
            )
            for number, of_kind, of_status in zip(
                numbers, kinds, statuses, strict=True
            ):
                shares = np.exp(of_kind - np.logaddexp.reduce(of_kind))
                found[number] = _Judged(
                    dict(zip(self._kinds, map(float, shares), strict=True)),
                    likeliest_status(of_status, self._statuses),
                )
        return found

    def _event(
        self,
        doc: Doc,
        place: int,
        match: re.Match[str],
        judged: _Judged | None,
        parts: dict[str, list[FoundPart]],
    ) -> FoundMoney | None:
        skeleton = skeletons(doc)[place]
        text = skeleton.text
        trigger = None
        if not _is_statistic(text[: match.start()], text[match.end() :]):
            trigger = _trigger(text, match.start(), match.end())
        kind, confidence = _kind(trigger, judged)
        if kind is None:
            return None
        number = int(match[1])
        agents, only_origins = _agents(doc, place)
        payer, recipient = _of_network(doc, parts, only_origins)
        if trigger is not None:
            by_words = _roles(doc, skeleton, match, trigger, agents)
            by_words = (
                _believed(by_words[0], parts["payer"]),
                _believed(by_words[1], parts["recipient"]),
            )
            # What the verb's own sides say outvotes what the network guesses.
            if _urging().search(skeleton.text, 0, trigger.start):
                payer = ()  # it is whom the verb names, or nobody with a name
            payer = by_words[0] or tuple(p for p in payer if p not in by_words[1])
            recipient = by_words[1] or tuple(r for r in recipient if r not in payer)
        amount_at = doc.spans["amounts"][number]
        at = (amount_at.start, amount_at.end)
        if trigger is not None:
            at = (
                skeleton.token_at(trigger.start),
                skeleton.token_at(trigger.end - 2) + 1,
            )
        return FoundMoney(
            kind,
            doc._.amounts[number],
            amount_at,
            skeleton.sentence,
            at,
            _fit(doc, "payer", payer),
            _fit(doc, "recipient", tuple(r for r in recipient if r not in payer)),
            _purpose(skeleton, match.end()),
            _date(doc, skeleton),
            round(confidence, 3),
            judged.status if judged else "",
        )

    def load(
        self, model: bytes, kinds: tuple[str, ...], statuses: tuple[str, ...]
    ) -> None:
        """Take over an ONNX model and the names of its outputs."""
        self._model, self._kinds, self._statuses = model, kinds, statuses
        self._session = None

    def to_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> None:
        """Write the weights to a folder."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "amounts.onnx").write_bytes(self._model)
        outputs = {"kinds": self._kinds, "statuses": self._statuses}
        (path / "outputs.json").write_text(json.dumps(outputs), "utf-8")

    def from_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> Money:
        """Read the weights from a folder."""
        told = json.loads((path / "outputs.json").read_text("utf-8"))
        self.load(
            (path / "amounts.onnx").read_bytes(),
            tuple(told["kinds"]),
            tuple(told["statuses"]),
        )
        return self


def _kind(trigger: _Trigger | None, judged: _Judged | None) -> tuple[str | None, float]:
    """Return the kind of payment that a sum is, None for no payment, and how probable.

    Words that say "paid" outvote a network that is only inclined to see a statistic.
    """
    if judged is None:
        return (trigger.kind, SAID) if trigger else (None, 0.0)
    paid = 1.0 - judged.kinds[""]
    if paid < (DOUBTED_PAYMENT if trigger else LIKELY_PAYMENT):
        return None, 0.0
    named = trigger.kind if trigger else None
    best = max(
        (kind for kind in judged.kinds if kind),
        key=lambda kind: judged.kinds[kind] * (NAMED if kind == named else 1.0),
    )
    # Two witnesses: both would have to err.
    return best, 1.0 - (1.0 - paid) * (1.0 - SAID) if trigger else paid


def _of_network(
    doc: Doc, parts: dict[str, list[FoundPart]], only_origins: set[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the payers and recipients that the network finds likely.

    What the sentence names only to tell where others are from ("US companies") is none.
    """
    chosen: dict[str, dict[int, float]] = {}
    for role, found in parts.items():
        least = max(LIKELY_PART, BESIDE * max(p.confidence for p in found))
        chosen[role] = {
            p.cluster: p.confidence
            for p in found
            if p.confidence > least and p.cluster not in only_origins
        }
    payers, recipients = chosen.get("payer", {}), chosen.get("recipient", {})
    # Nobody pays himself: of both parts the likelier stays.
    return (
        tuple(c for c in sorted(payers) if payers[c] >= recipients.get(c, 0.0)),
        tuple(c for c in sorted(recipients) if recipients[c] > payers.get(c, 0.0)),
    )


def _believed(by_words: tuple[int, ...], parts: list[FoundPart]) -> tuple[int, ...]:
    """Return what the words say, unless the network is sure that it is somebody else."""
    likely = {part.cluster: part.confidence for part in parts}
    mine = max((likely.get(cluster, 0.0) for cluster in by_words), default=0.0)
    outvoted = max(likely.values(), default=0.0) >= SURE_PART and mine < UNLIKELY_PART
    return () if outvoted else by_words


def _filled(
    doc: Doc,
    event: FoundMoney,
    parts: dict[str, list[FoundPart]],
    others: list[FoundMoney],
) -> FoundMoney:
    """Fill a part that nobody has with whoever has it in another sum and is likely here."""

    def again(role: str, has: set[int], opposite: tuple[int, ...]) -> tuple[int, ...]:
        likely = [
            part
            for part in parts.get(role, ())
            if part.cluster in has - set(opposite) and part.confidence > LIKELY_AGAIN
        ]
        best = sorted(likely, key=lambda part: -part.confidence)[:1]
        return _fit(doc, role, tuple(part.cluster for part in best))

    payers = {cluster for other in others for cluster in other.payer}
    recipients = {cluster for other in others for cluster in other.recipient}
    payer = event.payer or again("payer", payers, event.recipient)
    recipient = event.recipient or again("recipient", recipients, payer)
    return replace(event, payer=payer, recipient=recipient)


def _fit(doc: Doc, role: str, clusters: tuple[int, ...]) -> tuple[int, ...]:
    """Keep those of a class that the ontology lets play a role: no law pays."""
    allowed = load_ontology().range_of(role)
    return tuple(c for c in clusters if doc._.clusters[c].type in allowed)


def _told_in_another_currency(doc: Doc, text: str, match: re.Match[str]) -> int | None:
    """Return the sum that this one repeats in brackets: "£5.5bn ($10bn)"."""
    before = re.search(
        r"#(\d+) (?:[a-z]+ ){0,2}\( (?:[a-z]+ ){0,2}$", text[: match.start()]
    )
    if before is None:
        return None
    first, again = (doc._.amounts[int(m[1])] for m in (before, match))
    return int(before[1]) if first.currency != again.currency else None


def _converted(doc: Doc, told: FoundMoney | None, number: int) -> FoundMoney | None:
    """Return the event of a sum that is told in another currency."""
    if told is None:
        return None
    at = doc.spans["amounts"][number]
    return replace(told, amount=doc._.amounts[number], amount_at=at)


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Tell whether a sum is named as one more of what was told: "a further $3m"."""
    before, after = text[: match.start()].split()[-6:], text[match.end() :].split()[:1]
    return not lexicon.all_words("oneMore").isdisjoint(before + after)


def _with_parties_of(told: FoundMoney, event: FoundMoney) -> FoundMoney:
    """Let the parties of the sum before stand in for those that one more leaves out."""
    if event.payer or event.kind != told.kind:
        return event
    payer = tuple(p for p in told.payer if p not in event.recipient)
    kept = tuple(r for r in told.recipient if r not in payer)
    return replace(event, payer=payer, recipient=event.recipient or kept)


def _may_be_one(first: FoundMoney, again: FoundMoney) -> bool:
    """Tell whether a sum of the same size is the first told again.

    It is, unless both tell who has part in them and name nobody in common, or one is paid
    and the other is not: "$30bn if it meets its goals" and the "$30bn it raised".
    """
    done = [
        load_ontology().statuses[e.status].asserted for e in (first, again) if e.status
    ]
    if len(set(done)) > 1 and first.payer != again.payer:
        return False
    sizes = [(e.amount.low, e.amount.high, e.amount.currency) for e in (first, again)]
    one, other = ({*e.payer, *e.recipient} for e in (first, again))
    return sizes[0] == sizes[1] and not (one and other and one.isdisjoint(other))


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
            if text.startswith("of ", match.end()):
                continue  # "a grant of", "a pledge of": nouns
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
    agents: list[_Agent],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return payer and recipient clusters, read off the sides of the verb."""
    text = skeleton.text
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
        return subject, by or _urger(text, agents, trigger.start)
    if trigger.way == "receive":
        return source, subject
    if trigger.way == "give":
        if trigger.passive:
            told = trigger.end <= match.start()
            return source, (subject if told else to)
        if trigger.kind in lexicon.words("takeVerb"):
            # "Google will pay a fine of ..., to ...": who pays owes it.
            by_order = _urger(text, agents, trigger.start)
            return _led(doc, subject), to if _is_imposer(text, match) else by_order
        return _led(doc, subject), beside or to
    owner = _possessor(text, agents, min(match.start(), trigger.start))
    if trigger.kind in lexicon.words("takeVerb"):
        return to, owner
    return _led(doc, owner or source), to


def _agents(doc: Doc, place: int) -> tuple[list[_Agent], set[int]]:
    """Return who is named in a sentence, and what only tells where others are from.

    Of "US companies" the US is no agent: those are that the text lists as companies.
    """
    skeleton = skeletons(doc)[place]
    agents = []
    origins: set[int] = set()
    for match in _agent().finditer(skeleton.text):
        number = match["origin"] or match["named"] or match["adjective"]
        clusters = _clusters(skeleton, int(number))
        if match["group"]:
            origins.update(clusters)
            clusters = _listed(doc, place, match["group"])
        agents.append((match.start(), match.end(), clusters))
    return agents, origins.difference(*(clusters for *_, clusters in agents))


@cache
def _agent() -> re.Pattern[str]:
    groups = alternation(map(spaced, lexicon.all_words("groupNoun")))
    return re.compile(
        rf"[<{{](?P<origin>\d+)[>}}] (?P<group>{groups}) "
        r"|<(?P<named>\d+)> |\{(?P<adjective>\d+)\} government "
    )


def _listed(doc: Doc, place: int, group: str) -> tuple[int, ...]:
    """Return whom the text lists as a group, here or close by: "companies such as <1>".

    Hearst, Automatic acquisition of hyponyms from large text corpora, COLING 1992.
    """
    noun = re.escape(group.rpartition(" ")[2])  # "tech companies": companies
    pattern = re.compile(
        rf"(?<!\S){noun} (?:, )?(?:including|such as|like|namely|:) <(\d+)> "
        rf"|<(\d+)> and other (?:[a-z-]+ ){{0,2}}{noun} "
    )
    near = skeletons(doc)[max(place - LISTED_WITHIN, 0) : place + LISTED_WITHIN + 1]
    for skeleton in near:
        if match := pattern.search(skeleton.text):
            return _clusters(skeleton, int(match[1] or match[2]))
    return ()


def _is_imposer(text: str, match: re.Match[str]) -> bool:
    return " to " in text[match.end() : match.end() + 20]


@cache
def _urging() -> re.Pattern[str]:
    """Match a verb by which others are to do something: "called on rich nations to ".

    A passive ("was ordered by a court to") and a noun ("at the request of") are none: what
    is named before them is what is to do it.
    """
    verbs = {
        form for verb in lexicon.all_words("urgeVerb") for form in inflections(verb)
    }
    return re.compile(
        r"(?<!\S)(?<!was )(?<!were )(?<!been )(?<!being )(?<!is )(?<!are )(?<!be )(?<!at )"
        rf"(?<!in )(?<!on )(?<!of )(?<!'s ){alternation(verbs)} "
        r"(?!(?:[^\s;.]+ ){0,2}(?:by|of) )(?=(?:[^\s;.]+ ){1,8}?to (?:[^\s<>#]+ ){0,2}$)"
    )


def _urger(text: str, agents: list[_Agent], before: int) -> tuple[int, ...]:
    """Return who urges another to act: "the court ordered <1> to", "ordered by <1> to"."""
    urged = _urging().search(text, 0, before)
    if urged:
        return _subject(text, agents, urged.start())
    ordered = _urged_by().search(text, 0, before)
    return _first_after(text, agents, ordered.end(), before, None) if ordered else ()


@cache
def _urged_by() -> re.Pattern[str]:
    verbs = {
        form for verb in lexicon.all_words("urgeVerb") for form in participles(verb)
    }
    return re.compile(rf"(?<!\S){alternation(verbs)} by ")


def _clusters(skeleton: Skeleton, group: int) -> tuple[int, ...]:
    return tuple(named.cluster for named in skeleton.groups[group])


def _subject(text: str, groups: list[_Agent], before: int) -> tuple[int, ...]:
    """Return what is named last before the verb and hangs on no preposition.

    Who "calls on donors to give" gives nothing: the donors do, if they are named.
    """
    urged = _urging().search(text, 0, before)
    if urged:
        named = (group for group in groups if urged.end() <= group[0] < before)
        return next((clusters for _, _, clusters in named), ())
    chosen: tuple[int, ...] = ()
    for start, end, clusters in groups:
        if end > before:
            break
        if _preposition().search(text[:start]) or text.startswith("'s ", end):
            continue
        if not chosen or not re.match(r"(?:, |\( )", text[start - 2 : start]):
            chosen = clusters
    return chosen


@cache
def _preposition() -> re.Pattern[str]:
    """Match a preposition before a name, for what hangs on one is no subject.

    "The government of Canada" is Canada itself.
    """
    authority = "".join(
        rf"(?<!{re.escape(word)} )" for word in sorted(lexicon.all_words("authority"))
    )
    return re.compile(
        rf"(?<!\S)(?:{authority}of|in|at|for|with|by|from|to|on|under|into) (?:[a-z]+ )?$"
    )


def _first_after(
    text: str,
    groups: list[_Agent],
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


def _possessor(text: str, groups: list[_Agent], before: int) -> tuple[int, ...]:
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
        and not _PURPOSE_ENDS.fullmatch(doc[end].text.strip(" "))
    ):
        end += 1
    return " ".join(doc[start:end].text.split()).strip(' "“”') or None


def _date(doc: Doc, skeleton: Skeleton) -> str | None:
    sentence = skeleton.sentence
    for span in doc.spans.get("dates", ()):
        if sentence.start <= span.start < sentence.end:
            resolved = resolve_date(span.text, doc._.published)
            if resolved:
                return resolved
    return None
