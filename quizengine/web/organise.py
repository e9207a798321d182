"""The organiser's desk: where the contests stand, and their results."""

from __future__ import annotations

from flask import Response

from quizengine.services import contests, results
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, may, require_organiser, session
from quizengine.web.steps import STEPS


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


@quiz.get("/to-chuc/<slug>/ket-qua.json")
def results_file(slug: str) -> Page:
    """Give the results as a document that is the same, byte for byte, whenever it is made."""
    require_organiser(slug)
    document = results.results_document(session(), slug)
    return Response(results.results_json(document), mimetype="application/json")
