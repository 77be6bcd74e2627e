"""Speak the SPARQL 1.1 protocol: queries, updates, and whole graphs, over HTTP.

Everything sent here may be sent twice: queries change nothing, and updates say what is to
be there.  So what fails for no fault of its own is tried again.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx

from kg.errors import LimitError, StoreError, UsageError
from kg.query.worker import Limits
from kg.table import clean

RETRY_DELAYS = (0.3, 1.0, 3.0)
"""Seconds to wait before a request that failed is sent again."""

PATIENT = Limits(seconds=300)
"""For what is sent in the course of the work, and not asked by a person."""

_CONNECTING = 10.0
_SHOWN = 200  # characters that are told of a server's own message


class RefusedError(StoreError):
    """A server understands a request and does not do it.

    Attributes:
        status: Of the HTTP answer.
        said: What the server says about it.
    """

    def __init__(self, place: str, status: int, said: str) -> None:
        super().__init__(f"{place} answers {status} {said}".rstrip())
        self.status = status
        self.said = said


class _PassingError(StoreError):
    """A server cannot be reached, or fails: the next attempt may go well."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a server is asked, changed, and given whole graphs, if it takes them."""

    query: httpx.URL
    update: httpx.URL
    graph: httpx.URL | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs that a query sees in place of all that the server has."""

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


EVERYTHING = Dataset()


def endpoints(address: str) -> Endpoints:
    """Find the endpoints of a server.

    Args:
        address: ``http://host:7878/``, which ends with a slash and has ``query``,
            ``update`` and ``store`` beneath it; ``http://host/sparql``, which takes
            queries and updates alike; or each by itself:
            ``query=URL,update=URL,graph=URL``, the last of which may be missing.

    Raises:
        UsageError: It is no such address, or holds a user name or password.
    """
    if not re.match("(query|update|graph)=", address):
        url = _url(address)
        if not url.path.endswith("/"):
            return Endpoints(url, url, None)
        return Endpoints(url.join("query"), url.join("update"), url.join("store"))
    told = {}
    for part in re.split(",(?=query=|update=|graph=)", address):
        name, _, rest = part.partition("=")
        told[name] = _url(rest)
    if not {"query", "update"} <= told.keys():
        raise UsageError("--store: query=URL and update=URL are both needed")
    return Endpoints(told["query"], told["update"], told.get("graph"))


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        # Neither the text nor the reason is told: a password may stand in them.
        raise UsageError("--store: that is no URL") from None
    if url.userinfo:
        raise UsageError(
            "--store: a password does not belong in a URL; set KG_STORE_USER and "
            "KG_STORE_PASSWORD"
        )
    if url.scheme not in {"http", "https"} or not url.host:
        raise UsageError(f"--store: {text!r} is no http:// or https:// URL")
    return url


def _client() -> httpx.Client:
    """Return a client that says who we are, if the environment does.

    Raises:
        UsageError: The environment tells that by halves, or what no header can hold.
    """
    user, password, token = (
        os.environ.get(f"KG_STORE_{name}") for name in ("USER", "PASSWORD", "TOKEN")
    )
    headers = {"User-Agent": "kg-policy"}
    if token:
        if user or password:
            raise UsageError("set KG_STORE_TOKEN, or KG_STORE_USER, but not both")
        if not re.fullmatch(r"[!-~]+", token):
            raise UsageError("KG_STORE_TOKEN holds what no token can")
        headers["Authorization"] = f"Bearer {token}"
    if bool(user) != bool(password):
        raise UsageError("KG_STORE_USER and KG_STORE_PASSWORD are both needed")
    auth = httpx.BasicAuth(user, password) if user and password else None
    # Redirects are not followed: what is sent here is for no other host.
    return httpx.Client(headers=headers, auth=auth, follow_redirects=False)


class SparqlClient:
    """A connection to a SPARQL server."""

    def __init__(self, address: str) -> None:
        """Make ready to speak to a server; nothing is sent yet.

        Args:
            address: Where the server is; see :func:`endpoints`.

        Raises:
            UsageError: The address, or what the environment says of us, is wrong.
        """
        self._endpoints = endpoints(address)
        self._client = _client()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    @property
    def place(self) -> str:
        """How messages call the server."""
        return _place(self._endpoints.query)

    @property
    def takes_graphs(self) -> bool:
        """Whether a whole graph can be put."""
        return self._endpoints.graph is not None

    def query(
        self,
        text: str,
        wanted: str,
        limits: Limits = PATIENT,
        dataset: Dataset = EVERYTHING,
    ) -> tuple[str, bytes]:
        """Ask a query.

        Args:
            text: The query.
            wanted: Media types in which the answer can be read.
            limits: How long it may take, and how large its answer may be.
            dataset: The graphs that it sees.

        Returns:
            The media type of the answer, and the answer.

        Raises:
            RefusedError: The server finds the query wrong.
            LimitError: It takes too long, or too much.
            StoreError: The server cannot be reached.
        """
        # As a form: Virtuoso never answers a query that is the body by itself.
        form = {
            "query": text,
            "default-graph-uri": dataset.default,
            "named-graph-uri": dataset.named,
        }
        headers = {"Accept": wanted}
        return self._send(
            "POST", self._endpoints.query, limits, headers=headers, data=form
        )

    def update(self, *steps: str) -> None:
        """Change what the server holds, in one request; raises as :meth:`query` does."""
        headers = {"Content-Type": "application/sparql-update"}
        content = " ;\n".join(steps).encode()
        self._send(
            "POST", self._endpoints.update, PATIENT, headers=headers, content=content
        )

    def put(self, graph: str, triples: str) -> None:
        """Put N-Triples in the place of a named graph; raises as :meth:`query` does."""
        if self._endpoints.graph is None:
            raise ValueError(f"{self.place} takes no graphs")
        url = self._endpoints.graph.copy_merge_params({"graph": graph})
        headers = {"Content-Type": "text/turtle"}  # which N-Triples are as well
        self._send("PUT", url, PATIENT, headers=headers, content=triples.encode())

    def _send(
        self, method: str, url: httpx.URL, limits: Limits, **more: Any
    ) -> tuple[str, bytes]:
        timeout = httpx.Timeout(limits.seconds, connect=_CONNECTING)
        request = self._client.build_request(method, url, timeout=timeout, **more)
        began = time.monotonic()
        for delay in RETRY_DELAYS:
            try:
                return self._attempt(request, limits)
            except _PassingError:
                if time.monotonic() - began + delay > limits.seconds:
                    raise
                time.sleep(delay)
        return self._attempt(request, limits)

    def _attempt(self, request: httpx.Request, limits: Limits) -> tuple[str, bytes]:
        place = _place(request.url)
        try:
            response = self._client.send(request, stream=True)
            try:
                body = _body(response, limits, place)
            finally:
                response.close()
        except httpx.ConnectTimeout as error:
            raise _PassingError(f"cannot reach {place}: no answer") from error
        except httpx.TimeoutException as error:
            raise LimitError(
                f"{place} takes longer than {limits.seconds:g} s"
            ) from error
        except httpx.RequestError as error:
            raise _PassingError(f"cannot reach {place}: {error}") from error
        if most := response.headers.get("X-SPARQL-MaxRows"):
            # Virtuoso says so where it has left out the other rows.
            raise LimitError(
                f"{place} gives {most} rows and no more: raise its ResultSetMaxRows"
            )
        if response.is_success:
            kind = response.headers.get("Content-Type", "")
            return kind.partition(";")[0].strip().lower(), body
        raise _failure(place, response, body)


def _body(response: httpx.Response, limits: Limits, place: str) -> bytes:
    # The timeout of httpx is for each part alone: a trickle would never end.
    end = time.monotonic() + limits.seconds
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > limits.size:
            raise LimitError(f"the answer is larger than {limits.size:,} bytes")
        if time.monotonic() > end:
            raise LimitError(f"{place} takes longer than {limits.seconds:g} s")
    return bytes(body)


def _failure(place: str, response: httpx.Response, body: bytes) -> StoreError:
    status = response.status_code
    said = clean(" ".join(body.decode("utf-8", "replace").split()))[:_SHOWN]
    if said.startswith("<"):
        said = ""  # a page for a browser
    if response.next_request is not None:
        target = response.next_request.url.host
        return StoreError(f"{place} sends us on to {target}: give --store its new URL")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return StoreError(
            f"{place} does not let us in ({status}): set KG_STORE_USER and "
            "KG_STORE_PASSWORD, or KG_STORE_TOKEN"
        )
    if response.is_server_error:
        return _PassingError(f"{place} fails: {status} {said}")
    return RefusedError(place, status, said)


def _place(url: httpx.URL) -> str:
    """Return a URL without its query, in which a key may stand."""
    return str(url.copy_with(query=None, fragment=None))
