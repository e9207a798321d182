"""What a phone saw as saved is there, whatever happened to the server behind it."""

from __future__ import annotations

import os
import random
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from quizengine.core.clock import utc_now
from tests.faults.arena import SLOTS, Arena, opened
from tests.faults.processes import WAIT_SECONDS
from tests.faults.scale import count
from tests.faults.server import NotAnswered, Phone, Server, serving

pytestmark = pytest.mark.faults

KILLS = count(smoke=4, full=200)
PHONES = 6
WORKERS = 2
THREADS = 4


@pytest.fixture
def arena(sqlite_url: str) -> Iterator[Arena]:
    """A contest that is open now, by the clock of the server."""
    with opened(sqlite_url, people=0, now=utc_now()) as made:
        yield made


@dataclass
class Load:
    """Phones that save all the while: half of them by script, half by form."""

    phones: list[Phone]
    ended: threading.Event = field(default_factory=threading.Event)
    saves: int = 0
    not_answered: int = 0
    failures: list[BaseException] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def wait_for(self, saves: int) -> None:
        """Wait until so many more answers have been acknowledged."""
        wanted, end = self.saves + saves, time.monotonic() + WAIT_SECONDS
        while self.saves < wanted and not self.failures:
            assert time.monotonic() < end, "nothing is saved any more"
            time.sleep(0.005)

    def use(self, number: int) -> None:
        """Let a phone save answer after answer, each again and again until it is acknowledged."""
        phone = self.phones[number]
        save = phone.save_by_script if number % 2 else phone.save_by_form
        try:
            while not self.ended.is_set():
                slot = phone.tick()
                while not self._is_answered(save, slot):
                    if self.ended.wait(0.02):
                        return
        except BaseException as error:
            self.failures.append(error)

    def _is_answered(self, save: Callable[[int], None], slot: int) -> bool:
        try:
            save(slot)
        except NotAnswered:
            with self._guard:
                self.not_answered += 1
            return False
        with self._guard:
            self.saves += 1
        return True


@contextmanager
def under_load(server: Server) -> Iterator[Load]:
    """Let phones take part and save until the end of the block."""
    phones = [Phone(server.port) for _ in range(PHONES)]
    for number, phone in enumerate(phones):
        phone.take_part(number)
    load = Load(phones)
    threads = [threading.Thread(target=load.use, args=(number,)) for number in range(PHONES)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.ended.set()
        for thread in threads:
            thread.join()
    assert load.failures == []


def test_killed_workers_of_the_server_lose_no_answer(arena: Arena, tmp_path: Path) -> None:
    rng = random.Random(KILLS)
    with serving(arena.url, tmp_path, workers=WORKERS, threads=THREADS) as server:
        with under_load(server) as load:
            for _ in range(KILLS):
                load.wait_for(rng.randrange(10, 40))
                os.kill(_a_worker(server, rng), signal.SIGKILL)
            load.wait_for(20)
        assert _lost(arena, load) == []
    print(f"kills {KILLS}, saves {load.saves}, sent again {load.not_answered}, lost 0")
    arena.check_integrity()


def test_a_server_that_is_told_to_stop_loses_no_answer(arena: Arena, tmp_path: Path) -> None:
    with serving(arena.url, tmp_path, workers=WORKERS, threads=THREADS) as server:
        with under_load(server) as load:
            load.wait_for(50)
            assert server.stop() == 0
        assert _lost(arena, load) == []
    print(f"saves {load.saves}, lost 0")


def test_a_server_on_a_full_disk_says_so_and_reads_on(arena: Arena, tmp_path: Path) -> None:
    """The worker's files may not grow: saves get 503, pages are read, and later all goes on.

    The limit is that of ``setrlimit``, set on the running worker from outside.
    """
    with serving(arena.url, tmp_path, workers=1, threads=THREADS) as server:
        with under_load(server) as load:
            load.wait_for(20)
            (worker,) = server.workers()
            unlimited = resource.prlimit(worker, resource.RLIMIT_FSIZE)
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (2**16, unlimited[1]))
            _wait_for_refusals(load, PHONES * 2)
            page = load.phones[0].get(f"/thi/lam-bai/{load.phones[0].public_id}")
            assert page.status == 200
            resource.prlimit(worker, resource.RLIMIT_FSIZE, unlimited)
            load.wait_for(PHONES * 5)
            assert server.workers() == [worker]
        assert _lost(arena, load) == []
    print(f"saves {load.saves}, refused with 503 {load.not_answered}, lost 0")


def _a_worker(server: Server, rng: random.Random) -> int:
    """Return a worker to kill; right after a kill the next one may still be starting."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        workers = server.workers()
        if len(workers) == WORKERS:
            return rng.choice(workers)
        time.sleep(0.01)
    raise AssertionError("a killed worker was not replaced")


def _wait_for_refusals(load: Load, number: int) -> None:
    wanted, end = load.not_answered + number, time.monotonic() + WAIT_SECONDS
    while load.not_answered < wanted and not load.failures:
        assert time.monotonic() < end, "saving goes on although files may not grow"
        time.sleep(0.005)


def _lost(arena: Arena, load: Load) -> list[tuple[str, int]]:
    """Return the slots whose last acknowledged answer is neither there nor replaced by the next.

    One answer of a phone may be on its way when the load ends: saved, but its reply never read.
    """
    lost = []
    for phone in load.phones:
        records, positions = arena.records(phone.public_id), arena.positions(phone.public_id)
        for slot in range(SLOTS):
            stored = (records[slot].sequence, positions[slot])
            sequence, position = phone.acknowledged.get(slot, (0, -1))
            is_kept = sequence == 0 or stored == (sequence, frozenset({position}))
            is_replaced = stored == (phone.sequence, frozenset({phone.ticked.get(slot, -1)}))
            if not (is_kept or is_replaced):
                lost.append((phone.public_id, slot))
    return lost
