"""Log-ins of the reference deployment: passwords, throttling, sessions that end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from quizengine.errors import Conflict, InvalidInput, NotAllowed, Unavailable
from quizengine.services import accounts, throttle, upkeep
from quizengine.services.accounts import Login, Role, Verdict
from quizengine.services.transaction import transaction
from quizengine.store.audit import read_entries
from quizengine.store.connection import connect
from quizengine.store.people import Account
from quizengine.store.tables import AccountRow, SessionRow, ThrottleRow
from tests.services.desk import MINUTE, OPENS, SECOND

PASSWORD = "một mật khẩu dài"


class Door:
    """A database, and people who come in through it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def create(
        self,
        login: str = "0900000456",
        *,
        name: str = " Khuê ",
        role: Role = "participant",
        password: str | None = PASSWORD,
    ) -> Account:
        """Create an account."""
        with Session(self.engine) as session, transaction(session):
            return accounts.create_account(
                session, login=login, name=name, password=password, role=role, now=OPENS
            )

    def log_in(
        self,
        password: str = PASSWORD,
        *,
        login: str = "0900000456",
        at: datetime = OPENS,
        previous: str | None = None,
        address: str = "192.0.2.1",
    ) -> Login | None:
        """Log in."""
        with Session(self.engine) as session:
            credentials = accounts.find_credentials(session, login, address=address, now=at)
        verdict = accounts.check_password(credentials, password)
        with Session(self.engine) as session, transaction(session):
            return accounts.log_in(session, verdict, now=at, previous_token=previous)

    def token(self, at: datetime = OPENS, previous: str | None = None) -> str:
        """Log in with the right password and return the token."""
        made = self.log_in(at=at, previous=previous)
        assert made is not None
        return made.token

    def is_in(self, token: str | None, at: datetime = OPENS) -> bool:
        """Return whether a token opens a session."""
        with Session(self.engine) as session:
            return accounts.session_of(session, token, now=at) is not None


@pytest.fixture
def door(database_url: str) -> Iterator[Door]:
    """The door of each kind of database, with one account."""
    engine = connect(database_url)
    made = Door(engine)
    made.create()
    yield made
    engine.dispose()


def test_passwords_are_kept_as_argon2id_with_the_declared_cost(door: Door) -> None:
    with Session(door.engine) as session:
        stored = session.scalar(select(AccountRow.password))
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in stored


def test_an_account_is_known_to_the_engine_by_a_random_name(door: Door) -> None:
    made = door.create("khue@example.org")
    assert len(made.person) == 26
    assert (made.login, made.name, made.role) == ("khue@example.org", "Khuê", "participant")


@pytest.mark.parametrize("login", ["0900000456", "+84 900 000 456", "0900.000.456"])
def test_a_phone_number_logs_in_however_it_is_spelled(door: Door, login: str) -> None:
    assert door.log_in(login=login) is not None
    with pytest.raises(Conflict) as refusal:
        door.create(login)
    assert refusal.value.code == "account.login_taken"


def test_a_name_logs_in_whatever_its_case(door: Door) -> None:
    door.create("BanToChuc")
    assert door.log_in(login=" bantochuc ") is not None


@pytest.mark.parametrize("login", ["ｋｈｕｅ", "KHUE", "kh\u200bue", "ｋhue "])
def test_a_name_that_looks_the_same_is_the_same_log_in(door: Door, login: str) -> None:
    door.create("khue")
    assert door.log_in(login=login) is not None
    with pytest.raises(Conflict):
        door.create(login)


