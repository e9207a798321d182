"""Passages: the runs of letters that two texts share, outside declared boilerplate.

Two texts are compared by their runs of `GRAM` bare letters. Runs that continue one another are one
passage; passages that follow one another closely in both texts form a chain, which is what an
edited copy leaves; a chain counts when it holds `LEAST` shared letters, or
`LEAST_COMMON` where they are phrases that very many texts use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quizengine.core import fingerprints
from quizengine.core.fingerprints import code_points, fingerprint_all, hash_grams
from quizengine.core.text import fold_character, fold_letters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    #: Tells of fingerprints which are common: those that very many texts hold.
    IsCommon = Callable[[NDArray[np.uint64]], NDArray[np.bool_]]

GRAM = 16
LEAST = 50
LEAST_COMMON = 150
#: How many letters may stand between two passages of one chain: some eighteen changed syllables.
GAP = 60

_POSITION_BITS = 24
#: Longer texts are not essays; positions in them would not fit beside their hashes.
MOST_LETTERS = (1 << _POSITION_BITS) - 1


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of letters two texts share: where it is in each, as half-open offsets in the original.

    Both sides are alike once folded to bare letters. What is boilerplate may stand inside, not at
    the ends.
    """

    a: tuple[int, int]
    b: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two texts share: passages, the share of each text they cover, how alike the texts are.

    Shares count the letters outside boilerplate, the small changes between the passages of a chain
    included; ``similarity`` counts only the letters that are equal.
    """

    passages: tuple[Passage, ...]
    share_a: float
    share_b: float
    similarity: float
    is_whole: bool = False

    def mirrored(self) -> Overlap:
        """Return the same overlap seen from the other text."""
        passages = sorted((Passage(one.b, one.a) for one in self.passages), key=_by_place)
        return Overlap(tuple(passages), self.share_b, self.share_a, self.similarity, self.is_whole)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A text made ready for comparison with many others."""

    text: str
    folded: str
    letters: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    #: True where a letter is not boilerplate.
    own: NDArray[np.bool_]
    #: True where it belongs to no common phrase either.
    rare: NDArray[np.bool_]
    grams: NDArray[np.uint64]
    #: The grams in order, each with its position in the low bits.
    index: NDArray[np.uint64]
    has_repeats: bool

    @property
    def own_letters(self) -> int:
        """How many letters are not boilerplate."""
        return int(self.own.sum())


@dataclass(frozen=True, slots=True)
class _Run:
    """An equal run: where it begins in x and in y, its length, its own and its rare letters."""

    x: int
    y: int
    length: int
    own: int = 0
    rare: int = 0


