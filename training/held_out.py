"""Write the held-out texts as plain texts and gold files, for ``kg evaluate``.

    python -m training.held_out FOLDER

makes FOLDER/text/<id>.txt and FOLDER/gold/<id>.json; no training has seen them.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.texts import AnnotatedText, read_texts

HELD_OUT = 10  # one text in so many is kept for testing, chosen by its id
TEXTS = Path(__file__).parent / "texts"


def is_held_out(id_: str) -> bool:
    """Tell whether a text is kept for testing."""
    return zlib.crc32(id_.encode()) % HELD_OUT == 0


def held_out_texts(folder: Path = TEXTS) -> Iterator[AnnotatedText]:
    """Yield the texts that are never trained on."""
    for path in sorted(folder.glob("*.md")):
        for document in read_texts(path):
            if is_held_out(document.id):
                yield document


def write_held_out(to: Path) -> str:
    """Write texts and gold files below a folder; return a digest of all of them."""
    digest = hashlib.sha256()
    for name in ("text", "gold"):
        (to / name).mkdir(parents=True, exist_ok=True)
    for document in held_out_texts():
        text = document.text + "\n"
        gold = json.dumps(gold_of(document), ensure_ascii=False, indent=1)
        (to / "text" / f"{document.id}.txt").write_text(text, "utf-8")
        (to / "gold" / f"{document.id}.json").write_text(gold + "\n", "utf-8")
        digest.update((text + gold).encode())
    return digest.hexdigest()


def gold_of(document: AnnotatedText) -> dict[str, Any]:
    """Return a document's annotation in the form of gold files."""
    names: dict[str, list[str]] = {}
    for mention in document.mentions:
        if mention.id in document.types and not mention.nominal:
            names.setdefault(mention.id, []).append(
                document.text[mention.start : mention.end]
            )
    return {
        "doc": document.id,
        "entities": [
            {
                "id": key,
                "type": document.types[key],
                "names": list(dict.fromkeys(surfaces)),
                "mentions": len(surfaces),
            }
            for key, surfaces in names.items()
        ],
        "relations": [
            {"s": s, "p": p, "o": o, "status": status, "attributedTo": by, "core": True}
            for s, p, o, status, by in document.facts
        ],
        "money": [_money(money) for money in document.money.values()],
    }


def _money(money: dict[str, str]) -> dict[str, Any]:
    amount, most = (
        float(money[key]) if key in money else None for key in ("amount", "max")
    )
    return {
        "kind": money["kind"],
        "payer": [e for e in money.get("payer", "").split(",") if e],
        "recipient": [e for e in money.get("recipient", "").split(",") if e],
        "amount": amount,
        "max": most,
        "currency": money.get("currency"),
        "purpose": money.get("purpose"),
        "date": money.get("date"),
        "status": money.get("status", "done"),
        "attributedTo": money.get("by"),
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(write_held_out(Path(sys.argv[1])))
