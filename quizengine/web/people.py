"""Registering for a contest, in one step with an account where the application makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response, jsonify, redirect, request, url_for

from quizengine.core.contest import Contest
from quizengine.core.rules import rules_of_shown
from quizengine.core.text import fold, proper_name
from quizengine.core.units import Unit, UnitTree, matched_spans
from quizengine.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    Param,
    Place,
    Problem,
    QuizError,
    Unavailable,
)
from quizengine.services import people
from quizengine.services.people import UNIT_TYPED, clean_field
from quizengine.services.transaction import transaction
from quizengine.web import rights
from quizengine.web.blueprint import ENTRANCES, RETRY_SECONDS, Page, quiz, render
from quizengine.web.board import visible_contest
from quizengine.web.forms import RegistrationForm, shape
from quizengine.web.host import (
    Admission,
    Participant,
    arrival,
    participant,
    require_participant,
    session,
    wiring,
)
from quizengine.web.languages import say_many

UNITS_SHOWN = 12
UNITS_LISTED = 8
"""How many units are shown while somebody types."""
MAX_QUERY = 120
_PAGE_ORDER = (
    *("full_name", "printed", "phone", "login", "password", "birth_year", "staff_code", "role"),
    *("unit", UNIT_TYPED, "parent"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was typed for a unit, and the units it may mean."""

    typed: str = ""
    found: tuple[Unit, ...] = ()

    @property
    def code(self) -> str:
        """The code of the one unit that is meant; empty while there is none or a choice."""
        return self.found[0].code if len(self.found) == 1 else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A registration as it was sent: its fields, and what was typed for units."""

    fields: dict[str, str]
    consents: frozenset[str]
    unit: Choice
    parent: Choice
    #: The name in proper case while nobody has said which to print; empty otherwise.
    proposal: str


@quiz.get("/don-vi")
def find_units() -> Page:
    """Return the units that a typed text may mean, with where their names have its words."""
    query = request.args.get("q", "")[:MAX_QUERY]
    units = wiring().units.tree(session())
    found = units.search(query, limit=UNITS_LISTED, day=arrival().date())
    return jsonify(
        said=say_many("{count} unit found", "{count} units found", len(found)),
        units=[
            {
                "code": match.unit.code,
                "name": match.unit.name,
                "above": _above(match.unit, units),
                "marks": matched_spans(match.unit.name, query),
            }
            for match in found
        ],
    )


def _above(unit: Unit, units: UnitTree) -> str:
    """Return the name of the unit above one; empty at the top."""
    return units.by_code[unit.parent].name if unit.parent else ""


@quiz.route("/<slug>/dang-ky", methods=["GET", "POST"])
def register(slug: str) -> Page:
    """Show and take the registration of a contest, by a newcomer with an account in one step."""
    shown = visible_contest(slug)
    contest = shown.contest
    person = participant() if wiring().sign_up else require_participant()
    if person and people.participant_of(session(), slug, person.id) is not None:
        return redirect(url_for("quiz.contest", slug=slug), 303)
    if shown.state == "published":
        raise Conflict("registration.not_open", slug=slug)
    known = known_values(person) if person else {}
    form = shape(RegistrationForm(request.form, data=known), contest, signs_up=person is None)
    units = wiring().units.tree(session())
    if request.method == "GET":
        if "unit" in form and (known_unit := units.by_code.get(form.unit.data or "")):
            form.unit.data = known_unit.name
        return _form_page(contest, form)
    sheet = _read(form, units)
    try:
        if problems := tuple(_problems(contest, form, sheet, units)):
            raise InvalidInput("registration.invalid", problems)
        newcomer = None if person else _prepare(form)
        try:
            _write(slug, person or newcomer, sheet, units)
        except Conflict as error:
            if error.code != "account.login_taken":
                raise
            # A double tap: the first one made the account while this one was hashed.
            newcomer = _prepare(form)
            _write(slug, newcomer, sheet, units)
    except (InvalidInput, Conflict, NotAllowed, Unavailable) as error:
        return _form_page(contest, form, error, sheet, units)
    response = redirect(url_for("quiz.contest", slug=slug, done="registered"), 303)
    return newcomer.welcome(response) if newcomer else response


def _after_registering(slug: str) -> str:
    """Return where the form leads whom it has registered; empty for anybody else."""
    person = participant()
    found = people.participant_of(session(), slug, person.id) if person else None
    key = visible_contest(slug).contest.registration.person_key
    if found is None or found.fields[key] != clean_field(key, request.form.get(key, "")):
        return ""
    return url_for("quiz.contest", slug=slug, done="registered")


ENTRANCES["quiz.register"] = _after_registering


def known_values(person: Participant) -> dict[str, str]:
    """Return what the host already knows, to be confirmed by the person."""
    return {"full_name": person.name, "unit": person.unit or "", **person.attributes}


def _write(
    slug: str, person: Participant | Admission | None, sheet: Sheet, units: UnitTree
) -> None:
    """Register a person, or a newcomer with the account: both are written or neither."""
    with transaction(session()) as writing:
        is_staff = False
        if not isinstance(person, Participant):
            assert person is not None
            person = person.enter(writing)
            if people.participant_of(writing, slug, person.id):
                return
        else:
            is_staff = rights.is_staff(slug)
        people.register(
            writing,
            slug,
            person=person.id,
            fields=sheet.fields,
            consents=sheet.consents,
            is_staff=is_staff,
            now=arrival(),
            tree=units,
        )


def _prepare(form: RegistrationForm) -> Admission:
    """Return the newcomer; what stands against the account stands at its field."""
    sign_up = wiring().sign_up
    assert sign_up is not None
    name = form.full_name.data if "full_name" in form else ""
    login = _login(form)
    try:
        return sign_up.prepare(login=login, name=name or login, password=form.password.data or "")
    except (Conflict, NotAllowed) as error:
        problem = Problem("error", error.code, Place("field", _login_field(form)), error.params)
        raise InvalidInput("registration.invalid", (problem,)) from error


def _login(form: RegistrationForm) -> str:
    return form[_login_field(form)].data or ""


def _login_field(form: RegistrationForm) -> str:
    return "phone" if "phone" in form else "login"


def _read(form: RegistrationForm, units: UnitTree) -> Sheet:
    """Return what was sent, each unit as its code once it is one and no other."""
    fields = {name: (form[name].data or "").strip() for name in form.asked}
    proposal = _proposal(form)
    if "full_name" in fields and not proposal:
        fields["full_name"] = form.full_name.data = _printed(form)
    unit = parent = Choice()
    if "unit" in fields:
        typed = clean_field(UNIT_TYPED, form.unit_typed.data or "")
        if typed:
            offered = _offered(units)
            parent = _choice(form.parent.data, form.parent_code.data, units, offered)
            fields |= {"unit": parent.code, UNIT_TYPED: typed}
        else:
            unit = _choice(form.unit.data, form.unit_code.data, units)
            fields["unit"] = unit.code
    return Sheet(fields, frozenset(form.consents.data or ()), unit, parent, proposal)


def _proposal(form: RegistrationForm) -> str:
    """Return the name in proper case, empty when it is typed so or the person has chosen."""
    if "full_name" not in form:
        return ""
    typed = clean_field("full_name", form.full_name.data or "")
    proposal = proper_name(typed)
    return "" if form.printed.data in (typed, proposal) or typed == proposal else proposal


def _printed(form: RegistrationForm) -> str:
    """Return the name as it is printed: as typed, unless the proposal was chosen."""
    typed = clean_field("full_name", form.full_name.data or "")
    chosen: str = form.printed.data or ""
    return chosen if chosen == proper_name(typed) else typed


def _choice(
    typed: str | None, chosen: str | None, units: UnitTree, offered: tuple[Unit, ...] = ()
) -> Choice:
    """Return the units that may be meant: the chosen one if the text finds it, or all it finds.

    A choice that the text no longer fits was made before something else was typed. ``offered`` is
    what the page lists when the text finds nothing.
    """
    words = (typed or "").strip()
    if words in units.by_code:
        return Choice(words, (units.by_code[words],))
    matches = units.search(words[:MAX_QUERY], limit=UNITS_SHOWN, day=arrival().date())
    found = tuple(match.unit for match in matches)
    picked = units.by_code.get(chosen or "")
    if picked and (picked in (found or offered) or fold(picked.name) == fold(words)):
        return Choice(words, (picked,))
    same = tuple(unit for unit in found if unit.name.casefold() == words.casefold())
    return Choice(words, same or found)


def _problems(
    contest: Contest, form: RegistrationForm, sheet: Sheet, units: UnitTree
) -> Iterator[Problem]:
    """Yield every problem of a registration, one a field, in the order of the page."""
    found = {problem.place.at: problem for problem in _field_problems(contest, sheet, units)}
    sign_up = wiring().sign_up
    if "password" in form and sign_up:
        password = form.password.data or ""
        for problem in sign_up.problems(login=_login(form), password=password):
            at = _login_field(form) if problem.place.at == "login" else problem.place.at
            placed = Problem(problem.severity, problem.code, Place("field", at), problem.params)
            found.setdefault(at, placed)
    yield from (found.pop(at) for at in _PAGE_ORDER if at in found)
    yield from found.values()


def _field_problems(contest: Contest, sheet: Sheet, units: UnitTree) -> Iterator[Problem]:
    cleaned = people.clean_fields(contest, sheet.fields)
    yield from people.registration_problems(contest, cleaned, sheet.consents, units, now=arrival())
    if sheet.proposal:
        params: dict[str, Param] = {"name": cleaned["full_name"]}
        yield Problem("error", "web.name_case", Place("field", "printed"), params)
    for field, choice in (("unit", sheet.unit), ("parent", sheet.parent)):
        if len(choice.found) > 1:
            params = {"units": len(choice.found)}
            yield Problem("error", "web.choose_unit", Place("field", field), params)
        elif choice.typed and not choice.found:
            params = {"typed": choice.typed}
            yield Problem("error", f"web.{field}_not_found", Place("field", field), params)


def _form_page(
    contest: Contest,
    form: RegistrationForm,
    error: QuizError | None = None,
    sheet: Sheet | None = None,
    units: UnitTree | None = None,
) -> Page:
    """Return the page of the form, with what is left to put right when something is."""
    problems: tuple[Problem, ...] = ()
    if sheet and sheet.unit.code:
        form.unit.data = sheet.unit.found[0].name
    if sheet and sheet.parent.code:
        form.parent.data = sheet.parent.found[0].name
    if error:
        own = Problem("error", error.code, Place("field", "field"), error.params)
        problems = _with_password(form, getattr(error, "problems", ()) or (own,))
    body = render(
        "register",
        contest=contest,
        form=form,
        problems=problems,
        by_field={problem.place.at: problem for problem in problems},
        choices=_shown(sheet.unit, units) if sheet and units else [],
        parents=_parents(sheet.parent, units) if sheet and units else [],
        printed=_printed_choices(form) if problems else (),
        login_field=_login_field(form) if "password" in form else "",
        shown_rules=list(rules_of_shown(contest)),
    )
    response = Response(body, _status(error))
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _status(error: QuizError | None) -> int:
    """Return the status of the page: what was typed can be put right after a conflict too."""
    if error is None:
        return 200
    return error.status if isinstance(error, NotAllowed | Unavailable) else 422


def _with_password(form: RegistrationForm, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return the problems, and that the password is to be typed again, for no page holds it."""
    if "password" not in form or any(one.place.at == "password" for one in problems):
        return problems
    again = Problem("error", "web.password_again", Place("field", "password"))
    before = _PAGE_ORDER[: _PAGE_ORDER.index("password")]
    place = sum(one.place.at in (*before, "field") for one in problems)
    return (*problems[:place], again, *problems[place:])


