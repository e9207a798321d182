"""The desk that the tests of the services work at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.desk import Desk, opened_desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """The open contest on each kind of database."""
    with opened_desk(database_url) as made:
        yield made
