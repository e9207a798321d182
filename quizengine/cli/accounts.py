"""Commands about the accounts of the reference deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from quizengine.cli.database import actor, opened_session
from quizengine.cli.output import tell
from quizengine.core.clock import utc_now

if TYPE_CHECKING:
    from quizengine.services.accounts import Role


@click.group()
def account() -> None:
    """Make accounts for people who run contests, and let in who lost a password."""


@account.command()
@click.option("--login", required=True, help="A phone number or a name to log in with.")
@click.option("--name", required=True, help="The person's name.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["owner", "organiser", "jury", "reporter", "auditor"]),
    help="What the account may do.",
)
@click.password_option(help="Asked for when it is not given.")
def add(login: str, name: str, role: Role, password: str) -> None:
    """Make an account for somebody who runs contests; the first one is an owner's."""
    from quizengine.services.accounts import add_account, prepare_account
    from quizengine.services.transaction import transaction

    prepared = prepare_account(login=login, name=name, password=password, role=role)
    with opened_session() as session, transaction(session):
        made = add_account(session, prepared, now=utc_now(), actor=actor())
    tell(f"{made.login}: {made.role}")


@account.command()
@click.argument("login")
def code(login: str) -> None:
    """Print a code that logs somebody in once, within half an hour."""
    from quizengine.services.login_codes import MINUTES, give_code_to_login
    from quizengine.services.transaction import transaction

    with opened_session() as session, transaction(session):
        given = give_code_to_login(session, login, made_by=actor(), now=utc_now())
    click.echo(given.code)
    tell(f"{given.account.login}: once, within {MINUTES} minutes")
