"""Numbers in English text: their patterns in regular expressions, and their values."""

from __future__ import annotations

import re
from decimal import Decimal

_ONES = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: Decimal(n) for n, word in enumerate(_ONES, 1)} | {
    word: Decimal(n * 10) for n, word in enumerate(_TENS, 2)
}
_POWERS = {
    "hundred": 2,
    "k": 3,
    "thousand": 3,
    "lakh": 5,
    "m": 6,
    "mm": 6,
    "mn": 6,
    "mio": 6,
    "mln": 6,
    "million": 6,
    "crore": 7,
    "b": 9,
    "bn": 9,
    "bln": 9,
    "billion": 9,
    "t": 12,
    "tn": 12,
    "trn": 12,
    "trillion": 12,
}
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75"}
_NO_BREAK = "\u00a0\u2009\u202f"


DIGITS = (
    r"(?:\d{1,2}(?:,\d\d){1,4},\d{3}(?!\d)"  # 1,00,000
    rf"|\d{{1,3}}(?:(?P<mark>[.,'\u2019\ {_NO_BREAK}])\d{{3}}(?!\d))"
    r"(?:(?P=mark)\d{3}(?!\d)){0,6}+(?:[.,]\d{1,9}(?!\d))?"
    r"|\d{1,15}(?:[.,]\d{1,9})?)(?!\d)[½¼¾]?|[½¼¾]"
)
"""A number in digits, grouped in any usual way; uses the group name ``mark``."""

_SMALL = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES[:9])}))?"
    rf"|{'|'.join(_ONES)})"
)
_TAIL = r"(?:[ -]and[ -](?:an?[ -](?:half|quarter)|three[ -]quarters))?"
WORDS = (
    r"(?:(?:an?[ -])?half(?:[ -](?:of[ -])?an?)?"
    r"|(?:an?|one|three)[ -]quarters?[ -]of[ -]an?"
    rf"|(?:an?|{_SMALL})[ -]hundred(?:(?:[ -]and)?[ -]{_SMALL})?{_TAIL}"
    rf"|{_SMALL}{_TAIL}|an?)\b"
)
SCALES = r"(?:thousand|millions?|billions?|trillions?|crores?|lakhs?)"
"""Scales in full words; write the pattern of their short forms where they are safe."""


def value_of_digits(text: str, *, dot_groups: bool) -> Decimal | None:
    """Read a number that matches :data:`DIGITS`.

    Args:
        text: The number.
        dot_groups: Whether a single dot before three digits groups ("10.000").

    Returns:
        Its value, or None if its marks contradict each other.
    """
    fraction = Decimal(_FRACTIONS.get(text[-1], 0))
    body = re.sub(rf"['\u2019 {_NO_BREAK}]", "", text.rstrip("½¼¾"))
    if not body:
        return fraction
    dots, commas = body.count("."), body.count(",")
    if dots and commas:
        decimal = max(body.rfind("."), body.rfind(","))
        body = re.sub("[.,]", "", body[:decimal]) + "." + body[decimal + 1 :]
    elif commas:
        grouped = re.fullmatch(r"[1-9]\d{0,2}(?:,\d\d)*(?:,\d{3})+", body)
        body = body.replace(",", "" if grouped else ".")
    elif dots > 1 or (dot_groups and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", body)):
        body = body.replace(".", "")
    return Decimal(body) + fraction if body.count(".") <= 1 else None


def value_of_words(text: str) -> Decimal:
    """Read a number that matches :data:`WORDS`, such as "two and a half"."""
    words = re.split(r"[ -]+", text.lower())
    fraction = Decimal(0)
    for at, word in enumerate(words):
        if word == "half" or word.startswith("quarter"):
            fraction = Decimal("0.5") if word == "half" else Decimal("0.25")
            fraction *= 3 if words[at - 1] == "three" else 1
            words = words[: max(at - 2, 0)]
            break
    total = Decimal(1 if words and words[0] in {"a", "an"} else 0)
    for word in words:
        total = total * 100 if word == "hundred" else total + _WORDS.get(word, 0)
    return total + fraction


def value_of_scale(word: str, before: str | None = None) -> Decimal:
    """Read a scale such as "bn", or two of them such as "lakh crore".

    Args:
        word: The scale, in full or short, singular or plural.
        before: The scale before it, as in "hundred million".

    Returns:
        The factor by which the number is multiplied.
    """
    key = word.lower()
    power = _POWERS[key if key in _POWERS else key.rstrip("s")]
    return Decimal(10) ** (power + (_POWERS[before.lower()] if before else 0))
