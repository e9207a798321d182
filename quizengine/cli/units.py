"""Commands about the unit tree."""

from __future__ import annotations

from pathlib import Path

import click

from quizengine.cli.database import actor, opened_session
from quizengine.cli.output import FILES, print_problems, tell
from quizengine.core.clock import utc_now
from quizengine.core.units import UnitTree
from quizengine.errors import InvalidInput, has_errors
from quizengine.formats.reading import run_bounded
from quizengine.formats.unit_file import read_units


@click.group()
def units() -> None:
    """Load and show the tree of units."""


@units.command()
@click.argument("file", type=FILES)
def load(file: Path) -> None:
    """Load the unit tree in FILE (.xlsx or .csv), all or nothing, in place of the one before."""
    from quizengine.services.transaction import transaction
    from quizengine.services.units import load_units

    found = run_bounded(read_units, file.read_bytes(), file.name)
    if has_errors(found.problems):
        raise InvalidInput("unit.tree_broken", found.problems)
    print_problems(found.problems, file.name)
    with opened_session() as session, transaction(session):
        load_units(session, UnitTree(found.units), now=utc_now(), actor=actor())
    tell(f"{len(found.units)} units")


@units.command()
def show() -> None:
    """Print the tree with its codes."""
    from quizengine.services.units import unit_tree

    with opened_session() as session:
        tree = unit_tree(session)
        for root in tree.roots():
            for unit in tree.subtree(root.code):
                indent = "  " * (len(tree.path(unit.code)) - 1)
                click.echo(f"{indent}{unit.code}  {unit.name}")
