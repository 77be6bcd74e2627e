"""Read a file in a process of its own, which may take so long and so much, and no more.

Parsers of PDF, Word and HTML are large, partly native, and files come from anywhere: one
may never end, fill the memory, or bring down the process that it runs in.  So they run
apart (``kg.reading.child``), in a process that each thread keeps for the files to come;
when it dies, that costs the file it was reading.
"""

from __future__ import annotations

import signal
import threading

from kg.apart import Apart, EndedError
from kg.reading.content import Content

SECONDS = 60
"""How long one file may take to parse; a report of 2,000 pages takes ten."""

MEMORY = 1 << 30
"""Bytes that the process may use in all."""

_kept = threading.local()


def read_apart(suffix: str, data: bytes) -> Content:
    """Return what the reader for a suffix finds in the bytes of a file.

    Raises:
        ValueError: The file cannot be read, with the reason; or reading it took too long,
            too much memory, or ended the process.
    """
    reader: Apart | None = getattr(_kept, "reader", None)
    if reader is None or reader.has_ended:
        reader = _kept.reader = Apart("kg.reading.child", str(MEMORY), str(SECONDS))
    try:
        found = reader.answer({"suffix": suffix}, data, SECONDS)
    except TimeoutError as error:
        raise ValueError(f"reading it takes longer than {SECONDS} s") from error
    except EndedError as error:
        raise ValueError(_reason(error)) from error
    if "error" in found:
        raise ValueError(found["error"])
    return Content(**{**found, "notes": tuple(found["notes"])})


def _reason(ended: EndedError) -> str:
    """Return why a process ended amid a file: native code can only give up."""
    if ended.code == -signal.SIGABRT:
        return f"reading it takes more memory than {MEMORY >> 30} GiB"
    return f"reading it broke the parser ({ended})"
