"""Writing the essay: drafts, files, checking what the server has, handing it in, the receipt."""

from __future__ import annotations

import io

from flask import Response, jsonify, redirect, request, send_file, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from quizengine.core.rules import OWN_WORK
from quizengine.core.sheets import Outcome
from quizengine.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    QuizError,
    TooLarge,
    Unavailable,
)
from quizengine.services import essay_files, essays, people
from quizengine.services.contests import ContestPage
from quizengine.services.essays import EssayPage
from quizengine.store.essay_files import StoredFile
from quizengine.web import languages
from quizengine.web.blueprint import Page, is_json, page, quiz, show_error, show_http_error
from quizengine.web.board import visible_contest
from quizengine.web.forms import EssayForm, HandInForm, require_fields
from quizengine.web.host import arrival, require_participant, session, write_answer
from quizengine.web.security import BODY_BYTES

REFUSED = {"before": "essay.not_open_yet", "after": "essay.closed"}
TOO_LARGE = {
    "quiz.write_essay": "essay.body_too_large",
    "quiz.upload_essay": "essay.upload_too_large",
    "quiz.upload_bank": "upload.body_too_large",
    "quiz.upload_units": "upload.body_too_large",
}


@quiz.route("/<slug>/bai-viet", methods=["GET", "POST"])
def write_essay(slug: str) -> Page:
    """Show the essay as the server has it, and keep what was written as the draft."""
    shown = _contest_with_essay(slug)
    if not _is_registered(slug):
        return redirect(url_for("quiz.register", slug=slug), 303)
    if request.method == "GET":
        return _essay_page(shown, EssayForm(text=_essay(slug).draft))
    require_fields("text", "sequence")
    form = EssayForm(request.form)
    error = _keep_draft(slug, form)
    if is_json():
        return show_error(error) if error else _saved(shown)
    if error:
        return _essay_page(shown, form, error)
    if request.form.get("then") == "check":
        return redirect(url_for("quiz.hand_in_essay", slug=slug), 303)
    return redirect(url_for("quiz.write_essay", slug=slug, luu=1), 303)


@quiz.route("/<slug>/bai-viet/tep", methods=["GET", "POST"])
def upload_essay(slug: str) -> Page:
    """Keep what was written, then make the text of a file the draft."""
    shown = _contest_with_essay(slug)
    if request.method == "GET" or not _is_registered(slug):
        return redirect(url_for("quiz.write_essay", slug=slug), 303)
    require_fields("text", "sequence")
    form = EssayForm(request.form)
    if error := _keep_draft(slug, form):
        return _essay_page(shown, form, error)
    if error := _take_file(slug, form):
        return _essay_page(shown, form, error, is_about_file=True)
    return redirect(url_for("quiz.write_essay", slug=slug, tep=1), 303)


@quiz.get("/<slug>/bai-viet/tep/<sha256>")
def essay_file(slug: str, sha256: str) -> Page:
    """Give a person the file back that they handed over."""
    _contest_with_essay(slug)
    name, content = essay_files.file_content(session(), slug, require_participant().id, sha256)
    return send_file(
        io.BytesIO(content),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name,
    )


def _contest_with_essay(slug: str) -> ContestPage:
    shown = visible_contest(slug)
    if shown.contest.essay is None:
        raise NotFound("essay.no_task", slug=slug)
    require_participant()
    return shown


def _is_registered(slug: str) -> bool:
    return people.participant_of(session(), slug, require_participant().id) is not None


def _essay(slug: str) -> EssayPage:
    return essays.essay_page(session(), slug, require_participant().id, now=arrival())


def _keep_draft(slug: str, form: EssayForm) -> QuizError | None:
    """Keep what was written as the draft, or return why it is not kept."""
    person, now = require_participant().id, arrival()
    text, sequence = form.text.data or "", form.sequence.data or 0
    try:
        outcome = write_answer(
            lambda connection: essays.save_draft(
                connection, slug, person=person, text=text, sequence=sequence, now=now
            )
        )
    except InvalidInput as error:
        return error
    return _refusal(slug, outcome)


def _take_file(slug: str, form: EssayForm) -> QuizError | None:
    """Make the text of the file that was sent the draft, or return why it is not."""
    person, now = require_participant().id, arrival()
    sent = request.files.get("file")
    content, name = (sent.read(), sent.filename or "") if sent else (b"", "")
    found = _essay(slug)
    if name and found.words and not form.replace.data:
        return Conflict("essay.box_not_empty", words=found.words)
    # Whatever another device saved after this page's text stands: it has this number or a higher.
    sequence = (form.sequence.data or 0) + 1
    try:
        file = essay_files.read_file(content, name)
        outcome = write_answer(
            lambda connection: essay_files.keep_file(
                connection, slug, person=person, file=file, sequence=sequence, now=now
            )
        )
    except (InvalidInput, Conflict, Unavailable) as error:
        return error
    return _refusal(slug, outcome)


def _refusal(slug: str, outcome: Outcome) -> Conflict | None:
    if outcome is Outcome.REFUSED:
        return Conflict(REFUSED[_essay(slug).phase])
    return Conflict("web.newer_draft") if outcome is Outcome.SUPERSEDED else None


def _saved(shown: ContestPage) -> Response:
    time = languages.clock(arrival(), shown.contest.time_zone)
    return jsonify(message=languages.say("Draft saved {time}", time=time))


def _essay_page(
    shown: ContestPage,
    form: EssayForm,
    error: QuizError | None = None,
    *,
    is_about_file: bool = False,
) -> Page:
    found, files = _essay(shown.slug), _files(shown.slug)
    return page(
        "essay",
        error.status if error else 200,
        contest=shown.contest,
        essay=found,
        files=files,
        form=form,
        error=error,
        is_about_file=is_about_file,
        # What differs from the draft is not sent by itself: the person decides.
        is_held=essays.clean_text(form.text.data or "") != found.draft,
        is_saved="luu" in request.args,
        is_from_file="tep" in request.args and bool(files),
        most_bytes=essay_files.MAX_BYTES,
        most_files=essay_files.MAX_FILES,
        own_work=OWN_WORK,
    )


def _files(slug: str) -> tuple[StoredFile, ...]:
    return essay_files.list_files(session(), slug, require_participant().id)


@quiz.errorhandler(RequestEntityTooLarge)
def refuse_large(error: RequestEntityTooLarge) -> AnyResponse:
    """Say how much was sent and how much is taken, where an essay was too much."""
    code, length = TOO_LARGE.get(request.endpoint or ""), request.content_length
    if code is None or length is None:
        return show_http_error(error)
    limit = BODY_BYTES[request.endpoint or ""]
    return show_error(TooLarge(code, kilobytes=-(-length // 1024), limit=limit // 1024))


@quiz.route("/<slug>/bai-viet/nop", methods=["GET", "POST"])
def hand_in_essay(slug: str) -> Page:
    """Show the essay once more and hand it in."""
    shown, person, now = _contest_with_essay(slug), require_participant(), arrival()
    found = _essay(slug)
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
    found = _essay(slug)
    if found.receipt is None:
        return redirect(url_for("quiz.write_essay", slug=slug), 303)
    submitted_at = found.receipt.submitted_at
    files = [file for file in _files(slug) if file.uploaded_at <= submitted_at]
    return page(
        "essay_receipt",
        contest=shown.contest,
        essay=found,
        registered=people.participant_of(session(), slug, person.id),
        file=files[0] if files else None,
    )
