"""Files that organisers handed over, kept until what they hold is loaded or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update

from quizengine.store.connection import Executor, count_changed
from quizengine.store.tables import UploadRow

Purpose = Literal["bank", "units"]


@dataclass(frozen=True, slots=True)
class UploadTitle:
    """Which file was handed over, by whom and when."""

    public_id: str
    file_name: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was read: ``found`` is empty while nobody has read it."""

    title: UploadTitle
    found: Mapping[str, Any]
    fixes: Mapping[str, Any]


_TITLE = (UploadRow.public_id, UploadRow.file_name, UploadRow.made_by, UploadRow.made_at)


def insert_upload(
    executor: Executor,
    title: UploadTitle,
    content: bytes,
    *,
    purpose: Purpose,
    found: Mapping[str, Any],
) -> None:
    """Keep a file with what was read of it."""
    executor.execute(
        insert(UploadRow).values(
            public_id=title.public_id,
            purpose=purpose,
            file_name=title.file_name,
            content=content,
            found=dict(found),
            fixes={},
            made_by=title.made_by,
            made_at=title.made_at,
        )
    )


def find_upload(
    executor: Executor, public_id: str, purpose: Purpose, *, for_update: bool = False
) -> Upload | None:
    """Return what was read of a file, its row locked when asked (PostgreSQL), or None."""
    query = select(*_TITLE, UploadRow.found, UploadRow.fixes).where(
        UploadRow.public_id == public_id, UploadRow.purpose == purpose
    )
    row = executor.execute(query.with_for_update() if for_update else query).first()
    return Upload(UploadTitle(*row[:4]), row.found, row.fixes) if row else None


def read_content(executor: Executor, public_id: str) -> bytes:
    """Return the bytes of a file that is kept."""
    return executor.execute(
        select(UploadRow.content).where(UploadRow.public_id == public_id)
    ).scalar_one()


def list_uploads(executor: Executor, purpose: Purpose) -> tuple[UploadTitle, ...]:
    """Return the files that wait, the newest first."""
    query = select(*_TITLE).where(UploadRow.purpose == purpose).order_by(UploadRow.id.desc())
    return tuple(UploadTitle(*row) for row in executor.execute(query))


def count_uploads(executor: Executor) -> int:
    """Return how many files wait, whatever for."""
    return executor.scalar(select(func.count(UploadRow.id))) or 0


def save_found(
    executor: Executor, public_id: str, found: Mapping[str, Any], fixes: Mapping[str, Any]
) -> None:
    """Write what is known of a file now."""
    executor.execute(
        update(UploadRow)
        .where(UploadRow.public_id == public_id)
        .values(found=dict(found), fixes=dict(fixes))
    )


def delete_upload(executor: Executor, public_id: str) -> None:
    """Drop a file."""
    executor.execute(delete(UploadRow).where(UploadRow.public_id == public_id))


def delete_old(executor: Executor, before: datetime) -> int:
    """Drop the files that were handed over before an instant; return how many."""
    return count_changed(executor, delete(UploadRow).where(UploadRow.made_at < before))
