"""Work on many things side by side, with the results in the order of the things."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with what work makes of it, in the items' order.

    Items are taken a few ahead of what the caller has seen, never more.  With one worker
    everything happens in the caller's thread.

    Args:
        work: Called with one item, in one of ``workers`` threads.
        items: Taken in the caller's thread.
        workers: How many items are worked on at a time.
    """
    if workers <= 1:
        for item in items:
            yield item, work(item)
        return
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(workers)
    is_done = False
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > 2 * workers:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
        is_done = True
    finally:
        # Whoever interrupts this does not wait for what is still being worked on.
        pool.shutdown(wait=is_done, cancel_futures=True)
