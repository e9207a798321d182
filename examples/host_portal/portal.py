"""A small union portal with users, a look and migrations of its own, and contests under /thi."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
from flask import Flask, abort, g, redirect, render_template, request, session, url_for
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.wrappers import Response as AnyResponse

from quizengine import Participant, QuizEngine


class Base(DeclarativeBase):
    """The portal's tables."""


db = SQLAlchemy(model_class=Base)
migrate = Migrate()
csrf = CSRFProtect()
quiz = QuizEngine()


class User(Base):
    """Somebody who can log in to the portal."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(unique=True)
    is_staff: Mapped[bool] = mapped_column(default=False)
    last_seen: Mapped[datetime | None]


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return the portal."""
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY="only for this example",
        SQLALCHEMY_DATABASE_URI="sqlite:///portal.sqlite3",
        QUIZ_LOGIN_URL="/log-in",
    )
    app.config.update(config or {})
    db.init_app(app)
    migrate.init_app(app, db, include_object=quiz.include_object)
    csrf.init_app(app)
    app.before_request(load_user)
    app.add_url_rule("/", "front", front)
    app.add_url_rule("/log-in", "log_in", log_in, methods=["GET", "POST"])
    app.cli.add_command(db_demo)
    add_contests(app)
    return app


def load_user() -> None:
    """Find who is logged in, and note that they were here."""
    number = session.get("user")
    g.user = db.session.get(User, number) if number else None
    if g.user:
        g.user.last_seen = datetime.now(UTC)
        db.session.flush()


def front() -> str:
    """Show the portal's front page."""
    return render_template("front.html")


def log_in() -> str | AnyResponse:
    """Log in by phone number alone: enough for an example and for nothing else."""
    if request.method == "GET":
        return render_template("log_in.html")
    user = db.session.scalar(db.select(User).filter_by(phone=request.form["phone"]))
    if user is None:
        abort(403)
    session.clear()
    session["user"] = user.id
    target = request.args.get("next", "")
    is_local = target.startswith("/") and target[1:2] not in ("/", "\\")
    return redirect(target if is_local else url_for("front"))


@click.command("db-demo")
def db_demo() -> None:
    """Make the tables and one person of staff; ``quizengine db upgrade`` adopts the engine's."""
    db.create_all()
    db.session.add(User(name="Lê Hoài An", phone="0900000001", is_staff=True))
    db.session.commit()


# Contests: all that the portal knows of the engine.


def add_contests(app: Flask) -> None:
    """Offer contests under /thi."""
    quiz.init_app(app, db=db, participant=participant, allow=allow)


def participant() -> Participant | None:
    """Return the person behind the request as the engine sees them."""
    if g.user is None:
        return None
    return Participant(f"user:{g.user.id}", g.user.name, attributes={"phone": g.user.phone})


def allow(action: str, scope: str | None) -> bool:
    """Let the portal's staff do everything in every contest; the portal has no finer roles."""
    return g.user is not None and bool(g.user.is_staff)
