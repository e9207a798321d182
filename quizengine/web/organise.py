"""The organiser's desk: where the contests stand, and their results."""

from __future__ import annotations

from flask import Response

from quizengine.errors import NotFound
from quizengine.services import contests, results
from quizengine.services.contests import ContestPage
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, may, session
from quizengine.web.rights import is_staff
from quizengine.web.steps import STEPS


@quiz.get("/to-chuc/")
def desk() -> Page:
    """Show the contests that the person organises."""
    pages = [shown for shown in contests.list_pages(session()) if may_see(shown)]
    return page("desk", pages=pages)


def may_see(shown: ContestPage) -> bool:
    """Return whether the person has a right in a contest; a draft is for its organisers alone."""
    if shown.state == "draft":
        return may("organise", shown.slug)
    return is_staff(shown.slug)


def require_visible(shown: ContestPage) -> None:
    """Raise ``NotFound`` for a draft that is not for the person to see."""
    if not may_see(shown):
        raise NotFound("contest.unknown", slug=shown.slug)


@quiz.get("/to-chuc/<slug>/")
def status(slug: str) -> Page:
    """Show how a contest goes and what may be done with it now."""
    found = contests.status(session(), slug, now=arrival())
    require_visible(found.page)
    return page(
        "status", contest=found.page.contest, shown=found.page, status=found, steps=tuple(STEPS)
    )


@quiz.get("/to-chuc/<slug>/ket-qua.json")
def results_file(slug: str) -> Page:
    """Give the results as a document that is the same, byte for byte, whenever it is made."""
    document = results.results_document(session(), slug)
    return Response(results.results_json(document), mimetype="application/json")
