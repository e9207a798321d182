"""The unit tree in the database: read back as it was loaded, replaced as a whole."""

from __future__ import annotations

from datetime import date

import pytest

from quizengine.core.units import Headcount, Unit, UnitTree
from quizengine.errors import Conflict
from quizengine.services import units
from quizengine.store.audit import read_entries
from tests.services.desk import ACTOR, OPENS, Desk, make_units

DETAILED = UnitTree(
    (
        Unit(
            "Q",
            "Quận Vĩnh Lam",
            "district",
            "",
            "districts",
            aliases=("VL", "Vĩnh Lam"),
            headcounts=(
                Headcount("members", date(2025, 12, 31), 900),
                Headcount("members", date(2026, 6, 30), 950),
                Headcount("officials", date(2025, 12, 31), 0),
            ),
            valid_from=date(2020, 1, 1),
            valid_to=date(2030, 12, 31),
        ),
        Unit("A-9", "Công đoàn Đường sắt", parent="Q"),
    )
)


def load(desk: Desk, tree: UnitTree) -> None:
    """Load a tree."""
    desk.do(lambda session: units.load_units(session, tree, now=OPENS, actor=ACTOR))


def test_a_tree_is_read_back_as_it_was_loaded(desk: Desk) -> None:
    assert desk.look(units.unit_tree) == make_units()
    load(desk, DETAILED)
    assert desk.look(units.unit_tree) == DETAILED


def test_loading_replaces_the_whole_tree_and_an_empty_one_is_allowed(desk: Desk) -> None:
    for tree in (DETAILED, make_units(), UnitTree(())):
        load(desk, tree)
        assert desk.look(units.unit_tree) == tree


def test_loading_is_on_the_record(desk: Desk) -> None:
    load(desk, DETAILED)
    entry = desk.look(lambda session: list(read_entries(session)))[-1]
    assert (entry.action, entry.details) == ("units.load", {"units": 2})


def test_a_tree_without_a_unit_that_people_are_in_is_refused(desk: Desk) -> None:
    for person in ("an", "binh"):
        desk.register(person)
    desk.register("chi", unit="Q-2")
    desk.close()
    with pytest.raises(Conflict) as refusal:
        load(desk, DETAILED)
    assert refusal.value.code == "units.in_use"
    assert refusal.value.params == {"units": 2, "people": 3, "codes": "Q-1, Q-2"}
    assert desk.look(units.unit_tree) == make_units()
    assert desk.ranking() == []


def test_at_most_five_units_in_use_are_named(desk: Desk) -> None:
    crowded = UnitTree(tuple(Unit(f"T-{number}", f"Tổ {number}") for number in range(6)))
    load(desk, crowded)
    for number in range(6):
        desk.register(f"person-{number}", unit=f"T-{number}")
    with pytest.raises(Conflict) as refusal:
        load(desk, make_units())
    assert refusal.value.params["codes"] == "T-0, T-1, T-2, T-3, T-4, …"


def test_a_tree_that_keeps_the_units_in_use_replaces_the_one_before(desk: Desk) -> None:
    desk.register("an")
    kept = UnitTree((*DETAILED.units, Unit("Q-1", "Công đoàn Hoa Sen")))
    load(desk, kept)
    assert desk.look(units.unit_tree) == kept
    desk.take("an", OPENS)
    desk.close()
    line = desk.ranking()[0]
    assert (line["unit"], line["unit_name"]) == ("Q-1", "Công đoàn Hoa Sen")


def test_a_remembered_tree_is_the_one_loaded_last(desk: Desk) -> None:
    remembered = units.Units()
    assert desk.look(remembered.tree) == make_units()
    assert desk.look(remembered.tree) is desk.look(remembered.tree)
    for tree in (DETAILED, make_units(), UnitTree(()), make_units()):
        load(desk, tree)
        assert desk.look(remembered.tree) == tree
