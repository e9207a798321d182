"""Spreadsheets as plain tables: rows of texts in, typed rows out.

:func:`read_table` gives every cell as the text a person would say; :func:`write_table` writes
texts as texts, so that a phone keeps its zero and a name that begins with ``=`` is no formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from quizengine.errors import InvalidFile, InvalidInput, Place
from quizengine.formats.reading import (
    check_size,
    decoded,
    is_zip,
    member_names,
    opened_zip,
    refused,
    too_large,
)

MAX_ROWS = 50_000
MAX_COLUMNS = 64
MAX_CELL = 32_767
"""Letters in a cell, by the limit of the XLSX format."""

Cell = str | int | datetime | date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as texts: ``rows[0][0]`` is cell A1; the name of a CSV file's sheet is empty."""

    name: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet to write: rows above the header (title, facts), the header, and typed rows."""

    name: str
    header: tuple[str, ...]
    rows: Iterable[Sequence[Cell]]
    above: tuple[tuple[Cell, ...], ...] = ()
    widths: tuple[int, ...] = ()
    """Column widths in letters; columns beyond take 14."""
    zone: tzinfo = UTC
    """The time zone in which instants are shown, as spreadsheets know none."""


def cell_address(sheet: str, row: int, column: int) -> str:
    """Return the address of a cell counted from zero: ``Sheet1!F12``, or ``F12`` in a CSV file."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{sheet}!{letters}{row + 1}" if sheet else f"{letters}{row + 1}"


def is_workbook(data: bytes) -> bool:
    """Return whether the bytes are an XLSX workbook."""
    return "xl/workbook.xml" in member_names(data)


def read_table(data: bytes, name: str = "") -> tuple[Sheet, ...]:
    """Return the sheets of an XLSX or CSV file, told apart by content, as texts.

    Dates come as ISO text, whole numbers without ``.0``, formulas as their stored values, empty
    and error cells as empty text. ``InvalidFile`` for anything else, ``TooLarge`` over the limits.
    """
    check_size(data)
    if is_workbook(data):
        return _read_workbook(data)
    if is_zip(data) or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise refused("file.no_spreadsheet", name=name)
    return (_read_csv(data),)


