"""Upkeep: one sweep that may run at any time, any number of times, by any number of processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from quizengine.services import uploads
from quizengine.store import attempts, leases, people

JOB = "sweep"
LEASE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    expired: int
    """Attempts whose time was over."""
    ended_sessions: int
    dropped_uploads: int = 0


def sweep(session: Session, *, now: datetime) -> Swept:
    """Close what is due and forget what has ended; a second sweep finds nothing to do."""
    return Swept(
        expired=attempts.close_due(session, now),
        ended_sessions=people.delete_ended_sessions(session, now),
        dropped_uploads=uploads.drop_old(session, now=now),
    )


def sweep_in_turn(session: Session, *, holder: str, now: datetime) -> Swept | None:
    """Sweep if this process holds or gets the lease; None while another process does."""
    until = now + timedelta(seconds=LEASE_SECONDS)
    if not leases.take_lease(session, JOB, holder, now, until):
        return None
    return sweep(session, now=now)
