"""How much of a text a reader would find again in the graph: precision, recall, F1.

A gold file ``<document>.json`` holds what a careful reader wrote down of one document:
entities with all their names, relations by entity number, money events.  A relation that
is not ``core`` is right when found and no loss when not, as is an ``optional`` entity.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import UsageError
from kg.ontology import Ontology

Record = Mapping[str, Any]
CLOSE = 0.005  # relative difference up to which two amounts are the same


@dataclass(slots=True)
class Score:
    """What was found: rightly, wrongly and not; ``recalled`` counts towards recall."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    recalled: int = 0

    def count(self, right: int, wrong: int, missed: int) -> None:
        """Add the counts of a document."""
        self.right += right
        self.recalled += right
        self.wrong += wrong
        self.missed += missed

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of what was to be found that was."""
        return _share(self.recalled, self.recalled + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(slots=True)
class Evaluation:
    """Scores by measure; ``by_class`` and ``by_predicate`` take them apart.

    ``status`` counts facts and sums found whose status is right or wrong, ``asserted``
    those that the text does not call done though the graph does: the worst error.
    ``missing`` are gold documents that the graph lacks, ``errors`` lines for people.
    """

    scores: dict[str, Score]
    by_class: dict[str, Score] = field(default_factory=dict)
    by_predicate: dict[str, Score] = field(default_factory=dict)
    status: Score = field(default_factory=Score)
    asserted: int = 0
    documents: int = 0
    missing: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Return all measures as flat numbers, such as ``{"relations.f1": 0.6}``."""
        found = {
            f"{measure}.{name}": round(getattr(score, name), 4)
            for measure, score in self.scores.items()
            for name in ("precision", "recall", "f1")
        }
        judged = self.status.right + self.status.wrong
        found["status.accuracy"] = round(_share(self.status.right, judged), 4)
        found["status.asserted wrongly"] = round(_share(self.asserted, judged), 4)
        return found


MEASURES = ("entities", "classes", "relations", "money", "money kinds", "money roles")


def evaluate(
    records: Mapping[str, Sequence[Record]], gold: Path, ontology: Ontology
) -> Evaluation:
    """Compare the graph with gold files.

    Args:
        records: Those of :func:`kg.records.read_records`.
        gold: A folder of gold files; a document is found by the stem of its path.
        ontology: Tells which predicates read the same in both directions.

    Raises:
        UsageError: The folder holds no gold file, or one that cannot be read.
    """
    documents = {Path(d["path"]).stem: d["id"] for d in records["documents"]}
    result = Evaluation({measure: Score() for measure in MEASURES})
    for wanted in _gold_files(gold, ontology):
        result.documents += 1
        name = wanted["doc"]
        if name not in documents:
            result.missing.append(name)
        _Comparison(records, documents.get(name), wanted, ontology, result).run()
    return result


def _gold_files(folder: Path, ontology: Ontology) -> Iterator[Record]:
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise UsageError(f"{folder} holds no gold files (<document>.json)")
    for path in paths:
        try:
            wanted = json.loads(path.read_text("utf-8"))
            _check(wanted, ontology)
        except KeyError as error:
            raise UsageError(f"{path} is no gold file: {error} is missing") from error
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"{path} is no gold file: {error}") from error
        yield wanted


def _check(wanted: Record, ontology: Ontology) -> None:
    """Refuse what could only ever count as missed.

    Raises:
        KeyError: Something is missing.
        ValueError: Something is no term, entity or number.
    """
    str(wanted["doc"])
    ids = {entity["id"] for entity in wanted["entities"]}
    for entity in wanted["entities"]:
        _one_of(ontology.classes, entity["type"], "class")
        if not entity["names"]:
            raise ValueError(f"entity {entity['id']!r} has no name")
    for relation in wanted["relations"]:
        _one_of(ontology.predicates, relation["p"], "predicate")
        _one_of(ids, relation["s"], "entity")
        _one_of(ids, relation["o"], "entity")
        _one_of({*ontology.statuses, None}, relation.get("status"), "status")
    for event in wanted["money"]:
        if event.get("amount") is None:
            continue
        float(event["amount"])
        str(event["currency"])
        _one_of(ontology.money_kinds, event["kind"], "kind of money")
        _one_of(ontology.statuses, event["status"], "status")
        for party in (*event.get("payer", ()), *event.get("recipient", ())):
            _one_of(ids, party, "entity")


