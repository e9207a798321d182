"""The answer path's writer: many requests' writes in one SQLite transaction.

On a SQLite file each process has one writer thread. It takes what is waiting, up to ``BATCH`` jobs,
runs each in a savepoint, commits once, and only then lets the requests answer. This is the one
exception to "the Session, and services never commit": a commit a request would cap a whole machine
at some hundred answers a second, because each waits for the disk.

Elsewhere the work runs in the caller's session and is committed there: on PostgreSQL, which
commits concurrently by itself; on a SQLite database in memory; and when the session already holds
a write transaction (a host's user loader that wrote), which another connection could only wait for.
"""

from __future__ import annotations

import atexit
import os
import queue
import sqlite3
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from quizengine import signals
from quizengine.errors import Unavailable
from quizengine.store.connection import (
    BUSY,
    BUSY_SECONDS,
    is_file_sqlite,
    is_writing,
    prepare,
    write_turn,
)

BATCH = 200
T = TypeVar("T")
Work = Callable[[Connection], T]


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    done: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None
    #: Signals that the work asked for; they go out once it is committed.
    announced: list[signals.Announcement] = field(default_factory=list)

    def finish(self, error: BaseException | None = None) -> None:
        self.error = self.error or error
        self.done.set()


_Queue = queue.SimpleQueue[_Job | None]


class Writer:
    """Commits the answer path's writes of one process to one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._jobs: _Queue = queue.SimpleQueue()
        _writers.add(self)

    def run(self, session: Session, work: Work[T]) -> T:
        """Return what ``work(connection)`` returns, after it is committed.

        Raises what ``work`` raises, with nothing of it written; ``Unavailable`` when the database
        is busy, full or going away: the same request may then be sent again.
        """
        if not is_file_sqlite(self._engine) or is_writing(session):
            return _run_in_session(session, work)
        return self._run_in_batch(work)

    def close(self) -> None:
        """Commit what is waiting and stop the thread; later jobs start a new one."""
        with self._guard:
            thread, jobs = self._thread, self._jobs
            self._thread, self._jobs = None, queue.SimpleQueue()
        if thread is not None:
            jobs.put(None)
            thread.join()

    def start_over(self) -> None:
        """Forget what a fork copied: a lock perhaps held, no thread, the parent's connections."""
        self._guard = threading.Lock()
        self._thread, self._jobs = None, queue.SimpleQueue()
        self._engine.dispose(close=False)

    def _run_in_batch(self, work: Work[T]) -> T:
        job = _Job(work)
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=_write_batches,
                    args=(self._engine, self._jobs),
                    name="quizengine-writer",
                    daemon=True,
                )
                self._thread.start()
            self._jobs.put(job)
        if not job.done.wait(2 * BUSY_SECONDS):
            raise Unavailable("writer.no_answer")
        if job.error is not None:
            raise job.error
        signals.send(job.announced)
        result: T = job.result
        return result


_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


def _start_all_over() -> None:
    for writer in _writers:
        writer.start_over()


@atexit.register
def _close_all() -> None:
    for writer in list(_writers):
        writer.close()


os.register_at_fork(after_in_child=_start_all_over)


def _run_in_session(session: Session, work: Work[T]) -> T:
    try:
        with session.begin_nested():
            connection = session.connection()
            signals.take(connection.info)  # what an earlier failure may have left
            result = work(connection)
            announced = signals.take(connection.info)
        session.commit()
    except BUSY as error:
        session.rollback()
        raise Unavailable("database.unavailable") from error
    except BaseException:
        session.rollback()
        raise
    signals.send(announced)
    return result


def _write_batches(engine: Engine, jobs: _Queue) -> None:
    connection: Connection | None = None
    stopping = False
    while not stopping:
        batch, stopping = _take(jobs)
        try:
            connection = connection or _open(engine)
            with write_turn(engine):
                _commit_batch(connection, batch)
        except BaseException as error:
            failure = Unavailable("database.unavailable")
            failure.__cause__ = error
            for job in batch:
                job.finish(failure)
            if connection is not None:
                _discard(connection)
            connection = None
    if connection is not None:
        _discard(connection)


def _take(jobs: _Queue) -> tuple[list[_Job], bool]:
    """Return the next jobs, waiting for the first, and whether the writer is to stop after them."""
    batch: list[_Job] = []
    job = jobs.get()
    while job is not None:
        batch.append(job)
        if len(batch) == BATCH:
            return batch, False
        try:
            job = jobs.get_nowait()
        except queue.Empty:
            return batch, False
    return batch, True


def _commit_batch(connection: Connection, batch: list[_Job]) -> None:
    if not batch:
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    for job in batch:
        _run_in_savepoint(connection, job)
    connection.commit()
    for job in batch:
        job.finish()


def _run_in_savepoint(connection: Connection, job: _Job) -> None:
    connection.exec_driver_sql("SAVEPOINT quiz_job")
    try:
        job.result = job.work(connection)
    except OperationalError:
        # The disk is full or the file is gone: SQLite may have ended the transaction, so that
        # no other job of the batch can be told apart either.
        raise
    except BaseException as error:
        connection.exec_driver_sql("ROLLBACK TO quiz_job")
        job.error = error
    announced = signals.take(connection.info)
    job.announced = [] if job.error else announced
    connection.exec_driver_sql("RELEASE quiz_job")


def _open(engine: Engine) -> Connection:
    """Return a connection of the writer's own, made as the host makes its own, not in its pool.

    The requests that wait for the writer may have every connection of that pool.
    """
    pooled = engine.pool.recreate().connect()
    dbapi_connection: Any = pooled.dbapi_connection
    pooled.detach()
    if not isinstance(dbapi_connection, sqlite3.Connection):
        raise TypeError("the writer needs the sqlite3 driver")
    prepare(dbapi_connection)
    own = create_engine("sqlite://", creator=lambda: dbapi_connection, poolclass=StaticPool)
    return own.connect()


def _discard(connection: Connection) -> None:
    """Close the writer's connection, whatever state it is in; what was not committed is undone."""
    with suppress(DBAPIError):
        connection.invalidate()
    connection.engine.dispose()
