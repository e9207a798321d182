"""Banks and their versions in the database; keys are read only by functions that say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select

from quizengine.core.banks import Bank, Kind, Level, Prompt, Question
from quizengine.store.connection import Executor
from quizengine.store.tables import BankRow, BankVersionRow, KeyRow, QuestionRow


@dataclass(frozen=True, slots=True)
class BankVersion:
    """Which version of which bank a row is."""

    id: int
    name: str
    number: int
    sha256: str


def find_version(executor: Executor, name: str) -> BankVersion | None:
    """Return the newest version of a bank, or None when there is none."""
    query = (
        select(BankVersionRow.id, BankRow.name, BankVersionRow.number, BankVersionRow.sha256)
        .join(BankRow, BankRow.id == BankVersionRow.bank_id)
        .where(BankRow.name == name)
        .order_by(BankVersionRow.number.desc())
        .limit(1)
    )
    row = executor.execute(query).first()
    return BankVersion(*row) if row else None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version with what its bank says of itself; the hash stays where it is."""

    id: int
    name: str
    number: int
    title: str
    as_of: date | None
    loaded_at: datetime
    questions: int


def list_stored(executor: Executor, name: str | None = None) -> tuple[StoredVersion, ...]:
    """Return the versions of every bank or of one, by name, the newest of each first."""
    query = (
        select(
            BankVersionRow.id,
            BankRow.name,
            BankVersionRow.number,
            BankVersionRow.title,
            BankVersionRow.as_of,
            BankVersionRow.loaded_at,
            func.count(QuestionRow.id),
        )
        .join(BankRow, BankRow.id == BankVersionRow.bank_id)
        .outerjoin(QuestionRow, QuestionRow.version_id == BankVersionRow.id)
        .group_by(BankVersionRow.id, BankRow.name)
        .order_by(BankRow.name, BankVersionRow.number.desc())
    )
    if name is not None:
        query = query.where(BankRow.name == name)
    return tuple(StoredVersion(*row) for row in executor.execute(query))


def read_stems(executor: Executor, version_id: int) -> frozenset[str]:
    """Return the stems of a version."""
    return frozenset(
        executor.scalars(select(QuestionRow.stem).where(QuestionRow.version_id == version_id))
    )


def list_versions(executor: Executor) -> tuple[BankVersion, ...]:
    """Return every version of every bank, by name and number."""
    query = (
        select(BankVersionRow.id, BankRow.name, BankVersionRow.number, BankVersionRow.sha256)
        .join(BankRow, BankRow.id == BankVersionRow.bank_id)
        .order_by(BankRow.name, BankVersionRow.number)
    )
    return tuple(BankVersion(*row) for row in executor.execute(query))


def insert_version(executor: Executor, name: str, bank: Bank, now: datetime) -> BankVersion:
    """Write a bank as the next version under its name and return that version."""
    bank_id = executor.scalar(select(BankRow.id).where(BankRow.name == name))
    if bank_id is None:
        bank_id = executor.scalar(insert(BankRow).values(name=name).returning(BankRow.id))
    newest = executor.scalar(
        select(func.max(BankVersionRow.number)).where(BankVersionRow.bank_id == bank_id)
    )
    number = (newest or 0) + 1
    version_id = executor.scalar(
        insert(BankVersionRow)
        .values(
            bank_id=bank_id,
            number=number,
            sha256=bank.sha256,
            title=bank.title,
            language=bank.language,
            as_of=bank.as_of,
            loaded_at=now,
        )
        .returning(BankVersionRow.id)
    )
    assert version_id is not None
    _insert_questions(executor, version_id, bank)
    return BankVersion(version_id, name, number, bank.sha256)


def _insert_questions(executor: Executor, version_id: int, bank: Bank) -> None:
    executor.execute(
        insert(QuestionRow),
        [
            {
                "version_id": version_id,
                "ordinal": ordinal,
                "code": question.id,
                "kind": question.kind.value,
                "stem": question.stem,
                "choices": list(question.choices),
                "topic": question.topic,
                "level": question.level.value,
                "pinned": question.pinned,
            }
            for ordinal, question in enumerate(bank.questions)
        ],
    )
    ids = executor.scalars(
        select(QuestionRow.id)
        .where(QuestionRow.version_id == version_id)
        .order_by(QuestionRow.ordinal)
    )
    executor.execute(
        insert(KeyRow),
        [
            {
                "question_id": question_id,
                "mask": question.key,
                "source": question.source,
                "explanation": question.explanation,
            }
            for question_id, question in zip(ids, bank.questions, strict=True)
        ],
    )


def read_prompts(executor: Executor, version_id: int) -> tuple[Prompt, ...]:
    """Return what participants may see of a version's questions, by ordinal; no key is read."""
    query = (
        select(QuestionRow)
        .with_only_columns(*_PROMPT_COLUMNS)
        .where(QuestionRow.version_id == version_id)
        .order_by(QuestionRow.ordinal)
    )
    return tuple(_prompt(row) for row in executor.execute(query))


def read_bank(executor: Executor, version_id: int) -> Bank:
    """Return a whole version, keys included: for staff, scoring and the reveal only."""
    version = executor.execute(
        select(BankVersionRow.title, BankVersionRow.language, BankVersionRow.as_of).where(
            BankVersionRow.id == version_id
        )
    ).one()
    query = (
        select(*_PROMPT_COLUMNS, KeyRow.mask, KeyRow.source, KeyRow.explanation)
        .join(KeyRow, KeyRow.question_id == QuestionRow.id)
        .where(QuestionRow.version_id == version_id)
        .order_by(QuestionRow.ordinal)
    )
    questions = tuple(_question(row) for row in executor.execute(query))
    return Bank(questions, title=version.title, language=version.language, as_of=version.as_of)


_PROMPT_COLUMNS = (
    QuestionRow.code,
    QuestionRow.kind,
    QuestionRow.stem,
    QuestionRow.choices,
    QuestionRow.topic,
    QuestionRow.level,
    QuestionRow.pinned,
)


def _prompt(row: Row[Any]) -> Prompt:
    code, kind, stem, choices, topic, level, pinned = tuple(row)
    return Prompt(code, Kind(kind), stem, tuple(choices), topic, Level(level), pinned)


def _question(row: Row[Any]) -> Question:
    code, kind, stem, choices, topic, level, pinned, key, source, explanation = tuple(row)
    return Question(
        code,
        Kind(kind),
        stem,
        tuple(choices),
        topic,
        Level(level),
        pinned,
        key,
        source,
        explanation,
    )
