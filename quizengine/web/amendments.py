"""Changing an open contest: extending, pausing and resuming a round, extra time, opening again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, request, url_for

from quizengine.core.contest import Contest
from quizengine.errors import Conflict, InvalidInput, QuizError
from quizengine.services import amendments, contests, participants
from quizengine.services.amendments import RoundNow
from quizengine.services.contests import ContestPage
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.forms import AmendmentForm, AttemptForm
from quizengine.web.host import arrival, require_organiser, session
from quizengine.web.live import sees_figures

CHANGES: dict[str, Callable[[RoundNow], bool]] = {
    "gia-han": lambda one: True,
    "tam-dung": lambda one: one.paused_at is None,
    "tiep-tuc": lambda one: one.paused_at is not None,
}
"""Which rounds a change is offered for, by the last part of its address."""
ESSAY_CHOICE = "bai-viet"
"""Stands for the essay in the form; a round's code has no other meaning there."""


@quiz.route(
    "/to-chuc/<slug>/<any('gia-han', 'tam-dung', 'tiep-tuc'):name>", methods=["GET", "POST"]
)
def amend(slug: str, name: str) -> Page:
    """State the effect of a change of a round, and make it."""
    person = require_organiser(slug)
    shown = contests.contest_page(session(), slug)
    form = AmendmentForm(request.form)
    if request.method == "GET":
        return _amend_page(shown, name, form)
    chosen = form.round.data or ""
    try:
        values: dict[str, Any] = {
            "reason": form.reason.data or "",
            "actor": person.id,
            "now": arrival(),
        }
        if name == "gia-han":
            values["closes_at"] = _instant(form.closes_at.data or "", shown.contest)
        with transaction(session()) as writing:
            if name == "gia-han" and chosen == ESSAY_CHOICE:
                amendments.extend_essay(writing, slug, **values)
            elif name == "gia-han":
                amendments.extend_round(writing, slug, chosen, **values)
            elif name == "tam-dung":
                amendments.pause_round(writing, slug, chosen, **values)
            else:
                amendments.resume_round(writing, slug, chosen, **values)
    except (InvalidInput, Conflict) as error:
        return _amend_page(contests.contest_page(session(), slug), name, form, error)
    return redirect(url_for("quiz.status", slug=slug, xong=name), 303)


def _amend_page(
    shown: ContestPage, name: str, form: AmendmentForm, error: QuizError | None = None
) -> Page:
    found = amendments.rounds_now(session(), shown.slug, now=arrival())
    takes_essay = name == "gia-han" and shown.contest.essay and shown.state in ("open", "closed")
    rounds = [one for one in found if shown.state == "open" and CHANGES[name](one)]
    return page(
        "amend",
        error.status if error else 200,
        contest=shown.contest,
        shown=shown,
        name=name,
        rounds=rounds,
        essay=shown.contest.essay if takes_essay else None,
        essay_choice=ESSAY_CHOICE,
        sees_figures=bool(rounds) and sees_figures(shown),
        form=form,
        error=error,
    )


def _instant(typed: str, contest: Contest) -> datetime:
    """Return the instant of a local time in the contest's zone."""
    try:
        local = datetime.fromisoformat(typed.strip())
    except ValueError as error:
        raise InvalidInput("amendment.no_instant") from error
    return local if local.tzinfo else local.replace(tzinfo=ZoneInfo(contest.time_zone))


@quiz.route(
    "/to-chuc/<slug>/luot/<public_id>/<any('them-gio', 'mo-lai'):name>", methods=["GET", "POST"]
)
def amend_attempt(slug: str, public_id: str, name: str) -> Page:
    """State the effect of extra time or of opening an attempt again, and do it."""
    person = require_organiser(slug)
    form = AttemptForm(request.form)
    error: QuizError | None = None
    if request.method == "POST":
        values: dict[str, Any] = {
            "minutes": _minutes(form.minutes.data or "", is_needed=name == "them-gio"),
            "reason": form.reason.data or "",
            "actor": person.id,
            "now": arrival(),
        }
        try:
            with transaction(session()) as writing:
                if name == "them-gio":
                    given_ms = _milliseconds(form.given.data or "")
                    amendments.give_extra_time(
                        writing, slug, public_id, given_ms=given_ms, **values
                    )
                else:
                    amendments.reopen_attempt(writing, slug, public_id, **values)
            return redirect(
                url_for("quiz.attempt_timeline", slug=slug, public_id=public_id, xong=name), 303
            )
        except (InvalidInput, Conflict) as found:
            error = found
    found_now = amendments.attempt_now(session(), slug, public_id, now=arrival())
    return page(
        "amend_attempt",
        error.status if error else 200,
        contest=found_now.contest,
        shown=contests.contest_page(session(), slug),
        found=found_now,
        person=participants.person_page(session(), slug, found_now.participant, now=arrival()),
        name=name,
        form=form,
        error=error,
    )


def _minutes(typed: str, *, is_needed: bool) -> int:
    """Return the minutes in a field; what is no number is out of every range."""
    typed = typed.strip()
    if not typed and not is_needed:
        return 0
    return int(typed) if typed.isdecimal() and len(typed) < 5 else -1


def _milliseconds(sent: str) -> int:
    """Return the extra time that the page showed; what is no number is none that was given."""
    return int(sent) if sent.isdecimal() and len(sent) < 12 else -1
