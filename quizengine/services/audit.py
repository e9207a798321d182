"""The record: what staff did, when, to what, sealed row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from quizengine.core.clock import to_ms
from quizengine.core.sealing import GENESIS, Entry, first_break, seal
from quizengine.store import audit, people
from quizengine.store.audit import AuditEntry, Sought
from quizengine.store.connection import Executor

PAGE_ROWS = 50
QUICK_ROWS = 10_000
"""Up to so many entries the whole record is verified whenever it is looked at."""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some entries of the record, the newest first."""

    entries: tuple[AuditEntry, ...]
    #: How many entries are sought, and how many there are.
    total: int
    whole: int
    page: int
    pages: int
    #: Everything that can be sought.
    actions: tuple[str, ...]
    actors: tuple[str, ...]
    #: What accounts of staff in the reference deployment are called, by person.
    names: Mapping[str, str]


def record(
    session: Session,
    *,
    action: str,
    subject: str,
    actor: str,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Append an entry to the record; details hold texts, whole numbers and truth values."""
    last = audit.last_entry(session)
    number = last.number + 1 if last else 1
    unsealed = AuditEntry(number, now, actor, action, subject, dict(details or {}), "")
    sealed = seal(last.seal if last else GENESIS, _sealed_part(unsealed))
    audit.insert_entry(
        session, AuditEntry(number, now, actor, action, subject, unsealed.details, sealed)
    )


def verify(executor: Executor) -> int | None:
    """Return the number of the first entry that was changed, removed or moved; None when none."""
    entries = list(audit.read_entries(executor))
    broken = first_break((_sealed_part(entry), entry.seal) for entry in entries)
    return None if broken is None else entries[broken].number


def record_page(executor: Executor, sought: Sought, page: int) -> RecordPage:
    """Return a page of the entries that are sought; a page past the end is the last one."""
    total = audit.count_entries(executor, sought)
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(max(1, page), pages)
    actors = audit.list_actors(executor)
    entries = audit.find_entries(executor, sought, offset=(page - 1) * PAGE_ROWS, limit=PAGE_ROWS)
    named = {one.subject for one in entries} | {str(one.details.get("person")) for one in entries}
    return RecordPage(
        entries=entries,
        total=total,
        whole=audit.count_entries(executor, Sought()),
        page=page,
        pages=pages,
        actions=audit.list_actions(executor),
        actors=actors,
        names=people.names_of(executor, named.union(actors)),
    )


def _sealed_part(entry: AuditEntry) -> Entry:
    return {
        "number": entry.number,
        "at_ms": to_ms(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
    }
