"""Turn a checkpoint into the spaCy pipeline that ships in the package.

    python -m training.export --base MINILM_FOLDER --checkpoint FOLDER [--to kg/weights]

The encoder is quantised to int8 (dynamic), the small head stays in fp32.
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

from training.model import WIDTH, load_base_encoder
from training.train import Network

COMPONENTS = (
    "kg_sentences",
    "kg_encoder",
    "kg_values",
    "kg_ner",
    "kg_clusters",
    "kg_relations",
    "kg_money",
    "kg_status",
)


def encoder_model(network: Network, folder: Path, *, quantised: bool = True) -> bytes:
    """Export the encoder to ONNX; returns the model's bytes."""
    path = folder / "encoder.onnx"
    example = (torch.ones(1, 7, dtype=torch.long), torch.ones(1, 7))
    torch.onnx.export(
        network.encoder,
        example,
        str(path),
        input_names=["ids", "mask"],
        output_names=["states"],
        opset_version=17,
        dynamo=False,
        dynamic_axes={
            "ids": {0: "batch", 1: "pieces"},
            "mask": {0: "batch", 1: "pieces"},
            "states": {0: "batch", 1: "pieces"},
        },
    )
    if not quantised:
        return path.read_bytes()
    small = folder / "encoder.int8.onnx"
    quantize_dynamic(path, small, weight_type=QuantType.QInt8)
    return small.read_bytes()


def head_model(network: Network, folder: Path) -> bytes:
    """Export the entity head to ONNX; returns the model's bytes."""
    path = folder / "ner.onnx"
    example = (torch.zeros(7, WIDTH), torch.zeros(7, dtype=torch.long))
    torch.onnx.export(
        network.ner,
        example,
        str(path),
        input_names=["words", "shapes"],
        output_names=["scores"],
        opset_version=17,
        dynamo=False,
        dynamic_axes={
            "words": {0: "words"},
            "shapes": {0: "words"},
            "scores": {0: "words"},
        },
    )
    onnx.checker.check_model(onnx.load(str(path)))
    return path.read_bytes()


def main() -> None:
    """Parse the arguments and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=Path("kg/weights"))
    args = parser.parse_args()
    labels = json.loads((args.checkpoint / "labels.json").read_text())
    network = Network(load_base_encoder(args.base / "model.safetensors"), labels)
    state = torch.load(args.checkpoint / "checkpoint.pt", weights_only=True)
    network.load_state_dict(state["network"])
    network.eval()

    import kg.pipeline  # noqa: F401 - registers the factories

    nlp = spacy.blank("en")
    nlp.meta.update(
        name="policy",
        version="0.1.0",
        license="MIT",
        description="Entities, claims and money in policy texts",
    )
    for name in COMPONENTS:
        nlp.add_pipe(name)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = json.loads((args.base / "tokenizer.json").read_text("utf-8"))
        tokenizer["truncation"] = tokenizer["padding"] = None
        nlp.get_pipe("kg_encoder").load(
            encoder_model(network, Path(folder)),
            json.dumps(tokenizer, ensure_ascii=False),
        )
        nlp.get_pipe("kg_ner").load(head_model(network, Path(folder)), labels)
    nlp.to_disk(args.to)
    size = sum(p.stat().st_size for p in args.to.rglob("*") if p.is_file())
    print(f"{args.to}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
