"""Connections: set up not to lose answers, and told apart by where their database lives."""

from __future__ import annotations

import fcntl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from quizengine.errors import Unavailable
from quizengine.store import connection as connections
from quizengine.store.connection import (
    BUSY_SECONDS,
    connect,
    database_path,
    is_file_sqlite,
    is_writing,
    write_turn,
)
from quizengine.store.schema import upgrade
from quizengine.store.tables import LeaseRow


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", BUSY_SECONDS * 1000),
    ],
)
def test_every_connection_to_a_file_is_durable(
    sqlite_url: str, pragma: str, value: str | int
) -> None:
    engine = connect(sqlite_url)
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.scalar(text(f"PRAGMA {pragma}")) == value
            connection.invalidate()
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////srv/quiz.sqlite3", Path("/srv/quiz.sqlite3")),
        ("sqlite:////srv/quiz.sqlite3?timeout=5", Path("/srv/quiz.sqlite3")),
        ("sqlite:///file:/srv/quiz.sqlite3?mode=rwc&uri=true", Path("/srv/quiz.sqlite3")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite:///file::memory:?cache=shared&uri=true", None),
        ("postgresql+psycopg://localhost/quiz", None),
    ],
)
def test_a_file_is_told_from_a_database_in_memory(url: str, path: Path | None) -> None:
    engine = create_engine(url)
    assert database_path(engine) == path
    assert is_file_sqlite(engine) is (path is not None)


def test_one_connection_shared_by_all_is_no_file_to_open_again() -> None:
    engine = create_engine("sqlite:////srv/quiz.sqlite3", poolclass=StaticPool)
    assert not is_file_sqlite(engine)


def test_a_session_is_writing_from_its_first_write_to_its_commit(sqlite_url: str) -> None:
    engine = connect(sqlite_url)
    with Session(engine) as session:
        assert not is_writing(session)
        session.execute(text("SELECT 1"))
        assert not is_writing(session)
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        assert is_writing(session)
        session.commit()
        assert not is_writing(session)
    engine.dispose()


def test_turns_follow_one_another(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    order: list[str] = []
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with write_turn(engine):
            order.append("second")

    thread = threading.Thread(target=second)
    with write_turn(engine):
        thread.start()
        begun.wait()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_who_waits_too_long_for_a_turn_is_turned_away(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a thread of the same process and, as another process would, by the lock on the file."""
    monkeypatch.setattr(connections, "TURN_SECONDS", 0.2)
    engine = create_engine(sqlite_url)
    refused: list[str] = []

    def take() -> None:
        try:
            with write_turn(engine):
                refused.append("no")
        except Unavailable as error:
            refused.append(error.code)

    with write_turn(engine):
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    path = Path(f"{database_path(engine)}-turn")
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        take()
    take()
    assert refused == ["database.unavailable", "database.unavailable", "no"]
    engine.dispose()


def test_an_instant_comes_back_as_it_was_kept_and_a_naive_one_is_refused(
    database_url: str,
) -> None:
    engine = connect(database_url)
    upgrade(engine)
    until = datetime(2026, 3, 29, 1, 30, 0, 123_456, tzinfo=UTC)
    with Session(engine) as session:
        session.execute(insert(LeaseRow).values(job="sweep", holder="a", until=until))
        assert session.scalar(select(LeaseRow.until)) == until.replace(microsecond=123_000)
        naive = until.replace(tzinfo=None)
        with pytest.raises(StatementError, match="naive"):
            session.execute(insert(LeaseRow).values(job="other", holder="a", until=naive))
    engine.dispose()
