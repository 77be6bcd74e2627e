"""Sums of money in English text, exact to the last digit that the text gives.

A sum is a number with a currency (a sign or code before it, or a sign, code or name
after it) and often with a scale ("million", "bn", "crore").  Two sums joined by "to", a
dash, or "between ... and" are one range.  Numbers without a currency and vague sums
("tens of millions of dollars") are left as text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from kg.values.currencies import (
    COMMON_CODES,
    SIGNS,
    SIGNS_AFTER,
    codes,
    currency_named,
    dollars,
    nouns,
)
from kg.values.numbers import (
    DIGITS,
    SCALES,
    WORDS,
    value_of_digits,
    value_of_scale,
    value_of_words,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money, or a range of sums, where a text names it.

    Attributes:
        start: Offset of its first character.
        end: Offset after its last character.
        low: The sum, or the lower end of a range, in units of the currency.
        high: The upper end of a range.
        currency: ISO 4217 code.
        per: "year" or "month" if the sum is paid anew in each.
        approximate: Whether the text marks it as not exact ("about", "more than").
    """

    start: int
    end: int
    low: Decimal
    high: Decimal | None
    currency: str
    per: str | None
    approximate: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A number with what stands around it, before the currency is required."""

    start: int
    end: int
    number: Decimal
    scale: Decimal | None
    before: str | None
    after: str | None
    digits: bool

    @property
    def currency(self) -> str | None:
        # A name or code after the number says which dollars, pounds or yen are meant.
        if self.before in {"USD", "GBP", "JPY"} and self.after:
            return self.after
        return self.before or self.after

    @property
    def value(self) -> Decimal:
        value = self.number * (self.scale or 1)
        return Decimal(int(value)) if value == int(value) else value.normalize()


@cache
def _part_pattern() -> re.Pattern[str]:
    """Compile the pattern of a number with its currency and scale.

    Repetitions are possessive or bounded, so that the time is linear in the text.
    """
    signs = "|".join(
        (r"(?<![A-Za-z])" if sign[0].isalpha() else r"(?<![A-Z])") + re.escape(sign)
        for sign in sorted(SIGNS, key=lambda sign: (-len(sign), sign))
    )
    iso = "|".join(sorted(codes()))
    # No part begins within a word: that is told first, for most characters are there.
    return re.compile(
        r"(?!(?<=[A-Za-z])[a-z])"
        rf"(?:(?P<sign>{signs}|(?<![A-Za-z])(?:{iso})(?![A-Z]))(?P<gap>[\s-]?)"
        r"|(?<![\w.,/$-])"
        r"|(?<=[\d€£$kmnKMBT][-/])|(?<=-to-))"
        rf"(?:(?P<digits>{DIGITS})|(?P<words>(?i:{WORDS})))"
        r"(?:(?:[\s-]?(?P<double>(?i:hundred|thousand|lakh|million))"
        rf"(?=[\s-](?i:{SCALES})\b))?"
        rf"[\s-]{{0,3}}(?P<scale>(?i:{SCALES}|mln|mio|bln|trn|tn|bn|mn|mm)(?![A-Za-z])"
        r"|(?<=[\d½])[kKmMbBtT](?![A-Za-z])|(?<=\d )m(?!\w)))?"
        rf"(?:(?:[\s-]|\ of\ )?(?P<after>{'|'.join(map(re.escape, SIGNS_AFTER))}"
        rf"|(?:{'|'.join(sorted(COMMON_CODES))}|RMB)(?!\w)"
        r"|(?P<name>(?:[A-Z][\w.]{0,14}[\s-]){0,4}?(?i:"
        rf"pounds\ sterling|(?:{'|'.join(map(re.escape, nouns()))})s?))"
        r"(?!\w))(?!\s?\d))?"
    )


_BLOCKED_BEFORE = re.compile(
    r"(?i:\b(?:few|several|many|couple|couple of|dozens of|tens of|hundreds of|multi"
    r"|every|per)[ -])$"
)
_BLOCKED_AFTER = re.compile(r"\w|[.,]\d|\s?%|\s(?:per\s?cent|percent)")
_WON_VERB = re.compile(r" (?:by )?(?:the|an?|their|its|his|her)\b")
_PER = re.compile(
    r",?(?:[ -](?:a|per|each|every)[ -]|\s?/\s?)(?P<unit>year|annum|yr|month)\b"
    r"|,?[ -](?P<adverb>annually|yearly|monthly|a year|p\.a\.)"
)
_APPROXIMATE_BEFORE = re.compile(
    r"(?:\b(?i:about|around|nearly|almost|roughly|approximately|approx\.?|some|over"
    r"|than|under|below|above|up to|at least|at most|as (?:much|many|little) as"
    r"|close to|circa|ca\.|estimated(?: at)?|upwards? of|in excess of|exceeding|exceeds"
    r"|exceeded|maximum of|minimum of|in the region of|in the order of)"
    r"(?: an?(?: (?:additional|further|estimated|total))?| another)? |[~≈<>] ?)"
    r"(?:between |from )?$"
)
_APPROXIMATE_AFTER = re.compile(r"-?plus\b|\+|\s(?:or|and) (?:more|so|less|above)\b")
_JOINT = re.compile(
    r"(?P<dash>[-\u2013\u2014]| [\u2013\u2014] |-to-)"
    r"|(?P<to>\s(?:to|up to|or)\s)|(?P<and>\sand\s)"
)
_BETWEEN = re.compile(r"(?i:\bbetween (?:about |around |roughly )?)$")
_CHANGE = re.compile(r"(?i:(?<!ranging )(?<!ranges )(?<!ranged )(?<!range )\bfrom )$")
_CHINA_NEAR = re.compile(r"\b(?:CNY|RMB|[Yy]uan|[Rr]enminbi)\b")
_GOES_ON = re.compile(
    r"(?! (?!(?:in|for|of|over|by|to|a|per|and|from|on|as|at|is|was|will) )[a-z])"
)


def _part(match: re.Match[str]) -> _Part | None:
    """Read one match; None if it is no number or not one of money."""
    text, start, end = match.string, match.start(), match.end()
    sign, after = match["sign"], match["after"]
    scale = value_of_scale(match["scale"], match["double"]) if match["scale"] else None
    if _BLOCKED_AFTER.match(text, end) and text[end - 1] not in "€£¥₹$":
        return None
    if _BLOCKED_BEFORE.search(text, max(0, start - 16), start):
        return None
    before = SIGNS.get(sign, sign) if sign else None
    if sign and match["gap"] == "-":
        return None
    if before == "JPY" and _CHINA_NEAR.search(text, max(0, start - 60), end + 60):
        before = "CNY"
    code = SIGNS.get(after, after if after in COMMON_CODES else None) if after else None
    if match["name"]:
        code = currency_named(match["name"])
        if code is None or (before and code == "KRW"):
            # "five Nobel dollars" is no currency, "the $5 million won by" not the won.
            code = None
            end = start + len(text[start : match.start("after")].rstrip(" -"))
    if match["words"]:
        if scale is None and match["words"].lower() in {"a", "an", "half", "half a"}:
            return None
        return _Part(
            start, end, value_of_words(match["words"]), scale, before, code, False
        )
    digits = match["digits"]
    if scale is not None and re.fullmatch(r"\d+(?: \d{3})+", digits):
        # "In Section 12 300 million euros": a grouped number takes no scale.
        start = match.end("digits") - 3 if not sign else start
        digits = digits[-3:] if not sign else digits
    # "€10.000" is continental style; "$3.459" and "€1.234 billion" are not.
    dot_groups = scale is None and (before or code) not in {"USD", "GBP"}
    number = value_of_digits(digits, dot_groups=dot_groups)
    if number is None:
        return None
    # Many codes are also something else: SDG 9, CVE 2024, AMD 7.
    rare = before is not None and before not in COMMON_CODES and sign not in SIGNS
    if rare and scale is None and not re.search(r"\d[.,]\d", digits):
        return None
    # "In 1911 won the cup": the verb is no currency.
    unsure = scale is None and "," not in digits
    if code == "KRW" and not before and (unsure or _WON_VERB.match(text, end)):
        return None
    weight = code == "GBP" and match["name"] and before is None and scale is None
    if weight and re.match(r" of\b|\s?\(\d", text[end : end + 4]):
        return None
    return _Part(start, end, number, scale, before, code, True)


def _parts(text: str) -> Iterator[_Part]:
    """Read all numbers, joining "two million five hundred thousand" into one."""
    last: _Part | None = None
    for match in _part_pattern().finditer(text):
        part = _part(match)
        if part is None:
            continue
        if last is not None:
            gap = text[last.end : part.start]
            smaller = last.scale is not None and part.scale is not None
            if (
                smaller
                and not (last.digits or part.digits or last.after or part.before)
                and gap in {" ", " and ", ", "}
                and last.value > part.value
            ):
                whole = last.value + part.value
                last = _Part(
                    last.start, part.end, whole, None, last.before, part.after, False
                )
                continue
            yield last
        last = part
    if last is not None:
        yield last


def _range(
    text: str, first: _Part, second: _Part
) -> tuple[Decimal, Decimal, str] | None:
    """Join two numbers into a range: its ends and currency."""
    joint = _JOINT.fullmatch(text, first.end, second.start)
    currency = first.currency or second.currency
    if joint is None or currency is None:
        return None
    if second.currency not in {None, currency}:
        return None
    lead = text[max(0, first.start - 24) : first.start]
    if joint["and"] and not _BETWEEN.search(lead):
        return None
    if joint["to"] and _CHANGE.search(lead):
        return None
    if first.currency is None and second.before:
        return None
    if joint[0].strip() == "or" and (first.scale or first.currency):
        return None
    if second.currency is None:
        if second.scale is None and not joint["dash"]:
            return None
        if joint["to"] and first.scale and not _GOES_ON.match(text, second.end):
            return None
    low, high = first.value, second.value
    shared = first.scale is None and second.scale is not None
    if shared and first.number < min(second.number, Decimal(1000)):
        low = first.number * (second.scale or 1)
        low = Decimal(int(low)) if low == int(low) else low.normalize()
    return (low, high, currency) if low < high else None


def _amount(
    text: str, start: int, end: int, low: Decimal, high: Decimal | None, currency: str
) -> Amount:
    per = _PER.match(text, end)
    lead = text[max(0, start - 40) : start]
    unit = per and (per["unit"] or per["adverb"])
    return Amount(
        start=start,
        end=end,
        low=low,
        high=high,
        currency=currency,
        per=None if not unit else "month" if unit.startswith("month") else "year",
        approximate=bool(
            _APPROXIMATE_BEFORE.search(lead) or _APPROXIMATE_AFTER.match(text, end)
        ),
    )


def find_amounts(text: str) -> list[Amount]:
    """Find the sums of money that a text names with number and currency.

    The bare ``$`` and "dollars" are US dollars, unless the text tells the same sum in
    dollars of another country; ``¥`` is the yen unless the yuan is named nearby, and a
    country before the name of a currency decides.

    Args:
        text: Any text; offsets count its Unicode code points.

    Returns:
        The sums in text order, without overlap.
    """
    amounts: list[Amount] = []
    parts = list(_parts(text))
    at = 0
    while at < len(parts):
        first = parts[at]
        at += 1
        if at < len(parts):
            joined = _range(text, first, parts[at])
            if joined is not None:
                low, high, currency = joined
                end = parts[at].end
                amounts.append(_amount(text, first.start, end, low, high, currency))
                at += 1
                continue
        if first.currency is not None:
            amounts.append(
                _amount(text, first.start, first.end, first.value, None, first.currency)
            )
    return _of_countries(text, amounts)


_NAMED_US = re.compile(r"us|u\.s|american", re.IGNORECASE)


def _of_countries(text: str, amounts: list[Amount]) -> list[Amount]:
    """Make mere dollars those of the country with which the text tells the same sum."""
    told: dict[tuple[Decimal, Decimal | None], set[str]] = defaultdict(set)
    for amount in amounts:
        if amount.currency != "USD" and amount.currency in dollars():
            told[amount.low, amount.high].add(amount.currency)
    found = []
    for amount in amounts:
        named = told.get((amount.low, amount.high), set())
        mere = amount.currency == "USD" and not _NAMED_US.search(
            text, amount.start, amount.end
        )
        if mere and len(named) == 1:
            found.append(replace(amount, currency=next(iter(named))))
        else:
            found.append(amount)
    return found


_LABEL_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_SCALES = (
    (Decimal(10) ** 12, " trillion"),
    (Decimal(10) ** 9, " billion"),
    (Decimal(10) ** 6, " million"),
    (Decimal(1), ""),
)
_CENT = Decimal("0.01")


def _label(value: Decimal) -> tuple[str, str]:
    """Number and scale of a value, rounded to two decimals of the scale."""
    # Just below a scale, two decimals of the one beneath would round to a thousand.
    least = abs(value) / Decimal("0.999995")
    unit, scale = next((pair for pair in _SCALES if least >= pair[0]), (Decimal(1), ""))
    rounded = (abs(value) / unit).quantize(_CENT)
    number = f"{rounded:,.2f}"
    if scale or number.endswith(".00"):
        number = number.rstrip("0").rstrip(".")
    return ("-" if value < 0 else "") + number, scale


def format_amount(low: Decimal, high: Decimal | None, currency: str) -> str:
    """Write a short English label, such as "€40 million" or "€1-2 billion".

    The dash of a range is an en dash.

    Args:
        low: The sum, or the lower end of a range.
        high: The upper end of a range, if it is one.
        currency: ISO 4217 code.

    Returns:
        The label, rounded to two decimals of its scale.
    """
    sign = _LABEL_SIGNS.get(currency, f"{currency} ")
    number, scale = _label(low)
    if high is None or high == low:
        return f"{sign}{number}{scale}"
    top, top_scale = _label(high)
    if scale == top_scale:
        return f"{sign}{number}\N{EN DASH}{top}{scale}"
    return f"{sign}{number}{scale} \N{EN DASH} {sign}{top}{top_scale}"
