"""Queries run in a process that can be killed: limits, crashes, and what comes of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from asked import BASE, store_sample
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, Store

from kg.cli import main
from kg.errors import KgError, LimitError, StoreError, UsageError
from kg.ontology import load_ontology
from kg.query import child
from kg.query.answer import written
from kg.query.entity import find_entity
from kg.query.guard import Query, checked
from kg.query.saved import Parameter, SavedQuery, read_query, with_parameters
from kg.query.worker import Cell, Limits, Rows, Text, Worker

ONTOLOGY = load_ontology()
CROSS = " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(6))
DOUBLED = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(40))


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_sample(tmp_path_factory.mktemp("asked"))


def asked(text: str) -> Query:
    return checked(text, ONTOLOGY)


def rows(worker: Worker, text: str, limits: Limits | None = None) -> list[list[Cell]]:
    answer = worker.ask(asked(text), limits)
    assert isinstance(answer, Rows)
    return list(answer.rows)


def kg(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def test_one_worker_answers_several_queries_one_after_the_other(output: Path) -> None:
    with closing(Worker(output)) as worker:
        for _ in range(3):
            assert len(rows(worker, "SELECT ?x { ?x a kg:Law }")) == 3
            with pytest.raises(UsageError, match="wrong"):
                rows(worker, "SELECT ?x { ?x a }")
            assert worker.ask(asked("ASK { ?x a kg:Place }")) is False
            with pytest.raises(LimitError, match="more rows than 2"):
                rows(worker, "SELECT ?x { ?x ?p ?o }", Limits(rows=2))


def test_time_is_limited(output: Path) -> None:
    text = f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}"
    with closing(Worker(output)) as worker:
        began = time.monotonic()
        with pytest.raises(LimitError, match="longer than 1 s"):
            rows(worker, text, Limits(seconds=1))
        assert time.monotonic() - began >= 1
        with pytest.raises(LimitError):  # it has ended
            rows(worker, "SELECT ?x { ?x a kg:Law }", Limits(seconds=60))


def test_rows_are_limited_and_those_before_come(output: Path) -> None:
    with closing(Worker(output)) as worker:
        answer = worker.ask(asked("SELECT ?x { ?x ?p ?o }"), Limits(rows=2))
        assert isinstance(answer, Rows)
        assert len([next(answer.rows), next(answer.rows)]) == 2
        with pytest.raises(LimitError, match="more rows than 2"):
            next(answer.rows)
        assert len(rows(worker, "SELECT ?x { ?x a kg:Law }", Limits(rows=3))) == 3


def test_the_size_of_an_answer_is_limited(output: Path) -> None:
    got: list[list[Cell]] = []
    with closing(Worker(output)) as worker:
        answer = worker.ask(asked(f"SELECT * {{ {CROSS} }}"), Limits(size=1_000_000))
        assert isinstance(answer, Rows)
        with pytest.raises(LimitError, match="larger than"):
            got.extend(answer.rows)
    assert 0 < sum(len(json.dumps(row)) for row in got) <= 1_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are of Linux")
@pytest.mark.parametrize(
    "text",
    [
        f"SELECT (STRLEN(?x40) AS ?n) {{ BIND('xxxxxxxxxxxxxxxx' AS ?x0) {DOUBLED} }}",
        f"SELECT * {{ {CROSS} }} ORDER BY ?c5 ?c4",
        f"SELECT (GROUP_CONCAT(?all) AS ?n) {{ {CROSS} BIND(CONCAT(STR(?a0), STR(?a1),"
        " STR(?a2), STR(?a3)) AS ?all) }",
    ],
)
def test_memory_is_limited(output: Path, text: str) -> None:
    with (
        closing(Worker(output, memory=512 << 20)) as worker,
        pytest.raises(LimitError, match="more memory than 512 MiB"),
    ):
        rows(worker, text, Limits(seconds=120))


@pytest.mark.parametrize(
    "text",
    [
        "ASK { FILTER(" + "1&&" * 15_000 + "1) }",
        "ASK { FILTER(" + "1+" * 20_000 + "1) }",
        "ASK { FILTER(" + "-" * 30_000 + "1) }",
        "ASK { ?x " + "kg:leads/" * 1_900 + "kg:leads ?y }",
        "ASK { " + " ".join(f"?x{i} ?p{i} ?x{i + 1} ." for i in range(400)) + " }",
        "ASK { VALUES ?x {" + "1 " * 30_000 + "} }",
        "ASK { ?x (kg:leads|!kg:leads)*/(kg:leads|!kg:leads)* ?y . " + CROSS + " }",
        "SELECT * { FILTER(REGEX('" + "a" * 5_000 + "b', '(a+)+(a+)+(a+)+$')) }",
        "SELECT (SUM(?n) AS ?m) { VALUES ?n { " + "9" * 40_000 + " } }",
    ],
)
def test_a_hostile_query_costs_itself_alone(output: Path, text: str) -> None:
    codes = {2, 4}
    try:
        with closing(Worker(output, memory=1 << 30)) as worker:
            answer = worker.ask(asked(text), Limits(seconds=2))
            codes = {len(list(answer.rows)) if isinstance(answer, Rows) else 0}
    except KgError as error:
        codes &= {error.exit_code}
    assert codes
    with closing(Worker(output)) as worker:
        assert len(rows(worker, "SELECT ?x { ?x a kg:Law }")) == 3


def test_a_worker_that_is_killed_says_so(output: Path) -> None:
    with closing(Worker(output)) as worker:
        assert len(rows(worker, "SELECT ?x { ?x a kg:Law }")) == 3
        worker._process.kill()
        with pytest.raises(LimitError, match="SIGKILL"):
            rows(worker, "SELECT ?x { ?x a kg:Law }")


def test_closing_a_worker_amid_an_answer_ends_it(output: Path) -> None:
    worker = Worker(output)
    answer = worker.ask(asked(f"SELECT * {{ {CROSS} }}"))
    assert isinstance(answer, Rows)
    next(answer.rows)
    worker.close()
    assert worker._process.returncode is not None


def test_a_store_that_is_missing_or_damaged_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run `kg build` first"):
        Worker(tmp_path / "none")
    output = store_sample(tmp_path)
    for file in (output / "published").glob("*/MANIFEST*"):
        file.write_bytes(b"nothing of this")
    with closing(Worker(output)) as worker, pytest.raises(StoreError, match="damaged"):
        rows(worker, "SELECT ?x { ?x a kg:Law }")


def test_the_child_imports_neither_the_package_nor_anything_slow() -> None:
    code = (
        "import sys\n"
        f"path = {child.__file__!r}\n"
        "exec(compile(open(path).read(), path, 'exec'), {'__name__': 'child'})\n"
        "slow = {'kg', 'typing', 'dataclasses', 'subprocess', 'pyoxigraph', 'ctypes'}\n"
        "sys.exit(f'imported {slow}' if slow & set(sys.modules) else 0)"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_answers_come_in_the_standard_formats_too(output: Path) -> None:
    select = asked("SELECT ?l { ?x a kg:Law ; rdfs:label ?l } ORDER BY ?l")
    construct = asked("CONSTRUCT { ?x a kg:Law } WHERE { ?x a kg:Law }")

    def text(query: Query, type_: str, limits: Limits | None = None) -> str:
        answer = worker.ask(query, limits, format_=type_)
        assert isinstance(answer, Text)
        return "".join(answer.parts)

    with closing(Worker(output)) as worker:
        bindings = json.loads(text(select, "application/sparql-results+json"))[
            "results"
        ]
        assert bindings["bindings"][0]["l"]["value"] == 'AI "Act"'
        assert text(select, "text/csv").splitlines()[1] == '"AI ""Act"""'
        assert "<sparql" in text(select, "application/sparql-results+xml")
        assert '"boolean":true' in text(
            asked("ASK { ?x a kg:Law }"), "application/sparql-results+json"
        )
        assert text(construct, "application/n-triples").count("\n") == 3
        with pytest.raises(LimitError, match="more rows than 1"):
            text(construct, "application/n-triples", Limits(rows=1))
        with pytest.raises(LimitError, match="larger than"):
            text(select, "text/csv", Limits(size=20))
        with pytest.raises(UsageError, match="no format"):
            text(select, "image/png")
        assert len(rows(worker, "SELECT ?x { ?x a kg:Law }")) == 3


