"""The session of a command: the host's under ``flask quiz``, else that of ``QUIZ_DATABASE_URL``."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from quizengine.cli.output import tell


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
    from quizengine.store.schema import is_current

    with opened_engine() as engine:
        if not is_current(engine):
            tell(f"The database {engine.url!r} is not at the present schema.")
            tell("    Run: quizengine db upgrade")
            raise SystemExit(1)
        with Session(engine) as session:
            yield session


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
    from quizengine.store.connection import connect

    url = database_url()
    try:
        engine = connect(url)
    except ArgumentError as error:
        raise click.UsageError(f"QUIZ_DATABASE_URL is no address of a database: {error}") from error
    try:
        yield engine
    finally:
        engine.dispose()
