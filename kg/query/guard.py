"""What a query may ask: nothing that changes data, reaches out, or overwhelms the parser.

The parser of the engine has no off switch for SERVICE, and it needs no space between words:
to it ``SERVICEa:b`` is SERVICE and a name, ``1SERVICE`` a number and SERVICE.  So SERVICE
is refused wherever its letters stand outside strings, comments, IRIs, variables and the
part of a name behind its colon, and the engine gets the query token by token as it was
looked at here (see ``kg.query.tokens``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from kg.errors import UsageError
from kg.ontology import Ontology
from kg.query.tokens import Token, for_the_engine, lines, tokens, wrong

# A query is parsed on the native stack: this keeps hostile ones from overflowing it.
MAX_NESTING = 200

_READING = {"select", "ask", "construct", "describe"}
_CHANGING = {"insert", "delete", "with", "load", "clear", "create", "drop"}
_CHANGING |= {"add", "move", "copy"}
_OPERATORS = {"!", "/", "|", "^", "||"}
_CLOSING = {")": "(", "]": "[", "}": "{", ")>>": "<<(", "|}": "{|"}
# For "did you mean …?" alone: the engine knows which words there are.
_KEYWORDS = re.findall(
    r"\w+",
    """
    SELECT CONSTRUCT DESCRIBE ASK WHERE FROM NAMED PREFIX BASE DISTINCT REDUCED AS GROUP BY
    HAVING ORDER ASC DESC LIMIT OFFSET VALUES OPTIONAL GRAPH UNION MINUS FILTER BIND EXISTS
    NOT IN UNDEF COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT SEPARATOR STR LANG LANGMATCHES
    DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND CONCAT STRLEN UCASE LCASE
    ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS
    MINUTES SECONDS TIMEZONE TZ NOW UUID STRUUID MD5 SHA1 SHA256 SHA384 SHA512 COALESCE IF
    STRLANG STRDT SAMETERM ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC REGEX SUBSTR REPLACE
    TRUE FALSE
    """,
)


@dataclass(frozen=True, slots=True)
class Query:
    """A query that may be asked.

    Attributes:
        text: As it was written.
        tokens: Of the text, without space and comments.
        form: SELECT, ASK, CONSTRUCT or DESCRIBE.
        prefixes: Those that the text need not declare.
        graphs: What it wants to read FROM: the IRI, and where that stands.
    """

    text: str
    tokens: tuple[Token, ...]
    form: str
    prefixes: Mapping[str, str]
    graphs: tuple[tuple[str, Token], ...]

    @property
    def for_the_engine(self) -> str:
        """The query as its tokens say it, one on each line."""
        return for_the_engine(self.tokens)

    def error(self, message: str) -> UsageError:
        """Return what the engine's parser says with the place where it says so."""
        match = re.search(r"at (\d+):\d+", message)
        if match is None:
            return UsageError(f"the query is wrong: {message}")
        read = lines(self.tokens)
        number = int(match[1]) - 1
        token = read[number][0] if number < len(read) else None
        return wrong(self.text, token, _reason(message[match.end() :], token))

    def unknown_graph(self, iri: str) -> UsageError:
        """Return the error that the store has no such graph."""
        token = next(token for graph, token in self.graphs if graph == iri)
        reason = f"the store has no graph <{iri}>, and nothing else is read"
        return wrong(self.text, token, reason, what="FROM is refused")


def checked(text: str, ontology: Ontology, services: Collection[str] = ()) -> Query:
    """Look at a query before the engine does.

    Args:
        text: SPARQL 1.1 SELECT, ASK, CONSTRUCT or DESCRIBE.
        ontology: Gives the prefixes that need no PREFIX line, and the terms there are.
        services: The only URLs that SERVICE may call, each exactly as written.

    Raises:
        UsageError: The query changes data, reaches for the network, is too long or too
            deep, uses an unknown prefix or a term that the ontology does not have.
    """
    found = tokens(text)
    _refuse_service(text, found, services)
    form = _form(text, found)
    _refuse_depth(text, found)
    namespaces = {**ontology.prefixes, **dict(_declared(found))}
    _check_names(text, found, namespaces, ontology)
    graphs = tuple(_asked_graphs(found, ontology.prefixes))
    return Query(text, found, form, ontology.prefixes, graphs)


def _refuse_service(
    text: str, found: tuple[Token, ...], services: Collection[str]
) -> None:
    for number, token in enumerate(found):
        if "service" not in _code(token).casefold():
            continue
        after = found[number + 1 : number + 3]
        if after and after[0].is_word("silent"):
            after = after[1:]
        called = after[0].text[1:-1] if after and after[0].kind == "iri" else ""
        # One without a scheme would lead where the query's BASE says.
        if token.is_word("service") and called in services and "://" in called:
            continue
        reason = "a query here never reaches the network"
        if services:
            reason = "only --allow-service URLs are called, each exactly as written"
        elif token.kind == "name":
            reason = "a prefix cannot have the word in its name"
        raise wrong(text, token, reason, what="SERVICE is refused")


def _code(token: Token) -> str:
    """Return that part of a token in which the engine may see a keyword."""
    if token.kind == "name":
        return token.text.partition(":")[0]
    return "" if token.kind in {"string", "iri", "variable", "blank"} else token.text


def _form(text: str, found: tuple[Token, ...]) -> str:
    """Return the form of a query: its first word after the prologue."""
    first = _after_prologue(found)
    if first is not None and first.is_word(*_READING):
        return first.text.upper()
    if first is not None and first.is_word(*_CHANGING):
        reason = f"{first.text.upper()} changes the graph, and a query only reads"
        raise wrong(text, first, reason, what="an update is refused")
    begins = "a query begins with SELECT, ASK, CONSTRUCT or DESCRIBE"
    raise wrong(text, first, begins + _meant(first))


