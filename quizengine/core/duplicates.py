"""Duplicates: which essays share text with which, how much of it, and where.

Candidates are pairs that share fingerprints, rare ones weighing most; each candidate is then
compared letter by letter. A match is evidence for a person to judge, never a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Literal

from quizengine.core.fingerprints import GRAM, code_points, fingerprint_all
from quizengine.core.passages import (
    MOST_LETTERS,
    Boilerplate,
    Overlap,
    Passage,
    compare,
    prepare,
)
from quizengine.core.text import fold_letters
from quizengine.errors import InvalidInput, TooLarge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quizengine.core.passages import IsCommon

    #: Two places in one number, the first in the upper 32 bits, and the weight of what they share.
    _Pairs = tuple[NDArray[np.int64], NDArray[np.float64]]

__all__ = ["DuplicateReport", "Match", "Passage", "find_duplicates"]

Kind = Literal["exact", "near", "partial"]
Progress = Callable[[int, int], None]

#: A pair is near, not partial, when at least this share of each essay is the other's.
NEAR_SHARE = 0.8
#: Up to so many holders of one fingerprint are paired all with all; more are linked in a chain.
CROWD = 24
LEAST_SHARED = 3
LEAST_CONTAINMENT = 0.04
#: Held by more than this part of the texts (and by a crowd), a fingerprint is of a common phrase.
COMMON_PART = 0.01
#: Added to the number of essays when a fingerprint is weighed: a handful of essays cannot tell
#: which phrases are common.
_PRIOR_ESSAYS = 100
_SHARD = 16
_PREPARED_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Match:
    """Two essays with text in common.

    ``a`` sorts before ``b``; where one of them is a source outside the essays, it is ``b``.
    ``exact``: bare letters equal throughout. ``near``: at least `NEAR_SHARE` of each is the
    other's. ``partial``: anything less. ``share_a`` and ``share_b`` are the parts of each essay,
    outside boilerplate, that its passages and the small changes between them cover; ``similarity``
    is the part of both that is letter for letter equal. All three lie between 0 and 1.
    """

    a: str
    b: str
    kind: Kind
    similarity: float
    share_a: float
    share_b: float
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """What was found in a number of essays: pairs sorted by ids, and clusters of essays.

    A cluster holds the ids, sorted, of essays connected by pairs. A text that over `CROWD` essays
    share connects them all, but not every two of them are listed as a pair.
    """

    essays: int
    pairs: tuple[Match, ...]
    clusters: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Collection:
    """The essays, sorted by id, and after them the sources, sorted by id."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    essays: int


@dataclass(frozen=True, slots=True, eq=False)
class _Prints:
    """Who holds which fingerprint, by place in the collection, and who has equal letters."""

    hashes: NDArray[np.uint64]
    holders: NDArray[np.int64]
    equals: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Holdings:
    """Fingerprints grouped: one entry for each essay that holds one, those of one hash together.

    ``hashes`` (without their lowest ``bits``), ``starts``, ``sizes`` and ``weights`` are by group,
    ``totals`` are the weights of all that each essay holds.
    """

    bits: np.uint64
    hashes: NDArray[np.uint64]
    holders: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    weights: NDArray[np.float64]
    totals: NDArray[np.float64]

    def is_common(self) -> IsCommon | None:
        """Return the test for fingerprints of common phrases, or None when there are none."""
        import numpy as np

        most = max(CROWD, int(COMMON_PART * self.totals.size))
        common = self.hashes[self.sizes > most]
        return (lambda hashes: np.isin(hashes >> self.bits, common)) if common.size else None


