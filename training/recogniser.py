"""Train the recogniser's design on a public label scheme, to compare it with others.

    python -m training.recogniser --base MINILM_FOLDER --checkpoint FOLDER --data PUBLIC_DATA

gives a trained network a fresh last layer for the six classes of Re-DocRED, trains it on
that set's development half and prints the scores on its test half after every epoch.
Nothing of it is shipped.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

from kg.pipeline.ner import best_path
from training.data import Example, allowed_labels, sentence_starts
from training.model import Network
from training.score import Count, spans_of
from training.train import (
    BATCH_PIECES,
    encode,
    label_scores,
    open_network,
    open_tokenizer,
    optimised,
)
from training.windows import Batch, Window, batches_of

TYPES = ("PER", "ORG", "LOC", "MISC", "TIME", "NUM")
LABELS = ("O", *(f"{prefix}-{name}" for name in TYPES for prefix in "BI"))
WORDS = 300  # of a window at most; a document of Re-DocRED is rarely longer


def documents(path: Path) -> Iterator[Example]:
    """Yield the documents of a Re-DocRED file with its own classes."""
    for document in json.loads(path.read_text("utf-8")):
        starts = sentence_starts(document)
        spans = [
            (*(starts[m["sent_id"]] + place for place in m["pos"]), (m["type"],))
            for vertex in document["vertexSet"]
            for m in vertex
        ]
        spans.sort(key=lambda s: s[1] - s[0])  # of two that overlap the longer wins
        words = [word for sentence in document["sents"] for word in sentence]
        yield Example(words, allowed_labels(words, spans))


def windows(examples: list[Example]) -> list[Window]:
    """Cut examples to windows."""
    found = []
    for example in examples:
        for start in range(0, len(example.words), WORDS):
            told = example.allowed[start : start + WORDS]
            allowed = torch.tensor([[name in a for name in LABELS] for a in told])
            found.append(Window("", example.words[start : start + WORDS], allowed))
    return found


class Recogniser(nn.Module):
    """The encoder and the head that finds names."""

    def __init__(self, trained: Network) -> None:
        super().__init__()
        self.encoder = trained.encoder
        self.ner = trained.ner
        self.ner.out = nn.Linear(self.ner.out.in_features, len(LABELS))

    def logs(self, batch: Batch) -> torch.Tensor:
        """Return log-probabilities [words, labels] of the words of a batch."""
        states, _ = encode(self.encoder, batch)
        return label_scores(self.ner, batch, states).log_softmax(-1)


def main() -> None:
    """Parse the arguments, train and score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2e-4)
    args = parser.parse_args()
    torch.manual_seed(1)
    rng = random.Random(1)
    tokenizer = open_tokenizer(args.base)
    network = Recogniser(open_network(args.base, args.checkpoint))
    network.encoder.words.requires_grad_(requires_grad=False)
    training = windows(list(documents(args.data / "redocred" / "dev_revised.json")))
    test = windows(list(documents(args.data / "redocred" / "test_revised.json")))
    plan = [batches_of(training, BATCH_PIECES, rng) for _ in range(args.epochs)]
    optimizer, schedule = optimised(network, args.rate, sum(map(len, plan)))
    for epoch, batches in enumerate(plan, 1):
        network.train()
        for group in batches:
            batch = Batch(group, tokenizer, rng)
            log = network.logs(batch).masked_fill(~batch.all.allowed, -1e4)
            loss = -log.logsumexp(-1).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch}:", score(network, tokenizer, test), flush=True)


def score(network: Recogniser, tokenizer: Tokenizer, test: list[Window]) -> str:
    """Return the scores of exact spans: all classes, and persons, bodies and places."""
    network.eval()
    every, three = Count(), Count()
    for number, window in enumerate(test):
        with torch.no_grad():
            log = network.logs(Batch([window], tokenizer))
        path = best_path(log.numpy(), LABELS)
        guess = {(number, *s) for s in spans_of([LABELS[i] for i in path])}
        gold_tags = [LABELS[int(row.int().argmax())] for row in window.allowed]
        gold = {(number, *s) for s in spans_of(gold_tags)}
        every.add(set(guess), set(gold))
        names = {"PER", "ORG", "LOC"}
        three.add(
            {g for g in guess if g[-1] in names}, {g for g in gold if g[-1] in names}
        )
    return f"six classes {every}; PER, ORG, LOC {three}"


if __name__ == "__main__":
    main()
