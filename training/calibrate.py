"""Fit how probable a fact is at a score, on the held-out texts, and say how well it fits.

    python -m training.calibrate --base MINILM_FOLDER --checkpoint FOLDER

writes FOLDER/calibration.json (Platt 1999: two numbers for all predicates together) and
prints the reliability table of the model card.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from training.examples import ROLES, Text, written
from training.model import Network
from training.train import (
    encode,
    open_network,
    open_tokenizer,
    pair_scores,
    pooled,
)
from training.windows import Batch, labels, windows_of


def scored_facts(
    network: Network, tokenizer: Tokenizer, texts: list[Text]
) -> tuple[Tensor, Tensor]:
    """Return score and truth of every possible fact of some texts."""
    scores, truth = [], []
    facts = len(labels().facts) - len(ROLES)
    for window in windows_of(texts, None):
        if not len(window.fact):
            continue
        batch = Batch([window], tokenizer)
        with torch.no_grad():
            found, _ = pair_scores(network, batch, *encode(network.encoder, batch))
        together = pooled(found, window.group, len(window.fact))[:, :facts]
        known = window.known[:, :facts] > 0
        scores.append(together[known])
        truth.append(window.fact[:, :facts][known])
    return torch.cat(scores), torch.cat(truth)


def fitted(scores: Tensor, truth: Tensor) -> tuple[float, float]:
    """Return scale and shift that make scores log-odds, by logistic regression."""
    scale = torch.ones((), requires_grad=True)
    shift = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([scale, shift], max_iter=200)

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = functional.binary_cross_entropy_with_logits(
            scores * scale + shift, truth
        )
        value.backward()
        return value

    optimizer.step(loss)
    return float(scale.detach()), float(shift.detach())


def reliability(probability: Tensor, truth: Tensor) -> list[str]:
    """Return a table: predicted probability, how often true, how many."""
    lines = ["| probability | true | facts |", "| --- | --- | --- |"]
    edges = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01]
    for low, high in itertools.pairwise(edges):
        inside = (probability >= low) & (probability < high)
        if inside.any():
            lines.append(
                f"| {probability[inside].mean():.2f} | {truth[inside].mean():.2f} "
                f"| {int(inside.sum())} |"
            )
    return lines


def main() -> None:
    """Parse the arguments and calibrate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--texts", type=Path, default=Path("training/texts"))
    args = parser.parse_args()
    network = open_network(args.base, args.checkpoint)
    _, held_out = written(args.texts)
    scores, truth = scored_facts(network, open_tokenizer(args.base), held_out)
    scale, shift = fitted(scores, truth)
    path = args.checkpoint / "calibration.json"
    path.write_text(json.dumps([round(scale, 4), round(shift, 4)]))
    probability = (scores * scale + shift).sigmoid()
    print(f"scale {scale:.3f} shift {shift:.3f}")
    print("\n".join(reliability(probability, truth)))
    for threshold in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        chosen = probability >= threshold
        right = float((truth * chosen).sum())
        print(
            f"from {threshold}: P {right / max(1, int(chosen.sum())):.3f} "
            f"R {right / max(1.0, float(truth.sum())):.3f}"
        )


if __name__ == "__main__":
    main()
