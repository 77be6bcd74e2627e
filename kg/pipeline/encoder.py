"""One pass of the fine-tuned encoder, whose states every later head reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from spacy.language import Language
from spacy.tokens import Doc
from tokenizers import Tokenizer

from kg.pipeline.attributes import Window, words_of
from kg.pipeline.pairs import Ints
from kg.pipeline.windows import cuts
from kg.side_by_side import cores

WIDTH = 384
MAX_PIECES = 512  # positions the encoder has


@dataclass(frozen=True, slots=True)
class WordPieces:
    """A window's tokens, its word pieces [1, pieces], and each token's first of them."""

    tokens: Ints
    ids: Ints
    first: Ints


@Language.factory(
    "kg_encoder",
    requires=["token.is_sent_start"],
    assigns=["doc.tensor", "doc._.windows"],
)
def create_encoder(nlp: Language, name: str) -> Encoder:
    """Create the component for a pipeline; weights come with ``from_disk``."""
    return Encoder()


class Encoder:
    """Writes one 384-wide float32 vector per token to ``doc.tensor``.

    A token's vector is the state of its first word piece; white space gets zeros.  What
    the last layer attends to between words goes to ``doc._.windows``.
    A window is a batch of its own: dynamic int8 quantisation scales activations by batch,
    so this keeps a document's vectors free of its neighbours.  ``threads`` is how many a
    window may use: one where documents are annotated side by side.
    """

    def __init__(self) -> None:
        self.threads = cores()
        self._model = b""
        self._vocabulary = ""
        self._session: onnxruntime.InferenceSession | None = None
        self._tokenizer: Tokenizer | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Encode a document."""
        tensor: Any = np.zeros((len(doc), WIDTH), dtype=np.float32)
        windows = []
        for window in self.windows(doc):
            states, attention = self.run(window)
            tensor[window.tokens] = states
            windows.append(Window(window.tokens, attention))
        doc.tensor = tensor
        doc._.windows = tuple(windows)
        return doc

    def windows(self, doc: Doc) -> Iterator[WordPieces]:
        """Yield the word pieces of each window of a document."""
        texts = words_of(doc)
        pending = _windows(doc)[::-1]
        while pending:
            tokens = pending.pop()
            encoding = self._tokenizer_loaded.encode(
                [texts[i] for i in tokens], is_pretokenized=True
            )
            if len(encoding.ids) > MAX_PIECES and len(tokens) > 1:
                half = len(tokens) // 2
                pending += [tokens[half:], tokens[:half]]
                continue
            ids = np.array([encoding.ids[:MAX_PIECES]], dtype=np.int64)
            words = encoding.word_ids  # made anew each time it is asked for
            # A word without pieces (a control character) takes the sequence's first.
            first = np.zeros(len(tokens), dtype=np.int64)
            for piece in range(ids.shape[1] - 1, -1, -1):
                word = words[piece]
                if word is not None:
                    first[word] = piece
            yield WordPieces(np.array(tokens), ids, first)

    def run(self, window: WordPieces) -> list[Any]:
        """Run the model: states [words, 384], attention [words, heads, words]."""
        found: list[Any] = self._session_loaded.run(
            None, {"ids": window.ids, "first": window.first}
        )
        return found

    @property
    def _session_loaded(self) -> onnxruntime.InferenceSession:
        if self._session is None:
            self._session = session(self._model, threads=self.threads)
        return self._session

    @property
    def _tokenizer_loaded(self) -> Tokenizer:
        if self._tokenizer is None:
            self._tokenizer = Tokenizer.from_str(self._vocabulary)
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()
        return self._tokenizer

    def load(self, model: bytes, vocabulary: str) -> None:
        """Take over an ONNX model and a ``tokenizers`` vocabulary in its JSON form."""
        self._model, self._vocabulary = model, vocabulary
        self._session = self._tokenizer = None

    def to_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> None:
        """Write the weights to a folder."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "encoder.onnx").write_bytes(self._model)
        (path / "tokenizer.json").write_text(self._vocabulary, "utf-8")

    def from_disk(self, path: Path, *, exclude: tuple[str, ...] = ()) -> Encoder:
        """Read the weights from a folder."""
        self.load(
            (path / "encoder.onnx").read_bytes(),
            (path / "tokenizer.json").read_text("utf-8"),
        )
        return self


def session(model: bytes, *, threads: int = 1) -> Any:
    """Open an ONNX model on the CPU.

    The small heads run on one thread: every session has a pool of its own, and idle pools
    that spin take the cores from the encoder's.

    Args:
        model: The model's bytes.
        threads: How many it may use.  Not 0, for one per core: onnxruntime would take
            cores that this process was told to leave alone.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"]
    )


def _windows(doc: Doc) -> list[list[int]]:
    """Return the tokens of each window; white space is in none."""
    starts, spaces = doc.to_array(["SENT_START", "IS_SPACE"]).T
    tokens = np.flatnonzero(spaces == 0)
    lengths = np.bincount(np.cumsum(starts == 1)[tokens])
    return [tokens[start:end].tolist() for start, end in cuts(lengths.tolist())]
