"""The contest builder: a contest file as a form, page by page, with its checks and previews."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby
from urllib.parse import quote, urlencode

from flask import Response, redirect, request, url_for

from quizengine.core.banks import Prompt
from quizengine.core.contest import Contest
from quizengine.core.rules import MAIN_RULES, rules_of
from quizengine.errors import Conflict, InvalidInput, NotFound, Problem, QuizError, has_errors
from quizengine.formats.contest_fields import PARTS
from quizengine.formats.contest_file import write_contest
from quizengine.formats.contest_form import (
    Form,
    Kind,
    fields_of,
    is_local_minute,
    is_row,
    kind_of,
    plain_path,
    with_fields,
)
from quizengine.formats.contest_presets import PRESETS, Beginning
from quizengine.formats.contest_rows import with_row, with_spread, without_row
from quizengine.services import contest_forms, contests
from quizengine.services.contest_forms import SavedForm
from quizengine.services.contests import ContestPage, RoundPage, round_phase
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.board import time_left
from quizengine.web.forms import require_fields
from quizengine.web.host import arrival, require_organiser, session

FORM = "/to-chuc/soan/<string(length=26):form_id>"
BLANK = {"form.blank", "form.choice_blank", "form.language_missing"}
MAX_TITLE = 300


@dataclass(frozen=True, slots=True)
class Fields:
    """What the page of a form shows in its fields, and what is wrong with each."""

    values: Mapping[str, list[str]]
    problems: Mapping[str, list[Problem]]

    def value(self, name: str) -> str:
        """Return the text of a field."""
        return next(iter(self.values.get(name, ())), "")

    def many(self, name: str) -> list[str]:
        """Return the chosen values of a field that takes several."""
        return self.values.get(name, [])

    def wrong(self, name: str) -> list[Problem]:
        """Return the problems that stand at a field."""
        return self.problems.get(name, [])

    def wrong_below(self, name: str) -> list[Problem]:
        """Return the problems at a group of fields and at its single values."""
        found = (one for at, one in self.problems.items() if at.rpartition(".")[0] == name)
        return [*self.wrong(name), *(problem for one in found for problem in one)]


def rows_above(name: str) -> list[tuple[str, int]]:
    """Return the rows that a field is in, outermost first: what they are, and which, from 1."""
    parts = name.split(".")
    found = [
        (plain_path(".".join(parts[:index])), int(part) + 1)
        for index, part in enumerate(parts)
        if is_row(part)
    ]
    return [row for row in found if kind_of(row[0]) is Kind.ROWS]


@quiz.route("/to-chuc/cuoc-thi/moi", methods=["GET", "POST"])
def new_contest() -> Page:
    """Begin a contest: from what most are like, from another one, or from a file."""
    person = require_organiser()
    if request.method == "GET":
        return _new_page()
    ways: Mapping[str, Callable[[], Form]] = {
        "mau": _from_preset,
        "cuoc-thi": _from_contest,
        "tep": _from_file,
    }
    way = request.form.get("cach", "")
    if way not in ways:
        raise NotFound("web.no_page")
    try:
        form = ways[way]()
    except InvalidInput as error:
        return _new_page(error, way)
    with transaction(session()) as writing:
        form_id = contest_forms.begin(writing, form, now=arrival(), actor=person.id)
    return redirect(url_for("quiz.contest_form", form_id=form_id), 303)


def _from_preset() -> Form:
    sent = {
        name: request.form.get(name, "").strip()[:MAX_TITLE]
        for name in ("title", "organiser", "contact", "bank")
    }
    if not sent["title"]:
        raise InvalidInput("form.title_missing")
    beginning = Beginning(**sent)
    name = request.form.get("preset", "")
    return contest_forms.from_preset(session(), name, beginning, now=arrival())


def _from_contest() -> Form:
    slug = request.form.get("slug", "")
    require_organiser(slug)
    return contest_forms.from_contest(session(), slug, now=arrival())


def _from_file() -> Form:
    sent = request.files.get("file")
    content = sent.read() if sent else b""
    if not content:
        raise InvalidInput("form.file_missing")
    return contest_forms.from_file(content)


def _new_page(error: InvalidInput | None = None, way: str = "") -> Page:
    organiser, contact = contest_forms.usual(session())
    return page(
        "builder_new",
        error.status if error else 200,
        error=error,
        way=way,
        sent=request.form,
        presets=PRESETS,
        banks=contest_forms.bank_names(session()),
        usual_organiser=organiser,
        usual_contact=contact,
        pages=contests.list_pages(session()),
        saved=[one for one in contest_forms.list_saved(session()) if not one.loaded],
    )


@quiz.get(FORM)
def contest_form(form_id: str) -> Page:
    """Show how a form stands, step by step, and what can be done with it."""
    require_organiser()
    return _overview(contest_forms.find(session(), form_id))


def _overview(saved: SavedForm, error: QuizError | None = None) -> Page:
    check = contest_forms.check(session(), saved, now=arrival())
    return page(
        "builder",
        error.status if error else 200,
        saved=saved,
        check=check,
        shown_contest=contest_forms.preview(saved.form),
        parts=tuple(PARTS),
        plain_path=plain_path,
        rows_above=rows_above,
        error=error,
        state=_state(saved),
    )


def _state(saved: SavedForm) -> str:
    """Return how far the contest is that a form was made into; a draft when it was not."""
    return contests.find(session(), saved.loaded).state if saved.loaded else "draft"


@quiz.route(
    f"{FORM}/<any({', '.join(repr(part) for part in PARTS)}):part>", methods=["GET", "POST"]
)
def contest_form_part(form_id: str, part: str) -> Page:
    """Show one page of a form, and keep what is typed whatever is wrong with it."""
    person = require_organiser()
    if request.method == "GET":
        return _part_page(contest_forms.find(session(), form_id), part)
    require_fields("whole")
    how, goes_to = _asked(part)
    with transaction(session()) as writing:
        contest_forms.change(writing, form_id, how, now=arrival(), actor=person.id)
    if goes_to == "next":
        following = contest_forms.next_part(part)
        if not following:
            return redirect(url_for("quiz.contest_form", form_id=form_id), 303)
        return redirect(url_for("quiz.contest_form_part", form_id=form_id, part=following), 303)
    address = url_for("quiz.contest_form_part", form_id=form_id, part=part)
    if goes_to:
        return redirect(f"{address}?{urlencode({'them': goes_to})}#{quote(goes_to)}", 303)
    return redirect(f"{address}?luu=1", 303)


def _asked(part: str) -> tuple[Callable[[Form], Form], str]:
    """Return what the pressed button does to the form, and where it leads: a group, or next."""
    fields, keys = request.form.to_dict(flat=False), PARTS[part]

    def typed(form: Form) -> Form:
        return with_fields(form, fields, keys)

    if path := request.form.get("add", ""):
        return lambda form: with_row(typed(form), path), path
    if path := request.form.get("remove", ""):
        above = path.rpartition(".")[0] or path
        return lambda form: without_row(typed(form), path), above
    spread = request.form.get("spread", "")
    if is_row(spread):
        return lambda form: _spread(typed(form), int(spread)), f"rounds.{spread}.sections"
    return typed, "next" if request.form.get("then") == "next" else ""


def _spread(form: Form, index: int) -> Form:
    """Return the form with a round's questions spread evenly over the topics of its bank."""
    if index >= len(form["rounds"]):
        return form
    pools = contest_forms.bank_pools(session(), form["rounds"][index]["bank"])
    return with_spread(form, index, pools.topics) if pools and pools.topics else form


