"""What the desk counts: attempts that did something lately, and what waits for a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, and_, func, select, type_coerce
from sqlalchemy.orm import aliased

from quizengine.core.activity import ActiveAttempts
from quizengine.core.attempts import State
from quizengine.core.clock import to_ms
from quizengine.store.connection import Executor
from quizengine.store.tables import (
    AttemptRow,
    ContestRow,
    EssayRow,
    MatchDecisionRow,
    MatchRow,
    ParticipantRow,
)


@dataclass(frozen=True, slots=True)
class TypedUnit:
    """A unit that people of a contest typed because it is not listed."""

    slug: str
    name: str
    people: int


def read_active(executor: Executor, rounds: Collection[int], since: datetime) -> ActiveAttempts:
    """Return the attempts of rounds whose time reached past an instant, but for staff's and void.

    One query for any number of rounds. An attempt that ended before has done nothing since.
    """
    query = (
        select(
            type_coerce(AttemptRow.started_at, BigInteger),
            type_coerce(AttemptRow.submitted_at, BigInteger),
            AttemptRow.sheet,
        )
        .join(ParticipantRow, ParticipantRow.id == AttemptRow.participant_id)
        .where(
            AttemptRow.round_id.in_(rounds),
            ParticipantRow.is_staff.is_(False),
            AttemptRow.state != State.VOID.value,
            type_coerce(AttemptRow.deadline_at, BigInteger) + AttemptRow.grace_ms >= to_ms(since),
        )
    )
    columns = list(zip(*executor.execute(query), strict=True)) or [(), (), ()]
    return ActiveAttempts(*columns)


def list_typed_units(executor: Executor) -> tuple[TypedUnit, ...]:
    """Return the units that people typed in contests without results, the most frequent first."""
    people = func.count().label("people")
    query = (
        select(ContestRow.slug, ParticipantRow.unit_typed, people)
        .join(ContestRow, ContestRow.id == ParticipantRow.contest_id)
        .where(
            ParticipantRow.unit_typed.is_not(None),
            ParticipantRow.is_staff.is_(False),
            ContestRow.state.in_(("open", "closed")),
        )
        .group_by(ContestRow.slug, ParticipantRow.unit_typed)
        .order_by(people.desc(), ParticipantRow.unit_typed)
    )
    return tuple(TypedUnit(row[0], row[1] or "", row[2]) for row in executor.execute(query))


def count_undecided(executor: Executor) -> dict[str, int]:
    """Return how many pairs of essays that share text nobody decided on, by contest.

    A decision on a text that was replaced since is none.
    """
    first, second = aliased(EssayRow), aliased(EssayRow)
    query = (
        select(ContestRow.slug, func.count())
        .select_from(MatchRow)
        .join(first, first.id == MatchRow.essay_a_id)
        .join(second, second.id == MatchRow.essay_b_id)
        .join(ParticipantRow, ParticipantRow.id == first.participant_id)
        .join(ContestRow, ContestRow.id == ParticipantRow.contest_id)
        .outerjoin(
            MatchDecisionRow,
            and_(
                MatchDecisionRow.essay_a_id == MatchRow.essay_a_id,
                MatchDecisionRow.essay_b_id == MatchRow.essay_b_id,
                MatchDecisionRow.sha256_a == first.sha256,
                MatchDecisionRow.sha256_b == second.sha256,
            ),
        )
        .where(MatchDecisionRow.id.is_(None), ContestRow.state.in_(("open", "closed")))
        .group_by(ContestRow.slug)
    )
    return {row[0]: row[1] for row in executor.execute(query)}
