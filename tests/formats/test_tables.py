"""Spreadsheets as tables: what is written comes back, what is strange is refused."""

import io
import zipfile
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from quizengine.core.banks import clean_text
from quizengine.errors import InvalidFile, InvalidInput, TooLarge
from quizengine.formats.tables import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    Sheet,
    Table,
    cell_address,
    read_table,
    write_csv,
    write_table,
)

HANOI = timezone(timedelta(hours=7))


def workbook(*cells: tuple[int, int, object], name: str = "Sheet1") -> bytes:
    """Return an XLSX workbook with cells as a spreadsheet program would type them."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet(name)
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for row, column, value in cells:
            sheet.write(row, column, value, *([day] if isinstance(value, date | time) else []))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("column", "address"),
    [(0, "S!A1"), (25, "S!Z1"), (26, "S!AA1"), (701, "S!ZZ1"), (702, "S!AAA1")],
)
def test_addresses_are_those_of_a_spreadsheet(column: int, address: str) -> None:
    assert cell_address("S", 0, column) == address


def test_cells_are_the_texts_a_person_would_say() -> None:
    data = workbook(
        (0, 0, 1929),
        (0, 1, 0.25),
        (0, 2, True),
        (1, 0, date(2021, 7, 20)),
        (1, 1, datetime(2021, 7, 20, 8, 30)),
        (1, 2, time(8, 30)),
        (2, 1, "=1+1"),
        (2, 2, 84912345678),
    )
    assert read_table(data, "a.xlsx")[0].rows == (
        ("1929", "0.25", "TRUE"),
        ("2021-07-20", "2021-07-20 08:30:00", "08:30:00"),
        ("", "0", "84912345678"),
    )


def test_rows_and_columns_count_from_the_first_cell_of_the_sheet() -> None:
    (sheet,) = read_table(workbook((2, 3, "x"), name="Tờ 1"))
    assert sheet == Sheet("Tờ 1", ((),) * 0 + (("",) * 4, ("",) * 4, ("", "", "", "x")))
    assert cell_address(sheet.name, 2, 3) == "Tờ 1!D3"


@given(st.lists(st.lists(st.text(max_size=20).map(clean_text), min_size=2, max_size=2), max_size=5))
@settings(deadline=None)
def test_texts_come_back_as_texts_whatever_they_look_like(rows: list[list[str]]) -> None:
    header = ("một", "hai")
    (sheet,) = read_table(write_table(Table("Bảng", header, rows)))
    while rows and rows[-1] == ["", ""]:
        rows.pop()
    assert sheet.rows == (header, *map(tuple, rows))


@pytest.mark.parametrize("text", ["=1+1", "+84", "-1", "@x", "0912", "12/6", "TRUE", "http://a.b"])
def test_nothing_that_is_written_is_a_formula_a_number_or_a_link(text: str) -> None:
    data = write_table(Table("T", ("a",), [(text,)]))
    assert read_table(data)[0].rows[1] == (text,)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml
    assert b"hyperlink" not in xml


def test_typed_cells_are_typed_and_instants_shown_in_the_zone() -> None:
    instant = datetime(2021, 7, 20, 18, 0, tzinfo=UTC)
    table = Table("T", ("a", "b", "c", "d"), [(5, date(2021, 7, 20), instant, None)], zone=HANOI)
    assert read_table(write_table(table))[0].rows[1] == (
        "5",
        "2021-07-20",
        "2021-07-21 01:00:00",
        "",
    )


def test_a_naive_instant_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="naive"):
        write_table(Table("T", ("a",), [(datetime(2021, 7, 20),)]))


def test_a_text_too_long_for_a_cell_is_said_not_cut() -> None:
    with pytest.raises(InvalidInput, match="cell_too_long"):
        write_table(Table("T", ("a",), [("x" * (MAX_CELL + 1),)]))


def test_sheet_names_are_made_fit() -> None:
    sheets = read_table(write_table(Table("a/b:c" * 9, ("x",), []), Table("", ("y",), [])))
    assert [sheet.name for sheet in sheets] == ["a b ca b ca b ca b ca b ca b ca", "Sheet2"]


def test_sheets_of_one_name_are_told_apart() -> None:
    tables = [Table(name, ("x",), []) for name in ("Hạng" * 9, "HẠNG" * 9, "Hạng")]
    names = [sheet.name for sheet in read_table(write_table(*tables))]
    assert len({name.casefold() for name in names}) == 3
    assert all(len(name) <= 31 for name in names)


def test_equal_tables_are_equal_files() -> None:
    table = Table("T", ("a",), [("x",)], above=(("Tiêu đề", "y"),))
    assert write_table(table) == write_table(table)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_is_read_with_any_usual_mark_and_unicode_encoding(mark: str, encoding: str) -> None:
    text = mark.join(["Đơn vị", '"Ấp 1, xã 2; x"', "3"]) + "\r\n"
    assert read_table(text.encode(encoding))[0].rows == (("Đơn vị", "Ấp 1, xã 2; x", "3"),)


def test_csv_for_excel_runs_no_formula() -> None:
    data = write_csv(Table("T", ("a", "b"), [("=1+1", -1)]))
    assert data.decode("utf-8-sig") == "a,b\r\n'=1+1,-1\r\n"


@pytest.mark.parametrize(
    ("row", "column"), [(MAX_ROWS, 0), (0, MAX_COLUMNS), (1_048_575, 16_383), (99_999, 5)]
)
def test_a_cell_far_out_is_refused_before_it_costs_memory(row: int, column: int) -> None:
    with pytest.raises(TooLarge, match="sheet_too_large"):
        read_table(workbook((0, 0, "x"), (row, column, "x")))


def test_the_last_allowed_row_and_column_are_read() -> None:
    (sheet,) = read_table(workbook((MAX_ROWS - 1, 0, "x")))
    assert len(sheet.rows) == MAX_ROWS
    (sheet,) = read_table(workbook((0, MAX_COLUMNS - 1, "x")))
    assert len(sheet.rows[0]) == MAX_COLUMNS


def test_a_part_larger_than_it_declares_is_refused() -> None:
    data = bytearray(workbook((0, 0, "x" * 5000)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo("xl/sharedStrings.xml").file_size
    at = data.rindex(size.to_bytes(4, "little"), 0, data.rindex(b"xl/sharedStrings.xml"))
    data[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(InvalidFile, match=r"file\.damaged"):
        read_table(bytes(data))


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0 old", b"\xff\xff", b"a\0b"])
def test_what_is_no_spreadsheet_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidFile):
        read_table(data)
