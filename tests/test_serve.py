"""The server: what the protocol asks of it, what it refuses, and what people see."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from servers import free_port
from starlette.testclient import TestClient

from kg.building import build
from kg.errors import UsageError
from kg.ontology import load_ontology
from kg.part import around
from kg.query.dataset import about
from kg.query.guard import checked
from kg.records import records_of
from kg.serve import pool
from kg.serve.app import make_app

HOSTILE = '<img src=x onerror="window.ran=1">'
TEXTS = {
    "pledge.txt": "President Emmanuel Macron of France pledged €40 million for Mistral AI."
    " Arthur Mensch leads Mistral AI.",
    "page.html": f"<html><title>{HOSTILE.replace('<', '&lt;')}</title><body><p>Germany's"
    " Olaf Scholz praised the AI Act, a law of the European Union.</p></body></html>",
}
SELECT = "SELECT ?label { ?x a kg:Company ; rdfs:label ?label }"
HARD = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    report = build([str(folder / name) for name in TEXTS], folder / "output")
    assert not report.failed
    return folder / "output"


@pytest.fixture(scope="module")
def client(output: Path) -> Iterator[TestClient]:
    with TestClient(make_app(output), base_url="http://localhost") as client:
        yield client


def test_a_query_is_asked_in_each_of_the_three_ways(client: TestClient) -> None:
    ways = [
        client.get("/sparql", params={"query": SELECT}),
        client.post("/sparql", data={"query": SELECT}),
        client.post(
            "/sparql",
            content=SELECT,
            headers={"Content-Type": "application/sparql-query"},
        ),
    ]
    for answer in ways:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/sparql-results+json"
        rows = answer.json()["results"]["bindings"]
        assert [row["label"]["value"] for row in rows] == ["Mistral AI"]


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        (SELECT, "text/csv", "text/csv"),
        (SELECT, "text/tab-separated-values, text/csv;q=0.2", "text/tab-separated"),
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "text/html, */*;q=0.1", "application/sparql-results+json"),
        (SELECT, "application/json", "application/sparql-results+json"),
        (SELECT, "text/*", "text/csv"),
        ("ASK { ?x a kg:Law }", "text/csv, */*;q=0.5", "application/sparql-results+js"),
        ("DESCRIBE ?x { ?x a kg:Law }", "*/*", "text/turtle"),
        ("CONSTRUCT WHERE { ?x a kg:Law }", "application/n-triples", "application/n-"),
        ("CONSTRUCT WHERE { ?x a kg:Law }", "application/rdf+xml", "application/rdf"),
    ],
)
def test_the_format_is_what_the_client_likes_best(
    client: TestClient, query: str, accept: str, expected: str
) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(expected)
    assert answer.content


@pytest.mark.parametrize(
    ("status", "method", "address", "settings"),
    [
        (400, "GET", "/sparql?query=", {}),
        (400, "GET", "/sparql?query=SELECT", {}),
        (400, "GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", {}),
        (400, "GET", "/sparql?query=%ff", {}),
        (400, "GET", "/sparql?update=CLEAR+ALL", {}),
        (400, "POST", "/sparql", {"data": {"update": "CLEAR ALL"}}),
        (400, "POST", "/sparql", {"data": {"query": "DROP ALL"}}),
        (400, "POST", "/sparql", {"data": {"query": "ASK { SERVICE <http://a> {} }"}}),
        (400, "POST", "/sparql", {"data": {"query": "ASK FROM <http://a/b> { }"}}),
        (400, "POST", "/sparql", {"content": b"", "headers": {"Content-Type": FORM}}),
        (405, "PUT", "/sparql", {}),
        (405, "DELETE", "/sparql?query=ASK%7B%7D", {}),
        (406, "GET", "/sparql?query=ASK%7B%7D", {"headers": {"Accept": "image/png"}}),
        (413, "POST", "/sparql", {"data": {"query": "ASK {}" + " " * (1 << 20)}}),
        (415, "POST", "/sparql", {"content": b"ASK {}"}),
        (
            415,
            "POST",
            "/sparql",
            {
                "content": b"CLEAR ALL",
                "headers": {"Content-Type": "application/sparql-update"},
            },
        ),
        (400, "GET", "/sparql?query=ASK%7B%7D", {"headers": {"Host": "evil.example"}}),
        (404, "GET", "/entity/person/nobody", {}),
        (404, "GET", "/document/../../etc/passwd", {}),
        (404, "GET", "/questions/nothing", {}),
        (404, "GET", "/entities/Nothing", {}),
        (400, "GET", "/ask?query=DROP+ALL", {}),
        (405, "POST", "/ask", {}),
    ],
)
def test_what_is_wrong_or_refused_is_told_by_its_status(
    client: TestClient, status: int, method: str, address: str, settings: dict[str, Any]
) -> None:
    answer = client.request(method, address, **settings)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert "/tmp" not in answer.text  # noqa: S108


def test_an_error_points_at_its_place(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": "SELECT ?x { ?x a kg:Lew }"})
    assert "did you mean kg:Law?" in answer.text
    assert "^" in answer.text


def test_a_request_without_a_query_gets_the_description(client: TestClient) -> None:
    answer = client.get("/sparql")
    assert answer.headers["content-type"].startswith("text/turtle")
    assert "sd:endpoint <http://localhost/sparql>" in answer.text


def test_every_answer_forbids_what_browsers_need_not_do(client: TestClient) -> None:
    for address in ("/", "/sparql", "/health", "/no", "/style.css", "/graph"):
        headers = client.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


def test_graphs_can_be_named_beside_the_query(client: TestClient) -> None:
    every = "SELECT DISTINCT ?g { GRAPH ?g { ?x a kg:Document } }"
    graphs = [
        row["g"]["value"]
        for row in client.get("/sparql", params={"query": every}).json()["results"][
            "bindings"
        ]
    ]
    assert len(graphs) == 2
    found = {}
    for graph in graphs:
        params = {"query": SELECT, "default-graph-uri": graph}
        answer = client.get("/sparql", params=params)
        found[graph] = len(answer.json()["results"]["bindings"])
        params = {"query": every, "named-graph-uri": graph}
        rows = client.get("/sparql", params=params).json()["results"]["bindings"]
        assert [row["g"]["value"] for row in rows] == [graph]
    assert sorted(found.values()) == [0, 1]
    params = {"query": SELECT, "default-graph-uri": "no iri"}
    assert client.get("/sparql", params=params).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?x { ?x ?y ?z }",
        "SELECT (COUNT(?x) AS ?n) FROM <a:b> FROM NAMED <a:c> WHERE { ?x ?y ?z }",
        "ASK { { ?x ?y ?z } UNION { ?a ?b ?c } }",
        "CONSTRUCT { ?x ?y ?z } WHERE { ?x ?y ?z }",
        "CONSTRUCT WHERE { ?x ?y ?z }",
        "DESCRIBE <a:b>",
        "DESCRIBE ?x { ?x ?y ?z } LIMIT 3",
        "SELECT * { ?x ?y ?z { SELECT ?x { ?x ?b ?c } } } ORDER BY ?x",
    ],
)
def test_graphs_named_beside_a_query_take_the_place_of_its_own(query: str) -> None:
    from pyoxigraph import Store

    asked = about(checked(query, load_ontology()), ["a:g"], ["a:h"])
    assert [graph for graph, _ in asked.graphs] == ["a:g", "a:h"]
    text = asked.for_the_engine
    assert re.sub(r"\s+", " ", text).count("FROM <a:g> FROM NAMED <a:h>") == 1
    assert "<a:c>" not in text
    Store().query(text)  # the engine takes it


def test_a_query_that_takes_too_long_is_ended_and_the_next_is_answered(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LIMITS", pool.replace(pool.LIMITS, seconds=0.5))
    answer = client.get("/sparql", params={"query": HARD})
    assert answer.status_code == 500
    assert "longer than 0.5 s" in answer.text
    assert client.get("/sparql", params={"query": SELECT}).status_code == 200


def test_too_many_at_once_are_sent_away(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WAITING", -pool.WORKERS)
    answer = client.get("/sparql", params={"query": SELECT})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    monkeypatch.undo()
    assert client.get("/sparql", params={"query": SELECT}).status_code == 200


def test_a_query_whose_asker_has_left_is_not_worked_out(client: TestClient) -> None:
    """The rows of every pair of triples would be 64 MiB; the first of them are enough."""
    rows = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    site = client.app.state.site  # type: ignore[attr-defined]
    query, stamp = checked(rows, site.ontology), site.current.stamp()
    asked: list[int] = []

    def gone() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(pool.GoneError):
        site.pool.answer(query, "text/csv", stamp, gone)
    assert len(asked) == 4
    # Who hung up while waiting costs no worker.
    assert not site.pool.answer(query, "text/csv", stamp, lambda: True)


def test_hanging_up_is_noticed(output: Path) -> None:
    app = make_app(output)
    sent: list[Any] = []

    async def hang_up() -> None:
        told = iter([{"type": "http.request"}, {"type": "http.disconnect"}])

        async def receive() -> Any:
            return next(told)

        async def send(message: Any) -> None:
            sent.append(message)

        query = urlencode({"query": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"})
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/sparql",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost")],
        }
        await app(scope, receive, send)

    try:
        asyncio.run(hang_up())
    finally:
        app.state.site.pool.close()
    # Nothing of the answer was kept: either nobody asked, or the asking was broken off.
    assert len(b"".join(m.get("body", b"") for m in sent)) < 100


def test_entities_show_facts_sums_and_sentences(client: TestClient) -> None:
    page = client.get("/entity/company/mistral-ai").text
    assert '<a href="/entity/person/arthur-mensch">Arthur Mensch</a>' in page
    assert "€40 million" in page
    assert "planned" in page
    assert '<mark class="object">Mistral AI</mark>' in page
    place = re.search(r'href="(/document/[^"#]+)#(at-\d+)"', page)
    assert place is not None
    assert f'id="{place[2]}"' in client.get(place[1]).text
    assert "Arthur Mensch" in client.get("/around/company/mistral-ai").text


def test_names_and_sentences_are_found(client: TestClient) -> None:
    page = client.get("/search", params={"q": "mistral"}).text
    assert '<a href="/entity/company/mistral-ai">Mistral AI</a>' in page
    assert '<mark class="subject">Mistral</mark>' in page
    nothing = client.get("/search", params={"q": "zzz"}).text
    assert "No name and no sentence" in nothing
    assert client.get("/search").status_code == 200


def test_saved_questions_are_forms(client: TestClient) -> None:
    for name in re.findall(r'href="(/questions/[^"]+)"', client.get("/questions").text):
        answer = client.get(name)
        assert answer.status_code == 200, name
    page = client.get("/questions/stance-on-law", params={"law": "AI Act"}).text
    assert "Olaf Scholz" in page
    wrong = client.get("/questions/stance-on-law", params={"law": 'E" } #'})
    assert wrong.status_code == 200
    assert "0 rows" in wrong.text


def test_words_of_documents_are_never_markup(client: TestClient, output: Path) -> None:
    records = records_of(output, load_ontology())
    titles = [d["title"] for d in records["documents"]]
    assert HOSTILE in titles
    shown = 0
    for document in records["documents"]:
        page = client.get(f"/document/{document['id']}").text
        assert "<img" not in page
        shown += "&lt;img" in page
    assert shown
    hostile = {"q": '"><script>alert(1)</script>', "query": "</textarea><script>"}
    assert "<script" not in client.get("/search", params=hostile).text
    assert "<script" not in client.get("/ask", params=hostile).text


def test_a_build_is_seen_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.serve.app.RESTED", 0.0)
    text = tmp_path / "a.txt"
    text.write_text("Arthur Mensch leads Mistral AI.", "utf-8")
    build([str(text)], tmp_path / "output")
    with TestClient(
        make_app(tmp_path / "output"), base_url="http://localhost"
    ) as client:
        asked = {"query": "ASK { ?x rdfs:label 'Sam Altman' }"}
        assert client.get("/sparql", params=asked).json()["boolean"] is False
        text.write_text("Sam Altman leads OpenAI.", "utf-8")
        build([str(text)], tmp_path / "output")
        assert client.get("/sparql", params=asked).json()["boolean"] is True
        assert client.get("/entity/person/sam-altman").status_code == 200
        assert client.get("/entity/person/arthur-mensch").status_code == 404


def test_a_part_of_a_graph_is_what_lies_around(output: Path) -> None:
    records = records_of(output, load_ontology())
    near = around(records, {"person/arthur-mensch"})
    assert {e["id"] for e in near["entities"]} == {
        "person/arthur-mensch",
        "company/mistral-ai",
    }
    assert [f["predicate"] for f in near["facts"]] == ["leads"]
    assert not near["money"]
    far = around(records, {"person/arthur-mensch"}, 2)
    assert "polity/france" in {e["id"] for e in far["entities"]}
    assert far["money"]
    assert len(far["documents"]) == 1


@contextmanager
def served(output: Path) -> Iterator[str]:
    """Run ``kg serve``; yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "kg", "serve", "-o", str(output)]
    process = subprocess.Popen(
        [*command, "--port", str(port)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert "http://127.0.0.1" in process.stderr.readline()
        address = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                httpx.get(address + "/health")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()


def test_good_queries_are_answered_beside_hostile_ones(output: Path) -> None:
    with served(output) as address, httpx.Client(timeout=60) as client:
        stop = threading.Event()

        def good() -> list[int]:
            codes = []
            while not stop.is_set():
                params = {"query": SELECT}
                codes.append(client.get(f"{address}/sparql", params=params).status_code)
            return codes

        def hostile() -> int:
            return client.get(f"{address}/sparql", params={"query": HARD}).status_code

        with ThreadPoolExecutor(12) as threads:
            asked = [threads.submit(good) for _ in range(8)]
            refused = [threads.submit(hostile) for _ in range(3)]
            assert {future.result() for future in refused} == {500}
            stop.set()
            codes = [code for future in asked for code in future.result()]
        assert len(codes) >= 20
        assert set(codes) == {200}


def test_a_port_that_is_taken_is_named(output: Path) -> None:
    from kg.serve.server import run

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen at 127.0.0.1:{port}"):
            run(output, None, "127.0.0.1", port, (), tell=str)


def test_the_site_runs_in_a_browser(output: Path, browser: Any) -> None:
    with served(output) as address:
        page = browser.chromium.new_page()
        complaints: list[str] = []
        elsewhere: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda r: r.url.startswith(address) or elsewhere.append(r.url)
        )
        page.goto(address)
        page.fill("#q", "mistral")
        page.press("#q", "Enter")
        page.click("main >> text=Mistral AI")
        page.frame_locator("iframe").locator("#map canvas").wait_for()
        page.click("figcaption a >> nth=0")
        assert "#at-" in page.url
        page.click("nav >> text=SPARQL")
        page.fill("#query", SELECT)
        page.click("main button")
        assert "1 row" in page.inner_text("main")
        page.click("nav >> text=Map")
        page.locator("#map canvas").wait_for()
        assert page.evaluate("window.ran") is None
        assert not complaints
        assert [url for url in elsewhere if not url.startswith("data:")] == []
        page.close()
