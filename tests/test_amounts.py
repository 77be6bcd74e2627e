"""Sums of money: a table of spellings, round trips, labels, and time."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.values.amounts import find_amounts, format_amount

# text with the sum in brackets | low | high or - | currency | per or - |
# ~ if approximate, 2 if another sum follows
TABLE = """
[€40 million] for schools | 40000000 | - | EUR | - |
a budget of [EUR 40m]. | 40000000 | - | EUR | - |
[EUR40m] | 40000000 | - | EUR | - |
[€ 40 million] | 40000000 | - | EUR | - |
[40 million euros] | 40000000 | - | EUR | - |
[40 millions of euros] | 40000000 | - | EUR | - |
a [40 million-euro] grant | 40000000 | - | EUR | - |
a [40-million-euro] grant | 40000000 | - | EUR | - |
[40m€] | 40000000 | - | EUR | - |
[40 million €] | 40000000 | - | EUR | - |
[40 million EUR] | 40000000 | - | EUR | - |
[40,5 million euros] | 40500000 | - | EUR | - |
[0,125 million euros] | 125000 | - | EUR | - |
[1,234 million euros] | 1234000000 | - | EUR | - |
[€1.234 billion] | 1234000000 | - | EUR | - |
a [US$3.5-billion] plan | 3500000000 | - | USD | - |
[U.S. $40 million] | 40000000 | - | USD | - |
[US $40 million] | 40000000 | - | USD | - |
[$US5 million] | 5000000 | - | USD | - |
[USD 7,500] | 7500 | - | USD | - |
[$1.2bn] | 1200000000 | - | USD | - |
[$500B] | 500000000000 | - | USD | - |
[$5M] | 5000000 | - | USD | - |
[$10K] | 10000 | - | USD | - |
[$1.5T] | 1500000000000 | - | USD | - |
[$5MM] | 5000000 | - | USD | - |
[$2 trillion] | 2000000000000 | - | USD | - |
[$2tn] | 2000000000000 | - | USD | - |
[$0.5 bn] | 500000000 | - | USD | - |
[$3.459] a gallon | 3.459 | - | USD | - |
[$1,000,000]. | 1000000 | - | USD | - |
[$20.50] | 20.5 | - | USD | - |
[C$2.4 billion] | 2400000000 | - | CAD | - |
[CA$2.4 billion] | 2400000000 | - | CAD | - |
[$40 million CAD] | 40000000 | - | CAD | - |
[20 million Canadian dollars] | 20000000 | - | CAD | - |
[A$5m] | 5000000 | - | AUD | - |
[AU$101 million] | 101000000 | - | AUD | - |
[101 million Australian dollars] | 101000000 | - | AUD | - |
[NZ$10 million] | 10000000 | - | NZD | - |
[10 million New Zealand dollars] | 10000000 | - | NZD | - |
[S$1 billion] | 1000000000 | - | SGD | - |
[1 billion Singapore dollars] | 1000000000 | - | SGD | - |
[HK$3bn] | 3000000000 | - | HKD | - |
[3 billion Hong Kong dollars] | 3000000000 | - | HKD | - |
[NT$300 billion] | 300000000000 | - | TWD | - |
[500 million Taiwan dollars] | 500000000 | - | TWD | - |
[500 million New Taiwan dollars] | 500000000 | - | TWD | - |
[5 US dollars] | 5 | - | USD | - |
[5 million U.S. dollars] | 5000000 | - | USD | - |
[R$ 23 billion] | 23000000000 | - | BRL | - |
[23 billion Brazilian reais] | 23000000000 | - | BRL | - |
[23 billion reais] | 23000000000 | - | BRL | - |
[£10,000] | 10000 | - | GBP | - |
[10 million pounds sterling] | 10000000 | - | GBP | - |
[two hundred million pounds] | 200000000 | - | GBP | - |
[40 million British pounds] | 40000000 | - | GBP | - |
[90 million Egyptian pounds] | 90000000 | - | EGP | - |
[¥1 trillion] for chips | 1000000000000 | - | JPY | - |
[¥47 billion], or 47 billion in yuan | 47000000000 | - | CNY | - |
[CN¥47 billion] | 47000000000 | - | CNY | - |
[10 trillion Japanese yen] | 10000000000000 | - | JPY | - |
[RMB 47 billion] | 47000000000 | - | CNY | - |
[47 billion yuan] | 47000000000 | - | CNY | - |
[47 billion Chinese yuan] | 47000000000 | - | CNY | - |
[₩10 trillion] | 10000000000000 | - | KRW | - |
[100 trillion won] by 2030 | 100000000000000 | - | KRW | - |
the [$5 million] won by the firm | 5000000 | - | USD | - |
[13.6 trillion won] | 13600000000000 | - | KRW | - |
[9.4 trillion South Korean won] | 9400000000000 | - | KRW | - |
[9.4 trillion Korean won] | 9400000000000 | - | KRW | - |
[Rs 10,372 crore] | 103720000000 | - | INR | - |
[Rs. 500 crore] | 5000000000 | - | INR | - |
[₹1 lakh crore] | 1000000000000 | - | INR | - |
[₹50 lakh] | 5000000 | - | INR | - |
[INR 5 lakh] | 500000 | - | INR | - |
[1,00,000 rupees] | 100000 | - | INR | - |
[2 billion Indian rupees] | 2000000000 | - | INR | - |
[2 billion Pakistani rupees] | 2000000000 | - | PKR | - |
[CHF 20 million] | 20000000 | - | CHF | - |
[CHF 1'000'000] | 1000000 | - | CHF | - |
[20 million Swiss francs] | 20000000 | - | CHF | - |
[40 mln zł] | 40000000 | - | PLN | - |
[40 million zlotys] | 40000000 | - | PLN | - |
[SEK 10 million] | 10000000 | - | SEK | - |
[10 million kronor] | 10000000 | - | SEK | - |
[10 million Swedish kronor] | 10000000 | - | SEK | - |
[NOK 10 million] | 10000000 | - | NOK | - |
[1 billion Norwegian kroner] | 1000000000 | - | NOK | - |
[DKK 21.4 billion] | 21400000000 | - | DKK | - |
[30 million Danish kroner] | 30000000 | - | DKK | - |
[30 million Danish crowns] | 30000000 | - | DKK | - |
[5 million Mexican pesos] | 5000000 | - | MXN | - |
[20 million UAE dirhams] | 20000000 | - | AED | - |
[100 billion Saudi riyals] | 100000000000 | - | SAR | - |
[half a billion dollars] | 500000000 | - | USD | - |
[a half-billion-dollar] deal | 500000000 | - | USD | - |
[a quarter of a billion euros] | 250000000 | - | EUR | - |
[three quarters of a billion dollars] | 750000000 | - | USD | - |
[one and a half billion dollars] | 1500000000 | - | USD | - |
[two-and-a-half billion euros] | 2500000000 | - | EUR | - |
[1½ billion dollars] | 1500000000 | - | USD | - |
[a billion dollars] | 1000000000 | - | USD | - |
[a hundred million dollars] | 100000000 | - | USD | - |
[one hundred and twenty million euros] | 120000000 | - | EUR | - |
[twenty-five million euros] | 25000000 | - | EUR | - |
[two million five hundred thousand dollars] | 2500000 | - | USD | - |
[1.234.567,89 €] | 1234567.89 | - | EUR | - |
[1 234 567 euros] | 1234567 | - | EUR | - |
[€10.000] | 10000 | - | EUR | - |
[€1–2 billion] | 1000000000 | 2000000000 | EUR | - |
[€1-2 billion] | 1000000000 | 2000000000 | EUR | - |
[$1.5-2 billion] | 1500000000 | 2000000000 | USD | - |
[1 to 2 billion euros] | 1000000000 | 2000000000 | EUR | - |
[one to two billion dollars] | 1000000000 | 2000000000 | USD | - |
[40 or 50 million euros] | 40000000 | 50000000 | EUR | - |
[$300 million to $400 million] | 300000000 | 400000000 | USD | - |
[$300 to $400 million] | 300000000 | 400000000 | USD | - |
[300 to 400 million dollars] | 300000000 | 400000000 | USD | - |
between [€1bn and €2bn] | 1000000000 | 2000000000 | EUR | - |
[€500,000-€1 million] | 500000 | 1000000 | EUR | - |
[$20-25] | 20 | 25 | USD | - |
ranging from [€3 million to €5 million] | 3000000 | 5000000 | EUR | - |
from [€3 million] to €5.5 | 3000000 | - | EUR | - | 2
about [€40 million] | 40000000 | - | EUR | - | ~
around [$5m] | 5000000 | - | USD | - | ~
nearly [a billion dollars] | 1000000000 | - | USD | - | ~
more than [$5m] | 5000000 | - | USD | - | ~
up to [€1–2 billion] | 1000000000 | 2000000000 | EUR | - | ~
at least an additional [$5m] | 5000000 | - | USD | - | ~
an estimated [$5m] | 5000000 | - | USD | - | ~
in excess of [$5m] | 5000000 | - | USD | - | ~
[£1m]-plus | 1000000 | - | GBP | - | ~
[£1m] or more | 1000000 | - | GBP | - | ~
[$40 million] a year | 40000000 | - | USD | year |
[€2-million]-a-year | 2000000 | - | EUR | year |
[€40m] per year | 40000000 | - | EUR | year |
[€40m] annually | 40000000 | - | EUR | year |
[$100 billion]/year | 100000000000 | - | USD | year |
[€2,500] per month | 2500 | - | EUR | month |
some [$20] a month | 20 | - | USD | month | ~
in 2020 [$5 million] was spent | 5000000 | - | USD | - |
[€35 million] or 7% of turnover | 35000000 | - | EUR | - |
gave [$5 million] to 2 million people | 5000000 | - | USD | - |
""".strip().splitlines()

NO_AMOUNTS = """
tens of millions of dollars
hundreds of millions of euros
several hundred million dollars
a few million euros
a multi-billion-dollar deal
millions of pounds
50 cents
5%
€ and $
between 5 and 10 percent
40 million people
M-25-21
5G
in 2024
$TICKER
Rs in words
SDG 9
CVE 2024-12345
AMD 7 nm chips
ALL 40 million users
5 million pesos
200 pounds of steel
In 1911 won the cup
the 27 won seats
GPT-4 and H100
a dollar
Regulation (EU) 2024/1689
ISO 42001
XYZ$40
1,2,3
""".strip().splitlines()


@pytest.mark.parametrize("row", TABLE)
def test_reads_the_spellings_of_sums(row: str) -> None:
    marked, low, high, currency, per, mark = (cell.strip() for cell in row.split("|"))
    start, end = marked.index("["), marked.index("]") - 1
    amount, *more = find_amounts(marked.replace("[", "").replace("]", ""))
    assert (start, end) == (amount.start, amount.end)
    assert Decimal(low) == amount.low
    assert (None if high == "-" else Decimal(high)) == amount.high
    assert currency == amount.currency
    assert (None if per == "-" else per) == amount.per
    assert (mark == "~") == amount.approximate
    assert (1 if mark == "2" else 0) == len(more)


@pytest.mark.parametrize("text", NO_AMOUNTS)
def test_leaves_other_numbers_and_vague_sums(text: str) -> None:
    assert find_amounts(text) == []


def test_keeps_two_sums_apart() -> None:
    text = "€500 million and €1 billion (US$1.1 billion)"
    assert [(text[a.start : a.end], a.currency) for a in find_amounts(text)] == [
        ("€500 million", "EUR"),
        ("€1 billion", "EUR"),
        ("US$1.1 billion", "USD"),
    ]


def test_writes_whole_sums_without_a_fraction() -> None:
    assert str(find_amounts("$1.50 billion")[0].low) == "1500000000"


_SCALES = {"million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT = {"million": "m", "billion": "bn", "trillion": "tn"}
_SPELLINGS = (
    "€{n} {scale}",
    "EUR {n} {scale}",
    "EUR {n}{short}",
    "€{n}{short}",
    "{n} {scale} euros",
    "{n}-{scale}-euro",
    "{n}{short} euro",
    "{n} {scale} EUR",
    "{n} {scale} €",
)
_NUMBERS = st.decimals(min_value=1, max_value=999, places=1)
_BEFORE = st.sampled_from(["", "Paris will pay ", "In 2024, ", "(", "“", "\N{ROCKET} "])
_AFTER = st.sampled_from(["", ".", ", it said", " in 2025.", ")", " for 40 schools"])


def test_mere_dollars_are_those_of_the_same_sum_elsewhere() -> None:
    text = (
        "Canada puts 2.4 billion dollars behind AI. It spends C$2.4 billion, not $3bn."
    )
    assert [a.currency for a in find_amounts(text)] == ["CAD", "CAD", "USD"]
    assert find_amounts("US$5m here, A$5m there")[0].currency == "USD"


@given(
    _NUMBERS,
    st.sampled_from(sorted(_SCALES)),
    st.sampled_from(_SPELLINGS),
    _BEFORE,
    _AFTER,
)
def test_reads_back_what_was_written(
    number: Decimal, scale: str, spelling: str, before: str, after: str
) -> None:
    written = spelling.format(n=number, scale=scale, short=_SHORT[scale])
    (amount,) = find_amounts(before + written + after)
    assert number * _SCALES[scale] == amount.low
    assert amount.currency == "EUR"
    assert (len(before), len(before + written)) == (amount.start, amount.end)


@given(st.integers(1, 10**12), st.sampled_from(["€{:,}", "{:,} euros", "EUR {:,}"]))
def test_reads_back_grouped_digits(number: int, spelling: str) -> None:
    assert [number] == [a.low for a in find_amounts(spelling.format(number))]


@given(
    st.integers(1, 999),
    st.integers(1, 999),
    st.integers(0, 12),
    st.sampled_from(["EUR", "USD", "GBP", "INR", "KRW", "CHF"]),
)
def test_reads_back_labels(one: int, two: int, zeros: int, currency: str) -> None:
    low, high = sorted(Decimal(n) * 10**zeros for n in (one, two))
    label = format_amount(low, None if low == high else high, currency)
    (amount,) = find_amounts(label)
    assert (low, currency) == (amount.low, amount.currency)
    assert (None if low == high else high) == amount.high


@given(st.text(alphabet="1 ,.$€-–%amk billion half two and Rs", max_size=60))
def test_spans_are_ordered_and_inside(text: str) -> None:
    end = 0
    for amount in find_amounts(text):
        assert end <= amount.start < amount.end <= len(text)
        assert amount.high is None or amount.low < amount.high
        end = amount.end


@pytest.mark.parametrize(
    ("low", "high", "currency", "label"),
    [
        ("40000000", None, "EUR", "€40 million"),
        ("1200000000", None, "USD", "$1.2 billion"),
        ("10000", None, "GBP", "£10,000"),
        ("1000000000000", None, "JPY", "¥1 trillion"),
        ("1000000000", "2000000000", "EUR", "€1–2 billion"),
        ("500000", "1000000", "EUR", "€500,000 – €1 million"),
        ("103720000000", None, "INR", "INR 103.72 billion"),
        ("20.5", None, "USD", "$20.50"),
        ("0", None, "USD", "$0"),
        ("0.5", None, "USD", "$0.50"),
        ("999999999", None, "USD", "$1 billion"),
        ("995000", None, "EUR", "€995,000"),
        ("1234567.89", None, "EUR", "€1.23 million"),
        ("5", "5", "EUR", "€5"),
        ("300000000", None, "EUR", "€300 million"),
    ],
)
def test_labels_are_short(
    low: str, high: str | None, currency: str, label: str
) -> None:
    top = None if high is None else Decimal(high)
    assert label == format_amount(Decimal(low), top, currency)


@pytest.mark.parametrize(
    "unit",
    [
        "1,",
        "$",
        "1 ",
        "111 ",
        "1.111,",
        "one and ",
        "one hundred and ",
        "$1 ",
        "1–",
        "a half of a ",
        "1 Aa.Aa Bb Cc ",
        "1 Aa dollars ",
        "1",
        " ",
        "1-",
        "about ",
    ],
)
def test_takes_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = time.process_time()
    find_amounts(text)
    assert time.process_time() - began < 5