def _part_page(saved: SavedForm, part: str) -> Page:
    check = contest_forms.check(session(), saved, now=arrival())
    found = [one for one in check.of_part(part) if not _is_new(one)]
    by_field: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in found:
        by_field[problem.place.at].append(problem)
    names = {one["bank"] for one in saved.form.get("rounds", ()) if one.get("bank")}
    return page(
        "builder_part",
        saved=saved,
        part=part,
        parts=tuple(PARTS),
        next_part=contest_forms.next_part(part),
        form=saved.form,
        fields=Fields(fields_of(saved.form), by_field),
        errors=[one for one in found if one.severity == "error"] if "luu" in request.args else [],
        is_saved="luu" in request.args and not has_errors(found),
        shown_contest=contest_forms.preview(saved.form),
        banks=contest_forms.bank_names(session()),
        pools={name: contest_forms.bank_pools(session(), name) for name in names},
        overlaps={one.round: one for one in check.overlaps},
        is_local_minute=is_local_minute,
        plain_path=plain_path,
        rows_above=rows_above,
        state=_state(saved),
    )


def _is_new(problem: Problem) -> bool:
    """Return whether a problem is only that a row just added is still empty."""
    added = request.args.get("them", "")
    return bool(added) and problem.code in BLANK and problem.place.at.startswith(f"{added}.")


