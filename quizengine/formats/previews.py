"""Uploaded files as their previews show them: problems at their questions, keys put right, JSON.

An organiser looks at an uploaded file page by page and puts keys right before anything is loaded.
So that no page has to parse it again, what was read is kept as a document of plain JSON values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from quizengine.core.banks import Bank, Kind, Level, Question
from quizengine.core.lint import KEY_CODES, SPREAD_CODES, find_of_key
from quizengine.core.units import Headcount, Unit
from quizengine.errors import InvalidFile, InvalidInput, Place, Problem
from quizengine.formats.drafts import position
from quizengine.formats.reading import ReadBank
from quizengine.formats.registry import read_bank
from quizengine.formats.unit_file import ReadUnits

Places = Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and the question it stands at, counted from zero; None for the whole file."""

    problem: Problem
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """A bank as it would be loaded, what was found in it, and where its questions stand."""

    bank: Bank
    format: str
    findings: tuple[Finding, ...]
    places: tuple[Places, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems alone, in the order of the file."""
        return tuple(one.problem for one in self.findings)

    def of_question(self, index: int) -> tuple[Problem, ...]:
        """Return the problems of one question."""
        return tuple(one.problem for one in self.findings if one.index == index)


def read_preview(data: bytes, name: str = "") -> Preview:
    """Return the preview of a file of any format; ``InvalidFile`` when it holds no question."""
    read = read_bank(data, name)
    if not read.bank.questions:
        raise InvalidFile("upload.no_questions", read.problems)
    return preview_of(read)


def preview_of(read: ReadBank) -> Preview:
    """Return what was read with each problem at its question."""
    owners = _Owners(read)
    findings = tuple(Finding(problem, owners.of(problem)) for problem in read.problems)
    return Preview(read.bank, read.format, findings, read.places)


class _Owners:
    """Tells which question a problem is about: by its name, its place, or what stands before it."""

    def __init__(self, read: ReadBank) -> None:
        ids = [question.id for question in read.bank.questions]
        times = Counter(ids)
        self.by_id = {id_: index for index, id_ in enumerate(ids) if times[id_] == 1}
        self.by_place: dict[Place, int] = {}
        for index, places in enumerate(read.places):
            for place in places.values():
                self.by_place.setdefault(place, index)
        starts = sorted((_row(places["question"]), at) for at, places in enumerate(read.places))
        self.rows = [row for row, _ in starts]
        self.indexes = [index for _, index in starts]

    def of(self, problem: Problem) -> int | None:
        """Return the question of a problem, None for the file as a whole."""
        named = self.by_id.get(str(problem.params.get("question", "")))
        if named is not None or problem.place.kind == "file":
            return named
        if problem.place in self.by_place:
            return self.by_place[problem.place]
        row = _row(problem.place)
        before = bisect_right(self.rows, row) - 1
        # Rows of another sheet stand before it too, but are not about the same questions.
        is_same_sheet = before >= 0 and self.rows[before][0] == row[0]
        return self.indexes[before] if is_same_sheet else None


def _row(place: Place) -> tuple[str, int]:
    """Return the sheet, if any, and the row, line or paragraph of a place."""
    _, sheet, row, _, _ = position(Problem("error", "", place))
    return sheet, row


def with_key(preview: Preview, index: int, key: int, kind: Kind | None = None) -> Preview:
    """Return the preview with the key of a question put right, and its kind when given.

    ``InvalidInput`` for a question that is not there and a key that is not among its choices.
    """
    questions = preview.bank.questions
    if not 0 <= index < len(questions):
        raise InvalidInput("upload.no_such_question", number=index + 1)
    question = questions[index]
    if not 0 < key < 1 << len(question.choices):
        raise InvalidInput("upload.key_missing", question=question.id)
    new = replace(question, key=key, kind=kind or question.kind)
    bank = replace(preview.bank, questions=(*questions[:index], new, *questions[index + 1 :]))
    return replace(preview, bank=bank, findings=_refound(preview, bank, index))


def _refound(preview: Preview, bank: Bank, index: int) -> tuple[Finding, ...]:
    """Return the findings with those that the key of one question decides found anew."""
    is_whole = all(question.key for question in bank.questions)
    kept = [one for one in preview.findings if not _is_of_key(one, index, is_whole=is_whole)]
    places = preview.places[index]
    for one in find_of_key(bank, index):
        place, owner = Place("file"), None
        if one.index is not None:
            place, owner = places.get(one.part, places["question"]), index
        kept.append(Finding(Problem(one.severity, one.code, place, one.params), owner))
    return tuple(sorted(kept, key=lambda one: position(one.problem)))


def _is_of_key(finding: Finding, index: int, *, is_whole: bool) -> bool:
    code = finding.problem.code
    if code in SPREAD_CODES or (is_whole and code == "bank.key_column_missing"):
        return True
    return finding.index == index and code in KEY_CODES | {"bank.key_unclear"}


def to_document(preview: Preview) -> dict[str, Any]:
    """Return the preview as plain JSON values."""
    bank = preview.bank
    return {
        "format": preview.format,
        "title": bank.title,
        "language": bank.language,
        "as_of": bank.as_of.isoformat() if bank.as_of else None,
        "questions": [asdict(question) for question in bank.questions],
        "places": [
            {part: [place.kind, place.at] for part, place in places.items()}
            for places in preview.places
        ],
        "findings": [[*problem_document(one.problem), one.index] for one in preview.findings],
    }


def from_document(document: Mapping[str, Any]) -> Preview:
    """Return the preview of a document of :func:`to_document`."""
    bank = Bank(
        tuple(_question(values) for values in document["questions"]),
        title=document["title"],
        language=document["language"],
        as_of=date.fromisoformat(document["as_of"]) if document["as_of"] else None,
    )
    places = tuple(
        {part: Place(kind, at) for part, (kind, at) in kept.items()} for kept in document["places"]
    )
    findings = tuple(
        Finding(problem_from(values), index) for *values, index in document["findings"]
    )
    return Preview(bank, document["format"], findings, places)


def problem_document(problem: Problem) -> list[Any]:
    """Return a problem as plain JSON values."""
    place = problem.place
    return [problem.severity, problem.code, place.kind, place.at, dict(problem.params)]


def problem_from(values: Sequence[Any]) -> Problem:
    """Return the problem of :func:`problem_document`."""
    severity, code, kind, at, params = values
    return Problem(severity, code, Place(kind, at), params)


def _question(values: Mapping[str, Any]) -> Question:
    named = {name: value for name, value in values.items() if name not in ("kind", "level")}
    named["choices"] = tuple(values["choices"])
    return Question(kind=Kind(values["kind"]), level=Level(values["level"]), **named)


def units_document(read: ReadUnits) -> dict[str, Any]:
    """Return what was read of a unit list as plain JSON values."""
    return {
        "units": [_unit_document(unit) for unit in read.units],
        "problems": [problem_document(problem) for problem in read.problems],
    }


def _unit_document(unit: Unit) -> dict[str, Any]:
    return asdict(unit) | {
        "headcounts": [[one.category, one.day.isoformat(), one.count] for one in unit.headcounts],
        "valid_from": unit.valid_from.isoformat() if unit.valid_from else None,
        "valid_to": unit.valid_to.isoformat() if unit.valid_to else None,
    }


def units_from(document: Mapping[str, Any]) -> ReadUnits:
    """Return the units of a document of :func:`units_document`."""
    return ReadUnits(
        tuple(_unit(values) for values in document["units"]),
        tuple(problem_from(values) for values in document["problems"]),
    )


def _unit(values: Mapping[str, Any]) -> Unit:
    days = {
        name: date.fromisoformat(values[name]) if values[name] else None
        for name in ("valid_from", "valid_to")
    }
    counts = (
        Headcount(category, date.fromisoformat(day), count)
        for category, day, count in values["headcounts"]
    )
    changed = {"aliases": tuple(values["aliases"]), "headcounts": tuple(counts), **days}
    return Unit(**{**values, **changed})
