"""Average the weights of several checkpoints of one run.

    python -m training.average OUT CHECKPOINT_FILE… [--parts 7 3]

The mean of what training passed through is steadier on texts of other kinds than any of
them (Wortsman et al. 2022, "Model soups").
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor


def averaged(
    states: list[dict[str, Tensor]], parts: list[float] | None = None
) -> dict[str, Tensor]:
    """Return the mean of each weight; all states have the same names and shapes.

    ``parts`` tells how much each counts; all count the same if it is left out.
    """
    share = torch.tensor(parts or [1.0] * len(states))
    share = share / share.sum()
    return {
        name: sum(
            (
                part * state[name].float()
                for part, state in zip(share, states, strict=True)
            ),
            torch.zeros(()),
        ).to(like)
        for name, like in ((n, w.dtype) for n, w in states[0].items())
    }


def main() -> None:
    """Parse the arguments and average."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--parts", type=float, nargs="+", help="how much each counts")
    args = parser.parse_args()
    states = [
        torch.load(p, map_location="cpu", weights_only=True)["network"]
        for p in args.checkpoints
    ]
    args.out.mkdir(parents=True, exist_ok=True)
    torch.save({"network": averaged(states, args.parts)}, args.out / "checkpoint.pt")


if __name__ == "__main__":
    main()
