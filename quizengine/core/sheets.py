"""The answer sheet of an attempt: fixed records, one a slot of the paper, in one string of bytes.

A sheet has one record for each slot of the paper, in the paper's order, and one more at the end for
the prediction when the round asks one. A record is three big-endian u32: the sequence number of the
save, the milliseconds since the attempt started, and the value. Big-endian, so that SQL can compare
sequence numbers as bytes. The value of a slot is the mask of the chosen choices in canonical order,
whatever order the paper showed them in; the value of the prediction is the number itself. A record
whose sequence number is 0 was never saved.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RECORD_BYTES = 12
_RECORD = struct.Struct(">III")


class Outcome(StrEnum):
    """What became of a save; each of the three takes it out of the sender's queue."""

    SAVED = "saved"
    SUPERSEDED = "superseded"
    """A later save of the same slot is already there."""
    REFUSED = "refused"
    """The attempt takes no more answers."""


@dataclass(frozen=True, slots=True)
class Record:
    """One answer: sequence number, milliseconds since the start, and choice mask or number."""

    sequence: int
    at_ms: int
    value: int


def empty_sheet(records: int) -> bytes:
    """Return a sheet of ``records`` records on which nothing was ever saved."""
    return bytes(records * RECORD_BYTES)


def pack(record: Record) -> bytes:
    """Return the 12 bytes of a record; ``ValueError`` for a number outside 0 to 2**32 - 1."""
    try:
        return _RECORD.pack(record.sequence, record.at_ms, record.value)
    except struct.error as error:
        raise ValueError(f"a record holds numbers from 0 to 4294967295: {record}") from error


def read_sheet(sheet: bytes) -> tuple[Record, ...]:
    """Return the records of a sheet in order; ``ValueError`` when it is not whole records."""
    if len(sheet) % RECORD_BYTES:
        raise ValueError(f"a sheet is a multiple of {RECORD_BYTES} bytes, not {len(sheet)}")
    return tuple(Record(*numbers) for numbers in _RECORD.iter_unpack(sheet))


def merge(
    sheet: bytes, slot: int, record: Record, seen: int | None = None
) -> tuple[bytes, Outcome]:
    """Return the sheet after a save and what became of the save.

    A record replaces the stored one when its sequence number is greater, so replayed, doubled and
    reordered saves all end in the same sheet. A sender that says which sequence number it has
    ``seen`` in the slot replaces nothing that came after it, from another device say. The same
    sequence number with the same value is a replay: saved already, nothing changes. ``ValueError``
    for a slot that the sheet does not have, a sequence number below 1, or a number that does not
    fit.
    """
    start = slot * RECORD_BYTES
    end = start + RECORD_BYTES
    if slot < 0 or end > len(sheet):
        raise ValueError(f"the sheet has {len(sheet) // RECORD_BYTES} records and none is {slot}")
    if record.sequence < 1:
        raise ValueError("sequence numbers start at 1: 0 means never saved")
    packed = pack(record)
    sequence, _, value = _RECORD.unpack_from(sheet, start)
    if record.sequence > sequence and (seen is None or seen >= sequence):
        return sheet[:start] + packed + sheet[end:], Outcome.SAVED
    if record.sequence == sequence and record.value == value:
        return sheet, Outcome.SAVED
    return sheet, Outcome.SUPERSEDED


def answered(sheet: bytes, slots: int) -> int:
    """Return how many of the first ``slots`` records have a value other than 0."""
    return sum(1 for record in read_sheet(sheet)[:slots] if record.value)


def prediction_of(sheet: bytes, slots: int) -> int | None:
    """Return the number in the record after ``slots``; ``None`` when never saved or not asked."""
    records = read_sheet(sheet)
    if len(records) <= slots or records[slots].sequence == 0:
        return None
    return records[slots].value


def pack_flags(sequence: int, flagged: Iterable[int], slots: int) -> bytes:
    """Return a set of flagged slots in 4 bytes and one more for every 8 ``slots`` of the paper.

    ``ValueError`` for a slot that the paper does not have or a sequence number that does not fit.
    """
    mask = 0
    for slot in flagged:
        if not 0 <= slot < slots:
            raise ValueError(f"the paper has {slots} slots and none is {slot}")
        mask |= 1 << slot
    try:
        return sequence.to_bytes(4, "big") + mask.to_bytes((slots + 7) // 8, "little")
    except OverflowError as error:
        raise ValueError(f"a sequence number is from 0 to 4294967295: {sequence}") from error


def read_flags(packed: bytes | None) -> tuple[int, frozenset[int]]:
    """Return the sequence number of a packed set of flags, and the flagged slots."""
    if packed is None:
        return 0, frozenset()
    mask = int.from_bytes(packed[4:], "little")
    flagged = frozenset(slot for slot in range(mask.bit_length()) if mask >> slot & 1)
    return int.from_bytes(packed[:4], "big"), flagged


def sheet_values(sheets: Sequence[bytes], records: int) -> NDArray[np.uint32]:
    """Return an array (sheet, record, field) of many sheets; fields are sequence, at_ms, value.

    Every sheet must have ``records`` records; ``ValueError`` names the first that has not.
    """
    import numpy as np

    size = records * RECORD_BYTES
    for index, sheet in enumerate(sheets):
        if len(sheet) != size:
            raise ValueError(f"sheet {index} has {len(sheet)} bytes instead of {size}")
    flat = np.frombuffer(b"".join(sheets), dtype=">u4")
    return flat.astype(np.uint32).reshape(len(sheets), records, 3)
