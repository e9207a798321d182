"""The one place where a use case becomes a transaction; only edges call it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.errors import Unavailable
from quizengine.store.connection import BUSY, is_writing, write_turn


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """Commit what is done inside, or nothing of it; signals go out after the commit.

    On SQLite the transaction begins as a write, in its turn among the writers of all processes;
    when the host's session already holds one, the work joins it. ``Unavailable`` when the database
    is busy, full or gone: nothing was written.
    """
    with ExitStack() as stack:
        try:
            if not is_writing(session):
                _begin_write(session, stack)
            yield session
            announced = signals.take(session.info)
            session.commit()
        except BUSY as error:
            _undo(session)
            raise Unavailable("database.unavailable") from error
        except BaseException:
            _undo(session)
            raise
    signals.send(announced)


def _undo(session: Session) -> None:
    signals.take(session.info)
    session.rollback()


def _begin_write(session: Session, stack: ExitStack) -> None:
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    if engine.dialect.name == "sqlite":
        # Before the turn: who waits for the pool must not hold up those who have its connections.
        connection = session.connection()
        stack.enter_context(write_turn(engine))
        connection.exec_driver_sql("BEGIN IMMEDIATE")
