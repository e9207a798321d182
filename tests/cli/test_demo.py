"""The demonstration: a whole contest in one command."""

from __future__ import annotations

import fcntl
import re
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import combinations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from quizengine.cli.sample_people import without_accents
from quizengine.core.clock import utc_now
from quizengine.services import accounts, attempts, contests, uploads
from quizengine.services.activity import LiveFigures
from quizengine.services.audit import verify
from quizengine.services.essays import read_matches
from quizengine.services.needs import list_needs
from quizengine.services.transaction import transaction
from quizengine.services.upkeep import sweep
from quizengine.store import people
from quizengine.store.connection import connect
from quizengine.store.tables import AccountRow, AttemptRow, EssayRow, LateAnswerRow
from tests.cli.conftest import Shell

SLUG = "cong-doan-92"


@contextmanager
def demo_session(shell: Shell) -> Iterator[Session]:
    """Give a session on the demonstration's database."""
    engine = connect(f"sqlite:///{shell.folder / 'instance' / 'demo.sqlite3'}")
    with Session(engine) as session:
        yield session
    engine.dispose()


def test_the_demonstration_has_people_attempts_essays_and_log_ins(shell: Shell) -> None:
    said = shell.run("demo", "--no-serve", "--people", "30").stderr
    assert f"/thi/{SLUG}/" in said
    status = shell.json("contest", "status", SLUG, "--json")
    # The participant that one can log in as is one more.
    assert (status["state"], status["participants"]) == ("open", 31)
    assert status["attempts"]["submitted"] > 20
    assert status["essays"] > 5
    with demo_session(shell) as session:
        for login, role in (
            ("0900099999", "participant"),
            ("organiser", "organiser"),
            ("jury",) * 2,
        ):
            found = re.search(rf"{login} / (\S+)", said)
            assert found, said
            credentials = accounts.find_credentials(session, login, address="", now=utc_now())
            assert accounts.check_password(credentials, found[1]).is_right
            assert credentials.account
            assert credentials.account.role == role
        guest = people.find_account(session, "0900099999")
        assert guest
        stands = attempts.standing(session, SLUG, "vong-1", guest[0].person, now=utc_now())
        assert (stands.attempts_used, stands.may_start) == (1, True)
        assert list(session.scalars(select(AccountRow.login).where(AccountRow.password != ""))) == [
            "0900099999",
            "organiser",
            "jury",
        ]
    shell.run("contest", "close", SLUG)
    with demo_session(shell) as session, transaction(session):
        sweep(session, now=utc_now() + timedelta(minutes=1))  # after the grace of who was answering
    ranking = shell.json("results", SLUG)["rounds"][0]["ranking"]
    assert 20 < len(ranking) <= 31
    assert all(line["unit_name"] for line in ranking)
    with demo_session(shell) as session:
        assert verify(session) is None


def test_the_desk_of_the_demonstration_has_something_to_do_and_to_show(shell: Shell) -> None:
    shell.run("demo", "--no-serve", "--people", "120")
    with demo_session(shell) as session:
        pages, now = contests.list_pages(session), utc_now()
        needs = {need.kind: need.count for need in list_needs(session, pages, now=now)}
        assert needs["units"] >= 1
        assert needs["essays"] >= 3
        [waiting] = uploads.list_uploads(session, "bank")
        preview = uploads.bank_upload(session, waiting.public_id).preview
        assert preview
        assert {
            one.problem.code for one in preview.findings if one.problem.severity == "error"
        } == {
            "bank.key_missing",
            "bank.key_outside",
        }
        counted = LiveFigures().of(session, SLUG, now=now)
        assert sum(counted.starts) > 3
        assert sum(counted.answers) > 50
        assert session.scalar(select(func.count()).select_from(LateAnswerRow))
        assert session.scalar(select(func.count()).where(AttemptRow.flags.is_not(None)))


def test_the_copies_among_the_sample_essays_are_found(shell: Shell) -> None:
    """Those copied wholly, also without accents, to the last pair; and some copied in part."""
    shell.run("demo", "--no-serve", "--people", "120")
    with demo_session(shell) as session:
        texts = dict(
            session.execute(
                select(EssayRow.public_id, EssayRow.text).where(EssayRow.text.is_not(None))
            ).all()
        )
        found = read_matches(session, SLUG)
    pairs = {frozenset((one.id_a, one.id_b)) for one in found}
    by_text: defaultdict[str, list[str]] = defaultdict(list)
    for public_id, text in texts.items():
        by_text[without_accents(str(text))].append(public_id)
    copies = [frozenset(pair) for ids in by_text.values() for pair in combinations(ids, 2)]
    assert set(copies) <= pairs
    assert any(len({texts[one] for one in pair}) == 2 for pair in copies)
    assert any(len({texts[one] for one in pair}) == 1 for pair in copies)
    assert any(one.kind == "partial" for one in found)


def test_the_demonstration_begins_anew_each_time(shell: Shell) -> None:
    for count in (2, 3):
        shell.run("demo", "--no-serve", "--people", str(count))
    with demo_session(shell) as session:
        [page] = contests.list_pages(session)
        assert page.slug == SLUG
    assert shell.json("contest", "status", SLUG, "--json")["participants"] == 4


def test_a_port_that_is_taken_leaves_the_database_alone(shell: Shell) -> None:
    shell.run("demo", "--no-serve", "--people", "1")
    path = shell.folder / "instance" / "demo.sqlite3"
    before = path.read_bytes()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = shell.run("demo", "--port", str(port), "--people", "1", expecting=1).stderr
    assert str(port) in said
    assert path.read_bytes() == before


def test_a_second_demonstration_in_the_folder_leaves_the_first_alone(shell: Shell) -> None:
    shell.run("demo", "--no-serve", "--people", "1")
    folder = shell.folder / "instance"
    before = (folder / "demo.sqlite3").read_bytes()
    with (folder / "demo.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        said = shell.run("demo", "--no-serve", "--people", "1", expecting=1).stderr
    assert str(folder) in said
    assert (folder / "demo.sqlite3").read_bytes() == before
    shell.run("demo", "--no-serve", "--people", "1")
