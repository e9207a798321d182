"""A save behind a submit is refused; one before it is in what was handed in."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest

from quizengine.core.attempts import State
from quizengine.core.sheets import Outcome
from quizengine.services.answers import Answer
from tests.faults.arena import EVENING, Arena, name_of, opened
from tests.faults.processes import in_threads
from tests.faults.scale import count

pytestmark = pytest.mark.faults

ROUNDS = count(smoke=12, full=200)
SAVERS = 8


@pytest.fixture
def arena(database_url: str) -> Iterator[Arena]:
    """An open contest."""
    with opened(database_url, people=ROUNDS) as made:
        yield made


def test_what_was_saved_before_a_submit_stands_and_nothing_after_it(arena: Arena) -> None:
    rng = random.Random(ROUNDS)
    saved = refused = 0
    for number in range(ROUNDS):
        person = name_of(number)
        public_id = arena.start(person)
        handed_in: list[bytes] = []
        is_over = threading.Event()
        submit = partial(_submit, arena, public_id, person, rng.uniform(0, 0.03), handed_in)
        calls: list[Callable[[], list[Outcome]]] = [
            partial(_save_until_refused, arena, public_id, person, slot, is_over)
            for slot in range(SAVERS)
        ]
        calls.append(partial(_then, submit, is_over))
        replies = in_threads(calls)[:SAVERS]
        stored = arena.attempt(public_id)
        assert stored.state is State.SUBMITTED
        assert [stored.sheet] == handed_in
        for record, outcomes in zip(arena.records(public_id), replies, strict=False):
            assert record.sequence == outcomes.count(Outcome.SAVED)
            assert outcomes[record.sequence :] == [Outcome.REFUSED] * 2
        saved += sum(record.sequence for record in arena.records(public_id))
        refused += 2 * SAVERS
    print(f"submits {ROUNDS}, saved before {saved}, refused after {refused}")


def _submit(
    arena: Arena, public_id: str, person: str, pause: float, handed_in: list[bytes]
) -> None:
    """Submit in the midst of the saves, and keep the sheet as it is when the receipt is there."""
    time.sleep(pause)
    arena.submit(public_id, person, EVENING + timedelta(minutes=5))
    handed_in.append(arena.attempt(public_id).sheet)


def _then(call: Callable[[], None], event: threading.Event) -> list[Outcome]:
    try:
        call()
    finally:
        event.set()
    return []


def _save_until_refused(
    arena: Arena, public_id: str, person: str, slot: int, is_over: threading.Event
) -> list[Outcome]:
    """Save one slot again and again; return the replies, the last two of them refusals.

    The second refusal comes after the submit has returned, so that a save let in late would show.
    """
    outcomes: list[Outcome] = []
    while Outcome.REFUSED not in outcomes:
        outcomes.append(_save(arena, public_id, person, slot, len(outcomes) + 1))
    is_over.wait()
    return [*outcomes, _save(arena, public_id, person, slot, len(outcomes) + 1)]


def _save(arena: Arena, public_id: str, person: str, slot: int, sequence: int) -> Outcome:
    answer = Answer(slot, sequence, frozenset({sequence % 2}))
    (reply,) = arena.save(public_id, person, [answer], EVENING + timedelta(minutes=4))
    return reply.outcome
