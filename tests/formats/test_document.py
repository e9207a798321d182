"""Word files and plain text in the dialect "Câu 1. … A. … B. … Đáp án: B"."""

import io
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings

from quizengine.core.banks import Bank, Kind, Level, mask_of
from quizengine.errors import InvalidFile
from quizengine.formats.document import read_text, write_text
from quizengine.formats.reading import ReadBank
from quizengine.formats.word import is_document, read_document, write_document
from tests.formats.drawn_banks import banks

WHOLE = """Tiêu đề: Ngân hàng thử
Ngôn ngữ: vi
Mốc dữ kiện: 20/7/2021

Chủ đề 1: Lịch sử
Câu 1. Công đoàn thành lập
năm nào?
A. 1929
B. 1930
Đáp án: A
Mức độ: dễ
Ghim: B
Giải thích: Ngày 28/7/1929.
Nguồn: Điều lệ

Chủ đề 2: Pháp luật
Câu 2: Những ai được gia nhập?
A) Người lao động\tB) Trẻ em   C) Cán bộ
ĐÁP ÁN: A, C
Nguồn: Luật
"""
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"


def docx(body: str, styles: str = "", namespace: str = W) -> bytes:
    """Return a Word file with the paragraphs of a body and styles, as XML."""
    stream = io.BytesIO()
    root = f'xmlns:w="{namespace}" xmlns:m="m" xmlns:mc="mc"'
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {root}><w:body>{body}</w:body></w:document>"
        )
        archive.writestr("word/styles.xml", f"<w:styles {root}>{styles}</w:styles>")
    return stream.getvalue()


def paragraphs(*texts: str, before: str = "") -> str:
    """Return paragraphs as XML; ``before`` stands in front of the text of each."""
    return "".join(f"<w:p>{before}<w:r><w:t>{text}</w:t></w:r></w:p>" for text in texts)


def found(bank: ReadBank) -> list[tuple[str, str]]:
    return [(problem.code, problem.place.at) for problem in bank.problems]


GOOD = ("Câu 1. Năm nào?", "A. 1929", "B. 1930", "Đáp án: A", "Nguồn: x")
NUMBERED = '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="3"/></w:numPr></w:pPr>'


def test_a_whole_text_is_read_as_it_says() -> None:
    read = read_text(WHOLE.encode())
    assert read.problems == ()
    assert (read.bank.title, read.bank.as_of) == ("Ngân hàng thử", date(2021, 7, 20))
    one, two = read.bank.questions
    assert (one.topic, one.stem) == ("Lịch sử", "Công đoàn thành lập\nnăm nào?")
    assert (one.level, one.pinned) == (Level.EASY, mask_of("B"))
    assert (one.source, one.explanation) == ("Điều lệ", "Ngày 28/7/1929.")
    assert (two.topic, two.kind) == ("Pháp luật", Kind.MULTIPLE)
    assert (two.choices, two.key) == (("Người lao động", "Trẻ em", "Cán bộ"), mask_of("AC"))


def test_english_labels_read_the_same() -> None:
    text = (
        "Title: T\nLanguage: en\nAs of: 2021-07-20\nTopic 1: Law\nQuestion 1. Is it?\n"
        "A. True\nB. False\nAnswer: B\nLevel: hard\nPinned: A\nExplanation: e\nSource: s\n"
    )
    read = read_text(text.encode())
    (question,) = read.bank.questions
    assert read.problems == ()
    assert (read.bank.language, question.kind, question.level) == (
        "en",
        Kind.TRUE_FALSE,
        Level.HARD,
    )


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_line_ends_and_byte_order_marks_change_nothing(ends: str) -> None:
    bank = read_text(WHOLE.encode()).bank
    turned = WHOLE.replace("\n", ends)
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        read = read_text(turned.encode(encoding))
        assert read.bank == bank


def test_decomposed_letters_are_read_as_composed_ones() -> None:
    import unicodedata

    assert read_text(unicodedata.normalize("NFD", WHOLE).encode()).bank.sha256 == (
        read_text(WHOLE.encode()).bank.sha256
    )


