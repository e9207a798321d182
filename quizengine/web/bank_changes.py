"""Changes of a bank as pages show them: both texts in pieces, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from quizengine.core.bank_changes import Piece, QuestionChange, compare_texts
from quizengine.core.banks import LETTERS, Kind, Question, letters_of

FACTS = ("topic", "source", "explanation")
"""Texts of a question that are shown where they differ."""


@dataclass(frozen=True, slots=True)
class ShownChoice:
    """A choice on one side."""

    letter: str
    pieces: tuple[Piece, ...]
    is_right: bool


@dataclass(frozen=True, slots=True)
class ShownSide:
    """A question on one side: before or after."""

    stem: tuple[Piece, ...]
    choices: tuple[ShownChoice, ...]
    facts: tuple[tuple[str, tuple[Piece, ...]], ...]
    """The names of what differs beside stem and choices, with the text on this side."""
    is_multiple: bool


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change of a question, and both sides of it as far as they are."""

    change: QuestionChange
    before: ShownSide | None
    after: ShownSide | None


def shown_changes(changes: Iterable[QuestionChange]) -> tuple[ShownChange, ...]:
    """Return changes as pages show them."""
    return tuple(_shown(change) for change in changes)


def _shown(change: QuestionChange) -> ShownChange:
    before, after = change.before, change.after
    if before is None or after is None:
        one, other = (_alone(side) if side else None for side in (before, after))
        return ShownChange(change, one, other)
    stems = compare_texts(before.stem, after.stem)
    pairs = [
        compare_texts(old or "", new or "")
        for old, new in zip_longest(before.choices, after.choices)
    ]
    texts = [
        (name, compare_texts(old, new))
        for name, old, new in _facts(before, after, change.parts)
        if old != new
    ]
    sides = [
        ShownSide(
            stem=stems[side],
            choices=_choices(question, [pair[side] for pair in pairs]),
            facts=tuple((name, pieces[side]) for name, pieces in texts),
            is_multiple=question.kind is Kind.MULTIPLE,
        )
        for side, question in enumerate((before, after))
    ]
    return ShownChange(change, sides[0], sides[1])


def _facts(
    before: Question, after: Question, parts: Iterable[str]
) -> Iterable[tuple[str, str, str]]:
    for name in parts:
        if name in FACTS:
            yield name, getattr(before, name), getattr(after, name)
        elif name == "pinned":
            yield name, letters_of(before.pinned), letters_of(after.pinned)


def _alone(question: Question) -> ShownSide:
    return ShownSide(
        stem=(Piece(question.stem, is_changed=False),),
        choices=_choices(question, [(Piece(one, is_changed=False),) for one in question.choices]),
        facts=(),
        is_multiple=question.kind is Kind.MULTIPLE,
    )


def _choices(question: Question, pieces: list[tuple[Piece, ...]]) -> tuple[ShownChoice, ...]:
    return tuple(
        ShownChoice(LETTERS[at], pieces[at], bool(question.key >> at & 1))
        for at in range(len(question.choices))
    )
