"""The page of commands: every command, option and JSON document is there, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from quizengine.cli import cli
from quizengine.web.app import DEFAULTS as DEPLOYMENT_DEFAULTS
from quizengine.web.extension import DEFAULTS as EXTENSION_DEFAULTS
from tests.docs.markdown import CHECKOUT, DOCS, blocks, cells, names, read, sections

PAGE = read(DOCS / "commands.md")
SAMPLE = CHECKOUT / "question_banks" / "cong-doan-92"


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(_commands(cli, "quizengine"))


def _documented() -> dict[str, tuple[str, str]]:
    """Return by command what its heading says of arguments and what stands under it."""
    found = {}
    for heading, body in sections(PAGE, "###").items():
        usage = names(heading)[0]
        words = [word for word in usage.split() if re.fullmatch("[a-z]+", word)]
        found[" ".join(words)] = (usage, body)
    return found


def test_every_command_is_on_the_page_and_no_other() -> None:
    assert set(_documented()) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_commands_options_are_on_the_page_and_no_others(path: str) -> None:
    _, body = _documented()[path]
    options = [one for one in COMMANDS[path].params if isinstance(one, click.Option)]
    told = {name for row in cells(body) for name in names(row[0])}
    assert told == {name for one in options for name in one.opts}


@pytest.mark.parametrize("path", COMMANDS)
def test_the_defaults_on_the_page_are_those_of_the_command(path: str) -> None:
    _, body = _documented()[path]
    told = {names(row[0])[0]: row[1].strip("`") for row in cells(body) if len(row) == 3}
    for option in COMMANDS[path].params:
        if isinstance(option.default, int | str) and not isinstance(option.default, bool):
            assert told[option.opts[0]] == str(option.default)


@pytest.mark.parametrize("path", COMMANDS)
def test_the_heading_names_the_arguments(path: str) -> None:
    usage, _ = _documented()[path]
    arguments = [one for one in COMMANDS[path].params if isinstance(one, click.Argument)]
    told = re.sub(r"[\[\]…]", "", usage.removeprefix(path)).split()
    assert told == [one.human_readable_name.upper() for one in arguments]


def test_the_code_reads_no_setting_that_is_not_declared() -> None:
    text = "".join(read(path) for path in (CHECKOUT / "quizengine").rglob("*.py"))
    assert set(re.findall(r'"(QUIZ_[A-Z_]+)"', text)) == {
        *EXTENSION_DEFAULTS,
        *DEPLOYMENT_DEFAULTS,
    }


# The JSON documents


def _run(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def _shape(value: Any) -> Any:
    """Return a document with its types in place of its values; a list is like its first item."""
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__


def _told(command: str) -> Any:
    after = PAGE.split(f"### `{command}", 1)[1]
    return _shape(json.loads(blocks(after, "json")[0]))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and commands that speak English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUIZ_DEFAULT_LANGUAGE", "en")
    monkeypatch.setenv("QUIZ_DATABASE_URL", "")
    return tmp_path


def test_checking_a_bank_gives_the_document_on_the_page(folder: Path) -> None:
    (folder / "q.txt").write_text("Câu 1. Hai cộng hai?\nA. Ba\nB. Bốn\n", encoding="utf-8")
    found = _run("bank", "check", "q.txt", "--json", code=1)
    assert _shape(found) == _told("quizengine bank check")


def test_checking_a_contest_gives_the_document_on_the_page(folder: Path) -> None:
    text = read(SAMPLE / "contest.toml").replace("attempts = 2", "attemps = 2")
    (folder / "contest.toml").write_text(text, encoding="utf-8")
    found = _run("contest", "check", "contest.toml", "--json", code=1)
    assert _shape(found) == _told("quizengine contest check")
    assert _run("contest", "check", str(SAMPLE / "contest.toml"), "--json")["problems"] == []


def test_scanning_essays_gives_the_document_on_the_page(folder: Path) -> None:
    essay = "Mỗi quý tổ bảo vệ nên cùng từng phân xưởng đi hết đường thoát nạn một lần."
    lines = [json.dumps({"id": name, "text": essay}) for name in ("a", "b")]
    (folder / "essays.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = _run("essays", "scan", "essays.jsonl", "--json")
    assert _shape(found) == _told("quizengine essays scan")


def test_a_whole_contest_gives_the_documents_on_the_page(folder: Path) -> None:
    made = CliRunner().invoke(cli, ["demo", "--people", "8", "--no-serve"])
    assert made.exit_code == 0, made.output
    running = _run("contest", "status", SAMPLE.name, "--json")
    assert _shape(running) == _told("quizengine contest status")
    closed = CliRunner().invoke(cli, ["contest", "close", SAMPLE.name])
    assert closed.exit_code == 0, closed.output
    results = _run("results", SAMPLE.name)
    assert _shape(results) == _told("quizengine results")


def test_wrong_usage_ends_with_2_and_a_refusal_with_1(folder: Path) -> None:
    assert CliRunner().invoke(cli, ["nothing"]).exit_code == 2
    assert CliRunner().invoke(cli, ["essays", "scan"]).exit_code == 2
    refused = CliRunner().invoke(cli, ["units", "show"])
    assert refused.exit_code == 1
    assert "quizengine db upgrade" in refused.stderr
