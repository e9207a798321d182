"""The answer path: saving what a person answers and flags, and what is saved; no key is read here.

The functions that write take the writer's connection (``store.writer``) in place of the Session.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from quizengine.core import sheets
from quizengine.core.attempts import State, accepts_until, clock_at, is_due
from quizengine.core.clock import MILLISECOND, to_ms
from quizengine.core.papers import canonical_mask, shown_positions
from quizengine.core.sheets import Outcome, Record
from quizengine.errors import InvalidInput
from quizengine.services.contests import contest_of
from quizengine.services.papers import Papers, Sitting
from quizengine.services.receipts import (
    next_sequence,
    own_attempt,
    rules_of_attempt,
    state_now,
)
from quizengine.store import attempts, late_answers
from quizengine.store.attempts import StoredAttempt
from quizengine.store.connection import Executor
from quizengine.store.late_answers import LateAnswer

MAX_NUMBER = 2**32 - 1
SAVES_A_RECORD = 2
"""How many saves a request may carry for each question, as after being offline."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to save: positions of a question, or the number predicted, as its slot asks.

    The prediction's slot is the one after the last question.
    """

    slot: int
    sequence: int
    positions: frozenset[int] = frozenset()
    number: int | None = None
    seen: int | None = None
    """The sequence number its page last knew to be stored; None replaces whatever is lower."""
    device_at: datetime | None = None
    """When it was given by the device's own clock; it is kept with late answers only."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it is stored: positions of a question, or the number predicted."""

    slot: int
    sequence: int
    positions: frozenset[int]
    number: int | None
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of an answer; a refusal has a reason.

    ``stored`` is the answer that stays, where it is one that the sender has not seen.
    """

    slot: int
    sequence: int
    outcome: Outcome
    reason: str | None = None
    stored: Stored | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """How an attempt stands: what a page that has been away must know."""

    state: State
    clock_at: datetime
    """What the clock of the round shows: now, or when it was stopped by a pause."""
    is_paused: bool
    deadline_at: datetime
    accepts_until: datetime
    time_zone: str
    answers: tuple[Stored, ...]
    flagged: frozenset[int]
    next_sequence: int


def save_answers(
    connection: Connection | Session,
    public_id: str,
    *,
    person: str,
    answers: Sequence[Answer],
    now: datetime,
    papers: Papers,
) -> tuple[Reply, ...]:
    """Save answers one by one and return what became of each, in their order.

    ``NotFound`` for a foreign attempt; ``InvalidInput`` for an answer that the paper has no place
    for or for more answers than a browser can have waiting, and then none is saved.
    """
    sitting = _sitting(connection, public_id, person, papers)
    # Everybody's saves wait while one request's are written: its work is bounded by its paper.
    limit = SAVES_A_RECORD * sitting.records
    if len(answers) > limit:
        raise InvalidInput("answer.too_many", count=len(answers), limit=limit)
    at_ms = max(0, to_ms(now) - to_ms(sitting.started_at))
    records = [Record(answer.sequence, at_ms, _value(sitting, answer)) for answer in answers]
    return tuple(
        _save(connection, public_id, person, sitting, answer, record, now)
        for answer, record in zip(answers, records, strict=True)
    )


def save_flags(
    connection: Connection | Session,
    public_id: str,
    *,
    person: str,
    slots: Iterable[int],
    sequence: int,
    now: datetime,
    papers: Papers,
) -> bool:
    """Keep the whole set of flagged questions unless a later one is kept; return whether it was.

    ``NotFound`` for a foreign attempt; ``InvalidInput`` for a question that the paper has not.
    """
    sitting = _sitting(connection, public_id, person, papers)
    try:
        packed = sheets.pack_flags(sequence, slots, len(sitting.paper.slots))
    except ValueError as error:
        raise InvalidInput("answer.no_such_flag") from error
    if attempts.save_flags(connection, public_id, person, packed, now):
        return True
    own_attempt(connection, public_id, person)
    return False


def situation(
    executor: Executor, public_id: str, *, person: str, now: datetime, papers: Papers
) -> Situation:
    """Return how a person's attempt stands now; ``NotFound`` for a foreign one."""
    row = own_attempt(executor, public_id, person)
    contest, _, _ = rules_of_attempt(executor, row)
    sitting = papers.remember(row)
    _, flagged = sheets.read_flags(row.flags)
    return Situation(
        state=state_now(row, now),
        clock_at=clock_at(now, row.paused_at),
        is_paused=row.paused_at is not None,
        deadline_at=row.deadline_at,
        accepts_until=accepts_until(row.deadline_at, row.grace_ms),
        time_zone=contest_of(contest.file).time_zone,
        answers=tuple(
            _stored(sitting, slot, record)
            for slot, record in enumerate(sheets.read_sheet(row.sheet))
            if record.sequence
        ),
        flagged=flagged,
        next_sequence=next_sequence(row),
    )


