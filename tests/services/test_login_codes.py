"""Log-in codes: given by staff, used once, and never a way into a staff account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from quizengine.errors import NotAllowed, NotFound
from quizengine.services import accounts, login_codes, throttle, upkeep
from quizengine.services.accounts import Login
from quizengine.services.login_codes import GivenCode
from quizengine.services.transaction import transaction
from quizengine.store.audit import read_entries
from quizengine.store.connection import connect
from quizengine.store.tables import LoginCodeRow
from tests.services.desk import MINUTE, OPENS, SECOND
from tests.services.test_accounts import PASSWORD, Door

LOGIN = "0900000456"
LIFE = timedelta(minutes=login_codes.MINUTES)


class Hotline(Door):
    """The door, and somebody at the telephone who lets people in."""

    def give(self, login: str = LOGIN, *, at: datetime = OPENS) -> GivenCode:
        """Give a code to the person of a log-in."""
        with Session(self.engine) as session, transaction(session):
            found = accounts.find_credentials(session, login, address="", now=at).account
            person = found.person if found else "nobody"
            return login_codes.give_login_code(session, person, made_by="tests", now=at)

    def use(
        self,
        code: str,
        *,
        login: str = LOGIN,
        at: datetime = OPENS,
        address: str = "192.0.2.1",
        browser: str = "",
        previous: str | None = None,
    ) -> Login | None:
        """Log in by a code."""
        with Session(self.engine) as session, transaction(session):
            return login_codes.use_login_code(
                session,
                login,
                code,
                address=address,
                now=at,
                browser=browser,
                previous_token=previous,
            )

    def change(
        self,
        token: str,
        old: str | None,
        *,
        new: str = "bốn từ mới tinh",
        at: datetime = OPENS,
        ends_others: bool = False,
    ) -> bool:
        """Change the password, with the old one or without."""
        verdict = None
        if old is not None:
            with Session(self.engine) as session:
                found = accounts.find_credentials(session, LOGIN, address="", now=at)
            verdict = accounts.check_password(found, old)
        hashed = accounts.hash_password(new)
        with Session(self.engine) as session, transaction(session):
            return accounts.change_password(
                session, token, hashed, verdict=verdict, ends_others=ends_others, now=at
            )


@pytest.fixture
def hotline(database_url: str) -> Iterator[Hotline]:
    """The hotline on each kind of database, with one account."""
    engine = connect(database_url)
    made = Hotline(engine)
    made.create()
    yield made
    engine.dispose()


def test_a_code_is_short_and_has_no_signs_that_look_alike(hotline: Hotline) -> None:
    given = hotline.give()
    assert len(given.code) == 9
    assert given.code[4] == "-"
    assert set(given.code) - {"-"} <= set(login_codes.ALPHABET)
    assert not set(login_codes.ALPHABET) & set("0125BILOSUVZ")
    assert given.ends_at == OPENS + LIFE


def test_a_code_lets_in_once(hotline: Hotline) -> None:
    code = hotline.give().code
    login = hotline.use(code)
    assert login is not None
    assert login.account.login == LOGIN
    assert hotline.is_in(login.token)
    assert hotline.use(code) is None


def test_the_browser_that_used_a_code_may_send_it_again_for_some_seconds(hotline: Hotline) -> None:
    """A button is tapped twice, and the browser shows the second answer."""
    code = hotline.give().code
    again = OPENS + timedelta(seconds=login_codes.AGAIN_SECONDS)
    assert hotline.use(code, browser="one") is not None
    assert hotline.use(code, browser="another") is None
    assert hotline.use(code) is None
    second = hotline.use(code, browser="one", at=again - SECOND)
    assert second is not None
    assert hotline.is_in(second.token)
    assert hotline.use("AAAA-AAAA", browser="one") is None
    assert hotline.use(code, browser="one", at=again) is None


def test_the_record_says_once_that_a_code_was_used(hotline: Hotline) -> None:
    given = hotline.give()
    hotline.use("AAAA-AAAA", browser="one")
    for _ in range(2):
        hotline.use(given.code, browser="one", at=OPENS + SECOND)
    with Session(hotline.engine) as session:
        entries = list(read_entries(session))
    used = [entry for entry in entries if entry.action == "account.login_by_code"]
    assert [(one.subject, one.actor, one.at) for one in used] == [
        (given.account.person, given.account.person, OPENS + SECOND)
    ]


def test_a_spent_code_is_gone_once_the_password_is_set(hotline: Hotline) -> None:
    code = hotline.give().code
    made = hotline.use(code, browser="one")
    assert made is not None
    assert hotline.change(made.token, None)
    assert hotline.use(code, browser="one") is None


@pytest.mark.parametrize("spell", [str.lower, lambda code: code.replace("-", " "), "  {} ".format])
def test_a_code_is_taken_however_it_is_typed(hotline: Hotline, spell: object) -> None:
    assert callable(spell)
    assert hotline.use(spell(hotline.give().code), login="+84 900 000 456") is not None


def test_a_code_ends_after_half_an_hour_and_upkeep_forgets_it(hotline: Hotline) -> None:
    code = hotline.give().code
    assert hotline.use(code, at=OPENS + LIFE) is None
    with Session(hotline.engine) as session, transaction(session):
        upkeep.sweep(session, now=OPENS + LIFE)
        assert session.scalar(select(func.count()).select_from(LoginCodeRow)) == 0


def test_a_new_code_takes_the_place_of_the_one_before(hotline: Hotline) -> None:
    first, second = hotline.give().code, hotline.give().code
    assert hotline.use(first) is None
    assert hotline.use(second) is not None


def test_a_code_is_of_one_person(hotline: Hotline) -> None:
    hotline.create("0900000318")
    code = hotline.give().code
    hotline.give("0900000318")
    assert hotline.use(code, login="0900000318") is None
    assert hotline.use(code, login="0900000999") is None
    assert hotline.use(code) is not None


def test_only_a_hash_of_a_code_is_kept_and_the_record_never_has_it(hotline: Hotline) -> None:
    given = hotline.give()
    with Session(hotline.engine) as session:
        kept = session.scalars(select(LoginCodeRow)).one()
        assert given.code.replace("-", "") not in kept.code_sha256
        assert (len(kept.code_sha256), kept.made_by) == (64, "tests")
        entry = list(read_entries(session))[-1]
    assert (entry.action, entry.subject) == ("account.login_code", given.account.person)
    assert (entry.actor, entry.details) == ("tests", {})


def test_nobody_gives_a_code_to_staff_but_the_command_line(hotline: Hotline) -> None:
    hotline.create("bantochuc", role="organiser")
    with pytest.raises(NotAllowed) as refusal:
        hotline.give("bantochuc")
    assert refusal.value.code == "account.code_for_staff"
    with Session(hotline.engine) as session, transaction(session):
        given = login_codes.give_code_to_login(session, "BanToChuc", made_by="tests", now=OPENS)
    assert hotline.use(given.code, login="bantochuc") is not None


def test_nobody_without_an_account_gets_a_code(hotline: Hotline) -> None:
    with pytest.raises(NotFound) as refusal:
        hotline.give("0900000999")
    assert refusal.value.code == "account.none"
    with Session(hotline.engine) as session, pytest.raises(NotFound):
        login_codes.give_code_to_login(session, "0900000999", made_by="tests", now=OPENS)


def test_ten_wrong_codes_close_the_way_for_a_while(hotline: Hotline) -> None:
    code = hotline.give().code
    for _ in range(throttle.MAX_TRIES):
        assert hotline.use("AAAA-AAAA") is None
    with pytest.raises(NotAllowed) as refusal:
        hotline.use(code)
    assert refusal.value.code == "account.throttled"
    assert hotline.use(code, address="198.51.100.7") is not None


def test_a_new_code_has_tries_of_its_own(hotline: Hotline) -> None:
    """Wrong codes typed before, be it by a stranger at the same address, do not close its way."""
    hotline.give()
    for _ in range(throttle.MAX_TRIES):
        assert hotline.use("AAAA-AAAA") is None
    code = hotline.give(at=OPENS + SECOND).code
    for _ in range(throttle.MAX_TRIES - 1):
        assert hotline.use("AAAA-AAAA", at=OPENS + SECOND) is None
    assert hotline.use(code, at=OPENS + SECOND) is not None


def test_an_unknown_log_in_is_slowed_down_alike(hotline: Hotline) -> None:
    for _ in range(throttle.MAX_TRIES):
        assert hotline.use("AAAA-AAAA", login="0900000999") is None
    with pytest.raises(NotAllowed):
        hotline.use("AAAA-AAAA", login="0900000999")


def test_whoever_was_slowed_down_by_wrong_passwords_gets_in_by_the_code(hotline: Hotline) -> None:
    for _ in range(throttle.MAX_TRIES):
        hotline.log_in("sai mật khẩu")
    with pytest.raises(NotAllowed):
        hotline.log_in()
    assert hotline.use(hotline.give().code) is not None


def test_a_log_in_by_code_leaves_the_others_and_ends_the_browsers_own(hotline: Hotline) -> None:
    elsewhere, here = hotline.token(), hotline.token()
    assert hotline.use(hotline.give().code, previous=here) is not None
    assert hotline.is_in(elsewhere)
    assert not hotline.is_in(here)


def test_after_a_code_a_password_is_set_without_the_old_one_but_once(hotline: Hotline) -> None:
    made = hotline.use(hotline.give().code)
    assert made is not None
    assert hotline.change(made.token, None)
    assert hotline.log_in("bốn từ mới tinh") is not None
    assert hotline.log_in() is None
    assert not hotline.change(made.token, None, new="lại bốn từ khác")


def test_the_right_to_set_a_password_ends_too(hotline: Hotline) -> None:
    made = hotline.use(hotline.give().code)
    assert made is not None
    assert hotline.change(made.token, None, at=OPENS + LIFE - SECOND)
    again = hotline.use(hotline.give().code)
    assert again is not None
    assert not hotline.change(again.token, None, at=OPENS + LIFE)


def test_without_a_code_the_old_password_is_needed(hotline: Hotline) -> None:
    token = hotline.token()
    assert not hotline.change(token, None)
    assert not hotline.change(token, "sai mật khẩu")
    assert not hotline.change("no such session", PASSWORD)
    assert hotline.change(token, PASSWORD)
    assert hotline.log_in("bốn từ mới tinh") is not None


def test_wrong_old_passwords_are_counted(hotline: Hotline) -> None:
    token = hotline.token()
    for _ in range(throttle.MAX_TRIES):
        assert not hotline.change(token, "sai mật khẩu")
    with pytest.raises(NotAllowed):
        hotline.change(token, PASSWORD)
    assert hotline.change(token, PASSWORD, at=OPENS + throttle.THROTTLE_MINUTES * MINUTE)


def test_a_new_password_ends_a_code_and_other_log_ins_only_when_asked(hotline: Hotline) -> None:
    here, elsewhere = hotline.token(), hotline.token()
    code = hotline.give().code
    assert hotline.change(here, PASSWORD)
    assert hotline.use(code) is None
    assert hotline.is_in(elsewhere)
    assert hotline.change(here, "bốn từ mới tinh", new="lại bốn từ khác", ends_others=True)
    assert hotline.is_in(here)
    assert not hotline.is_in(elsewhere)
