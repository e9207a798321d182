"""The schema: migrated and created databases are one; tables of hosts are adopted or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, MetaData, event, inspect, text
from sqlalchemy.exc import IntegrityError

from quizengine.core.search import search_key
from quizengine.errors import Conflict
from quizengine.store.connection import connect
from quizengine.store.schema import (
    VERSION_TABLE,
    _config,
    compare,
    copy_tables,
    current_revision,
    head_revision,
    is_current,
    upgrade,
)
from quizengine.store.tables import Base


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An empty database of each kind."""
    made = connect(database_url)
    yield made
    made.dispose()


def described(engine: Engine) -> dict[str, Any]:
    """Return everything the database itself says of the engine's tables."""
    found: dict[str, Any] = {}
    inspector = inspect(engine)
    for table in sorted(inspector.get_table_names()):
        if table == VERSION_TABLE or not table.startswith("quiz_"):
            continue
        found[table] = {
            # By name: a column that a later migration added stands last.
            "columns": sorted(
                (column["name"], str(column["type"]), column["nullable"], str(column["default"]))
                for column in inspector.get_columns(table)
            ),
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": _sorted(inspector.get_foreign_keys(table)),
            "unique": _sorted(inspector.get_unique_constraints(table)),
            "checks": _sorted(inspector.get_check_constraints(table)),
            "indexes": _sorted(inspector.get_indexes(table)),
            "partial": _partial_indexes(engine, table),
        }
    return found


def _sorted(constraints: Any) -> list[str]:
    # What an index is limited to is compared as the database's own text, in `_partial_indexes`.
    return sorted(
        str(sorted((name, said) for name, said in one.items() if name != "dialect_options"))
        for one in constraints
    )


def _partial_indexes(engine: Engine, table: str) -> list[str]:
    query = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "
        "AND tbl_name = :table",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE tablename = :table",
    }[engine.dialect.name]
    with engine.connect() as connection:
        rows = connection.execute(text(query), {"table": table}).scalars()
        return sorted(re.sub(r"\s+", " ", row) for row in rows)


def test_a_migrated_database_equals_a_created_one(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert compare(connection) == []
    migrated = described(engine)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    assert described(engine) == migrated
    assert len(migrated) == len(Base.metadata.tables)


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    assert not is_current(engine)
    assert upgrade(engine) == head_revision()
    before = described(engine)
    assert upgrade(engine) == head_revision()
    assert is_current(engine)
    assert described(engine) == before


def test_tables_that_a_host_created_are_adopted(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    assert not is_current(engine)
    assert upgrade(engine) == head_revision()
    assert is_current(engine)


def test_a_hosts_own_tables_are_no_difference(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE portal_user (id INTEGER PRIMARY KEY)"))
    upgrade(engine)
    assert is_current(engine)
    assert "portal_user" in inspect(engine).get_table_names()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE quiz_unit ADD COLUMN colour TEXT",
        "DROP INDEX ix_quiz_result_place",
        "DROP TABLE quiz_lease",
    ],
)
def test_tables_that_differ_are_refused_and_left_alone(engine: Engine, change: str) -> None:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text(change))
    before = described(engine)
    with pytest.raises(Conflict) as refusal:
        upgrade(engine)
    assert refusal.value.code == "schema.unknown_tables"
    assert refusal.value.params["differences"] == 1
    assert described(engine) == before
    with engine.connect() as connection:
        assert current_revision(connection) is None


