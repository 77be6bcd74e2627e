"""From the network's scores to labels and statuses."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from kg.pipeline.ner import best_path
from kg.pipeline.status import CAUTION, likeliest_status

LABELS = ("O", "B-Law", "I-Law", "B-Person", "I-Person")


def legal(path: tuple[int, ...]) -> bool:
    before = "O"
    for label in (LABELS[i] for i in path):
        if label.startswith("I-") and before[2:] != label[2:]:
            return False
        before = label
    return True


@pytest.mark.parametrize("seed", range(20))
def test_the_best_path_is_the_most_probable_legal_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(5, len(LABELS))) * 2
    logs = (scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)).astype("f4")
    paths = [p for p in product(range(len(LABELS)), repeat=5) if legal(p)]
    best = max(
        paths, key=lambda p: float(sum(logs[i, label] for i, label in enumerate(p)))
    )
    assert tuple(best_path(logs, LABELS)) == best


def test_a_sure_gap_between_two_stretches_keeps_them_apart() -> None:
    logs = np.full((5, len(LABELS)), -9.0, dtype="f4")
    logs[0, LABELS.index("I-Law")] = -0.1  # no legal start: mended
    logs[0, LABELS.index("B-Law")] = -3.0
    logs[1:3, 0] = -0.001
    logs[3, LABELS.index("B-Person")] = logs[4, LABELS.index("I-Person")] = -0.01
    path = [LABELS[i] for i in best_path(logs, LABELS)]
    assert path == ["B-Law", "O", "O", "B-Person", "I-Person"]


def test_done_must_be_clearly_likelier_than_a_plan() -> None:
    statuses = ("done", "planned", "possible", "denied")
    near = np.array([CAUTION / 2, 0.0, -5.0, -5.0], dtype="f4")
    clear = np.array([CAUTION * 2, 0.0, -5.0, -5.0], dtype="f4")
    assert likeliest_status(near, statuses) == "planned"
    assert likeliest_status(clear, statuses) == "done"
