"""The record of what staff did, each row sealed to the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, text

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


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries of the record are asked for; what is empty narrows nothing."""

    action: str = ""
    #: The whole of who did it.
    actor: str = ""
    #: A part of what it was done to, in capital or small letters.
    subject: str = ""


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


def find_entries(
    executor: Executor, sought: Sought, *, offset: int, limit: int
) -> tuple[AuditEntry, ...]:
    """Return the entries that are sought, the newest first."""
    query = select(*_ENTRY).where(*_conditions(sought)).order_by(AuditRow.number.desc())
    return tuple(AuditEntry(*row) for row in executor.execute(query.offset(offset).limit(limit)))


def count_entries(executor: Executor, sought: Sought) -> int:
    """Return how many entries are sought."""
    return executor.scalar(select(func.count(AuditRow.number)).where(*_conditions(sought))) or 0


def list_actions(executor: Executor) -> tuple[str, ...]:
    """Return every action that stands in the record."""
    return tuple(executor.scalars(select(AuditRow.action).distinct().order_by(AuditRow.action)))


def list_actors(executor: Executor) -> tuple[str, ...]:
    """Return everybody who stands in the record as an actor."""
    return tuple(executor.scalars(select(AuditRow.actor).distinct().order_by(AuditRow.actor)))


def has_entry_since(
    executor: Executor, *, action: str, actor: str, subject: str, since: datetime
) -> bool:
    """Return whether somebody has an entry of an action about a subject at or after an instant."""
    found = select(AuditRow.number).where(
        AuditRow.action == action,
        AuditRow.actor == actor,
        AuditRow.subject == subject,
        AuditRow.at >= since,
    )
    return executor.execute(found.limit(1)).first() is not None


def _conditions(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.action:
        yield AuditRow.action == sought.action
    if sought.actor:
        yield AuditRow.actor == sought.actor
    if sought.subject:
        yield func.lower(AuditRow.subject).contains(sought.subject.lower(), autoescape=True)


def last_number(executor: Executor, action: str) -> int:
    """Return the number of the newest entry of an action, 0 when there is none."""
    query = select(func.max(AuditRow.number)).where(AuditRow.action == action)
    return executor.scalar(query) or 0
