"""Attempts in the database: the rows that the answer path reads and writes.

Every statement that changes an attempt carries its own conditions (owner, state, deadline,
sequence), so what was true when it was asked for is checked again in the write itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    LargeBinary,
    String,
    Update,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import aliased

from quizengine.core.attempts import State
from quizengine.core.clock import from_ms, to_ms
from quizengine.core.papers import slot_count
from quizengine.core.sheets import RECORD_BYTES, Record, pack
from quizengine.store.connection import Executor, count_changed, upsert
from quizengine.store.tables import (
    AttemptRow,
    ContestRow,
    Instant,
    ParticipantRow,
    ResultVersionRow,
    RoundRow,
)


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """An attempt as its row says; an open one past its time may not have been closed yet."""

    id: int
    public_id: str
    round_id: int
    participant_id: int
    number: int
    state: State
    started_at: datetime
    deadline_at: datetime
    grace_ms: int
    submitted_at: datetime | None
    paper: bytes
    sheet: bytes
    flags: bytes | None
    paused_ms: int
    extra_ms: int
    #: Since when its round is paused; None while it is not.
    paused_at: datetime | None

    def slots(self) -> int:
        """Return how many questions the paper has."""
        return slot_count(self.paper)


@dataclass(frozen=True, slots=True)
class Entry:
    """A person's way into a round: ids of the rows, and what a start depends on."""

    contest_state: str
    contest_file: str
    contest_sha256: str
    round_id: int
    opens_at: datetime
    closes_at: datetime
    version_id: int
    seed: bytes
    pseudonym_secret: bytes
    participant_id: int
    person_key: str
    paused_at: datetime | None


_ATTEMPT = (
    AttemptRow.id,
    AttemptRow.public_id,
    AttemptRow.round_id,
    AttemptRow.participant_id,
    AttemptRow.number,
    AttemptRow.state,
    AttemptRow.started_at,
    AttemptRow.deadline_at,
    AttemptRow.grace_ms,
    AttemptRow.submitted_at,
    AttemptRow.paper,
    AttemptRow.sheet,
    AttemptRow.flags,
    AttemptRow.paused_ms,
    AttemptRow.extra_ms,
    select(RoundRow.paused_at)
    .where(RoundRow.id == AttemptRow.round_id)
    .correlate(AttemptRow)
    .scalar_subquery(),
)


def _attempt(row: Sequence[Any]) -> StoredAttempt:
    values = list(row)
    values[5] = State(values[5])
    return StoredAttempt(*values)


def find_entry(
    executor: Executor, slug: str, round_code: str, person: str, *, for_start: bool = False
) -> Entry | None:
    """Return what a person's start in a round depends on, or None when they are not registered.

    ``for_start`` holds the contest and the round as they are until the transaction ends: whoever
    closes, extends or pauses waits for it, or it for them. SQLite has one writer as it is.
    """
    query = (
        select(
            ContestRow.state,
            ContestRow.file,
            ContestRow.sha256,
            RoundRow.id,
            RoundRow.opens_at,
            RoundRow.closes_at,
            RoundRow.version_id,
            RoundRow.seed,
            RoundRow.pseudonym_secret,
            ParticipantRow.id,
            ParticipantRow.person_key,
            RoundRow.paused_at,
        )
        .join(RoundRow, RoundRow.contest_id == ContestRow.id)
        .join(ParticipantRow, ParticipantRow.contest_id == ContestRow.id)
        .where(
            ContestRow.slug == slug, RoundRow.code == round_code, ParticipantRow.person == person
        )
    )
    if for_start:
        # The contest first, as every step locks it before it changes a round.
        query = query.with_for_update(read=True, of=[ContestRow, RoundRow])
    row: Sequence[Any] | None = executor.execute(query).first()
    return Entry(*row) if row else None


def list_attempts(
    executor: Executor, round_id: int, participant_id: int
) -> tuple[StoredAttempt, ...]:
    """Return a person's attempts in a round, by number."""
    query = (
        select(*_ATTEMPT)
        .where(AttemptRow.round_id == round_id, AttemptRow.participant_id == participant_id)
        .order_by(AttemptRow.number)
    )
    return tuple(_attempt(row) for row in executor.execute(query))


def find_attempt(executor: Executor, public_id: str, person: str) -> StoredAttempt | None:
    """Return a person's own attempt; None for an unknown or foreign one."""
    query = (
        select(*_ATTEMPT)
        .join(ParticipantRow, ParticipantRow.id == AttemptRow.participant_id)
        .where(AttemptRow.public_id == public_id, ParticipantRow.person == person)
    )
    row = executor.execute(query).first()
    return _attempt(row) if row else None


def find_any_attempt(executor: Executor, public_id: str) -> StoredAttempt | None:
    """Return an attempt whoever it belongs to: for staff."""
    row = executor.execute(select(*_ATTEMPT).where(AttemptRow.public_id == public_id)).first()
    return _attempt(row) if row else None


