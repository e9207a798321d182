"""Essays in the database: one row a person, the draft and the text handed in side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from quizengine.store.connection import Executor, count_changed, upsert
from quizengine.store.tables import ContestRow, EssayRow, MatchRow, ParticipantRow


@dataclass(frozen=True, slots=True)
class StoredEssay:
    """A person's essay; ``text`` and what follows are None until it is handed in."""

    id: int
    public_id: str
    draft: str
    sequence: int
    drafted_at: datetime
    text: str | None
    words: int | None
    sha256: str | None
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """Evidence that two essays share text, with both texts."""

    id_a: str
    id_b: str
    kind: str
    similarity: float
    share_a: float
    share_b: float
    passages: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    text_a: str
    text_b: str


_ESSAY = (
    EssayRow.id,
    EssayRow.public_id,
    EssayRow.draft,
    EssayRow.sequence,
    EssayRow.drafted_at,
    EssayRow.text,
    EssayRow.words,
    EssayRow.sha256,
    EssayRow.submitted_at,
)


def find_essay(executor: Executor, participant_id: int) -> StoredEssay | None:
    """Return a person's essay, or None when nothing was ever saved."""
    row = executor.execute(select(*_ESSAY).where(EssayRow.participant_id == participant_id)).first()
    return StoredEssay(*row) if row else None


def save_draft(
    executor: Executor,
    participant_id: int,
    public_id: str,
    draft: str,
    sequence: int,
    now: datetime,
) -> bool:
    """Keep a draft if its sequence number is higher than the kept one's; return whether it was."""
    values = {"draft": draft, "sequence": sequence, "drafted_at": now}
    statement = upsert(executor, EssayRow).values(
        participant_id=participant_id, public_id=public_id, **values
    )
    return (
        count_changed(
            executor,
            statement.on_conflict_do_update(
                index_elements=[EssayRow.participant_id],
                set_={name: statement.excluded[name] for name in values},
                where=EssayRow.sequence < statement.excluded.sequence,
            ),
        )
        == 1
    )


def submit(executor: Executor, participant_id: int, values: Mapping[str, Any]) -> None:
    """Set the text handed in, its words, hash and instant; matches of an earlier text go."""
    essay = select(EssayRow.id).where(EssayRow.participant_id == participant_id).scalar_subquery()
    is_match = or_(MatchRow.essay_a_id == essay, MatchRow.essay_b_id == essay)
    executor.execute(delete(MatchRow).where(is_match))
    executor.execute(
        update(EssayRow).where(EssayRow.participant_id == participant_id).values(**values)
    )


def read_submitted(executor: Executor, contest_id: int) -> Iterator[tuple[int, str, str]]:
    """Yield (row id, public id, text) of every essay handed in by somebody who is not staff."""
    query = (
        select(EssayRow.id, EssayRow.public_id, EssayRow.text)
        .join(ParticipantRow, ParticipantRow.id == EssayRow.participant_id)
        .where(
            ParticipantRow.contest_id == contest_id,
            ParticipantRow.is_staff.is_(False),
            EssayRow.text.is_not(None),
        )
        .order_by(EssayRow.public_id)
    )
    for row in executor.execute(query):
        yield row[0], row[1], row[2] or ""


def count_submitted(executor: Executor, contest_id: int) -> int:
    """Return how many essays were handed in by people who are not staff."""
    query = (
        select(func.count(EssayRow.id))
        .join(ParticipantRow, ParticipantRow.id == EssayRow.participant_id)
        .where(
            ParticipantRow.contest_id == contest_id,
            ParticipantRow.is_staff.is_(False),
            EssayRow.text.is_not(None),
        )
    )
    return executor.scalar(query) or 0


def list_authors(executor: Executor, contest_id: int) -> frozenset[int]:
    """Return the participants who handed in an essay."""
    query = (
        select(EssayRow.participant_id)
        .join(ParticipantRow, ParticipantRow.id == EssayRow.participant_id)
        .where(ParticipantRow.contest_id == contest_id, EssayRow.text.is_not(None))
    )
    return frozenset(executor.scalars(query))


def replace_matches(
    executor: Executor, essays: Collection[int], matches: Collection[Mapping[str, Any]]
) -> None:
    """Write the matches found among essays in place of those found before."""
    for some in _slices(sorted(essays)):
        executor.execute(delete(MatchRow).where(MatchRow.essay_a_id.in_(some)))
    if matches:
        executor.execute(insert(MatchRow), list(matches))


def read_matches(executor: Executor, contest_id: int) -> tuple[StoredMatch, ...]:
    """Return a contest's matches, the most similar first."""
    first, second = EssayRow.__table__.alias("a"), EssayRow.__table__.alias("b")
    query = (
        select(
            first.c.public_id.label("id_a"),
            second.c.public_id.label("id_b"),
            MatchRow.kind,
            MatchRow.similarity,
            MatchRow.share_a,
            MatchRow.share_b,
            MatchRow.passages,
            first.c.text.label("text_a"),
            second.c.text.label("text_b"),
        )
        .join(first, first.c.id == MatchRow.essay_a_id)
        .join(second, second.c.id == MatchRow.essay_b_id)
        .join(ParticipantRow, ParticipantRow.id == first.c.participant_id)
        .join(ContestRow, ContestRow.id == ParticipantRow.contest_id)
        .where(ContestRow.id == contest_id)
        .order_by(MatchRow.similarity.desc(), first.c.public_id, second.c.public_id)
    )
    return tuple(
        StoredMatch(**{**row._asdict(), "passages": _spans(row.passages)})
        for row in executor.execute(query)
    )


def _spans(passages: list[Any]) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    return tuple(((a, b), (c, d)) for (a, b), (c, d) in passages)


def _slices(ids: list[int], size: int = 500) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
