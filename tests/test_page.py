"""The page that shows a graph, as text and in a real browser."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browser import Browser
from graphs import document, entity, export, fact, large, money, sample, slug

from kg.errors import StoreError
from kg.ontology import load_ontology
from kg.page import ASSETS, page, write_page
from kg.view import scene

ONTOLOGY = load_ontology()
RUN = "window.ran=(window.ran||0)+1"
ONTOLOGY_DENIED = next(s.name for s in ONTOLOGY.statuses.values() if s.contrary)
# Pairs of names that meet on the screen, the number of names, and the first of them.
OVERLAPS = """() => {
  const boxes = plates.list.filter((plate) => plate.box);
  const meet = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
  const met = boxes.flatMap((one, at) => boxes.slice(at + 1)
    .filter((other) => meet(one.box, other.box)).map((other) => [one.lines, other.lines]));
  return [met, boxes.length, boxes[0].lines.join(' ')];
}"""
HOSTILE = (
    "</script><script>" + RUN + "</script>",
    f'<img src=x onerror="{RUN}">',
    f'"><svg onload="{RUN}">',
    'see href="http://localhost:9/x"',
    "{{7*7}} {% raw %} ${7*7}",
    "<!-- \u2028 \u2029 & ' \u202e العربية 😀",
    "__proto__",
    "constructor",
    "toString",
    "A" * 10_000,
    f"<script>{RUN}</script>",
    f"</textarea></title></style><script>{RUN}</script>",
    f"<iframe srcdoc='<script>{RUN}</script>'></iframe>",
    f"<iframe src=javascript:{RUN}></iframe>",
    f"<a href='javascript:{RUN}'>AI Act</a>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<object data='data:text/html,<script>{RUN}</script>'></object>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<base href='javascript:{RUN}//'>",
    "<style>@import 'http://localhost:9/x';</style><b style='background:url(http://localhost:9/x)'>",
    "<link rel=stylesheet href=http://localhost:9/x><img src=http://localhost:9/x>",
    f"javascript:{RUN}",
    f"'-{RUN}-'",
    f'"-{RUN}-"',
    f"`${{{RUN}}}`",
    f"\\u003cscript>{RUN}\\u003c/script>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"]]><script>{RUN}</script><![CDATA[",
    f"\u2028{RUN}\u2029",
    "\x00\x01\x1b[31m\x7f",
)


def written(folder: Path, graph: Any, title: str = "Test graph") -> Path:
    """Write the page of a graph."""
    path = folder / "graph.html"
    write_page(scene(graph, ONTOLOGY, title), path)
    return path


def data_of(text: str) -> Any:
    """Read the data that a page holds."""
    match = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert match is not None
    return json.loads(match.group(1))


def click_node(opened: Any, id_: str) -> None:
    """Click a node where it stands on the map."""
    at = opened.page.evaluate(
        "id => map.network.canvasToDOM(map.network.getPositions([id])[id])", id_
    )
    opened.page.locator("#map canvas").click(position=at)


def of(graph: Any, label: str) -> Any:
    """Return an entity of a graph."""
    return next(entity for entity in graph["entities"] if entity["label"] == label)


def hostile() -> Any:
    """Return a graph all of whose words try to run or to break out."""
    entities = [entity(name, "Law", name + " too") for name in HOSTILE]
    facts = [
        fact(one, "amends", other, text=f"{one} and {other}", attributedTo=slug(one))
        for one, other in pairwise(HOSTILE)
    ]
    sums = [
        money(name, HOSTILE[0], name, "5", purpose=name, date=name) for name in HOSTILE
    ]
    graph = export(entities, facts, sums)
    graph["documents"][0].update(
        title=HOSTILE[0], path=HOSTILE[1], publisher=HOSTILE[2]
    )
    return graph


# ------------------------------------------------------------------ as text


def test_page_needs_nothing_else() -> None:
    """The page loads no script, style or picture from anywhere."""
    text = page(scene(sample(), ONTOLOGY, "Test"))
    assert re.findall(r"<(?:script|img|iframe)[^>]*\bsrc=", text) == []
    assert re.findall(r"<link[^>]*>", text) == ['<link rel="icon" href="data:,">']
    assert "sourceMappingURL" not in text
    assert "connect-src 'none'" in text


def test_page_is_the_same_every_time() -> None:
    """The same scene is the same page."""
    assert page(scene(sample(), ONTOLOGY, "Test")) == page(
        scene(sample(), ONTOLOGY, "Test")
    )


def test_page_escapes_title_and_data() -> None:
    """A title and names cannot end the element they stand in."""
    text = page(scene(hostile(), ONTOLOGY, HOSTILE[0]))
    assert HOSTILE[0] not in text
    assert HOSTILE[1] not in text
    held = {node["label"] for node in data_of(text)["nodes"]}
    assert set(HOSTILE) <= held


def test_write_page_replaces_whole(tmp_path: Path) -> None:
    """A page is written as UTF-8, over an older one, and leaves no draft."""
    path = tmp_path / "made" / "graph.html"
    write_page(scene(export([]), ONTOLOGY, "Æsop \ud800"), path)
    write_page(scene(export([]), ONTOLOGY, "Ökonomie"), path)
    assert "<h1>Ökonomie</h1>" in path.read_text(encoding="utf-8")
    assert [path] == list(path.parent.iterdir())


def test_write_page_failure_leaves_nothing(tmp_path: Path) -> None:
    """Where the page cannot stand, no draft is left behind."""
    (tmp_path / "graph.html").mkdir()
    with pytest.raises(StoreError, match=r"graph\.html: cannot be written"):
        write_page(scene(export([]), ONTOLOGY, "Test"), tmp_path / "graph.html")
    assert [tmp_path / "graph.html"] == list(tmp_path.iterdir())


def test_pyvis_is_imported_late() -> None:
    """Importing the module does not pay for pyvis."""
    code = "import sys, kg.page; sys.exit('pyvis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_assets_hold_no_colour_of_the_ontology() -> None:
    """Colours of classes are said once, in the ontology."""
    terms = [*ONTOLOGY.classes.values(), *ONTOLOGY.money_kinds.values()]
    for path in filter(Path.is_file, ASSETS.rglob("*")):
        text = path.read_text(encoding="utf-8").lower()
        assert [term.name for term in terms if term.colour.lower() in text] == [], (
            path.name
        )


@pytest.mark.parametrize("word", ["innerHTML", "outerHTML", "insertAdjacent", "eval("])
def test_script_never_parses_text(word: str) -> None:
    """The script has no way to turn text into elements or code."""
    for path in (ASSETS / "script").iterdir():
        assert word not in path.read_text(encoding="utf-8"), path.name


# ------------------------------------------------------------------ in a browser


def test_browser_asks_for_nothing(browser: Browser, tmp_path: Path) -> None:
    """The page makes no request, has no error and counts honestly."""
    with browser.open(written(tmp_path, sample())) as opened:
        assert (
            opened.page.inner_text("#count") == "39 of 39 entities, 4 of 4 sums shown"
        )
        click_node(opened, slug("AI Act"))
        opened.page.click("#as-list")
        assert opened.requests == []
        assert opened.complaints == []


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("artificial intel", "AI Act"),
        ("elise durak", "Élise Düräk"),
        ("MEPs", "European Parliament"),
    ],
)
def test_search_finds_aliases_without_accents(
    browser: Browser,
    tmp_path: Path,
    words: str,
    label: str,
) -> None:
    """Typing finds any name however it is written; Enter goes to the first."""
    with browser.open(written(tmp_path, sample())) as opened:
        opened.page.keyboard.press("/")
        opened.page.keyboard.type(words)
        opened.page.keyboard.press("Enter")
        assert label == opened.page.inner_text("#right h2")
        opened.page.fill("#find", "zzz")
        assert "No name" in opened.page.inner_text("#no-hits")


def test_fact_shows_its_sentence_with_marks(browser: Browser, tmp_path: Path) -> None:
    """From a node to a fact to the exact sentence, its source and its status."""
    with browser.open(written(tmp_path, sample())) as opened:
        click_node(opened, slug("AI Act"))
        assert opened.page.inner_text("#right h2") == "AI Act"
        row = opened.page.locator("#right button.row", has_text="European AI Office")
        assert ONTOLOGY.statuses["planned"].label in row.inner_text()
        row.click()
        said = opened.page.locator("#right .said")
        assert (
            said.locator("blockquote").inner_text()
            == "On Monday European AI Office enforces AI Act, it said."
        )
        assert said.locator("mark.subject").inner_text() == "European AI Office"
        assert said.locator("mark.object").inner_text() == "AI Act"
        source = said.locator("footer").inner_text()
        for part in ("Brussels turns to machines", "doc-1.txt", "2023-06-14", "0.87"):
            assert part in source
        assert ONTOLOGY.statuses["planned"].label in opened.page.inner_text("#right")


def test_lines_show_the_status(browser: Browser, tmp_path: Path) -> None:
    """Only what is done is a plain line; a plan is dashed, a denial marked."""
    with browser.open(written(tmp_path, sample())) as opened:
        drawn = opened.page.evaluate(
            "data.edges.filter((edge) => !edge.event).map((edge) =>"
            " [edge.status, map.lines.get(edge.id).dashes, edgeLabel(edge)])"
        )
    for name, dashes, label in drawn:
        status = ONTOLOGY.statuses[name]
        assert (status.line == "solid") == (dashes is False)
        assert ("" if status.asserted else status.mark) == label
    assert len({json.dumps(dashes) for _, dashes, _ in drawn}) == 4


def test_filters_narrow_map_and_panel(browser: Browser, tmp_path: Path) -> None:
    """Classes, statuses and confidence hide what they switch off."""
    with browser.open(written(tmp_path, sample())) as opened:
        person = ONTOLOGY.classes["Person"].label
        opened.page.locator("#classes label", has_text=person).first.click()
        assert "30 of 39 entities" in opened.page.inner_text("#count")
        click_node(opened, slug("AI Act"))
        denied = ONTOLOGY.statuses["denied"].label
        assert denied in opened.page.inner_text("#right")
        opened.page.locator("#statuses label", has_text=denied).click()
        assert denied not in opened.page.inner_text("#right")
        opened.page.fill("#sure", "0.95")
        assert opened.page.evaluate("map.lines.length") == 0


def test_list_says_what_the_map_shows(browser: Browser, tmp_path: Path) -> None:
    """Every shown node is a button of the list, reached by keyboard."""
    with browser.open(written(tmp_path, sample())) as opened:
        opened.page.focus("#as-list")
        opened.page.keyboard.press("Enter")
        rows = opened.page.locator("#list button")
        assert rows.count() == 43
        rows.first.focus()
        opened.page.keyboard.press("Enter")
        assert opened.page.inner_text("#right h2") in rows.first.inner_text()


def test_money_node_tells_its_parties(browser: Browser, tmp_path: Path) -> None:
    """A sum says who pays, who receives, what for and where it stands."""
    with browser.open(written(tmp_path, sample())) as opened:
        opened.page.fill("#find", "€20 billion")
        opened.page.keyboard.press("Enter")
        told = opened.page.inner_text("#right")
        for part in ("European Union", "InvestAI", "chips", "2024-03"):
            assert part in told
        assert opened.page.inner_text("#right mark.object") == "€20 billion"


def test_link_opens_an_entity(browser: Browser, tmp_path: Path) -> None:
    """A link with an entity's id opens it; a broken one opens the page."""
    path = written(tmp_path, sample())
    with browser.open(path, f"#n={slug('Mistral AI').replace('/', '%2F')}") as opened:
        assert opened.page.inner_text("#right h2") == "Mistral AI"
        opened.page.fill("#find", "nvidia")
        opened.page.keyboard.press("Enter")
        assert opened.page.url.endswith("#n=entity%2Fnvidia")
    for broken in ("#n=%E0%A4%A", "#n=nobody"):
        with browser.open(path, broken) as opened:
            assert "39 of 39" in opened.page.inner_text("#count")
            assert opened.complaints == []


