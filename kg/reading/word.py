"""Word files (.docx)."""

from __future__ import annotations

import io
import zipfile

from kg.reading.content import Content

MAX_UNPACKED = 200_000_000  # bytes; a bomb of a few KB unpacks to gigabytes


def read(data: bytes) -> Content:
    """Read paragraphs and tables of a Word file in their order."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table
    from lxml.etree import XMLSyntaxError

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise ValueError("the Word file unpacks to more than 200 MB")
        document = docx.Document(io.BytesIO(data))
        blocks = []
        for item in document.iter_inner_content():
            if isinstance(item, Table):
                blocks += [
                    " | ".join(cell.text.strip() for cell in row.cells)
                    for row in item.rows
                ]
            else:
                blocks.append(item.text.strip())
        properties = document.core_properties
        title = (properties.title or "").strip() or None
    except (
        zipfile.BadZipFile,
        PackageNotFoundError,
        KeyError,
        XMLSyntaxError,
    ) as error:
        raise ValueError("not a Word file (.docx), or a damaged one") from error
    text = "\n\n".join(filter(None, blocks))
    if title is None and blocks:
        title = next((block for block in blocks if block), None)
    return Content(text + "\n", title=title if title and len(title) < 200 else None)
