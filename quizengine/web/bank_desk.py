"""The organiser's banks: versions and what changed, a file looked at, put right and loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, request, url_for

from quizengine.core.bank_changes import compare_banks
from quizengine.core.banks import LETTERS, Kind
from quizengine.errors import Conflict, InvalidInput, NotFound, QuizError, Unavailable, has_errors
from quizengine.formats.previews import Preview
from quizengine.services import banks, uploads
from quizengine.services.banks import BankPage, LoadedBank
from quizengine.services.transaction import transaction
from quizengine.services.uploads import BankUpload
from quizengine.web.bank_changes import shown_changes
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, require_organiser, session
from quizengine.web.languages import text
from quizengine.web.organise import desk_zone
from quizengine.web.uploads import ACCEPTED, keep_sent, read_kept, sent_name, where

PER_PAGE = 25
MOST_NAMED = 20
"""How many errors the summary names; the rest stand at their questions."""


@quiz.get("/to-chuc/cau-hoi/")
def bank_list() -> Page:
    """Show the banks and the files that wait."""
    require_organiser()
    return page(
        "bank_list",
        banks=banks.list_banks(session()),
        waiting=uploads.list_uploads(session(), "bank"),
        zone=desk_zone(),
    )


@quiz.route("/to-chuc/cau-hoi/nap", methods=["GET", "POST"])
def upload_bank() -> Page:
    """Take a bank file, read it and lead to its preview."""
    person = require_organiser()
    if request.method == "GET":
        return _upload_page()
    try:
        public_id = keep_sent("bank", actor=person.id)
    except (InvalidInput, Conflict, Unavailable) as error:
        return _upload_page(error, sent_name())
    return redirect(url_for("quiz.bank_preview", upload=public_id), 303)


def _upload_page(error: QuizError | None = None, name: str = "") -> Page:
    return page(
        "bank_upload",
        error.status if error else 200,
        error=error,
        name=name,
        problems=getattr(error, "problems", ()),
        waiting=uploads.list_uploads(session(), "bank"),
        accepted=ACCEPTED["bank"],
        where=where,
        zone=desk_zone(),
    )


@quiz.route("/to-chuc/cau-hoi/nap/<upload>", methods=["GET", "POST"])
def bank_preview(upload: str) -> Page:
    """Show a file as participants will see it, what is wrong beside it; put a key right."""
    require_organiser()
    found = uploads.bank_upload(session(), upload)
    if found.preview is None:
        return _reading(found)
    if request.method == "GET":
        return _preview_page(found, found.preview)
    try:
        index = _fix(upload, found.preview)
    except InvalidInput as error:
        return _preview_page(found, found.preview, error)
    link = _link("quiz.bank_preview", upload=upload)
    asked = {name: value for name, value in request.args.items() if name in ("xem", "trang")}
    return redirect(f"{link(**asked, sua=index + 1)}#da-luu", 303)


def _reading(found: BankUpload) -> Page:
    """Read a file while the page that says so stands in the browser."""
    public_id = found.title.public_id
    if "doc" not in request.args:
        address = url_for("quiz.bank_preview", upload=public_id, doc=1)
        return page("upload_reading", title=found.title, address=address, is_bank=True)
    if error := read_kept(public_id, "bank"):
        return _upload_page(error, found.title.file_name)
    return redirect(url_for("quiz.bank_preview", upload=public_id), 303)


def _fix(public_id: str, preview: Preview) -> int:
    """Save the key that was ticked and return the place of its question."""
    index = request.form.get("cau", -1, type=int)
    if not 0 <= index < len(preview.bank.questions):
        raise InvalidInput("upload.no_such_question", number=index + 1)
    ticked = {value for value in request.form.getlist("dap-an") if value in LETTERS and value}
    key = sum(1 << LETTERS.index(letter) for letter in ticked)
    kind = Kind.MULTIPLE if request.form.get("loai") == Kind.MULTIPLE else None
    with transaction(session()) as writing:
        uploads.fix_key(writing, public_id, index, key, kind=kind)
    return index


def _preview_page(found: BankUpload, preview: Preview, error: QuizError | None = None) -> Page:
    marked = sorted({one.index for one in preview.findings if one.index is not None})
    total = len(preview.bank.questions)
    view = request.args.get("xem", "")
    if view not in ("van-de", "tat-ca"):
        view = "van-de" if marked else "tat-ca"
    chosen = marked if view == "van-de" else list(range(total))
    number, pages = _page_number(len(chosen))
    places = {index: place for place, index in enumerate(marked)}

    def address(index: int) -> str:
        """Return the address of a question that has a problem."""
        at = places[index] // PER_PAGE + 1
        here = url_for("quiz.bank_preview", upload=found.title.public_id, xem="van-de", trang=at)
        return f"{here}#q{index + 1}"

    return page(
        "bank_preview",
        error.status if error else 200,
        upload=found,
        preview=preview,
        indexes=chosen[(number - 1) * PER_PAGE : number * PER_PAGE],
        marked=marked,
        view=view,
        number_of_page=number,
        pages=pages,
        link=_link("quiz.bank_preview", upload=found.title.public_id, xem=view),
        address=address,
        most_named=MOST_NAMED,
        is_loadable=not has_errors(preview.problems),
        saved=_saved(found, preview),
        several=request.args.get("nhieu", 0, type=int),
        error=error,
        letters=LETTERS,
        where=where,
        zone=desk_zone(),
    )


def _saved(found: BankUpload, preview: Preview) -> tuple[str, str] | None:
    """Return the question whose key was just saved and its letters."""
    place = request.args.get("sua", 0, type=int)
    if not 1 <= place <= len(preview.bank.questions):
        return None
    question = preview.bank.questions[place - 1]
    letters = ", ".join(
        LETTERS[at] for at in range(len(question.choices)) if question.key >> at & 1
    )
    return question.id, letters


def _page_number(count: int) -> tuple[int, int]:
    """Return the page asked for, within those that there are, and how many there are."""
    pages = max(1, -(-count // PER_PAGE))
    return min(max(1, request.args.get("trang", 1, type=int)), pages), pages


def _link(endpoint: str, **kept: Any) -> Callable[..., str]:
    """Return what makes the address of the same page with something changed."""
    return lambda **changes: url_for(endpoint, **{**kept, **changes})


@quiz.route("/to-chuc/cau-hoi/nap/<upload>/nap-vao", methods=["GET", "POST"])
def load_bank(upload: str) -> Page:
    """Show under which name a file is loaded and what that changes, and load it."""
    person = require_organiser()
    found = uploads.bank_upload(session(), upload)
    if found.preview is None or has_errors(found.preview.problems):
        return redirect(url_for("quiz.bank_preview", upload=upload), 303)
    if request.method == "GET":
        name = request.args.get("ten") or uploads.proposed_name(session(), found)
        return _load_page(found, found.preview, name)
    name = request.form.get("ten", "").strip()
    if request.form.get("then") == "look":
        return redirect(url_for("quiz.load_bank", upload=upload, ten=name), 303)
    try:
        loaded = _load(upload, name, person.id)
    except (InvalidInput, Conflict) as error:
        return _load_page(found, found.preview, name, error)
    done = "moi" if loaded.is_new else "cu"
    return redirect(url_for("quiz.bank", name=loaded.version.name, xong=done), 303)


def _load(public_id: str, name: str, actor: str) -> LoadedBank:
    """Load the file if the page has shown what changes under that name."""
    is_same_name = request.form.get("da-xem") == name
    seen = request.form.get("phien-ban", type=int) if is_same_name else None
    with transaction(session()) as writing:
        return uploads.load_bank(
            writing, public_id, name=name, seen=seen, now=arrival(), actor=actor
        )


def _load_page(
    found: BankUpload, preview: Preview, name: str, error: QuizError | None = None
) -> Page:
    known = {one.name: one for one in banks.list_banks(session())}
    present = known.get(name)
    changes = None
    if present is not None:
        before = banks.read_version(session(), present.newest.version)
        changes = compare_banks(before, preview.bank)
    return page(
        "bank_load",
        error.status if error else 200,
        upload=found,
        preview=preview,
        name=name,
        known=known,
        present=present,
        drafts=_titles(present, is_open=False),
        opened=_titles(present, is_open=True),
        changes=changes,
        **_change_page("quiz.load_bank", changes, upload=found.title.public_id, ten=name),
        error=error,
        zone=desk_zone(),
    )


def _titles(present: BankPage | None, *, is_open: bool) -> tuple[str, ...]:
    """Return the titles of the contests that use a bank, of those opened or of the drafts."""
    uses = present.uses if present else ()
    chosen = (use for use in uses if (use.number is not None) == is_open)
    return tuple(dict.fromkeys(text(use.contest.contest.title) for use in chosen))


def _change_page(endpoint: str, changes: Any, **kept: Any) -> dict[str, Any]:
    """Return what a page shows of changes: those of its part of the list, and the links to it."""
    count = len(changes.questions) if changes else 0
    number, pages = _page_number(count)
    chosen = changes.questions[(number - 1) * PER_PAGE : number * PER_PAGE] if changes else ()
    return {
        "shown_changes": shown_changes(chosen),
        "number_of_page": number,
        "pages": pages,
        "link": _link(endpoint, **kept),
    }


@quiz.route("/to-chuc/cau-hoi/nap/<upload>/bo", methods=["GET", "POST"])
def drop_bank_upload(upload: str) -> Page:
    """Let go of a file without loading it."""
    require_organiser()
    if request.method == "GET":
        return redirect(url_for("quiz.bank_preview", upload=upload), 303)
    with transaction(session()) as writing:
        uploads.drop_upload(writing, upload, "bank")
    return redirect(url_for("quiz.bank_list", xong="bo"), 303)


@quiz.get("/to-chuc/cau-hoi/<name>/")
def bank(name: str) -> Page:
    """Show the versions of a bank and the rounds that use it."""
    require_organiser()
    return page("bank", bank=banks.bank_page(session(), name), zone=desk_zone())


@quiz.get("/to-chuc/cau-hoi/<name>/<int:number>")
def bank_version(name: str, number: int) -> Page:
    """Show the questions of a version with their keys."""
    require_organiser()
    found = banks.bank_page(session(), name)
    version = found.version(number)
    content = banks.read_version(session(), version)
    at, pages = _page_number(len(content.questions))
    return page(
        "bank_version",
        bank=found,
        version=version,
        content=content,
        indexes=range(len(content.questions))[(at - 1) * PER_PAGE : at * PER_PAGE],
        number_of_page=at,
        pages=pages,
        link=_link("quiz.bank_version", name=name, number=number),
        letters=LETTERS,
        zone=desk_zone(),
    )


@quiz.get("/to-chuc/cau-hoi/<name>/thay-doi")
def bank_differences(name: str) -> Page:
    """Show what differs between two versions, by default the last two."""
    require_organiser()
    found = banks.bank_page(session(), name)
    before, after = _asked_versions(found)
    contents = [banks.read_version(session(), found.version(number)) for number in (before, after)]
    changes = compare_banks(*contents)
    return page(
        "bank_differences",
        bank=found,
        before=before,
        after=after,
        changes=changes,
        **_change_page("quiz.bank_differences", changes, name=name, tu=before, den=after),
    )


def _asked_versions(found: BankPage) -> tuple[int, int]:
    newest = found.newest.version.number
    after = request.args.get("den", newest, type=int)
    before = request.args.get("tu", after - 1, type=int)
    if len(found.versions) < 2 and "tu" not in request.args:
        raise NotFound("bank.version_unknown", name=found.name, number=before)
    return before, after