@pytest.mark.parametrize(
    ("password", "code"),
    [("a" * 7, "account.password_short"), ("a" * 201, "account.password_long")],
)
def test_a_password_has_a_least_and_a_greatest_length(door: Door, password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        door.create("khac", password=password)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("login", "name", "code"),
    [
        ("", "Khuê", "account.login_missing"),
        (" \t", "Khuê", "account.login_missing"),
        ("a" * 121, "Khuê", "registration.too_long"),
        ("khue", " ", "registration.full_name_missing"),
        ("khue", "a" * 121, "registration.too_long"),
    ],
)
def test_a_log_in_and_a_name_are_there_and_not_too_long(
    door: Door, login: str, name: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        door.create(login, name=name)
    assert refusal.value.code == code


def test_a_password_kept_at_a_lower_cost_is_kept_anew_at_the_next_log_in(door: Door) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with Session(door.engine) as session, transaction(session):
        session.execute(update(AccountRow).values(password=weak))
    assert door.log_in() is not None
    with Session(door.engine) as session:
        stored = session.scalar(select(AccountRow.password))
    assert stored is not None
    assert "m=19456,t=2,p=1" in stored
    assert door.log_in() is not None


def test_a_wrong_password_and_an_unknown_log_in_give_none(door: Door) -> None:
    assert door.log_in("sai mật khẩu") is None
    assert door.log_in(login="khong-co") is None


def test_nobody_logs_in_to_an_account_without_a_password(door: Door) -> None:
    door.create("khach", password=None)
    assert door.log_in("", login="khach") is None
    assert door.log_in("None", login="khach") is None


def test_after_ten_wrong_passwords_even_the_right_one_waits(door: Door) -> None:
    for _ in range(throttle.MAX_TRIES):
        assert door.log_in("sai mật khẩu") is None
    with pytest.raises(NotAllowed) as refusal:
        door.log_in(at=OPENS + MINUTE)
    assert refusal.value.code == "account.throttled"
    assert refusal.value.params == {"minutes": throttle.THROTTLE_MINUTES - 1}
    assert door.log_in(at=OPENS + throttle.THROTTLE_MINUTES * MINUTE) is not None


def test_strangers_elsewhere_lock_nobody_out(door: Door) -> None:
    for _ in range(throttle.MAX_TRIES):
        door.log_in("sai mật khẩu", address="198.51.100.7")
    with pytest.raises(NotAllowed):
        door.log_in(address="198.51.100.7")
    assert door.log_in() is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:aaaa::9"),
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
    ],
)
def test_tries_from_one_network_count_together(door: Door, one: str, other: str) -> None:
    for _ in range(throttle.MAX_TRIES):
        door.log_in("sai mật khẩu", address=one)
    with pytest.raises(NotAllowed):
        door.log_in(address=other)


def test_two_addresses_of_ipv4_are_two_however_they_are_written(door: Door) -> None:
    for _ in range(throttle.MAX_TRIES):
        door.log_in("sai mật khẩu", address="::ffff:192.0.2.1")
    assert door.log_in(address="::ffff:192.0.2.2") is not None


def test_guesses_from_everywhere_have_a_limit_of_their_own(door: Door) -> None:
    with Session(door.engine) as session, transaction(session):
        for stranger in range(throttle.MAX_TRIES_EVERYWHERE):
            credentials = accounts.find_credentials(
                session, "0900000456", address=f"198.51.100.{stranger}", now=OPENS
            )
            accounts.log_in(session, Verdict(credentials, is_right=False), now=OPENS)
    with pytest.raises(NotAllowed) as refusal:
        door.log_in()
    assert refusal.value.code == "account.throttled"
    assert door.log_in(at=OPENS + throttle.THROTTLE_MINUTES * MINUTE) is not None


def test_a_right_password_somewhere_gives_strangers_no_new_tries(door: Door) -> None:
    with Session(door.engine) as session, transaction(session):
        for stranger in range(throttle.MAX_TRIES_EVERYWHERE - 1):
            credentials = accounts.find_credentials(
                session, "0900000456", address=f"198.51.100.{stranger}", now=OPENS
            )
            accounts.log_in(session, Verdict(credentials, is_right=False), now=OPENS)
    assert door.log_in() is not None
    assert door.log_in("sai mật khẩu", address="203.0.113.5") is None
    with pytest.raises(NotAllowed):
        door.log_in(address="203.0.113.6")


def test_tries_made_at_once_are_not_more_tries(door: Door) -> None:
    with Session(door.engine) as session:
        credentials = accounts.find_credentials(
            session, "0900000456", address="192.0.2.1", now=OPENS
        )
    verdict = accounts.check_password(credentials, PASSWORD)
    for _ in range(throttle.MAX_TRIES):
        door.log_in("sai mật khẩu")
    with (
        Session(door.engine) as session,
        pytest.raises(NotAllowed) as refusal,
        transaction(session),
    ):
        accounts.log_in(session, verdict, now=OPENS)
    assert refusal.value.code == "account.throttled"