def insert_attempt(executor: Executor, values: Mapping[str, Any]) -> bool:
    """Write a new open attempt unless the person has that number or an open one already.

    Returns whether it was written: the unique keys decide between starts at the same moment.
    """
    statement = upsert(executor, AttemptRow).values(state=State.OPEN.value, **values)
    return count_changed(executor, statement.on_conflict_do_nothing()) == 1


def save_record(
    executor: Executor,
    public_id: str,
    person: str,
    slot: int,
    record: Record,
    now: datetime,
    seen: int | None = None,
) -> bool:
    """Put one record into a sheet if its sequence number is higher and the attempt still takes it.

    With the sequence number that the sender has ``seen`` in the slot it replaces nothing later.

    One statement, as safe under PostgreSQL's READ COMMITTED as in SQLite's single writer: both look
    again at the row they lock. An attempt that was closed as expired still takes an answer that
    reached the server in time and only waited; one that was submitted takes none.
    """
    packed = pack(record)
    start = slot * RECORD_BYTES + 1
    values = {
        "at_public_id": public_id,
        "at_person": person,
        "at_now_ms": to_ms(now),
        "at_head": start - 1,
        "at_start": start,
        "at_after": start + RECORD_BYTES,
        "at_sequence": packed[:4],
        "at_seen": _ANY if seen is None else seen.to_bytes(4, "big"),
        "at_record": packed,
    }
    return count_changed(executor, _SAVE_RECORD, values) == 1


def save_flags(
    executor: Executor, public_id: str, person: str, flags: bytes, now: datetime
) -> bool:
    """Keep a packed set of flags if it is later than the one kept; return whether it was."""
    values = {
        "at_public_id": public_id,
        "at_person": person,
        "at_now_ms": to_ms(now),
        "at_sequence": flags[:4],
        "at_flags": flags,
    }
    return count_changed(executor, _SAVE_FLAGS, values) == 1


def submit(executor: Executor, public_id: str, person: str, now: datetime) -> bool:
    """Mark an open attempt as submitted if its time is not over; return whether it was.

    What is submitted while the round is paused took until the pause began.
    """
    values = {"at_public_id": public_id, "at_person": person, "at_now_ms": to_ms(now)}
    return count_changed(executor, _SUBMIT, {**values, "at_now": now}) == 1


def reopen(executor: Executor, attempt_id: int, now: datetime) -> bool:
    """Take a submission back while the attempt has time; return whether it was taken back.

    Not once the contest is closed or a result is made, nor beside another open attempt of the
    person: ``IntegrityError`` when that one was opened at the same moment.
    """
    other = aliased(AttemptRow)
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.id == attempt_id,
            AttemptRow.state == State.SUBMITTED.value,
            AttemptRow.deadline_at > now,
            exists().where(
                RoundRow.id == AttemptRow.round_id,
                ContestRow.id == RoundRow.contest_id,
                ContestRow.state == "open",
            ),
            ~exists().where(
                other.round_id == AttemptRow.round_id,
                other.participant_id == AttemptRow.participant_id,
                other.state == State.OPEN.value,
            ),
            ~exists().where(ResultVersionRow.round_id == AttemptRow.round_id),
        )
        .values(state=State.OPEN.value, submitted_at=None)
    )
    return count_changed(executor, statement) == 1


def close_due(executor: Executor, now: datetime, participant_id: int | None = None) -> int:
    """Mark every open attempt whose time is over as expired, or one person's; return how many."""
    statement = update(AttemptRow).where(_is_due(now)).values(state=State.EXPIRED.value)
    if participant_id is not None:
        statement = statement.where(AttemptRow.participant_id == participant_id)
    return count_changed(executor, statement)


def cut_open_attempts(executor: Executor, contest_id: int, now: datetime) -> None:
    """End the time of a contest's open attempts now."""
    rounds = select(RoundRow.id).where(RoundRow.contest_id == contest_id)
    executor.execute(
        update(AttemptRow)
        .where(
            AttemptRow.round_id.in_(rounds),
            AttemptRow.state == State.OPEN.value,
            AttemptRow.deadline_at > now,
        )
        .values(deadline_at=now)
    )


def void(executor: Executor, attempt_id: int, reason: str) -> bool:
    """Mark an attempt as void; return whether it was not void before."""
    statement = (
        update(AttemptRow)
        .where(AttemptRow.id == attempt_id, AttemptRow.state != State.VOID.value)
        .values(state=State.VOID.value, void_reason=reason)
    )
    return count_changed(executor, statement) == 1


def latest_end(executor: Executor, round_id: int) -> datetime | None:
    """Return the last instant at which an open attempt of a round takes answers; None when none."""
    query = select(func.max(_end())).where(
        AttemptRow.round_id == round_id, AttemptRow.state == State.OPEN.value
    )
    end_ms = executor.scalar(query)
    return None if end_ms is None else from_ms(end_ms)


def runs_on(executor: Executor, round_id: int, now: datetime) -> bool:
    """Return whether an attempt of a round takes answers now, or will again after a pause."""
    is_running = exists().where(AttemptRow.round_id == round_id, takes_answers(now))
    is_paused = exists().where(RoundRow.id == round_id, RoundRow.paused_at.is_not(None))
    return bool(executor.scalar(select(or_(is_paused, is_running))))


