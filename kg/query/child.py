"""The process that runs queries: it opens a store read-only, and can be killed.

pyoxigraph cannot interrupt a query, ends the whole process when memory or stack run out,
and answers SERVICE without asking: so queries run here, apart.  ``kg.query.worker`` starts
this as a module of its own, outside the package: it imports pyoxigraph and the standard
library alone.

Each line of standard input is a request, and its answer some lines of standard output,
all JSON: ``{"columns": […]}``, then ``{"rows": […]}`` as often as it takes;
``{"boolean": …}``; or ``{"text": …}`` for triples, and for whatever was wanted in a
standard format.  ``{"end": …}`` or ``{"error": …}`` is the last line of each answer.  In a
row, a literal is its text and an IRI a list of itself and, where asked for, its name.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
import time
from contextlib import suppress
from functools import lru_cache
from itertools import islice

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

TYPE_CHECKING = False  # importing it from typing takes longer than opening the store
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyoxigraph import NamedNode, QuerySolutions, QueryTriples, Store

    Request = dict[str, Any]
    Name = Callable[[NamedNode], str | None]

_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_SOCKET = {"x86_64": 41, "aarch64": 198}  # the number of socket(2) under Linux
_LINE = 1 << 16  # characters after which rows are sent,
_PATIENCE = 0.1  # or seconds, however few there are
_LONGEST = 1 << 26  # characters of a row: the parent has to hold it
_SORTED = 50_000  # triples that are sorted together, so that answers can be compared

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class FullError(Exception):
    """More was to be sent than is allowed."""


class Answer:
    """The lines of one answer, and how much of it there may be."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def send(self, **message: object) -> None:
        """Send a line."""
        self.line(_encode(message))

    def line(self, text: str) -> None:
        """Send a line that is JSON already."""
        data = text.encode()
        self._left -= len(data)
        if self._left < 0:
            raise FullError
        sys.stdout.buffer.write(data + b"\n")
        sys.stdout.buffer.flush()

    def write(self, data: bytes) -> int:
        """Send what pyoxigraph writes, which may end within a character."""
        text = self._decoder.decode(data)
        if text:
            self.send(text=text)
        return len(data)

    def flush(self) -> None:
        """Do nothing: each line is sent at once."""


def main(folder: str, memory: str, network: str) -> None:
    """Answer requests until there are no more."""
    limit("RLIMIT_AS", int(memory))
    limit("RLIMIT_CORE", 0)
    if network == "offline":
        wall()
    from pyoxigraph import Store

    try:
        store = Store.read_only(folder)
    except (OSError, RuntimeError) as error:
        Answer(_LINE).send(error="store", message=str(error))
        return
    name = names(store)
    for line in sys.stdin.buffer:
        answer(store, json.loads(line), name)


def limit(kind: str, most: int) -> None:
    """Let the system hold this process to a limit, as far as the system knows it."""
    if resource is None:
        return
    number = getattr(resource, kind)
    hard = resource.getrlimit(number)[1]
    with suppress(ValueError, OSError):
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (least, hard))


def more_processor_time(seconds: float) -> None:
    """Let this process work for so long from now on, and a little longer."""
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit("RLIMIT_CPU", int(used.ru_utime + used.ru_stime + seconds) + 5)


def wall() -> bool:
    """Let the kernel refuse sockets to this process; tell whether it does.

    This is the second wall, behind ``kg.query.guard``: Linux has it.  To allow no more
    open files would be simpler, but RocksDB opens 16 of its files at the start and the
    others when it reads them: in a store of 63, a query under that limit hung.
    """
    if sys.platform != "linux" or os.uname().machine not in _SOCKET:
        return False
    import ctypes

    class Instruction(ctypes.Structure):
        _fields_ = (
            ("code", ctypes.c_ushort),
            ("if_so", ctypes.c_ubyte),
            ("if_not", ctypes.c_ubyte),
            ("value", ctypes.c_uint),
        )

    class Program(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ushort),
            ("first", ctypes.POINTER(Instruction)),
        )

    lines = (
        Instruction(0x20, 0, 0, 0),  # load the number of the system call
        Instruction(0x15, 0, 1, _SOCKET[os.uname().machine]),  # skip one if another
        Instruction(0x06, 0, 0, 0x00050000 | 13),  # return: refuse with EACCES
        Instruction(0x06, 0, 0, 0x7FFF0000),  # return: allow
    )
    program = Program(len(lines), (Instruction * len(lines))(*lines))
    prctl = ctypes.CDLL(None).prctl
    no_new_privileges, seccomp, by_filter = 38, 22, 2
    refused: int = prctl(no_new_privileges, 1, 0, 0, 0) or prctl(
        seccomp, by_filter, ctypes.byref(program), 0, 0
    )
    return refused == 0


