"""Essay files: their text in every supported kind, and a located problem for what has none."""

from __future__ import annotations

import io
import json
import pickle
import unicodedata
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from quizengine.errors import InvalidFile, InvalidInput, Place, Problem, TooLarge
from quizengine.formats.essay_file import read_essay, read_essay_folder
from quizengine.formats.reading import run_bounded

TEXT = "Đổi mới hoạt động công đoàn.\nChăm lo đời sống người lao động, nhất là ở tổ 3."


def docx_of(*paragraphs: str) -> bytes:
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def zip_of(**parts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return stream.getvalue()


def odt_of(body: str) -> bytes:
    return zip_of(
        mimetype="application/vnd.oasis.opendocument.text",
        content_xml=f"""<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
 <office:body><office:text>
 {body}
 </office:text></office:body></office:document-content>""",
    )


def word_xml_of(body: str) -> bytes:
    name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return zip_of(
        word__document_xml=f'<w:document xmlns:w="{name}"><w:body>{body}</w:body></w:document>'
    )


def pdf_of(*lines: str) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for number, line in enumerate(lines):
        canvas.drawString(50, 800 - 20 * number, line)
    canvas.save()
    return stream.getvalue()


def windows_1258(text: str) -> bytes:
    """Text in Vietnamese Windows: tones are characters of their own, other marks are not."""
    tones = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
    pieces = []
    for letter in text:
        decomposed = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", decomposed.translate(tones))
        pieces += [base, *(mark for mark in decomposed if ord(mark) in tones)]
    return "".join(pieces).encode("cp1258")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_plain_text_is_read_as_it_stands_in_every_encoding(encoding: str) -> None:
    text = TEXT.replace("\n", "\r\n")
    assert read_essay(text.encode(encoding), "a.txt") == text


def test_plain_text_in_vietnamese_windows_is_recognised() -> None:
    assert read_essay(windows_1258(TEXT), "a.txt") == TEXT


def test_decomposed_plain_text_keeps_its_offsets() -> None:
    text = unicodedata.normalize("NFD", TEXT)
    assert read_essay(text.encode(), "a.txt") == text


def test_a_word_file_gives_its_paragraphs() -> None:
    assert read_essay(docx_of(*TEXT.split("\n")), "a.docx") == TEXT + "\n"


def test_the_content_decides_not_the_name() -> None:
    assert read_essay(docx_of("Đổi mới"), "a.txt") == "Đổi mới\n"


def test_a_word_file_is_read_without_deleted_text_and_with_its_breaks() -> None:
    body = (
        "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>Một</w:t><w:tab/><w:t>hai</w:t>"
        "<w:br/></w:r><w:del><w:r><w:t>bỏ</w:t><w:delText>bỏ</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>ba</w:t></w:r></w:ins></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>bốn</w:t>"
        "</w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    assert read_essay(word_xml_of(body), "a.docx") == "Một\thai\nba\nbốn\n"


def test_an_open_document_gives_its_paragraphs_without_notes_and_deleted_text() -> None:
    data = odt_of(
        "<text:tracked-changes><text:p>bỏ</text:p></text:tracked-changes>"
        "<text:h>Sáng kiến</text:h>"
        '<text:p>Đổi<text:s text:c="3"/>mới <text:span>công</text:span> đoàn<text:line-break/>cơ sở'
        "<office:annotation><dc:creator>ai</dc:creator><text:p>lời bàn</text:p></office:annotation>"
        "</text:p>"
    )
    assert read_essay(data, "a.odt") == "Sáng kiến\nĐổi   mới công đoàn\ncơ sở\n"


def test_a_pdf_gives_its_lines() -> None:
    text = read_essay(pdf_of("Doi moi hoat dong", "cong doan co so"), "a.pdf")
    assert text.splitlines() == ["Doi moi hoat dong", "cong doan co so"]


def test_a_locked_pdf_says_so_and_one_without_a_password_opens() -> None:
    for password, expected in (("mật khẩu", "essay.old_or_locked"), ("", None)):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_of("Doi moi"))))
        writer.encrypt(user_password=password, owner_password="chủ", algorithm="AES-256")
        stream = io.BytesIO()
        writer.write(stream)
        if expected:
            with pytest.raises(InvalidFile, match=expected):
                read_essay(stream.getvalue(), "a.pdf")
        else:
            assert "Doi moi" in read_essay(stream.getvalue(), "a.pdf")


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.txt", "essay.no_text"),
        (b" \n\xe2\x80\xa6", "a.txt", "essay.no_text"),
        (docx_of(""), "a.docx", "essay.no_text"),
        (pdf_of(), "scan.pdf", "essay.no_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "a.doc", "essay.old_or_locked"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "a.png", "essay.format_unknown"),
        (b"{\\rtf1 abc}", "a.rtf", "essay.format_unknown"),
        (zip_of(readme_txt="a"), "a.zip", "essay.format_unknown"),
        (b"abc\0\0def\0\0\0\0", "a.txt", "essay.format_unknown"),
        (b"%PDF-1.7 nothing more", "a.pdf", "file.damaged"),
        (docx_of("a")[:-30], "a.docx", "file.damaged"),
        (word_xml_of("<w:p>"), "a.docx", "file.damaged"),
        (b"PK\x03\x04 not a zip", "a.docx", "file.damaged"),
    ],
)
def test_what_has_no_readable_text_is_an_error(data: bytes, name: str, code: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        read_essay(data, name)
    assert caught.value.code == code
    assert caught.value.problems


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        read_essay(b"a" * 10_000_001, "a.txt")


def test_a_document_type_in_a_document_is_refused() -> None:
    data = zip_of(
        word__document_xml='<!DOCTYPE a [<!ENTITY b "bbbb">]><w:p xmlns:w="w"><w:t>&b;</w:t></w:p>'
    )
    with pytest.raises(InvalidFile, match=r"file\.damaged"):
        read_essay(data, "a.docx")


def test_deeply_nested_documents_do_not_end_the_process() -> None:
    depth = 20_000
    body = "<w:r>" * depth + "<w:p><w:r><w:t>sâu</w:t></w:r></w:p>" + "</w:r>" * depth
    assert read_essay(word_xml_of(body), "a.docx") == "sâu\n"


@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a.pdf", "a.docx", "a"]))
def test_any_bytes_give_a_text_or_a_typed_error(data: bytes, name: str) -> None:
    for content in (data, b"%PDF-1.4\n" + data, b"PK\x03\x04" + data):
        with suppress(InvalidInput):
            assert isinstance(read_essay(content, name), str)


def test_a_file_can_be_read_in_a_bounded_child_process() -> None:
    assert pickle.loads(pickle.dumps(read_essay)) is read_essay
    assert run_bounded(read_essay, docx_of("Đổi mới"), "a.docx") == "Đổi mới\n"


def test_a_folder_gives_each_file_under_its_path_and_reports_the_rest(tmp_path: Path) -> None:
    (tmp_path / "tổ 2").mkdir()
    (tmp_path / "tổ 2" / "b.docx").write_bytes(docx_of("Bài hai"))
    (tmp_path / "a.txt").write_text("Bài một", encoding="utf-8")
    (tmp_path / "scan.pdf").write_bytes(pdf_of())
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "~$b.docx").write_bytes(b"x")
    problems: list[Problem] = []
    essays = list(read_essay_folder(tmp_path, on_problem=problems.append))
    assert essays == [("a.txt", "Bài một"), ("tổ 2/b.docx", "Bài hai\n")]
    assert [(problem.code, problem.place) for problem in problems] == [
        ("essay.no_text", Place("file", "scan.pdf"))
    ]


