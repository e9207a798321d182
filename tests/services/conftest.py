"""The desk that the tests of the services work at, on databases that have their tables already."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from quizengine.store.connection import connect
from quizengine.store.schema import upgrade
from quizengine.store.tables import Base
from tests.postgres import Cluster
from tests.services.desk import Desk, opened_desk


@pytest.fixture(scope="session")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the present schema, to be copied."""
    path = tmp_path_factory.mktemp("upgraded") / "quiz.sqlite3"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def upgraded_url(cluster: Cluster) -> Iterator[str]:
    """The URL of a PostgreSQL database at the present schema."""
    with cluster.database() as url:
        _upgrade(url)
        yield url


def _upgrade(url: str) -> None:
    engine = connect(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture
def sqlite_url(upgraded_file: Path, tmp_path: Path) -> str:
    """The URL of a SQLite file at the present schema, this test's own."""
    path = shutil.copy(upgraded_file, tmp_path / "quiz.sqlite3")
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(upgraded_url: str) -> Iterator[str]:
    """The URL of a PostgreSQL database at the present schema; its rows go after each test.

    Removing rows takes a tenth of the time of making a database.
    """
    yield upgraded_url
    engine = connect(upgraded_url)
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))
    engine.dispose()


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """The open contest on each kind of database."""
    with opened_desk(database_url) as made:
        yield made