class Boilerplate:
    """The texts that everybody may share: a prompt, headings, quoted resolutions."""

    __slots__ = ("_grams",)

    def __init__(self, texts: Iterable[str] = ()) -> None:
        import numpy as np

        grams = [hash_grams(code_points(fold_letters(text)[0]), GRAM) for text in texts]
        self._grams = np.unique(np.concatenate([*grams, np.zeros(0, dtype=np.uint64)]))

    def outside(self, letters: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Return for each letter whether no run of `GRAM` letters of boilerplate holds it."""
        import numpy as np

        own = np.ones(letters.size, dtype=np.bool_)
        if self._grams.size:
            known = np.flatnonzero(_is_in(hash_grams(letters, GRAM), self._grams))
            for step in range(GRAM):
                own[known + step] = False
        return own


def prepare(text: str, boilerplate: Boilerplate, is_common: IsCommon | None = None) -> Prepared:
    """Return a text ready for comparison; ``ValueError`` when it is over `MOST_LETTERS` long."""
    import numpy as np

    folded, offsets = fold_letters(text)
    if len(folded) > MOST_LETTERS:
        raise ValueError(f"a text of {len(folded)} letters is too long to compare")
    letters = code_points(folded)
    grams = hash_grams(letters, GRAM)
    index = _hash_part(grams) | np.arange(grams.size, dtype=np.uint64)
    index.sort()
    hashes = _hash_part(index)
    has_repeats = bool((hashes[1:] == hashes[:-1]).any())
    own = boilerplate.outside(letters)
    rare = own & ~_common_letters(folded, is_common) if is_common else own
    return Prepared(text, folded, letters, offsets, own, rare, grams, index, has_repeats)


def _common_letters(folded: str, is_common: IsCommon) -> NDArray[np.bool_]:
    """Return for each letter whether it stands in a run with a common fingerprint."""
    import numpy as np

    prints = fingerprint_all([folded])
    changes = np.zeros(len(folded) + 1, dtype=np.int64)
    starts = prints.positions[is_common(prints.hashes)]
    changes[starts] += 1
    changes[starts + fingerprints.GRAM] -= 1
    common: NDArray[np.bool_] = np.cumsum(changes)[:-1] > 0
    return common


def compare(a: Prepared, b: Prepared) -> Overlap:
    """Return what two texts share; comparing them the other way round gives the mirror image."""
    if a.folded == b.folded:
        return Overlap((_passage(a, b, _Run(0, 0, len(a.folded))),), 1.0, 1.0, 1.0, is_whole=True)
    # Which text is asked about which decides between equally good explanations of repeated text.
    if (len(b.folded), b.folded) < (len(a.folded), a.folded):
        return _compare(b, a).mirrored()
    return _compare(a, b)


def _compare(x: Prepared, y: Prepared) -> Overlap:
    import numpy as np

    chains = _chains(_count_own(x, y, _disjoint(x, y, _shared_runs(x, y))))
    runs = [run for chain in chains for run in chain]
    covered_x = np.zeros(x.letters.size, dtype=np.bool_)
    covered_y = np.zeros(y.letters.size, dtype=np.bool_)
    equal_x, equal_y = covered_x.copy(), covered_y.copy()
    for chain in chains:
        for run, following in zip(chain, [*chain[1:], None], strict=True):
            end_x, end_y = run.x + run.length, run.y + run.length
            equal_x[run.x : end_x] = True
            equal_y[run.y : end_y] = True
            covered_x[run.x : following.x if following else end_x] = True
            covered_y[run.y : following.y if following else end_y] = True
    covered_x |= equal_x
    covered_y |= equal_y
    own_x, own_y = x.own_letters, y.own_letters
    equal = int((equal_x & x.own).sum()) + int((equal_y & y.own).sum())
    return Overlap(
        tuple(sorted((_passage(x, y, run) for run in runs), key=_by_place)),
        _ratio(int((covered_x & x.own).sum()), own_x),
        _ratio(int((covered_y & y.own).sum()), own_y),
        _ratio(equal, own_x + own_y),
    )


def _ratio(part: int, all_of_it: int) -> float:
    return round(part / all_of_it, 4) if all_of_it else 0.0


def _by_place(passage: Passage) -> tuple[tuple[int, int], tuple[int, int]]:
    return passage.a, passage.b


def _hash_part(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    import numpy as np

    return values & ~np.uint64(MOST_LETTERS)


def _is_in(values: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    import numpy as np

    places = np.minimum(np.searchsorted(ordered, values), ordered.size - 1)
    found: NDArray[np.bool_] = ordered[places] == values
    return found


def _shared_runs(x: Prepared, y: Prepared) -> list[_Run]:
    """Return the longest equal runs that between them hold every gram of x that is in y."""
    runs = _longest_runs(x, y)
    if y.has_repeats:
        # A passage that y holds twice: its second place is found only from y's side.
        runs += [_Run(run.y, run.x, run.length) for run in _longest_runs(y, x)]
    return runs


def _longest_runs(x: Prepared, y: Prepared) -> list[_Run]:
    longest = []
    end = 0
    for run in _runs(_first_places(x, y)):
        # Where text repeats itself, one run extended holds thousands of others.
        if run.x + run.length > end:
            longest.append(_extended(x, y, run))
            end = longest[-1].x + longest[-1].length
    return longest


def _first_places(x: Prepared, y: Prepared) -> NDArray[np.int64]:
    """Return for each gram of x where it first stands in y, or -1."""
    import numpy as np

    places = np.full(x.grams.size, -1, dtype=np.int64)
    if not (x.grams.size and y.grams.size):
        return places
    hashes = _hash_part(x.index)
    found = np.minimum(np.searchsorted(y.index, hashes), y.index.size - 1)
    hits = np.flatnonzero(_hash_part(y.index[found]) == hashes)
    at_x = (x.index[hits] & np.uint64(MOST_LETTERS)).astype(np.int64)
    at_y = (y.index[found[hits]] & np.uint64(MOST_LETTERS)).astype(np.int64)
    same = x.grams[at_x] == y.grams[at_y]
    places[at_x[same]] = at_y[same]
    return places


def _runs(places: NDArray[np.int64]) -> list[_Run]:
    """Return the runs of grams that continue one another in both texts."""
    import numpy as np

    at = np.flatnonzero(places >= 0)
    if not at.size:
        return []
    partners = places[at]
    breaks = np.flatnonzero((np.diff(at) != 1) | (np.diff(partners) != 1)) + 1
    firsts = np.concatenate(([0], breaks))
    lengths = np.diff(np.concatenate((firsts, [at.size]))) + GRAM - 1
    rows = (at[firsts].tolist(), partners[firsts].tolist(), lengths.tolist())
    return [_Run(*row) for row in zip(*rows, strict=True)]


def _extended(x: Prepared, y: Prepared, run: _Run) -> _Run:
    """Return a run as long as the letters allow: repeats elsewhere in y may have cut it short."""
    left = _equal_letters(x.letters[: run.x][::-1], y.letters[: run.y][::-1])
    end_x, end_y = run.x + run.length, run.y + run.length
    right = _equal_letters(x.letters[end_x:], y.letters[end_y:])
    return _Run(run.x - left, run.y - left, left + run.length + right)


def _equal_letters(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> int:
    size = min(one.size, other.size)
    if not size or one[0] != other[0]:
        return 0
    differ = (one[:size] != other[:size]).nonzero()[0]
    return int(differ[0]) if differ.size else size


def _disjoint(x: Prepared, y: Prepared, runs: Iterable[_Run]) -> list[_Run]:
    """Return runs, long ones first, each cut down to what no run before it covers in x or in y."""
    import numpy as np

    free_x = np.ones(x.letters.size, dtype=np.bool_)
    free_y = np.ones(y.letters.size, dtype=np.bool_)
    kept = []
    for run in sorted(set(runs), key=lambda run: (-run.length, run.x, run.y)):
        stretch_x = free_x[run.x : run.x + run.length]
        stretch_y = free_y[run.y : run.y + run.length]
        cut = _cut(run, stretch_x | stretch_y)
        if cut.length >= GRAM:
            kept.append(cut)
            stretch_x[:] = False
            stretch_y[:] = False
    return kept


def _count_own(x: Prepared, y: Prepared, runs: Iterable[_Run]) -> list[_Run]:
    """Return the runs without the boilerplate at their ends, each with its letters that count."""
    counted = []
    for run in runs:
        own = x.own[run.x : run.x + run.length] & y.own[run.y : run.y + run.length]
        cut = _cut(run, own)
        if (letters := int(own.sum())) >= GRAM:
            rare = x.rare[run.x : run.x + run.length] & y.rare[run.y : run.y + run.length]
            counted.append(_Run(cut.x, cut.y, cut.length, letters, int(rare.sum())))
    return counted


def _cut(run: _Run, keep: NDArray[np.bool_]) -> _Run:
    """Return the run from the first to the last letter to keep."""
    at = keep.nonzero()[0]
    if not at.size:
        return _Run(run.x, run.y, 0)
    first, last = int(at[0]), int(at[-1])
    return _Run(run.x + first, run.y + first, last - first + 1)


def _chains(runs: list[_Run]) -> list[list[_Run]]:
    """Return the chains with enough letters: runs that follow one another closely in both texts."""
    chains: list[list[_Run]] = []
    near: list[list[_Run]] = []
    for run in sorted(runs, key=lambda run: (run.x, run.y)):
        near = [chain for chain in near if run.x - chain[-1].x - chain[-1].length <= GAP]
        continued = [chain for chain in near if _follows(chain[-1], run)]
        if continued:
            max(continued, key=lambda chain: chain[-1].x).append(run)
        else:
            chains.append([run])
            near.append(chains[-1])
    return [chain for chain in chains if _counts(chain)]


def _counts(chain: list[_Run]) -> bool:
    own = sum(run.own for run in chain)
    return own >= LEAST_COMMON or (own >= LEAST and sum(run.rare for run in chain) >= LEAST)


def _follows(before: _Run, run: _Run) -> bool:
    gap_x = run.x - before.x - before.length
    gap_y = run.y - before.y - before.length
    return -GRAM <= gap_x <= GAP and -GRAM <= gap_y <= GAP


def _passage(x: Prepared, y: Prepared, run: _Run) -> Passage:
    """Return where a run stands in the two original texts."""
    first, last = 0, run.length
    while first < last and _splits(x, run.x + first) | _splits(y, run.y + first):
        first += 1
    while first < last and _splits(x, run.x + last) | _splits(y, run.y + last):
        last -= 1
    return Passage(
        _original(x, run.x + first, run.x + last), _original(y, run.y + first, run.y + last)
    )


def _splits(text: Prepared, at: int) -> bool:
    """Return whether one original character gives both the letter here and the one before."""
    return 0 < at < text.offsets.size and bool(text.offsets[at - 1] == text.offsets[at])


def _original(text: Prepared, start: int, end: int) -> tuple[int, int]:
    if start >= end:
        return 0, 0
    last = int(text.offsets[end - 1]) + 1
    # The marks of the last letter belong to it.
    while last < len(text.text) and not fold_character(text.text[last]):
        last += 1
    return int(text.offsets[start]), last
