"""What the engine knows of the application around it: its database, its people, its rights.

Everything that belongs to one application is in its ``Wiring``, kept in ``app.extensions``; nothing
is stored on the extension object or in this module.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeVar

from flask import current_app, g
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from quizengine.errors import NotAllowed, Problem
from quizengine.services.activity import LiveFigures
from quizengine.services.papers import Papers
from quizengine.services.units import Units
from quizengine.store.writer import Writer

if TYPE_CHECKING:
    from flask_sqlalchemy import SQLAlchemy

EXTENSION = "quizengine"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Participant:
    """The person behind a request, as the host knows them.

    ``id`` is any lasting string of the host's; the engine stores it and never asks what it means.
    ``attributes`` may hold values for registration fields (``phone``, ``birth_year`` …), shown to
    the person to be confirmed.
    """

    id: str
    name: str
    unit: str | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Admission(Protocol):
    """Somebody new, checked: only the account and the log-in have to be written."""

    def enter(self, session: Session) -> Participant:
        """Write account and log-in in a transaction that may still fail; return who it is."""

    def welcome(self, response: Response) -> Response:
        """Return the response with the cookie of the log-in."""


class SignUp(Protocol):
    """How an application makes an account in one step with the registration for a contest."""

    def problems(self, *, login: str, password: str) -> Iterable[Problem]:
        """Return what is wrong with either, at the fields ``login`` and ``password``."""

    def prepare(self, *, login: str, name: str, password: str) -> Admission:
        """Return the newcomer; called outside any transaction, for hashing takes its time.

        Raises ``Conflict`` when the log-in is somebody's already.
        """


@dataclass(frozen=True, slots=True)
class LoginCode:
    """A code by which a person logs in once; ``address`` is where it is typed in."""

    code: str
    ends_at: datetime
    address: str


CurrentParticipant = Callable[[], Participant | None]
Allow = Callable[[str, str | None], bool]
GiveLoginCode = Callable[[str], LoginCode]


@dataclass(slots=True)
class Wiring:
    """How one application and the engine are joined."""

    db: SQLAlchemy
    participant: CurrentParticipant
    allow: Allow
    clock: Callable[[], datetime]
    #: Secret behind the CSRF tokens of this log-in; None leaves it to Flask's session.
    nonce: Callable[[], str | None]
    #: None where people have their accounts from elsewhere.
    sign_up: SignUp | None = None
    #: None where nobody logs in by codes.
    login_code: GiveLoginCode | None = None
    papers: Papers = field(default_factory=Papers)
    units: Units = field(default_factory=Units)
    figures: LiveFigures = field(default_factory=LiveFigures)
    _writer: Writer | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def writer(self) -> Writer:
        """Return the writer of the answer path, made when first asked for.

        Not in ``init_app``, because a host may give Flask-SQLAlchemy its application later.
        """
        with self._guard:
            if self._writer is None:
                self._writer = Writer(self.db.engine)
            return self._writer


def wiring() -> Wiring:
    """Return how the current application is joined to the engine."""
    found: Wiring = current_app.extensions[EXTENSION]
    return found


def arrival() -> datetime:
    """Return the instant at which the request reached the application; always the same one."""
    if "quiz_arrival" not in g:
        g.quiz_arrival = wiring().clock()
    instant: datetime = g.quiz_arrival
    return instant


def session() -> Session:
    """Return the host's session."""
    return wiring().db.session()


def participant() -> Participant | None:
    """Return who is taking part, asking the host once a request; None when nobody is logged in."""
    if "quiz_participant" not in g:
        g.quiz_participant = wiring().participant()
    found: Participant | None = g.quiz_participant
    return found


class NotLoggedIn(NotAllowed):
    """The page is for somebody in particular and nobody is logged in."""

    status = 401


def require_participant() -> Participant:
    """Return who is taking part; ``NotLoggedIn`` when nobody is."""
    person = participant()
    if person is None:
        raise NotLoggedIn("web.not_logged_in")
    return person


def may(action: str, scope: str | None = None) -> bool:
    """Return whether the host lets the present person do something, as ``organise`` a contest.

    The actions are those of ``web.rights``; asked once a request each.
    """
    if participant() is None:
        return False
    answers: dict[tuple[str, str | None], bool] = g.setdefault("quiz_rights", {})
    if (action, scope) not in answers:
        answers[action, scope] = bool(wiring().allow(action, scope))
    return answers[action, scope]


def require_organiser(scope: str | None = None) -> Participant:
    """Return the organiser behind the request; ``NotLoggedIn`` or ``NotAllowed`` otherwise."""
    person = require_participant()
    if not may("organise", scope):
        raise NotAllowed("web.not_organiser")
    return person


def write_answer(work: Callable[[Connection], T]) -> T:
    """Return what the work returns, once it is committed by the answer path's writer."""
    return wiring().writer().run(session(), work)
