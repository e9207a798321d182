"""Upkeep: one sweep that may run at any time, any number of times, by any number of processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from quizengine.store import attempts, people


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    expired: int
    """Attempts whose time was over."""
    ended_sessions: int


def sweep(session: Session, *, now: datetime) -> Swept:
    """Close what is due and forget what has ended; a second sweep finds nothing to do."""
    return Swept(
        expired=attempts.close_due(session, now),
        ended_sessions=people.delete_ended_sessions(session, now),
    )
