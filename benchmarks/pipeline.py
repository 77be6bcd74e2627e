"""How fast texts are annotated, beside what the encoder alone takes.

    python -m benchmarks.pipeline [--pipeline NAME] [--rounds 5] [PATHS…]

The encoder alone is the limit of this design: one pass of the ONNX model over the same
windows, its word pieces already made, its results thrown away.  Both use one core, as each
process of ``kg build`` does, and take turns, so that both meet the same machine; what
counts is the ratio.  :mod:`benchmarks.cores` tells what more cores bring.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from spacy.language import Language

from kg.pipeline import load_pipeline
from kg.pipeline.encoder import Encoder, WordPieces
from kg.pipeline.tokens import make_doc


def texts_of(paths: list[Path]) -> list[str]:
    """Return the texts of files and folders."""
    files = [f for p in paths for f in (sorted(p.glob("*.txt")) if p.is_dir() else [p])]
    return [file.read_text("utf-8") for file in files]


def windows_of(nlp: Language, texts: list[str]) -> list[WordPieces]:
    """Return the windows of texts, as the encoder gets them."""
    encoder = nlp.get_pipe("kg_encoder")
    assert isinstance(encoder, Encoder)
    made = [nlp.get_pipe("kg_sentences")(make_doc(nlp, text)) for text in texts]
    return [window for doc in made for window in encoder.windows(doc)]


def timed(work: Callable[[Any], object], items: list[Any]) -> float:
    """Return how long work on items takes."""
    began = time.perf_counter()
    for item in items:
        work(item)
    return time.perf_counter() - began


def stages_of(nlp: Language, texts: list[str]) -> dict[str, float]:
    """Return the seconds that each component takes for texts."""
    stages: dict[str, float] = defaultdict(float)
    for text in texts:
        at = time.perf_counter()
        doc = make_doc(nlp, text)
        for name, component in [("tokenizer", None), *nlp.pipeline]:
            if component is not None:
                doc = component(doc)
            now = time.perf_counter()
            stages[name] += now - at
            at = now
    return stages


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[Path("corpus")])
    parser.add_argument("--pipeline")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    nlp = load_pipeline(args.pipeline, threads=1)
    texts = texts_of(args.paths)
    words = sum(len(text.split()) for text in texts)
    encoder, windows = nlp.get_pipe("kg_encoder"), windows_of(nlp, texts)
    assert isinstance(encoder, Encoder)

    def whole(text: str) -> None:
        nlp(make_doc(nlp, text))

    # What is made once a process, such as the expressions of phrases, is made now.
    timed(whole, texts)
    alone, all_ = [], []
    for _ in range(args.rounds):
        alone.append(timed(encoder.run, windows))
        all_.append(timed(whole, texts))
    stages = stages_of(nlp, texts)
    total = sum(stages.values())
    print(
        f"{platform.machine()}, one core, {len(texts)} texts, {words:,} words, "
        f"onnxruntime {onnxruntime.__version__}, numpy {np.__version__}, "
        f"median of {args.rounds} rounds"
    )
    print(f"{'encoder alone':16} {words / statistics.median(alone):8,.0f} words/s")
    print(f"{'whole pipeline':16} {words / statistics.median(all_):8,.0f} words/s")
    ratio = statistics.median(a / b for a, b in zip(alone, all_, strict=True))
    print(f"{'ratio':16} {ratio:8.2f}")
    for name, seconds in stages.items():
        print(f"  {name:14} {seconds / total:8.1%}")


if __name__ == "__main__":
    main()