def find_duplicates(
    essays: Iterable[tuple[str, str]],
    *,
    exclude: Iterable[str] = (),
    against: Iterable[tuple[str, str]] = (),
    progress: Progress | None = None,
) -> DuplicateReport:
    """Return which of the essays, given as (id, text), share passages with one another.

    ``exclude`` are texts that all may share (the prompt, quoted resolutions); ``against`` are
    sources, as (id, text), that are compared with the essays but not with each other.
    ``progress`` is called with the steps done and the steps in all; the latter grows once, when it
    is known how many pairs have to be compared. The order of the essays does not matter.
    `InvalidInput` when an id occurs twice, `TooLarge` when a text is no essay but a library.
    """
    collection = _collect(essays, against)
    boilerplate = Boilerplate(exclude)
    step = progress or (lambda done, total: None)
    count = len(collection.ids)
    prints = _take_prints(collection, boilerplate, lambda done: step(done, count))
    held = _group(prints, count)
    pairs = _candidates(prints, held, collection.essays)
    is_common = held.is_common()
    prepared = lru_cache(maxsize=_PREPARED_AT_ONCE)(
        lambda place: prepare(collection.texts[place], boilerplate, is_common)
    )
    matches = []
    for done, (first, second) in enumerate(pairs, 1):
        overlap = compare(prepared(first), prepared(second))
        # What common phrases added to the weight of a candidate is not evidence.
        if max(overlap.share_a, overlap.share_b) >= LEAST_CONTAINMENT:
            matches.append(_match(collection.ids[first], collection.ids[second], overlap))
        step(count + done, count + len(pairs))
    matches.sort(key=lambda match: (match.a, match.b))
    inside = set(collection.ids[: collection.essays])
    clusters = _clusters((match.a, match.b) for match in matches if match.b in inside)
    return DuplicateReport(collection.essays, tuple(matches), clusters)


def _collect(essays: Iterable[tuple[str, str]], against: Iterable[tuple[str, str]]) -> _Collection:
    own, sources = sorted(essays), sorted(against)
    everything = [*own, *sources]
    ids = tuple(text_id for text_id, _text in everything)
    for before, text_id in pairwise(sorted(ids)):
        if before == text_id:
            raise InvalidInput("essays.id_repeated", id=text_id)
    return _Collection(ids, tuple(text for _id, text in everything), len(own))


def _take_prints(
    collection: _Collection, boilerplate: Boilerplate, step: Callable[[int], None]
) -> _Prints:
    import numpy as np

    hashes = [np.zeros(0, dtype=np.uint64)]
    holders = [np.zeros(0, dtype=np.int64)]
    equals: dict[bytes, list[int]] = {}
    for start in range(0, len(collection.ids), _SHARD):
        folded = [fold_letters(text)[0] for text in collection.texts[start : start + _SHARD]]
        prints = fingerprint_all(folded)
        counted = np.ones(prints.hashes.size, dtype=np.bool_)
        for number, letters in enumerate(folded):
            if len(letters) > MOST_LETTERS:
                raise TooLarge("essays.too_long", id=collection.ids[start + number])
            own = boilerplate.outside(code_points(letters))
            if own.any():
                equals.setdefault(_digest(letters), []).append(start + number)
            if not own.all():
                mine = prints.owners == number
                counted[mine] = _holds_own(own, prints.positions[mine])
        hashes.append(prints.hashes[counted])
        holders.append(prints.owners[counted] + start)
        step(start + len(folded))
    return _Prints(
        np.concatenate(hashes), np.concatenate(holders), tuple(map(tuple, equals.values()))
    )


