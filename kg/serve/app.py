"""The web application: which address is answered by what, and what each answer forbids."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg.current import Current, Stamp
from kg.errors import KgError
from kg.ontology import Ontology, load_ontology
from kg.serve import pages
from kg.serve.endpoint import endpoint
from kg.serve.pool import Pool

LOOPBACK = ("127.0.0.1", "localhost")

RESTED = 2.0
"""Seconds between two readings of a graph that a build is writing."""

# Nothing runs in the site's own pages, and nothing comes from elsewhere.  The page of a
# graph brings its own policy, which names its scripts by their hashes.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-src 'self'; base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Site:
    """What all requests share."""

    def __init__(
        self, output: Path, ontology: Ontology, address: str | None = None
    ) -> None:
        self.output = output
        self.ontology = ontology
        self.current = Current(output, ontology, address, RESTED)
        self.pool = Pool(output, address)
        self.drawn: tuple[Stamp | None, str] = (None, "")  # the page of the whole graph


def make_app(
    output: Path, *, address: str | None = None, hosts: Sequence[str] = LOOPBACK
) -> Starlette:
    """Return the ASGI application for the graph of an output folder.

    Args:
        output: The folder that ``kg build`` wrote.
        address: A server that keeps the graph, if not the one that the folder names.
        hosts: By which names it may be called: a page elsewhere that points a name of its
            own to this machine (DNS rebinding) gets no answer.

    Raises:
        StoreError: There is no graph, or it cannot be read.
    """
    site = Site(output, load_ontology(), address)
    site.current.graph()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        site.pool.close()

    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/search", pages.search_page),
            Route("/entities/{class_}", pages.entities),
            Route("/entity/{id:path}", pages.entity),
            Route("/around/{id:path}", pages.around_entity),
            Route("/documents", pages.documents),
            Route("/document/{id}", pages.document),
            Route("/graph", pages.graph),
            Route("/questions", pages.questions),
            Route("/questions/{name}", pages.question),
            Route("/ask", pages.ask),
            Route("/style.css", pages.style),
            Route("/sparql", endpoint, methods=["GET", "POST"]),
            Route("/health", health),
        ],
        exception_handlers={KgError: pages.failed, 404: pages.missing},
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
            Middleware(Guarded),
        ],
        lifespan=lifespan,
    )
    app.state.site = site
    return app


class Guarded:
    """Says with each answer what a browser must not do with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add to the head of its answer."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                headers = {"Content-Security-Policy": _POLICY, **_HEADERS}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in headers.items()
                        if name.lower().encode() not in given
                    ),
                ]
            await send(message)

        await self._app(scope, receive, guarded)


async def health(request: Request) -> Response:
    """Tell whether the graph can be read, and how much it holds."""
    site: Site = request.app.state.site
    records = (await pages.read(site)).records
    return JSONResponse(
        {"status": "ok"} | {name: len(found) for name, found in records.items()}
    )
