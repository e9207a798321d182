"""Who may be given an award, by the role and the year of birth that they registered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quizengine.core.contest import Eligibility
from quizengine.core.eligibility import calendar_year, has_role, is_eligible, is_old_enough

ANYBODY = Eligibility(roles={}, excluded={})
OFFICIALS = Eligibility(roles={"official": {"en": "Official"}}, excluded={})
ADULTS = Eligibility(roles={}, excluded={}, minimum_age=18)


def test_a_contest_without_conditions_is_for_everybody() -> None:
    assert is_eligible(ANYBODY, {}, year=2026)


@pytest.mark.parametrize(
    ("fields", "expected"), [({"role": "official"}, True), ({"role": "guest"}, False), ({}, False)]
)
def test_only_a_declared_role_satisfies_declared_roles(
    fields: dict[str, str], expected: bool
) -> None:
    assert has_role(OFFICIALS, fields) is expected
    assert is_eligible(OFFICIALS, fields, year=2026) is expected


@pytest.mark.parametrize(("born", "expected"), [("2007", True), ("2008", True), ("2009", False)])
def test_the_minimum_age_is_reached_in_a_calendar_year(born: str, expected: bool) -> None:
    assert is_old_enough(ADULTS, {"birth_year": born}, year=2026) is expected
    assert is_eligible(ADULTS, {"birth_year": born}, year=2026) is expected


@pytest.mark.parametrize("fields", [{}, {"birth_year": ""}])
def test_a_year_of_birth_that_was_not_given_is_believed(fields: dict[str, str]) -> None:
    assert is_old_enough(ADULTS, fields, year=2026)


def test_both_conditions_must_hold() -> None:
    both = Eligibility(roles=OFFICIALS.roles, excluded={}, minimum_age=18)
    assert is_eligible(both, {"role": "official", "birth_year": "1990"}, year=2026)
    assert not is_eligible(both, {"role": "official", "birth_year": "2020"}, year=2026)
    assert not is_eligible(both, {"role": "guest", "birth_year": "1990"}, year=2026)


def test_the_year_is_the_one_at_the_contests_place() -> None:
    instant = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    assert calendar_year(instant, "Asia/Ho_Chi_Minh") == 2027
    assert calendar_year(instant, "UTC") == 2026
