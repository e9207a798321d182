"""How much happens each minute: starts, submissions and answers, counted from what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quizengine.core.clock import from_ms, to_ms
from quizengine.core.sheets import RECORD_BYTES

MINUTES = 60
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class ActiveAttempts:
    """The attempts that may have done something lately, as columns; instants in milliseconds."""

    started_ms: Sequence[int]
    submitted_ms: Sequence[int | None]
    sheets: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened in each of the last whole minutes, the oldest first."""

    #: The beginning of the first minute, and the end of the last.
    since: datetime
    until: datetime
    starts: tuple[int, ...]
    submissions: tuple[int, ...]
    answers: tuple[int, ...]


def window(now: datetime, minutes: int = MINUTES) -> tuple[datetime, datetime]:
    """Return the span of the last whole minutes before an instant."""
    until = now.replace(second=0, microsecond=0)
    return until - timedelta(minutes=minutes), until


def count_minutes(attempts: ActiveAttempts, now: datetime, minutes: int = MINUTES) -> Activity:
    """Return how many starts, submissions and answers fell into each of the last whole minutes.

    An answer counts in the minute in which its last change was saved.
    """
    import numpy as np

    since, until = window(now, minutes)
    started = np.array(attempts.started_ms, dtype=np.int64)
    submitted = np.array([one for one in attempts.submitted_ms if one is not None], dtype=np.int64)
    records = np.frombuffer(b"".join(attempts.sheets), dtype=">u4").reshape(-1, 3).astype(np.int64)
    lengths = [len(sheet) // RECORD_BYTES for sheet in attempts.sheets]
    answered = np.repeat(started, lengths) + records[:, 1]

    def each_minute(instants: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[int, ...]:
        """Return how many instants fall into each minute."""
        minute = (instants - to_ms(since)) // MINUTE_MS
        inside = minute[(minute >= 0) & (minute < minutes)]
        return tuple(np.bincount(inside, minlength=minutes).tolist())

    return Activity(
        since=from_ms(to_ms(since)),
        until=from_ms(to_ms(until)),
        starts=each_minute(started),
        submissions=each_minute(submitted),
        answers=each_minute(answered[records[:, 0] > 0]),
    )