def _one_of(known: Container[object], said: object, what: str) -> None:
    if said not in known:
        raise ValueError(f"no {what} {said!r}")


class _Comparison:
    """One document of the graph against its gold."""

    def __init__(
        self,
        records: Mapping[str, Sequence[Record]],
        document: str | None,
        wanted: Record,
        ontology: Ontology,
        result: Evaluation,
    ) -> None:
        self.entities = [e for e in records["entities"] if document in e["documents"]]
        self.facts = [f for f in records["facts"] if f["document"] == document]
        self.money = [m for m in records["money"] if m["document"] == document]
        self.wanted = wanted
        self.ontology = ontology
        self.result = result
        self.gold = {e["id"]: e for e in wanted["entities"]}
        self.same = _aligned(self.entities, wanted["entities"])
        self.labels = {e["id"]: str(e["label"]) for e in self.entities}

    def run(self) -> None:
        """Add this document's counts to the result."""
        self._entities()
        self._relations()
        self._money()

    def _error(self, what: str) -> None:
        self.result.errors.append(f"{self.wanted['doc']}: {what}")

    def _entities(self) -> None:
        required = {key for key, e in self.gold.items() if not e.get("optional")}
        found = set(self.same.values())
        typed = set()
        for entity in self.entities:
            match = self.same.get(entity["id"])
            if match is None:
                self._error(f"wrong entity {entity['label']} ({entity['type']})")
            elif self.gold[match]["type"] == entity["type"]:
                typed.add(match)
            else:
                self._error(
                    f"wrong class {entity['label']}: {entity['type']}, "
                    f"not {self.gold[match]['type']}"
                )
        for key in sorted(required - found):
            missed = self.gold[key]
            self._error(f"missed entity {missed['names'][0]} ({missed['type']})")
        scores, extra = self.result.scores, len(self.entities)
        scores["entities"].count(len(found), extra - len(found), len(required - found))
        scores["classes"].count(len(typed), extra - len(typed), len(required - typed))
        for entity in self.entities:
            match = self.same.get(entity["id"])
            right = match in typed
            _of(self.result.by_class, entity["type"]).count(
                int(right), int(not right), 0
            )
        for key in required - typed:
            _of(self.result.by_class, self.gold[key]["type"]).count(0, 0, 1)

    def _relations(self) -> None:
        wanted: dict[tuple[Any, str, Any], Record] = {}
        for relation in self.wanted["relations"]:
            wanted[relation["s"], relation["p"], relation["o"]] = relation
            predicate = self.ontology.predicates.get(relation["p"])
            if predicate is not None and predicate.symmetric:
                wanted[relation["o"], relation["p"], relation["s"]] = relation
        found: set[int] = set()
        seen = set()
        for fact in self.facts:
            key = (
                self.same.get(fact["subject"]),
                fact["predicate"],
                self.same.get(fact["object"]),
            )
            if key in seen and None not in key:
                continue
            seen.add(key)
            relation = wanted.get(key)
            if relation is None:
                self._relation(fact["predicate"]).count(0, 1, 0)
                self.result.scores["relations"].count(0, 1, 0)
                self._error(
                    f"wrong fact {self._label(fact['subject'])} {fact['predicate']} "
                    f"{self._label(fact['object'])}"
                )
            elif id(relation) not in found:
                found.add(id(relation))
                core = relation.get("core", True)
                for score in (
                    self._relation(fact["predicate"]),
                    self.result.scores["relations"],
                ):
                    score.right += 1
                    score.recalled += core
                self._status(relation.get("status"), fact["status"], key[1])
        for relation in {id(r): r for r in wanted.values()}.values():
            if relation.get("core", True) and id(relation) not in found:
                self._relation(relation["p"]).count(0, 0, 1)
                self.result.scores["relations"].count(0, 0, 1)
                subject, object_ = self.gold[relation["s"]], self.gold[relation["o"]]
                self._error(
                    f"missed fact {subject['names'][0]} {relation['p']} "
                    f"{object_['names'][0]}"
                )

    def _relation(self, predicate: str) -> Score:
        return _of(self.result.by_predicate, predicate)

    def _label(self, entity: str) -> str:
        return self.labels.get(entity, entity)

    def _status(self, wanted: str | None, found: str, what: str) -> None:
        asserted = self.ontology.asserted
        wanted = wanted or asserted
        self.result.status.count(int(wanted == found), int(wanted != found), 0)
        self.result.asserted += found == asserted != wanted
        if wanted != found:
            self._error(f"wrong status of {what}: {found}, not {wanted}")

    def _money(self) -> None:
        events = [m for m in self.money if m["amount"] is not None]
        scores = self.result.scores
        used: set[str] = set()
        for wanted in self.wanted["money"]:
            if wanted.get("amount") is None:
                continue
            event = next(
                (e for e in events if e["id"] not in used and _same_sum(e, wanted)),
                None,
            )
            if event is None:
                if not wanted.get("optional"):
                    scores["money"].count(0, 0, 1)
                    self._error(f"missed sum {wanted['amount']} {wanted['currency']}")
                continue
            used.add(event["id"])
            scores["money"].count(1, 0, 0)
            same = (event["kind"], event["status"]) == (
                wanted["kind"],
                wanted["status"],
            )
            scores["money kinds"].count(int(same), int(not same), int(not same))
            self._status(wanted["status"], event["status"], f"{wanted['amount']}")
            for role in ("payer", "recipient"):
                self._role(role, wanted, event)
        for event in events:
            if event["id"] not in used:
                scores["money"].count(0, 1, 0)
                self._error(f"wrong sum {event['amount']} {event['currency']}")

    def _role(self, role: str, wanted: Record, event: Record) -> None:
        want = set(wanted.get(role, ()))
        got = {self.same.get(entity, entity) for entity in event[role]}
        right = len(want & got)
        # One of several who pay is enough: texts name the same payer in many ways.
        missed = 0 if right else len(want)
        self.result.scores["money roles"].count(right, len(got - want), missed)
        if got - want or missed:
            names = [self.gold[e]["names"][0] if e in self.gold else e for e in want]
            told = [self._label(e) for e in event[role]]
            self._error(f"{role} of {wanted['amount']}: {told}, not {names}")


