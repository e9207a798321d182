"""The session of a command: the host's under ``flask quiz``, else that of ``QUIZ_DATABASE_URL``."""

from __future__ import annotations

import getpass
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session

from quizengine.cli.output import tell
from quizengine.errors import InvalidInput

DATABASES = ("postgresql", "sqlite")


def actor() -> str:
    """Return who the record says did it: the user of the operating system."""
    try:
        return f"command line, {getpass.getuser()}"
    except (KeyError, OSError):
        return "command line"


def database_url() -> str:
    """Return QUIZ_DATABASE_URL, or the SQLite file in the folder ``instance`` of this folder."""
    from quizengine.web.app import default_database_url

    return os.environ.get("QUIZ_DATABASE_URL") or default_database_url(Path.cwd() / "instance")


@contextmanager
def opened_session() -> Iterator[Session]:
    """Give a session on the database; exits with 1 when its schema is not the present one."""
    with opened_engine() as engine:
        require_schema(engine)
        with Session(engine) as session:
            yield session


def require_schema(engine: Engine) -> None:
    """Exit with 1 when the database is not at the present schema, saying how to bring it there."""
    from quizengine.store.schema import is_current

    if not is_current(engine):
        tell(f"The database {engine.url!r} is not at the present schema.")
        tell("    Run: quizengine db upgrade")
        raise SystemExit(1)


@contextmanager
def opened_engine() -> Iterator[Engine]:
    """Give the engine of the database; the host's application is loaded under ``flask quiz``."""
    from flask.cli import ScriptInfo

    host = click.get_current_context().find_object(ScriptInfo)
    if host is not None:
        app = host.load_app()
        with app.app_context():
            yield app.extensions["quizengine"].db.engine
        return
    with own_engine() as engine:
        yield engine


@contextmanager
def own_engine() -> Iterator[Engine]:
    """Give the engine of the reference deployment's database."""
    from quizengine.store.connection import connect

    url = database_url()
    try:
        is_known = make_url(url).get_backend_name() in DATABASES
        engine = connect(url) if is_known else None
    except (ArgumentError, ImportError) as error:
        raise click.UsageError(f"QUIZ_DATABASE_URL is no address of a database: {error}") from error
    if engine is None:
        raise click.UsageError(
            "QUIZ_DATABASE_URL is neither an SQLite nor a PostgreSQL database: write "
            "sqlite:////folder/quiz.sqlite3 or postgresql+psycopg://name@host/database"
        )
    try:
        _read_anything(engine)
        yield engine
    finally:
        engine.dispose()


def _read_anything(engine: Engine) -> None:
    """Raise ``InvalidInput`` for a file that is no database: SQLite notices at the first page."""
    if engine.dialect.name != "sqlite":
        return
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1 FROM sqlite_master LIMIT 1"))
    except OperationalError:
        raise
    except (DatabaseError, sqlite3.DatabaseError) as error:
        name = engine.url.database or ""
        raise InvalidInput("database.not_a_database", name=name) from error
