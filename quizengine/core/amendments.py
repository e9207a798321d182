"""Amendments: what may change in an open contest, and the contest's rules after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from quizengine.core.contest import Contest, Window

ESSAY = ""
"""Stands in place of a round's code for the essay."""


class Change(StrEnum):
    """What an amendment changes."""

    EXTEND = "extend"
    PAUSE = "pause"
    RESUME = "resume"
    EXTRA_TIME = "extra_time"


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change of an open contest as everybody may read it: for one attempt, never whose it is."""

    number: int
    change: Change
    round_code: str
    at: datetime
    reason: str
    """Empty for extra time, whose reason is a person's own affair."""
    closes_at: datetime | None = None
    """The new end, of an extension."""
    span_ms: int = 0
    """How long the pause was that ends, or how much time was given."""


def amended(contest: Contest, amendments: Iterable[Amendment]) -> Contest:
    """Return the rules as they are now: every window as it was last extended."""
    ends = {
        one.round_code: one.closes_at
        for one in sorted(amendments, key=lambda one: one.number)
        if one.change is Change.EXTEND and one.closes_at is not None
    }
    return replace(
        contest,
        rounds=tuple(_extended(one, ends.get(one.id)) for one in contest.rounds),
        essay=_extended(contest.essay, ends.get(ESSAY)) if contest.essay else None,
    )


def _extended(window: Window, closes_at: datetime | None) -> Window:
    return replace(window, closes_at=closes_at) if closes_at else window
