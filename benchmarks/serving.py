"""Whether `kg serve` keeps its word under load: clients that ask, and some that overdo it.

    python -m benchmarks.serving OUTPUT [--clients 20] [--seconds 60] [--hostile 2]

Each client asks one question after the other, of pages and of the endpoint; the hostile
ones ask what cannot be answered in time, at the same time.  Printed are how many good
requests were answered and how many failed, how long they took, and the server's memory.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import httpx

GOOD = (
    ("/sparql", "SELECT ?x ?name { ?x a kg:Law ; rdfs:label ?name }"),
    ("/", None),
    ("/sparql", "SELECT ?s ?o { ?s kg:leads ?o }"),
    ("/search?q=act", None),
    ("/sparql", "SELECT ?c (COUNT(*) AS ?n) { ?x a ?c } GROUP BY ?c"),
    ("/documents", None),
    ("/questions/largest-sums", None),
)
HOSTILE = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def asked(client: httpx.Client, until: float) -> list[tuple[int, float]]:
    """Ask good questions until a time; return status and seconds of each."""
    found = []
    for path, query in cycle(GOOD):
        if time.monotonic() > until:
            break
        began = time.monotonic()
        try:
            params = {"query": query} if query else None
            status = client.get(path, params=params).status_code
        except httpx.HTTPError:
            status = 0
        found.append((status, time.monotonic() - began))
    return found


def overdone(client: httpx.Client, until: float) -> list[int]:
    """Ask what takes too long until a time; return the statuses."""
    found = []
    while time.monotonic() < until:
        params = {"query": HOSTILE}
        found.append(client.get("/sparql", params=params).status_code)
    return found


def memory(pid: int) -> int:
    """Return the resident memory of a process in MiB (Linux)."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


def main() -> None:
    """Start a server, load it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--hostile", type=int, default=2)
    args = parser.parse_args()
    command = [sys.executable, "-m", "kg", "serve", "-o", args.output, "--port", "0"]
    server = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    address = server.stderr.readline().split()[0]
    threading.Thread(target=server.stderr.read, daemon=True).start()
    with httpx.Client(
        base_url=address, timeout=90, limits=httpx.Limits(max_connections=None)
    ) as client:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                client.get("health")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        until = time.monotonic() + args.seconds
        with ThreadPoolExecutor(args.clients + args.hostile) as threads:
            good = [threads.submit(asked, client, until) for _ in range(args.clients)]
            bad = [threads.submit(overdone, client, until) for _ in range(args.hostile)]
            answers = [answer for future in good for answer in future.result()]
            refused = [status for future in bad for status in future.result()]
        used = memory(server.pid)
    server.terminate()
    server.wait()
    times = sorted(seconds for _, seconds in answers)
    failed = sum(status != 200 for status, _ in answers)
    print(f"{platform.machine()}, Python {platform.python_version()}")
    print(f"{args.clients} clients and {args.hostile} hostile ones, {args.seconds:g} s")
    print(f"good requests: {len(answers)}, failed: {failed}")
    for share in (0.5, 0.95, 1):
        place = min(int(share * len(times)), len(times) - 1)
        print(f"  {share:4.0%} within {1000 * times[place]:.0f} ms")
    print(f"hostile requests: {len(refused)}, statuses: {sorted(set(refused))}")
    print(f"memory of the server at the end: {used} MiB")


if __name__ == "__main__":
    main()
