"""Score a network on annotated texts, with the mentions given (heads alone).

    python -m training.score --base MINILM_FOLDER --checkpoint FOLDER --data PUBLIC_DATA

prints the scores on the held-out texts, and those of the recogniser alone on the half of
Re-DocRED that is never trained on.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.data import ANY_BODY, ANY_PLACE, sentence_starts
from training.examples import ROLES, Text, redocred, written
from training.model import Network
from training.windows import Batch, cuts_of, labels, windows_of

# Re-DocRED's classes of names in ours; the rest is its MISC.
COARSE = {
    "Person": "PER",
    **dict.fromkeys(ANY_BODY, "ORG"),
    **dict.fromkeys(ANY_PLACE, "LOC"),
}


class Count:
    """Right, wrong and missed, and what follows from them."""

    def __init__(self) -> None:
        self.right = self.wrong = self.missed = 0

    def add(self, guess: set[object], gold: set[object]) -> None:
        """Count one comparison of sets."""
        self.right += len(guess & gold)
        self.wrong += len(guess - gold)
        self.missed += len(gold - guess)

    def __str__(self) -> str:
        p = self.right / max(1, self.right + self.wrong)
        r = self.right / max(1, self.right + self.missed)
        return f"P {p:.3f} R {r:.3f} F1 {2 * p * r / max(1e-9, p + r):.3f}"


def spans_of(tags: list[str]) -> set[tuple[int, int, str]]:
    """Return the (start, end, class) spans of a BIO sequence."""
    spans, start = set(), None
    for i, label in enumerate([*tags, "O"]):
        if start is not None and label != "I-" + tags[start][2:]:
            spans.add((start, i, tags[start][2:]))
            start = None
        if label.startswith("B-") or (label != "O" and start is None):
            start = i
    return spans


def score(network: Network, tokenizer: Tokenizer, texts: list[Text]) -> str:
    """Return a report: entities, facts, statuses, sums, parts, references."""
    from training.train import (
        amount_scores,
        antecedent_scores,
        encode,
        label_scores,
        pair_scores,
        pooled,
    )

    names = labels()
    network.eval()
    device = next(network.parameters()).device
    entities, references, facts, roles = Count(), Count(), Count(), Count()
    by_predicate: dict[str, Count] = {}
    status: Counter[bool] = Counter()
    kinds: Counter[bool] = Counter()
    sum_status: Counter[bool] = Counter()
    antecedents: Counter[bool] = Counter()
    for cut in windows_of(texts, None):
        batch = Batch([cut], tokenizer).to(device)
        window = batch.all
        with torch.no_grad():
            states, attention = encode(network.encoder, batch)
            tags = label_scores(network.ner, batch, states).argmax(-1)
            guess = spans_of([names.ner[i] for i in tags])
            gold = spans_of([names.ner[int(r.int().argmax())] for r in window.allowed])
            sure = {i for i, r in enumerate(window.allowed) if int(r.sum()) == 1}
            guess = {g for g in guess if sure.issuperset(range(g[0], g[1]))}
            entities.add(_named(guess, True), _named(gold, True))
            references.add(_named(guess, False), _named(gold, False))
            if len(window.fact):
                scores, statuses = pair_scores(network, batch, states, attention)
                together = pooled(scores, window.group, len(window.fact))
                _count_facts(together, window, facts, roles, by_predicate)
                for row, column in (window.status >= 0).nonzero().tolist():
                    mine = (window.group == row).nonzero()[:, 0]
                    best = mine[scores[mine, column].argmax()]
                    right = statuses[best].argmax() == window.status[row, column]
                    status[bool(right)] += 1
            if len(window.sums):
                guesses, sure_of = amount_scores(network, batch, states, attention)
                for i in range(len(guesses)):
                    kinds[bool(guesses[i].argmax() == window.sum_kind[i])] += 1
                    if window.sum_status[i] >= 0:
                        right = sure_of[i].argmax() == window.sum_status[i]
                        sum_status[bool(right)] += 1
            if len(window.reference):
                values = antecedent_scores(network, batch, states)
                for who in window.reference[:, 0].unique():
                    mine = (window.reference[:, 0] == who).nonzero()[:, 0]
                    if window.antecedent[mine].any():
                        best = mine[values[mine].argmax()]
                        antecedents[bool(window.antecedent[best])] += 1
    lines = [
        f"entities {entities} | references {references} | antecedents {_share(antecedents)}",
        f"facts {facts} | status {_share(status)} | parts {roles} | "
        f"sums {_share(kinds)} | their status {_share(sum_status)}",
        ", ".join(
            f"{p} {str(c).rpartition(' ')[2]} ({c.right + c.missed})"
            for p, c in sorted(by_predicate.items())
            if c.right + c.missed
        ),
    ]
    return "\n  ".join(lines)


def _named(spans: set[tuple[int, int, str]], names: bool) -> set[object]:
    return {s for s in spans if (s[2] != "Reference") == names}


def _count_facts(
    together: Tensor,
    window: object,
    facts: Count,
    roles: Count,
    by_predicate: dict[str, Count],
) -> None:
    names = labels().facts
    guess = ((together > 0) & (window.known > 0)).nonzero().tolist()
    gold = ((window.fact > 0) & (window.known > 0)).nonzero().tolist()
    guess_set = {tuple(g) for g in guess}
    gold_set = {tuple(g) for g in gold}
    for column, name in enumerate(names):
        count = by_predicate.setdefault(name, Count())
        mine = {g for g in guess_set if g[1] == column}
        true = {g for g in gold_set if g[1] == column}
        count.add(mine, true)
        (roles if name in ROLES else facts).add(mine, true)


def _share(counts: Counter[bool]) -> str:
    total = sum(counts.values())
    return f"{counts[True] / max(1, total):.3f} of {total}"


def recogniser_score(network: Network, tokenizer: Tokenizer, path: Path) -> str:
    """Return the recogniser's scores on a Re-DocRED file, in that set's coarse classes.

    Spans must agree exactly; times and numbers are left out, and so are references.
    """
    from training.train import encode, label_scores

    names = labels()
    network.eval()
    by_class = {name: Count() for name in ("PER", "ORG", "LOC", "MISC")}
    documents = json.loads(path.read_text("utf-8"))
    for document, text in zip(documents, redocred(path), strict=True):
        starts = sentence_starts(document)
        gold = {
            (*(starts[m["sent_id"]] + place for place in m["pos"]), m["type"])
            for vertex in document["vertexSet"]
            for m in vertex
        }
        guess = set()
        for (start, _), window in zip(
            cuts_of(text), windows_of([text], None), strict=True
        ):
            batch = Batch([window], tokenizer)
            with torch.no_grad():
                states, _ = encode(network.encoder, batch)
                tags = label_scores(network.ner, batch, states)
            for first, last, label in spans_of([names.ner[i] for i in tags.argmax(-1)]):
                if label != "Reference":
                    coarse = COARSE.get(label, "MISC")
                    guess.add((start + first, start + last, coarse))
        for name, count in by_class.items():
            count.add(
                {g for g in guess if g[2] == name}, {g for g in gold if g[2] == name}
            )
    three, four = Count(), Count()
    for name, count in by_class.items():
        for total in (four,) if name == "MISC" else (three, four):
            total.right += count.right
            total.wrong += count.wrong
            total.missed += count.missed
    by_name = ", ".join(f"{name} {count}" for name, count in by_class.items())
    return f"PER, ORG, LOC: {three}; with MISC: {four} ({by_name})"


def main() -> None:
    """Parse the arguments and score."""
    from training.train import open_network, open_tokenizer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--texts", type=Path, default=Path("training/texts"))
    args = parser.parse_args()
    network = open_network(args.base, args.checkpoint)
    tokenizer = open_tokenizer(args.base)
    _, held_out = written(args.texts)
    print(f"{len(held_out)} held-out texts")
    print(score(network, tokenizer, held_out))
    test = args.data / "redocred" / "test_revised.json"
    print("Re-DocRED test, " + recogniser_score(network, tokenizer, test))


if __name__ == "__main__":
    main()
