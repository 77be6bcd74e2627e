"""Leaders and countries that a text names together."""

from __future__ import annotations

from kg.pipeline.heads import chosen

US, UK, CANADA = 10, 11, 12


def test_two_who_vie_for_two_countries_get_one_each() -> None:
    # Both look more like a head of the US.
    likely = {1: {US: 0.70, UK: 0.57}, 2: {US: 0.71, UK: 0.60}}
    assert chosen(likely) == {1: US, 2: UK}


def test_a_minister_may_share_the_prime_ministers_country() -> None:
    likely = {1: {CANADA: 0.95, US: 0.55}, 2: {CANADA: 0.90, US: 0.52}}
    assert chosen(likely) == {1: CANADA, 2: CANADA}


def test_who_vies_with_nobody_is_left_alone() -> None:
    assert chosen({1: {US: 0.9}, 2: {US: 0.6, UK: 0.7}}) == {}
    assert chosen({}) == {}
