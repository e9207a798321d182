"""A unit list beside the tree it is to replace."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.unit_changes import compare_units, drawable
from quizengine.core.units import Unit, UnitTree

UNITS = st.lists(
    st.builds(
        Unit,
        code=st.sampled_from(["", "A", "B", "C", "D"]),
        name=st.sampled_from(["", "Một", "Hai"]),
        parent=st.sampled_from(["", "A", "B", "C", "X"]),
        valid_from=st.none() | st.dates(),
        valid_to=st.none() | st.dates(),
    ),
    max_size=6,
)
TREES = UNITS.map(drawable)


@given(TREES, TREES)
def test_the_reported_changes_are_all_that_differs(before: UnitTree, after: UnitTree) -> None:
    changes = compare_units(before, after.units)
    made = {unit.code: unit for unit in before.units}
    for gone in changes.gone:
        del made[gone.code]
    for one in changes.changed:
        fields = {name: getattr(one.after, name) for name in one.fields}
        made[one.before.code] = replace(one.before, **fields)
    made |= {unit.code: unit for unit in changes.added}
    assert made == dict(after.by_code)
    assert bool(changes) or set(before.units) == set(after.units)


@given(UNITS)
def test_every_list_has_a_tree_to_look_at(units: list[Unit]) -> None:
    tree = drawable(units)
    assert {unit.code for unit in tree.units} == {unit.code for unit in units} - {""}


def test_renamed_and_moved_are_told_apart() -> None:
    before = UnitTree((Unit("Q", "Quận"), Unit("R", "Phường"), Unit("A", "Trường", parent="Q")))
    after = (Unit("Q", "Quận Một"), Unit("R", "Phường"), Unit("A", "Trường", parent="R"))
    changes = compare_units(before, after)
    assert [one.after.code for one in changes.of_field("name")] == ["Q"]
    assert [one.after.code for one in changes.of_field("parent")] == ["A"]
    assert not changes.otherwise
    assert not changes.is_reordered
