"""A whole contest in one command: the sample bank, units and contest, and invented people."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from quizengine.cli.output import progress, tell
from quizengine.cli.sample_people import SamplePerson, make_essays, make_people
from quizengine.cli.server import PORT, check_settings, run_server
from quizengine.core.banks import Bank
from quizengine.core.clock import utc_now
from quizengine.core.units import UnitTree
from quizengine.errors import Conflict, NotFound

if TYPE_CHECKING:
    from quizengine.services.answers import Answer
    from quizengine.services.papers import Papers

SAMPLE = "cong-doan-92"
ACTOR = "demo"
SEED = 92
DAYS_OPEN = 3
HOST = "127.0.0.1"


@click.command()
@click.option("--port", default=8000, show_default=True, type=PORT)
@click.option(
    "--people",
    default=400,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many people took part already.",
)
@click.option("--no-serve", is_flag=True, help="Make the database and end.")
def demo(port: int, people: int, no_serve: bool) -> None:
    """Set up a whole contest with invented people on a database of its own, and serve it."""
    # Whatever can stop it comes first: the database of the run before is thrown away below.
    check_settings()
    sample_folder()
    if not no_serve:
        _check_port(port)
    folder = Path.cwd() / "instance"
    folder.mkdir(mode=0o700, exist_ok=True)
    with _alone_in(folder):
        url = f"sqlite:///{_fresh_database(folder)}"
        os.environ["QUIZ_DATABASE_URL"] = url
        slug = _set_up(url, people)
        address = f"http://{HOST}:{port}"
        with suppress(KeyboardInterrupt):
            _print_log_ins(url, f"{address}/thi/{slug}/", f"{address}/thi/to-chuc/")
            if not no_serve:
                _serve(port)


def sample_folder() -> Path:
    """Return the folder of the sample contest: under this folder, or in the project's checkout."""
    for root in (Path.cwd(), Path(__file__).parents[2]):
        folder = root / "question_banks" / SAMPLE
        if folder.is_dir():
            return folder
    raise NotFound("demo.no_samples", folder=f"question_banks/{SAMPLE}")


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Conflict("demo.port_taken", port=str(port)) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other demonstrations from making the database of a folder anew meanwhile."""
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("demo.running", folder=str(folder)) from error
        yield


def _fresh_database(folder: Path) -> Path:
    path = folder / "demo.sqlite3"
    for ending in ("", "-wal", "-shm", "-turn"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    return path


def _set_up(url: str, people: int) -> str:
    from quizengine.store.connection import connect
    from quizengine.store.schema import upgrade

    engine = connect(url)
    upgrade(engine)
    now = utc_now()
    slug, bank, tree = _load(engine, now)
    with progress("People") as show:
        _take_part(engine, slug, bank, tree, people, now, show)
    engine.dispose()
    return slug


def _load(engine: Engine, now: datetime) -> tuple[str, Bank, UnitTree]:
    """Load the Word file, the units and the contest, opened some days ago."""
    from quizengine.formats.contest_file import read_contest
    from quizengine.formats.registry import load_bank as read_bank_file
    from quizengine.formats.unit_file import read_units
    from quizengine.services.banks import load_bank
    from quizengine.services.contests import load_contest, open_contest
    from quizengine.services.transaction import transaction
    from quizengine.services.units import load_units

    folder = sample_folder()
    bank = read_bank_file(folder / "bank.docx")
    tree = UnitTree(read_units((folder / "units.xlsx").read_bytes(), "units.xlsx").units)
    contest = read_contest((folder / "contest.toml").read_text(encoding="utf-8")).contest
    assert contest is not None
    opened_at = now.replace(second=0, microsecond=0) - timedelta(days=DAYS_OPEN)
    contest = contest.shifted(opened_at - contest.rounds[0].opens_at)
    with Session(engine) as session, transaction(session):
        load_bank(session, bank, name=contest.rounds[0].bank, now=opened_at, actor=ACTOR)
        load_units(session, tree, now=opened_at, actor=ACTOR)
        load_contest(session, contest, now=opened_at, actor=ACTOR)
        open_contest(session, contest.slug, now=opened_at, actor=ACTOR)
    return contest.slug, bank, tree


def _take_part(
    engine: Engine,
    slug: str,
    bank: Bank,
    tree: UnitTree,
    count: int,
    now: datetime,
    show: Callable[[int, int], None],
) -> None:
    """Let invented people register, answer and write, at moments since the opening."""
    from quizengine.services.papers import Papers
    from quizengine.services.transaction import transaction

    rng, papers = Random(SEED), Papers()
    leaves = [unit.code for unit in tree.units if not tree.children(unit.code)]
    essays = iter(make_essays(rng, count))
    crowd = make_people(rng, count, leaves)
    for start in range(0, count, 50):
        with Session(engine) as session, transaction(session):
            for person in crowd[start : start + 50]:
                minutes = rng.uniform(60, (DAYS_OPEN - 0.2) * 24 * 60)
                at = now - timedelta(minutes=minutes)
                _live_one_life(session, slug, bank, papers, person, rng, at)
                if rng.random() < 0.6:
                    _write_essay(session, slug, person, next(essays), now - timedelta(minutes=30))
        show(min(start + 50, count), count)


def _live_one_life(
    session: Session,
    slug: str,
    bank: Bank,
    papers: Papers,
    person: SamplePerson,
    rng: Random,
    at: datetime,
) -> None:
    from quizengine.services.contests import contest_page
    from quizengine.services.people import register

    rules = contest_page(session, slug).contest
    fields = {
        "full_name": person.name,
        "phone": person.phone,
        "unit": person.unit,
        "birth_year": str(person.birth_year),
        "role": next(iter(rules.eligibility.roles), ""),
    }
    consents = [consent.id for consent in rules.registration.consents if consent.required]
    register(
        session,
        slug,
        person=_name(person),
        fields={name: fields[name] for name in rules.registration.fields if name in fields},
        consents=consents,
        is_staff=False,
        now=at,
    )
    for _ in range(rng.choice((1, 1, 1, 2))):
        _attempt(session, slug, rules.rounds[0].id, bank, papers, person, rng, at)
        at += timedelta(minutes=25)


def _attempt(
    session: Session,
    slug: str,
    round_code: str,
    bank: Bank,
    papers: Papers,
    person: SamplePerson,
    rng: Random,
    at: datetime,
) -> None:
    """Start, answer and hand in one attempt; some people give up at once or run out of time."""
    from quizengine.services import answers, attempts

    connection = session.connection()
    name = _name(person)
    started = attempts.start_attempt(
        connection, slug, round_code, person=name, now=at, papers=papers
    )
    if rng.random() < 0.1:
        return
    exam = attempts.exam(session, started.public_id, person=name, now=at, papers=papers)
    right = {question.stem: question for question in bank.questions}
    for question in exam.questions:
        at += timedelta(seconds=rng.uniform(4, 40))
        known = right[question.stem]
        key = {known.choices[bit] for bit in range(len(known.choices)) if known.key >> bit & 1}
        chosen = frozenset(place for place, choice in enumerate(question.choices) if choice in key)
        if rng.random() > person.ability:
            chosen = frozenset({rng.randrange(len(question.choices))})
        answer = answers.Answer(question.slot, sequence=question.slot + 1, positions=chosen)
        _save(session, started.public_id, name, answer, at, papers)
    if exam.prediction_prompt:
        slot = len(exam.questions)
        answer = answers.Answer(slot, sequence=slot + 1, number=rng.randint(20, 400))
        _save(session, started.public_id, name, answer, at, papers)
    if rng.random() < 0.95:
        at += timedelta(seconds=rng.uniform(5, 60))
        attempts.submit_attempt(connection, started.public_id, person=name, now=at)


def _save(
    session: Session, public_id: str, person: str, answer: Answer, at: datetime, papers: Papers
) -> None:
    from quizengine.services.answers import save_answers

    connection = session.connection()
    save_answers(connection, public_id, person=person, answers=[answer], now=at, papers=papers)


def _write_essay(
    session: Session, slug: str, person: SamplePerson, text: str, at: datetime
) -> None:
    from quizengine.services.essays import submit_essay

    submit_essay(session.connection(), slug, person=_name(person), text=text, sequence=1, now=at)


def _name(person: SamplePerson) -> str:
    return f"sample-{person.phone}"


def _print_log_ins(url: str, participant_page: str, organiser_page: str) -> None:
    """Make two accounts with passwords of this run and print how to get in."""
    from quizengine.services.accounts import create_account
    from quizengine.services.transaction import transaction
    from quizengine.store.connection import connect

    engine = connect(url)
    organiser, participant = secrets.token_urlsafe(9), secrets.token_urlsafe(9)
    with Session(engine) as session, transaction(session):
        create_account(
            session,
            login="organiser",
            name="Ban tổ chức",
            password=organiser,
            role="organiser",
            now=utc_now(),
        )
        create_account(
            session,
            login="0900099999",
            name="Trần Minh Khuê",
            password=participant,
            role="participant",
            now=utc_now(),
        )
    engine.dispose()
    tell(f"\nThe contest        {participant_page}")
    tell(f"  a participant    0900099999 / {participant}   (or register as somebody new)")
    tell(f"The organiser      {organiser_page}")
    tell(f"  log in as        organiser / {organiser}\n")


def _serve(port: int) -> None:
    sweeper = subprocess.Popen([sys.executable, "-m", "quizengine", "upkeep"])
    try:
        run_server({"bind": f"{HOST}:{port}", "workers": 2, "threads": 8})
    finally:
        sweeper.terminate()
        sweeper.wait()
