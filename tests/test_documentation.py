"""What the documentation says is true: commands, help, files, and the numbers' source."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kg.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_documented_and_has_help_with_an_example(name: str) -> None:
    command = main.commands[name]
    assert f"`kg {name}" in README
    assert command.help
    assert f"kg {name}" in command.help


def test_every_option_has_help() -> None:
    for command in main.commands.values():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name != "format_":
                assert parameter.help, (command.name, parameter.name)


def commands() -> list[str]:
    """Return the one-line commands of the README's shell blocks, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_first_command_of_the_readme_works_in_a_fresh_copy(tmp_path: Path) -> None:
    for name in ("kg", "ontology", "queries", "corpus"):
        ignored = shutil.ignore_patterns("__pycache__", "data")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(
        ["bash", "-c", commands()[0]], cwd=tmp_path, env=environment, check=True
    )
    assert (tmp_path / "output" / "graph.html").stat().st_size > 100_000


def sessions() -> list[tuple[str, list[str]]]:
    """Return each command of the README's console blocks with the lines shown for it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line:
                found[-1][1].append(line)
    return found


def test_sessions_of_the_readme_show_what_the_commands_print(tmp_path: Path) -> None:
    output = str(tmp_path / "out")
    assert (
        CliRunner()
        .invoke(main, ["build", str(ROOT / "corpus"), "-o", output])
        .exit_code
        == 0
    )
    assert len(sessions()) >= 3
    for command, shown in sessions():
        program, *arguments = shlex.split(command)
        assert program == "kg"
        result = CliRunner().invoke(main, [*arguments, "-o", output])
        printed = [line for line in result.stdout.splitlines() if line]
        # "…" alone stands for what is left out.
        wanted = [line for line in shown if line != "…"]
        assert shown, command
        assert set(wanted) <= set(printed), (command, result.stdout)


def test_second_command_of_the_readme_is_what_ci_runs() -> None:
    assert commands()[1] in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_files_named_in_the_documentation_exist() -> None:
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text("utf-8")
        for name in re.findall(
            r"`((?:kg|ontology|tests|training|corpus|queries)/[\w./-]*)`", text
        ):
            assert (ROOT / name).exists(), (page, name)


def test_nothing_names_a_registry_or_a_path_of_this_machine() -> None:
    patterns = re.compile(r"files\.python|pypi\.org/simple|index-url|/work/|/root/")
    for path in ROOT.glob("*"):
        if path.is_file() and path.suffix in {".md", ".toml", ".txt"}:
            assert not patterns.search(path.read_text("utf-8")), path


def test_each_promise_names_tests_that_there_are() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/\w+\.py)::(\w+)`", text))
    assert len(named) > 25
    for file, test in named:
        assert re.search(
            rf"^(def {test}\(|{test} = )",
            (ROOT / file).read_text("utf-8"),
            re.MULTILINE,
        ), f"{file}::{test}"
