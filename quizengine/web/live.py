"""What runs now: starts, submissions and answers a minute, drawn on the server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from quizengine.core.activity import Activity
from quizengine.services import activity
from quizengine.services.contests import ContestPage, RoundPage, round_phase
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, require_participant, session, wiring
from quizengine.web.rights import may_one_of, visible_pages

SHOWN_BY = ("organise", "report")
WIDTH, HEIGHT, MARGIN = 100, 40, 3
"""The drawing's own units; the page stretches it, and the line keeps its breadth."""
COMPARED = 10
"""So many minutes at either end tell the trend."""
Trend = Literal["up", "down", "level"]


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure: the last minute's count, its line, and what the line tells."""

    last: int
    line: str
    trend: Trend
    first_mean: int
    last_mean: int
    most: int


@dataclass(frozen=True, slots=True)
class Running:
    """A contest in which a round runs; without plots for whoever may not see them."""

    shown: ContestPage
    rounds: tuple[RoundPage, ...]
    closes_at: datetime
    is_under_embargo: bool
    activity: Activity | None
    plots: dict[str, Plot]


@quiz.get("/to-chuc/truc-tiep")
def live() -> Page:
    """Give the part of the desk that is renewed while it is open."""
    return page("live", running=running_contests(visible_pages()))


def running_contests(pages: Iterable[ContestPage]) -> list[Running]:
    """Return the contests with a running round, and put the look at their figures on record."""
    found = []
    for shown in pages:
        rounds = running_rounds(shown)
        if rounds and may_one_of(SHOWN_BY, shown.slug):
            found.append(_running(shown, rounds))
    return found


def running_rounds(shown: ContestPage) -> tuple[RoundPage, ...]:
    """Return the rounds of a contest in which attempts may be started now."""
    phases = ((one, round_phase(one, shown.state, arrival())) for one in shown.rounds)
    return tuple(one for one, phase in phases if phase == "running")


def _running(shown: ContestPage, rounds: tuple[RoundPage, ...]) -> Running:
    counted = None
    if sees_figures(shown):
        counted = wiring().figures.of(session(), shown.slug, now=arrival())
    return Running(
        shown=shown,
        rounds=rounds,
        closes_at=min(one.closes_at for one in rounds),
        is_under_embargo=activity.is_under_embargo(shown, arrival()),
        activity=counted,
        plots=_plots(counted) if counted else {},
    )


def sees_figures(shown: ContestPage) -> bool:
    """Return whether the person may see live figures of a contest; if so the look is on record."""
    person, now = require_participant().id, arrival()
    if not activity.may_see_figures(session(), shown, person, now=now):
        return False
    hour, figures = activity.hour_of(now), wiring().figures
    if activity.is_under_embargo(shown, now) and not figures.has_viewed(person, shown.slug, hour):
        with transaction(session()) as writing:
            activity.record_view(writing, shown.slug, actor=person, now=now)
        figures.note_view(person, shown.slug, hour)
    return True


def _plots(counted: Activity) -> dict[str, Plot]:
    return {
        "starts": plot(counted.starts),
        "submissions": plot(counted.submissions),
        "answers": plot(counted.answers),
    }


def plot(values: Sequence[int]) -> Plot:
    """Return the drawing of some values, its highest at the top and nothing at the bottom."""
    most = max(values)
    step = WIDTH / max(1, len(values) - 1)
    points = [
        f"{index * step:.4g} {HEIGHT - 1 - value / max(1, most) * (HEIGHT - 1 - MARGIN):.3g}"
        for index, value in enumerate(values)
    ]
    ends = [round(sum(part) / len(part)) for part in (values[:COMPARED], values[-COMPARED:])]
    first, last = ends
    trend: Trend = "level" if first == last else "up" if first < last else "down"
    return Plot(values[-1], "M" + "L".join(points), trend, first, last, most)
