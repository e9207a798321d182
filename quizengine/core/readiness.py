"""What to look at before a contest opens, beyond its file: shared questions, hours, units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from quizengine.core.banks import Level, Prompt
from quizengine.core.contest import Contest, Need, Round
from quizengine.errors import Place, Problem


@dataclass(frozen=True, slots=True)
class Share:
    """What two papers have in common of the questions drawn from one pool."""

    section: int
    """The first section that draws from the pool, counted from 0."""
    drawn: int
    pool: int

    @property
    def percent(self) -> int:
        """How many of the drawn questions two papers share on average, cut to a whole percent.

        Of n questions drawn from p each is in another paper with the chance n/p.
        """
        return min(100, self.drawn * 100 // self.pool) if self.pool else 100


def shares(one: Round, prompts: Iterable[Prompt]) -> tuple[Share, ...]:
    """Return what papers share, pool by pool; sections of one topic and level draw as one."""
    drawn: Counter[tuple[str | None, Level | None]] = Counter()
    first: dict[tuple[str | None, Level | None], int] = {}
    for index, section in enumerate(one.sections):
        drawn[section.topic, section.level] += section.count
        first.setdefault((section.topic, section.level), index)
    questions = tuple(prompts)
    return tuple(
        Share(first[pool], count, pool_size(questions, *pool)) for pool, count in drawn.items()
    )


def pool_size(prompts: Iterable[Prompt], topic: str | None, level: Level | None) -> int:
    """Return how many questions a section with the topic and level may draw."""
    return sum(topic in (None, one.topic) and level in (None, one.level) for one in prompts)


def paper_percent(found: Iterable[Share]) -> int:
    """Return how much of their whole papers two people share on average, in whole percent."""
    pools = tuple(found)
    total = sum(one.drawn for one in pools)
    return sum(one.drawn * one.percent for one in pools) // total if total else 0


def check_moment(contest: Contest, now: datetime) -> tuple[Problem, ...]:
    """Return what opening a contest at this moment would mean for its rounds."""
    found = []
    for index, one in enumerate(contest.rounds):
        at = f"rounds.{index}"
        if one.closes_at <= now:
            code = "contest.round_over"
            found.append(
                Problem("error", code, Place("field", f"{at}.closes_at"), {"round": one.id})
            )
        elif one.opens_at <= now:
            code = "contest.opens_in_past"
            found.append(
                Problem("warning", code, Place("field", f"{at}.opens_at"), {"round": one.id})
            )
    return tuple(found)


def check_units(contest: Contest, units: int) -> tuple[Problem, ...]:
    """Return what is wrong when people are asked for a unit and this many are loaded."""
    if units or contest.registration.fields.get("unit", Need.OFF) is Need.OFF:
        return ()
    return (
        Problem("warning", "contest.units_missing", Place("field", "registration.fields.unit")),
    )
