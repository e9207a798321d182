"""Amendments: nothing acknowledged is lost, no deadline comes nearer, pauses are nobody's time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import sleep
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from quizengine.core import sheets
from quizengine.core.amendments import Change
from quizengine.core.attempts import State, duration_ms
from quizengine.core.contest import ClosePolicy, Contest, Reopen, Reveal
from quizengine.core.sheets import Outcome
from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import amendments, attempts, contests, essays, upkeep
from quizengine.services.answers import Answer
from quizengine.services.transaction import transaction
from quizengine.store import attempts as store
from quizengine.store.attempts import StoredAttempt
from quizengine.store.tables import AuditRow, RoundRow
from tests.services.desk import (
    ACTOR,
    AFTER,
    CLOSES,
    ESSAY_CLOSES,
    GRACE,
    LIMIT,
    MILLISECOND,
    MINUTE,
    OPENS,
    ROUND,
    SECOND,
    SLUG,
    Desk,
    make_contest,
    make_round,
    opened_desk,
    words,
)

WHY = "Mất điện toàn quận"
LATE = CLOSES - 15 * MINUTE
"""A start at this instant is cut to fifteen of its twenty minutes."""

Open = Callable[[Contest], Desk]


@pytest.fixture
def opened(database_url: str) -> Iterator[Open]:
    """Opens a desk with the contest that a test asks for."""
    made: list[Any] = []

    def work(contest: Contest) -> Desk:
        context = opened_desk(database_url, contest)
        made.append(context)
        return context.__enter__()

    yield work
    for context in made:
        context.__exit__(None, None, None)


def extend(desk: Desk, closes_at: datetime, at: datetime) -> int:
    """Extend the round."""
    return desk.do(
        lambda session: amendments.extend_round(
            session, SLUG, ROUND, closes_at=closes_at, reason=WHY, actor=ACTOR, now=at
        )
    )


def pause(desk: Desk, at: datetime) -> None:
    """Pause the round."""
    desk.do(
        lambda session: amendments.pause_round(
            session, SLUG, ROUND, reason=WHY, actor=ACTOR, now=at
        )
    )


def resume(desk: Desk, at: datetime) -> int:
    """Resume the round."""
    return desk.do(
        lambda session: amendments.resume_round(
            session, SLUG, ROUND, reason=WHY, actor=ACTOR, now=at
        )
    )


def give(desk: Desk, public_id: str, minutes: int, at: datetime) -> None:
    """Give an attempt extra time."""
    desk.do(
        lambda session: amendments.give_extra_time(
            session, SLUG, public_id, minutes=minutes, reason=WHY, actor=ACTOR, now=at
        )
    )


def reopen(desk: Desk, public_id: str, minutes: int, at: datetime) -> None:
    """Open an attempt again."""
    desk.do(
        lambda session: amendments.reopen_attempt(
            session, SLUG, public_id, minutes=minutes, reason=WHY, actor=ACTOR, now=at
        )
    )


def stored(desk: Desk, public_id: str) -> StoredAttempt:
    """Return an attempt's row."""
    row = desk.look(lambda session: store.find_any_attempt(session, public_id))
    assert row is not None
    return row


def save(desk: Desk, person: str, public_id: str, at: datetime, sequence: int = 1) -> Outcome:
    """Answer the first question."""
    answer = Answer(0, sequence, frozenset({sequence % 2}))
    return desk.save(person, public_id, [answer], at)[0].outcome


def started(desk: Desk, at: datetime) -> tuple[str, str]:
    """Return somebody new and the attempt they have started."""
    person = desk.newcomer()
    return person, desk.start(person, at).public_id


def test_extending_gives_back_what_the_close_cut_and_no_more(desk: Desk) -> None:
    _, early = started(desk, CLOSES - 40 * MINUTE)
    _, cut = started(desk, LATE)
    _, whole = started(desk, CLOSES - 20 * MINUTE)
    assert extend(desk, CLOSES + 3 * MINUTE, CLOSES - MINUTE) == 1
    assert stored(desk, early).deadline_at == CLOSES - 20 * MINUTE
    assert stored(desk, cut).deadline_at == CLOSES + 3 * MINUTE
    assert stored(desk, whole).deadline_at == CLOSES
    assert extend(desk, CLOSES + timedelta(hours=1), CLOSES - MINUTE) == 1
    assert stored(desk, cut).deadline_at == LATE + LIMIT


