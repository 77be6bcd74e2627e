"""Where the graph of an output folder is: in the folder, or on a server."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from kg.store import FOLDER, AnyStore, GraphStore

if TYPE_CHECKING:
    from kg.query.worker import Worker
    from kg.remote_store import RemoteStore

SETTING = "store"
"""The setting on the shelf that says where the server is."""


def address_of(output: Path) -> str | None:
    """Return where the server is that keeps a folder's graph; None if the folder does.

    A folder whose graph is on its way to a server still has all of it.

    Raises:
        StoreError: The shelf cannot be read.
    """
    if (output / FOLDER).exists():
        return None
    from kg.shelf import FILE, Shelf

    if not (output / FILE).exists():
        return None
    with closing(Shelf.open(output)) as shelf:
        return shelf.setting(SETTING)


def open_store(output: Path, address: str | None = None) -> AnyStore:
    """Open the graph of an output folder to read it.

    Args:
        output: The folder that ``kg build`` wrote.
        address: A server to read from instead.

    Raises:
        UsageError: The address is none.
        StoreError: There is no graph, or it cannot be opened.
    """
    address = address or address_of(output)
    if address is None:
        return GraphStore.open(output)
    # HTTP takes a while to import, and most graphs are in their folder.
    from kg.remote_store import RemoteStore

    return RemoteStore.open(address)


def open_worker(
    output: Path, address: str | None = None, *, online: bool = False
) -> Worker | RemoteStore:
    """Return who answers queries about the graph of an output folder.

    Args:
        output: The folder that ``kg build`` wrote.
        address: A server to ask instead.
        online: Let SERVICE through to the network; a server has its own rules for that.

    Raises:
        UsageError: The address is none.
        StoreError: There is no graph, or it cannot be opened.
    """
    address = address or address_of(output)
    if address is None:
        from kg.query.worker import Worker

        return Worker(output, online=online)
    from kg.remote_store import RemoteStore

    return RemoteStore.open(address)
