"""The spaCy pipeline: one component per step, each with its own factory.

``tokenizer → sentences → encoder → values → ner → clusters → references → relations → money → status → periods``

Results ride on the ``Doc``: entities in ``doc.ents``, page furniture, amounts and dates
in ``doc.spans``, and clusters, claims and money in the extension attributes declared in
:mod:`kg.pipeline.attributes`.
"""

from __future__ import annotations

from pathlib import Path

import spacy
from spacy.language import Language

from kg.errors import UsageError
from kg.paths import weights_folder
from kg.pipeline import (  # noqa: F401 - importing registers the factories
    clusters,
    encoder,
    money,
    ner,
    periods,
    references,
    relations,
    sentences,
    status,
    tokens,
    values,
)

# No component of ours allocates by text length squared, so spaCy's guard for its
# parser (1,000,000 characters) need not hold; reading already caps a file's size.
MAX_CHARACTERS = 200_000_000


def load_pipeline(
    name: str | Path | None = None, *, threads: int | None = None
) -> Language:
    """Load the trained pipeline.

    Args:
        name: Another spaCy pipeline, by the name of its package or by its folder: one
            like ours is run as it is; of any other the entities are taken, whose labels
            ``ontology/words/lexicon.ttl`` maps, and the rest is ours.
        threads: How many may work on one text; one for each core if left out.

    Raises:
        UsageError: There is no such pipeline, or it finds no entities.
    """
    other = None if name is None else _load(name)
    if other is not None and "kg_ner" in other.pipe_names:
        return other
    ours = spacy.load(weights_folder())
    ours.max_length = MAX_CHARACTERS
    reader = ours.get_pipe("kg_encoder")
    if threads is not None and isinstance(reader, encoder.Encoder):
        reader.threads = threads
    if other is not None:
        recogniser = ours.get_pipe("kg_ner")
        if isinstance(recogniser, ner.Ner):
            recogniser.borrow(other)
    return ours


def _load(name: str | Path) -> Language:
    try:
        other = spacy.load(name)
    except (OSError, ValueError, ImportError) as error:
        reason = str(error).split(". ")[0]
        raise UsageError(f"cannot load the pipeline {name}: {reason}") from error
    if not any(
        "doc.ents" in other.get_pipe_meta(component).assigns
        for component in other.pipe_names
    ):
        raise UsageError(f"the pipeline {name} has no component that finds entities")
    other.max_length = MAX_CHARACTERS
    return other
