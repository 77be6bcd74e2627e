"""Queries are looked at first: read-only, off the network, and their errors have a place."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from asked import BASE, DOCUMENTS, store_sample
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.errors import UsageError
from kg.graph import Rows, open_graph
from kg.ontology import load_ontology
from kg.paths import queries_folder
from kg.query.guard import Query, checked
from kg.query.saved import saved_queries, with_parameters
from kg.query.tokens import tokens
from kg.query.worker import Worker
from kg.store import GraphStore

ONTOLOGY = load_ontology()


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_sample(tmp_path_factory.mktemp("query"))


class Sink:
    """A socket that listens, and counts who connects."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


def answer_in_this_process(text: str) -> None:
    """Ask the engine without any wall."""
    store = Store()
    for value in (Literal(1), Literal("x"), Literal(True)):
        store.add(Quad(NamedNode("a:b"), NamedNode("a:b"), value))
    # A wrong query, a service that does not answer, and ASK, which has no rows.
    with suppress(SyntaxError, OSError, RuntimeError, TypeError):
        list(store.query(text, prefixes=dict(ONTOLOGY.prefixes)))  # type: ignore[arg-type]


def test_the_merge_of_all_graphs_is_asked_with_known_prefixes(output: Path) -> None:
    result = open_graph(output).query("SELECT ?l WHERE { ?x a kg:Law ; rdfs:label ?l }")
    assert isinstance(result, Rows)
    assert sorted(result.rows) == [('AI "Act"',), ("plain",), ("x || true",)]


def test_ask_and_construct_have_answers_of_their_own(output: Path) -> None:
    assert open_graph(output).query("ASK { ?x a kg:Law }") is True
    assert open_graph(output).query("ASK { ?x a kg:Place }") is False
    text = "CONSTRUCT { ?x a kg:Law } WHERE { ?x a kg:Law }"
    turtle = open_graph(output).query(text)
    assert isinstance(turtle, str)
    assert turtle.count("a kg:Law") == 3


# Each of these the engine itself takes for SERVICE, or may do so in its next version.
# "U" is the address, and a:b, :b and ?u lead there too.
SPELLINGS = (
    "SERVICE <U> { ?s ?p ?o }",
    "service <U> { ?s ?p ?o }",
    "SeRvIcE <U> { ?s ?p ?o }",
    "SERVICE SILENT <U> { ?s ?p ?o }",
    "SERVICESILENT<U>{?s ?p ?o}",
    "SERVICE<U>{?s ?p ?o}",
    "SERVICE\n<U>\n{ ?s ?p ?o }",
    "SERVICE#c\n<U> { ?s ?p ?o }",
    "# c\rSERVICE <U> { ?s ?p ?o }",
    "# c\r\nSERVICE <U> { ?s ?p ?o }",
    "SERVICE a:b { ?s ?p ?o }",
    "SERVICEa:b { ?s ?p ?o }",
    "SERVICE:b { ?s ?p ?o }",
    "SERVICE <> { ?s ?p ?o }",
    "VALUES ?u { <U> } SERVICE ?u { ?s ?p ?o }",
    "VALUES ?u { <U> } SERVICE?u{ ?s ?p ?o }",
    "?s ?p 1SERVICE <U> { ?s ?p ?o }",
    "?s ?p 1.SERVICE <U> { ?s ?p ?o }",
    "?s ?p trueSERVICE <U> { ?s ?p ?o }",
    "?s ?p trueSERVICE:b { ?s ?p ?o }",
    "?s ?p ?o.SERVICE <U> { ?s ?p ?o }",
    "?s ?p 'x'SERVICE <U> { ?s ?p ?o }",
    "?s ?p '''it's''' . SERVICE <U> { ?s ?p ?o }",
    "?s ?p ?o FILTEREXISTS{SERVICE <U> { ?s ?p ?o }}",
    "FILTER NOT EXISTS { SERVICE <U> { ?s ?p ?o } }",
    "OPTIONAL { SERVICE <U> { ?s ?p ?o } }",
    "{} UNION { SERVICE <U> { ?s ?p ?o } }",
    "?s ?p ?o MINUS { SERVICE <U> { ?s ?p ?o } }",
    "{ SELECT * { SERVICE <U> { ?s ?p ?o } } }",
    "LATERAL{SERVICE <U> { ?s ?p ?o }}",
    "GRAPH ?g { SERVICE <U> { ?s ?p ?o } }",
    "\\u0053ERVICE <U> { ?s ?p ?o }",
    # To the engine the first "<" may be a comparison, and the rest of its line a comment.
    "VALUES ?a {1} FILTER(?a<?b#>'''\n) SERVICE <U> { ?s ?p ?o } #'''\n",
    "VALUES ?a {1} FILTER(?a<?b||'>'='>' ) SERVICE <U> { ?s ?p ?o } #'\n",
    "VALUES ?a {1} FILTER(?a<'''>\n''' ) SERVICE <U> { ?s ?p ?o } #'''\n",
)


