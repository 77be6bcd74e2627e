"""How fast texts are annotated, beside what the encoder alone takes.

    python -m benchmarks.pipeline [--pipeline NAME] [--rounds 5] [PATHS…]

The encoder alone is the limit of this design: one pass of the ONNX model over the same
windows, its word pieces already made, its results thrown away.  Both use all cores as
``kg build`` does, a text or a window to each thread, and take turns in one process, so
that both meet the same machine; what counts is the ratio.
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
from kg.side_by_side import cores, side_by_side


def texts_of(paths: list[Path]) -> list[str]:
    """Return the texts of files and folders."""
    files = [f for p in paths for f in (sorted(p.glob("*.txt")) if p.is_dir() else [p])]
    return [file.read_text("utf-8") for file in files]


def encoder_alone(nlp: Language, texts: list[str]) -> float:
    """Return the seconds that the encoder's model takes for texts."""
    encoder = nlp.get_pipe("kg_encoder")
    assert isinstance(encoder, Encoder)
    windows: list[WordPieces] = []
    for text in texts:
        doc = nlp.get_pipe("kg_sentences")(nlp.make_doc(text))
        windows += encoder.windows(doc)
    return timed(encoder.run, windows)


def timed(work: Callable[[Any], object], items: list[Any]) -> float:
    """Return how long work on items takes on all cores."""
    began = time.perf_counter()
    for _ in side_by_side(work, items, cores()):
        pass
    return time.perf_counter() - began


def stages_of(nlp: Language, texts: list[str]) -> dict[str, float]:
    """Return the seconds that each component takes for texts, on one core."""
    stages: dict[str, float] = defaultdict(float)
    for text in texts:
        at = time.perf_counter()
        doc = nlp.make_doc(text)
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
    nlp = load_pipeline(args.pipeline, side_by_side=cores() > 1)
    texts = texts_of(args.paths)
    words = sum(len(text.split()) for text in texts)
    for text in texts[:3]:
        nlp(text)
    alone, all_ = [], []
    for _ in range(args.rounds):
        alone.append(encoder_alone(nlp, texts))
        all_.append(timed(nlp, texts))
    stages = stages_of(nlp, texts)
    total = sum(stages.values())
    print(
        f"{platform.machine()}, {cores()} cores, {len(texts)} texts, {words:,} words, "
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
