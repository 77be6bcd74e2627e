"""Where the data that belongs to the program lives."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def ontology_folder() -> Path:
    """Return the folder of the ontology: the packaged one, else the checkout's."""
    return _data("ontology")


def queries_folder() -> Path:
    """Return the folder of the saved questions: the packaged one, else the checkout's."""
    return _data("queries")


def weights_folder() -> Path:
    """Return the folder of the trained pipeline."""
    return _PACKAGE / "weights"


def _data(name: str) -> Path:
    packaged = _PACKAGE / "data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