def test_hostile_names_run_nothing(browser: Browser, tmp_path: Path) -> None:
    """Nothing a document says runs, is asked for or breaks the page."""
    path = written(tmp_path, hostile(), title=HOSTILE[0] + HOSTILE[1])
    with browser.open(path) as opened:
        opened.page.evaluate("data.nodes.forEach((node) => focusNode(node.id, true))")
        opened.page.evaluate("data.edges.forEach((edge) => focusEdge(edge.id))")
        opened.page.click("#as-list")
        opened.page.fill("#find", "onerror")
        assert HOSTILE[1] in opened.page.inner_text("#hits")
        assert opened.page.inner_text("h1").startswith("</script>")
        assert opened.page.evaluate("typeof window.ran") == "undefined"
        assert opened.requests == []
        assert opened.complaints == []


def test_empty_graph_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    """An empty graph is a sentence, not an empty page."""
    with browser.open(written(tmp_path, export([]))) as opened:
        assert "kg build" in opened.page.inner_text("#empty")
        assert opened.complaints == []


def test_large_graph_starts_small_and_grows(browser: Browser, tmp_path: Path) -> None:
    """Two thousand entities open as sixty; neighbours come when asked for."""
    with browser.open(written(tmp_path, large(2000))) as opened:
        assert opened.page.inner_text("#count") == "60 of 2000 entities shown"
        opened.page.fill("#find", "company number 1999")
        opened.page.keyboard.press("Enter")
        assert opened.page.inner_text("#right h2") == "Company number 1999"
        assert not opened.page.inner_text("#count").startswith("60 ")
        opened.page.click("#all")
        assert opened.page.inner_text("#count") == "400 of 2000 entities shown"
        assert "400 nodes at most" in opened.page.inner_text("#right .notice")
        opened.page.click("#start")
        assert opened.page.inner_text("#count") == "60 of 2000 entities shown"
        assert opened.complaints == []


