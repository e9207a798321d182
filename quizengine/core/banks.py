"""A question bank as a value: questions, choices, keys, and the hash that names a version.

Choices are addressed by bit masks over their canonical order: bit 0 is choice A, bit 1 is B.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from quizengine.core.text import normalise

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_CHOICES = len(LETTERS)


class Kind(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"


class Level(StrEnum):
    """How hard a question is meant to be; empty when the bank does not say."""

    UNSTATED = ""
    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a participant sees of a question: everything but the key."""

    id: str
    kind: Kind
    stem: str
    choices: tuple[str, ...]
    topic: str = ""
    level: Level = Level.UNSTATED
    pinned: int = 0
    """Mask of the choices that keep their position when choices are shuffled."""


@dataclass(frozen=True, slots=True)
class Question(Prompt):
    """A prompt with its key (a mask of the right choices), source and explanation."""

    key: int = 0
    source: str = ""
    explanation: str = ""

    def prompt(self) -> Prompt:
        """Return the question without its key, source and explanation."""
        return Prompt(
            self.id, self.kind, self.stem, self.choices, self.topic, self.level, self.pinned
        )


@dataclass(frozen=True)
class Bank:
    """An immutable version of a question bank, in canonical question order."""

    questions: tuple[Question, ...]
    title: str = ""
    language: str = "vi"
    as_of: date | None = None
    """The day the facts of the bank stand as of, when it states one."""

    @cached_property
    def sha256(self) -> str:
        """The hex SHA-256 of the canonical JSON form; equal banks have equal hashes."""
        return hashlib.sha256(canonical_json(self).encode()).hexdigest()

    def topics(self) -> tuple[str, ...]:
        """Return the distinct topics in order of first appearance."""
        return tuple(dict.fromkeys(question.topic for question in self.questions))


def canonical_json(bank: Bank) -> str:
    """Return the one JSON text of a bank: sorted names, no spaces, unescaped letters."""
    body = {
        "title": bank.title,
        "language": bank.language,
        "as_of": bank.as_of.isoformat() if bank.as_of else None,
        "questions": [asdict(question) for question in bank.questions],
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def mask_of(letters: Iterable[str]) -> int:
    """Return the mask of choice letters; ``ValueError`` for anything but A–Z."""
    mask = 0
    for letter in letters:
        mask |= 1 << LETTERS.index(letter.upper())
    return mask


def letters_of(mask: int) -> str:
    """Return the letters of a mask in order: 5 is ``"AC"``."""
    return "".join(letter for bit, letter in enumerate(LETTERS) if mask >> bit & 1)


def natural_kind(choices: Iterable[str], key: int) -> Kind:
    """Return the kind of a question that states none, from its choices and the mask of its key."""
    folded = {choice.casefold() for choice in choices}
    if folded in ({"đúng", "sai"}, {"true", "false"}):
        return Kind.TRUE_FALSE
    return Kind.MULTIPLE if key.bit_count() > 1 else Kind.SINGLE


_NO_CHARACTERS = dict.fromkeys((0xFFFE, 0xFFFF))


def clean_text(text: str) -> str:
    """Return the text as every bank holds it, so that it has one form whatever it was read from.

    Normalised (:func:`quizengine.core.text.normalise`), no blanks around it or at line ends.
    """
    plain = normalise(text.translate(_NO_CHARACTERS))
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip()
