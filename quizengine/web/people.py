"""Registering for a contest."""

from __future__ import annotations

from collections.abc import Iterable

from flask import jsonify, redirect, request, url_for

from quizengine.core.contest import Contest
from quizengine.core.units import Unit, UnitTree, matched_spans
from quizengine.errors import Conflict, InvalidInput, Place, Problem
from quizengine.services import people
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.board import visible_contest
from quizengine.web.forms import FIELDS, RegistrationForm, shape
from quizengine.web.host import Participant, arrival, may, require_participant, session, wiring

UNITS_SHOWN = 12
UNITS_LISTED = 8
"""How many units are shown while somebody types."""
MAX_QUERY = 120


@quiz.get("/don-vi")
def find_units() -> Page:
    """Return the units that a typed text may mean, with where their names have its words."""
    query = request.args.get("q", "")[:MAX_QUERY]
    units = wiring().units.tree(session())
    return jsonify(
        units=[
            {
                "code": match.unit.code,
                "name": match.unit.name,
                "above": _above(match.unit, units),
                "marks": matched_spans(match.unit.name, query),
            }
            for match in units.search(query, limit=UNITS_LISTED)
        ]
    )


def _above(unit: Unit, units: UnitTree) -> str:
    """Return the name of the unit above one; empty at the top."""
    return units.by_code[unit.parent].name if unit.parent else ""


@quiz.route("/<slug>/dang-ky", methods=["GET", "POST"])
def register(slug: str) -> Page:
    """Show and take the registration of a contest."""
    shown = visible_contest(slug)
    contest = shown.contest
    person = require_participant()
    if people.participant_of(session(), slug, person.id) is not None:
        return redirect(url_for("quiz.contest", slug=slug), 303)
    form = shape(RegistrationForm(request.form, data=known_values(person)), contest)
    if request.method == "GET":
        return _form_page(contest, form)
    units = wiring().units.tree(session())
    found = _candidates(form, units)
    try:
        with transaction(session()) as writing:
            people.register(
                writing,
                slug,
                person=person.id,
                fields=_fields(form, found),
                consents=frozenset(form.consents.data or ()),
                is_staff=may("organise", slug),
                now=arrival(),
            )
    except (InvalidInput, Conflict) as error:
        problems = getattr(error, "problems", ()) or (
            Problem("error", error.code, Place("field"), error.params),
        )
        return _form_page(contest, form, _in_page_order(problems, found), _shown(found, units))
    return redirect(url_for("quiz.contest", slug=slug, done="registered"), 303)


def known_values(person: Participant) -> dict[str, str]:
    """Return what the host already knows, to be confirmed by the person."""
    return {"full_name": person.name, "unit": person.unit or "", **person.attributes}


def _candidates(form: RegistrationForm, units: UnitTree) -> tuple[Unit, ...]:
    """Return the units that may be meant: the chosen one, or all that match the text."""
    if "unit" not in form:
        return ()
    chosen = form.unit_code.data
    if chosen and chosen in units.by_code:
        return (units.by_code[chosen],)
    typed = (form.unit.data or "").strip()
    if typed in units.by_code:
        return (units.by_code[typed],)
    found = tuple(match.unit for match in units.search(typed, limit=UNITS_SHOWN)) if typed else ()
    same = [unit for unit in found if unit.name.casefold() == typed.casefold()]
    return tuple(same) if len(same) == 1 else found


def _fields(form: RegistrationForm, found: tuple[Unit, ...]) -> dict[str, str]:
    """Return what was typed by field; the unit as its code, once it is one and no other."""
    fields = {name: (form[name].data or "").strip() for name in form.asked}
    if "unit" in fields:
        fields["unit"] = found[0].code if len(found) == 1 else ""
    return fields


def _in_page_order(problems: Iterable[Problem], found: tuple[Unit, ...]) -> tuple[Problem, ...]:
    """Return the problems as the page shows its fields, the unit's saying that a choice is left."""
    listed = [problem for problem in problems if problem.place.at != "unit" or len(found) < 2]
    if len(found) > 1:
        listed.append(
            Problem("error", "web.choose_unit", Place("field", "unit"), {"units": len(found)})
        )
    order = {name: place for place, name in enumerate(FIELDS)}
    return tuple(sorted(listed, key=lambda problem: order.get(problem.place.at, len(order))))


def _shown(found: tuple[Unit, ...], units: UnitTree) -> list[tuple[Unit, str]]:
    """Return the units to choose from, each with the name of the unit above."""
    return [(unit, _above(unit, units)) for unit in (found if len(found) > 1 else ())]


def _form_page(
    contest: Contest,
    form: RegistrationForm,
    problems: tuple[Problem, ...] = (),
    units: list[tuple[Unit, str]] | None = None,
) -> Page:
    by_field = {problem.place.at: problem for problem in problems}
    return page(
        "register",
        422 if problems else 200,
        contest=contest,
        form=form,
        problems=problems,
        by_field=by_field,
        units=units or [],
    )
