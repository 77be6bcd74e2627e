"""What appeared, vanished or changed between two graphs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kg.describe import Record, Records
from kg.errors import UsageError
from kg.ontology import Ontology
from kg.records import records_of


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        kind: ``document``, ``entity``, ``fact`` or ``money``.
        what: What it is about, in words.
        before: How it stood in the old graph, None if it was not there.
        after: How it stands in the new one, None if it is gone.
    """

    kind: str
    what: str
    before: str | None
    after: str | None


def load_records(path: Path, ontology: Ontology) -> Records:
    """Return the records of an output folder or of a file of ``kg export --format json``.

    Raises:
        UsageError: The file is no such export.
        StoreError: The folder has no graph.
    """
    if path.is_dir():
        return records_of(path, ontology)
    try:
        records = json.loads(path.read_text("utf-8"))
        if {"documents", "entities", "facts", "money"} <= records.keys():
            return dict(records)
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    raise UsageError(f"{path} is no export of `kg export --format json`")


def diff(old: Records, new: Records) -> list[Change]:
    """Return the differences between two graphs, ordered by kind and name.

    A fact is the same fact in whichever documents it stands; what is compared is who says
    how surely that it holds.  A sum is compared by its document, kind and amount.
    """
    changes = []
    for kind, told in (
        ("document", _documents),
        ("entity", _entities),
        ("fact", _facts),
        ("money", _money),
    ):
        before, after = told(old), told(new)
        for what in sorted(before.keys() | after.keys()):
            was, now = before.get(what), after.get(what)
            if was != now:
                changes.append(Change(kind, what, was, now))
    return changes


def _documents(records: Records) -> dict[str, str]:
    return {d["path"]: f"{d['words']} words" for d in records["documents"]}


def _entities(records: Records) -> dict[str, str]:
    return {e["id"]: f"{e['type']} {e['label']}" for e in records["entities"]}


def _labels(records: Records) -> dict[str, str]:
    return {e["id"]: e["label"] for e in records["entities"]}


def _facts(records: Records) -> dict[str, str]:
    names = _labels(records)
    said: dict[str, set[str]] = defaultdict(set)
    for fact in records["facts"]:
        what = " ".join(
            (names[fact["subject"]], fact["predicate"], names[fact["object"]])
        )
        said[what].add(_status(fact, names))
    return {what: ", ".join(sorted(told)) for what, told in said.items()}


def _money(records: Records) -> dict[str, str]:
    names = _labels(records)
    paths = {d["id"]: d["path"] for d in records["documents"]}
    found: dict[str, list[str]] = defaultdict(list)
    for event in records["money"]:
        what = f"{event['kind']} of {event['label']} in {paths[event['document']]}"
        parts = [
            f"{word} {', '.join(sorted(names[i] for i in event[role]))}"
            for role, word in (("payer", "from"), ("recipient", "to"))
            if event[role]
        ]
        found[what].append(" ".join((_status(event, names), *parts)))
    return {what: "; ".join(sorted(told)) for what, told in found.items()}


def _status(said: Record, names: Mapping[str, str]) -> str:
    speaker = said["attributedTo"]
    status: str = said["status"]
    return f"{status} (says {names[speaker]})" if speaker else status
