"""What is trained is what runs: the exported heads give what PyTorch gives.

Runs where the training dependencies are installed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from onnxruntime import InferenceSession  # noqa: E402 - only with the others

from kg.pipeline.attributes import Window  # noqa: E402
from training.examples import Text, written  # noqa: E402
from training.export import encoder_model, head_models  # noqa: E402
from training.model import (  # noqa: E402
    HEADS,
    WIDTH,
    Encoder,
    Network,
    WordEncoder,
    looks_of,
)
from training.train import (  # noqa: E402
    amount_scores,
    antecedent_scores,
    encode,
    label_scores,
    open_tokenizer,
    pair_scores,
)
from training.windows import Batch, windows_of  # noqa: E402
from training.windows import Window as TrainingWindow  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's exporter warns of itself


FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[Text]:
    folder = tmp_path_factory.mktemp("texts")
    shutil.copy(FOLDER / "training" / "texts" / "deals.md", folder)
    return written(folder)[0][:4]


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(3)
    made = Network(Encoder(), labels=23, facts=26, sums=4, statuses=4)
    return made.eval()


def run(model: bytes, **inputs: np.ndarray) -> list[np.ndarray]:
    session = InferenceSession(model, providers=["CPUExecutionProvider"])
    return list(session.run(None, inputs))


def test_the_exported_encoder_agrees_with_pytorch_and_in_int8_nearly(
    network: Network, tmp_path: Path
) -> None:
    ids = torch.randint(1000, 20000, (1, 40))
    first = torch.arange(1, 39, 2)
    with torch.no_grad():
        states, attention = WordEncoder(network.encoder)(ids, first)
    inputs = {"ids": ids.numpy(), "first": first.numpy()}
    exact = run(encoder_model(network, tmp_path, quantised=False), **inputs)
    np.testing.assert_allclose(exact[0], states.numpy(), atol=1e-4)
    np.testing.assert_allclose(exact[1], attention.numpy(), atol=1e-3)
    small = run(encoder_model(network, tmp_path), **inputs)
    a, b = small[0], exact[0]
    alike = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert alike.min() > 0.98


def test_what_mentions_look_at_is_the_same_in_training_and_in_the_pipeline() -> None:
    words = 30
    attention = torch.rand(HEADS, words, words).softmax(-1)
    spans = torch.tensor([[0, 2], [5, 6], [9, 12], [9, 10]])
    kept = attention.transpose(0, 1).half().numpy()
    found = Window(np.arange(words), kept).looks(spans.numpy())
    looks = looks_of(attention[None], spans)
    np.testing.assert_allclose(found, looks.numpy(), atol=1e-3)


def test_the_exported_heads_agree_with_pytorch(
    network: Network, tmp_path: Path
) -> None:
    words = 30
    states = torch.randn(words, WIDTH)
    attention = torch.rand(HEADS, words, words).softmax(-1)
    spans = torch.tensor([[0, 2], [5, 6], [9, 12], [20, 21]])
    kinds = torch.tensor([0, 2, 5, 20])
    ends = torch.tensor([[0, 1], [1, 0], [2, 3]])
    couples, couple = torch.tensor([[0, 1], [2, 3]]), torch.tensor([0, 0, 1])
    between = torch.tensor([[2, 5], [12, 20]])
    features = torch.tensor([[3, 0, 0], [15, 0, 0], [8, 1, 2]])
    shapes = torch.randint(0, 500, (words,))
    looks = looks_of(attention[None], spans)
    models = head_models(network, tmp_path, quantised=False)
    with torch.no_grad():
        wanted = {
            "ner": [network.ner(states, shapes)],
            "pairs": network.pairs(
                states, looks, spans, kinds, ends, couples, couple, between, features
            ),
            "amounts": network.amounts(states, looks[:2], spans[:2], spans[:2] + 1),
            "references": [network.antecedents(states, spans, kinds, ends, features)],
        }
    s, k, e, b, f = (x.numpy() for x in (spans, kinds, ends, between, features))
    given = {
        "ner": {"words": states.numpy(), "shapes": shapes.numpy()},
        "pairs": {
            "states": states.numpy(),
            "looks": looks.numpy(),
            "spans": s,
            "kinds": k,
            "ends": e,
            "couples": couples.numpy(),
            "couple": couple.numpy(),
            "between": b,
            "features": f,
        },
        "amounts": {
            "states": states.numpy(),
            "looks": looks[:2].numpy(),
            "spans": s[:2],
            "around": s[:2] + 1,
        },
        "references": {
            "states": states.numpy(),
            "spans": s,
            "kinds": k,
            "ends": e,
            "features": f,
        },
    }
    small = head_models(network, tmp_path)
    for name, model in models.items():
        for got, want in zip(
            run(small[name], **given[name]), wanted[name], strict=True
        ):
            np.testing.assert_allclose(got, want.numpy(), atol=0.1)
        for got, want in zip(run(model, **given[name]), wanted[name], strict=True):
            np.testing.assert_allclose(got, want.numpy(), atol=1e-4)


def test_windows_side_by_side_are_read_as_each_by_itself(
    network: Network, texts: list[Text]
) -> None:
    windows = list(windows_of(texts, None))
    tokenizer = open_tokenizer(FOLDER / "kg" / "weights" / "kg_encoder")

    def scores(together: list[TrainingWindow]) -> list[torch.Tensor]:
        batch = Batch(together, tokenizer)
        states, attention = encode(network.encoder, batch)
        return [
            label_scores(network.ner, batch, states),
            *pair_scores(network, batch, states, attention),
            *amount_scores(network, batch, states, attention),
            antecedent_scores(network, batch, states),
        ]

    with torch.no_grad():
        alone = [scores([window]) for window in windows]
        beside = scores(windows)
    assert len(windows) > 2
    assert all(len(ours) > 1 for ours in beside)
    for mine, ours in zip(zip(*alone, strict=True), beside, strict=True):
        torch.testing.assert_close(torch.cat(mine), ours, atol=1e-3, rtol=1e-3)


def test_the_pair_head_is_told_each_mention_once(texts: list[Text]) -> None:
    for window in windows_of(texts, None):
        assert len(window.reference)
        assert len(window.spans.unique(dim=0)) == len(window.spans)
