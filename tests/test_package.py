"""The built wheel works from an empty folder, with its own ontology and weights."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(folder),
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_wheel_builds_and_asks_from_an_empty_folder(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "new.txt").write_text(
        "Google fined? No: the CNIL fined Google €50 million."
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def kg(*arguments: str) -> str:
        command = [sys.executable, "-m", "kg", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    kg("build", "new.txt")
    assert "€50 million" in kg("query", "fines")
    assert (tmp_path / "output" / "graph.html").stat().st_size > 100_000
    where = [sys.executable, "-c", "import kg; print(kg.__file__)"]
    found = subprocess.run(
        where, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert str(installed) in found.stdout
