"""The tree of units: its checks, its ways up and down, and finding a unit again."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizengine.core.units import Headcount, Unit, UnitTree, check_units, matched_spans
from quizengine.errors import InvalidInput
from quizengine.formats.unit_file import read_units
from tests.sample_contests import SAMPLE

CITY = Unit("TP", "LĐLĐ thành phố")
DISTRICT = Unit("Q1", "LĐLĐ quận", parent="TP")
SCHOOL = Unit("Q1-1", "CĐCS Trường Tiểu học Hoa Gạo", parent="Q1")
SHOP = Unit("Q1-2", "CĐCS Chợ Gốc Đa", parent="Q1")
TREE = UnitTree((SHOP, DISTRICT, CITY, SCHOOL))


@pytest.fixture(scope="module")
def sample() -> UnitTree:
    return UnitTree(read_units((SAMPLE / "units.csv").read_bytes()).units)


def codes(units: tuple[Unit, ...]) -> list[tuple[str, str]]:
    return [(problem.code, problem.place.at) for problem in check_units(units)]


def test_a_tree_knows_what_is_above_and_below() -> None:
    assert TREE.roots() == (CITY,)
    assert TREE.children("Q1") == (SHOP, SCHOOL)
    assert TREE.path("Q1-1") == (CITY, DISTRICT, SCHOOL)
    assert TREE.ancestors("Q1-1") == (DISTRICT, CITY)
    assert TREE.ancestors("TP") == ()
    assert list(TREE.subtree("Q1")) == [DISTRICT, SHOP, SCHOOL]
    assert TREE.by_code["Q1-2"] is SHOP


def test_there_may_be_several_roots_and_no_units_at_all() -> None:
    assert check_units((CITY, Unit("TP2", "Khác"))) == ()
    assert UnitTree(()).roots() == ()
    assert UnitTree(()).search("hoa gạo") == ()


def test_what_makes_no_tree_is_refused_with_its_places() -> None:
    assert codes((CITY, CITY)) == [("unit.code_twice", "1.code"), ("unit.name_twice", "1.name")]
    assert codes((Unit("A", ""),)) == [("unit.name_missing", "0.name")]
    assert codes((Unit("", "A"),)) == [("unit.code_missing", "0.code")]
    assert codes((CITY, Unit("A", "A", parent="TPP"))) == [
        ("unit.parent_unknown_similar", "1.parent")
    ]
    assert codes((Unit("A", "A", parent="xyz"),)) == [("unit.parent_unknown", "0.parent")]
    days = Unit("A", "A", valid_from=date(2021, 2, 1), valid_to=date(2021, 1, 1))
    assert codes((days,)) == [("unit.days_reversed", "0.valid_to")]


def test_every_unit_of_a_circle_is_named_and_those_below_it_are_not() -> None:
    circle = (
        Unit("A", "A", parent="B"),
        Unit("B", "B", parent="C"),
        Unit("C", "C", parent="A"),
        Unit("D", "D", parent="A"),
        Unit("E", "E", parent="E"),
    )
    assert codes(circle) == [(("unit.circle"), f"{index}.parent") for index in (0, 1, 2, 4)]


def test_units_that_make_no_tree_cannot_be_used_as_one() -> None:
    with pytest.raises(InvalidInput) as error:
        UnitTree((CITY, CITY))
    assert error.value.problems


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 20), max_size=30))
def test_every_unit_is_below_one_root_exactly_once(parents: list[int]) -> None:
    units = tuple(
        Unit(str(number), f"Đơn vị {number}", parent=str(above % number) if number else "")
        for number, above in enumerate([0, *parents])
    )
    tree = UnitTree(units)
    below = [unit.code for root in tree.roots() for unit in tree.subtree(root.code)]
    assert sorted(below) == sorted(unit.code for unit in units)
    for unit in units:
        assert tree.path(unit.code)[-1] == unit
        assert all(unit in tree.subtree(above.code) for above in tree.ancestors(unit.code))


def test_a_headcount_is_the_newest_one_not_after_the_day() -> None:
    unit = Unit(
        "A",
        "A",
        headcounts=(
            Headcount("officials", date(2021, 6, 30), 7),
            Headcount("officials", date(2020, 12, 31), 5),
            Headcount("members", date(2020, 12, 31), 50),
        ),
    )
    assert unit.headcount("officials", date(2021, 7, 20)) == 7
    assert unit.headcount("officials", date(2021, 6, 29)) == 5
    assert unit.headcount("officials", date(2020, 1, 1)) is None


def test_a_unit_exists_from_its_first_to_its_last_day() -> None:
    unit = Unit("A", "A", valid_from=date(2021, 1, 1), valid_to=date(2021, 12, 31))
    assert unit.is_valid(date(2021, 1, 1))
    assert unit.is_valid(date(2021, 12, 31))
    assert not unit.is_valid(date(2022, 1, 1))
    assert CITY.is_valid(date(1900, 1, 1))


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("tieu hoc hoa gao", "CĐCS Trường Tiểu học Hoa Gạo"),
        ("HOA GẠO, Tiểu học", "CĐCS Trường Tiểu học Hoa Gạo"),
        ("cdcs th hoa gạo", "CĐCS Trường Tiểu học Hoa Gạo"),
        ("công đoàn cơ sở trường trung học cơ sở bến đá", "CĐCS Trường THCS Bến Đá"),
        ("thcs ben da", "CĐCS Trường THCS Bến Đá"),
        ("trưòng THCS Bến Đa", "CĐCS Trường THCS Bến Đá"),
        ("cong ty co phan may sao khue", "CĐCS Công ty May Sao Khuê"),
        ("sao kh", "CĐCS Công ty May Sao Khuê"),
        ("saokhue", "CĐCS Công ty May Sao Khuê"),
        ("ubnd p. cầu ngói", "CĐCS UBND phường Cầu Ngói"),
        ("liên đoàn lao động quận Vĩnh Lam", "LĐLĐ quận Vĩnh Lam"),
        ("bv vinh lam", "CĐCS Bệnh viện Vĩnh Lam"),
        ("nhà văn hoá vĩnh lam", "CĐCS Trung tâm Văn hóa Vĩnh Lam"),
        ("VL-012", "CĐCS Trường THPT Vĩnh Lam"),
        ("điện tử đom dom", "CĐCS Công ty Điện tử Đom Đóm"),
    ],
)
def test_a_typed_name_finds_its_unit_first(sample: UnitTree, query: str, name: str) -> None:
    found = sample.search(query)
    assert found
    assert found[0].unit.name == name


@pytest.mark.parametrize("query", ["", "  ,.", "xyz qwk", "Ngân hàng Quốc tế"])
def test_what_means_no_unit_finds_none(sample: UnitTree, query: str) -> None:
    assert sample.search(query) == ()


def test_a_search_gives_the_likeliest_first_and_no_more_than_asked(sample: UnitTree) -> None:
    found = sample.search("hoa gao", limit=3)
    assert len(found) == 3
    assert [match.score for match in found] == sorted((m.score for m in found), reverse=True)
    assert all("Hoa Gạo" in match.unit.name for match in found)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_every_unit_is_found_by_its_name_in_any_order_of_words(data: st.DataObject) -> None:
    tree = UnitTree(read_units((SAMPLE / "units.csv").read_bytes()).units)
    unit = data.draw(st.sampled_from(tree.units))
    words = data.draw(st.permutations(unit.name.split()))
    assert unit in [match.unit for match in tree.search(" ".join(words), limit=3)]


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=30))
def test_any_text_may_be_searched_for(query: str) -> None:
    TREE.search(query)


def test_of_equal_matches_the_one_with_the_words_in_the_order_typed_is_first() -> None:
    tree = UnitTree((Unit("1", "Trường Gạo Hoa"), Unit("2", "Trường Tiểu học Hoa Gạo")))
    assert [match.unit.code for match in tree.search("hoa gạo")] == ["2", "1"]
    assert [match.unit.code for match in tree.search("gao hoa")] == ["1", "2"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("hoa gao", ["Hoa", "Gạo"]),
        ("HOA GẠ", ["Hoa", "Gạ"]),
        ("gạo", ["Gạo"]),
        ("cd tieu", ["Tiểu"]),
        ("cdcs", ["CĐCS"]),
        ("công đoàn cơ sở", ["CĐCS"]),
        ("hoa sen", ["Hoa"]),
        ("", []),
        ("...", []),
    ],
)
def test_the_words_of_a_search_are_marked_in_a_name(query: str, words: list[str]) -> None:
    assert [SCHOOL.name[start:end] for start, end in matched_spans(SCHOOL.name, query)] == words


@given(st.text(), st.text())
def test_marks_are_in_order_and_within_the_name(name: str, query: str) -> None:
    ends = [end for span in matched_spans(name, query) for end in span]
    assert ends == sorted(ends)
    assert all(0 <= end <= len(name) for end in ends)


def test_of_a_day_only_units_that_exist_on_it_are_found() -> None:
    tree = UnitTree(
        (
            Unit("A", "Công đoàn Hoa Sen", valid_to=date(2026, 6, 30)),
            Unit("B", "Công đoàn Hoa Sen Mới", valid_from=date(2026, 7, 1)),
            Unit("C", "Công đoàn Hoa Sen Hồng"),
        )
    )

    def found(day: date | None, limit: int = 10) -> set[str]:
        return {match.unit.code for match in tree.search("hoa sen", limit, day=day)}

    assert found(None) == {"A", "B", "C"}
    assert found(date(2026, 6, 30)) == {"A", "C"}
    assert found(date(2026, 7, 1)) == found(date(2026, 7, 1), 2) == {"B", "C"}
