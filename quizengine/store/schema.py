"""The schema: bringing a database to the present one, and adopting tables that a host created."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
)

from quizengine.errors import Conflict
from quizengine.store.connection import write_turn
from quizengine.store.tables import Base

VERSION_TABLE = "quiz_alembic_version"

#: Alembic makes this table by itself; hosts need to know it, or their migrations would drop it.
_version_table = Table(
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)


def upgrade(engine: Engine) -> str:
    """Bring a database to the present schema and return its revision.

    Tables that a host's ``create_all()`` made are adopted when they equal the present schema;
    otherwise ``Conflict`` says that they differ, and nothing is changed.
    """
    with write_turn(engine), engine.connect() as connection, _one_change(connection):
        config = _config(connection)
        head = ScriptDirectory.from_config(config).get_current_head()
        assert head is not None
        if current_revision(connection) is None and _has_tables(connection):
            differences = compare(connection)
            if differences:
                raise Conflict("schema.unknown_tables", differences=len(differences))
            command.stamp(config, head)
        else:
            command.upgrade(config, "head")
        _check_references(connection)
        connection.commit()
    return head


@contextmanager
def _one_change(connection: Connection) -> Iterator[None]:
    """Let SQLite make the whole upgrade or none of it, and copy tables that others refer to.

    Left to itself it commits every statement, so that what is stopped half way would stay. And a
    constraint can only be changed by copying its table, which references to it forbid: they are
    checked once at the end instead.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
    finally:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")


def current_revision(connection: Connection) -> str | None:
    """Return the revision a database is at, or None when it was never stamped."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def head_revision() -> str:
    """Return the revision of the present schema."""
    head = ScriptDirectory(str(Path(__file__).parent / "migrations")).get_current_head()
    assert head is not None
    return head


def is_current(engine: Engine) -> bool:
    """Return whether a database is at the present schema."""
    with engine.connect() as connection:
        return current_revision(connection) == head_revision()


def compare(connection: Connection) -> Sequence[Any]:
    """Return how the engine's tables in a database differ from the present schema."""
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "compare_type": True,
            "include_name": _is_ours,
        },
    )
    return list(compare_metadata(context, Base.metadata))


def copy_tables(metadata: MetaData) -> None:
    """Copy the engine's tables into a host's metadata, so that its migrations leave them alone."""
    for table in (*Base.metadata.sorted_tables, _version_table):
        if table.name not in metadata.tables:
            table.to_metadata(metadata)


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or (name or "").startswith("quiz_")


def _has_tables(connection: Connection) -> bool:
    names = inspect(connection).get_table_names()
    return any(name.startswith("quiz_") and name != VERSION_TABLE for name in names)


def _check_references(connection: Connection) -> None:
    """Raise ``RuntimeError`` when an upgrade on SQLite has left a reference to nothing."""
    if connection.dialect.name == "sqlite":
        ours = [
            row
            for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
            if _is_ours(row[0], "table", None)
        ]
        if ours:
            raise RuntimeError(f"the upgrade would leave {len(ours)} references to nothing")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
