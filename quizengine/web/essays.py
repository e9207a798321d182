"""Writing the essay: drafts, checking it as the server has it, handing it in, the receipt."""

from __future__ import annotations

from flask import redirect, request, url_for

from quizengine.core.sheets import Outcome
from quizengine.errors import Conflict, InvalidInput, NotFound, QuizError
from quizengine.services import essays, people
from quizengine.services.contests import ContestPage
from quizengine.services.essays import EssayPage
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.board import visible_contest
from quizengine.web.forms import EssayForm, HandInForm, require_fields
from quizengine.web.host import arrival, require_participant, session, write_answer

REFUSED = {"before": "essay.not_open_yet", "after": "essay.closed"}


@quiz.route("/<slug>/bai-viet", methods=["GET", "POST"])
def write_essay(slug: str) -> Page:
    """Show the essay as the server has it, and keep what was written as the draft."""
    shown, person = _contest_with_essay(slug), require_participant()
    if people.participant_of(session(), slug, person.id) is None:
        return redirect(url_for("quiz.register", slug=slug), 303)
    found = essays.essay_page(session(), slug, person.id, now=arrival())
    form = EssayForm(request.form, text=found.draft)
    if request.method == "GET":
        return _essay_page(shown, found, form)
    require_fields("text", "sequence")
    return _keep_draft(shown, found, form)


def _contest_with_essay(slug: str) -> ContestPage:
    shown = visible_contest(slug)
    if shown.contest.essay is None:
        raise NotFound("essay.no_task", slug=slug)
    return shown


def _keep_draft(shown: ContestPage, found: EssayPage, form: EssayForm) -> Page:
    person, now = require_participant().id, arrival()
    text, sequence = form.text.data or "", form.sequence.data or found.sequence + 1
    outcome = write_answer(
        lambda connection: essays.save_draft(
            connection, shown.slug, person=person, text=text, sequence=sequence, now=now
        )
    )
    if outcome is Outcome.REFUSED:
        return _essay_page(shown, found, form, Conflict(REFUSED[found.phase]))
    if outcome is Outcome.SUPERSEDED:
        found = essays.essay_page(session(), shown.slug, person, now=now)
        return _essay_page(shown, found, form, Conflict("web.newer_draft"))
    if request.form.get("then") == "check":
        return redirect(url_for("quiz.hand_in_essay", slug=shown.slug), 303)
    return redirect(url_for("quiz.write_essay", slug=shown.slug, luu=1), 303)


def _essay_page(
    shown: ContestPage, found: EssayPage, form: EssayForm, error: QuizError | None = None
) -> Page:
    return page(
        "essay",
        error.status if error else 200,
        contest=shown.contest,
        essay=found,
        form=form,
        error=error,
        is_saved="luu" in request.args,
    )


@quiz.route("/<slug>/bai-viet/nop", methods=["GET", "POST"])
def hand_in_essay(slug: str) -> Page:
    """Show the essay once more and hand it in."""
    shown, person, now = _contest_with_essay(slug), require_participant(), arrival()
    found = essays.essay_page(session(), slug, person.id, now=now)
    form = HandInForm(request.form)
    if request.method == "GET":
        return _hand_in_page(shown, found, form)
    if form.sequence.data != found.sequence:
        return _hand_in_page(shown, found, form, Conflict("web.draft_changed"))
    text, sequence = found.draft, found.sequence
    try:
        write_answer(
            lambda connection: essays.submit_essay(
                connection, slug, person=person.id, text=text, sequence=sequence, now=now
            )
        )
    except (InvalidInput, Conflict) as error:
        return _hand_in_page(shown, found, form, error)
    return redirect(url_for("quiz.essay_receipt", slug=slug), 303)


def _hand_in_page(
    shown: ContestPage, found: EssayPage, form: HandInForm, error: QuizError | None = None
) -> Page:
    status = error.status if error else 200
    return page("hand_in", status, contest=shown.contest, essay=found, form=form, error=error)


@quiz.get("/<slug>/bai-viet/bien-nhan")
def essay_receipt(slug: str) -> Page:
    """Show what was handed in and the receipt for it."""
    shown, person = _contest_with_essay(slug), require_participant()
    found = essays.essay_page(session(), slug, person.id, now=arrival())
    if found.receipt is None:
        return redirect(url_for("quiz.write_essay", slug=slug), 303)
    registered = people.participant_of(session(), slug, person.id)
    return page("essay_receipt", contest=shown.contest, essay=found, registered=registered)
