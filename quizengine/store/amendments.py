"""Amendments of open contests in the database, and the rows that they move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, case, exists, func, insert, literal, select, type_coerce, update
from sqlalchemy.orm import aliased

from quizengine.core.amendments import Amendment, Change
from quizengine.core.attempts import State
from quizengine.core.clock import MILLISECOND, to_ms
from quizengine.core.contest import ClosePolicy
from quizengine.store.attempts import clock_stands, moved_by
from quizengine.store.connection import Executor, count_changed
from quizengine.store.tables import AmendmentRow, AttemptRow, Instant, ResultVersionRow, RoundRow


def insert_amendment(
    executor: Executor, contest_id: int, values: Mapping[str, Any], details: Mapping[str, Any]
) -> int:
    """Write the next amendment of a contest, whose row is locked; return its number."""
    last = select(func.max(AmendmentRow.number)).where(AmendmentRow.contest_id == contest_id)
    number = (executor.scalar(last) or 0) + 1
    executor.execute(
        insert(AmendmentRow).values(
            contest_id=contest_id, number=number, details=dict(details), **values
        )
    )
    return number


def list_amendments(executor: Executor, contest_id: int) -> tuple[Amendment, ...]:
    """Return the amendments of a contest as everybody may read them, in order."""
    query = (
        select(
            AmendmentRow.number,
            AmendmentRow.kind,
            AmendmentRow.details,
            AmendmentRow.reason,
            AmendmentRow.at,
        )
        .where(AmendmentRow.contest_id == contest_id)
        .order_by(AmendmentRow.number)
    )
    return tuple(_amendment(*row) for row in executor.execute(query))


def _amendment(
    number: int, kind: str, details: Mapping[str, Any], reason: str, at: datetime
) -> Amendment:
    closes_at = details.get("closes_at")
    return Amendment(
        number=number,
        change=Change(kind),
        round_code=details["round"],
        at=at,
        reason="" if kind == Change.EXTRA_TIME else reason,
        closes_at=datetime.fromisoformat(closes_at) if closes_at else None,
        span_ms=details.get("span_ms", 0),
    )


def extend_round(
    executor: Executor,
    round_id: int,
    closes_at: datetime,
    *,
    allowance_ms: int,
    policy: ClosePolicy,
) -> int:
    """Move the close of a round, and with it the end of each open attempt that it cuts.

    Such an attempt ends when its own time is over or at the new close, whichever comes first, and
    in either case as much later as pauses and extra time have moved it; never earlier than before.
    Returns how many attempts end later now.
    """
    executor.execute(update(RoundRow).where(RoundRow.id == round_id).values(closes_at=closes_at))
    if policy is not ClosePolicy.CUT:
        return 0
    close_ms = literal(to_ms(closes_at), BigInteger) + AttemptRow.paused_ms + AttemptRow.extra_ms
    whole_ms = _whole_end(allowance_ms)
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.round_id == round_id,
            AttemptRow.state == State.OPEN.value,
            _deadline_ms() < whole_ms,
            _deadline_ms() < close_ms,
        )
        .values(
            deadline_at=type_coerce(case((whole_ms < close_ms, whole_ms), else_=close_ms), Instant)
        )
    )
    return count_changed(executor, statement)


def pause_round(executor: Executor, round_id: int, now: datetime) -> bool:
    """Stop the clock of a round; return whether it was running."""
    statement = update(RoundRow).where(RoundRow.id == round_id, RoundRow.paused_at.is_(None))
    return count_changed(executor, statement.values(paused_at=now)) == 1


def resume_round(executor: Executor, round_id: int, paused_at: datetime, now: datetime) -> int:
    """Let the clock of a paused round go on; return how many attempts go on with it.

    Each of them has as long left as when the pause began. What was over by then stays over.
    """
    span_ms = (now - paused_at) // MILLISECOND
    moved = (
        update(AttemptRow)
        .where(
            AttemptRow.round_id == round_id,
            AttemptRow.state == State.OPEN.value,
            clock_stands(),
        )
        .values(**moved_by(span_ms))
    )
    count = count_changed(executor, moved)
    executor.execute(update(RoundRow).where(RoundRow.id == round_id).values(paused_at=None))
    return count


def end_pauses(executor: Executor, contest_id: int, now: datetime) -> None:
    """Let the clock of every paused round of a contest go on."""
    query = select(RoundRow.id, RoundRow.paused_at).where(
        RoundRow.contest_id == contest_id, RoundRow.paused_at.is_not(None)
    )
    for round_id, paused_at in executor.execute(query).all():
        assert paused_at is not None
        resume_round(executor, round_id, paused_at, now)


def give_time(executor: Executor, attempt_id: int, extra_ms: int, given_ms: int) -> bool:
    """Let an open attempt end so much later; return whether it was open.

    Only while ``given_ms`` is what it was given before: the same gift sent twice is given once.
    """
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.id == attempt_id,
            AttemptRow.state == State.OPEN.value,
            AttemptRow.extra_ms == given_ms,
        )
        .values(
            deadline_at=type_coerce(_deadline_ms() + extra_ms, Instant),
            extra_ms=AttemptRow.extra_ms + extra_ms,
        )
    )
    return count_changed(executor, statement) == 1


def reopen_attempt(
    executor: Executor, attempt_id: int, *, ended_at: datetime, extra_ms: int, now: datetime
) -> bool:
    """Open an attempt that ended at an instant again, with what was left then and extra time.

    The time in between counts as a pause. Not beside another open attempt of the person, nor once a
    result is made; ``IntegrityError`` when another was opened at the same moment.
    """
    stood_ms = max(0, (now - ended_at) // MILLISECOND)
    other = aliased(AttemptRow)
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.id == attempt_id,
            AttemptRow.state.in_((State.SUBMITTED.value, State.EXPIRED.value)),
            ~exists().where(
                other.round_id == AttemptRow.round_id,
                other.participant_id == AttemptRow.participant_id,
                other.state == State.OPEN.value,
            ),
            ~exists().where(ResultVersionRow.round_id == AttemptRow.round_id),
        )
        .values(
            state=State.OPEN.value,
            submitted_at=None,
            deadline_at=type_coerce(_deadline_ms() + (stood_ms + extra_ms), Instant),
            paused_ms=AttemptRow.paused_ms + stood_ms,
            extra_ms=AttemptRow.extra_ms + extra_ms,
        )
    )
    return count_changed(executor, statement) == 1


def count_cut(executor: Executor, round_id: int, allowance_ms: int) -> int:
    """Return how many open attempts of a round end before their own time is over."""
    query = (
        select(func.count())
        .select_from(AttemptRow)
        .where(
            AttemptRow.round_id == round_id,
            AttemptRow.state == State.OPEN.value,
            _deadline_ms() < _whole_end(allowance_ms),
        )
    )
    return executor.scalar(query) or 0


def _deadline_ms() -> Any:
    return type_coerce(AttemptRow.deadline_at, BigInteger)


def _whole_end(allowance_ms: int) -> Any:
    """Return when the own time of an attempt is over, pauses and extra time included."""
    started_ms = type_coerce(AttemptRow.started_at, BigInteger)
    return started_ms + allowance_ms + AttemptRow.paused_ms + AttemptRow.extra_ms
