"""The page of one attempt's timeline, for whoever answers the hotline."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import request

from quizengine.core.clock import to_ms
from quizengine.i18n import format_day
from quizengine.services import contests, timelines
from quizengine.services.timelines import Timeline
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, require_organiser, session
from quizengine.web.languages import language

WIDTH = 1000
"""Units across the picture."""


@quiz.get("/to-chuc/<slug>/luot/<public_id>")
def attempt_timeline(slug: str, public_id: str) -> Page:
    """Show what happened in one attempt; the look is on record."""
    organiser = require_organiser(slug)
    shown = contests.contest_page(session(), slug)
    with transaction(session()) as writing:
        found = timelines.view_timeline(writing, slug, public_id, actor=organiser.id, now=arrival())
    return page(
        "timeline",
        contest=shown.contest,
        shown=shown,
        found=found,
        done=request.args.get("xong"),
        across=lambda at: _across(found, at),
        day=lambda at: _day(at, shown.contest.time_zone),
    )


def _day(at: datetime, zone: str) -> str:
    return format_day(at.astimezone(ZoneInfo(zone)).date(), language())


def _across(found: Timeline, at: datetime) -> int:
    """Return how far from the start of the picture an instant stands."""
    start, end = to_ms(found.started_at), to_ms(found.ends_at)
    return WIDTH * min(max(0, to_ms(at) - start), end - start) // max(1, end - start)
