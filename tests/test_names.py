"""The patterns of names in the lexicon."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from kg import lexicon

HARD = [
    "Alpha (" + "A" * 400 + ",",
    "Alpha (" + "1" * 400 + ",",
    "Alpha (" + "A " * 400 + ",",
    "Alpha " * 400,
    "A-" * 400,
    "Law No. " + "1/" * 400,
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Italy adopted Law No. 132 of 2025 today.", "Law No. 132 of 2025"),
        ("Under the Companies (No. 2) Act it may.", "Companies (No. 2) Act"),
        ("Congress passed Public Law 117-58 then.", "Public Law 117-58"),
        (
            "The Online Safety (Miscellaneous Amendments) Act binds.",
            "Online Safety (Miscellaneous Amendments) Act",
        ),
    ],
)
def test_numbered_and_bracketed_laws_are_names(text: str, name: str) -> None:
    found = [
        match[0]
        for pattern in lexicon.words("name")["Law"]
        for match in re.finditer(rf"(?<!\w){pattern}(?!\w)", text)
    ]
    assert name in found


def test_no_text_makes_a_pattern_run_away() -> None:
    """A pattern that backtracks without end would never come back: a minute is plenty."""
    program = (
        "import re\nfrom kg import lexicon\nfrom tests.test_names import HARD\n"
        "for patterns in lexicon.words('name').values():\n"
        "    for pattern in patterns:\n"
        "        for text in HARD:\n"
        "            re.findall(rf'(?<!\\w){pattern}(?!\\w)', text)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
