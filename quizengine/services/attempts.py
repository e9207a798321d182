"""Attempts from the start to handing in; keys are not read here.

The functions that write take the writer's connection (``store.writer``) in place of the Session.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core import sheets
from quizengine.core.attempts import (
    PUBLIC_ID_BYTES,
    State,
    clock_at,
    deadline,
    new_public_id,
    receipt_code,
)
from quizengine.core.contest import Reopen, Round, Texts
from quizengine.core.drawing import PoolEntry, draw_paper, pool_of_prompts, pseudonym
from quizengine.core.papers import pack_paper
from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import audit
from quizengine.services.contests import contest_of, rules_of_round
from quizengine.services.papers import Papers
from quizengine.services.receipts import (
    ExamQuestion,
    Receipt,
    last_saved_at,
    next_sequence,
    own_attempt,
    receipt,
    rules_of_attempt,
    shown_questions,
    state_now,
)
from quizengine.store import attempts, contests
from quizengine.store.attempts import Entry, StoredAttempt
from quizengine.store.connection import Executor


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One of a person's attempts, as a list shows it."""

    public_id: str
    number: int
    state: State
    started_at: datetime
    finished_at: datetime | None
    answered: int
    receipt: str


@dataclass(frozen=True, slots=True)
class RoundStanding:
    """What a person has done in a round and may do now; ``reason`` says why not."""

    attempts_allowed: int
    attempts_used: int
    open_attempt: str | None
    attempts: tuple[AttemptLine, ...]
    may_start: bool
    reason: str | None
    deadline_if_started_now: datetime | None


@dataclass(frozen=True, slots=True)
class Started:
    """The open attempt after a start; ``is_new`` is false when it was open before."""

    public_id: str
    number: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Exam:
    """An attempt with its questions and what is saved of the answers."""

    public_id: str
    slug: str
    round_code: str
    number: int
    attempts_allowed: int
    state: State
    started_at: datetime
    deadline_at: datetime
    clock_at: datetime
    """What the clock of the round shows: now, or when it was stopped by a pause."""
    is_paused: bool
    questions: tuple[ExamQuestion, ...]
    prediction_prompt: Texts | None
    prediction: int | None
    prediction_sequence: int
    flagged: frozenset[int]
    """Slots that the person means to look at again."""
    flags_sequence: int
    next_sequence: int
    answered: int
    last_saved_at: datetime | None


def standing(
    executor: Executor, slug: str, round_code: str, person: str, *, now: datetime
) -> RoundStanding:
    """Return what a registered person has done in a round and may do now.

    ``NotFound`` when the contest has no such round, is not open yet, or the person is not in it.
    """
    entry, rules = _entry(executor, slug, round_code, person)
    rows = attempts.list_attempts(executor, entry.round_id, entry.participant_id)
    lines = tuple(_line(row, now) for row in rows)
    used = sum(1 for line in lines if line.state is not State.VOID)
    running = next((line.public_id for line in lines if line.state is State.OPEN), None)
    reason = _refusal(entry, rules, used, now)
    return RoundStanding(
        attempts_allowed=rules.attempts,
        attempts_used=used,
        open_attempt=running,
        attempts=lines,
        may_start=reason is None and running is None,
        reason=reason.code if reason else None,
        deadline_if_started_now=None
        if reason
        else deadline(now, rules.time_limit_ms, entry.closes_at, rules.close_policy),
    )