def _of(scores: dict[str, Score], name: str) -> Score:
    return scores.setdefault(name, Score())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def name_key(name: str) -> str:
    """Return a name without case, article, possessive and punctuation."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("’", "'")
    text = re.sub(r"'s\b|(?<=s)'(?=\s|$)", "", text)
    text = " ".join(re.sub(r"[^\w\s&+]", "", text).split())
    return re.sub(r"^(the|a|an)\s+", "", text)


def _aligned(found: Iterable[Record], gold: Sequence[Record]) -> dict[str, str]:
    """Pair found with gold entities that share a name, most and longest names first."""
    candidates = []
    for entity in found:
        names = {name_key(n) for n in (entity["label"], *entity["aliases"])} - {""}
        for wanted in gold:
            shared = names & {name_key(n) for n in wanted["names"]}
            if shared:
                rank = (
                    len(shared),
                    entity["type"] == wanted["type"],
                    max(map(len, shared)),
                )
                candidates.append((rank, entity["id"], wanted["id"]))
    candidates.sort(key=lambda c: c[0], reverse=True)
    same: dict[str, str] = {}
    for _, entity, match in candidates:
        if entity not in same and match not in same.values():
            same[entity] = match
    return same


def _same_sum(event: Record, wanted: Record) -> bool:
    a, b = float(event["amount"]), float(wanted["amount"])
    return (
        abs(a - b) <= CLOSE * max(abs(a), abs(b), 1e-9)
        and event["currency"] == wanted["currency"]
    )
