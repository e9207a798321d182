"""Who may be given an award: one rule at registration, for the prediction and at the award."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from quizengine.core.contest import Eligibility


def is_eligible(eligibility: Eligibility, fields: Mapping[str, str], *, year: int) -> bool:
    """Return whether registered fields satisfy the declared roles and age in a calendar year.

    A role that was not given satisfies no declared roles; a birth year that was not given is
    believed to be early enough, because only a contest that asks for it can check it.
    """
    return has_role(eligibility, fields) and is_old_enough(eligibility, fields, year=year)


def calendar_year(instant: datetime, time_zone: str) -> int:
    """Return the year that an instant lies in at a contest's place, by which ages are counted."""
    return calendar_day(instant, time_zone).year


def calendar_day(instant: datetime, time_zone: str) -> date:
    """Return the day that an instant lies in at a contest's place."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def has_role(eligibility: Eligibility, fields: Mapping[str, str]) -> bool:
    """Return whether the role given is one that the contest is for."""
    return not eligibility.roles or fields.get("role", "") in eligibility.roles


def is_old_enough(eligibility: Eligibility, fields: Mapping[str, str], *, year: int) -> bool:
    """Return whether the person reaches the minimum age in a calendar year."""
    born = fields.get("birth_year", "")
    if eligibility.minimum_age is None or not born:
        return True
    return year - int(born) >= eligibility.minimum_age