def test_names_come_with_iris_where_they_are_asked_for(output: Path) -> None:
    text = "SELECT ?x ?t { ?x a ?t ; rdfs:label 'plain' }"
    with closing(Worker(output)) as worker:
        answer = worker.ask(asked(text), names=True)
        assert isinstance(answer, Rows)
        row = next(answer.rows)
        assert row[0] == [f"{BASE}entity/law/plain", "plain"]
        list(answer.rows)
        assert rows(worker, text)[0][0] == [f"{BASE}entity/law/plain"]
        (shown,) = list(
            written(Rows(("x", "t"), iter([row])), "md", ONTOLOGY.prefixes, 80)
        )[2:]
    assert shown == "| plain | kg:Law |\n"


def counted(taken: list[int], count: int) -> Iterator[list[Cell]]:
    for number in range(count):
        taken.append(number)
        yield [str(number), ["a:b", f"name {number}"], None]


@pytest.mark.parametrize("format_", ["csv", "tsv", "json", "md"])
def test_rows_are_written_as_they_come(format_: str) -> None:
    taken: list[int] = []
    parts = written(Rows(("n", "i", "u"), counted(taken, 5000)), format_, {}, 80)
    while not taken:
        next(parts)
    assert taken == [0]
    assert len(list(parts)) >= 4999


