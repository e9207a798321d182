"""A contest filled in as a form: begun, kept, checked, previewed, and made a draft of a contest."""

from __future__ import annotations

import secrets
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from quizengine.core.attempts import PUBLIC_ID_BYTES, new_public_id
from quizengine.core.banks import Prompt
from quizengine.core.contest import Contest
from quizengine.core.contest_checks import RESERVED_SLUGS, check_against_bank
from quizengine.core.drawing import draw_paper, pool_of_prompts
from quizengine.core.readiness import Share, check_moment, check_units, paper_percent, shares
from quizengine.errors import Conflict, InvalidInput, NotFound, Place, Problem, has_errors
from quizengine.formats.contest_fields import (
    PARTS,
    at_fields,
    part_of,
    preview_of,
    read_form,
    read_form_file,
)
from quizengine.formats.contest_file import contest_sha256
from quizengine.formats.contest_form import Form, form_of, with_ids
from quizengine.formats.contest_presets import PRESETS, ZONE, Beginning, preset_form
from quizengine.formats.contest_rows import days_ahead, moved_form
from quizengine.formats.reading import check_size, run_bounded
from quizengine.services import contests
from quizengine.store import banks as stored_banks
from quizengine.store import contest_forms
from quizengine.store import contests as stored_contests
from quizengine.store import units as stored_units
from quizengine.store.connection import Executor
from quizengine.store.contest_forms import StoredForm

CheckState = Literal["ok", "warn", "bad"]
SAMPLE_SEED = b"a sample paper, drawn for nobody"
MAX_SAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class SavedForm:
    """A form as it was saved last, and the slug of the draft it was made into, if it was."""

    public_id: str
    form: Form
    loaded: str
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Overlap:
    """What the papers of two people have in common in one round."""

    round: int
    questions: int
    percent: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class FormCheck:
    """Everything that is to be said of a form before its contest opens."""

    contest: Contest
    problems: tuple[Problem, ...]
    overlaps: tuple[Overlap, ...]
    units: int

    @property
    def may_load(self) -> bool:
        """Whether the form can be made a draft: the file has no error and the slug is free."""
        return not any(
            one.severity == "error" and one.code != "contest.round_over" for one in self.problems
        )

    def of_part(self, part: str) -> tuple[Problem, ...]:
        """Return the problems of one page of the form."""
        return tuple(one for one in self.problems if part_of(one.place.at) == part)

    def state(self, part: str) -> CheckState:
        """Return how one page of the form stands."""
        found = self.of_part(part)
        if has_errors(found):
            return "bad"
        return "warn" if found else "ok"


@dataclass(frozen=True, slots=True)
class BankPools:
    """A bank's questions counted: in all, and by topic for those that have one."""

    name: str
    number: int
    questions: int
    topics: Mapping[str, int]


def begin(session: Session, form: Form, *, now: datetime, actor: str, loaded: str = "") -> str:
    """Keep a new form and return its id; ``loaded`` is the draft that it was made from."""
    public_id = new_public_id(secrets.token_bytes(PUBLIC_ID_BYTES))
    data = {"form": with_ids(form), "loaded": loaded}
    contest_forms.insert_form(session, StoredForm(public_id, data, actor, now))
    return public_id


def find(executor: Executor, public_id: str) -> SavedForm:
    """Return a form; ``NotFound`` for an unknown id."""
    return _saved(contest_forms.find_form(executor, public_id), public_id)


def list_saved(executor: Executor) -> tuple[SavedForm, ...]:
    """Return every form, the one saved last first."""
    return tuple(_saved(one, "") for one in contest_forms.list_forms(executor))


def _saved(stored: StoredForm | None, public_id: str) -> SavedForm:
    if stored is None:
        raise NotFound("contest.form_unknown", form=public_id)
    data = stored.data
    return SavedForm(
        stored.public_id, data["form"], data["loaded"], stored.saved_by, stored.saved_at
    )


