"""The edge's transaction: all of a use case or nothing, signals after the commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool, QueuePool, StaticPool

from quizengine import signals
from quizengine.errors import Conflict, Unavailable
from quizengine.services.transaction import transaction
from quizengine.store.connection import connect, set_up

INSERT = text("INSERT INTO note (words) VALUES (:words)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database of each kind with a table of a host's."""
    made = connect(database_url)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT PRIMARY KEY)"))
    yield made
    with made.begin() as connection:
        connection.execute(text("DROP TABLE note"))
    made.dispose()


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The contests that were said to be open."""
    slugs: list[str] = []

    def hear(_sender: str, *, slug: str) -> None:
        slugs.append(slug)

    with signals.contest_opened.connected_to(hear):
        yield slugs


def note(session: Session, words: str) -> None:
    """Write a note and let a signal wait for its commit."""
    session.execute(INSERT, {"words": words})
    signals.announce(session.info, signals.contest_opened, slug=words)


def notes(engine: Engine) -> list[str]:
    """Return what is committed."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT words FROM note ORDER BY words")).scalars())


def test_what_is_done_inside_is_committed_and_then_told(engine: Engine, heard: list[str]) -> None:
    with Session(engine) as session, transaction(session):
        note(session, "một")
        note(session, "hai")
        assert heard == []
        assert notes(engine) == []
    assert notes(engine) == ["hai", "một"]
    assert heard == ["một", "hai"]


def fail_with(session: Session, error: Exception) -> None:
    """Write a note in a transaction that ends in an error."""
    with transaction(session):
        note(session, "một")
        raise error


@pytest.mark.parametrize("error", [Conflict("contest.not_open", slug="x"), ValueError("x")])
def test_an_error_undoes_everything_and_drops_the_signals(
    engine: Engine, heard: list[str], error: Exception
) -> None:
    with Session(engine) as session:
        with pytest.raises(type(error)):
            fail_with(session, error)
        with transaction(session):
            note(session, "hai")
    assert notes(engine) == ["hai"]
    assert heard == ["hai"]


def test_a_database_that_fails_is_unavailable_and_its_signals_are_dropped(
    engine: Engine, heard: list[str]
) -> None:
    with Session(engine) as session:
        with pytest.raises(Unavailable) as refusal:
            fail_with(session, OperationalError("INSERT", {}, Exception("disk full")))
        assert refusal.value.code == "database.unavailable"
        with transaction(session):
            note(session, "hai")
    assert notes(engine) == ["hai"]
    assert heard == ["hai"]


def test_a_session_that_has_read_before_may_write(engine: Engine) -> None:
    """As after a host's user loader has looked up who is asking."""
    with Session(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM note")) == 0
        with transaction(session):
            note(session, "một")
    assert notes(engine) == ["một"]


@pytest.fixture(params=[True, False], ids=["set up by us", "a host's own"])
def sqlite_engine(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[Engine]:
    """A SQLite file, with connections as the engine sets them up and as a host has them."""
    made = connect(sqlite_url) if request.param else create_engine(sqlite_url)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT PRIMARY KEY)"))
    yield made
    made.dispose()


def begin_as_a_host(session: Session) -> None:
    """Write without a commit, as a host's user loader may have done."""
    session.connection().exec_driver_sql("BEGIN IMMEDIATE")
    session.execute(INSERT, {"words": "máy chủ"})


def test_the_write_transaction_of_a_host_is_joined(sqlite_engine: Engine) -> None:
    with Session(sqlite_engine) as session:
        begin_as_a_host(session)
        with transaction(session):
            note(session, "một")
    assert notes(sqlite_engine) == ["máy chủ", "một"]


def test_the_write_transaction_of_a_host_is_undone_with_ours(sqlite_engine: Engine) -> None:
    with Session(sqlite_engine) as session:
        begin_as_a_host(session)
        with pytest.raises(Conflict):
            fail_with(session, Conflict("contest.not_open", slug="x"))
    assert notes(sqlite_engine) == []


def test_a_database_that_somebody_holds_is_unavailable_after_the_timeout(
    sqlite_url: str,
) -> None:
    engine = connect(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT PRIMARY KEY)"))
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Session(engine) as session:
            session.connection().exec_driver_sql("PRAGMA busy_timeout = 20")
            with pytest.raises(Unavailable), transaction(session):
                note(session, "một")
            other.execute("ROLLBACK")
            with transaction(session):
                note(session, "hai")
    assert notes(engine) == ["hai"]
    engine.dispose()


def test_a_folder_that_cannot_be_written_is_unavailable(sqlite_url: str) -> None:
    engine = connect(sqlite_url)
    turn = Path(f"{engine.url.database}-turn")
    turn.unlink(missing_ok=True)
    turn.mkdir()
    with Session(engine) as session, pytest.raises(Unavailable), transaction(session):
        session.execute(text("CREATE TABLE note (words TEXT)"))
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "pool"),
    [
        ("sqlite://", StaticPool),
        ("sqlite:///file:notes?mode=memory&cache=shared&uri=true", QueuePool),
    ],
)
def test_a_database_in_memory_is_written_without_a_turn(
    url: str, pool: type[Pool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = create_engine(url, poolclass=pool)
    set_up(engine)
    with Session(engine) as session, transaction(session):
        session.execute(text("CREATE TABLE note (words TEXT PRIMARY KEY)"))
        note(session, "một")
    assert notes(engine) == ["một"]
    engine.dispose()
    assert list(tmp_path.iterdir()) == []
