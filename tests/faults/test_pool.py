"""A pool that is used up holds nobody up who can go on, and turns the others away at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from quizengine.errors import Unavailable
from quizengine.services import attempts
from quizengine.services.transaction import transaction
from quizengine.services.upkeep import sweep
from quizengine.store.connection import set_up
from quizengine.store.writer import Writer
from tests.faults.arena import EVENING, ROUND, SLUG, Arena, name_of, opened
from tests.faults.processes import WAIT_SECONDS

pytestmark = pytest.mark.faults


@contextmanager
def narrow(url: str, *, patience_seconds: float) -> Iterator[Arena]:
    """Give an open contest behind a pool of one connection."""
    with opened(url, people=1) as wide:
        engine = create_engine(
            wide.engine.url, pool_size=1, max_overflow=0, pool_timeout=patience_seconds
        )
        set_up(engine)
        arena = Arena(engine, Writer(engine))
        try:
            yield arena
        finally:
            arena.writer.close()
            engine.dispose()


def test_a_request_that_holds_the_last_connection_can_write(database_url: str) -> None:
    """A user loader has read before the page saves: the writer needs nothing from the pool."""
    with narrow(database_url, patience_seconds=0.05) as arena, Session(arena.engine) as session:
        session.execute(text("SELECT 1"))
        started = arena.writer.run(
            session,
            lambda connection: attempts.start_attempt(
                connection, SLUG, ROUND, person=name_of(0), now=EVENING, papers=arena.papers
            ),
        )
        assert started.is_new


def test_a_use_case_that_gets_no_connection_is_unavailable(database_url: str) -> None:
    with narrow(database_url, patience_seconds=0.05) as arena:
        with arena.engine.connect(), pytest.raises(Unavailable):
            _sweep(arena)
        _sweep(arena)


@pytest.mark.postgres
def test_a_save_that_gets_no_connection_is_unavailable(postgres_url: str) -> None:
    with narrow(postgres_url, patience_seconds=0.05) as arena:
        with arena.engine.connect(), pytest.raises(Unavailable):
            arena.start(name_of(0))
        assert arena.start(name_of(0))


def test_who_waits_for_a_connection_does_not_keep_the_turn_to_write(sqlite_url: str) -> None:
    """Else the writer would wait for the turn, and whoever has the connections for the writer."""
    with narrow(sqlite_url, patience_seconds=WAIT_SECONDS) as arena:
        with Session(arena.engine) as session:
            session.execute(text("SELECT 1"))
            waiting = threading.Thread(target=partial(_sweep, arena))
            waiting.start()
            time.sleep(0.2)
            writing = threading.Thread(
                target=arena.writer.run, args=(session, lambda _: None), daemon=True
            )
            writing.start()
            writing.join(WAIT_SECONDS / 10)
            is_stuck = writing.is_alive()
        waiting.join()
        assert not is_stuck


def _sweep(arena: Arena) -> None:
    with Session(arena.engine) as session, transaction(session):
        sweep(session, now=EVENING)
