"""Queries that reach out, change, or take too much, by command line and by HTTP."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from kg.serve.pool import LIMITS

from .kills import SHORT, written
from .tried import ROOT, Row, command, environment, kg, plain, texts
from .warm import Warm

GOOD = "SELECT ?n { ?x a kg:Person ; rdfs:label ?n }"
CROSS = " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(6))
_DOUBLED = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(40))
_OPEN = "SELECT * {{ {} }}"

# What reaches out, in so many spellings; {} is the address of whoever counts.
REACHING = (
    "SELECT * {{ SERVICE <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ service <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SerVice <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE\n<{}>\n{{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE#c\n<{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE\t<{}>{{ ?s ?p ?o }} }}",
    "PREFIX a: <{}> SELECT * {{ SERVICE a: {{ ?s ?p ?o }} }}",
    "PREFIX a: <{}> SELECT * {{ SERVICEa: {{ ?s ?p ?o }} }}",
    "BASE <{}> SELECT * {{ SERVICE <> {{ ?s ?p ?o }} }}",
    "BASE <{}> SELECT * {{ SERVICE <x> {{ ?s ?p ?o }} }}",
    "SELECT * {{ BIND(<{}> AS ?e) SERVICE ?e {{ ?s ?p ?o }} }}",
    "SELECT * {{ VALUES ?e {{ <{}> }} SERVICE ?e {{ ?s ?p ?o }} }}",
    "SELECT * {{ FILTER EXISTS {{ SERVICE <{}> {{ ?s ?p ?o }} }} }}",
    "SELECT * {{ OPTIONAL {{ SERVICE <{}> {{ ?s ?p ?o }} }} }}",
    "SELECT * {{ {{ }} UNION {{ SERVICE <{}> {{ ?s ?p ?o }} }} }}",
    "SELECT * {{ MINUS {{ SERVICE <{}> {{ ?s ?p ?o }} }} }}",
    "SELECT * {{ {{ SELECT * {{ SERVICE <{}> {{ ?s ?p ?o }} }} }} }}",
    "SELECT * {{ GRAPH ?g {{ SERVICE <{}> {{ ?s ?p ?o }} }} }}",
    "ASK {{ SERVICE <{}> {{ ?s ?p ?o }} }}",
    "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE <{}> {{ ?s ?p ?o }} }}",
    "DESCRIBE ?s {{ SERVICE <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ 1SERVICE <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ \\u0053ERVICE <{}> {{ ?s ?p ?o }} }}",
    "SELECT * FROM <{}> {{ ?s ?p ?o }}",
    "SELECT * FROM NAMED <{}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "BASE <{}> SELECT * FROM <x> {{ ?s ?p ?o }}",
    "LOAD <{}>",
    "LOAD SILENT <{}> INTO GRAPH <a:b>",
    "DESCRIBE <{}> FROM <{}>",
)
CHANGING = (
    "INSERT DATA { <a:a> <a:b> <a:c> }",
    "DELETE DATA { <a:a> <a:b> <a:c> }",
    "DELETE WHERE { ?s ?p ?o }",
    "DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
    "WITH <a:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "CLEAR ALL",
    "DROP ALL",
    "CREATE GRAPH <a:g>",
    "COPY DEFAULT TO <a:g>",
    "MOVE DEFAULT TO <a:g>",
    "ADD DEFAULT TO <a:g>",
    "SELECT * { ?s ?p ?o } ; CLEAR ALL",
    "PREFIX a: <a:> CLEAR DEFAULT",
)
_PATH = "(kg:leads|!kg:leads)"
HOSTILE = (
    *(f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'?a{i} ?b{i} ?c{i} .' for i in range(n))} }}" for n in (4, 6, 8, 12)),
    f"SELECT * {{ {CROSS} }} ORDER BY ?c5 ?c4",
    f"SELECT DISTINCT * {{ {CROSS} }}",
    f"SELECT ?c0 (COUNT(*) AS ?n) {{ {CROSS} }} GROUP BY ?c0 ?c1 ?c2",
    f"SELECT (GROUP_CONCAT(?all) AS ?n) {{ {CROSS} BIND(CONCAT(STR(?a0), STR(?a1), STR(?a2)) AS ?all) }}",
    f"SELECT (STRLEN(?x40) AS ?n) {{ BIND('xxxxxxxxxxxxxxxx' AS ?x0) {_DOUBLED} }}",
    f"SELECT ?x40 {{ BIND('xxxxxxxxxxxxxxxx' AS ?x0) {_DOUBLED} }}",
    f"ASK {{ ?x {_PATH}*/{_PATH}* ?y . {CROSS} }}",
    f"SELECT (COUNT(*) AS ?n) {{ ?x {_PATH}* ?y . ?y {_PATH}* ?z . ?z {_PATH}* ?w . ?w {_PATH}* ?v . {CROSS} }}",
    f"SELECT * {{ ?x !(kg:leads)+ ?y . {CROSS} }} ORDER BY ?y",
    "ASK { " + "{" * 10_000 + "}" * 10_000 + " }",
    "ASK { FILTER(" + "(" * 8_000 + "1" + ")" * 8_000 + ") }",
    "ASK { FILTER(" + "!" * 20_000 + "1) }",
    "ASK { FILTER(" + "-" * 30_000 + "1) }",
    "ASK { FILTER(" + "1&&" * 15_000 + "1) }",
    "ASK { FILTER(" + "1+" * 20_000 + "1) }",
    "ASK { {?x ?p ?o} " + "UNION {?x ?p ?o} " * 3_500 + "}",
    "ASK { " + "OPTIONAL { ?x ?p ?o } " * 2_500 + "}",
    "ASK { " + "MINUS { ?x ?p ?o } " * 2_500 + "}",
    "ASK { ?x " + "kg:leads/" * 1_900 + "kg:leads ?y }",
    "ASK { ?x " + "(" * 150 + "kg:leads" + "*)" * 150 + " ?y }",
    "ASK { " + " ".join(f"?x{i} ?p{i} ?x{i + 1} ." for i in range(400)) + " }",
    "ASK { " + " ".join(f"?x ?p{i} ?y{i} ." for i in range(1_000)) + " }",
    "ASK { VALUES ?x {" + "1 " * 30_000 + "} }",
    "SELECT * { " + "".join(f"VALUES ?v{i} {{ {'1 2 3 4 5 6 7 8 9 ' * 4}}} " for i in range(12)) + "}",
    "SELECT * { FILTER(REGEX('" + "a" * 5_000 + "b', '(a+)+(a+)+(a+)+$')) }",
    "SELECT * { BIND(REPLACE('" + "a" * 5_000 + "', '(.*)(.*)(.*)', '$1$1$1$1') AS ?x) }",
    f"SELECT (MAX(REPLACE(STR(?a0), '(.)', '$1$1$1$1$1')) AS ?m) {{ {CROSS} }}",
    "SELECT (SUM(?n) AS ?m) { VALUES ?n { " + "9" * 40_000 + " } }",
    "SELECT * { ?s ?p '" + "x" * 60_000 + "' }",
    "ASK { <a:" + "x" * 60_000 + "> ?p ?o }",
    "SELECT * { ?s ?p ?o FILTER NOT EXISTS { " + CROSS + " FILTER(?a0 = ?c5 && ?c5 != ?c5) } }",
    "SELECT ?s (COUNT(DISTINCT ?c0) AS ?n) { ?s ?p ?o . " + CROSS + " } GROUP BY ?s HAVING(?n > 1)",
    "CONSTRUCT { ?a0 ?b1 ?c2 . ?a3 ?b4 ?c5 } WHERE { " + CROSS + " }",
    "DESCRIBE * { " + CROSS + " }",
    "SELECT " + " ".join(f"(?x AS ?y{i})" for i in range(3_000)) + " { ?x ?p ?o }",
    f"SELECT (SHA512(?all) AS ?h) {{ {{ SELECT (GROUP_CONCAT(STR(?c5)) AS ?all) {{ {CROSS} }} }} }}",
)  # fmt: skip
_STATUSES = {200, 400, 413, 414, 431, 500, 503}


@contextmanager
def sink() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server, and what has been asked of it."""
    asked: list[str] = []

    class Counted(BaseHTTPRequestHandler):
        def handle(self) -> None:
            asked.append(str(self.client_address))

    with ThreadingHTTPServer(("127.0.0.1", 0), Counted) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