def _after_prologue(found: tuple[Token, ...]) -> Token | None:
    rest = iter(found)
    for token in rest:
        if token.is_word("prefix"):
            next(rest, None)
            next(rest, None)
        elif token.is_word("base", "version"):
            next(rest, None)
        else:
            return token
    return None


def _refuse_depth(text: str, found: tuple[Token, ...]) -> None:
    """Refuse what nests too deep, and brackets that do not pair."""
    opened: list[Token] = []
    operators = 0
    for token in found:
        if token.is_word("union", "optional", "minus") or token.text in _OPERATORS:
            operators += 1
        if token.kind != "mark":
            continue
        if token.text in _CLOSING.values():
            opened.append(token)
        elif token.text in _CLOSING and (
            not opened or opened.pop().text != _CLOSING[token.text]
        ):
            raise wrong(text, token, f"this {token.text} closes nothing")
        if len(opened) > MAX_NESTING or operators > MAX_NESTING * 10:
            raise wrong(text, token, f"it nests deeper than {MAX_NESTING} levels")
    if opened:
        raise wrong(text, opened[-1], f"this {opened[-1].text} is never closed")


def _declared(found: tuple[Token, ...]) -> Iterator[tuple[str, str]]:
    """Yield the prefixes that a query declares, with their namespaces."""
    for word, name, iri in zip(found, found[1:], found[2:], strict=False):
        if word.is_word("prefix") and name.kind == "name" and iri.kind == "iri":
            yield name.text.partition(":")[0], iri.text[1:-1]


def _check_names(
    text: str,
    found: tuple[Token, ...],
    namespaces: Mapping[str, str],
    ontology: Ontology,
) -> None:
    """Refuse an unknown prefix, and a name in our namespace that is no term of it."""
    terms = ontology.terms
    ours = next(p for p, iri in ontology.prefixes.items() if iri == ontology.namespace)
    for token in found:
        iri = _iri(token, namespaces)
        if iri is None:
            prefix = token.text.partition(":")[0]
            hint = _suggested(prefix, namespaces, "{}:")
            raise wrong(text, token, f"no prefix {prefix}: is declared{hint}")
        name = iri.removeprefix(ontology.namespace)
        if name and name != iri and name not in terms:
            hint = _suggested(name, terms, ours + ":{}")
            raise wrong(text, token, f"the ontology has no term {ours}:{name}{hint}")


def _iri(token: Token, namespaces: Mapping[str, str]) -> str | None:
    """Return the IRI that a token means, empty if none, or None for an unknown prefix."""
    if token.kind == "iri":
        return token.text[1:-1]
    if token.kind != "name":
        return ""
    prefix, _, local = token.text.partition(":")
    if prefix not in namespaces:
        return None
    return namespaces[prefix] + re.sub(r"\\(.)", r"\1", local)


def _asked_graphs(
    found: tuple[Token, ...], prefixes: Mapping[str, str]
) -> Iterator[tuple[str, Token]]:
    """Yield the graphs that stand behind FROM and FROM NAMED."""
    for number, token in enumerate(found):
        if not token.is_word("from", "fromnamed"):
            continue
        after = found[number + 1 : number + 3]
        if after and after[0].is_word("named"):
            after = after[1:]
        if after and (iri := _resolved(found, prefixes, after[0])):
            yield iri, after[0]


def _resolved(
    found: tuple[Token, ...], prefixes: Mapping[str, str], token: Token
) -> str:
    """Return the IRI that a token means to the engine, empty if it means none.

    The engine's own reader of Turtle, which has the same prologue, knows what BASE,
    prefixes that build on it, and escapes do.
    """
    import pyoxigraph

    first = _after_prologue(found)
    before = found[: found.index(first)] if first is not None else ()
    lines = [f"PREFIX {prefix}: <{iri}>" for prefix, iri in prefixes.items()]
    lines += [*(t.text for t in before), f"<a:b> <a:b> {token.text} ."]
    try:
        (quad,) = pyoxigraph.parse("\n".join(lines), pyoxigraph.RdfFormat.TURTLE)
    except (SyntaxError, ValueError):
        return ""
    return quad.object.value if isinstance(quad.object, pyoxigraph.NamedNode) else ""


def _reason(said: str, token: Token | None) -> str:
    """Return why the parser is not content, in the words of one who wrote the query.

    Its own words list all that could have stood there, which nobody reads.  What it means
    to tell are sentences: "The SELECT contains a variable that is unbound".
    """
    told = re.search(
        r"(?:expected|one of|,) ((?!one of)[A-Za-z]+(?: [A-Za-z]+)+)", said
    )
    if told is not None:
        return told[1]
    if token is None:
        return "it ends too early"
    return f"{token.text.splitlines()[0]} is not expected here{_meant(token)}"


def _meant(token: Token | None) -> str:
    if token is None or token.kind != "word" or token.text.upper() in _KEYWORDS:
        return ""
    return _suggested(token.text.upper(), _KEYWORDS, "{}")


def _suggested(name: str, names: Collection[str], form: str) -> str:
    """Return the question whether a name was meant that is nearly this one."""
    from difflib import get_close_matches

    lower = {known.lower(): known for known in sorted(names)}
    close = get_close_matches(name.lower(), lower, n=1)
    return f"; did you mean {form.format(lower[close[0]])}?" if close else ""
