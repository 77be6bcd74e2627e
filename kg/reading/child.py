"""The process that parses files, confined to what parsing needs.

Each request is a line of JSON with the suffix and size of a file, and then its bytes; the
answer is a line of JSON with the fields of :class:`~kg.reading.content.Content`, or with
``error``.  ``kg.reading.apart`` starts this.
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from typing import Any

# The process of a query is confined by the same means.
from kg.query.child import limit, more_processor_time, wall
from kg.reading.content import MAX_CHARACTERS, TOO_LONG
from kg.reading.readers import reader_for

_FILES = 64  # open at a time: the parsers load their own data


def main(memory: int, seconds: int) -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this decides
    sys.dont_write_bytecode = True
    _end_with_parent()
    limit("RLIMIT_AS", memory)
    limit("RLIMIT_CORE", 0)
    limit("RLIMIT_FSIZE", 0)
    limit("RLIMIT_NOFILE", _FILES)
    wall()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    for line in requests:
        request = json.loads(line)
        data = requests.read(request["size"])
        # Should the parent be killed where it cannot take this process along.
        more_processor_time(seconds)
        answers.write(json.dumps(_answer(request["suffix"], data)).encode() + b"\n")
        answers.flush()


def _answer(suffix: str, data: bytes) -> dict[str, Any]:
    try:
        content = reader_for(suffix, data)(data)
    except ValueError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "reading it takes more memory than it may"}
    except RecursionError:
        return {"error": "it nests too deeply"}
    except Exception as error:  # noqa: BLE001 - a slip of a parser costs its file alone
        return {"error": f"the parser failed: {type(error).__name__}: {error}"[:300]}
    if len(content.text) > MAX_CHARACTERS:
        return {"error": TOO_LONG}
    return asdict(content)


def _end_with_parent() -> None:
    """Let the kernel end this process with the thread that started it (Linux)."""
    if sys.platform == "linux":
        import ctypes

        on_parents_death = 1
        ctypes.CDLL(None).prctl(on_parents_death, signal.SIGKILL, 0, 0, 0)
