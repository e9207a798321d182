"""Unit files: a row per unit, every problem at its cell, and the sample tree."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizengine.core.units import Headcount, Unit, UnitTree
from quizengine.errors import InvalidFile
from quizengine.formats.unit_file import CATEGORIES, ReadUnits, read_day, read_units, write_units
from tests.sample_contests import SAMPLE

LATIN = st.text("abcđêổỹ ĐÂ1-", min_size=1, max_size=10).map(lambda text: " ".join(text.split()))


def read(*rows: str) -> ReadUnits:
    return read_units("\n".join(rows).encode())


def found(result: ReadUnits) -> list[tuple[str, str]]:
    return [(problem.code, problem.place.at) for problem in result.problems]


def test_the_sample_is_one_city_with_districts_and_at_least_sixty_grassroots_unions() -> None:
    result = read_units((SAMPLE / "units.xlsx").read_bytes(), "units.xlsx")
    assert result.problems == ()
    tree = UnitTree(result.units)
    (city,) = tree.roots()
    districts = tree.children(city.code)
    assert len(districts) == 4
    unions = [unit for district in districts for unit in tree.children(district.code)]
    assert len(unions) >= 60
    for unit in unions:
        assert unit.table
        assert unit.headcount("officials", date(2021, 7, 20))
        assert unit.headcount("members", date(2021, 7, 20))


def test_the_samples_workbook_is_made_from_its_csv() -> None:
    units = read_units((SAMPLE / "units.csv").read_bytes()).units
    workbook = (SAMPLE / "units.xlsx").read_bytes()
    assert read_units(workbook).units == units
    assert write_units(units) == workbook


def test_columns_may_be_named_in_vietnamese_or_english_in_any_order() -> None:
    vietnamese = read("TÊN ĐƠN VỊ,ma,Đoàn viên,Ngày số liệu", "Trường A,T1,25,30/6/2021")
    english = read("Code,Members,Name,As of", "T1,25,Trường A,2021-06-30")
    assert vietnamese.problems == english.problems == ()
    assert vietnamese.units == english.units
    assert vietnamese.units[0].headcounts == (Headcount("members", date(2021, 6, 30), 25),)


def test_a_column_may_carry_the_day_of_its_counts() -> None:
    result = read("Mã;Tên;Cán bộ công đoàn (31/12/2020);Cán bộ công đoàn 30/6/2021", "A;A;5;1.207")
    assert result.problems == ()
    assert result.units[0].headcounts == (
        Headcount("officials", date(2020, 12, 31), 5),
        Headcount("officials", date(2021, 6, 30), 1207),
    )


def test_rows_above_the_header_and_empty_rows_are_passed_over() -> None:
    result = read("Danh sách đơn vị,", ",", "Mã,Tên", ",", "A,Trường A", ",")
    assert result.problems == ()
    assert [unit.code for unit in result.units] == ["A"]


def test_a_file_without_a_version_is_version_one_and_another_version_is_refused() -> None:
    assert read("quizengine-units,1", "Mã,Tên", "A,A").problems == ()
    assert found(read("quizengine-units,2", "Mã,Tên", "A,A")) == [("unit.version_other", "B1")]


def test_every_problem_stands_at_its_cell() -> None:
    result = read(
        "Mã,Tên,Mã cấp trên,Đoàn viên,Ngày số liệu,Ghi chú,Mã",
        "A,Trường A,,nhiều,30/6/2021,,",
        "A,Trường B,X,5,,,",
        ",Trường C,,5,31/6/2021,,",
    )
    assert found(result) == [
        ("unit.column_unknown", "F1"),
        ("unit.column_twice", "G1"),
        ("unit.count_unreadable", "D2"),
        ("unit.count_undated", "D3"),
        ("unit.day_unreadable", "E4"),
        ("unit.count_undated", "D4"),
        ("unit.code_twice", "A3"),
        ("unit.parent_unknown", "C3"),
        ("unit.code_missing", "A4"),
    ]


def test_a_misspelt_column_is_named_with_the_one_that_was_meant() -> None:
    result = read("Mã,Tên,Đoàn viênn", "A,A,5")
    assert found(result) == [("unit.column_unknown_similar", "C1")]
    assert result.problems[0].params["similar"] == "Đoàn viên"


@pytest.mark.parametrize("rows", [["a,b", "1,2"], [""], ["Tên", "A"]])
def test_a_sheet_without_a_header_is_refused(rows: list[str]) -> None:
    assert found(read(*rows)) == [("unit.header_missing", "A1")]


def test_a_header_without_units_is_refused() -> None:
    assert found(read("Mã,Tên")) == [("unit.none", "A1")]


def test_other_files_are_refused() -> None:
    with pytest.raises(InvalidFile):
        read_units(b"\xd0\xcf\x11\xe0 an old workbook")


def test_days_are_read_in_both_spellings_and_nothing_else() -> None:
    assert read_day("2021-07-20") == read_day("20/7/2021") == read_day("2021-07-20 00:00:00")
    assert [read_day(text) for text in ("31/6/2021", "7/2021", "", "hôm qua")] == [None] * 4


@st.composite
def trees(draw: st.DrawFn) -> tuple[Unit, ...]:
    days = [date(2020, 12, 31), date(2021, 6, 30)]
    numbers = range(draw(st.integers(1, 12)))
    return tuple(
        Unit(
            code=f"U{number}",
            name=f"{draw(LATIN)} {number}".strip(),
            kind=draw(LATIN),
            parent=f"U{draw(st.integers(0, number - 1))}" if number else "",
            table=draw(LATIN),
            aliases=tuple(draw(st.lists(LATIN.filter(bool), max_size=2, unique=True))),
            headcounts=tuple(
                Headcount(category, day, draw(st.integers(0, 99_999)))
                for category in CATEGORIES
                for day in days
                if draw(st.booleans())
            ),
            valid_from=draw(st.none() | st.just(days[0])),
            valid_to=draw(st.none() | st.just(days[1])),
        )
        for number in numbers
    )


@settings(deadline=None, max_examples=30)
@given(trees(), st.sampled_from(["vi", "en"]))
def test_written_units_read_back_equal(units: tuple[Unit, ...], language: str) -> None:
    result = read_units(write_units(units, language))
    assert [problem for problem in result.problems if problem.severity == "error"] == []
    assert result.units == units


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=5))
def test_cells_of_any_text_give_units_problems_or_a_typed_error(rows: list[list[str]]) -> None:
    cells = ["Mã\tTên\tĐoàn viên\tNgày số liệu\tMã cấp trên"]
    cells += ["\t".join(text.replace('"', "").replace("\t", "") for text in row) for row in rows]
    with suppress(InvalidFile):
        read_units("\n".join(cells).encode("utf-8", "replace"))