@pytest.mark.parametrize("width", [360, 1280])
def test_page_fits_the_screen(browser: Browser, tmp_path: Path, width: int) -> None:
    """Nothing has to be scrolled sideways, and panels stack on a phone."""
    size = {"width": width, "height": 760}
    with browser.open(written(tmp_path, sample()), viewport=size) as opened:
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        left = opened.page.locator("#left").bounding_box()
        chart = opened.page.locator("#map").bounding_box()
        assert (left["y"] + left["height"] <= chart["y"]) == (width < 960)


def test_sums_are_a_table_with_totals(browser: Browser, tmp_path: Path) -> None:
    """Sums are sorted within a currency; what is planned is not added to what is done."""
    graph = sample()
    graph["money"] += [
        money("OpenAI", "Mistral AI", "€5 million", "5000000"),
        money("OpenAI", "Mistral AI", "€7 million", "7000000", status="planned"),
        money("OpenAI", "Nvidia", "€6 million", "6000000"),
    ]
    with browser.open(written(tmp_path, graph)) as opened:
        opened.page.click("#as-money")
        first = opened.page.locator("#money table").first

        def column() -> list[str]:
            return first.locator("tbody td:first-child").all_inner_texts()

        falling = column()
        assert len(falling) == len(graph["money"])
        ours = [
            label
            for label in falling
            if label in {"€5 million", "€6 million", "€7 million"}
        ]
        assert ours == ["€7 million", "€6 million", "€5 million"]
        opened.page.click("#money th >> text=Sum")
        assert [label for label in column() if label in ours] == ours[::-1]
        totals = opened.page.locator("#money table").nth(1).inner_text()
        assert re.search(r"OpenAI\s+11,000,000 EUR\s+. done\s+2 sums", totals)
        assert re.search(r"OpenAI\s+7,000,000 EUR\s+. planned\s+1 sum", totals)
        first.locator("tbody button").first.click()
        assert opened.page.inner_text("#right h2") == column()[0]
        assert opened.complaints == []


