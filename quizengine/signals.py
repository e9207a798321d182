"""Signals that hosts may listen to; each goes out after the change it tells of is committed.

Every signal is sent with the sender ``"quizengine"`` and the keyword arguments named beside it::

    from quizengine import signals

    @signals.attempt_submitted.connect
    def thank(sender, *, person, slug, **more): ...
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from blinker import NamedSignal, Namespace

_quiz = Namespace()

contest_opened = _quiz.signal("contest-opened", "slug")
contest_closed = _quiz.signal("contest-closed", "slug")
results_published = _quiz.signal("results-published", "slug")
participant_registered = _quiz.signal("participant-registered", "slug, person")
attempt_started = _quiz.signal("attempt-started", "attempt, person")
attempt_submitted = _quiz.signal("attempt-submitted", "attempt, person")
essay_submitted = _quiz.signal("essay-submitted", "slug, person")

Announcement = tuple[NamedSignal, dict[str, Any]]
_WAITING = "quiz_signals"


def announce(info: MutableMapping[Any, Any], signal: NamedSignal, **details: Any) -> None:
    """Keep a signal with the session or connection (its ``info``) until the commit."""
    info.setdefault(_WAITING, []).append((signal, details))


def take(info: MutableMapping[Any, Any]) -> list[Announcement]:
    """Return the signals that wait for the commit, and let them wait no longer."""
    waiting: list[Announcement] = info.pop(_WAITING, [])
    return waiting


def send(announcements: Iterable[Announcement]) -> None:
    """Send signals whose change is committed."""
    for signal, details in announcements:
        signal.send("quizengine", **details)
