"""No result depends on the sweeper: none, two at once and a dead one all give the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from quizengine.scheduler import sweep_once
from quizengine.services.answers import Answer
from quizengine.services.contests import close_contest
from quizengine.services.results import publish_contest
from quizengine.services.results_document import results_document, results_json
from quizengine.services.transaction import transaction
from quizengine.services.upkeep import sweep, sweep_in_turn
from tests.faults.arena import EVENING, SLOTS, SLUG, Arena, entered, name_of, opened
from tests.faults.processes import in_processes, in_threads, meet
from tests.faults.scale import count
from tests.postgres import Cluster

pytestmark = pytest.mark.faults

PEOPLE = count(smoke=12, full=200)
SWEEPERS = 8
LATER = EVENING + timedelta(hours=1)


def test_two_sweepers_at_once_close_each_attempt_once(database_url: str) -> None:
    with opened(database_url, people=PEOPLE) as arena:
        _take_part(arena)
        due = _open_attempts(arena)
        swept = in_threads([partial(_sweep, arena)] * SWEEPERS)
        assert sum(swept) == due
        assert _open_attempts(arena) == 0


def test_of_two_sweepers_one_has_the_lease(database_url: str) -> None:
    with opened(database_url, people=2) as arena:
        arena.start(name_of(0))
        counts = in_processes(_sweep_in_turn, [(arena.url,), (arena.url,)])
        assert sorted(counts, key=str) == [1, None]


def test_a_dead_sweepers_lease_ends(database_url: str) -> None:
    """A process that died after taking the lease holds up the next sweep for a minute only."""
    with opened(database_url, people=1) as arena:
        arena.start(name_of(0))
        with Session(arena.engine) as session, transaction(session):
            assert sweep_in_turn(session, holder="dead", now=EVENING) is not None
        soon, late = LATER - timedelta(minutes=59, seconds=30), LATER
        assert sweep_once(arena.engine, clock=lambda: soon) is None
        swept = sweep_once(arena.engine, clock=lambda: late)
        assert swept is not None
        assert swept.expired == 1


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def three_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Three empty databases of one kind."""
    if request.param == "sqlite":
        yield [f"sqlite:///{tmp_path / f'{number}.sqlite3'}" for number in range(3)]
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.database() as first, cluster.database() as second, cluster.database() as third:
        yield [first, second, third]


def test_results_are_the_same_with_no_sweeper_with_two_and_with_a_late_one(
    three_urls: list[str],
) -> None:
    never, doubled, late = three_urls
    documents = [
        _results(never, lambda _: None, lambda _: None),
        _results(doubled, _sweep_twice_at_once, _sweep_twice_at_once),
        _results(late, lambda _: None, _sweep),
    ]
    assert documents[0].count(b'"place"') > PEOPLE / 2
    assert documents[1] == documents[0]
    assert documents[2] == documents[0]


def _results(
    url: str, while_open: Callable[[Arena], object], once_closed: Callable[[Arena], object]
) -> bytes:
    """Return the results of the same evening, swept at two moments or not at all."""
    with opened(url, people=PEOPLE) as arena:
        _take_part(arena)
        while_open(arena)
        with Session(arena.engine) as session, transaction(session):
            close_contest(session, SLUG, now=LATER, actor="test")
        once_closed(arena)
        with Session(arena.engine) as session, transaction(session):
            publish_contest(session, SLUG, now=LATER + timedelta(hours=1), actor="test")
        with Session(arena.engine) as session:
            return results_json(results_document(session, SLUG))


def _take_part(arena: Arena) -> None:
    """Let everybody start and answer; a third submit, the others let their time run out."""
    rng = random.Random(PEOPLE)
    for number in range(PEOPLE):
        person = name_of(number)
        at = EVENING + timedelta(seconds=rng.randrange(600))
        public_id = arena.start(person, at)
        answers = [Answer(slot, 1, frozenset({rng.randrange(2)})) for slot in range(SLOTS)]
        at += timedelta(seconds=rng.randrange(600))
        arena.save(public_id, person, rng.sample(answers, rng.randrange(SLOTS + 1)), at)
        if number % 3 == 0:
            arena.submit(public_id, person, at)


def _sweep(arena: Arena) -> int:
    with Session(arena.engine) as session, transaction(session):
        return sweep(session, now=LATER).expired


def _sweep_twice_at_once(arena: Arena) -> None:
    in_threads([partial(_sweep, arena)] * 2)


def _sweep_in_turn(url: str) -> int | None:
    with entered(url) as arena:
        meet()
        swept = sweep_once(arena.engine, clock=lambda: LATER)
    return swept.expired if swept else None


def _open_attempts(arena: Arena) -> object:
    return arena.scalar("SELECT count(*) FROM quiz_attempt WHERE state = 'open'")
