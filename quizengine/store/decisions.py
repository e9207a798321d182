"""What people decided about pairs of essays, and the pairs that wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, select
from sqlalchemy.orm import aliased

from quizengine.store.connection import Executor, upsert
from quizengine.store.tables import (
    EssayRow,
    MatchDecisionRow,
    MatchRow,
    ParticipantRow,
)


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision; ``copied`` is ``a``, ``b`` or ``both`` where it was upheld.

    ``is_outdated`` when one of the two texts was replaced after it.
    """

    decision: str
    copied: str | None
    reason: str
    actor: str
    at: datetime
    is_outdated: bool


@dataclass(frozen=True, slots=True)
class StoredPair:
    """Two essays that share text, and what was decided about them."""

    match_id: int
    essay_a_id: int
    essay_b_id: int
    id_a: str
    id_b: str
    sha256_a: str
    sha256_b: str
    kind: str
    share_a: float
    share_b: float
    decision: StoredDecision | None


@dataclass(frozen=True, slots=True)
class Side:
    """One essay of a pair as it was handed in."""

    text: str
    words: int
    submitted_at: datetime


_DECISION = (
    MatchDecisionRow.decision,
    MatchDecisionRow.copied,
    MatchDecisionRow.reason,
    MatchDecisionRow.actor,
    MatchDecisionRow.at,
    MatchDecisionRow.sha256_a.label("decided_a"),
    MatchDecisionRow.sha256_b.label("decided_b"),
)
_PAIR_COLUMNS = 10
Passages = tuple[tuple[tuple[int, int], tuple[int, int]], ...]


def list_pairs(executor: Executor, contest_id: int) -> tuple[StoredPair, ...]:
    """Return the pairs of a contest, those with the largest share of an essay first."""
    first, second = aliased(EssayRow), aliased(EssayRow)
    larger = case((MatchRow.share_a > MatchRow.share_b, MatchRow.share_a), else_=MatchRow.share_b)
    query: Any = (
        select(
            MatchRow.id,
            first.id,
            second.id,
            first.public_id,
            second.public_id,
            first.sha256.label("sha256_a"),
            second.sha256.label("sha256_b"),
            MatchRow.kind,
            MatchRow.share_a,
            MatchRow.share_b,
            *_DECISION,
        )
        .join(first, first.id == MatchRow.essay_a_id)
        .join(second, second.id == MatchRow.essay_b_id)
        .join(ParticipantRow, ParticipantRow.id == first.participant_id)
        .outerjoin(
            MatchDecisionRow,
            and_(
                MatchDecisionRow.essay_a_id == MatchRow.essay_a_id,
                MatchDecisionRow.essay_b_id == MatchRow.essay_b_id,
            ),
        )
        .where(ParticipantRow.contest_id == contest_id)
        .order_by(larger.desc(), MatchRow.similarity.desc(), first.public_id, second.public_id)
    )
    return tuple(_pair(row) for row in executor.execute(query))


def _pair(row: Any) -> StoredPair:
    columns: Any = (*row[:_PAIR_COLUMNS], _decision(row))
    return StoredPair(*columns)


def _decision(row: Any) -> StoredDecision | None:
    decision, copied, reason, actor, at, *decided_on = row[_PAIR_COLUMNS:]
    if decision is None:
        return None
    is_outdated = tuple(decided_on) != (row.sha256_a, row.sha256_b)
    return StoredDecision(decision, copied, reason, actor, at, is_outdated)


def read_side(executor: Executor, essay_id: int) -> Side:
    """Return an essay of a pair as it was handed in."""
    query: Any = select(EssayRow.text, EssayRow.words, EssayRow.submitted_at)
    row = executor.execute(query.where(EssayRow.id == essay_id)).one()
    return Side(*row)


def read_passages(executor: Executor, match_id: int) -> Passages:
    """Return the passages that a pair shares, as spans in the one and the other text."""
    found: Any = executor.scalar(select(MatchRow.passages).where(MatchRow.id == match_id))
    return tuple(((a, b), (c, d)) for (a, b), (c, d) in found or ())


def write_decision(executor: Executor, values: Mapping[str, Any]) -> None:
    """Write a decision about two essays in place of the one before."""
    statement = upsert(executor, MatchDecisionRow).values(**values)
    changed = {name: statement.excluded[name] for name in values}
    executor.execute(
        statement.on_conflict_do_update(
            index_elements=[MatchDecisionRow.essay_a_id, MatchDecisionRow.essay_b_id],
            set_=changed,
        )
    )


def list_copiers(executor: Executor, contest_id: int) -> frozenset[int]:
    """Return the participants whose essay, as it stands, was found to be a copy."""
    first, second = aliased(EssayRow), aliased(EssayRow)
    query = (
        select(MatchDecisionRow.copied, first.participant_id, second.participant_id)
        .join(first, first.id == MatchDecisionRow.essay_a_id)
        .join(second, second.id == MatchDecisionRow.essay_b_id)
        .join(ParticipantRow, ParticipantRow.id == first.participant_id)
        .where(
            ParticipantRow.contest_id == contest_id,
            MatchDecisionRow.decision == "upheld",
            MatchDecisionRow.sha256_a == first.sha256,
            MatchDecisionRow.sha256_b == second.sha256,
        )
    )
    found: set[int] = set()
    for copied, author_a, author_b in executor.execute(query):
        found |= {author_a} if copied in ("a", "both") else set()
        found |= {author_b} if copied in ("b", "both") else set()
    return frozenset(found)
