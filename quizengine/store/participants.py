"""Finding people of a contest: the rows that an organiser searches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)

from quizengine.core.attempts import State, is_due
from quizengine.store.attempts import takes_answers
from quizengine.store.connection import Executor
from quizengine.store.tables import AttemptRow, EssayRow, ParticipantRow, RoundRow, UnitRow

Standing = Literal["none", "open", "finished", "void"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a search wants of a contest; what is None or empty restricts nothing."""

    contest_id: int
    #: What must all be in the keys of a person and their unit.
    parts: Sequence[str] = ()
    #: Rows that are wanted whatever their keys are, as those of a receipt code.
    numbers: Collection[int] = ()
    units: Collection[str] | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class FoundParticipant:
    """A person who was found, and what their unit is called; None where there is no such name."""

    id: int
    person: str
    name: str
    unit: str
    unit_name: str | None
    #: The unit as the person typed it when it was not listed.
    unit_typed: str | None
    fields: Mapping[str, str]
    is_staff: bool
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptState:
    """Where one of a person's attempts stands."""

    participant_id: int
    round_code: str
    number: int
    state: State


_FOUND = (
    ParticipantRow.id,
    ParticipantRow.person,
    ParticipantRow.name,
    ParticipantRow.unit,
    UnitRow.name,
    ParticipantRow.unit_typed,
    ParticipantRow.fields,
    ParticipantRow.is_staff,
    ParticipantRow.registered_at,
)


def count_people(executor: Executor, wanted: Wanted, now: datetime) -> int:
    """Return how many people a search finds."""
    return executor.scalar(_where(select(func.count()), wanted, now)) or 0


def list_people(
    executor: Executor, wanted: Wanted, now: datetime, *, offset: int, limit: int
) -> tuple[FoundParticipant, ...]:
    """Return some of the people a search finds, in the order of the alphabet.

    Those who are not found by their own name and numbers alone come last.
    """
    query = (
        _where(select(*_FOUND), wanted, now)
        .order_by(_own_first(wanted), ParticipantRow.sort_key, ParticipantRow.id)
        .offset(offset)
        .limit(limit)
    )
    return tuple(FoundParticipant(*row) for row in executor.execute(query))


def find_person(executor: Executor, contest_id: int, number: int) -> FoundParticipant | None:
    """Return a person of a contest by the row's number, or None."""
    query = _joined(select(*_FOUND)).where(
        ParticipantRow.contest_id == contest_id, ParticipantRow.id == number
    )
    row = executor.execute(query).first()
    return FoundParticipant(*row) if row else None


def list_states(
    executor: Executor, numbers: Collection[int], now: datetime
) -> tuple[AttemptState, ...]:
    """Return where the attempts of some people stand now, by round and number."""
    query = (
        select(
            AttemptRow.participant_id,
            RoundRow.code,
            AttemptRow.number,
            AttemptRow.state,
            AttemptRow.deadline_at,
            AttemptRow.grace_ms,
            RoundRow.paused_at,
        )
        .join(RoundRow, RoundRow.id == AttemptRow.round_id)
        .where(AttemptRow.participant_id.in_(numbers))
        .order_by(RoundRow.opens_at, RoundRow.id, AttemptRow.number)
    )
    found = []
    for number, code, attempt, stored, deadline_at, grace_ms, paused_at in executor.execute(query):
        state = State(stored)
        if is_due(state, deadline_at, grace_ms, now, paused_at):
            state = State.EXPIRED
        found.append(AttemptState(number, code, attempt, state))
    return tuple(found)


def read_public_ids(executor: Executor, contest_id: int) -> Iterator[tuple[int, str]]:
    """Yield the row's number of a person and a public id, for every attempt and essay."""
    parts = [
        select(row.participant_id, row.public_id)
        .join(ParticipantRow, ParticipantRow.id == row.participant_id)
        .where(ParticipantRow.contest_id == contest_id)
        for row in (AttemptRow, EssayRow)
    ]
    yield from map(tuple, executor.execute(union_all(*parts)))


def find_running(executor: Executor, person: str, now: datetime) -> str | None:
    """Return the public id of a person's attempt that takes answers now, the first to end."""
    query = (
        select(AttemptRow.public_id)
        .join(ParticipantRow, ParticipantRow.id == AttemptRow.participant_id)
        .where(ParticipantRow.person == person, takes_answers(now))
        .order_by(AttemptRow.deadline_at)
        .limit(1)
    )
    return executor.scalar(query)


def _joined(query: Select[Any]) -> Select[Any]:
    return query.select_from(ParticipantRow).outerjoin(UnitRow, UnitRow.code == ParticipantRow.unit)


def _where(query: Select[Any], wanted: Wanted, now: datetime) -> Select[Any]:
    query = _joined(query).where(ParticipantRow.contest_id == wanted.contest_id)
    if wanted.parts or wanted.numbers:
        query = query.where(_is_meant(wanted))
    if wanted.units is not None:
        query = query.where(ParticipantRow.unit.in_(wanted.units))
    if wanted.standing is not None:
        query = query.where(_stands(wanted.standing, now))
    return query


def _is_meant(wanted: Wanted) -> ColumnElement[bool]:
    by_number = ParticipantRow.id.in_(wanted.numbers)
    if not wanted.parts:
        return by_number
    return or_(by_number, and_(*(or_(_is_own(one), _is_of_unit(one)) for one in wanted.parts)))


def _own_first(wanted: Wanted) -> ColumnElement[int]:
    """Return 0 for those whose own key has all parts: "Đoàn" is a name, and in every union's."""
    return case((and_(true(), *map(_is_own, wanted.parts)), 0), else_=1)


def _is_own(part: str) -> ColumnElement[bool]:
    return ParticipantRow.search_key.contains(part, autoescape=True)


def _is_of_unit(part: str) -> ColumnElement[bool]:
    # Whole words only: "Đỗ" is at the start of "đoàn".
    return (UnitRow.search_key + " ").contains(f"{part} ", autoescape=True)


def _stands(standing: Standing, now: datetime) -> ColumnElement[bool]:
    is_own = AttemptRow.participant_id == ParticipantRow.id
    is_running = takes_answers(now)
    is_over = and_(AttemptRow.state != State.VOID.value, ~is_running)
    conditions: dict[Standing, ColumnElement[bool]] = {
        "none": ~exists().where(is_own),
        "open": exists().where(is_own, is_running),
        "finished": exists().where(is_own, is_over),
        "void": exists().where(is_own, AttemptRow.state == State.VOID.value),
    }
    return conditions[standing]
