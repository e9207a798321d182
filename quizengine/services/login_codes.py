"""Log-in codes: staff let somebody in once who has lost the password, without e-mail or SMS."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from quizengine.core.clock import to_ms
from quizengine.errors import NotAllowed, NotFound
from quizengine.services import audit, throttle
from quizengine.services.accounts import Login, begin_session, clean_login
from quizengine.store import people
from quizengine.store.people import Account

ALPHABET = "346789ACDEFGHJKMNPQRTWXY"
"""Twenty-four characters, no two of which are taken for each other when written: 2 Z, 5 S, 0 O …"""
LENGTH = 8
MINUTES = 30
AGAIN_SECONDS = 30
"""How long the browser that used a code may send it again: a button is tapped twice."""


@dataclass(frozen=True, slots=True)
class GivenCode:
    """A new code like ``7KQ4-M3XD``: it is shown once and kept nowhere."""

    code: str
    account: Account
    ends_at: datetime


def give_login_code(
    session: Session,
    person: str,
    *,
    made_by: str,
    now: datetime,
    choose: Callable[[str], str] = secrets.choice,
) -> GivenCode:
    """Return a new code for a participant, in place of an older one; the record says who gave it.

    ``NotFound`` when the person has no account, ``NotAllowed`` for staff: their codes come from the
    command line alone, or one organiser could log in as another.
    """
    account = people.find_account_of(session, person)
    if account is None:
        raise NotFound("account.none")
    if account.role != "participant":
        raise NotAllowed("account.code_for_staff")
    return _give(session, account, made_by, now, choose)


def give_code_to_login(session: Session, login: str, *, made_by: str, now: datetime) -> GivenCode:
    """Return a new code for whoever has a log-in, staff too; ``NotFound`` when nobody has."""
    found = people.find_account(session, clean_login(login))
    if found is None:
        raise NotFound("account.none")
    return _give(session, found[0], made_by, now, secrets.choice)


def give_code_to_account(
    session: Session, account: Account, *, made_by: str, now: datetime
) -> GivenCode:
    """Return a new code for an account; who may ask for it is the caller's to decide."""
    return _give(session, account, made_by, now, secrets.choice)


def _give(
    session: Session, account: Account, made_by: str, now: datetime, choose: Callable[[str], str]
) -> GivenCode:
    code = "".join(choose(ALPHABET) for _ in range(LENGTH))
    ends_at = now + timedelta(minutes=MINUTES)
    people.put_code(
        session,
        {
            "account_id": account.id,
            "code_sha256": _digest(account, code),
            "made_by": made_by,
            "made_at": now,
            "ends_at": ends_at,
        },
    )
    audit.record(
        session, action="account.login_code", subject=account.person, actor=made_by, now=now
    )
    return GivenCode(f"{code[:4]}-{code[4:]}", account, ends_at)


def use_login_code(
    session: Session,
    login: str,
    code: str,
    *,
    address: str,
    now: datetime,
    browser: str = "",
    previous_token: str | None = None,
) -> Login | None:
    """Return a new session for a right code, which is spent; None for a wrong or ended one.

    The record says that it was used. ``browser`` is a secret of the one that sends it: for some
    seconds the code is good there still.

    Wrong tries are counted apart from passwords, so commit also when None comes back: whoever was
    slowed down by a wrong password gets in by the code at once. ``NotAllowed`` after too many. The
    person's other sessions stay: an attempt may be running in one.
    """
    cleaned = clean_login(login)
    found = people.find_account(session, cleaned)
    made_at = people.find_code(session, found[0].id) if found else None
    # Each code has tries of its own: wrong ones before it was given do not close its way.
    thing = f"log-in code:{cleaned}:{to_ms(made_at)}" if made_at else f"log-in code:{cleaned}"
    tries = throttle.subject_of(thing, address)
    throttle.check_tries(session, tries, now=now)
    if found is None or not _is_taken(session, found[0], code, browser, now):
        throttle.count_try(session, tries, now=now)
        return None
    throttle.forget_tries(session, tries)
    resets_until = now + timedelta(minutes=MINUTES)
    return begin_session(
        session, found[0], now=now, previous_token=previous_token, resets_until=resets_until
    )


def _is_taken(session: Session, account: Account, code: str, browser: str, now: datetime) -> bool:
    """Return whether a code is right, and spend it: it is left to the browser alone."""
    spent = _digest(account, code, browser) if browser else ""
    until = now + timedelta(seconds=AGAIN_SECONDS)
    if people.take_code(session, account.id, _digest(account, code), now, spent, until):
        person = account.person
        audit.record(session, action="account.login_by_code", subject=person, actor=person, now=now)
        return True
    return bool(browser) and people.has_code(session, account.id, spent, now)


def _digest(account: Account, code: str, browser: str = "") -> str:
    typed = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", code).upper()))
    return hashlib.sha256(f"log-in code:{account.id}:{typed}{browser}".encode()).hexdigest()
