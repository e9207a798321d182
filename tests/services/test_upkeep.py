"""Upkeep: a sweep that may run at any time, any number of times, by any number of processes."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from quizengine.core.attempts import State
from quizengine.core.clock import utc_now
from quizengine.scheduler import holder_name, start_upkeep, sweep_once
from quizengine.services import upkeep
from quizengine.services.upkeep import LEASE_SECONDS, Swept
from quizengine.store import attempts
from tests.services.desk import (
    GRACE,
    LIMIT,
    MILLISECOND,
    OPENS,
    SECOND,
    Desk,
    make_contest,
    opened_desk,
)

LATE = OPENS + LIMIT + GRACE + MILLISECOND
NOTHING = Swept(expired=0, ended_sessions=0)
LEASE = LEASE_SECONDS * SECOND


@pytest.fixture
def due(desk: Desk) -> Desk:
    """The desk with two attempts that end at the same time, one submitted and one a day later."""
    for person in ("an", "binh", "chi", "dung"):
        desk.register(person)
    desk.start("an", OPENS)
    desk.start("binh", OPENS)
    desk.take("chi", OPENS)
    desk.start("dung", OPENS + timedelta(days=1))
    return desk


def sweep(desk: Desk, at: datetime, holder: str = "one") -> Swept | None:
    """Sweep as a process does."""
    return desk.do(lambda session: upkeep.sweep_in_turn(session, holder=holder, now=at))


def test_a_sweep_closes_what_is_due_and_a_second_one_nothing(due: Desk) -> None:
    assert due.do(lambda session: upkeep.sweep(session, now=LATE - MILLISECOND)) == NOTHING
    assert due.do(lambda session: upkeep.sweep(session, now=LATE)).expired == 2
    assert due.do(lambda session: upkeep.sweep(session, now=LATE)) == NOTHING


def test_another_process_waits_while_the_lease_lasts(due: Desk) -> None:
    assert sweep(due, LATE) == Swept(expired=2, ended_sessions=0)
    assert sweep(due, LATE + SECOND, "two") is None
    assert sweep(due, LATE + LEASE - SECOND, "one") == NOTHING
    assert sweep(due, LATE + LEASE, "two") is None
    assert sweep(due, LATE + 2 * LEASE - SECOND, "two") == NOTHING
    assert sweep(due, LATE + 2 * LEASE, "one") is None


def test_the_sweep_of_a_process_reads_its_clock(due: Desk) -> None:
    first = sweep_once(due.engine, clock=lambda: LATE)
    assert first == Swept(expired=2, ended_sessions=0)
    assert sweep(due, LATE, "another") is None
    assert sweep_once(due.engine, clock=lambda: LATE) == NOTHING
    assert len(holder_name()) <= 80


def test_the_scheduler_sweeps_until_it_is_shut_down(sqlite_url: str) -> None:
    now = utc_now()
    contest = make_contest().shifted(now - OPENS - timedelta(hours=1))
    with opened_desk(sqlite_url, contest) as desk:
        desk.register("an")
        public_id = desk.start("an", now - timedelta(minutes=30)).public_id
        scheduler = start_upkeep(desk.engine, seconds=1)
        end = time.monotonic() + 30
        state = State.OPEN
        while state is State.OPEN and time.monotonic() < end:
            time.sleep(0.1)
            found = desk.look(lambda session: attempts.find_any_attempt(session, public_id))
            assert found is not None
            state = found.state
        scheduler.shutdown()
        assert state is State.EXPIRED
