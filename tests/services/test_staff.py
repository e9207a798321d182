"""Accounts of staff: made, given another role, logged out everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from quizengine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from quizengine.services import accounts, login_codes, staff
from quizengine.services.transaction import transaction
from quizengine.store import audit
from tests.services.desk import Desk, opened_desk

NOW = datetime(2021, 8, 22, 13, 0, tzinfo=UTC)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A database with one owner and one participant."""
    with opened_desk(database_url, is_open=False) as opened:
        with Session(opened.engine) as session, transaction(session):
            roles: dict[str, accounts.Role] = {"chu": "owner", "khue": "participant"}
            for login, role in roles.items():
                accounts.create_account(
                    session, login=login, name=login, password=None, role=role, now=NOW
                )
        yield opened


def person_of(desk: Desk, login: str) -> str:
    """Return whose log-in it is."""
    found = desk.look(
        lambda session: accounts.find_credentials(session, login, address="", now=NOW)
    )
    assert found.account is not None
    return found.account.person


def make(desk: Desk, login: str, role: str) -> login_codes.GivenCode:
    """Make an account of staff."""
    return desk.do(
        lambda session: staff.create_staff(
            session, login=login, name=f"Người {login}", role=role, actor="chu", now=NOW
        )
    )


def give_role(desk: Desk, person: str, role: str) -> None:
    """Give an account another role."""
    desk.do(lambda session: staff.change_role(session, person, role, actor="chu", now=NOW))


def test_who_gets_an_account_logs_in_by_the_code_and_only_once(desk: Desk) -> None:
    given = make(desk, "giamkhao", "jury")

    def enter(session: Session) -> accounts.Login | None:
        return login_codes.use_login_code(session, "giamkhao", given.code, address="", now=NOW)

    entered = desk.do(enter)
    assert entered is not None
    assert entered.account.role == "jury"
    assert desk.do(enter) is None


def test_a_participant_is_never_made_staff(desk: Desk) -> None:
    with pytest.raises(Conflict):
        make(desk, "khue", "organiser")
    with pytest.raises(NotFound):
        give_role(desk, person_of(desk, "khue"), "organiser")
    for role in ("participant", "king", ""):
        with pytest.raises(InvalidInput):
            make(desk, "moi", role)


def test_the_last_owner_stays_owner(desk: Desk) -> None:
    owner = person_of(desk, "chu")
    with pytest.raises(Conflict) as raised:
        give_role(desk, owner, "organiser")
    assert raised.value.code == "account.last_owner"
    other = make(desk, "chu-hai", "auditor").account.person
    give_role(desk, other, "owner")
    give_role(desk, owner, "organiser")
    with pytest.raises(Conflict):
        give_role(desk, other, "jury")


def test_ending_log_ins_ends_all_and_the_code_with_them(desk: Desk) -> None:
    given = make(desk, "giamkhao", "jury")
    login = desk.do(lambda session: accounts.begin_session(session, given.account, now=NOW))
    person = given.account.person
    assert desk.look(lambda session: staff.find_staff(session, person, now=NOW)).log_ins == 1
    much_later = NOW + timedelta(days=accounts.SESSION_DAYS)
    assert desk.look(lambda s: staff.find_staff(s, person, now=much_later)).log_ins == 0
    assert desk.do(lambda s: staff.end_log_ins(s, person, actor="chu", now=NOW)) == 1
    assert desk.look(lambda s: accounts.session_of(s, login.token, now=NOW)) is None
    assert (
        desk.do(
            lambda s: login_codes.use_login_code(s, "giamkhao", given.code, address="", now=NOW)
        )
        is None
    )


def test_no_owner_logs_in_as_another_by_a_code_from_the_page(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        desk.do(
            lambda session: staff.give_code(session, person_of(desk, "chu"), actor="chu", now=NOW)
        )


def test_every_step_is_on_record_and_no_code_is(desk: Desk) -> None:
    given = make(desk, "giamkhao", "jury")
    give_role(desk, given.account.person, "auditor")
    desk.do(lambda s: staff.end_log_ins(s, given.account.person, actor="chu", now=NOW))
    entries = desk.look(lambda session: list(audit.read_entries(session)))
    assert [one.action for one in entries[-4:]] == [
        "account.create",
        "account.login_code",
        "account.role",
        "account.end_log_ins",
    ]
    assert entries[-2].details == {"from": "jury", "to": "auditor"}
    assert given.code not in str(entries)
