"""Registration: who takes part in a contest, by the fields and consents that it declares."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core.contest import Contest, Need
from quizengine.core.eligibility import calendar_day, has_role, is_old_enough
from quizengine.core.text import fold, name_sort_key, normalise
from quizengine.core.units import UnitTree
from quizengine.errors import Conflict, InvalidInput, Param, Place, Problem
from quizengine.services.contests import contest_of, find
from quizengine.services.units import unit_tree
from quizengine.store import people, units
from quizengine.store.connection import Executor

MAX_FIELD_LENGTH = 120
EARLIEST_BIRTH_YEAR = 1900
PHONE_DIGITS = 10
_PHONE_SIGNS = re.compile(r"[\s.()\-\u2010-\u2015\u2212]")
_COUNTRY = re.compile(r"^(\+84|0084|84(?=0?\d{9}$))0?")
UNIT_TYPED = "unit_typed"
"""The field of a unit that is not listed; its problems stand there and at ``parent``."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A person's registration as pages show it."""

    name: str
    unit_code: str
    #: As the person typed it where their unit is not listed and ``unit_code`` is the one above.
    unit_name: str
    fields: Mapping[str, str]
    consents: tuple[str, ...]
    is_staff: bool


def register(
    session: Session,
    slug: str,
    *,
    person: str,
    fields: Mapping[str, str],
    consents: Collection[str],
    is_staff: bool,
    now: datetime,
    tree: UnitTree | None = None,
) -> None:
    """Register a person in a contest by its declared fields; the unit is given by its code.

    A unit that is not listed is given by its name as ``unit_typed``, and ``unit`` is then the code
    of the unit above it, under which the person is counted. What the contest does not ask for is
    not kept. ``tree`` is the unit tree where it is at hand, else it is read.
    Raises ``InvalidInput`` with a problem for each field, ``Conflict`` when the contest takes no
    registrations, when the person is registered already, or when another has the same person key.
    """
    stored = find(session, slug)
    if stored.state not in ("open", "closed"):
        raise Conflict("registration.not_open", slug=slug)
    contest = contest_of(stored.file)
    cleaned = clean_fields(contest, fields)
    tree = unit_tree(session) if tree is None else tree
    if problems := registration_problems(contest, cleaned, consents, tree, now=now):
        raise InvalidInput("registration.invalid", problems)
    if people.find_participant(session, slug, person):
        raise Conflict("registration.already", slug=slug)
    values = {
        "contest_id": stored.id,
        "person": person,
        "is_staff": is_staff,
        "registered_at": now,
        **_given_values(contest, cleaned, consents),
    }
    if not people.insert_participant(session, values):
        if people.find_participant(session, slug, person):
            raise Conflict("registration.already", slug=slug)  # a double click
        raise Conflict("registration.key_taken", field=contest.registration.person_key)
    signals.announce(session.info, signals.participant_registered, slug=slug, person=person)


def _given_values(
    contest: Contest, cleaned: Mapping[str, str], consents: Collection[str]
) -> dict[str, Any]:
    """Return what a registration's row keeps of cleaned fields and given consents."""
    given = {name: value for name, value in cleaned.items() if value and name != UNIT_TYPED}
    return {
        "person_key": person_key(given[contest.registration.person_key]),
        "name": given.get("full_name", ""),
        "sort_key": name_sort_key(given.get("full_name", "")),
        "unit": given.get("unit", ""),
        "unit_typed": cleaned.get(UNIT_TYPED) or None,
        "fields": given,
        "consents": sorted({one.id for one in contest.registration.consents} & set(consents)),
    }


def person_key(value: str) -> str:
    """Return the one form of a cleaned value by which a contest tells people apart."""
    return "-".join(fold(value).split())


def participant_of(executor: Executor, slug: str, person: str) -> Registered | None:
    """Return a person's registration in a contest, or None."""
    stored = people.find_participant(executor, slug, person)
    if stored is None:
        return None
    return Registered(
        name=stored.name,
        unit_code=stored.unit,
        unit_name=stored.unit_typed or units.find_name(executor, stored.unit),
        fields=stored.fields,
        consents=stored.consents,
        is_staff=stored.is_staff,
    )


