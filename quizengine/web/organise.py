"""The organiser's desk: today, the contests that a person has rights in, where each stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from flask import redirect, request, url_for

from quizengine.core.text import fold
from quizengine.services import (
    activity,
    contest_forms,
    contests,
    needs,
    uploads,
)
from quizengine.services.contests import ContestPage
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, may, session
from quizengine.web.languages import text
from quizengine.web.live import running_contests, running_rounds, sees_figures
from quizengine.web.rights import may_open, visible_pages
from quizengine.web.steps import STEPS

PAGE_ROWS = 20
KINDS = {
    "nguoi-thi": "quiz.participants",
    "bai-viet": "quiz.matches",
    "ket-qua": "quiz.results_page",
}
"""What a contest may be chosen for, by its word in the address; otherwise for its status."""
NEED_PAGES = {"essays": "quiz.matches", "units": "quiz.participants", "draft": "quiz.status"}
"""Where one does what is needed, by its kind; whoever may not open that is told nothing of it."""
DRAFTS = 5
"""Of so many drafts the desk says what speaks against opening them."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Work that was begun and left; the name and the address are those of the newest."""

    kind: Literal["bank", "units", "form"]
    count: int
    name: str
    address: str


@quiz.get("/to-chuc/")
def desk() -> Page:
    """Show what needs the person now, what runs, and what stands between drafts and opening."""
    pages, now = visible_pages(), arrival()
    waiting = [
        need
        for need in needs.list_needs(session(), pages, now=now)
        if may_open(NEED_PAGES.get(need.kind, "quiz.take_step"), need.page.slug)
    ]
    drafts = [one for one in pages if one.state == "draft"]
    unfinished = tuple(_unfinished()) if may("organise") else ()
    return page(
        "desk",
        pages=pages,
        needs=waiting,
        unfinished=unfinished,
        waiting=len(waiting) + len(unfinished),
        running=running_contests(pages),
        rounds=sum(len(running_rounds(one)) for one in pages),
        drafts=[(one, contests.check_opening(session(), one.slug)) for one in drafts[:DRAFTS]],
        zone=desk_zone(),
    )


def _unfinished() -> Iterator[Unfinished]:
    """Yield what somebody began and left: files that wait to be loaded, forms that do not count."""
    banks = uploads.list_uploads(session(), "bank")
    units = uploads.list_uploads(session(), "units")
    forms = [one for one in contest_forms.list_saved(session()) if not one.loaded]
    if banks:
        address = url_for("quiz.bank_preview", upload=banks[0].public_id)
        yield Unfinished("bank", len(banks), banks[0].file_name, address)
    if units:
        address = url_for("quiz.units_preview", upload=units[0].public_id)
        yield Unfinished("units", len(units), units[0].file_name, address)
    if forms:
        titles = forms[0].form.get("title") or {}
        address = url_for("quiz.contest_form", form_id=forms[0].public_id)
        yield Unfinished("form", len(forms), next(iter(titles.values()), ""), address)


def desk_zone() -> str:
    """Return the time zone of pages that belong to no contest: that of the newest one."""
    pages = visible_pages()
    return pages[0].contest.time_zone if pages else "UTC"


@quiz.get("/to-chuc/cuoc-thi")
def contest_list() -> Page:
    """Show the contests that the address asks for, to go on to their status, people or essays.

    Where there is only one to choose, it leads there.
    """
    kind = request.args.get("xem", "")
    endpoint = KINDS.get(kind, "quiz.status")
    asked = {name: request.args.get(name, "").strip() for name in ("tim", "luc")}
    pages = [one for one in visible_pages() if kind not in KINDS or may_open(endpoint, one.slug)]
    if kind in KINDS and len(pages) == 1:
        return redirect(url_for(endpoint, slug=pages[0].slug), 303)
    found = [one for one in pages if _is_sought(one, **asked)]
    count = max(1, -(-len(found) // PAGE_ROWS))
    number = min(max(1, request.args.get("trang", 1, type=int)), count)

    def link(**changes: Any) -> str:
        """Return the address of the same list with something changed."""
        kept = {"xem": kind if kind in KINDS else "", **asked, **changes}
        return url_for(
            "quiz.contest_list", **{name: value for name, value in kept.items() if value}
        )

    return page(
        "contests",
        pages=found[(number - 1) * PAGE_ROWS : number * PAGE_ROWS],
        total=len(found),
        number_of_page=number,
        count_of_pages=count,
        kind=kind if kind in KINDS else "",
        endpoint=endpoint,
        asked=asked,
        link=link,
    )


def _is_sought(shown: ContestPage, *, tim: str, luc: str) -> bool:
    if luc and shown.state != luc:
        return False
    return fold(tim) in fold(f"{text(shown.contest.title)} {shown.slug}")


@quiz.get("/to-chuc/<slug>/")
def status(slug: str) -> Page:
    """Show how a contest goes and what may be done with it now."""
    found = contests.status(session(), slug, now=arrival())
    return page(
        "status",
        contest=found.page.contest,
        shown=found.page,
        status=found,
        steps=tuple(STEPS),
        sees_figures=sees_figures(found.page),
        is_under_embargo=activity.is_under_embargo(found.page, arrival()),
    )