def test_a_table_takes_its_widths_from_the_first_thousand_rows() -> None:
    taken: list[int] = []
    parts = written(Rows(("n", "i", "u"), counted(taken, 2500)), "table", {}, 80)
    assert next(parts) == "n    i         u\n"
    assert len(taken) == 1000
    lines = list(parts)
    assert lines[999] == "999  name 999\n"
    # What is wider than all before it wraps; the columns stay where they are.
    assert lines[1000:1002] == ["100  name\n", "0    1000\n"]


def test_a_table_fits_the_terminal_and_hides_what_fools_it() -> None:
    cells: list[Cell] = ["a \x1b[31m" + "word " * 30, "法律" * 30, "short"]
    lines = list(written(Rows(("a", "b", "c"), iter([cells])), "table", {}, 60))
    assert all(
        len(line.rstrip()) + line.count("法") + line.count("律") <= 60 for line in lines
    )
    assert "\x1b" not in "".join(lines)
    assert "".join(lines).count("word") == 30
    assert "".join(lines).count("法") == 30


def test_cells_that_a_spreadsheet_would_run_are_quoted() -> None:
    cells: list[Cell] = ["=HYPERLINK(1)", 'a "b", c', "x\ty\nz"]
    csv_text = "".join(written(Rows(("a", "b", "c"), iter([cells])), "csv", {}, 80))
    assert "'=HYPERLINK(1)" in csv_text
    assert '"a ""b"", c"' in csv_text
    tsv_text = "".join(written(Rows(("a", "b", "c"), iter([cells])), "tsv", {}, 80))
    assert "x y z" in tsv_text


def limited() -> Iterator[list[Cell]]:
    yield ["1"]
    raise LimitError("enough")


def test_json_is_well_formed_even_when_a_limit_ends_it() -> None:
    parts: list[str] = []
    with pytest.raises(LimitError):
        parts.extend(written(Rows(("n",), limited()), "json", {}, 80))
    for part in written(Rows(("n",), iter([])), "json", {}, 80):
        assert json.loads(part) == []
    assert json.loads("".join(parts)) == [{"n": "1"}]


HEADER = """#+ summary: What?
#+ parameter: old = x; part of a name; with a semicolon
#+ parameter: least = 2.5; number; the least
#+ parameter: day = 2024-06; date; from when
#+ parameter: kind = Law; class; of what
#+ parameter: how = ; predicate; by what
#+ parameter: who = ; entity; whom
SELECT ?x { ?x ?p $old, $least, $day, $kind, $how, $who, $other, '$who' } # $who
"""