@quiz.get(f"{FORM}/xem/<any('trang', 'the-le'):what>")
def contest_preview(form_id: str, what: str) -> Page:
    """Show the page of the contest, or its rules, as participants will read them."""
    require_organiser()
    saved = contest_forms.find(session(), form_id)
    contest = contest_forms.preview(saved.form)
    shown = _shown(contest)
    is_finished = contest_forms.check(session(), saved, now=arrival()).may_load
    if what == "the-le":
        groups = groupby(rules_of(contest), lambda rule: rule.part)
        parts = [(name, list(found)) for name, found in groups]
        body, status = _body("builder_rules", contest, shown, saved, is_finished, parts=parts)
    else:
        body, status = _landing(contest, shown, saved, is_finished)
    return _led_back(body, saved, contest.slug), status


def _body(
    template: str,
    contest: Contest,
    shown: ContestPage,
    saved: SavedForm,
    is_finished: bool,
    **context: object,
) -> tuple[str, int]:
    made = page(
        template, contest=contest, shown=shown, saved=saved, is_finished=is_finished, **context
    )
    assert isinstance(made, tuple)
    return made


def _landing(
    contest: Contest, shown: ContestPage, saved: SavedForm, is_finished: bool
) -> tuple[str, int]:
    phases = {one.code: round_phase(one, "open", arrival()) for one in shown.rounds}
    return _body(
        "builder_landing",
        contest,
        shown,
        saved,
        is_finished,
        rules=[rule for rule in rules_of(contest) if rule.code in MAIN_RULES],
        registered=None,
        may_register=True,
        phases=phases,
        running=[one for one in shown.rounds if phases[one.code] == "running"],
        over=[one for one in shown.rounds if phases[one.code] == "after"],
        standings={},
        places={},
        essay=None,
        time_left=lambda end: time_left(end - arrival()),
    )


def _shown(contest: Contest) -> ContestPage:
    """Return what anybody would know of a contest that is not stored yet."""
    return ContestPage(
        slug=contest.slug,
        state="draft",
        contest=contest,
        sha256="",
        rounds=tuple(
            RoundPage(
                code=one.id,
                rules=one,
                opens_at=one.opens_at,
                closes_at=one.closes_at,
                paused_at=None,
                seed_commitment=None,
                pseudonym_commitment=None,
                seed=None,
            )
            for one in contest.rounds
        ),
        amendments=(),
        opened_at=None,
        closed_at=None,
        published_at=None,
    )


def _led_back(body: str, saved: SavedForm, slug: str) -> str:
    """Return a preview whose links into the contest, which is not there yet, stay in it."""
    home, desk = (url_for(endpoint, slug=slug) for endpoint in ("quiz.contest", "quiz.status"))
    own = {
        home: url_for("quiz.contest_preview", form_id=saved.public_id, what="trang"),
        f"{home}the-le": url_for("quiz.contest_preview", form_id=saved.public_id, what="the-le"),
        desk: url_for("quiz.contest_form", form_id=saved.public_id),
    }

    def inside(link: re.Match[str]) -> str:
        return f'href="{escape(own.get(link[1], "#main"))}"'

    return re.sub(rf'href="((?:{re.escape(home)}|{re.escape(desk)})[^"]*)"', inside, body)


