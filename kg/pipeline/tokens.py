"""A text as tokens, also where it holds what no language has words for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from spacy.language import Language
from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found]  # has no stubs
from spacy.tokens import Doc
from spacy.util import registry

from kg.pipeline.attributes import note_text

# The tokeniser takes punctuation from a word sign by sign, and looks at all of the word
# each time: 3,000 brackets in a row cost it a second, ten times as many a hundred.
_ENDLESS = re.compile(r"\S{301,}")
# Characters; longer than what the encoder has pieces for, so that each costs it one.
_PIECE = 150


@registry.tokenizers("kg.Tokenizer.v1")  # type: ignore[untyped-decorator]  # catalogue's
def create_tokenizer() -> Callable[[Language], Tokenizer]:
    """Return what makes a tokeniser without rules: they come with ``from_disk``.

    spaCy's own makes all those of its language first, a fifth of the time of loading.
    """
    return lambda nlp: Tokenizer(nlp.vocab)


def make_doc(nlp: Language, text: str) -> Doc:
    """Return a text as tokens, whose texts and spaces together are exactly the text.

    What goes on for more than 300 characters without white space is cut in pieces.
    """
    if _ENDLESS.search(text) is None:
        doc = nlp.make_doc(text)
    else:
        words: list[str] = []
        spaces: list[bool] = []
        for piece in _pieces(text):
            for token in nlp.make_doc(piece):
                words.append(token.text)
                spaces.append(bool(token.whitespace_))
        doc = Doc(nlp.vocab, words, spaces)
    note_text(doc, text)
    return doc


def _pieces(text: str) -> Iterator[str]:
    done = 0
    for match in _ENDLESS.finditer(text):
        if match.start() > done:
            yield text[done : match.start()]
        for start in range(match.start(), match.end(), _PIECE):
            yield text[start : min(start + _PIECE, match.end())]
        done = match.end()
    if done < len(text):
        yield text[done:]
