"""What people decided about the graph: one readable file, a decision a line.

    merge  law/artificial-intelligence-act  law/ai-act
    split  person/john-smith  report-1f2e3d4c  John Smith of Ohio
    reject company/mistral-ai leads polity/france

Decisions name things by the ids that the graph shows, or by the id that any other name of
the thing would give; they are applied in their order at each build, whatever else changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.errors import UsageError
from kg.ontology import Ontology

FILE = "corrections.txt"

# What each verb is followed by; "…" takes the rest of the line, "?" may be missing.
VERBS = {
    "merge": ("ENTITY", "ENTITY"),
    "apart": ("ENTITY", "ENTITY"),
    "split": ("ENTITY", "DOCUMENT", "NAME…"),
    "rename": ("ENTITY", "NAME…"),
    "retype": ("ENTITY", "CLASS"),
    "accept": ("SUBJECT", "PREDICATE?", "OBJECT?", "DOCUMENT?"),
    "reject": ("SUBJECT", "PREDICATE?", "OBJECT?", "DOCUMENT?"),
}
_COMMENT = re.compile(r"(^|\s)#\s.*$|^#.*$")


@dataclass(frozen=True, slots=True)
class Correction:
    """One decision; ``line`` is where it stands in the file."""

    line: int
    verb: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.verb, *self.parts))


def parse(text: str, ontology: Ontology, where: str = FILE) -> tuple[Correction, ...]:
    """Read decisions from text.

    Raises:
        UsageError: A line is no decision; the message names it.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        said = _COMMENT.sub("", line).split()
        if said:
            try:
                found.append(Correction(number, said[0], _parts(said, ontology)))
            except ValueError as error:
                raise UsageError(f"{where}:{number}: {error}") from error
    return tuple(found)


def _parts(said: Sequence[str], ontology: Ontology) -> tuple[str, ...]:
    verb, *rest = said
    if verb not in VERBS:
        raise ValueError(f"no verb {verb!r}; there are: {', '.join(VERBS)}")
    wanted = VERBS[verb]
    if wanted[-1].endswith("…") and len(rest) > len(wanted):
        rest = [*rest[: len(wanted) - 1], " ".join(rest[len(wanted) - 1 :])]
    needed = [part for part in wanted if not part.endswith("?")]
    if not len(needed) <= len(rest) <= len(wanted):
        raise ValueError(f"{verb} is followed by {' '.join(wanted)}")
    if verb == "retype" and rest[1] not in ontology.classes:
        raise ValueError(f"no class {rest[1]!r}")
    if verb in {"accept", "reject"} and len(rest) > 1:
        if len(rest) < 3:
            raise ValueError(f"{verb} is followed by SUBJECT PREDICATE OBJECT")
        if rest[1] not in ontology.predicates:
            raise ValueError(f"no predicate {rest[1]!r}")
    if verb in {"merge", "apart"} and rest[0] == rest[1]:
        raise ValueError("the two are the same")
    return tuple(rest)


def read_corrections(path: Path, ontology: Ontology) -> tuple[Correction, ...]:
    """Return the decisions of a file; none if there is no file.

    Raises:
        UsageError: The file cannot be read, or a line of it is no decision.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    return parse(text, ontology, path.name)


def add_correction(path: Path, verb: str, parts: Sequence[str]) -> None:
    """Write one more decision to the end of a file, which is made if need be."""
    before = path.read_text("utf-8") if path.exists() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    _write(path, before + " ".join((verb, *parts)) + "\n")


def undo_correction(path: Path) -> str | None:
    """Take the last decision off a file and return it, None if there is none."""
    if not path.exists():
        return None
    lines = path.read_text("utf-8").splitlines(keepends=True)
    for i in range(len(lines) - 1, -1, -1):
        if _COMMENT.sub("", lines[i]).strip():
            undone = lines.pop(i).strip()
            _write(path, "".join(lines))
            return undone
    return None


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that no half of it is ever read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text, "utf-8")
    new.replace(path)


Fact = tuple[str, ...]
"""What a decision is about: a fact's subject, predicate and object, and a document if it
is about that one alone; or the id of a sum."""


class Verdicts:
    """Which facts and sums people accepted or rejected, by the ids of the graph.

    Notes which of the decisions met anything, so that none is dropped in silence.
    """

    def __init__(self) -> None:
        self._said: dict[Fact, tuple[bool, Correction]] = {}
        self.met: set[Fact] = set()

    def add(self, fact: Fact, correction: Correction) -> None:
        """Take over a decision."""
        self._said[fact] = (correction.verb == "accept", correction)

    def of_fact(
        self, subject: str, predicate: str, object_: str, document: str
    ) -> bool | None:
        """Return what was decided about a fact in a document, None if nothing."""
        fact = (subject, predicate, object_)
        return self._of((*fact, document), fact)

    def of_sum(self, id_: str) -> bool | None:
        """Return what was decided about a sum, None if nothing."""
        return self._of((id_,))

    def _of(self, *facts: Fact) -> bool | None:
        for fact in facts:
            if fact in self._said:
                self.met.add(fact)
                return self._said[fact][0]
        return None

    def all(self) -> set[tuple[Fact, bool]]:
        """Return all decisions, each with whether it accepts."""
        return {(fact, accepts) for fact, (accepts, _) in self._said.items()}

    def unmet(self) -> Iterator[Correction]:
        """Yield the decisions that met nothing."""
        for fact, (_, correction) in self._said.items():
            if fact not in self.met:
                yield correction
