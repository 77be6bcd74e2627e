"""Work side by side keeps the order, looks little ahead, and tells of errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from kg.side_by_side import side_by_side


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    def slow_if_even(item: int) -> int:
        time.sleep(0.002 * (item % 2 == 0))
        return item * item

    found = list(side_by_side(slow_if_even, range(30), workers))
    assert found == [(i, i * i) for i in range(30)]


def test_items_are_taken_only_a_few_ahead_of_the_caller() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for i in range(100):
            taken.append(i)
            yield i

    results = side_by_side(str, items(), workers=2)
    next(results)
    assert len(taken) <= 5
    results.close()
    assert len(taken) <= 5


def test_several_threads_work_and_the_callers_thread_takes_the_items() -> None:
    both = threading.Barrier(2, timeout=10)
    takers = set()

    def items() -> Iterator[int]:
        for i in range(2):
            takers.add(threading.current_thread())
            yield i

    # Each waits for the other: one thread alone would never get through.
    assert len(list(side_by_side(lambda _: both.wait(), items(), workers=2))) == 2
    assert takers == {threading.current_thread()}


def test_an_error_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(lambda item: 1 / item, [2, 1, 0, 4], workers=2))
