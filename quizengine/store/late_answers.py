"""Answers that came too late: kept apart from the sheets, told to the person, never marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from quizengine.store.connection import Executor, upsert
from quizengine.store.tables import LateAnswerRow


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """The last answer to a slot that came too late; the device's own time proves nothing."""

    slot: int
    sequence: int
    value: int
    arrived_at: datetime
    device_at: datetime | None


def keep(executor: Executor, attempt_id: int, answer: LateAnswer) -> None:
    """Keep a late answer unless a later one of its slot is kept: at most one a slot."""
    statement = upsert(executor, LateAnswerRow).values(
        attempt_id=attempt_id,
        slot=answer.slot,
        sequence=answer.sequence,
        value=answer.value,
        arrived_at=answer.arrived_at,
        device_at=answer.device_at,
    )
    executor.execute(
        statement.on_conflict_do_update(
            index_elements=[LateAnswerRow.attempt_id, LateAnswerRow.slot],
            set_={
                name: getattr(statement.excluded, name)
                for name in ("sequence", "value", "arrived_at", "device_at")
            },
            where=LateAnswerRow.sequence < statement.excluded.sequence,
        )
    )


def list_of(executor: Executor, attempt_id: int) -> tuple[LateAnswer, ...]:
    """Return the late answers of an attempt, by slot."""
    query = (
        select(
            LateAnswerRow.slot,
            LateAnswerRow.sequence,
            LateAnswerRow.value,
            LateAnswerRow.arrived_at,
            LateAnswerRow.device_at,
        )
        .where(LateAnswerRow.attempt_id == attempt_id)
        .order_by(LateAnswerRow.slot)
    )
    return tuple(LateAnswer(*row) for row in executor.execute(query))
