"""Words per second beside what one might take instead, in one process and one run.

    python -m benchmarks.rivals [--rounds 3] [--words 4000]

- spaCy's stock pipeline: tok2vec, tagger, parser and a recogniser with a tok2vec of its
  own, of the shape of ``en_core_web_sm``; its weights are untrained, which takes the same
  time.
- The encoder of GLiNER small, DeBERTa v3 small, with random weights, on the same word
  pieces and thirty for the names of the classes; what GLiNER does besides is left out,
  so that it is slower than this.  Needs torch and transformers.

All of them on one core: what counts is the ratio.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from statistics import median

from benchmarks.pipeline import windows_of
from benchmarks.texts import documents
from kg.pipeline import load_pipeline
from kg.pipeline.encoder import Encoder

PROMPT = 30  # word pieces that name the classes


def ours(texts: list[str]) -> dict[str, Callable[[], object]]:
    """Return our pipeline, and its encoder alone."""
    nlp = load_pipeline(threads=1)
    encoder = nlp.get_pipe("kg_encoder")
    assert isinstance(encoder, Encoder)
    windows = windows_of(nlp, texts)
    return {
        "kg, whole pipeline": lambda: [nlp(text) for text in texts],
        "kg, encoder alone": lambda: [encoder.run(window) for window in windows],
        **gliner([window.ids.shape[1] for window in windows]),
    }


def stock(texts: list[str]) -> dict[str, Callable[[], object]]:
    """Return a pipeline of the shape of en_core_web_sm."""
    import spacy
    from spacy.training import Example

    nlp = spacy.blank("en")
    shape = {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 96,
        "depth": 4,
        "embed_size": 2000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    }
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96}
    parsing = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
    }
    nlp.add_pipe("tok2vec", config={"model": shape})
    tagging = {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}
    tagger = nlp.add_pipe("tagger", config={"model": tagging})
    parser = nlp.add_pipe(
        "parser", config={"model": {**parsing, "state_type": "parser", "tok2vec": listener}}
    )  # fmt: skip
    ner = nlp.add_pipe(
        "ner", config={"model": {**parsing, "state_type": "ner", "tok2vec": shape}}
    )
    for i in range(50):
        tagger.add_label(f"T{i}")
    for i in range(45):
        parser.add_label(f"d{i}")
    for i in range(18):
        ner.add_label(f"E{i}")
    rng = random.Random(7)
    examples = []
    for text in texts[:8]:
        doc = nlp.make_doc(text)
        size = len(doc)
        told = {
            "tags": [f"T{rng.randrange(50)}" for _ in range(size)],
            "heads": [max(0, i - 1) for i in range(size)],
            "deps": [f"d{rng.randrange(45)}" for _ in range(size)],
            "entities": [],
        }
        examples.append(Example.from_dict(doc, told))
    nlp.initialize(lambda: examples)
    return {"spaCy, shape of en_core_web_sm": lambda: list(nlp.pipe(texts))}


def gliner(lengths: list[int]) -> dict[str, Callable[[], object]]:
    """Return the encoder of GLiNER small for windows of some lengths."""
    try:
        import torch
        from transformers import DebertaV2Config, DebertaV2Model
    except ImportError:
        return {}
    torch.set_num_threads(1)
    model = DebertaV2Model(
        DebertaV2Config(
            vocab_size=128_100,
            hidden_size=768,
            num_hidden_layers=6,
            num_attention_heads=12,
            intermediate_size=3072,
            relative_attention=True,
            position_buckets=256,
            norm_rel_ebd="layer_norm",
            share_att_key=True,
            pos_att_type=["p2c", "c2p"],
            max_relative_positions=-1,
            position_biased_input=False,
        )
    ).eval()
    windows = [torch.randint(5, 128_000, (1, length + PROMPT)) for length in lengths]

    def run() -> None:
        with torch.no_grad():
            for window in windows:
                model(window)

    return {"GLiNER small, its encoder alone": run}


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--words", type=int, default=4000)
    args = parser.parse_args()
    texts: list[str] = []
    words = 0
    for made, annotation in documents(10_000):
        texts.append(made.text)
        words += annotation.words
        if words >= args.words:
            break
    rivals = ours(texts) | stock(texts)
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for work in rivals.values():
        work()
    for _ in range(args.rounds):
        for name, work in rivals.items():
            began = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - began)
    own = taken["kg, whole pipeline"]
    print(f"{len(texts)} texts, {words:,} words, one core, median of {args.rounds}\n")
    print("| | words/s | kg's speed, as a part of it |\n| --- | --- | --- |")
    for name, times in taken.items():
        ratio = median(b / a for a, b in zip(own, times, strict=True))
        print(f"| {name} | {words / median(times):,.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
