"""Results: computed from sheets, keys and rules alone, stored as versions, shown once published."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core.banks import Bank
from quizengine.core.clock import from_ms
from quizengine.core.contest import Contest, Population, Round, Shown
from quizengine.core.drawing import commitment, pseudonym
from quizengine.core.eligibility import calendar_year, is_eligible
from quizengine.core.papers import paper_columns
from quizengine.core.ranking import (
    NO_PREDICTION,
    Columns,
    Tally,
    actual_of,
    rank_arrays,
)
from quizengine.core.scoring import SCORING_VERSION, keys_of, mark_many
from quizengine.core.sheets import sheet_values
from quizengine.core.text import fold
from quizengine.core.units import UnitTree
from quizengine.errors import Conflict, NotFound
from quizengine.services import audit
from quizengine.services.contests import contest_of, find, locked, rules_of_round
from quizengine.services.units import unit_tree
from quizengine.store import attempts, banks, contests, essays, people, results
from quizengine.store.connection import Executor
from quizengine.store.contests import StoredContest, StoredRound
from quizengine.store.people import StoredParticipant
from quizengine.store.results import FinishedAttempts, ResultLine, ResultVersion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT_VERSION = 1
PAGE_SIZE = 50
SHOWN_PHONE_DIGITS = 3
SHOWN_CODE = 6
"""How many characters of a pseudonym stand for somebody who is not named."""
MAX_SEARCH_WORDS = 8


@dataclass(frozen=True, slots=True)
class RoundResult:
    """A round's result as computed: its counts, and one line a person by place."""

    actual: int | None
    tally: Tally
    abandoned: int
    lines: tuple[ResultLine, ...]


@dataclass(frozen=True, slots=True)
class RankingLine:
    """One row of the ranking as the page shows it: empty is what it does not show."""

    place: int
    shared: int
    name: str
    #: By which somebody is called whose name is not shown.
    code: str
    unit_name: str
    masked_phone: str
    points: int
    prediction: int | None
    prediction_error: int | None
    duration_ms: int
    finished_at: datetime
    person: str
    has_essay: bool


@dataclass(frozen=True, slots=True)
class RankingPage:
    """A page of a published ranking, with the figures above it."""

    rules: Round
    actual: int | None
    participants: int
    attempts: int
    abandoned: int
    rows: tuple[RankingLine, ...]
    #: How many lines there are: everybody's, or those that a search found.
    found: int
    page: int
    pages: int


def compute_result(executor: Executor, contest: Contest, stored_round: StoredRound) -> RoundResult:
    """Return a round's result from what is stored now; the same rows always give the same result.

    An attempt without an answer is abandoned: it is counted apart and in nothing else.
    """
    rules = rules_of_round(contest, stored_round.code)
    bank = banks.read_bank(executor, stored_round.version_id)
    finished = results.read_finished(executor, stored_round.id)
    everybody = {row.id: row for row in people.list_participants(executor, stored_round.contest_id)}
    names = {
        row.id: pseudonym(stored_round.pseudonym_secret, row.person) for row in everybody.values()
    }
    columns = _columns(finished, names, rules, bank)
    if columns is None:
        return RoundResult(_actual(rules, _EMPTY), _EMPTY, len(finished.ids), ())
    tally = _tally(columns, rules)
    actual = _actual(rules, tally)
    if rules.prediction and rules.prediction.population is Population.ELIGIBLE:
        year = calendar_year(stored_round.closes_at, contest.time_zone)
        is_counted = [
            is_eligible(contest.eligibility, everybody[participant].fields, year=year)
            for participant in columns.participants
        ]
        actual = _actual(rules, _tally(columns, rules, is_counted))
    places = rank_arrays(
        columns.ranking, keys=contest.ranking.keys, counts=rules.counts, actual=actual
    )
    ranked = zip(places.rows.tolist(), places.place.tolist(), places.shared.tolist(), strict=True)
    lines = tuple(columns.line(row, place, shared, actual) for row, place, shared in ranked)
    return RoundResult(actual, tally, len(finished.ids) - len(columns.ids), lines)


