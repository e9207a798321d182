"""The life of a contest: loaded as a draft, checked, opened, closed; results.py publishes it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core.amendments import Amendment, amended
from quizengine.core.attempts import State
from quizengine.core.banks import Bank
from quizengine.core.contest import Contest, Round
from quizengine.core.contest_checks import check_against_bank, check_contest
from quizengine.core.drawing import commitment
from quizengine.errors import Conflict, InvalidInput, NotFound, Problem, has_errors
from quizengine.formats.contest_file import contest_sha256, read_contest, write_contest
from quizengine.services import audit
from quizengine.store import amendments, attempts, banks, contests, essays, people
from quizengine.store.connection import Executor
from quizengine.store.contests import StoredContest, StoredRound

SECRET_BYTES = 32
ContestState = Literal["draft", "open", "closed", "published"]
Phase = Literal["before", "running", "after"]


@dataclass(frozen=True, slots=True)
class RoundPage:
    """What anybody may know of a round; the seed only once the results are published."""

    code: str
    rules: Round
    opens_at: datetime
    closes_at: datetime
    seed_commitment: str | None
    pseudonym_commitment: str | None
    seed: str | None
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContestPage:
    """What anybody may know of a contest; its rules are those of its file as amended since."""

    slug: str
    state: ContestState
    contest: Contest
    sha256: str
    rounds: tuple[RoundPage, ...]
    opened_at: datetime | None
    closed_at: datetime | None
    published_at: datetime | None
    amendments: tuple[Amendment, ...] = ()

    def round(self, code: str) -> RoundPage:
        """Return a round by its code; ``NotFound`` for another."""
        for page in self.rounds:
            if page.code == code:
                return page
        raise NotFound("round.unknown", round=code)

    def final_at(self) -> datetime | None:
        """Return when the published results are final: once no complaint is taken any more."""
        if self.published_at is None:
            return None
        return self.published_at + timedelta(days=self.contest.complaint_days)


@dataclass(frozen=True, slots=True)
class Status:
    """What staff see of a running contest, and what may be done with it now."""

    page: ContestPage
    participants: int
    attempts: dict[State, int]
    essays: int
    may_open: bool
    may_close: bool
    may_publish: bool
    problems: tuple[Problem, ...]


def round_phase(page: RoundPage, state: ContestState, now: datetime) -> Phase:
    """Return whether attempts may be started in a round: not yet, now, or no more."""
    if state == "draft" or (state == "open" and now < page.opens_at):
        return "before"
    return "running" if state == "open" and now < page.closes_at else "after"


@lru_cache(maxsize=64)
def contest_of(file: str) -> Contest:
    """Return the contest of a stored file; parsed once a process."""
    read = read_contest(file)
    if read.contest is None:
        raise InvalidInput("contest.stored_file_broken", read.problems)
    return read.contest


def amended_contest(executor: Executor, stored: StoredContest) -> Contest:
    """Return the rules of a stored contest as they are now."""
    return amended(contest_of(stored.file), amendments.list_amendments(executor, stored.id))


def find(executor: Executor, slug: str) -> StoredContest:
    """Return a contest's row; ``NotFound`` for an unknown slug."""
    stored = contests.find_contest(executor, slug)
    if stored is None:
        raise NotFound("contest.unknown", slug=slug)
    return stored


def contest_page(executor: Executor, slug: str) -> ContestPage:
    """Return what anybody may know of a contest; ``NotFound`` for an unknown slug."""
    return _page(executor, find(executor, slug))


def list_pages(executor: Executor) -> tuple[ContestPage, ...]:
    """Return every contest, the newest first."""
    return tuple(_page(executor, stored) for stored in contests.list_contests(executor))


def load_contest(session: Session, contest: Contest, *, now: datetime, actor: str) -> None:
    """Store a checked contest as a draft, in place of an earlier draft of the same slug.

    Raises ``InvalidInput`` with every problem, ``Conflict`` when the contest is open already.
    """
    problems = check_contest(contest)
    if has_errors(problems):
        raise InvalidInput("contest.has_errors", problems)
    stored = contests.find_contest(session, contest.slug, for_update=True)
    if stored is not None and stored.state != "draft":
        raise Conflict("contest.not_draft", slug=contest.slug)
    file, sha256 = write_contest(contest), contest_sha256(contest)
    if stored is not None and stored.sha256 == sha256:
        return
    contests.save_draft(session, contest.slug, file, sha256, now)
    _record(session, "contest.load", contest.slug, actor, now, sha256=sha256)


def check_opening(executor: Executor, slug: str) -> tuple[Problem, ...]:
    """Return everything that speaks against opening a contest; errors forbid it."""
    contest = contest_of(find(executor, slug).file)
    return check_contest(contest) + check_against_bank(contest, _banks(executor, contest))


