"""Dates: a table of expressions, what they mean, round trips, and time."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.values.dates import find_dates, resolve_date

PUBLISHED = "2024-03-15"  # a Friday

# text with the expression in brackets | meaning when published on PUBLISHED, or -
TABLE = """
on [14 June 2023] | 2023-06-14
on the [14th of June 2023] | 2023-06-14
[14th June, 2023] | 2023-06-14
on [Wednesday, 14 June 2023] | 2023-06-14
[Wed 14 Jun 2023] | 2023-06-14
[June 14, 2023], in Paris | 2023-06-14
[June 14th, 2023] | 2023-06-14
[Monday, June 5, 2023] | 2023-06-05
[Jan. 6, 2021] | 2021-01-06
[Sept 6, 2021] | 2021-09-06
[MAY 5, 2024] | 2024-05-05
[5 May 2024] | 2024-05-05
[June 14 2023] | 2023-06-14
[14 June 1892] | 1892-06-14
[31 February 2023] | 2023-02
on [June 14] | 2024-06-14
on [14 June] | 2024-06-14
on [1 December] | 2023-12-01
[May 5] | 2024-05-05
on [June 14 last year] | 2023-06-14
[14-15 June 2023] | 2023-06-14
[14 and 15 June 2023] | 2023-06-14
[14–15 June] | 2024-06-14
[28 June to 2 July 2023] | 2023-06-28
[June 14-15, 2023] | 2023-06-14
[June 28 – July 2, 2023] | 2023-06-28
[2023-06-14] | 2023-06-14
[2023-06-14]T10:00:00Z | 2023-06-14
[2023-06] | 2023-06
[2010-12] | 2010
[14/06/2023] | 2023-06-14
[06/14/2023] | 2023-06-14
[05/06/2023] | 2023
[14.06.2023] | 2023-06-14
[5.6.2023] | 2023-06-05
in [June 2023] | 2023-06
in [June of 2023] | 2023-06
in [Sept. 2024] | 2024-09
[March 2021] | 2021-03
[May 2024] | 2024-05
in [May] | 2024-05
in [March] | 2024-03
in [December] | 2023-12
by [January] | 2024-01
since [last May] | 2023-05
[next June] | 2024-06
[last June] | 2023-06
[this March] | 2024-03
[mid-June] | 2024-06
[early June] | 2024-06
[late June 2023] | 2023-06
the [end of March] | 2024-03
[end-June 2025] | 2025-06
[January to March 2024] | 2024-01
[January-March 2024] | 2024-01
[June last year] | 2023-06
[June of next year] | 2025-06
[Q3 2024] | 2024
[Q1 of 2025] | 2025
[3Q24] | 2024
[H1 2025] | 2025
the [third quarter of 2024] | 2024
the [first half of 2024] | 2024
the [second half of next year] | 2025
the [second half of the year] | 2024
the [third quarter] | -
[spring 2024] | 2024
[late summer 2023] | 2023
[winter 2023/24] | 2023
[this summer] | 2024
[early 2025] | 2025
[mid-2025] | 2025
[late in 2023] | 2023
by the [end of 2024] | 2024
by [end-2024] | 2024
the [start of 2025] | 2025
[year-end 2024] | 2024
the [end of the year] | 2024
by [year-end] | 2024
the [end of next year] | 2025
[FY2025] | 2025
[FY25] | 2025
[fiscal year 2025] | 2025
[fiscal 2024-25] | 2024
[2023/24] | 2023
[2023-24] | 2023
[2021-27] | 2021
[2024-2027] | 2024
[2024–2027] | 2024
from [2024 to 2027] | 2024
by [2030] | 2030
since [1956] | 1956
in [1848] | 1848
the [2024] budget | 2024
([2022]) | 2022
the [1990s] | -
the [early 1990s] | -
the [nineties] | -
the [21st century] | -
[today] | 2024-03-15
[Today], | 2024-03-15
[yesterday] | 2024-03-14
[tomorrow] | 2024-03-16
[tonight] | 2024-03-15
[last night] | 2024-03-14
[this morning] | 2024-03-15
[the day before yesterday] | 2024-03-13
on [Wednesday] | 2024-03-13
[Monday]'s vote | 2024-03-11
[Friday] | 2024-03-15
by [Friday evening] | 2024-03-15
[last Wednesday] | 2024-03-13
[last Friday] | 2024-03-08
[next Monday] | 2024-03-18
[this Monday] | 2024-03-11
[this Sunday] | 2024-03-17
[last week] | 2024-03
[this week] | 2024-03
[last month] | 2024-02
[next month] | 2024-04
[earlier this month] | 2024-03
the [end of next month] | 2024-04
the [end of the month] | 2024-03
[last year] | 2023
[next year] | 2025
[later this year] | 2024
[late last year] | 2023
[this quarter] | 2024
[last quarter] | -
[this decade] | -
[next weekend] | 2024-03
[five days ago] | 2024-03-10
[two weeks ago] | 2024
[a month ago] | 2024
[2 years ago] | 2022
[a decade ago] | -
""".strip().splitlines()

NO_DATES = """
It may fund chips
You may 5 times ask
Theresa May said no
Prime Minister May said no
Mrs May's deal
They march on
March against cuts
Jan Smuts met Sue
April Smith
Regulation (EU) 2024/1689
Directive 2002/58/EC
Regulation 2016/679
2000 people
more than 2000
H.R. 1968
page 2010
€2,024
$2024
a 2000-page law
M-25-21
CVE-2024-12345
GPT-4
for two years
two years later
the sun sets
the week
40 million
""".strip().splitlines()


@pytest.mark.parametrize("row", TABLE)
def test_finds_and_resolves_expressions(row: str) -> None:
    marked, meaning = (cell.strip() for cell in row.split("|"))
    start, end = marked.index("["), marked.index("]") - 1
    text = marked.replace("[", "").replace("]", "")
    expected = None if meaning == "-" else meaning
    assert [(start, end)] == find_dates(text)
    assert expected == resolve_date(text[start:end], PUBLISHED)
    assert expected == resolve_date(text, PUBLISHED)


@pytest.mark.parametrize("text", NO_DATES)
def test_leaves_what_is_no_date(text: str) -> None:
    assert find_dates(text) == []
    assert resolve_date(text, PUBLISHED) is None


@pytest.mark.parametrize(
    ("text", "published", "meaning"),
    [
        ("today", None, None),
        ("Monday", None, None),
        ("June 14", None, None),
        ("last year", None, None),
        ("14 June 2023", None, "2023-06-14"),
        ("by 2030", None, "2030"),
        ("today", "2024-03", "2024-03"),
        ("today", "2024", "2024"),
        ("yesterday", "2024-03", "2024"),
        ("yesterday", "2024", None),
        ("last month", "2024-01", "2023-12"),
        ("last month", "2024", None),
        ("last year", "2024", "2023"),
        ("next year", "2024-03", "2025"),
        ("June 14", "2024", "2024-06-14"),
        ("14 December", "2024-01-10", "2023-12-14"),
        ("14 January", "2023-12-20", "2024-01-14"),
        ("last week", "2024-03-05", "2024"),
        ("last week", "2024-01-03", "2023-12"),
        ("Sunday", "2024-03-03", "2024-03-03"),
        ("Sunday", "2024-03-02", "2024-02-25"),
        ("yesterday", "2024-03-01", "2024-02-29"),
        ("today", "2024-03-15T08:00:00Z", "2024-03-15"),
        ("today", "no date", None),
        ("today", "2024-13-01", None),
        ("May", "2024-03-15", "2024-05"),
        ("may", "2024-03-15", None),
        ("", "2024-03-15", None),
    ],
)
def test_resolves_against_publication(
    text: str, published: str | None, meaning: str | None
) -> None:
    assert meaning == resolve_date(text, published)


_DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31))
_SPELLINGS = (
    "{0.day} {0:%B} {0.year}",
    "{0:%B} {0.day}, {0.year}",
    "{0:%A}, {0.day} {0:%B} {0.year}",
    "{0:%A}, {0:%B} {0.day}, {0.year}",
    "{0.day} {0:%b}. {0.year}",
    "{0:%Y-%m-%d}",
    "{0:%d.%m.%Y}",
)


@given(_DAYS, st.sampled_from(_SPELLINGS))
def test_reads_back_days(day: date, spelling: str) -> None:
    written = spelling.format(day).replace("May.", "May")
    text = f"The council met on {written}, it said."
    assert [(19, 19 + len(written))] == find_dates(text)
    assert day.isoformat() == resolve_date(written, None)


@given(_DAYS, _DAYS)
def test_a_bare_weekday_is_at_most_six_days_back(day: date, published: date) -> None:
    found = resolve_date(f"{day:%A}", published.isoformat())
    assert found is not None
    assert date.fromisoformat(found).weekday() == day.weekday()
    assert 0 <= (published - date.fromisoformat(found)).days <= 6


@given(st.text(alphabet="20134 -/.,MayJunelastFridayQ", max_size=50))
def test_spans_are_ordered_and_inside(text: str) -> None:
    end = 0
    for start, stop in find_dates(text):
        assert end <= start < stop <= len(text)
        end = stop
    resolve_date(text, PUBLISHED)


@pytest.mark.parametrize(
    "unit",
    [
        "1 ",
        "1/",
        "June ",
        "2024 ",
        "2024-",
        "14 June - ",
        "last ",
        "end of the ",
        " ",
        "first half ",
        "Monday, ",
        "1",
        "the ",
    ],
)
def test_takes_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = time.process_time()
    find_dates(text)
    assert time.process_time() - began < 5
