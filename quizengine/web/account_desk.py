"""The owner's page of the reference deployment: accounts of staff and their roles."""

from __future__ import annotations

from flask import make_response, redirect, request, url_for

from quizengine.errors import Conflict, InvalidInput, NotAllowed, QuizError
from quizengine.services import staff
from quizengine.services.login_codes import GivenCode
from quizengine.services.transaction import transaction
from quizengine.web.accounts import accounts
from quizengine.web.blueprint import Page, page
from quizengine.web.forms import StaffForm
from quizengine.web.host import arrival, require_participant, session
from quizengine.web.organise import desk_zone

PAGE_ROWS = 50


@accounts.route("/to-chuc/tai-khoan", methods=["GET", "POST"])
def staff_accounts() -> Page:
    """Show the accounts of staff whom the address asks for, and make one."""
    form = StaffForm(request.form)
    if request.method == "GET":
        return _list_page(form)
    try:
        with transaction(session()) as writing:
            given = staff.create_staff(
                writing,
                login=form.login.data or "",
                name=form.name.data or "",
                role=form.role.data or "",
                actor=require_participant().id,
                now=arrival(),
            )
    except (InvalidInput, Conflict) as error:
        return _list_page(form, error)
    return _code_page(given)


def _list_page(form: StaffForm, error: QuizError | None = None) -> Page:
    role = request.args.get("vai-tro", "")
    everybody = staff.list_staff(session(), now=arrival())
    found = [one for one in everybody if role in ("", one.account.role)]
    count = max(1, -(-len(found) // PAGE_ROWS))
    number = min(max(1, request.args.get("trang", 1, type=int)), count)
    return page(
        "staff_accounts",
        error.status if error else 200,
        accounts=found[(number - 1) * PAGE_ROWS : number * PAGE_ROWS],
        total=len(found),
        number_of_page=number,
        count_of_pages=count,
        role=role,
        roles=staff.ROLES,
        form=form,
        error=error,
        zone=desk_zone(),
    )


@accounts.get("/to-chuc/tai-khoan/<person>")
def staff_account(person: str) -> Page:
    """Show one account of staff and what may be done with it."""
    return _account_page(person)


def _account_page(person: str, error: QuizError | None = None) -> Page:
    return page(
        "staff_account",
        error.status if error else 200,
        found=staff.find_staff(session(), person, now=arrival()),
        roles=staff.ROLES,
        is_own=person == require_participant().id,
        error=error,
        zone=desk_zone(),
    )


@accounts.post("/to-chuc/tai-khoan/<person>/<any('vai-tro', 'dang-xuat', 'ma'):name>")
def change_staff_account(person: str, name: str) -> Page:
    """Change a role, end all log-ins or give a log-in code."""
    owner, now = require_participant().id, arrival()
    given: GivenCode | None = None
    try:
        with transaction(session()) as writing:
            if name == "vai-tro":
                role = request.form.get("role", "")
                staff.change_role(writing, person, role, actor=owner, now=now)
            elif name == "dang-xuat":
                staff.end_log_ins(writing, person, actor=owner, now=now)
            else:
                given = staff.give_code(writing, person, actor=owner, now=now)
    except (InvalidInput, Conflict, NotAllowed) as error:
        return _account_page(person, error)
    if given is not None:
        return _code_page(given)
    return redirect(url_for("quiz_accounts.staff_account", person=person, xong=name), 303)


def _code_page(given: GivenCode) -> Page:
    """Return the only page on which a code ever stands."""
    address = url_for("quiz_accounts.log_in_by_code", _external=True)
    response = make_response(page("staff_code", given=given, address=address, zone=desk_zone()))
    # No browser keeps it on disk or shows it to whoever goes back.
    response.headers["Cache-Control"] = "no-store"
    return response
