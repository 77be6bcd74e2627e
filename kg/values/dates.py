"""Date expressions in English text, and the ISO 8601 date each of them surely means.

General date parsers invent a day where the text names a month or a year, hence a
grammar of its own (:mod:`kg.values.date_grammar`).  An expression becomes the first and last
day it can mean, and the answer is the most exact ISO date that holds both: a day, a
month, a year, or none.  A range ("2024-2027", "14-15 June") stands for where it begins.
The clock is never read: what is relative is relative to the date of publication.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from kg.values.date_grammar import (
    COUNTS,
    LONE_MONTH,
    LONE_YEAR,
    MONTHS,
    RULES,
    WEEKDAYS,
    Kind,
    Rule,
)

Days = tuple[date, date]
"""First and last day, both included."""

_MONTH_NUMBER = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}
_STEPS = {"last": -1, "past": -1, "previous": -1, "next": 1, "coming": 1}
_COUNT = COUNTS | {str(number): number for number in range(1, 100)}


def _month_days(year: int, month: int) -> Days:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _year_days(year: int) -> Days:
    return date(year, 1, 1), date(year, 12, 31)


def _one_day(year: int, month: int, day: int) -> Days | None:
    """The day, or the month where the calendar has no such day."""
    if day > monthrange(year, month)[1]:
        return _month_days(year, month)
    return date(year, month, day), date(year, month, day)


def _shift_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _month_number(name: str) -> int:
    return int(name) if name.isdigit() else _MONTH_NUMBER[name[:3].lower()]


def _nearest_year(month: int, published: Days) -> int:
    """The year in which the month lies closest to publication."""
    first, last = published
    if (last - first).days > 31:
        return first.year
    middle = first + (last - first) // 2
    years = (middle.year, middle.year - 1, middle.year + 1)
    return min(years, key=lambda year: abs((date(year, month, 15) - middle).days))


def _year_of(match: re.Match[str], month: int, published: Days | None) -> int | None:
    """The year an expression names, or means without naming it."""
    groups = match.groupdict()
    if groups.get("year"):
        return int(groups["year"])
    if published is None:
        return None
    this_year = published[0].year
    if groups.get("that"):
        return this_year + _STEPS.get(groups["that"], 0)
    relation = (groups.get("relation") or "").lower()
    if relation == "last":
        return this_year - (month >= published[0].month)
    if relation == "next":
        return this_year + (month <= published[1].month)
    if relation == "this":
        return this_year
    return _nearest_year(month, published)


def _calendar_day(match: re.Match[str], published: Days | None) -> Days | None:
    month = _month_number(match.groupdict().get("first") or match["month"])
    year = _year_of(match, month, published)
    return None if year is None else _one_day(year, month, int(match["day"]))


def _calendar_month(match: re.Match[str], published: Days | None) -> Days | None:
    month = _month_number(match["month"])
    year = _year_of(match, month, published)
    return None if year is None else _month_days(year, month)


def _numeric_day(match: re.Match[str], published: Days | None) -> Days | None:
    one, two, year = int(match["one"]), int(match["two"]), int(match["year"])
    if match["mark"] == "." or one > 12 or one == two:
        day, month = one, two
    elif two > 12:
        day, month = two, one
    else:
        return _year_days(year)
    return _one_day(year, month, day) if month <= 12 else None


def _iso_month(match: re.Match[str], published: Days | None) -> Days | None:
    year, number = int(match["year"]), int(match["month"])
    # "2010-12" may as well be the years 2010 to 2012.
    return _year_days(year) if number > year % 100 else _month_days(year, number)


def _named_year(match: re.Match[str], published: Days | None) -> Days | None:
    groups = match.groupdict()
    for digits in map(groups.get, ("year", "whole", "ended")):
        if digits:
            return _year_days(int(digits) + (2000 if len(digits) == 2 else 0))
    if published is None:
        return None
    return _year_days(published[0].year + _STEPS.get(groups.get("that") or "", 0))


def _no_days(match: re.Match[str], published: Days | None) -> Days | None:
    return None


def _relative_unit(match: re.Match[str], published: Days | None) -> Days | None:
    if published is None:
        return None
    first, last = published
    step = _STEPS.get(match["relation"].split()[-1].lower(), 0)
    unit = match["unit"].lower()
    if unit == "year":
        return _year_days(first.year + step)[0], _year_days(last.year + step)[1]
    if unit == "month":
        first, last = _shift_months(first, step), _shift_months(last, step)
        return first.replace(day=1), _month_days(last.year, last.month)[1]
    if unit == "week":
        first -= timedelta(days=first.weekday() - 7 * step)
        last += timedelta(days=6 - last.weekday() + 7 * step)
        return first, last
    if unit == "weekend":
        first += timedelta(days=5 - first.weekday() + 7 * step)
        return (first, first + timedelta(days=1)) if published[0] == last else None
    if unit == "quarter":
        # Whole quarters: three months from the start of the one that is meant.
        first = _shift_months(first.replace(day=1), 3 * step - (first.month - 1) % 3)
        last = _shift_months(last.replace(day=1), 3 * step - (last.month - 1) % 3)
        return first, _shift_months(last, 3) - timedelta(days=1)
    if unit in {"spring", "summer", "autumn", "fall"} and step == 0:
        return _year_days(first.year)
    return None


def _weekday(match: re.Match[str], published: Days | None) -> Days | None:
    if published is None:
        return None
    number = WEEKDAYS.index(match["weekday"])
    relation = (match["relation"] or "").split(" ")[-1].lower()

    def on(day: date) -> date:
        back = (day.weekday() - number) % 7
        if relation in {"last", "past", "previous"}:
            return day - timedelta(days=back or 7)
        if relation in {"next", "coming"}:
            return day + timedelta(days=7 - back)
        if relation == "this":
            return day + timedelta(days=number - day.weekday())
        return day - timedelta(days=back)

    return on(published[0]), on(published[1])


_DAY_STEPS = {"yesterday": -1, "tomorrow": 1, "last night": -1, "overnight": 0}


def _near_day(match: re.Match[str], published: Days | None) -> Days | None:
    if published is None:
        return None
    said = match[0].lower()
    step = timedelta(days=_DAY_STEPS.get(said, 0))
    if said.startswith("the day "):
        step = timedelta(days=-2 if "before" in said else 2)
    return published[0] + step, published[1] + step


def _ago(match: re.Match[str], published: Days | None) -> Days | None:
    if published is None or match["count"].lower() not in _COUNT:
        return None
    count = _COUNT[match["count"].lower()]
    first, last = published
    unit = match["unit"].lower()
    if unit == "year":
        return _year_days(first.year - count)[0], _year_days(last.year - count)[1]
    if unit == "month":
        slack = timedelta(days=15)
        return _shift_months(first, -count) - slack, _shift_months(last, -count) + slack
    if unit == "week":
        back, slack = timedelta(days=7 * count), timedelta(days=3)
        return first - back - slack, last - back + slack
    if unit == "day":
        return first - timedelta(days=count), last - timedelta(days=count)
    return None


_DAYS: dict[Kind, Callable[[re.Match[str], Days | None], Days | None]] = {
    "day": _calendar_day,
    "numeric day": _numeric_day,
    "month": _calendar_month,
    "iso month": _iso_month,
    "year": _named_year,
    "unit": _relative_unit,
    "weekday": _weekday,
    "near day": _near_day,
    "ago": _ago,
    "none": _no_days,
}


def _found(text: str) -> Iterator[tuple[re.Match[str], Rule]]:
    """Every match of a rule that is a date where it stands, in any order."""
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            if rule.holds(match):
                yield match, rule


def _chosen(text: str) -> list[tuple[re.Match[str], Rule]]:
    """The leftmost and longest matches, none inside another, in text order."""
    chosen: list[tuple[re.Match[str], Rule]] = []
    end = 0
    for match, rule in sorted(
        _found(text), key=lambda item: (item[0].start(), -item[0].end())
    ):
        if match.start() >= end:
            chosen.append((match, rule))
            end = match.end()
    return chosen


def find_dates(text: str) -> list[tuple[int, int]]:
    """Find the date expressions of a text, absolute and relative.

    Prepositions and articles before it are no part of an expression.  Time that passes
    ("for two years") and time relative to an event ("two years later") is left out.

    Args:
        text: Any text; offsets count its Unicode code points.

    Returns:
        Start and end (exclusive) of each expression, in text order, without overlap.
    """
    return [match.span() for match, _ in _chosen(text)]


def _publication(published: str | None) -> Days | None:
    iso = r"((?:1[5-9]|2\d)\d\d)(?:-(\d\d)(?:-(\d\d))?)?(?!\d)"
    match = re.match(iso, published or "")
    if match is None:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    if not 1 <= month <= 12:
        return None if match[2] else _year_days(year)
    return _one_day(year, month, day) if day else _month_days(year, month)


def _iso(days: Days) -> str | None:
    first, last = days
    if first == last:
        return first.isoformat()
    if first.year != last.year:
        return None
    return first.isoformat()[:7] if first.month == last.month else str(first.year)


def resolve_date(text: str, published: str | None) -> str | None:
    """Say which date an expression means, no more exactly than it says.

    A bare weekday is the latest such day on or before publication; a day or month
    without a year is the one nearest to publication; a range counts as its beginning.

    Args:
        text: A date expression, such as a span of :func:`find_dates`; other words may
            stand around it, and the first expression counts.
        published: ISO 8601 date of publication (a day, month or year), if it is known.

    Returns:
        ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``; None if the text names no date, one
        in no single year, or one that cannot be known without ``published``.
    """
    basis = _publication(published)
    said = text.strip()
    if month := LONE_MONTH.fullmatch(said):
        days = _calendar_month(month, basis)
    elif year := LONE_YEAR.fullmatch(said):
        days = _named_year(year, basis)
    else:
        first = next(iter(_chosen(text)), None)
        days = _DAYS[first[1].kind](first[0], basis) if first else None
    return None if days is None else _iso(days)
