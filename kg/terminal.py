"""What people read on a terminal: tables, descriptions and evidence as plain text."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import click
from pyoxigraph import Literal, NamedNode

from kg.build_report import BuildReport
from kg.describe import Description, Record, Records
from kg.diff import Change
from kg.evaluate import Evaluation, Score
from kg.export import safe_cell
from kg.ontology import Ontology
from kg.query import Table

Term = NamedNode | Literal | None


def clean(text: str) -> str:
    """Return text without control and bidirectional characters, which fool terminals."""
    return "".join(
        c if unicodedata.category(c) not in {"Cc", "Cf"} or c in "\u200d" else " "
        for c in text
    )


def summary(report: BuildReport) -> list[str]:
    """Return the closing lines of a build."""
    parts = [
        f"{len(report.added)} added",
        f"{len(report.replaced)} replaced",
        f"{len(report.unchanged)} unchanged",
    ]
    if report.removed:
        parts.append(f"{len(report.removed)} removed")
    if report.failed:
        parts.append(f"{len(report.failed)} failed")
    if report.skipped:
        parts.append(f"{len(report.skipped)} skipped (of no kind that can be read)")
    return [
        f"{', '.join(parts)} in {report.seconds:.1f} s; "
        f"the graph holds {report.documents} document"
        + ("" if report.documents == 1 else "s")
    ]


def evaluation(result: Evaluation) -> list[str]:
    """Return the measures as lines of a table."""
    lines = [f"{'':18} {'P':>6} {'R':>6} {'F1':>6}  right wrong missed"]

    def row(name: str, score: Score) -> str:
        return (
            f"{name:18} {score.precision:6.3f} {score.recall:6.3f} {score.f1:6.3f}  "
            f"{score.right:5} {score.wrong:5} {score.missed:6}"
        )

    lines += [row(name, score) for name, score in result.scores.items()]
    figures = result.figures()
    judged = result.status.right + result.status.wrong
    lines.append(
        f"{'status':18} {figures['status.accuracy']:6.3f} of {judged}; "
        f"shown as done though not: {result.asserted}"
    )
    for title, scores in (
        ("classes", result.by_class),
        ("predicates", result.by_predicate),
    ):
        lines += ["", title, *(row(n, scores[n]) for n in sorted(scores))]
    return [*lines, "", f"{result.documents} documents"]


class Names:
    """How IRIs are shown: entities by their label, terms with their prefix."""

    def __init__(self, ontology: Ontology, labels: Mapping[str, str]) -> None:
        self._prefixes = sorted(
            ((iri, name) for name, iri in ontology.prefixes.items()),
            key=lambda pair: -len(pair[0]),
        )
        self._labels = labels

    def show(self, term: Term) -> str:
        """Return a term as people read it."""
        if term is None:
            return ""
        if isinstance(term, Literal):
            return clean(term.value)
        if term.value in self._labels:
            return clean(self._labels[term.value])
        for iri, name in self._prefixes:
            if term.value.startswith(iri):
                return f"{name}:{term.value[len(iri) :]}"
        return term.value


def table_text(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> str:
    """Return rows as aligned columns that fit the width; long cells wrap."""
    from rich.console import Console
    from rich.table import Table as RichTable

    table = RichTable(
        box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0)
    )
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        # Cells are data: rich must not read "[b]" in them as mark-up.
        table.add_row(*[cell.replace("[", r"\[") for cell in row])
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(table)
    return re.sub(r"[ \t]+$", "", out.getvalue(), flags=re.MULTILINE)


def query_text(table: Table, format_: str, names: Names, width: int) -> str:
    """Return a query's rows in one of the row formats."""
    shown = [[names.show(term) for term in row] for row in table.rows]
    raw = [["" if t is None else t.value for t in row] for row in table.rows]
    if format_ == "table":
        return table_text(table.columns, shown, width)
    if format_ == "md":
        head = "| " + " | ".join(table.columns) + " |\n"
        rule = "|" + " --- |" * len(table.columns) + "\n"
        return (
            head
            + rule
            + "".join(
                "| "
                + " | ".join(c.replace("|", r"\|").replace("\n", " ") for c in row)
                + " |\n"
                for row in shown
            )
        )
    if format_ == "json":
        records = [dict(zip(table.columns, row, strict=True)) for row in raw]
        return json.dumps(records, ensure_ascii=False, indent=1) + "\n"
    out = io.StringIO()
    delimiter = "\t" if format_ == "tsv" else ","
    writer = csv.writer(out, lineterminator="\n", delimiter=delimiter)
    writer.writerow(table.columns)
    for row in raw:
        cells = [re.sub(r"[\t\n]", " ", c) for c in row] if delimiter == "\t" else row
        writer.writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


