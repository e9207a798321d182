"""Papers drawn from a seed: the same seed, person, attempt and pool give the same paper for ever.

``docs/papers.md`` states the drawing byte for byte, with test vectors, so that anybody can draw the
papers of a round again with other software once the seed is published.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from quizengine.core.banks import Bank, Kind, Level, Prompt
from quizengine.core.contest import Section
from quizengine.errors import Conflict

Item = TypeVar("Item")

_WORD_LIMIT = 2**32
_FIRST_BYTES = 408


class Stream:
    """The bytes of SHAKE-256 over a seed, read from the front as big-endian 32-bit words."""

    __slots__ = ("_words",)

    def __init__(self, seed_material: bytes) -> None:
        self._words = _words(seed_material)

    def below(self, limit: int) -> int:
        """Return an unbiased number from 0 to ``limit`` - 1; ``limit`` is 1 to 2**32.

        Words in the incomplete last run of ``limit`` numbers are thrown away, the others are taken
        modulo ``limit``.
        """
        if not 0 < limit <= _WORD_LIMIT:
            raise ValueError(f"the limit must be from 1 to {_WORD_LIMIT}, not {limit}")
        whole = _WORD_LIMIT - _WORD_LIMIT % limit
        return next(word for word in self._words if word < whole) % limit

    def shuffled(self, items: Iterable[Item]) -> list[Item]:
        """Return the items in a random order: Fisher–Yates from the last position to the second."""
        order = list(items)
        for size in range(len(order), 1, -1):
            # This is below(size), written out: most of the time of a drawing is spent here.
            whole = _WORD_LIMIT - _WORD_LIMIT % size
            word = next(self._words)
            while word >= whole:
                word = next(self._words)
            other = word % size
            order[size - 1], order[other] = order[other], order[size - 1]
        return order


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """What the drawing knows of a question; the ordinal names it for the life of the pool."""

    ordinal: int
    id: str
    topic: str
    level: Level
    choices: int
    pinned: int
    """Mask of the choices that keep their position."""
    kind: Kind


@dataclass(frozen=True, slots=True)
class Slot:
    """One question of a paper; ``order[i]`` is the canonical choice shown at position ``i``."""

    ordinal: int
    points: int
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """The questions of one attempt in the order they are shown."""

    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A pool matched with sections, ready to draw many papers from; see :func:`blueprint`."""

    entries: dict[int, PoolEntry]
    sections: tuple[Section, ...]
    matching: tuple[tuple[int, ...], ...]
    """For each section the ordinals it may draw, ascending."""
    turns: tuple[int, ...]
    """The sections' indices in the order they draw: the one with the fewest entries first."""


def pool_of(bank: Bank) -> tuple[PoolEntry, ...]:
    """Return the pool of all questions of a bank; ordinals count its questions from 0."""
    return pool_of_prompts(bank.questions)


def pool_of_prompts(prompts: Iterable[Prompt]) -> tuple[PoolEntry, ...]:
    """Return the pool of a bank of which only the prompts are at hand, in canonical order."""
    return tuple(
        PoolEntry(
            ordinal=ordinal,
            id=question.id,
            topic=question.topic,
            level=question.level,
            choices=len(question.choices),
            pinned=question.pinned,
            kind=question.kind,
        )
        for ordinal, question in enumerate(prompts)
    )


def blueprint(pool: Sequence[PoolEntry], sections: Sequence[Section]) -> Blueprint:
    """Return the pool matched with the sections, after checking that nobody can be left short.

    A section must have enough entries even when the sections that draw before it took as many of
    them as they can; so a pool is too small for everybody or for nobody. Raises ``Conflict`` with
    the number of the section (from 1), and ``ValueError`` when two entries have one ordinal.
    """
    entries = {entry.ordinal: entry for entry in sorted(pool, key=lambda entry: entry.ordinal)}
    if len(entries) < len(pool):
        raise ValueError("two entries of the pool have the same ordinal")
    matching = tuple(
        tuple(ordinal for ordinal, entry in entries.items() if _matches(entry, section))
        for section in sections
    )
    turns = tuple(sorted(range(len(sections)), key=lambda index: (len(matching[index]), index)))
    for turn, index in enumerate(turns):
        here = set(matching[index])
        taken = sum(
            min(sections[before].count, len(here.intersection(matching[before])))
            for before in turns[:turn]
        )
        needed = sections[index].count + taken
        if needed > len(here):
            raise Conflict(
                "paper.pool_too_small", section=index + 1, needed=needed, available=len(here)
            )
    return Blueprint(entries, tuple(sections), matching, turns)


