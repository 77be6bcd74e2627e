"""Files become texts whose offsets hold; what cannot be read says why in one line."""

from __future__ import annotations

import errno
import io
import os
import re
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import docx
import pytest
from faults.pdfs import assembled, of_pages, pdf
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InputError
from kg.model import Document
from kg.reading import Source, find_sources, fingerprint, read, read_bytes
from kg.reading.text import decoded
from kg.slug import slug

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


def test_word_file_whose_notes_hold_most_of_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    file = docx.Document()
    file.add_paragraph("Grants")
    file.save(str(path))
    with zipfile.ZipFile(path, "a") as archive:
        notes = "<w:footnotes><w:t>" + "Spain gets much. " * 50 + "</w:t></w:footnotes>"
        archive.writestr("word/footnotes.xml", notes)
    (note,) = document(path).notes
    assert "6 of its 856 characters are read" in note


def test_scanned_page_with_a_stamp_is_told(tmp_path: Path) -> None:
    objects = of_pages("Spain gets five million euros for chips. " * 3, "Copy 7")
    objects[20] = (
        b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Length 1>>stream\n\x80\nendstream"
    )
    drawn = b"q 600 0 0 780 0 0 cm /I Do Q " + objects[13].split(b"\n")[1]
    objects[12] = objects[12].replace(b"<</Font", b"<</XObject<</I 20 0 R>>/Font")
    objects[13] = b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn)
    path = tmp_path / "a.pdf"
    path.write_bytes(assembled(objects))
    assert "Copy 7" in document(path).text
    assert "hardly any text on 1 of 2 pages" in document(path).notes[0]


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
    assert [(Path(s.path).name, s.reason) for s in found.skipped] == [
        ("image.png", "of no kind that can be read"),
        ("loop", "a link, which is not followed"),
    ]


def source(path: Path) -> Source:
    (found,) = find_sources([str(path)]).found
    return found


def test_metadata_goes_before_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Headline\n\nText.")
    before = fingerprint(source(path), path.read_bytes())
    (tmp_path / "metadata.toml").write_text(
        '["a.txt"]\ntitle = "Better"\ndate = 2024-05-01\npublisher = "P"\n'
    )
    found = document(path)
    assert (found.title, found.date, found.publisher) == ("Better", "2024-05-01", "P")
    assert fingerprint(source(path), path.read_bytes()) != before


def test_metadata_of_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "caf\u00e9.txt").write_text("Text.")
    (tmp_path / "metadata.toml").write_text(
        '["cafe\u0301.txt"]\n["b.txt"]\n["a.txt"]\n'
    )
    found = find_sources([str(tmp_path)])
    told = "no file here is called 'a.txt', 'b.txt'"
    assert found.notes == ((str(tmp_path / "metadata.toml"), told),)


def test_a_folder_that_cannot_be_read_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shut"
    folder.mkdir()

    def shut(path: os.PathLike[str]) -> NoReturn:
        # Root reads what is shut, so that no mode would do.
        raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))

    monkeypatch.setattr("kg.reading.sources.os.scandir", shut)
    (problem,) = find_sources([str(folder)]).problems
    assert problem.path == str(folder)
    assert "denied" in problem.reason


def test_unknown_metadata_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Text.")
    (tmp_path / "metadata.toml").write_text('["a.txt"]\nauthor = "B"\n')
    (note,) = document(path).notes
    assert note.startswith("author in metadata.toml is not known: write title, date")


