"""What a build did, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass

from kg.errors import InputError


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did; every input is in exactly one of the first five.

    Attributes:
        added: Paths of new documents.
        replaced: Paths of documents whose file had changed.
        unchanged: Paths that were there already as they are.
        failed: Inputs that could not be read, with the reason.
        skipped: Files in folders that are of no kind that can be read.
        removed: Ids of documents whose file is gone.
        notes: What to know about single inputs, as ``path: note``.
        restated: How many documents' graphs were written.
        documents: How many documents the graph now holds.
        words: How many words were annotated.
        seconds: How long it took.
    """

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: tuple[InputError, ...]
    skipped: tuple[str, ...]
    removed: tuple[str, ...]
    notes: tuple[str, ...]
    restated: int
    documents: int
    words: int
    seconds: float
