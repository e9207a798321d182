"""The same request many times at once has one effect, in one process and over two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from quizengine.errors import Conflict
from quizengine.services.answers import Answer
from quizengine.services.receipts import Receipt
from tests.faults.arena import ATTEMPTS_ALLOWED, EVENING, Arena, entered, name_of, opened
from tests.faults.processes import in_processes, in_threads, meet
from tests.faults.scale import count

pytestmark = pytest.mark.faults

CLICKS = 32
PEOPLE = count(smoke=4, full=50)
LATER = EVENING + timedelta(minutes=5)


@pytest.fixture
def arena(database_url: str) -> Iterator[Arena]:
    """An open contest with people who have not started."""
    with opened(database_url, people=PEOPLE) as made:
        yield made


def test_starts_at_once_open_one_attempt_that_every_reply_names(arena: Arena) -> None:
    for number in range(PEOPLE):
        named = in_threads([partial(arena.start, name_of(number))] * CLICKS)
        assert len(set(named)) == 1
    assert _attempts(arena) == PEOPLE


def test_starts_at_once_in_two_processes_open_one_attempt(arena: Arena) -> None:
    replies = in_processes(_start_everybody, [(arena.url,), (arena.url,)])
    for number in range(PEOPLE):
        assert len({public_id for reply in replies for public_id in reply[number]}) == 1
    assert _attempts(arena) == PEOPLE


def _start_everybody(url: str) -> list[list[str]]:
    with entered(url) as arena:
        clicks = CLICKS // 2
        return [
            in_threads([partial(arena.start, name_of(number))] * clicks, opening=meet)
            for number in range(PEOPLE)
        ]


def test_submits_at_once_give_one_instant_and_equal_receipts(arena: Arena) -> None:
    """Each click arrives at another instant; the one that was first written stands for all."""
    for number in range(PEOPLE):
        person = name_of(number)
        public_id = arena.start(person)
        arena.save(public_id, person, [Answer(0, 1, frozenset({1}))])
        receipts = in_threads(
            [
                partial(arena.submit, public_id, person, LATER + timedelta(milliseconds=click))
                for click in range(CLICKS)
            ]
        )
        _check_one_submission(arena, public_id, receipts)


def test_submits_at_once_in_two_processes_give_one_instant(arena: Arena) -> None:
    started = [arena.start(name_of(number)) for number in range(PEOPLE)]
    replies = in_processes(_submit_everything, [(arena.url, started, 0), (arena.url, started, 500)])
    for number, public_id in enumerate(started):
        _check_one_submission(arena, public_id, replies[0][number] + replies[1][number])


def _submit_everything(url: str, started: list[str], shift_ms: int) -> list[list[Receipt]]:
    with entered(url) as arena:
        return [
            in_threads(
                [
                    partial(
                        arena.submit,
                        public_id,
                        name_of(number),
                        LATER + timedelta(milliseconds=shift_ms + click),
                    )
                    for click in range(CLICKS // 2)
                ],
                opening=meet,
            )
            for number, public_id in enumerate(started)
        ]


def _check_one_submission(arena: Arena, public_id: str, receipts: list[Receipt]) -> None:
    assert len(receipts) == CLICKS
    assert len({repr(receipt) for receipt in receipts}) == 1
    assert arena.attempt(public_id).submitted_at == receipts[0].finished_at


def test_starts_at_once_use_up_only_the_last_attempt(arena: Arena) -> None:
    for number in range(PEOPLE):
        person = name_of(number)
        for _ in range(ATTEMPTS_ALLOWED - 1):
            arena.submit(arena.start(person), person)
        named = in_threads([partial(arena.start, person, LATER)] * CLICKS)
        assert len(set(named)) == 1
        arena.submit(named[0], person, LATER)
    assert _attempts(arena) == PEOPLE * ATTEMPTS_ALLOWED


def test_starts_and_submits_at_once_never_give_more_attempts_than_allowed(arena: Arena) -> None:
    """Every click starts an attempt and hands it in, in the midst of the others doing the same."""
    for number in range(PEOPLE):
        person = name_of(number)
        outcomes = in_threads([partial(_start_and_submit, arena, person)] * CLICKS)
        assert set(outcomes) <= {None, "attempt.none_left"}
        query = (
            "SELECT count(*) FROM quiz_attempt JOIN quiz_participant"
            " ON quiz_participant.id = participant_id WHERE person = :person"
        )
        assert arena.scalar(query, person=person) in range(1, ATTEMPTS_ALLOWED + 1)


def _start_and_submit(arena: Arena, person: str) -> str | None:
    """Start an attempt and hand it in; return the code of the refusal, or None."""
    try:
        arena.submit(arena.start(person), person)
    except Conflict as error:
        return error.code
    return None


def test_registrations_of_one_phone_number_at_once_let_one_person_in(arena: Arena) -> None:
    for number in range(PEOPLE):
        phone = f"08{number:08d}"
        outcomes = in_threads([partial(_register, arena, phone, click) for click in range(CLICKS)])
        assert sorted(outcomes, key=str) == [None] + ["registration.key_taken"] * (CLICKS - 1)
        query = "SELECT count(*) FROM quiz_participant WHERE person_key = :phone"
        assert arena.scalar(query, phone=phone) == 1


def test_registrations_of_one_person_at_once_let_them_in_once(arena: Arena) -> None:
    outcomes = in_threads([partial(_register, arena, "0811111111", 0)] * CLICKS)
    assert outcomes.count(None) == 1
    assert set(outcomes) <= {None, "registration.already", "registration.key_taken"}


def _register(arena: Arena, phone: str, click: int) -> str | None:
    """Register somebody; return the code of the refusal, or None."""
    try:
        arena.register(f"newcomer-{phone}-{click}", phone)
    except Conflict as error:
        return error.code
    return None


def _attempts(arena: Arena) -> object:
    return arena.scalar("SELECT count(*) FROM quiz_attempt")
