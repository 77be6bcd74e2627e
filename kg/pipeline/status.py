"""How sure the text is of a claim, and whose claim it is."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Span

from kg import lexicon
from kg.lexicon import alternation, inflections, participles
from kg.ontology import load_ontology
from kg.pipeline.attributes import FoundClaim, FoundMoney
from kg.pipeline.patterns import spaced
from kg.pipeline.skeleton import Skeleton, skeletons

# A cue counts only within its clause; these words open another one.
_CLAUSE_OPENERS = frozenset(
    [";", ":", "but", "while", "although", "though", "whereas", "—", "–"]
)
NEAR = 5  # words before a verb in which "not" belongs to it
FAR = 10  # words between two things in which "not" belongs to what links them
# By how much (in log-odds) "done" must be likelier than any other status of the network's: a
# plan shown as done is worse than a fact shown as planned.  On the held-out texts a tenth
# fewer are shown as done that are not, and as many are right in all.
CAUTION = 0.6
_SPEAKER = r"<(?P<speaker>\d+)> "


def likeliest_status(scores: NDArray[np.float32], statuses: tuple[str, ...]) -> str:
    """Return the status that the network's scores [statuses] tell."""
    return statuses[int((scores - _handicap(statuses)).argmax())]


@cache
def _handicap(statuses: tuple[str, ...]) -> NDArray[np.float64]:
    told = load_ontology().statuses
    return CAUTION * np.array([told[name].asserted for name in statuses])


@Language.factory(
    "kg_status",
    requires=["doc._.claims", "doc._.money"],
    assigns=["doc._.claims", "doc._.money"],
)
def create_status(nlp: Language, name: str) -> Statuses:
    """Create the component for a pipeline."""
    return Statuses()


