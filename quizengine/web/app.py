"""The reference deployment: a small Flask application with accounts around the extension.

It uses the extension as any host would.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, redirect, request, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from quizengine.core.clock import utc_now
from quizengine.store.connection import set_up
from quizengine.web import (
    account_desk,  # noqa: F401 - it attaches its routes
    accounts,
)
from quizengine.web.blueprint import show_http_error
from quizengine.web.encoding import squeeze
from quizengine.web.extension import DEFAULTS as EXTENSION_DEFAULTS
from quizengine.web.extension import QuizEngine
from quizengine.web.security import add_headers, limit_body
from quizengine.web.sign_up import SignUp

DEFAULTS: dict[str, Any] = {
    "QUIZ_DATABASE_URL": "",
    "QUIZ_SECRET_KEY": "",
    "QUIZ_TRUSTED_PROXIES": 0,
}
"""The keys of the reference deployment; with the extension's they may come from the environment."""

SECRET_FILE = "secret_key"
SECRET_BYTES = 32


class _SessionCookie(SecureCookieSessionInterface):
    """Flask's session cookie, Secure whenever the request itself came over https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether this response's cookie is for https only."""
        return request.is_secure

    def get_cookie_samesite(self, app: Flask) -> str:
        """Return the cookie's SameSite value."""
        return "Lax"


def create_app(
    config: Mapping[str, Any] | None = None, *, clock: Callable[[], datetime] = utc_now
) -> Flask:
    """Return the application; ``config`` goes before the environment, and that before the defaults.

    The database is ``QUIZ_DATABASE_URL``, by default a SQLite file in the folder ``instance`` under
    the working folder. Its tables are made by ``quizengine db upgrade``.
    """
    app = Flask("quizengine", instance_path=str(Path.cwd() / "instance"), static_folder=None)
    app.config.update(
        DEFAULTS,
        QUIZ_LOGIN_URL="/dang-nhap",
        QUIZ_LOGOUT_URL="/dang-xuat",
        QUIZ_ACCOUNT_URL="/tai-khoan",
        QUIZ_STAFF_URL="/to-chuc/tai-khoan",
    )
    app.config.update(environment_settings(os.environ))
    app.config.update(config or {})
    instance = Path(app.instance_path)
    app.config["SECRET_KEY"] = app.config["QUIZ_SECRET_KEY"] or secret_key(instance)
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["QUIZ_DATABASE_URL"] or default_database_url(
        instance
    )
    app.session_interface = _SessionCookie()
    _attach(app, clock)
    return app


def environment_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the keys, the extension's and the deployment's, that the environment sets."""
    known = {**EXTENSION_DEFAULTS, **DEFAULTS}
    return {
        name: int(environment[name]) if isinstance(default, int) else environment[name]
        for name, default in known.items()
        if environment.get(name)
    }


def secret_key(instance: Path) -> str:
    """Return the secret kept in the instance folder, made with mode 600 when there is none.

    Raises ``RuntimeError`` when others can read it: a key that others know protects nothing.
    """
    path = instance / SECRET_FILE
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_secret(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(SECRET_BYTES))
    return _read_secret(path)


def _read_secret(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise RuntimeError(f"others may read {path}: chmod 600 it, or set QUIZ_SECRET_KEY")
    key = path.read_text().strip()
    if len(key) < SECRET_BYTES:
        raise RuntimeError(f"{path} holds no whole key: delete it to have one made")
    return key


def default_database_url(instance: Path) -> str:
    """Return the URL of the SQLite file in the instance folder."""
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"sqlite:///{instance / 'quizengine.sqlite3'}"


def _attach(app: Flask, clock: Callable[[], datetime]) -> None:
    db = SQLAlchemy(app)
    with app.app_context():
        set_up(db.engine)
    QuizEngine().init_app(
        app,
        db=db,
        participant=accounts.current_participant,
        allow=accounts.may,
        csrf_nonce=accounts.nonce,
        login_code=accounts.give_login_code,
        sign_up=SignUp(),
        clock=clock,
    )
    app.register_blueprint(accounts.accounts)
    app.before_request(limit_body)
    app.add_url_rule("/", "front", lambda: redirect(url_for("quiz.home")))
    app.add_url_rule("/healthz", "health", lambda: _health(db))
    # Addresses of no blueprint and errors that nobody foresaw get the same look.
    app.register_error_handler(HTTPException, _show_http_error)
    app.after_request(_secure)
    app.after_request(squeeze)
    proxies = app.config["QUIZ_TRUSTED_PROXIES"]
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )


def _health(db: SQLAlchemy) -> tuple[dict[str, str], int]:
    """Answer whether the database can be read; 503 when it cannot."""
    try:
        db.session.execute(text("SELECT 1 FROM quiz_contest LIMIT 1"))
    except SQLAlchemyError:
        return {"status": "database unavailable"}, 503
    return {"status": "ok"}, 200


def _show_http_error(error: HTTPException) -> AnyResponse:
    return add_headers(show_http_error(error))


def _secure(response: Response) -> Response:
    """Return any response of the deployment with what all of them need."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if isinstance(request.routing_exception, RequestRedirect):
        _make_relative(response)
    return response


def _make_relative(response: Response) -> None:
    """Keep the host out of a redirect of the router: it is whatever the request said it is."""
    target = urlsplit(response.headers["Location"])
    response.headers["Location"] = urlunsplit(
        ("", "", "/" + target.path.lstrip("/"), target.query, "")
    )
    response.set_data("")
