"""The group of all commands, and what happens to an error that reaches it."""

from __future__ import annotations

import sys

import click

from quizengine.cli.accounts import account
from quizengine.cli.audit import audit
from quizengine.cli.banks import bank
from quizengine.cli.contests import contest
from quizengine.cli.demo import demo
from quizengine.cli.essays import essays
from quizengine.cli.output import language, print_problems, tell
from quizengine.cli.results import results
from quizengine.cli.server import db, serve, upkeep
from quizengine.cli.units import units
from quizengine.errors import InvalidInput, QuizError, Unavailable
from quizengine.i18n import describe
from quizengine.store.connection import BUSY


class _Commands(click.Group):
    """A group whose commands end with a sentence, not a traceback, when the engine says no."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; exit with 1 when the engine or its database raises an error."""
        try:
            return super().invoke(ctx)
        except QuizError as error:
            _explain(error)
        except BUSY as error:
            _explain(Unavailable("database.unavailable"))
            tell(f"    {getattr(error, 'orig', error)}")
        except OSError as error:
            if error.filename is None:  # a pipe that nobody reads any more, which click knows
                raise
            tell(f"{error.filename}: {error.strerror}")
        sys.exit(1)


def _explain(error: QuizError) -> None:
    said = describe(error, language())
    tell(f"{said.message} {said.suggestion}".strip())
    if isinstance(error, InvalidInput):
        print_problems(error.problems)


@click.group(cls=_Commands)
@click.version_option(package_name="quizengine")
def cli() -> None:
    """Quizzes and contests: from a file of questions to a ranking that can be defended."""


for command in (
    account,
    audit,
    bank,
    contest,
    db,
    demo,
    essays,
    results,
    serve,
    units,
    upkeep,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line of the program ``quizengine``."""
    cli(prog_name="quizengine")
