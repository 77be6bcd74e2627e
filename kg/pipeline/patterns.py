"""The phrases that state a predicate, compiled from the ontology's words.

Each pattern is a regular expression over a :class:`~kg.pipeline.skeleton.Skeleton`'s text
with the groups ``s`` (subject), ``o`` (object) and ``v`` (the words that tell them apart).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from kg import lexicon
from kg.lexicon import alternation, inflections, participles
from kg.ontology import load_ontology

S = r"<(?P<s>\d+)> "
O = r"<(?P<o>\d+)> "  # noqa: E741 - S and O are how the lexicon writes them
_WORD = r"[^\s<>{}#,.;:()]+ "
_APPOSITION = r"(?:, [^;<>]{0,80}, |, (?:<\d+> )?[^;,<>]{0,60}<\d+> , )?"
# Words that may stand between an object and its verb without starting a new phrase.
_FREE = rf"(?:(?!(?:by|from|against|with|than|without|after|before|since|while|when|that|in|at|on|to|for|of|and|but|or|as|who|which|said)\b){_WORD})"
# Words between a title and what comes before it: "finance" in "France's finance minister",
# never the "is delivering on" of "the Office is delivering on President Trump's order".
_MODIFIER = (
    r"(?:(?!(?:is|are|was|were|be|been|has|have|had|will|would|by|on|in|at|of|to|for|with|"
    r"from|that|which|who|said|says|as|after|before|while|when|but)\b)"
    rf"{_WORD})"
)
_AUXILIARY = [
    "will",
    "would",
    "shall",
    "should",
    "can",
    "could",
    "may",
    "might",
    "must",
    "has",
    "have",
    "had",
    "having",
    "is",
    "are",
    "was",
    "were",
    "be",
    "been",
    "being",
    "does",
    "do",
    "did",
    "not",
    "n't",
    "never",
    "also",
    "already",
    "now",
    "jointly",
    "recently",
    "then",
    "later",
    "first",
    "today",
    "both",
    "all",
    "it",
    "he",
    "she",
    "they",
    "who",
    "which",
    "that",
    "and",
    "said",
    "says",
    "to",
    "just",
    "once",
    "again",
    "itself",
    "himself",
    "herself",
]
_PASSIVE = r"(?:is|are|was|were|be|been|being|gets|got) "
# How sure a phrase is to mean its predicate.  These rank, they are not measured: verbs
# reach further across a sentence than set phrases do, and err more often.
SET_PHRASE, VERB = 0.9, 0.8


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to say a predicate.

    One of ``words`` is needed for it to match; ``subject_type`` is the only class of
    subjects that it is meant for, if there is one.
    """

    predicate: str
    written: str
    words: frozenset[str]
    confidence: float
    subject_type: str | None = None

    @property
    def expression(self) -> re.Pattern[str]:
        """The compiled expression."""
        return _compiled(self.written)

    @property
    def hedgeable(self) -> bool:
        """Whether "will" or "not" elsewhere in the clause change what is said."""
        return self.confidence <= VERB


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return all patterns of the ontology's predicates."""
    found: list[Pattern] = []
    for predicate in load_ontology().predicates:
        found += _verb_patterns(predicate)
        found += _noun_patterns(predicate)
        found += _title_patterns(predicate)
        found += _phrase_patterns(predicate)
    return tuple(found)


def spaced(phrase: str) -> str:
    """Return a phrase as the tokenizer splits it, in lower case."""
    return " ".join(phrase.lower().replace("-", " - ").split())


@cache
def gap_words() -> str:
    """Return the alternation of what may stand between a subject and its verb."""
    cues = {
        spaced(cue)
        for property_ in ("cue", "nearCue")
        for cue in lexicon.all_words(property_)
    }
    speech = {f for v in lexicon.all_words("speechVerb") for f in inflections(v)}
    return alternation({*_AUXILIARY, *cues, *speech})


def _gap() -> str:
    return rf"(?:(?:{gap_words()}|[a-z]+ly|to|(?:on |in )?@) ){{0,7}}"


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    # When first needed: all of them take a second, and few texts need all.
    return re.compile(r"(?<!\S)" + expression)


def _first(phrases: frozenset[str]) -> frozenset[str]:
    return frozenset(phrase.split()[0] for phrase in phrases)


