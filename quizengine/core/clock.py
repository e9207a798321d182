"""Instants and durations: aware UTC in Python, integer milliseconds in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """Return the present instant; edges call this once a request and pass it on as ``now``."""
    return datetime.now(UTC)


def to_ms(instant: datetime) -> int:
    """Return the whole milliseconds since 1970 of an aware instant; ``ValueError`` when naive."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime has no instant: give it a time zone")
    return (instant - EPOCH) // MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """Return the aware UTC instant of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=milliseconds)
