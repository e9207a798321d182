"""Loading banks: all or nothing, and the same content again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from quizengine.core.banks import Bank
from quizengine.core.lint import lint
from quizengine.errors import InvalidInput, NotFound, has_errors
from quizengine.services import audit
from quizengine.store import banks
from quizengine.store.banks import BankVersion
from quizengine.store.connection import Executor


@dataclass(frozen=True, slots=True)
class LoadedBank:
    """The version that holds a loaded bank, and whether this load made it."""

    version: BankVersion
    is_new: bool


def load_bank(session: Session, bank: Bank, *, name: str, now: datetime, actor: str) -> LoadedBank:
    """Store a bank as the next version under a name, unless its newest version is equal.

    Raises ``InvalidInput`` with every problem when the bank has errors.
    """
    problems = lint(bank)
    if has_errors(problems):
        raise InvalidInput("bank.has_errors", problems)
    newest = banks.find_version(session, name)
    if newest is not None and newest.sha256 == bank.sha256:
        return LoadedBank(newest, is_new=False)
    version = banks.insert_version(session, name, bank, now)
    audit.record(
        session,
        action="bank.load",
        subject=name,
        actor=actor,
        now=now,
        details={"number": version.number, "questions": len(bank.questions)},
    )
    return LoadedBank(version, is_new=True)


def bank_of(executor: Executor, name: str) -> Bank:
    """Return the newest version of a bank, keys included: for staff only."""
    version = banks.find_version(executor, name)
    if version is None:
        raise NotFound("bank.unknown", name=name)
    return banks.read_bank(executor, version.id)
