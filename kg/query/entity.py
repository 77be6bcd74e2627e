"""Which entity of the graph a name means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kg.errors import UsageError
from kg.ontology import Ontology
from kg.query.guard import checked
from kg.query.worker import Limits, Rows, Worker

if TYPE_CHECKING:
    from kg.remote_store import RemoteStore

_NAMES = """
SELECT (STR(?entity) AS ?iri) (STR(?kind) AS ?of) (STR(?name) AS ?text) WHERE {
  VALUES ?kind { rdfs:label skos:altLabel }
  ?entity kg:mentionCount ?count ; ?kind ?name .
}
"""


def find_entity(
    worker: Worker | RemoteStore,
    ontology: Ontology,
    name: str,
    limits: Limits | None = None,
) -> str:
    """Return the IRI of the entity that a name or an id means.

    Raises:
        UsageError: Nothing has that name, and the message suggests names that are close;
            or several things have it, and the message gives their ids.
    """
    from kg.describe import find_entities

    answer = worker.ask(checked(_NAMES, ontology), limits)
    if not isinstance(answer, Rows):
        raise TypeError(f"SELECT gave {answer!r}")
    entities: dict[str, dict[str, Any]] = {}
    for row in answer.rows:
        iri, kind, text = map(str, row)
        id_ = iri.partition("/entity/")[2]
        known = entities.setdefault(
            iri, {"iri": iri, "id": id_, "label": "", "aliases": [], "mentions": 0}
        )
        if kind.endswith("#label"):
            known["label"] = text
        else:
            known["aliases"].append(text)
    if name in entities:
        return name
    found = find_entities({"entities": list(entities.values())}, name)
    if len(found) > 1:
        ids = ", ".join(sorted(entity["id"] for entity in found))
        raise UsageError(f"{name!r} names several things; say which by its id: {ids}")
    return str(found[0]["iri"])
