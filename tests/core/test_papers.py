"""Stored papers: read back as they were drawn, and many at once as one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.drawing import Paper, Slot
from quizengine.core.papers import (
    canonical_mask,
    pack_paper,
    paper_columns,
    shown_positions,
    slot_count,
    unpack_paper,
)


def orders() -> st.SearchStrategy[tuple[int, ...]]:
    """Return the orders in which a question of 2 to 26 choices can be shown."""
    return st.integers(2, 26).flatmap(lambda size: st.permutations(range(size))).map(tuple)


def papers(slots: int | None = None) -> st.SearchStrategy[Paper]:
    """Return papers, of so many slots when a number is given."""
    slot = st.builds(Slot, st.integers(0, 65_535), st.integers(1, 10_000), orders())
    least, most = (0, 30) if slots is None else (slots, slots)
    return st.lists(slot, min_size=least, max_size=most).map(lambda some: Paper(tuple(some)))


@given(papers())
def test_a_stored_paper_is_read_back_as_it_was_drawn(paper: Paper) -> None:
    packed = pack_paper(paper)
    assert unpack_paper(packed) == paper
    assert slot_count(packed) == len(paper.slots)


def test_a_stored_paper_has_the_documented_bytes() -> None:
    paper = Paper((Slot(258, 3, (1, 0)), Slot(7, 500, (2, 0, 1))))
    assert pack_paper(paper) == bytes.fromhex("02 0102 0007 0003 01f4 02 0100 03 020001")


def test_a_paper_of_the_most_slots_is_stored() -> None:
    paper = Paper(tuple(Slot(number, 1, (0, 1)) for number in range(255)))
    assert unpack_paper(pack_paper(paper)) == paper


@given(st.lists(papers(slots=4), min_size=1, max_size=8))
def test_columns_of_many_papers_equal_the_papers_read_one_by_one(drawn: list[Paper]) -> None:
    ordinals, points = paper_columns([pack_paper(paper) for paper in drawn], 4)
    assert ordinals.tolist() == [[slot.ordinal for slot in paper.slots] for paper in drawn]
    assert points.tolist() == [[slot.points for slot in paper.slots] for paper in drawn]


def test_columns_of_papers_of_unequal_length_are_refused() -> None:
    short, long = (Paper(tuple(Slot(0, 1, (0, 1)) for _ in range(size))) for size in (1, 2))
    with pytest.raises(ValueError, match="not every paper has 2 slots"):
        paper_columns([pack_paper(long), pack_paper(short)], 2)


@given(orders(), st.data())
def test_what_is_shown_as_chosen_is_what_was_chosen(
    order: tuple[int, ...], data: st.DataObject
) -> None:
    positions = data.draw(st.frozensets(st.integers(0, len(order) - 1)))
    mask = canonical_mask(order, positions)
    assert shown_positions(order, mask) == positions
    assert mask.bit_count() == len(positions)


def test_a_position_is_turned_into_the_choice_shown_there() -> None:
    assert canonical_mask((2, 0, 1), frozenset({0})) == 0b100
    assert shown_positions((2, 0, 1), 0b011) == {1, 2}


@pytest.mark.parametrize("position", [-1, 3])
def test_a_position_that_the_question_does_not_have_is_refused(position: int) -> None:
    with pytest.raises(ValueError, match="shows 3 choices"):
        canonical_mask((2, 0, 1), frozenset({position}))
