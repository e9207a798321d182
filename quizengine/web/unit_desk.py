"""The organiser's unit tree: looking, searching, and a new list in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for

from quizengine.core.unit_changes import compare_units, drawable
from quizengine.core.units import Unit, UnitTree
from quizengine.errors import Conflict, InvalidInput, NotFound, QuizError, Unavailable, has_errors
from quizengine.formats.unit_file import ReadUnits
from quizengine.services import units, uploads
from quizengine.services.transaction import transaction
from quizengine.services.uploads import UnitsUpload
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, require_organiser, session, wiring
from quizengine.web.organise import desk_zone
from quizengine.web.uploads import ACCEPTED, keep_sent, read_kept, sent_name, where

WHOLE = 200
"""Up to so many units a branch is shown with all that is below it, a larger one step by step."""
PER_PAGE = 50
FOUND = 50
MOST_NAMED = 25
"""How many units of a change are named."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of the tree as a page shows it."""

    tree: UnitTree
    path: tuple[Unit, ...]
    """The unit looked at and those above it, from the root down; empty at the top."""
    units: tuple[Unit, ...]
    """The units directly below, those of the page."""
    below: Mapping[str, int]
    """How many units are below each, at any depth; 0 is left out."""
    is_whole: bool
    page: int
    pages: int


def _branch(tree: UnitTree, code: str) -> Branch:
    if code and code not in tree.by_code:
        raise NotFound("units.unknown", unit=code)
    below = Counter(above.code for unit in tree.units for above in tree.ancestors(unit.code))
    inside = below[code] if code else len(tree.units)
    direct = tree.children(code) if code else tree.roots()
    is_whole = inside <= WHOLE
    pages = 1 if is_whole else max(1, -(-len(direct) // PER_PAGE))
    number = min(max(1, request.args.get("trang", 1, type=int)), pages)
    start = (number - 1) * PER_PAGE
    return Branch(
        tree=tree,
        path=tree.path(code) if code else (),
        units=direct if is_whole else direct[start : start + PER_PAGE],
        below=below,
        is_whole=is_whole,
        page=number,
        pages=pages,
    )


def _link(endpoint: str, **kept: str) -> Callable[..., str]:
    """Return what makes the address of the same page with something changed."""
    asked = {"duoi": request.args.get("duoi", "")}

    def address(**changes: Any) -> str:
        wanted = {name: value for name, value in {**asked, **changes}.items() if value}
        return url_for(endpoint, **{**kept, **wanted})

    return address


@quiz.get("/to-chuc/don-vi/")
def unit_list() -> Page:
    """Show the unit tree, or what a search finds in it."""
    require_organiser()
    tree = wiring().units.tree(session())
    typed = request.args.get("tim", "").strip()
    return page(
        "unit_list",
        branch=_branch(tree, request.args.get("duoi", "")),
        link=_link("quiz.unit_list"),
        typed=typed,
        found=tree.search(typed, limit=FOUND) if typed else (),
        people=units.count_people(session()),
        day=arrival().date(),
        waiting=uploads.list_uploads(session(), "units"),
        zone=desk_zone(),
    )


@quiz.route("/to-chuc/don-vi/nap", methods=["GET", "POST"])
def upload_units() -> Page:
    """Take a unit list, read it and lead to its preview."""
    person = require_organiser()
    if request.method == "GET":
        return _upload_page()
    try:
        public_id = keep_sent("units", actor=person.id)
    except (InvalidInput, Conflict, Unavailable) as error:
        return _upload_page(error, sent_name())
    return redirect(url_for("quiz.units_preview", upload=public_id), 303)


def _upload_page(error: QuizError | None = None, name: str = "") -> Page:
    return page(
        "unit_upload",
        error.status if error else 200,
        error=error,
        name=name,
        problems=getattr(error, "problems", ()),
        waiting=uploads.list_uploads(session(), "units"),
        accepted=ACCEPTED["units"],
        where=where,
        zone=desk_zone(),
    )


@quiz.route("/to-chuc/don-vi/nap/<upload>", methods=["GET", "POST"])
def units_preview(upload: str) -> Page:
    """Show a list as the tree that it makes and what it changes, and load it."""
    person = require_organiser()
    found = uploads.units_upload(session(), upload)
    if found.read is None:
        return _reading(found)
    if request.method == "GET":
        return _preview_page(found, found.read)
    try:
        with transaction(session()) as writing:
            uploads.load_units(writing, upload, now=arrival(), actor=person.id)
    except (InvalidInput, Conflict) as error:
        return _preview_page(found, found.read, error)
    return redirect(url_for("quiz.unit_list", xong="nap"), 303)


def _reading(found: UnitsUpload) -> Page:
    """Read a file while the page that says so stands in the browser."""
    public_id = found.title.public_id
    if "doc" not in request.args:
        address = url_for("quiz.units_preview", upload=public_id, doc=1)
        return page("upload_reading", title=found.title, address=address, is_bank=False)
    if error := read_kept(public_id, "units"):
        return _upload_page(error, found.title.file_name)
    return redirect(url_for("quiz.units_preview", upload=public_id), 303)


def _preview_page(found: UnitsUpload, read: ReadUnits, error: QuizError | None = None) -> Page:
    present = units.unit_tree(session())
    changes = compare_units(present, drawable(read.units).units)
    people = units.count_people(session())
    in_use = tuple(unit for unit in changes.gone if unit.code in people)
    tree = drawable(read.units)
    code = request.args.get("duoi", "")
    return page(
        "unit_preview",
        error.status if error else 200,
        upload=found,
        read=read,
        present=present,
        changes=changes,
        branch=_branch(tree, code if code in tree.by_code else ""),
        link=_link("quiz.units_preview", upload=found.title.public_id),
        people=people,
        in_use=in_use,
        day=arrival().date(),
        is_loadable=not has_errors(read.problems) and not in_use and bool(changes),
        is_shut=has_errors(read.problems) or bool(in_use),
        most_named=MOST_NAMED,
        where=where,
        error=error,
        zone=desk_zone(),
    )


@quiz.route("/to-chuc/don-vi/nap/<upload>/bo", methods=["GET", "POST"])
def drop_units_upload(upload: str) -> Page:
    """Let go of a list without loading it."""
    require_organiser()
    if request.method == "GET":
        return redirect(url_for("quiz.units_preview", upload=upload), 303)
    with transaction(session()) as writing:
        uploads.drop_upload(writing, upload, "units")
    return redirect(url_for("quiz.unit_list", xong="bo"), 303)
