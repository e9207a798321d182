"""Whatever way saves come in, delayed, doubled and out of order, the sheet ends as they say."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest

from quizengine.core.sheets import Outcome
from quizengine.services.answers import Answer
from tests.faults.arena import EVENING, SLOTS, Arena, entered, name_of, opened
from tests.faults.processes import in_processes, meet
from tests.faults.scale import count

pytestmark = pytest.mark.faults

PEOPLE = 5
SAVES = count(smoke=1_500, full=20_000)
THREADS = 16
PROCESSES = 2
NUMBERS = range(1, 40)


@dataclass(frozen=True)
class Sending:
    """One answer sent once; the same answer may be sent again, later."""

    attempt: int
    slot: int
    sequence: int
    at_ms: int

    @property
    def position(self) -> int:
        """What the answer ticks: the same whenever it is sent."""
        return (self.sequence * 7 + self.slot) % 2


@pytest.fixture
def arena(database_url: str) -> Iterator[Arena]:
    """An open contest."""
    with opened(database_url, people=PEOPLE) as made:
        yield made


def test_every_history_of_saves_ends_in_its_highest_numbers(arena: Arena) -> None:
    attempts = [(arena.start(name_of(number)), name_of(number)) for number in range(PEOPLE)]
    sendings = _history(random.Random(SAVES))
    parts = [(arena.url, attempts, sendings[part::PROCESSES]) for part in range(PROCESSES)]
    outcomes = [outcome for told in in_processes(_send, parts) for outcome in told]
    assert len(outcomes) == SAVES
    assert set(outcomes) == {Outcome.SAVED, Outcome.SUPERSEDED}
    differences = _differences(arena, [public_id for public_id, _ in attempts], sendings)
    print(f"saves {SAVES}, superseded {outcomes.count(Outcome.SUPERSEDED)}, {len(differences)=}")
    assert differences == []


def _history(rng: random.Random) -> list[Sending]:
    """Return sendings in the order they leave: out of order, and a third of them sent before."""
    sendings: list[Sending] = []
    while len(sendings) < SAVES:
        at_ms = rng.randrange(1_000_000)
        if sendings and rng.random() < 1 / 3:
            again = rng.choice(sendings)
            sendings.append(Sending(again.attempt, again.slot, again.sequence, at_ms))
        else:
            attempt, slot = rng.randrange(PEOPLE), rng.randrange(SLOTS)
            sendings.append(Sending(attempt, slot, rng.choice(NUMBERS), at_ms))
    return sendings


def _send(
    url: str, attempts: Sequence[tuple[str, str]], sendings: Sequence[Sending]
) -> list[Outcome]:
    with entered(url) as arena, ThreadPoolExecutor(THREADS) as pool:
        meet()

        def send(sending: Sending) -> Outcome:
            public_id, person = attempts[sending.attempt]
            answer = Answer(sending.slot, sending.sequence, frozenset({sending.position}))
            now = EVENING + timedelta(milliseconds=sending.at_ms)
            (reply,) = arena.save(public_id, person, [answer], now)
            return reply.outcome

        return list(pool.map(send, sendings))


def _differences(
    arena: Arena, public_ids: Sequence[str], sendings: Iterable[Sending]
) -> list[tuple[int, int]]:
    """Return the slots that do not hold their highest number, as one of its sendings gave it."""
    highest: dict[tuple[int, int], int] = defaultdict(int)
    instants: dict[tuple[int, int, int], set[int]] = defaultdict(set)
    for one in sendings:
        place = (one.attempt, one.slot)
        highest[place] = max(highest[place], one.sequence)
        instants[(*place, one.sequence)].add(one.at_ms)
    wrong = []
    for attempt, public_id in enumerate(public_ids):
        records, positions = arena.records(public_id), arena.positions(public_id)
        for slot in range(SLOTS):
            sequence = highest[attempt, slot]
            ticked = {Sending(attempt, slot, sequence, 0).position} if sequence else set()
            is_right = records[slot].sequence == sequence and positions[slot] == ticked
            if sequence and records[slot].at_ms not in instants[attempt, slot, sequence]:
                is_right = False
            if not is_right:
                wrong.append((attempt, slot))
    return wrong
