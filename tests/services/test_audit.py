"""The record of what staff did: complete, in order, and broken by any change."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, update

from quizengine.services import audit
from quizengine.store.audit import read_entries
from quizengine.store.tables import AuditRow
from tests.services.desk import ACTOR, OPENS, SLUG, Desk


def verify(desk: Desk) -> int | None:
    """Return the number of the first entry that does not hold."""
    return desk.look(audit.verify)


def test_every_step_is_on_the_record_with_who_and_when(desk: Desk) -> None:
    desk.close()
    desk.publish()
    entries = desk.look(lambda session: list(read_entries(session)))
    assert [entry.action for entry in entries] == [
        "bank.load",
        "units.load",
        "contest.load",
        "contest.open",
        "contest.close",
        "contest.publish",
    ]
    assert [entry.number for entry in entries] == list(range(1, 7))
    assert {entry.actor for entry in entries} == {ACTOR}
    assert entries[3].subject == SLUG
    assert entries[3].at == OPENS


def test_an_untouched_record_verifies(desk: Desk) -> None:
    assert verify(desk) is None


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "somebody else"},
        {"at": OPENS.replace(year=2020)},
        {"action": "contest.void"},
        {"subject": "another"},
        {"details": {"sha256": ""}},
        {"seal": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_entry_is_named(desk: Desk, change: dict[str, Any]) -> None:
    desk.do(
        lambda session: session.execute(
            update(AuditRow).where(AuditRow.number == 3).values(**change)
        )
    )
    assert verify(desk) == 3


def test_a_removed_entry_breaks_the_one_after_it(desk: Desk) -> None:
    desk.do(lambda session: session.execute(delete(AuditRow).where(AuditRow.number == 2)))
    assert verify(desk) == 3


def test_the_record_goes_on_after_it_was_verified(desk: Desk) -> None:
    desk.do(
        lambda session: audit.record(
            session, action="note", subject="x", actor=ACTOR, now=OPENS, details={"a": [1, True]}
        )
    )
    assert verify(desk) is None
