"""Which files the given paths mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.errors import InputError
from kg.reading.content import SUFFIXES

METADATA = "metadata.toml"


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read.

    Attributes:
        location: Absolute path, or ``-`` for standard input.
        path: How people know it: its path below the folder that was given.
    """

    location: str
    path: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What the given paths mean: files to read, paths that fail, files passed over."""

    found: tuple[Source, ...]
    problems: tuple[InputError, ...]
    skipped: tuple[str, ...]


def find_sources(paths: Sequence[str]) -> Sources:
    """Return the files that the given files and folders mean, each once.

    Folders are walked without following links; hidden files are passed over silently,
    files of a kind that cannot be read are named as skipped.
    """
    found: dict[str, Source] = {}
    problems: list[InputError] = []
    skipped: list[str] = []
    for given in paths:
        try:
            for source in _meant_by(given, skipped):
                found.setdefault(source.location, source)
        except InputError as error:
            problems.append(error)
    return Sources(tuple(found.values()), tuple(problems), tuple(skipped))


def _meant_by(given: str, skipped: list[str]) -> Iterator[Source]:
    if given == "-":
        yield Source("-", "-")
        return
    path = Path(given)
    try:
        if path.is_dir():
            yield from _in_folder(path, given, skipped)
        elif path.is_file():
            if path.suffix.lower() not in SUFFIXES:
                kinds = ", ".join(sorted(SUFFIXES))
                raise InputError(given, f"of no kind that can be read ({kinds})")
            yield Source(str(path.resolve()), path.name)
        elif path.exists():
            raise InputError(given, "not a regular file")
        else:
            raise InputError(given, "no such file or folder")
    except OSError as error:
        raise InputError(given, error.strerror or str(error)) from error


def _in_folder(folder: Path, given: str, skipped: list[str]) -> Iterator[Source]:
    any_text = False
    for path in sorted(folder.rglob("*")):
        shown = path.relative_to(folder)
        is_folder = path.is_dir() and not path.is_symlink()
        if any(part.startswith(".") for part in shown.parts) or is_folder:
            continue
        if path.is_symlink() or not path.is_file():
            skipped.append(str(path))
        elif path.suffix.lower() in SUFFIXES:
            any_text = True
            yield Source(str(path.resolve()), shown.as_posix())
        elif path.name != METADATA:
            skipped.append(str(path))
    if not any_text:
        raise InputError(given, "no texts in this folder")
