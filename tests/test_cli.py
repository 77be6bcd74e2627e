"""The command line: data on stdout, one line on stderr per error, exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.cli import main

TEXT = (
    "Italy's watchdog fined OpenAI €15 million in December 2024. Sam Altman, chief "
    "executive of OpenAI, said the company may appeal.\n"
)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "fine.txt").write_text(TEXT, "utf-8")
    result = kg("build", str(folder / "fine.txt"), "-o", str(folder / "out"))
    assert result.exit_code == 0, result.output
    return folder / "out"


def kg(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def test_show_tells_facts_with_sentence_and_file(output: Path) -> None:
    result = kg("show", "OpenAI", "-o", str(output))
    assert result.exit_code == 0
    assert "Sam Altman leads OpenAI" in result.stdout
    assert "fined OpenAI €15 million" in result.stdout
    assert "fine.txt" in result.stdout


def test_show_suggests_the_name_that_was_meant(output: Path) -> None:
    result = kg("show", "OpenIA", "-o", str(output))
    assert result.exit_code == 2
    assert "did you mean OpenAI?" in result.stderr


def test_why_gives_the_sentence(output: Path) -> None:
    result = kg("why", "Sam Altman", "OpenAI", "-o", str(output))
    assert "chief executive of OpenAI" in result.stdout
    assert kg("why", "OpenAI", "leads", "Sam Altman", "-o", str(output)).exit_code == 0
    nothing = kg("why", "OpenAI", "owns", "Sam Altman", "-o", str(output))
    assert nothing.exit_code == 2


def test_list_and_stats_count(output: Path) -> None:
    assert "OpenAI\tCompany" in kg("list", "Company", "-o", str(output)).stdout
    assert kg("list", "Planet", "-o", str(output)).exit_code == 2
    assert "documents" in kg("stats", "-o", str(output)).stdout


def test_query_by_name_text_file_and_stdin(output: Path, tmp_path: Path) -> None:
    text = "SELECT ?l WHERE { ?x a kg:Company ; rdfs:label ?l }"
    file = tmp_path / "q.rq"
    file.write_text(text)
    by_text = kg("query", text, "-f", "csv", "-o", str(output))
    by_file = kg("query", str(file), "-f", "csv", "-o", str(output))
    by_stdin = kg("query", "-", "-f", "csv", "-o", str(output), stdin=text)
    assert by_stdin.exit_code == 0, (by_text, by_file.stderr, by_stdin.stderr)
    assert by_text.stdout == by_file.stdout == by_stdin.stdout == "l\nOpenAI\n"
    fines = kg("query", "fines", "-f", "json", "-o", str(output))
    assert json.loads(fines.stdout)[0]["sum"] == "€15 million"


@pytest.mark.parametrize("format_", ["table", "csv", "tsv", "json", "md"])
def test_query_formats_all_hold_the_rows(output: Path, format_: str) -> None:
    result = kg("query", "who-leads-what", "-f", format_, "-o", str(output))
    assert "Sam Altman" in result.stdout


def test_construct_gives_turtle(output: Path) -> None:
    text = "CONSTRUCT { ?p kg:leads ?b } WHERE { ?p kg:leads ?b }"
    assert "kg:leads" in kg("query", text, "-o", str(output)).stdout
    assert kg("query", text, "-f", "csv", "-o", str(output)).exit_code == 2


def test_errors_are_one_line_and_have_their_code(output: Path, tmp_path: Path) -> None:
    for arguments, code in (
        (["query", "SELEC ?x {}", "-o", str(output)], 2),
        (["query", "fine", "-o", str(output)], 2),
        (["query", "fines", "-o", str(tmp_path / "none")], 3),
        (["show", "OpenAI", "-o", str(tmp_path / "none")], 3),
        (["build", str(tmp_path / "none.txt"), "-o", str(tmp_path / "o")], 1),
    ):
        result = kg(*arguments)
        assert result.exit_code == code, arguments
        # A wrong query is shown beneath, indented.
        lines = [x for x in result.stderr.splitlines() if x and not x.startswith("  ")]
        assert len(lines) == 1, result.stderr
        assert lines[0].startswith("kg: ")


def test_build_reads_standard_input(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    result = kg("build", "-", "-o", out, stdin=TEXT)
    assert result.exit_code == 0
    assert "€15 million" in kg("show", "OpenAI", "-o", out).stdout


def test_terms_are_understood_as_they_are_printed(output: Path) -> None:
    by_label = kg("list", "government body", "-o", str(output))
    assert by_label.exit_code == 0
    assert by_label.stdout == kg("list", "GovernmentBody", "-o", str(output)).stdout
    said = kg("why", "Sam Altman", "Leads", "OpenAI", "-o", str(output))
    assert said.exit_code == 0
    assert "chief executive of OpenAI" in said.stdout
    wrong = kg("correct", "retype", "OpenAI", "planet", "-o", str(output))
    assert (wrong.exit_code, "there are: Person" in wrong.stderr) == (2, True)


def test_validate_finds_the_graph_sound(output: Path) -> None:
    result = kg("validate", "-o", str(output))
    assert result.exit_code == 0, result.stdout


def test_remove_by_file(tmp_path: Path) -> None:
    (tmp_path / "fine.txt").write_text(TEXT, "utf-8")
    out = str(tmp_path / "out")
    kg("build", str(tmp_path / "fine.txt"), "-o", out)
    assert kg("remove", str(tmp_path / "fine.txt"), "-o", out).exit_code == 0
    assert kg("list", "documents", "-o", out).stdout.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--help"], ["query", "--list"], ["query", "fines"]]
)
def test_asking_never_imports_spacy(output: Path, arguments: list[str]) -> None:
    code = (
        "import sys; from kg.cli import main\n"
        f"try: main({[*arguments, *(['-o', str(output)] if 'fines' in arguments else [])]!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'spacy', 'rdflib', 'pyvis', 'torch', 'networkx'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_output_may_be_cut_off(output: Path) -> None:
    command = f"{sys.executable} -m kg query most-named -o {output} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


def test_the_report_tells_of_each_input(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "fine.txt").write_text(TEXT, "utf-8")
    (folder / "page.docx").write_bytes(b"no Word file")
    (folder / "picture.png").write_bytes(b"")
    (folder / "old.txt").write_bytes("Café".encode("cp1252"))
    report = tmp_path / "report.jsonl"
    arguments = ("build", str(folder), "-o", str(tmp_path / "out"))

    def told() -> list[dict[str, object]]:
        result = kg(*arguments, "--report", str(report))
        assert result.exit_code == 1, result.output
        return [json.loads(line) for line in report.read_text("utf-8").splitlines()]

    first = told()
    statuses = {Path(str(r["path"])).name: r["status"] for r in first}
    assert statuses == {
        "fine.txt": "ok",
        "old.txt": "ok",
        "page.docx": "failed",
        "picture.png": "skipped",
    }
    by_name = {Path(str(r["path"])).name: r for r in first}
    assert "not a Word file" in str(by_name["page.docx"]["reason"])
    assert by_name["old.txt"]["notes"] == ["not UTF-8; read as Windows-1252"]
    again = [record["status"] for record in told()]
    assert sorted(again) == ["failed", "skipped", "unchanged", "unchanged"]


def test_a_deep_check_tells_how_to_mend_what_is_damaged(tmp_path: Path) -> None:
    text = tmp_path / "fine.txt"
    text.write_text(TEXT, "utf-8")
    output = tmp_path / "out"
    assert kg("build", str(text), "-o", str(output)).exit_code == 0
    assert kg("validate", "--deep", "-o", str(output)).exit_code == 0
    for file in output.glob("published/*/MANIFEST*"):
        file.write_bytes(b"nothing of this")
    result = kg("validate", "--deep", "-o", str(output))
    assert result.exit_code == 1
    store = output / "store"
    assert f"delete {store} and run `kg build` again" in result.stdout
    shown = kg("list", "-o", str(output))
    assert shown.exit_code == 3
    assert f"delete {store} and run `kg build` again" in shown.stderr
    shutil.rmtree(store)
    assert kg("build", str(text), "-o", str(output)).exit_code == 0
    assert kg("validate", "--deep", "-o", str(output)).exit_code == 0
