"""The blueprint of the engine's pages and what all of them share: context, headers, errors.

Everything is attached at import, so that a second application in the same process gets the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from quizengine.core.contest import Contest
from quizengine.errors import Problem, QuizError, Unavailable
from quizengine.i18n import LANGUAGES
from quizengine.store.connection import BUSY
from quizengine.web import assets, brand, languages
from quizengine.web.host import NotLoggedIn, arrival, may, participant
from quizengine.web.in_app import inside_app
from quizengine.web.poster import bound, dots
from quizengine.web.rights import check_rights, is_staff, may_open, may_somewhere
from quizengine.web.security import (
    TOKEN_FIELD,
    ExpiredToken,
    add_headers,
    check_request,
    is_foreign,
    is_from_before,
    owner,
    token,
)

RETRY_SECONDS = 5
KNOWN_STATUSES = {
    404: "web.no_page",
    405: "web.wrong_method",
    413: "web.too_large",
}
ASK_AGAIN = frozenset({"quiz.register", "quiz_accounts.create_account"})
"""The forms with a password of which the rest is worth keeping."""
Page = str | Response | AnyResponse | tuple[str, int]

ENTRANCES: dict[str, Callable[..., str]] = {}
"""Where forms lead by which somebody gets in, by endpoint; an empty address when nowhere yet."""

quiz = Blueprint(
    "quiz",
    __name__,
    template_folder="templates",
)


def dress(blueprint: Blueprint) -> None:
    """Give a blueprint the look, the checks and the error pages of the engine."""
    blueprint.before_request(check_request)
    blueprint.before_request(check_rights)
    blueprint.after_request(add_headers)
    blueprint.register_error_handler(ExpiredToken, offer_again)
    blueprint.register_error_handler(NotLoggedIn, ask_to_log_in)
    blueprint.register_error_handler(QuizError, show_error)
    for kind in BUSY:
        blueprint.register_error_handler(kind, show_busy)
    blueprint.register_error_handler(HTTPException, show_http_error)


def page_context() -> dict[str, Any]:
    """Return what every template of the engine may use."""
    return {
        "_": languages.say,
        "ngettext": languages.say_many,
        "asset": assets.asset,
        "banner": assets.address(brand.banner()),
        "banner_alt": current_app.config["QUIZ_BANNER_ALT"],
        "logo": assets.address(brand.logo()),
        "bound": bound,
        "clock": languages.clock,
        "clock_seconds": languages.clock_seconds,
        "countdown": languages.countdown,
        "described": languages.described,
        "dots": dots,
        "duration": languages.duration,
        "instant": languages.instant,
        "number": languages.number,
        "rule_heading": languages.rule_heading,
        "rule_text": languages.rule_text,
        "text": languages.text,
        "inside_app": inside_app(request.user_agent.string) if request.method == "GET" else "",
        "language": languages.language(),
        "other_languages": other_languages(),
        "is_staff": is_staff,
        "may": may,
        "may_open": may_open,
        "may_somewhere": may_somewhere,
        "now": arrival(),
        "owner": owner(),
        "participant": participant(),
        "token": token,
        "token_field": TOKEN_FIELD,
        "login_url": login_url(),
        "logout_url": current_app.config["QUIZ_LOGOUT_URL"],
    }


def other_languages() -> list[tuple[str, str]]:
    """Return the other languages of the pages: code and the address that changes to it."""
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return [
        (code, url_for("quiz.change_language", code=code, next=here))
        for code in LANGUAGES
        if code != languages.language()
    ]


def login_url() -> str:
    """Return where to log in and come back; empty when the host did not say."""
    base: str = current_app.config["QUIZ_LOGIN_URL"]
    if not base:
        return ""
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return f"{base}?{urlencode({'next': here})}"


def local_path(address: str | None) -> str:
    """Return an address of this site, or the list of contests when it is none or not safe."""
    home = url_for("quiz.home")
    if not address or not address.startswith("/") or address[:2] in ("//", "/\\"):
        return home
    parts = urlsplit(address)
    return address if not parts.netloc and not parts.scheme and address.isprintable() else home


def is_json() -> bool:
    """Return whether a script asks, which is answered in JSON."""
    return request.is_json or request.accept_mimetypes.best == "application/json"


def show_error(error: QuizError) -> Response:
    """Return the page that says what happened and what to do."""
    message, suggestion = languages.described(error)
    return _error_page(error.status, message, suggestion, code=error.code)


def show_http_error(error: HTTPException) -> AnyResponse:
    """Return our page for an error of Flask's own; redirects pass."""
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    if error.code >= 500:
        forget_reader()
        return _broken_page(error.code)
    code = KNOWN_STATUSES.get(error.code, "web.bad_request")
    message, suggestion = languages.described(Problem("error", code))
    response = _error_page(error.code, message, suggestion, code=code)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _broken_page(status: int) -> AnyResponse:
    if not is_json():
        return make_response(render("broken"), status)
    message, suggestion = languages.described(Problem("error", "web.broken"))
    return _error_page(status, message, suggestion, code="web.broken")


