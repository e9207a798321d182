"""Commands about question banks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from quizengine.cli.database import actor, opened_session
from quizengine.cli.output import (
    FILES,
    NewFile,
    print_json,
    print_problems,
    problem_document,
    tell,
)
from quizengine.core.clock import utc_now
from quizengine.errors import InvalidInput, has_errors
from quizengine.formats.reading import ReadBank, run_bounded
from quizengine.formats.registry import read_bank, write_bank


@click.group()
def bank() -> None:
    """Check, convert and load question banks."""


@bank.command()
@click.argument("files", nargs=-1, required=True, type=FILES)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Report every problem of FILES with its place and what to do about it."""
    documents = [_checked(path, speak=not as_json) for path in files]
    if as_json:
        print_json(documents)
    is_bad = any(
        problem["severity"] == "error" for document in documents for problem in document["problems"]
    )
    raise SystemExit(1 if is_bad else 0)


@bank.command()
@click.argument("source", type=FILES)
@click.argument("target", type=NewFile())
def convert(source: Path, target: Path) -> None:
    """Write the bank in SOURCE as TARGET, in the format of its ending."""
    found = _without_errors(source)
    target.write_bytes(write_bank(found.bank, target.name))
    tell(f"{target}: {len(found.bank.questions)} questions")


@bank.command()
@click.argument("file", type=FILES)
@click.option("--name", required=True, help="The name that contests refer to.")
def load(file: Path, name: str) -> None:
    """Load the bank in FILE, all or nothing; the same content again changes nothing."""
    from quizengine.services.banks import clean_name, load_bank
    from quizengine.services.transaction import transaction

    name = clean_name(name)
    found = _without_errors(file)
    with opened_session() as session, transaction(session):
        loaded = load_bank(session, found.bank, name=name, now=utc_now(), actor=actor())
    number, count = loaded.version.number, len(found.bank.questions)
    if loaded.is_new:
        tell(f"{name}: version {number}, {count} questions")
    else:
        tell(f"{name}: unchanged, version {number} has the same {count} questions")


def _read(path: Path) -> ReadBank:
    """Read a bank in a child process under limits: the file may have come from anybody."""
    return run_bounded(read_bank, path.read_bytes(), path.name)


def _checked(path: Path, *, speak: bool) -> dict[str, Any]:
    try:
        found = _read(path)
        questions, problems, name = found.bank.questions, found.problems, found.format
    except InvalidInput as error:
        questions, problems, name = (), error.problems, ""
    if speak:
        print_problems(problems, path.name)
        click.echo(f"{path}: {len(questions)} questions, {len(problems)} problems")
    return {
        "file": str(path),
        "format": name,
        "questions": len(questions),
        "by_kind": dict(Counter(question.kind.value for question in questions)),
        "problems": [problem_document(problem) for problem in problems],
    }


def _without_errors(path: Path) -> ReadBank:
    found = _read(path)
    if has_errors(found.problems):
        raise InvalidInput("bank.has_errors", found.problems)
    print_problems(found.problems, path.name)
    return found
