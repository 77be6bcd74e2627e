"""Files become documents: one reader per kind, found by suffix."""

from kg.reading.metadata import Metadata
from kg.reading.read import fingerprint, read, read_bytes
from kg.reading.sources import Source, Sources, find_sources

__all__ = [
    "Metadata",
    "Source",
    "Sources",
    "find_sources",
    "fingerprint",
    "read",
    "read_bytes",
]