class Statuses:
    """Gives each claim and sum its status and the speaker it is attributed to."""

    def __init__(self) -> None:
        # The statuses after the asserted one run from likely to denied; the last that
        # has a cue wins: "said it would not" is a denial, not a plan.
        self._cues = [
            (
                name,
                _matcher(lexicon.words("cue")[name]),
                _matcher(near)
                if (near := lexicon.words("nearCue").get(name))
                else None,
            )
            for name in load_ontology().statuses
            if name in lexicon.words("cue")
        ]
        self._conditions = [
            (name, _matcher(words))
            for name, words in sorted(lexicon.words("condition").items())
        ]
        self._between = [
            (name, _matcher(words))
            for name, words in sorted(lexicon.words("betweenCue").items())
        ]
        # Only a denial has words that must stand near the verb.
        self._denied = next(name for name, _, near in self._cues if near)
        predicates = load_ontology().predicates
        self._former = {
            name: _matcher(words)
            for name, words in lexicon.words("former").items()
            if name in predicates
        }
        self._asserted = load_ontology().asserted

    def __call__(self, doc: Doc) -> Doc:
        """Set status and speaker of all that was found in a document."""
        speakers = {
            skeleton.sentence.start: _speakers(doc, skeleton)
            for skeleton in skeletons(doc)
        }
        doc._.claims = tuple(
            replace(
                claim,
                status=self._claim_status(claim),
                attributed_to=_other(
                    _speaker_at(speakers, claim.sentence, claim.trigger[0]),
                    (claim.subject,),
                ),
            )
            for claim in doc._.claims
        )
        doc._.money = tuple(
            replace(
                money,
                status=self._money_status(doc, money),
                attributed_to=_other(
                    _speaker_at(speakers, money.sentence, money.amount_at.start), ()
                ),
            )
            for money in doc._.money
        )
        doc._.claims = tuple(
            self._as_paid(claim, doc._.money) for claim in doc._.claims
        )
        return doc

    def _as_paid(self, claim: FoundClaim, events: tuple[FoundMoney, ...]) -> FoundClaim:
        """Let what follows from a payment be no surer than the payment in its sentence.

        Who only offered to buy does not own.
        """
        if claim.predicate not in lexicon.words("followsPayment"):
            return claim
        paid = [
            event.status
            for event in events
            if event.sentence.start == claim.sentence.start
            and claim.subject in event.payer
            and (claim.object in event.recipient or not event.recipient)
        ]
        if claim.status == self._asserted and paid and self._asserted not in paid:
            return replace(claim, status=paid[0])
        return claim

    def _claim_status(self, claim: FoundClaim) -> str:
        if claim.status:
            return (
                self._negated(claim)
                or self._past(claim)
                or self._hedged(claim)
                or claim.status
            )
        if not claim.hedgeable:
            return self._asserted
        return self._status(_window(claim), _near(claim))

    def _money_status(self, doc: Doc, money: FoundMoney) -> str:
        """Return the status of a sum: a condition may follow it ("if …")."""
        following = [
            s.start for s in doc.spans["amounts"] if s.start > money.amount_at.start
        ]
        end = min([money.sentence.end, *following])
        after = _words(doc[money.amount_at.end : end])
        for name, condition in self._conditions:
            if condition.search(after) and self._is_surer(money.status, name):
                return name
        if money.status:
            return money.status
        window = _money_window(money)
        near = doc[max(window.start, money.trigger[0] - NEAR) : window.end]
        return self._status(window, near)

    def _is_surer(self, told: str, name: str) -> bool:
        """Tell whether one status says more than another, in the ontology's order."""
        order = list(load_ontology().statuses)
        return not told or order.index(told) < order.index(name)

    def _negated(self, claim: FoundClaim) -> str | None:
        """Return the status of a claim with a "not" between its two things, if it has one.

        A denial shown as a fact is the worst error: here words outvote the network.
        """
        start, end = claim.trigger
        if claim.status != self._asserted or end - start > FAR:
            return None
        doc = claim.sentence.doc
        # "Neither Ghana nor Togo has signed", "denied that it has": the words may stand
        # before the first thing.
        first = min(claim.subject_at.start, claim.object_at.start)
        before = [
            _words(doc[max(first - number, claim.sentence.start) : first])
            for number in (1, 2)
        ]
        words = _words(doc[start:end])
        return next(
            (
                name
                for name, _, near in self._cues
                if near and (near.search(words) or any(map(near.fullmatch, before)))
            ),
            None,
        )

    def _hedged(self, claim: FoundClaim) -> str | None:
        """Return the status that words between the two things tell: "X's plan for Y"."""
        start, end = claim.trigger
        follows = claim.subject_at.start < claim.object_at.start
        if claim.status != self._asserted or end - start > FAR or not follows:
            return None
        words = _words(claim.sentence.doc[start:end])
        return next((name for name, cue in self._between if cue.search(words)), None)

    def _past(self, claim: FoundClaim) -> str | None:
        """Return the status of a post that a "former" beside its holder denies, if so."""
        former = self._former.get(claim.predicate)
        first, second = sorted(
            (claim.subject_at, claim.object_at), key=lambda span: span.start
        )
        if former is None or second.start - first.end > FAR:
            return None
        doc = claim.sentence.doc
        words = _words(doc[max(0, first.start - 2) : second.start])
        behind = _words(doc[claim.subject_at.end : claim.sentence.end]) + " "
        left = _left(claim.predicate)
        is_gone = left is not None and left.match(behind)
        return self._denied if former.search(words) or is_gone else None

    def _status(self, window: Span, near: Span) -> str:
        words, near_words = _words(window), _words(near)
        status = self._asserted
        for name, cue, near_cue in self._cues:
            if cue.search(words) or (near_cue and near_cue.search(near_words)):
                status = name
        return status


@cache
def _left(predicate: str) -> re.Pattern[str] | None:
    """Match what tells right behind a name that its bearer has left: ", who resigned"."""
    verbs = lexicon.words("leaves").get(predicate)
    if verbs is None:
        return None
    forms = {form for verb in verbs for form in participles(verb)}
    # "Resigned to lead another" is of two posts.
    return re.compile(
        rf"(?:, )?(?:who )?(?:has |had )?(?:since |abruptly |suddenly )?{alternation(forms)} "
        r"(?!(?:[^\s,;.]+ ){0,4}to (?:become|lead|run|head|join|take))"
    )


def _words(window: Span) -> str:
    return " ".join(
        token.lower_.replace("’", "'") for token in window if not token.is_space
    )


def _other(speaker: int | None, subjects: tuple[int, ...]) -> int | None:
    return None if speaker in subjects else speaker


def _matcher(cues: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S){alternation(spaced(cue) for cue in cues)}(?!\S)")


