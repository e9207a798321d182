"""Points from answers: a pure function of the key, the chosen choices and the declared scoring.

The rules, version 1. All or nothing: the whole key and nothing else earns the points of the
question. Partial, for questions with several right choices: each right choice counts one, each
wrong one takes one away, never below none; the share of the key that is left earns that share of
the points, rounded half up. An empty answer earns nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quizengine.core.banks import Bank, Kind
from quizengine.core.contest import Scoring
from quizengine.core.drawing import Paper
from quizengine.core.sheets import read_sheet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

SCORING_VERSION = 1
_CHUNK_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Key:
    """What marking needs of a question: its kind, the mask of right choices, how many choices."""

    kind: Kind
    mask: int
    choices: int


@dataclass(frozen=True, slots=True)
class Score:
    """The points of an attempt, the most it could have earned, and the points slot by slot."""

    points: int
    max_points: int
    marks: tuple[int, ...]

    def is_perfect(self) -> bool:
        """Return whether every point was earned."""
        return self.points == self.max_points


def keys_of(bank: Bank) -> dict[int, Key]:
    """Return the keys of a bank by ordinal, as the pool of the same bank numbers its questions."""
    return {
        ordinal: Key(question.kind, question.key, len(question.choices))
        for ordinal, question in enumerate(bank.questions)
    }


def round_half_up(numerator: int, denominator: int) -> int:
    """Return the whole number nearest to a fraction, the greater one when two are as near.

    The only rounding of points there is; ``ValueError`` unless the denominator is positive.
    """
    if denominator < 1:
        raise ValueError(f"the denominator must be positive, not {denominator}")
    return (2 * numerator + denominator) // (2 * denominator)


def mark_question(key: Key, chosen: int, points: int, scoring: Scoring) -> int:
    """Return the points that a mask of chosen choices earns, 0 to ``points``.

    A chosen bit that the question has no choice for is a wrong choice.
    """
    if chosen == key.mask:
        return points if chosen else 0
    if scoring is not Scoring.PARTIAL or key.kind is not Kind.MULTIPLE or not key.mask:
        return 0
    right = (chosen & key.mask).bit_count()
    wrong = (chosen & ~key.mask).bit_count()
    return round_half_up(max(0, right - wrong) * points, key.mask.bit_count())


def mark(paper: Paper, sheet: bytes, keys: Mapping[int, Key], scoring: Scoring) -> Score:
    """Return the score of an answer sheet; ``KeyError`` names an ordinal that has no key.

    The sheet has a record for each slot of the paper; a prediction after them is not looked at.
    ``ValueError`` when it is shorter than the paper.
    """
    records = read_sheet(sheet)
    if len(records) < len(paper.slots):
        raise ValueError(f"{len(records)} records cannot answer {len(paper.slots)} slots")
    marks = tuple(
        mark_question(keys[slot.ordinal], record.value, slot.points, scoring)
        for slot, record in zip(paper.slots, records, strict=False)
    )
    return Score(sum(marks), sum(slot.points for slot in paper.slots), marks)


def mark_many(
    values: NDArray[np.uint32],
    ordinals: ArrayLike,
    points: ArrayLike,
    keys: Mapping[int, Key],
    scoring: Scoring,
) -> NDArray[np.int64]:
    """Return the points of many attempts, equal to what :func:`mark` gives each of them.

    ``values`` (attempt, slot) are chosen masks, ``sheet_values(…)[:, :slots, 2]``. ``ordinals`` and
    ``points`` say which question stood in each slot and what it was worth: (attempt, slot), or one
    row when every attempt had the same. ``KeyError`` names an ordinal that has no key.
    """
    import numpy as np

    questions = np.broadcast_to(np.asarray(ordinals), values.shape)
    worths = np.broadcast_to(np.asarray(points), values.shape)
    masks, sharing = _key_columns(keys, scoring)
    totals = np.zeros(len(values), dtype=np.int64)
    for rows in _chunks(len(values)):
        asked = questions[rows].astype(np.int64)
        for ordinal in np.flatnonzero(np.bincount(asked.ravel())).tolist():
            if ordinal not in keys:
                raise KeyError(ordinal)
        chosen, key, worth = values[rows], masks[asked], worths[rows].astype(np.int64)
        marks = np.where((chosen == key) & (chosen != 0), worth, 0)
        share = sharing[asked]
        if share.any():
            kept = np.maximum(_count_bits(chosen & key) - _count_bits(chosen & ~key), 0)
            parts = np.maximum(share, 1)
            marks = np.where(share > 0, (2 * kept * worth + parts) // (2 * parts), marks)
        totals[rows] = marks.sum(axis=1)
    return totals


def _key_columns(
    keys: Mapping[int, Key], scoring: Scoring
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return by ordinal the key masks, and how many right choices share the points.

    The second column is 0 for a question that is marked all or nothing.
    """
    import numpy as np

    size = max(keys, default=-1) + 1
    masks = np.zeros(size, dtype=np.uint32)
    sharing = np.zeros(size, dtype=np.int64)
    for ordinal, key in keys.items():
        masks[ordinal] = key.mask
        if scoring is Scoring.PARTIAL and key.kind is Kind.MULTIPLE:
            sharing[ordinal] = key.mask.bit_count()
    return masks, sharing


def _chunks(rows: int) -> Iterator[slice]:
    for start in range(0, rows, _CHUNK_ROWS):
        yield slice(start, start + _CHUNK_ROWS)


def _count_bits(masks: NDArray[np.uint32]) -> NDArray[np.int64]:
    # numpy counts bits itself only from 2.0 on; this adds neighbouring bits, pairs, nibbles, bytes.
    import numpy as np

    pairs = masks - ((masks >> 1) & np.uint32(0x55555555))
    nibbles = (pairs & np.uint32(0x33333333)) + ((pairs >> 2) & np.uint32(0x33333333))
    octets = (nibbles + (nibbles >> 4)) & np.uint32(0x0F0F0F0F)
    counts: NDArray[np.int64] = ((octets * np.uint32(0x01010101)) >> 24).astype(np.int64)
    return counts
