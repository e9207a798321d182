"""The demonstration: a whole contest in one command."""

from __future__ import annotations

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
