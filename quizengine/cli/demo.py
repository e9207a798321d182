"""A whole contest in one command: the sample bank, units and contest, and invented people."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from quizengine.cli.output import progress, tell
from quizengine.cli.server import PORT, check_settings, run_server
from quizengine.core.banks import Bank
from quizengine.core.clock import utc_now
from quizengine.core.contest import Contest
from quizengine.core.units import UnitTree
from quizengine.errors import Conflict, NotFound

if TYPE_CHECKING:
    from quizengine.services.accounts import NewAccount, Role
    from quizengine.store.people import Account

SAMPLE = "cong-doan-92"
ACTOR = "demo"
SEED = 92
DAYS_OPEN = 3
HOST = "127.0.0.1"
LOG_INS: tuple[tuple[str, str, Role], ...] = (
    ("0900099999", "Trần Minh Khuê", "participant"),
    ("organiser", "Ban tổ chức", "organiser"),
    ("jury", "Ban giám khảo", "jury"),
)
"""Who can log in: the log-in, the name, the role."""
WAITING_FILE = "cau-hoi-bo-sung.txt"
WAITING_QUESTIONS = """\
Chủ đề: An toàn lao động
Câu 1. Nghe còi báo cháy trong ca làm việc, việc đầu tiên phải làm là gì?
A. Dừng máy và đi ra theo lối thoát nạn gần nhất
B. Thu dọn đồ cá nhân rồi chờ tổ trưởng
C. Đi thang máy xuống cho nhanh
Đáp án: A
Câu 2. Ai có quyền dừng một máy đang có dấu hiệu nguy hiểm?
A. Chỉ người quản đốc
B. Bất cứ ai đang làm việc ở đó
C. Chỉ cán bộ an toàn
Câu 3. Găng tay bảo hộ bị rách thì làm thế nào?
A. Dùng tiếp đến hết ca
B. Vá lại bằng băng dính
C. Đổi ngay đôi mới
Đáp án: D
"""


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
        slug, passwords = _set_up(url, people)
        address = f"http://{HOST}:{port}"
        with suppress(KeyboardInterrupt):
            _print_log_ins(passwords, f"{address}/thi/{slug}/", f"{address}/thi/to-chuc/")
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


def _set_up(url: str, people: int) -> tuple[str, dict[Role, str]]:
    """Fill a new database; return the contest's name and the passwords by role."""
    from quizengine.cli.sample_lives import Stage, live
    from quizengine.services.accounts import add_account
    from quizengine.services.papers import Papers
    from quizengine.services.transaction import transaction
    from quizengine.store.connection import connect
    from quizengine.store.schema import upgrade

    engine = connect(url)
    upgrade(engine)
    now = utc_now()
    contest, bank, tree = _load(engine, now)
    passwords: dict[Role, str] = {}
    made: dict[Role, Account] = {}
    for account, password in _prepare_accounts():
        passwords[account.role] = password
        with Session(engine) as session, transaction(session):
            made[account.role] = add_account(session, account, now=now)
    stage = Stage(contest, bank, tree, Papers(), Random(SEED), now)
    with progress("People") as show:
        live(engine, stage, people, made["participant"], show)
    _compare_essays(engine, contest.slug, now)
    _leave_file(engine, now)
    engine.dispose()
    return contest.slug, passwords


def _load(engine: Engine, now: datetime) -> tuple[Contest, Bank, UnitTree]:
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
    return contest, bank, tree


def _compare_essays(engine: Engine, slug: str, now: datetime) -> None:
    """Find the copies among the essays, as an organiser would let them be compared."""
    from quizengine.services.essays import record_scan, scan_contest, store_matches
    from quizengine.services.transaction import transaction

    with Session(engine) as session:
        with progress("Essays") as show:
            scan = scan_contest(session, slug, progress=show)
        for part in scan.parts:
            with transaction(session):
                store_matches(session, scan, part)
        with transaction(session):
            record_scan(session, scan, now=now, actor=ACTOR)


def _leave_file(engine: Engine, now: datetime) -> None:
    """Let a file of questions wait on the desk with a key to be put right."""
    from quizengine.services.transaction import transaction
    from quizengine.services.uploads import keep_file, read_file

    content = WAITING_QUESTIONS.encode()
    found = read_file(content, WAITING_FILE, "bank")
    with Session(engine) as session, transaction(session):
        keep_file(session, content, WAITING_FILE, purpose="bank", found=found, now=now, actor=ACTOR)


def _prepare_accounts() -> Iterator[tuple[NewAccount, str]]:
    """Yield the accounts that somebody can log in to, each with its password of this run."""
    from quizengine.services.accounts import prepare_account

    for login, name, role in LOG_INS:
        password = secrets.token_urlsafe(9)
        yield prepare_account(login=login, name=name, password=password, role=role), password


def _print_log_ins(passwords: Mapping[Role, str], participant_page: str, staff_page: str) -> None:
    logins = {role: f"{login} / {passwords[role]}" for login, _, role in LOG_INS}
    tell(f"\nThe contest        {participant_page}")
    tell(f"  a participant    {logins['participant']}   (one attempt left; or register anew)")
    tell(f"The desk           {staff_page}")
    tell(f"  an organiser     {logins['organiser']}")
    tell(f"  the jury         {logins['jury']}   (reads essays, without names)\n")


def _serve(port: int) -> None:
    sweeper = subprocess.Popen([sys.executable, "-m", "quizengine", "upkeep"])
    try:
        run_server({"bind": f"{HOST}:{port}", "workers": 2, "threads": 8})
    finally:
        sweeper.terminate()
        sweeper.wait()
