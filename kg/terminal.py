"""What people read on a terminal: tables, descriptions and evidence as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from kg.analysis import GROUP, Analysis, Member, Step
from kg.build_report import BuildReport
from kg.describe import Description, Record, Records
from kg.diff import Change
from kg.evaluate import Evaluation, Score
from kg.ontology import Ontology
from kg.progress import Advance
from kg.table import clean

if TYPE_CHECKING:
    from kg.search import NameHit, SentenceHit
    from kg.search_index import Told

SHOWN = 5  # results of each kind that `kg stats` prints


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
        reasons = sorted({error.reason for error in report.skipped})
        parts.append(f"{len(report.skipped)} skipped ({'; '.join(reasons)})")
    return [
        f"{', '.join(parts)} in {report.seconds:.1f} s; "
        f"the graph holds {_counted(report.documents, 'document')}"
    ]


def progress_line(step: Advance, seconds: float) -> str:
    """Return one line that tells how far a build is, how fast and how long it will take.

    Args:
        step: Where it is.
        seconds: For how long it has been doing that.
    """
    parts = [f"{step.doing} {step.done:,}/{step.total:,}"]
    if seconds > 1:
        if step.words:
            parts.append(f"{step.words / seconds:,.0f} words/s")
        left = timedelta(seconds=round(seconds / step.done * (step.total - step.done)))
        parts.append(f"{left} left")
    return " · ".join((*parts, clean(step.name)[:60]))


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


class Describer:
    """Writes facts and money as sentences with their evidence beneath."""

    def __init__(self, records: Records, ontology: Ontology) -> None:
        self._names = {e["id"]: clean(e["label"]) for e in records["entities"]}
        self._documents = {d["id"]: d for d in records["documents"]}
        self._ontology = ontology

    def description(self, description: Description) -> str:
        """Return an entity with its facts in both directions and its money."""
        entity = description.entity
        class_ = self._ontology.classes[entity["type"]].label
        count = len(entity["documents"])
        lines = [_heading(entity["label"], class_, entity["mentions"], count)]
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
        for evidence in [said["evidence"], *said["furtherEvidence"]]:
            quote = " ".join(clean(evidence["text"]).split())
            lines.append(f"    “{quote}”")
            place = (evidence["start"], evidence["end"])
            lines.append(_place(document["path"], document["date"], *place))
        return lines

    def _fact(self, fact: Record) -> str:
        subject, object_ = (self._names[fact[end]] for end in ("subject", "object"))
        return f"{subject} {self._label(fact)} {object_}"

    def _money(self, event: Record) -> str:
        payers, recipients = (
            ", ".join(self._names[i] for i in event[role])
            for role in ("payer", "recipient")
        )
        parts = [_sum(self._label(event), event["label"], payers, recipients)]
        if event["purpose"]:
            parts.append(f"({clean(event['purpose'])})")
        if event["date"]:
            parts.append(event["date"])
        return " ".join(parts)

    def chain(self, chain: Sequence[Step]) -> list[str]:
        """Return a chain as one line with arrows, then what is said at each step."""
        line = self._names[chain[0].start]
        for step in chain:
            label = self._label(step.tie.said)
            status = self._ontology.statuses[step.tie.said["status"]]
            label += "" if status.asserted else f" ({status.label})"
            arrow = f" —{label}→ " if step.forwards else f" ←{label}— "
            line += arrow + self._names[step.end]
        lines = [click.style(line, bold=True)]
        for step in chain:
            lines += self.said(step.tie.said)
        return lines

    def analysis(self, found: Analysis) -> list[str]:
        """Return the first of each kind of result, with the evidence of one fact."""
        lines = []
        if found.central:
            lines += ["", "most central, by PageRank"]
        for central in found.central[:SHOWN]:
            entity = central.entity
            class_ = self._ontology.classes[entity.type].label
            heading = f"{clean(entity.label)}  {class_}, {central.score:.2%}"
            lines += self._result(heading, central.evidence)
        if found.communities:
            lines += ["", f"communities, the largest of {len(found.communities)}"]
        for community in found.communities[:SHOWN]:
            heading = f"{_some(community.members)}: {community.size} entities"
            lines += self._result(heading, community.evidence)
        if found.brokers:
            lines += ["", "brokers: who alone ties others to the rest"]
        for broker in found.brokers[:SHOWN]:
            count = sum(map(len, broker.groups))
            groups = f" in {len(broker.groups)} groups" if broker.groups[1:] else ""
            some = "; ".join(map(_some, broker.groups[:GROUP]))
            label = clean(broker.entity.label)
            heading = f"{label}: {count} entities{groups}, such as {some}"
            lines += self._result(heading, broker.evidence)
        return lines

    def _result(self, heading: str, evidence: Record) -> list[str]:
        said = [f"    {line}" for line in self.said(evidence)]
        return [f"  {click.style(heading, bold=True)}", *said]

    def _label(self, said: Record) -> str:
        """Return the label of a fact's predicate or of a sum's kind."""
        if "predicate" in said:
            return self._ontology.predicates[said["predicate"]].label
        return self._ontology.money_kinds[said["kind"]].label


def _some(members: Sequence[Member]) -> str:
    """Return the names of the most central members."""
    return ", ".join(clean(member.label) for member in members[:GROUP])


def change(found: Change) -> str:
    """Return one difference between two graphs as a line."""
    what = f"{found.kind} {clean(found.what)}"
    if found.before is None:
        return f"+ {what}: {clean(found.after or '')}"
    if found.after is None:
        return f"- {what}: {clean(found.before)}"
    return f"~ {what}: {clean(found.before)} → {clean(found.after)}"


def _heading(label: str, class_: str, mentions: int, documents: int) -> str:
    return (
        click.style(clean(label), bold=True)
        + f"  {class_}, {_counted(mentions, 'mention')} in {_counted(documents, 'document')}"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _sum(kind: str, amount: str | None, payers: str, recipients: str) -> str:
    text = f"{kind} of {amount or 'an untold sum'}"
    text += f" from {payers}" if payers else ""
    return text + (f" to {recipients}" if recipients else "")


def _place(path: str, date: str | None, start: int, end: int) -> str:
    where = clean(path) + (f", {date}" if date else "")
    return f"    {where}, characters {start}–{end}"


def found_name(found: NameHit, ontology: Ontology) -> list[str]:
    """Return an entity that a search found, with its other names."""
    class_ = ontology.classes[found.type].label
    lines = [_heading(found.label, class_, found.mentions, found.documents)]
    if found.names:
        lines.append("    also named " + ", ".join(map(clean, found.names)))
    return lines


def found_sentence(found: SentenceHit, ontology: Ontology) -> list[str]:
    """Return a sentence that a search found, with what it is evidence of."""
    return [
        f"“{_emphasised(found)}”",
        _place(found.path, found.date, found.start, found.end),
        *(f"    {_told(told, ontology)}" for told in found.told),
    ]


def _emphasised(found: SentenceHit) -> str:
    text = clean(found.text)  # of the same length
    parts = []
    at = 0
    for span in found.hits:
        parts += [
            text[at : span.start],
            click.style(text[span.start : span.end], bold=True),
        ]
        at = span.end
    return " ".join("".join([*parts, text[at:]]).split())


def _told(told: Told, ontology: Ontology) -> str:
    subjects, objects = (
        ", ".join(clean(party.label) for party in parties)
        for parties in (told.subjects, told.objects)
    )
    if told.type in ontology.predicates:
        text = f"{subjects} {ontology.predicates[told.type].label} {objects}"
    else:
        kind = ontology.money_kinds[told.type].label
        text = _sum(kind, told.amount, subjects, objects)
    status = ontology.statuses[told.status]
    notes = [] if status.asserted else [status.label]
    if told.attributed_to:
        notes.append("says " + clean(told.attributed_to.label))
    return text + (f"  [{'; '.join(notes)}]" if notes else "")


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
    counted: Mapping[str, Mapping[str, int]], ontology: Ontology
) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return titled tables of counts for ``kg stats``."""
    terms: Mapping[str, Any] = {
        **ontology.classes,
        **ontology.predicates,
        **ontology.money_kinds,
        **ontology.statuses,
    }
    return [
        (
            "" if title == "graph" else title,
            [
                (terms[name].label if name in terms else name, number)
                for name, number in numbers.items()
            ],
        )
        for title, numbers in counted.items()
    ]
