"""What a build did, for people and programs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from kg.errors import InputError


@dataclass(frozen=True, slots=True)
class Note:
    """What to know about one input, or about the build where ``path`` is None."""

    path: str | None
    text: str

    def __str__(self) -> str:
        return self.text if self.path is None else f"{self.path}: {self.text}"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did; every input is in exactly one of the first five.

    Attributes:
        added: Paths of new documents.
        replaced: Paths of documents whose file had changed.
        unchanged: Paths that were there already as they are.
        failed: Inputs that could not be read, with the reason.
        skipped: What folders hold besides texts, with the reason.
        removed: Ids of documents whose file is gone.
        notes: What to know about single inputs, and about corrections.
        restated: How many documents' graphs were written.
        documents: How many documents the graph now holds.
        words: How many words were annotated.
        seconds: How long it took.
    """

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: tuple[InputError, ...]
    skipped: tuple[InputError, ...]
    removed: tuple[str, ...]
    notes: tuple[Note, ...]
    restated: int
    documents: int
    words: int
    seconds: float


def report_lines(report: BuildReport) -> Iterator[str]:
    """Yield a line of JSON for each input that was found, in the order of their paths.

    Each has ``path`` and ``status``: ``ok`` if it was read, ``unchanged``, ``skipped`` or
    ``failed``, both with the ``reason``.  What there is to know stands in ``notes``.
    """
    notes: dict[str | None, list[str]] = defaultdict(list)
    for note in report.notes:
        notes[note.path].append(note.text)
    found = [
        *((path, "ok", None) for path in (*report.added, *report.replaced)),
        *((path, "unchanged", None) for path in report.unchanged),
        *((error.path, "skipped", error.reason) for error in report.skipped),
        *((error.path, "failed", error.reason) for error in report.failed),
    ]
    for path, status, reason in sorted(found, key=lambda told: told[:2]):
        told = {"path": path, "status": status, "reason": reason, "notes": notes[path]}
        shown = {name: value for name, value in told.items() if value}
        yield json.dumps(shown, ensure_ascii=False) + "\n"
