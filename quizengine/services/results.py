"""Results: stored as versions at publication, and the ranking that everybody sees after it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core.contest import Contest, Round, Shown
from quizengine.core.scoring import SCORING_VERSION
from quizengine.core.text import fold
from quizengine.errors import Conflict, NotFound
from quizengine.services import audit
from quizengine.services.contests import contest_of, find, locked, rules_of_round
from quizengine.services.round_results import compute_result
from quizengine.store import attempts, contests, essays, results
from quizengine.store.connection import Executor
from quizengine.store.contests import StoredContest, StoredRound
from quizengine.store.results import ResultVersion

PAGE_SIZE = 50
SHOWN_PHONE_DIGITS = 3
SHOWN_CODE = 6
"""How many characters of a pseudonym stand for somebody who is not named."""
MAX_SEARCH_WORDS = 8


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
