"""How the engine talks to its databases: SQLite set up not to lose answers, writers in one queue.

SQLite (https://www.sqlite.org/wal.html) runs in WAL mode with ``synchronous=FULL``: with NORMAL an
acknowledged answer can be lost at a power cut. Writes begin with BEGIN IMMEDIATE, because a read
that turns into a write fails at once when somebody else wrote in between; reads begin nothing.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import StaticPool

from quizengine.errors import Unavailable

BUSY_SECONDS = 30
TURN_SECONDS = 10
"""How long a writer waits for its turn; a request that waits longer holds up those that read."""
#: What means "try again": the database is busy, full or gone, or the pool has no connection left.
BUSY = (OperationalError, PoolTimeout)

#: Whatever runs statements: a session of ours or the host's, or the writer's connection.
Executor = Session | Connection


def connect(url: str | URL) -> Engine:
    """Return an engine for a database of our own, SQLite files set up as this module says."""
    # An error message must not carry what people wrote.
    engine = create_engine(url, hide_parameters=True)
    set_up(engine)
    return engine


def set_up(engine: Engine) -> None:
    """Make every new SQLite connection of an engine durable and free of hidden transactions."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)


def _on_connect(dbapi_connection: sqlite3.Connection, _record: object) -> None:
    prepare(dbapi_connection)


def prepare(dbapi_connection: sqlite3.Connection) -> None:
    """Set the pragmas of one SQLite connection and leave transactions to explicit statements."""
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def is_file_sqlite(engine: Engine) -> bool:
    """Return whether the database is a SQLite file that several connections can share."""
    if engine.dialect.name != "sqlite" or isinstance(engine.pool, StaticPool):
        return False
    return database_path(engine) is not None


def database_path(engine: Engine) -> Path | None:
    """Return the file of a SQLite database, or None when it is in memory or another database."""
    name = engine.url.database
    is_in_memory = not name or ":memory:" in name or engine.url.query.get("mode") == "memory"
    if engine.dialect.name != "sqlite" or name is None or is_in_memory:
        return None
    return Path(name.removeprefix("file:").split("?")[0]).absolute()


def is_writing(session: Session) -> bool:
    """Return whether the session's SQLite connection already holds a write transaction."""
    if not session.in_transaction():
        return False
    dbapi_connection: Any = session.connection().connection.dbapi_connection
    return isinstance(dbapi_connection, sqlite3.Connection) and dbapi_connection.in_transaction


def upsert(executor: Executor, table: type[DeclarativeBase]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that can say what happens on a conflict, in the database's dialect."""
    is_sqlite = dialect_name(executor) == "sqlite"
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


def dialect_name(executor: Executor) -> str:
    """Return ``sqlite`` or ``postgresql``."""
    if isinstance(executor, Connection):
        return executor.dialect.name
    return executor.get_bind().dialect.name


def count_changed(
    executor: Executor, statement: Executable, values: Mapping[str, Any] | None = None
) -> int:
    """Run an INSERT, UPDATE or DELETE and return how many rows it wrote."""
    # Else SQLAlchemy forgets the count of an INSERT whose new key PostgreSQL returns.
    result = executor.execute(statement, values, execution_options={"preserve_rowcount": True})
    assert isinstance(result, CursorResult)
    return result.rowcount


@contextmanager
def write_turn(engine: Engine) -> Iterator[None]:
    """Wait for this process's and thread's turn to write to a SQLite file; elsewhere do nothing.

    SQLite's own waiting is polling by every writer; here the threads of a process queue up, and
    only one of them competes for a lock on a file beside the database. ``Unavailable`` when the
    turn does not come in ``TURN_SECONDS`` or the file cannot be made.
    """
    path = database_path(engine)
    if path is None:
        yield
        return
    end = time.monotonic() + TURN_SECONDS
    turn = _turns[path]
    if not turn.acquire(timeout=TURN_SECONDS):
        raise Unavailable("database.unavailable")
    try:
        with _locked_file(Path(f"{path}-turn"), end):
            yield
    finally:
        turn.release()


_turns: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
os.register_at_fork(after_in_child=_turns.clear)


@contextmanager
def _locked_file(path: Path, end: float) -> Iterator[None]:
    """Hold the lock of a file that all processes share, if it comes before ``end``."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable("database.unavailable") from error
    try:
        _wait_for_lock(descriptor, end)
        yield
    finally:
        # Closing alone would leave the turn with any process forked meanwhile, for as long as it
        # lives: its copy of the descriptor shares the lock.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _wait_for_lock(descriptor: int, end: float) -> None:
    pause = 0.0005
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= end:
                raise Unavailable("database.unavailable") from error
        time.sleep(pause)
        pause = min(2 * pause, 0.01)