def test_parameters_have_types_and_are_filled_in_as_terms() -> None:
    query = read_query("q", HEADER)
    assert query.summary == "What?"
    types = {parameter.name: parameter.type for parameter in query.parameters}
    assert types == {
        "old": "text",
        "least": "number",
        "day": "date",
        "kind": "class",
        "how": "predicate",
        "who": "entity",
    }
    assert query.parameters[0].summary == "part of a name; with a semicolon"
    text = with_parameters(query, {"how": "kg:leads", "who": "Roe"}, lambda n: "a:" + n)
    integer = with_parameters(query, {"how": "leads", "who": "a:R", "least": "3"}, str)
    assert '"x", "2.5"^^<http://www.w3.org/2001/XMLSchema#decimal>, "2024-06",' in text
    assert '"3"^^<http://www.w3.org/2001/XMLSchema#integer>' in integer
    assert (
        f"<{ONTOLOGY.iri('Law')}>, <{ONTOLOGY.iri('leads')}>, <a:Roe>, $other" in text
    )
    assert text.endswith("'$who' } # $who\n")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"least": "many"}, "'many' is no number"),
        ({"least": "1e999999999"}, "is no number"),
        ({"least": "2,5"}, "is no number"),
        ({"least": "1 } ; DROP ALL"}, "is no number"),
        ({"day": "June"}, "is no date"),
        ({"day": "2024-13"}, "is no date"),
        ({"day": "2023-02-29"}, "is no date"),
        ({"kind": "Lwa"}, "did you mean Law"),
        ({"kind": "zzzz"}, "there are:"),
        ({"how": "leeds"}, "did you mean leads"),
        ({"how": ""}, "needs --param how="),
        ({"who": ""}, "needs --param who="),
        ({"new": "x"}, "has no parameter 'new'"),
    ],
)
def test_values_of_the_wrong_type_are_refused(
    values: dict[str, str], message: str
) -> None:
    given = {"how": "leads", "who": "x", **values}
    with pytest.raises(UsageError, match=message):
        with_parameters(read_query("q", HEADER), given, lambda name: "a:" + name)


@pytest.mark.parametrize("value", ['AI "Act"', "x || true", "plain"])
def test_a_text_matches_only_itself(output: Path, value: str) -> None:
    query = SavedQuery(
        "by-name",
        "",
        (Parameter("name", "plain", ""),),
        "SELECT ?x WHERE { ?x rdfs:label ?l FILTER(?l = $name) }",
    )
    with closing(Worker(output)) as worker:
        assert len(rows(worker, with_parameters(query, {"name": value}))) == 1


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_out_of_its_literal(value: str) -> None:
    query = read_query("q", "#+ parameter: v = ; a text\nSELECT ($v AS ?x) {}")
    text = asked(with_parameters(query, {"v": value})).for_the_engine
    (row,) = Store().query(text)  # type: ignore[misc]
    assert row[0] == Literal(value)  # type: ignore[index]


def test_entities_are_found_by_any_name_and_suggested(output: Path) -> None:
    with closing(Worker(output)) as worker:

        def found(name: str) -> str:
            return find_entity(worker, ONTOLOGY, name).removeprefix(f"{BASE}entity/")

        assert found("mistral") == found("Mistral AI") == "company/mistral-ai"
        assert found("company/mistral-ai") == "company/mistral-ai"
        assert found(f"{BASE}entity/law/plain") == "law/plain"
        with pytest.raises(UsageError, match="did you mean Mistral AI"):
            found("Mistrl AI")
        with pytest.raises(UsageError, match="jane-roe, person/jane-roe-2"):
            found("Jane Roe")


def test_the_command_reaches_its_limits_with_code_4(output: Path) -> None:
    everything = "SELECT ?x { ?x a kg:Law } ORDER BY ?x"
    some = kg("query", everything, "--limit", "2", "-f", "csv", "-o", str(output))
    assert (some.exit_code, some.stdout.count("\n")) == (4, 3)
    assert some.stderr == "kg: there are more rows than 2\n"
    all_ = kg("query", everything, "--limit", "3", "-f", "csv", "-o", str(output))
    assert (all_.exit_code, all_.stderr) == (0, "")
    endless = f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}"
    late = kg("query", endless, "--timeout", "1", "-o", str(output))
    assert (late.exit_code, late.stdout) == (4, "")
    assert late.stderr == "kg: the query takes longer than 1 s\n"


