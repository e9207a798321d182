"""The turn to write passes on, whatever becomes of the process that had it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from quizengine.store.connection import write_turn
from tests.faults.arena import Arena, name_of, opened
from tests.faults.processes import WAIT_SECONDS

pytestmark = pytest.mark.faults


@pytest.fixture
def arena(sqlite_url: str) -> Iterator[Arena]:
    """An open contest on SQLite, whose writers take turns."""
    with opened(sqlite_url, people=2) as made:
        yield made


def test_a_fork_in_the_midst_of_a_turn_does_not_keep_the_turn(arena: Arena) -> None:
    """A host may start a process at any moment; it lives on with a copy of every open file."""
    with write_turn(arena.engine):
        child = _fork_sleeper()
    try:
        waiting = threading.Thread(target=partial(arena.start, name_of(0)), daemon=True)
        waiting.start()
        waiting.join(WAIT_SECONDS / 10)
        assert not waiting.is_alive(), "the turn did not come back while the child lives"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_killed_process_gives_its_turn_back(arena: Arena) -> None:
    has_turn, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with write_turn(arena.engine):
            os.write(tell, b".")
            signal.pause()
    assert os.read(has_turn, 1) == b"."
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(has_turn)
    os.close(tell)
    assert arena.start(name_of(1))


def _fork_sleeper() -> int:
    """Return the id of a forked process that does nothing until it is killed."""
    child = os.fork()
    if child == 0:
        while True:
            signal.pause()
    return child
