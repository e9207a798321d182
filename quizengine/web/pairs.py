"""Two essays side by side: their texts cut where they share passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

STYLES = 5
"""How many ways the style sheet has to tell passages apart; after them it starts anew."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; ``number`` counts the shared passages from 1 and is None between them."""

    text: str
    number: int | None = None
    is_start: bool = False

    @property
    def style(self) -> int:
        """Return which of the style sheet's ways shows it, from 1."""
        return ((self.number or 1) - 1) % STYLES + 1


def marked(text: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[Piece, ...], ...]:
    """Return the paragraphs of a text as pieces; the spans' order numbers the passages.

    Spans are half-open character offsets; where two overlap the earlier number is shown.
    """
    starts: set[int] = set()
    paragraphs = []
    at = 0
    for line in text.split("\n"):
        pieces = tuple(_pieces(text, at, at + len(line), spans, starts))
        if line.strip():
            paragraphs.append(pieces)
        at += len(line) + 1
    return tuple(paragraphs)


def _pieces(
    text: str, begin: int, end: int, spans: Sequence[tuple[int, int]], started: set[int]
) -> Iterator[Piece]:
    cuts = {begin, end}
    for span in spans:
        cuts.update(cut for cut in span if begin < cut < end)
    for left, right in pairwise(sorted(cuts)):
        number = next(
            (place for place, span in enumerate(spans, 1) if span[0] <= left < span[1]), None
        )
        is_start = number is not None and number not in started
        if number is not None:
            started.add(number)
        yield Piece(text[left:right], number, is_start)
