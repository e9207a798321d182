"""Banks as spreadsheets: the header row found anywhere, every problem at its cell."""

from datetime import date

import pytest
from hypothesis import given, settings

from quizengine.core.banks import Bank, Kind, Level, mask_of
from quizengine.formats.reading import ReadBank
from quizengine.formats.sheet import (
    is_bank_csv,
    read_book,
    read_csv,
    write_bank_csv,
    write_book,
)
from quizengine.formats.tables import Table, write_table
from tests.formats.drawn_banks import banks

HEADER = ("Câu", "Câu hỏi", "A", "B", "C", "Đáp án", "Nguồn")
ROW = ("1", "Năm nào?", "1929", "1930", "1931", "A", "Điều lệ")


def read(*rows: tuple[str, ...], name: str = "Tờ") -> ReadBank:
    return read_book(write_table(Table(name, rows[0], rows[1:])))


def found(bank: ReadBank) -> list[tuple[str, str]]:
    return [(problem.code, problem.place.at) for problem in bank.problems]


@given(banks())
@settings(deadline=None, max_examples=40)
def test_workbooks_and_csv_give_back_what_they_were_given(bank: Bank) -> None:
    assert read_book(write_book(bank)).bank == bank
    data = write_bank_csv(bank)
    assert is_bank_csv(data)
    assert read_csv(data).bank == bank


def test_a_row_is_a_question() -> None:
    bank = read(HEADER, ROW)
    assert bank.problems == ()
    (question,) = bank.bank.questions
    assert (question.stem, question.choices) == ("Năm nào?", ("1929", "1930", "1931"))
    assert (question.key, question.kind, question.source) == (1, Kind.SINGLE, "Điều lệ")


def test_facts_above_the_header_and_empty_rows_are_understood() -> None:
    bank = read(
        ("Tiêu đề", "Ngân hàng"),
        ("", "Mốc dữ kiện", "2021-07-20"),
        ("Ngôn ngữ:", "Tiếng Việt"),
        ("",),
        ("Ghi chú của phòng",),
        HEADER,
        ("",),
        ROW,
    )
    assert (bank.bank.title, bank.bank.language) == ("Ngân hàng", "vi")
    assert bank.bank.as_of == date(2021, 7, 20)
    assert found(bank) == [("bank.line_not_read", "Tờ!A5")]


@pytest.mark.parametrize(
    "header",
    [
        ("STT", "NỘI DUNG CÂU HỎI", "Phương án A", "Phương án B", "Phương án C", "Đáp án đúng"),
        ("No.", "Question", "Option 1", "Option 2", "Option 3", "Correct answer"),
        ("TT", "Câu hỏi:", "Đáp án A", "Đáp án B", "Đáp án C", "Đáp án"),
        ("id", "stem", "a", "b", "c", "key"),
    ],
)
def test_headings_have_their_usual_names(header: tuple[str, ...]) -> None:
    bank = read((*header, "Nguồn"), ROW)
    assert bank.problems == ()
    assert bank.bank.questions == read(HEADER, ROW).bank.questions


def test_columns_may_stand_in_any_order() -> None:
    assert read(HEADER[::-1], ROW[::-1]).bank == read(HEADER, ROW).bank


def test_level_kind_and_pins_are_read() -> None:
    header = (*HEADER, "Mức độ", "Loại", "Ghim", "Chủ đề", "Giải thích")
    (question,) = read(header, (*ROW, "Khó", "nhiều đáp án", "C", "Lịch sử", "vì")).bank.questions
    assert (question.level, question.kind) == (Level.HARD, Kind.MULTIPLE)
    assert (question.pinned, question.topic) == (mask_of("C"), "Lịch sử")
    assert question.explanation == "vì"


def test_problems_stand_at_their_cells() -> None:
    bank = read(
        HEADER,
        ("1", "x?", "một", "hai", "", "D", "s"),
        ("2", "y?", "một", "", "ba", "chưa rõ", "s"),
        ("2", "", "một", "hai", "ba", "", ""),
        name="Bảng 1",
    )
    assert found(bank) == [
        ("bank.key_outside", "Bảng 1!F2"),
        ("bank.choice_empty", "Bảng 1!C3"),
        ("bank.key_unclear", "Bảng 1!F3"),
        ("bank.id_repeated", "Bảng 1!A4"),
        ("bank.stem_empty", "Bảng 1!B4"),
        ("bank.key_missing", "Bảng 1!F4"),
        ("bank.source_missing", "Bảng 1!G4"),
    ]


def test_columns_that_are_missing_doubled_or_unknown_are_told_at_the_header() -> None:
    bank = read(
        ("Câu hỏi", "A", "B", "D", "Question", "Khối", "Trống"),
        ("x?", "một", "hai", "ba", "y?", "12", ""),
    )
    assert found(bank)[:4] == [
        ("bank.key_column_missing", "Tờ!A1"),
        ("bank.choice_column_missing", "Tờ!A1"),
        ("bank.column_repeated", "Tờ!E1"),
        ("bank.column_unknown", "Tờ!F1"),
    ]


def test_every_sheet_with_a_header_is_read_and_others_are_told() -> None:
    data = write_table(
        Table("Một", HEADER, [ROW]),
        Table("Hướng dẫn", ("Cách điền",), []),
        Table("Hai", HEADER, [("2", *ROW[1:])]),
    )
    bank = read_book(data)
    assert [question.id for question in bank.bank.questions] == ["1", "2"]
    assert ("bank.header_missing", "Hướng dẫn!A1") in found(bank)
    assert {problem.severity for problem in bank.problems} == {"warning"}


def test_a_workbook_without_a_header_is_an_error() -> None:
    bank = read(("Họ tên", "Đơn vị"), ("Trần Minh Khuê", "Tổ 1"))
    assert [(each.code, each.severity) for each in bank.problems] == [
        ("bank.header_missing", "error")
    ]


def test_texts_that_would_run_as_formulas_stay_texts() -> None:
    (question,) = read(HEADER, ("1", "=1+1 là?", "+2", "-2", "@2", "A", "s")).bank.questions
    assert (question.stem, *question.choices) == ("=1+1 là?", "+2", "-2", "@2")
