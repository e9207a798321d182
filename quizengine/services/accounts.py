"""Log-ins of the reference deployment: Argon2id passwords, sessions kept on the server.

Hosts with users of their own never come here.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import unicodedata
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Literal

from sqlalchemy.orm import Session

from quizengine.core.attempts import PUBLIC_ID_BYTES, new_public_id
from quizengine.core.text import normalise
from quizengine.errors import Conflict, InvalidInput, NotAllowed
from quizengine.services import audit
from quizengine.services.people import MAX_FIELD_LENGTH, clean_field
from quizengine.store import people
from quizengine.store.connection import Executor
from quizengine.store.people import Account

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Role = Literal["participant", "organiser"]
MIN_PASSWORD = 8
MAX_PASSWORD = 200
SESSION_DAYS = 14
THROTTLE_MINUTES = 15
MAX_TRIES = 10
"""Wrong passwords for one log-in from one address within the span."""
MAX_TRIES_EVERYWHERE = 100
"""Wrong passwords for one log-in within the span; larger, so that a stranger locks nobody out."""

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

    #: Wrong passwords from the address are counted under this, those from everywhere under that.
    subject: str
    subject_everywhere: str
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
    log-in or name that is missing or too long and for a password that is too short or long.
    """
    cleaned = clean_login(login), clean_field("full_name", name)
    _check_names(*cleaned)
    if password is not None:
        _check_password(password)
    return NewAccount(
        person=new_public_id(secrets.token_bytes(PUBLIC_ID_BYTES)),
        login=cleaned[0],
        name=cleaned[1],
        role=role,
        password=None if password is None else _hash(password),
    )


def add_account(session: Session, prepared: NewAccount, *, now: datetime) -> Account:
    """Write an account and return it; ``Conflict`` for a log-in that is taken."""
    account = people.insert_account(session, {**asdict(prepared), "created_at": now})
    if account is None:
        raise Conflict("account.login_taken")
    if prepared.role != "participant":
        audit.record(
            session, action="account.create", subject=prepared.role, actor="setup", now=now
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
        subject=_digest(f"log-in:{cleaned}:{_network(address)}"),
        subject_everywhere=_digest(f"log-in:{cleaned}"),
        account=account,
        stored=stored,
    )
    _check_throttle(executor, credentials, now)
    return credentials


def check_password(credentials: Credentials, password: str) -> Verdict:
    """Return whether a password is right; an unknown log-in takes as long as a wrong password.

    It hashes and reads no database: call it outside any transaction, holding no connection.
    """
    stored = credentials.stored
    with _HASHING:
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
    credentials, account = verdict.credentials, verdict.credentials.account
    _check_throttle(session, credentials, now)
    if not verdict.is_right or account is None:
        ends = now + timedelta(minutes=THROTTLE_MINUTES)
        people.count_try(session, credentials.subject, now, ends)
        people.count_try(session, credentials.subject_everywhere, now, ends)
        return None
    people.forget_tries(session, credentials.subject)
    if verdict.rehashed:
        people.replace_password(session, account.id, verdict.rehashed)
    return begin_session(session, account, now=now, previous_token=previous_token)


def begin_session(
    session: Session, account: Account, *, now: datetime, previous_token: str | None = None
) -> Login:
    """Return a new session of an account, as after registering; the browser's old one ends."""
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
        },
    )
    return Login(token, account)


def session_of(executor: Executor, token: str | None, *, now: datetime) -> LiveSession | None:
    """Return the live session of a token, or None; one read."""
    if not token:
        return None
    found = people.find_session(executor, _digest(token), now)
    return LiveSession(*found) if found else None


def log_out(session: Session, token: str) -> None:
    """End the session of a token; an unknown one is no error."""
    people.delete_session(session, _digest(token))


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


def _check_password(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise InvalidInput("account.password_short", limit=MIN_PASSWORD)
    if len(password) > MAX_PASSWORD:
        raise InvalidInput("account.password_long", limit=MAX_PASSWORD)


def _check_throttle(executor: Executor, credentials: Credentials, now: datetime) -> None:
    limits = {
        credentials.subject: MAX_TRIES,
        credentials.subject_everywhere: MAX_TRIES_EVERYWHERE,
    }
    for subject, limit in limits.items():
        tried = people.find_tries(executor, subject, now)
        if tried and tried[0] >= limit:
            minutes = max(1, -(-int((tried[1] - now).total_seconds()) // 60))
            raise NotAllowed("account.throttled", minutes=minutes)


def _network(address: str) -> str:
    """Return what one party has of addresses: an IPv6 /64, else the address itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ip_network((parsed, 64), strict=False))


def _is_right(stored: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerifyMismatchError

    try:
        return _hasher().verify(stored or _decoy(), password) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def _hash(password: str) -> str:
    with _HASHING:
        return _hasher().hash(password)


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
