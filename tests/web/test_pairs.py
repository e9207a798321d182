"""Cutting essays where they share passages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from quizengine.web.pairs import Piece, marked


def test_shared_passages_are_numbered_and_paragraphs_kept() -> None:
    paragraphs = marked("mở chung một\n\nchung hai", [(3, 8), (14, 19)])
    assert paragraphs == (
        (Piece("mở "), Piece("chung", 1, True), Piece(" một")),
        (Piece("chung", 2, True), Piece(" hai")),
    )


def test_a_passage_over_a_line_end_starts_once() -> None:
    (first,), (second,) = marked("ab\ncd", [(0, 5)])
    assert (first.is_start, second.is_start) == (True, False)
    assert first.number == second.number == 1


@given(
    some.text("ab \n", max_size=30),
    some.lists(some.tuples(some.integers(0, 30), some.integers(0, 30)), max_size=4),
)
def test_no_letter_is_lost_or_doubled(text: str, spans: list[tuple[int, int]]) -> None:
    shown = [
        "".join(piece.text for piece in paragraph)
        for paragraph in marked(text, [(min(span), max(span)) for span in spans])
    ]
    assert shown == [line for line in text.split("\n") if line.strip()]
