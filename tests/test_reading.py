"""Files become texts whose offsets hold; what cannot be read says why in one line."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InputError
from kg.model import Document
from kg.reading import Source, find_sources, fingerprint, read, read_bytes
from kg.reading.text import decoded

CORPUS = Path(__file__).parent.parent / "corpus"


def document(path: Path) -> Document:
    (source,) = find_sources([str(path)]).found
    return read(source, read_bytes(source))


def reason(path: Path) -> str:
    found = find_sources([str(path)])
    if found.problems:
        return str(found.problems[0])
    with pytest.raises(InputError) as caught:
        document(path)
    return str(caught.value)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_utf8_text_is_kept_as_it_is(text: str) -> None:
    assert decoded(text.encode())[0] == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "cp1252"],
)
def test_text_is_read_whatever_its_encoding(encoding: str, tmp_path: Path) -> None:
    text = "Café résumé – the Élysée pledged €40 million for “open” models.\n"
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    assert document(path).text == text


def test_line_ends_become_newlines_as_python_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\ntwo\rthree\n")
    assert document(path).text == path.read_text() == "one\ntwo\nthree\n"


def test_first_line_is_the_title_when_it_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Headline\n\nBody text.\n")
    assert document(path).title == "Headline"
    path.write_text("A sentence.\n\nMore.\n")
    assert document(path).title is None


def test_id_is_readable_and_follows_the_content(tmp_path: Path) -> None:
    path = tmp_path / "AI Act (draft).txt"
    path.write_text("One.")
    first = document(path).id
    assert first.startswith("ai-act-draft-")
    path.write_text("Two.")
    assert document(path).id != first


def test_markdown_becomes_prose(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "---\ntitle: The Title\ndate: 2024-05-01\n---\n# Heading\n\nSome **bold** and "
        "[a link](http://x.test).\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    found = document(path)
    assert (found.title, found.date) == ("The Title", "2024-05-01")
    assert found.text == "Heading\n\nSome bold and a link.\n\na | b\n\n1 | 2\n"


def test_html_keeps_the_article_and_leaves_the_page(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    paragraph = (
        "<p>The ministry will spend €5 million on a supercomputer in Turin. </p>"
    )
    path.write_text(
        "<html><head><title>Turin</title></head><body><nav>Home About</nav><article>"
        f"<h1>Turin gets a computer</h1>{paragraph * 4}</article>"
        "<form>Please enter your comment!</form><footer>All rights reserved</footer>"
    )
    found = document(path)
    assert "€5 million" in found.text
    assert "Home About" not in found.text
    assert "enter your comment" not in found.text


def test_html_nested_too_deep_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    words = "France spent money. " * 60
    path.write_text("<html><body>" + "<div>" * 400 + words + "</div>" * 400)
    assert "France spent money." in document(path).text


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".html", ".md"])
def test_corpus_holds_a_file_of_each_kind_that_reads(suffix: str) -> None:
    paths = sorted(CORPUS.glob(f"*{suffix}"))
    assert paths
    for path in paths:
        found = document(path)
        assert len(found.text.split()) > 100
        assert found.title
        assert found.date
        assert "nter your comment" not in found.text


def test_word_tables_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    file = docx.Document()
    file.add_paragraph("Grants")
    table = file.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "Spain"
    table.cell(0, 1).text = "€5 million"
    file.save(str(path))
    assert "Spain | €5 million" in document(path).text


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(3):
            archive.writestr(f"word/{i}.xml", b"0" * 80_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\t ", "holds no text"),
        ("a.txt", bytes(range(32)) * 40, "not a text"),
        ("a.md", b"---\ntitle: x\n---\n", "holds no text"),
        ("a.html", b"<html></html>", "holds no text"),
        ("a.pdf", b"not a pdf", "the PDF is damaged"),
        ("a.pdf", b"%PDF-1.7\n%%EOF", "the PDF is damaged"),
        ("a.txt", b"%PDF-1.7\n%%EOF", "the PDF is damaged"),
        ("a.docx", b"plain", "not a Word file"),
        ("a.docx", b"PK\x05\x06" + b"\0" * 18, "not a Word file"),
        ("a.xyz", b"text", "of no kind that can be read"),
    ],
)
def test_what_cannot_be_read_says_why(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert message in reason(path)
    assert "\n" not in reason(path)


def test_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    path.write_bytes(zip_bomb())
    assert "200 MB" in reason(path)


def test_paths_that_are_no_texts_are_problems(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.txt")
    found = find_sources([str(tmp_path / n) for n in ("empty", "pipe.txt", "none.txt")])
    assert [problem.reason for problem in found.problems] == [
        "no texts in this folder",
        "not a regular file",
        "no such file or folder",
    ]


def test_folders_are_walked_in_order_without_links_and_hidden_files(
    tmp_path: Path,
) -> None:
    for name in ("b.txt", "a.md", ".hidden.txt", "image.png", "sub/c.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("Text.")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    found = find_sources([str(tmp_path), str(tmp_path / "a.md")])
    assert [source.path for source in found.found] == ["a.md", "b.txt", "sub/c.txt"]
    assert [Path(path).name for path in found.skipped] == ["image.png", "loop"]


def test_metadata_goes_before_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Headline\n\nText.")
    source = Source(str(path), "a.txt")
    before = fingerprint(source, path.read_bytes())
    (tmp_path / "metadata.toml").write_text(
        '["a.txt"]\ntitle = "Better"\ndate = 2024-05-01\npublisher = "P"\n'
    )
    found = read(source, path.read_bytes())
    assert (found.title, found.date, found.publisher) == ("Better", "2024-05-01", "P")
    assert fingerprint(source, path.read_bytes()) != before


def test_broken_metadata_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Text.")
    (tmp_path / "metadata.toml").write_text("[broken")
    with pytest.raises(InputError, match=r"metadata\.toml"):
        document(path)
