"""Receipts and reviews: what the server holds of an attempt, shown as the round's rules reveal it.

The only place of a participant's path where keys are read, and only once they may be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from quizengine.core import sheets
from quizengine.core.attempts import State, accepts_until, duration_ms, is_due, receipt_code
from quizengine.core.banks import Bank, Kind, Prompt
from quizengine.core.clock import MILLISECOND
from quizengine.core.contest import Reopen, Reveal, Round
from quizengine.core.papers import shown_positions, unpack_paper
from quizengine.core.scoring import Score, keys_of, mark
from quizengine.core.sheets import Record
from quizengine.errors import Conflict, NotFound
from quizengine.services.contests import contest_of, rules_of_round
from quizengine.services.papers import Papers
from quizengine.store import attempts, banks, contests, late_answers
from quizengine.store.attempts import StoredAttempt
from quizengine.store.connection import Executor
from quizengine.store.contests import StoredContest, StoredRound
from quizengine.store.late_answers import LateAnswer


@dataclass(frozen=True, slots=True)
class ExamQuestion:
    """A question as the person's paper shows it; positions count from 0."""

    slot: int
    kind: Kind
    stem: str
    choices: tuple[str, ...]
    chosen: frozenset[int]
    sequence: int
    """Sequence number of the save; 0 when nothing was saved."""


@dataclass(frozen=True, slots=True)
class LateLine:
    """An answer that came after the end: the slot it is for, and when it came."""

    slot: int
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the server holds of a finished attempt; points only as the round reveals them."""

    public_id: str
    slug: str
    round_code: str
    code: str
    number: int
    attempts_allowed: int
    state: State
    started_at: datetime
    finished_at: datetime
    duration_ms: int
    answered: int
    questions: int
    prediction: int | None
    last_saved_at: datetime | None
    points: int | None
    max_points: int
    late: tuple[LateLine, ...]
    """Answers that came after the end and differ from what is counted, by slot."""
    reopen_until: datetime | None
    """Until when the person may open the attempt again; None when they may not."""


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One question after the reveal, in the order the paper showed it."""

    question: ExamQuestion
    right: frozenset[int]
    points: int
    max_points: int
    source: str
    explanation: str


def receipt(executor: Executor, public_id: str, *, person: str, now: datetime) -> Receipt:
    """Return the receipt of a finished attempt; ``Conflict`` while it is open."""
    row = own_attempt(executor, public_id, person)
    state = state_now(row, now)
    if state is State.OPEN:
        raise Conflict("attempt.still_open")
    stored, stored_round, rules = rules_of_attempt(executor, row)
    count = rules.questions()
    score = None
    if _reveals_score(executor, stored, stored_round, rules, now):
        score = _score(row, banks.read_bank(executor, stored_round.version_id), rules)
    return Receipt(
        public_id=public_id,
        slug=stored.slug,
        round_code=rules.id,
        code=receipt_code(public_id),
        number=row.number,
        attempts_allowed=rules.attempts,
        state=state,
        started_at=row.started_at,
        finished_at=row.submitted_at or row.deadline_at,
        duration_ms=duration_ms(row.started_at, row.submitted_at, row.deadline_at, row.paused_ms),
        answered=sheets.answered(row.sheet, count),
        questions=count,
        prediction=sheets.prediction_of(row.sheet, count),
        last_saved_at=last_saved_at(row, sheets.read_sheet(row.sheet)),
        points=score.points if score else None,
        max_points=rules.max_points(),
        late=_late_lines(row, late_answers.list_of(executor, row.id)),
        reopen_until=row.deadline_at if _may_reopen(row, stored, rules, now) else None,
    )


def _late_lines(row: StoredAttempt, found: Iterable[LateAnswer]) -> tuple[LateLine, ...]:
    """Return what came late, without what was saved in the end: equal, or saved after it came."""
    records = sheets.read_sheet(row.sheet)
    return tuple(
        LateLine(late.slot, late.arrived_at)
        for late in found
        if late.value != records[late.slot].value
        and late.arrived_at > row.started_at + records[late.slot].at_ms * MILLISECOND
    )


def _may_reopen(row: StoredAttempt, stored: StoredContest, rules: Round, now: datetime) -> bool:
    return (
        rules.reopen is Reopen.UNTIL_DEADLINE
        and row.state is State.SUBMITTED
        and stored.state == "open"
        and row.paused_at is None
        and now < row.deadline_at
    )


