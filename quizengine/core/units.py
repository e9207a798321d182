"""The tree of units that participants belong to: codes, names, parents, dated headcounts.

Units are found again by search whatever the accents, abbreviations and order of words.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from quizengine.core.suggestions import closest
from quizengine.core.text import fold
from quizengine.errors import InvalidInput, Param, Place, Problem, Severity, has_errors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT_VERSION = 1
LIMITS = {"code": 40, "kind": 80, "table": 80}
"""Letters of a unit's short texts, as many as the database keeps."""


@dataclass(frozen=True, slots=True)
class Headcount:
    """How many people of a category a unit had on a day."""

    category: str
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit; ``parent`` is the code of the unit above it, empty at a root of the tree."""

    code: str
    name: str
    kind: str = ""
    parent: str = ""
    table: str = ""
    """The table it competes in, such as schools or companies."""
    aliases: tuple[str, ...] = ()
    headcounts: tuple[Headcount, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    """The last day it exists, when there is one."""

    def headcount(self, category: str, day: date) -> int | None:
        """Return the newest count of a category that is not after the day, if there is one."""
        known = [one for one in self.headcounts if one.category == category and one.day <= day]
        return max(known, key=lambda one: one.day).count if known else None

    def is_valid(self, day: date) -> bool:
        """Return whether the unit exists on a day."""
        return (self.valid_from or day) <= day <= (self.valid_to or day)


@dataclass(frozen=True, slots=True)
class UnitMatch:
    """A unit that a search found, with how well it fits, 0 to 100."""

    unit: Unit
    score: int


def check_units(units: Sequence[Unit]) -> tuple[Problem, ...]:
    """Return every problem of the units as a tree, each at the place ``<index>.<field>``."""
    problems: list[Problem] = []

    def add(code: str, index: int, field: str, **params: Param) -> None:
        severity: Severity = "warning" if code == "unit.name_twice" else "error"
        problems.append(Problem(severity, code, Place("field", f"{index}.{field}"), params))

    parents = {unit.code: unit.parent for unit in reversed(units)}
    codes: set[str] = set()
    names: set[tuple[str, str]] = set()
    for index, unit in enumerate(units):
        if unit.code and unit.code in codes:
            add("unit.code_twice", index, "code", unit=unit.code)
        codes.add(unit.code)
        if not unit.name:
            add("unit.name_missing", index, "name", unit=unit.code)
        elif (unit.parent, fold(unit.name)) in names:
            add("unit.name_twice", index, "name", name=unit.name)
        names.add((unit.parent, fold(unit.name)))
        if not unit.code:
            add("unit.code_missing", index, "code", name=unit.name)
        elif unit.parent and unit.parent not in parents:
            if similar := closest(unit.parent, parents):
                add(
                    "unit.parent_unknown_similar",
                    index,
                    "parent",
                    unit=unit.parent,
                    similar=similar,
                )
            else:
                add("unit.parent_unknown", index, "parent", unit=unit.parent)
        elif is_in_circle(unit.code, parents):
            add("unit.circle", index, "parent", unit=unit.code, parent=unit.parent)
        for name, limit in LIMITS.items():
            if (length := len(getattr(unit, name))) > limit:
                add("unit.text_too_long", index, name, length=length, limit=limit)
        if unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from:
            add("unit.days_reversed", index, "valid_to", unit=unit.code)
    return tuple(problems)


def is_in_circle(code: str, parents: Mapping[str, str]) -> bool:
    """Return whether going up from a unit leads back to it."""
    seen: set[str] = set()
    above = parents.get(code, "")
    while above and above not in seen:
        if above == code:
            return True
        seen.add(above)
        above = parents.get(above, "")
    return False


@dataclass(frozen=True)
class UnitTree:
    """Units with what is above and below each; ``InvalidInput`` when they make no tree.

    There may be several roots, or no units at all.
    """

    units: tuple[Unit, ...]

    def __post_init__(self) -> None:
        problems = check_units(self.units)
        if has_errors(problems):
            raise InvalidInput("unit.tree_broken", problems)

    @cached_property
    def by_code(self) -> Mapping[str, Unit]:
        """The units by their codes."""
        return {unit.code: unit for unit in self.units}

    @cached_property
    def _children(self) -> Mapping[str, tuple[Unit, ...]]:
        below: defaultdict[str, list[Unit]] = defaultdict(list)
        for unit in self.units:
            below[unit.parent].append(unit)
        return {code: tuple(units) for code, units in below.items()}

    @cached_property
    def _index(self) -> _Index:
        return _Index(self.units)

    def roots(self) -> tuple[Unit, ...]:
        """Return the units that have none above them."""
        return self._children.get("", ())

    def children(self, code: str) -> tuple[Unit, ...]:
        """Return the units directly below one."""
        return self._children.get(code, ()) if code else ()

    def subtree(self, code: str) -> Iterator[Unit]:
        """Yield a unit and all units below it, parents before children; ``KeyError`` for none."""
        waiting = [self.by_code[code]]
        while waiting:
            unit = waiting.pop()
            yield unit
            waiting.extend(reversed(self.children(unit.code)))

    def path(self, code: str) -> tuple[Unit, ...]:
        """Return the units from the root down to one, itself included; ``KeyError`` for none."""
        unit = self.by_code[code]
        path = [unit]
        while unit.parent:
            unit = self.by_code[unit.parent]
            path.append(unit)
        return tuple(reversed(path))

    def ancestors(self, code: str) -> tuple[Unit, ...]:
        """Return the units above one, the nearest first; ``KeyError`` for none."""
        return self.path(code)[-2::-1]

    def search(
        self, query: str, limit: int = 10, least: int = 55, *, day: date | None = None
    ) -> tuple[UnitMatch, ...]:
        """Return the units that a typed text may mean, the likeliest first.

        Accents, case, order of words, common abbreviations and small misspellings are forgiven, and
        the last word may be unfinished. ``least`` is the lowest score that counts; of a ``day``
        only units that exist on it are found.
        """
        if day is None:
            return self._index.search(query, limit, least)
        others = sum(not unit.is_valid(day) for unit in self._dated)
        found = self._index.search(query, limit + others, least)
        return tuple(match for match in found if match.unit.is_valid(day))[:limit]

    @cached_property
    def _dated(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.valid_from or unit.valid_to)


ABBREVIATIONS = {
    "bch": "ban chap hanh",
    "bql": "ban quan ly",
    "bv": "benh vien",
    "cd": "cong doan",
    "cdcs": "cong doan co so",
    "cp": "co phan",
    "cq": "co quan",
    "cty": "cong ty",
    "dn": "doanh nghiep",
    "htx": "hop tac xa",
    "ldld": "lien doan lao dong",
    "mn": "mam non",
    "mtv": "mot thanh vien",
    "p": "phuong",
    "pgd": "phong giao duc",
    "q": "quan",
    "tdp": "to dan pho",
    "th": "tieu hoc",
    "thcs": "trung hoc co so",
    "thpt": "trung hoc pho thong",
    "tm": "thuong mai",
    "tnhh": "trach nhiem huu han",
    "tp": "thanh pho",
    "tttm": "trung tam thuong mai",
    "ttyt": "trung tam y te",
    "tx": "thi xa",
    "ubnd": "uy ban nhan dan",
    "vp": "van phong",
    "xn": "xi nghiep",
}
"""What units' names are shortened to, folded, and what it stands for."""

