"""The organiser's desk: where a contest stands, and the steps that move it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, redirect, request, url_for

from quizengine.errors import Conflict, InvalidInput, NotFound, QuizError
from quizengine.services import attempts, contests, essays, results
from quizengine.services.contests import ContestPage, Status
from quizengine.services.transaction import transaction
from quizengine.store.essays import StoredMatch
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.forms import VoidForm
from quizengine.web.host import arrival, may, require_organiser, session
from quizengine.web.pairs import marked


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


@quiz.get("/to-chuc/")
def desk() -> Page:
    """Show the contests that the person organises."""
    require_organiser()
    pages = [shown for shown in contests.list_pages(session()) if may("organise", shown.slug)]
    return page("desk", pages=pages)


@quiz.get("/to-chuc/<slug>/")
def status(slug: str) -> Page:
    """Show how a contest goes and what may be done with it now."""
    require_organiser(slug)
    found = contests.status(session(), slug, now=arrival())
    return page(
        "status", contest=found.page.contest, shown=found.page, status=found, steps=tuple(STEPS)
    )


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
    return page(
        "step",
        error.status if error else 200,
        contest=found.page.contest,
        shown=found.page,
        status=found,
        name=name,
        is_possible=STEPS[name].may_take(found),
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
                    (form.attempt.data or "").strip().rstrip("/").split("/")[-1],
                    reason=(form.reason.data or "").strip(),
                    actor=person.id,
                    now=arrival(),
                )
            return redirect(url_for("quiz.status", slug=slug, xong="huy-luot"), 303)
        except (InvalidInput, Conflict, NotFound) as found:
            error = found
    code = error.status if error else 200
    return page("void", code, contest=shown.contest, shown=shown, form=form, error=error)


@quiz.route("/to-chuc/<slug>/bai-trung", methods=["GET", "POST"])
def matches(slug: str) -> Page:
    """Show the pairs of essays that share text; comparing them anew is a step of its own."""
    person = require_organiser(slug)
    if request.method == "POST":
        scan = essays.scan_contest(session(), slug)
        for part in scan.parts:
            with transaction(session()) as writing:
                essays.store_matches(writing, scan, part)
        with transaction(session()) as writing:
            essays.record_scan(writing, scan, now=arrival(), actor=person.id)
        return redirect(url_for("quiz.matches", slug=slug, xong="so"), 303)
    shown = contests.contest_page(session(), slug)
    return page(
        "matches",
        contest=shown.contest,
        shown=shown,
        matches=_coded_matches(slug),
    )


@dataclass(frozen=True, slots=True)
class CodedMatch:
    """A match and the codes that stand for its essays, so that no author is seen."""

    code_a: str
    code_b: str
    evidence: StoredMatch


def _coded_matches(slug: str) -> tuple[CodedMatch, ...]:
    return tuple(
        CodedMatch(essays.essay_code(found.id_a), essays.essay_code(found.id_b), found)
        for found in essays.read_matches(session(), slug)
    )


@quiz.get("/to-chuc/<slug>/bai-trung/<code_a>/<code_b>")
def match(slug: str, code_a: str, code_b: str) -> Page:
    """Show two essays side by side, what they share marked in both."""
    require_organiser(slug)
    shown = contests.contest_page(session(), slug)
    found = _coded_matches(slug)
    for place, pair in enumerate(found, start=1):
        if (pair.code_a, pair.code_b) == (code_a, code_b):
            return _match_page(shown, pair, place, len(found))
    raise NotFound("web.no_page")


def _match_page(shown: ContestPage, pair: CodedMatch, place: int, of: int) -> Page:
    evidence = pair.evidence
    return page(
        "match",
        contest=shown.contest,
        shown=shown,
        pair=pair,
        place=place,
        of=of,
        text_a=marked(evidence.text_a, [a for a, _ in evidence.passages]),
        text_b=marked(evidence.text_b, [b for _, b in evidence.passages]),
    )


@quiz.get("/to-chuc/<slug>/ket-qua.json")
def results_file(slug: str) -> Page:
    """Give the results as a document that is the same, byte for byte, whenever it is made."""
    require_organiser(slug)
    document = results.results_document(session(), slug)
    return Response(results.results_json(document), mimetype="application/json")
