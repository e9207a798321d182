"""Accounts of the reference deployment: Argon2id passwords, sessions kept on the server.

Hosts with users of their own never come here.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal

from sqlalchemy.orm import Session

from quizengine.core.attempts import PUBLIC_ID_BYTES, new_public_id
from quizengine.core.text import normalise
from quizengine.errors import Conflict, InvalidInput, Place, Problem, Unavailable
from quizengine.services import audit, throttle
from quizengine.services.people import MAX_FIELD_LENGTH, clean_field, phone_problems
from quizengine.services.throttle import Subject
from quizengine.store import people
from quizengine.store.connection import Executor
from quizengine.store.people import Account

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Role = Literal["participant", "owner", "organiser", "jury", "reporter", "auditor"]
MIN_PASSWORD = 8
MAX_PASSWORD = 200
SESSION_DAYS = 14
HASHING_SECONDS = 5
"""How long a password waits to be hashed; a longer wait would hold a thread that saves answers."""

#: A burst of log-ins leaves one core of the machine for answers; the rest of it waits its turn.
_HASHING = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) - 1))


@dataclass(frozen=True, slots=True)
class Login:
    """A new session: the token goes into the cookie and is kept nowhere else."""

    token: str
    account: Account


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Who is logged in, and the secret behind the session's CSRF tokens."""

    account: Account
    nonce: str
    #: Whether it may set a password without the old one, as after a log-in by code.
    may_reset: bool = False


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that is checked and hashed, and only has to be written."""

    person: str
    login: str
    name: str
    role: Role
    #: Argon2id; None when nobody is to log in by password.
    password: str | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is checked against: the account of a typed log-in, if there is one."""

    #: What wrong passwords are counted under.
    tries: Subject
    account: Account | None
    stored: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right; ``rehashed`` replaces a hash kept at another cost."""

    credentials: Credentials
    is_right: bool
    rehashed: str | None = None


def create_account(
    session: Session, *, login: str, name: str, password: str | None, role: Role, now: datetime
) -> Account:
    """Create an account at once; a server takes ``prepare_account`` and ``add_account`` instead.

    Raises what they raise.
    """
    prepared = prepare_account(login=login, name=name, password=password, role=role)
    return add_account(session, prepared, now=now)


def prepare_account(*, login: str, name: str, password: str | None, role: Role) -> NewAccount:
    """Return an account ready to be written; without a password nobody can log in to it.

    It hashes and reads no database: call it outside any transaction. Raises ``InvalidInput`` for a
    log-in or name that is missing or too long and for a password that is too short or long,
    ``Unavailable`` when too many wait to hash.
    """
    cleaned = clean_login(login), clean_field("full_name", name)
    _check_names(*cleaned)
    return NewAccount(
        person=new_public_id(secrets.token_bytes(PUBLIC_ID_BYTES)),
        login=cleaned[0],
        name=cleaned[1],
        role=role,
        password=None if password is None else hash_password(password, login),
    )


def add_account(
    session: Session, prepared: NewAccount, *, now: datetime, actor: str = "setup"
) -> Account:
    """Write an account and return it; ``Conflict`` for a log-in that is taken."""
    account = people.insert_account(session, {**asdict(prepared), "created_at": now})
    if account is None:
        raise Conflict("account.login_taken")
    if prepared.role != "participant":
        audit.record(
            session,
            action="account.create",
            subject=prepared.role,
            actor=actor,
            now=now,
            details={"person": prepared.person},
        )
    return account


def find_credentials(executor: Executor, login: str, *, address: str, now: datetime) -> Credentials:
    """Return what a typed log-in's password is checked against; it only reads.

    ``address`` is the remote one, empty when unknown. ``NotAllowed`` after too many wrong passwords
    for the log-in, from there or from everywhere.
    """
    cleaned = clean_login(login)
    account, stored = people.find_account(executor, cleaned) or (None, None)
    credentials = Credentials(
        tries=throttle.subject_of(f"log-in:{cleaned}", address),
        account=account,
        stored=stored,
    )
    throttle.check_tries(executor, credentials.tries, now=now)
    return credentials


def check_password(credentials: Credentials, password: str) -> Verdict:
    """Return whether a password is right; an unknown log-in takes as long as a wrong password.

    It hashes and reads no database: call it outside any transaction, holding no connection.
    ``Unavailable`` when too many wait to hash.
    """
    stored = credentials.stored
    with _turn_to_hash():
        if not _is_right(stored, password):
            return Verdict(credentials, is_right=False)
        is_dated = stored is not None and _hasher().check_needs_rehash(stored)
        return Verdict(credentials, True, _hasher().hash(password) if is_dated else None)


def log_in(
    session: Session, verdict: Verdict, *, now: datetime, previous_token: str | None = None
) -> Login | None:
    """Return a new session for a right password, None for a wrong one; the old session ends.

    Wrong tries are counted, so commit also when None comes back. ``NotAllowed`` when others used
    up the tries meanwhile: guessing at once in many requests gains nothing.
    """
    account = verdict.credentials.account
    if not _is_accepted(session, verdict, now) or account is None:
        return None
    if verdict.rehashed:
        people.replace_password(session, account.id, verdict.rehashed)
    return begin_session(session, account, now=now, previous_token=previous_token)


def _is_accepted(session: Session, verdict: Verdict, now: datetime) -> bool:
    """Return whether a password is right and count wrong ones; ``NotAllowed`` after too many."""
    tries = verdict.credentials.tries
    throttle.check_tries(session, tries, now=now)
    if verdict.is_right:
        throttle.forget_tries(session, tries)
    else:
        throttle.count_try(session, tries, now=now)
    return verdict.is_right


def change_password(
    session: Session,
    token: str,
    password: str,
    *,
    verdict: Verdict | None,
    ends_others: bool,
    now: datetime,
) -> bool:
    """Keep what ``hash_password`` made as the password of a session's account; False if it may not.

    It may when the old password is right, or without a verdict in a session begun by code. Wrong
    ones are counted, so commit also when False comes back; ``NotAllowed`` after too many. The other
    sessions end only when asked: an attempt may be running in one.
    """
    live = session_of(session, token, now=now)
    if live is None:
        return False
    if not (live.may_reset if verdict is None else _is_accepted(session, verdict, now)):
        return False
    people.replace_password(session, live.account.id, password)
    people.end_resets(session, live.account.id)
    if ends_others:
        people.delete_other_sessions(session, live.account.id, _digest(token))
    return True


def begin_session(
    session: Session,
    account: Account,
    *,
    now: datetime,
    previous_token: str | None = None,
    resets_until: datetime | None = None,
) -> Login:
    """Return a new session of an account, as after registering; the browser's old one ends.

    Until ``resets_until`` it may set a password without the old one.
    """
    if previous_token:
        log_out(session, previous_token)
    token = secrets.token_urlsafe(32)
    people.insert_session(
        session,
        {
            "token_sha256": _digest(token),
            "account_id": account.id,
            "nonce": secrets.token_urlsafe(32),
            "created_at": now,
            "ends_at": now + timedelta(days=SESSION_DAYS),
            "resets_until": resets_until,
        },
    )
    return Login(token, account)


def session_of(executor: Executor, token: str | None, *, now: datetime) -> LiveSession | None:
    """Return the live session of a token, or None; one read."""
    if not token:
        return None
    found = people.find_session(executor, _digest(token), now)
    if found is None:
        return None
    account, nonce, resets_until = found
    return LiveSession(account, nonce, resets_until is not None and now < resets_until)


def log_out(session: Session, token: str) -> None:
    """End the session of a token; an unknown one is no error."""
    people.delete_session(session, _digest(token))


def account_problems(*, login: str, password: str) -> Iterator[Problem]:
    """Yield what is wrong with a new participant's ``login`` and ``password``, each at its field.

    The log-in is a phone number: names are for staff, and nobody else takes one before them.
    """
    yield from phone_problems(clean_login(login), "login")
    if wrong := _password_problem(password, login):
        yield wrong


def _password_problem(password: str, login: str) -> Problem | None:
    """Return what is wrong with a new password; spaces around it are no part of its length."""
    at = Place("field", "password")
    if len(password.strip()) < MIN_PASSWORD:
        return Problem("error", "account.password_short", at, {"limit": MIN_PASSWORD})
    if len(password) > MAX_PASSWORD:
        return Problem("error", "account.password_long", at, {"limit": MAX_PASSWORD})
    if login and clean_login(password) == clean_login(login):
        return Problem("error", "account.password_is_login", at)
    return None


def hash_password(password: str, login: str = "") -> str:
    """Return a new password as it is kept; it reads no database: call it outside any transaction.

    ``InvalidInput`` for one that is too short or long, or the log-in itself, ``Unavailable`` when
    too many wait to hash.
    """
    if wrong := _password_problem(password, login):
        raise InvalidInput(wrong.code, (), **wrong.params)
    with _turn_to_hash():
        return _hasher().hash(password)


def clean_login(login: str) -> str:
    """Return a typed log-in as it is compared: a phone number in one form, anything else folded.

    Letters of another width or shape are the plain ones (NFKC): what looks like an organiser's
    log-in is that log-in.
    """
    plain = unicodedata.normalize("NFKC", normalise(login))
    cleaned = clean_field("phone", plain)
    if cleaned.isdecimal():
        return cleaned
    return unicodedata.normalize("NFKC", plain.strip().casefold())


def _check_names(login: str, name: str) -> None:
    if not login:
        raise InvalidInput("account.login_missing")
    if not name:
        raise InvalidInput("registration.full_name_missing")
    length = max(len(login), len(name))
    if length > MAX_FIELD_LENGTH:
        raise InvalidInput("registration.too_long", length=length, limit=MAX_FIELD_LENGTH)


def _is_right(stored: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerifyMismatchError

    try:
        return _hasher().verify(stored or _decoy(), password) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@contextmanager
def _turn_to_hash() -> Iterator[None]:
    if not _HASHING.acquire(timeout=HASHING_SECONDS):
        raise Unavailable("account.busy")
    try:
        yield
    finally:
        _HASHING.release()


@cache
def _hasher() -> PasswordHasher:
    """Argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet)."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@cache
def _decoy() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