def names(store: Store) -> Name:
    """Return a function that gives the label of an IRI, or None."""
    from pyoxigraph import DefaultGraph, Literal, NamedNode

    label = NamedNode(_LABEL)

    @lru_cache(maxsize=100_000)
    def name(node: NamedNode) -> str | None:
        quads = store.quads_for_pattern(node, label, None, DefaultGraph())
        values = [q.object.value for q in quads if isinstance(q.object, Literal)]
        return min(values, default=None)

    return name


def answer(store: Store, request: Request, name: Name) -> None:
    """Send the answer to one request."""
    # Should the parent be killed, nobody else would end a query that never does.
    more_processor_time(request["seconds"])
    out = Answer(request["bytes"])
    last = Answer(_LONGEST)
    for graph in request["graphs"]:
        if not holds(store, graph):
            last.send(error="graph", message=graph)
            return
    try:
        last.send(end=evaluate(store, request, name, out))
    except FullError:
        last.send(end="bytes")
    except SyntaxError as error:
        last.send(error="syntax", message=str(error))
    except MemoryError:
        last.send(error="memory", message="")
    except (OSError, RuntimeError, ValueError) as error:
        last.send(error="failed", message=str(error))


def holds(store: Store, graph: str) -> bool:
    """Tell whether a store has a graph."""
    from pyoxigraph import NamedNode

    try:
        return store.contains_named_graph(NamedNode(graph))
    except ValueError:  # this is not even an IRI
        return False


def evaluate(store: Store, request: Request, name: Name, out: Answer) -> str:
    """Run a query and send what it gives; return why that ends."""
    from pyoxigraph import QueryBoolean, QueryResultsFormat, QueryTriples

    result = store.query(request["query"], prefixes=request["prefixes"])
    if isinstance(result, QueryTriples):
        return send_triples(result, request, out)
    if request["format"] is not None:
        # pyoxigraph writes all rows or none: bytes are the limit here.
        syntax = QueryResultsFormat.from_media_type(request["format"])
        if syntax is None:
            raise ValueError(f"no format of rows: {request['format']}")
        result.serialize(out, syntax)  # type: ignore[arg-type]  # a file of two methods
        return "all"
    if isinstance(result, QueryBoolean):
        out.send(boolean=bool(result))
        return "all"
    return send_rows(result, request, name if request["names"] else None, out)


def send_rows(
    result: QuerySolutions, request: Request, name: Name | None, out: Answer
) -> str:
    """Send rows in lines of many; return why they end."""
    from pyoxigraph import Literal, NamedNode

    def cell(term: object) -> object:
        if isinstance(term, Literal):
            return term.value
        if isinstance(term, NamedNode):
            return [term.value, name(term)] if name else [term.value]
        return None if term is None else str(term)

    out.send(columns=[variable.value for variable in result.variables])
    waiting: list[str] = []
    size = 0
    sent = time.monotonic()

    for solution in islice(result, request["rows"]):
        row = _encode([cell(term) for term in solution])
        if len(row) > _LONGEST:
            raise FullError
        waiting.append(row)
        size += len(row)
        now = time.monotonic()
        if size > _LINE or now - sent > _PATIENCE:
            out.line(f'{{"rows": [{",".join(waiting)}]}}')
            waiting, size, sent = [], 0, now
    out.line(f'{{"rows": [{",".join(waiting)}]}}')
    return ended(result, request)


def send_triples(result: QueryTriples, request: Request, out: Answer) -> str:
    """Send triples in an RDF syntax; return why they end."""
    from pyoxigraph import RdfFormat, serialize

    triples = islice(result, request["rows"])
    prefixes = request["prefixes"]
    if request["format"] is not None:
        syntax = RdfFormat.from_media_type(request["format"])
        if syntax is None:
            raise ValueError(f"no format of triples: {request['format']}")
        serialize(triples, out, syntax, prefixes=prefixes)  # type: ignore[arg-type]
        return ended(result, request)
    while some := set(islice(triples, _SORTED)):
        ordered = sorted(
            some, key=lambda t: (str(t.subject), str(t.predicate), str(t.object))
        )
        turtle = serialize(ordered, None, RdfFormat.TURTLE, prefixes=prefixes)
        out.write(turtle or b"")
    return ended(result, request)


def ended(result: QuerySolutions | QueryTriples, request: Request) -> str:
    """Return "rows" if there are more than were wanted, else "all"."""
    more = request["rows"] is not None and next(iter(result), None) is not None
    return "rows" if more else "all"
