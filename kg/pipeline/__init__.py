"""The spaCy pipeline: one component per step, each with its own factory.

``tokenizer → sentences → encoder → values → ner → clusters → relations → money → status``

Results ride on the ``Doc``: entities in ``doc.ents``, page furniture, amounts and dates
in ``doc.spans``, and clusters, claims and money in the extension attributes declared in
:mod:`kg.pipeline.attributes`.
"""

from __future__ import annotations

from pathlib import Path

import spacy
from spacy.language import Language

from kg.paths import weights_folder
from kg.pipeline import (  # noqa: F401 - importing registers the factories
    clusters,
    encoder,
    money,
    ner,
    relations,
    sentences,
    status,
    values,
)

# No component of ours allocates by text length squared, so spaCy's guard for its
# parser (1,000,000 characters) need not hold; reading already caps a file's size.
MAX_CHARACTERS = 200_000_000


def load_pipeline(folder: Path | None = None) -> Language:
    """Load the trained pipeline.

    Args:
        folder: A pipeline written by ``Language.to_disk``; the packaged one if left out.
    """
    nlp = spacy.load(folder or weights_folder())
    nlp.max_length = MAX_CHARACTERS
    return nlp
