"""Essays handed over as files: the text is the draft, the file stays as it came."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import datetime

import pytest
from docx import Document
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from quizengine.core.sheets import Outcome
from quizengine.errors import InvalidInput, NotFound, TooLarge
from quizengine.services import essay_files, essays
from quizengine.services.essay_files import MAX_BYTES, MAX_FILES, ReadFile
from tests.services.desk import AFTER, MINUTE, OPENS, SLUG, Desk, words


@pytest.fixture
def seated(desk: Desk) -> Desk:
    """The desk with An registered."""
    desk.register("an")
    return desk


def keep(
    desk: Desk, file: ReadFile, sequence: int, at: datetime = OPENS, person: str = "an"
) -> Outcome:
    """Keep a file as the essay's."""
    return desk.do(
        lambda session: essay_files.keep_file(
            session, SLUG, person=person, file=file, sequence=sequence, now=at
        )
    )


def names(desk: Desk, person: str = "an") -> list[str]:
    """Return the names of a person's files, the latest first."""
    return desk.look(
        lambda session: [one.name for one in essay_files.list_files(session, SLUG, person)]
    )


def text_file(number: int) -> ReadFile:
    """Return a file that differs from those of other numbers."""
    return ReadFile(f"bai-{number}.txt", f"bài số {number}".encode(), f"bài số {number}")


def docx(*paragraphs: str, **members: str) -> bytes:
    """Return a Word file, more members put into its zip."""
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    stream = io.BytesIO()
    document.save(stream)
    with zipfile.ZipFile(stream, "a") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def pdf(*, line: str = "", password: str = "") -> bytes:
    """Return a PDF of one line, locked if there is a password."""
    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.drawString(50, 800, line)
    canvas.save()
    if not password:
        return stream.getvalue()
    writer = PdfWriter(clone_from=PdfReader(stream))
    writer.encrypt(password, algorithm="AES-256")
    locked = io.BytesIO()
    writer.write(locked)
    return locked.getvalue()


def test_the_text_becomes_the_draft_and_the_file_stays_as_it_came(seated: Desk) -> None:
    content = docx("Đổi mới công đoàn.", "Hai đoạn.")
    file = essay_files.read_file(content, "C:\\Bài\\của tôi.docx")
    assert keep(seated, file, 1) is Outcome.SAVED
    found = seated.look(lambda session: essays.essay_page(session, SLUG, "an", now=OPENS))
    assert (found.draft, found.sequence) == ("Đổi mới công đoàn.\nHai đoạn.\n", 1)
    assert names(seated) == ["của tôi.docx"]
    sha256 = hashlib.sha256(content).hexdigest()
    kept = seated.look(lambda session: essay_files.file_content(session, SLUG, "an", sha256))
    assert kept == ("của tôi.docx", content)


def test_a_file_behind_a_later_draft_is_not_kept(seated: Desk) -> None:
    keep(seated, text_file(1), 5)
    assert keep(seated, text_file(2), 4) is Outcome.SUPERSEDED
    assert names(seated) == ["bai-1.txt"]


def test_a_file_after_the_end_is_not_kept(seated: Desk) -> None:
    assert keep(seated, text_file(1), 1, AFTER) is Outcome.REFUSED
    assert names(seated) == []


def test_the_same_file_again_is_one_row_with_its_later_name_and_instant(seated: Desk) -> None:
    keep(seated, text_file(1), 1)
    keep(seated, text_file(2), 2, OPENS + MINUTE)
    again = ReadFile("lần hai.txt", text_file(1).content, text_file(1).text)
    keep(seated, again, 3, OPENS + 2 * MINUTE)
    assert names(seated) == ["lần hai.txt", "bai-2.txt"]


def test_a_further_file_takes_the_place_of_the_oldest(seated: Desk) -> None:
    for number in range(MAX_FILES + 1):
        assert keep(seated, text_file(number), number + 1, OPENS + number * MINUTE) is Outcome.SAVED
    assert names(seated) == [f"bai-{number}.txt" for number in range(MAX_FILES, 0, -1)]


def test_the_file_that_was_handed_in_is_kept(seated: Desk) -> None:
    keep(seated, ReadFile("bai-0.txt", words(30).encode(), words(30)), 1)
    seated.write("an", words(30), OPENS, sequence=2)
    for number in range(1, MAX_FILES + 2):
        keep(seated, text_file(number), number + 2, OPENS + number * MINUTE)
    assert len(names(seated)) == MAX_FILES
    assert "bai-0.txt" in names(seated)
    assert "bai-1.txt" not in names(seated)


def test_a_file_is_its_own_persons_alone(seated: Desk) -> None:
    seated.register("binh")
    keep(seated, text_file(1), 1)
    sha256 = hashlib.sha256(text_file(1).content).hexdigest()
    with seated.engine.connect() as connection:
        for person in ("binh", "nobody"):
            with pytest.raises(NotFound):
                essay_files.file_content(connection, SLUG, person, sha256)
            assert essay_files.list_files(connection, SLUG, person) == ()


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "", "essay.no_file"),
        (b"", "a.txt", "essay.no_text"),
        (docx("Bài", **{"word/vbaProject.bin": "x"}), "a.docm", "essay.macros"),
        (docx("Bài", **{"Basic/Standard/Module1.xml": "x"}), "a.odt", "essay.macros"),
        (pdf(line="bai", password="kín"), "a.pdf", "essay.old_or_locked"),
        (pdf(), "a.pdf", "essay.no_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "a.doc", "essay.old_or_locked"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.png", "essay.format_unknown"),
        (docx("Bài")[:500], "a.docx", "file.damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(content: bytes, name: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        essay_files.read_file(content, name)
    assert refusal.value.code == code


def test_a_file_over_the_limit_is_refused_and_one_at_it_is_read() -> None:
    with pytest.raises(TooLarge):
        essay_files.read_file(b"a" * (MAX_BYTES + 1), "a.txt")
    assert len(essay_files.read_file(b"a" * MAX_BYTES, "a.txt").text) == MAX_BYTES


def test_text_that_is_too_long_for_a_draft_is_refused_with_its_file(seated: Desk) -> None:
    file = essay_files.read_file(words(40_000).encode(), "a.txt")
    with pytest.raises(InvalidInput) as refusal:
        keep(seated, file, 1)
    assert refusal.value.code == "essay.too_many_characters"
    assert names(seated) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bài.docx", "bài.docx"),
        ("../../etc/bài.docx", "bài.docx"),
        ("ba\u0300i\r\nhai.docx", "bài hai.docx"),
        ("an\u202excod.exe", "anxcod.exe"),
        ("a\x00b\ud800.txt", "ab\ufffd.txt"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
        ("  ", ""),
    ],
)
def test_a_name_keeps_what_can_be_seen_of_it(name: str, expected: str) -> None:
    assert essay_files.file_name(name) == expected


def test_letters_that_cannot_be_kept_are_replaced_and_the_rest_stays(seated: Desk) -> None:
    text = "một\ud83d hai\x00 ba\u202e bốn 😀"
    outcome = seated.do(
        lambda session: essays.save_draft(
            session, SLUG, person="an", text=text, sequence=1, now=OPENS
        )
    )
    assert outcome is Outcome.SAVED
    found = seated.look(lambda session: essays.essay_page(session, SLUG, "an", now=OPENS))
    assert found.draft == "một\ufffd hai ba\u202e bốn 😀"
