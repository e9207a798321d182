"""An acknowledged answer outlives the process that took it, however that ends."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from quizengine.store.writer import Writer
from tests.faults.arena import Arena, name_of, opened
from tests.faults.savers import Acknowledgement, EagerWriter, crew, losses, slots_of, start_saver
from tests.faults.scale import count

pytestmark = pytest.mark.faults

KILLS = count(smoke=8, full=200)
PEOPLE = 6
PROCESSES = 2


@pytest.fixture
def arena(database_url: str) -> Iterator[Arena]:
    """An open contest."""
    with opened(database_url, people=PEOPLE) as made:
        yield made


def test_killed_workers_lose_no_acknowledged_answer(arena: Arena) -> None:
    acknowledged, lost = _kill_workers(arena, Writer, KILLS)
    print(f"kills {KILLS}, acknowledged {len(acknowledged)}, lost {len(lost)}")
    assert lost == []
    assert losses(arena, acknowledged) == []
    arena.check_integrity()


def test_a_writer_that_acknowledges_before_the_commit_is_caught(arena: Arena) -> None:
    """The control: the same kills and the same check find what such a writer loses."""
    kills = 5
    acknowledged, lost = _kill_workers(arena, EagerWriter, kills)
    print(f"kills {kills}, acknowledged {len(acknowledged)}, lost {len(lost)}")
    assert lost


def _kill_workers(
    arena: Arena, writer: type[Writer], kills: int
) -> tuple[list[Acknowledgement], list[Acknowledgement]]:
    """Kill one of the workers time and again; return what was acknowledged and what was lost.

    The answers of each are looked for right after its death, while another goes on saving.
    """
    rng = random.Random(kills)
    attempts = [(arena.start(name_of(number)), name_of(number)) for number in range(PEOPLE)]
    acknowledged: list[Acknowledgement] = []
    lost: list[Acknowledgement] = []
    with crew(arena.url, attempts, PROCESSES, writer) as savers:
        for kill in range(kills):
            doomed = savers[kill % PROCESSES]
            doomed.wait_for(rng.randrange(1, 40))
            # Half the kills follow hard upon a reply, the others come at any moment.
            time.sleep(rng.choice((0, rng.uniform(0, 0.03))))
            doomed.kill()
            acknowledged += doomed.acknowledged
            lost += losses(arena, doomed.acknowledged)
            slots = slots_of(kill % PROCESSES, PROCESSES)
            savers[kill % PROCESSES] = start_saver(arena.url, attempts, slots, writer)
        remaining = list(savers)
    for saver in remaining:
        acknowledged += saver.acknowledged
    return acknowledged, lost