def _shown(choice: Choice, units: UnitTree) -> list[tuple[Unit, str]]:
    """Return the units to choose from, each with the name of the unit above.

    Once one is chosen these are the ones that its name alone does not tell apart.
    """
    found = choice.found
    if len(found) == 1:
        named = (match.unit for match in units.search(found[0].name, limit=UNITS_SHOWN))
        found = tuple(unit for unit in named if unit.name == found[0].name)
    return [(unit, _above(unit, units)) for unit in found if len(found) > 1]


def _parents(choice: Choice, units: UnitTree) -> list[tuple[Unit, str]]:
    """Return the units to choose one above from, those at the top when nothing was found."""
    if choice.found:
        return _shown(choice, units)
    return [(unit, "") for unit in _offered(units)]


def _offered(units: UnitTree) -> tuple[Unit, ...]:
    """Return the units at the top that the page lists when a text finds none."""
    day = arrival().date()
    return tuple(unit for unit in units.roots() if unit.is_valid(day))[:UNITS_SHOWN]


def _printed_choices(form: RegistrationForm) -> tuple[str, ...]:
    """Return the ways to print the name, the proposal first; none when they are one."""
    typed = clean_field("full_name", form.full_name.data or "") if "full_name" in form else ""
    proposal = proper_name(typed)
    return (proposal, typed) if proposal != typed else ()
