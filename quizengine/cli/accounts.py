"""Commands about the accounts of the reference deployment."""

from __future__ import annotations

import click

from quizengine.cli.database import actor, opened_session
from quizengine.cli.output import tell
from quizengine.core.clock import utc_now


@click.group()
def account() -> None:
    """Make accounts for people who run contests, and let in who lost a password."""


@account.command()
@click.option("--login", required=True, help="A phone number or a name to log in with.")
@click.option("--name", required=True, help="The person's name.")
@click.password_option(help="Asked for when it is not given.")
def create(login: str, name: str, password: str) -> None:
    """Create an organiser's account."""
    from quizengine.services.accounts import create_account
    from quizengine.services.transaction import transaction

    with opened_session() as session, transaction(session):
        made = create_account(
            session, login=login, name=name, password=password, role="organiser", now=utc_now()
        )
    tell(f"{made.login}: organiser")


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
