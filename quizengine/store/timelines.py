"""What the record holds of one attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from quizengine.store.connection import Executor
from quizengine.store.tables import AttemptRow, AuditRow


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did to an attempt beside answering it."""

    at: datetime
    action: str
    details: Mapping[str, Any]


def list_acts(executor: Executor, public_id: str) -> tuple[Act, ...]:
    """Return what changed an attempt, in order; looks at it are left out."""
    query = (
        select(AuditRow.at, AuditRow.action, AuditRow.details)
        .where(
            AuditRow.subject == public_id,
            AuditRow.action.in_(("attempt.reopen", "attempt.extra_time", "attempt.void")),
        )
        .order_by(AuditRow.number)
    )
    return tuple(Act(*row) for row in executor.execute(query))


def read_void_reason(executor: Executor, attempt_id: int) -> str:
    """Return why a void attempt does not count; empty for another."""
    query = select(AttemptRow.void_reason).where(AttemptRow.id == attempt_id)
    return executor.scalar(query) or ""
