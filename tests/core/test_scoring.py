"""Scoring: what an answer earns, one by one and a million at once."""

from __future__ import annotations

import fractions

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.banks import Bank, Kind, Question
from quizengine.core.contest import Scoring
from quizengine.core.drawing import Paper, Slot
from quizengine.core.scoring import (
    Key,
    Score,
    keys_of,
    mark,
    mark_many,
    mark_question,
    round_half_up,
)
from quizengine.core.sheets import Record, empty_sheet, merge, pack, sheet_values

MULTIPLE = Key(Kind.MULTIPLE, 0b0111, 5)
SINGLE = Key(Kind.SINGLE, 0b0010, 4)


@st.composite
def keys(draw: st.DrawFn) -> Key:
    kind = draw(st.sampled_from(Kind))
    choices = 2 if kind is Kind.TRUE_FALSE else draw(st.integers(2, 26))
    if kind is Kind.MULTIPLE:
        return Key(kind, draw(st.integers(0, 2**choices - 1)), choices)
    return Key(kind, 1 << draw(st.integers(0, choices - 1)), choices)


masks = st.integers(0, 2**32 - 1) | st.integers(0, 63)
scorings = st.sampled_from(Scoring)


def sheet_of(*chosen: int) -> bytes:
    return b"".join(pack(Record(1, 0, mask)) for mask in chosen)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(0, 3, 0), (1, 3, 0), (1, 2, 1), (2, 3, 1), (3, 2, 2), (-1, 2, 0), (-3, 2, -1), (5, 1, 5)],
)
def test_a_half_is_rounded_up(numerator: int, denominator: int, expected: int) -> None:
    assert round_half_up(numerator, denominator) == expected


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_rounding_moves_a_number_by_half_at_most(numerator: int, denominator: int) -> None:
    off = round_half_up(numerator, denominator) - fractions.Fraction(numerator, denominator)
    assert fractions.Fraction(-1, 2) < off <= fractions.Fraction(1, 2)


def test_rounding_needs_a_positive_denominator() -> None:
    with pytest.raises(ValueError, match="positive"):
        round_half_up(1, 0)


@pytest.mark.parametrize("scoring", Scoring)
def test_a_single_choice_is_right_or_wrong(scoring: Scoring) -> None:
    assert mark_question(SINGLE, 0b0010, 5, scoring) == 5
    assert mark_question(SINGLE, 0b0001, 5, scoring) == 0
    assert mark_question(SINGLE, 0b0011, 5, scoring) == 0
    assert mark_question(SINGLE, 0, 5, scoring) == 0


@pytest.mark.parametrize(
    ("chosen", "all_or_nothing", "partial"),
    [
        (0b00111, 6, 6),
        (0b00011, 0, 4),
        (0b00001, 0, 2),
        (0b01111, 0, 4),
        (0b01001, 0, 0),
        (0b11001, 0, 0),
        (0b11111, 0, 2),
        (0, 0, 0),
    ],
)
def test_a_wrong_choice_takes_a_right_one_away_when_parts_count(
    chosen: int, all_or_nothing: int, partial: int
) -> None:
    assert mark_question(MULTIPLE, chosen, 6, Scoring.ALL_OR_NOTHING) == all_or_nothing
    assert mark_question(MULTIPLE, chosen, 6, Scoring.PARTIAL) == partial


def test_parts_of_a_point_are_rounded_half_up() -> None:
    two = Key(Kind.MULTIPLE, 0b11, 4)
    assert mark_question(two, 0b01, 1, Scoring.PARTIAL) == 1
    assert mark_question(MULTIPLE, 0b001, 1, Scoring.PARTIAL) == 0
    assert mark_question(MULTIPLE, 0b011, 1, Scoring.PARTIAL) == 1


@given(keys(), masks, st.integers(0, 1000), scorings)
def test_a_mark_is_between_nothing_and_the_points(
    key: Key, chosen: int, points: int, scoring: Scoring
) -> None:
    earned = mark_question(key, chosen, points, scoring)
    assert 0 <= earned <= points
    assert earned >= mark_question(key, chosen, points, Scoring.ALL_OR_NOTHING)


@given(keys(), st.integers(0, 25), masks, scorings)
def test_one_more_wrong_choice_never_earns_more(
    key: Key, bit: int, chosen: int, scoring: Scoring
) -> None:
    wrong = 1 << bit & ~key.mask
    base = chosen & ~wrong
    more = mark_question(key, base | wrong, 100, scoring)
    assert more <= mark_question(key, base, 100, scoring)