def _digest(letters: str) -> bytes:
    return blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _holds_own(own: NDArray[np.bool_], positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return for each fingerprint whether a letter of its run is not boilerplate."""
    import numpy as np

    before = np.concatenate(([0], np.cumsum(own)))
    result: NDArray[np.bool_] = before[positions + GRAM] > before[positions]
    return result


def _candidates(prints: _Prints, held: _Holdings, essays: int) -> list[tuple[int, int]]:
    """Return the pairs worth comparing, as places in the collection, sorted."""
    pairs = {*_equal_pairs(prints.equals), *_likely_pairs(held, essays)}
    return sorted(pair for pair in pairs if pair[0] < essays)


def _equal_pairs(groups: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, int]]:
    for group in groups:
        yield from combinations(group, 2) if len(group) <= CROWD else pairwise(group)


def _group(prints: _Prints, count: int) -> _Holdings:
    """Return the fingerprints grouped by hash; what few of ``count`` texts hold weighs more."""
    import numpy as np

    # Hash and holder in one number: one sort groups the hashes, and their holders in order.
    bits = np.uint64(max(1, (count - 1).bit_length()))
    packed = (prints.hashes >> bits << bits) | prints.holders.astype(np.uint64)
    packed.sort()
    packed = packed[_firsts(packed)]
    hashes = packed >> bits
    holders = (packed ^ (hashes << bits)).astype(np.int64)
    starts = _firsts(hashes)
    sizes = np.diff(starts, append=hashes.size)
    weights: NDArray[np.float64] = np.log((count + _PRIOR_ESSAYS) / sizes) ** 2
    spread = np.repeat(weights, sizes)
    totals = np.bincount(holders, weights=spread, minlength=count).astype(np.float64)
    return _Holdings(bits, hashes[starts], holders, starts, sizes, weights, totals)


def _firsts(ordered: NDArray[np.uint64] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each value of a sorted array first stands."""
    import numpy as np

    is_first = np.ones(ordered.size, dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(is_first)


def _likely_pairs(held: _Holdings, essays: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs that share enough: `LEAST_SHARED` hashes and `LEAST_CONTAINMENT` by weight.

    The weight two texts share is compared with the weight of the one that has less of it. A text
    that repeats itself may have fewer than `LEAST_SHARED` hashes: then it has to share them all.
    """
    import numpy as np

    pieces = [*_pairs_in_groups(held), *_pairs_in_crowds(held, essays)]
    keys = np.concatenate([key for key, _weight in pieces])
    weights = np.concatenate([weight for _key, weight in pieces])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = _firsts(keys)
    shared = np.diff(starts, append=keys.size)
    weight = np.add.reduceat(weights[order], starts) if keys.size else weights
    first, second = keys[starts] >> 32, keys[starts] & 0xFFFF_FFFF
    prints = np.bincount(held.holders, minlength=held.totals.size)
    least_shared = np.minimum(LEAST_SHARED, np.minimum(prints[first], prints[second]))
    least_weight = LEAST_CONTAINMENT * np.minimum(held.totals[first], held.totals[second])
    likely = (shared >= least_shared) & (weight >= least_weight)
    yield from zip(first[likely].tolist(), second[likely].tolist(), strict=True)


def _pairs_in_groups(held: _Holdings) -> Iterator[_Pairs]:
    """Yield all pairs of the holders of each hash that few hold."""
    import numpy as np

    for size in range(2, CROWD + 1):
        groups = np.flatnonzero(held.sizes == size)
        members = held.holders[held.starts[groups, np.newaxis] + np.arange(size)]
        first, second = np.triu_indices(size, 1)
        keys = (members[:, first] << 32 | members[:, second]).ravel()
        yield keys, np.repeat(held.weights[groups], first.size)


def _pairs_in_crowds(held: _Holdings, essays: int) -> Iterator[_Pairs]:
    """Yield, for each hash that many hold, neighbours, and every essay with each source.

    Leaving such a hash out would hide exactly the text that was copied most.
    """
    import numpy as np

    crowds = np.flatnonzero(held.sizes > CROWD)
    sizes = held.sizes[crowds]
    links, owners = _ranges(held.starts[crowds], sizes - 1)
    yield (
        held.holders[links] << 32 | held.holders[links + 1],
        held.weights[crowds][owners],
    )
    members, owners = _ranges(held.starts[crowds], sizes)
    from_outside = held.holders[members] >= essays
    sources = np.bincount(owners[from_outside], minlength=crowds.size)
    for rank in range(min(CROWD, int(sources.max(initial=0)))):
        sourced = np.flatnonzero(sources > rank)
        inside = (sizes - sources)[sourced]
        firsts = held.starts[crowds[sourced]]
        places, owners = _ranges(firsts, inside)
        source = held.holders[firsts + inside + rank][owners]
        yield held.holders[places] << 32 | source, held.weights[crowds[sourced]][owners]


def _ranges(
    starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of several ranges one after another, and the range each belongs to."""
    import numpy as np

    owners = np.repeat(np.arange(starts.size), sizes)
    before = np.cumsum(sizes) - sizes
    return np.arange(owners.size) - before[owners] + starts[owners], owners


def _match(a: str, b: str, overlap: Overlap) -> Match:
    kind: Kind = "partial"
    if overlap.is_whole:
        kind = "exact"
    elif min(overlap.share_a, overlap.share_b) >= NEAR_SHARE:
        kind = "near"
    return Match(a, b, kind, overlap.similarity, overlap.share_a, overlap.share_b, overlap.passages)


def _clusters(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Return the sets of ids that pairs connect, each sorted, in the order of their first ids."""
    parents: dict[str, str] = {}

    def root_of(text_id: str) -> str:
        root = text_id
        while (parent := parents.setdefault(root, root)) != root:
            root = parent
        while parents[text_id] != root:
            parents[text_id], text_id = root, parents[text_id]
        return root

    for one, other in pairs:
        low, high = sorted((root_of(one), root_of(other)))
        parents[high] = low
    members: dict[str, list[str]] = {}
    for text_id in sorted(parents):
        members.setdefault(root_of(text_id), []).append(text_id)
    return tuple(map(tuple, members.values()))
