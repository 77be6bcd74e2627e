"""Write a :class:`~kg.scene.Scene` as one HTML page that needs nothing else.

The page is a pyvis network drawn with a template of our own: pyvis' stock template asks
a server for its looks and runs text of documents as code.  Here every text travels as
JSON, the browser writes it with ``textContent`` only, and a content security policy
names the only scripts that may run and forbids every request.
"""

from __future__ import annotations

import os
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from kg.errors import StoreError
from kg.scene import Edge, Money, Node, Saying, Scene

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = (
    *("tools", "graph", "state", "looks", "labels", "arrange", "map", "focus"),
    *("panel", "find", "filters", "sheets", "save", "start"),
)
"""Our scripts, below ``assets/script``, in the order in which they run."""

VIS_NETWORK = "lib/vis-9.1.2/vis-network.min.js"
"""Where pyvis keeps the library that draws, below its templates."""


def page(scene: Scene, *, inset: bool = False) -> str:
    """Write a scene as a self-contained HTML page.

    Args:
        scene: What to show.
        inset: The page is a picture within another: it has no column of filters.

    Returns:
        The page; it makes no request and runs no text of the scene.
    """
    return _network(scene, inset=inset)


def write_page(scene: Scene, path: Path) -> None:
    """Write a scene's page to a file, whole or not at all.

    Args:
        scene: What to show.
        path: The file to write or replace; its folder is made if it is missing.

    Raises:
        StoreError: The file cannot be written.
    """
    text = page(scene)
    try:
        _replace(path, text)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise StoreError(f"{path}: cannot be written: {reason}") from error


def _replace(path: Path, text: str) -> None:
    """Write a draft beside a file, then put it in the file's place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        # Half of a surrogate pair, as broken input can hold, has no UTF-8 form.
        with os.fdopen(
            handle, "w", encoding="utf-8", errors="replace", newline="\n"
        ) as file:
            file.write(text)
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _network(scene: Scene, *, inset: bool) -> str:
    """Fill a pyvis network with a scene and let it render our template."""
    # Imported here: pyvis brings IPython along, and only this function needs either.
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup
    from pyvis.network import Network

    class Explorer(Network):  # type: ignore[misc]
        """A pyvis network that renders our template, with all text escaped."""

        def __init__(self, scene: Scene) -> None:
            super().__init__(
                heading=scene.title, directed=True, cdn_resources="in_line"
            )
            self.path = "page.html"
            self.templateEnv = Environment(
                loader=FileSystemLoader(ASSETS, encoding="utf-8"),
                autoescape=True,
                trim_blocks=True,
                lstrip_blocks=True,
            )
            own = (asset(f"script/{name}.js") for name in SCRIPTS)
            scripts = (_vis_network(), *own)
            style = asset("palette.css") + asset("page.css")
            # Markup marks what is not to be escaped: our own files and their hashes.
            self.templateEnv.globals.update(
                keys=_keys(scene),
                inset=inset,
                style=Markup(style),  # noqa: S704
                scripts=[Markup(script) for script in scripts],  # noqa: S704
                script_hashes=Markup(" ".join(map(_csp_hash, scripts))),  # noqa: S704
                style_hash=Markup(_csp_hash(style)),  # noqa: S704
            )
            # Filled directly: add_node and add_edge search a list for every call.
            self.nodes = _drawn_nodes(scene)
            self.node_ids = [node["id"] for node in self.nodes]
            self.node_map = {node["id"]: node for node in self.nodes}
            self.edges = _drawn_edges(scene)

    html: str = Explorer(scene).generate_html()
    return html


def _drawn_nodes(scene: Scene) -> list[dict[str, Any]]:
    """Describe the nodes in vis-network's words, with what the panels tell of them."""
    looks = {(key.money, key.name): key for key in scene.classes}
    money = {event.id: event for event in scene.money}
    numbers = {source.id: number for number, source in enumerate(scene.sources)}
    return [
        _drawn_node(
            node,
            looks[node.id in money, node.type].shape,
            [numbers[id_] for id_ in node.documents if id_ in numbers],
            money.get(node.id),
        )
        for node in scene.nodes
    ]


def _drawn_node(
    node: Node, shape: str, documents: list[int], money: Money | None
) -> dict[str, Any]:
    """Describe one node; a money event brings what is told about the sum."""
    drawn = _fields(node)
    place = drawn.pop("place")
    drawn["shape"] = shape
    drawn["documents"] = documents  # by number, for a page may hold thousands
    if place is not None:
        drawn["x"], drawn["y"] = place
    if money is not None:
        drawn["money"] = {**_fields(money), "sayings": _told(money.sayings)}
    return drawn


def _drawn_edges(scene: Scene) -> list[dict[str, Any]]:
    """Describe facts and the ways of money, from payer by event to recipient."""
    edges = [_drawn_edge(edge) for edge in scene.edges]
    for event in scene.money:
        ways = [(payer, event.id) for payer in event.payer]
        ways += [(event.id, recipient) for recipient in event.recipient]
        edges += [
            {
                "id": f"{event.id} way {number}",
                "from": source,
                "to": target,
                "event": event.id,
                "status": event.status,
                "confidence": event.confidence,
                "bend": 0,
            }
            for number, (source, target) in enumerate(ways, start=1)
        ]
    return edges


def _drawn_edge(edge: Edge) -> dict[str, Any]:
    """Describe one fact."""
    drawn = _fields(edge)
    drawn["from"], drawn["to"] = drawn.pop("source"), drawn.pop("target")
    drawn["sayings"] = _told(edge.sayings)
    return drawn


def _fields(shown: Node | Edge | Money) -> dict[str, Any]:
    """Return what something consists of; its parts are not copied, as asdict would."""
    return {field.name: getattr(shown, field.name) for field in fields(shown)}


def _told(sayings: tuple[Saying, ...]) -> list[dict[str, Any]]:
    """Describe sentences; pieces as [text, subject, object] keep large pages small."""
    return [
        {
            "pieces": [[p.text, p.subject, p.object] for p in saying.pieces],
            "document": saying.document,
            "confidence": saying.confidence,
            "saidBy": saying.said_by,
            "period": [
                f"{word} {date}"
                for word, date in (("since", saying.since), ("until", saying.until))
                if date
            ],
        }
        for saying in sayings
    ]


def _keys(scene: Scene) -> Mapping[str, Any]:
    """Describe classes, predicates, statuses, sources and contradictions."""
    return {
        "classes": [asdict(key) for key in scene.classes],
        "predicates": [asdict(key) for key in scene.predicates],
        "statuses": [asdict(key) for key in scene.statuses],
        "sources": [asdict(source) for source in scene.sources],
        "contradictions": [asdict(found) for found in scene.contradictions],
    }


@cache
def _vis_network() -> str:
    """Read the drawing library that pyvis brings."""
    import pyvis

    path = Path(pyvis.__file__).parent / "templates" / VIS_NETWORK
    # Developer tools would look for the source map beside the page.
    return path.read_text(encoding="utf-8").partition("\n//# sourceMappingURL")[0]


@cache
def asset(name: str) -> str:
    """Read a part of the page, its lines ended as a browser hashes them."""
    return (ASSETS / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """Name a script or style in a content security policy (CSP Level 3, hash-source)."""
    return (
        f"'sha256-{b64encode(sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
    )
