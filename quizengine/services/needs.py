"""What needs a person now: the desk's list of things to do, each with one way to do it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from quizengine.services.contests import ContestPage, check_opening
from quizengine.store import activity
from quizengine.store.connection import Executor

Kind = Literal["paused", "units", "essays", "draft", "close", "publish"]
NAMED = 3
"""So many units that were typed are named on the desk."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person in a contest."""

    kind: Kind
    page: ContestPage
    count: int
    #: What it is about: rounds that are paused, units that were typed.
    names: tuple[str, ...] = ()
    since: datetime | None = None


def list_needs(
    executor: Executor, pages: Iterable[ContestPage], *, now: datetime
) -> tuple[Need, ...]:
    """Return what needs a person in some contests, the most urgent kinds first."""
    shown = tuple(pages)
    typed: dict[str, list[activity.TypedUnit]] = defaultdict(list)
    for unit in activity.list_typed_units(executor):
        typed[unit.slug].append(unit)
    undecided = activity.count_undecided(executor)
    found: list[Need] = []
    for page in shown:
        found += _of_state(executor, page, now)
        if units := typed[page.slug]:
            names = tuple(unit.name for unit in units[:NAMED])
            found.append(Need("units", page, sum(unit.people for unit in units), names))
        if pairs := undecided.get(page.slug):
            found.append(Need("essays", page, pairs))
    order = ("paused", "close", "publish", "units", "essays", "draft")
    return tuple(sorted(found, key=lambda need: order.index(need.kind)))


def _of_state(executor: Executor, page: ContestPage, now: datetime) -> Iterator[Need]:
    if page.state == "draft":
        errors = sum(one.severity == "error" for one in check_opening(executor, page.slug))
        if errors:
            yield Need("draft", page, errors)
    elif page.state == "closed":
        yield Need("publish", page, 1)
    elif page.state == "open":
        yield from _of_rounds(page, now)


def _of_rounds(page: ContestPage, now: datetime) -> Iterator[Need]:
    paused = {one.code: one.paused_at for one in page.rounds if one.paused_at}
    if paused:
        yield Need("paused", page, len(paused), tuple(paused), min(paused.values()))
    essay = page.contest.essay
    is_over = all(one.closes_at <= now for one in page.rounds)
    if is_over and not paused and (essay is None or essay.closes_at <= now):
        yield Need("close", page, 1)
