"""Which database a command uses, and what it says of one that it cannot use."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from quizengine import QuizEngine
from quizengine.cli import cli
from quizengine.core.attempts import State
from quizengine.services import contests
from quizengine.store.connection import connect
from tests.cli.conftest import Shell
from tests.services.desk import SLUG, Desk, opened_desk

CHECKOUT = Path(__file__).parents[2]


def test_upgrading_twice_is_upgrading_once(shell: Shell) -> None:
    for _ in range(2):
        assert "schema at" in shell.run("db", "upgrade").stderr


def test_a_database_without_tables_says_what_to_run(shell: Shell) -> None:
    said = shell.run("contest", "status", SLUG, expecting=1).stderr
    assert "quizengine db upgrade" in said


@pytest.mark.parametrize("is_old", [False, True])
def test_nothing_is_served_from_a_database_without_the_present_schema(
    shell: Shell, is_old: bool
) -> None:
    if is_old:
        shell.run("db", "upgrade")
        engine = connect(shell.url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE quiz_alembic_version SET version_num = '0'")
        engine.dispose()
    assert "quizengine db upgrade" in shell.run("serve", expecting=1).stderr


def test_the_database_is_by_default_in_the_folder_instance(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUIZ_DATABASE_URL")
    shell.run("db", "upgrade")
    assert (shell.folder / "instance" / "quizengine.sqlite3").is_file()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite:////nowhere/at/all/quiz.sqlite3", 1),
        ("postgresql+psycopg://nobody@127.0.0.1:1/quiz", 1),
        ("nonsense", 2),
        ("nonsense://x", 2),
        ("mysql://root@127.0.0.1/quiz", 2),
        ("mysql+pymysql://root@127.0.0.1/quiz", 2),
        ("postgresql+nothing://x", 2),
        ("sqlite+nothing:///x", 2),
    ],
)
@pytest.mark.parametrize("command", [("contest", "status", "x"), ("db", "upgrade")])
def test_a_database_that_is_not_there_is_a_sentence_not_a_traceback(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    url: str,
    code: int,
) -> None:
    monkeypatch.setenv("QUIZ_DATABASE_URL", url)
    said = shell.run(*command, expecting=code).stderr
    assert said.strip()
    assert "Traceback" not in said


def test_another_kind_of_database_is_told_the_two_that_work(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIZ_DATABASE_URL", "mysql://root@127.0.0.1/quiz")
    said = shell.run("db", "upgrade", expecting=2).stderr
    assert "SQLite" in said
    assert "PostgreSQL" in said


@pytest.mark.parametrize("command", [("contest", "status", "x"), ("db", "upgrade")])
def test_a_file_that_is_no_database_is_named_and_left_alone(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    junk = shell.folder / "junk.db"
    junk.write_bytes(b"not a database, however long " * 200)
    monkeypatch.setenv("QUIZ_DATABASE_URL", f"sqlite:///{junk}")
    said = shell.run(*command, expecting=1).stderr
    assert "junk.db" in said
    assert "database.not_a_database" not in said
    assert junk.read_bytes().startswith(b"not a database")


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--port", "99999"),
        ("serve", "--port", "0"),
        ("serve", "--workers", "0"),
        ("serve", "--threads", "0"),
        ("demo", "--port", "99999"),
        ("demo", "--people", "-1"),
    ],
)
def test_numbers_that_make_no_sense_are_wrong_usage(
    shell: Shell, arguments: tuple[str, ...]
) -> None:
    shell.run(*arguments, expecting=2)
    assert not (shell.folder / "instance").exists()


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_setting_that_is_no_number_is_a_sentence(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("QUIZ_TRUSTED_PROXIES", "abc")
    assert "abc" in shell.run(command, expecting=2).stderr


@pytest.mark.parametrize(("key", "value"), [("QUIZ_BRAND", "red"), ("QUIZ_DEFAULT_LANGUAGE", "fr")])
def test_a_setting_that_no_page_can_use_is_told_before_the_server_starts(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setenv(key, value)
    result = shell.run("serve", expecting=2)
    assert f"{key} is '{value}'" in result.output
    assert "Traceback" not in result.output


def test_tables_that_differ_are_refused_with_a_sentence(desk: Desk, shell: Shell) -> None:
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE quiz_alembic_version")
        connection.exec_driver_sql("DROP TABLE quiz_match")
    said = shell.run("db", "upgrade", expecting=1).stderr
    assert said.strip()
    assert "schema.unknown_tables" not in said


def test_an_account_of_staff_can_be_made_and_not_twice(shell: Shell) -> None:
    shell.run("db", "upgrade")
    made = ("account", "add", "--login", "bantochuc", "--name", "Ban tổ chức")
    arguments = (*made, "--role", "owner")
    password = "một mật khẩu dài\n" * 2
    assert "owner" in shell.run(*arguments, input=password).stderr
    shell.run(*arguments, input=password, expecting=1)
    shell.run(*arguments, "--password", "ngắn", expecting=1)
    shell.run(*made, input=password, expecting=2)
    shell.run(*made, "--role", "participant", input=password, expecting=2)


def test_a_log_in_code_is_given_to_whoever_has_a_log_in(shell: Shell) -> None:
    shell.run("db", "upgrade")
    made = ("account", "add", "--login", "bantochuc", "--name", "Ban tổ chức", "--role", "jury")
    shell.run(*made, "--password", "một mật khẩu dài")
    given = shell.run("account", "code", "BanToChuc")
    assert re.fullmatch("[0-9A-Z]{4}-[0-9A-Z]{4}\n", given.stdout)
    assert "bantochuc" in given.stderr
    shell.run("account", "code", "khong-co", expecting=1)


def test_a_sweep_closes_what_is_due(desk: Desk, shell: Shell) -> None:
    from tests.services.desk import OPENS

    desk.register("an")
    desk.start("an", OPENS)
    # The attempt was over long ago by the clock of the machine.
    assert "closed 1 attempts" in shell.run("upkeep", "--once").stderr
    found = desk.look(lambda session: contests.status(session, SLUG, now=OPENS))
    assert found.attempts[State.EXPIRED] == 1


def test_upkeep_runs_until_it_is_told_to_stop(desk: Desk, shell: Shell) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "quizengine", "upkeep"],
        cwd=CHECKOUT,
        env={**os.environ, "QUIZ_DATABASE_URL": shell.url},
        stderr=subprocess.PIPE,
    )
    end = time.monotonic() + 60
    while not _catches(process.pid, signal.SIGTERM) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def _catches(process: int, number: signal.Signals) -> bool:
    """Return whether a process has a handler for a signal."""
    status = Path(f"/proc/{process}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def test_the_commands_of_a_host_work_on_the_hosts_database(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`flask quiz …` prints what `quizengine …` prints of the same database."""
    url = f"sqlite:///{shell.folder / 'host.sqlite3'}"
    app = Flask("host")
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SECRET_KEY="host")
    db = SQLAlchemy(app)
    QuizEngine().init_app(app, db=db, participant=lambda: None, allow=lambda action, scope: False)
    runner = app.test_cli_runner()
    assert runner.invoke(cli, ["db", "upgrade"]).exit_code == 0
    with opened_desk(url):
        pass
    monkeypatch.setenv("QUIZ_DATABASE_URL", url)
    for arguments in (
        ["contest", "status", SLUG, "--json"],
        ["contest", "close", SLUG],
        ["contest", "publish", SLUG],
        ["contest", "publish", SLUG],
        ["results", SLUG],
        ["contest", "status", "khong-co"],
    ):
        in_host = runner.invoke(cli, arguments)
        alone = CliRunner().invoke(cli, arguments)
        if arguments[1] in ("close", "publish"):
            # The step is done by the first and refused to the second.
            assert alone.exit_code == 1
            continue
        assert (in_host.exit_code, in_host.output) == (alone.exit_code, alone.output)
    with app.app_context():
        db.engine.dispose()


def test_flask_finds_the_commands(shell: Shell) -> None:
    program = shell.folder / "portal.py"
    program.write_text("from quizengine.web.app import create_app\n", encoding="utf-8")
    flask = Path(sys.executable).with_name("flask")
    done = subprocess.run(
        [flask, "--app", "portal:create_app", "quiz", "db", "upgrade"],
        cwd=shell.folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "schema at" in done.stderr
    shell.run("units", "show")


def test_every_command_explains_itself() -> None:
    runner = CliRunner()
    names = set(cli.commands)
    assert names >= {
        "bank",
        "contest",
        "results",
        "essays",
        "units",
        "serve",
        "upkeep",
        "db",
        "demo",
    }
    for name in sorted(names):
        result = runner.invoke(cli, [name, "--help"])
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
    assert runner.invoke(cli, ["--version"]).exit_code == 0
    assert runner.invoke(cli, ["nonsense"]).exit_code == 2