def show_busy(error: Exception) -> Response:
    """Return the page of a database that cannot answer now."""
    current_app.logger.warning("the database did not answer", exc_info=error)
    forget_reader()
    return show_error(Unavailable("database.unavailable"))


def forget_reader() -> None:
    """Let an error page do without the person, when asking who it is may fail again."""
    g.setdefault("quiz_participant", None)


def ask_to_log_in(error: NotLoggedIn) -> AnyResponse:
    """Lead to the log-in and back, or say that the host's own is needed.

    What was typed before the log-in ended stays on a page that can send it again.
    """
    if request.method != "GET" and _may_be_sent_again():
        return _again_page(401)
    where = login_url()
    if where and not is_json():
        return redirect(where, 303)
    return show_error(error)


def offer_again(error: ExpiredToken) -> AnyResponse:
    """Return a page that holds what was typed and can send it again, now with a good token.

    A form by which somebody got in leads on: it was tapped twice, and the first one logged them in.
    """
    leads = ENTRANCES.get(request.endpoint or "")
    if leads and is_from_before() and (where := leads(**(request.view_args or {}))):
        return redirect(where, 303)
    return _again_page(403) if _may_be_sent_again() else show_error(error)


def _may_be_sent_again() -> bool:
    """Return whether the browser vouches that something was typed into a page of ours.

    Without that a foreign page could put its own words into the form that is offered. A password
    never stands in a page: new accounts are asked for it again, a log-in is nothing without it.
    """
    if "password" in request.form and request.endpoint not in ASK_AGAIN:
        return False
    vouched = "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
    return vouched and not is_foreign() and not is_json() and bool(_typed())


def _typed() -> list[tuple[str, str]]:
    kept = request.form.items(multi=True)
    return [(name, value) for name, value in kept if name not in (TOKEN_FIELD, "password")]


def _again_page(status: int) -> Response:
    return make_response(render("again", typed=_typed()), status)


def _error_page(status: int, message: str, suggestion: str, *, code: str) -> Response:
    if is_json():
        response = jsonify(code=code, message=message, suggestion=suggestion)
    else:
        body = render("error", status=status, message=message, suggestion=suggestion)
        response = make_response(body)
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def page(
    template: str, status: int = 200, /, *, contest: Contest | None = None, **context: Any
) -> Page:
    """Return a page of the engine; a contest gives it its name and organiser."""
    return render(template, contest=contest, **context), status


def render(template: str, /, **context: Any) -> str:
    """Return a template filled in, with or without a blueprint around: errors may have none."""
    return render_template(f"quiz/{template}.html", **page_context(), **context)


dress(quiz)
quiz.add_url_rule("/static/<filename>", "static", assets.send)
