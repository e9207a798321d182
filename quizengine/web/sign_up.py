"""New accounts of the reference deployment, made by themselves or with a registration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from quizengine.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    Problem,
    QuizError,
    Unavailable,
)
from quizengine.services import accounts
from quizengine.services.accounts import Login, NewAccount, Verdict
from quizengine.services.transaction import transaction
from quizengine.web import accounts as pages
from quizengine.web.accounts import COOKIE, contest_behind, form_page, keep_token
from quizengine.web.blueprint import Page, local_path
from quizengine.web.forms import AccountForm
from quizengine.web.host import Participant, arrival, session


@dataclass(slots=True)
class Newcomer:
    """An account that is hashed, or one whose password was right."""

    prepared: NewAccount | Verdict
    _login: Login | None = None

    def enter(self, writing: Session) -> Participant:
        """Write the account, when it is new, and its log-in; return who it is."""
        previous = request.cookies.get(COOKIE)
        if isinstance(self.prepared, Verdict):
            self._login = accounts.log_in(
                writing, self.prepared, now=arrival(), previous_token=previous
            )
        else:
            account = accounts.add_account(writing, self.prepared, now=arrival())
            self._login = accounts.begin_session(
                writing, account, now=arrival(), previous_token=previous
            )
        assert self._login is not None
        return Participant(self._login.account.person, self._login.account.name)

    def welcome(self, response: Response) -> Response:
        """Return the response with the cookie of the log-in."""
        assert self._login is not None
        return keep_token(response, self._login.token)


class SignUp:
    """The reference deployment's :class:`quizengine.web.host.SignUp`."""

    def problems(self, *, login: str, password: str) -> Iterator[Problem]:
        """Return what is wrong with either, at the fields ``login`` and ``password``."""
        return accounts.account_problems(login=login, password=password)

    def prepare(self, *, login: str, name: str, password: str) -> Newcomer:
        """Return the newcomer, hashed outside any transaction.

        Somebody who has an account already and gives its password is let in: that is also what a
        double click sends. ``Conflict`` for another password, which counts as a wrong try, and for
        accounts of organisers, who log in where they mean to.
        """
        credentials = accounts.find_credentials(
            session(), login, address=request.remote_addr or "", now=arrival()
        )
        # Who waits to hash must not empty the pool.
        session().rollback()
        account = credentials.account
        if account is None:
            return Newcomer(
                accounts.prepare_account(
                    login=login, name=name, password=password, role="participant"
                )
            )
        verdict = accounts.check_password(credentials, password)
        if verdict.is_right and account.role == "participant":
            return Newcomer(verdict)
        if not verdict.is_right:
            with transaction(session()) as writing:
                accounts.log_in(writing, verdict, now=arrival())
        raise Conflict("account.phone_taken")


@pages.accounts.route("/tao-tai-khoan", methods=["GET", "POST"])
def create_account() -> Page:
    """Show the form of a new account, make the account and log it in."""
    form = AccountForm(request.form, next=request.args.get("next", ""))
    if request.method == "GET":
        return _account_page(form)
    try:
        newcomer = _take_in(form)
    except (Conflict, InvalidInput, NotAllowed, Unavailable) as error:
        return _account_page(form, error)
    return newcomer.welcome(redirect(local_path(form.next.data), 303))


def _take_in(form: AccountForm) -> Newcomer:
    """Return somebody whose account and log-in are written."""
    login, password = form.login.data or "", form.password.data or ""
    for problem in accounts.account_problems(login=login, password=password):
        raise InvalidInput(problem.code, (), **problem.params)
    newcomer = _prepare(form)
    try:
        return _enter(newcomer)
    except Conflict:
        # A double tap: the first one made the account while this one was hashed.
        return _enter(_prepare(form))


def _enter(newcomer: Newcomer) -> Newcomer:
    with transaction(session()) as writing:
        newcomer.enter(writing)
    return newcomer


def _prepare(form: AccountForm) -> Newcomer:
    return SignUp().prepare(
        login=form.login.data or "", name=form.name.data or "", password=form.password.data or ""
    )


def _account_page(form: AccountForm, error: QuizError | None = None) -> Page:
    return form_page("create_account", form, error, contest=contest_behind(form.next.data))
