"""The ranking: which attempt counts, who stands where, and who shares a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.contest import Counts, RankingKey, Target
from quizengine.core.ranking import Ranked, Standing, Tally, actual_of, rank, tally
from quizengine.errors import Conflict

NINE = datetime(2021, 7, 20, 9, tzinfo=UTC)
CASCADE = (
    RankingKey.POINTS,
    RankingKey.PREDICTION,
    RankingKey.DURATION,
    RankingKey.SUBMITTED_AT,
)


def standing(
    person: str,
    attempt: int = 1,
    points: int = 20,
    prediction: int | None = None,
    duration_ms: int = 600_000,
    minute: int = 0,
) -> Standing:
    submitted_at = NINE + timedelta(minutes=minute)
    return Standing(person, attempt, points, prediction, duration_ms, submitted_at)


# Few values, so that ties are common.
standings = st.lists(
    st.builds(
        standing,
        person=st.sampled_from(["an", "bình", "chi", "dũng", "đào", "ê"]),
        attempt=st.integers(1, 3),
        points=st.integers(0, 2),
        prediction=st.none() | st.integers(0, 4) | st.just(2**32 - 1),
        duration_ms=st.integers(0, 1),
        minute=st.integers(0, 1),
    ),
    unique_by=lambda row: (row.person, row.attempt),
    max_size=18,
)
orders = st.lists(st.sampled_from(CASCADE), unique=True, max_size=4)
counting = st.sampled_from(Counts)
actuals = st.none() | st.integers(0, 5)


def ranked(
    rows: Sequence[Standing],
    keys: Sequence[RankingKey] = CASCADE,
    counts: Counts = Counts.BEST,
    actual: int | None = None,
) -> tuple[Ranked, ...]:
    return rank(rows, keys=keys, counts=counts, actual=actual)


def places(rows: Sequence[Ranked]) -> list[tuple[int, int, str]]:
    return [(row.place, row.shared, row.standing.person) for row in rows]


def plain_cost(
    row: Standing, keys: Sequence[RankingKey], actual: int | None
) -> tuple[tuple[bool, float], ...]:
    columns = {
        RankingKey.POINTS: (False, -row.points),
        RankingKey.DURATION: (False, row.duration_ms),
        RankingKey.SUBMITTED_AT: (False, row.submitted_at.timestamp()),
        RankingKey.PREDICTION: (False, 0)
        if actual is None
        else (True, 0)
        if row.prediction is None
        else (False, abs(row.prediction - actual)),
    }
    return tuple(columns[key] for key in keys)


def plain_rank(
    rows: Sequence[Standing], keys: Sequence[RankingKey], counts: Counts, actual: int | None
) -> list[tuple[int, int, Standing]]:
    """Return (place, shared, standing) by the rules in their plainest words."""
    counted: list[Standing] = []
    for person in {row.person for row in rows}:
        own = sorted((row for row in rows if row.person == person), key=lambda row: row.attempt)
        best = min(own, key=lambda row: plain_cost(row, keys, actual))
        counted.append({Counts.BEST: best, Counts.FIRST: own[0], Counts.LAST: own[-1]}[counts])
    costs = [plain_cost(row, keys, actual) for row in counted]
    result = [
        (1 + sum(other < cost for other in costs), costs.count(cost), row)
        for cost, row in zip(costs, counted, strict=True)
    ]
    return sorted(result, key=lambda entry: (entry[0], entry[2].person))


@given(standings, orders, counting, actuals)
def test_the_ranking_is_what_its_rules_say(
    rows: list[Standing], keys: list[RankingKey], counts: Counts, actual: int | None
) -> None:
    result = ranked(rows, keys, counts, actual)
    expected = plain_rank(rows, keys, counts, actual)
    assert [(row.place, row.shared, row.standing) for row in result] == expected


@given(standings, orders, counting, actuals, st.data())
def test_the_order_of_the_input_changes_nothing(
    rows: list[Standing],
    keys: list[RankingKey],
    counts: Counts,
    actual: int | None,
    data: st.DataObject,
) -> None:
    permuted = data.draw(st.permutations(rows))
    assert ranked(permuted, keys, counts, actual) == ranked(rows, keys, counts, actual)


@given(standings, orders, counting, actuals)
def test_everybody_has_one_row_and_ties_share_a_place(
    rows: list[Standing], keys: list[RankingKey], counts: Counts, actual: int | None
) -> None:
    result = ranked(rows, keys, counts, actual)
    assert Counter(row.standing.person for row in result) == Counter({row.person for row in rows})
    sharers = Counter(row.place for row in result)
    assert all(row.shared == sharers[row.place] for row in result)
    above = 0
    for place in sorted(sharers):
        assert place == above + 1
        above += sharers[place]


def test_shared_places_skip_the_next() -> None:
    rows = [
        standing("a"),
        standing("b", points=19),
        standing("c", points=19),
        standing("d", points=3),
    ]
    assert places(ranked(rows)) == [(1, 1, "a"), (2, 2, "b"), (2, 2, "c"), (4, 1, "d")]


def test_nobody_ranks_when_nobody_finished() -> None:
    assert ranked([]) == ()


def test_without_keys_all_share_the_first_place() -> None:
    assert places(ranked([standing("b", points=1), standing("a")], keys=())) == [
        (1, 2, "a"),
        (1, 2, "b"),
    ]


def test_keys_decide_in_their_declared_order() -> None:
    quick = standing("quick", points=18, duration_ms=1)
    right = standing("right", points=20, duration_ms=2)
    points_first = ranked([quick, right], (RankingKey.POINTS, RankingKey.DURATION))
    time_first = ranked([quick, right], (RankingKey.DURATION, RankingKey.POINTS))
    assert [row.standing for row in points_first] == [right, quick]
    assert [row.standing for row in time_first] == [quick, right]


def test_the_nearest_prediction_wins_and_a_missing_one_is_last() -> None:
    rows = [
        standing("below", prediction=90),
        standing("above", prediction=112),
        standing("far", prediction=2**32 - 1),
        standing("none"),
        standing("mirror", prediction=110),
    ]
    result = ranked(rows, actual=100)
    assert places(result) == [
        (1, 2, "below"),
        (1, 2, "mirror"),
        (3, 1, "above"),
        (4, 1, "far"),
        (5, 1, "none"),
    ]
    assert [row.prediction_error for row in result] == [10, 10, 12, 2**32 - 101, None]


def test_predictions_set_nobody_apart_before_the_number_is_known() -> None:
    result = ranked([standing("a", prediction=3), standing("b")], actual=None)
    assert places(result) == [(1, 2, "a"), (1, 2, "b")]
    assert result[0].prediction_error is None


def test_the_best_attempt_is_best_by_every_key_with_its_own_prediction() -> None:
    slow = standing("a", attempt=1, prediction=100, duration_ms=900_000)
    fast = standing("a", attempt=2, prediction=150, duration_ms=100_000)
    assert ranked([slow, fast], actual=100)[0].standing is slow
    assert ranked([slow, fast], actual=150)[0].standing is fast


def test_the_first_or_the_last_attempt_counts_where_the_rules_say_so() -> None:
    rows = [standing("a", 2, points=20), standing("a", 3, points=1), standing("a", 1, points=2)]
    assert ranked(rows, counts=Counts.FIRST)[0].standing.points == 2
    assert ranked(rows, counts=Counts.LAST)[0].standing.points == 1


def test_of_equal_attempts_the_lower_number_counts() -> None:
    assert ranked([standing("a", 2), standing("a", 1)])[0].standing.attempt == 1


def test_instants_are_compared_and_not_their_clocks() -> None:
    hanoi = timezone(timedelta(hours=7))
    later = Standing("a", 1, 20, None, 1, datetime(2021, 7, 20, 16, 1, tzinfo=hanoi))
    sooner = Standing("b", 1, 20, None, 1, NINE)
    assert [row.standing.person for row in ranked([later, sooner])] == ["b", "a"]


def test_two_standings_for_one_attempt_are_refused() -> None:
    with pytest.raises(ValueError, match="same attempt"):
        ranked([standing("a"), standing("a", points=1)])


def test_essay_marks_cannot_order_standings_that_carry_none() -> None:
    with pytest.raises(Conflict) as caught:
        ranked([standing("a")], keys=(RankingKey.ESSAY_MARK,))
    assert caught.value.code == "ranking.essay_marks_missing"


def test_a_tally_counts_people_once_and_attempts_each() -> None:
    rows = [standing("a"), standing("a", 2, points=20), standing("b", points=3)]
    counted = tally(rows, max_points=20)
    assert counted == Tally(participants=2, perfect_participants=1, attempts=3)
    assert [actual_of(target, counted) for target in Target] == [2, 1, 3]