def test_extra_time_and_pauses_before_an_extension_are_kept_beside_it(desk: Desk) -> None:
    late = CLOSES - 5 * MINUTE
    (_, given), (_, plain) = started(desk, late), started(desk, late)
    give(desk, given, 8, late + MINUTE)
    pause(desk, late + MINUTE)
    resume(desk, late + 4 * MINUTE)
    extend(desk, CLOSES + 10 * MINUTE, CLOSES)
    assert stored(desk, plain).deadline_at == CLOSES + 13 * MINUTE
    assert stored(desk, given).deadline_at == CLOSES + 21 * MINUTE


def test_people_may_start_until_the_new_close(desk: Desk) -> None:
    extend(desk, CLOSES + timedelta(hours=2), CLOSES + MINUTE)
    _, public_id = started(desk, CLOSES + timedelta(hours=1))
    assert stored(desk, public_id).deadline_at == CLOSES + timedelta(hours=1) + LIMIT
    with pytest.raises(Conflict, match=r"round\.closed"):
        started(desk, CLOSES + timedelta(hours=2))


@pytest.mark.postgres
@pytest.mark.parametrize("change", ["close", "extend", "pause"])
def test_a_start_waits_for_a_change_of_its_round_and_obeys_it(
    postgres_url: str, change: str
) -> None:
    """Only PostgreSQL has two writers: the start reads while the change is not committed yet."""
    with opened_desk(postgres_url) as desk, ThreadPoolExecutor(1) as pool:
        person = desk.newcomer()
        with Session(desk.engine) as session, transaction(session):
            if change == "close":
                contests.close_contest(session, SLUG, now=LATE, actor=ACTOR)
            elif change == "pause":
                amendments.pause_round(session, SLUG, ROUND, reason=WHY, actor=ACTOR, now=LATE)
            else:
                amendments.extend_round(
                    session,
                    SLUG,
                    ROUND,
                    closes_at=CLOSES + MINUTE,
                    reason=WHY,
                    actor=ACTOR,
                    now=LATE,
                )
            start = pool.submit(desk.start, person, LATE)
            _wait_for_lock(desk, start)
        if change == "extend":
            assert stored(desk, start.result().public_id).deadline_at == LATE + 16 * MINUTE
        else:
            with pytest.raises(Conflict, match=r"(contest\.not_open|round\.(paused|closed))"):
                start.result()


@pytest.mark.postgres
def test_a_change_of_a_round_waits_for_a_start(postgres_url: str) -> None:
    with opened_desk(postgres_url) as desk, ThreadPoolExecutor(1) as pool:
        person = desk.newcomer()
        with Session(desk.engine) as session, transaction(session):
            begun = attempts.start_attempt(
                session, SLUG, ROUND, person=person, now=LATE, papers=desk.papers
            )
            close = pool.submit(desk.close, LATE + MINUTE)
            _wait_for_lock(desk, close)
        close.result()
        assert stored(desk, begun.public_id).deadline_at == LATE + MINUTE


