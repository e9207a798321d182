"""The steps that move a contest on: opening, closing, publishing; and voiding an attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import redirect, request, url_for

from quizengine.errors import Conflict, InvalidInput, NotFound, QuizError
from quizengine.services import attempts, contests, participants, results
from quizengine.services.contests import Status
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.forms import VoidForm
from quizengine.web.host import arrival, require_organiser, session
from quizengine.web.live import sees_figures


@dataclass(frozen=True, slots=True)
class Step:
    """A step in the life of a contest: what does it, and when the desk offers it."""

    take: Callable[..., None]
    may_take: Callable[[Status], bool]


STEPS = {
    "mo": Step(contests.open_contest, lambda status: status.may_open),
    "dong": Step(contests.close_contest, lambda status: status.may_close),
    "cong-bo": Step(results.publish_contest, lambda status: status.may_publish),
}
"""The steps by the last part of their address."""


@quiz.route("/to-chuc/<slug>/<any('mo', 'dong', 'cong-bo'):name>", methods=["GET", "POST"])
def take_step(slug: str, name: str) -> Page:
    """State the effect of a step, and take it."""
    person = require_organiser(slug)
    found = contests.status(session(), slug, now=arrival())
    step = STEPS[name]
    if request.method == "GET":
        return _step_page(found, name)
    try:
        with transaction(session()) as writing:
            step.take(writing, slug, now=arrival(), actor=person.id)
    except (InvalidInput, Conflict) as error:
        return _step_page(contests.status(session(), slug, now=arrival()), name, error)
    return redirect(url_for("quiz.status", slug=slug, xong=name), 303)


def _step_page(found: Status, name: str, error: QuizError | None = None) -> Page:
    is_possible = STEPS[name].may_take(found)
    return page(
        "step",
        error.status if error else 200,
        contest=found.page.contest,
        shown=found.page,
        status=found,
        name=name,
        is_possible=is_possible,
        sees_figures=is_possible and name == "dong" and sees_figures(found.page),
        error=error,
    )


@quiz.route("/to-chuc/<slug>/huy-luot", methods=["GET", "POST"])
def void_attempt(slug: str) -> Page:
    """Take an attempt out of the count, with a reason that stays on record."""
    person = require_organiser(slug)
    shown = contests.contest_page(session(), slug)
    form = VoidForm(request.form, attempt=request.args.get("luot", ""))
    error: QuizError | None = None
    if request.method == "POST":
        try:
            with transaction(session()) as writing:
                attempts.void_attempt(
                    writing,
                    slug,
                    participants.attempt_called(writing, slug, form.attempt.data or ""),
                    reason=(form.reason.data or "").replace("\0", "").strip(),
                    actor=person.id,
                    now=arrival(),
                )
            return redirect(url_for("quiz.status", slug=slug, xong="huy-luot"), 303)
        except (InvalidInput, Conflict, NotFound) as found:
            error = found
    code = error.status if error else 200
    return page("void", code, contest=shown.contest, shown=shown, form=form, error=error)