def count_states(executor: Executor, round_id: int, now: datetime) -> dict[State, int]:
    """Return how many attempts of a round are in each state now, without those of staff."""
    query = (
        select(AttemptRow.state, _is_due(now).label("is_due"), func.count())
        .join(ParticipantRow, ParticipantRow.id == AttemptRow.participant_id)
        .where(AttemptRow.round_id == round_id, ParticipantRow.is_staff.is_(False))
        .group_by(AttemptRow.state, "is_due")
    )
    counted = dict.fromkeys(State, 0)
    for state, is_due, number in executor.execute(query):
        counted[State.EXPIRED if is_due else State(state)] += number
    return counted


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an attempt is open although its time is over."""
    return and_(
        AttemptRow.state == State.OPEN.value,
        AttemptRow.deadline_at < now,  # what the index can find
        _end() < to_ms(now),
        ~clock_stands(),
    )


def takes_answers(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an attempt is open and its time is not over."""
    return and_(AttemptRow.state == State.OPEN.value, or_(_end() >= to_ms(now), clock_stands()))


def clock_stands() -> ColumnElement[bool]:
    """Return the condition that an attempt's round was paused before its time was over."""
    pause = select(RoundRow.id).where(
        RoundRow.id == AttemptRow.round_id,
        type_coerce(RoundRow.paused_at, BigInteger) <= _end(),
    )
    return pause.correlate(AttemptRow).exists()


def _end() -> ColumnElement[int]:
    # Instants are milliseconds in the database; the sum is compared with plain numbers.
    return type_coerce(AttemptRow.deadline_at, BigInteger) + AttemptRow.grace_ms


def _writable() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of every write to an attempt by its own person.

    An attempt that was closed as expired still takes what reached the server in time and only
    waited, until a result has been made of it.
    """
    is_owned = exists().where(
        ParticipantRow.id == AttemptRow.participant_id,
        ParticipantRow.person == bindparam("at_person", type_=String),
    )
    return (
        AttemptRow.public_id == bindparam("at_public_id", type_=String),
        is_owned,
        AttemptRow.state.in_((State.OPEN.value, State.EXPIRED.value)),
        or_(_end() >= bindparam("at_now_ms", type_=BigInteger), clock_stands()),
        ~exists().where(ResultVersionRow.round_id == AttemptRow.round_id),
    )


def _save_record() -> Update:
    start, after = bindparam("at_start", type_=Integer), bindparam("at_after", type_=Integer)
    merged = (
        func.substr(AttemptRow.sheet, 1, bindparam("at_head", type_=Integer))
        .op("||")(bindparam("at_record", type_=LargeBinary))
        .op("||")(func.substr(AttemptRow.sheet, after))
    )
    kept = func.substr(AttemptRow.sheet, start, 4)
    return (
        update(AttemptRow)
        .where(
            *_writable(),
            func.length(AttemptRow.sheet) >= after - 1,
            kept < bindparam("at_sequence", type_=LargeBinary),
            kept <= bindparam("at_seen", type_=LargeBinary),
        )
        .values(sheet=cast(merged, LargeBinary))
    )


def _save_flags() -> Update:
    kept = func.substr(AttemptRow.flags, 1, 4)
    is_later = kept < bindparam("at_sequence", type_=LargeBinary)
    return (
        update(AttemptRow)
        .where(*_writable(), or_(AttemptRow.flags.is_(None), is_later))
        .values(flags=bindparam("at_flags", type_=LargeBinary))
    )


def _submit() -> Update:
    since_pause = bindparam("at_now_ms", type_=BigInteger) - type_coerce(
        RoundRow.paused_at, BigInteger
    )
    pause = select(since_pause).where(RoundRow.id == AttemptRow.round_id, since_pause > 0)
    stood_ms = func.coalesce(pause.correlate(AttemptRow).scalar_subquery(), 0)
    return (
        update(AttemptRow)
        .where(*_writable())
        .values(
            state=State.SUBMITTED.value,
            submitted_at=bindparam("at_now", type_=Instant()),
            **moved_by(stood_ms),
        )
    )


def moved_by(stood_ms: ColumnElement[int] | int) -> dict[str, ColumnElement[Any]]:
    """Return the values of an attempt whose clock stood so long: its deadline moves with it."""
    deadline_ms = type_coerce(AttemptRow.deadline_at, BigInteger) + stood_ms
    return {
        "deadline_at": type_coerce(deadline_ms, Instant()),
        "paused_ms": AttemptRow.paused_ms + stood_ms,
    }


#: The sequence number of a sender that does not say what it has seen: no other is higher.
_ANY = b"\xff\xff\xff\xff"

#: Built once: putting such a statement together costs many times what running it does.
_SAVE_RECORD = _save_record()
_SAVE_FLAGS = _save_flags()
_SUBMIT = _submit()
