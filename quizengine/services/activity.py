"""Live figures of contests that run: for staff only, and under embargo where people predict.

While a round asks a prediction its figures are closed to everybody who takes part in earnest, and
each look at them is on record.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from quizengine.core.activity import Activity, count_minutes, window
from quizengine.services import audit
from quizengine.services.contests import ContestPage, round_phase
from quizengine.store import activity, contests, people
from quizengine.store import audit as record
from quizengine.store.connection import Executor

REMEMBERED = timedelta(seconds=10)
"""How old figures may be: however many look, they are counted once in this span."""
VIEWED = "figures.view"


class LiveFigures:
    """The figures that a process has lately counted; safe to share between threads."""

    def __init__(self) -> None:
        self._counted: dict[str, tuple[datetime, Activity]] = {}
        self._viewed: set[tuple[str, str, datetime]] = set()
        self._guard = threading.Lock()

    def of(self, executor: Executor, slug: str, *, now: datetime) -> Activity:
        """Return the figures of a contest, counted anew when those remembered are too old."""
        # Who comes while another counts waits for that and counts nothing.
        with self._guard:
            at, found = self._counted.get(slug, (now, None))
            if found is None or not at <= now < at + REMEMBERED:
                found = count(executor, slug, now=now)
                self._counted[slug] = now, found
            return found

    def has_viewed(self, person: str, slug: str, hour: datetime) -> bool:
        """Return whether this process knows that a person's look in this hour is on record."""
        with self._guard:
            return (person, slug, hour) in self._viewed

    def note_view(self, person: str, slug: str, hour: datetime) -> None:
        """Remember that it is; earlier hours are forgotten."""
        with self._guard:
            kept = {view for view in self._viewed if view[2] == hour}
            self._viewed = kept | {(person, slug, hour)}


def count(executor: Executor, slug: str, *, now: datetime) -> Activity:
    """Return what happened in a contest in each of the last sixty whole minutes."""
    stored = contests.find_contest(executor, slug)
    rounds = [row.id for row in contests.list_rounds(executor, stored.id)] if stored else []
    since, _ = window(now)
    return count_minutes(activity.read_active(executor, rounds, since), now)


def is_under_embargo(page: ContestPage, now: datetime) -> bool:
    """Return whether a contest's figures are closed: a round with a prediction has not ended."""
    return page.state == "open" and any(
        one.rules.prediction is not None and round_phase(one, page.state, now) != "after"
        for one in page.rounds
    )


def may_see_figures(executor: Executor, page: ContestPage, person: str, *, now: datetime) -> bool:
    """Return whether somebody of staff may see live figures: not who takes part in earnest."""
    if not is_under_embargo(page, now):
        return True
    registered = people.find_participant(executor, page.slug, person)
    return registered is None or registered.is_staff


def record_view(session: Session, slug: str, *, actor: str, now: datetime) -> None:
    """Put on record that somebody saw figures under embargo: once a person, contest and hour."""
    record.last_entry(session)  # nobody else appends from here on
    is_there = record.has_entry_since(
        session, action=VIEWED, actor=actor, subject=slug, since=hour_of(now)
    )
    if not is_there:
        audit.record(session, action=VIEWED, subject=slug, actor=actor, now=now)


def hour_of(now: datetime) -> datetime:
    """Return the beginning of the hour of an instant."""
    return now.replace(minute=0, second=0, microsecond=0)