_LETTERS_AND_DIGITS = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")


def search_words(text: str) -> list[str]:
    """Return the folded words of a unit's name with abbreviations written out."""
    words = _LETTERS_AND_DIGITS.sub(" ", fold(text)).split()
    return " ".join(ABBREVIATIONS.get(word, word) for word in words).split()


REMEMBERED_SEARCHES = 2000
_NAME_WORD = re.compile(r"[^\W_]+")


def matched_spans(name: str, query: str) -> tuple[tuple[int, int], ...]:
    """Return where a unit's name has the words of a search: starts and ends, in order.

    Of a word still being typed that is its beginning; a misspelt word is nowhere.
    """
    typed = search_words(query)
    whole = {*typed, *fold(query).split()}
    spans = []
    for part in _NAME_WORD.finditer(name):
        words = search_words(part[0])
        if words and all(word in whole for word in words):
            spans.append(part.span())
        elif typed and (length := _started(part[0], typed[-1])):
            spans.append((part.start(), part.start() + length))
    return tuple(spans)


def _started(word: str, start: str) -> int:
    """Return how many characters of a word the start of it is, 0 when it is not."""
    if not fold(word).startswith(start):
        return 0
    return next(
        (end for end in range(1, len(word)) if fold(word[:end]) == start),
        len(word),
    )


