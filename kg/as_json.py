"""Documents and annotations as JSON: so they lie on the shelf, and go between processes."""

from __future__ import annotations

from pydantic import TypeAdapter

from kg.model import Annotation, Document

_DOCUMENT = TypeAdapter(Document)
_ANNOTATION = TypeAdapter(Annotation)


def packed(document: Document, annotation: Annotation) -> tuple[str, str]:
    """Return a document and what was found in it as two JSON texts."""
    return (
        _DOCUMENT.dump_json(document).decode(),
        _ANNOTATION.dump_json(annotation).decode(),
    )


def unpacked(document: str, annotation: str) -> tuple[Document, Annotation]:
    """Return what :func:`packed` made two JSON texts of."""
    return _DOCUMENT.validate_json(document), _ANNOTATION.validate_json(annotation)