def test_the_throttle_is_of_one_log_in_and_names_nobody(door: Door) -> None:
    door.create("khac")
    for _ in range(throttle.MAX_TRIES):
        door.log_in("sai mật khẩu", login="khac")
    assert door.log_in() is not None
    with Session(door.engine) as session:
        subjects = str(session.scalars(select(ThrottleRow.subject)).all())
        assert "khac" not in subjects
        assert "192.0.2.1" not in subjects


def test_a_right_password_forgets_the_wrong_ones(door: Door) -> None:
    for _ in range(2):
        for _ in range(throttle.MAX_TRIES - 1):
            door.log_in("sai mật khẩu")
        assert door.log_in() is not None


def test_wrong_passwords_long_ago_do_not_count(door: Door) -> None:
    for _ in range(throttle.MAX_TRIES - 1):
        door.log_in("sai mật khẩu")
    later = OPENS + throttle.THROTTLE_MINUTES * MINUTE
    assert door.log_in("sai mật khẩu", at=later) is None
    assert door.log_in(at=later) is not None


def test_only_a_hash_of_the_token_is_kept(door: Door) -> None:
    token = door.token()
    with Session(door.engine) as session:
        kept = session.scalars(select(SessionRow)).one()
        assert token not in (kept.token_sha256, kept.nonce)
        assert len(kept.token_sha256) == 64
        live = accounts.session_of(session, token, now=OPENS)
        assert live is not None
        assert live.account.login == "0900000456"
        assert live.nonce == kept.nonce
    assert not door.is_in(kept.token_sha256)


@pytest.mark.parametrize("token", [None, "", "unknown"])
def test_no_token_and_an_unknown_one_open_nothing(door: Door, token: str | None) -> None:
    assert not door.is_in(token)


def test_logging_in_again_ends_the_session_before(door: Door) -> None:
    first = door.token()
    second = door.token(previous=first)
    assert first != second
    assert not door.is_in(first)
    assert door.is_in(second)


def test_a_new_account_ends_the_session_before(door: Door) -> None:
    first = door.token()
    account = door.create("khac")
    with Session(door.engine) as session, transaction(session):
        second = accounts.begin_session(session, account, now=OPENS, previous_token=first)
    assert not door.is_in(first)
    assert door.is_in(second.token)


def test_a_wrong_password_leaves_the_session_before(door: Door) -> None:
    first = door.token()
    door.log_in("sai mật khẩu", previous=first)
    assert door.is_in(first)


def test_logging_out_ends_one_session_and_is_no_error_twice(door: Door) -> None:
    here, elsewhere = door.token(), door.token()
    for _ in range(2):
        with Session(door.engine) as session, transaction(session):
            accounts.log_out(session, here)
    assert not door.is_in(here)
    assert door.is_in(elsewhere)


def test_a_session_ends_by_itself_and_upkeep_forgets_it(door: Door) -> None:
    token = door.token()
    end = OPENS + timedelta(days=accounts.SESSION_DAYS)
    assert door.is_in(token, end - SECOND)
    assert not door.is_in(token, end)
    with Session(door.engine) as session, transaction(session):
        assert upkeep.sweep(session, now=end - SECOND).ended_sessions == 0
        assert upkeep.sweep(session, now=end).ended_sessions == 1
    assert not door.is_in(token, OPENS)


def test_making_an_organiser_is_on_the_record(door: Door) -> None:
    door.create("bantochuc", role="organiser")
    with Session(door.engine) as session:
        entries = list(read_entries(session))
    assert [(entry.action, entry.subject) for entry in entries] == [("account.create", "organiser")]


def test_a_password_waits_its_turn_to_be_hashed_but_not_for_ever(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(accounts, "_HASHING", taken)
    monkeypatch.setattr(accounts, "HASHING_SECONDS", 0.01)
    with pytest.raises(Unavailable) as refusal:
        door.log_in()
    assert refusal.value.code == "account.busy"
    taken.release()
    assert door.log_in() is not None