def store_result(
    session: Session, contest: Contest, stored_round: StoredRound, *, now: datetime
) -> int:
    """Compute a round's result and store it as the next version; return the version's number."""
    result = compute_result(session, contest, stored_round)
    values = {
        "round_id": stored_round.id,
        "made_at": now,
        "scoring": SCORING_VERSION,
        "actual": result.actual,
        "participants": result.tally.participants,
        "attempts": result.tally.attempts,
        "abandoned": result.abandoned,
    }
    return results.insert_version(session, values, [asdict(line) for line in result.lines])


def publish_contest(session: Session, slug: str, *, now: datetime, actor: str) -> None:
    """Close what is due, compute the results and show them to everybody.

    Raises ``Conflict`` when the contest is not closed, or while an attempt may still be answered.
    """
    stored = locked(session, slug, "closed")
    attempts.close_due(session, now)
    for stored_round in contests.list_rounds(session, stored.id):
        if attempts.latest_end(session, stored_round.id) is not None:
            raise Conflict("contest.attempts_running", slug=slug)
        store_result(session, contest_of(stored.file), stored_round, now=now)
    contests.change_state(session, stored.id, {"state": "published", "published_at": now})
    audit.record(session, action="contest.publish", subject=slug, actor=actor, now=now)
    signals.announce(session.info, signals.results_published, slug=slug)


