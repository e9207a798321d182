"""Contests and their rounds in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from quizengine.store.connection import Executor, count_changed
from quizengine.store.tables import ContestRow, RoundRow


@dataclass(frozen=True, slots=True)
class StoredContest:
    """A contest as it stands in the database; ``file`` is canonical TOML."""

    id: int
    slug: str
    state: str
    file: str
    sha256: str
    opened_at: datetime | None
    closed_at: datetime | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredRound:
    """A round of an opened contest, its secrets included: never passed to a page."""

    id: int
    contest_id: int
    code: str
    opens_at: datetime
    closes_at: datetime
    version_id: int
    seed: bytes
    pseudonym_secret: bytes
    paused_at: datetime | None


_CONTEST = (
    ContestRow.id,
    ContestRow.slug,
    ContestRow.state,
    ContestRow.file,
    ContestRow.sha256,
    ContestRow.opened_at,
    ContestRow.closed_at,
    ContestRow.published_at,
)
_ROUND = (
    RoundRow.id,
    RoundRow.contest_id,
    RoundRow.code,
    RoundRow.opens_at,
    RoundRow.closes_at,
    RoundRow.version_id,
    RoundRow.seed,
    RoundRow.pseudonym_secret,
    RoundRow.paused_at,
)


def find_contest(
    executor: Executor, slug: str, *, for_update: bool = False
) -> StoredContest | None:
    """Return a contest by its slug, its row locked when asked (PostgreSQL), or None."""
    query = select(*_CONTEST).where(ContestRow.slug == slug)
    row = executor.execute(query.with_for_update() if for_update else query).first()
    return StoredContest(*row) if row else None


def list_contests(executor: Executor) -> tuple[StoredContest, ...]:
    """Return every contest, the newest first."""
    query = select(*_CONTEST).order_by(ContestRow.id.desc())
    return tuple(StoredContest(*row) for row in executor.execute(query))


def save_draft(executor: Executor, slug: str, file: str, sha256: str, now: datetime) -> None:
    """Write a contest that is not open yet, in place of an earlier draft."""
    values = {"file": file, "sha256": sha256, "loaded_at": now}
    draft = update(ContestRow).where(ContestRow.slug == slug, ContestRow.state == "draft")
    if not count_changed(executor, draft.values(values)):
        executor.execute(insert(ContestRow).values(slug=slug, state="draft", **values))


def change_state(executor: Executor, contest_id: int, values: Mapping[str, Any]) -> None:
    """Set the state and its instant (``opened_at``, ``closed_at`` or ``published_at``)."""
    executor.execute(update(ContestRow).where(ContestRow.id == contest_id).values(**values))


def insert_round(executor: Executor, contest_id: int, values: Mapping[str, Any]) -> None:
    """Write a round of a contest that is being opened."""
    executor.execute(insert(RoundRow).values(contest_id=contest_id, **values))


def list_rounds(executor: Executor, contest_id: int) -> tuple[StoredRound, ...]:
    """Return a contest's rounds in the order of the file; empty before opening."""
    query = select(*_ROUND).where(RoundRow.contest_id == contest_id).order_by(RoundRow.id)
    return tuple(StoredRound(*row) for row in executor.execute(query))


def find_round(executor: Executor, round_id: int) -> StoredRound:
    """Return a round by its row id."""
    return StoredRound(*executor.execute(select(*_ROUND).where(RoundRow.id == round_id)).one())


def contest_of_round(executor: Executor, round_id: int) -> StoredContest:
    """Return the contest that a round belongs to."""
    query = select(*_CONTEST).join(RoundRow).where(RoundRow.id == round_id)
    return StoredContest(*executor.execute(query).one())


def close_rounds(executor: Executor, contest_id: int, now: datetime) -> None:
    """Move the close of every round that would close later to now."""
    executor.execute(
        update(RoundRow)
        .where(RoundRow.contest_id == contest_id, RoundRow.closes_at > now)
        .values(closes_at=now)
    )