def change(
    session: Session, public_id: str, how: Callable[[Form], Form], *, now: datetime, actor: str
) -> None:
    """Keep a changed form, whatever is wrong with it; a draft's slug stays as it is."""
    saved = _saved(contest_forms.find_form(session, public_id, for_update=True), public_id)
    form = with_ids(how(saved.form))
    if saved.loaded:
        form["slug"] = saved.loaded
    data = {"form": form, "loaded": saved.loaded}
    contest_forms.update_form(session, StoredForm(public_id, data, actor, now))


def drop(session: Session, public_id: str) -> None:
    """Throw a form away; a draft that was made from it stays."""
    find(session, public_id)
    contest_forms.delete_form(session, public_id)


def load(session: Session, public_id: str, *, now: datetime, actor: str) -> str:
    """Store the contest of a form as a draft and return its slug.

    Raises ``InvalidInput`` with every problem when the form has errors, ``Conflict`` when the
    contest of that slug is open already.
    """
    saved = _saved(contest_forms.find_form(session, public_id, for_update=True), public_id)
    read = read_form(saved.form)
    problems = (*read.problems, *_check_slug(session, saved))
    if has_errors(problems):
        raise InvalidInput("contest.has_errors", problems)
    contests.load_contest(session, read.contest, now=now, actor=actor)
    data = {"form": saved.form, "loaded": read.contest.slug}
    contest_forms.update_form(session, StoredForm(public_id, data, saved.saved_by, saved.saved_at))
    return read.contest.slug


def _check_slug(executor: Executor, saved: SavedForm) -> tuple[Problem, ...]:
    """Return an error when the form would take the place of another contest."""
    slug = saved.form["slug"].strip()
    if slug == saved.loaded or stored_contests.find_contest(executor, slug) is None:
        return ()
    free = free_slug(executor, slug)
    return (
        Problem("error", "form.slug_taken", Place("field", "slug"), {"slug": slug, "free": free}),
    )


def check(executor: Executor, saved: SavedForm, *, now: datetime) -> FormCheck:
    """Return everything that is wrong or doubtful in a form, and how alike two papers are."""
    read = read_form(saved.form)
    contest = read.contest
    names = {one.bank for one in contest.rounds if one.bank}
    versions = {name: stored_banks.find_version(executor, name) for name in names}
    banks = {
        name: stored_banks.read_bank(executor, version.id)
        for name, version in versions.items()
        if version
    }
    units = len(stored_units.read_units(executor).units)
    unread = {one.place.at for one in read.problems if one.severity == "error"}
    further = (
        *check_against_bank(contest, banks),
        *check_moment(contest, now),
        *check_units(contest, units),
    )
    known = tuple(one for one in at_fields(further, saved.form) if not _rests_on(one, unread))
    return FormCheck(
        contest=contest,
        problems=(*read.problems, *_check_slug(executor, saved), *known),
        overlaps=tuple(
            Overlap(index, one.questions(), paper_percent(found), found)
            for index, one in enumerate(contest.rounds)
            if one.bank in banks and (found := shares(one, banks[one.bank].questions))
            if all(0 < share.drawn <= share.pool for share in found)
        ),
        units=units,
    )


def _rests_on(problem: Problem, unread: set[str]) -> bool:
    """Return whether a problem stands at a field that has no value, or a stand-in for it."""
    return problem.place.at in unread


def bank_names(executor: Executor) -> tuple[str, ...]:
    """Return the names of the loaded banks."""
    return tuple(dict.fromkeys(one.name for one in stored_banks.list_versions(executor)))


def bank_pools(executor: Executor, name: str) -> BankPools | None:
    """Return how many questions of which topic the newest version of a bank has; None for none."""
    version = stored_banks.find_version(executor, name)
    if version is None:
        return None
    prompts = stored_banks.read_prompts(executor, version.id)
    topics = Counter(one.topic for one in prompts if one.topic)
    return BankPools(name, version.number, len(prompts), dict(topics))


def from_preset(executor: Executor, name: str, beginning: Beginning, *, now: datetime) -> Form:
    """Return the form of a preset, its slug free; ``NotFound`` for an unknown preset."""
    if name not in PRESETS:
        raise NotFound("web.no_page")
    pools = bank_pools(executor, beginning.bank)
    today = now.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
    form = preset_form(PRESETS[name], beginning, pools.topics if pools else {}, today)
    return form | {"slug": free_slug(executor, form["slug"])}


