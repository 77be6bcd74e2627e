"""Random input without end, on demand: ``python -m tests.fuzz readers|guard|endpoint``.

pip install --group fuzz
python -m tests.fuzz readers 600      the readers of files, for ten minutes (atheris)
python -m tests.fuzz guard 600        the guard of queries (atheris)
python -m tests.fuzz endpoint 2000    /sparql, with so many requests (schemathesis)
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parents[1]
_LONGEST = 4096  # bytes of an input


def readers(seconds: int) -> None:
    """Parse whatever comes as a file of each kind; only ``ValueError`` may come of it."""
    import atheris

    with atheris.instrument_imports(include=["kg.reading", "markdown_it", "docx"]):
        from kg.reading.readers import READERS, reader_for

    suffixes = sorted(READERS)

    def read(data: bytes) -> None:
        suffix = suffixes[data[0] % len(suffixes)] if data else ".txt"
        with suppress(ValueError):
            content = reader_for(suffix, data[1:])(data[1:])
            content.text.encode()  # no half of a character
            if "\r" in content.text:
                raise AssertionError("a line end that is none")

    seeds = [
        bytes([suffixes.index(path.suffix)]) + path.read_bytes()
        for path in sorted((SEEDS / "corpus").iterdir())
        if path.suffix in suffixes
    ]
    _fuzz(read, seeds, seconds)


def guard(seconds: int) -> None:
    """Ask whatever the guard lets through; nothing may be connected to."""
    import atheris
    from pyoxigraph import Store

    with atheris.instrument_imports(include=["kg.query"]):
        from kg.query.guard import checked

    from kg.errors import UsageError
    from kg.ontology import load_ontology
    from tests.faults.hostile import REACHING, sink

    ontology = load_ontology()
    store = Store()
    with sink() as (address, asked):

        def ask(data: bytes) -> None:
            text = data.decode("utf-8", "replace").replace("http://sink/", address)
            with suppress(UsageError, SyntaxError, ValueError, OSError, RuntimeError):
                query = checked(text, ontology)
                answer = store.query(
                    query.for_the_engine, prefixes=dict(query.prefixes)
                )
                for _ in zip(range(10), answer, strict=False):  # type: ignore[arg-type]
                    pass
            if asked:
                raise AssertionError(f"it reached out: {text!r}")

        seeds = [s.format(*["http://sink/"] * 2).encode() for s in REACHING]
        seeds += [path.read_bytes() for path in (SEEDS / "queries").glob("*.rq")]
        _fuzz(ask, seeds, seconds)


def _fuzz(test: Callable[[bytes], None], seeds: list[bytes], seconds: int) -> None:
    import atheris

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds):
            (Path(folder) / str(number)).write_bytes(seed[:_LONGEST])
        limits = [f"-max_total_time={seconds}", "-timeout=20", f"-max_len={_LONGEST}"]
        atheris.Setup([sys.argv[0], *limits, folder], test)
        atheris.Fuzz()


_ANSWERS: dict[str, Any] = {
    str(status): {"description": "said", "content": {"*/*": {}}}
    for status in (200, 400, 406, 413, 414, 415, 431, 500, 503)
}
_QUERIES = {
    "type": "string",
    "examples": ["ASK { ?x a kg:Law }", "SELECT * { ?s ?p ?o } LIMIT 5"],
}
_GRAPHS = {"type": "array", "items": {"type": "string"}}
DESCRIBED: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "SPARQL 1.1 Protocol", "version": "1.1"},
    "paths": {
        "/sparql": {
            "get": {
                "parameters": [
                    {"name": "query", "in": "query", "schema": _QUERIES},
                    *(
                        {"name": name, "in": "query", "schema": _GRAPHS}
                        for name in ("default-graph-uri", "named-graph-uri")
                    ),
                    {"name": "Accept", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": _ANSWERS,
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "properties": {"query": _QUERIES, "update": _QUERIES},
                            }
                        },
                        "application/sparql-query": {"schema": _QUERIES},
                    },
                },
                "responses": _ANSWERS,
            },
        }
    },
}


def endpoint(requests: int) -> None:
    """Send whatever fits, or does not fit, the description of the endpoint."""
    import schemathesis
    from hypothesis import HealthCheck, given, settings

    from tests.faults.hostile import served
    from tests.faults.kills import SHORT
    from tests.faults.tried import kg, texts

    schema = schemathesis.openapi.from_dict(DESCRIBED)
    checks = [
        schemathesis.checks.not_a_server_error,
        schemathesis.checks.status_code_conformance,
    ]
    patient = settings(
        max_examples=requests // 2,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    @schemathesis.serializer("application/sparql-query")
    def as_it_is(context: Any, value: Any) -> bytes:
        return str(value).encode("utf-8", "replace")

    with tempfile.TemporaryDirectory() as work:
        folder = texts(Path(work) / "texts", SHORT)
        kg("build", folder, "-o", Path(work) / "out", "-q")
        with served(Path(work) / "out") as (address, _):
            for found in schema.get_all_operations():
                operation = found.ok()

                @patient
                @given(case=operation.as_strategy())
                def answered(case: Any) -> None:
                    answer = case.call(base_url=address.rstrip("/"))
                    case.validate_response(answer, checks=checks)
                    assert "Traceback" not in answer.text

                answered()
                print(f"{operation.label}: {requests // 2} requests, all answered")


def main() -> None:
    """Run one of them for so long."""
    known = {"readers": readers, "guard": guard, "endpoint": endpoint}
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        sys.exit(__doc__)
    known[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 600)


if __name__ == "__main__":
    main()
