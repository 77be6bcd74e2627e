"""Read and annotate files: a few of them here, many in processes side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import TypeAdapter

from kg import as_json
from kg.apart import Apart, EndedError, answer_all
from kg.errors import InputError
from kg.model import Annotation, Document
from kg.reading import Source, read
from kg.side_by_side import cores, side_by_side

if TYPE_CHECKING:
    from spacy.language import Language

FEW = 100_000
"""Bytes of files that are annotated before another process would be ready to help."""

_MEMORY = 1 << 30  # bytes of the machine's for each process: more than one takes
_TRIES = 2  # processes that one file may end
_SOURCE = TypeAdapter(Source)

Found = tuple[Document, Annotation] | InputError


class Job(Protocol):
    """A file to be annotated."""

    @property
    def number(self) -> int:
        """Its place among all files of the build."""

    @property
    def source(self) -> Source:
        """Where it is."""

    @property
    def data(self) -> bytes:
        """What it holds."""


Work = TypeVar("Work", bound=Job)


def annotated_here(
    jobs: Iterable[Work], load: Callable[[], Language]
) -> Iterator[tuple[Work, Found]]:
    """Yield each file with what is found in it, one after the other.

    Args:
        jobs: The files.
        load: Gives the pipeline, for the first of them.
    """
    for job in jobs:
        yield job, found_in(job.source, job.data, load())


def annotated(
    jobs: Iterator[Work], load: Callable[[], Language], most: int
) -> Iterator[tuple[Work, Found]]:
    """Yield each file with what our pipeline finds in it, in the files' order.

    Few files are annotated here, with all cores for each; for more, each core gets a
    process.  Files are taken a few ahead of what the caller has seen, never more.

    Args:
        jobs: The files.
        load: Gives the pipeline, for files that are annotated here.
        most: How many files there are at most.
    """
    processes = min(_processes(), most)
    some = _few(jobs) if processes > 1 else []
    if len(some) > 1 and sum(len(job.data) for job in some) > FEW:
        with closing(_Annotators()) as annotators:
            yield from side_by_side(annotators, chain(some, jobs), processes)
    else:
        yield from annotated_here(chain(some, jobs), load)


def _few(jobs: Iterator[Work]) -> list[Work]:
    """Take files until they are more than a few, or no more come."""
    some: list[Work] = []
    size = 0
    for job in jobs:
        some.append(job)
        size += len(job.data)
        if size > FEW and len(some) > 1:
            break
    return some


def found_in(source: Source, data: bytes, nlp: Language) -> Found:
    """Return what a file says, or why it cannot be told."""
    # spaCy is imported only when a text is to be annotated.
    from kg.annotate import annotate

    try:
        document = read(source, data)
        return document, annotate(document, nlp)
    except InputError as error:
        # A copy without its traceback, whose frames would keep the store open.
        return InputError(error.path, error.reason)
    except Exception as error:  # noqa: BLE001 - a slip of ours costs its text alone
        reason = f"annotating it failed: {type(error).__name__}: {error}"
        return InputError(source.path, reason[:300])


def packed(found: Found) -> str | tuple[str, str]:
    """Return what was found as JSON, to be sent from one process to another."""
    return found.reason if isinstance(found, InputError) else as_json.packed(*found)


def unpacked(source: Source, row: str | tuple[str, str]) -> Found:
    """Return what was packed.

    Args:
        source: Where it was found.
        row: What :func:`packed` made of it.
    """
    if isinstance(row, str):
        return InputError(source.path, row)
    return as_json.unpacked(*row)


def main() -> None:
    """Annotate what comes, in a process of its own."""
    from kg.pipeline import load_pipeline

    nlp = load_pipeline(threads=1)

    def answer(request: dict[str, Any], data: bytes) -> object:
        return packed(found_in(_SOURCE.validate_python(request["source"]), data, nlp))

    answer_all(answer)


class _Annotators:
    """Annotates files, for each thread in a process that it keeps."""

    def __init__(self) -> None:
        self._kept = threading.local()
        self._started: list[Apart] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def __call__(self, job: Job) -> Found:
        """Annotate a file; one that ends its process gets another."""
        source = job.source
        why = ""
        for _ in range(_TRIES):
            process = self._process()
            if process is None:
                break
            try:
                row = process.answer({"source": asdict(source)}, job.data)
            except EndedError as ended:
                if ended.code > 0:
                    raise RuntimeError(
                        "no process that annotates starts: see why with `kg build FILE`"
                    ) from ended
                why = str(ended)
            else:
                return unpacked(source, row)
        return InputError(source.path, f"annotating it ended its process ({why})")

    def _process(self) -> Apart | None:
        process: Apart | None = getattr(self._kept, "process", None)
        if process is None or process.has_ended:
            with self._lock:
                if self._is_closed:
                    return None
                process = self._kept.process = Apart(__name__)
                self._started.append(process)
        return process

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        with self._lock:
            self._is_closed = True
        for process in self._started:
            process.kill()


def _processes() -> int:
    """Return how many processes this machine has cores and memory for."""
    if not hasattr(os, "sysconf"):
        return cores()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(cores(), memory // _MEMORY))
