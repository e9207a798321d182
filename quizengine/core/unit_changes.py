"""What differs between the unit tree and a list that is to take its place, and a tree of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from quizengine.core.units import Unit, UnitTree, is_in_circle

FIELDS = tuple(field.name for field in fields(Unit))


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit that both have and in which something differs."""

    before: Unit
    after: Unit

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what differs."""
        return tuple(
            name for name in FIELDS if getattr(self.before, name) != getattr(self.after, name)
        )


@dataclass(frozen=True, slots=True)
class UnitChanges:
    """Everything that differs, by code; a unit is renamed and moved at once when both differ."""

    added: tuple[Unit, ...]
    gone: tuple[Unit, ...]
    changed: tuple[UnitChange, ...]
    is_reordered: bool
    """Whether units that are in both follow each other in another order."""

    def __bool__(self) -> bool:
        return bool(self.added or self.gone or self.changed or self.is_reordered)

    def of_field(self, name: str) -> tuple[UnitChange, ...]:
        """Return the changes of one field, as ``name`` or ``parent``."""
        return tuple(one for one in self.changed if name in one.fields)

    @property
    def otherwise(self) -> tuple[UnitChange, ...]:
        """The changes that are neither a new name nor a new place in the tree."""
        return tuple(one for one in self.changed if not {"name", "parent"} & set(one.fields))


def compare_units(before: UnitTree, after: Sequence[Unit]) -> UnitChanges:
    """Return what differs between the tree and the units of a list, whose codes differ."""
    old = before.by_code
    new: Mapping[str, Unit] = {unit.code: unit for unit in after}
    both = [unit.code for unit in after if unit.code in old]
    return UnitChanges(
        added=tuple(unit for unit in after if unit.code not in old),
        gone=tuple(unit for unit in before.units if unit.code not in new),
        changed=tuple(UnitChange(old[code], new[code]) for code in both if old[code] != new[code]),
        is_reordered=both != [unit.code for unit in before.units if unit.code in new],
    )


def drawable(units: Sequence[Unit]) -> UnitTree:
    """Return the tree of a list that may have errors: what has no place in it stands at the top.

    A unit without a code, or with that of an earlier one, is left out.
    """
    first: dict[str, Unit] = {}
    for unit in units:
        if unit.code:
            first.setdefault(unit.code, unit)
    parents = {code: unit.parent for code, unit in first.items()}
    placed = []
    for code, unit in first.items():
        is_lost = unit.parent not in parents or is_in_circle(code, parents)
        parent = "" if is_lost else unit.parent
        ends = None if _is_reversed(unit) else unit.valid_to
        placed.append(replace(unit, name=unit.name or code, parent=parent, valid_to=ends))
    return UnitTree(tuple(placed))


def _is_reversed(unit: Unit) -> bool:
    return bool(unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from)