_LEAST_WORD = 75
"""Two words less alike than this are different words."""
_START = 0.9
"""How alike a word is to one that begins with it, for the word still being typed."""


class _Index:
    """Names and aliases by their words; a rare word says more about a unit than a common one."""

    def __init__(self, units: Sequence[Unit]) -> None:
        import numpy as np

        self.units = units
        self.texts: list[str] = []
        numbers: list[int] = []
        sizes: list[int] = []
        labels_of: defaultdict[str, list[int]] = defaultdict(list)
        for number, unit in enumerate(units):
            for text in (unit.name, *unit.aliases, unit.code):
                words = search_words(text)
                joined = [first + second for first, second in pairwise(words)]
                for word in dict.fromkeys([*words, *joined]):
                    labels_of[word].append(len(numbers))
                self.texts.append(" " + " ".join(words))
                numbers.append(number)
                sizes.append(len(set(words)))
        #: Of each label the unit it names and how many words it has.
        self.numbers = np.asarray(numbers, dtype=np.int64)
        self.sizes = np.asarray(sizes, dtype=np.int64)
        self.labels_of = {word: np.asarray(found) for word, found in labels_of.items()}
        self.weights = {
            word: math.log(1 + len(numbers) / len(found)) for word, found in labels_of.items()
        }
        self.vocabulary = list(labels_of)
        #: The first letters of a search are the same for many people.
        self.search = lru_cache(REMEMBERED_SEARCHES)(self._search)

    def _search(self, query: str, limit: int, least: int) -> tuple[UnitMatch, ...]:
        import numpy as np

        typed = search_words(query)
        words = list(dict.fromkeys(typed))
        if not words or not len(self.numbers):
            return ()
        # An unknown word is as telling as the rarest known one, or nonsense would find everything.
        rarest = math.log(1 + len(self.numbers))
        total = 0.0
        scores = np.zeros(len(self.numbers))
        for word in words:
            alike = self.alike(word, is_last=word == words[-1])
            best = np.zeros(len(self.numbers))
            for known, similarity in alike.items():
                labels = self.labels_of[known]
                best[labels] = np.maximum(best[labels], similarity)
            weight = max((self.weights[known] for known in alike), default=rarest)
            total += weight
            scores += weight * best
        return self.ranked(np.round(100 * scores / total, 3), typed, limit, least)

    def alike(self, word: str, *, is_last: bool) -> dict[str, float]:
        """Return the known words that a typed word may be, with how alike they are, 0 to 1."""
        from rapidfuzz import fuzz, process

        cutoff = _LEAST_WORD if len(word) > 2 else 100
        near = process.extract(
            word, self.vocabulary, scorer=fuzz.ratio, score_cutoff=cutoff, limit=50
        )
        alike = {known: similarity / 100 for known, similarity, _ in near}
        if is_last:
            for known in self.vocabulary:
                if known.startswith(word) and known != word:
                    alike[known] = max(alike.get(known, 0.0), _START)
        return alike

    def ranked(
        self, scores: NDArray[np.float64], typed: Sequence[str], limit: int, least: int
    ) -> tuple[UnitMatch, ...]:
        """Return the best label's score of each unit.

        Of equal ones those with the words in the order typed are first, then the shorter names.
        """
        import numpy as np

        kept = np.flatnonzero(np.rint(scores) >= least)
        phrase = " " + " ".join(typed)
        is_mixed = np.asarray([phrase not in self.texts[label] for label in kept.tolist()])
        surplus = np.maximum(self.sizes[kept] - len(set(typed)), 0)
        order = np.lexsort((self.numbers[kept], surplus, is_mixed, -scores[kept]))
        found: dict[int, UnitMatch] = {}
        for label in kept[order].tolist():
            number = int(self.numbers[label])
            if number not in found:
                found[number] = UnitMatch(self.units[number], round(float(scores[label])))
            if len(found) == limit:
                break
        return tuple(found.values())
