"""An organiser's way to people: finding them in a contest, and one person's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from quizengine.core import sheets
from quizengine.core.attempts import State, receipt_code
from quizengine.core.contest import Contest, Round
from quizengine.core.search import Search, read_search
from quizengine.core.text import count_words
from quizengine.errors import NotFound
from quizengine.services import audit
from quizengine.services.contests import contest_of, find, rules_of_round
from quizengine.services.receipts import state_now
from quizengine.services.results import mask_phone
from quizengine.services.units import unit_tree
from quizengine.store import attempts, contests, essays, participants
from quizengine.store.attempts import StoredAttempt
from quizengine.store.connection import Executor
from quizengine.store.essays import StoredEssay
from quizengine.store.participants import AttemptState, FoundParticipant, Standing, Wanted

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as the list shows them; ``number`` names them in addresses for staff."""

    number: int
    name: str
    unit_code: str
    unit_name: str
    masked_phone: str
    is_staff: bool
    registered_at: datetime
    attempts: tuple[AttemptState, ...]


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some of the people whom a search found; pages count from 1."""

    rows: tuple[PersonLine, ...]
    total: int
    page: int
    pages: int
    #: The name of the unit that the list is limited to; empty when it is not.
    unit_name: str


@dataclass(frozen=True, slots=True)
class AttemptHistory:
    """One attempt of a person as staff see it before the results: never its points."""

    public_id: str
    number: int
    state: State
    started_at: datetime
    deadline_at: datetime
    #: When it was handed in, or ran out of time; None while it runs.
    finished_at: datetime | None
    answered: int
    questions: int
    receipt: str


@dataclass(frozen=True, slots=True)
class RoundHistory:
    """What a person has done in a round."""

    rules: Round
    attempts: tuple[AttemptHistory, ...]


@dataclass(frozen=True, slots=True)
class EssayHistory:
    """Where a person's essay stands; the receipt and the instant are None until it is handed in."""

    drafted_at: datetime
    words: int
    receipt: str | None
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person of a contest, as staff see them."""

    number: int
    person: str
    name: str
    unit_code: str
    unit_name: str
    #: The unit as the person typed it when it was not listed.
    unit_typed: str
    fields: Mapping[str, str]
    is_staff: bool
    registered_at: datetime
    rounds: tuple[RoundHistory, ...]
    essay: EssayHistory | None


def find_people(
    executor: Executor,
    slug: str,
    *,
    typed: str = "",
    unit: str = "",
    standing: Standing | None = None,
    page: int = 1,
    now: datetime,
) -> PeoplePage:
    """Return a page of the people of a contest whom a search means, in the order of the alphabet.

    ``typed`` is a part of a name, phone number, staff number or unit, a receipt code or the address
    of an attempt; ``unit`` the code of a unit that they belong to or are below. A page beyond the
    last is the last. ``NotFound`` for an unknown contest.
    """
    stored = find(executor, slug)
    search = read_search(typed)
    tree = unit_tree(executor) if unit else None
    wanted = Wanted(
        contest_id=stored.id,
        parts=search.parts,
        numbers=_numbers(executor, stored.id, search),
        units=[one.code for one in tree.subtree(unit)] if tree and unit in tree.by_code else None,
        standing=standing,
    )
    if not wanted.numbers and not search.parts and typed.strip():
        # An address of no attempt here, or nothing but signs: nobody, rather than everybody.
        return PeoplePage((), 0, 1, 1, "")
    total = participants.count_people(executor, wanted, now)
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(max(1, page), pages)
    found = participants.list_people(
        executor, wanted, now, offset=(page - 1) * PAGE_ROWS, limit=PAGE_ROWS
    )
    named = tree.by_code[unit].name if tree and unit in tree.by_code else ""
    return PeoplePage(_lines(executor, found, now), total, page, pages, named)


def _numbers(executor: Executor, contest_id: int, search: Search) -> frozenset[int]:
    """Return the people whose attempt or essay a code or address names; read through only then."""
    if not search.code and not search.public_id:
        return frozenset()
    return frozenset(
        number
        for number, public_id in participants.read_public_ids(executor, contest_id)
        if public_id == search.public_id or receipt_code(public_id) == search.code
    )


def _lines(
    executor: Executor, found: tuple[FoundParticipant, ...], now: datetime
) -> tuple[PersonLine, ...]:
    states = participants.list_states(executor, [one.id for one in found], now)
    return tuple(
        PersonLine(
            number=one.id,
            name=one.name,
            unit_code=one.unit,
            unit_name=one.unit_typed or one.unit_name or "",
            masked_phone=mask_phone(one.fields.get("phone", "")),
            is_staff=one.is_staff,
            registered_at=one.registered_at,
            attempts=tuple(s for s in states if s.participant_id == one.id),
        )
        for one in found
    )


def view_person(
    session: Session, slug: str, number: int, *, actor: str, now: datetime
) -> PersonPage:
    """Return one person of a contest, and put on record who looked; ``NotFound`` for none."""
    page = person_page(session, slug, number, now=now)
    audit.record(
        session,
        action="participant.view",
        subject=page.person,
        actor=actor,
        now=now,
        details={"contest": slug},
    )
    return page


def person_page(executor: Executor, slug: str, number: int, *, now: datetime) -> PersonPage:
    """Return one person of a contest without a record, for a step that makes its own."""
    stored = find(executor, slug)
    one = participants.find_person(executor, stored.id, number)
    if one is None:
        raise NotFound("participant.unknown")
    contest = contest_of(stored.file)
    essay = essays.find_essay(executor, one.id)
    return PersonPage(
        number=one.id,
        person=one.person,
        name=one.name,
        unit_code=one.unit,
        unit_name=one.unit_name or "",
        unit_typed=one.unit_typed or "",
        fields=one.fields,
        is_staff=one.is_staff,
        registered_at=one.registered_at,
        rounds=_rounds(executor, contest, stored.id, one.id, now),
        essay=_essay(essay) if essay else None,
    )


def attempt_called(executor: Executor, slug: str, typed: str) -> str:
    """Return the public id of the attempt that an address or a receipt code names.

    ``NotFound`` when it names none of the contest.
    """
    stored = find(executor, slug)
    search = read_search(typed)
    for _, public_id in participants.read_public_ids(executor, stored.id):
        is_meant = public_id == search.public_id or receipt_code(public_id) == search.code
        if is_meant and attempts.find_any_attempt(executor, public_id) is not None:
            return public_id
    raise NotFound("attempt.unknown_code")


def running_attempt(executor: Executor, person: str, *, now: datetime) -> str | None:
    """Return the public id of a person's attempt that takes answers now, or None."""
    return participants.find_running(executor, person, now)


