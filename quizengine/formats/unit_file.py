"""Unit files: a spreadsheet with a row per unit, read with every problem at its cell, and written.

The header row names the columns in Vietnamese or English. A headcount column may carry its day in
its name, ``Đoàn viên (30/6/2021)``; otherwise the day is in the row's own day column. A first row
``quizengine-units | 1`` states the version of the format; without one it is 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from quizengine.core.suggestions import closest
from quizengine.core.text import fold, normalise
from quizengine.core.units import FORMAT_VERSION, Headcount, Unit, check_units
from quizengine.errors import Param, Place, Problem, Severity
from quizengine.formats.tables import Cell, Sheet, Table, cell_address, read_table, write_table

FORMAT = "quizengine-units"
CATEGORIES = ("officials", "members", "employees")

COLUMNS = {
    "code": ("Mã", "Mã đơn vị", "Code", "Unit code"),
    "name": ("Tên", "Tên đơn vị", "Đơn vị", "Name", "Unit"),
    "kind": ("Loại", "Loại hình", "Cấp", "Kind", "Type"),
    "parent": ("Mã cấp trên", "Cấp trên", "Trực thuộc", "Parent", "Parent code"),
    "table": ("Bảng", "Khối", "Bảng thi đua", "Table", "Group"),
    "aliases": ("Tên khác", "Tên gọi khác", "Tên viết tắt", "Aliases", "Other names"),
    "officials": ("Cán bộ công đoàn", "Số cán bộ công đoàn", "Cán bộ", "Officials"),
    "members": ("Đoàn viên", "Số đoàn viên", "Members"),
    "employees": ("Lao động", "Số lao động", "CNVCLĐ", "Employees"),
    "day": ("Ngày số liệu", "Số liệu ngày", "As of", "Headcount day"),
    "valid_from": ("Từ ngày", "Hiệu lực từ", "Valid from"),
    "valid_to": ("Đến ngày", "Hiệu lực đến", "Valid to"),
}
"""What the header row may call each column; case and accents do not matter."""

_NAMES = {fold(name): column for column, names in COLUMNS.items() for name in names}
_COUNT = re.compile(r"\d{1,9}\Z|\d{1,3}(?:[., ]\d{3}){1,2}\Z", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?\Z", re.ASCII)
_LOCAL_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\Z", re.ASCII)
_DATED_NAME = re.compile(r"(.+?)[\s(]+([\d/.-]{8,10})\)?\s*\Z")


@dataclass(frozen=True, slots=True)
class ReadUnits:
    """The units of a file, in its order, and what is wrong with them."""

    units: tuple[Unit, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    at: int
    day: date | None = None


@dataclass(slots=True)
class _Reading:
    """The sheet being read and the problems found in it."""

    sheet: str
    problems: list[Problem] = field(default_factory=list)

    def add(
        self, code: str, row: int, column: int, severity: Severity = "error", /, **params: Param
    ) -> None:
        place = Place("cell", cell_address(self.sheet, row, column))
        self.problems.append(Problem(severity, code, place, params))


def read_units(data: bytes, name: str = "") -> ReadUnits:
    """Return the units of an XLSX or CSV file, with the problems of the cells and of the tree.

    ``InvalidFile`` when the bytes are no spreadsheet.
    """
    sheets = read_table(data, name)
    for sheet in sheets:
        if (header := _header_row(sheet)) is not None:
            return _read_sheet(sheet, header)
    first = sheets[0].name if sheets else ""
    reading = _Reading(first)
    reading.add("unit.header_missing", 0, 0, code=COLUMNS["code"][0], name=COLUMNS["name"][0])
    return ReadUnits((), tuple(reading.problems))


def _header_row(sheet: Sheet) -> int | None:
    """Return the first of the top rows that names at least a column for codes and one for names."""
    for at, row in enumerate(sheet.rows[:20]):
        if {"code", "name"} <= {_NAMES.get(fold(text)) for text in row}:
            return at
    return None


def _read_sheet(sheet: Sheet, header: int) -> ReadUnits:
    reading = _Reading(sheet.name)
    _check_version(sheet, header, reading)
    columns = _columns(sheet.rows[header], header, reading)
    units: list[Unit] = []
    rows: list[int] = []
    for at, cells in enumerate(sheet.rows[header + 1 :], start=header + 1):
        texts = [" ".join(normalise(text).split()) for text in cells]
        if any(texts):
            units.append(_unit(texts, at, columns, reading))
            rows.append(at)
    if not units:
        reading.add("unit.none", header, 0)
    for problem in check_units(units):
        reading.problems.append(_at_cell(problem, rows, columns, sheet.name))
    return ReadUnits(tuple(units), tuple(reading.problems))


def _check_version(sheet: Sheet, header: int, reading: _Reading) -> None:
    for at, row in enumerate(sheet.rows[:header]):
        if row and row[0].strip() == FORMAT:
            version = row[1].strip() if len(row) > 1 else ""
            if version != str(FORMAT_VERSION):
                reading.add("unit.version_other", at, 1, version=version, works=FORMAT_VERSION)


def _columns(header: Sequence[str], row: int, reading: _Reading) -> list[_Column]:
    columns: list[_Column] = []
    for at, text in enumerate(header):
        if not text.strip():
            continue
        column = _column(text, at)
        if column is None:
            code, params = "unit.column_unknown", {"column": text.strip()}
            if similar := closest(text.strip(), (names[0] for names in COLUMNS.values())):
                code, params["similar"] = "unit.column_unknown_similar", similar
            reading.add(code, row, at, "warning", **params)
        elif any((column.name, column.day) == (one.name, one.day) for one in columns):
            reading.add("unit.column_twice", row, at, column=text.strip())
        else:
            columns.append(column)
    return columns


def _column(text: str, at: int) -> _Column | None:
    if name := _NAMES.get(fold(text)):
        return _Column(name, at)
    dated = _DATED_NAME.match(text.strip())
    name = _NAMES.get(fold(dated[1])) if dated else None
    day = read_day(dated[2]) if dated else None
    return _Column(name, at, day) if name in CATEGORIES and day else None


def _unit(texts: Sequence[str], row: int, columns: Sequence[_Column], reading: _Reading) -> Unit:
    cells = {
        column.name: (texts[column.at] if column.at < len(texts) else "", column.at)
        for column in columns
        if column.name not in CATEGORIES
    }

    def text(name: str) -> str:
        return cells.get(name, ("", 0))[0]

    def day(name: str) -> date | None:
        written, at = cells.get(name, ("", 0))
        found = read_day(written)
        if written and not found:
            reading.add("unit.day_unreadable", row, at, text=written)
        return found

    aliases = (alias.strip() for alias in text("aliases").split(";"))
    return Unit(
        code=text("code"),
        name=text("name"),
        kind=text("kind"),
        parent=text("parent"),
        table=text("table"),
        aliases=tuple(dict.fromkeys(alias for alias in aliases if alias)),
        headcounts=_headcounts(texts, row, columns, day("day"), reading),
        valid_from=day("valid_from"),
        valid_to=day("valid_to"),
    )


def _headcounts(
    texts: Sequence[str],
    row: int,
    columns: Sequence[_Column],
    day: date | None,
    reading: _Reading,
) -> tuple[Headcount, ...]:
    counts: list[Headcount] = []
    for column in columns:
        written = texts[column.at] if column.at < len(texts) else ""
        if column.name not in CATEGORIES or not written:
            continue
        on = column.day or day
        if not _COUNT.match(written):
            reading.add("unit.count_unreadable", row, column.at, text=written)
        elif on is None:
            reading.add("unit.count_undated", row, column.at, count=written)
        else:
            count = int(re.sub(r"[., ]", "", written))
            counts.append(Headcount(column.name, on, count))
    return tuple(counts)


def _at_cell(
    problem: Problem, rows: Sequence[int], columns: Sequence[_Column], sheet: str
) -> Problem:
    """Return a problem of the tree at the cell of the file that it is about."""
    index, _, name = problem.place.at.partition(".")
    at = next((column.at for column in columns if column.name == name), 0)
    place = Place("cell", cell_address(sheet, rows[int(index)], at))
    return Problem(problem.severity, problem.code, place, problem.params)


def read_day(text: str) -> date | None:
    """Return the day written as ``2021-07-20`` or ``20/7/2021``; None when it is none."""
    if iso := _ISO_DAY.match(text):
        year, month, day = iso.groups()
    elif local := _LOCAL_DAY.match(text):
        day, month, year = local.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def write_units(units: Sequence[Unit], language: str = "vi") -> bytes:
    """Return an XLSX workbook of the units; reading it gives the same units.

    The columns are named in Vietnamese or, for any other ``language``, in English.
    """
    dated = sorted(
        {(one.category, one.day) for unit in units for one in unit.headcounts},
        key=lambda one: (CATEGORIES.index(one[0]), one[1]),
    )
    names = [_column_name(column, language) for column in COLUMNS]
    head = [name for name, column in zip(names, COLUMNS, strict=True) if column in _PLAIN]
    counted = [f"{_column_name(one, language)} ({day:%d/%m/%Y})" for one, day in dated]
    rows = ((*_plain_cells(unit), *_count_cells(unit, dated)) for unit in units)
    return write_table(
        Table(
            name="Đơn vị" if language == "vi" else "Units",
            header=(*head, *counted),
            rows=rows,
            above=((FORMAT, FORMAT_VERSION),),
            widths=(12, 48, 16, 12, 24, 40),
        )
    )


_PLAIN = ("code", "name", "kind", "parent", "table", "aliases", "valid_from", "valid_to")


def _column_name(column: str, language: str) -> str:
    """Return the first Vietnamese or the first English name of a column."""
    names = COLUMNS[column]
    if language == "vi":
        return names[0]
    return next(name for name in names if name.isascii())


def _plain_cells(unit: Unit) -> tuple[Cell, ...]:
    return (
        *(unit.code, unit.name, unit.kind, unit.parent, unit.table, "; ".join(unit.aliases)),
        *(unit.valid_from, unit.valid_to),
    )


def _count_cells(unit: Unit, dated: Sequence[tuple[str, date]]) -> tuple[Cell, ...]:
    counts: dict[tuple[str, date], Cell] = {
        (one.category, one.day): one.count for one in unit.headcounts
    }
    return tuple(counts.get(one) for one in dated)
