"""The network that is trained: one MiniLM encoder and the heads that read it.

The encoder is written out here (it is BERT, Devlin et al. 2019, with six layers) so that
its parts export cleanly to ONNX and the heads can read its states and attention.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional

from kg.pipeline.pairs import APART, CROWD, DISTANCES

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WIDTH, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS = 384, 6, 12, 1536, 30522, 512
SHAPES = 512
HIDDEN, BLOCK = 256, 8  # of the pair head: width, and width of a bilinear block
NEAR, REACH = 128, 8  # features of the words around a mention, and how many words
READER = 256  # width of the layer that reads words and classes together
KINDS = 16  # classes, sums, and the classes that public data leave open


class Layer(nn.Module):
    """One transformer layer: self-attention and a feed-forward net, post-normalised."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.attention_out = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.drop = nn.Dropout(0.1)

    def forward(self, states: Tensor, bias: Tensor | None) -> Tensor:
        """Map states [batch, pieces, width] to the next layer's."""
        context = functional.scaled_dot_product_attention(
            self._heads(self.query(states)),
            self._heads(self.key(states)),
            self._heads(self.value(states)),
            bias,
        )
        return self._out(states, context)

    def looking(
        self, states: Tensor, bias: Tensor, rows: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map states to the next layer's, with the attention [batch, heads, rows, pieces].

        With ``rows``, only those pieces are mapped, though they read all.  Attention has
        no dropout: drawing that many random numbers takes a fifth of a step on a CPU.
        """
        reading = states if rows is None else states.index_select(1, rows)
        query = self._heads(self.query(reading))
        key = self._heads(self.key(states))
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + bias
        attention = scores.softmax(-1)
        return self._out(
            reading, attention @ self._heads(self.value(states))
        ), attention

    def _heads(self, x: Tensor) -> Tensor:
        batch, pieces, width = x.shape
        return x.view(batch, pieces, self.heads, width // self.heads).transpose(1, 2)

    def _out(self, states: Tensor, context: Tensor) -> Tensor:
        context = context.transpose(1, 2).reshape(states.shape)
        states = self.attention_norm(states + self.drop(self.attention_out(context)))
        inner = functional.gelu(self.inner(states))
        return self.norm(states + self.drop(self.outer(inner)))


class Encoder(nn.Module):
    """MiniLM: word-piece ids [batch, pieces] to states and the last layer's attention."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.segment = nn.Parameter(torch.zeros(WIDTH))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer(WIDTH, HEADS, INNER) for _ in range(LAYERS))
        self.drop = nn.Dropout(0.1)

    def forward(
        self, ids: Tensor, mask: Tensor, rows: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Encode to states [batch, rows, 384] and attention [batch, 12, rows, pieces].

        ``mask`` [batch, pieces] is 1 for pieces and 0 for padding; ``rows`` are the pieces
        that are wanted, all if it is None.
        """
        positions = self.positions.weight[: ids.shape[1]]
        states = self.drop(self.norm(self.words(ids) + positions + self.segment))
        bias = (1.0 - mask[:, None, None, :].to(states.dtype)) * -1e4
        *lower, last = self.layers
        for layer in lower:
            states = layer(states, bias)
        encoded: tuple[Tensor, Tensor] = last.looking(states, bias, rows)
        return encoded


class WordEncoder(nn.Module):
    """The encoder as the pipeline runs it: one window, read word by word.

    A word's state is that of its first piece; attention is kept in half precision, which
    halves what a long document holds in memory.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """Encode pieces [1, pieces] to states and attention of the words at ``first``."""
        mask = torch.ones_like(ids, dtype=torch.float)
        states, attention = self.encoder(ids, mask, first)
        between = attention[0].index_select(2, first)
        return states[0], between.transpose(0, 1).half()


@dataclass(frozen=True, slots=True)
class SideBySide:
    """How the windows of a training batch stand in one row of words.

    Each has the width of the longest and a gap behind it, so that no head looks from one
    into the next; ``real`` [windows, width] tells words from what fills up.  The mention
    pairs and sums of a window stand together: ``couples`` and ``sums`` count them.
    """

    real: Tensor
    couples: list[int]
    sums: list[int]

    def mixed(self, shares: Tensor, rows: Tensor, counts: list[int]) -> Tensor:
        """Return the sums of word rows [words, features], by shares [any, width].

        ``counts`` tells how many of the shares are those of each window.
        """
        by_window = rows.view(*self.real.shape, -1)
        return torch.cat(
            [s @ r for s, r in zip(shares.split(counts), by_window, strict=True)]
        )


class NerHead(nn.Module):
    """Word states [words, 384] and shape ids [words] to BIO scores [words, labels]."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.shapes = nn.Embedding(SHAPES, 48)
        self.near = nn.Linear(3 * (WIDTH + 48), 256)
        self.out = nn.Linear(256, labels)
        self.drop = nn.Dropout(0.2)

    def forward(
        self, words: Tensor, shapes: Tensor, side: SideBySide | None = None
    ) -> Tensor:
        """Score each label for each word."""
        features = torch.cat([self.drop(words), self.shapes(shapes)], -1)
        if side is not None:
            features = features * side.real.view(-1, 1)
        wide = functional.pad(features, (0, 0, 1, 1))
        hidden = self.near(torch.cat([wide[:-2], features, wide[2:]], -1))
        return self.out(self.drop(functional.gelu(hidden)))


def looks_of(attention: Tensor, spans: Tensor) -> Tensor:
    """Return what the words of each span attend to on average [spans, heads, width].

    ``attention`` is that of words to words, by window and head [windows, heads, width,
    width]; ``spans`` number the words of all windows through.
    """
    width = attention.shape[-1]
    window, start = spans[:, 0] // width, spans[:, 0] % width
    end = spans[:, 1] - window * width
    total = functional.pad(attention.cumsum(2), (0, 0, 1, 0)).transpose(1, 2)
    length = (end - start).clamp(min=1)[:, None, None]
    return (total[window, end] - total[window, start]) / length


def _inside(spans: Tensor, words: int) -> Tensor:
    """Return whether each word is inside each span, as booleans [spans, words]."""
    place = torch.arange(words, device=spans.device)
    return (place >= spans[:, :1]) & (place < spans[:, 1:])


def spans_mean(rows: Tensor, spans: Tensor) -> Tensor:
    """Return the mean over the first axis of each span [spans, 2]; zeros for an empty one."""
    total = rows.cumsum(0)
    total = torch.cat([torch.zeros_like(total[:1]), total])
    length = (spans[:, 1] - spans[:, 0]).clamp(min=1).to(rows.dtype)
    length = length.view(-1, *[1] * (rows.dim() - 1))
    return (total[spans[:, 1]] - total[spans[:, 0]]) / length


def range_max(rows: Tensor, spans: Tensor) -> Tensor:
    """Return the maximum over the first axis of each span [spans, 2]; zeros for an empty one.

    A span's maximum is that of two overlapping stretches whose length is a power of two.
    """
    levels = [rows]
    for level in range(9):  # a window has fewer than 512 words
        last = levels[-1]
        index = torch.arange(rows.shape[0], device=rows.device) + 2**level
        levels.append(torch.maximum(last, last[index.clamp(max=rows.shape[0] - 1)]))
    length = spans[:, 1] - spans[:, 0]
    at = torch.log2(length.clamp(min=1).to(rows.dtype) + 0.5).floor().long()
    table = torch.stack(levels).view(-1, rows.shape[1])
    first = table[at * rows.shape[0] + spans[:, 0].clamp(max=rows.shape[0] - 1)]
    second = table[at * rows.shape[0] + (spans[:, 1] - 2**at).clamp(min=0)]
    return torch.maximum(first, second) * (length > 0)[:, None]


def with_kinds(states: Tensor, spans: Tensor, kinds: Tensor) -> Tensor:
    """Return word states with the classes [mentions, width] of what each word names."""
    inside = _inside(spans, states.shape[0]).to(states.dtype)
    return torch.cat([states, inside.T @ kinds], -1)


class Around(nn.Module):
    """What stands beside each mention and between two, word by word.

    The strongest feature wins, as in piecewise max-pooling (Zeng et al. 2015): a telling
    word counts as much in a long stretch as in a short one.
    """

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.kinds = nn.Embedding(kinds * 2, 48)
        self.word = nn.Linear(WIDTH + 48, NEAR)
        self.before = nn.Parameter(torch.zeros(REACH, NEAR))
        self.behind = nn.Parameter(torch.zeros(REACH, NEAR))
        self.drop = nn.Dropout(0.2)

    def forward(
        self,
        states: Tensor,
        spans: Tensor,
        kinds: Tensor,
        between: Tensor,
        side: SideBySide | None,
    ) -> tuple[Tensor, Tensor]:
        """Return features beside mentions [mentions, 2 * NEAR] and between [pairs, NEAR]."""
        words = self.word(self.drop(with_kinds(states, spans, self.kinds(kinds))))
        steps = torch.arange(REACH, device=spans.device)
        left = spans[:, :1] - 1 - steps
        right = spans[:, 1:] + steps
        sides = []
        for index, offset in ((left, self.before), (right, self.behind)):
            known = (index >= 0) & (index < states.shape[0])
            index = index.clamp(0, states.shape[0] - 1)
            if side is not None:
                known = known & side.real.flatten()[index]
            beside = words[index] + offset
            sides.append((functional.gelu(beside) * known[:, :, None]).amax(1))
        return torch.cat(sides, -1), range_max(functional.gelu(words), between)


class Reader(nn.Module):
    """One more layer over the words, which is told what is named where.

    The encoder reads before anything is recognised; here each word sees which things
    stand around it, of which class, and what stands between them.
    """

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.kinds = nn.Embedding(kinds * 2, 48)
        self.down = nn.Linear(WIDTH + 48, READER)
        self.layer = Layer(READER, 8, 2 * READER)
        self.up = nn.Linear(READER, WIDTH)
        nn.init.zeros_(self.up.weight)

    def forward(
        self, states: Tensor, spans: Tensor, kinds: Tensor, side: SideBySide | None
    ) -> Tensor:
        """Return word states [words, 384] that know of the mentions."""
        words = self.down(with_kinds(states, spans, self.kinds(kinds)))
        if side is None:
            read = self.layer(words[None], None)[0]
        else:
            windows = words.view(*side.real.shape, -1)
            read = self.layer(windows, side.real[:, None, None, :]).flatten(0, 1)
        return states + self.up(read)


class PairHead(nn.Module):
    """What holds between two mentions: facts, parts in a payment, and how sure.

    After one more layer over the words, each mention pair is read by the mean states of
    both mentions, by what the encoder's last layer attends to from both (the localised
    context of ATLOP, Zhou et al. 2021), by the words beside and between them, and by
    their classes and distances.  There are more pairs than words: whatever is linear is
    computed by word and pooled after, and what does not tell subject from object once
    for both directions.
    """

    def __init__(self, outputs: int, statuses: int, kinds: int) -> None:
        super().__init__()
        self.kinds = nn.Embedding(kinds * 2, 48)
        self.distance = nn.Embedding(DISTANCES, 3 * HIDDEN)
        self.apart = nn.Embedding(APART, 3 * HIDDEN)
        self.crowd = nn.Embedding(CROWD, 3 * HIDDEN)
        for table in (self.distance, self.apart, self.crowd):
            nn.init.normal_(table.weight, std=0.02)
        self.mention = nn.Linear(WIDTH + 48, 3 * HIDDEN)
        self.common = nn.Linear(WIDTH, 3 * HIDDEN)
        self.amid = nn.Linear(WIDTH, 3 * HIDDEN, bias=False)
        self.other = nn.Linear(WIDTH + 48, HIDDEN)
        self.third = nn.Linear(WIDTH + 48, HIDDEN)
        self.reader = Reader(kinds)
        self.around = Around(kinds)
        self.beside_subject = nn.Linear(2 * NEAR, 3 * HIDDEN, bias=False)
        self.beside_object = nn.Linear(2 * NEAR, 2 * HIDDEN, bias=False)
        self.through = nn.Linear(NEAR, 3 * HIDDEN, bias=False)
        self.bilinear = nn.Linear(HIDDEN * BLOCK, outputs)
        self.plain = nn.Linear(HIDDEN, outputs)
        nn.init.constant_(self.plain.bias, -4.0)  # most pairs hold no fact
        self.status = nn.Linear(HIDDEN, statuses)
        self.drop = nn.Dropout(0.2)

    def forward(
        self,
        states: Tensor,
        looks: Tensor,
        spans: Tensor,
        kinds: Tensor,
        ends: Tensor,
        couples: Tensor,
        couple: Tensor,
        between: Tensor,
        features: Tensor,
        side: SideBySide | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Score pairs; shapes as in :mod:`kg.pipeline.pairs`.

        Args:
            states: Word states [words, 384].
            looks: What each mention attends to [mentions, heads, words].
            spans: Word ranges of the mentions [mentions, 2].
            kinds: Class of each mention, doubled and one more for a nominal one.
            ends: Mention numbers of each pair [pairs, 2].
            couples: Mention numbers of each couple [couples, 2].
            couple: The couple of each pair [pairs].
            between: Word range between the two of a couple [couples, 2].
            features: Distance, sentences apart, mentions between [pairs, 3].
            side: How several windows stand side by side, if there are several.

        Returns:
            Scores [pairs, outputs] and status scores [pairs, statuses].
        """
        states = self.reader(states, spans, kinds, side)
        mentions = torch.cat([spans_mean(states, spans), self.kinds(kinds)], -1)
        mentions = self.drop(mentions)
        subject, object_ = ends[:, 0], ends[:, 1]
        shared = (looks[couples[:, 0]] * looks[couples[:, 1]]).sum(1)
        shared = shared / (shared.sum(-1, keepdim=True) + 1e-9)
        common = self.common(states)
        middle = side.mixed(shared, common, side.couples) if side else shared @ common
        middle = middle + spans_mean(self.amid(states), between)
        beside, through = self.around(states, spans, kinds, between, side)
        beside = self.drop(beside)
        middle = (middle + self.through(self.drop(through)))[couple]
        middle = middle + self.distance(features[:, 0])
        middle = middle + self.apart(features[:, 1]) + self.crowd(features[:, 2])
        of_subject = (self.mention(mentions) + self.beside_subject(beside))[subject]
        of_object = torch.cat([self.other(mentions), self.third(mentions)], -1)
        of_object = (of_object + self.beside_object(beside))[object_]
        first = torch.tanh(of_subject[:, :HIDDEN] + middle[:, :HIDDEN])
        second = torch.tanh(of_object[:, :HIDDEN] + middle[:, HIDDEN : 2 * HIDDEN])
        plain = functional.gelu(
            of_subject[:, 2 * HIDDEN :]
            + of_object[:, HIDDEN:]
            + middle[:, 2 * HIDDEN :]
        )
        plain = self.drop(plain)
        # Its products are many: what they are made of is dropped, not they themselves.
        left = self.drop(first).view(-1, HIDDEN // BLOCK, BLOCK, 1)
        right = second.view(-1, HIDDEN // BLOCK, 1, BLOCK)
        crossed = (left * right).reshape(-1, HIDDEN * BLOCK)
        return self.bilinear(crossed) + self.plain(plain), self.status(plain)


class AmountHead(nn.Module):
    """What a sum is: which kind of payment or none, and how sure."""

    def __init__(self, kinds: int, statuses: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(3 * WIDTH, HIDDEN)
        self.kind = nn.Linear(HIDDEN, kinds)
        self.status = nn.Linear(HIDDEN, statuses)
        self.drop = nn.Dropout(0.2)

    def forward(
        self,
        states: Tensor,
        looks: Tensor,
        spans: Tensor,
        around: Tensor,
        side: SideBySide | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Score sums at ``spans`` [sums, 2] in sentences ``around`` [sums, 2].

        ``looks`` [sums, heads, words] is what their words attend to.
        """
        looks = looks.mean(1)
        looks = looks / (looks.sum(-1, keepdim=True) + 1e-9)
        seen = side.mixed(looks, states, side.sums) if side else looks @ states
        hidden = torch.cat(
            [spans_mean(states, spans), seen, spans_mean(states, around)], -1
        )
        hidden = self.drop(functional.gelu(self.hidden(self.drop(hidden))))
        return self.kind(hidden), self.status(hidden)


class AntecedentHead(nn.Module):
    """Which named mention a nominal or pronominal one stands for."""

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.kinds = nn.Embedding(kinds * 2, 48)
        self.distance = nn.Embedding(DISTANCES, 48)
        self.apart = nn.Embedding(APART, 16)
        self.crowd = nn.Embedding(CROWD, 16)
        self.left = nn.Linear(WIDTH, 128)
        self.right = nn.Linear(WIDTH + 48, 128)
        self.hidden = nn.Linear(128 * 3 + 80, 128)
        self.out = nn.Linear(128, 1)
        self.drop = nn.Dropout(0.2)

    def forward(
        self,
        states: Tensor,
        spans: Tensor,
        kinds: Tensor,
        ends: Tensor,
        features: Tensor,
    ) -> Tensor:
        """Score pairs [pairs, 2] of a reference and a named mention; returns [pairs]."""
        words = self.drop(spans_mean(states, spans))
        left = self.left(words)[ends[:, 0]]
        right = self.right(torch.cat([words, self.kinds(kinds)], -1))[ends[:, 1]]
        hidden = torch.cat(
            [
                left,
                right,
                left * right,
                self.distance(features[:, 0]),
                self.apart(features[:, 1]),
                self.crowd(features[:, 2]),
            ],
            -1,
        )
        return self.out(self.drop(functional.gelu(self.hidden(hidden))))[:, 0]


class Network(nn.Module):
    """The encoder and its heads, trained as one."""

    def __init__(
        self, encoder: Encoder, *, labels: int, facts: int, sums: int, statuses: int
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.ner = NerHead(labels)
        self.pairs = PairHead(facts, statuses, KINDS)
        self.amounts = AmountHead(sums, statuses)
        self.antecedents = AntecedentHead(KINDS)


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