def test_time_lists_what_has_a_date(browser: Browser, tmp_path: Path) -> None:
    """Dated sums and periods of facts stand in order, and open what they tell of."""
    graph = sample()
    graph["facts"][0] |= {"since": "2019-12", "until": None}
    with browser.open(written(tmp_path, graph)) as opened:
        opened.page.click("#as-time")
        rows = opened.page.locator("#time button").all_inner_texts()
        dates = [re.match(r"[\d-]+", row) for row in rows]
        assert all(dates)
        assert rows == sorted(rows, key=lambda row: row.split()[0])
        opened.page.click(
            "#time >> text=Ursula von der Leyen leads European Commission"
        )
        assert "since 2019-12" in opened.page.inner_text("#right")


def test_facts_and_picture_are_saved(browser: Browser, tmp_path: Path) -> None:
    """What is shown is saved as CSV that no spreadsheet runs, and as a picture."""
    graph = sample()
    graph["entities"].append(entity("=HYPERLINK(1)", "Law"))
    graph["facts"].append(fact("OpenAI", "opposes", "=HYPERLINK(1)"))
    with browser.open(written(tmp_path, graph), accept_downloads=True) as opened:
        with opened.page.expect_download() as saved:
            opened.page.click("#save-csv")
        text = Path(saved.value.path()).read_text("utf-8-sig")
        rows = list(csv.reader(text.splitlines()))
        assert rows[0][:4] == ["subject", "predicate", "object", "status"]
        assert ["OpenAI", "opposes", "'=HYPERLINK(1)", "done"] in [r[:4] for r in rows]
        assert len(rows) > len(graph["facts"])
        with opened.page.expect_download() as saved:
            opened.page.click("#save-png")
        assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
        assert opened.complaints == []


