"""Currencies as English texts write them: signs, codes, names, and the ISO 4217 code.

Codes and full names ("Canadian Dollar") come from the Unicode CLDR through babel; the
ways of writing them that CLDR lacks are listed here.
"""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

SIGNS = {
    "$": "USD",
    "US$": "USD",
    "US $": "USD",
    "U.S.$": "USD",
    "U.S. $": "USD",
    "$US": "USD",
    "USD$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "AUD$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "CAD$": "CAD",
    "CDN$": "CAD",
    "Can$": "CAD",
    "NZ$": "NZD",
    "S$": "SGD",
    "SG$": "SGD",
    "HK$": "HKD",
    "NT$": "TWD",
    "J$": "JMD",
    "TT$": "TTD",
    "N$": "NAD",
    "R$": "BRL",
    "MX$": "MXN",
    "Mex$": "MXN",
    "€": "EUR",
    "£": "GBP",
    "E£": "EGP",
    "¥": "JPY",
    "\N{FULLWIDTH YEN SIGN}": "JPY",
    "CN¥": "CNY",
    "RMB¥": "CNY",
    "JP¥": "JPY",
    "RMB": "CNY",
    "CNH": "CNY",
    "₹": "INR",
    "Rs": "INR",
    "Rs.": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₫": "VND",
    "₦": "NGN",
    "₱": "PHP",
    "₪": "ILS",
    "₴": "UAH",
    "₸": "KZT",
    "฿": "THB",
    "GH₵": "GHS",
    "zł": "PLN",
    "Kč": "CZK",
    "SFr": "CHF",
    "SFr.": "CHF",
    "KSh": "KES",
    "Ksh": "KES",
    "RM": "MYR",
    "Rp": "IDR",
    "Dh": "AED",
    "Dhs": "AED",
}
"""Signs and informal codes; the bare ``$`` is the US dollar and ``¥`` the yen."""

SIGNS_AFTER = ("€", "£", "¥", "₹", "₩", "₽", "₺", "₪", "₴", "$", "zł", "Kč", "RMB")
"""Signs that also stand after the number."""

COMMON_CODES = frozenset(
    [
        "EUR",
        "USD",
        "GBP",
        "JPY",
        "CNY",
        "CHF",
        "CAD",
        "AUD",
        "NZD",
        "SGD",
        "HKD",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "HUF",
        "INR",
        "KRW",
        "BRL",
        "ZAR",
        "MXN",
        "TWD",
        "ILS",
        "AED",
        "SAR",
        "THB",
        "IDR",
        "MYR",
    ]
)
"""Codes that are hardly ever anything else, even before a small plain number."""

_ENGLISH_WORDS = frozenset({"ALL", "TOP"})

_BARE = {
    "euro": "EUR",
    "dollar": "USD",
    "pound": "GBP",
    "pound sterling": "GBP",
    "sterling": "GBP",
    "yen": "JPY",
    "yuan": "CNY",
    "renminbi": "CNY",
    "won": "KRW",
    "rupee": "INR",
    "franc": "CHF",
    "krona": "SEK",
    "kronor": "SEK",
    "kroner": "NOK",
    "zloty": "PLN",
    "złoty": "PLN",
    "koruna": "CZK",
    "forint": "HUF",
    "lira": "TRY",
    "ruble": "RUB",
    "rouble": "RUB",
    "hryvnia": "UAH",
    "shekel": "ILS",
    "dirham": "AED",
    "riyal": "SAR",
    "rand": "ZAR",
    "naira": "NGN",
    "baht": "THB",
    "ringgit": "MYR",
    "rupiah": "IDR",
    "dong": "VND",
    "tenge": "KZT",
    "reais": "BRL",
}
"""What a name means without a country; names of many countries' money are left out."""

_ALIASES = {
    "u.s. dollar": "USD",
    "american dollar": "USD",
    "taiwan dollar": "TWD",
    "taiwanese dollar": "TWD",
    "nt dollar": "TWD",
    "singaporean dollar": "SGD",
    "korean won": "KRW",
    "chinese renminbi": "CNY",
    "uk pound": "GBP",
    "uae dirham": "AED",
    "u.a.e. dirham": "AED",
    "emirati dirham": "AED",
    "israeli shekel": "ILS",
    "new shekel": "ILS",
    "brazilian reais": "BRL",
    "danish crown": "DKK",
    "norwegian crown": "NOK",
    "swedish crown": "SEK",
    "czech crown": "CZK",
    "danish kroner": "DKK",
    "norwegian kroner": "NOK",
    "swedish kronor": "SEK",
    "swedish kroner": "SEK",
    "icelandic krona": "ISK",
    "kazakh tenge": "KZT",
    "russian rouble": "RUB",
    "polish złoty": "PLN",
    "argentinian peso": "ARS",
}


@cache
def codes() -> frozenset[str]:
    """Give the ISO 4217 codes of money in use, as CLDR knows it."""
    territories: dict[str, list[tuple[str, object, object, bool]]]
    territories = get_global("territory_currencies")  # type: ignore[assignment]
    current = {
        code
        for history in territories.values()
        for code, _, end, tender in history
        if end is None and tender
    }
    return frozenset(current - _ENGLISH_WORDS)


@cache
def names() -> dict[str, str]:
    """Map the names of currencies, in lower case and singular, to their codes."""
    english: dict[str, str] = dict(Locale.parse("en").currencies)
    spelled = {english[code].lower(): code for code in codes() if code in english}
    return {**spelled, **_BARE, **_ALIASES}


@cache
def dollars() -> frozenset[str]:
    """Give the codes of all currencies that are called dollars."""
    return frozenset(c for name, c in names().items() if name.endswith(" dollar"))


def currency_named(name: str) -> str | None:
    """Find the currency of a name such as "Canadian dollars".

    Args:
        name: The name, singular or plural, with or without its country.

    Returns:
        ISO 4217 code, or None if no single currency has that name.
    """
    key = " ".join(name.lower().replace("-", " ").split())
    known = names()
    if key in known:
        return known[key]
    if key.startswith("pounds "):
        return known.get(key.replace("pounds", "pound", 1))
    if key.endswith("s"):
        return known.get(key[:-1])
    return None


@cache
def nouns() -> tuple[str, ...]:
    """Give the last words of all names, longest first: "dollar", "pound sterling"."""
    found = {name.split()[-1] for name in names() if " " in name} | set(_BARE)
    # Everyday words: a real, a mark, gold, sol and som say too little by themselves.
    found -= {"real", "mark", "gold", "sol", "som", "all"}
    return tuple(sorted(found, key=lambda noun: (-len(noun), noun)))
