"""The Flask extension: joins the engine to an application with users, database and look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, request, request_started

from quizengine.core.clock import utc_now
from quizengine.store.schema import VERSION_TABLE, copy_tables
from quizengine.store.tables import Base
from quizengine.web import (  # noqa: F401 - they attach the routes
    amendments,
    bank_desk,
    board,
    brand,
    builder,
    essays,
    languages,
    live,
    matches,
    organise,
    participants,
    people,
    play,
    record,
    results_desk,
    steps,
    timelines,
    unit_desk,
)
from quizengine.web.blueprint import quiz
from quizengine.web.host import (
    EXTENSION,
    Allow,
    CurrentParticipant,
    GiveLoginCode,
    SignUp,
    Wiring,
    arrival,
)
from quizengine.web.security import limit_body

if TYPE_CHECKING:
    from flask_sqlalchemy import SQLAlchemy

DEFAULTS: dict[str, Any] = {
    "QUIZ_LOGIN_URL": "",
    "QUIZ_LOGOUT_URL": "",
    "QUIZ_ACCOUNT_URL": "",
    "QUIZ_STAFF_URL": "",
    "QUIZ_DEFAULT_LANGUAGE": "vi",
    "QUIZ_CONTENT_SECURITY_POLICY": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    **brand.KEYS,
}
"""Every key of the extension and its value when the application sets none."""


def include_object(
    item: object, name: str | None, kind: str, reflected: bool, compared_to: object
) -> bool:
    """Return whether Alembic's autogenerate should look at something: at all but our tables.

    A host may pass it to Alembic or Flask-Migrate (``Migrate(app, db, include_object=…)``). It only
    needs to if it writes migrations before ``quizengine db upgrade`` has made the engine's tables.
    """
    return kind != "table" or name not in {*Base.metadata.tables, VERSION_TABLE}


def check_config(config: Mapping[str, Any]) -> None:
    """Raise ``ValueError``, a sentence that names the key, for a value that no page can use."""
    brand.check(config)
    languages.check(config)


class QuizEngine:
    """The engine as a Flask extension; one object may serve any number of applications."""

    include_object = staticmethod(include_object)

    def init_app(
        self,
        app: Flask,
        *,
        db: SQLAlchemy,
        participant: CurrentParticipant,
        allow: Allow,
        url_prefix: str = "/thi",
        clock: Callable[[], datetime] = utc_now,
        csrf_nonce: Callable[[], str | None] = lambda: None,
        sign_up: SignUp | None = None,
        login_code: GiveLoginCode | None = None,
    ) -> None:
        """Add the engine's pages and tables to an application.

        ``db`` is the application's own Flask-SQLAlchemy; the engine works in its session and copies
        its tables into its metadata, so that the application's migrations leave them alone.
        ``participant()`` returns who is taking part, or None. ``allow(action, scope)`` says whether
        that person may do something: the actions are those of ``web.rights``, ``scope`` is the slug
        of a contest, or None for what belongs to none.
        ``csrf_nonce()`` may return a secret of the present log-in; else one is kept in Flask's
        session. ``sign_up`` makes accounts in one step with the registration for a contest;
        without it people log in first. ``login_code(person)`` gives somebody who has lost their
        password a code; without it no page offers one. ``clock`` is for tests.
        """
        for key, value in DEFAULTS.items():
            app.config.setdefault(key, value)
        check_config(app.config)
        app.extensions[EXTENSION] = Wiring(
            db, participant, allow, clock, csrf_nonce, sign_up, login_code
        )
        copy_tables(db.metadata)
        app.register_blueprint(quiz, url_prefix=url_prefix)
        request_started.connect(_receive, app)


def _receive(app: Flask) -> None:
    """Note the arrival, limit the body and stand aside from a host's CSRF check.

    ``request_started`` goes out before any ``before_request`` of the host, whose user loader may be
    slow or read the form; and only now is it certain that its ``CSRFProtect`` has been set up.
    """
    arrival()
    if request.blueprint != quiz.name:
        return
    limit_body()
    protect = app.extensions.get("csrf")
    if protect is not None:
        protect.exempt(quiz)
