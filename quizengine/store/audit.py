"""The record of what staff did, each row sealed to the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text

from quizengine.store.connection import Executor, dialect_name
from quizengine.store.tables import AuditRow


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the record."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    seal: str


_ENTRY = (
    AuditRow.number,
    AuditRow.at,
    AuditRow.actor,
    AuditRow.action,
    AuditRow.subject,
    AuditRow.details,
    AuditRow.seal,
)


def last_entry(executor: Executor) -> AuditEntry | None:
    """Return the newest entry, or None, and keep others from appending before this transaction."""
    if dialect_name(executor) == "postgresql":
        # SQLite has one writer at a time anyway.
        executor.execute(text("LOCK TABLE quiz_audit IN SHARE ROW EXCLUSIVE MODE"))
    row = executor.execute(select(*_ENTRY).order_by(AuditRow.number.desc()).limit(1)).first()
    return AuditEntry(*row) if row else None


def insert_entry(executor: Executor, entry: AuditEntry) -> None:
    """Append an entry; its number is unique, so of two at once only one is written."""
    executor.execute(
        insert(AuditRow).values(
            number=entry.number,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            details=dict(entry.details),
            seal=entry.seal,
        )
    )


def read_entries(executor: Executor) -> Iterator[AuditEntry]:
    """Yield every entry from the first on."""
    for row in executor.execute(select(*_ENTRY).order_by(AuditRow.number)):
        yield AuditEntry(*row)


def last_number(executor: Executor, action: str) -> int:
    """Return the number of the newest entry of an action, 0 when there is none."""
    query = select(func.max(AuditRow.number)).where(AuditRow.action == action)
    return executor.scalar(query) or 0
