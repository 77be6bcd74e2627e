"""The texts written for the project, as training examples for entity recognition."""

from __future__ import annotations

import zlib
from pathlib import Path

import spacy

from training.data import Example, allowed_labels
from training.texts import read_texts

HELD_OUT = 10  # one text in so many is kept for testing, chosen by its id


def written_examples(folder: Path) -> tuple[list[Example], list[Example]]:
    """Return (training, held-out) examples of all annotated texts in a folder."""
    tokenizer = spacy.blank("en").tokenizer
    training: list[Example] = []
    held_out: list[Example] = []
    for path in sorted(folder.glob("*.md")):
        for document in read_texts(path):
            doc = tokenizer(document.text)
            spans = []
            for mention in document.mentions:
                if mention.nominal or mention.id not in document.types:
                    continue
                span = doc.char_span(
                    mention.start, mention.end, alignment_mode="expand"
                )
                spans.append((span.start, span.end, (document.types[mention.id],)))
            words = [token.text for token in doc]
            example = Example(words, allowed_labels(words, spans))
            test = zlib.crc32(document.id.encode()) % HELD_OUT == 0
            (held_out if test else training).append(example)
    return training, held_out
