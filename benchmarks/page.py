"""How soon the graph page can be used, and how smoothly it moves.

    python -m benchmarks.page [--nodes 1000 20000]

Makes seeded graphs of communities with some entities that are tied to many, writes their
pages, and opens each in Chromium.  Ready is a page when its scripts have run and the map
has been drawn once, counted from the start of navigation.  Frames are those that the
browser draws in two seconds while the map is moved in each.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser import ARGUMENTS, CHROMIUM
from graphs import Export, entity, export, fact, money

from kg.ontology import load_ontology
from kg.page import write_page
from kg.view import scene

SEED = 3
COMMUNITY = 200  # entities
WITHIN = 0.8  # the share of facts between two of one community
SUMS = 20  # so many entities for each sum
RUNS = 3
READY = "() => new Promise((d) => requestAnimationFrame(() => d(performance.now())))"
FRAMES = """() => new Promise((done) => {
  let frames = 0;
  const begun = performance.now();
  const middle = map.network.getViewPosition();
  const step = (now) => {
    if (now - begun > 2000) return done((frames * 1000) / (now - begun));
    frames += 1;
    const position = { x: middle.x + 300 * Math.sin(now / 300), y: middle.y };
    map.network.moveTo({ position, scale: map.network.getScale(), animation: false });
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[1000, 20000])
    sizes = parser.parse_args().nodes
    print("| nodes | facts | file | written | ready | frames a second |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS)
        )
        for nodes in sizes:
            graph = generated(nodes)
            path = Path(folder) / "graph.html"
            begun = time.perf_counter()
            write_page(scene(graph, load_ontology(), "Generated"), path)
            written = time.perf_counter() - begun
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            ready, frames = opened(page, path)
            page.close()
            size = path.stat().st_size / 1e6
            facts = len(graph["facts"])
            print(
                f"| {nodes:,} | {facts:,} | {size:.1f} MB | {written:.1f} s"
                f" | {ready:.2f} s | {frames:.0f} |"
            )
        chromium.close()


def opened(page: Page, path: Path) -> tuple[float, float]:
    """Return the seconds until a page is ready, and its frames a second; medians."""
    ready, frames = [], []
    for _ in range(RUNS):
        page.goto(path.as_uri())
        ready.append(page.evaluate(READY) / 1000)
        frames.append(page.evaluate(FRAMES))
    return median(ready), median(frames)


def generated(count: int) -> Export:
    """Return a graph of so many entities."""
    rng = random.Random(SEED)
    ontology = load_ontology()
    classes = list(ontology.classes)
    predicates = list(ontology.predicates)
    statuses = list(ontology.statuses)
    names = [f"Entity number {number}" for number in range(count)]
    groups = max(8, count // COMMUNITY)

    def central(most: int) -> int:
        return int(most * rng.random() ** 3)

    facts = {}
    for one in range(1, count):
        for _ in range(rng.choice((1, 1, 2))):
            if rng.random() < WITHIN:
                other = one % groups + groups * central(one // groups)
            else:
                other = central(one)
            if other != one:
                predicate = rng.choice(predicates)
                status = rng.choice([*statuses[:1] * 6, *statuses])
                told = fact(names[one], predicate, names[other], status)
                facts[told["id"]] = told
    sums = [
        money(
            names[central(count)], names[central(count)], f"€{n} million", f"{n}000000"
        )
        for n in range(1, count // SUMS)
    ]
    entities = [entity(name, classes[n % len(classes)]) for n, name in enumerate(names)]
    return export(entities, list(facts.values()), sums)


if __name__ == "__main__":
    main()
