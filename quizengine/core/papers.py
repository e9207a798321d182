"""The stored form of a paper: an attempt keeps the questions and orders that it was drawn with.

One byte with the number of slots, then for all slots the ordinals (big-endian u16), then the points
(u16), then slot by slot the number of choices (one byte) and the canonical choice shown at each
position (one byte each). Ordinals and points stand first and fixed, so that a million papers are
read without a loop over their slots.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from quizengine.core.drawing import Paper, Slot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def pack_paper(paper: Paper) -> bytes:
    """Return the stored form of a paper of at most 255 slots."""
    slots = paper.slots
    head = struct.pack(
        f">B{len(slots)}H{len(slots)}H",
        len(slots),
        *(slot.ordinal for slot in slots),
        *(slot.points for slot in slots),
    )
    return head + b"".join(bytes((len(slot.order), *slot.order)) for slot in slots)


def unpack_paper(packed: bytes) -> Paper:
    """Return the paper of a stored form."""
    count = packed[0]
    numbers = struct.unpack_from(f">{2 * count}H", packed, 1)
    slots = []
    at = 1 + 4 * count
    for ordinal, points in zip(numbers[:count], numbers[count:], strict=True):
        end = at + 1 + packed[at]
        slots.append(Slot(ordinal, points, tuple(packed[at + 1 : end])))
        at = end
    return Paper(tuple(slots))


def slot_count(packed: bytes) -> int:
    """Return how many slots a stored paper has."""
    return packed[0]


def paper_columns(
    papers: Sequence[bytes], slots: int
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Return two arrays (paper, slot) of many stored papers: ordinals and points.

    Every paper must have ``slots`` slots; ``ValueError`` when one has not.
    """
    import numpy as np

    if any(paper[0] != slots for paper in papers):
        raise ValueError(f"not every paper has {slots} slots")
    flat = b"".join(paper[1 : 1 + 4 * slots] for paper in papers)
    numbers = np.frombuffer(flat, dtype=">u2").astype(np.uint16).reshape(len(papers), 2 * slots)
    return numbers[:, :slots], numbers[:, slots:]


def canonical_mask(order: Sequence[int], positions: Sequence[int] | frozenset[int]) -> int:
    """Return the mask in canonical order of the choices at some positions of a shown question.

    ``ValueError`` for a position that the question does not have.
    """
    mask = 0
    for position in positions:
        if not 0 <= position < len(order):
            raise ValueError(f"the question shows {len(order)} choices and none is {position}")
        mask |= 1 << order[position]
    return mask


def shown_positions(order: Sequence[int], mask: int) -> frozenset[int]:
    """Return the positions at which the choices of a canonical mask are shown."""
    return frozenset(position for position, choice in enumerate(order) if mask >> choice & 1)