def open_contest(
    session: Session,
    slug: str,
    *,
    now: datetime,
    actor: str,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> None:
    """Freeze a draft's file, bind its rounds to bank versions and draw their secrets.

    Raises ``InvalidInput`` with every problem that forbids it, ``Conflict`` when it is no draft.
    """
    stored = locked(session, slug, "draft")
    problems = check_opening(session, slug)
    if has_errors(problems):
        raise InvalidInput("contest.not_ready", problems)
    commitments = {}
    for rules in contest_of(stored.file).rounds:
        version = banks.find_version(session, rules.bank)
        assert version is not None
        seed, secret = entropy(SECRET_BYTES), entropy(SECRET_BYTES)
        commitments[rules.id] = commitment(seed)
        values = {
            "code": rules.id,
            "opens_at": rules.opens_at,
            "closes_at": rules.closes_at,
            "version_id": version.id,
            "seed": seed,
            "pseudonym_secret": secret,
        }
        contests.insert_round(session, stored.id, values)
    contests.change_state(session, stored.id, {"state": "open", "opened_at": now})
    _record(session, "contest.open", slug, actor, now, sha256=stored.sha256, seeds=commitments)
    signals.announce(session.info, signals.contest_opened, slug=slug)


def close_contest(session: Session, slug: str, *, now: datetime, actor: str) -> None:
    """End every round and open attempt now; ``Conflict`` when the contest is not open.

    What was answered in a pause counts, and the pause itself is nobody's time.
    """
    stored = locked(session, slug, "open")
    amendments.end_pauses(session, stored.id, now)
    contests.close_rounds(session, stored.id, now)
    attempts.cut_open_attempts(session, stored.id, now)
    contests.change_state(session, stored.id, {"state": "closed", "closed_at": now})
    _record(session, "contest.close", slug, actor, now)
    signals.announce(session.info, signals.contest_closed, slug=slug)


def status(executor: Executor, slug: str, *, now: datetime) -> Status:
    """Return the figures of a contest and what may be done now: for staff only."""
    stored = find(executor, slug)
    page = _page(executor, stored)
    counted = dict.fromkeys(State, 0)
    rounds = contests.list_rounds(executor, stored.id)
    for stored_round in rounds:
        for state, number in attempts.count_states(executor, stored_round.id, now).items():
            counted[state] += number
    problems = check_opening(executor, slug) if page.state == "draft" else ()
    return Status(
        page=page,
        participants=people.count_participants(executor, stored.id),
        attempts=counted,
        essays=essays.count_submitted(executor, stored.id),
        may_open=page.state == "draft" and not has_errors(problems),
        may_close=page.state == "open",
        may_publish=page.state == "closed" and not _runs_on(executor, rounds, now),
        problems=problems,
    )


def rules_of_round(contest: Contest, code: str) -> Round:
    """Return the rules of a round by its code; ``NotFound`` for another."""
    for rules in contest.rounds:
        if rules.id == code:
            return rules
    raise NotFound("round.unknown", round=code)


def _page(executor: Executor, stored: StoredContest) -> ContestPage:
    changes = amendments.list_amendments(executor, stored.id)
    contest = amended(contest_of(stored.file), changes)
    is_published = stored.state == "published"
    opened = {row.code: row for row in contests.list_rounds(executor, stored.id)}
    return ContestPage(
        slug=stored.slug,
        state=stored.state,  # type: ignore[arg-type]  # a CHECK constraint states the four
        contest=contest,
        sha256=stored.sha256,
        rounds=tuple(
            _round_page(rules, opened.get(rules.id), is_published) for rules in contest.rounds
        ),
        amendments=changes,
        opened_at=stored.opened_at,
        closed_at=stored.closed_at,
        published_at=stored.published_at,
    )


def _round_page(rules: Round, opened: StoredRound | None, is_published: bool) -> RoundPage:
    return RoundPage(
        code=rules.id,
        rules=rules,
        opens_at=opened.opens_at if opened else rules.opens_at,
        closes_at=opened.closes_at if opened else rules.closes_at,
        paused_at=opened.paused_at if opened else None,
        seed_commitment=commitment(opened.seed) if opened else None,
        pseudonym_commitment=commitment(opened.pseudonym_secret) if opened else None,
        seed=opened.seed.hex() if opened and is_published else None,
    )


def _banks(executor: Executor, contest: Contest) -> dict[str, Bank]:
    found = {}
    for name in {rules.bank for rules in contest.rounds}:
        version = banks.find_version(executor, name)
        if version is not None:
            found[name] = banks.read_bank(executor, version.id)
    return found


def locked(session: Session, slug: str, state: ContestState) -> StoredContest:
    """Return a contest for a change of its state; ``Conflict`` when it is not in the state."""
    stored = contests.find_contest(session, slug, for_update=True)
    if stored is None:
        raise NotFound("contest.unknown", slug=slug)
    if stored.state != state:
        raise Conflict(f"contest.not_{state}", slug=slug)
    return stored


def _runs_on(executor: Executor, rounds: tuple[StoredRound, ...], now: datetime) -> bool:
    ends = (attempts.latest_end(executor, stored_round.id) for stored_round in rounds)
    return any(end is not None and now <= end for end in ends)


def _record(
    session: Session, action: str, slug: str, actor: str, now: datetime, **details: object
) -> None:
    audit.record(session, action=action, subject=slug, actor=actor, now=now, details=details)
