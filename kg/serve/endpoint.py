"""The SPARQL 1.1 Protocol, for queries alone (https://www.w3.org/TR/sparql11-protocol/)."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from kg.errors import KgError, UsageError
from kg.query.dataset import about
from kg.query.guard import Query, checked
from kg.rdf import RDF
from kg.serve.pool import FullError

if TYPE_CHECKING:
    from kg.serve.app import Site

LARGEST = 1 << 20
"""Bytes of a request's body."""

ROWS = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
)
TRIPLES = (
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
    "application/ld+json",
)
_ALSO = {
    "application/json": ROWS[0],
    "application/xml": ROWS[1],
    "text/xml": ROWS[1],
    "text/plain": TRIPLES[1],
}
_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_SERVICE = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_DESCRIBED = {
    "application/sparql-results+json": "SPARQL_Results_JSON",
    "application/sparql-results+xml": "SPARQL_Results_XML",
    "text/csv": "SPARQL_Results_CSV",
    "text/tab-separated-values": "SPARQL_Results_TSV",
    "text/turtle": "Turtle",
    "application/n-triples": "N-Triples",
    "application/rdf+xml": "RDF_XML",
    "application/ld+json": "JSON-LD",
}


class RequestError(Exception):
    """A request that is none; ``status`` says why in the language of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def endpoint(request: Request) -> Response:
    """Answer a query by GET or POST, or describe the service."""
    site: Site = request.app.state.site
    try:
        asked = await _parameters(request)
        if asked is None:
            wanted = preferred(request.headers, TRIPLES)
            return Response(_description(str(request.url), wanted), media_type=wanted)
        text, default, named = asked
        query = about(checked(text, site.ontology), default, named)
        offers = _offers(query)
        wanted = preferred(request.headers, offers)
        async with _watched(request) as gone:
            body = await run_in_threadpool(
                site.pool.answer, query, wanted, site.current.stamp(), gone.is_set
            )
        return Response(body, media_type=wanted)
    except RequestError as error:
        return _said(error.status, str(error))
    except KgError as error:
        return _said(status_of(error), str(error), error.detail)


@asynccontextmanager
async def _watched(request: Request) -> AsyncIterator[threading.Event]:
    """Give an event that is set when who asked hangs up."""
    gone = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    watching = asyncio.create_task(watch())
    try:
        yield gone
    finally:
        watching.cancel()


def status_of(error: KgError) -> int:
    """Return the HTTP status that tells of an error."""
    if isinstance(error, UsageError):
        return 400
    # 500 is what the protocol has for a query that is refused, and for a broken store.
    return 503 if isinstance(error, FullError) else 500


def _said(status: int, message: str, detail: str = "") -> Response:
    text = message + "\n" + (f"{detail}\n" if detail else "")
    headers = {405: {"Allow": "GET, HEAD, POST"}, 503: {"Retry-After": "1"}}
    return PlainTextResponse(text, status, headers.get(status))


async def _parameters(
    request: Request,
) -> tuple[str, Sequence[str], Sequence[str]] | None:
    """Return query, default graphs and named graphs of a request; None if it asks nothing."""
    pairs = _pairs(request.url.query)
    text: list[str] = []
    if request.method == "POST":
        body = await _body(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == _FORM:
            pairs += _pairs(body)
        elif kind == _QUERY:
            text.append(body)
        else:
            raise RequestError(415, f"a query is sent as {_FORM} or {_QUERY}")
    names = {name for name, _ in pairs}
    if "update" in names:
        raise RequestError(400, "an update is refused: this endpoint only reads")
    text += [value for name, value in pairs if name == "query"]
    if not text and request.method != "POST" and not pairs:
        return None
    if len(text) != 1:
        raise RequestError(400, "a request has exactly one query")
    default = [value for name, value in pairs if name == "default-graph-uri"]
    named = [value for name, value in pairs if name == "named-graph-uri"]
    return text[0], default, named


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError as error:
        raise RequestError(400, "the parameters are no UTF-8, or too many") from error


async def _body(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise RequestError(413, "a query of more than 1 MiB is not read")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(400, "the query is no UTF-8") from error


def _offers(query: Query) -> tuple[str, ...]:
    if query.form in {"CONSTRUCT", "DESCRIBE"}:
        return TRIPLES
    # CSV and TSV have no form for yes and no.
    return ROWS[:2] if query.form == "ASK" else ROWS


def preferred(headers: Headers, offers: Sequence[str]) -> str:
    """Return the media type that a client likes best of those on offer (RFC 9110, 12.5.1).

    Raises:
        RequestError: It likes none of them.
    """
    wishes = headers.get("accept", "*/*") or "*/*"
    ranked: list[tuple[float, int, str]] = []
    for place, offer in enumerate(offers):
        best = (-1, 0.0)
        for wish in wishes.split(","):
            kind, *parameters = (part.strip().lower() for part in wish.split(";"))
            kind = _ALSO.get(kind, kind) if _ALSO.get(kind) in offers else kind
            exact = _exactness(kind, offer)
            if exact >= 0:
                best = max(best, (exact, _quality(parameters)))
        if best[1] > 0:
            ranked.append((best[1], -place, offer))
    if not ranked:
        raise RequestError(406, "this is answered as " + ", ".join(offers))
    return max(ranked)[2]


def _exactness(kind: str, offer: str) -> int:
    if kind == offer:
        return 2
    if kind == offer.partition("/")[0] + "/*":
        return 1
    return 0 if kind == "*/*" else -1


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        match = re.fullmatch(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)", parameter)
        if match:
            return min(float(match[1]), 1.0)
    return 1.0


def _description(url: str, format_: str) -> bytes:
    """Describe the service in its own vocabulary (SPARQL 1.1 Service Description)."""
    service = BlankNode("service")
    terms = {
        RDF + "type": [_SERVICE + "Service"],
        _SERVICE + "endpoint": [url.partition("?")[0]],
        _SERVICE + "supportedLanguage": [_SERVICE + "SPARQL11Query"],
        _SERVICE + "resultFormat": [_FORMATS + name for name in _DESCRIBED.values()],
    }
    triples = [
        Triple(service, NamedNode(predicate), NamedNode(value))
        for predicate, values in terms.items()
        for value in values
    ]
    dataset, graph = BlankNode("dataset"), BlankNode("graph")
    said = "The merge of all documents' graphs, each of which is a named graph"
    triples += [
        Triple(service, NamedNode(_SERVICE + "defaultDataset"), dataset),
        Triple(dataset, NamedNode(RDF + "type"), NamedNode(_SERVICE + "Dataset")),
        Triple(dataset, NamedNode(_SERVICE + "defaultGraph"), graph),
        Triple(graph, NamedNode(RDF + "type"), NamedNode(_SERVICE + "Graph")),
        Triple(graph, NamedNode("http://purl.org/dc/terms/description"), Literal(said)),
    ]
    syntax = RdfFormat.from_media_type(format_)
    if syntax is None:
        raise ValueError(f"no format of triples: {format_}")
    return (
        serialize(
            triples, format=syntax, prefixes={"sd": _SERVICE, "formats": _FORMATS}
        )
        or b""
    )
