"""Whether an answer was in time is decided by when it arrived, not by when its turn came."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from quizengine.core.attempts import State, accepts_until
from quizengine.core.clock import to_ms
from quizengine.core.sheets import Outcome
from quizengine.services.answers import Answer, Reply
from quizengine.services.transaction import transaction
from quizengine.services.upkeep import sweep
from tests.faults.arena import EVENING, SLOTS, Arena, name_of, opened
from tests.faults.processes import in_threads
from tests.faults.scale import count

pytestmark = pytest.mark.faults

PEOPLE = count(smoke=8, full=100)
POSTS_AT_ONCE = 60
MUCH_LATER = EVENING + timedelta(hours=2)


@dataclass(frozen=True)
class Post:
    """One answer on its way; every post has a slot of its own."""

    public_id: str
    person: str
    slot: int
    arrival: datetime
    is_timely: bool


@pytest.fixture
def arena(database_url: str) -> Iterator[Arena]:
    """An open contest."""
    with opened(database_url, people=PEOPLE) as made:
        yield made


def test_without_upkeep_posts_count_by_their_arrival(arena: Arena) -> None:
    _check(arena, [_send_at_once(arena, wave) for wave in _waves(arena)])


def test_behind_a_slow_job_posts_count_by_their_arrival(arena: Arena) -> None:
    replies = []
    for wave in _waves(arena):
        with _slow_job(arena) as finish:
            replies.append(_send_at_once(arena, wave, meanwhile=finish))
    _check(arena, replies)


def test_after_a_sweep_posts_count_by_their_arrival(arena: Arena) -> None:
    """A post that waited while a sweep closed its attempt was still in time."""
    waves = list(_waves(arena))
    assert _sweep(arena) == PEOPLE
    _check(arena, [_send_at_once(arena, wave) for wave in waves], state=State.EXPIRED)


def test_beside_sweeps_posts_count_by_their_arrival(arena: Arena) -> None:
    """Sweeps whose clock is past every deadline run all the while that posts arrive."""
    waves = list(_waves(arena))
    ended = threading.Event()

    def sweep_on() -> int:
        swept = 0
        while not ended.wait(0.01):
            swept += _sweep(arena)
        return swept + _sweep(arena)

    def send() -> list[list[tuple[Post, Reply]]]:
        try:
            return [_send_at_once(arena, wave) for wave in waves]
        finally:
            ended.set()

    swept: list[int] = []
    sweeper = threading.Thread(target=lambda: swept.append(sweep_on()))
    sweeper.start()
    replies = send()
    sweeper.join()
    assert swept == [PEOPLE]
    _check(arena, replies, state=State.EXPIRED)


def test_submits_count_by_their_arrival(arena: Arena) -> None:
    """A submit in time hands in, even after a sweep; a late one finds the attempt expired."""
    rng = random.Random(3)
    posts = [_post(arena, rng, number, 0) for number in range(PEOPLE)]
    _sweep(arena)
    for post in posts:
        arena.submit(post.public_id, post.person, post.arrival)
        stored = arena.attempt(post.public_id)
        assert stored.state is (State.SUBMITTED if post.is_timely else State.EXPIRED)
        assert stored.submitted_at == (_whole_ms(post.arrival) if post.is_timely else None)


def _waves(arena: Arena) -> Iterator[list[Post]]:
    """Yield posts to send at once: one a slot of everybody's attempt, in random order."""
    rng = random.Random(PEOPLE)
    posts = [_post(arena, rng, number, slot) for number in range(PEOPLE) for slot in range(SLOTS)]
    rng.shuffle(posts)
    for start in range(0, len(posts), POSTS_AT_ONCE):
        yield posts[start : start + POSTS_AT_ONCE]


def _post(arena: Arena, rng: random.Random, number: int, slot: int) -> Post:
    """Return a post that arrives about the last instant of a person's attempt."""
    person = name_of(number)
    public_id = arena.start(person, EVENING + timedelta(milliseconds=17 * number))
    stored = arena.attempt(public_id)
    end = accepts_until(stored.deadline_at, stored.grace_ms)
    away_ms = rng.choice((rng.randint(-6000, 6000), rng.randint(-2, 2), 0, 1))
    arrival = end + timedelta(milliseconds=away_ms, microseconds=rng.randrange(1000))
    return Post(public_id, person, slot, arrival, is_timely=away_ms <= 0)


def _send_at_once(
    arena: Arena, wave: list[Post], meanwhile: Callable[[], None] | None = None
) -> list[tuple[Post, Reply]]:
    calls = [partial(_send, arena, post) for post in wave]
    replies = in_threads(calls, opening=meanwhile)
    return list(zip(wave, replies, strict=True))


def _send(arena: Arena, post: Post) -> Reply:
    answer = Answer(post.slot, 1, frozenset({1}))
    (reply,) = arena.save(post.public_id, post.person, [answer], post.arrival)
    return reply


@contextmanager
def _slow_job(arena: Arena) -> Iterator[Callable[[], None]]:
    """Hold up every answer for a moment longer than it takes all threads to send theirs.

    On SQLite a job stands first in the writer's queue; on PostgreSQL another transaction has every
    attempt's row locked. Gives what lets the job end, soon.
    """
    has_begun, may_end = threading.Event(), threading.Event()

    def wait_in_turn(_: Connection) -> None:
        has_begun.set()
        may_end.wait()

    def linger() -> None:
        with Session(arena.engine) as session:
            if arena.engine.dialect.name == "postgresql":
                session.execute(text("SELECT 1 FROM quiz_attempt FOR UPDATE"))
                has_begun.set()
                may_end.wait()
                session.rollback()
            else:
                arena.writer.run(session, wait_in_turn)

    job = threading.Thread(target=linger)
    job.start()
    has_begun.wait()
    ending = threading.Timer(0.2, may_end.set)
    try:
        yield ending.start
    finally:
        may_end.set()
        ending.join()
        job.join()


def _sweep(arena: Arena) -> int:
    with Session(arena.engine) as session, transaction(session):
        return sweep(session, now=MUCH_LATER).expired


def _check(arena: Arena, waves: list[list[tuple[Post, Reply]]], state: State = State.OPEN) -> None:
    replies = [pair for wave in waves for pair in wave]
    late_accepted = [post for post, reply in replies if _is_saved(reply) and not post.is_timely]
    timely_refused = [post for post, reply in replies if not _is_saved(reply) and post.is_timely]
    print(
        f"posts {len(replies)}, in time {sum(post.is_timely for post, _ in replies)},"
        f" late accepted {len(late_accepted)}, timely refused {len(timely_refused)}"
    )
    assert len(replies) == PEOPLE * SLOTS
    assert (late_accepted, timely_refused) == ([], [])
    assert {reply.reason for _, reply in replies} == {None, "attempt.late"}
    for public_id in {post.public_id for post, _ in replies}:
        stored, records = arena.attempt(public_id), arena.records(public_id)
        assert stored.state is state
        for post, _ in replies:
            if post.public_id == public_id:
                at_ms = to_ms(post.arrival) - to_ms(stored.started_at)
                written = (records[post.slot].sequence, records[post.slot].at_ms)
                assert written == ((1, at_ms) if post.is_timely else (0, 0))


def _is_saved(reply: Reply) -> bool:
    return reply.outcome is Outcome.SAVED


def _whole_ms(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
