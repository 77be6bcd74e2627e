"""Which files the given paths mean."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    """What the given paths mean: files to read, paths that fail, files passed over.

    ``notes`` are what to know of a ``metadata.toml``: its path, and the text.
    """

    found: tuple[Source, ...]
    problems: tuple[InputError, ...]
    skipped: tuple[InputError, ...]
    notes: tuple[tuple[str, str], ...] = ()


def find_sources(paths: Sequence[str]) -> Sources:
    """Return the files that the given files and folders mean, each once.

    Folders are walked in the order of names without following links.  Hidden files are
    passed over silently; links and files that no reader knows are named as skipped.

    Args:
        paths: Files, folders, or ``-`` for standard input.
    """
    found: dict[str, Source] = {}
    problems: list[InputError] = []
    skipped: list[InputError] = []
    folders: dict[str, Mapping[str, Metadata]] = {}
    notes: list[tuple[str, str]] = []
    for given in paths:
        if given == "-":
            found.setdefault("-", Source("-", "-"))
            continue
        try:
            for location, path, shown in _meant_by(given, problems, skipped):
                if location in found:
                    continue
                folder, name = os.path.split(location)
                if folder not in folders:
                    told = str(Path(path).parent / FILE_NAME)
                    folders[folder], wrong = folder_metadata(Path(folder), told)
                    problems += wrong
                    if strayed := _not_in(folder, folders[folder]):
                        notes.append((told, f"no file here is called {strayed}"))
                about = folders[folder].get(
                    unicodedata.normalize("NFC", name), NOTHING_KNOWN
                )
                found[location] = Source(location, shown, about)
        except InputError as error:
            problems.append(error)
        except OSError as error:
            problems.append(InputError(_printable(given), error.strerror or str(error)))
    return Sources(tuple(found.values()), tuple(problems), tuple(skipped), tuple(notes))


def _not_in(folder: str, names: Iterable[str]) -> str:
    """Return those names that no file of a folder has, as a list for people."""
    wanted = set(names)
    if wanted:
        here = Path(folder).iterdir()
        wanted -= {unicodedata.normalize("NFC", path.name) for path in here}
    return ", ".join(map(repr, sorted(wanted)))


def _meant_by(
    given: str, problems: list[InputError], skipped: list[InputError]
) -> Iterator[tuple[str, str, str]]:
    """Yield where each file is, its path as it was given, and how people know it."""
    path = Path(given)
    if path.is_dir():
        yield from _in_folder(path, problems, skipped)
    elif path.is_file():
        if path.suffix.lower() not in READERS:
            kinds = ", ".join(sorted(READERS))
            raise InputError(_printable(given), f"of no kind that can be read: {kinds}")
        yield str(path.resolve()), str(path), _named(str(path), path.name)
    elif path.exists():
        raise InputError(_printable(given), "not a regular file")
    elif path.is_symlink():
        raise InputError(_printable(given), "a link to a file that does not exist")
    else:
        raise InputError(_printable(given), "no such file or folder")


def _in_folder(
    folder: Path, problems: list[InputError], skipped: list[InputError]
) -> Iterator[tuple[str, str, str]]:
    texts, failed = 0, len(problems)
    # Below a folder that is resolved nothing else is: no link is followed.
    root = folder.resolve()

    def unreadable(error: OSError) -> None:
        path = str(folder / Path(error.filename).relative_to(root))
        problems.append(InputError(_printable(path), error.strerror or str(error)))

    for entry in _walked(root, unreadable):
        below = entry.path.removeprefix(str(root)).lstrip(os.sep)
        path = str(folder / below)
        if reason := _passed_over(entry):
            if entry.name != FILE_NAME:
                skipped.append(InputError(_printable(path), reason))
            continue
        texts += 1
        try:
            yield entry.path, path, _named(path, below.replace(os.sep, "/"))
        except InputError as error:
            problems.append(error)
    if not texts and len(problems) == failed:
        raise InputError(_printable(str(folder)), "no texts in this folder")


def _passed_over(entry: os.DirEntry[str]) -> str:
    """Return why an entry of a folder is not read; nothing if it is."""
    if entry.is_symlink():
        return "a link, which is not followed"
    if not entry.is_file(follow_symlinks=False):
        return "not a regular file"
    if Path(entry.name).suffix.lower() not in READERS:
        return "of no kind that can be read"
    return ""


def _walked(
    root: Path, unreadable: Callable[[OSError], None]
) -> Iterator[os.DirEntry[str]]:
    """Yield all that is not hidden and no folder, in the order of names.

    Entries know what they are without being asked one by one.
    """
    levels = [_inside(root, unreadable)]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
        elif entry.is_dir(follow_symlinks=False):
            levels.append(_inside(entry, unreadable))
        else:
            yield entry


def _inside(
    folder: os.PathLike[str], unreadable: Callable[[OSError], None]
) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        unreadable(error)
        return iter(())
    return iter(sorted(shown, key=lambda entry: entry.name))


def _named(path: str, shown: str) -> str:
    """Return the name a file goes by; refuse one that no output could hold."""
    if _printable(shown) != shown or _printable(path) != path:
        raise InputError(_printable(path), "its name is not UTF-8; rename it")
    return shown


def _printable(name: str) -> str:
    # Bytes of a name that are not UTF-8 arrive as lone surrogates.
    return os.fsencode(name).decode("utf-8", "replace")