def start_attempt(
    connection: Connection | Session,
    slug: str,
    round_code: str,
    *,
    person: str,
    now: datetime,
    papers: Papers,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> Started:
    """Start a person's next attempt, or return the one that is open: a double click starts one.

    ``Conflict`` outside the round's window, in a pause or when no attempt is left.
    """
    entry, rules = _entry(connection, slug, round_code, person, for_start=True)
    attempts.close_due(connection, now, entry.participant_id)
    rows = attempts.list_attempts(connection, entry.round_id, entry.participant_id)
    running = next((row for row in rows if row.state is State.OPEN), None)
    if running is not None:
        return Started(running.public_id, running.number, is_new=False)
    refusal = _refusal(entry, rules, sum(1 for row in rows if row.state is not State.VOID), now)
    if refusal is not None:
        raise refusal
    number = max((row.number for row in rows), default=0) + 1
    public_id = new_public_id(entropy(PUBLIC_ID_BYTES))
    pool = pool_of_prompts(papers.prompts(connection, entry.version_id))
    values = _new_attempt(entry, rules, pool, person, number, now)
    if attempts.insert_attempt(connection, {"public_id": public_id, **values}):
        details = {"attempt": public_id, "person": person}
        signals.announce(connection.info, signals.attempt_started, **details)
        return Started(public_id, number, is_new=True)
    # Another start of the same person came in between: what it left decides.
    return start_attempt(
        connection, slug, round_code, person=person, now=now, papers=papers, entropy=entropy
    )


def exam(executor: Executor, public_id: str, *, person: str, now: datetime, papers: Papers) -> Exam:
    """Return a person's attempt as its page shows it; ``NotFound`` for a foreign one."""
    row = own_attempt(executor, public_id, person)
    stored, stored_round, rules = rules_of_attempt(executor, row)
    records = sheets.read_sheet(row.sheet)
    questions = shown_questions(row, papers.prompts(executor, stored_round.version_id))
    flags_sequence, flagged = sheets.read_flags(row.flags)
    return Exam(
        public_id=public_id,
        slug=stored.slug,
        round_code=rules.id,
        number=row.number,
        attempts_allowed=rules.attempts,
        state=state_now(row, now),
        started_at=row.started_at,
        deadline_at=row.deadline_at,
        clock_at=clock_at(now, row.paused_at),
        is_paused=row.paused_at is not None,
        questions=questions,
        prediction_prompt=rules.prediction.prompt if rules.prediction else None,
        prediction=sheets.prediction_of(row.sheet, len(questions)),
        prediction_sequence=records[-1].sequence if rules.prediction else 0,
        flagged=flagged,
        flags_sequence=flags_sequence,
        next_sequence=next_sequence(row),
        answered=sum(1 for question in questions if question.chosen),
        last_saved_at=last_saved_at(row, records),
    )


def submit_attempt(
    connection: Connection | Session, public_id: str, *, person: str, now: datetime
) -> Receipt:
    """Hand in an attempt and return its receipt; handing in again returns the same receipt.

    An attempt whose time is over is not changed: its receipt says that it expired.
    """
    if attempts.submit(connection, public_id, person, now):
        details = {"attempt": public_id, "person": person}
        signals.announce(connection.info, signals.attempt_submitted, **details)
    return receipt(connection, public_id, person=person, now=now)


def reopen_attempt(session: Session, public_id: str, *, person: str, now: datetime) -> None:
    """Open a person's submitted attempt again, on the record, where the round's rules allow it.

    ``Conflict`` where they do not, once its time is over, the contest is closed or a result is
    made, or beside another open attempt. An attempt that is open already stays as it is.
    """
    row = own_attempt(session, public_id, person)
    _, _, rules = rules_of_attempt(session, row)
    state = state_now(row, now)
    if state is State.OPEN:
        return
    if rules.reopen is not Reopen.UNTIL_DEADLINE or state is State.VOID:
        raise Conflict("attempt.stays_submitted")
    if row.paused_at is not None:
        raise Conflict("round.paused", round=rules.id)
    _reopen(session, row, actor=person, now=now)


def _reopen(session: Session, row: StoredAttempt, *, actor: str, now: datetime) -> None:
    attempts.close_due(session, now, row.participant_id)
    try:
        with session.begin_nested():
            is_open = attempts.reopen(session, row.id, now)
    except IntegrityError:
        is_open = False
    if not is_open:
        raise Conflict("attempt.not_reopened")
    audit.record(
        session,
        action="attempt.reopen",
        subject=row.public_id,
        actor=actor,
        now=now,
        details={"submitted_at": row.submitted_at.isoformat() if row.submitted_at else ""},
    )


def void_attempt(
    session: Session, slug: str, public_id: str, *, reason: str, actor: str, now: datetime
) -> None:
    """Take an attempt out of every count, with a reason on the record; the person gets it back.

    ``NotFound`` for an attempt of another contest than the one staff were allowed for,
    ``InvalidInput`` without a reason, ``Conflict`` once results are published or when it is void.
    """
    row = attempts.find_any_attempt(session, public_id)
    contest = contests.contest_of_round(session, row.round_id) if row else None
    if row is None or contest is None or contest.slug != slug:
        raise NotFound("attempt.unknown")
    if not reason.strip():
        raise InvalidInput("attempt.void_without_reason")
    if contest.state == "published":
        raise Conflict("attempt.results_published")
    if not attempts.void(session, row.id, reason.strip()):
        raise Conflict("attempt.already_void")
    audit.record(
        session,
        action="attempt.void",
        subject=public_id,
        actor=actor,
        now=now,
        details={"reason": reason.strip(), "state": row.state.value},
    )


def _entry(
    executor: Executor, slug: str, round_code: str, person: str, *, for_start: bool = False
) -> tuple[Entry, Round]:
    entry = attempts.find_entry(executor, slug, round_code, person, for_start=for_start)
    if entry is None:
        raise NotFound("attempt.not_registered", slug=slug)
    return entry, rules_of_round(contest_of(entry.contest_file), round_code)


def _refusal(entry: Entry, rules: Round, used: int, now: datetime) -> Conflict | None:
    if entry.contest_state != "open" or now >= entry.closes_at:
        return Conflict("round.closed", round=rules.id)
    if now < entry.opens_at:
        return Conflict("round.not_open_yet", round=rules.id)
    if entry.paused_at is not None:
        return Conflict("round.paused", round=rules.id)
    if used >= rules.attempts:
        return Conflict("attempt.none_left", allowed=rules.attempts)
    return None


def _new_attempt(
    entry: Entry, rules: Round, pool: Sequence[PoolEntry], person: str, number: int, now: datetime
) -> dict[str, object]:
    paper = draw_paper(
        seed=entry.seed,
        pseudonym=pseudonym(entry.pseudonym_secret, person),
        attempt=number,
        pool=pool,
        sections=rules.sections,
        shuffle_questions=rules.shuffle_questions,
        shuffle_choices=rules.shuffle_choices,
    )
    return {
        "round_id": entry.round_id,
        "participant_id": entry.participant_id,
        "number": number,
        "started_at": now,
        "deadline_at": deadline(now, rules.time_limit_ms, entry.closes_at, rules.close_policy),
        "grace_ms": rules.grace_ms,
        "paper": pack_paper(paper),
        "sheet": sheets.empty_sheet(len(paper.slots) + (rules.prediction is not None)),
    }


def _line(row: StoredAttempt, now: datetime) -> AttemptLine:
    state = state_now(row, now)
    return AttemptLine(
        public_id=row.public_id,
        number=row.number,
        state=state,
        started_at=row.started_at,
        finished_at=None if state is State.OPEN else row.submitted_at or row.deadline_at,
        answered=sheets.answered(row.sheet, row.slots()),
        receipt=receipt_code(row.public_id),
    )
