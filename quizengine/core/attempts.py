"""The life of an attempt: its states, its deadline, its duration, and the names it is known by.

Instants are compared in whole milliseconds, as the database stores them, so that Python and SQL
never disagree at a boundary.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from enum import StrEnum

from quizengine.core.clock import from_ms, to_ms
from quizengine.core.contest import ClosePolicy

PUBLIC_ID_BYTES = 16
RECEIPT_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two characters without 0, O, 1 and I, which people confuse when they read aloud."""


class State(StrEnum):
    """Where an attempt stands; only an open one takes answers."""

    OPEN = "open"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    VOID = "void"


def deadline(
    started_at: datetime, allowance_ms: int, closes_at: datetime, policy: ClosePolicy
) -> datetime:
    """Return the instant at which the time of an attempt is over, grace not included."""
    end_ms = to_ms(started_at) + allowance_ms
    if policy is ClosePolicy.CUT:
        end_ms = min(end_ms, to_ms(closes_at))
    return from_ms(end_ms)


def accepts_until(deadline: datetime, grace_ms: int) -> datetime:
    """Return the last instant, itself included, at which an answer is still taken."""
    return from_ms(to_ms(deadline) + grace_ms)


def clock_at(now: datetime, paused_at: datetime | None) -> datetime:
    """Return what the clock of a round shows: ``now``, or when it was stopped by a pause."""
    return now if paused_at is None else min(now, paused_at)


def is_due(
    state: State,
    deadline: datetime,
    grace_ms: int,
    now: datetime,
    paused_at: datetime | None = None,
) -> bool:
    """Return whether an attempt is still open although it takes no more answers.

    While its round is paused nothing falls due.
    """
    return state is State.OPEN and to_ms(clock_at(now, paused_at)) > to_ms(deadline) + grace_ms


def duration_ms(
    started_at: datetime, submitted_at: datetime | None, deadline: datetime, paused_ms: int = 0
) -> int:
    """Return the milliseconds an attempt took, from 0 to the whole time it was given.

    Grace never counts against anybody: what is submitted in it took until the deadline. An attempt
    that was never submitted (``None``) took all its time. Pauses, which the deadline has in it, do
    not count; extra time that was used does.
    """
    end_ms = to_ms(deadline)
    if submitted_at is not None:
        end_ms = min(end_ms, to_ms(submitted_at))
    return max(0, end_ms - to_ms(started_at) - paused_ms)


def new_public_id(random_bytes: bytes) -> str:
    """Return 16 random bytes as 26 lower-case letters and digits, fit for an address.

    Public ids are random because a running number would tell how many attempts there are.
    ``ValueError`` for any other number of bytes.
    """
    if len(random_bytes) != PUBLIC_ID_BYTES:
        raise ValueError(f"a public id is made of {PUBLIC_ID_BYTES} bytes, not {len(random_bytes)}")
    return base64.b32encode(random_bytes).decode().rstrip("=").lower()


def receipt_code(public_id: str) -> str:
    """Return the code a person notes down for an attempt, like ``7KQ4-M2XD``.

    It is the first 40 bits of the SHA-256 of the public id, five bits a character: it names the
    attempt to whoever knows its id and does not lead back to the id.
    """
    bits = int.from_bytes(hashlib.sha256(public_id.encode()).digest()[:5], "big")
    code = "".join(RECEIPT_ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))
    return f"{code[:4]}-{code[4:]}"