def test_names_never_cover_each_other(browser: Browser, tmp_path: Path) -> None:
    """However near the map is looked at, no two names meet, and the central have one."""
    with browser.open(written(tmp_path, large(2000))) as opened:
        opened.page.click("#all")
        for _ in range(3):
            met, written_, first = opened.page.evaluate(OVERLAPS)
            assert met == []
            assert first == opened.page.evaluate("data.nodes[0].short")
            assert written_ > 20
            opened.page.click("#nearer")


def test_a_click_on_a_name_opens_it(browser: Browser, tmp_path: Path) -> None:
    """The name beside a node leads to it as the node does."""
    with browser.open(written(tmp_path, sample())) as opened:
        at = opened.page.evaluate(
            "() => { const plate = plates.list.find((p) => p.node.label === 'Mistral AI');"
            " const [x, y] = toScreen(plate.at); const [l, t] = toScreen({ x: 0, y: 0 });"
            " return { x: plate.box[0] + l + 3, y: plate.box[1] + t + 3 }; }"
        )
        opened.page.locator("#map canvas").click(position=at)
        assert opened.page.inner_text("#right h2") == "Mistral AI"


def test_way_between_two_names(browser: Browser, tmp_path: Path) -> None:
    """The shortest way of what is done links two names, each step with its sentence."""
    path = written(tmp_path, sample())
    with browser.open(
        path, f"#n={slug('Arthur Mensch').replace('/', '%2F')}"
    ) as opened:
        opened.page.click("#right >> text=Way to")
        opened.page.keyboard.type("chatg")
        opened.page.keyboard.press("Enter")
        steps = opened.page.locator("#right p button.link").all_inner_texts()
        verbs = {name: ONTOLOGY.predicates[name].label for name in ("partnersWith",)}
        assert len(steps) == 4
        assert steps[1] == f"Microsoft {verbs['partnersWith']} Mistral AI"
        assert opened.page.locator("#right .said").count() == 4
        link = "#" + opened.page.url.partition("#")[2]
    with browser.open(path, link) as opened:
        assert opened.page.locator("#right p button.link").all_inner_texts() == steps
        done = ONTOLOGY.statuses["done"].label
        opened.page.locator("#statuses label", has_text=done).click()
        assert "Nothing that the filters let through" in opened.page.inner_text(
            "#right"
        )
        assert opened.complaints == []


