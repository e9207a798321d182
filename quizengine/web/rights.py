"""Who may do what: the actions, the one each staff page needs, the check before every request.

An application answers ``allow(action, scope)``; a scope is a contest's slug, or None for what
belongs to no contest: banks, units, new contests, the record, accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from flask import current_app, g, request
from werkzeug.routing import Rule

from quizengine.errors import NotAllowed, NotFound
from quizengine.services import contests
from quizengine.services.contests import ContestPage
from quizengine.web.host import may, require_participant, session

Action = Literal["organise", "judge", "report", "audit", "own"]
ACTIONS: tuple[Action, ...] = ("organise", "judge", "report", "audit", "own")
"""Run a contest; read essays without names and decide on copies; see figures and results; read the
record; give accounts and roles."""

ROLES: Mapping[str, frozenset[Action]] = MappingProxyType(
    {
        "owner": frozenset(ACTIONS),
        "organiser": frozenset(("organise", "judge", "report", "audit")),
        "jury": frozenset(("judge",)),
        "reporter": frozenset(("report",)),
        "auditor": frozenset(("audit", "report")),
        "participant": frozenset(),
    }
)
"""What the roles of the reference deployment may do."""

RIGHTS: Mapping[str, tuple[Action, ...]] = MappingProxyType(
    {
        "quiz.desk": ACTIONS,
        "quiz.contest_list": ACTIONS,
        "quiz.live": ("organise", "report"),
        "quiz.record": ("audit",),
        "quiz_accounts.staff_accounts": ("own",),
        "quiz_accounts.staff_account": ("own",),
        "quiz_accounts.change_staff_account": ("own",),
        "quiz.new_contest": ("organise",),
        "quiz.contest_form": ("organise",),
        "quiz.contest_form_part": ("organise",),
        "quiz.contest_preview": ("organise",),
        "quiz.sample_paper": ("organise",),
        "quiz.contest_form_file": ("organise",),
        "quiz.load_contest_form": ("organise",),
        "quiz.drop_contest_form": ("organise",),
        "quiz.edit_contest": ("organise",),
        "quiz.contest_file": ("organise",),
        "quiz.bank_list": ("organise",),
        "quiz.upload_bank": ("organise",),
        "quiz.bank_preview": ("organise",),
        "quiz.load_bank": ("organise",),
        "quiz.drop_bank_upload": ("organise",),
        "quiz.bank": ("organise",),
        "quiz.bank_version": ("organise",),
        "quiz.bank_differences": ("organise",),
        "quiz.unit_list": ("organise",),
        "quiz.upload_units": ("organise",),
        "quiz.units_preview": ("organise",),
        "quiz.drop_units_upload": ("organise",),
        "quiz.status": ("organise", "report"),
        "quiz.results_page": ("organise", "report"),
        "quiz.results_file": ("organise",),
        "quiz.results_workbook": ("organise", "report"),
        "quiz.take_step": ("organise",),
        "quiz.amend": ("organise",),
        "quiz.attempt_timeline": ("organise",),
        "quiz.amend_attempt": ("organise",),
        "quiz.void_attempt": ("organise",),
        "quiz.participants": ("organise",),
        "quiz.participant_page": ("organise",),
        "quiz.login_code": ("organise",),
        "quiz.matches": ("judge",),
        "quiz.match": ("judge",),
    }
)
"""The actions of which each staff page needs one, by its endpoint; a page without them is shut."""

ANYWHERE = frozenset(("quiz.desk", "quiz.contest_list", "quiz.live"))
"""Pages that gather contests: open to whoever has a right in one of them, and for that part."""

STAFF_PATH = "/to-chuc/"


def check_rights() -> None:
    """Raise unless the present person has the right that the page asked for needs.

    ``NotLoggedIn`` when nobody is logged in, ``NotFound`` for a draft that the person does not
    organise, ``NotAllowed`` otherwise. It stands before every request: no page can forget it.
    """
    rule, endpoint = request.url_rule, request.endpoint or ""
    if rule is None or not (endpoint in RIGHTS or is_staff_rule(rule)):
        return
    require_participant()
    scope = (request.view_args or {}).get("slug")
    if not may_open(endpoint, scope):
        raise NotAllowed("web.not_allowed")
    if scope is not None and not may("organise", scope):
        _hide_draft(scope)


def _hide_draft(slug: str) -> None:
    if contests.find(session(), slug).state == "draft":
        raise NotFound("contest.unknown", slug=slug)


def is_staff_rule(rule: Rule) -> bool:
    """Return whether an address is one of staff's, below wherever the engine's pages stand."""
    prefix = next(current_app.url_map.iter_rules("quiz.home")).rule.rstrip("/")
    return rule.rule.removeprefix(prefix).startswith(STAFF_PATH)


def may_one_of(actions: Iterable[str], scope: str | None) -> bool:
    """Return whether the present person may do one of the actions in the scope."""
    return any(may(action, scope) for action in actions)


def may_open(endpoint: str, slug: str | None = None) -> bool:
    """Return whether the present person may open a staff page: templates link no other."""
    if endpoint in ANYWHERE:
        return may_somewhere(endpoint)
    return may_one_of(RIGHTS.get(endpoint, ()), slug)


def may_somewhere(endpoint: str) -> bool:
    """Return whether the present person may open a kind of page, of whichever contest."""
    actions = RIGHTS.get(endpoint, ())
    return may_one_of(actions, None) or any(may_one_of(actions, one.slug) for one in _pages())


def is_staff(slug: str | None = None) -> bool:
    """Return whether the present person has any right in a contest, and so takes no prize in it."""
    return may_one_of(ACTIONS, slug)


def may_see(shown: ContestPage) -> bool:
    """Return whether the present person has a right in a contest; a draft is its organisers'."""
    if shown.state == "draft":
        return may("organise", shown.slug)
    return is_staff(shown.slug)


def visible_pages() -> list[ContestPage]:
    """Return the contests that the present person has a right in, the newest first."""
    return [shown for shown in _pages() if may_see(shown)]


def _pages() -> tuple[ContestPage, ...]:
    """Return all contests, read once a request."""
    if "quiz_pages" not in g:
        g.quiz_pages = contests.list_pages(session())
    found: tuple[ContestPage, ...] = g.quiz_pages
    return found
