"""Accounts of staff in the reference deployment: who has which role, given by an owner.

A participant's account is never made one of staff: whoever runs contests gets an account for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import get_args

from sqlalchemy.orm import Session

from quizengine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from quizengine.services import audit, login_codes
from quizengine.services.accounts import Role, add_account, prepare_account
from quizengine.services.login_codes import GivenCode
from quizengine.store import people
from quizengine.store.connection import Executor
from quizengine.store.people import Account, StaffAccount

ROLES: tuple[Role, ...] = tuple(role for role in get_args(Role) if role != "participant")
"""The roles of staff."""


def list_staff(executor: Executor, *, now: datetime) -> tuple[StaffAccount, ...]:
    """Return every account of staff, by name."""
    return people.list_staff(executor, now)


def find_staff(executor: Executor, person: str, *, now: datetime) -> StaffAccount:
    """Return an account of staff; ``NotFound`` for a participant's and for none."""
    for found in people.list_staff(executor, now):
        if found.account.person == person:
            return found
    raise NotFound("account.none")


def create_staff(
    session: Session, *, login: str, name: str, role: str, actor: str, now: datetime
) -> GivenCode:
    """Make an account without a password and return the code by which its person first logs in.

    ``InvalidInput`` for a log-in or name that is missing or too long and for a role that is none,
    ``Conflict`` for a log-in that is taken, as by a participant.
    """
    prepared = prepare_account(login=login, name=name, password=None, role=_role(role))
    account = add_account(session, prepared, now=now, actor=actor)
    return login_codes.give_code_to_account(session, account, made_by=actor, now=now)


def change_role(session: Session, person: str, role: str, *, actor: str, now: datetime) -> None:
    """Give an account of staff another role; ``Conflict`` for the last owner's.

    The log-ins stay: rights are read at every request.
    """
    owners = people.lock_owners(session)
    account = find_staff(session, person, now=now).account
    wanted = _role(role)
    if account.role == wanted:
        return
    if owners == (account.id,):
        raise Conflict("account.last_owner")
    people.replace_role(session, account.id, wanted)
    details = {"from": account.role, "to": wanted}
    _record(session, "account.role", account, actor, now, details)


def end_log_ins(session: Session, person: str, *, actor: str, now: datetime) -> int:
    """End every log-in of an account of staff, a code not yet used with them; return how many."""
    account = find_staff(session, person, now=now).account
    count = people.delete_sessions(session, account.id)
    _record(session, "account.end_log_ins", account, actor, now, {"count": count})
    return count


def give_code(session: Session, person: str, *, actor: str, now: datetime) -> GivenCode:
    """Return a new log-in code for somebody of staff.

    ``NotAllowed`` for owners: their codes come from the command line alone, or one owner could log
    in as another.
    """
    account = find_staff(session, person, now=now).account
    if account.role == "owner":
        raise NotAllowed("account.code_for_owner")
    return login_codes.give_code_to_account(session, account, made_by=actor, now=now)


def _role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise InvalidInput("account.role_unknown")


def _record(
    session: Session,
    action: str,
    account: Account,
    actor: str,
    now: datetime,
    details: Mapping[str, object],
) -> None:
    audit.record(
        session, action=action, subject=account.person, actor=actor, now=now, details=details
    )