def spelled(group: str, url: str) -> str:
    """Return a query whose group is one of the spellings."""
    text = f"BASE <U> PREFIX a: <U> PREFIX : <U> SELECT * {{ {group} }}"
    return text.replace("<U>", f"<{url}>")


def test_the_engine_itself_connects(sink: Sink) -> None:
    before = sink.connections
    answer_in_this_process(spelled("SERVICEa:b { ?s ?p ?o }", sink.url))
    assert sink.connections > before


@pytest.mark.parametrize("group", SPELLINGS)
def test_no_spelling_of_service_connects(sink: Sink, group: str) -> None:
    before = sink.connections
    try:
        query = checked(spelled(group, sink.url), ONTOLOGY)
    except UsageError:
        pass
    else:
        # What is let through is nothing that the engine takes for SERVICE.
        answer_in_this_process(query.for_the_engine)
    assert sink.connections == before


PIECES = st.one_of(
    st.sampled_from("{}().,# \r\n'\"<>1\\"),
    st.sampled_from(
        ["SERVICE", "service", "SILENT", "<U>", "a:b", ":b", "?u", "?a<?b#>"]
    ),
    st.sampled_from(["{ ?s ?p ?o }", "FILTER(", "true", "?s ?p ", "VALUES ?u {<U>}"]),
    st.sampled_from(["UNION", "OPTIONAL", "@en", "^^", "_:", "{} ", "'''", '"""']),
)


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=9))
def test_no_query_that_is_let_through_connects(sink: Sink, pieces: list[str]) -> None:
    before = sink.connections
    for group in ("".join(pieces), "".join(pieces) + "SERVICE <U> { ?s ?p ?o } "):
        try:
            query = checked(spelled(group, sink.url), ONTOLOGY)
        except UsageError:
            continue
        answer_in_this_process(query.for_the_engine)
    assert sink.connections == before


def unchecked(text: str) -> Query:
    """Return a query that nobody has looked at."""
    return Query(text, tokens(text), "SELECT", ONTOLOGY.prefixes, ())


@pytest.mark.skipif(
    not Path("/proc/sys/kernel/seccomp").exists(), reason="the second wall is of Linux"
)
def test_the_kernel_refuses_what_the_guard_would_let_through(
    output: Path, sink: Sink
) -> None:
    before = sink.connections
    query = unchecked(f"SELECT * {{ SERVICE <{sink.url}> {{ ?s ?p ?o }} }}")
    with closing(Worker(output)) as worker, pytest.raises(UsageError, match="denied"):
        list(worker.ask(query).rows)  # type: ignore[union-attr]
    assert sink.connections == before


