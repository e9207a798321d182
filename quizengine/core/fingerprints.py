"""Fingerprints of bare letters: few hashes a text, and the same ones wherever the same run stands.

Winnowing, after S. Schleimer, D. S. Wilkerson and A. Aiken, "Winnowing: Local Algorithms for
Document Fingerprinting", SIGMOD 2003: every run of `GRAM` letters is hashed and of every `WINDOW`
neighbouring hashes the least is kept, so that texts that share a run of
`GUARANTEE` letters share a hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRAM = 20
WINDOW = 16
GUARANTEE = GRAM + WINDOW - 1

# An odd number of no pattern: the hash of a run is a polynomial in it modulo 2**64.
_BASE = 0x9E37_79B9_7F4A_7C15
_MIX = 0xFF51_AFD7_ED55_8CCD
_ORDER_BITS = 0xFFFF_FFFF_0000_0000
_LAST_POSITION = 0xFFFF_FFFE
_NONE = 0xFFFF_FFFF_FFFF_FFFF


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprints:
    """The fingerprints of several texts, in the order of the texts and of their letters.

    ``hashes`` are 64 bits each, ``positions`` the first letter of the hashed run within its text,
    ``owners`` the number of the text.
    """

    hashes: NDArray[np.uint64]
    positions: NDArray[np.int64]
    owners: NDArray[np.int64]


def fingerprint(folded: str) -> NDArray[np.uint64]:
    """Return the fingerprints of bare letters in the order they occur; repeats are kept."""
    return fingerprint_all([folded]).hashes


def fingerprint_all(texts: Sequence[str]) -> Fingerprints:
    """Return the fingerprints of several texts of bare letters, taken in one pass over them all.

    A text shorter than `GUARANTEE` letters has one, a text shorter than `GRAM` none. Some ten
    texts at once keep the work in the processor's cache.
    """
    import numpy as np

    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    rooms = np.maximum(lengths, GUARANTEE)
    starts = np.cumsum(rooms) - rooms
    letters = np.zeros(int(rooms.sum()), dtype=np.uint32)
    for text, start in zip(texts, starts.tolist(), strict=True):
        letters[start : start + len(text)] = code_points(text)

    hashes = hash_grams(letters, GRAM)
    keys = _order_keys(hashes)
    for start, length, room in _places(starts, lengths, rooms):
        keys[max(start, start + length - GRAM + 1) : start + room] = _NONE
    minima = _window_minima(keys)
    for start, _length, room in _places(starts, lengths, rooms):
        minima[start + room - GUARANTEE + 1 : start + room] = _NONE

    # A key holds its position, so equal neighbours are one selection seen through two windows.
    kept = minima != np.uint64(_NONE)
    kept[1:] &= minima[1:] != minima[:-1]
    selected = _LAST_POSITION - (minima[kept] & np.uint64(0xFFFF_FFFF)).astype(np.int64)
    owners = np.searchsorted(starts, selected, side="right") - 1
    return Fingerprints(_mix(hashes[selected]), selected - starts[owners], owners)


def hash_grams(letters: NDArray[np.uint32], length: int) -> NDArray[np.uint64]:
    """Return the 64-bit hash of every run of ``length`` letters, by where the run begins.

    Built by doubling: the hashes of runs of 1, 2, 4, 8 … letters give those of twice as many.
    """
    import numpy as np

    count = letters.size - length + 1
    if count <= 0:
        return np.zeros(0, dtype=np.uint64)
    power = np.uint64(_BASE)
    runs = letters.astype(np.uint64)
    runs += np.uint64(1)
    whole = np.zeros(count, dtype=np.uint64)
    covered = 0
    size = 1
    with np.errstate(over="ignore"):
        while True:
            if length & size:
                whole = whole * power + runs[covered : covered + count]
                covered += size
            size *= 2
            if size > length:
                break
            runs = runs[: -(size // 2)] * power + runs[size // 2 :]
            power = power * power
    return whole


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text as an array that cannot be written to."""
    import numpy as np

    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _places(
    starts: NDArray[np.int64], lengths: NDArray[np.int64], rooms: NDArray[np.int64]
) -> zip[tuple[int, int, int]]:
    return zip(starts.tolist(), lengths.tolist(), rooms.tolist(), strict=True)


def _order_keys(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return keys whose least is the least hash and, among equals, the rightmost."""
    import numpy as np

    positions = np.uint64(_LAST_POSITION) - np.arange(hashes.size, dtype=np.uint64)
    return (hashes & np.uint64(_ORDER_BITS)) | positions


def _window_minima(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the least of every `WINDOW` neighbouring keys, by doubling."""
    import numpy as np

    minima = keys
    size = 1
    while size < WINDOW:
        step = min(size, WINDOW - size)
        minima = np.minimum(minima[:-step], minima[step:])
        size += step
    return minima


def _mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes spread over all 64 bits: those of window minima are small at the top."""
    import numpy as np

    with np.errstate(over="ignore"):
        mixed = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(_MIX)
    mixed ^= mixed >> np.uint64(33)
    return mixed
