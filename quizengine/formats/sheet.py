"""Banks as spreadsheets, XLSX and CSV: a header row wherever it is, then a question a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from quizengine.core.banks import LETTERS, Bank, Level, Question, letters_of
from quizengine.core.lint import folded
from quizengine.errors import InvalidInput, Place
from quizengine.formats.document import BANK_LABELS, WORDS
from quizengine.formats.drafts import Draft, DraftBank, one_line, settled
from quizengine.formats.reading import ReadBank, decoded, is_zip
from quizengine.formats.tables import (
    Sheet,
    Table,
    cell_address,
    is_workbook,
    read_table,
    write_csv,
    write_table,
)

#: The part of a question that a column holds, by its folded heading.
COLUMNS = {
    "id": ("câu", "câu số", "stt", "số tt", "tt", "số", "mã", "mã câu hỏi", "id", "no", "number"),
    "topic": ("chủ đề", "chuyên đề", "nội dung", "phần", "topic", "category", "section"),
    "level": ("mức độ", "độ khó", "mức", "level", "difficulty"),
    "kind": ("loại", "loại câu hỏi", "dạng", "kind", "type", "question type"),
    "stem": ("câu hỏi", "nội dung câu hỏi", "question", "question text", "stem"),
    "key": (
        "đáp án",
        "đáp án đúng",
        "phương án đúng",
        "câu trả lời đúng",
        "trả lời đúng",
        "answer",
        "correct",
        "correct answer",
        "correct answers",
        "key",
    ),
    "pinned": ("ghim", "pinned"),
    "explanation": ("giải thích", "lời giải", "explanation"),
    "source": ("nguồn", "trích nguồn", "source", "reference"),
}
_PARTS = {heading: part for part, headings in COLUMNS.items() for heading in headings}
_CHOICE = re.compile(
    r"(?:(?:đáp án|phương án|lựa chọn|trả lời|câu trả lời|answer|option|choice) )?"
    r"(?:(?P<letter>[a-z])|(?P<number>[1-9]))"
)
_HEADINGS = {
    "vi": {"id": "Câu", "stem": "Câu hỏi"},
    "en": {"id": "No.", "stem": "Question"},
}
_WIDTHS = {"id": 6, "stem": 60, "topic": 28, "explanation": 40, "source": 40}


@dataclass(slots=True)
class _Header:
    """What each column of a sheet holds, by column index."""

    row: int
    parts: dict[str, int] = field(default_factory=dict)
    choices: dict[int, int] = field(default_factory=dict)
    """Column index by choice index."""
    unknown: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)

    def is_complete(self) -> bool:
        """Return whether this can be the header of a bank at all."""
        return "stem" in self.parts and {0, 1} <= self.choices.keys()


def is_bank_book(data: bytes, name: str = "") -> bool:
    """Return whether a file is an XLSX workbook, whatever its sheets hold."""
    return is_workbook(data)


def is_bank_csv(data: bytes, name: str = "") -> bool:
    """Return whether a file is a CSV or TSV text with the header row of a bank."""
    if is_zip(data):
        return False
    try:
        decoded(data)
        sheets = read_table(data, name)
    except InvalidInput:
        return False
    return any(_header(sheet) for sheet in sheets)


def read_book(data: bytes) -> ReadBank:
    """Return the bank of an XLSX workbook, each problem at its cell."""
    return _read(data, "xlsx")


def read_csv(data: bytes) -> ReadBank:
    """Return the bank of a CSV file, each problem at its cell."""
    return _read(data, "csv")


def _read(data: bytes, format_name: str) -> ReadBank:
    found = DraftBank(format_name)
    for sheet in read_table(data):
        header = _header(sheet)
        if header:
            _read_facts(found, sheet, header)
            _check_header(found, sheet, header)
            found.drafts += _drafts(found, sheet, header)
        elif any(cell.strip() for row in sheet.rows for cell in row):
            place = Place("cell", cell_address(sheet.name, 0, 0))
            found.report("bank.header_missing", place, "warning", sheet=sheet.name)
    if not found.drafts:
        # Nothing was read, so what the sheets lack is why.
        found.problems = [replace(problem, severity="error") for problem in found.problems]
    return settled(found)


def _header(sheet: Sheet) -> _Header | None:
    for at, row in enumerate(sheet.rows):
        header = _Header(at)
        for column, cell in enumerate(row):
            _place_column(header, column, folded(cell))
        if header.is_complete():
            return header
    return None


def _place_column(header: _Header, column: int, heading: str) -> None:
    choice = _CHOICE.fullmatch(heading)
    if heading in _PARTS:
        part = _PARTS[heading]
        if header.parts.setdefault(part, column) != column:
            header.repeated.append(column)
    elif choice:
        number = int(choice["number"]) - 1 if choice["number"] else ord(choice["letter"]) - 97
        if header.choices.setdefault(number, column) != column:
            header.repeated.append(column)
    elif heading:
        header.unknown.append(column)


def _check_header(found: DraftBank, sheet: Sheet, header: _Header) -> None:
    row = sheet.rows[header.row]

    def place(column: int) -> Place:
        return Place("cell", cell_address(sheet.name, header.row, column))

    if "key" not in header.parts:
        found.report("bank.key_column_missing", place(0))
    for column in header.repeated:
        found.report("bank.column_repeated", place(column), heading=one_line(row[column])[:40])
    for column in header.unknown:
        below = sheet.rows[header.row + 1 :]
        if any(cells[column].strip() for cells in below if column < len(cells)):
            heading = one_line(row[column])[:40]
            found.report("bank.column_unknown", place(column), "warning", heading=heading)
    missing = set(range(max(header.choices))) - header.choices.keys()
    for number in sorted(missing):
        found.report("bank.choice_column_missing", place(0), letter=LETTERS[number])


def _read_facts(found: DraftBank, sheet: Sheet, header: _Header) -> None:
    """Take the title, language and day that stand above the header, label by value."""
    for at, row in enumerate(sheet.rows[: header.row]):
        filled = [(column, cell) for column, cell in enumerate(row) if cell.strip()]
        if not filled:
            continue
        (column, label), *values = filled
        part = BANK_LABELS.get(folded(label))
        if part and values and part not in found.places:
            found.places[part] = Place("cell", cell_address(sheet.name, at, values[0][0]))
            setattr(found, part, values[0][1])
        else:
            place = Place("cell", cell_address(sheet.name, at, column))
            found.report("bank.line_not_read", place, "warning", text=one_line(label)[:60])


def _drafts(found: DraftBank, sheet: Sheet, header: _Header) -> Iterator[Draft]:
    for at in range(header.row + 1, len(sheet.rows)):
        row = sheet.rows[at]
        if not any(cell.strip() for cell in row):
            continue

        def place(column: int, at: int = at) -> Place:
            return Place("cell", cell_address(sheet.name, at, column))

        def cell(column: int, row: tuple[str, ...] = row) -> str:
            return row[column] if column < len(row) else ""

        draft = Draft(place(header.parts.get("id", header.parts["stem"])))
        for part, column in header.parts.items():
            setattr(draft, part, cell(column))
            draft.places[part] = place(column)
        choices = [cell(column) for _, column in sorted(header.choices.items())]
        while choices and not choices[-1].strip():
            choices.pop()
        draft.choices = choices
        draft.places["choices"] = place(header.choices[0])
        yield draft


def write_book(bank: Bank) -> bytes:
    """Return the bank as an XLSX workbook with one sheet; equal banks give equal bytes."""
    return write_table(_table(bank))


def write_bank_csv(bank: Bank) -> bytes:
    """Return the bank as CSV with a byte order mark, without which Excel guesses the encoding."""
    return write_csv(_table(bank))


def _table(bank: Bank) -> Table:
    words = WORDS["vi" if bank.language == "vi" else "en"]
    headings = words | _HEADINGS["vi" if bank.language == "vi" else "en"]
    count = max([4, *(len(question.choices) for question in bank.questions)])
    columns = ["id", "topic", "level", "kind", "stem", *LETTERS[:count]]
    columns += ["key", "pinned", "explanation", "source"]
    facts = {
        "title": bank.title,
        "language": bank.language,
        "as_of": bank.as_of.isoformat() if bank.as_of else "",
    }
    return Table(
        name="Câu hỏi" if bank.language == "vi" else "Questions",
        header=tuple(headings.get(column, column) for column in columns),
        rows=[_row(question, count, words) for question in bank.questions],
        above=tuple((words[part], text) for part, text in facts.items() if text),
        widths=tuple(_WIDTHS.get(column, 24 if column in LETTERS else 12) for column in columns),
    )


def _row(question: Question, count: int, words: dict[str, str]) -> tuple[str, ...]:
    stated = question.level is not Level.UNSTATED
    return (
        question.id,
        question.topic,
        words[str(question.level)] if stated else "",
        words[str(question.kind)],
        question.stem,
        *question.choices,
        *[""] * (count - len(question.choices)),
        ", ".join(letters_of(question.key)),
        ", ".join(letters_of(question.pinned)),
        question.explanation,
        question.source,
    )