@quiz.get(f"{FORM}/xem/de-mau/<int:number>")
def sample_paper(form_id: str, number: int) -> Page:
    """Show a paper drawn from the bank as people would see it, without any key."""
    require_organiser()
    saved = contest_forms.find(session(), form_id)
    contest = contest_forms.preview(saved.form)
    drawing = min(max(request.args.get("lan", 1, type=int), 1), contest_forms.MAX_SAMPLES)
    error: QuizError | None = None
    questions: tuple[Prompt, ...] = ()
    try:
        questions = contest_forms.sample_paper(session(), saved.form, number - 1, drawing)
    except Conflict as refused:
        error = refused
    return page(
        "builder_paper",
        saved=saved,
        shown_contest=contest,
        round=contest.rounds[number - 1] if 0 < number <= len(contest.rounds) else None,
        round_number=number,
        drawing=drawing,
        questions=questions,
        letters="ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        error=error,
    )


@quiz.get(f"{FORM}/cuoc-thi.toml")
def contest_form_file(form_id: str) -> Page:
    """Give the contest of a form as the file that the engine runs it by."""
    require_organiser()
    saved = contest_forms.find(session(), form_id)
    check = contest_forms.check(session(), saved, now=arrival())
    if not check.may_load:
        raise Conflict("form.not_finished")
    return _file(write_contest(check.contest), check.contest.slug)


@quiz.get("/to-chuc/<slug>/cuoc-thi.toml")
def contest_file(slug: str) -> Page:
    """Give the file that a contest is run by."""
    require_organiser(slug)
    return _file(write_contest(contests.contest_page(session(), slug).contest), slug)


def _file(text: str, slug: str) -> Response:
    named = f'attachment; filename="{slug}.toml"'
    return Response(text, mimetype="application/toml", headers={"Content-Disposition": named})


@quiz.post(f"{FORM}/dua-vao")
def load_contest_form(form_id: str) -> Page:
    """Make the form a draft of a contest."""
    person = require_organiser()
    try:
        with transaction(session()) as writing:
            slug = contest_forms.load(writing, form_id, now=arrival(), actor=person.id)
    except (InvalidInput, Conflict) as error:
        return _overview(contest_forms.find(session(), form_id), error)
    return redirect(url_for("quiz.status", slug=slug, xong="soan"), 303)


@quiz.route(f"{FORM}/bo", methods=["GET", "POST"])
def drop_contest_form(form_id: str) -> Page:
    """Throw a form away, after saying what that does."""
    require_organiser()
    saved = contest_forms.find(session(), form_id)
    if request.method == "GET":
        shown = contest_forms.preview(saved.form)
        return page("builder_drop", saved=saved, shown_contest=shown)
    with transaction(session()) as writing:
        contest_forms.drop(writing, form_id)
    return redirect(url_for("quiz.new_contest", bo="1"), 303)


@quiz.route("/to-chuc/<slug>/soan", methods=["GET", "POST"])
def edit_contest(slug: str) -> Page:
    """Lead to the form of a draft; of a contest that is open say what can still be changed."""
    person = require_organiser(slug)
    shown = contests.contest_page(session(), slug)
    if request.method == "GET":
        saved = contest_forms.form_of_draft(session(), slug) if shown.state == "draft" else None
        if saved:
            return redirect(url_for("quiz.contest_form", form_id=saved.public_id), 303)
        others = contest_forms.forms_of_draft(session(), slug)
        return page("builder_edit", contest=shown.contest, shown=shown, others=others)
    if shown.state != "draft":
        raise Conflict("contest.not_draft", slug=slug)
    with transaction(session()) as writing:
        form = contest_forms.draft_form(writing, slug)
        form_id = contest_forms.begin(writing, form, now=arrival(), actor=person.id, loaded=slug)
    return redirect(url_for("quiz.contest_form", form_id=form_id), 303)
