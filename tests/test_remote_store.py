"""A graph on a SPARQL server is the graph that a folder would hold, whatever happens."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from annotations import annotation
from click.testing import CliRunner, Result
from pyoxigraph import Literal, NamedNode, Quad
from servers import (
    OXIGRAPH,
    VIRTUOSO,
    Handler,
    free_port,
    little_server,
    oxigraph,
    virtuoso,
)

from kg.building import build, remove
from kg.cli import main
from kg.corrections import FILE as CORRECTIONS
from kg.corrections import add_correction, undo_correction
from kg.errors import KgError, LimitError, StoreError, UsageError
from kg.export import export
from kg.model import Document, Evidence, MoneyClaim
from kg.ontology import load_ontology
from kg.paths import queries_folder
from kg.query.guard import checked
from kg.query.saved import saved_queries, with_parameters
from kg.query.worker import Limits, Rows, Text
from kg.remote_store import RemoteStore
from kg.shelf import Shelf
from kg.sparql_client import SparqlClient, endpoints
from kg.store import FOLDER
from kg.validate import validate
from kg.where import address_of, open_store, open_worker

NEEDS_OXIGRAPH = pytest.mark.skipif(
    OXIGRAPH is None, reason="oxigraph is not installed"
)
NEEDS_VIRTUOSO = pytest.mark.skipif(
    VIRTUOSO is None, reason="Virtuoso is not installed"
)
SECRET = "correct-horse"  # noqa: S105  # it opens nothing
YES = b'{"head": {}, "boolean": true}'
JSON = {"Content_Type": "application/sparql-results+json"}

PEOPLE = """
    Person | Emmanuel Macron, Macron
    Polity | France
    Company | Mistral AI
    Law | AI Act, Artificial "Intelligence" Act \\ 𝔸
"""
SUM = "France will hand Mistral €40 million, Macron said."
MONEY = MoneyClaim(
    kind="Investment",
    payer=("e1",),
    recipient=("e2",),
    amount=Decimal(40_000_000),
    amount_max=Decimal("40500000.5"),
    currency="EUR",
    purpose=None,
    date="2024-05",
    status="planned",
    confidence=1.0,
    evidence=Evidence(SUM, 900, 900 + len(SUM)),
    attributed_to="e0",
)
# Each document says something that all say, and something of its own.
NEWS = {
    f"news-{number}": replace(
        annotation(
            f"{PEOPLE}\nOrganization | Group {number}",
            f"Macron | leads | France\nGroup {number} | opposes | AI Act | planned | 0.9",
        ),
        money=(MONEY,) if number % 2 else (),
    )
    for number in range(5)
}


def shelve(output: Path, *names: str) -> Path:
    """Put documents on a shelf, as a build does before it states the graph."""
    with closing(Shelf.open(output, writable=True)) as shelf:
        for name in names or NEWS:
            document = Document(
                f"{name}-1", f"{name}.txt", "", "00", name, "2024-05-06"
            )
            shelf.put(f"-:{name}", "mark", "pipeline", document, NEWS[name])
    return output


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that holds the graph itself."""
    output = shelve(tmp_path_factory.mktemp("local"))
    build([], output)
    return output


@pytest.fixture(scope="module")
def virtuoso_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with virtuoso(tmp_path_factory.mktemp("virtuoso")) as root:
        yield root