def key_review(
    executor: Executor, public_id: str, *, person: str, now: datetime, papers: Papers
) -> tuple[ReviewLine, ...]:
    """Return a finished attempt with the keys; ``Conflict`` before the round reveals them."""
    row = own_attempt(executor, public_id, person)
    stored, stored_round, rules = rules_of_attempt(executor, row)
    is_open = state_now(row, now) is State.OPEN
    if is_open or not reveals_key(executor, stored, stored_round, rules, now):
        raise Conflict("results.not_revealed")
    bank = banks.read_bank(executor, stored_round.version_id)
    score = _score(row, bank, rules)
    shown = shown_questions(row, papers.prompts(executor, stored_round.version_id))
    slots = unpack_paper(row.paper).slots
    return tuple(
        ReviewLine(
            question=question,
            right=shown_positions(slot.order, bank.questions[slot.ordinal].key),
            points=points,
            max_points=slot.points,
            source=bank.questions[slot.ordinal].source,
            explanation=bank.questions[slot.ordinal].explanation,
        )
        for question, slot, points in zip(shown, slots, score.marks, strict=True)
    )


def own_attempt(executor: Executor, public_id: str, person: str) -> StoredAttempt:
    """Return a person's own attempt; ``NotFound`` for an unknown or foreign one."""
    row = attempts.find_attempt(executor, public_id, person)
    if row is None:
        raise NotFound("attempt.unknown")
    return row


def rules_of_attempt(
    executor: Executor, row: StoredAttempt
) -> tuple[StoredContest, StoredRound, Round]:
    """Return the contest and round of an attempt, and the round's rules."""
    stored_round = contests.find_round(executor, row.round_id)
    stored = contests.contest_of_round(executor, row.round_id)
    return stored, stored_round, rules_of_round(contest_of(stored.file), stored_round.code)


def state_now(row: StoredAttempt, now: datetime) -> State:
    """Return the state as it is now, whether or not a sweep has written it down."""
    is_over = is_due(row.state, row.deadline_at, row.grace_ms, now, row.paused_at)
    return State.EXPIRED if is_over else row.state


def shown_questions(row: StoredAttempt, prompts: Sequence[Prompt]) -> tuple[ExamQuestion, ...]:
    """Return the questions as the paper shows them, with the choices saved so far."""
    records = sheets.read_sheet(row.sheet)
    slots = unpack_paper(row.paper).slots
    return tuple(
        ExamQuestion(
            slot=number,
            kind=prompts[slot.ordinal].kind,
            stem=prompts[slot.ordinal].stem,
            choices=tuple(prompts[slot.ordinal].choices[choice] for choice in slot.order),
            chosen=shown_positions(slot.order, records[number].value),
            sequence=records[number].sequence,
        )
        for number, slot in enumerate(slots)
    )


def next_sequence(row: StoredAttempt) -> int:
    """Return a sequence number above every one that the attempt holds."""
    kept, _ = sheets.read_flags(row.flags)
    return max(kept, *(record.sequence for record in sheets.read_sheet(row.sheet))) + 1


def last_saved_at(row: StoredAttempt, records: Iterable[Record]) -> datetime | None:
    """Return when the last answer was saved, or None."""
    saved = [record.at_ms for record in records if record.sequence]
    return row.started_at + max(saved) * MILLISECOND if saved else None


def _reveals_score(
    executor: Executor,
    stored: StoredContest,
    stored_round: StoredRound,
    rules: Round,
    now: datetime,
) -> bool:
    return (
        stored.state == "published"
        or rules.reveal is Reveal.SCORE
        or reveals_key(executor, stored, stored_round, rules, now)
    )


def reveals_key(
    executor: Executor,
    stored: StoredContest,
    stored_round: StoredRound,
    rules: Round,
    now: datetime,
) -> bool:
    """Return whether the key may be seen: nobody may still be answering the same questions."""
    if rules.reveal is not Reveal.KEY_AFTER_CLOSE or stored.state == "published":
        return rules.reveal is Reveal.KEY_AFTER_CLOSE
    closes_at = max(rules.closes_at, stored_round.closes_at)
    end = replace(rules, closes_at=closes_at).ends_at()
    # Closing early ends every attempt, but what is on its way is taken in the grace after it.
    is_over = now > accepts_until(min(end, stored.closed_at or end), rules.grace_ms)
    # Pauses and extra time let somebody go on when the round has ended for the others.
    return is_over and not attempts.runs_on(executor, stored_round.id, now)


def _score(row: StoredAttempt, bank: Bank, rules: Round) -> Score:
    return mark(unpack_paper(row.paper), row.sheet, keys_of(bank), rules.scoring)
