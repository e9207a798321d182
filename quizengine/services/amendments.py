"""Changing an open contest: later closes, pauses, extra time, opening an attempt again.

Each has a reason, is on record, and but for opening again is published with the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from quizengine.core.amendments import ESSAY, Change
from quizengine.core.attempts import State
from quizengine.core.clock import MILLISECOND
from quizengine.core.contest import Contest, RankingKey, Reveal, Round
from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import audit
from quizengine.services.contests import amended_contest, contest_of, find, rules_of_round
from quizengine.services.receipts import reveals_key, state_now
from quizengine.store import amendments, attempts, contests
from quizengine.store.attempts import StoredAttempt
from quizengine.store.connection import Executor
from quizengine.store.contests import StoredContest, StoredRound

MOST_MINUTES = 240
"""More extra time than this at once is a slip of the finger."""
MINUTE_MS = 60_000
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class RoundNow:
    """What an organiser weighs before changing a round: for staff only."""

    code: str
    rules: Round
    opens_at: datetime
    closes_at: datetime
    paused_at: datetime | None
    running: int
    """People who are answering now."""
    cut: int
    """Attempts that the close ends before their own time is over."""


@dataclass(frozen=True, slots=True)
class AttemptNow:
    """What an organiser weighs before changing one attempt: for staff only."""

    public_id: str
    number: int
    participant: int
    contest: Contest
    rules: Round
    state: State
    started_at: datetime
    deadline_at: datetime
    ended_at: datetime | None
    left_ms: int
    """What is left of its time, or was left when it ended."""
    extra_ms: int
    """Extra time that it was given so far."""
    ranks_by_time: bool
    """Whether the ranking compares how long people took."""


def rounds_now(executor: Executor, slug: str, *, now: datetime) -> tuple[RoundNow, ...]:
    """Return the rounds of a contest with what runs in them; empty for a draft."""
    stored = find(executor, slug)
    contest = amended_contest(executor, stored)
    return tuple(
        _round_now(executor, row, rules_of_round(contest, row.code), now)
        for row in contests.list_rounds(executor, stored.id)
    )


def _round_now(executor: Executor, row: StoredRound, rules: Round, now: datetime) -> RoundNow:
    counted = attempts.count_states(executor, row.id, now)
    return RoundNow(
        code=row.code,
        rules=rules,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        paused_at=row.paused_at,
        running=counted[State.OPEN],
        cut=amendments.count_cut(executor, row.id, rules.time_limit_ms),
    )


def extend_round(
    session: Session,
    slug: str,
    round_code: str,
    *,
    closes_at: datetime,
    reason: str,
    actor: str,
    now: datetime,
) -> int:
    """Close a round later; return how many running attempts end later with it.

    What had ended stays ended. ``InvalidInput`` for an instant that is not later than the present
    close and than now, or later than the promised results; ``Conflict`` once the key may be seen.
    """
    stored, row, rules = _round(session, slug, round_code)
    reason = _checked_reason(reason)
    _check_later(contest_of(stored.file), row.closes_at, closes_at, now)
    if reveals_key(session, stored, row, rules, now):
        raise Conflict("amendment.key_is_out")
    attempts.close_due(session, now)
    count = amendments.extend_round(
        session,
        row.id,
        closes_at,
        allowance_ms=rules.time_limit_ms,
        policy=rules.close_policy,
    )
    details = {
        "round": row.code,
        "closed_at": row.closes_at.isoformat(),
        "closes_at": closes_at.isoformat(),
        "attempts": count,
    }
    _amend(session, stored, Change.EXTEND, details, reason, actor, now)
    return count


def extend_essay(
    session: Session, slug: str, *, closes_at: datetime, reason: str, actor: str, now: datetime
) -> None:
    """Take essays until later, also once the rounds are closed; errors as of a round."""
    stored = _locked(session, slug, ("open", "closed"))
    contest = amended_contest(session, stored)
    if contest.essay is None:
        raise NotFound("essay.no_task", slug=slug)
    reason = _checked_reason(reason)
    _check_later(contest, contest.essay.closes_at, closes_at, now)
    details = {
        "round": ESSAY,
        "closed_at": contest.essay.closes_at.isoformat(),
        "closes_at": closes_at.isoformat(),
    }
    _amend(session, stored, Change.EXTEND, details, reason, actor, now)


def pause_round(
    session: Session, slug: str, round_code: str, *, reason: str, actor: str, now: datetime
) -> None:
    """Stop the clock of a round: nobody starts, nobody's time runs out, answers are still kept."""
    stored, row, _ = _round(session, slug, round_code)
    reason = _checked_reason(reason)
    attempts.close_due(session, now)
    if not amendments.pause_round(session, row.id, now):
        raise Conflict("round.is_paused", round=round_code)
    _amend(session, stored, Change.PAUSE, {"round": row.code}, reason, actor, now)


