"""Participants of contests, and the log-in accounts of the reference deployment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, func, insert, select, update

from quizengine.core.clock import to_ms
from quizengine.core.search import search_key
from quizengine.store.connection import Executor, count_changed, upsert
from quizengine.store.tables import (
    AccountRow,
    ContestRow,
    LoginCodeRow,
    ParticipantRow,
    SessionRow,
    ThrottleRow,
)


@dataclass(frozen=True, slots=True)
class StoredParticipant:
    """A person's registration in a contest."""

    id: int
    contest_id: int
    person: str
    person_key: str
    name: str
    unit: str
    unit_typed: str | None
    fields: Mapping[str, str]
    consents: tuple[str, ...]
    is_staff: bool
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A log-in of the reference deployment; the engine knows the person only as ``person``."""

    id: int
    person: str
    login: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """A log-in of staff, and how many devices are logged in with it."""

    account: Account
    created_at: datetime
    log_ins: int


_PARTICIPANT = (
    ParticipantRow.id,
    ParticipantRow.contest_id,
    ParticipantRow.person,
    ParticipantRow.person_key,
    ParticipantRow.name,
    ParticipantRow.unit,
    ParticipantRow.unit_typed,
    ParticipantRow.fields,
    ParticipantRow.consents,
    ParticipantRow.is_staff,
    ParticipantRow.registered_at,
)
_ACCOUNT = (
    AccountRow.id,
    AccountRow.person,
    AccountRow.login,
    AccountRow.name,
    AccountRow.role,
)


def _participant(row: Row[Any]) -> StoredParticipant:
    values = row._asdict()
    return StoredParticipant(**{**values, "consents": tuple(values["consents"])})


def find_participant(executor: Executor, slug: str, person: str) -> StoredParticipant | None:
    """Return a person's registration in a contest, or None."""
    query = (
        select(*_PARTICIPANT)
        .join(ContestRow, ContestRow.id == ParticipantRow.contest_id)
        .where(ContestRow.slug == slug, ParticipantRow.person == person)
    )
    row = executor.execute(query).first()
    return _participant(row) if row else None


def list_participants(executor: Executor, contest_id: int) -> tuple[StoredParticipant, ...]:
    """Return everybody registered in a contest, staff included, in order of registration."""
    query = (
        select(*_PARTICIPANT)
        .where(ParticipantRow.contest_id == contest_id)
        .order_by(ParticipantRow.id)
    )
    return tuple(_participant(row) for row in executor.execute(query))


def insert_participant(executor: Executor, values: Mapping[str, Any]) -> bool:
    """Write a registration unless the person or the person key is taken; return whether it was."""
    given = (values["fields"].get(name, "") for name in ("phone", "staff_code"))
    key = search_key(values["name"], *given, values.get("unit_typed") or "")
    statement = upsert(executor, ParticipantRow).values(**values, search_key=key)
    statement = statement.on_conflict_do_nothing()
    return count_changed(executor, statement) == 1


def count_participants(executor: Executor, contest_id: int) -> int:
    """Return how many people but staff are registered in a contest."""
    query = select(func.count()).where(
        ParticipantRow.contest_id == contest_id, ParticipantRow.is_staff.is_(False)
    )
    return executor.scalar(query) or 0


def insert_account(executor: Executor, values: Mapping[str, Any]) -> Account | None:
    """Write an account unless its log-in is taken; return it, or None when it is."""
    statement = upsert(executor, AccountRow).values(**values).on_conflict_do_nothing()
    if not count_changed(executor, statement):
        return None
    found = find_account(executor, values["login"])
    return found[0] if found else None


def find_account(executor: Executor, login: str) -> tuple[Account, str | None] | None:
    """Return the account of a log-in with its password hash, or None."""
    row = executor.execute(
        select(*_ACCOUNT, AccountRow.password).where(AccountRow.login == login)
    ).first()
    return (Account(*row[:-1]), row[-1]) if row else None


def find_account_of(executor: Executor, person: str) -> Account | None:
    """Return the account of a person, or None."""
    row = executor.execute(select(*_ACCOUNT).where(AccountRow.person == person)).first()
    return Account(*row) if row else None


def names_of(executor: Executor, persons: Collection[str]) -> dict[str, str]:
    """Return what the accounts of people are called, by person; who has none is left out."""
    query = select(AccountRow.person, AccountRow.name).where(
        AccountRow.role != "participant", AccountRow.person.in_(persons)
    )
    return {row.person: row.name for row in executor.execute(query)}


def list_staff(executor: Executor, now: datetime) -> tuple[StaffAccount, ...]:
    """Return every account with a role of staff, by name."""
    log_ins = (
        select(func.count())
        .where(SessionRow.account_id == AccountRow.id, SessionRow.ends_at > now)
        .correlate(AccountRow)
        .scalar_subquery()
    )
    query = (
        select(*_ACCOUNT, AccountRow.created_at, log_ins)
        .where(AccountRow.role != "participant")
        .order_by(AccountRow.name, AccountRow.id)
    )
    return tuple(StaffAccount(Account(*row[:-2]), *row[-2:]) for row in executor.execute(query))


def lock_owners(executor: Executor) -> tuple[int, ...]:
    """Return the accounts of the owners, locked until the transaction ends (PostgreSQL)."""
    query = select(AccountRow.id).where(AccountRow.role == "owner").order_by(AccountRow.id)
    return tuple(executor.scalars(query.with_for_update()))