def _sitting(executor: Executor, public_id: str, person: str, papers: Papers) -> Sitting:
    """Return the unchanging part of an attempt, which says nothing about whose it is."""
    return papers.recall(public_id) or papers.remember(own_attempt(executor, public_id, person))


def _value(sitting: Sitting, answer: Answer) -> int:
    """Return what to keep of an answer; ``InvalidInput`` when the paper has no place for it."""
    slots = sitting.paper.slots
    numbers_fit = 1 <= answer.sequence <= MAX_NUMBER and 0 <= (answer.seen or 0) <= MAX_NUMBER
    if not 0 <= answer.slot < sitting.records or not numbers_fit:
        raise InvalidInput("answer.no_such_slot", slot=answer.slot)
    if answer.slot < len(slots):
        try:
            return canonical_mask(slots[answer.slot].order, answer.positions)
        except ValueError as error:
            raise InvalidInput("answer.no_such_choice", slot=answer.slot) from error
    if answer.number is None or not 0 <= answer.number <= MAX_NUMBER:
        raise InvalidInput("answer.number_out_of_range", limit=MAX_NUMBER)
    return answer.number


def _save(
    executor: Executor,
    public_id: str,
    person: str,
    sitting: Sitting,
    answer: Answer,
    record: Record,
    now: datetime,
) -> Reply:
    if attempts.save_record(executor, public_id, person, answer.slot, record, now, answer.seen):
        return Reply(answer.slot, answer.sequence, Outcome.SAVED)
    row = own_attempt(executor, public_id, person)
    kept = sheets.read_sheet(row.sheet)[answer.slot]
    is_replay = (kept.sequence, kept.value) == (record.sequence, record.value)
    if is_replay and row.state is not State.VOID:
        # Whoever did not hear the first reply asks again, and must not be told that it was late.
        return Reply(answer.slot, answer.sequence, Outcome.SAVED)
    reason = _closed_reason(row, now)
    merged, outcome = sheets.merge(row.sheet, answer.slot, record, answer.seen)
    if reason is None and merged != row.sheet:
        # It came in time, waited, and meanwhile the results were made.
        reason = "attempt.late"
    if reason is not None:
        return _refuse(executor, row, answer, record, now, reason)
    is_unseen = answer.seen is not None and kept.sequence > answer.seen
    stored = _stored(sitting, answer.slot, kept) if is_unseen else None
    return Reply(answer.slot, answer.sequence, outcome, stored=stored)


def _refuse(
    executor: Executor,
    row: StoredAttempt,
    answer: Answer,
    record: Record,
    now: datetime,
    reason: str,
) -> Reply:
    """Return the refusal of an answer, after keeping it beside the sheet of an attempt that counts.

    It shows what a person sent and when it came, should they ask why it does not count.
    """
    if row.state is not State.VOID:
        late = LateAnswer(answer.slot, record.sequence, record.value, now, answer.device_at)
        late_answers.keep(executor, row.id, late)
    return Reply(answer.slot, answer.sequence, Outcome.REFUSED, reason)


def _closed_reason(row: StoredAttempt, now: datetime) -> str | None:
    if row.state is State.SUBMITTED:
        return "attempt.submitted"
    if row.state is State.VOID:
        return "attempt.void"
    is_late = is_due(State.OPEN, row.deadline_at, row.grace_ms, now, row.paused_at)
    return "attempt.late" if is_late else None


def _stored(sitting: Sitting, slot: int, record: Record) -> Stored:
    is_question = slot < len(sitting.paper.slots)
    order = sitting.paper.slots[slot].order if is_question else ()
    return Stored(
        slot=slot,
        sequence=record.sequence,
        positions=shown_positions(order, record.value),
        number=None if is_question else record.value,
        saved_at=sitting.started_at + record.at_ms * MILLISECOND,
    )
