"""Turn a checkpoint into the spaCy pipeline that ships in the package.

    python -m training.export --base MINILM_FOLDER --checkpoint FOLDER [--to kg/weights]

The encoder and the two heads that look at every word or pair are quantised to int8
(dynamic); the two small ones stay in fp32.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import onnx
import spacy
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from kg.pipeline.relations import Outputs
from training.model import HEADS, WIDTH, Network, WordEncoder
from training.train import open_network
from training.windows import labels

COMPONENTS = (
    "kg_sentences",
    "kg_encoder",
    "kg_values",
    "kg_ner",
    "kg_clusters",
    "kg_references",
    "kg_relations",
    "kg_money",
    "kg_status",
    "kg_periods",
)
QUANTISED = ("ner", "pairs")


def exported(
    module: nn.Module,
    inputs: dict[str, tuple[Tensor, dict[int, str]]],
    outputs: dict[str, dict[int, str]],
    folder: Path,
) -> Path:
    """Export a module to ONNX.

    Args:
        module: In evaluation mode.
        inputs: By name, an example and which of its axes vary.
        outputs: By name, which axes vary.
        folder: Where to write.
    """
    path = folder / f"{type(module).__name__}.onnx"
    axes = {name: axes for name, (_, axes) in inputs.items()} | outputs
    torch.onnx.export(
        module,
        tuple(example for example, _ in inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=list(outputs),
        opset_version=17,
        dynamo=False,
        dynamic_axes=axes,
    )
    onnx.checker.check_model(onnx.load(str(path)))
    return path


def encoder_model(network: Network, folder: Path, *, quantised: bool = True) -> bytes:
    """Return the encoder as an ONNX model."""
    path = exported(
        WordEncoder(network.encoder).eval(),
        {
            "ids": (torch.ones(1, 7, dtype=torch.long), {1: "pieces"}),
            "first": (torch.ones(5, dtype=torch.long), {0: "words"}),
        },
        {"states": {0: "words"}, "attention": {0: "words", 2: "words"}},
        folder,
    )
    return int8(path) if quantised else path.read_bytes()


def int8(path: Path) -> bytes:
    """Return an ONNX model with the weights of its products in eight bits.

    Unsigned: processors without VNNI overflow in sums of signed weights.
    """
    small = path.with_suffix(".int8.onnx")
    quantize_dynamic(path, small, weight_type=QuantType.QUInt8)
    return small.read_bytes()


_STATES = (torch.rand(7, WIDTH), {0: "words"})
_LOOKS = (torch.rand(3, HEADS, 7), {0: "mentions", 2: "words"})
_SPANS = torch.tensor([[0, 1], [2, 4], [5, 6]])
_ENDS = torch.tensor([[0, 1], [1, 2]])
_THREE = torch.zeros(3, dtype=torch.long)


def head_models(
    network: Network, folder: Path, *, quantised: bool = True
) -> dict[str, bytes]:
    """Return the heads as ONNX models."""
    mentions = {0: "mentions"}
    pairs = {0: "pairs"}
    spans = (_SPANS, mentions)
    features = (torch.zeros(2, 3, dtype=torch.long), pairs)
    found = {
        "ner": exported(
            network.ner,
            {
                "words": _STATES,
                "shapes": (torch.zeros(7, dtype=torch.long), {0: "words"}),
            },
            {"scores": {0: "words"}},
            folder,
        ),
        "pairs": exported(
            network.pairs,
            {
                "states": _STATES,
                "looks": _LOOKS,
                "spans": spans,
                "kinds": (_THREE, mentions),
                "ends": (_ENDS, pairs),
                "couples": (_ENDS, {0: "couples"}),
                "couple": (torch.zeros(2, dtype=torch.long), pairs),
                "between": (_ENDS, {0: "couples"}),
                "features": features,
            },
            {"scores": pairs, "statuses": pairs},
            folder,
        ),
        "amounts": exported(
            network.amounts,
            {
                "states": _STATES,
                "looks": (_LOOKS[0], {0: "sums", 2: "words"}),
                "spans": (_SPANS, {0: "sums"}),
                "around": (_SPANS, {0: "sums"}),
            },
            {"kinds": {0: "sums"}, "statuses": {0: "sums"}},
            folder,
        ),
        "references": exported(
            network.antecedents,
            {
                "states": _STATES,
                "spans": spans,
                "kinds": (_THREE, mentions),
                "ends": (_ENDS, pairs),
                "features": features,
            },
            {"scores": pairs},
            folder,
        ),
    }
    return {
        name: int8(path) if quantised and name in QUANTISED else path.read_bytes()
        for name, path in found.items()
    }


def main() -> None:
    """Parse the arguments and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=Path("kg/weights"))
    args = parser.parse_args()
    network = open_network(args.base, args.checkpoint)
    calibration = args.checkpoint / "calibration.json"
    scale, shift = (
        json.loads(calibration.read_text()) if calibration.exists() else (1.0, 0.0)
    )
    names = labels()
    outputs = Outputs(names.kinds, names.facts, names.statuses, scale, shift)
    import kg.pipeline  # noqa: F401 - registers the factories

    nlp = spacy.blank("en")
    nlp.meta.update(
        name="policy",
        version="0.2.0",
        license="MIT",
        description="Entities, claims and money in policy texts",
    )
    for name in COMPONENTS:
        nlp.add_pipe(name)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokenizer = json.loads((args.base / "tokenizer.json").read_text("utf-8"))
        tokenizer["truncation"] = tokenizer["padding"] = None
        nlp.get_pipe("kg_encoder").load(
            encoder_model(network, folder), json.dumps(tokenizer, ensure_ascii=False)
        )
        heads = head_models(network, folder)
        nlp.get_pipe("kg_ner").load(heads["ner"], list(names.ner))
        nlp.get_pipe("kg_references").load(heads["references"], names.kinds)
        nlp.get_pipe("kg_relations").load(heads["pairs"], outputs)
        nlp.get_pipe("kg_money").load(heads["amounts"], names.sums, names.statuses)
    nlp.config["nlp"]["tokenizer"]["@tokenizers"] = "kg.Tokenizer.v1"
    nlp.to_disk(args.to)
    size = sum(p.stat().st_size for p in args.to.rglob("*") if p.is_file())
    print(f"{args.to}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
