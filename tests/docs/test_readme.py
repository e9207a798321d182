"""The README and the page for hosts: their snippets run as they stand, its commands are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from quizengine.cli import cli
from tests.docs.markdown import CHECKOUT, DOCS, blocks, read

README = read(CHECKOUT / "README.md")
HEADLESS, EMBEDDING = blocks(README, "python")
BIN = Path(sys.executable).parent

ASK = """
from portal import app, db
page = app.test_client().get("/thi/")
print(page.status_code, page.mimetype)
with app.app_context():
    app.extensions["quizengine"].writer().close()
    db.engine.dispose()
"""


def _run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_headless_snippet_runs() -> None:
    said = _run(sys.executable, "-X", "utf8", "-c", HEADLESS, folder=CHECKOUT)
    assert said.startswith("saved ")
    assert "kind='exact'" in said


def test_the_portal_of_the_readme_serves_contests(tmp_path: Path) -> None:
    (tmp_path / "portal.py").write_text(EMBEDDING, encoding="utf-8")
    _run(BIN / "flask", "--app", "portal", "quiz", "db", "upgrade", folder=tmp_path)
    assert _run(sys.executable, "-c", ASK, folder=tmp_path).split() == ["200", "text/html"]


def test_the_portal_of_the_page_for_hosts_serves_contests(tmp_path: Path) -> None:
    portal = "\n\n".join(blocks(read(DOCS / "embedding.md"), "python"))
    (tmp_path / "portal.py").write_text(portal, encoding="utf-8")
    _run(BIN / "flask", "--app", "portal", "quiz", "db", "upgrade", folder=tmp_path)
    assert _run(sys.executable, "-c", ASK, folder=tmp_path).split() == ["200", "text/html"]


def test_every_group_of_commands_is_named() -> None:
    assert set(cli.commands) <= set(re.findall("[a-z]+", _list_of_commands()))


@pytest.mark.parametrize("name", [*cli.commands])
def test_the_commands_of_a_group_are_named(name: str) -> None:
    command = cli.commands[name]
    if isinstance(command, click.Group):
        assert set(command.commands) <= set(re.findall("[a-z]+", _list_of_commands()))


def test_the_way_from_a_file_to_a_ranking_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIZ_DATABASE_URL", f"sqlite:///{tmp_path / 'quiz.sqlite3'}")
    monkeypatch.chdir(CHECKOUT)
    steps = [line for line in _way().splitlines() if line != "quizengine serve"]
    steps += [f"quizengine {rest} cong-doan-92" for rest in ("contest close", "contest publish")]
    for step in [*steps, "quizengine results cong-doan-92"]:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', step)][1:]
        done = CliRunner().invoke(cli, words, input="a long password\na long password\n")
        assert done.exit_code == 0, (step, done.output)


def _list_of_commands() -> str:
    return blocks(README, "")[0]


def _way() -> str:
    return blocks(README.split("From a file to a ranking", 1)[1], "sh")[0]