def _wait_for_lock(desk: Desk, work: Future[Any]) -> None:
    """Return once somebody waits for another's lock, or the work is done without."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not work.done():
        with desk.engine.connect() as connection:
            if connection.scalar(waiting):
                return
        sleep(0.01)


def test_whose_time_was_over_stays_over_when_the_round_is_extended(desk: Desk) -> None:
    """Swept or not: both stand as the close left them."""
    (_, swept), (_, waiting) = started(desk, LATE), started(desk, LATE)
    after = CLOSES + GRACE + SECOND
    desk.do(lambda session: upkeep.sweep(session, now=after))
    assert extend(desk, CLOSES + timedelta(hours=1), after) == 0
    for public_id in (swept, waiting):
        assert stored(desk, public_id).state is State.EXPIRED
        assert stored(desk, public_id).deadline_at == CLOSES


def test_without_a_cut_an_extension_moves_no_attempt(opened: Open) -> None:
    desk = opened(make_contest(rules=make_round(close_policy=ClosePolicy.LAST_START)))
    _, public_id = started(desk, LATE)
    assert extend(desk, CLOSES + timedelta(hours=1), LATE) == 0
    assert stored(desk, public_id).deadline_at == LATE + LIMIT


@pytest.mark.parametrize(
    ("closes_at", "code"),
    [
        (CLOSES, "amendment.not_later"),
        (CLOSES - MINUTE, "amendment.not_later"),
        (AFTER + SECOND, "amendment.after_results"),
    ],
)
def test_a_round_is_only_ever_closed_later_and_before_the_results(
    desk: Desk, closes_at: datetime, code: str
) -> None:
    with pytest.raises(InvalidInput, match=code):
        extend(desk, closes_at, LATE)


def test_an_extension_has_a_reason(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"amendment\.without_reason"):
        desk.do(
            lambda session: amendments.extend_round(
                session,
                SLUG,
                ROUND,
                closes_at=CLOSES + MINUTE,
                reason=" \n ",
                actor=ACTOR,
                now=LATE,
            )
        )


def test_a_round_whose_key_is_out_is_not_extended_but_a_paused_one_keeps_it_in(
    opened: Open,
) -> None:
    desk = opened(make_contest(rules=make_round(reveal=Reveal.KEY_AFTER_CLOSE)))
    pause(desk, LATE)
    extend(desk, CLOSES + timedelta(hours=2), CLOSES + timedelta(hours=1))
    resume(desk, CLOSES + timedelta(hours=1))
    with pytest.raises(Conflict, match=r"amendment\.key_is_out"):
        extend(desk, CLOSES + timedelta(hours=9), CLOSES + timedelta(hours=3))


def test_the_key_waits_for_the_last_attempt_with_extra_time(opened: Open) -> None:
    rules = make_round(reveal=Reveal.KEY_AFTER_CLOSE, reopen=Reopen.NEVER)
    desk = opened(make_contest(rules=rules))
    done, own = started(desk, LATE)
    desk.submit(done, own, LATE + MINUTE)
    _, other = started(desk, LATE)
    give(desk, other, 10, LATE)
    assert desk.receipt(done, own, CLOSES + 9 * MINUTE).points is None
    assert desk.receipt(done, own, CLOSES + 10 * MINUTE + GRACE + SECOND).points is not None


def test_the_essay_takes_texts_until_its_new_end(desk: Desk) -> None:
    end = ESSAY_CLOSES + timedelta(hours=3)
    person = desk.newcomer()
    desk.do(
        lambda session: amendments.extend_essay(
            session, SLUG, closes_at=end, reason=WHY, actor=ACTOR, now=ESSAY_CLOSES
        )
    )
    assert desk.write(person, words(30), end).words == 30
    with pytest.raises(Conflict, match=r"essay\.closed"):
        desk.write(person, words(40), end + SECOND, 2)
    page = desk.look(lambda session: essays.essay_page(session, SLUG, person, now=end))
    assert page.task.closes_at == end


def test_in_a_pause_answers_are_kept_nobody_starts_and_nobody_runs_out(desk: Desk) -> None:
    person, public_id = started(desk, OPENS)
    pause(desk, OPENS + 15 * MINUTE)
    long_after = OPENS + timedelta(hours=3)
    desk.do(lambda session: upkeep.sweep(session, now=long_after))
    assert save(desk, person, public_id, long_after) is Outcome.SAVED
    exam = desk.exam(person, public_id, long_after)
    assert (exam.state, exam.is_paused) == (State.OPEN, True)
    assert exam.deadline_at - exam.clock_at == 5 * MINUTE
    with pytest.raises(Conflict, match=r"round\.paused"):
        started(desk, long_after)
    assert desk.start(person, long_after).public_id == public_id


def test_after_a_pause_everybody_has_left_what_they_had(desk: Desk) -> None:
    _, running = started(desk, OPENS)
    _, cut = started(desk, LATE)
    pause(desk, CLOSES - MINUTE)
    assert resume(desk, CLOSES + 29 * MINUTE) == 1
    assert stored(desk, running).state is State.EXPIRED
    assert stored(desk, running).deadline_at == OPENS + LIMIT
    assert stored(desk, cut).deadline_at == CLOSES + 30 * MINUTE
    assert stored(desk, cut).paused_ms == 30 * MINUTE // MILLISECOND


def test_what_arrived_in_the_pause_and_waited_is_kept_after_it(desk: Desk) -> None:
    person, public_id = started(desk, OPENS)
    pause(desk, OPENS + MINUTE)
    resume(desk, OPENS + 61 * MINUTE)
    assert save(desk, person, public_id, OPENS + 60 * MINUTE) is Outcome.SAVED
    assert save(desk, person, public_id, OPENS + 80 * MINUTE + GRACE, 2) is Outcome.SAVED
    late = OPENS + 80 * MINUTE + GRACE + MILLISECOND
    assert save(desk, person, public_id, late, 3) is Outcome.REFUSED


def test_handing_in_during_a_pause_takes_the_time_before_it(desk: Desk) -> None:
    person, public_id = started(desk, OPENS)
    pause(desk, OPENS + 7 * MINUTE)
    slip = desk.submit(person, public_id, OPENS + 40 * MINUTE)
    assert slip.duration_ms == 7 * MINUTE // MILLISECOND
    resume(desk, OPENS + 60 * MINUTE)
    again = desk.receipt(person, public_id, OPENS + 60 * MINUTE)
    assert again.duration_ms == slip.duration_ms


def test_a_submitted_attempt_is_not_opened_again_in_a_pause(opened: Open) -> None:
    desk = opened(make_contest(rules=make_round(reopen=Reopen.UNTIL_DEADLINE)))
    person, public_id = started(desk, OPENS)
    desk.submit(person, public_id, OPENS + MINUTE)
    pause(desk, OPENS + 2 * MINUTE)
    at = OPENS + 3 * MINUTE
    assert desk.receipt(person, public_id, at).reopen_until is None
    with pytest.raises(Conflict, match=r"round\.paused"):
        desk.do(lambda session: attempts.reopen_attempt(session, public_id, person=person, now=at))


def test_closing_in_a_pause_counts_what_was_answered_in_it(desk: Desk) -> None:
    person, public_id = started(desk, OPENS)
    desk.answer(person, public_id, OPENS + SECOND)
    pause(desk, OPENS + 6 * MINUTE)
    assert save(desk, person, public_id, OPENS + 20 * MINUTE, 9) is Outcome.SAVED
    desk.close(OPENS + 50 * MINUTE)
    desk.publish(AFTER)
    (line,) = desk.ranking()
    assert line["duration_ms"] == 6 * MINUTE // MILLISECOND
    assert stored(desk, public_id).paused_at is None


def test_pausing_twice_and_resuming_what_runs_is_refused(desk: Desk) -> None:
    with pytest.raises(Conflict, match=r"round\.not_paused"):
        resume(desk, OPENS)
    pause(desk, OPENS)
    with pytest.raises(Conflict, match=r"round\.is_paused"):
        pause(desk, OPENS + MINUTE)


def test_extra_time_goes_past_the_close_and_counts_as_time_taken(desk: Desk) -> None:
    person, public_id = started(desk, LATE)
    give(desk, public_id, 10, LATE + MINUTE)
    assert stored(desk, public_id).deadline_at == CLOSES + 10 * MINUTE
    slip = desk.submit(person, public_id, CLOSES + 4 * MINUTE)
    assert slip.duration_ms == 19 * MINUTE // MILLISECOND


def test_an_attempt_that_ended_gets_no_extra_time_but_can_be_opened_again(desk: Desk) -> None:
    person, public_id = started(desk, OPENS)
    assert save(desk, person, public_id, OPENS + MINUTE) is Outcome.SAVED
    at = OPENS + LIMIT + 30 * MINUTE
    with pytest.raises(Conflict, match=r"attempt\.not_open"):
        give(desk, public_id, 5, at)
    with pytest.raises(Conflict, match=r"attempt\.no_time_left"):
        reopen(desk, public_id, 0, at)
    reopen(desk, public_id, 5, at)
    row = stored(desk, public_id)
    assert (row.state, row.deadline_at) == (State.OPEN, at + 5 * MINUTE)
    assert sheets.read_sheet(row.sheet)[0].sequence == 1
    slip = desk.submit(person, public_id, at + 2 * MINUTE)
    assert slip.duration_ms == 22 * MINUTE // MILLISECOND


def test_a_submitted_attempt_is_opened_again_with_what_was_left(desk: Desk) -> None:
    person, public_id = started(desk, OPENS)
    desk.submit(person, public_id, OPENS + 5 * MINUTE)
    at = OPENS + timedelta(hours=1)
    reopen(desk, public_id, 0, at)
    assert stored(desk, public_id).deadline_at == at + 15 * MINUTE
    slip = desk.submit(person, public_id, at + 3 * MINUTE)
    assert slip.duration_ms == 8 * MINUTE // MILLISECOND


def test_no_attempt_is_opened_beside_an_open_one_nor_after_its_points_were_shown(
    opened: Open,
) -> None:
    desk = opened(make_contest())
    person, public_id = started(desk, OPENS)
    desk.submit(person, public_id, OPENS + MINUTE)
    desk.start(person, OPENS + 2 * MINUTE)
    with pytest.raises(Conflict, match=r"attempt\.not_reopened"):
        reopen(desk, public_id, 0, OPENS + 3 * MINUTE)


def test_points_that_were_shown_keep_an_attempt_ended(opened: Open) -> None:
    desk = opened(make_contest(rules=make_round(reveal=Reveal.SCORE)))
    person, public_id = started(desk, OPENS)
    desk.submit(person, public_id, OPENS + MINUTE)
    with pytest.raises(Conflict, match=r"attempt\.points_were_seen"):
        reopen(desk, public_id, 5, OPENS + 2 * MINUTE)


@pytest.mark.parametrize("minutes", [0, -5, 241])
def test_extra_time_is_some_minutes(desk: Desk, minutes: int) -> None:
    _, public_id = started(desk, OPENS)
    with pytest.raises(InvalidInput, match=r"amendment\.minutes_out_of_range"):
        give(desk, public_id, minutes, OPENS)


def test_an_attempt_of_another_contest_is_unknown(desk: Desk) -> None:
    _, public_id = started(desk, OPENS)
    with pytest.raises(NotFound, match=r"attempt\.unknown"):
        desk.do(
            lambda session: amendments.give_extra_time(
                session, "khac", public_id, minutes=5, reason=WHY, actor=ACTOR, now=OPENS
            )
        )


def test_amendments_are_published_in_order_and_say_nothing_of_whose_attempt_it_was(
    desk: Desk,
) -> None:
    _, public_id = started(desk, OPENS)
    pause(desk, OPENS + MINUTE)
    resume(desk, OPENS + 3 * MINUTE)
    extend(desk, CLOSES + MINUTE, OPENS + 4 * MINUTE)
    give(desk, public_id, 5, OPENS + 5 * MINUTE)
    page = desk.look(lambda session: contests.contest_page(session, SLUG))
    assert [one.change for one in page.amendments] == [
        Change.PAUSE,
        Change.RESUME,
        Change.EXTEND,
        Change.EXTRA_TIME,
    ]
    assert [one.reason for one in page.amendments] == [WHY, WHY, WHY, ""]
    assert public_id not in repr(page.amendments)
    assert page.round(ROUND).closes_at == CLOSES + MINUTE
    assert page.contest.rounds[0].closes_at == CLOSES + MINUTE


def test_each_change_is_on_record_with_its_reason(desk: Desk) -> None:
    person, public_id = started(desk, OPENS)
    pause(desk, OPENS + MINUTE)
    resume(desk, OPENS + 2 * MINUTE)
    extend(desk, CLOSES + MINUTE, OPENS + 3 * MINUTE)
    give(desk, public_id, 5, OPENS + 4 * MINUTE)
    desk.submit(person, public_id, OPENS + 5 * MINUTE)
    reopen(desk, public_id, 1, OPENS + 6 * MINUTE)
    rows = desk.look(
        lambda session: session.execute(
            select(AuditRow.action, AuditRow.details).order_by(AuditRow.number)
        ).all()
    )
    found = [
        row for row in rows if row.action.split(".")[1] != "load" and row.details.get("reason")
    ]
    assert [row.action for row in found] == [
        "round.pause",
        "round.resume",
        "round.extend",
        "attempt.extra_time",
        "attempt.reopen",
        "attempt.extra_time",
    ]
    assert all(row.details["reason"] == WHY for row in found)


@dataclass
class Model:
    """One attempt beside a clock that stands in pauses: what the rules say of it."""

    used: int = 0
    """Milliseconds that its clock has run."""
    allowed: int = 15 * MINUTE // MILLISECOND
    whole: int = LIMIT // MILLISECOND
    given: int = 0
    is_paused: bool = False
    saved: int = 0
    closes_at: datetime = CLOSES
    submitted: int | None = None
    deadlines: list[datetime] = field(default_factory=list)

    def accepts(self) -> bool:
        """Return whether an answer is taken now."""
        is_in_time = self.used <= self.allowed + GRACE // MILLISECOND
        return self.submitted is None and is_in_time

    def is_over(self) -> bool:
        """Return whether its time is over for good."""
        return self.used > self.allowed + GRACE // MILLISECOND

    def extend(self, closes_at: datetime) -> None:
        """Take over a later close, beside the extra time; its clock stands in pauses."""
        until_close = (closes_at - LATE) // MILLISECOND + self.given
        if self.submitted is None and not self.is_over():
            self.allowed = min(self.whole, max(self.allowed, until_close))


_STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 400)),
    st.tuples(st.just("save"), st.just(0)),
    st.tuples(st.just("extend"), st.integers(1, 12)),
    st.tuples(st.just("pause"), st.just(0)),
    st.tuples(st.just("resume"), st.just(0)),
    st.tuples(st.just("give"), st.integers(1, 6)),
    st.tuples(st.just("sweep"), st.just(0)),
    st.tuples(st.just("submit"), st.just(0)),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEPS, min_size=4, max_size=24))
def test_in_any_order_nothing_is_lost_no_end_comes_nearer_and_pauses_do_not_count(
    desk: Desk, steps: list[tuple[str, int]]
) -> None:
    desk.do(_renew)
    person, public_id = started(desk, LATE)
    model, now, last = Model(), LATE, 1
    for name, size in [*steps, ("end", 0)]:
        match name:
            case "wait":
                now += size * SECOND
                model.used += 0 if model.is_paused or model.submitted is not None else size * 1000
            case "save":
                last += 1
                is_taken = save(desk, person, public_id, now, last) is Outcome.SAVED
                assert is_taken == model.accepts()
                model.saved = last if is_taken else model.saved
            case "submit" if model.submitted is None:
                is_taken = model.accepts()
                if is_taken or not model.is_paused:
                    desk.submit(person, public_id, now)
                model.submitted = model.used if is_taken else None
            case "extend":
                model.closes_at = max(model.closes_at, now) + size * MINUTE
                _extend(desk, model, now)
            case "pause" if not model.is_paused:
                pause(desk, now)
                model.is_paused = True
            case "resume" if model.is_paused:
                resume(desk, now)
                model.is_paused = False
            case "give" if model.accepts():
                give(desk, public_id, size, now)
                model.allowed += size * MINUTE // MILLISECOND
                model.whole += size * MINUTE // MILLISECOND
                model.given += size * MINUTE // MILLISECOND
            case "sweep":
                _sweep(desk, now)
            case "end" if model.is_paused:
                resume(desk, now)
        row = stored(desk, public_id)
        model.deadlines.append(row.deadline_at)
    row = stored(desk, public_id)
    assert sheets.read_sheet(row.sheet)[0].sequence == model.saved
    assert model.deadlines == sorted(model.deadlines)
    taken = model.allowed if model.submitted is None else min(model.submitted, model.allowed)
    found = duration_ms(row.started_at, row.submitted_at, row.deadline_at, row.paused_ms)
    assert found == taken


def _renew(session: Session) -> None:
    session.execute(update(RoundRow).values(closes_at=CLOSES, paused_at=None))


def _sweep(desk: Desk, now: datetime) -> None:
    desk.do(lambda session: upkeep.sweep(session, now=now))


def _extend(desk: Desk, model: Model, now: datetime) -> None:
    extend(desk, model.closes_at, now)
    model.extend(model.closes_at)
