"""Banks: loading all or nothing, the same content again changing nothing; versions, their uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from quizengine.core.banks import Bank
from quizengine.core.lint import lint
from quizengine.errors import InvalidInput, NotFound, has_errors
from quizengine.services import audit, contests
from quizengine.services.contests import ContestPage
from quizengine.store import audit as record
from quizengine.store import banks, people
from quizengine.store import contests as contest_rows
from quizengine.store.audit import Sought
from quizengine.store.banks import BankVersion, StoredVersion
from quizengine.store.connection import Executor

LOADED = "bank.load"
MAX_NAME = 80
"""Letters of a bank's name, as many as the database keeps."""
RESERVED_NAMES = ("nap",)
"""Names that stand for something else in the address of a bank."""
MOST_LOADS = 10_000
"""How far back the record is searched for who loaded a version."""


@dataclass(frozen=True, slots=True)
class LoadedBank:
    """The version that holds a loaded bank, and whether this load made it."""

    version: BankVersion
    is_new: bool


def clean_name(name: str) -> str:
    """Return the name that a bank is to have; it stands in contest files and in addresses.

    ``InvalidInput`` for one that is empty, too long, or has a slash or what cannot be seen in it.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInput("bank.name_length", length=len(name), limit=MAX_NAME)
    has_form = name.isprintable() and "/" not in name and name.strip(".")
    if not has_form or name in RESERVED_NAMES:
        raise InvalidInput("bank.name_form", name=name)
    return name


def load_bank(
    session: Session,
    bank: Bank,
    *,
    name: str,
    now: datetime,
    actor: str,
    details: Mapping[str, Any] | None = None,
) -> LoadedBank:
    """Store a bank as the next version under a name, unless its newest version is equal.

    Raises ``InvalidInput`` with every problem when the bank has errors. ``details`` go on record.
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
        action=LOADED,
        subject=name,
        actor=actor,
        now=now,
        details={"number": version.number, "questions": len(bank.questions), **(details or {})},
    )
    return LoadedBank(version, is_new=True)


def bank_of(executor: Executor, name: str) -> Bank:
    """Return the newest version of a bank, keys included: for staff only."""
    version = banks.find_version(executor, name)
    if version is None:
        raise NotFound("bank.unknown", name=name)
    return banks.read_bank(executor, version.id)


@dataclass(frozen=True, slots=True)
class BankUse:
    """A round whose questions come from a bank."""

    contest: ContestPage
    round_code: str
    number: int | None
    """The version that was frozen at opening; None for a draft, which takes the newest."""


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A version with the name of who loaded it, as far as the record tells."""

    version: StoredVersion
    loaded_by: str
    uses: tuple[BankUse, ...]
    """The rounds of opened contests that are held with this version."""


@dataclass(frozen=True, slots=True)
class BankPage:
    """A bank with its versions, the newest first, and everything that uses it."""

    name: str
    versions: tuple[VersionPage, ...]
    uses: tuple[BankUse, ...]

    @property
    def newest(self) -> VersionPage:
        """The version that a contest opened now would take."""
        return self.versions[0]

    def version(self, number: int) -> StoredVersion:
        """Return a version by its number; ``NotFound`` for another."""
        for one in self.versions:
            if one.version.number == number:
                return one.version
        raise NotFound("bank.version_unknown", name=self.name, number=number)


def list_banks(executor: Executor) -> tuple[BankPage, ...]:
    """Return every bank by name."""
    return _pages(executor, banks.list_stored(executor))


def bank_page(executor: Executor, name: str) -> BankPage:
    """Return a bank; ``NotFound`` for an unknown name."""
    found = _pages(executor, banks.list_stored(executor, name))
    if not found:
        raise NotFound("bank.unknown", name=name)
    return found[0]


def read_version(executor: Executor, version: StoredVersion) -> Bank:
    """Return the content of a version, keys included: for staff only."""
    return banks.read_bank(executor, version.id)


def _pages(executor: Executor, stored: tuple[StoredVersion, ...]) -> tuple[BankPage, ...]:
    if not stored:
        return ()
    loaders, uses = _loaders(executor), _uses(executor)
    pages = []
    for name, of_name in groupby(stored, key=lambda one: one.name):
        of_bank = tuple(one for one in uses if _bank_of_use(one) == name)
        versions = tuple(
            VersionPage(
                one,
                loaders.get((name, one.number), ""),
                tuple(use for use in of_bank if use.number == one.number),
            )
            for one in of_name
        )
        pages.append(BankPage(name, versions, of_bank))
    return tuple(pages)


def _bank_of_use(use: BankUse) -> str:
    return use.contest.round(use.round_code).rules.bank


def _loaders(executor: Executor) -> dict[tuple[str, int], str]:
    """Return who loaded which version of which bank, named as well as it can be."""
    entries = record.find_entries(executor, Sought(action=LOADED), offset=0, limit=MOST_LOADS)
    names = people.names_of(executor, {entry.actor for entry in entries})
    return {
        (entry.subject, entry.details["number"]): names.get(entry.actor, entry.actor)
        for entry in entries
    }


def _uses(executor: Executor) -> tuple[BankUse, ...]:
    numbers = {version.id: version.number for version in banks.list_versions(executor)}
    uses = []
    for page in contests.list_pages(executor):
        stored = contests.find(executor, page.slug)
        frozen = {
            one.code: numbers[one.version_id]
            for one in contest_rows.list_rounds(executor, stored.id)
        }
        uses += [BankUse(page, one.code, frozen.get(one.code)) for one in page.rounds]
    return tuple(uses)
