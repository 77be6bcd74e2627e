"""Saved questions: ``.rq`` files whose header tells what they ask and what they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from kg.errors import UsageError
from kg.ontology import OntologyClass, Predicate, load_ontology
from kg.query.tokens import tokens

_HEADER = re.compile(r"^#\+ (\w+): (.*)$", re.MULTILINE)
_XSD = "http://www.w3.org/2001/XMLSchema#"

FindEntity = Callable[[str], str]
"""Gives the IRI of the entity that a name means; raises UsageError where none has it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a saved question takes.

    Attributes:
        name: As it stands behind the ``$`` in the query.
        default: What it is when none is given.
        summary: What it means.
        type: One of TYPES.
    """

    name: str
    default: str
    summary: str
    type: str = "text"

    @property
    def needed(self) -> bool:
        """Whether a value has to be given: only a text can be empty."""
        return not self.default and self.type != "text"


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A question in a ``.rq`` file.

    Its header says ``#+ summary: …`` and, for each parameter, ``#+ parameter: name =
    default; type; what it is``; without a type it is text.  In the query, ``$name`` stands
    for the value: a string for text and date, a number, or the IRI that is meant.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    text: str


def saved_queries(folder: Path) -> dict[str, SavedQuery]:
    """Return the questions of a folder by name, sorted."""
    return {
        path.stem: read_query(path.stem, path.read_text("utf-8"))
        for path in sorted(folder.glob("*.rq"))
    }


def read_query(name: str, text: str) -> SavedQuery:
    """Return a query with what its header says."""
    summary = ""
    parameters = []
    for key, value in _HEADER.findall(text):
        if key == "summary":
            summary = value.strip()
        elif key == "parameter":
            parameters.append(_parameter(value))
    return SavedQuery(name, summary, tuple(parameters), text)


def listing(queries: Iterable[SavedQuery]) -> list[str]:
    """Return the lines of ``kg query --list``."""
    lines = []
    for query in queries:
        lines.append(f"{query.name:24} {query.summary}")
        for parameter in query.parameters:
            default = f" (default {parameter.default!r})" if parameter.default else ""
            needed = " (needed)" if parameter.needed else ""
            lines.append(
                f"{'':24}   --param {parameter.name}=…  {parameter.type}: "
                f"{parameter.summary}{default}{needed}"
            )
    return lines


def _parameter(header: str) -> Parameter:
    name, _, rest = header.partition("=")
    default, _, what = rest.partition(";")
    type_, _, after = what.partition(";")
    if type_.strip() in TYPES:
        what = after
    else:
        type_ = "text"
    return Parameter(name.strip(), default.strip(), what.strip(), type_.strip())


def with_parameters(
    query: SavedQuery,
    values: Mapping[str, str],
    find_entity: FindEntity | None = None,
) -> str:
    """Return a query's text with its parameters filled in.

    A value enters the query as one term, a literal or an IRI, and nothing else.

    Args:
        query: The query.
        values: By the names of parameters.
        find_entity: Tells who is meant by the value of an entity's parameter.

    Raises:
        UsageError: A value is given for a parameter that the query does not have, is not
            of its type, or is missing.
    """
    names = {parameter.name for parameter in query.parameters}
    for name in values:
        if name not in names:
            takes = ", ".join(sorted(names)) or "none"
            raise UsageError(
                f"{query.name} has no parameter {name!r}; it takes: {takes}"
            )
    filled = {
        "$" + parameter.name: _term(query, parameter, values, find_entity)
        for parameter in query.parameters
    }
    text = query.text
    for token in reversed(tokens(text)):
        if token.kind == "variable" and token.text in filled:
            end = token.start + len(token.text)
            text = text[: token.start] + filled[token.text] + text[end:]
    return text


def _term(
    query: SavedQuery,
    parameter: Parameter,
    values: Mapping[str, str],
    find_entity: FindEntity | None,
) -> str:
    """Return the value of a parameter as it is written in SPARQL."""
    value = values.get(parameter.name, parameter.default)
    if not value and parameter.type != "text":
        raise UsageError(
            f"{query.name} needs --param {parameter.name}=…: {parameter.summary}"
        )
    if parameter.type == "entity":
        if find_entity is None:
            raise UsageError(f"{query.name} needs a graph to find {value!r} in")
        value = find_entity(value)
    try:
        return str(TYPES[parameter.type](value))
    except UsageError as error:
        raise UsageError(f"{parameter.name}: {error}") from error


def _text(value: str) -> Literal:
    return Literal(value)


def _number(value: str) -> Literal:
    match = re.fullmatch(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", value)
    if match is None:
        raise UsageError(f"{value!r} is no number such as 40 or 2.5")
    return Literal(
        value, datatype=NamedNode(_XSD + ("decimal" if match[1] else "integer"))
    )


def _date(value: str) -> Literal:
    """Return a date as exact as it is given: the graph holds dates as such strings."""
    day = value + {4: "-01-01", 7: "-01"}.get(len(value), "")
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
            raise ValueError(value)
        date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(
            f"{value!r} is no date such as 2024, 2024-06 or 2024-06-30"
        ) from error
    return Literal(value)


def _class(value: str) -> NamedNode:
    ontology = load_ontology()
    classes = [*ontology.classes.values(), *ontology.money_kinds.values()]
    return _one_of(value, "class", classes)


def _predicate(value: str) -> NamedNode:
    return _one_of(value, "predicate", load_ontology().predicates.values())


def _one_of(
    value: str, what: str, terms: Iterable[OntologyClass | Predicate]
) -> NamedNode:
    """Return the term that has such a name or label."""
    known: dict[str, str] = {}
    shown: dict[str, str] = {}
    for term in terms:
        for name in (term.name, term.label):
            known[name.casefold()] = term.iri
            shown[name.casefold()] = term.name
    from difflib import get_close_matches

    key = value.casefold().rpartition(":")[2]
    if key not in known:
        close = get_close_matches(key, known, n=1)
        names = ", ".join(dict.fromkeys(shown.values()))
        hint = f"did you mean {shown[close[0]]}?" if close else f"there are: {names}"
        raise UsageError(f"no {what} {value!r}; {hint}")
    return NamedNode(known[key])


def _entity(value: str) -> NamedNode:
    return NamedNode(value)


TYPES: dict[str, Callable[[str], Literal | NamedNode]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "class": _class,
    "predicate": _predicate,
    "entity": _entity,
}
