"""The process that parses files, confined to what parsing needs.

A request tells the suffix of the file whose bytes come with it; the answer has the fields
of :class:`~kg.reading.content.Content`, or ``error``.  ``kg.reading.apart`` starts this.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from kg.apart import answer_all

# The process of a query is confined by the same means.
from kg.query.child import limit, more_processor_time, wall
from kg.reading.content import MAX_CHARACTERS, TOO_LONG
from kg.reading.readers import reader_for

_FILES = 64  # open at a time: the parsers load their own data


def main(memory: str, seconds: str) -> None:
    """Answer requests until there are no more."""
    sys.dont_write_bytecode = True
    limit("RLIMIT_AS", int(memory))
    limit("RLIMIT_CORE", 0)
    limit("RLIMIT_FSIZE", 0)
    limit("RLIMIT_NOFILE", _FILES)
    wall()

    def answer(request: dict[str, Any], data: bytes) -> dict[str, Any]:
        # Should the parent be killed where it cannot take this process along.
        more_processor_time(int(seconds))
        return _answer(request["suffix"], data)

    answer_all(answer)


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
