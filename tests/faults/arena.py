"""An open contest on a real database, and what its people do there, as the pages would do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from quizengine.core.banks import Bank
from quizengine.core.contest import Contest
from quizengine.core.papers import shown_positions, unpack_paper
from quizengine.core.sheets import Record, read_sheet
from quizengine.core.units import UnitTree
from quizengine.formats.contest_file import read_contest
from quizengine.formats.registry import load_bank as read_bank
from quizengine.formats.unit_file import read_units
from quizengine.services import answers as answering
from quizengine.services import attempts, banks, contests, people, units
from quizengine.services.answers import Answer, Reply
from quizengine.services.papers import Papers
from quizengine.services.receipts import Receipt
from quizengine.services.transaction import transaction
from quizengine.store.attempts import StoredAttempt, find_any_attempt
from quizengine.store.connection import connect
from quizengine.store.schema import upgrade
from quizengine.store.writer import Writer

T = TypeVar("T")

SAMPLE = Path(__file__).resolve().parents[2] / "question_banks" / "cong-doan-92"
SLUG = "cong-doan-92"
ROUND = "vong-1"
SLOTS = 20
"""Questions of a paper; every one of them shows at least two choices."""
ATTEMPTS_ALLOWED = 2
EVENING = datetime(2021, 8, 22, 13, 0, tzinfo=UTC)
"""Within every window of the sample contest."""
ACTOR = "test"


@dataclass(slots=True)
class Arena:
    """One process's way to the contest: its engine, its writer, what it remembers of papers."""

    engine: Engine
    writer: Writer
    papers: Papers = field(default_factory=Papers)

    @property
    def url(self) -> str:
        """The address of the database, for other processes."""
        return self.engine.url.render_as_string(hide_password=False)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what the work returns, committed as the answer path commits it."""
        with Session(self.engine) as session:
            return self.writer.run(session, work)

    def start(self, person: str, now: datetime = EVENING) -> str:
        """Start a person's attempt or find the open one; return its public id."""
        started = self.write(
            lambda connection: attempts.start_attempt(
                connection, SLUG, ROUND, person=person, now=now, papers=self.papers
            )
        )
        return started.public_id

    def save(
        self, public_id: str, person: str, answers: Sequence[Answer], now: datetime = EVENING
    ) -> tuple[Reply, ...]:
        """Save answers and return the replies."""
        return self.write(
            lambda connection: answering.save_answers(
                connection, public_id, person=person, answers=answers, now=now, papers=self.papers
            )
        )

    def submit(self, public_id: str, person: str, now: datetime = EVENING) -> Receipt:
        """Hand an attempt in and return the receipt."""
        return self.write(
            lambda connection: attempts.submit_attempt(
                connection, public_id, person=person, now=now
            )
        )

    def register(self, person: str, phone: str, now: datetime = EVENING) -> None:
        """Register a person under a phone number."""
        with Session(self.engine) as session, transaction(session):
            _register(session, person, phone, now)

    def attempt(self, public_id: str) -> StoredAttempt:
        """Return an attempt's row."""
        with Session(self.engine) as session:
            found = find_any_attempt(session, public_id)
        assert found is not None, f"attempt {public_id} is gone"
        return found

    def records(self, public_id: str) -> tuple[Record, ...]:
        """Return the records of an attempt's sheet."""
        return read_sheet(self.attempt(public_id).sheet)

    def positions(self, public_id: str) -> tuple[frozenset[int], ...]:
        """Return the ticked positions of each question, as the page would show them."""
        row = self.attempt(public_id)
        return tuple(
            shown_positions(slot.order, record.value)
            for slot, record in zip(
                unpack_paper(row.paper).slots, read_sheet(row.sheet), strict=False
            )
        )

    def scalar(self, query: str, **values: object) -> object:
        """Return the one value of a query."""
        with self.engine.connect() as connection:
            return connection.execute(text(query), values).scalar()

    def check_integrity(self) -> None:
        """Let SQLite look through its whole file."""
        if self.engine.dialect.name == "sqlite":
            assert self.scalar("PRAGMA integrity_check") == "ok"


@contextmanager
def entered(url: str, writer: type[Writer] = Writer) -> Iterator[Arena]:
    """Give a process's way to a contest that is open already."""
    engine = connect(url)
    arena = Arena(engine, writer(engine))
    try:
        yield arena
    finally:
        arena.writer.close()
        engine.dispose()


@contextmanager
def opened(url: str, *, people: int, now: datetime = EVENING) -> Iterator[Arena]:
    """Open the sample contest on an empty database, register people and give the way to it."""
    with entered(url) as arena:
        _fill(arena.engine, people, now)
        yield arena


def _fill(engine: Engine, people: int, now: datetime) -> None:
    upgrade(engine)
    bank, tree, contest = sample()
    contest = contest.shifted(now - EVENING)
    with Session(engine) as session, transaction(session):
        banks.load_bank(session, bank, name=SLUG, now=now, actor=ACTOR)
        units.load_units(session, tree, now=now, actor=ACTOR)
        contests.load_contest(session, contest, now=now, actor=ACTOR)
        contests.open_contest(session, SLUG, now=now, actor=ACTOR, entropy=bytes)
        for number in range(people):
            _register(session, name_of(number), f"09{number:08d}", now)


@cache
def sample() -> tuple[Bank, UnitTree, Contest]:
    """Return the sample bank, units and contest; read once a process."""
    contest = read_contest((SAMPLE / "contest.toml").read_text(encoding="utf-8")).contest
    assert contest is not None
    tree = UnitTree(read_units((SAMPLE / "units.csv").read_bytes(), "units.csv").units)
    return read_bank(SAMPLE / "bank.yaml"), tree, contest


def name_of(number: int) -> str:
    """Return the host's name of one of the registered people."""
    return f"person-{number:04d}"


def _register(session: Session, person: str, phone: str, now: datetime) -> None:
    people.register(
        session,
        SLUG,
        person=person,
        fields={
            "full_name": "Trần Minh Khuê",
            "phone": phone,
            "unit": "VL-001",
            "role": "can-bo-co-so",
        },
        consents=["hien-ket-qua"],
        is_staff=False,
        now=now,
    )
