"""Files are annotated alike wherever that happens, and none costs another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from spacy.language import Language

from kg import annotating
from kg.annotating import Found, annotated, found_in, packed
from kg.apart import Apart
from kg.errors import InputError
from kg.pipeline import load_pipeline
from kg.reading import Source

TEXTS = (
    "Ada Stone leads Acme. Acme makes Borealis.",
    "France will give Acme €40 million for a data centre.",
    "The AI Act may exempt Acme, said Ada Stone.",
)


@dataclass(frozen=True)
class File:
    number: int
    source: Source
    data: bytes


def files(*texts: str) -> list[File]:
    return [
        File(number, Source(f"/{number}.txt", f"{number}.txt"), text.encode())
        for number, text in enumerate(texts)
    ]


def here() -> Language:
    return load_pipeline()


def nowhere() -> Language:
    raise AssertionError("nothing is annotated here")


def apart(jobs: list[File], *, processes: int = 2) -> Iterator[tuple[File, Found]]:
    return annotated(iter(jobs), nowhere, processes)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take two files for many, and the machine for one with two cores."""
    monkeypatch.setattr(annotating, "FEW", 1)
    monkeypatch.setattr(annotating, "cores", lambda: 2)


@pytest.mark.usefixtures("many")
def test_processes_find_what_is_found_here_and_in_the_same_order() -> None:
    jobs = files(*TEXTS, "", "…")
    found = list(apart(jobs))
    assert [job for job, _ in found] == jobs
    assert [packed(result) for _, result in found] == [
        *(packed(found_in(job.source, job.data, here())) for job in jobs[:3]),
        "the file is empty",
        "holds no text",
    ]


def test_few_files_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotating, "_Annotators", None)
    monkeypatch.setattr(annotating, "cores", lambda: 2)
    assert len(list(annotated(iter(files(*TEXTS)), here, 3))) == 3
    big = files(TEXTS[0].ljust(annotating.FEW + 1))
    assert len(list(annotated(iter(big), here, 1))) == 1


@pytest.mark.usefixtures("many")
def test_a_file_whose_process_dies_gets_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    victims = dying(monkeypatch, times=1)
    found = [found for _, found in apart(files(*TEXTS), processes=2)]
    assert not any(isinstance(result, InputError) for result in found)
    assert len(victims) == 1


@pytest.mark.usefixtures("many")
def test_a_file_that_ends_every_process_costs_itself_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dying(monkeypatch, times=2)
    found = [found for _, found in apart(files(*TEXTS), processes=2)]
    reason = "annotating it ended its process (SIGKILL)"
    assert str(found[1]) == f"1.txt: {reason}"
    assert [isinstance(result, InputError) for result in found] == [False, True, False]


def dying(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Have the process killed that is to annotate the second file."""
    victims: list[int] = []
    answer = Apart.answer

    def deadly(self: Apart, request: dict[str, dict[str, str]], data: bytes) -> object:
        if request["source"]["path"] == "1.txt" and len(victims) < times:
            victims.append(self._process.pid)
            os.kill(self._process.pid, signal.SIGSTOP)  # it will not answer before
            threading.Timer(0.1, self.kill).start()
        return answer(self, request, data)

    monkeypatch.setattr(Apart, "answer", deadly)
    return victims


@pytest.mark.usefixtures("many")
def test_processes_that_cannot_start_are_not_started_for_each_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(annotating, "__name__", "kg.no_such_module")
    with pytest.raises(RuntimeError, match="no process that annotates starts"):
        list(apart(files(*TEXTS)))


@pytest.mark.usefixtures("many")
def test_whoever_stops_early_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    begin = Apart.__init__

    def noted(self: Apart, *arguments: str) -> None:
        begin(self, *arguments)
        started.append(self._process.pid)

    monkeypatch.setattr(Apart, "__init__", noted)
    found = apart(files(*TEXTS * 5))
    next(found)
    found.close()  # type: ignore[attr-defined]
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in started):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert 1 <= len(started) <= 2


def test_a_slip_of_ours_costs_its_text_alone() -> None:
    class Slip:
        def __getattr__(self, name: str) -> object:
            raise KeyError(name)

    (job,) = files(TEXTS[0])
    found = found_in(job.source, job.data, Slip())  # type: ignore[arg-type]
    assert isinstance(found, InputError)
    assert found.reason.startswith("annotating it failed: KeyError: ")


@pytest.mark.skipif(sys.platform != "linux", reason="is of Linux")
def test_a_process_whose_parent_is_gone_ends_before_it_begins() -> None:
    gone = 0
    code = f"from kg.apart import run; run('{gone}', 'kg.annotating')"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as child:
        try:
            assert child.wait(60) == 0
        finally:
            child.kill()
