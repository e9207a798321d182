"""What happens each minute, counted from columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from quizengine.core.activity import MINUTES, ActiveAttempts, count_minutes, window
from quizengine.core.clock import to_ms
from quizengine.core.sheets import Record, empty_sheet, merge

NOW = datetime(2021, 8, 22, 13, 30, 20, tzinfo=UTC)


def sheet_of(*records: Record) -> bytes:
    """Return a sheet with some records saved in its first slots."""
    sheet = empty_sheet(len(records) + 1)
    for slot, record in enumerate(records):
        sheet, _ = merge(sheet, slot, record)
    return sheet


def test_only_whole_minutes_are_shown() -> None:
    assert window(NOW) == (datetime(2021, 8, 22, 12, 30, tzinfo=UTC), NOW.replace(second=0))


def test_starts_submissions_and_answers_fall_into_their_minutes() -> None:
    started = to_ms(NOW.replace(second=0) - timedelta(minutes=5))
    counted = count_minutes(
        ActiveAttempts(
            [started],
            [started + 130_000],
            [sheet_of(Record(1, 1_000, 1), Record(7, 61_000, 0), Record(2, 62_000, 2))],
        ),
        NOW,
    )
    assert counted.starts[-6:] == (0, 1, 0, 0, 0, 0)
    assert counted.submissions[-6:] == (0, 0, 0, 1, 0, 0)
    assert counted.answers[-6:] == (0, 1, 2, 0, 0, 0)


def test_nothing_active_is_nothing_in_every_minute() -> None:
    counted = count_minutes(ActiveAttempts([], [], []), NOW)
    assert counted.starts == counted.submissions == counted.answers == (0,) * MINUTES


@given(
    some.lists(
        some.tuples(
            some.integers(-200 * 60_000, 10 * 60_000),
            some.lists(some.integers(0, 100 * 60_000), max_size=4),
        ),
        max_size=8,
    )
)
def test_the_counts_are_those_of_counting_one_by_one(drawn: list[tuple[int, list[int]]]) -> None:
    since, until = map(to_ms, window(NOW))
    starts = [to_ms(NOW) + offset for offset, _ in drawn]
    sheets = [sheet_of(*(Record(1, at, 1) for at in answers)) for _, answers in drawn]
    counted = count_minutes(ActiveAttempts(starts, [None] * len(starts), sheets), NOW)
    instants = [
        start + at for start, (_, answers) in zip(starts, drawn, strict=True) for at in answers
    ]
    for minute in range(MINUTES):
        span = range(since + minute * 60_000, since + (minute + 1) * 60_000)
        assert counted.starts[minute] == sum(one in span for one in starts)
        assert counted.answers[minute] == sum(one in span for one in instants)
    assert sum(counted.answers) == sum(since <= one < until for one in instants)