def _rounds(
    executor: Executor, contest: Contest, contest_id: int, participant_id: int, now: datetime
) -> tuple[RoundHistory, ...]:
    histories = []
    for one in contests.list_rounds(executor, contest_id):
        rules = rules_of_round(contest, one.code)
        rows = attempts.list_attempts(executor, one.id, participant_id)
        lines = tuple(_attempt(row, rules.questions(), now) for row in rows)
        histories.append(RoundHistory(rules, lines))
    return tuple(histories)


def _attempt(row: StoredAttempt, questions: int, now: datetime) -> AttemptHistory:
    state = state_now(row, now)
    is_over = state is not State.OPEN
    return AttemptHistory(
        public_id=row.public_id,
        number=row.number,
        state=state,
        started_at=row.started_at,
        deadline_at=row.deadline_at,
        finished_at=(row.submitted_at or row.deadline_at) if is_over else None,
        answered=sheets.answered(row.sheet, questions),
        questions=questions,
        receipt=receipt_code(row.public_id),
    )


def _essay(stored: StoredEssay) -> EssayHistory:
    is_handed_in = stored.submitted_at is not None
    return EssayHistory(
        drafted_at=stored.drafted_at,
        words=stored.words or count_words(stored.draft),
        receipt=receipt_code(stored.public_id) if is_handed_in else None,
        submitted_at=stored.submitted_at,
    )