def replace_role(executor: Executor, account_id: int, role: str) -> None:
    """Store a new role."""
    executor.execute(update(AccountRow).where(AccountRow.id == account_id).values(role=role))


def delete_sessions(executor: Executor, account_id: int) -> int:
    """Forget every session and the log-in code of an account; return how many sessions."""
    executor.execute(delete(LoginCodeRow).where(LoginCodeRow.account_id == account_id))
    return count_changed(executor, delete(SessionRow).where(SessionRow.account_id == account_id))


def insert_session(executor: Executor, values: Mapping[str, Any]) -> None:
    """Write a log-in session."""
    executor.execute(insert(SessionRow).values(**values))


def find_session(
    executor: Executor, token_sha256: str, now: datetime
) -> tuple[Account, str, datetime | None] | None:
    """Return the account, the nonce and ``resets_until`` of a session that lasts, or None."""
    query = (
        select(*_ACCOUNT, SessionRow.nonce, SessionRow.resets_until)
        .join(SessionRow, SessionRow.account_id == AccountRow.id)
        .where(SessionRow.token_sha256 == token_sha256, SessionRow.ends_at > now)
    )
    row = executor.execute(query).first()
    return (Account(*row[:-2]), row[-2], row[-1]) if row else None


def delete_session(executor: Executor, token_sha256: str) -> None:
    """Forget a session, whether it exists or not."""
    executor.execute(delete(SessionRow).where(SessionRow.token_sha256 == token_sha256))


def delete_other_sessions(executor: Executor, account_id: int, token_sha256: str) -> None:
    """Forget every session of an account but one."""
    executor.execute(
        delete(SessionRow).where(
            SessionRow.account_id == account_id, SessionRow.token_sha256 != token_sha256
        )
    )


def delete_ended_sessions(executor: Executor, now: datetime) -> int:
    """Forget every session, log-in code and throttle that has ended; return how many sessions."""
    executor.execute(delete(LoginCodeRow).where(LoginCodeRow.ends_at <= now))
    executor.execute(delete(ThrottleRow).where(ThrottleRow.until <= now))
    return count_changed(executor, delete(SessionRow).where(SessionRow.ends_at <= now))


def count_try(executor: Executor, subject: str, now: datetime, until: datetime) -> None:
    """Count one try of a subject; the first one after the span has ended begins a new span."""
    is_over = ThrottleRow.until <= now
    statement = upsert(executor, ThrottleRow).values(subject=subject, tries=1, until=until)
    executor.execute(
        statement.on_conflict_do_update(
            index_elements=[ThrottleRow.subject],
            set_={
                "tries": case((is_over, 1), else_=ThrottleRow.tries + 1),
                "until": case((is_over, to_ms(until)), else_=ThrottleRow.until),
            },
        )
    )


def find_tries(executor: Executor, subject: str, now: datetime) -> tuple[int, datetime] | None:
    """Return how often a subject was tried in the present span and when that ends, or None."""
    row = executor.execute(
        select(ThrottleRow.tries, ThrottleRow.until).where(
            ThrottleRow.subject == subject, ThrottleRow.until > now
        )
    ).first()
    return (row[0], row[1]) if row else None


def forget_tries(executor: Executor, subject: str) -> None:
    """Forget the tries of a subject, as after a right password."""
    executor.execute(delete(ThrottleRow).where(ThrottleRow.subject == subject))


def replace_password(executor: Executor, account_id: int, password: str) -> None:
    """Store a new password hash."""
    executor.execute(
        update(AccountRow).where(AccountRow.id == account_id).values(password=password)
    )


def end_resets(executor: Executor, account_id: int) -> None:
    """Let no session of an account set a password without the old one, and no code make one."""
    executor.execute(
        update(SessionRow).where(SessionRow.account_id == account_id).values(resets_until=None)
    )
    executor.execute(delete(LoginCodeRow).where(LoginCodeRow.account_id == account_id))


def put_code(executor: Executor, values: Mapping[str, Any]) -> None:
    """Write the log-in code of an account in place of the one before."""
    statement = upsert(executor, LoginCodeRow).values(**values)
    executor.execute(
        statement.on_conflict_do_update(
            index_elements=[LoginCodeRow.account_id],
            set_={name: statement.excluded[name] for name in values if name != "account_id"},
        )
    )


def find_code(executor: Executor, account_id: int) -> datetime | None:
    """Return when the log-in code of an account was given, be it spent or ended; None for none."""
    query = select(LoginCodeRow.made_at).where(LoginCodeRow.account_id == account_id)
    return executor.scalar(query)


def take_code(
    executor: Executor,
    account_id: int,
    code_sha256: str,
    now: datetime,
    spent_sha256: str,
    until: datetime,
) -> bool:
    """Put another hash, and its end, in place of a log-in code's; return whether it was this one.

    Of two that send the same code at once one takes it.
    """
    statement = (
        update(LoginCodeRow)
        .where(
            LoginCodeRow.account_id == account_id,
            LoginCodeRow.code_sha256 == code_sha256,
            LoginCodeRow.ends_at > now,
        )
        .values(code_sha256=spent_sha256, ends_at=until)
    )
    return count_changed(executor, statement) == 1


def has_code(executor: Executor, account_id: int, code_sha256: str, now: datetime) -> bool:
    """Return whether an account's log-in code is this one and lasts."""
    query = select(LoginCodeRow.account_id).where(
        LoginCodeRow.account_id == account_id,
        LoginCodeRow.code_sha256 == code_sha256,
        LoginCodeRow.ends_at > now,
    )
    return executor.scalar(query) is not None
