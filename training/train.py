"""Train the encoder and its heads, and write a checkpoint after every epoch.

    python -m training.train --base MINILM_FOLDER --data PUBLIC_DATA --out FOLDER

Seeded; goes on from the checkpoint in FOLDER when there is one, and on a GPU when there
is one.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.examples import ROLES, public_texts, written
from training.model import (
    Encoder,
    NerHead,
    Network,
    load_base_encoder,
    looks_of,
)
from training.score import score
from training.vary import donors, varied
from training.windows import Batch, Window, batches_of, labels, windows_of

BATCH_PIECES = 1200
AVERAGED = 0.995  # how much of the running mean of the weights a step keeps
PARTS_WEIGHT = 2.0  # of who pays and who receives, which few texts tell, beside facts
VARIED = 0.5  # of the things in further copies of a text, which get other names
# The share of each head in the loss; sums over facts are per fact, others per word or sum.
SHARE = {"ner": 1.0, "facts": 0.3, "status": 0.3, "sums": 0.5, "references": 0.3}


def new_network(base: Path) -> Network:
    """Return the network with the public encoder and fresh heads."""
    names = labels()
    return Network(
        load_base_encoder(base / "model.safetensors"),
        labels=len(names.ner),
        facts=len(names.facts),
        sums=len(names.sums),
        statuses=len(names.statuses),
    )


def open_network(base: Path, checkpoint: Path) -> Network:
    """Return the network of a checkpoint's folder, in evaluation mode."""
    network = new_network(base)
    state = _loaded(checkpoint / "checkpoint.pt", torch.device("cpu"))
    network.load_state_dict(state["network"])
    return network.eval()


def open_tokenizer(base: Path) -> Tokenizer:
    """Return the encoder's word-piece tokenizer, cutting at 512 pieces."""
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(512)
    return tokenizer


def pooled(scores: Tensor, group: Tensor, groups: int) -> Tensor:
    """Return one score per pair of things: log-sum-exp over its mention pairs."""
    top = scores.new_full((groups, scores.shape[1]), -1e4)
    index = group[:, None].expand_as(scores)
    top = top.scatter_reduce(0, index, scores.detach(), "amax")
    total = torch.zeros_like(top).scatter_add(0, index, (scores - top[group]).exp())
    return top + total.clamp(min=1e-9).log()