@given(banks())
@settings(deadline=None, max_examples=40)
def test_text_and_word_files_give_back_what_they_were_given(bank: Bank) -> None:
    assert read_text(write_text(bank)).bank == bank
    assert read_document(write_document(bank)).bank == bank


def test_a_word_file_of_equal_banks_has_equal_bytes() -> None:
    bank = read_text(WHOLE.encode()).bank
    assert write_document(bank) == write_document(read_document(write_document(bank)).bank)


@pytest.mark.parametrize(
    ("key", "mask"),
    [("B", "B"), ("b.", "B"), ("A và B", "AB"), ("AB", "AB"), ("B. Sai", "B"), ("Sai", "B")],
)
def test_the_key_may_be_letters_or_the_text_of_a_choice(key: str, mask: str) -> None:
    read = read_text(f"Câu 1. x?\nA. Đúng\nB. Sai\nĐáp án: {key}".encode())
    assert read.bank.questions[0].key == mask_of(mask)


@pytest.mark.parametrize("key", ["B. Đúng", "không rõ", "A hay gì đó", "AF"])
def test_a_key_that_contradicts_itself_or_says_nothing_is_an_error_at_its_line(key: str) -> None:
    read = read_text(f"Câu 1. x?\nA. Đúng\nB. Sai\nĐáp án: {key}\nNguồn: x".encode())
    assert found(read) == [("bank.key_unclear", "4")]


def test_problems_stand_at_the_line_or_paragraph_of_their_part() -> None:
    lines = ("", "Câu 7. Năm nào?", "A. 1929", "B. 1929", "Đáp án: C")
    expected = [
        ("bank.choice_repeated", "3"),
        ("bank.key_outside", "5"),
        ("bank.sources_missing", ""),
    ]
    assert found(read_text("\n".join(lines).encode())) == expected
    assert found(read_document(docx(paragraphs(*lines)))) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Câu 1. x\nA. a\nC. c\nĐáp án: A", ("bank.choice_out_of_order", "3")),
        ("Câu 1. x\nA. a\nB. b\nA. c\nB. d\nĐáp án: A", ("bank.choice_out_of_order", "4")),
        ("Câu 1. x\nA. a\nB. b\nĐáp án: A\nĐáp án: B", ("bank.part_repeated", "5")),
        ("Câu 1. x\nA. a\nB. b\nĐáp án: A\ny?\nA. c\nB. d", ("bank.choices_without_question", "7")),
        ("Câu 1. x\nA. a\nB. b\nĐáp án: A\nCâu 2 (khó): y", ("bank.heading_unclear", "5")),
        ("Câu 1. x\nĐáp án: A", ("bank.choices_missing", "1")),
    ],
)
def test_questions_that_ran_together_are_errors_never_silently_wrong(
    text: str, problem: tuple[str, str]
) -> None:
    assert problem in found(read_text(text.encode()))


def test_headings_and_notes_between_questions_are_told_as_not_read() -> None:
    text = "ĐỀ CƯƠNG\n" + "\n".join(GOOD) + "\nPHẦN II\n"
    assert found(read_text(text.encode())) == [
        ("bank.line_not_read", "1"),
        ("bank.line_not_read", "7"),
    ]


def test_numbers_that_begin_again_in_each_topic_become_ordinals() -> None:
    topics = "\n".join(f"Chủ đề {n}: T{n}\n" + "\n".join(GOOD) + f"\nGhim: {n}" for n in (1, 2))
    read = read_text(topics.replace("Năm nào?\nA. 1929", "Năm nào?\nA. 1929").encode())
    assert [question.id for question in read.bank.questions] == ["1", "2"]
    assert ("bank.numbers_restart", "9") in found(read)


def test_the_same_number_twice_in_a_topic_is_an_error() -> None:
    read = read_text(("\n".join(GOOD) + "\n" + "\n".join(GOOD)).encode())
    assert ("bank.id_repeated", "6") in found(read)


