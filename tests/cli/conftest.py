"""A shell to give commands in: its own folder, its own database, English sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from quizengine.cli import cli
from tests.services.desk import Desk, opened_desk


@dataclass(frozen=True)
class Shell:
    """The folder that commands run in and the database they use."""

    folder: Path
    url: str

    def run(self, *arguments: str | Path, expecting: int = 0, **more: Any) -> Result:
        """Run a command and check the code it exits with."""
        result = CliRunner().invoke(cli, [str(one) for one in arguments], **more)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == expecting, result.output
        return result

    def json(self, *arguments: str | Path, expecting: int = 0) -> Any:
        """Return the one JSON document that a command prints on its standard output."""
        return json.loads(self.run(*arguments, expecting=expecting).stdout)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell with a database that does not exist yet."""
    url = f"sqlite:///{tmp_path / 'quiz.sqlite3'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUIZ_DATABASE_URL", url)
    monkeypatch.setenv("QUIZ_DEFAULT_LANGUAGE", "en")
    return Shell(tmp_path, url)


@pytest.fixture
def desk(shell: Shell) -> Iterator[Desk]:
    """An open contest in the shell's database."""
    with opened_desk(shell.url) as made:
        yield made