def draw_paper(
    *,
    seed: bytes,
    pseudonym: str,
    attempt: int,
    pool: Sequence[PoolEntry],
    sections: Sequence[Section],
    shuffle_questions: bool,
    shuffle_choices: bool,
) -> Paper:
    """Return the paper of one attempt (numbered from 1); ``Conflict`` when the pool is too small.

    To draw many papers from one pool make its :func:`blueprint` once and use :func:`draw_from`.
    """
    return draw_from(
        blueprint(pool, sections),
        seed=seed,
        pseudonym=pseudonym,
        attempt=attempt,
        shuffle_questions=shuffle_questions,
        shuffle_choices=shuffle_choices,
    )


def draw_from(
    plan: Blueprint,
    *,
    seed: bytes,
    pseudonym: str,
    attempt: int,
    shuffle_questions: bool,
    shuffle_choices: bool,
) -> Paper:
    """Return the paper of one attempt (numbered from 1) from a pool matched with its sections."""
    if attempt < 1:
        raise ValueError("attempts are numbered from 1")
    drawn = _draw_questions(plan, seed, pseudonym, attempt)
    who = pseudonym.encode()
    stream = Stream(_material(b"quizengine/order/1", seed, who, struct.pack(">I", attempt)))
    if shuffle_questions:
        drawn = stream.shuffled(drawn)
    return Paper(
        tuple(
            Slot(ordinal, points, _choice_order(plan.entries[ordinal], stream, shuffle_choices))
            for ordinal, points in drawn
        )
    )


def pseudonym(secret: bytes, person: str) -> str:
    """Return the 32 hex characters that stand for a person in papers and published results.

    HMAC-SHA-256 under a secret that is committed to and never published. ``person`` is whatever the
    host knows the person by, taken in Unicode form NFC: two spellings of the same letters are one.
    """
    message = b"quizengine/pseudonym/1\0" + unicodedata.normalize("NFC", person).encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]


def commitment(secret: bytes) -> str:
    """Return the hex SHA-256 that is published before the secret is used, to bind it."""
    return hashlib.sha256(b"quizengine/commitment/1\0" + secret).hexdigest()


def _words(material: bytes) -> Iterator[int]:
    # hashlib cannot squeeze further, only again and longer; a longer digest starts with the
    # shorter one, so doubling costs at most twice the bytes.
    shake = hashlib.shake_256(material)
    start, end = 0, _FIRST_BYTES
    while True:
        yield from struct.unpack(f">{(end - start) // 4}I", shake.digest(end)[start:])
        start, end = end, 2 * end


def _matches(entry: PoolEntry, section: Section) -> bool:
    return section.topic in (None, entry.topic) and section.level in (None, entry.level)


def _material(label: bytes, *fields: bytes) -> bytes:
    return label + b"".join(struct.pack(">I", len(field)) + field for field in fields)


def _draw_questions(
    plan: Blueprint, seed: bytes, pseudonym: str, attempt: int
) -> list[tuple[int, int]]:
    """Return (ordinal, points) section by section, the ordinals of a section ascending.

    Each person has one order of the pool. An entry's place in it depends on its own ordinal alone,
    so a withdrawn question leaves the order of the others, and no later attempt repeats a question
    because of it. Earlier attempts are drawn again first, to know what they used.
    """
    span = max(plan.entries, default=-1) + 1
    material = _material(b"quizengine/questions/1", seed, pseudonym.encode())
    ranks = struct.unpack(f">{span}Q", hashlib.shake_256(material).digest(8 * span))
    orders = [sorted(ordinals, key=ranks.__getitem__) for ordinals in plan.matching]
    used: Counter[int] = Counter()  # by ordinal: how many earlier papers had it
    picks: list[list[int]] = [[] for _ in plan.sections]
    for _ in range(attempt):
        taken: set[int] = set()
        for index in plan.turns:
            free = [ordinal for ordinal in orders[index] if ordinal not in taken]
            if used:
                free.sort(key=used.__getitem__)
            picks[index] = free[: plan.sections[index].count]
            taken.update(picks[index])
        used.update(taken)
    return [
        (ordinal, section.points)
        for section, ordinals in zip(plan.sections, picks, strict=True)
        for ordinal in sorted(ordinals)
    ]


def _choice_order(entry: PoolEntry, stream: Stream, shuffle: bool) -> tuple[int, ...]:
    if not shuffle or entry.kind is Kind.TRUE_FALSE:
        return tuple(range(entry.choices))
    if not entry.pinned:
        return tuple(stream.shuffled(range(entry.choices)))
    moving = [choice for choice in range(entry.choices) if not entry.pinned >> choice & 1]
    order = list(range(entry.choices))
    for position, choice in zip(moving, stream.shuffled(moving), strict=True):
        order[position] = choice
    return tuple(order)
