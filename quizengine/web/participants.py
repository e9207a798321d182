"""The organiser's way to people: finding them, one person's history, a log-in code."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, request, url_for

from quizengine.errors import NotFound
from quizengine.services import contests
from quizengine.services import participants as use_cases
from quizengine.services.participants import PersonPage
from quizengine.services.transaction import transaction
from quizengine.store.participants import Standing
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, require_organiser, session, wiring

STANDINGS: dict[str, Standing] = {
    "chua-thi": "none",
    "dang-thi": "open",
    "da-thi": "finished",
    "da-huy": "void",
}
"""Where a person's attempts stand, by the word in the address."""


@quiz.get("/to-chuc/<slug>/nguoi-thi")
def participants(slug: str) -> Page:
    """Show the people of a contest whom the address asks for."""
    require_organiser(slug)
    shown = contests.contest_page(session(), slug)
    asked = {name: request.args.get(name, "").strip() for name in ("tim", "luot", "don-vi")}
    found = use_cases.find_people(
        session(),
        slug,
        typed=asked["tim"],
        unit=asked["don-vi"],
        standing=STANDINGS.get(asked["luot"]),
        page=request.args.get("trang", 1, type=int),
        now=arrival(),
    )

    def address(**changes: Any) -> str:
        """Return the address of the same list with something changed."""
        kept = {name: value for name, value in {**asked, **changes}.items() if value}
        return url_for("quiz.participants", slug=slug, **kept)

    return page(
        "participants", contest=shown.contest, shown=shown, found=found, asked=asked, link=address
    )


@quiz.get("/to-chuc/<slug>/nguoi-thi/<int:number>")
def participant_page(slug: str, number: int) -> Page:
    """Show what one person has done; the look is on record."""
    organiser = require_organiser(slug)
    shown = contests.contest_page(session(), slug)
    with transaction(session()) as writing:
        person = use_cases.view_person(writing, slug, number, actor=organiser.id, now=arrival())
    return page(
        "participant",
        contest=shown.contest,
        shown=shown,
        person=person,
        gives_codes=_gives_code(person),
    )


@quiz.route("/to-chuc/<slug>/nguoi-thi/<int:number>/ma", methods=["GET", "POST"])
def login_code(slug: str, number: int) -> Page:
    """Give a person a log-in code: this page is the only place where it ever stands."""
    require_organiser(slug)
    if request.method == "GET":
        # The page of a code cannot be opened again, as after a log-in in between.
        return redirect(url_for("quiz.participant_page", slug=slug, number=number), 303)
    shown = contests.contest_page(session(), slug)
    person = use_cases.person_page(session(), slug, number, now=arrival())
    give = wiring().login_code
    if give is None or not _gives_code(person):
        raise NotFound("web.no_page")
    with transaction(session()):
        given = give(person.person)
    response = make_response(
        page("login_code", contest=shown.contest, shown=shown, person=person, given=given)
    )
    # No browser keeps it on disk or shows it to whoever goes back.
    response.headers["Cache-Control"] = "no-store"
    return response


def _gives_code(person: PersonPage) -> bool:
    return wiring().login_code is not None and not person.is_staff
