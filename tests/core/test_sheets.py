"""Answer sheets: what a save does to the bytes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.sheets import (
    RECORD_BYTES,
    Outcome,
    Record,
    answered,
    empty_sheet,
    merge,
    pack,
    pack_flags,
    prediction_of,
    read_flags,
    read_sheet,
    sheet_values,
)

SLOTS = 4
numbers = st.integers(0, 2**32 - 1)
records = st.builds(Record, st.integers(1, 2**32 - 1), numbers, numbers)
saves = st.lists(st.tuples(st.integers(0, SLOTS - 1), records), max_size=20).map(
    # A sender never gives one sequence number to two different saves of a slot.
    lambda pairs: [
        (slot, record)
        for (slot, _), record in {(slot, record.sequence): record for slot, record in pairs}.items()
    ]
)


def merge_all(sheet: bytes, stream: Sequence[tuple[int, Record]]) -> bytes:
    for slot, record in stream:
        sheet, _ = merge(sheet, slot, record)
    return sheet


def test_an_empty_sheet_was_never_saved() -> None:
    assert read_sheet(empty_sheet(3)) == (Record(0, 0, 0),) * 3


def test_a_record_is_three_big_endian_numbers() -> None:
    assert pack(Record(1, 2, 0xA0B0C0D0)).hex() == "0000000100000002a0b0c0d0"


@given(st.lists(st.builds(Record, numbers, numbers, numbers), max_size=8))
def test_what_is_packed_is_read_back(rows: list[Record]) -> None:
    assert read_sheet(b"".join(pack(row) for row in rows)) == tuple(rows)


@given(numbers, numbers)
def test_packed_sequences_compare_like_numbers(one: int, other: int) -> None:
    packed = pack(Record(one, 0, 0))[:4], pack(Record(other, 0, 0))[:4]
    assert (packed[0] < packed[1]) == (one < other)


@given(saves, st.data())
def test_order_and_repetition_of_saves_change_nothing(
    stream: list[tuple[int, Record]], data: st.DataObject
) -> None:
    doubled = stream + data.draw(
        st.lists(st.sampled_from(stream), max_size=10) if stream else st.just([])
    )
    shuffled = data.draw(st.permutations(doubled))
    expected = [
        max((record for slot, record in stream if slot == index), key=lambda one: one.sequence)
        if any(slot == index for slot, _ in stream)
        else Record(0, 0, 0)
        for index in range(SLOTS)
    ]
    assert list(read_sheet(merge_all(empty_sheet(SLOTS), shuffled))) == expected


@given(saves, records)
def test_a_save_again_is_saved_and_changes_nothing(
    stream: list[tuple[int, Record]], record: Record
) -> None:
    sheet = merge_all(empty_sheet(SLOTS), stream)
    once, first = merge(sheet, 0, record)
    again, second = merge(once, 0, record)
    assert (again, second) == (once, first)


def test_a_greater_sequence_replaces_and_a_lesser_is_superseded() -> None:
    sheet, outcome = merge(empty_sheet(2), 1, Record(5, 100, 2))
    assert outcome is Outcome.SAVED
    assert read_sheet(sheet) == (Record(0, 0, 0), Record(5, 100, 2))
    assert merge(sheet, 1, Record(4, 90, 1)) == (sheet, Outcome.SUPERSEDED)
    assert read_sheet(merge(sheet, 1, Record(6, 110, 0))[0])[1] == Record(6, 110, 0)


def test_a_replay_that_arrives_later_keeps_the_first_time() -> None:
    sheet, _ = merge(empty_sheet(1), 0, Record(5, 100, 2))
    assert merge(sheet, 0, Record(5, 900, 2)) == (sheet, Outcome.SAVED)


def test_another_value_under_the_same_sequence_is_superseded() -> None:
    sheet, _ = merge(empty_sheet(1), 0, Record(5, 100, 2))
    assert merge(sheet, 0, Record(5, 100, 3)) == (sheet, Outcome.SUPERSEDED)


@pytest.mark.parametrize("slot", [-1, 2])
def test_a_slot_off_the_sheet_is_refused(slot: int) -> None:
    with pytest.raises(ValueError, match="2 records"):
        merge(empty_sheet(2), slot, Record(1, 0, 1))


@pytest.mark.parametrize(
    "record", [Record(0, 0, 1), Record(1, -1, 1), Record(1, 0, 2**32), Record(2**32, 0, 1)]
)
def test_numbers_that_do_not_fit_are_refused(record: Record) -> None:
    with pytest.raises(ValueError, match=r"start at 1|0 to 4294967295"):
        merge(empty_sheet(1), 0, record)


def test_half_a_record_is_not_a_sheet() -> None:
    with pytest.raises(ValueError, match="multiple of 12"):
        read_sheet(bytes(RECORD_BYTES + 1))


def test_answered_counts_chosen_slots_and_not_the_prediction() -> None:
    stream = [(0, Record(1, 0, 1)), (1, Record(2, 0, 0)), (3, Record(3, 0, 500))]
    assert answered(merge_all(empty_sheet(4), stream), 3) == 1


def test_a_prediction_of_none_differs_from_no_prediction() -> None:
    sheet = empty_sheet(3)
    assert prediction_of(sheet, 2) is None
    assert prediction_of(merge(sheet, 2, Record(1, 0, 0))[0], 2) == 0
    assert prediction_of(sheet, 3) is None


@given(st.lists(st.lists(st.builds(Record, numbers, numbers, numbers), min_size=3, max_size=3)))
def test_many_sheets_become_the_same_numbers(rows: list[list[Record]]) -> None:
    sheets = [b"".join(pack(record) for record in row) for row in rows]
    values = sheet_values(sheets, 3)
    assert values.shape == (len(rows), 3, 3)
    assert values.tolist() == [[[r.sequence, r.at_ms, r.value] for r in row] for row in rows]


def test_sheets_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="sheet 1 has 12 bytes"):
        sheet_values([empty_sheet(2), empty_sheet(1), empty_sheet(3)], 2)


@given(records, records, st.integers(0, 2**32 - 1))
def test_a_sender_replaces_nothing_later_than_it_has_seen(
    stored: Record, sent: Record, seen: int
) -> None:
    sheet, _ = merge(empty_sheet(1), 0, stored)
    after, outcome = merge(sheet, 0, sent, seen)
    is_replay = (sent.sequence, sent.value) == (stored.sequence, stored.value)
    if sent.sequence > stored.sequence and stored.sequence <= seen:
        assert (read_sheet(after), outcome) == ((sent,), Outcome.SAVED)
    else:
        assert (after, outcome) == (sheet, Outcome.SAVED if is_replay else Outcome.SUPERSEDED)


@given(numbers, st.sets(st.integers(0, 19)))
def test_flags_are_read_back_as_they_were_packed(sequence: int, flagged: set[int]) -> None:
    packed = pack_flags(sequence, flagged, 20)
    assert len(packed) == 7
    assert read_flags(packed) == (sequence, frozenset(flagged))


@given(numbers, numbers)
def test_packed_flags_compare_by_their_sequence(one: int, other: int) -> None:
    packed = pack_flags(one, {0}, 8)[:4], pack_flags(other, {7}, 8)[:4]
    assert (packed[0] < packed[1]) == (one < other)


def test_nothing_is_flagged_before_anything_is() -> None:
    assert read_flags(None) == (0, frozenset())


@pytest.mark.parametrize(("sequence", "slot"), [(1, 20), (1, -1), (-1, 0), (2**32, 0)])
def test_flags_outside_the_paper_are_refused(sequence: int, slot: int) -> None:
    with pytest.raises(ValueError, match=r"slots|sequence"):
        pack_flags(sequence, {slot}, 20)
