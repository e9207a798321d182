"""Accounts of the reference deployment: logging in, a lost password, logging out.

Hosts have people of their own and leave this module alone.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, g, make_response, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from quizengine.core.contest import Contest
from quizengine.errors import (
    InvalidInput,
    NotAllowed,
    NotFound,
    QuizError,
    Unavailable,
)
from quizengine.services import accounts as use_cases
from quizengine.services import contests, login_codes, participants
from quizengine.services.accounts import LiveSession, Login, Verdict
from quizengine.services.transaction import transaction
from quizengine.store.people import Account
from quizengine.web.blueprint import ENTRANCES, RETRY_SECONDS, Page, dress, local_path, render
from quizengine.web.forms import AccountForm, CodeForm, LogInForm, PasswordForm
from quizengine.web.host import (
    LoginCode,
    Participant,
    arrival,
    require_participant,
    session,
)
from quizengine.web.rights import ROLES
from quizengine.web.security import form_nonce

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
    """Return whether the account may do something: its role says what, in every contest."""
    live = live_session()
    return live is not None and action in ROLES[live.account.role]


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
    except (NotAllowed, Unavailable) as error:
        return _log_in_page(form, error)
    if login is None:
        return _log_in_page(form, NotAllowed("account.wrong"))
    return _welcome(login.token, _destination(login.account, form.next.data))


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
    return form_page("log_in", form, error, contest=contest_behind(form.next.data))


@accounts.route("/dang-nhap/ma", methods=["GET", "POST"])
def log_in_by_code() -> Page:
    """Let somebody in by a code from the organisers; then a new password may be set."""
    form = CodeForm(request.form, next=request.args.get("next", ""))
    if request.method == "GET":
        return _code_page(form)
    try:
        with transaction(session()) as writing:
            login = login_codes.use_login_code(
                writing,
                form.login.data or "",
                form.code.data or "",
                address=request.remote_addr or "",
                now=arrival(),
                browser=form_nonce(),
                previous_token=request.cookies.get(COOKIE),
            )
    except NotAllowed as error:
        return _code_page(form, error)
    if login is None:
        return _code_page(form, NotAllowed("account.wrong_code"))
    then = _destination(login.account, form.next.data)
    return _welcome(login.token, url_for("quiz_accounts.own_account", next=then))


def _code_page(form: CodeForm, error: QuizError | None = None) -> Page:
    return form_page("log_in_code", form, error, contest=contest_behind(form.next.data))


def give_login_code(person: str) -> LoginCode:
    """Return a code for a person, given by the organiser behind the request, for the engine."""
    given = login_codes.give_login_code(
        session(), person, made_by=require_participant().id, now=arrival()
    )
    where = url_for("quiz_accounts.log_in_by_code", _external=True)
    return LoginCode(given.code, given.ends_at, where)


@accounts.route("/tai-khoan", methods=["GET", "POST"])
def own_account() -> Page:
    """Show who is logged in and let them change the password."""
    require_participant()
    form = PasswordForm(request.form, next=request.args.get("next", ""))
    if request.method == "GET":
        return _own_page(form)
    try:
        is_changed = _change_password(form)
    except (InvalidInput, NotAllowed, Unavailable) as error:
        return _own_page(form, error)
    if not is_changed:
        return _own_page(form, NotAllowed("account.wrong_password"))
    if form.next.data:
        return redirect(local_path(form.next.data), 303)
    return redirect(url_for("quiz_accounts.own_account", xong="mat-khau"), 303)


def _change_password(form: PasswordForm) -> bool:
    """Return whether the new password is kept, be it by the first of two taps."""
    live = live_session()
    assert live is not None
    _release_connection()
    password = use_cases.hash_password(form.password.data or "", live.account.login)
    if live.may_reset and _write_password(form, password, None):
        return True
    credentials = use_cases.find_credentials(
        session(), live.account.login, address=request.remote_addr or "", now=arrival()
    )
    _release_connection()
    # A form without the old password was sent after a code; the first tap has set the new one.
    old = form.password.data if form.old_password.data is None else form.old_password.data
    return _write_password(form, password, use_cases.check_password(credentials, old or ""))


def _write_password(form: PasswordForm, password: str, verdict: Verdict | None) -> bool:
    with transaction(session()) as writing:
        return use_cases.change_password(
            writing,
            request.cookies.get(COOKIE, ""),
            password,
            verdict=verdict,
            ends_others=form.ends_others.data,
            now=arrival(),
        )


def _own_page(form: PasswordForm, error: QuizError | None = None) -> Page:
    live = live_session()
    assert live is not None
    running = participants.running_attempt(session(), live.account.person, now=arrival())
    later = local_path(form.next.data)
    return form_page("account", form, error, live=live, running=running, later=later)


def _destination(account: Account, next_address: str | None) -> str:
    """Return where somebody goes who has logged in: to the attempt whose time runs, before all."""
    where = local_path(next_address)
    running = participants.running_attempt(session(), account.person, now=arrival())
    if running is None:
        return where
    attempt = url_for("quiz.exam", public_id=running)
    return where if where.split("?")[0].startswith(attempt) else attempt


def _after_log_in() -> str:
    """Return where a log-in leads whoever it has logged in; empty for anybody else."""
    live = live_session()
    typed = use_cases.clean_login(request.form.get("login", ""))
    if live is None or live.account.login != typed:
        return ""
    return _destination(live.account, request.form.get("next"))


def _after_code() -> str:
    then = _after_log_in()
    return then and url_for("quiz_accounts.own_account", next=then)


ENTRANCES["quiz_accounts.log_in"] = _after_log_in
ENTRANCES["quiz_accounts.create_account"] = _after_log_in
ENTRANCES["quiz_accounts.log_in_by_code"] = _after_code


def contest_behind(next_address: str | None) -> Contest | None:
    """Return the contest that somebody logs in for, or the only one that is open: whom to call."""
    path = local_path(next_address).split("?")[0]
    try:
        _, given = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
        found = contests.contest_page(session(), given["slug"])
    except (HTTPException, KeyError, NotFound):
        running = [one for one in contests.list_pages(session()) if one.state == "open"]
        return running[0].contest if len(running) == 1 else None
    return None if found.state == "draft" else found.contest


def form_page(
    template: str,
    form: LogInForm | CodeForm | PasswordForm | AccountForm,
    error: QuizError | None,
    *,
    contest: Contest | None = None,
    **context: Any,
) -> Page:
    """Return the page of a form; when too many log in at once it says when to send it again."""
    body = render(template, form=form, error=error, contest=contest, **context)
    response = make_response(body, error.status if error else 200)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


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
    return keep_token(redirect(local_path(next_address), 303), token)


def keep_token(response: AnyResponse, token: str) -> AnyResponse:
    """Return the response with the cookie of a log-in."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response
