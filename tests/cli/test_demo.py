"""The demonstration: a whole contest in one command."""

from __future__ import annotations

import fcntl
import socket

from sqlalchemy.orm import Session

from quizengine.services import contests
from quizengine.services.audit import verify
from quizengine.store.connection import connect
from tests.cli.conftest import Shell

SLUG = "cong-doan-92"


def test_the_demonstration_has_people_attempts_essays_and_log_ins(shell: Shell) -> None:
    said = shell.run("demo", "--no-serve", "--people", "30").stderr
    assert f"/thi/{SLUG}/" in said
    assert "organiser /" in said
    database = shell.folder / "instance" / "demo.sqlite3"
    status = shell.json("contest", "status", SLUG, "--json")
    assert (status["state"], status["participants"]) == ("open", 30)
    assert status["attempts"]["submitted"] > 20
    assert status["essays"] > 5
    shell.run("contest", "close", SLUG)
    ranking = shell.json("results", SLUG)["rounds"][0]["ranking"]
    assert 20 < len(ranking) <= 30
    assert all(line["unit_name"] for line in ranking)
    engine = connect(f"sqlite:///{database}")
    with Session(engine) as session:
        assert verify(session) is None
    engine.dispose()


def test_the_demonstration_begins_anew_each_time(shell: Shell) -> None:
    for people in (2, 3):
        shell.run("demo", "--no-serve", "--people", str(people))
    engine = connect(f"sqlite:///{shell.folder / 'instance' / 'demo.sqlite3'}")
    with Session(engine) as session:
        [page] = contests.list_pages(session)
        assert page.slug == SLUG
    engine.dispose()
    assert shell.json("contest", "status", SLUG, "--json")["participants"] == 3


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
