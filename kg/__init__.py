"""A knowledge graph of policy texts in which every fact leads back to its sentence.

>>> import kg
>>> report = kg.build(["corpus/"], "output")      # doctest: +SKIP
>>> graph = kg.open("output")                     # doctest: +SKIP
>>> graph.facts[0]["evidence"]["text"]            # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kg.building import build
    from kg.errors import KgError
    from kg.graph import Graph, Rows
    from kg.graph import open_graph as open  # noqa: A004

__all__ = ["Graph", "KgError", "Rows", "build", "open"]

_WHERE = {
    "Graph": ("kg.graph", "Graph"),
    "KgError": ("kg.errors", "KgError"),
    "Rows": ("kg.graph", "Rows"),
    "build": ("kg.building", "build"),
    "open": ("kg.graph", "open_graph"),
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: ``kg --help`` needs none of it.
    from importlib import import_module

    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)
