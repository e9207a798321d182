"""What is said before a contest opens: how alike two papers are, the hours, the units."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.banks import Kind, Level, Prompt
from quizengine.core.contest import Need, Section
from quizengine.core.readiness import (
    Share,
    check_moment,
    check_units,
    paper_percent,
    shares,
)
from tests.web.site import sample_contest

CONTEST = sample_contest()
ROUND = CONTEST.rounds[0]


def prompts(**topics: int) -> tuple[Prompt, ...]:
    """Return a pool with so many questions of each topic."""
    return tuple(
        Prompt(f"{topic}{number}", Kind.SINGLE, "?", ("a", "b"), topic, Level.EASY)
        for topic, count in topics.items()
        for number in range(count)
    )


def test_ten_drawn_from_twelve_are_shared_to_83_percent() -> None:
    one = replace(ROUND, sections=(Section(10, 1, "a"), Section(2, 1, "b")))
    found = shares(one, prompts(a=12, b=20))
    assert [(share.section, share.percent) for share in found] == [(0, 83), (1, 10)]
    assert paper_percent(found) == (10 * 83 + 2 * 10) // 12


def test_sections_of_one_pool_draw_as_one() -> None:
    one = replace(ROUND, sections=(Section(3, 1), Section(3, 2)))
    assert shares(one, prompts(a=12)) == (Share(0, 6, 12),)


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_percentage_is_whole_never_too_high_and_never_over_a_hundred(
    drawn: int, pool: int
) -> None:
    percent = Share(0, drawn, pool).percent
    exact = min(Fraction(100), Fraction(100 * drawn, pool))
    assert exact - 1 < percent <= exact


def test_nothing_drawn_or_no_pool_is_no_division_by_zero() -> None:
    assert Share(0, 3, 0).percent == 100
    assert paper_percent(()) == 0


def test_an_opening_in_the_past_is_a_warning_and_a_close_in_the_past_an_error() -> None:
    before, during, after = (
        ROUND.opens_at - timedelta(seconds=1),
        ROUND.opens_at,
        ROUND.closes_at,
    )
    assert check_moment(CONTEST, before) == ()
    assert [one.code for one in check_moment(CONTEST, during)] == ["contest.opens_in_past"]
    assert [(one.code, one.severity) for one in check_moment(CONTEST, after)] == [
        ("contest.round_over", "error")
    ]


def test_units_are_missed_only_where_they_are_asked_for() -> None:
    assert [one.code for one in check_units(CONTEST, 0)] == ["contest.units_missing"]
    assert check_units(CONTEST, 1) == ()
    fields = {**CONTEST.registration.fields, "unit": Need.OFF}
    registration = replace(CONTEST.registration, fields=fields)
    assert check_units(replace(CONTEST, registration=registration), 0) == ()