def clean_fields(contest: Contest, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that a contest asks for in the form that is compared and kept."""
    needs = contest.registration.fields
    names = [name for name, need in needs.items() if need is not Need.OFF]
    cleaned = {name: clean_field(name, fields.get(name, "")) for name in names}
    if "unit" in cleaned:
        cleaned[UNIT_TYPED] = clean_field(UNIT_TYPED, fields.get(UNIT_TYPED, ""))
    return cleaned


def clean_field(name: str, value: str) -> str:
    """Return a typed value in the one form that is compared and kept.

    Phone numbers lose spaces, dots and dashes of every width, and ``+84`` becomes the 0 it stands
    for, also before the 0 itself: ``+84 (0)900 000 456``.
    """
    cleaned = " ".join(normalise(value).replace("\x00", "").split())
    if name == "phone":
        cleaned = _PHONE_SIGNS.sub("", unicodedata.normalize("NFKC", cleaned))
        cleaned = _COUNTRY.sub("0", cleaned)
    return cleaned


def registration_problems(
    contest: Contest,
    fields: Mapping[str, str],
    consents: Collection[str],
    tree: UnitTree,
    *,
    now: datetime,
) -> tuple[Problem, ...]:
    """Return every problem of cleaned fields and given consents, each at its field."""
    return tuple(_problems(contest, fields, consents, tree, now))


def _problems(
    contest: Contest,
    fields: Mapping[str, str],
    consents: Collection[str],
    tree: UnitTree,
    now: datetime,
) -> Iterator[Problem]:
    day = calendar_day(now, contest.time_zone)
    for name, need in contest.registration.fields.items():
        value = fields.get(name, "")
        if name == "unit" and fields.get(UNIT_TYPED):
            yield from _unlisted_problems(fields[UNIT_TYPED], value, tree, day)
        elif value:
            yield from _field_problems(contest, name, value, tree, day)
        elif need is Need.REQUIRED:
            yield _problem(f"registration.{name}_missing", name)
    for consent in contest.registration.consents:
        if consent.required and consent.id not in consents:
            yield _problem("registration.consent_missing", f"consent-{consent.id}")


def _field_problems(
    contest: Contest, name: str, value: str, tree: UnitTree, day: date
) -> Iterator[Problem]:
    if (length := _length(value)) > MAX_FIELD_LENGTH:
        yield _problem("registration.too_long", name, length=length, limit=MAX_FIELD_LENGTH)
    elif name == contest.registration.person_key and not person_key(value):
        yield _problem(f"registration.{name}_missing", name)
    elif name == "phone":
        yield from phone_problems(value, name)
    elif name == "birth_year":
        if not (
            _is_number(value) and len(value) == 4 and EARLIEST_BIRTH_YEAR <= int(value) <= day.year
        ):
            yield _problem("registration.birth_year_wrong", name, year=day.year)
        elif not is_old_enough(contest.eligibility, {name: value}, year=day.year):
            age = contest.eligibility.minimum_age or 0
            yield _problem("registration.too_young", name, age=age)
    elif name == "role" and not has_role(contest.eligibility, {name: value}):
        yield _problem("registration.role_unknown", name)
    elif name == "unit" and not _exists(value, tree, day):
        yield _problem("registration.unit_unknown", name)


def _length(value: str) -> int:
    # A few letters fold to many, and the folded form of a key is kept too.
    return max(len(value), len(fold(value)))


def _exists(code: str, tree: UnitTree, day: date) -> bool:
    return code in tree.by_code and tree.by_code[code].is_valid(day)


def _unlisted_problems(typed: str, parent: str, tree: UnitTree, day: date) -> Iterator[Problem]:
    if (length := _length(typed)) > MAX_FIELD_LENGTH:
        yield _problem("registration.too_long", UNIT_TYPED, length=length, limit=MAX_FIELD_LENGTH)
    if not _exists(parent, tree, day):
        yield _problem("registration.parent_missing", "parent")


def phone_problems(value: str, field: str) -> Iterator[Problem]:
    """Yield what is wrong with a cleaned phone number that is needed, at its field."""
    if not value:
        yield _problem("registration.phone_missing", field)
    elif not _is_number(value):
        yield _problem("registration.phone_not_digits", field)
    elif len(value) != PHONE_DIGITS or value[0] != "0":
        yield _problem("registration.phone_wrong", field, digits=len(value), needed=PHONE_DIGITS)


def _is_number(value: str) -> bool:
    # Digits of other scripts would make a second person of the same number.
    return value.isascii() and value.isdecimal()


def _problem(code: str, field: str, **params: Param) -> Problem:
    return Problem("error", code, Place("field", field), params)
