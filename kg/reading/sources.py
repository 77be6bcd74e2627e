"""Which files the given paths mean."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.errors import InputError
from kg.reading.metadata import (
    FILE_NAME,
    NOTHING_KNOWN,
    Metadata,
    folder_metadata,
)
from kg.reading.readers import READERS


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read.

    Attributes:
        location: Absolute path, or ``-`` for standard input.
        path: How people know it: its path below the folder that was given.
        metadata: What ``metadata.toml`` in its folder says of it.
    """

    location: str
    path: str
    metadata: Metadata = NOTHING_KNOWN


@dataclass(frozen=True, slots=True)
class Sources:
    """What the given paths mean: files to read, paths that fail, files passed over."""

    found: tuple[Source, ...]
    problems: tuple[InputError, ...]
    skipped: tuple[str, ...]


def find_sources(paths: Sequence[str]) -> Sources:
    """Return the files that the given files and folders mean, each once.

    Folders are walked in the order of names without following links.  Hidden files are
    passed over silently; links and files that no reader knows are named as skipped.

    Args:
        paths: Files, folders, or ``-`` for standard input.
    """
    found: dict[str, Source] = {}
    problems: list[InputError] = []
    skipped: list[str] = []
    folders: dict[Path, Mapping[str, Metadata]] = {}
    for given in paths:
        if given == "-":
            found.setdefault("-", Source("-", "-"))
            continue
        try:
            for path, shown in _meant_by(given, problems, skipped):
                location = path.resolve()
                if str(location) in found:
                    continue
                folder = location.parent
                if folder not in folders:
                    folders[folder], wrong = folder_metadata(
                        folder, str(path.parent / FILE_NAME)
                    )
                    problems += wrong
                name = unicodedata.normalize("NFC", location.name)
                about = folders[folder].get(name, NOTHING_KNOWN)
                found[str(location)] = Source(str(location), shown, about)
        except InputError as error:
            problems.append(error)
        except OSError as error:
            problems.append(InputError(_printable(given), error.strerror or str(error)))
    return Sources(tuple(found.values()), tuple(problems), tuple(skipped))


def _meant_by(
    given: str, problems: list[InputError], skipped: list[str]
) -> Iterator[tuple[Path, str]]:
    path = Path(given)
    if path.is_dir():
        yield from _in_folder(path, problems, skipped)
    elif path.is_file():
        if path.suffix.lower() not in READERS:
            kinds = ", ".join(sorted(READERS))
            raise InputError(_printable(given), f"of no kind that can be read: {kinds}")
        yield path, _named(path, path.name)
    elif path.exists():
        raise InputError(_printable(given), "not a regular file")
    elif path.is_symlink():
        raise InputError(_printable(given), "a link to a file that does not exist")
    else:
        raise InputError(_printable(given), "no such file or folder")


def _in_folder(
    folder: Path, problems: list[InputError], skipped: list[str]
) -> Iterator[tuple[Path, str]]:
    texts = 0
    for path in _walked(folder, problems):
        if (
            path.is_symlink()
            or not path.is_file()
            or path.suffix.lower() not in READERS
        ):
            if path.name != FILE_NAME:
                skipped.append(_printable(str(path)))
            continue
        texts += 1
        try:
            yield path, _named(path, path.relative_to(folder).as_posix())
        except InputError as error:
            problems.append(error)
    if not texts:
        raise InputError(_printable(str(folder)), "no texts in this folder")


def _walked(folder: Path, problems: list[InputError]) -> list[Path]:
    """Return all that is not hidden and no folder, in the order of names."""

    def unreadable(error: OSError) -> None:
        problems.append(
            InputError(_printable(str(error.filename)), error.strerror or str(error))
        )

    paths = []
    for parent, names, files in os.walk(folder, onerror=unreadable):
        names[:] = [name for name in names if not name.startswith(".")]
        # A link to a folder comes as a folder that is then not entered.
        links = [name for name in names if Path(parent, name).is_symlink()]
        paths += [Path(parent, n) for n in (*files, *links) if not n.startswith(".")]
    return sorted(paths)


def _named(path: Path, shown: str) -> str:
    """Return the name a file goes by; refuse one that no output could hold."""
    if _printable(shown) != shown or _printable(str(path)) != str(path):
        raise InputError(_printable(str(path)), "its name is not UTF-8; rename it")
    return shown


def _printable(name: str) -> str:
    # Bytes of a name that are not UTF-8 arrive as lone surrogates.
    return os.fsencode(name).decode("utf-8", "replace")
