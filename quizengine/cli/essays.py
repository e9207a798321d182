"""Commands about essays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from quizengine.cli.database import actor, opened_session
from quizengine.cli.output import (
    FILES,
    print_json,
    print_problems,
    problem_document,
    progress,
)
from quizengine.core.clock import utc_now
from quizengine.core.duplicates import DuplicateReport, find_duplicates
from quizengine.errors import Problem
from quizengine.formats.essay_file import read_essay_bounded, read_essay_folder

ANYTHING = click.Path(exists=True, path_type=Path)


@click.group()
def essays() -> None:
    """Find copied essays."""


@essays.command()
@click.argument("path", required=False, type=ANYTHING)
@click.option("--contest", "slug", help="Scan the essays of a contest in the database.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--exclude", multiple=True, type=FILES, help="Text that everybody may quote.")
@click.option("--against", multiple=True, type=ANYTHING, help="More texts to find copies of.")
def scan(
    path: Path | None,
    slug: str | None,
    as_json: bool,
    exclude: tuple[Path, ...],
    against: tuple[Path, ...],
) -> None:
    """Find copies among the essays in PATH, a folder of txt, docx, odt and pdf or a .jsonl."""
    if (path is None) == (slug is None):
        raise click.UsageError("Give a PATH or --contest SLUG.")
    if slug is not None and (exclude or against):
        raise click.UsageError("--exclude and --against go with a PATH.")
    problems: list[Problem] = []
    with progress("Comparing") as show:
        if slug is not None:
            report = _scan_contest(slug, show)
        else:
            assert path is not None
            report = find_duplicates(
                _read(path, problems),
                exclude=[read_essay_bounded(file.read_bytes(), file.name) for file in exclude],
                against=[
                    # A source may hold a file of the same name as an essay.
                    (f"{source.name}/{name}", text)
                    for source in against
                    for name, text in _read(source, problems)
                ],
                progress=show,
            )
    _print(report, problems, as_json=as_json)
    # What could not be read was compared with nothing: the report is not complete.
    raise SystemExit(1 if problems else 0)


def _read(path: Path, problems: list[Problem]) -> list[tuple[str, str]]:
    found: list[Problem] = []
    essays = list(read_essay_folder(path, read=read_essay_bounded, on_problem=found.append))
    print_problems(found, path.name)
    problems += found
    return essays


def _scan_contest(slug: str, show: Callable[[int, int], None]) -> DuplicateReport:
    from quizengine.services.essays import record_scan, scan_contest, store_matches
    from quizengine.services.transaction import transaction

    with opened_session() as session:
        scan = scan_contest(session, slug, progress=show)
        for part in scan.parts:
            with transaction(session):
                store_matches(session, scan, part)
        with transaction(session):
            record_scan(session, scan, now=utc_now(), actor=actor())
    return scan.report


def _print(report: DuplicateReport, problems: list[Problem], *, as_json: bool) -> None:
    if as_json:
        found = [problem_document(problem) for problem in problems]
        print_json({**asdict(report), "problems": found})
        return
    for pair in report.pairs:
        shares = f"{pair.share_a:.0%} of {pair.a}, {pair.share_b:.0%} of {pair.b}"
        click.echo(f"{pair.kind:8}{pair.similarity:6.0%}  {pair.a} ~ {pair.b}  ({shares})")
    count = f"{len(report.pairs)} pairs in {len(report.clusters)} clusters"
    click.echo(f"{report.essays} essays: {count}")
