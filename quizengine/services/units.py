"""The unit tree: loading a list of units, and reading the tree."""

from __future__ import annotations

import threading
from datetime import datetime

from sqlalchemy.orm import Session

from quizengine.core.units import UnitTree
from quizengine.errors import Conflict
from quizengine.services import audit
from quizengine.store import audit as record
from quizengine.store import units
from quizengine.store.connection import Executor

MOST_NAMED = 5
LOADED = "units.load"


class Units:
    """The unit tree as a process has lately read it; safe to share between threads."""

    def __init__(self) -> None:
        self._known: tuple[int, UnitTree] | None = None
        self._guard = threading.Lock()

    def tree(self, executor: Executor) -> UnitTree:
        """Return the tree, read again only when one was loaded since."""
        # Before the tree: a tree loaded in between is read again next time, never missed.
        loaded = record.last_number(executor, LOADED)
        with self._guard:
            if self._known is None or self._known[0] != loaded:
                self._known = loaded, unit_tree(executor)
            return self._known[1]


def load_units(session: Session, tree: UnitTree, *, now: datetime, actor: str) -> None:
    """Store a checked tree in place of the one before.

    Raises ``Conflict`` when it leaves out units that people are registered in, in any contest:
    results would name no unit for them. A unit that is no more stays in the tree with its last day.
    """
    _check_use(session, tree)
    units.replace_units(session, tree)
    audit.record(
        session,
        action=LOADED,
        subject="units",
        actor=actor,
        now=now,
        details={"units": len(tree.units)},
    )


def _check_use(session: Session, tree: UnitTree) -> None:
    kept = {unit.code for unit in tree.units}
    gone = {unit.code for unit in units.read_units(session).units} - kept
    people = units.count_people(session) if gone else {}
    used = {code: people[code] for code in gone if code in people}
    if used:
        named = ", ".join(sorted(used)[:MOST_NAMED])
        more = ", …" if len(used) > MOST_NAMED else ""
        count = sum(used.values())
        raise Conflict("units.in_use", units=len(used), people=count, codes=f"{named}{more}")


def count_people(executor: Executor) -> dict[str, int]:
    """Return how many registrations name each unit, in all contests together, by code."""
    return units.count_people(executor)


def unit_tree(executor: Executor) -> UnitTree:
    """Return the whole tree; empty when none was loaded."""
    return units.read_units(executor)
