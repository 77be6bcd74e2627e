"""Eighty-four inputs that are bad in one way each, and what must come of them."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import docx

from kg.annotating import FEW
from kg.build_report import report_lines
from kg.building import build
from kg.progress import Advance
from kg.shelf import Shelf

from .kills import Graphs, seen
from .pdfs import assembled, changed, encrypted, of_pages, pdf
from .tried import Row, plain
from .warm import Warm

SAID = (
    "Ada Stone leads Acme Robotics. It raised €5 million — “a lot”, café owners say.\n"
)
_ASCII = "Ada Stone leads Acme Robotics. It raised 5 million euros."
_PAGE = f"<p>{_ASCII}</p>" * 12


@dataclass(frozen=True, slots=True)
class Case:
    """An input.

    Attributes:
        name: What is bad about it.
        file: What the file is called.
        made: Its bytes, or what makes it in a folder.
        alone: What becomes of it when it is named: ok, failed, skipped or unchanged.
        among: What becomes of it in a folder with others; the same if left out.  Empty
            for what is no input there.
        says: A pattern of what is said: the reason of a failure, or a note.
        heavy: Whether it takes more than a few seconds.
        after: Whether it happens when other files are being read.
    """

    name: str
    file: str
    made: bytes | Callable[[Path], None]
    alone: str = "ok"
    among: str | None = None
    says: str = ""
    heavy: bool = False
    after: Callable[[Path], None] | None = None

    def make(self, folder: Path) -> Path:
        """Make the input in a folder; return its path."""
        path = folder / self.file
        if callable(self.made):
            self.made(path)
        else:
            path.write_bytes(self.made)
        return path

    def expected(self, *, alone: bool) -> str:
        """Return what must become of it."""
        return self.alone if alone or self.among is None else self.among


def _lazily(make: Callable[[], bytes]) -> Callable[[Path], None]:
    """Return what writes a file that is too large to be kept in memory until then."""

    def write(path: Path) -> None:
        path.write_bytes(make())

    return write


def _text(
    name: str, data: bytes, alone: str = "ok", says: str = "", *, heavy: bool = False
) -> Case:
    return Case(name, "b.txt", data, alone, says=says, heavy=heavy)


def _cesu(text: str) -> bytes:
    pairs = text.encode("utf-16-be").decode("utf-16-be", "surrogatepass")
    halves = "".join(
        chr(int.from_bytes(pair, "big"))
        for c in pairs
        for pair in _twos(c.encode("utf-16-be"))
    )
    return halves.encode("utf-8", "surrogatepass")


def _twos(data: bytes) -> list[bytes]:
    return [data[i : i + 2] for i in range(0, len(data), 2)]


ENCODINGS = (
    _text("UTF-8 with a mark", SAID.encode("utf-8-sig")),
    _text("UTF-16 LE with a mark", b"\xff\xfe" + SAID.encode("utf-16-le")),
    _text("UTF-16 BE with a mark", b"\xfe\xff" + SAID.encode("utf-16-be")),
    _text("UTF-16 LE without a mark", SAID.encode("utf-16-le"), says="UTF-16-LE"),
    _text("UTF-32", SAID.encode("utf-32")),
    _text("Latin-1", "Café Élysée leads.".encode("latin-1"), says="Windows-1252"),
    _text("Windows-1252", SAID.encode("cp1252"), says="Windows-1252"),
    _text(
        "Shift-JIS", "これは日本語の文章です。".encode("shift_jis"), "failed", "UTF-8"
    ),
    _text(
        "a byte that is not UTF-8", SAID.encode() + b"\xff end.", says="damaged UTF-8"
    ),
    _text("cut within a character", (SAID + "é").encode()[:-1], says="damaged UTF-8"),
    _text("zero bytes", SAID.encode() + b"One\0two.\0", says="zero characters"),
    _text("surrogates in UTF-8", _cesu(SAID + "😀"), says="damaged UTF-8"),
    _text(
        "four kinds of line ends", b"One.\r\nTwo.\rThree.\xc2\x85Four.\xe2\x80\xa8Five."
    ),
)
SHAPES = (
    _text("empty", b"", "failed", "empty"),
    _text("white space", b" \n\t \n" * 50, "failed", "holds no text"),
    _text("a mark alone", b"\xef\xbb\xbf", "failed", "holds no text"),
    Case(
        "50 MB on one line",
        "b.txt",
        _lazily(lambda: _ASCII.encode() * (50_000_000 // len(_ASCII))),
        "failed",
        says="more than 5,000,000 characters",
    ),
    Case(
        "1.2 million characters without a full stop",
        "b.txt",
        _lazily(lambda: b"Ada Stone leads Acme Robotics and " * 35_300),
        heavy=True,
    ),
    _text(
        "a word of a million characters",
        _ASCII.encode() + b" " + b"a" * 1_000_000,
        heavy=True,
    ),
    _text("20,000 brackets", _ASCII.encode() + b"(" * 20_000),
    _text("20,000 underscores", _ASCII.encode() + b"_" * 20_000, heavy=True),
    _text("20,000 equals signs", b"=" * 20_000 + _ASCII.encode(), heavy=True),
    _text("right-to-left override", "Ada \u202eenotS\u202c leads Acme.".encode()),
    _text("joined emoji", "The 👩‍💻👨‍👩‍👧‍👦 of Acme 🇫🇷 met. ".encode() * 40),
    _text(
        "composed and decomposed",
        (
            unicodedata.normalize("NFD", "Café Élysée met. ") + "Café Élysée met."
        ).encode(),
    ),
    _text(
        "control characters and ANSI",
        b"\x1b[31mAda\x1b[0m\x07 leads Acme. " * 3 + SAID.encode() * 5,
    ),
)
MARKDOWN = (
    Case(
        "a fence that never closes",
        "b.md",
        b"One.\n\n```\nAda leads Acme.\n",
        says="never closed",
    ),
    Case(
        "10,000 quotes in each other",
        "b.md",
        b">" * 10_000 + b" Ada leads Acme.\n",
        heavy=True,
    ),
    Case("10,000 links", "b.md", b"[Ada](http://a.test/) leads. " * 10_000, heavy=True),
    Case("a script", "b.md", b"Ada leads Acme.\n\n<script>alert(1)</script>\n"),
    Case(
        "front matter that runs code",
        "b.md",
        b"---\ntitle: !!python/object/apply:os.system ['x']\n  - [\n---\nAda leads Acme.\n",
    ),
)
HTML = (
    Case("no bytes", "b.html", b"", "failed", says="empty"),
    Case(
        "300 levels",
        "b.html",
        b"<div>" * 300 + _PAGE.encode() + b"</div>" * 300,
        says="nested too deeply",
    ),
    Case(
        "200,000 levels",
        "b.html",
        b"<div>" * 200_000 + _PAGE.encode(),
        says="nested too deeply",
    ),
    Case("a false charset", "b.html", f"<meta charset=utf-16><p>{SAID}</p>".encode()),
    Case("no charset", "b.html", f"<p>{SAID}</p>".encode()),
    Case(
        "an XML declaration",
        "b.html",
        f'<?xml version="1.0" encoding="utf-8"?><html><body>{_PAGE}'.encode(),
    ),
    Case(
        "scripts, frames, handlers",
        "b.html",
        f'{_PAGE}<script>x</script><iframe src="file:///etc/passwd"></iframe><img src=x onerror=alert(1)>'.encode(),
    ),
    Case(
        "tags that never close",
        "b.html",
        b"<b><i><p><table><tr><td>" * 200 + _PAGE.encode(),
    ),
    Case(
        "zero bytes",
        "b.html",
        _PAGE.encode() + b"\0\0<p>Ada\0leads</p>",
        says="zero characters",
    ),
    Case(
        "20 MB of one paragraph",
        "b.html",
        _lazily(lambda: b"<p>" + _ASCII.encode() * 350_000),
        "failed",
        says="more than 5,000,000",
        heavy=True,
    ),
    Case(
        "conditional, template, hidden",
        "b.html",
        f"<!--[if IE]><p>x</p><![endif]--><template>x</template><p hidden>x</p>{_PAGE}".encode(),
    ),
)


def _bomb() -> bytes:
    packed = zlib.compress(bytes(50_000_000), 9)
    twice = zlib.compress(packed, 9)
    stream = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n" % len(twice)
    objects = of_pages("Ada leads")
    return assembled(changed(objects, 11, lambda _: stream + twice + b"\nendstream"))


def _scan() -> bytes:
    image = (
        b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Length 1>>stream\n\x80\nendstream"
    )
    drawn = b"q 600 0 0 780 0 0 cm /I Do Q"
    objects = {**of_pages("")} | {20: image}
    objects[11] = b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn)
    objects[10] = objects[10].replace(b"<</Font", b"<</XObject<</I 20 0 R>>/Font")
    return assembled(objects)


def _circular_outline() -> bytes:
    objects = of_pages(_ASCII)
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/Outlines 5 0 R>>"
    objects[5] = b"<</Type/Outlines/First 6 0 R/Last 6 0 R>>"
    objects[6] = b"<</Title(x)/Parent 5 0 R/Next 6 0 R/Prev 6 0 R/First 6 0 R>>"
    return assembled(objects)


PDF = (
    Case("no bytes", "b.pdf", b"", "failed", says="empty"),
    Case("a head alone", "b.pdf", b"%PDF-1.7\n", "failed", says="damaged"),
    Case("cut in half", "b.pdf", pdf(_ASCII)[:300], "failed", says="damaged|scan"),
    Case("a text called PDF", "b.pdf", SAID.encode(), "failed", says="damaged"),
    Case("with a password", "b.pdf", encrypted(_ASCII, b"secret"), "failed", says="encrypted"),
    Case("encrypted without a password", "b.pdf", encrypted(_ASCII, b"")),
    Case("a scan", "b.pdf", _scan(), "failed", says="scan"),
    Case("a bomb", "b.pdf", _lazily(_bomb), "failed", says="memory|damaged|scan|takes longer|broke", heavy=True),
    Case("a table of contents before itself", "b.pdf", pdf(_ASCII, trailer="/Prev 9")),
    Case("an outline within itself", "b.pdf", _circular_outline()),
    Case("5,000 pages", "b.pdf", _lazily(lambda: pdf(*["Ada leads Acme."] * 5_000)), "failed", says="2,000 pages"),
)  # fmt: skip


def word(text: str = SAID) -> bytes:
    """Return a Word file."""
    out = io.BytesIO()
    file = docx.Document()
    file.add_paragraph(text)
    file.save(out)
    return out.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _with_part(name: str, data: bytes | Callable[[bytes], bytes]) -> bytes:
    """Return a Word file with one part changed or added."""
    with zipfile.ZipFile(io.BytesIO(word())) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts[name] = data(parts[name]) if callable(data) else data
    return _zip(parts)


def _entities(declared: str) -> bytes:
    def change(body: bytes) -> bytes:
        head, _, rest = body.partition(b"?>")
        return head + b"?>" + declared.encode() + rest

    return _with_part("word/document.xml", change)


def _huge_word() -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(1000):
            part.write(b" " * 1_000_000)
    return out.getvalue()


def _lying_word() -> bytes:
    data = bytearray(_with_part("word/big.xml", b"0" * 30_000_000))
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"word/big.xml"))
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    return bytes(data)


_LAUGHS = "<!DOCTYPE a [<!ENTITY b0 'ha'>" + "".join(
    f"<!ENTITY b{i + 1} '{f'&b{i};' * 10}'>" for i in range(10)
)
WORD = (
    Case("no bytes", "b.docx", b"", "failed", says="empty"),
    Case("no zip", "b.docx", SAID.encode(), "failed", says="not a Word file"),
    Case("a zip without parts", "b.docx", _zip({}), "failed", says="not a Word file"),
    Case("cut before its directory", "b.docx", word()[:-400], "failed", says="not a Word file"),
    Case("a bomb of 1 GB", "b.docx", _lazily(_huge_word), "failed", says="unpacks to", heavy=True),
    Case("a size that is a lie", "b.docx", _lazily(_lying_word), "failed", says="Word file"),
    Case("names that lead out", "b.docx", _with_part("../../evil.xml", b"<a/>")),
    Case("an external entity", "b.docx", _entities('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "failed", says="XML entities"),
    Case("a billion laughs", "b.docx", _entities(_LAUGHS + "]>"), "failed", says="XML entities"),
    Case("a password", "b.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "failed", says="encrypted"),
)  # fmt: skip


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(path.parent)  # the name of a socket must be short
        try:
            listening.bind(path.name)
        finally:
            os.chdir(before)


def _forbidden(path: Path) -> None:
    path.write_text(SAID)
    path.chmod(0)


def _linked_out(path: Path) -> None:
    outside = path.parent.parent / "outside.txt"
    outside.write_text(SAID)
    path.symlink_to(outside)


def _nothing(path: Path) -> None:
    pass


def _not_utf8(path: Path) -> None:
    Path(os.fsdecode(os.fsencode(path.parent) + b"/b\xff.txt")).write_text(SAID)


def _twice(path: Path) -> None:
    path.write_text(SAID)
    path.with_name("b2.txt").write_text(SAID)


def _hard_link(path: Path) -> None:
    path.write_text(SAID)
    os.link(path, path.with_name("b2.txt"))


def _other_case(path: Path) -> None:
    path.write_text(SAID)
    path.with_name("B.txt").write_text(SAID + "More.")


def _tiny(path: Path) -> None:
    for number in range(1_000):
        path.with_name(f"b{number:04}.txt").write_text(f"Note {number}.")


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
FILES = (
    Case("is not there", "b.txt", _nothing, "failed", "", "no such file"),
    Case("a folder called .txt", "b.txt", Path.mkdir, "failed", "", "no texts"),
    Case("may not be read", "b.txt", _forbidden, "ok" if _ROOT else "failed", says="" if _ROOT else "ermission"),
    Case("a pipe", "b.txt", os.mkfifo, "failed", "skipped", "not a regular file"),
    Case("a socket", "b.txt", _socket, "failed", "skipped", "not a regular file"),
    Case("a link to /dev/zero", "b.txt", lambda p: p.symlink_to("/dev/zero"), "failed", "skipped", "not a regular file"),
    Case("a link to nothing", "b.txt", lambda p: p.symlink_to("nothing"), "failed", "skipped", "link to a file"),
    Case("a link to itself", "b.txt", lambda p: p.symlink_to(p.name), "failed", "skipped", "link to a file"),
    Case("a link that leads out", "b.txt", _linked_out, "ok", "skipped"),
    Case("a line break in its name", "b\nc.txt", SAID.encode()),
    Case("a name that is not UTF-8", os.fsdecode(b"b\xff.txt"), _not_utf8, "failed", says="not UTF-8"),
    Case("a name like an option", "-rf.txt", SAID.encode()),
    Case("a name of 255 bytes", "b" * 251 + ".txt", SAID.encode()),
    Case("emptied while others are read", "zz.txt", SAID.encode(), "ok", "failed", "empty", after=_emptied),
)  # fmt: skip
BATCH = (
    Case("the same text in two files", "b.txt", _twice),
    Case("two names of one file", "b.txt", _hard_link),
    Case("one path given twice", "b.txt", SAID.encode()),
    Case("names that differ in case", "b.txt", _other_case),
    Case("1,000 tiny files", "b.txt", _tiny, heavy=True),
    Case("a PDF called .txt", "b.txt", pdf(_ASCII)),
    Case("an unknown kind", "b.xyz", SAID.encode(), "failed", "skipped", "of no kind"),
)  # fmt: skip
GROUPS: dict[str, Sequence[Case]] = {
    "encoding": ENCODINGS,
    "shape of the text": SHAPES,
    "Markdown": MARKDOWN,
    "HTML": HTML,
    "PDF": PDF,
    "Word": WORD,
    "kind of file": FILES,
    "batch": BATCH,
}
CASES = [(group, case) for group, cases in GROUPS.items() for case in cases]

GOOD = {
    "a.txt": "Vera Lind leads the Ministry of Rivers. It pledged €7 million for Fjordlys.",
    "z.txt": "Omar Haddad founded Quanta Minerals, which competes with Terrasol.",
}
_FILLING = {
    # More than what is read before the first text is annotated.
    "c.html": f"<!-- {'-' * FEW} --><p>A remark says nothing.</p>",
    **{f"c{i:02}.txt": f"Remark {i} says nothing." for i in range(10)},
}


def alone(warm: Warm, case: Case, folder: Path) -> list[str]:
    """Build one case as a user would; return what is not as it must be."""
    folder.mkdir(parents=True)
    path = case.make(folder)
    paths = sorted(folder.iterdir()) or [path]
    given = [*paths, *paths] if "twice" in case.name else paths
    if len(given) > 10:
        given = [folder]
    done = warm.kg("build", *given, "-o", folder.parent / "out")
    code = 1 if case.alone == "failed" else 0
    wrong = []
    if done.code != code:
        wrong.append(f"code {done.code}, not {code}: {done.said[-200:]}")
    if not plain(done):
        wrong.append(f"said {done.said[-300:]!r}")
    # What befalls a file while others are read does not befall one that is alone.
    says = "" if case.after else case.says
    if says and not re.search(says, done.said):
        wrong.append(f"does not say {case.says!r}: {done.said[-200:]!r}")
    if done.memory > MOST:
        wrong.append(f"took {done.memory} MiB")
    return wrong


MOST = 2048
"""MiB that the process of a build may take; what it parses is parsed elsewhere."""


@cache
def _undisturbed(where: Path) -> Graphs:
    """Return what the good files give by themselves."""
    folder = where / "good"
    folder.mkdir(parents=True)
    for name, text in GOOD.items():
        (folder / name).write_text(text)
    build([str(folder)], where / "good-out")
    return seen(where / "good-out")


def among(case: Case, work: Path) -> list[str]:
    """Build one case between two good files; return what is not as it must be."""
    good = _undisturbed(work.parent)
    folder = work / "texts"
    folder.mkdir(parents=True)
    with_these = {**GOOD, **(_FILLING if case.after else {})}
    for name, text in with_these.items():
        (folder / name).write_text(text)
    path = case.make(folder)
    left = [case.after] if case.after else []

    def progress(step: Advance) -> None:
        while left:
            left.pop()(path)

    report = build([str(folder)], work / "out", progress=progress)
    records = [json.loads(line) for line in report_lines(report)]
    found = [p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir()]
    wrong = []
    if len(records) != len(found):
        wrong.append(f"{len(records)} records for {len(found)} paths")
    mine = [r for r in records if Path(r["path"]).name not in with_these]
    expected = case.expected(alone=False)
    if {r["status"] for r in mine} != ({expected} if expected else set()):
        wrong.append(f"not {expected}: {mine[:3]}")
    said = " ".join(" ".join([r.get("reason", ""), *r.get("notes", ())]) for r in mine)
    if case.says and expected in {"ok", "failed"} and not re.search(case.says, said):
        wrong.append(f"does not say {case.says!r}: {said!r}")
    shown = seen(work / "out")
    if any(shown.get(graph) != digest for graph, digest in good.items()):
        wrong.append("the good files give another graph")
    with closing(Shelf.open(work / "out")) as shelf:
        for held in shelf:
            for claim in (*held.annotation.claims, *held.annotation.money):
                at = claim.evidence
                if held.document.text[at.start : at.end] != at.text:
                    wrong.append(f"not at its offsets: {at.text[:80]!r}")
    return wrong


def inputs(warm: Warm, work: Path) -> Row:
    """Try each of the 84 cases alone and between two good files."""
    row = Row(
        "inputs", "bad input: another outcome, a good file disturbed, offsets wrong"
    )
    slowest = (0.0, "")
    for number, (group, case) in enumerate(CASES):
        began = time.monotonic()
        wrong = alone(warm, case, work / f"alone-{number}" / "in")
        slowest = max(slowest, (time.monotonic() - began, case.name))
        row.expect(not wrong, f"{group}: {case.name}, alone: {'; '.join(wrong)}")
        wrong = among(case, work / f"among-{number}")
        row.expect(not wrong, f"{group}: {case.name}, among: {'; '.join(wrong)}")
        for kind in ("alone", "among"):
            shutil.rmtree(work / f"{kind}-{number}", ignore_errors=True)
    row.measured = (
        f"{len(CASES)} cases, alone and between two good files; the slowest took "
        f"{slowest[0]:.0f} s: {slowest[1]}"
    )
    return row
