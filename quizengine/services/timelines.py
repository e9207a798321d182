"""What happened in one attempt, moment by moment, for whoever answers the hotline: never points.

A sheet keeps the last save of each question, so earlier changes of the same one are not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from quizengine.core import sheets
from quizengine.core.amendments import Amendment, Change
from quizengine.core.attempts import State, duration_ms, receipt_code
from quizengine.core.clock import MILLISECOND
from quizengine.core.contest import Round
from quizengine.errors import NotFound
from quizengine.services import audit
from quizengine.services.contests import amended_contest, rules_of_round
from quizengine.services.participants import PersonPage, person_page
from quizengine.services.receipts import state_now
from quizengine.store import amendments, attempts, contests, late_answers, timelines
from quizengine.store.attempts import StoredAttempt
from quizengine.store.connection import Executor
from quizengine.store.timelines import Act

GAP_MS = 60_000
"""From how long on a silence is worth telling."""


class Kind(StrEnum):
    """What a moment was."""

    START = "start"
    SAVE = "save"
    GAP = "gap"
    LATE = "late"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    EXTRA_TIME = "extra_time"
    SUBMIT = "submit"
    REOPEN = "reopen"
    EXPIRE = "expire"
    VOID = "void"


CONTACTS = (Kind.START, Kind.SAVE, Kind.LATE, Kind.SUBMIT)
"""When the person's device was heard of."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened; which of the rest is filled depends on what it was."""

    at: datetime
    kind: Kind
    slot: int | None = None
    """The question counted from 0, or the number after the last for the prediction."""
    span_ms: int = 0
    until: datetime | None = None
    """The end of a silence, or the new close."""
    device_at: datetime | None = None
    """When a late answer was given by the device's own clock, which proves nothing."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One attempt as the hotline reads it."""

    person: PersonPage
    rules: Round
    public_id: str
    receipt: str
    number: int
    state: State
    is_paused: bool
    started_at: datetime
    deadline_at: datetime
    ends_at: datetime
    """Where the picture ends."""
    last_contact_at: datetime
    answered: int
    duration_ms: int | None
    paused_ms: int
    extra_ms: int
    moments: tuple[Moment, ...]


def view_timeline(
    session: Session, slug: str, public_id: str, *, actor: str, now: datetime
) -> Timeline:
    """Return what happened in an attempt, and put on record who looked.

    ``NotFound`` for an attempt of another contest.
    """
    row = attempts.find_any_attempt(session, public_id)
    stored = contests.contest_of_round(session, row.round_id) if row else None
    if row is None or stored is None or stored.slug != slug:
        raise NotFound("attempt.unknown")
    found = _timeline(session, slug, row, now)
    audit.record(
        session,
        action="attempt.view",
        subject=public_id,
        actor=actor,
        now=now,
        details={"contest": slug, "person": found.person.person},
    )
    return found


def _timeline(executor: Executor, slug: str, row: StoredAttempt, now: datetime) -> Timeline:
    stored = contests.contest_of_round(executor, row.round_id)
    stored_round = contests.find_round(executor, row.round_id)
    rules = rules_of_round(amended_contest(executor, stored), stored_round.code)
    state = state_now(row, now)
    acts = timelines.list_acts(executor, row.public_id)
    changes = amendments.list_amendments(executor, stored.id)
    moments = [
        *_answering(executor, row),
        *_ending(executor, row, state, acts),
        *(_moment_of_act(act) for act in acts if act.action != "attempt.void"),
    ]
    last = max(one.at for one in moments)
    until = max(last, now) if state is State.OPEN else last
    moments += _moments_of_round(changes, stored_round.code, row.started_at, until)
    contacts = sorted(one.at for one in moments if one.kind in CONTACTS)
    ends_at = max(last, row.deadline_at, now if state is State.OPEN else last)
    finished = state in (State.SUBMITTED, State.EXPIRED)
    return Timeline(
        person=person_page(executor, slug, row.participant_id, now=now),
        rules=rules,
        public_id=row.public_id,
        receipt=receipt_code(row.public_id),
        number=row.number,
        state=state,
        is_paused=row.paused_at is not None and state is State.OPEN,
        started_at=row.started_at,
        deadline_at=row.deadline_at,
        ends_at=ends_at,
        last_contact_at=contacts[-1],
        answered=sheets.answered(row.sheet, rules.questions()),
        duration_ms=duration_ms(row.started_at, row.submitted_at, row.deadline_at, row.paused_ms)
        if finished
        else None,
        paused_ms=row.paused_ms,
        extra_ms=row.extra_ms,
        moments=tuple(sorted([*moments, *_gaps(contacts)], key=lambda one: one.at)),
    )


def _answering(executor: Executor, row: StoredAttempt) -> Iterator[Moment]:
    yield Moment(row.started_at, Kind.START)
    for slot, record in enumerate(sheets.read_sheet(row.sheet)):
        if record.sequence:
            yield Moment(row.started_at + record.at_ms * MILLISECOND, Kind.SAVE, slot)
    for late in late_answers.list_of(executor, row.id):
        yield Moment(late.arrived_at, Kind.LATE, late.slot, device_at=late.device_at)


def _ending(
    executor: Executor, row: StoredAttempt, state: State, acts: Iterable[Act]
) -> Iterator[Moment]:
    for act in acts:
        if act.action == "attempt.reopen" and act.details.get("submitted_at"):
            yield Moment(datetime.fromisoformat(act.details["submitted_at"]), Kind.SUBMIT)
        elif act.action == "attempt.void":
            yield Moment(act.at, Kind.VOID, reason=timelines.read_void_reason(executor, row.id))
    if row.submitted_at is not None:
        yield Moment(row.submitted_at, Kind.SUBMIT)
    elif state is State.EXPIRED:
        yield Moment(row.deadline_at, Kind.EXPIRE)


def _moment_of_act(act: Act) -> Moment:
    is_reopening = act.action == "attempt.reopen"
    return Moment(
        act.at,
        Kind.REOPEN if is_reopening else Kind.EXTRA_TIME,
        span_ms=0 if is_reopening else act.details.get("span_ms", 0),
        reason=act.details.get("reason", ""),
    )


def _moments_of_round(
    changes: Iterable[Amendment], round_code: str, since: datetime, until: datetime
) -> list[Moment]:
    return [
        Moment(
            one.at,
            Kind(one.change.value),
            span_ms=one.span_ms,
            until=one.closes_at,
            reason=one.reason,
        )
        for one in changes
        if one.round_code == round_code
        and one.change is not Change.EXTRA_TIME
        and since <= one.at <= until
    ]


def _gaps(contacts: Iterable[datetime]) -> Iterator[Moment]:
    """Yield the silences between the contacts, which are in order."""
    before: datetime | None = None
    for at in contacts:
        if before is not None and (span_ms := (at - before) // MILLISECOND) > GAP_MS:
            yield Moment(before, Kind.GAP, span_ms=span_ms, until=at)
        before = at
