"""Attempts: deadlines, durations, and the names an attempt goes by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.attempts import (
    RECEIPT_ALPHABET,
    State,
    accepts_until,
    deadline,
    duration_ms,
    is_due,
    new_public_id,
    receipt_code,
)
from quizengine.core.clock import MILLISECOND, to_ms
from quizengine.core.contest import ClosePolicy

NINE = datetime(2021, 7, 20, 9, tzinfo=UTC)
MINUTE_MS = 60_000
instants = st.datetimes(
    min_value=datetime(2020, 1, 1),
    max_value=datetime(2030, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=7))]),
)


def test_an_attempt_ends_when_its_allowance_is_used() -> None:
    for policy in ClosePolicy:
        end = deadline(NINE, 20 * MINUTE_MS, NINE + timedelta(hours=1), policy)
        assert end == NINE + timedelta(minutes=20)


def test_the_close_cuts_an_attempt_only_where_the_rules_say_so() -> None:
    close = NINE + timedelta(minutes=5)
    assert deadline(NINE, 20 * MINUTE_MS, close, ClosePolicy.CUT) == close
    end = deadline(NINE, 20 * MINUTE_MS, close, ClosePolicy.LAST_START)
    assert end == NINE + timedelta(minutes=20)


def test_an_answer_at_the_last_millisecond_of_grace_is_taken_and_one_later_is_not() -> None:
    last = accepts_until(NINE, 3000)
    assert last == NINE + timedelta(seconds=3)
    assert not is_due(State.OPEN, NINE, 3000, last)
    assert is_due(State.OPEN, NINE, 3000, last + MILLISECOND)


@given(instants, st.integers(0, 60_000), instants)
def test_due_is_decided_in_whole_milliseconds_like_the_database(
    end: datetime, grace_ms: int, now: datetime
) -> None:
    assert is_due(State.OPEN, end, grace_ms, now) == (to_ms(now) > to_ms(end) + grace_ms)


@pytest.mark.parametrize("state", [State.SUBMITTED, State.EXPIRED, State.VOID])
def test_only_open_attempts_fall_due(state: State) -> None:
    assert not is_due(state, NINE, 0, NINE + timedelta(days=1))


@given(instants, st.integers(0, 86_400_000), instants | st.none())
def test_a_duration_is_between_nothing_and_the_whole_time_given(
    started: datetime, allowance_ms: int, submitted: datetime | None
) -> None:
    end = deadline(started, allowance_ms, started, ClosePolicy.LAST_START)
    assert 0 <= duration_ms(started, submitted, end) <= allowance_ms


def test_time_in_grace_does_not_count() -> None:
    end = NINE + timedelta(minutes=20)
    assert duration_ms(NINE, end + timedelta(seconds=2), end) == 20 * MINUTE_MS
    assert duration_ms(NINE, NINE + timedelta(minutes=7), end) == 7 * MINUTE_MS


def test_an_expired_attempt_took_all_its_time() -> None:
    assert duration_ms(NINE, None, NINE + timedelta(minutes=20)) == 20 * MINUTE_MS


def test_an_instant_without_a_time_zone_is_refused() -> None:
    naive = NINE.replace(tzinfo=None)
    with pytest.raises(ValueError, match="naive"):
        deadline(naive, 1, NINE, ClosePolicy.LAST_START)
    with pytest.raises(ValueError, match="naive"):
        is_due(State.OPEN, NINE, 0, naive)


def test_a_public_id_is_its_bytes_in_letters_and_digits() -> None:
    assert new_public_id(bytes(16)) == "a" * 26
    assert new_public_id(bytes(range(16))) == "aaaqeayeaudaocajbifqydiob4"


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_public_ids_differ_when_their_bytes_do(one: bytes, other: bytes) -> None:
    assert (new_public_id(one) == new_public_id(other)) == (one == other)


def test_a_public_id_of_too_few_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        new_public_id(bytes(8))


@given(st.binary(min_size=16, max_size=16).map(new_public_id))
def test_a_receipt_code_is_short_and_readable(public_id: str) -> None:
    code = receipt_code(public_id)
    assert code == receipt_code(public_id)
    left, dash, right = code[:4], code[4], code[5:]
    assert (dash, len(right)) == ("-", 4)
    assert set(left + right) <= set(RECEIPT_ALPHABET)


def test_receipt_codes_use_32_characters_that_are_not_confused() -> None:
    assert len(set(RECEIPT_ALPHABET)) == 32
    assert not set(RECEIPT_ALPHABET) & set("0O1I")
    assert receipt_code("a" * 26) == "M7VF-CLF4"
