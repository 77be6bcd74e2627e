"""What the documentation says is true: commands, help, files, and the numbers' source."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

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
