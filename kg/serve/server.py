"""The server itself: an address, a port, and limits on who may keep it busy."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import uvicorn

from kg.errors import UsageError
from kg.serve.app import LOOPBACK, make_app

CONNECTIONS = 200
"""At once; whoever comes beyond them gets 503."""


def run(
    output: Path,
    address: str | None,
    host: str,
    port: int,
    names: Sequence[str],
    *,
    tell: Callable[[str], object],
) -> None:
    """Serve a graph until the process is told to stop.

    Args:
        output: The folder that ``kg build`` wrote.
        address: A server that keeps the graph, if not the one that the folder names.
        host: The address to listen at.
        port: The port; 0 for any that is free.
        names: By which it may be called besides.
        tell: Called with each line for the person at the keyboard.

    Raises:
        UsageError: The address or port cannot be listened at.
        StoreError: There is no graph, or it cannot be read.
    """
    app = make_app(output, address=address, hosts=(*LOOPBACK, host, *names))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"cannot listen at {host}:{port}: {reason}") from error
        shown = f"[{host}]" if ":" in host else host
        tell(f"http://{shown}:{listening.getsockname()[1]}/  (Ctrl+C ends it)")
        if not _is_loopback(host):
            tell("note: other machines can read this graph")
        config = uvicorn.Config(
            app,
            log_level="warning",
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=5,
        )
        with suppress(KeyboardInterrupt):  # this is how it is meant to end
            uvicorn.Server(config).run(sockets=[listening])


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
