"""What differs between two versions of a bank, question by question.

A question is found again by its id and its text. In files that number their questions a new one in
the middle moves all later numbers on, so that a number alone says little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from functools import cached_property

from quizengine.core.banks import Bank, Question
from quizengine.core.lint import folded

NEAR_PERCENT = 70
"""From this likeness on two stems may be one that was rewritten."""
NEAR_LIMIT = 500
"""Over this many questions left without a partner only those with the same id are compared."""
NEAR_LETTERS = 400
MAX_WORDS = 1_000
"""Longer texts are shown as changed in whole: the time to compare grows with the square."""

PARTS = tuple(field.name for field in fields(Question))
FACTS = ("title", "language", "as_of")


@dataclass(frozen=True, slots=True)
class QuestionChange:
    """A question that was added (no ``before``), removed (no ``after``) or changed."""

    before: Question | None
    after: Question | None
    place: int
    """Where it stands in the later version, from 0; in the earlier one when it was removed."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of what differs, of a changed question."""
        if self.before is None or self.after is None:
            return ()
        return tuple(
            name for name in PARTS if getattr(self.before, name) != getattr(self.after, name)
        )


@dataclass(frozen=True)
class BankChanges:
    """Everything that differs between two versions."""

    facts: tuple[str, ...]
    """The names of what differs about the bank as a whole."""
    questions: tuple[QuestionChange, ...]
    """In the order of the later version, then what was removed."""
    is_reordered: bool
    """Whether questions that are in both versions follow each other in another order."""

    def __bool__(self) -> bool:
        return bool(self.facts or self.questions or self.is_reordered)

    @cached_property
    def added(self) -> tuple[QuestionChange, ...]:
        """The questions that only the later version has."""
        return tuple(one for one in self.questions if one.before is None)

    @cached_property
    def removed(self) -> tuple[QuestionChange, ...]:
        """The questions that only the earlier version has."""
        return tuple(one for one in self.questions if one.after is None)

    @cached_property
    def changed(self) -> tuple[QuestionChange, ...]:
        """The questions that both have and that differ."""
        return tuple(one for one in self.questions if one.before and one.after)

    @cached_property
    def with_other_key(self) -> tuple[QuestionChange, ...]:
        """The changed questions whose right answers differ."""
        return tuple(one for one in self.changed if "key" in one.parts)


def compare_banks(before: Bank, after: Bank) -> BankChanges:
    """Return what differs between two versions of a bank."""
    partners = _partners(before.questions, after.questions)
    changes = []
    for place, question in enumerate(after.questions):
        earlier = before.questions[partners[place]] if place in partners else None
        if earlier != question:
            changes.append(QuestionChange(earlier, question, place))
    kept = set(partners.values())
    changes += [
        QuestionChange(question, None, place)
        for place, question in enumerate(before.questions)
        if place not in kept
    ]
    order = [partners[place] for place in sorted(partners)]
    facts = tuple(name for name in FACTS if getattr(before, name) != getattr(after, name))
    return BankChanges(facts, tuple(changes), is_reordered=order != sorted(order))


def _partners(before: Sequence[Question], after: Sequence[Question]) -> dict[int, int]:
    """Return where the questions of the later version stood in the earlier one."""
    keys: tuple[Callable[[Question], Hashable], ...] = (
        lambda question: question,
        lambda question: (question.id, folded(question.stem)),
        lambda question: (folded(question.stem), question.choices),
        lambda question: folded(question.stem),
    )
    found: dict[int, int] = {}
    left_before, left_after = list(range(len(before))), list(range(len(after)))
    for key in keys:
        found |= _paired(before, after, left_before, left_after, key)
        taken = set(found.values())
        left_before = [at for at in left_before if at not in taken]
        left_after = [at for at in left_after if at not in found]
    return found | _rewritten(before, after, left_before, left_after)


def _paired(
    before: Sequence[Question],
    after: Sequence[Question],
    left_before: Iterable[int],
    left_after: Iterable[int],
    key: Callable[[Question], Hashable],
) -> dict[int, int]:
    """Return the pairs with the same key, where it is one question's alone on either side."""
    earlier, later = (
        [(key(before[at]), at) for at in left_before],
        [(key(after[at]), at) for at in left_after],
    )
    once_before = Counter(one for one, _ in earlier)
    once_after = Counter(one for one, _ in later)
    places = {one: at for one, at in earlier if once_before[one] == 1}
    return {at: places[one] for one, at in later if once_after[one] == 1 and one in places}


def _rewritten(
    before: Sequence[Question],
    after: Sequence[Question],
    left_before: Sequence[int],
    left_after: Sequence[int],
) -> dict[int, int]:
    """Return the pairs whose stems or choices are alike, the likest first."""
    from rapidfuzz import fuzz

    is_many = max(len(left_before), len(left_after)) > NEAR_LIMIT
    alike = []
    for later in left_after:
        for earlier in left_before:
            one, other = before[earlier], after[later]
            if is_many and one.id != other.id:
                continue
            likeness = fuzz.ratio(_start(one), _start(other))
            if one.id == other.id and set(one.choices) & set(other.choices):
                likeness = max(likeness, NEAR_PERCENT)
            if likeness >= NEAR_PERCENT:
                alike.append((-likeness, one.id != other.id, later, earlier))
    found: dict[int, int] = {}
    for _, _, later, earlier in sorted(alike):
        if later not in found and earlier not in found.values():
            found[later] = earlier
    return found


def _start(question: Question) -> str:
    return folded(question.stem)[:NEAR_LETTERS]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a text, and whether the other version lacks it."""

    text: str
    is_changed: bool


def compare_texts(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts in pieces, word by word: together the pieces are the texts."""
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    if max(len(old), len(new)) > MAX_WORDS:
        return (Piece(before, before != after),), (Piece(after, before != after),)
    old_pieces, new_pieces = [], []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if end > start:
            old_pieces.append(Piece("".join(old[start:end]), tag != "equal"))
        if new_end > new_start:
            new_pieces.append(Piece("".join(new[new_start:new_end]), tag != "equal"))
    return tuple(old_pieces), tuple(new_pieces)
