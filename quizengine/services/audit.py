"""The record: what staff did, when, to what, sealed row by row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from quizengine.core.clock import to_ms
from quizengine.core.sealing import GENESIS, Entry, first_break, seal
from quizengine.store import audit
from quizengine.store.audit import AuditEntry
from quizengine.store.connection import Executor


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


def _sealed_part(entry: AuditEntry) -> Entry:
    return {
        "number": entry.number,
        "at_ms": to_ms(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
    }
