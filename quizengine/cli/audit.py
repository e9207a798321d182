"""Commands about the record."""

from __future__ import annotations

import click

from quizengine.cli.database import opened_session


@click.group()
def audit() -> None:
    """Verify the record of what staff did."""


@audit.command()
def verify() -> None:
    """Check that no entry of the record was changed, removed or moved."""
    from quizengine.services.audit import verify as first_broken

    with opened_session() as session:
        broken = first_broken(session)
    if broken is not None:
        click.echo(f"entry {broken} does not follow the entry before it")
        raise SystemExit(1)
    click.echo("the record is unbroken")