def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(engine: Engine) -> None:
    """What is killed in the middle can simply be run again."""

    def stumble(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "CREATE TABLE quiz_result" in statement:
            raise KeyboardInterrupt

    event.listen(engine, "before_cursor_execute", stumble)
    with pytest.raises(KeyboardInterrupt):
        upgrade(engine)
    event.remove(engine, "before_cursor_execute", stumble)
    assert described(engine) == {}
    upgrade(engine)
    with engine.connect() as connection:
        assert compare(connection) == []


def names_in(metadata: MetaData) -> dict[str, set[str]]:
    """Return by table the names of its constraints and indexes, as they are sent to a database."""
    return {
        table.name: {
            *(str(one.name) for one in table.constraints),
            *(str(one.name) for one in table.indexes),
        }
        for table in metadata.sorted_tables
        if table.name != VERSION_TABLE
    }


def test_every_constraint_and_index_has_a_name_that_no_convention_of_a_host_changes() -> None:
    convention = {kind: f"host_{kind}_%(table_name)s" for kind in ("ix", "uq", "ck", "fk", "pk")}
    hosts = MetaData(naming_convention=convention)
    copy_tables(hosts)
    assert names_in(hosts) == names_in(Base.metadata)
    assert not any(
        name == "None" or name.startswith("host_")
        for names in names_in(hosts).values()
        for name in names
    )


def test_the_names_of_the_model_are_the_names_in_the_database(engine: Engine) -> None:
    upgrade(engine)
    inspector = inspect(engine)
    named = {
        table: {
            str(inspector.get_pk_constraint(table)["name"]),
            *(str(one["name"]) for one in inspector.get_foreign_keys(table)),
            *(str(one["name"]) for one in inspector.get_unique_constraints(table)),
            *(str(one["name"]) for one in inspector.get_check_constraints(table)),
            *(str(one["name"]) for one in inspector.get_indexes(table)),
        }
        for table in Base.metadata.tables
    }
    assert named == names_in(Base.metadata)


def test_a_state_that_does_not_exist_is_refused_by_the_database(engine: Engine) -> None:
    upgrade(engine)
    insert = text(
        "INSERT INTO quiz_contest (slug, state, file, sha256, loaded_at) "
        "VALUES ('a', 'paused', '', '', 0)"
    )
    with pytest.raises(IntegrityError, match="ck_quiz_contest_state"), engine.begin() as connection:
        connection.execute(insert)


def test_a_row_of_a_table_that_is_referred_to_cannot_be_missing(engine: Engine) -> None:
    upgrade(engine)
    insert = text(
        "INSERT INTO quiz_headcount (unit_id, category, day, people) "
        "VALUES (9, '', '2026-01-01', 1)"
    )
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert)


def test_accounts_keep_their_log_ins_when_a_later_schema_allows_more_roles(engine: Engine) -> None:
    """SQLite changes a constraint by copying its table, which sessions refer to."""
    with engine.connect() as connection:
        command.upgrade(_config(connection), "0002")
        connection.commit()
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO quiz_account (person, login, name, role, created_at) "
                "VALUES ('p', 'l', 'n', 'organiser', 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO quiz_session (token_sha256, account_id, nonce, created_at, ends_at) "
                "SELECT 't', id, 'n', 1, 2 FROM quiz_account"
            )
        )
    upgrade(engine)
    with engine.begin() as connection:
        joined = text(
            "SELECT login, role FROM quiz_session s JOIN quiz_account a ON a.id = s.account_id"
        )
        assert connection.execute(joined).all() == [("l", "organiser")]
        connection.execute(text("UPDATE quiz_account SET role = 'jury'"))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text("DELETE FROM quiz_account"))


FILLED = (
    "INSERT INTO quiz_contest (id, slug, state, file, sha256, loaded_at) "
    "VALUES (1, 's', 'open', '', '', 1)",
    'INSERT INTO quiz_unit (id, code, name, kind, parent, "table", aliases) '
    "VALUES (1, 'Q-1', 'Công đoàn Hoa Sen', '', '', '', '[\"Hoa Sen\"]')",
    "INSERT INTO quiz_participant (id, contest_id, person, person_key, name, sort_key, unit, "
    "fields, consents, is_staff, registered_at) VALUES (1, 1, 'p', '0900000456', "
    "'Trần Minh Khuê', '', 'Q-1', '{\"phone\": \"0900000456\"}', '[]', false, 1)",
)
"""A contest with somebody in it, as the first schema kept it."""


def test_a_filled_database_of_the_first_schema_goes_on_and_back_and_on(engine: Engine) -> None:
    with engine.connect() as connection:
        command.upgrade(_config(connection), "0001")
        connection.commit()
    with engine.begin() as connection:
        for statement in FILLED:
            connection.exec_driver_sql(statement)
    for is_last in (False, True):
        upgrade(engine)
        with engine.connect() as connection:
            assert compare(connection) == []
            found = [
                connection.execute(text(f"SELECT name, search_key FROM {table}")).one()
                for table in ("quiz_participant", "quiz_unit")
            ]
            assert found == [
                ("Trần Minh Khuê", search_key("Trần Minh Khuê", "0900000456")),
                ("Công đoàn Hoa Sen", search_key("Công đoàn Hoa Sen", "Q-1", "Hoa Sen")),
            ]
            if not is_last:
                connection.rollback()
                command.downgrade(_config(connection), "0001")
                connection.commit()
