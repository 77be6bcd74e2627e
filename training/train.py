"""Train the entity recogniser and write a checkpoint after every epoch.

    python -m training.train --base MINILM_FOLDER --data PUBLIC_DATA --out FOLDER

Seeded; goes on from the checkpoint in FOLDER when there is one.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from kg.ontology import load_ontology
from kg.pipeline.shapes import shape_id
from training.data import Example, public_examples, redocred
from training.model import Encoder, NerHead, load_base_encoder
from training.written import written_examples

PIECES = 300  # the longest window, in word pieces, that is trained on
BATCH_PIECES = 2400


class Network(nn.Module):
    """Encoder and head, trained as one."""

    def __init__(self, encoder: Encoder, labels: list[str]) -> None:
        super().__init__()
        self.encoder = encoder
        self.ner = NerHead(len(labels))


def labels_of(classes: list[str]) -> list[str]:
    """Return the BIO labels of the classes: O first, then B- and I- of each."""
    return ["O", *(f"{prefix}-{name}" for name in classes for prefix in "BI")]


class Batch:
    """Windows of words, padded to one length of word pieces."""

    def __init__(
        self, windows: list[tuple[list[str], Tensor]], tokenizer: Tokenizer
    ) -> None:
        pieces = [tokenizer.encode(words, is_pretokenized=True) for words, _ in windows]
        longest = max(len(p.ids) for p in pieces)
        self.ids = torch.zeros(len(pieces), longest, dtype=torch.long)
        self.mask = torch.zeros(len(pieces), longest)
        rows, columns, shapes, allowed = [], [], [], []
        self.lengths = []
        for i, (encoding, (words, masks)) in enumerate(
            zip(pieces, windows, strict=True)
        ):
            self.ids[i, : len(encoding.ids)] = torch.tensor(encoding.ids)
            self.mask[i, : len(encoding.ids)] = 1
            first: dict[int, int] = {}
            for j, word in enumerate(encoding.word_ids):
                if word is not None:
                    first.setdefault(word, j)
            # A word without pieces (a control character) takes the sentence's first.
            columns += [first.get(w, 0) for w in range(len(words))]
            rows += [i] * len(words)
            shapes += [shape_id(w) for w in words]
            allowed.append(masks)
            self.lengths.append(len(words))
        self.rows, self.columns = torch.tensor(rows), torch.tensor(columns)
        self.shapes = torch.tensor(shapes)
        self.allowed = torch.cat(allowed)


def scores(network: Network, batch: Batch) -> Tensor:
    """Return label scores [words of the batch, labels]."""
    states = network.encoder(batch.ids, batch.mask)[batch.rows, batch.columns]
    at = 0
    parts = []
    for length in batch.lengths:
        parts.append(
            network.ner(states[at : at + length], batch.shapes[at : at + length])
        )
        at += length
    return torch.cat(parts)


def windows_of(
    examples: list[Example], labels: list[str], rng: random.Random | None
) -> list[tuple[list[str], Tensor]]:
    """Cut examples to windows; with ``rng``, now and then change the case of one."""
    index = {label: i for i, label in enumerate(labels)}
    windows = []
    for example in examples:
        size = PIECES * 2 // 3
        for start in range(0, len(example.words), size):
            words = example.words[start : start + size]
            allowed = torch.zeros(len(words), len(labels), dtype=torch.bool)
            for i, names in enumerate(example.allowed[start : start + size]):
                if "*" in names:
                    allowed[i] = True
                else:
                    for name in names:
                        allowed[i, index[name]] = True
            if rng and (chance := rng.random()) < 0.07:
                words = [w.lower() if chance < 0.04 else w.upper() for w in words]
            windows.append((words, allowed))
    return windows


def batches_of(
    windows: list[tuple[list[str], Tensor]], rng: random.Random
) -> list[list[tuple[list[str], Tensor]]]:
    """Group windows of like length, about ``BATCH_PIECES`` pieces a batch, shuffled."""
    ordered = sorted(windows, key=lambda w: len(w[0]) + rng.random() * 8)
    groups, group = [], []
    for window in ordered:
        group.append(window)
        if len(group) * len(window[0]) * 1.4 > BATCH_PIECES:
            groups.append(group)
            group = []
    if group:
        groups.append(group)
    rng.shuffle(groups)
    return groups


def spans_of(labels: list[str]) -> set[tuple[int, int, str]]:
    """Return the (start, end, class) spans of a BIO sequence."""
    spans, start = set(), None
    for i, label in enumerate([*labels, "O"]):
        if start is not None and label != "I-" + labels[start][2:]:
            spans.add((start, i, labels[start][2:]))
            start = None
        if label.startswith("B-") or (label != "O" and start is None):
            start = i
    return spans


def coarse_f1(
    network: Network, labels: list[str], tokenizer: Tokenizer, path: Path
) -> str:
    """Score person, body and place spans on a Re-DocRED file; returns a line for the log."""
    group = {
        "Person": "PER",
        "Company": "ORG",
        "GovernmentBody": "ORG",
        "Organization": "ORG",
        "Polity": "LOC",
        "Place": "LOC",
    }
    network.eval()
    tp = fp = fn = 0
    for example in redocred(path):
        for words, allowed in windows_of([example], labels, None):
            with torch.no_grad():
                best = scores(network, Batch([(words, allowed)], tokenizer)).argmax(-1)
            guess = {
                (s, e, group.get(c)) for s, e, c in spans_of([labels[i] for i in best])
            }
            gold = set()
            # The first allowed label tells the coarse class: the sets never cross groups.
            first = [labels[int(row.int().argmax())] for row in allowed]
            kinds = [bool(row[0]) and int(row.sum()) > 1 for row in allowed]
            for s, e, c in spans_of(first):
                gold.add((s, e, group.get(c)))
            unsure = {i for i, k in enumerate(kinds) if k}
            guess = {g for g in guess if g[2] and not unsure & set(range(g[0], g[1]))}
            gold = {g for g in gold if g[2]}
            tp += len(guess & gold)
            fp += len(guess - gold)
            fn += len(gold - guess)
    p, r = tp / max(1, tp + fp), tp / max(1, tp + fn)
    return f"PER/ORG/LOC on held-out Re-DocRED: P {p:.3f} R {r:.3f} F1 {2 * p * r / max(1e-9, p + r):.3f}"


def typed_f1(
    network: Network, labels: list[str], tokenizer: Tokenizer, examples: list[Example]
) -> str:
    """Score the ten classes on fully annotated examples; returns a line for the log."""
    network.eval()
    tp = fp = fn = 0
    for words, allowed in windows_of(examples, labels, None):
        with torch.no_grad():
            best = scores(network, Batch([(words, allowed)], tokenizer)).argmax(-1)
        guess = spans_of([labels[i] for i in best])
        gold = spans_of([labels[int(row.int().argmax())] for row in allowed])
        tp, fp, fn = (
            tp + len(guess & gold),
            fp + len(guess - gold),
            fn + len(gold - guess),
        )
    p, r = tp / max(1, tp + fp), tp / max(1, tp + fn)
    return f"ten classes on held-out written texts: P {p:.3f} R {r:.3f} F1 {2 * p * r / max(1e-9, p + r):.3f}"


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
        "--share", type=float, default=1.0, help="of the public examples to train on"
    )
    parser.add_argument("--start-from", type=Path, help="a checkpoint to fine-tune")
    args = parser.parse_args()

    torch.manual_seed(1)
    classes = list(load_ontology().classes)
    labels = labels_of(classes)
    tokenizer = Tokenizer.from_file(str(args.base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(512)
    network = Network(load_base_encoder(args.base / "model.safetensors"), labels)
    written, held_out = written_examples(args.texts)
    public = public_examples(args.data)
    random.Random(1).shuffle(public)
    public = public[: round(len(public) * args.share)]
    examples = public + written * args.written_weight
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "labels.json").write_text(json.dumps(labels))

    head = [p for n, p in network.named_parameters() if n.startswith("ner.")]
    body = [p for n, p in network.named_parameters() if not n.startswith("ner.")]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": args.rate}, {"params": head, "lr": args.rate * 5}],
        weight_decay=0.01,
    )
    rng = random.Random(1)
    total = args.epochs * len(batches_of(windows_of(examples, labels, None), rng))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(step / 100 + 0.01, max(0.02, 1 - step / total))
    )
    first = 0
    checkpoint = args.out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["epoch"]
    elif args.start_from:
        state = torch.load(args.start_from, weights_only=True)
        network.load_state_dict(state["network"])
    words = sum(len(e.words) for e in examples)
    print(f"{len(examples)} examples, {words} words, {total} steps", flush=True)
    for epoch in range(first, args.epochs):
        rng = random.Random(100 + epoch)
        network.train()
        began, seen, loss_sum = time.time(), 0, 0.0
        batches = batches_of(windows_of(examples, labels, rng), rng)
        for number, windows in enumerate(batches):
            batch = Batch(windows, tokenizer)
            log = scores(network, batch).log_softmax(-1)
            loss = -log.masked_fill(~batch.allowed, -1e4).logsumexp(-1).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            seen += len(batch.rows)
            loss_sum += float(loss)
            if number % 20 == 0:
                speed = seen / (time.time() - began)
                print(
                    f"epoch {epoch + 1} batch {number}/{len(batches)} loss "
                    f"{loss_sum / (number + 1):.4f} {speed:.0f} words/s",
                    flush=True,
                )
        state = {
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "epoch": epoch + 1,
        }
        torch.save(state, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)
        if held_out:
            print(
                f"epoch {epoch + 1}",
                typed_f1(network, labels, tokenizer, held_out),
                flush=True,
            )
    print(
        coarse_f1(
            network, labels, tokenizer, args.data / "redocred" / "test_revised.json"
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