def test_a_sheet_is_marked_slot_by_slot_and_its_prediction_left_alone() -> None:
    paper = Paper((Slot(7, 3, (1, 0, 2, 3)), Slot(2, 6, (0, 1, 2, 3, 4))))
    score = mark(paper, sheet_of(0b0010, 0b0011, 999), {2: MULTIPLE, 7: SINGLE}, Scoring.PARTIAL)
    assert score == Score(points=7, max_points=9, marks=(3, 4))
    assert not score.is_perfect()


def test_a_bank_marks_its_own_papers() -> None:
    bank = Bank(
        (
            Question("a", Kind.SINGLE, "?", ("x", "y"), key=0b10),
            Question("b", Kind.TRUE_FALSE, "?", ("Đúng", "Sai"), key=0b01),
        )
    )
    paper = Paper((Slot(1, 1, (0, 1)), Slot(0, 2, (1, 0))))
    sheet, _ = merge(empty_sheet(2), 0, Record(1, 0, 0b01))
    sheet, _ = merge(sheet, 1, Record(2, 0, 0b10))
    score = mark(paper, sheet, keys_of(bank), Scoring.ALL_OR_NOTHING)
    assert score == Score(3, 3, (1, 2))
    assert score.is_perfect()


def test_a_question_without_a_key_stops_the_marking() -> None:
    paper = Paper((Slot(5, 1, (0, 1)),))
    with pytest.raises(KeyError, match="5"):
        mark(paper, sheet_of(1), {4: SINGLE}, Scoring.PARTIAL)
    for known in ({4: SINGLE}, {6: SINGLE}):
        with pytest.raises(KeyError, match="5"):
            mark_many(np.ones((1, 1), dtype=np.uint32), [[5]], 1, known, Scoring.PARTIAL)


@pytest.mark.parametrize("scoring", Scoring)
def test_a_question_with_no_right_choice_earns_nothing(scoring: Scoring) -> None:
    none = Key(Kind.MULTIPLE, 0, 4)
    assert [mark_question(none, chosen, 5, scoring) for chosen in (0, 1)] == [0, 0]
    values = np.array([[0], [1]], dtype=np.uint32)
    assert mark_many(values, [0], [5], {0: none}, scoring).tolist() == [0, 0]


def test_a_sheet_shorter_than_the_paper_is_refused() -> None:
    with pytest.raises(ValueError, match="1 records cannot answer 2 slots"):
        mark(Paper((Slot(0, 1, ()),) * 2), sheet_of(1), {0: SINGLE}, Scoring.PARTIAL)


@given(st.data(), scorings, st.integers(0, 4), st.integers(0, 6))
def test_many_are_marked_as_one_by_one(
    data: st.DataObject, scoring: Scoring, slots: int, attempts: int
) -> None:
    bank = data.draw(st.dictionaries(st.integers(0, 40), keys(), min_size=1, max_size=6))
    slot = st.builds(Slot, st.sampled_from(sorted(bank)), st.integers(0, 1000), st.just(()))
    papers = [
        Paper(tuple(data.draw(st.lists(slot, min_size=slots, max_size=slots))))
        for _ in range(attempts)
    ]
    # Mostly near the key: independent masks would hardly ever be right.
    sheets = [
        sheet_of(
            *(
                data.draw(st.just(bank[one.ordinal].mask) | masks | st.integers(0, 7))
                for one in paper.slots
            )
        )
        for paper in papers
    ]
    points = mark_many(
        sheet_values(sheets, slots)[:, :, 2],
        np.array(
            [[one.ordinal for one in paper.slots] for paper in papers], dtype=np.uint16
        ).reshape(attempts, slots),
        np.array([[one.points for one in paper.slots] for paper in papers], dtype=np.int32).reshape(
            attempts, slots
        ),
        bank,
        scoring,
    )
    expected = [
        mark(paper, sheet, bank, scoring).points
        for paper, sheet in zip(papers, sheets, strict=True)
    ]
    assert points.tolist() == expected


def test_one_row_of_questions_serves_many_attempts() -> None:
    values = np.array([[2, 7], [2, 3], [1, 0]] * 30_000, dtype=np.uint32)
    points = mark_many(values, [7, 2], [3, 6], {2: MULTIPLE, 7: SINGLE}, Scoring.PARTIAL)
    assert points.shape == (90_000,)
    assert points[:3].tolist() == [9, 7, 0]
    assert points.tolist() == [9, 7, 0] * 30_000
