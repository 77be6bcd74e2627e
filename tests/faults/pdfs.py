"""PDF files, good and bad ones, from a few lines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

_PADDING = bytes.fromhex(
    "28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a"
)


def pdf(*pages: str, extra: str = "", trailer: str = "") -> bytes:
    """Return a PDF with the given lines on its pages."""
    return assembled(of_pages(*pages, extra=extra), trailer)


def of_pages(*pages: str, extra: str = "") -> dict[int, bytes]:
    """Return the objects of a PDF with the given lines on its pages."""
    kids = " ".join(f"{10 + 2 * i} 0 R" for i in range(len(pages)))
    objects = {
        1: "<</Type/Catalog/Pages 2 0 R>>",
        2: f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        3: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        4: f"<<{extra}>>",
    }
    for i, page in enumerate(pages):
        shown = " T* ".join(f"({line}) Tj" for line in page.split("\n"))
        stream = f"BT /F 10 Tf 12 TL 50 750 Td {shown} ET" if page else ""
        objects[10 + 2 * i] = (
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]"
            f"/Resources<</Font<</F 3 0 R>>>>/Contents {11 + 2 * i} 0 R>>"
        )
        objects[11 + 2 * i] = f"<</Length {len(stream)}>>stream\n{stream}\nendstream"
    return {number: body.encode() for number, body in objects.items()}


def assembled(objects: Mapping[int, bytes], trailer: str = "") -> bytes:
    """Return a PDF of numbered objects, of which the first is the root."""
    out = b"%PDF-1.7\n"
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = "".join(f"{n} 1\n{at:010} 00000 n \n" for n, at in places.items())
    start = len(out)
    return (
        out
        + (
            f"xref\n0 1\n0000000000 65535 f \n{table}trailer\n"
            f"<</Size {max(objects) + 1}/Root 1 0 R/Info 4 0 R{trailer}>>\n"
            f"startxref\n{start}\n%%EOF"
        ).encode()
    )


def encrypted(text: str, password: bytes) -> bytes:
    """Return a PDF of one page that opens with a password (PDF 1.7, 7.6, revision 2)."""
    padded = (password + _PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)  # noqa: S324 - so the format is
    rights = (-4).to_bytes(4, "little", signed=True)
    name = bytes(16)
    key = hashlib.md5(padded + owner + rights + name).digest()[:5]  # noqa: S324 - as above
    objects = of_pages(text)
    own = key + (11).to_bytes(3, "little") + bytes(2)
    stream = objects[11].partition(b"stream\n")[2].removesuffix(b"\nendstream")
    hidden = _rc4(hashlib.md5(own).digest()[:10], stream)  # noqa: S324 - as above
    objects[11] = b"<</Length %d>>stream\n%b\nendstream" % (len(hidden), hidden)
    user = _rc4(key, _PADDING)
    objects[5] = (
        f"<</Filter/Standard/V 1/R 2/P -4/O<{owner.hex()}>/U<{user.hex()}>>>"
    ).encode()
    return assembled(objects, f"/Encrypt 5 0 R/ID[<{name.hex()}><{name.hex()}>]")


def _rc4(key: bytes, data: bytes) -> bytes:
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


def changed(
    objects: dict[int, bytes], number: int, change: Callable[[bytes], bytes]
) -> dict[int, bytes]:
    """Return the objects of a PDF with one of them changed."""
    return {**objects, number: change(objects[number])}