def test_an_allowed_service_is_called_and_no_other(output: Path, sink: Sink) -> None:
    before = sink.connections
    text = f"SELECT * {{ SERVICE SILENT <{sink.url}> {{ ?s ?p ?o }} }}"
    query = checked(text, ONTOLOGY, [sink.url])
    with closing(Worker(output, online=True)) as worker:
        assert len(list(worker.ask(query).rows)) == 1  # type: ignore[union-attr]
    assert sink.connections > before
    before = sink.connections
    for target in (f"<{sink.url}x>", f"<{sink.url}#>", "a:", "?u", "SILENT ?u", "<x>"):
        other = f"PREFIX a: <{sink.url}> SELECT * {{ SERVICE {target} {{ ?s ?p ?o }} }}"
        with pytest.raises(UsageError, match="exactly as written"):
            checked(f"BASE <{sink.url}> {other}", ONTOLOGY, [sink.url, "x"])
    assert sink.connections == before


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?service { ?service rdfs:label 'SERVICE' } # SERVICE",
        'SELECT * { ?s rdfs:customer_service """SERVICE\n<x>""" ; ?p <http://service/> }',
    ],
)
def test_the_word_service_is_allowed_in_names_and_strings(text: str) -> None:
    answer_in_this_process(checked(text, ONTOLOGY).for_the_engine)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a:b> <a:b> <a:b> }",
        "INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
        "WITH <a:b> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "DELETE WHERE { ?s ?p ?o }",
        "DELETE DATA { <a:b> <a:b> <a:b> }",
        "PREFIX a: <a:b> DROP ALL",
        "CLEAR ALL",
        "LOAD <http://127.0.0.1:1/>",
        "CREATE GRAPH <a:b>",
        "ADD DEFAULT TO <a:b>",
        "MOVE DEFAULT TO <a:b>",
        "COPY DEFAULT TO <a:b>",
    ],
)
def test_updates_are_refused(output: Path, text: str) -> None:
    with pytest.raises(UsageError, match="changes the graph"):
        open_graph(output).query(text)
    behind = f"SELECT * {{ ?s ?p ?o }} ; {text}"
    with pytest.raises(UsageError, match="wrong"):
        open_graph(output).query(behind)
    assert open_graph(output).query("ASK { ?x a kg:Law }") is True


@pytest.mark.parametrize(
    "clause",
    [
        "FROM <http://127.0.0.1:1/x>",
        "FROM <file:///etc/passwd>",
        "FROM NAMED <http://127.0.0.1:1/x>",
        f"FROM <{DOCUMENTS[0]}> FROM NAMED <{DOCUMENTS[0]}x>",
        "FROMNAMED<http://127.0.0.1:1/x>",
        "from owl:thing",
    ],
)
def test_only_graphs_of_the_store_are_read_from(output: Path, clause: str) -> None:
    with pytest.raises(UsageError, match="the store has no graph") as raised:
        open_graph(output).query(f"SELECT * {clause} {{ ?s ?p ?o }}")
    assert "^" in raised.value.detail


def test_an_address_without_a_base_is_none(output: Path) -> None:
    with pytest.raises(UsageError, match="IRI parsing failed"):
        open_graph(output).query("SELECT * FROM <relative> { ?s ?p ?o }")


