"""The unit tree: loading a list of units, and reading the tree."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from quizengine.core.units import UnitTree
from quizengine.services import audit
from quizengine.store import units
from quizengine.store.connection import Executor


def load_units(session: Session, tree: UnitTree, *, now: datetime, actor: str) -> None:
    """Store a checked tree in place of the one before."""
    units.replace_units(session, tree)
    audit.record(
        session,
        action="units.load",
        subject="units",
        actor=actor,
        now=now,
        details={"units": len(tree.units)},
    )


def unit_tree(executor: Executor) -> UnitTree:
    """Return the whole tree; empty when none was loaded."""
    return units.read_units(executor)
