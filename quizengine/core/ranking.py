"""The ranking: which attempt of a person counts, who stands above whom, and who shares a place.

Two people stand apart only by the declared keys; who came first into the database never matters,
and the same standings in another order give the same ranking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from quizengine.core.clock import to_ms
from quizengine.core.contest import Counts, RankingKey, Target
from quizengine.errors import Conflict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NO_PREDICTION = -1
"""Stands in the prediction column for a person who predicted nothing."""
_FARTHEST = 2**62


@dataclass(frozen=True, slots=True)
class Standing:
    """A finished attempt with at least one answer: what the ranking compares."""

    person: str
    attempt: int
    points: int
    prediction: int | None
    duration_ms: int
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Ranked:
    """A person's place, how many people share it, and the attempt that counted."""

    place: int
    shared: int
    standing: Standing
    prediction_error: int | None
    """How far the prediction was from the actual number; none when either is missing."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Standings as equally long integer columns, for rankings of a million rows.

    ``person`` numbers people in the order in which a list shows those who share a place;
    ``prediction`` is ``NO_PREDICTION`` where there is none; ``submitted_ms`` counts from 1970.
    """

    person: NDArray[np.int64]
    attempt: NDArray[np.int64]
    points: NDArray[np.int64]
    prediction: NDArray[np.int64]
    duration_ms: NDArray[np.int64]
    submitted_ms: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Places:
    """One entry a person, ordered by place and person: the row that counted, place, sharers."""

    rows: NDArray[np.int64]
    place: NDArray[np.int64]
    shared: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers that a prediction may be about."""

    participants: int
    perfect_participants: int
    attempts: int


def rank(
    standings: Iterable[Standing],
    *,
    keys: Sequence[RankingKey],
    counts: Counts,
    actual: int | None,
) -> tuple[Ranked, ...]:
    """Return one row a person, ordered by place and then by person.

    The best attempt is the best by all ``keys``, each attempt with its own prediction; of a
    person's attempts equal in every key the one with the lower number counts. People equal in every
    key share a place and the next place skips as many: 1, 2, 2, 4. A missing prediction stands
    behind every other; while the ``actual`` number is unknown predictions set nobody apart.

    Raises ``Conflict`` for essay marks among the keys, which standings do not carry, and
    ``ValueError`` when a person has two standings for one attempt.
    """
    rows = tuple(standings)
    if len({(row.person, row.attempt) for row in rows}) < len(rows):
        raise ValueError("a person has two standings for the same attempt")
    places = rank_arrays(_columns(rows), keys=keys, counts=counts, actual=actual)
    return tuple(
        Ranked(place, shared, rows[row], _error(rows[row].prediction, actual))
        for row, place, shared in zip(
            places.rows.tolist(), places.place.tolist(), places.shared.tolist(), strict=True
        )
    )


def rank_arrays(
    columns: Columns, *, keys: Sequence[RankingKey], counts: Counts, actual: int | None
) -> Places:
    """Return the ranking of columns by the rules of :func:`rank`."""
    import numpy as np

    costs = [_cost(columns, key, actual) for key in keys]
    rows = _counting_rows(columns, costs, counts)
    rows = rows[np.lexsort((columns.person[rows], *(cost[rows] for cost in reversed(costs))))]
    opens_place = np.zeros(len(rows), dtype=np.bool_)
    opens_place[:1] = True
    for cost in costs:
        ordered = cost[rows]
        opens_place[1:] |= ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(opens_place)
    sizes = np.diff(np.append(starts, len(rows)))
    return Places(rows, np.repeat(starts + 1, sizes), np.repeat(sizes, sizes))


def tally(standings: Iterable[Standing], max_points: int) -> Tally:
    """Return the numbers a prediction may be about, from finished attempts with an answer."""
    rows = tuple(standings)
    return Tally(
        participants=len({row.person for row in rows}),
        perfect_participants=len({row.person for row in rows if row.points == max_points}),
        attempts=len(rows),
    )


def actual_of(target: Target, counted: Tally) -> int:
    """Return the number that predictions of a target are compared with."""
    match target:
        case Target.PARTICIPANTS:
            return counted.participants
        case Target.PERFECT_PARTICIPANTS:
            return counted.perfect_participants
        case Target.ATTEMPTS:
            return counted.attempts


def _error(prediction: int | None, actual: int | None) -> int | None:
    return None if prediction is None or actual is None else abs(prediction - actual)


def _columns(rows: Sequence[Standing]) -> Columns:
    import numpy as np

    def column(numbers: Iterable[int]) -> NDArray[np.int64]:
        return np.fromiter(numbers, dtype=np.int64, count=len(rows))

    numbers = {person: number for number, person in enumerate(sorted({row.person for row in rows}))}
    return Columns(
        person=column(numbers[row.person] for row in rows),
        attempt=column(row.attempt for row in rows),
        points=column(row.points for row in rows),
        prediction=column(
            NO_PREDICTION if row.prediction is None else row.prediction for row in rows
        ),
        duration_ms=column(row.duration_ms for row in rows),
        submitted_ms=column(to_ms(row.submitted_at) for row in rows),
    )


def _cost(columns: Columns, key: RankingKey, actual: int | None) -> NDArray[np.int64]:
    """Return a column that is smaller for whoever stands higher by a key."""
    import numpy as np

    match key:
        case RankingKey.POINTS:
            return -columns.points
        case RankingKey.PREDICTION:
            if actual is None:
                return np.zeros_like(columns.prediction)
            is_missing = columns.prediction == NO_PREDICTION
            return np.where(is_missing, _FARTHEST, np.abs(columns.prediction - actual))
        case RankingKey.DURATION:
            return columns.duration_ms
        case RankingKey.SUBMITTED_AT:
            return columns.submitted_ms
        case RankingKey.ESSAY_MARK:
            raise Conflict("ranking.essay_marks_missing")


def _counting_rows(
    columns: Columns, costs: Sequence[NDArray[np.int64]], counts: Counts
) -> NDArray[np.int64]:
    """Return for each person the row of the attempt that counts."""
    import numpy as np

    match counts:
        case Counts.BEST:
            deciding = [*costs, columns.attempt]
        case Counts.FIRST:
            deciding = [columns.attempt]
        case Counts.LAST:
            deciding = [-columns.attempt]
    order = np.lexsort((*reversed(deciding), columns.person))
    people = columns.person[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = people[1:] != people[:-1]
    return order[is_first]