def test_a_word_file_is_read_through_its_real_markup() -> None:
    """Split runs, tabs, soft breaks, tables, text boxes, tracked changes, strict namespaces."""
    body = (
        "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr>"
        "<w:r><w:t>Câ</w:t></w:r><w:r><w:t>u 1. Năm</w:t></w:r>"
        "<w:del><w:r><w:delText> cũ</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t> nào?</w:t></w:r></w:ins>"
        "<w:moveFrom><w:r><w:t>đi</w:t></w:r></w:moveFrom></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>A. 1929</w:t><w:tab/><w:t>B. 1930</w:t></w:r></w:p>"
        "</w:tc></w:tr></w:tbl>"
        "<w:p><w:r><w:t>Đáp án: A</w:t><w:br/><w:t>Nguồn: x</w:t></w:r>"
        "<mc:AlternateContent><mc:Choice><w:txbxContent>"
        + paragraphs("Mức độ: khó")
        + "</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>"
        + paragraphs("Mức độ: dễ")
        + "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:p>"
    )
    for namespace in (W, STRICT):
        read = read_document(docx(body, namespace=namespace))
        assert read.problems == ()
        (question,) = read.bank.questions
        assert (question.stem, question.choices) == ("Năm nào?", ("1929", "1930"))
        assert (question.source, question.level) == ("x", Level.HARD)


def test_choices_that_word_numbers_by_itself_are_errors_at_their_paragraphs() -> None:
    body = (
        paragraphs("Câu 1. Năm nào?")
        + paragraphs("1929", "1930", before=NUMBERED)
        + paragraphs("Đáp án: A", "Nguồn: x")
    )
    assert found(read_document(docx(body))) == [
        ("bank.choices_missing", "1"),
        ("bank.automatic_numbering", "2"),
        ("bank.automatic_numbering", "3"),
    ]


def test_numbering_by_a_style_or_the_style_it_stands_on_is_seen() -> None:
    styles = (
        f'<w:style w:styleId="List">{NUMBERED}</w:style>'
        '<w:style w:styleId="Mine"><w:basedOn w:val="List"/></w:style>'
    )
    style = '<w:pPr><w:pStyle w:val="Mine"/></w:pPr>'
    plain = '<w:pPr><w:pStyle w:val="Mine"/><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>'
    question = paragraphs("Câu 1. Năm nào?")
    rest = paragraphs("A. 1929", "B. 1930", "Đáp án: A", "Nguồn: x")
    numbered = docx(question + paragraphs("Ý một", before=style) + rest, styles)
    assert found(read_document(numbered)) == [("bank.automatic_numbering", "2")]
    switched_off = docx(question + paragraphs("Ý một", before=plain) + rest, styles)
    assert found(read_document(switched_off)) == []


def test_a_document_numbered_throughout_by_word_says_so_once() -> None:
    body = paragraphs("ĐỀ THI") + paragraphs("Năm nào?", "1929", "1930", before=NUMBERED)
    assert found(read_document(docx(body))) == [("bank.automatic_numbering", "2")]


def test_a_document_without_question_headings_says_so_once() -> None:
    read = read_document(docx(paragraphs("Kính gửi", "các đồng chí")))
    assert found(read) == [("bank.headings_missing", "")]


def test_a_formula_in_a_question_is_an_error_and_one_before_it_is_not() -> None:
    formula = "<w:p><m:oMath><m:r><m:t>x</m:t></m:r></m:oMath></w:p>"
    assert found(read_document(docx(formula + paragraphs(*GOOD)))) == []
    inside = paragraphs(GOOD[0]) + formula + paragraphs(*GOOD[1:])
    assert found(read_document(docx(inside))) == [("bank.content_lost", "2")]


@pytest.mark.parametrize(
    "xml",
    ["<", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", '<?xml version="1.0" encoding="x"?><a/>'],
)
def test_broken_xml_and_entities_are_refused(xml: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", xml)
    assert is_document(stream.getvalue())
    with pytest.raises(InvalidFile, match=r"file\.damaged"):
        read_document(stream.getvalue())


@pytest.mark.parametrize("unit", ["Câu 1", "1a", " ", "\t", "A. x", "x\n", "Câu 1. x\n", "a: "])
def test_a_long_file_of_anything_takes_time_in_proportion(unit: str) -> None:
    """A search that took the square of 400,000 letters would run into the test's time-out."""
    read_text(b"C\xc3\xa2u 1. x\nA. y\n" + unit.encode() * (400_000 // len(unit)))
