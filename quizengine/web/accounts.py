"""Accounts of the reference deployment: making one, logging in, logging out.

Hosts have people of their own and leave this module alone.
"""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from quizengine.errors import Conflict, InvalidInput, NotAllowed, QuizError
from quizengine.services import accounts as use_cases
from quizengine.services.accounts import LiveSession, Login
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, dress, local_path, page
from quizengine.web.forms import AccountForm, LogInForm
from quizengine.web.host import Participant, arrival, session

COOKIE = "quiz_session"
COOKIE_SECONDS = use_cases.SESSION_DAYS * 24 * 3600

accounts = Blueprint("quiz_accounts", __name__)
dress(accounts)


def live_session() -> LiveSession | None:
    """Return the log-in behind the request, read once; None when there is none."""
    if "quiz_live_session" not in g:
        token = request.cookies.get(COOKIE)
        g.quiz_live_session = (
            use_cases.session_of(session(), token, now=arrival()) if token else None
        )
    found: LiveSession | None = g.quiz_live_session
    return found


def current_participant() -> Participant | None:
    """Return who is logged in, for the engine."""
    live = live_session()
    if live is None:
        return None
    login = live.account.login
    attributes = {"phone": login} if login.isdecimal() else {}
    return Participant(live.account.person, live.account.name, attributes=attributes)


def may(action: str, scope: str | None) -> bool:
    """Return whether the account may do something: organisers may organise every contest."""
    live = live_session()
    return action == "organise" and live is not None and live.account.role == "organiser"


def nonce() -> str | None:
    """Return the secret behind the CSRF tokens of this log-in."""
    live = live_session()
    return live.nonce if live else None


@accounts.route("/dang-nhap", methods=["GET", "POST"])
def log_in() -> Page:
    """Show the log-in and take it; the session's token is new each time."""
    form = LogInForm(request.form, next=request.args.get("next", ""))
    if request.method == "GET":
        return _log_in_page(form)
    try:
        login = _check_and_log_in(form.login.data or "", form.password.data or "")
    except NotAllowed as error:
        return _log_in_page(form, error)
    if login is None:
        return _log_in_page(form, NotAllowed("account.wrong"))
    return _welcome(login.token, form.next.data)


def _check_and_log_in(login: str, password: str) -> Login | None:
    """Return the new session of a right password; hashing holds up no answer that is saved."""
    credentials = use_cases.find_credentials(
        session(), login, address=request.remote_addr or "", now=arrival()
    )
    _release_connection()
    verdict = use_cases.check_password(credentials, password)
    with transaction(session()) as writing:
        return use_cases.log_in(
            writing, verdict, now=arrival(), previous_token=request.cookies.get(COOKIE)
        )


def _release_connection() -> None:
    """Give the database connection back: who waits to hash must not empty the pool."""
    session().rollback()


def _log_in_page(form: LogInForm, error: QuizError | None = None) -> Page:
    return page("log_in", error.status if error else 200, form=form, error=error)


@accounts.route("/tao-tai-khoan", methods=["GET", "POST"])
def create_account() -> Page:
    """Show the form of a new account, make the account and log it in."""
    form = AccountForm(request.form, next=request.args.get("next", ""))
    if request.method == "GET":
        return _account_page(form)
    try:
        _release_connection()
        prepared = use_cases.prepare_account(
            login=form.login.data or "",
            name=form.name.data or "",
            password=form.password.data or "",
            role="participant",
        )
        with transaction(session()) as writing:
            account = use_cases.add_account(writing, prepared, now=arrival())
            started = use_cases.begin_session(
                writing, account, now=arrival(), previous_token=request.cookies.get(COOKIE)
            )
    except (Conflict, InvalidInput) as error:
        return _account_page(form, error)
    return _welcome(started.token, form.next.data)


def _account_page(form: AccountForm, error: QuizError | None = None) -> Page:
    return page("create_account", error.status if error else 200, form=form, error=error)


@accounts.post("/dang-xuat")
def log_out() -> Page:
    """End the log-in here and in the database."""
    token = request.cookies.get(COOKIE)
    if token:
        with transaction(session()) as writing:
            use_cases.log_out(writing, token)
    response = redirect(url_for("quiz.home"), 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _welcome(token: str, next_address: str | None) -> AnyResponse:
    response = redirect(local_path(next_address), 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response