@contextmanager
def served(output: Path) -> Iterator[tuple[str, int]]:
    """Run ``kg serve``; yield its address and its process."""
    process = subprocess.Popen(
        command("serve", "-o", output, "--port", "0"),
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    address = process.stderr.readline().split()[0]
    drained = threading.Thread(target=process.stderr.read, daemon=True)
    drained.start()
    try:
        while True:
            try:
                httpx.get(address + "health", timeout=60)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()
        drained.join()
        process.stderr.close()


def _built(warm: Warm, work: Path) -> Path:
    folder = texts(work / "texts", SHORT)
    warm.kg("build", folder, "-o", work / "out", "-q")
    return work / "out"


def reaching(warm: Warm, work: Path) -> Row:
    """S1: queries that reach out, by command line and HTTP."""
    row = Row("S1", "SERVICE, LOAD, FROM: a connection, or not refused")
    output = _built(warm, work)
    with sink() as (address, asked), served(output) as (site, _):
        for spelling in REACHING:
            text = spelling.format(address, address)
            done = kg("query", text, "-o", output)
            row.expect(done.code == 2 and plain(done), f"{spelling}: {done}")
            answer = httpx.get(site + "sparql", params={"query": text}, timeout=30)
            row.expect(answer.status_code == 400, f"{spelling}: {answer.status_code}")
        row.expect(not asked, f"{len(asked)} connections")
        row.measured = f"{len(REACHING)} spellings; {len(asked)} connections"
    return row


def changing(warm: Warm, work: Path) -> Row:
    """S2: updates by command line and HTTP."""
    row = Row("S2", "update: not refused, or the store differs")
    output = _built(warm, work)
    before = written(output)
    with served(output) as (site, _):
        for text in CHANGING:
            done = kg("query", text, "-o", output)
            row.expect(done.code == 2 and plain(done), f"{text}: {done}")
            for sent in ({"query": text}, {"update": text}):
                answer = httpx.post(site + "sparql", data=sent, timeout=30)
                row.expect(answer.status_code == 400, f"{text}: {answer.status_code}")
    row.expect(written(output) == before, "the store differs")
    row.measured = f"{len(CHANGING)} forms"
    return row


def hostile(warm: Warm, work: Path, seconds: float = 3) -> Row:
    """S3: queries that take too much, by command line and HTTP; then a good one."""
    row = Row(
        "S3", "hostile query: over its limit, the server gone, the next one wrong"
    )
    folder = texts(work / "texts", SHORT)
    warm.kg("build", folder, ROOT / "corpus", "-o", work / "out", "-q")
    output = work / "out"
    right = kg("query", GOOD, "-o", output).out
    late = 0.0
    with served(output) as (site, _):
        good = httpx.get(site + "sparql", params={"query": GOOD}, timeout=60).text
        for text in HOSTILE:
            limit = ("--timeout", str(seconds), "--limit", "1000")
            done = kg("query", "-", "-o", output, *limit, stdin=text.encode())
            row.expect(
                done.code in {0, 2, 4} and plain(done), f"{text[:80]}: {done.code}"
            )
            over = done.seconds - seconds
            late = max(late, over)
            row.expect(over < 4, f"{text[:80]}: {over:.1f} s more than it may")
            began = time.monotonic()
            answer = httpx.post(site + "sparql", data={"query": text}, timeout=60)
            over = time.monotonic() - began - LIMITS.seconds
            late = max(late, over)
            row.expect(
                answer.status_code in _STATUSES and over < 4,
                f"{text[:80]}: {answer.status_code} after {over:.1f} s more",
            )
            next_ = httpx.get(site + "sparql", params={"query": GOOD}, timeout=60)
            row.expect(next_.text == good, f"after {text[:80]}: {next_.text[:80]}")
    row.expect(kg("query", GOOD, "-o", output).out == right, "another answer")
    row.measured = f"{len(HOSTILE)} queries each way; at most {late:.1f} s late"
    return row


def load(warm: Warm, work: Path, clients: int = 20, seconds: int = 60) -> Row:
    """L1: many clients ask at once, and two of them overdo it."""
    row = Row("L1", "good request failed beside hostile ones")
    warm.kg("build", ROOT / "corpus", "-o", work / "out", "-q")
    benchmark = [
        *(command()[0], str(ROOT / "benchmarks" / "serving.py"), str(work / "out")),
        *("--clients", str(clients), "--seconds", str(seconds), "--hostile", "2"),
    ]
    done = subprocess.run(
        benchmark, env=environment(), capture_output=True, text=True
    ).stdout
    lines = [line.strip() for line in done.splitlines()]
    counted = next(line for line in lines if line.startswith("good requests"))
    row.tried = int(counted.split()[2].rstrip(","))
    failed = int(counted.rpartition(" ")[2])
    row.broken += [counted] * failed
    times = [line for line in lines if "within" in line]
    row.measured = f"{clients} clients, {seconds} s; {', '.join(times)}"
    return row


def soak(warm: Warm, work: Path, queries: int = 10_000, aborted: int = 1_000) -> Row:
    """L2: many queries, of which clients leave some in the middle."""
    row = Row("L2", "soak: memory or open files grow, a process stays, a query fails")
    output = _built(warm, work)
    with served(output) as (site, process), httpx.Client(timeout=60) as client:
        params = {"query": GOOD}

        def ask(number: int) -> int:
            if number % (queries // aborted) == 0:
                try:
                    client.get(
                        site + "sparql",
                        params={"query": f"SELECT * {{ {CROSS} }}"},
                        timeout=0.05,
                    )
                except httpx.TimeoutException:
                    return 200
            return client.get(site + "sparql", params=params).status_code

        def state() -> tuple[int, int]:
            status = Path(f"/proc/{process}/status").read_text()
            line = next(x for x in status.splitlines() if x.startswith("VmRSS"))
            files = len(list(Path(f"/proc/{process}/fd").iterdir()))
            return int(line.split()[1]) >> 10, files

        for number in range(1, 200):
            ask(number)
        before = state()
        with ThreadPoolExecutor(8) as threads:
            for status in threads.map(ask, range(queries)):
                row.expect(status in {200, 503}, f"status {status}")
        time.sleep(2 * LIMITS.seconds)  # what was left behind has ended then
        client.get(site + "sparql", params=params)
        after = state()
    row.expect(after[0] - before[0] < 50, f"memory grew from {before} to {after}")
    row.expect(abs(after[1] - before[1]) < 20, f"files went from {before} to {after}")
    row.measured = (
        f"{queries} queries, {aborted} left; MiB and open files: {before}, then {after}"
    )
    return row


def many_files(warm: Warm, work: Path, count: int = 10_000) -> Row:
    """L3: many tiny files, some of them equal, and one of 50 MB."""
    row = Row("L3", "many files: one not reported, or too much memory")
    folder = work / "texts"
    folder.mkdir(parents=True)
    for number in range(count):
        same = number // 10 * 10 if number % 10 == 1 else number
        (folder / f"{number:05}.txt").write_text(f"Note {same} of the ministry.")
    (folder / "huge.txt").write_bytes(b"Note. " * 8_333_334)
    report = work / "report.jsonl"
    done = warm.kg("build", folder, "-o", work / "out", "-q", "--report", report)
    lines = report.read_text("utf-8").splitlines()
    row.tried = len(lines)
    row.expect(len(lines) == count + 1, f"{len(lines)} lines")
    failed = [line for line in lines if '"failed"' in line]
    row.expect(len(failed) == 1 and "huge" in failed[0], f"failed: {failed[:3]}")
    row.expect(done.code == 1 and plain(done), f"{done}")
    row.expect(done.memory < 2048, f"{done.memory} MiB")
    again = warm.kg("build", folder, "-o", work / "out", "-q")
    row.measured = (
        f"{count} files: {1000 * done.seconds / count:.1f} ms each, and "
        f"{1000 * again.seconds / count:.1f} ms when unchanged; {done.memory} MiB"
    )
    return row