def test_a_document_is_read_from_by_its_graph(output: Path) -> None:
    for clause in (
        f"FROM <{DOCUMENTS[0]}>",
        f"PREFIX d: <{BASE}> ASK FROM d:document\\/a-1",
        f"BASE <{BASE}> ASK FROM <document/a-1>",
        f"BASE <{BASE}> PREFIX d: <document/> ASK FROM d:a-1",
        f"ASK FROM <{BASE}document/\\u0061-1>",
    ):
        text = clause if "ASK" in clause else f"ASK {clause}"
        assert open_graph(output).query(text + " { ?x a kg:Law }") is True


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * " + "{" * 3000,
        "SELECT * " + "{" * 3000 + "}" * 3000,
        "SELECT * { FILTER(" + "(" * 8000 + "1" + ")" * 8000 + ")}",
        "SELECT * { ?s ?p " + "[ ?p " * 300 + "1" + "]" * 300 + "}",
        "SELECT * {" + "{} UNION " * 20_000 + "{} }",
        "SELECT * { }" + " " * 70_000,
    ],
)
def test_queries_that_would_overwhelm_the_parser_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"deep|long|wrong"):
        checked(text, ONTOLOGY)


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("SELEC ?x { ?x ?p ?o }", "did you mean SELECT?", "SELEC"),
        ("SELECT ?x { ?x kg:leeds ?y }", "did you mean kg:leads?", "kg:leeds"),
        ("SELECT ?x { ?x a kg:law }", "did you mean kg:Law?", "kg:law"),
        (
            "SELECT ?x { ?x <https://kg.internal/ontology#leeds> ?y }",
            "did you mean kg:leads?",
            "<https://kg.internal/ontology#leeds>",
        ),
        (
            "PREFIX k: <https://kg.internal/ontology#> ASK { ?x k:xyz 1 }",
            "kg:xyz",
            "k:xyz",
        ),
        ("SELECT ?x { ?x rdf_s:label ?y }", "did you mean rdfs:?", "rdf_s:label"),
        (
            "SELECT ?x { ?x zzzzzz:label ?y }",
            "no prefix zzzzzz: is declared",
            "zzzzzz:label",
        ),
        ("ASK { ?x a kg:Law . OPTINAL { ?x ?p ?o } }", "OPTIONAL?", "OPTINAL"),
        ("SELECT (COUTN(?x) AS ?y) { ?x ?p ?o }", "COUNT?", "COUTN"),
        ("ASK { FILTER(?x > ) }", ") is not expected", ")"),
        ("ASK { ?x ?p ?o } LIMIT x", "x is not expected", "x"),
        ("ASK { ?x a }", "} is not expected", "}"),
        ("ASK { ?x ?p 'it }", "no end", "'"),
        ("ASK { FILTER(?x > (1) }", "closes nothing", "}"),
        ("ASK { FILTER(?x > ", "never closed", "("),
        ("SELECT ?x (COUNT(?y) AS ?n) { ?x ?p ?y }", "unbound", ""),
        ("SELECT ?x WHERE", "ends too early", ""),
        ("ASK {\n  ?x ?p ?o .\n  ?法律 ?法律 oops }", "line 3, column 11", "oops"),
    ],
)
def test_an_error_points_at_its_place(
    output: Path, text: str, message: str, marked: str
) -> None:
    with pytest.raises(UsageError) as raised:
        open_graph(output).query(text)
    assert message in str(raised.value)
    line, mark = raised.value.detail.splitlines()
    if "法律" in line:  # each takes two columns
        line = line.replace("法律", "xxxx")
    at = slice(mark.index("^"), mark.rindex("^") + 1)
    assert line[at].strip() == marked


def test_an_error_in_a_long_line_shows_the_part_around_it() -> None:
    with pytest.raises(UsageError) as raised:
        checked(
            "ASK { ?x ?p '" + "x" * 500 + "' . ?x kg:leeds ?y . ?x ?p '\x1b[31m' }",
            ONTOLOGY,
        )
    line, mark = raised.value.detail.splitlines()
    assert len(line) < 100
    assert "\x1b" not in line
    assert line[mark.index("^") :].startswith("kg:leeds")