def test_documents_are_a_filter(browser: Browser, tmp_path: Path) -> None:
    """Words of a title and dates choose documents; the map shows what these say."""
    graph = sample()
    graph["documents"] += [
        document("doc-2") | {"title": "Chips für Köln", "date": "2024-02"},
        document("doc-3") | {"title": "Undated", "date": None},
    ]
    graph["facts"][0]["document"] = "doc-2"
    for name in ("Ursula von der Leyen", "European Commission"):
        of(graph, name)["documents"] = ["doc-1", "doc-2"]
    with browser.open(written(tmp_path, graph)) as opened:
        opened.page.click("#documents summary")
        opened.page.fill("#words", "fur koln")
        assert opened.page.inner_text("#documents-count") == "1 of 3 documents"
        assert opened.page.inner_text("#count").startswith("2 of 39 entities, 0 of 4")
        assert opened.page.evaluate("map.lines.length") == 1
        opened.page.click("#unfilter")
        opened.page.fill("#from", "2024-02-15")
        counted = opened.page.inner_text("#documents-count")
        assert counted == "1 of 3 documents; 1 without a date left out"
        opened.page.fill("#from", "2024-03-01")
        assert opened.page.inner_text("#count").startswith("0 of 39 entities")
        opened.page.click("#unfilter")
        assert opened.page.inner_text("#count").startswith("39 of 39 entities")
        assert opened.complaints == []


def test_contradictions_are_marked(browser: Browser, tmp_path: Path) -> None:
    """What one source asserts and another denies says so on each side."""
    graph = sample()
    graph["facts"].append(
        fact("OpenAI", "develops", "ChatGPT", ONTOLOGY_DENIED, document="doc-1")
    )
    with browser.open(written(tmp_path, graph)) as opened:
        opened.page.locator("#right button", has_text="≠").first.click()
        one = opened.page.inner_text("#right > p")
        assert "Contradicted" in opened.page.inner_text("#right .notice")
        opened.page.locator("#right .notice button").click()
        other = opened.page.inner_text("#right > p")
        labels = {ONTOLOGY.statuses[name].label for name in ("done", ONTOLOGY_DENIED)}
        assert {one.split()[-1], other.split()[-1]} == labels
        for _ in range(4):
            opened.page.click("#nearer")
        opened.page.wait_for_function(
            "plates.list.filter((plate) => plate.lines[0].includes('≠')).length > 0"
        )


def test_communities_are_ways_in(browser: Browser, tmp_path: Path) -> None:
    """A community opens by itself, the browser's Back leads out again."""
    with browser.open(written(tmp_path, large(2000))) as opened:
        row = opened.page.locator("#right ul").first.locator("button").first
        size = int(row.locator(".count").inner_text())
        row.click()
        shown = int(opened.page.inner_text("#count").split()[0])
        assert 0 < shown <= min(60, size)
        inside = opened.page.evaluate("drawing.nodes.every((node) => node.group === 0)")
        assert inside
        opened.page.go_back()
        assert opened.page.inner_text("#count").startswith("60 of 2000")
        assert opened.complaints == []


