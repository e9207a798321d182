"""The command that prints results."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from quizengine.cli.database import opened_session
from quizengine.cli.output import NewFile, tell
from quizengine.core.clock import utc_now


@click.command()
@click.argument("slug")
@click.option("--format", "kind", type=click.Choice(["json", "csv", "xlsx"]), default="json")
@click.option("-o", "--output", type=NewFile())
def results(slug: str, kind: str, output: Path | None) -> None:
    """Compute the results of a closed SLUG from the stored answers and print them."""
    from quizengine.services.results_document import (
        results_csv,
        results_document,
        results_json,
        results_workbook,
    )
    from quizengine.services.transaction import transaction
    from quizengine.services.upkeep import sweep

    with opened_session() as session:
        with transaction(session):
            sweep(session, now=utc_now())
        document = results_document(session, slug)
    data = {"json": results_json, "csv": results_csv, "xlsx": results_workbook}[kind](document)
    if output is not None:
        output.write_bytes(data)
        tell(f"{output}: {sum(len(one['ranking']) for one in document['rounds'])} people")
    elif kind == "xlsx" and sys.stdout.isatty():
        raise click.UsageError("An XLSX file is no text: name a file with -o FILE.")
    else:
        click.echo(data, nl=False)