def from_contest(executor: Executor, slug: str, *, now: datetime) -> Form:
    """Return a contest as the form of a new one: whole weeks later, under a slug of its own."""
    form = draft_form(executor, slug)
    local = now.astimezone(ZoneInfo(form["time_zone"])).replace(tzinfo=None)
    return moved_form(form, days_ahead(form, local)) | {"slug": free_slug(executor, slug)}


def draft_form(executor: Executor, slug: str) -> Form:
    """Return the form of a stored contest as it is; ``NotFound`` for an unknown slug."""
    return form_of(tomllib.loads(contests.find(executor, slug).file))


def from_file(content: bytes) -> Form:
    """Return the form of an uploaded contest file; ``InvalidFile`` for one that a form cannot hold.

    The file is parsed in a bounded child, outside any transaction.
    """
    check_size(content)
    return run_bounded(read_form_file, content)


def form_of_draft(executor: Executor, slug: str) -> SavedForm | None:
    """Return the form that a draft was made from, when it still says what the draft does."""
    stored = contests.find(executor, slug)
    for saved in list_saved(executor):
        if saved.loaded == slug:
            read = read_form(saved.form)
            if not has_errors(read.problems) and contest_sha256(read.contest) == stored.sha256:
                return saved
    return None


def forms_of_draft(executor: Executor, slug: str) -> tuple[SavedForm, ...]:
    """Return the forms that were made into the draft, or from it."""
    return tuple(one for one in list_saved(executor) if one.loaded == slug)


def free_slug(executor: Executor, slug: str) -> str:
    """Return a slug that no contest and no other page has, near the wished one."""
    taken = {one.slug for one in stored_contests.list_contests(executor)} | RESERVED_SLUGS
    number, found = 2, slug
    while found in taken:
        found = f"{slug[:56]}-{number}"
        number += 1
    return found


def usual(executor: Executor) -> tuple[Mapping[str, str], str]:
    """Return who held the newest contest and whom it named to ask; empty before the first."""
    for stored in stored_contests.list_contests(executor):
        contest = contests.contest_of(stored.file)
        return contest.organiser, contest.contact
    return {}, ""


def preview(form: Mapping[str, Any]) -> Contest:
    """Return the contest of a form to be looked at, whatever is still missing."""
    return preview_of(form)


def sample_paper(
    executor: Executor, form: Mapping[str, Any], index: int, number: int
) -> tuple[Prompt, ...]:
    """Return the questions of a sample paper of one round as people would see them, without keys.

    ``number``, from 1, asks for another one. Raises ``Conflict`` when the bank has too few
    questions or is not there, ``NotFound`` when there is no such round.
    """
    rounds = preview_of(form).rounds
    if not 0 <= index < len(rounds):
        raise NotFound("round.unknown", round=str(index + 1))
    one = rounds[index]
    version = stored_banks.find_version(executor, one.bank)
    if version is None:
        raise Conflict("form.no_bank")
    prompts = stored_banks.read_prompts(executor, version.id)
    if not one.sections or any(section.count < 1 for section in one.sections):
        raise Conflict("form.no_questions")
    paper = draw_paper(
        seed=SAMPLE_SEED + str(min(max(number, 1), MAX_SAMPLES)).encode(),
        pseudonym="",
        attempt=1,
        pool=pool_of_prompts(prompts),
        sections=one.sections,
        shuffle_questions=one.shuffle_questions,
        shuffle_choices=one.shuffle_choices,
    )
    return tuple(_shown(prompts[slot.ordinal], slot.order) for slot in paper.slots)


def _shown(prompt: Prompt, order: tuple[int, ...]) -> Prompt:
    return replace(prompt, choices=tuple(prompt.choices[choice] for choice in order))


def next_part(part: str) -> str:
    """Return the page of the form after another; empty after the last."""
    parts = [*PARTS, ""]
    return parts[parts.index(part) + 1]