def pair_scores(
    network: Network, batch: Batch, states: Tensor, attention: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what the pair head says of the mention pairs: facts and statuses."""
    window = batch.all
    scores: tuple[Tensor, Tensor] = network.pairs(
        states,
        looks_of(attention, window.spans),
        window.spans,
        window.kinds,
        window.ends,
        window.couples,
        window.couple,
        window.between,
        window.features,
        batch.side,
    )
    return scores


def amount_scores(
    network: Network, batch: Batch, states: Tensor, attention: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what the head of amounts says of the sums: kinds and statuses."""
    looks = looks_of(attention, batch.all.sums)
    scores: tuple[Tensor, Tensor] = network.amounts(
        states, looks, batch.all.sums, batch.all.around, batch.side
    )
    return scores


def antecedent_scores(network: Network, batch: Batch, states: Tensor) -> Tensor:
    """Return how well each pair of a reference and a name fits [pairs]."""
    window = batch.all
    scores: Tensor = network.antecedents(
        states,
        window.named,
        window.named_kinds,
        window.reference,
        window.reference_features,
    )
    return scores


def label_scores(head: NerHead, batch: Batch, states: Tensor) -> Tensor:
    """Return the scores of each label for the words of a batch [words, labels]."""
    scores: Tensor = head(states, batch.shapes, batch.side)
    return scores[batch.side.real.flatten()]


def losses(
    network: Network, batch: Batch, states: Tensor, attention: Tensor
) -> dict[str, Tensor]:
    """Return the loss of each head that a batch has something for."""
    window = batch.all
    found: dict[str, Tensor] = {}
    log = label_scores(network.ner, batch, states).log_softmax(-1)
    right = log.masked_fill(~window.allowed, -1e4).logsumexp(-1)
    found["ner"] = -right.mean()
    if len(window.fact):
        scores, statuses = pair_scores(network, batch, states, attention)
        together = pooled(scores, window.group, len(window.fact))
        weight = window.known.clone()
        weight[:, -len(ROLES) :] *= PARTS_WEIGHT
        loss = functional.binary_cross_entropy_with_logits(
            together, window.fact, weight=weight, reduction="sum"
        )
        found["facts"] = loss / ((window.fact * window.known).sum() + 1.0)
        rows, columns = (window.status >= 0).nonzero(as_tuple=True)
        if len(rows):
            # How sure a fact is, is told where it is told best.
            mine = window.group[None, :] == rows[:, None]
            told = scores.detach()[:, columns].T.masked_fill(~mine, -1e4)
            found["status"] = functional.cross_entropy(
                statuses[told.argmax(1)], window.status[rows, columns]
            )
    if len(window.sums):
        kinds, statuses = amount_scores(network, batch, states, attention)
        loss = functional.cross_entropy(kinds, window.sum_kind, reduction="sum")
        loss = loss + functional.cross_entropy(
            statuses, window.sum_status, ignore_index=-1, reduction="sum"
        )
        found["sums"] = loss / len(window.sums)
    if len(window.reference):
        scores = antecedent_scores(network, batch, states)
        who, number = window.reference[:, 0].unique(return_inverse=True)
        good = scores.masked_fill(~window.antecedent, -1e4)[:, None]
        # A reference without its name in the window means none of the others: score 0.
        every = functional.pad(scores, [len(who), 0])[:, None]
        numbers = torch.cat([torch.arange(len(who), device=who.device), number])
        total = pooled(every, numbers, len(who))
        best = pooled(good, number, len(who))
        lost = best < -1e3
        found["references"] = (total - best.masked_fill(lost, 0.0)).mean()
    return found


def optimised(
    network: nn.Module, rate: float, steps: float
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    """Return optimiser and schedule: heads learn five times as fast as the encoder.

    The rate rises for a hundred steps and falls to a fiftieth over all of them.
    """
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    heads = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    optimizer = torch.optim.AdamW(
        [{"params": encoder, "lr": rate}, {"params": heads, "lr": rate * 5}],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(step / 100 + 0.01, max(0.02, 1 - step / steps))
    )
    return optimizer, schedule


def encode(encoder: Encoder, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return word states [words, 384] and attention [windows, heads, width, width]."""
    states, attention = encoder(batch.ids, batch.mask)
    real = batch.side.real
    index = batch.first[:, :, None].expand(-1, -1, states.shape[-1])
    words = (states.gather(1, index) * real[:, :, None]).flatten(0, 1)
    pieces, heads = attention.shape[-1], attention.shape[1]
    index = batch.first[:, None, :, None].expand(-1, heads, -1, pieces)
    rows = attention.gather(2, index)
    index = batch.first[:, None, None, :].expand(-1, heads, real.shape[1], -1)
    return words, rows.gather(3, index) * real[:, None, None, :]


def main() -> None:
    """Parse the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--texts", type=Path, default=Path("training/texts"))
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--written-weight", type=int, default=3)
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the public texts in each epoch"
    )
    parser.add_argument(
        "--frozen", type=int, default=0, help="lower layers that stay as they are"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-from", type=Path, help="a checkpoint to go on from")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = new_network(args.base).to(device)
    tokenizer = open_tokenizer(args.base)
    texts, held_out = written(args.texts)
    public = public_texts(args.data)
    names = donors(texts)
    args.out.mkdir(parents=True, exist_ok=True)
    # Names of all the world stand in the public embeddings: few texts can only harm them.
    network.encoder.words.requires_grad_(requires_grad=False)
    network.encoder.layers[: args.frozen].requires_grad_(requires_grad=False)
    words = sum(len(t.words) for t in texts) * args.written_weight
    words += round(sum(len(t.words) for t in public) * args.share)
    steps = args.epochs * words * 1.4 / BATCH_PIECES
    optimizer, schedule = optimised(network, args.rate, steps)
    first = 0
    checkpoint = args.out / "checkpoint.pt"
    state = _loaded(checkpoint, device) if checkpoint.exists() else {}
    if state:
        network.load_state_dict(state["network"])
    elif args.start_from:
        before = _loaded(args.start_from, device)["network"]
        missing = network.load_state_dict(before, strict=False).missing_keys
        print("fresh:", ", ".join(missing) or "nothing", flush=True)
    # The running mean is what is scored and shipped: steadier than where a step ends.
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED))
    if state:
        network.load_state_dict(state["live"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        mean.n_averaged.fill_(1)
        first = state["epoch"]
    for epoch in range(first, args.epochs):
        rng = random.Random(args.seed * 1000 + epoch)
        torch.manual_seed(args.seed * 1000 + epoch)
        chosen = rng.sample(public, round(len(public) * args.share))
        windows = list(windows_of(chosen, rng))
        windows += windows_of(texts, rng)
        for _ in range(args.written_weight - 1):
            windows += windows_of([varied(t, names, rng, VARIED) for t in texts], rng)
        _run_epoch(
            network, mean, tokenizer, optimizer, schedule, windows, rng, epoch + 1
        )
        state = {
            "network": mean.module.state_dict(),
            "live": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "epoch": epoch + 1,
        }
        torch.save(state, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)
        print(f"epoch {epoch + 1}", score(mean.module, tokenizer, held_out), flush=True)


def _loaded(checkpoint: Path, device: torch.device) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(
        checkpoint, map_location=device, weights_only=True
    )
    return found


def _run_epoch(
    network: Network,
    mean: AveragedModel,
    tokenizer: Tokenizer,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    windows: list[Window],
    rng: random.Random,
    epoch: int,
) -> None:
    network.train()
    device = next(network.parameters()).device
    batches = batches_of(windows, BATCH_PIECES, rng)
    began, seen = time.time(), 0
    running: dict[str, float] = {}
    for number, group in enumerate(batches):
        batch = Batch(group, tokenizer, rng).to(device)
        parts = losses(network, batch, *encode(network.encoder, batch))
        loss = torch.stack([SHARE[h] * part for h, part in parts.items()]).sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean.update_parameters(network)
        seen += sum(len(w.words) for w in group)
        for head, part in parts.items():
            value = float(part.detach())
            running[head] = 0.97 * running.get(head, value) + 0.03 * value
        if number % 20 == 0:
            told = " ".join(f"{h} {v:.3f}" for h, v in running.items())
            speed = seen / (time.time() - began)
            print(
                f"epoch {epoch} batch {number}/{len(batches)} {told} {speed:.0f} words/s",
                flush=True,
            )


if __name__ == "__main__":
    main()