def test_without_a_listener_all_problems_are_raised_after_the_last_essay(tmp_path: Path) -> None:
    for name in ("a.txt", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "b.txt").write_text("Bài", encoding="utf-8")
    essays = read_essay_folder(tmp_path)
    assert next(essays) == ("b.txt", "Bài")
    with pytest.raises(InvalidFile, match=r"essay\.some_unreadable") as caught:
        next(essays)
    assert [problem.place.at for problem in caught.value.problems] == ["a.txt", "c.txt"]


def test_a_list_gives_its_lines_as_they_are_and_locates_bad_ones(tmp_path: Path) -> None:
    file = tmp_path / "essays.jsonl"
    text = unicodedata.normalize("NFD", "Bài\r\nmột\u200b")
    lines = [
        b"\xef\xbb\xbf" + json.dumps({"id": "a", "text": text}).encode(),
        b"",
        b'{"id": 7, "text": ""}',
        b"not json",
        b'{"id": "b"}',
        b'{"id": "a", "text": "again"}',
        b'{"id": "c", "text": "\xff"}',
        b"[" * 100_000,
        b'{"id": "d", "text": "cu\xe1\xbb\x91i"}',
    ]
    file.write_bytes(b"\n".join(lines))
    problems: list[Problem] = []
    essays = list(read_essay_folder(file, on_problem=problems.append))
    assert essays == [("a", text), ("7", ""), ("d", "cuối")]
    assert [(problem.code, problem.place.at) for problem in problems] == [
        ("essay.line_invalid", "essays.jsonl:4"),
        ("essay.line_invalid", "essays.jsonl:5"),
        ("essay.id_repeated", "essays.jsonl:6"),
        ("essay.line_invalid", "essays.jsonl:7"),
        ("essay.line_invalid", "essays.jsonl:8"),
    ]


def test_a_single_file_is_a_folder_of_one(tmp_path: Path) -> None:
    file = tmp_path / "law.txt"
    file.write_text("Điều 1", encoding="utf-8")
    assert list(read_essay_folder(file)) == [("law.txt", "Điều 1")]


def test_a_path_without_essays_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"essay\.none_found"):
        list(read_essay_folder(tmp_path))
    with pytest.raises(InvalidFile, match=r"essay\.some_unreadable"):
        list(read_essay_folder(tmp_path / "missing"))
