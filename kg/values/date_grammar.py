"""Patterns of English date expressions, each with the kind of date it names.

What the kinds mean is said in :mod:`kg.values.dates`.  The named groups carry the parts:
``day``, ``month``, ``year``, ``that`` (the year by its distance from publication),
``relation`` ("last", "this", "next"), ``unit``, ``weekday`` and ``count``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

Kind = Literal[
    "day",
    "numeric day",
    "month",
    "iso month",
    "year",
    "unit",
    "weekday",
    "near day",
    "ago",
    "none",
]
"""How the groups of a match are read; ``none`` is a date that lies in no one year."""

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
]
COUNTS = {
    word: number
    for number, word in enumerate(
        [
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
        ],
        1,
    )
} | {"a": 1, "an": 1}

_FULL = "|".join([*MONTHS, *(name.upper() for name in MONTHS)])
_SHORT = "|".join(
    rf"{stem}\b\.?"
    for stem in [
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "Jun",
        "Jul",
        "Aug",
        "Sept",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
    ]
)
_MONTH = rf"(?:{_FULL}|{_SHORT})"
_YEAR = r"(?:19|20)\d\d(?!\d)"
_ANY_YEAR = r"(?:1[5-9]|20)\d\d(?!\d)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_NTH = rf"{_DAY}(?:st|nd|rd|th)?\b(?![%]|[.,:/]\d)"
_WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
_WEEKDAY_LEAD = rf"(?:(?:{_WEEKDAY}|(?:Mon|Tues?|Wed|Thur?s?|Fri|Sat|Sun)\.?),? )?"
_DASH = r"(?: ?[-\u2013\u2014] ?| (?:to|and|until|through) )"
_EDGE = (
    r"(?:(?i:early|mid|late|earlier|later)(?:[- ]in)?[- ]"
    r"|(?i:end|start|beginning|middle|close|turn)(?:[- ]of[- ](?:the )?|-))?"
)
_THAT_YEAR = r"(?: (?:of )?(?P<that>this|last|next) year\b)?"
_SEASON = r"(?:spring|summer|autumn|fall|winter|Spring|Summer|Autumn|Fall|Winter)"
_ORDINAL = r"(?i:first|second|third|fourth|1st|2nd|3rd|4th|last|final)"
_NO_LEFT = r"(?<![\w/.,:$€£¥#+-])"
_NO_RIGHT = r"(?![\w%]|[.,/:]\d|[-\u2013]\d)"


class Rule(NamedTuple):
    """A pattern, the kind of its matches, and which of them really are dates."""

    pattern: re.Pattern[str]
    kind: Kind
    holds: Callable[[re.Match[str]], bool] = bool


_BEFORE_MONTH = re.compile(
    r"(?i:\b(?:in|since|until|till|during|throughout|through|from|before|after|between"
    r"|around|of|by|for|to|and|or)(?: the)? )$"
)
_BEFORE_MAY = re.compile(r"(?i:\b(?:in|since|until|till|during|throughout|through)) $")
_GENITIVE = re.compile(r"['\u2019]s\b")
_NAME_BEFORE = re.compile(
    r"\b(?!(?:In|On|By|Since|Until|From|For|The|Of|To)\b)[A-Z]\w+ $"
)


def _is_month(match: re.Match[str]) -> bool:
    """Tell the month from the verb, the march and the people of that name."""
    name = match["month"].rstrip(".").title()
    before = match.string[max(0, match.start() - 24) : match.start()]
    after = match.string[match.end() : match.end() + 24]
    marked = match["edge"] or match["relation"] or match["that"]
    if name == "May" and not marked and _NAME_BEFORE.search(before):
        return False
    if match["year"] or marked:
        return True
    if match["month"].isupper() or name not in MONTHS:
        return False
    if name == "May":
        return bool(_BEFORE_MAY.search(before)) and not _GENITIVE.match(after)
    if name == "March":
        return bool(_BEFORE_MONTH.search(before))
    if name in {"April", "June", "August"}:
        return not re.match(r" [A-Z][a-z]", after) and not _NAME_BEFORE.search(before)
    return True


def _is_numeric_day(match: re.Match[str]) -> bool:
    one, two = int(match["one"]), int(match["two"])
    low, high = min(one, two), max(one, two)
    return 1 <= low <= 12 and high <= 31 and (match["mark"] != "." or two <= 12)


_NUMBER_BEFORE = re.compile(
    r"(?:\b(?:No|Nos|Nr|Art|pp?|S|H\.?R|A\.?B|S\.?B)\.? ?|[§#] ?"
    r"|\b(?i:number|articles?|section|recital|bill|resolution|order|rtx|page|than|over"
    r"|nearly|almost|some|least|approximately|roughly|up to) )$"
)
_COUNTED_AFTER = re.compile(
    r"[ -]?(?:(?:thousand|million|billion|trillion|euros?|dollars?|pounds?|percent"
    r"|people|jobs?|workers|employees|staff|companies|firms|businesses|startups"
    r"|organi[sz]ations|students|researchers|schools|hospitals|homes|households|members|pages?|words|times"
    r"|times|tons|tonnes|hours|days|GPUs?|chips|[MGTK]W|km|miles|metres|meters|square|cases"
    r"|responses|submissions|comments|experts|scientists|officials|users|other)\b"
    r"|per cent\b)|[€£$%]|-?[a-z]"
)


def _is_year(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 20) : match.start()]
    if _NUMBER_BEFORE.search(before):
        return False
    return _COUNTED_AFTER.match(match.string, match.end()) is None


def _is_year_span(match: re.Match[str]) -> bool:
    first, last = int(match["year"]), int(match["last"])
    if len(match["last"]) == 2:
        last += first - first % 100
        last += 100 if last <= first else 0
        if last - first > 20:
            return False
    if match["mark"] == "/":
        return last == first + 1
    return last > first


_WHOSE_YEAR = (
    rf"(?:,? (?:of |in )?(?:(?P<year>{_YEAR})|(?:the|(?P<that>this|last|next)) year\b))"
)
RULES: tuple[Rule, ...] = (
    Rule(
        re.compile(
            rf"{_NO_LEFT}(?P<year>{_YEAR})-(?P<month>0[1-9]|1[0-2])"
            r"-(?P<day>0[1-9]|[12]\d|3[01])(?!\d|-\w)"
        ),
        "day",
    ),
    Rule(
        re.compile(rf"{_NO_LEFT}(?P<year>{_YEAR})-(?P<month>0[1-9]|1[0-2]){_NO_RIGHT}"),
        "iso month",
    ),
    Rule(
        re.compile(
            rf"{_NO_LEFT}(?P<one>[0-3]?\d)(?P<mark>[./-])(?P<two>[0-3]?\d)(?P=mark)"
            rf"(?P<year>{_YEAR}){_NO_RIGHT}"
        ),
        "numeric day",
        _is_numeric_day,
    ),
    Rule(  # 14 June 2023, the 14th of June, Wed 14-15 June, 28 June to 2 July 2023
        re.compile(
            rf"{_NO_LEFT}{_WEEKDAY_LEAD}(?P<day>{_DAY})(?:st|nd|rd|th)?"
            rf"(?: (?P<first>{_MONTH}){_DASH}{_NTH}|{_DASH}{_NTH})?"
            rf"(?: of|,)?[ -](?P<month>{_MONTH})(?![A-Za-z])"
            rf"(?:(?: ?,| of)?[ -](?P<year>{_ANY_YEAR}){_NO_RIGHT})?{_THAT_YEAR}"
        ),
        "day",
    ),
    Rule(  # June 14, June 14th, 2023, June 14-15, June 28 to July 2, 2023
        re.compile(
            rf"(?<![\w-]){_WEEKDAY_LEAD}(?P<month>{_MONTH}) (?:the )?(?P<day>{_DAY})"
            rf"(?:st|nd|rd|th)?(?!\w|[.:/]\d|,\d(?!\d{{3}}\b)|%"
            r"| ?(?:percent|per cent|[mb]illion)\b)"
            rf"(?:{_DASH}(?:{_MONTH} )?{_NTH})?"
            rf"(?:(?: ?, ?| )(?P<year>{_ANY_YEAR}){_NO_RIGHT})?{_THAT_YEAR}"
        ),
        "day",
    ),
    Rule(  # June, mid-June, June 2023, last June, June to July 2023, end of March
        re.compile(
            rf"(?<![\w-])(?P<edge>{_EDGE})(?:(?P<relation>[Tt]his|[Ll]ast|[Nn]ext) )?"
            rf"(?P<month>{_MONTH})(?![A-Za-z])(?:{_DASH}{_MONTH}(?=,? {_YEAR}))?"
            rf"(?:(?: ?,| of)?[ -](?P<year>{_ANY_YEAR}){_NO_RIGHT})?{_THAT_YEAR}"
        ),
        "month",
        _is_month,
    ),
    Rule(  # Q3 2024, 3Q24, H1 2025
        re.compile(
            rf"(?<![\w-])(?:[QH][1-4]|[1-4][QH])"
            rf"(?:(?:,| of)?[ /-]?(?P<year>{_YEAR}|(?<=Q)\d\d(?!\d))\b"
            rf"| (?:of )?(?P<that>this|last|next) year\b)"
        ),
        "year",
    ),
    Rule(  # third quarter of 2024, second half of next year, spring 2024
        re.compile(
            rf"(?<![\w-])(?:{_ORDINAL}[- ](?:(?:fiscal|calendar) )?(?:quarter|half)"
            rf"|{_EDGE}{_SEASON}){_WHOSE_YEAR}(?:[/\u2013-]\d\d(?!\d))?\b"
        ),
        "year",
    ),
    Rule(re.compile(rf"(?<![\w-]){_ORDINAL}[- ]quarter\b(?! of)"), "none"),
    Rule(  # early 2025, mid-2025, end of 2024, end of the year, year-end 2024
        re.compile(
            rf"(?<![\w-])(?:(?i:early|mid|late)(?:[- ]in)?[- ](?P<year>{_YEAR})"
            rf"{_NO_RIGHT}|(?i:end|start|beginning|middle|close|turn)"
            rf"(?:[- ]of[- ]|-)(?:(?P<whole>{_YEAR}){_NO_RIGHT}"
            r"|(?:the |this )?(?:calendar )?year\b"
            r"|(?P<that>last|next) year\b)|year[- ]end(?: (?P<ended>(?:19|20)\d\d)\b)?)"
        ),
        "year",
    ),
    Rule(  # FY2025, FY25, FY 2024-25, fiscal year 2025
        re.compile(
            r"(?<![\w-])(?:FY ?|(?i:fiscal|financial|budget)(?: years?)? )"
            r"(?P<year>(?:19|20)\d\d|(?<=FY)\d\d|(?<=FY )\d\d)"
            r"(?:[/\u2013-](?:\d\d){1,2})?\b"
        ),
        "year",
    ),
    Rule(  # 2023/24, 2021-27, 2024-2027, 2024 to 2027
        re.compile(
            rf"{_NO_LEFT}(?P<year>{_YEAR})(?P<mark>/| ?[-\u2013\u2014] ?| to )"
            rf"(?P<last>{_YEAR}|(?<! )\d\d){_NO_RIGHT}(?!-\d)"
        ),
        "year",
        _is_year_span,
    ),
    Rule(re.compile(rf"{_NO_LEFT}(?P<year>{_YEAR}){_NO_RIGHT}"), "year", _is_year),
    Rule(
        re.compile(rf"(?<=\b[Ii]n )(?P<year>1[5-8]\d\d){_NO_RIGHT}"),
        "year",
        _is_year,
    ),
    Rule(  # the 1990s, the nineties, the 21st century
        re.compile(
            r"(?<![\w$€£-])(?:(?:early|mid|late)[- ])?"
            r"(?:(?:1[5-9]|20)\d0['\u2019]?s\b"
            r"|(?:twenties|thirties|sixties|seventies|eighties|nineties)\b"
            r"|(?:1\d|2[0-2])(?:th|st|nd)[- ][Cc]entury\b)"
        ),
        "none",
    ),
    Rule(  # last month, later this year, end of next month, this week
        re.compile(
            rf"(?<![\w-])(?P<edge>{_EDGE})(?P<relation>(?i:this (?:past|coming)|this"
            r"|last|next|past|previous|coming|current))[- ]"
            r"(?P<unit>year|month|weekend|week"
            rf"|quarter|decade|century|{_SEASON})(?!\w)"
        ),
        "unit",
    ),
    Rule(
        re.compile(
            r"(?<![\w-])(?P<edge>(?i:end|start|beginning|middle) of )"
            r"(?P<relation>the) (?P<unit>month|week|quarter)(?!\w)"
        ),
        "unit",
    ),
    Rule(
        re.compile(
            r"(?<![\w-])(?:(?P<relation>(?i:this (?:past|coming)|this|last|next|past"
            rf"|previous|coming)) )?(?P<weekday>{_WEEKDAY})"
            r"(?: (?:morning|afternoon|evening|night))?(?!\w)"
        ),
        "weekday",
    ),
    Rule(
        re.compile(
            r"(?<![\w-])(?i:today|yesterday|tomorrow|tonight|overnight|last night"
            r"|this (?:morning|afternoon|evening)|the day (?:before yesterday"
            r"|after tomorrow))(?!\w)"
        ),
        "near day",
    ),
    Rule(
        re.compile(
            rf"(?<![\w.,-])(?P<count>(?i:{'|'.join(COUNTS)}|several|a few|many"
            r"|a couple of)|\d{1,2})[ -](?P<unit>day|week|month|year|decade)s?[ -]ago\b"
        ),
        "ago",
    ),
)
LONE_MONTH = re.compile(rf"(?P<month>{_FULL})")
LONE_YEAR = re.compile(rf"(?P<year>{_ANY_YEAR})")
"""What is a date only where the context says so, as it does for a span of its own."""