def test_the_command_shows_where_a_query_is_wrong(output: Path, tmp_path: Path) -> None:
    result = kg("query", "SELECT ?x { ?x kg:leeds ?y }", "-o", str(output))
    assert result.exit_code == 2
    first, line, mark = result.stderr.splitlines()
    assert first.startswith("kg: ")
    assert line[mark.index("^") :].startswith("kg:leeds")


def test_the_command_takes_parameters_of_a_file(output: Path, tmp_path: Path) -> None:
    file = tmp_path / "named.rq"
    file.write_text(
        "#+ summary: How is it named?\n#+ parameter: who = ; entity; whom\n"
        "SELECT ?l ?x { VALUES ?x { $who } ?x skos:altLabel ?l }",
        "utf-8",
    )
    arguments = ["query", str(file), "-o", str(output), "-f", "table"]
    result = kg(*arguments, "-p", "who=mistral")
    assert result.stdout == "l        x\nMistral  Mistral AI\n"
    missing = kg(*arguments)
    assert missing.exit_code == 2
    assert "needs --param who=…: whom" in missing.stderr


def test_the_list_shows_types(output: Path) -> None:
    lines = kg("query", "--list").stdout.splitlines()
    assert any("--param law=…  text: part of the name" in line for line in lines)


def test_explain_tells_what_is_asked_and_counts_each_pattern(output: Path) -> None:
    text = (
        "SELECT DISTINCT ?x WHERE { ?x a kg:Law ; rdfs:label ?l . "
        "OPTIONAL { GRAPH ?g { ?x skos:altLabel ?a } } "
        "FILTER(?l != 'x') FILTER NOT EXISTS { ?x a kg:Place } } ORDER BY ?l LIMIT 7"
    )
    result = kg("query", text, "--explain", "--limit", "5", "-o", str(output))
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith(
        "asks    rows of ?x, at most 7, each once, in the order of"
    )
    assert "merge" in lines[1]
    assert "single graphs" in lines[1]
    assert lines[2] == "limits  30 s, 5 rows"
    counts = [
        line.split(None, 1)
        for line in lines[lines.index("rows of each pattern in the store") + 1 :]
    ]
    assert ["3", "?x rdf:type kg:Law"] in counts
    assert ["6", "?x skos:altLabel ?a  in ?g"] in counts
    assert ["0", "?x rdf:type kg:Place"] in counts
    assert any("LeftJoin" in line for line in lines)
    again = kg("query", text, "--explain", "--limit", "5", "-o", str(output))
    assert again.stdout == result.stdout


def test_memory_of_the_command_does_not_grow_with_the_rows(output: Path) -> None:
    text = f"SELECT * {{ {CROSS} }}"
    code = (
        "import resource, sys; from kg.cli import main\n"
        f"try: main(['query', {text!r}, '-f', 'csv', '-o', {str(output)!r}])\n"
        "except SystemExit as end: code = end.code\n"
        "used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "print(code, used, file=sys.stderr)"
    )
    sizes = []
    for limit in (1, 10_000):
        limited = code.replace("'-o'", f"'--limit', '{limit}', '-o'")
        done = subprocess.run(
            [sys.executable, "-c", limited], capture_output=True, text=True
        )
        exit_code, size = done.stderr.splitlines()[-1].split()
        assert exit_code == "4", done.stderr
        assert done.stdout.count("\n") == limit + 1
        sizes.append(int(size))
    assert sizes[1] - sizes[0] < 15, sizes


def test_pipes_that_close_early_are_no_error(output: Path) -> None:
    command = (
        f"{sys.executable} -m kg query 'SELECT * {{ {CROSS} }}' -o {output} | head -1"
    )
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env={**os.environ}
    )
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
