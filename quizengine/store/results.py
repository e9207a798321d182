"""What results are computed from, and the computed results themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, func, insert, or_, select, type_coerce

from quizengine.core.attempts import State
from quizengine.store.connection import Executor
from quizengine.store.tables import AttemptRow, ParticipantRow, ResultRow, ResultVersionRow, UnitRow


@dataclass(frozen=True, slots=True)
class FinishedAttempts:
    """The finished attempts of a round that count, as equally long columns; instants in ms."""

    ids: list[int]
    participants: list[int]
    numbers: list[int]
    started_ms: list[int]
    deadline_ms: list[int]
    submitted_ms: list[int | None]
    paused_ms: list[int]
    papers: list[bytes]
    sheets: list[bytes]


@dataclass(frozen=True, slots=True)
class ResultVersion:
    """One computation of a round's result."""

    id: int
    round_id: int
    number: int
    made_at: datetime
    scoring: int
    actual: int | None
    participants: int
    attempts: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One person's place; the participant's row id leads to the name and unit."""

    participant_id: int
    attempt_id: int
    pseudonym: str
    place: int
    shared: int
    points: int
    prediction: int | None
    prediction_error: int | None
    duration_ms: int
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line with whose it is."""

    line: ResultLine
    person: str
    name: str
    unit_name: str
    unit_typed: str | None
    fields: Mapping[str, str]
    consents: tuple[str, ...]


_VERSION = (
    ResultVersionRow.id,
    ResultVersionRow.round_id,
    ResultVersionRow.number,
    ResultVersionRow.made_at,
    ResultVersionRow.scoring,
    ResultVersionRow.actual,
    ResultVersionRow.participants,
    ResultVersionRow.attempts,
    ResultVersionRow.abandoned,
)
_LINE = (
    ResultRow.participant_id,
    ResultRow.attempt_id,
    ResultRow.pseudonym,
    ResultRow.place,
    ResultRow.shared,
    ResultRow.points,
    ResultRow.prediction,
    ResultRow.prediction_error,
    ResultRow.duration_ms,
    ResultRow.finished_at,
)
#: What can be ranked: neither open nor void.
_COUNTING_STATES = (State.SUBMITTED.value, State.EXPIRED.value)


def read_finished(executor: Executor, round_id: int) -> FinishedAttempts:
    """Return every finished attempt of a round but those of staff, in no meaningful order."""
    query = (
        select(
            AttemptRow.id,
            AttemptRow.participant_id,
            AttemptRow.number,
            _milliseconds(AttemptRow.started_at),
            _milliseconds(AttemptRow.deadline_at),
            _milliseconds(AttemptRow.submitted_at),
            AttemptRow.paused_ms,
            AttemptRow.paper,
            AttemptRow.sheet,
        )
        .join(ParticipantRow, ParticipantRow.id == AttemptRow.participant_id)
        .where(
            AttemptRow.round_id == round_id,
            AttemptRow.state.in_(_COUNTING_STATES),
            ParticipantRow.is_staff.is_(False),
        )
        .order_by(AttemptRow.id)
    )
    columns = list(zip(*executor.execute(query), strict=True)) or [()] * 9
    return FinishedAttempts(*(list(column) for column in columns))


def insert_version(
    executor: Executor, values: Mapping[str, Any], lines: Collection[Mapping[str, Any]]
) -> int:
    """Write a computed result as the round's next version; return its number."""
    newest = executor.scalar(
        select(func.max(ResultVersionRow.number)).where(
            ResultVersionRow.round_id == values["round_id"]
        )
    )
    number = (newest or 0) + 1
    version_id = executor.scalar(
        insert(ResultVersionRow).values(number=number, **values).returning(ResultVersionRow.id)
    )
    if lines:
        executor.execute(insert(ResultRow), [{"version_id": version_id, **line} for line in lines])
    return number


def latest_version(executor: Executor, round_id: int) -> ResultVersion | None:
    """Return the newest computed result of a round, or None."""
    query = (
        select(*_VERSION)
        .where(ResultVersionRow.round_id == round_id)
        .order_by(ResultVersionRow.number.desc())
        .limit(1)
    )
    row = executor.execute(query).first()
    return ResultVersion(*row) if row else None


def read_lines(
    executor: Executor, version_id: int, *, offset: int = 0, limit: int | None = None
) -> tuple[NamedLine, ...]:
    """Return lines of a ranking by place, ``limit`` of them from ``offset`` on."""
    query = (
        _lines()
        .where(ResultRow.version_id == version_id)
        .order_by(ResultRow.place, ResultRow.pseudonym)
        .offset(offset)
        .limit(limit)
    )
    return tuple(_line(row) for row in executor.execute(query))


@dataclass(frozen=True, slots=True)
class RankedName:
    """By whom a line of a ranking is found."""

    participant_id: int
    person: str
    name: str
    unit_name: str
    consents: tuple[str, ...]


def find_ranked(
    executor: Executor, version_id: int, words: Collection[str]
) -> tuple[RankedName, ...]:
    """Return the lines, by place, whose person or unit has words that begin with folded ones.

    The keys hold more than names: who is shown must be decided by what is seen of them.
    """
    query = (
        select(
            ParticipantRow.id,
            ParticipantRow.person,
            ParticipantRow.name,
            func.coalesce(UnitRow.name, "").label("unit_name"),
            ParticipantRow.consents,
        )
        .join(ResultRow, ResultRow.participant_id == ParticipantRow.id)
        .outerjoin(UnitRow, UnitRow.code == ParticipantRow.unit)
        .where(ResultRow.version_id == version_id)
        .order_by(ResultRow.place, ResultRow.pseudonym)
    )
    for word in words:
        keys = (ParticipantRow.search_key, UnitRow.search_key)
        query = query.where(or_(*(key.contains(f" {word}", autoescape=True) for key in keys)))
    return tuple(
        RankedName(row.id, row.person, row.name, row.unit_name, tuple(row.consents))
        for row in executor.execute(query)
    )


def read_lines_of(
    executor: Executor, version_id: int, participants: Collection[int]
) -> tuple[NamedLine, ...]:
    """Return the lines of some people by place."""
    query = (
        _lines()
        .where(ResultRow.version_id == version_id, ResultRow.participant_id.in_(participants))
        .order_by(ResultRow.place, ResultRow.pseudonym)
    )
    return tuple(_line(row) for row in executor.execute(query))


def find_line(executor: Executor, version_id: int, person: str) -> NamedLine | None:
    """Return one person's line of a ranking, or None."""
    query = _lines().where(ResultRow.version_id == version_id, ParticipantRow.person == person)
    row = executor.execute(query).first()
    return _line(row) if row else None


def _lines() -> Any:
    lines = select(
        *_LINE,
        ParticipantRow.name,
        ParticipantRow.unit_typed,
        ParticipantRow.fields,
        ParticipantRow.consents,
        ParticipantRow.person,
        func.coalesce(UnitRow.name, "").label("unit_name"),
    )
    named = lines.join(ParticipantRow, ParticipantRow.id == ResultRow.participant_id)
    return named.outerjoin(UnitRow, UnitRow.code == ParticipantRow.unit)


def _line(row: Row[Any]) -> NamedLine:
    line = ResultLine(*row[: len(_LINE)])
    return NamedLine(
        line=line,
        person=row.person,
        name=row.name,
        unit_name=row.unit_name,
        unit_typed=row.unit_typed,
        fields=row.fields,
        consents=tuple(row.consents),
    )


def _milliseconds(instant: Any) -> ColumnElement[int]:
    return type_coerce(instant, BigInteger)
