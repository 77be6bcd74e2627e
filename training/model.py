"""The network that is trained: MiniLM, a word-shape embedding, one convolution, BIO.

The encoder is written out here (it is BERT, Devlin et al. 2019, with six layers) so that
its parts export cleanly to ONNX and later heads can read its states and attention.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WIDTH, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS = 384, 6, 12, 1536, 30522, 512
SHAPES = 512


class Layer(nn.Module):
    """One transformer layer: self-attention and a feed-forward net, post-normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.attention_out = nn.Linear(WIDTH, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.inner = nn.Linear(WIDTH, INNER)
        self.outer = nn.Linear(INNER, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(0.1)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        """Map states [batch, pieces, width] to the next layer's."""
        batch, pieces, _ = states.shape

        def split(x: Tensor) -> Tensor:
            return x.view(batch, pieces, HEADS, WIDTH // HEADS).transpose(1, 2)

        query, key, value = (
            split(f(states)) for f in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5 + bias
        context = self.drop(scores.softmax(-1)) @ value
        context = context.transpose(1, 2).reshape(batch, pieces, WIDTH)
        states = self.attention_norm(states + self.drop(self.attention_out(context)))
        inner = functional.gelu(self.inner(states))
        return self.norm(states + self.drop(self.outer(inner)))


class Encoder(nn.Module):
    """MiniLM: word-piece ids [batch, pieces] to states [batch, pieces, 384]."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.segment = nn.Parameter(torch.zeros(WIDTH))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.drop = nn.Dropout(0.1)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Encode; ``mask`` [batch, pieces] is 1 for pieces and 0 for padding."""
        positions = self.positions.weight[: ids.shape[1]]
        states = self.drop(self.norm(self.words(ids) + positions + self.segment))
        bias = (1.0 - mask[:, None, None, :].to(states.dtype)) * -1e4
        for layer in self.layers:
            states = layer(states, bias)
        return states


class NerHead(nn.Module):
    """Word states [words, 384] and shape ids [words] to BIO scores [words, labels]."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.shapes = nn.Embedding(SHAPES, 48)
        self.convolution = nn.Conv1d(WIDTH + 48, 256, 3, padding=1)
        self.out = nn.Linear(256, labels)
        self.drop = nn.Dropout(0.2)

    def forward(self, words: Tensor, shapes: Tensor) -> Tensor:
        """Score each label for each word."""
        features = torch.cat([self.drop(words), self.shapes(shapes)], -1)
        hidden = self.convolution(features.T[None])[0].T
        return self.out(self.drop(functional.gelu(hidden)))


def load_base_encoder(path: Path) -> Encoder:
    """Return the public MiniLM encoder.

    Args:
        path: Its ``model.safetensors``; the digest is checked.

    Raises:
        ValueError: The file is not the one whose digest is written here.
    """
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"{path} is not the expected all-MiniLM-L6-v2")
    source = load(data)
    target = {
        "words.weight": source["embeddings.word_embeddings.weight"],
        "positions.weight": source["embeddings.position_embeddings.weight"],
        "segment": source["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": source["embeddings.LayerNorm.weight"],
        "norm.bias": source["embeddings.LayerNorm.bias"],
    }
    names = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "attention_out": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "norm": "output.LayerNorm",
    }
    for i in range(LAYERS):
        for ours, theirs in names.items():
            for part in ("weight", "bias"):
                key = f"encoder.layer.{i}.{theirs}.{part}"
                target[f"layers.{i}.{ours}.{part}"] = source[key]
    encoder = Encoder()
    encoder.load_state_dict(target)
    return encoder