class Describer:
    """Writes facts and money as sentences with their evidence beneath."""

    def __init__(self, records: Records, ontology: Ontology) -> None:
        self._names = {e["id"]: clean(e["label"]) for e in records["entities"]}
        self._documents = {d["id"]: d for d in records["documents"]}
        self._ontology = ontology

    def description(self, description: Description) -> str:
        """Return an entity with its facts in both directions and its money."""
        entity = description.entity
        class_ = self._ontology.classes[entity["type"]]
        count = len(entity["documents"])
        lines = [
            click.style(clean(entity["label"]), bold=True)
            + f"  {class_.label}, {entity['mentions']} mentions in {count} document"
            + ("" if count == 1 else "s")
        ]
        if entity["aliases"]:
            lines.append("also named " + ", ".join(map(clean, entity["aliases"])))
        if entity["sameAs"]:
            lines.append("same as " + ", ".join(map(clean, entity["sameAs"])))
        for facts in (description.outgoing, description.incoming):
            for fact in facts:
                lines += ["", *self.said(fact)]
        for event in description.money:
            lines += ["", *self.said(event)]
        if len(lines) <= 2 and not (description.outgoing or description.incoming):
            lines += ["", "No fact is told of it."]
        return "\n".join(lines) + "\n"

    def said(self, said: Record) -> list[str]:
        """Return one fact or sum, how sure it is, and its sentences."""
        text = self._fact(said) if "predicate" in said else self._money(said)
        status = self._ontology.statuses[said["status"]]
        notes = [] if status.asserted else [status.label]
        notes += [
            f"{word} {said[word]}" for word in ("since", "until") if said.get(word)
        ]
        if said["attributedTo"]:
            notes.append("says " + self._names[said["attributedTo"]])
        notes.append(f"confidence {said['confidence']:.2f}")
        lines = [f"{text}  [{'; '.join(notes)}]"]
        document = self._documents[said["document"]]
        where = clean(document["path"]) + (
            f", {document['date']}" if document["date"] else ""
        )
        for evidence in [said["evidence"], *said["furtherEvidence"]]:
            quote = " ".join(clean(evidence["text"]).split())
            lines.append(f"    “{quote}”")
            lines.append(
                f"    {where}, characters {evidence['start']}–{evidence['end']}"
            )
        return lines

    def _fact(self, fact: Record) -> str:
        label = self._ontology.predicates[fact["predicate"]].label
        return f"{self._names[fact['subject']]} {label} {self._names[fact['object']]}"

    def _money(self, event: Record) -> str:
        kind = self._ontology.money_kinds[event["kind"]].label
        parts = [f"{kind} of {event['label'] or 'an untold sum'}"]
        for role, word in (("payer", "from"), ("recipient", "to")):
            if event[role]:
                names = ", ".join(self._names[i] for i in event[role])
                parts.append(f"{word} {names}")
        if event["purpose"]:
            parts.append(f"({clean(event['purpose'])})")
        if event["date"]:
            parts.append(event["date"])
        return " ".join(parts)


def change(found: Change) -> str:
    """Return one difference between two graphs as a line."""
    what = f"{found.kind} {clean(found.what)}"
    if found.before is None:
        return f"+ {what}: {clean(found.after or '')}"
    if found.after is None:
        return f"- {what}: {clean(found.before)}"
    return f"~ {what}: {clean(found.before)} → {clean(found.after)}"


def listing(records: Records, ontology: Ontology, what: str | None) -> list[list[str]]:
    """Return rows for ``kg list``: entities of a class, documents, or all entities."""
    if what == "documents":
        return [
            [d["id"], clean(d["title"] or ""), d["date"] or "", str(d["words"])]
            for d in records["documents"]
        ]
    facts: dict[str, int] = {}
    for fact in records["facts"]:
        for id_ in (fact["subject"], fact["object"]):
            facts[id_] = facts.get(id_, 0) + 1
    chosen = [e for e in records["entities"] if what in {None, e["type"]}]
    chosen.sort(key=lambda e: (-e["mentions"], e["label"], e["id"]))
    return [
        [
            clean(e["label"]),
            ontology.classes[e["type"]].label,
            str(e["mentions"]),
            str(facts.get(e["id"], 0)),
            ", ".join(map(clean, e["aliases"])),
        ]
        for e in chosen
    ]


def statistics(
    records: Records, ontology: Ontology
) -> list[tuple[str, list[list[str]]]]:
    """Return titled tables of counts for ``kg stats``."""

    def count(
        items: list[dict[str, Any]], key: str, terms: Mapping[str, Any]
    ) -> list[list[str]]:
        rows = [
            [term.label, str(sum(item[key] == name for item in items))]
            for name, term in terms.items()
        ]
        return [row for row in rows if row[1] != "0"]

    said = records["facts"] + records["money"]
    return [
        (
            "",
            [
                ["documents", str(len(records["documents"]))],
                ["words", str(sum(d["words"] for d in records["documents"]))],
                ["entities", str(len(records["entities"]))],
                ["facts", str(len(records["facts"]))],
                ["money events", str(len(records["money"]))],
            ],
        ),
        ("entities", count(records["entities"], "type", ontology.classes)),
        ("facts", count(records["facts"], "predicate", ontology.predicates)),
        ("money", count(records["money"], "kind", ontology.money_kinds)),
        ("status", count(said, "status", ontology.statuses)),
    ]
