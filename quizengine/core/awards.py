"""Individual awards: who takes the next places of a ranking, who is passed over and why.

A tie at the edge of an award is handed on to be settled: nobody is left out by the order of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from quizengine.core.contest import Award

Reason = Literal["not_eligible", "no_essay", "copied_essay"]
REASONS: tuple[Reason, ...] = ("not_eligible", "no_essay", "copied_essay")
"""Not of the roles or the age that the contest is for; no essay where one is required; a copy."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody in a ranking; ``reason`` says why they can take no award, None when they can."""

    key: int
    place: int
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """People who share a place across the edge of an award: ``seats`` of them are given it."""

    people: tuple[Candidate, ...]
    seats: int


@dataclass(frozen=True, slots=True)
class AwardPart:
    """Who is given an award, and among whom a person has to settle it, at either edge.

    ``unfilled`` of it are left because the ranking ended. Those given, the seats of the ties and
    the unfilled make up the award's count.
    """

    award: Award
    given: tuple[Candidate, ...]
    ties: tuple[Tie, ...]
    unfilled: int


@dataclass(frozen=True, slots=True)
class AwardList:
    """The awards from the highest down, and who was passed over on the way, by place."""

    parts: tuple[AwardPart, ...]
    skipped: tuple[Candidate, ...]


@dataclass(slots=True)
class _Open:
    """An award while it is being filled."""

    award: Award
    left: int
    given: list[Candidate] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)


def list_awards(awards: Sequence[Award], candidates: Iterable[Candidate]) -> AwardList:
    """Return who is given which award, the candidates in whatever order.

    People on one place get one award together or are tied. A group that is larger than what is
    left of an award takes what it needs of the next ones too, all of it to be settled.
    """
    filling = [_Open(one, one.count) for one in awards]
    skipped: list[Candidate] = []
    for group in _by_place(candidates):
        if not any(one.left for one in filling):
            break
        skipped += (one for one in group if one.reason is not None)
        _seat(filling, tuple(one for one in group if one.reason is None))
    return AwardList(tuple(_part(one) for one in filling), tuple(skipped))


def _by_place(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    ordered = sorted(candidates, key=lambda one: (one.place, one.key))
    for _, group in groupby(ordered, lambda one: one.place):
        yield list(group)


def _seat(filling: Sequence[_Open], group: tuple[Candidate, ...]) -> None:
    first = next(one for one in filling if one.left)
    if len(group) <= first.left:
        first.given += group
        first.left -= len(group)
        return
    wanting = len(group)
    for one in filling:
        if one.left and wanting:
            tie = Tie(group, min(one.left, wanting))
            one.ties.append(tie)
            one.left -= tie.seats
            wanting -= tie.seats


def _part(one: _Open) -> AwardPart:
    return AwardPart(one.award, tuple(one.given), tuple(one.ties), one.left)