def _clause_start(sentence: Span, before: int) -> int:
    doc = sentence.doc
    for i in range(before - 1, sentence.start - 1, -1):
        if doc[i].lower_ in _CLAUSE_OPENERS:
            return i + 1
    return sentence.start


def _window(claim: FoundClaim) -> Span:
    start = _clause_start(claim.sentence, claim.trigger[0])
    return claim.sentence.doc[start : claim.trigger[0]]


def _near(claim: FoundClaim) -> Span:
    """Return what stands between the first of the two named things and the verb.

    "Signed or not, the act applies" denies nothing.
    """
    before = [
        at.end
        for at in (claim.subject_at, claim.object_at)
        if claim.sentence.start <= at.start < claim.trigger[0]
    ]
    start = min(before, default=max(claim.sentence.start, claim.trigger[0] - NEAR))
    return claim.sentence.doc[start : claim.trigger[0]]


def _money_window(money: FoundMoney) -> Span:
    """Return the clause up to the amount with its verb: "pledged" is itself a plan."""
    end = max(money.trigger[1], money.amount_at.start)
    start = _clause_start(money.sentence, min(money.trigger[0], money.amount_at.start))
    return money.sentence.doc[start:end]


@cache
def _speech() -> tuple[re.Pattern[str], ...]:
    verbs = lexicon.all_words("speechVerb")
    plain = alternation(f for verb in verbs for f in inflections(verb))
    word = rf"(?!{plain} )[^\s;<>]+ "
    aside = rf"(?:, (?:{word}){{0,14}}(?:<\d+> )?(?:{word}){{0,8}}, )?"
    sources = alternation(lexicon.all_words("accordingTo"))
    return tuple(
        re.compile(expression)
        for expression in (
            rf"{_SPEAKER}{aside}(?:has |have |had |also |later )?{plain} "
            r"(?:(?:reporters|journalists|<\d+>|lawmakers|parliament) )?(?:@ |on @ )?"
            r"(?:that |he |she |it |they |[,:] |<\d+> |there )",
            rf"(?:, |\. ){plain} <\d+> (?:'s )?(?:[^\s<>,;]+ ){{1,5}}(?:, )?{_SPEAKER}",
            rf"(?:, |\. ){plain} {_SPEAKER}",
            rf", (?:[”’\"'] )?{_SPEAKER}{aside}{plain} (?:(?:on |in )?@ )?[.,;]",
            rf"{sources} {_SPEAKER}",
        )
    )


def _speakers(doc: Doc, skeleton: Skeleton) -> list[tuple[int, int]]:
    """Return who speaks in a sentence and from which token on: clusters, in order.

    "The bill passed, and <0> said it had ..." reports from there; "The bill passed,
    <0> said" reports all.
    """
    leading, *others = _speech()
    matches = (
        list(leading.finditer(skeleton.text))
        or [match for other in others if (match := other.search(skeleton.text))][:1]
    )
    found = []
    for number, match in enumerate(matches):
        at = match.start("speaker") - 1
        said = skeleton.groups[int(match["speaker"])][0].cluster
        before = skeleton.text[:at].split()[-1:]
        opens = match.re is leading and bool(before) and before[0].isalpha()
        start = skeleton.sentence.start
        if number or opens:
            start = skeleton.token_at(at)
        found.append((start, _who_works_there(doc, skeleton, at, said)))
    return found


def _speaker_at(
    speakers: dict[int, list[tuple[int, int]]], sentence: Span, token: int
) -> int | None:
    """Return who says what stands at a token, if the sentence tells."""
    told = [who for start, who in speakers.get(sentence.start, ()) if start <= token]
    return told[-1] if told else None


def _who_works_there(doc: Doc, skeleton: Skeleton, at: int, body: int) -> int:
    """Return who is "of" the one named at an offset: "Lina Mbeki of the Institute said"."""
    before = re.search(
        r"<(\d+)> (?:, [^<>;]{0,60})?(?:of|from|at|for|with) $", skeleton.text[:at]
    )
    if before is None:
        return body
    person = skeleton.groups[int(before[1])][0].cluster
    types = (doc._.clusters[person].type, doc._.clusters[body].type)
    works = any(
        load_ontology().allows(types[0], predicate, types[1])
        for predicate in lexicon.words("post")
    )
    return person if works else body
