"""Results as staff see them before and after publication: rankings with names, awards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from quizengine.core.awards import AwardList, Candidate, Reason, list_awards
from quizengine.core.contest import Contest, EssayRole, Round, Shown
from quizengine.core.eligibility import calendar_year, is_eligible
from quizengine.core.text import fold
from quizengine.errors import Conflict
from quizengine.services.contests import amended_contest, find, rules_of_round
from quizengine.services.results import SHOWN_CODE, mask_phone
from quizengine.services.round_results import compute_result
from quizengine.services.units import unit_tree
from quizengine.store import attempts, contests, decisions, essays, people, results
from quizengine.store.connection import Executor
from quizengine.store.contests import StoredContest, StoredRound
from quizengine.store.people import StoredParticipant
from quizengine.store.results import ResultLine


@dataclass(frozen=True, slots=True)
class Placed:
    """Somebody in a ranking; what the reader may not see of them is empty."""

    number: int
    place: int
    shared: int
    code: str
    name: str
    unit_name: str
    phone: str
    points: int
    prediction: int | None
    prediction_error: int | None
    duration_ms: int
    finished_at: datetime
    has_essay: bool
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class RoundSheet:
    """A round's ranking with its figures and its awards; candidates' keys are ``people``'s."""

    code: str
    rules: Round
    actual: int | None
    participants: int
    attempts: int
    abandoned: int
    rows: tuple[Placed, ...]
    awards: AwardList
    people: Mapping[int, Placed]

    def full_marks(self) -> int:
        """Return how many people have every point in the attempt that counts."""
        return sum(row.points == self.rules.max_points() for row in self.rows)

    def find(self, typed: str) -> tuple[Placed, ...]:
        """Return the rows whose name, unit, code or phone holds every typed word."""
        words = fold(typed).split()
        return tuple(row for row in self.rows if all(word in _key(row) for word in words))


def _key(row: Placed) -> str:
    return f"{fold(row.name)} {fold(row.unit_name)} {row.code} {row.phone}"


def round_sheets(executor: Executor, slug: str, *, is_whole: bool) -> tuple[RoundSheet, ...]:
    """Return a contest's rankings and awards, as published or else as computed now.

    ``is_whole`` shows names and phone numbers; else only what public results show of those who
    agreed. ``Conflict`` before the close, and while an attempt may still be answered.
    """
    stored = find(executor, slug)
    if stored.state in ("draft", "open"):
        raise Conflict("results.before_close", slug=slug)
    rounds = contests.list_rounds(executor, stored.id)
    if any(attempts.latest_end(executor, one.id) is not None for one in rounds):
        raise Conflict("contest.attempts_running", slug=slug)
    desk = _read_desk(executor, stored, is_whole=is_whole)
    return tuple(_sheet(executor, stored, one, desk) for one in rounds)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What all rounds of a contest share."""

    contest: Contest
    everybody: Mapping[int, StoredParticipant]
    authors: frozenset[int]
    copiers: frozenset[int]
    units: Mapping[str, str]
    is_whole: bool

    def reason(self, participant: StoredParticipant, year: int) -> Reason | None:
        """Return why somebody can take no award."""
        if not is_eligible(self.contest.eligibility, participant.fields, year=year):
            return "not_eligible"
        essay = self.contest.essay
        if essay is None or essay.role is not EssayRole.REQUIRED_FOR_AWARD:
            return None
        if participant.id not in self.authors:
            return "no_essay"
        return "copied_essay" if participant.id in self.copiers else None

    def placed(self, line: ResultLine, year: int) -> Placed:
        """Return a line with whose it is, as far as the reader may see that."""
        one = self.everybody[line.participant_id]
        shown = tuple(Shown) if self.is_whole else self.contest.shown_with(one.consents)
        phone = one.fields.get("phone", "")
        unit = self.units.get(one.unit, "")
        return Placed(
            number=one.id,
            place=line.place,
            shared=line.shared,
            code=line.pseudonym[:SHOWN_CODE],
            name=one.name if Shown.FULL_NAME in shown else "",
            unit_name=unit if Shown.UNIT in shown else "",
            phone=(phone if self.is_whole else mask_phone(phone)) if Shown.PHONE in shown else "",
            points=line.points,
            prediction=line.prediction,
            prediction_error=line.prediction_error,
            duration_ms=line.duration_ms,
            finished_at=line.finished_at,
            has_essay=one.id in self.authors,
            reason=self.reason(one, year),
        )


def _read_desk(executor: Executor, stored: StoredContest, *, is_whole: bool) -> _Desk:
    return _Desk(
        contest=amended_contest(executor, stored),
        everybody={one.id: one for one in people.list_participants(executor, stored.id)},
        authors=essays.list_authors(executor, stored.id),
        copiers=decisions.list_copiers(executor, stored.id),
        units={code: unit.name for code, unit in unit_tree(executor).by_code.items()},
        is_whole=is_whole,
    )


def _sheet(
    executor: Executor, stored: StoredContest, stored_round: StoredRound, desk: _Desk
) -> RoundSheet:
    contest = desk.contest
    year = calendar_year(stored_round.closes_at, contest.time_zone)
    version = results.latest_version(executor, stored_round.id)
    if stored.state == "published" and version is not None:
        lines = tuple(one.line for one in results.read_lines(executor, version.id))
        actual, taking, made = version.actual, version.participants, version.attempts
        abandoned = version.abandoned
    else:
        result = compute_result(executor, contest, stored_round)
        lines, actual, abandoned = result.lines, result.actual, result.abandoned
        taking, made = result.tally.participants, result.tally.attempts
    rows = tuple(desk.placed(line, year) for line in lines)
    return RoundSheet(
        code=stored_round.code,
        rules=rules_of_round(contest, stored_round.code),
        actual=actual,
        participants=taking,
        attempts=made,
        abandoned=abandoned,
        rows=rows,
        awards=list_awards(
            contest.awards, (Candidate(row.number, row.place, row.reason) for row in rows)
        ),
        people={row.number: row for row in rows},
    )
