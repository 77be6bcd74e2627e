"""The pages for people: search, entities, documents, questions and their answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kg.current import Graph
from kg.describe import describe
from kg.errors import KgError, StoreError
from kg.page import asset, page
from kg.part import around
from kg.paths import queries_folder
from kg.query.guard import checked
from kg.query.saved import SavedQuery, saved_queries, with_parameters
from kg.search import NameHit, SentenceHit, search
from kg.serve.endpoint import status_of
from kg.serve.pool import Some
from kg.view import TITLE, pieces, scene

if TYPE_CHECKING:
    from kg.serve.app import Site

MOST = 1000
"""Rows that a page shows of an answer."""

NAMED_MOST = 30
"""Entities on the first page."""

_FOLDER = Path(__file__).parent
_OWN_POLICY = {"Content-Security-Policy": "frame-ancestors 'self'"}


async def read(site: Site) -> Graph:
    """Return the graph as it is now."""
    return await run_in_threadpool(site.current.graph)


async def home(request: Request) -> Response:
    """Show what the graph holds, and the ways into it."""
    site, graph = await _site(request)
    counts = Counter(entity["type"] for entity in graph.records["entities"])
    known = site.ontology.classes
    return _html(
        request,
        "home.html",
        records=graph.records,
        classes=[(known[name], counts[name]) for name in known if counts[name]],
        named=_most_named(graph.records["entities"])[:NAMED_MOST],
    )


async def search_page(request: Request) -> Response:
    """Find names and sentences by words."""
    site, _ = await _site(request)
    words = request.query_params.get("q", "")
    hits = await run_in_threadpool(search, site.output, words, limit=30)
    names = [hit for hit in hits if isinstance(hit, NameHit)]
    sentences = [hit for hit in hits if isinstance(hit, SentenceHit)]
    return _html(request, "search.html", words=words, names=names, sentences=sentences)


async def entities(request: Request) -> Response:
    """List the entities of a class, the most mentioned first."""
    site, graph = await _site(request)
    class_ = site.ontology.classes.get(request.path_params["class_"])
    if class_ is None:
        raise HTTPException(404)
    mine = [e for e in graph.records["entities"] if e["type"] == class_.name]
    return _html(request, "entities.html", class_=class_, entities=_most_named(mine))


async def entity(request: Request) -> Response:
    """Show all that is said of an entity, with its sentences."""
    site, graph = await _site(request)
    mine = _entity(graph, request)
    found = describe(graph.records, mine)
    by_predicate: dict[tuple[str, str], list[Any]] = defaultdict(list)
    predicates = site.ontology.predicates
    for fact in found.outgoing:
        label = predicates[fact["predicate"]].label
        by_predicate[label, "object"].append(fact)
    for fact in found.incoming:
        label = predicates[fact["predicate"]].inverse_label
        by_predicate[label, "subject"].append(fact)
    return _html(
        request,
        "entity.html",
        entity=mine,
        class_=site.ontology.classes[mine["type"]],
        groups=sorted(by_predicate.items()),
        money=found.money,
    )


async def around_entity(request: Request) -> Response:
    """Draw what lies around an entity."""
    site, graph = await _site(request)
    mine = _entity(graph, request)

    def drawn() -> str:
        part = around(graph.records, {mine["id"]})
        return page(scene(part, site.ontology, mine["label"]), inset=True)

    return HTMLResponse(await run_in_threadpool(drawn), headers=_OWN_POLICY)


async def graph(request: Request) -> Response:
    """Draw the whole graph."""
    site, known = await _site(request)

    def drawn() -> str:
        if site.drawn[0] != known.stamp:
            html = page(scene(known.records, site.ontology, TITLE))
            site.drawn = known.stamp, html
        return site.drawn[1]

    return HTMLResponse(await run_in_threadpool(drawn), headers=_OWN_POLICY)


async def documents(request: Request) -> Response:
    """List the documents, the newest first."""
    _, known = await _site(request)
    listed = sorted(known.records["documents"], key=lambda d: d["path"])
    listed.sort(key=lambda d: d["date"] or "", reverse=True)
    return _html(request, "documents.html", documents=listed)


async def document(request: Request) -> Response:
    """Show what a document says, in the order in which it says it."""
    _, known = await _site(request)
    mine = known.documents.get(request.path_params["id"])
    if mine is None:
        raise HTTPException(404)
    said = [
        record
        for record in (*known.records["facts"], *known.records["money"])
        if record["document"] == mine["id"]
    ]
    by_sentence: dict[int, list[Any]] = defaultdict(list)
    sentences = {}
    for record in said:
        start = record["evidence"]["start"]
        by_sentence[start].append(record)
        sentences[start] = record["evidence"]["text"]
    return _html(
        request,
        "document.html",
        document=mine,
        sentences=[
            (start, sentences[start], by_sentence[start]) for start in sorted(sentences)
        ],
    )


async def questions(request: Request) -> Response:
    """List the saved questions."""
    await _site(request)
    return _html(request, "questions.html", questions=_questions().values())


async def question(request: Request) -> Response:
    """Show a saved question as a form, and its answer."""
    site, _ = await _site(request)
    asked = _questions().get(request.path_params["name"])
    if asked is None:
        raise HTTPException(404)
    given = {
        p.name: request.query_params.get(p.name, p.default) for p in asked.parameters
    }
    complete = all(given[p.name] for p in asked.parameters if p.needed)
    told = await _told(site, partial(_filled, site, asked, given) if complete else None)
    return _html(request, "question.html", question=asked, given=given, **told)


async def ask(request: Request) -> Response:
    """Show a form for SPARQL, and the answer."""
    site, _ = await _site(request)
    text = request.query_params.get("query", "")
    told = await _told(site, (lambda: text) if text.strip() else None)
    return _html(request, "ask.html", text=text, **told)


async def style(_: Request) -> Response:
    """Give the looks of all pages."""
    own = (_FOLDER / "style.css").read_text("utf-8")
    return Response(asset("palette.css") + own, media_type="text/css")


async def failed(request: Request, error: Exception) -> Response:
    """Tell that the graph cannot be read, without saying where it lies."""
    status = status_of(error) if isinstance(error, KgError) else 500
    said = "The graph cannot be read." if isinstance(error, StoreError) else str(error)
    return _html(request, "error.html", status=status, said=said)


async def missing(request: Request, _: Exception) -> Response:
    """Tell that there is nothing at an address."""
    return _html(request, "error.html", status=404, said="Nothing has this address.")


async def _site(request: Request) -> tuple[Site, Graph]:
    site: Site = request.app.state.site
    return site, await read(site)


def _entity(graph: Graph, request: Request) -> dict[str, Any]:
    found = graph.entities.get(request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    return found


def _most_named(entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entities, key=lambda e: (-e["mentions"], e["id"]))


@cache
def _questions() -> Mapping[str, SavedQuery]:
    return saved_queries(queries_folder())


def _filled(site: Site, asked: SavedQuery, given: Mapping[str, str]) -> str:
    def found(name: str) -> str:
        return site.pool.entity(name, site.ontology, site.current.stamp())

    return with_parameters(asked, given, found)


async def _told(site: Site, text: Callable[[], str] | None) -> dict[str, Any]:
    """Return what a page tells of a query: its answer, or its error, and the status."""

    def answered() -> Some | str | bool | None:
        if text is None:
            return None
        query = checked(text(), site.ontology)
        return site.pool.rows(query, site.current.stamp(), MOST)

    try:
        answer = await run_in_threadpool(answered)
    except KgError as error:
        return {"answer": None, "error": error, "status": status_of(error)}
    return {"answer": answer, "error": None, "status": 200}


# ------------------------------------------------------------------------- templates


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER / "templates", encoding="utf-8"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.globals.update(pieces=pieces, link=_link, entity_of=_entity_of)
    return made


def _html(
    request: Request, template: str, status: int = 200, **told: object
) -> Response:
    """Fill a template; all that comes from documents is escaped there."""
    site: Site = request.app.state.site
    graph = site.current.known
    text = (
        _templates()
        .get_template(template)
        .render(
            ontology=site.ontology,
            entities_by_id=graph.entities if graph else {},
            documents_by_id=graph.documents if graph else {},
            **told,
        )
    )
    return HTMLResponse(text, status)


def _link(kind: str, id_: str) -> str:
    """Return the address of something: ids hold slashes, but nothing that ends a path."""
    return f"/{kind}/{quote(id_)}"


def _entity_of(iri: str) -> str:
    """Return the id of the entity that an IRI names, empty if it names none."""
    return iri.partition("/entity/")[2]
