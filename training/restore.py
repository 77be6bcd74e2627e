"""Turn the shipped pipeline back into a checkpoint, for training to go on from.

    python -m training.restore --base MINILM_FOLDER --out FOLDER

Checkpoints are not kept, the shipped weights are.  The encoder comes back as int8 left it;
a part that the shipped weights lack starts fresh.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training.model import Network
from training.train import new_network

HEADS = {
    "ner": "kg_ner/ner.onnx",
    "pairs": "kg_relations/pairs.onnx",
    "amounts": "kg_money/amounts.onnx",
    "antecedents": "kg_references/references.onnx",
}


def stored(path: Path) -> dict[str, np.ndarray]:
    """Return the weights in an ONNX model by name, in fp32.

    The exporter gives the weight of a product no name of its own, but the bias that is
    added to the product keeps its name: the weight is called after it, and turned.  One
    without a bias keeps the exporter's name.
    """
    graph = onnx.load(str(path)).graph
    raw = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    found: dict[str, np.ndarray] = {}
    for name, value in raw.items():
        whole = name.removesuffix("_quantized")
        if name != whole:
            zero = raw[whole + "_zero_point"].astype(np.int32)
            found[whole] = (value.astype(np.int32) - zero) * raw[whole + "_scale"]
        elif not name.endswith(("_scale", "_zero_point")):
            found[name] = value
    product_of = {}  # output of a product, and of what only scales it -> its weight
    for node in graph.node:
        weight = next(
            (
                n
                for n in (i.removesuffix("_quantized") for i in node.input)
                if n in found
            ),
            None,
        )
        if node.op_type in {"MatMul", "MatMulInteger"} and weight:
            product_of[node.output[0]] = weight
        elif node.op_type in {"Cast", "Mul"} and node.input[0] in product_of:
            product_of[node.output[0]] = product_of[node.input[0]]
        elif node.op_type == "Add":
            bias = next((i for i in node.input if i.endswith(".bias")), None)
            product = next((product_of[i] for i in node.input if i in product_of), None)
            if bias and product:
                found[bias.removesuffix("bias") + "weight"] = found.pop(product).T
    return found


def restored(network: Network, weights: Path) -> list[str]:
    """Fill a network with the shipped weights; return the names of what stays fresh."""
    state = network.state_dict()
    given: dict[str, np.ndarray] = stored(weights / "kg_encoder" / "encoder.onnx")
    for head, path in HEADS.items():
        given |= {f"{head}.{n}": v for n, v in stored(weights / path).items()}
    fresh = []
    for name, now in state.items():
        value = given.get(name)
        if value is None and not name.startswith("encoder."):
            head = name.partition(".")[0] + ".onnx::"
            alike = [
                v.T
                for n, v in given.items()
                if n.startswith(head) and v.T.shape == tuple(now.shape)
            ]
            value = alike[0] if len(alike) == 1 else None
        if value is None or value.shape != tuple(now.shape):
            fresh.append(name)
        else:
            state[name] = torch.from_numpy(np.array(value)).to(now.dtype)
    network.load_state_dict(state)
    return fresh


def main() -> None:
    """Parse the arguments and restore."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=Path("kg/weights"))
    args = parser.parse_args()
    torch.manual_seed(1)
    network = new_network(args.base)
    fresh = restored(network, args.weights)
    args.out.mkdir(parents=True, exist_ok=True)
    state: dict[str, dict[str, Tensor]] = {"network": network.state_dict()}
    torch.save(state, args.out / "checkpoint.pt")
    print("fresh:", ", ".join(fresh) or "nothing")


if __name__ == "__main__":
    main()
