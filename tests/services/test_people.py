"""Registration: every problem at its field, one row a person, nothing kept that was not asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core.contest import Contest, Eligibility, Need
from quizengine.core.units import UnitTree
from quizengine.errors import Conflict, InvalidInput, QuizError
from quizengine.services import people
from quizengine.services.people import Registered
from quizengine.services.transaction import transaction
from quizengine.services.units import load_units
from quizengine.store.people import StoredParticipant, find_participant
from tests.services.desk import OPENS, SLUG, Desk, make_contest, make_units, opened_desk

GOOD = {"full_name": "Trần Minh Khuê", "phone": "0900000456", "unit": "Q-1"}


def register(
    session: Session,
    person: str = "an",
    *,
    changes: Mapping[str, str] = MappingProxyType({}),
    consents: tuple[str, ...] = ("hien-ten",),
    now: datetime = OPENS,
) -> None:
    """Register somebody with good values, some of them changed."""
    people.register(
        session,
        SLUG,
        person=person,
        fields={**GOOD, **changes},
        consents=consents,
        is_staff=False,
        now=now,
    )


def found(desk: Desk, person: str = "an") -> Registered:
    """Return a registration."""
    registered = desk.look(lambda session: people.participant_of(session, SLUG, person))
    assert registered is not None
    return registered


def row(desk: Desk, person: str = "an") -> StoredParticipant:
    """Return a registration as it is stored."""
    stored = desk.look(lambda session: find_participant(session, SLUG, person))
    assert stored is not None
    return stored


def asking_more() -> Contest:
    """Return a contest that asks for roles, a minimum age and a staff code too."""
    contest = make_contest()
    fields = {
        **contest.registration.fields,
        "role": Need.REQUIRED,
        "birth_year": Need.REQUIRED,
        "staff_code": Need.OPTIONAL,
    }
    return replace(
        contest,
        eligibility=Eligibility({"can-bo": {"vi": "Cán bộ"}}, {}, minimum_age=18),
        registration=replace(contest.registration, fields=fields),
    )


def test_a_registration_is_kept_in_one_form(desk: Desk) -> None:
    desk.do(
        lambda session: register(
            session,
            changes={
                "full_name": "  Trần  Minh\tKhuê ",
                "phone": "+84 900.000-456",
                "birth_year": "1990",
            },
        )
    )
    registered = found(desk)
    assert registered.name == "Trần Minh Khuê"
    assert registered.unit_name == "Công đoàn Trường Hoa Sen"
    assert registered.fields == {**GOOD, "birth_year": "1990"}
    assert registered.consents == ("hien-ten",)
    assert not registered.is_staff
    assert row(desk).registered_at == OPENS


def test_somebody_who_is_not_registered_is_none(desk: Desk) -> None:
    assert desk.look(lambda session: people.participant_of(session, SLUG, "an")) is None


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"full_name": ""}, "registration.full_name_missing", "full_name"),
        ({"full_name": " \t"}, "registration.full_name_missing", "full_name"),
        ({"full_name": "a" * 121}, "registration.too_long", "full_name"),
        ({"full_name": "ﷺ" * 50}, "registration.too_long", "full_name"),
        ({"phone": ""}, "registration.phone_missing", "phone"),
        ({"phone": "09000004x6"}, "registration.phone_not_digits", "phone"),
        ({"phone": "090000045٦"}, "registration.phone_not_digits", "phone"),
        ({"phone": "090000045"}, "registration.phone_wrong", "phone"),
        ({"phone": "09000004567"}, "registration.phone_wrong", "phone"),
        ({"phone": "1900000456"}, "registration.phone_wrong", "phone"),
        ({"unit": ""}, "registration.unit_missing", "unit"),
        ({"unit": "Q-9"}, "registration.unit_unknown", "unit"),
        ({"birth_year": "90"}, "registration.birth_year_wrong", "birth_year"),
        ({"birth_year": "0001990"}, "registration.birth_year_wrong", "birth_year"),
        ({"birth_year": "1899"}, "registration.birth_year_wrong", "birth_year"),
        ({"birth_year": "2027"}, "registration.birth_year_wrong", "birth_year"),
        ({"birth_year": "năm"}, "registration.birth_year_wrong", "birth_year"),
        ({"birth_year": "١٩٩٠"}, "registration.birth_year_wrong", "birth_year"),
    ],
)
def test_each_problem_is_named_at_its_field(
    desk: Desk, changes: dict[str, str], code: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        desk.do(lambda session: register(session, changes=changes))
    problems = refusal.value.problems
    assert [(one.code, one.place.at) for one in problems] == [(code, field)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"role": ""}, "registration.role_missing"),
        ({"role": "khach"}, "registration.role_unknown"),
        ({"birth_year": ""}, "registration.birth_year_missing"),
        ({"birth_year": "2009"}, "registration.too_young"),
        ({"birth_year": "2008"}, None),
    ],
)
def test_declared_roles_and_age_are_asked_for(
    sqlite_url: str, changes: dict[str, str], code: str | None
) -> None:
    with opened_desk(sqlite_url, asking_more()) as desk:
        values = {"role": "can-bo", "birth_year": "1990", **changes}
        if code is None:
            desk.do(lambda session: register(session, changes=values))
            return
        with pytest.raises(InvalidInput) as refusal:
            desk.do(lambda session: register(session, changes=values))
        assert [one.code for one in refusal.value.problems] == [code]


def test_the_year_is_that_of_the_contests_place(sqlite_url: str) -> None:
    """In Viet Nam the new year has begun although it is still the old one in UTC."""
    new_year = datetime(2026, 12, 31, 18, 0, tzinfo=UTC)
    with opened_desk(sqlite_url, asking_more()) as desk:
        desk.do(
            lambda session: register(
                session, changes={"role": "can-bo", "birth_year": "2009"}, now=new_year
            )
        )
        assert found(desk).fields["birth_year"] == "2009"


def test_all_problems_are_named_at_once(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refusal:
        desk.do(
            lambda session: register(
                session,
                changes={"full_name": "", "phone": "1", "unit": "", "birth_year": "x"},
                consents=(),
            )
        )
    assert [one.place.at for one in refusal.value.problems] == [
        "full_name",
        "phone",
        "birth_year",
        "unit",
        "consent-hien-ten",
    ]


def test_only_required_consents_are_required_and_only_declared_ones_kept(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refusal:
        desk.do(lambda session: register(session, consents=("nhan-tin",)))
    assert [one.code for one in refusal.value.problems] == ["registration.consent_missing"]
    given = ("nhan-tin", "hien-ten", "ban-du-lieu", "hien-ten")
    desk.do(lambda session: register(session, consents=given))
    assert found(desk).consents == ("hien-ten", "nhan-tin")


def test_a_field_that_the_contest_does_not_ask_for_is_not_kept(desk: Desk) -> None:
    desk.do(
        lambda session: register(
            session, changes={"staff_code": "NV-1", "role": "khach", "colour": "xanh"}
        )
    )
    assert found(desk).fields == GOOD


@pytest.mark.parametrize(
    "phone",
    [
        "0900000456",
        "0900 000 456",
        "0900.000.456",
        "(0900) 000-456",
        "+84900000456",
        "+84 900 000 456",
        "0084900000456",
        "84900000456",
        "+84(0)900000456",
        "+84 (0) 900 000 456",
        "0900–000–456",
        "０９０００００４５６",
    ],
)
def test_two_spellings_of_one_number_are_one_person(desk: Desk, phone: str) -> None:
    desk.do(lambda session: register(session, changes={"phone": phone}))
    assert found(desk).fields["phone"] == "0900000456"
    with pytest.raises(Conflict) as refusal:
        desk.do(lambda session: register(session, "binh"))
    assert refusal.value.code == "registration.key_taken"
    assert refusal.value.params == {"field": "phone"}


def test_the_person_key_is_compared_without_case_and_spaces(sqlite_url: str) -> None:
    contest = make_contest()
    fields = {**contest.registration.fields, "staff_code": Need.REQUIRED}
    registration = replace(contest.registration, person_key="staff_code", fields=fields)
    with opened_desk(sqlite_url, replace(contest, registration=registration)) as desk:
        desk.do(lambda session: register(session, changes={"staff_code": "NV-001"}))
        for changes in ({"staff_code": "nv-001"}, {"staff_code": " Nv - 001 "}):
            with pytest.raises(Conflict), Session(desk.engine) as session, transaction(session):
                register(session, "binh", changes=changes)
        desk.do(lambda session: register(session, "binh", changes={"staff_code": "NV-002"}))


def test_signs_part_the_numbers_of_a_person_key_and_are_none_by_themselves(
    sqlite_url: str,
) -> None:
    contest = make_contest()
    fields = {**contest.registration.fields, "staff_code": Need.REQUIRED}
    registration = replace(contest.registration, person_key="staff_code", fields=fields)
    with opened_desk(sqlite_url, replace(contest, registration=registration)) as desk:
        desk.do(lambda session: register(session, changes={"staff_code": "NV-1-11"}))
        desk.do(lambda session: register(session, "binh", changes={"staff_code": "NV-11-1"}))
        with pytest.raises(InvalidInput) as refusal:
            desk.do(lambda session: register(session, "chi", changes={"staff_code": "—"}))
        problems = [(one.code, one.place.at) for one in refusal.value.problems]
        assert problems == [("registration.staff_code_missing", "staff_code")]


def test_a_person_registers_once(desk: Desk) -> None:
    desk.do(register)
    with pytest.raises(Conflict) as refusal:
        desk.do(lambda session: register(session, changes={"phone": "0900000457"}))
    assert refusal.value.code == "registration.already"
    assert found(desk).fields["phone"] == "0900000456"


def test_nobody_registers_before_the_opening_or_after_publication(database_url: str) -> None:
    with opened_desk(database_url, is_open=False) as desk:
        with pytest.raises(Conflict) as early:
            desk.do(register)
        assert early.value.code == "registration.not_open"
        desk.open()
        desk.close()
        desk.do(register)
        desk.publish()
        with pytest.raises(Conflict):
            desk.do(lambda session: register(session, "binh", changes={"phone": "0900000457"}))


@pytest.mark.parametrize(
    ("people_at_once", "code"),
    [(("an", "binh"), "registration.key_taken"), (("an", "an"), "registration.already")],
)
def test_of_two_registrations_at_once_one_wins(
    desk: Desk, people_at_once: tuple[str, str], code: str
) -> None:
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def run(person: str) -> None:
        with Session(desk.engine) as session:
            barrier.wait()
            try:
                with transaction(session):
                    register(session, person)
                outcomes.append("registered")
            except QuizError as error:
                outcomes.append(error.code)

    threads = [threading.Thread(target=run, args=(person,)) for person in people_at_once]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted(["registered", code])


def test_the_same_person_registering_while_the_first_request_runs_is_registered_already(
    desk: Desk,
) -> None:
    """A double click is not told that somebody else has the same number."""
    if desk.engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time: the second request begins after the first")
    outcome: list[str] = []

    def second() -> None:
        with Session(desk.engine) as session:
            try:
                with transaction(session):
                    register(session)
            except Conflict as error:
                outcome.append(error.code)

    with Session(desk.engine) as session:
        with transaction(session):
            register(session)
            thread = threading.Thread(target=second)
            thread.start()
            # The second waits for the first's row; nothing tells when it has come that far.
            thread.join(0.5)
        thread.join()
    assert outcome == ["registration.already"]


def test_a_registration_sends_its_signal_after_the_commit(desk: Desk) -> None:
    heard: list[str] = []

    def hear(_sender: str, *, slug: str, person: str) -> None:
        heard.append(found(desk, person).name)

    with signals.participant_registered.connected_to(hear):
        desk.do(register)
        with pytest.raises(Conflict):
            desk.do(register)
    assert heard == ["Trần Minh Khuê"]


def test_a_unit_that_is_not_listed_is_kept_as_typed_and_counted_under_the_one_above(
    desk: Desk,
) -> None:
    changes = {"unit": "Q", "unit_typed": "  Công đoàn  Lò gốm "}
    desk.do(lambda session: register(session, changes=changes))
    assert (row(desk).unit, row(desk).unit_typed) == ("Q", "Công đoàn Lò gốm")
    assert found(desk).unit_name == "Công đoàn Lò gốm"
    assert found(desk).fields == {**GOOD, "unit": "Q"}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"unit": "", "unit_typed": "Lò gốm"}, "registration.parent_missing", "parent"),
        ({"unit": "Q-9", "unit_typed": "Lò gốm"}, "registration.parent_missing", "parent"),
        ({"unit": "Q", "unit_typed": "a" * 121}, "registration.too_long", "unit_typed"),
    ],
)
def test_what_is_wrong_with_an_unlisted_unit_stands_at_its_fields(
    desk: Desk, changes: dict[str, str], code: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        desk.do(lambda session: register(session, changes=changes))
    assert [(one.code, one.place.at) for one in refusal.value.problems] == [(code, field)]


def test_no_unit_is_typed_where_none_is_asked_for(sqlite_url: str) -> None:
    contest = make_contest()
    fields = {**contest.registration.fields, "unit": Need.OFF}
    registration = replace(contest.registration, fields=fields)
    with opened_desk(sqlite_url, replace(contest, registration=registration)) as desk:
        desk.do(lambda session: register(session, changes={"unit_typed": "Lò gốm"}))
        assert (row(desk).unit, row(desk).unit_typed) == ("", None)


def test_nobody_registers_in_a_unit_that_has_ended_nor_below_it(desk: Desk) -> None:
    ended = UnitTree(
        tuple(
            replace(unit, valid_to=OPENS.date() - timedelta(days=1)) if unit.code == "Q-1" else unit
            for unit in make_units().units
        )
    )
    desk.do(lambda session: load_units(session, ended, now=OPENS, actor="tests"))
    expected: list[tuple[dict[str, str], str]] = [
        ({}, "registration.unit_unknown"),
        ({people.UNIT_TYPED: "Tổ May Mới"}, "registration.parent_missing"),
    ]
    for changes, code in expected:
        with Session(desk.engine) as session, pytest.raises(InvalidInput) as refusal:
            register(session, changes=changes)
        assert [one.code for one in refusal.value.problems] == [code]
