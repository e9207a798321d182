"""What every command prints with: problems in words or as JSON, and messages beside the output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from quizengine.errors import Place, Problem, Severity
from quizengine.i18n import LANGUAGES, describe, describe_place

FILES = click.Path(exists=True, dir_okay=False, path_type=Path)


class NewFile(click.Path):
    """A file to write, in a folder that is there: told before anything is computed for it."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; wrong usage when it is a folder or its folder is missing."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"There is no folder {path.parent}.", param, ctx)
        return path


PLACES_WITHOUT_WORDS = ("cell", "field", "file")


def language() -> str:
    """Return the language to speak: QUIZ_DEFAULT_LANGUAGE, else the terminal's, else English."""
    wanted = os.environ.get("QUIZ_DEFAULT_LANGUAGE") or os.environ.get("LANG", "")[:2]
    return wanted if wanted in LANGUAGES else "en"


def tell(message: str) -> None:
    """Print a message to standard error, beside the output."""
    click.echo(message, err=True)


def print_json(document: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def problem_document(problem: Problem) -> dict[str, str]:
    """Return the JSON form of a problem, in the language spoken."""
    said = describe(problem, language())
    return {
        "severity": problem.severity,
        "code": problem.code,
        "place": _place(problem.place),
        "message": said.message,
        "suggestion": said.suggestion,
    }


def print_problems(problems: Iterable[Problem], name: str = "") -> None:
    """Print each problem with its place and what to do."""
    marks: dict[Severity, str] = {"error": "✗", "warning": "!"}
    for problem in problems:
        said = describe(problem, language())
        place = ", ".join(part for part in dict.fromkeys((name, _place(problem.place))) if part)
        tell(f"{marks[problem.severity]} {place}: {said.message}")
        if said.suggestion:
            tell(f"    {said.suggestion}")


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that shows how much of a whole is done, on standard error of a terminal."""
    bar: Any = None

    def show(done: int, whole: int) -> None:
        nonlocal bar
        if not sys.stderr.isatty():
            return
        if bar is None:
            bar = click.progressbar(length=whole, label=label, file=sys.stderr)
        bar.update(done - bar.pos)

    yield show
    if bar is not None:
        bar.render_finish()


def _place(place: Place) -> str:
    if place.kind in PLACES_WITHOUT_WORDS:
        return place.at
    return describe_place(place, language())
