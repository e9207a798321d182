"""What everybody may read: the list of contests, a contest, its rules, its ranking."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby

from flask import redirect, request

from quizengine.core.contest import Contest
from quizengine.core.rules import MAIN_RULES, Rule, rules_of
from quizengine.errors import Conflict, NotFound
from quizengine.i18n import LANGUAGES
from quizengine.services import attempts, contests, essays, people, results
from quizengine.services.contests import ContestPage, RoundPage
from quizengine.web.blueprint import Page, local_path, page, quiz
from quizengine.web.host import arrival, may, participant, session
from quizengine.web.languages import COOKIE_SECONDS, LANGUAGE_COOKIE

ROWS = 50
MAX_SEARCH = 120


@quiz.get("/")
def home() -> Page:
    """Show the contests that are open or over, and to organisers their drafts."""
    pages = contests.list_pages(session())
    return page("home", pages=[shown for shown in pages if is_visible(shown)])


def is_visible(shown: ContestPage) -> bool:
    """Return whether the reader may see a contest: a draft only its organisers may."""
    return shown.state != "draft" or may("organise", shown.slug)


def visible_contest(slug: str) -> ContestPage:
    """Return a contest that the reader may see; ``NotFound`` for any other."""
    shown = contests.contest_page(session(), slug)
    if not is_visible(shown):
        raise NotFound("contest.unknown", slug=slug)
    return shown


@quiz.get("/ngon-ngu/<code>")
def change_language(code: str) -> Page:
    """Remember the reader's language and go back."""
    if code not in LANGUAGES:
        raise NotFound("web.no_page")
    response = redirect(local_path(request.args.get("next")), 303)
    response.set_cookie(
        LANGUAGE_COOKIE,
        code,
        max_age=COOKIE_SECONDS,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


@quiz.get("/<slug>/")
def contest(slug: str) -> Page:
    """Show a contest: what, when, prizes, rules, materials, and the reader's own part in it."""
    shown = visible_contest(slug)
    person = participant()
    registered = people.participant_of(session(), slug, person.id) if person else None
    phases = {one.code: phase(shown, one) for one in shown.rounds}
    running, over = (
        [one for one in shown.rounds if phases[one.code] == wanted]
        for wanted in ("running", "after")
    )
    return page(
        "contest",
        contest=shown.contest,
        shown=shown,
        rules=[rule for rule in rules_of(shown.contest) if rule.code in MAIN_RULES],
        registered=registered,
        may_register=_may_register(shown, len(over)),
        phases=phases,
        running=running,
        over=over,
        standings=_standings(shown) if registered else {},
        places=_places(shown) if registered else {},
        essay=_essay(shown) if registered else None,
        refusal=refusal,
        time_left=lambda end: time_left(end - arrival()),
    )


def _may_register(shown: ContestPage, rounds_over: int) -> bool:
    """Return whether there is still something to register for."""
    essay = shown.contest.essay
    is_essay_ahead = essay is not None and arrival() < essay.closes_at
    return shown.state == "open" and (rounds_over < len(shown.rounds) or is_essay_ahead)


def time_left(span: timedelta) -> list[tuple[int, str]]:
    """Return a time still to go as its two largest units and how many of each, rounded down."""
    minutes = max(0, int(span.total_seconds()) // 60)
    parts = [(minutes // 1440, "days"), (minutes // 60 % 24, "hours"), (minutes % 60, "minutes")]
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return [part for place, part in enumerate(parts[first : first + 2]) if part[0] or place == 0]


def phase(shown: ContestPage, one: RoundPage) -> str:
    """Return whether attempts may be started in a round: before, running, after."""
    return contests.round_phase(one, shown.state, arrival())


def _standings(shown: ContestPage) -> dict[str, attempts.RoundStanding]:
    person = participant()
    assert person is not None
    return {
        one.code: attempts.standing(session(), shown.slug, one.code, person.id, now=arrival())
        for one in shown.rounds
    }


def _places(shown: ContestPage) -> dict[str, results.RankingLine]:
    """Return the reader's own line in each published ranking that has one."""
    person = participant()
    if person is None or shown.state != "published":
        return {}
    lines = {
        one.code: results.own_line(session(), shown.slug, one.code, person.id)
        for one in shown.rounds
    }
    return {code: line for code, line in lines.items() if line is not None}


def refusal(standing: attempts.RoundStanding, round_code: str) -> Conflict | None:
    """Return why no attempt can be started, or None when one can."""
    if standing.reason is None:
        return None
    return Conflict(standing.reason, allowed=standing.attempts_allowed, round=round_code)


def _essay(shown: ContestPage) -> essays.EssayPage | None:
    person = participant()
    assert person is not None
    if shown.contest.essay is None or shown.state == "draft":
        return None
    return essays.essay_page(session(), shown.slug, person.id, now=arrival())


@quiz.get("/<slug>/the-le")
def rules(slug: str) -> Page:
    """Show every rule of a contest in words."""
    shown = visible_contest(slug)
    return page("rules", contest=shown.contest, shown=shown, parts=_by_part(shown.contest))


def _by_part(contest: Contest) -> list[tuple[str, list[Rule]]]:
    """Return the rules part by part; a part comes again for each round that has it."""
    return [
        (part, list(found)) for part, found in groupby(rules_of(contest), lambda rule: rule.part)
    ]


@quiz.get("/<slug>/<round_code>/xep-hang")
def ranking(slug: str, round_code: str) -> Page:
    """Show the ranking of a round, page by page, the reader's own line above it."""
    shown = visible_contest(slug)
    round_page = shown.round(round_code)
    number = max(1, request.args.get("trang", 1, type=int))
    search = request.args.get("tim", "").strip()[:MAX_SEARCH]
    person = participant()
    table = results.ranking_page(
        session(),
        slug,
        round_code,
        page=number,
        size=ROWS,
        search=search,
        viewer=person.id if person else "",
    )
    own = results.own_line(session(), slug, round_code, person.id) if person else None
    return page(
        "ranking",
        contest=shown.contest,
        shown=shown,
        round_page=round_page,
        table=table,
        own=own,
        search=search,
        shown_fields=shown.contest.shown(),
        complaints_until=complaints_until(shown),
        ranking_rule=next(
            one for one in rules_of(shown.contest) if one.code == "rule.ranking.keys"
        ),
    )


def complaints_until(shown: ContestPage) -> datetime | None:
    """Return until when published results are provisional; None before them and once final."""
    final_at = shown.final_at()
    return final_at if final_at and arrival() < final_at else None


@quiz.get("/<path:rest>")
def nowhere(rest: str) -> Page:
    """Answer for every other address below ours, in our look."""
    raise NotFound("web.no_page")
