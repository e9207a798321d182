"""Commands about contests."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from quizengine.cli.database import actor, opened_session
from quizengine.cli.output import (
    FILES,
    language,
    print_json,
    print_problems,
    problem_document,
    tell,
)
from quizengine.core.clock import utc_now
from quizengine.core.contest import Contest
from quizengine.errors import InvalidInput, has_errors
from quizengine.formats.contest_file import ReadContest, read_contest
from quizengine.i18n import format_instant
from quizengine.services.contests import Status


@click.group()
def contest() -> None:
    """Check, load, open, close and publish contests."""


@contest.command()
@click.argument("file", type=FILES)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(file: Path, as_json: bool) -> None:
    """Report every problem of a contest FILE with its line and what to do about it."""
    found = _read(file)
    if as_json:
        problems = [problem_document(problem) for problem in found.problems]
        print_json({"file": str(file), "problems": problems})
    else:
        print_problems(found.problems, file.name)
        click.echo(f"{file}: {len(found.problems)} problems")
    raise SystemExit(1 if has_errors(found.problems) else 0)


@contest.command()
@click.argument("file", type=FILES)
@click.option(
    "--opens",
    metavar="INSTANT",
    help="Move every window so that the first round opens then: now, or 2026-11-30T08:00+07:00.",
)
def load(file: Path, opens: str | None) -> None:
    """Load a contest FILE as a draft, in place of an earlier draft of the same slug."""
    from quizengine.services.contests import load_contest
    from quizengine.services.transaction import transaction

    found = _read(file)
    if found.contest is None or has_errors(found.problems):
        raise InvalidInput("contest.has_errors", found.problems)
    loaded = _moved(found.contest, opens) if opens else found.contest
    with opened_session() as session, transaction(session):
        load_contest(session, loaded, now=utc_now(), actor=actor())
    tell(f"{loaded.slug}: loaded as a draft")


@contest.command("open")
@click.argument("slug")
def open_(slug: str) -> None:
    """Open SLUG: freeze its file, bind its bank versions, draw and commit to its seeds."""
    from quizengine.services.contests import check_opening, open_contest
    from quizengine.services.transaction import transaction

    with opened_session() as session:
        problems = check_opening(session, slug)
        if not has_errors(problems):  # else the refusal lists them
            print_problems(problems)
        with transaction(session):
            open_contest(session, slug, now=utc_now(), actor=actor())
        _print_state(session, slug)


@contest.command()
@click.argument("slug")
def close(slug: str) -> None:
    """Close SLUG now: every round ends, open attempts count as they are."""
    from quizengine.services.contests import close_contest
    from quizengine.services.transaction import transaction

    with opened_session() as session:
        with transaction(session):
            close_contest(session, slug, now=utc_now(), actor=actor())
        _print_state(session, slug)


@contest.command()
@click.argument("slug")
def publish(slug: str) -> None:
    """Compute the results of a closed SLUG and show them to everybody."""
    from quizengine.services.results import publish_contest
    from quizengine.services.transaction import transaction

    with opened_session() as session:
        with transaction(session):
            publish_contest(session, slug, now=utc_now(), actor=actor())
        _print_state(session, slug)


@contest.command()
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(slug: str, as_json: bool) -> None:
    """Say where SLUG stands and what may be done with it now."""
    from quizengine.services.contests import status as status_of

    with opened_session() as session:
        if not as_json:
            _print_state(session, slug)
            return
        print_json(_document(status_of(session, slug, now=utc_now())))


def _read(file: Path) -> ReadContest:
    return read_contest(file.read_text(encoding="utf-8-sig", errors="replace"))


def _moved(loaded: Contest, opens: str) -> Contest:
    if opens == "now":
        instant = utc_now().replace(second=0, microsecond=0)
    else:
        try:
            instant = datetime.fromisoformat(opens)
        except ValueError as error:
            raise click.BadParameter(f"{opens} is neither “now” nor an ISO instant") from error
        if instant.tzinfo is None:
            raise click.BadParameter(f"{opens} has no offset: write {opens}+07:00, say")
    return loaded.shifted(instant - loaded.rounds[0].opens_at)


def _print_state(session: Session, slug: str) -> None:
    from quizengine.services.contests import status as status_of

    found = status_of(session, slug, now=utc_now())
    zone = found.page.contest.time_zone
    click.echo(f"{slug}: {found.page.state}")
    for page in found.page.rounds:
        opens = format_instant(page.opens_at, zone, language())
        closes = format_instant(page.closes_at, zone, language())
        click.echo(f"  round {page.code}: {opens} – {closes}")
        if page.seed_commitment:
            click.echo(f"    seed commitment {page.seed_commitment}")
    counts = ", ".join(f"{number} {state.value}" for state, number in found.attempts.items())
    click.echo(f"  {found.participants} participants, {found.essays} essays; attempts: {counts}")
    print_problems(found.problems)


def _document(found: Status) -> dict[str, Any]:
    return {
        "contest": found.page.slug,
        "state": found.page.state,
        "sha256": found.page.sha256,
        "rounds": [
            {
                "round": page.code,
                "opens_at": page.opens_at.isoformat(),
                "closes_at": page.closes_at.isoformat(),
                "seed_commitment": page.seed_commitment,
                "pseudonym_commitment": page.pseudonym_commitment,
                "seed": page.seed,
            }
            for page in found.page.rounds
        ],
        "participants": found.participants,
        "attempts": {state.value: number for state, number in found.attempts.items()},
        "essays": found.essays,
        "may_open": found.may_open,
        "may_close": found.may_close,
        "may_publish": found.may_publish,
        "problems": [problem_document(problem) for problem in found.problems],
    }