def _read_workbook(data: bytes) -> tuple[Sheet, ...]:
    import python_calamine

    _check_cells(data)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return tuple(
            Sheet(sheet.name, _texts(workbook.get_sheet_by_name(sheet.name)))
            for sheet in workbook.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        )
    except (InvalidFile, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    # A panic of the Rust reader is a BaseException and nothing more.
    except BaseException as error:
        raise refused("file.damaged") from error


# A filled cell beyond column BL or row 50,000. The reader lays out the whole rectangle up to the
# last cell, so one cell at XFD1048576 would ask for 17 billion; the search stops at the first.
_FAR_CELL = re.compile(
    rb"\br=[\"']((?:[A-Z]{3}|B[M-Z]|[C-Z][A-Z])\d+|[A-Z]+(?!50000\b)(?:[5-9]\d{4}|\d{6,}))[\"']"
    rb"[^>/]*>"
)


def _check_cells(data: bytes) -> None:
    """Raise ``TooLarge`` for a far cell, ``InvalidFile`` for a part that is not as declared."""
    with opened_zip(data) as archive:
        for member in archive.namelist():
            if not member.endswith(".xml"):
                continue
            is_sheet = member.startswith("xl/worksheets/")
            tail = b""
            with archive.open(member) as part:
                while chunk := part.read(1 << 20):
                    if is_sheet and (far := _FAR_CELL.search(tail + chunk)):
                        raise _over_the_edge(Place("cell", far[1].decode()))
                    tail = chunk[-200:]


def _over_the_edge(place: Place) -> InvalidInput:
    return too_large("file.sheet_too_large", place, rows=MAX_ROWS, columns=MAX_COLUMNS)


def _texts(sheet: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(_text(value) for value in row) for row in sheet.to_python(skip_empty_area=False)
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, int | timedelta) else ""


def _read_csv(data: bytes) -> Sheet:
    text = decoded(data)
    try:
        delimiter = max(",;\t", key=lambda mark: _width(text, mark))
        rows = tuple(tuple(row) for row in csv.reader(io.StringIO(text, ""), delimiter=delimiter))
    except csv.Error as error:
        raise refused("file.damaged") from error
    if len(rows) > MAX_ROWS or max(map(len, rows), default=0) > MAX_COLUMNS:
        raise _over_the_edge(Place("file"))
    return Sheet("", rows)


def _width(text: str, delimiter: str) -> int:
    """Return how many columns the first fifty rows have under a delimiter."""
    reader = csv.reader(io.StringIO(text, ""), delimiter=delimiter)
    return max((len(row) for row, _ in zip(reader, range(50), strict=False)), default=0)


def write_table(*tables: Table) -> bytes:
    """Return an XLSX workbook with one sheet a table: header frozen, texts written as texts.

    Whole numbers and days are typed; instants (aware, else ``ValueError``) are shown in the
    table's time zone. A text over 32,767 letters is ``InvalidInput``.
    """
    import xlsxwriter  # type: ignore[import-untyped]

    stream = io.BytesIO()
    # In this mode a row leaves memory when the next begins: a result list may have a million.
    with xlsxwriter.Workbook(stream, {"constant_memory": True}) as workbook:
        # The stamp of the writing would make equal tables unequal files.
        workbook.set_properties({"created": datetime(2000, 1, 1)})
        wrap = {"text_wrap": True, "valign": "top"}
        formats = {
            str: workbook.add_format(wrap | {"num_format": "@"}),
            int: workbook.add_format(wrap | {"num_format": "0"}),
            datetime: workbook.add_format(wrap | {"num_format": "yyyy-mm-dd hh:mm:ss"}),
            date: workbook.add_format(wrap | {"num_format": "yyyy-mm-dd"}),
        }
        heading = workbook.add_format(wrap | {"bold": True, "bottom": 1, "num_format": "@"})
        for name, table in zip(_sheet_names(tables), tables, strict=True):
            _write_sheet(workbook.add_worksheet(name), table, formats, heading)
    return stream.getvalue()


def _write_sheet(sheet: Any, table: Table, formats: dict[type, Any], heading: Any) -> None:
    for column in range(len(table.header)):
        width = table.widths[column] if column < len(table.widths) else 14
        sheet.set_column(column, column, width)
    for at, row in enumerate(table.above):
        _write_row(sheet, at, row, formats, table.zone)
    first = len(table.above) + bool(table.above)
    for column, title in enumerate(table.header):
        sheet.write_string(first, column, title, heading)
    sheet.freeze_panes(first + 1, 0)
    for at, cells in enumerate(table.rows, start=first + 1):
        _write_row(sheet, at, cells, formats, table.zone)


def _write_row(
    sheet: Any, at: int, row: Sequence[Cell], formats: dict[type, Any], zone: tzinfo
) -> None:
    for column, value in enumerate(row):
        if value is None or value == "":
            continue
        look = formats[type(value)]
        if isinstance(value, str):
            if len(value) > MAX_CELL:
                raise InvalidInput("file.cell_too_long", letters=len(value), limit=MAX_CELL)
            sheet.write_string(at, column, value, look)
        elif isinstance(value, int):
            sheet.write_number(at, column, value, look)
        else:
            sheet.write_datetime(at, column, _shown(value, zone), look)


def _shown(value: datetime | date, zone: tzinfo) -> datetime | date:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a naive instant: say its time zone")
    return value.astimezone(zone).replace(tzinfo=None)


def _sheet_names(tables: Sequence[Table]) -> list[str]:
    """Return names that XLSX allows: at most 31 letters, none of ``[]:*?/\\``, each its own."""
    names: list[str] = []
    for number, table in enumerate(tables, start=1):
        name = re.sub(r"[\[\]:*?/\\]", " ", table.name).strip("' ")[:31] or f"Sheet{number}"
        if name.casefold() in (each.casefold() for each in names):
            name = f"{name[:27]} {number}"
        names.append(name)
    return names


def write_csv(table: Table) -> bytes:
    """Return a table as CSV in UTF-8, with the byte order mark that Excel knows the encoding by.

    A text that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerows([_inert(cell) for cell in row] for row in table.above)
    writer.writerow(table.header)
    writer.writerows([_inert(cell) for cell in row] for row in table.rows)
    return stream.getvalue().encode("utf-8-sig")


def _inert(value: Cell) -> str:
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