def test_broken_metadata_is_named_once_and_costs_no_file(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Text.")
    (tmp_path / "metadata.toml").write_text("[broken")
    found = find_sources([str(tmp_path)])
    assert [source.path for source in found.found] == ["a.txt", "b.txt"]
    (problem,) = found.problems
    assert problem.path == str(tmp_path / "metadata.toml")
    assert "\n" not in str(problem)


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("2024", "2024"),
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29T10:00:00Z", "2024-02-29"),
        ('"2024-05"', "2024-05"),
        ('"2023-02-29"', None),
        ('"May 2024"', None),
        ("true", None),
    ],
)
def test_dates_are_iso_8601_or_left_out_with_a_note(
    said: str, date: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Text.")
    (tmp_path / "metadata.toml").write_text(f'["a.txt"]\ndate = {said}\n')
    found = document(path)
    assert found.date == date
    assert bool(found.notes) == (date is None)


def test_metadata_written_without_quotes_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Text.")
    (tmp_path / "metadata.toml").write_text('[a.txt]\ntitle = "T"\n')
    assert document(path).title == "T"


def test_an_address_that_is_no_link_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Text.")
    (tmp_path / "metadata.toml").write_text('["a.txt"]\nurl = "javascript:alert(1)"\n')
    found = document(path)
    assert found.url is None
    assert "http" in found.notes[0]


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_reads_as_python_reads_it(text: str) -> None:
    data = text.encode()
    controls = len(re.findall(r"[\x00-\x08\x0b\x0e-\x1f\x7f]", text))
    if controls * 20 > len(text.removeprefix("\ufeff")) or "\0" in text:
        return
    expected = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig").read()
    assert decoded(data) == (expected, ())


@given(st.binary(max_size=400))
def test_any_bytes_are_a_text_or_refused(data: bytes) -> None:
    with suppress(ValueError):
        text, notes = decoded(data)
        assert "\r" not in text
        if not notes and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe")):
            whole = data.decode("utf-8-sig")
            assert text == whole.replace("\r\n", "\n").replace("\r", "\n")
        text.encode()  # no lone surrogate reaches the store


def test_a_damaged_byte_does_not_garble_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Élysée, café".encode() + b" \xff end")
    found = document(path)
    assert found.text == "Élysée, café \ufffd end"
    assert "byte 17" in found.notes[0]


def test_zero_characters_keep_offsets_and_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\0two, and a good deal more text around it")
    found = document(path)
    assert found.text.index("two") == 4
    assert found.notes


def test_shift_jis_is_refused_rather_than_garbled(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("これは日本語の文章です。".encode("shift_jis"))
    assert "save it as UTF-8" in reason(path)


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("title: Plain # said why", "Plain"),
        ("title: 'Quoted: yes'", "Quoted: yes"),
        ("title: !!python/object/apply:os.system ['x']", None),
        ("title: [a, b]", None),
        ("tags:\n  - a\n  - b\ntitle: After a list", "After a list"),
    ],
)
def test_front_matter_is_data(front: str, title: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\n{front}\n---\nText.\n")
    found = document(path)
    assert (found.title, found.text) == (title, "Text.\n")


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("---\nNo front matter, prose.\n\n---\nMore.", "No front matter, prose."),
        ("One\n\n```\nlost prose\n\nmore", "lost prose\n\nmore"),
        ("<details>\n<p>Kept <b>prose</b></p>\n</details>", "Kept prose"),
        ("> " * 60 + "deep", "deep"),
        ("a <script>x()</script> b", "a b"),
        ("![chart](c.png) Spending ~~fell~~ *rose*.", "Spending fell rose."),
    ],
)
def test_markdown_loses_no_prose(markdown: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(markdown)
    assert text in document(path).text


def test_html_that_lies_about_its_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    for declared, encoding in (
        ("utf-16", "utf-8"),
        ("windows-1250", "cp1250"),
        ("iso-8859-1", "cp1252"),
    ):
        words = "Łódź – “ža”" if encoding == "cp1250" else "Élysée – “oui”"
        page = f'<html><meta charset="{declared}"><body><p>{words} {"text " * 40}</p>'
        path.write_bytes(page.encode(encoding))
        assert words in document(path).text


def test_html_with_text_after_deep_nesting_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    before, after = "Before it. " * 200, "After it. " * 60
    path.write_text(
        f"<p>{before}</p>" + "<div>" * 300 + "x" + "</div>" * 300 + f"<p>{after}</p>"
    )
    found = document(path)
    assert "After it." in found.text
    assert found.notes


def test_html_words_are_not_split_by_markup(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<div>" * 300 + "<p><b>O</b>penAI <i>paid</i></p>")
    assert "OpenAI paid" in document(path).text


def test_html_copyright_year_is_no_date(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        f"<body><p>{'Words of an article. ' * 30}</p><p>© 2019 X</p></body>"
    )
    assert document(path).date is None


def test_pdf_lines_become_paragraphs(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        pdf(
            "A long headline over both of the columns of the page, all\n"
            "The minister said that the state will\n"
            "spend more on open-\nsource models, as the regu-\n"
            "lation asks. An open-source plan of the\n"
            "European\nCommission follows in the autumn of it\nall.\n"
            "What follows\nThe council of the ministers of the\nunion meets and then",
            "goes on.",
            extra="/Title(A Title)/CreationDate(D:20240301120000Z)",
        )
    )
    found = document(path)
    assert (found.title, found.date) == ("A Title", "2024-03-01")
    assert "open-source models, as the regulation asks." in found.text
    assert "\n\nWhat follows\n\nThe council" in found.text
    assert "meets and then goes on." in found.text


@pytest.mark.parametrize(
    "title", ["untitled", "Microsoft Word - x.docx", "a.indd", "7"]
)
def test_pdf_titles_that_programs_wrote_are_left_out(
    title: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("Some text that is no headline.", extra=f"/Title({title})"))
    assert document(path).title is None


def test_pdf_without_text_or_with_a_password_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(""))
    assert "is it a scan?" in reason(path)
    key = "41" * 32
    path.write_bytes(
        pdf(
            "Secret",
            trailer=f"/ID[<{key}><{key}>]/Encrypt<</Filter/Standard/V 1/R 2/P -4"
            f"/O<{key}>/U<{key}>>>",
        )
    )
    assert reason(path).endswith("the PDF is encrypted")
    path.write_bytes(pdf("Text on a page", ""))
    assert "1 of 2 pages" in document(path).notes[0]


def word_xml(body: str, head: str = "") -> bytes:
    """Return a Word file with the given body."""
    out = io.BytesIO()
    docx.Document().save(out)
    made = io.BytesIO()
    name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(made, "w") as new:
        for part in old.namelist():
            data = old.read(part)
            if part == "word/document.xml":
                data = (
                    f'{head}<w:document xmlns:w="{name}"><w:body>{body}</w:body>'
                    "</w:document>"
                ).encode()
            new.writestr(part, data)
    return made.getvalue()


def test_word_controls_and_insertions_are_read_deletions_are_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.docx"
    run = "<w:r><w:t>{}</w:t></w:r>"
    path.write_bytes(
        word_xml(
            f"<w:sdt><w:sdtContent><w:p>{run.format('Control.')}</w:p></w:sdtContent>"
            f"</w:sdt><w:p><w:ins>{run.format('New')}</w:ins><w:del><w:r><w:delText>Old"
            f"</w:delText></w:r></w:del>{run.format('er.')}</w:p>"
        )
    )
    found = document(path)
    assert found.text == "Control.\n\nNewer.\n"
    assert found.date is None  # python-docx's template was made in 2013


def test_word_with_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(word_xml("", '<!DOCTYPE x [<!ENTITY a "b">]>'))
    assert "XML entities" in reason(path)


def test_kind_shows_by_content_when_the_name_misleads(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(pdf("A sentence in a PDF."))
    assert document(path).text == "A sentence in a PDF.\n"
    path.write_bytes(word_xml("<w:p><w:r><w:t>In Word.</w:t></w:r></w:p>"))
    assert document(path).text == "In Word.\n"


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"From a pipe."))
    monkeypatch.setattr("sys.stdin", stdin)
    (found,) = find_sources(["-", "-"]).found
    assert read_bytes(found) == read_bytes(found) == b"From a pipe."
    assert read(found, b"From a pipe.").id.startswith("stdin-")


def test_a_pipe_that_takes_a_files_place_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Text.")
    found = source(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputError, match="not a regular file"):
        read_bytes(found)
    path.unlink()
    with pytest.raises(InputError, match="No such file"):
        read_bytes(found)


def test_a_name_that_is_not_utf8_is_a_problem_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("Text.")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.txt")).write_text("Text.")
    found = find_sources([str(tmp_path)])
    assert [source.path for source in found.found] == ["good.txt"]
    (problem,) = found.problems
    str(problem).encode()


@given(st.text(), st.integers(1, 80))
def test_slugs_are_short_and_never_empty(name: str, limit: int) -> None:
    made = slug(name, limit)
    assert 0 < len(made) <= limit
    assert made == slug(made, limit)
    assert all(c.isalnum() or c == "-" for c in made)
    assert made.strip("-") == made