def resume_round(
    session: Session, slug: str, round_code: str, *, reason: str, actor: str, now: datetime
) -> int:
    """Let the clock of a paused round go on; return how many attempts go on.

    Each has as long left as when the pause began, past the close of the round if need be.
    """
    stored, row, _ = _round(session, slug, round_code)
    reason = _checked_reason(reason)
    if row.paused_at is None:
        raise Conflict("round.not_paused", round=round_code)
    count = amendments.resume_round(session, row.id, row.paused_at, now)
    span_ms = (now - row.paused_at) // MILLISECOND
    details = {"round": row.code, "span_ms": span_ms, "attempts": count}
    _amend(session, stored, Change.RESUME, details, reason, actor, now)
    return count


def attempt_now(executor: Executor, slug: str, public_id: str, *, now: datetime) -> AttemptNow:
    """Return how one attempt of a contest stands; ``NotFound`` for one of another contest."""
    row, stored, stored_round = _attempt(executor, slug, public_id)
    contest = amended_contest(executor, stored)
    state = state_now(row, now)
    ended_at = None if state is State.OPEN else _ended_at(row)
    clock = ended_at or min(now, row.paused_at or now)
    return AttemptNow(
        public_id=row.public_id,
        number=row.number,
        participant=row.participant_id,
        contest=contest,
        rules=rules_of_round(contest, stored_round.code),
        state=state,
        started_at=row.started_at,
        deadline_at=row.deadline_at,
        ended_at=ended_at,
        left_ms=max(0, (row.deadline_at - clock) // MILLISECOND),
        extra_ms=row.extra_ms,
        ranks_by_time=RankingKey.DURATION in contest.ranking.keys,
    )


def give_extra_time(
    session: Session,
    slug: str,
    public_id: str,
    *,
    minutes: int,
    reason: str,
    actor: str,
    now: datetime,
    given_ms: int | None = None,
) -> None:
    """Let an open attempt end later, past the close of the round if need be.

    The extra time that is used counts as time taken. ``Conflict`` for one that is not open, and
    when it was given other extra time so far than ``given_ms``, which the organiser saw.
    """
    _attempt(session, slug, public_id)
    reason, extra_ms = _checked_reason(reason), _checked_minutes(minutes, least=1) * MINUTE_MS
    stored = _locked(session, slug, ("open",))
    # Read again: whoever held the lock may have given time.
    row, _, stored_round = _attempt(session, slug, public_id)
    if given_ms not in (None, row.extra_ms):
        raise Conflict("attempt.got_extra_time", minutes=row.extra_ms // MINUTE_MS)
    attempts.close_due(session, now, row.participant_id)
    if not amendments.give_time(session, row.id, extra_ms, row.extra_ms):
        raise Conflict("attempt.not_open")
    details = {"round": stored_round.code, "attempt": public_id, "span_ms": extra_ms}
    _amend(session, stored, Change.EXTRA_TIME, details, reason, actor, now, subject=public_id)


def reopen_attempt(
    session: Session,
    slug: str,
    public_id: str,
    *,
    minutes: int,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Open an ended attempt again with what was left of its time, and extra minutes.

    The time since its end counts as a pause. ``Conflict`` while the round is paused, once points
    or the key of it may have been seen, when nothing would be left, or beside another open attempt.
    """
    row, stored, stored_round = _attempt(session, slug, public_id)
    reason, extra_ms = _checked_reason(reason), _checked_minutes(minutes, least=0) * MINUTE_MS
    stored = _locked(session, slug, ("open",))
    rules = rules_of_round(contest_of(stored.file), stored_round.code)
    if row.paused_at is not None:
        raise Conflict("round.paused", round=rules.id)
    if rules.reveal is Reveal.SCORE or reveals_key(session, stored, stored_round, rules, now):
        raise Conflict("attempt.points_were_seen")
    attempts.close_due(session, now, row.participant_id)
    ended_at = _ended_at(row)
    if row.deadline_at <= ended_at and not extra_ms:
        raise Conflict("attempt.no_time_left")
    try:
        with session.begin_nested():
            is_open = amendments.reopen_attempt(
                session, row.id, ended_at=ended_at, extra_ms=extra_ms, now=now
            )
    except IntegrityError:
        is_open = False
    if not is_open:
        raise Conflict("attempt.not_reopened")
    details: dict[str, Any] = {"reason": reason, "ended_at": ended_at.isoformat()}
    if row.submitted_at is not None:
        details["submitted_at"] = row.submitted_at.isoformat()
    _record(session, "attempt.reopen", public_id, actor, now, details)
    if extra_ms:
        details = {"round": stored_round.code, "attempt": public_id, "span_ms": extra_ms}
        _amend(session, stored, Change.EXTRA_TIME, details, reason, actor, now, subject=public_id)


def _ended_at(row: StoredAttempt) -> datetime:
    return min(row.submitted_at or row.deadline_at, row.deadline_at)


def _attempt(
    executor: Executor, slug: str, public_id: str
) -> tuple[StoredAttempt, StoredContest, StoredRound]:
    row = attempts.find_any_attempt(executor, public_id)
    stored = contests.contest_of_round(executor, row.round_id) if row else None
    if row is None or stored is None or stored.slug != slug:
        raise NotFound("attempt.unknown")
    return row, stored, contests.find_round(executor, row.round_id)


def _round(
    session: Session, slug: str, round_code: str
) -> tuple[StoredContest, StoredRound, Round]:
    """Return a round of an open contest, the contest's row locked, and its rules."""
    stored = _locked(session, slug, ("open",))
    for row in contests.list_rounds(session, stored.id):
        if row.code == round_code:
            return stored, row, rules_of_round(contest_of(stored.file), round_code)
    raise NotFound("round.unknown", round=round_code)


def _locked(session: Session, slug: str, states: tuple[str, ...]) -> StoredContest:
    stored = contests.find_contest(session, slug, for_update=True)
    if stored is None:
        raise NotFound("contest.unknown", slug=slug)
    if stored.state not in states:
        raise Conflict("contest.not_open", slug=slug)
    return stored


def _checked_reason(reason: str) -> str:
    # A database keeps no zero character.
    reason = " ".join(reason.replace("\0", "").split())
    if not reason:
        raise InvalidInput("amendment.without_reason")
    if len(reason) > MAX_REASON:
        raise InvalidInput("amendment.long_reason", limit=MAX_REASON)
    return reason


def _checked_minutes(minutes: int, *, least: int) -> int:
    if not least <= minutes <= MOST_MINUTES:
        raise InvalidInput("amendment.minutes_out_of_range", least=least, most=MOST_MINUTES)
    return minutes


def _check_later(contest: Contest, closed_at: datetime, closes_at: datetime, now: datetime) -> None:
    if closes_at <= closed_at or closes_at <= now:
        raise InvalidInput("amendment.not_later")
    if closes_at > contest.results_at:
        raise InvalidInput("amendment.after_results")


def _amend(
    session: Session,
    stored: StoredContest,
    change: Change,
    details: Mapping[str, Any],
    reason: str,
    actor: str,
    now: datetime,
    *,
    subject: str = "",
) -> None:
    values = {"kind": change.value, "reason": reason, "actor": actor, "at": now}
    number = amendments.insert_amendment(session, stored.id, values, details)
    recorded = {**details, "contest": stored.slug, "amendment": number, "reason": reason}
    name = f"attempt.{change.value}" if subject else f"round.{change.value}"
    _record(session, name, subject or stored.slug, actor, now, recorded)


def _record(
    session: Session,
    action: str,
    subject: str,
    actor: str,
    now: datetime,
    details: Mapping[str, Any],
) -> None:
    audit.record(session, action=action, subject=subject, actor=actor, now=now, details=details)