def ranking_page(
    executor: Executor,
    slug: str,
    round_code: str,
    *,
    page: int = 1,
    size: int = PAGE_SIZE,
    search: str = "",
    viewer: str = "",
) -> RankingPage:
    """Return a page of a published ranking, pages counted from 1.

    It shows what the contest declares of those who agreed, and the ``viewer`` their own line whole.
    A ``search`` leaves the lines that show words which begin with its words, accents or not.
    ``Conflict`` before publication, ``NotFound`` for a page that there is not.
    """
    stored, stored_round, version = _published(executor, slug, round_code)
    contest = contest_of(stored.file)
    words = fold(search).split()[:MAX_SEARCH_WORDS]
    matches = _search(executor, contest, version, words, viewer) if words else None
    found = version.participants if matches is None else len(matches)
    pages = max(1, -(-found // size))
    if not 1 <= page <= pages:
        raise NotFound("results.no_such_page", page=page, pages=pages)
    offset = (page - 1) * size
    if matches is None:
        rows = results.read_lines(executor, version.id, offset=offset, limit=size)
    else:
        rows = results.read_lines_of(executor, version.id, matches[offset : offset + size])
    authors = essays.list_authors(executor, stored.id)
    return RankingPage(
        rules=rules_of_round(contest, stored_round.code),
        actual=version.actual,
        participants=version.participants,
        attempts=version.attempts,
        abandoned=version.abandoned,
        rows=tuple(_ranking_line(row, authors, _shown(contest, row, viewer)) for row in rows),
        found=found,
        page=page,
        pages=pages,
    )


def _search(
    executor: Executor, contest: Contest, version: ResultVersion, words: Sequence[str], viewer: str
) -> list[int]:
    """Return the participants, by place, whose lines show all the words."""
    matches = []
    for one in results.find_ranked(executor, version.id, words):
        shown = _shown(contest, one, viewer)
        name = one.name if Shown.FULL_NAME in shown else ""
        unit = one.unit_name if Shown.UNIT in shown else ""
        seen = f" {fold(name)} {fold(unit)}"
        if all(f" {word}" in seen for word in words):
            matches.append(one.participant_id)
    return matches


def _shown(
    contest: Contest, row: results.NamedLine | results.RankedName, viewer: str
) -> tuple[Shown, ...]:
    return tuple(Shown) if row.person == viewer else contest.shown_with(row.consents)


def own_line(executor: Executor, slug: str, round_code: str, person: str) -> RankingLine | None:
    """Return a person's own line of a published ranking, or None; ``Conflict`` before."""
    stored, _, version = _published(executor, slug, round_code)
    row = results.find_line(executor, version.id, person)
    if row is None:
        return None
    authors = essays.list_authors(executor, stored.id)
    return _ranking_line(row, authors, tuple(Shown), is_own=True)


def results_document(executor: Executor, slug: str) -> dict[str, Any]:
    """Return the results of a contest's rounds, computed from what is stored: for staff only.

    The same answers give the same document on every database. ``Conflict`` while a round runs,
    because every count is under embargo until its close.
    """
    stored = find(executor, slug)
    if stored.state in ("draft", "open"):
        raise Conflict("results.before_close", slug=slug)
    contest = contest_of(stored.file)
    rounds = contests.list_rounds(executor, stored.id)
    if any(attempts.latest_end(executor, row.id) is not None for row in rounds):
        raise Conflict("contest.attempts_running", slug=slug)
    return {
        "format": "quizengine-results",
        "format_version": FORMAT_VERSION,
        "contest": slug,
        "rules_sha256": stored.sha256,
        "rounds": [_round_document(executor, contest, stored, row) for row in rounds],
    }


def results_json(document: Mapping[str, Any]) -> bytes:
    """Return a document as its one JSON text: sorted names, two spaces, a final line end."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=2)
    return text.encode() + b"\n"


_EMPTY = Tally(participants=0, perfect_participants=0, attempts=0)


@dataclass(frozen=True, slots=True)
class _Answered:
    """The finished attempts that have an answer, as equally long columns."""

    ids: list[int]
    participants: list[int]
    pseudonyms: list[str]
    ranking: Columns

    def line(self, row: int, place: int, shared: int, actual: int | None) -> ResultLine:
        """Return the stored form of a row that counts."""
        prediction = int(self.ranking.prediction[row])
        predicted = None if prediction == NO_PREDICTION else prediction
        is_compared = predicted is not None and actual is not None
        return ResultLine(
            participant_id=self.participants[row],
            attempt_id=self.ids[row],
            pseudonym=self.pseudonyms[row],
            place=place,
            shared=shared,
            points=int(self.ranking.points[row]),
            prediction=predicted,
            prediction_error=abs(prediction - (actual or 0)) if is_compared else None,
            duration_ms=int(self.ranking.duration_ms[row]),
            finished_at=from_ms(int(self.ranking.submitted_ms[row])),
        )


def _columns(
    finished: FinishedAttempts, names: Mapping[int, str], rules: Round, bank: Bank
) -> _Answered | None:
    """Return what is ranked, or None when no attempt has an answer."""
    import numpy as np

    slots = rules.questions()
    if not finished.ids:
        return None
    values = sheet_values(finished.sheets, slots + (rules.prediction is not None))
    kept = np.flatnonzero(values[:, :slots, 2].any(axis=1))
    if not len(kept):
        return None
    ordinals, points = paper_columns(finished.papers, slots)
    started = np.asarray(finished.started_ms, dtype=np.int64)
    deadline = np.asarray(finished.deadline_ms, dtype=np.int64)
    paused = np.asarray(finished.paused_ms, dtype=np.int64)
    submitted = np.asarray(
        [
            end if own is None else own
            for own, end in zip(finished.submitted_ms, finished.deadline_ms, strict=True)
        ],
        dtype=np.int64,
    )
    pseudonyms = [names[participant] for participant in finished.participants]
    numbers = {name: number for number, name in enumerate(sorted(set(pseudonyms)))}
    ranking = Columns(
        person=np.asarray([numbers[name] for name in pseudonyms], dtype=np.int64)[kept],
        attempt=np.asarray(finished.numbers, dtype=np.int64)[kept],
        points=mark_many(
            values[kept, :slots, 2], ordinals[kept], points[kept], keys_of(bank), rules.scoring
        ),
        prediction=_predictions(values, slots)[kept],
        duration_ms=np.maximum(np.minimum(submitted, deadline) - started - paused, 0)[kept],
        submitted_ms=submitted[kept],
    )
    rows = kept.tolist()
    return _Answered(
        ids=[finished.ids[row] for row in rows],
        participants=[finished.participants[row] for row in rows],
        pseudonyms=[pseudonyms[row] for row in rows],
        ranking=ranking,
    )


def _predictions(values: NDArray[np.uint32], slots: int) -> NDArray[np.int64]:
    import numpy as np

    if values.shape[1] == slots:
        return np.full(len(values), NO_PREDICTION, dtype=np.int64)
    is_saved = values[:, slots, 0] > 0
    return np.where(is_saved, values[:, slots, 2].astype(np.int64), NO_PREDICTION)


def _tally(columns: _Answered, rules: Round, is_counted: Sequence[bool] | None = None) -> Tally:
    """Return the numbers a prediction may be about, of all rows or of those that are counted."""
    import numpy as np

    rows = np.arange(len(columns.ids))
    if is_counted is not None:
        rows = np.flatnonzero(np.asarray(is_counted, dtype=np.bool_))
    people_of = columns.ranking.person[rows]
    is_perfect = columns.ranking.points[rows] == rules.max_points()
    return Tally(
        participants=len(np.unique(people_of)),
        perfect_participants=len(np.unique(people_of[is_perfect])),
        attempts=len(rows),
    )


def _actual(rules: Round, tally: Tally) -> int | None:
    return actual_of(rules.prediction.target, tally) if rules.prediction else None


def _published(
    executor: Executor, slug: str, round_code: str
) -> tuple[StoredContest, StoredRound, ResultVersion]:
    stored = find(executor, slug)
    if stored.state != "published":
        raise Conflict("results.not_published", slug=slug)
    for stored_round in contests.list_rounds(executor, stored.id):
        if stored_round.code == round_code:
            version = results.latest_version(executor, stored_round.id)
            assert version is not None
            return stored, stored_round, version
    raise NotFound("round.unknown", round=round_code)


def _ranking_line(
    row: results.NamedLine,
    authors: frozenset[int],
    shown: Collection[Shown],
    *,
    is_own: bool = False,
) -> RankingLine:
    line = row.line
    # Nobody has checked what was typed: others see the listed unit above it.
    unit_name = (row.unit_typed if is_own else None) or row.unit_name
    phone = row.fields.get("phone", "")
    return RankingLine(
        place=line.place,
        shared=line.shared,
        name=row.name if Shown.FULL_NAME in shown else "",
        code=line.pseudonym[:SHOWN_CODE],
        unit_name=unit_name if Shown.UNIT in shown else "",
        masked_phone=mask_phone(phone) if Shown.PHONE in shown else "",
        points=line.points,
        prediction=line.prediction,
        prediction_error=line.prediction_error,
        duration_ms=line.duration_ms,
        finished_at=line.finished_at,
        person=row.person,
        has_essay=line.participant_id in authors,
    )


def mask_phone(phone: str) -> str:
    """Return a phone number of which only the last three digits can be read; empty stays empty."""
    if len(phone) <= SHOWN_PHONE_DIGITS:
        return "•" * len(phone)
    return f"0••• •••• {phone[-SHOWN_PHONE_DIGITS:]}"


def _unit_name(units: UnitTree, code: str) -> str:
    unit = units.by_code.get(code)
    return unit.name if unit else ""


def _round_document(
    executor: Executor, contest: Contest, stored: StoredContest, stored_round: StoredRound
) -> dict[str, Any]:
    rules = rules_of_round(contest, stored_round.code)
    result = compute_result(executor, contest, stored_round)
    everybody = {row.id: row for row in people.list_participants(executor, stored.id)}
    authors = essays.list_authors(executor, stored.id)
    units = unit_tree(executor)
    return {
        "round": rules.id,
        "scoring_version": SCORING_VERSION,
        "seed_commitment": commitment(stored_round.seed),
        "max_points": rules.max_points(),
        "prediction_target": rules.prediction.target.value if rules.prediction else None,
        "prediction_actual": result.actual,
        "participants": result.tally.participants,
        "perfect_participants": result.tally.perfect_participants,
        "attempts": result.tally.attempts,
        "abandoned": result.abandoned,
        "ranking": [
            _line_document(line, everybody[line.participant_id], units, authors)
            for line in result.lines
        ],
    }


def _line_document(
    line: ResultLine, participant: StoredParticipant, units: UnitTree, authors: frozenset[int]
) -> dict[str, Any]:
    return {
        "place": line.place,
        "shared": line.shared,
        "pseudonym": line.pseudonym,
        "name": participant.name,
        "phone": participant.fields.get("phone", ""),
        "unit": participant.unit,
        "unit_name": _unit_name(units, participant.unit),
        "points": line.points,
        "prediction": line.prediction,
        "prediction_error": line.prediction_error,
        "duration_ms": line.duration_ms,
        "finished_at": line.finished_at.isoformat(timespec="milliseconds"),
        "has_essay": line.participant_id in authors,
    }