def test_only_what_is_around_a_name(browser: Browser, tmp_path: Path) -> None:
    """A name can be looked at with its neighbours alone, and the address keeps it."""
    path = written(tmp_path, sample())
    with browser.open(path, f"#n={slug('Mistral AI').replace('/', '%2F')}") as opened:
        opened.page.click("#right >> text=Only these")
        alone = opened.page.inner_text("#count")
        assert alone == "7 of 39 entities, 1 of 4 sums shown"
        opened.page.click("#right >> text=Hide")
        assert opened.page.inner_text("#count").startswith("6 of 39")
        link = "#" + opened.page.url.partition("#")[2]
    with browser.open(path, link) as opened:
        assert opened.page.inner_text("#count").startswith("6 of 39")


def test_sentence_is_copied_with_its_source(browser: Browser, tmp_path: Path) -> None:
    """A click puts fact, status, sentence and source on the clipboard."""
    rights = ["clipboard-read", "clipboard-write"]
    with browser.open(written(tmp_path, sample()), permissions=rights) as opened:
        click_node(opened, slug("AI Act"))
        opened.page.locator("#right button.row", has_text="European AI Office").click()
        opened.page.click("#right >> text=Copy")
        opened.page.wait_for_selector("#right >> text=Copied")
        text = opened.page.evaluate("navigator.clipboard.readText()")
        assert "“On Monday European AI Office enforces AI Act, it said.”" in text
        assert ONTOLOGY.statuses["planned"].label in text
        assert "Brussels turns to machines, The Gazette, 2023-06-14, doc-1.txt" in text


def test_picture_is_saved_as_vectors(browser: Browser, tmp_path: Path) -> None:
    """The view is saved as SVG with its names, which run nothing."""
    path = written(tmp_path, hostile())
    with browser.open(path, accept_downloads=True) as opened:
        with opened.page.expect_download() as saved:
            opened.page.click("#save-svg")
        kept = ElementTree.parse(saved.value.path()).getroot()  # noqa: S314
        names = {element.tag.rpartition("}")[2] for element in kept.iter()}
        assert names <= {"svg", "rect", "polyline", "polygon", "circle", "text"}
        written_ = {element.text for element in kept.iter() if element.text}
        assert any("onerror" in text for text in written_)


def test_sums_are_sized_within_a_currency(browser: Browser, tmp_path: Path) -> None:
    """A larger sum of the same currency is drawn larger."""
    with browser.open(written(tmp_path, sample())) as opened:
        sizes = opened.page.evaluate(
            "Object.fromEntries(data.nodes.filter((n) => n.money).map((n) => [n.label, n.size]))"
        )
    assert sizes["€20 billion"] > sizes["€600 million"] > sizes["€200 million"]
    assert sizes["$10 billion"] == sizes["€20 billion"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_is_accessible(
    browser: Browser, tmp_path: Path, scheme: str, width: int
) -> None:
    """No view breaks a rule of WCAG 2.2 AA that axe-core can check."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    size = {"width": width, "height": 800}
    path = written(tmp_path, sample())
    with browser.open(path, color_scheme=scheme, viewport=size) as opened:
        for step in ("#as-list", "#as-money", "#as-time", "#as-map", None):
            if step:
                opened.page.click(step)
            else:
                opened.page.fill("#find", "AI Act")
                opened.page.keyboard.press("Enter")
            found = axe.run(opened.page).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["target"]) for rule in found] == []


def test_the_address_holds_what_is_shown(browser: Browser, tmp_path: Path) -> None:
    """A page opened by another's address shows the same."""
    path = written(tmp_path, sample())
    with browser.open(path) as opened:
        opened.page.click("#as-money")
        opened.page.locator("#statuses input").nth(1).uncheck()
        opened.page.fill("#sure", "0.5")
        link = "#" + opened.page.url.partition("#")[2]
    with browser.open(path, link) as opened:
        assert opened.page.is_visible("#money")
        assert not opened.page.locator("#statuses input").nth(1).is_checked()
        assert opened.page.input_value("#sure") == "0.5"
        assert opened.page.url.endswith(link)
        assert opened.complaints == []
