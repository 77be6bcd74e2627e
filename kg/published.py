"""What readers see of a graph: the last state of its store that is whole.

A build writes to the store, and nobody else may open that meanwhile: a reader could find
a file gone, or one document as it was before and the other as it is now.  So a build ends
by publishing the store, a snapshot that nothing changes and that shares its files, and
readers open the newest.  A snapshot that somebody reads is kept until a later build.
"""

from __future__ import annotations

import os
import shutil
import sys
import weakref
from contextlib import suppress
from pathlib import Path

from pyoxigraph import Store

FOLDER = "published"
_CURRENT = "current"  # holds the name of the newest
_READERS = "readers"  # locked by each reader of a snapshot


class Snapshot:
    """A state of the store that stays as long as this object is there.

    Attributes:
        folder: Where a store can be opened to read it.
    """

    def __init__(self, folder: Path, lease: int | None = None) -> None:
        self.folder = folder
        self._end = weakref.finalize(self, _let_go, lease)

    def close(self) -> None:
        """Let a later build remove the snapshot."""
        self._end()


def _let_go(lease: int | None) -> None:
    if lease is not None:
        os.close(lease)


def current_file(output: Path) -> Path:
    """Return the file that changes with each state of the graph that is published."""
    return output / FOLDER / _CURRENT


def newest(output: Path) -> Snapshot | None:
    """Return the last state that was published; None if there is none yet.

    Raises:
        OSError: It cannot be read.
    """
    while True:
        try:
            name = current_file(output).read_text("ascii").strip()
        except FileNotFoundError:
            return None
        folder = output / FOLDER / name
        try:
            lease = os.open(folder / _READERS, os.O_RDONLY)
        except FileNotFoundError:
            if current_file(output).read_text("ascii").strip() == name:
                raise
            continue  # a newer one took its place in between
        _lock(lease, shared=True)
        if os.fstat(lease).st_nlink:
            return Snapshot(folder, lease)
        os.close(lease)


def publish(store: Store, output: Path) -> None:
    """Let readers see a store as it is now, and remove what nobody reads any more.

    Raises:
        OSError: It cannot be written; readers see what they saw before.
        RuntimeError: The same, or the store is damaged.
    """
    names = _snapshots(output)
    name = str(max(map(int, names), default=0) + 1)
    folder = output / FOLDER / name
    store.backup(str(folder))
    (folder / _READERS).touch()
    new = current_file(output).with_suffix(".new")
    with new.open("w", encoding="ascii") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(current_file(output))
    _to_disk(output / FOLDER)
    for old in names:
        _remove(output / FOLDER / old)


def prepare(output: Path) -> None:
    """Make the place for what is published, and remove what a build left that was killed."""
    folder = output / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    kept = current_file(output)
    current = kept.read_text("ascii").strip() if kept.exists() else ""
    for half in folder.glob("*.tmp"):
        shutil.rmtree(half, ignore_errors=True)
    for name in _snapshots(output):
        if name != current:
            _remove(folder / name)


def _snapshots(output: Path) -> list[str]:
    return [p.name for p in (output / FOLDER).iterdir() if p.name.isdecimal()]


def _remove(folder: Path) -> None:
    """Remove a snapshot, unless somebody reads it."""
    try:
        lease = os.open(folder / _READERS, os.O_RDONLY)
    except FileNotFoundError:  # it was never finished
        shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        if _lock(lease, shared=False):
            with suppress(OSError):
                (folder / _READERS).unlink()
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lease)


def _lock(lease: int, *, shared: bool) -> bool:
    """Lock a file, waiting only to share it; tell whether that is done.

    It is not where another holds it, nor on a file system that has no locks.
    """
    if sys.platform == "win32":
        return True  # what is open cannot be removed there
    import fcntl

    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB
    try:
        fcntl.flock(lease, kind)
    except OSError:
        return False
    return True


def _to_disk(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    if sys.platform != "win32":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