# What the engine understands it must understand in the form in which it is told, too.
UNUSUAL = (
    "SELECT*{?s?p?o}",
    "ASK{?s a kg:Law.?s rdfs:label\"x\"@en-GB,'y'^^xsd:string;?p 5,5.5,.5,5e3,-5,+5,-.5e-3}",
    "SELECT(COUNT(*)AS?n)(SUM(?x)as ?y){?s ?p ?x}GROUP BY ?s HAVING(COUNT(*)>5)LIMIT 5",
    "ASK { ?s kg:leads/rdfs:label|^kg:leads ?x ; (kg:leads|^kg:leads)* ?y ; kg:leads+ ?z ;"
    " kg:leads? ?w ; !(kg:leads|^rdf:type) ?v; !a ?q ; ^(kg:leads)/kg:leads ?r }",
    "ASK { ?s ?p ?l FILTER(?l>5&&?l<=6||!(?l!=7))FILTER(?l<?s)FILTER(?l*-5/3>?s-5+3) }",
    'ASK { ?s ?p "a\\"b\\\\c\\n\\u00e9" , """a\nb"c""x""" , \'\'\'d\n\'e\'\'f\'\'\' , \'\' , "" }',
    "ASK { ?s ?p 'a' . # comment '\n?s ?q \"b\" # another \"\n}",
    "ASK { [] ?p [ ?q () ; ?r (1 2 'x' _:a.b <http://x/y#z>) ] . _:a ?p _:b1. }",
    "ASK { BIND(IF(BOUND(?x),CONCAT('a',STR(?s)),COALESCE(?z,'q')) AS ?y) }",
    "ASK { VALUES ?s {<a:b> UNDEF 'x' 5} VALUES (?a ?b) {(1 2)(UNDEF 'z')} }",
    "ASK { ?s ?p ?o FILTER(?s IN (1,2)) FILTER(?s NOT IN(<a:b>,?o)) FILTER(xsd:integer(?o)=5) }",
    "BASE <http://b/> PREFIX : <x#> PREFIX a.b-c: <http://y/>"
    "ASK { ?s :a :b ; a.b-c:d-e.f <rel> ; :%41\\-b :1a ; : :c:d }",
    "ASK { ?s ?p << ?a ?b ?c >> . ?s ?p ?o {| ?q ?r |} . ?x ?y <<( ?a ?b ?c )>> }",
    "SELECT(?a+?b AS ?c)(?a+5 AS ?d)(?a-5 AS ?e)(-?a AS ?g)(!?a AS ?h)(2-1 AS ?j){}",
    "SELECT ?é ?_x ?1 { ?é ?_x ?1 } ORDER BY ASC(?é) (?1) STR(?_x)",
    "CONSTRUCT { ?s ?p ?o . [] a ?o } WHERE { ?s ?p ?o }",
    "CONSTRUCT WHERE { ?s ?p ?o }",
    "DESCRIBE kg:Law <http://a/>",
    "SELECT ?s { { SELECT ?s { ?s ?p ?o } LIMIT 1 } } VALUES ?s { <a:b> }",
    "SELECT (GROUP_CONCAT(DISTINCT ?x;SEPARATOR=', ') AS ?y) { ?s ?p ?x }",
)


@pytest.mark.parametrize("text", UNUSUAL)
def test_the_engine_understands_a_query_token_by_token(text: str) -> None:
    prefixes = dict(ONTOLOGY.prefixes)
    store = Store()
    store.query(text, prefixes=prefixes)
    store.query(checked(text, ONTOLOGY).for_the_engine, prefixes=prefixes)


def test_the_bracket_of_a_function_may_stand_apart() -> None:
    text = checked("ASK { FILTER(CONCAT ('a', 'b') = 'ab') }", ONTOLOGY).for_the_engine
    assert Store().query(text)


def test_saved_questions_say_what_they_answer() -> None:
    saved = saved_queries(queries_folder())
    assert len(saved) >= 12
    for query in saved.values():
        assert query.summary.endswith("?"), query.name
        assert "ORDER BY" in query.text, query.name
        text = checked(with_parameters(query, {}), ONTOLOGY).for_the_engine
        Store().query(text, prefixes=dict(ONTOLOGY.prefixes))


def test_terms_of_the_ontology_are_those_that_its_files_declare() -> None:
    turtle = "".join(
        p.read_text("utf-8") for p in sorted(Path("ontology").glob("*.ttl"))
    )
    assert set(re.findall(r"^kg:(\w+)", turtle, re.MULTILINE)) == ONTOLOGY.terms


def test_a_triple_leaves_the_merge_with_its_last_graph(tmp_path: Path) -> None:
    output = store_sample(tmp_path)
    everything = "SELECT ?l WHERE { ?x a kg:Law ; rdfs:label ?l }"
    for document, rows in zip(DOCUMENTS, (3, 0), strict=True):
        store = GraphStore.open(output, writable=True)
        store.replace(document, ())
        store.publish(output)
        store.close()
        result = open_graph(output).query(everything)
        assert isinstance(result, Rows)
        assert len(result.rows) == rows
