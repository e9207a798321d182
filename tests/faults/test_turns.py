"""The turn to write passes on, whatever becomes of the process that had it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from multiprocessing.connection import Connection as Pipe

import pytest

from quizengine.store.connection import write_turn
from tests.faults.arena import Arena, entered, name_of, opened
from tests.faults.processes import FORKED, WAIT_SECONDS, in_processes

pytestmark = pytest.mark.faults


@pytest.fixture
def arena(sqlite_url: str) -> Iterator[Arena]:
    """An open contest on SQLite, whose writers take turns."""
    with opened(sqlite_url, people=1) as made:
        yield made


def test_a_fork_in_the_midst_of_a_turn_does_not_keep_the_turn(arena: Arena) -> None:
    """A host may start a process at any moment; it lives on with a copy of every open file."""
    assert in_processes(_may_write_after_a_fork, [(arena.url,)]) == [True]


def _may_write_after_a_fork(url: str) -> bool:
    with entered(url) as arena:
        with write_turn(arena.engine):
            child = os.fork()
            if child == 0:
                _sleep_until_killed()
        writing = threading.Thread(target=partial(arena.start, name_of(0)), daemon=True)
        writing.start()
        writing.join(WAIT_SECONDS / 10)
        has_written = not writing.is_alive()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        writing.join()
    return has_written


def test_a_killed_process_gives_its_turn_back(arena: Arena) -> None:
    told, tell = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=_keep_the_turn, args=(arena.url, tell), daemon=True)
    process.start()
    assert told.recv_bytes() == b"mine"
    process.kill()
    process.join()
    told.close()
    tell.close()
    assert arena.start(name_of(0))


def _keep_the_turn(url: str, tell: Pipe) -> None:
    with entered(url) as arena, write_turn(arena.engine):
        tell.send_bytes(b"mine")
        _sleep_until_killed()


def _sleep_until_killed() -> None:
    while True:
        signal.pause()
