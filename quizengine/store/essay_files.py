"""The files that people handed over as their essays, as they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from quizengine.store.connection import Executor, upsert
from quizengine.store.tables import EssayFileRow


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an essay, without its content."""

    name: str
    sha256: str
    uploaded_at: datetime


def keep_file(executor: Executor, essay_id: int, file: StoredFile, content: bytes) -> None:
    """Keep a file; the same content again only changes its name and instant."""
    values = {"name": file.name, "uploaded_at": file.uploaded_at}
    executor.execute(
        upsert(executor, EssayFileRow)
        .values(essay_id=essay_id, sha256=file.sha256, content=content, **values)
        .on_conflict_do_update(
            index_elements=[EssayFileRow.essay_id, EssayFileRow.sha256], set_=values
        )
    )


def delete_file(executor: Executor, essay_id: int, sha256: str) -> None:
    """Forget a file of an essay."""
    executor.execute(
        delete(EssayFileRow).where(EssayFileRow.essay_id == essay_id, EssayFileRow.sha256 == sha256)
    )


def list_files(executor: Executor, essay_id: int) -> tuple[StoredFile, ...]:
    """Return the files of an essay, the latest first."""
    query = (
        select(EssayFileRow.name, EssayFileRow.sha256, EssayFileRow.uploaded_at)
        .where(EssayFileRow.essay_id == essay_id)
        .order_by(EssayFileRow.uploaded_at.desc(), EssayFileRow.id.desc())
    )
    return tuple(StoredFile(*row) for row in executor.execute(query))


def find_content(executor: Executor, essay_id: int, sha256: str) -> tuple[str, bytes] | None:
    """Return the name and content of one file of an essay, or None when there is none."""
    query = select(EssayFileRow.name, EssayFileRow.content).where(
        EssayFileRow.essay_id == essay_id, EssayFileRow.sha256 == sha256
    )
    row = executor.execute(query).first()
    return (row[0], row[1]) if row else None
