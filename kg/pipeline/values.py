"""Sums of money and dates in a text, as spans with their values."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from kg.pipeline.attributes import text_of
from kg.values.amounts import find_amounts
from kg.values.dates import find_dates


@Language.component("kg_values", assigns=["doc.spans", "doc._.amounts"])
def values(doc: Doc) -> Doc:
    """Set ``doc.spans["amounts"]``, ``doc._.amounts`` and ``doc.spans["dates"]``."""
    amounts = []
    spans = []
    for amount in find_amounts(text_of(doc)):
        span = doc.char_span(amount.start, amount.end, alignment_mode="expand")
        if span is not None:
            amounts.append(amount)
            spans.append(span)
    doc.spans["amounts"] = spans
    doc._.amounts = tuple(amounts)
    dates = [
        doc.char_span(start, end, alignment_mode="expand")
        for start, end in find_dates(text_of(doc))
    ]
    doc.spans["dates"] = [span for span in dates if span is not None]
    return doc