def _verb_patterns(predicate: str) -> Iterator[Pattern]:
    verbs = lexicon.words("verb").get(predicate, ())
    if not verbs:
        return
    active = frozenset(f for verb in verbs for f in inflections(verb))
    free = rf"{_FREE}{{0,6}}"
    yield Pattern(
        predicate,
        rf"{S}{_APPOSITION}{_gap()}(?P<v>{alternation(active)} ){free}{O}",
        _first(active),
        VERB,
    )
    # A coordinated second verb: "S adopted X and repealed O".
    yield Pattern(
        predicate,
        rf"{S}{_gap()}{_WORD}{free}(?:<\d+> )?(?:, )?and {_gap()}"
        rf"(?P<v>{alternation(active)} ){free}{O}",
        _first(active),
        VERB - 0.1,
    )
    passive = frozenset(
        f
        for verb in verbs
        if not verb.endswith((" for", " with"))
        for f in participles(verb)
    )
    yield Pattern(
        predicate,
        rf"{O}{_APPOSITION}(?:{_gap()}{_PASSIVE}|, |)(?:[a-z]+ly )?"
        rf"(?P<v>{alternation(passive)} )(?:@ )?(?:in @ |on @ )?by (?:{_WORD}){{0,2}}{S}",
        _first(passive),
        VERB,
    )


def _noun_patterns(predicate: str) -> Iterator[Pattern]:
    nouns = frozenset(spaced(n) for n in lexicon.words("noun").get(predicate, ()))
    if not nouns:
        return
    plural = nouns | {noun + "s" for noun in nouns}
    noun = rf"(?P<v>{alternation(plural)} )"
    for expression in (
        rf"{S}, (?:{_WORD}){{0,3}}{noun}(?:of|to|for|in) {O}",
        rf"{S}(?:is|was|are|were|remains|became) (?:{_WORD}){{0,3}}{noun}(?:of|to|in) {O}",
        rf"{O}'s (?:{_WORD}){{0,2}}{noun},? ?{S}",
        rf"{S}, {O}'s (?:{_WORD}){{0,2}}{noun}",
    ):
        yield Pattern(predicate, expression, _first(plural), SET_PHRASE)


def _title_patterns(predicate: str) -> Iterator[Pattern]:
    titles = frozenset(spaced(t) for t in lexicon.words("title").get(predicate, ()))
    if not titles:
        return
    title = rf"(?P<v>(?P<m>{_MODIFIER}{{0,3}}){alternation(titles)} )"
    # What a minister is minister of stands between the title and the body or the name.
    remit = rf"(?:(?:of|for) (?:{_WORD}){{1,5}})?"
    adjective = r"\{(?P<o>\d+)\} "
    place = rf"(?:{O}|{adjective.replace('?P<o>', '?P<o2>')})"
    for expression in (
        rf"{place}(?:'s )?{title}{remit}(?:, )?{S}",
        rf"{S}, {place}(?:'s )?{title}",
        rf"{S}, (?:who is )?(?:[^<>,;]{{0,60}} and )?{title}(?:of|at|for|to|in) "
        rf"{_MODIFIER}{{0,4}}{O}",
        rf"{S}, {title}(?:{_WORD}){{0,4}}(?:and (?:{_WORD}){{1,4}})?(?:of|at) {O}",
        rf"{title}of {O}(?:, )?{S}",
        rf"{S}(?:is|becomes|became|remains|serves as|was (?:named|appointed|elected)) {title}{remit}(?:of|at) {O}",
        rf"{S}, {O}{title}",
        rf"{O}, whose {title}(?:, )?{S}",
        rf"{S}\( {title}(?:of )?,? ?{O}",
    ):
        yield Pattern(predicate, expression, _first(titles), SET_PHRASE)


def _phrase_patterns(predicate: str) -> Iterator[Pattern]:
    titles = [spaced(t) for t in lexicon.words("title").get(predicate, ())]
    for phrase in lexicon.words("pattern").get(predicate, ()):
        parts = []
        words: set[str] = set()
        subject_type = None
        for item in phrase.split():
            optional = item.endswith("?")
            item = item.removesuffix("?")
            if item.partition("/")[0] == "S":
                part = S
                subject_type = item.partition("/")[2] or None
            elif item == "O":
                part = O
            elif item == "_":
                part = rf"(?:{_WORD}){{0,3}}"
            elif item == "#":
                part = r"#\d+ "
            elif item == "T":
                part = alternation(titles) + " "
            else:
                choice = item.strip("[]").split("|")
                part = alternation(choice) + " "
                if not optional and len(choice) == 1 and item.isalpha():
                    words.add(item)
            parts.append(f"(?:{part})?" if optional else part)
        # Articles never reach a skeleton, so a phrase may be written with them.
        expression = "".join(p for p in parts if p not in {"(?:a) ", "(?:an) "})
        yield Pattern(
            predicate,
            f"(?P<v>{expression})",
            frozenset(sorted(words)[:1]),
            SET_PHRASE,
            subject_type,
        )