@pytest.fixture(
    params=[
        pytest.param("oxigraph", marks=NEEDS_OXIGRAPH),
        pytest.param("oxigraph-union", marks=NEEDS_OXIGRAPH),
        pytest.param("virtuoso", marks=NEEDS_VIRTUOSO),
    ]
)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the address of an empty server of each kind."""
    if request.param == "virtuoso":
        root = request.getfixturevalue("virtuoso_root")
        graph = f"{root}sparql-graph-crud"
        yield f"query={root}sparql,update={root}sparql,graph={graph}"
        empty(f"{root}sparql")
        return
    union = ["--union-default-graph"] if request.param == "oxigraph-union" else []
    with oxigraph(*union) as root:
        yield root


def empty(url: str) -> None:
    """Drop our graphs from a server that has others."""
    with httpx.Client() as client:
        text = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
        accept = {"Accept": "application/sparql-results+json"}
        found = client.post(url, data={"query": text}, headers=accept).json()
        names = [row["g"]["value"] for row in found["results"]["bindings"]]
        drops = [
            f"DROP SILENT GRAPH <{name}>" for name in names if "kg.internal" in name
        ]
        client.post(
            url,
            content=" ;\n".join(drops),
            headers={"Content-Type": "application/sparql-update"},
        ).raise_for_status()


def exported(output: Path, format_: str = "nq", address: str | None = None) -> bytes:
    with closing(open_store(output, address)) as store:
        return export(store, load_ontology(), format_)


def asked(output: Path, text: str) -> object:
    """Return the answer to a query, rows in whatever order."""
    query = checked(text, load_ontology())
    with closing(open_worker(output)) as worker:
        answer = worker.ask(query, names=True)
        if isinstance(answer, Rows):
            return answer.columns, sorted(map(str, answer.rows))
        return "".join(answer.parts) if isinstance(answer, Text) else answer


# --------------------------------------------------------------------- the same graph


def test_all_exports_have_the_same_bytes(
    address: str, local: Path, tmp_path: Path
) -> None:
    report = build([], shelve(tmp_path), server=address)
    assert report.restated == len(NEWS)
    assert address_of(tmp_path) == address
    assert not (tmp_path / FOLDER).exists()
    for format_ in ("json", "nq", "ttl", "csv"):
        assert exported(tmp_path, format_) == exported(local, format_), format_
    assert exported(tmp_path / "elsewhere", address=address) == exported(local)


QUERIES = [
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?l { ?x rdfs:label ?l }",
    "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT ?l ?g { ?x a kg:Law ; rdfs:label ?l OPTIONAL { GRAPH ?g { ?x a kg:Law } } }",
    "SELECT ?l { ?x rdfs:label ?l { SELECT ?x { GRAPH ?g { ?x a kg:Law } } } . ?x a kg:Law }",
    "SELECT ?l { ?x rdfs:label ?l FILTER NOT EXISTS { GRAPH ?g { ?x a kg:Law } } }",
    "SELECT (IF(EXISTS { ?x a kg:Law }, 1, 2) AS ?law) { GRAPH ?g { ?d a kg:Document } }",
    "SELECT ?p ?o { GRAPH <https://kg.internal/document/news-1-1> { ?s ?p ?o } }",
    "SELECT ?l FROM <https://kg.internal/document/news-1-1> { ?x rdfs:label ?l }",
    "SELECT ?x ?l FROM <https://kg.internal/document/news-1-1> "
    "FROM NAMED <https://kg.internal/document/news-2-1> "
    "{ { ?x rdfs:label ?l } UNION { GRAPH ?g { ?x a ?l } } }",
    "PREFIX k: <https://kg.internal/ontology#> ASK { GRAPH ?g { ?x a k:Law } }",
    "ASK { ?x a kg:Law, kg:Person }",
    "CONSTRUCT { ?x rdfs:label ?l } { GRAPH ?g { ?x rdfs:label ?l ; a kg:Law } }",
    "CONSTRUCT WHERE { ?x kg:amount ?amount }",
    "SELECT DISTINCT ?c { kg:Company rdfs:subClassOf* ?c }",
    "SELECT ?x ?a ?b { ?x kg:amount ?a OPTIONAL { ?x kg:amountMax ?b } }",
]


def test_queries_have_the_same_answers(
    address: str, local: Path, tmp_path: Path
) -> None:
    build([], shelve(tmp_path), server=address)
    saved = saved_queries(queries_folder()).values()
    texts = [
        with_parameters(q, {}) for q in saved if not any(map(needed, q.parameters))
    ]
    assert len(texts) > 10
    for text in QUERIES + texts:
        assert asked(tmp_path, text) == asked(local, text), text


def needed(parameter: object) -> bool:
    return bool(getattr(parameter, "needed", False))


def test_limits_on_rows_hold(address: str, tmp_path: Path) -> None:
    build([], shelve(tmp_path), server=address)
    query = checked("SELECT ?l { ?x rdfs:label ?l }", load_ontology())
    with closing(open_worker(tmp_path)) as worker:
        answer = worker.ask(query, Limits(rows=3))
        assert isinstance(answer, Rows)
        assert len([next(answer.rows) for _ in range(3)]) == 3
        with pytest.raises(LimitError, match="more than 3"):
            next(answer.rows)


def test_an_error_names_the_place_in_the_users_text(tmp_path: Path) -> None:
    if OXIGRAPH is None:
        pytest.skip("oxigraph is not installed")
    with oxigraph() as address:
        build([], shelve(tmp_path), server=address)
        with pytest.raises(UsageError, match="line 2, column 14"):
            asked(tmp_path, "SELECT ?x {\n  } ORDER BY HAVING")
        with pytest.raises(UsageError, match=r"no graph <https://x\.test/>"):
            asked(tmp_path, "SELECT ?x FROM <https://x.test/> { ?x ?y ?z }")


def test_a_triple_leaves_the_merge_with_its_last_graph(address: str) -> None:
    one, two = (f"https://kg.internal/document/{name}" for name in ("a-1", "b-2"))
    label = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    query = checked(
        "SELECT ?l { <https://kg.internal/x> rdfs:label ?l }", load_ontology()
    )

    def quads(graph: str, *names: str) -> list[Quad]:
        node = NamedNode("https://kg.internal/x")
        return [Quad(node, label, Literal(name), NamedNode(graph)) for name in names]

    with closing(RemoteStore.open(address, writable=True)) as store:

        def labels() -> list[list[object]]:
            answer = store.ask(query)
            assert isinstance(answer, Rows)
            return sorted(answer.rows)

        store.replace(one, quads(one, "shared", "old"))
        store.replace(two, quads(two, "shared"))
        assert labels() == [["old"], ["shared"]]
        store.replace(one, quads(one, "new"))
        assert labels() == [["new"], ["shared"]]
        store.replace(two, [])
        assert labels() == [["new"]]
        store.replace(one, [])
        assert labels() == []


@NEEDS_VIRTUOSO
def test_a_single_endpoint_is_enough(
    virtuoso_root: str, local: Path, tmp_path: Path
) -> None:
    address = f"{virtuoso_root}sparql"
    build([], shelve(tmp_path), server=address)
    assert exported(tmp_path, "json") == exported(local, "json")
    empty(address)


@NEEDS_OXIGRAPH
def test_a_large_graph_is_put_as_a_file(
    local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.remote_store.LARGE", 0)
    with oxigraph() as root:
        whole = f"query={root}query,update={root}update,graph={root}store"
        build([], shelve(tmp_path), server=whole)
        assert exported(tmp_path) == exported(local)
        count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        assert asked(tmp_path, count) == asked(local, count)


# ------------------------------------------------------------------ from build to build


def test_a_second_build_sends_nothing(address: str, tmp_path: Path) -> None:
    build([], shelve(tmp_path), server=address)
    before = exported(tmp_path)
    assert build([], tmp_path).restated == 0
    assert exported(tmp_path) == before


def test_what_the_server_has_lost_is_sent_again(
    address: str, local: Path, tmp_path: Path
) -> None:
    build([], shelve(tmp_path), server=address)
    with closing(RemoteStore.open(address, writable=True)) as store:
        store.replace(store.documents()[1], [])
    assert build([], tmp_path).restated == 1
    assert exported(tmp_path) == exported(local)


def test_a_graph_moves_from_its_folder_to_a_server(
    address: str, local: Path, tmp_path: Path
) -> None:
    output = Path(shutil.copytree(local, tmp_path / "out"))
    assert address_of(output) is None
    assert build([], output, server=address).restated == len(NEWS)
    assert not (output / FOLDER).exists()
    assert exported(output) == exported(local)


@NEEDS_OXIGRAPH
def test_a_folder_that_cannot_reach_its_server_yet_keeps_its_graph(
    local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.sparql_client.RETRY_DELAYS", ())
    output = Path(shutil.copytree(local, tmp_path / "out"))
    with pytest.raises(StoreError, match="cannot reach"):
        build([], output, server=f"http://127.0.0.1:{free_port()}/")
    assert exported(output) == exported(local)


@NEEDS_OXIGRAPH
def test_a_graph_moves_from_server_to_server(local: Path, tmp_path: Path) -> None:
    with oxigraph() as one, oxigraph() as two:
        build([], shelve(tmp_path), server=one)
        assert build([], tmp_path, server=two).restated == len(NEWS)
        assert address_of(tmp_path) == two
        assert exported(tmp_path) == exported(local)


def test_documents_of_others_are_not_removed_unasked(
    address: str, tmp_path: Path
) -> None:
    ours, theirs = shelve(tmp_path / "ours", "news-1"), shelve(tmp_path / "theirs")
    build([], theirs, server=address)
    before = exported(theirs)
    with pytest.raises(UsageError, match="holds 4 documents that are none of this"):
        build([], ours, server=address)
    assert exported(theirs) == before
    build([], ours, prune=True)
    with closing(open_store(ours)) as store:
        assert store.documents() == ["https://kg.internal/document/news-1-1"]


def test_documents_are_removed(address: str, tmp_path: Path) -> None:
    build([], shelve(tmp_path), server=address)
    remove(["news-2.txt"], tmp_path)
    local = shelve(tmp_path / "local", *(name for name in NEWS if name != "news-2"))
    build([], local)
    assert exported(tmp_path) == exported(local)
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    assert asked(tmp_path, count) == asked(local, count)


def test_validate_finds_a_graph_that_somebody_changed(
    address: str, tmp_path: Path
) -> None:
    build([], shelve(tmp_path), server=address)
    torn = "its graph is not what was written; run `kg build` again"
    assert torn not in {v.message for v in validate(tmp_path, load_ontology())}
    with closing(RemoteStore.open(address, writable=True)) as store:
        graph = store.documents()[0]
        name = NamedNode(graph)
        alias = NamedNode("http://www.w3.org/2004/02/skos/core#altLabel")
        more = Quad(name, alias, Literal("so"), name)
        store.replace(graph, [more, *store.quads(graph)])
    assert torn in {v.message for v in validate(tmp_path, load_ontology())}


@NEEDS_OXIGRAPH
def test_a_default_graph_that_becomes_the_union_is_refused(tmp_path: Path) -> None:
    data = ("--location", str(tmp_path / "data"))
    output = shelve(tmp_path / "out")
    with oxigraph(*data) as address:
        build([], output, server=address)
    with oxigraph(*data, "--union-default-graph") as address:
        with pytest.raises(StoreError, match="set it up as it was"):
            open_store(output, address)
        with pytest.raises(StoreError, match="set it up as it was"):
            build([], output, server=address)


# ----------------------------------------------------------------------- cut off midway


def forwarded(request: Handler, root: str) -> httpx.Response:
    """Send a request to where it was meant to go, and return what comes back."""
    headers = {k: request.headers[k] for k in ("Content-Type", "Accept")}
    return httpx.post(root + request.path[1:], content=request.body, headers=headers)


@NEEDS_OXIGRAPH
@pytest.mark.parametrize("done", [True, False])
def test_a_build_that_is_killed_goes_on_where_it_stopped(
    local: Path, tmp_path: Path, done: bool
) -> None:
    """Its third document has reached the server, or has not; it was never told."""
    stopped, release = threading.Event(), threading.Event()
    sent = []

    def forward(request: Handler) -> None:
        stop = b"document/news-2-1> <" in request.body and not stopped.is_set()
        if stop and not done:
            stopped.set()
            release.wait()
            return
        answer = forwarded(request, root)
        sent.append(request.body)
        if stop:
            stopped.set()
            release.wait()
            return
        kind = answer.headers.get("Content-Type", "")
        request.respond(answer.status_code, answer.content, Content_Type=kind)

    output = shelve(tmp_path)
    with oxigraph() as root, little_server(forward) as proxy:
        code = (
            "import pathlib, sys; from kg.building import build\n"
            "build([], pathlib.Path(sys.argv[1]), server=sys.argv[2])"
        )
        command = [sys.executable, "-c", code, str(output), proxy.url]
        with subprocess.Popen(command) as client:
            try:
                assert stopped.wait(120)
                with pytest.raises(StoreError, match="in use by another"):
                    build([], output)
            finally:
                client.kill()
                release.set()
        with closing(open_store(output, root)) as store:
            assert len(store.documents()) == (3 if done else 2)
        sent.clear()
        assert build([], output).restated == 3
        assert sum(b"INSERT DATA" in body for body in sent) == 3 + 1  # and a probe
        assert exported(output) == exported(local)
        count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        assert asked(output, count) == asked(local, count)


@NEEDS_OXIGRAPH
def test_what_a_server_did_without_saying_so_can_be_taken_back(
    local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.sparql_client.RETRY_DELAYS", ())
    broken = False

    def forward(request: Handler) -> None:
        answer = forwarded(request, root)
        told = not (broken and b"document/news-2-1> <" in request.body)
        request.respond(
            answer.status_code if told else 500,
            answer.content,
            Content_Type=answer.headers.get("Content-Type", ""),
        )

    output = shelve(tmp_path)
    with oxigraph() as root, little_server(forward) as proxy:
        build([], output, server=proxy.url)
        add_correction(output / CORRECTIONS, "rename", ("law/ai-act", "EU AI Act"))
        broken = True
        with pytest.raises(StoreError, match="500"):
            build([], output)
        broken = False
        assert b"EU AI Act" in exported(output)
        undo_correction(output / CORRECTIONS)
        build([], output)
        assert exported(output) == exported(local)


# ------------------------------------------------------------------- servers that fail


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr("kg.sparql_client.RETRY_DELAYS", (0, 0, 0))


def ask(url: str, limits: Limits | None = None) -> bytes:
    with closing(SparqlClient(url)) as client:
        return client.query("ASK {}", "*/*", limits or Limits())[1]


def broken_off(request: Handler) -> None:
    request.respond(200, YES[:9], Content_Length=str(len(YES)), **JSON)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "fail",
    [
        pytest.param(lambda request: request.respond(500, b"out of luck"), id="500"),
        pytest.param(lambda request: request.respond(503), id="503"),
        pytest.param(lambda request: request.connection.close(), id="closed"),
        pytest.param(broken_off, id="broken off"),
    ],
)
def test_what_fails_is_tried_again_four_times(fail: object) -> None:
    assert callable(fail)

    def third_time(request: Handler) -> None:
        fail(request) if request.number < 3 else request.respond(200, YES, **JSON)

    with little_server(third_time) as server:
        assert ask(server.url) == YES
        assert server.requests == 3
    with little_server(fail) as server:
        with pytest.raises(StoreError, match=f"127.0.0.1:{server.server_port}/query"):
            ask(server.url)
        assert server.requests == 4


@pytest.mark.usefixtures("hasty")
def test_what_is_wrong_is_not_tried_again() -> None:
    with little_server(lambda request: request.respond(400, b"odd\x1b[2J")) as server:
        with pytest.raises(StoreError, match="answers 400 odd") as caught:
            ask(server.url)
        assert server.requests == 1
        assert "\x1b" not in str(caught.value)


def test_a_server_that_is_down_is_one_line_and_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.sparql_client.RETRY_DELAYS", (0,))
    url = f"http://127.0.0.1:{free_port()}/"
    for command in (["query", "fines"], ["list"], ["export"], ["stats"], ["view"]):
        result = kg(*command, "--store", url, "-o", str(tmp_path / "out"))
        assert result.exit_code == 3
        assert result.stderr.startswith(f"kg: cannot reach {url}query: ")
        assert result.stderr.count("\n") == 1


def test_a_slow_server_is_not_waited_for() -> None:
    release = threading.Event()
    with little_server(lambda request: [release.wait(), None][1]) as server:
        with pytest.raises(LimitError, match=r"longer than 0\.2 s"):
            ask(server.url, Limits(seconds=0.2))
        release.set()
        assert server.requests == 1


def test_an_answer_may_be_too_large() -> None:
    with (
        little_server(lambda request: request.respond(200, b" " * 5000)) as server,
        pytest.raises(LimitError, match="larger than 4,096"),
    ):
        ask(server.url, Limits(size=4096))


@pytest.mark.parametrize(
    ("body", "headers", "kind", "message"),
    [
        (
            b'{"head": {"vars": ["s"]}, "results": {"bindings": [',
            JSON,
            LimitError,
            "cut",
        ),
        (b"", JSON, LimitError, "cut off"),
        (b"<html>Welcome", {"Content_Type": "text/html"}, StoreError, "right URL"),
        (YES, JSON, StoreError, "yes or no"),
        (YES, {**JSON, "X_SPARQL_MaxRows": "10000"}, LimitError, "ResultSetMaxRows"),
    ],
)
def test_an_answer_that_is_none_is_refused(
    body: bytes, headers: dict[str, str], kind: type[KgError], message: str
) -> None:
    with (
        little_server(lambda request: request.respond(200, body, **headers)) as server,
        pytest.raises(kind, match=message),
    ):
        RemoteStore.open(server.url)


@NEEDS_OXIGRAPH
def test_a_timeout_of_the_server_is_a_limit(tmp_path: Path) -> None:
    with oxigraph("--timeout-s", "1") as address:
        build([], shelve(tmp_path), server=address)
        for text in (
            "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?p ?d . ?e ?p ?f . ?g ?p ?h }",
            "CONSTRUCT { ?a ?p ?h } { ?a ?p ?b . ?c ?p ?d . ?e ?p ?f . ?g ?p ?h }",
        ):
            with pytest.raises(LimitError, match="cut off"):
                asked(tmp_path, text)


@NEEDS_OXIGRAPH
def test_a_server_without_a_graph_is_told_as_such() -> None:
    with (
        oxigraph() as address,
        pytest.raises(StoreError, match=r"no graph at .*: run `kg build` first"),
    ):
        RemoteStore.open(address)


# ------------------------------------------------------------- addresses and credentials


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://h:7878/", ("http://h:7878/query", "http://h:7878/update", "/store")),
        ("http://h", ("http://h/query", "http://h/update", "http://h/store")),
        (
            "https://h/x/",
            ("https://h/x/query", "https://h/x/update", "https://h/x/store"),
        ),
        ("http://h/sparql", ("http://h/sparql", "http://h/sparql", None)),
        ("http://h/q?a=1,2", ("http://h/q?a=1,2", "http://h/q?a=1,2", None)),
        ("query=http://h/q,update=http://h/u", ("http://h/q", "http://h/u", None)),
        (
            "graph=http://h/g?a=1,2,update=http://h/u,query=http://h/q",
            ("http://h/q", "http://h/u", "http://h/g?a=1,2"),
        ),
    ],
)
def test_endpoints_are_found(address: str, expected: tuple[str | None, ...]) -> None:
    found = endpoints(address)
    urls = (found.query, found.update, found.graph)
    for url, wanted in zip(urls, expected, strict=True):
        assert url is None if wanted is None else str(url).endswith(wanted)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "output",
        "file:///etc/passwd",
        "ftp://h/",
        "http://",
        "query=http://h/q",
        "query=http://h/q,update=nowhere",
        f"http://me:{SECRET}@h/",
        f"http://me:{SECRET}/x@h:port/",
        f"query=http://h/q,update=http://me:{SECRET}@h/u",
    ],
)
def test_what_is_no_address_is_refused_and_no_password_is_told(
    address: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="--store") as caught:
        endpoints(address)
    assert SECRET not in str(caught.value)


def kg(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def guarded(request: Handler) -> None:
    """Let in who has the password, or the token."""
    basic = httpx.BasicAuth("me", SECRET)
    (wanted,) = (r.headers["Authorization"] for r in basic.auth_flow(a_request()))
    if request.headers.get("Authorization") in {wanted, f"Bearer {SECRET}"}:
        request.respond(200, YES, **JSON)
    else:
        request.respond(401, b"Go away", WWW_Authenticate="Basic")


def a_request() -> httpx.Request:
    return httpx.Request("POST", "http://h/")


@pytest.mark.parametrize(
    "environment",
    [{"USER": "me", "PASSWORD": SECRET}, {"TOKEN": SECRET}],
    ids=["password", "token"],
)
def test_who_we_are_stands_in_the_environment(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with little_server(guarded) as server:
        with pytest.raises(
            StoreError, match=r"does not let us in \(401\).*KG_STORE_USER"
        ):
            ask(server.url)
        for name, value in environment.items():
            monkeypatch.setenv(f"KG_STORE_{name}", value)
        assert ask(server.url) == YES


def test_a_wrong_password_is_refused_once_and_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_STORE_USER", "me")
    monkeypatch.setenv("KG_STORE_PASSWORD", SECRET + "!")
    with little_server(guarded) as server:
        result = kg("list", "--store", server.url, "-o", str(tmp_path))
        assert server.requests == 1
    assert result.exit_code == 3
    assert "does not let us in (401)" in result.stderr
    assert SECRET not in result.output


@pytest.mark.parametrize(
    "environment",
    [
        {"USER": "me"},
        {"PASSWORD": SECRET},
        {"USER": "me", "PASSWORD": SECRET, "TOKEN": SECRET},
        {"TOKEN": SECRET + "\r\nX-Forged: yes"},
        {"TOKEN": SECRET + "é"},
    ],
)
def test_half_of_who_we_are_is_refused(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"KG_STORE_{name}", value)
    with pytest.raises(UsageError, match="KG_STORE") as caught:
        SparqlClient("http://127.0.0.1/")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nothing_is_sent_on_to_another_host(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_STORE_TOKEN", SECRET)
    with little_server(guarded) as other:
        target = other.url.replace("127.0.0.1", "localhost")
        with (
            little_server(lambda r: r.respond(status, Location=target)) as server,
            pytest.raises(StoreError, match="sends us on to localhost"),
        ):
            ask(server.url)
        assert other.requests == 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the key")
@pytest.mark.usefixtures("hasty")
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    making = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    making += ["-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "crt.pem"]
    subprocess.run(making, cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt.pem", tmp_path / "key.pem")
    with little_server(guarded) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with pytest.raises(StoreError, match="CERTIFICATE_VERIFY_FAILED"):
            ask(server.url.replace("http://127.0.0.1", "https://localhost"))
        assert server.requests == 0


# ------------------------------------------------------------------------ as users do it


@NEEDS_OXIGRAPH
def test_a_server_is_named_once_and_known_from_then_on(tmp_path: Path) -> None:
    text = "Italy's watchdog fined OpenAI €15 million. Sam Altman leads OpenAI.\n"
    (tmp_path / "fine.txt").write_text(text, "utf-8")
    out = ["-o", str(tmp_path / "out")]
    with oxigraph() as address:
        built = kg("build", str(tmp_path / "fine.txt"), "--store", address, *out)
        assert built.exit_code == 0, built.output
        assert not (tmp_path / "out" / FOLDER).exists()
        assert "OpenAI" in (tmp_path / "out" / "graph.html").read_text("utf-8")
        again = kg("build", str(tmp_path / "fine.txt"), *out)
        assert "1 unchanged" in again.stderr
        for command in (
            ["query", "fines", "--format", "md"],
            ["show", "OpenAI"],
            ["why", "Sam Altman", "OpenAI"],
            ["list"],
            ["stats"],
            ["export"],
        ):
            known = kg(*command, *out)
            told = kg(*command, "--store", address, "-o", str(tmp_path / "none"))
            assert (known.exit_code, told.exit_code) == (0, 0), known.output
            assert known.stdout == told.stdout != ""
        assert "OpenAI" in kg("search", "openai", *out).stdout
        assert kg("query", "--explain", "fines", *out).exit_code == 0
        assert kg("validate", *out).exit_code == 0
        assert (
            kg("view", "--store", address, "-o", str(tmp_path / "page")).exit_code == 0
        )
        assert kg("remove", "fine.txt", *out).exit_code == 0
        assert kg("list", "documents", *out).stdout.count("\n") == 1
    down = kg("list", *out)
    assert down.exit_code == 3
    assert "cannot reach" in down.stderr
