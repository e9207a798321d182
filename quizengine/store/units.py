"""The unit tree in the database."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import delete, func, insert, select

from quizengine.core.search import search_key
from quizengine.core.units import Headcount, Unit, UnitTree
from quizengine.store.connection import Executor
from quizengine.store.tables import HeadcountRow, ParticipantRow, UnitRow


def replace_units(executor: Executor, tree: UnitTree) -> None:
    """Write a whole tree in place of the one before."""
    executor.execute(delete(HeadcountRow))
    executor.execute(delete(UnitRow))
    if not tree.units:
        return
    executor.execute(insert(UnitRow), [_row(unit) for unit in tree.units])
    ids = {row.code: row.id for row in executor.execute(select(UnitRow.code, UnitRow.id))}
    headcounts = [
        {
            "unit_id": ids[unit.code],
            "category": headcount.category,
            "day": headcount.day,
            "people": headcount.count,
        }
        for unit in tree.units
        for headcount in unit.headcounts
    ]
    if headcounts:
        executor.execute(insert(HeadcountRow), headcounts)


def _row(unit: Unit) -> dict[str, object]:
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "parent": unit.parent,
        "table": unit.table,
        "aliases": list(unit.aliases),
        "search_key": search_key(unit.name, unit.code, *unit.aliases),
        "valid_from": unit.valid_from,
        "valid_to": unit.valid_to,
    }


def read_units(executor: Executor) -> UnitTree:
    """Return the tree, units in the order they were loaded."""
    headcounts = defaultdict(list)
    query = select(
        HeadcountRow.unit_id, HeadcountRow.category, HeadcountRow.day, HeadcountRow.people
    ).order_by(HeadcountRow.id)
    for unit_id, category, day, people in executor.execute(query):
        headcounts[unit_id].append(Headcount(category, day, people))
    rows = executor.execute(
        select(
            UnitRow.id,
            UnitRow.code,
            UnitRow.name,
            UnitRow.kind,
            UnitRow.parent,
            UnitRow.table,
            UnitRow.aliases,
            UnitRow.valid_from,
            UnitRow.valid_to,
        ).order_by(UnitRow.id)
    )
    return UnitTree(
        tuple(
            Unit(
                code=row.code,
                name=row.name,
                kind=row.kind,
                parent=row.parent,
                table=row.table,
                aliases=tuple(row.aliases),
                headcounts=tuple(headcounts[row.id]),
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
            for row in rows
        )
    )


def find_name(executor: Executor, code: str) -> str:
    """Return the name of a unit by its code; empty when there is none."""
    return executor.scalar(select(UnitRow.name).where(UnitRow.code == code)) or ""


def count_people(executor: Executor) -> dict[str, int]:
    """Return how many registrations name each unit, in all contests together, by code."""
    query = select(ParticipantRow.unit, func.count(ParticipantRow.id).label("people")).group_by(
        ParticipantRow.unit
    )
    return {row.unit: row.people for row in executor.execute(query)}
