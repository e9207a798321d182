"""The command that prints results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from quizengine.cli.database import opened_session
from quizengine.cli.output import NewFile, tell
from quizengine.core.clock import utc_now

COLUMNS = (
    "round",
    "place",
    "shared",
    "name",
    "phone",
    "unit",
    "unit_name",
    "points",
    "prediction",
    "prediction_error",
    "duration_ms",
    "finished_at",
    "has_essay",
    "pseudonym",
)


@click.command()
@click.argument("slug")
@click.option("--format", "kind", type=click.Choice(["json", "csv", "xlsx"]), default="json")
@click.option("-o", "--output", type=NewFile())
def results(slug: str, kind: str, output: Path | None) -> None:
    """Compute the results of a closed SLUG from the stored answers and print them."""
    from quizengine.services.results_document import results_document, results_json
    from quizengine.services.transaction import transaction
    from quizengine.services.upkeep import sweep

    with opened_session() as session:
        with transaction(session):
            sweep(session, now=utc_now())
        document = results_document(session, slug)
    data = results_json(document) if kind == "json" else _table(document, kind)
    if output is not None:
        output.write_bytes(data)
        tell(f"{output}: {sum(len(one['ranking']) for one in document['rounds'])} people")
    elif kind == "xlsx" and sys.stdout.isatty():
        raise click.UsageError("An XLSX file is no text: name a file with -o FILE.")
    else:
        click.echo(data, nl=False)


def _table(document: dict[str, Any], kind: str) -> bytes:
    rows = [
        tuple(_cell(one["round"], line, column) for column in COLUMNS)
        for one in document["rounds"]
        for line in one["ranking"]
    ]
    from quizengine.formats.tables import Table, write_csv, write_table

    table = Table(document["contest"], COLUMNS, rows)
    return write_csv(table) if kind == "csv" else write_table(table)


def _cell(round_code: str, line: dict[str, Any], column: str) -> Any:
    if column == "round":
        return round_code
    return int(line[column]) if column == "has_essay" else line[column]
