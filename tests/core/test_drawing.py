"""Papers: drawn as docs/papers.md says, fairly, and without repeats."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.banks import Bank, Kind, Level, Question
from quizengine.core.contest import Section
from quizengine.core.drawing import (
    Paper,
    PoolEntry,
    Stream,
    blueprint,
    commitment,
    draw_from,
    draw_paper,
    pool_of,
    pseudonym,
)
from quizengine.errors import Conflict

PAGE = Path(__file__).parents[2] / "docs" / "papers.md"
SEED = bytes(range(32))
TOPICS = ("law", "history", "union")
LEVELS = (Level.EASY, Level.HARD)


def vectors() -> dict[str, Any]:
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    page: dict[str, Any] = json.loads(blocks[-1])
    return page


def entry(
    ordinal: int,
    topic: str = "law",
    level: Level = Level.UNSTATED,
    choices: int = 4,
    pinned: int = 0,
    kind: Kind = Kind.SINGLE,
) -> PoolEntry:
    return PoolEntry(ordinal, f"q{ordinal}", topic, level, choices, pinned, kind)


@st.composite
def entries(draw: st.DrawFn, ordinal: int) -> PoolEntry:
    kind = draw(st.sampled_from(Kind))
    choices = 2 if kind is Kind.TRUE_FALSE else draw(st.integers(2, 6))
    pinned = draw(st.integers(0, 2**choices - 1))
    topic, level = draw(st.sampled_from(TOPICS)), draw(st.sampled_from(LEVELS))
    return PoolEntry(ordinal, f"q{ordinal}", topic, level, choices, pinned, kind)


@st.composite
def pools(draw: st.DrawFn) -> tuple[PoolEntry, ...]:
    ordinals = draw(st.sets(st.integers(0, 60), min_size=1, max_size=30))
    return tuple(draw(entries(ordinal)) for ordinal in sorted(ordinals))


sections = st.builds(
    Section,
    count=st.integers(1, 5),
    points=st.integers(1, 9),
    topic=st.none() | st.sampled_from(TOPICS),
    level=st.none() | st.sampled_from(LEVELS),
)
topic_sections = st.sets(st.sampled_from(TOPICS), min_size=1).flatmap(
    lambda topics: st.tuples(
        *(
            st.builds(Section, st.integers(1, 5), st.integers(1, 9), st.just(t))
            for t in sorted(topics)
        )
    )
)


def draw(
    pool: Sequence[PoolEntry],
    blocks: Sequence[Section],
    *,
    who: str = "somebody",
    attempt: int = 1,
    seed: bytes = SEED,
    shuffle: bool = True,
) -> Paper:
    return draw_paper(
        seed=seed,
        pseudonym=who,
        attempt=attempt,
        pool=pool,
        sections=blocks,
        shuffle_questions=shuffle,
        shuffle_choices=shuffle,
    )


def draw_or_none(pool: Sequence[PoolEntry], blocks: Sequence[Section], **how: Any) -> Paper | None:
    try:
        return draw(pool, blocks, **how)
    except Conflict:
        return None


def questions(paper: Paper) -> list[int]:
    return sorted(slot.ordinal for slot in paper.slots)


def matching(pool: Sequence[PoolEntry], block: Section) -> set[int]:
    return {
        one.ordinal
        for one in pool
        if block.topic in (None, one.topic) and block.level in (None, one.level)
    }


# The page's vectors


@pytest.mark.parametrize("case", vectors()["streams"], ids=lambda case: case["material"] or "empty")
def test_streams_are_as_documented(case: dict[str, Any]) -> None:
    material = bytes.fromhex(case["material"])
    assert hashlib.shake_256(material).hexdigest(16) == case["bytes"]
    for limit, numbers in case["below"]:
        stream = Stream(material)
        assert [stream.below(limit) for _ in numbers] == numbers
    assert Stream(material).shuffled(range(10)) == case["shuffled"]


def test_secrets_are_as_documented() -> None:
    page = vectors()
    secret = bytes.fromhex(page["secret"])
    assert commitment(secret) == page["commitment"]
    for person, expected in page["pseudonyms"]:
        assert pseudonym(secret, person) == expected


@pytest.mark.parametrize("number", range(len(vectors()["papers"])))
def test_papers_are_as_documented(number: int) -> None:
    page = vectors()
    case = page["papers"][number]
    pool = [
        PoolEntry(ordinal, name, topic, Level(level), choices, pinned, Kind(kind))
        for ordinal, name, topic, level, choices, pinned, kind in page["pool"]
    ]
    blocks = [
        Section(**{**block, "level": Level(block["level"]) if block["level"] else None})
        for block in page["sections"][case["sections"]]
    ]
    paper = draw_paper(
        seed=bytes.fromhex(page["seed"]),
        pseudonym=case["pseudonym"],
        attempt=case["attempt"],
        pool=pool,
        sections=blocks,
        shuffle_questions=case["shuffle_questions"],
        shuffle_choices=case["shuffle_choices"],
    )
    assert [[s.ordinal, s.points, list(s.order)] for s in paper.slots] == case["slots"]


# The page's words, followed a second time by plainer code


def plain_words(material: bytes) -> list[int]:
    return list(struct.unpack(">4096I", hashlib.shake_256(material).digest(4 * 4096)))


def plain_below(words: list[int], limit: int) -> int:
    while True:
        word = words.pop(0)
        if word < 2**32 - (2**32 % limit):
            return word % limit


def plain_shuffled(words: list[int], items: list[Any]) -> list[Any]:
    for i in range(len(items) - 1, 0, -1):
        j = plain_below(words, i + 1)
        items[i], items[j] = items[j], items[i]
    return items


def plain_material(label: str, *fields: bytes) -> bytes:
    return label.encode() + b"".join(len(f).to_bytes(4, "big") + f for f in fields)


def plain_paper(
    pool: Sequence[PoolEntry], blocks: Sequence[Section], who: str, attempt: int
) -> list[tuple[int, int, tuple[int, ...]]]:
    """Return the paper of sections that share no question, taken round and round."""
    ranks = hashlib.shake_256(plain_material("quizengine/questions/1", SEED, who.encode()))
    by_ordinal = {one.ordinal: one for one in pool}
    listed: list[tuple[int, int]] = []
    for block in blocks:
        order = sorted(matching(pool, block), key=lambda k: ranks.digest(8 * k + 8)[8 * k :])
        first = (attempt - 1) * block.count
        taken = [order[(first + i) % len(order)] for i in range(block.count)]
        listed += [(ordinal, block.points) for ordinal in sorted(taken)]
    words = plain_words(
        plain_material("quizengine/order/1", SEED, who.encode(), attempt.to_bytes(4, "big"))
    )
    slots = []
    for ordinal, points in plain_shuffled(words, listed):
        one = by_ordinal[ordinal]
        order = list(range(one.choices))
        if one.kind is not Kind.TRUE_FALSE:
            moving = [choice for choice in order if not one.pinned & 1 << choice]
            for position, choice in zip(moving, plain_shuffled(words, moving[:]), strict=True):
                order[position] = choice
        slots.append((ordinal, points, tuple(order)))
    return slots


@given(pools(), topic_sections, st.text(max_size=5), st.integers(1, 7))
def test_papers_follow_the_words_of_the_page(
    pool: tuple[PoolEntry, ...], blocks: tuple[Section, ...], who: str, attempt: int
) -> None:
    paper = draw_or_none(pool, blocks, who=who, attempt=attempt)
    if paper is not None:
        expected = plain_paper(pool, blocks, who, attempt)
        assert [(slot.ordinal, slot.points, slot.order) for slot in paper.slots] == expected


@given(st.binary(max_size=40), st.lists(st.integers(1, 2**32), max_size=300))
def test_a_stream_reads_shake_256_from_the_front(material: bytes, limits: list[int]) -> None:
    stream, words = Stream(material), plain_words(material)
    assert [stream.below(limit) for limit in limits] == [plain_below(words, n) for n in limits]


def test_a_long_list_is_shuffled_with_the_words_that_below_would_take() -> None:
    # Long enough that some words are thrown away, which no short list ever meets.
    stream, expected = Stream(b"long"), list(range(150_000))
    for i in range(len(expected) - 1, 0, -1):
        j = stream.below(i + 1)
        expected[i], expected[j] = expected[j], expected[i]
    assert Stream(b"long").shuffled(range(150_000)) == expected


# What a paper promises


@given(pools(), st.lists(sections, min_size=1, max_size=4), st.integers(1, 4), st.booleans())
def test_a_paper_has_what_its_sections_ask_and_nothing_twice(
    pool: tuple[PoolEntry, ...], blocks: list[Section], attempt: int, shuffle: bool
) -> None:
    paper = draw_or_none(pool, blocks, attempt=attempt, shuffle=shuffle)
    if paper is None:
        return
    ordinals = questions(paper)
    assert len(ordinals) == len(set(ordinals)) == sum(block.count for block in blocks)
    asked = sum(block.count * block.points for block in blocks)
    assert sum(slot.points for slot in paper.slots) == asked
    for block in blocks:
        assert len(matching(pool, block).intersection(ordinals)) >= block.count


@given(pools(), st.lists(sections, min_size=1, max_size=3), st.integers(1, 3))
def test_the_same_four_things_give_the_same_paper(
    pool: tuple[PoolEntry, ...], blocks: list[Section], attempt: int
) -> None:
    paper = draw_or_none(pool, blocks, attempt=attempt)
    assert draw_or_none(pool[::-1], blocks, attempt=attempt) == paper
    if paper is not None:
        plan = blueprint(pool, blocks)
        how: dict[str, Any] = {"shuffle_questions": True, "shuffle_choices": True}
        assert draw_from(plan, seed=SEED, pseudonym="somebody", attempt=attempt, **how) == paper


@given(pools(), topic_sections, st.text(max_size=3))
def test_no_question_comes_twice_while_the_pool_allows(
    pool: tuple[PoolEntry, ...], blocks: tuple[Section, ...], who: str
) -> None:
    attempts = min(len(matching(pool, block)) // block.count for block in blocks)
    drawn = [
        ordinal
        for attempt in range(1, attempts + 1)
        for ordinal in questions(draw(pool, blocks, who=who, attempt=attempt))
    ]
    assert len(drawn) == len(set(drawn))


@given(pools(), topic_sections, st.text(max_size=3), st.data())
def test_withdrawing_questions_between_two_attempts_repeats_none(
    pool: tuple[PoolEntry, ...], blocks: tuple[Section, ...], who: str, data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from([one.ordinal for one in pool]), max_size=4))
    left = tuple(one for one in pool if one.ordinal not in gone)
    if all(len(matching(left, block)) >= 2 * block.count for block in blocks):
        before = questions(draw(pool, blocks, who=who, attempt=1))
        assert not set(before).intersection(questions(draw(left, blocks, who=who, attempt=2)))


def test_a_pool_used_up_begins_again_with_the_questions_used_least() -> None:
    pool, blocks = [entry(ordinal) for ordinal in range(5)], [Section(2, 1)]
    seen: Counter[int] = Counter()
    for attempt in range(1, 6):
        seen.update(questions(draw(pool, blocks, attempt=attempt)))
        assert max(seen.values()) - min(seen[ordinal] for ordinal in range(5)) <= 1
    assert set(seen.values()) == {2}


@given(pools(), st.text(max_size=3))
def test_choices_move_except_pinned_ones_and_true_false(
    pool: tuple[PoolEntry, ...], who: str
) -> None:
    by_ordinal = {one.ordinal: one for one in pool}
    for slot in draw(pool, [Section(len(pool), 1)], who=who).slots:
        one = by_ordinal[slot.ordinal]
        assert sorted(slot.order) == list(range(one.choices))
        for choice in range(one.choices):
            if one.pinned >> choice & 1 or one.kind is Kind.TRUE_FALSE:
                assert slot.order[choice] == choice


def test_without_shuffling_a_paper_stands_in_the_order_of_sections_and_bank() -> None:
    pool = [entry(ordinal, TOPICS[ordinal % 2]) for ordinal in range(8)]
    paper = draw(pool, [Section(4, 2, "history"), Section(4, 1, "law")], shuffle=False)
    assert [slot.ordinal for slot in paper.slots] == [1, 3, 5, 7, 0, 2, 4, 6]
    assert {slot.order for slot in paper.slots} == {(0, 1, 2, 3)}


def test_another_seed_person_or_attempt_gives_another_paper() -> None:
    pool, blocks = [entry(ordinal) for ordinal in range(40)], [Section(20, 1)]
    papers = {
        draw(pool, blocks),
        draw(pool, blocks, seed=bytes(32)),
        draw(pool, blocks, who="somebody else"),
        draw(pool, blocks, attempt=2),
        draw(pool, blocks, attempt=3),
    }
    assert len(papers) == 5


# Too small a pool


def test_too_small_a_pool_names_the_section_and_the_numbers() -> None:
    pool = [entry(0), entry(1, "history"), entry(2, "history")]
    with pytest.raises(Conflict) as caught:
        draw(pool, [Section(1, 1, "law"), Section(3, 1, "history")])
    assert caught.value.code == "paper.pool_too_small"
    assert caught.value.params == {"section": 2, "needed": 3, "available": 2}


def test_a_wide_section_counts_what_a_narrow_one_takes_from_it() -> None:
    pool = [entry(0), entry(1), entry(2, "history")]
    blocks = [Section(2, 1), Section(2, 1, "law")]
    with pytest.raises(Conflict) as caught:
        draw(pool, blocks)
    assert caught.value.params == {"section": 1, "needed": 4, "available": 3}
    assert questions(draw([*pool, entry(3, "union")], blocks)) == [0, 1, 2, 3]


@given(pools(), st.lists(sections, min_size=1, max_size=4), st.lists(st.text(), min_size=2))
def test_a_pool_is_too_small_for_everybody_or_for_nobody(
    pool: tuple[PoolEntry, ...], blocks: list[Section], people: list[str]
) -> None:
    papers = [
        draw_or_none(pool, blocks, who=who, attempt=attempt) for who in people for attempt in (1, 2)
    ]
    assert len({paper is None for paper in papers}) == 1


def test_two_entries_with_one_ordinal_are_refused() -> None:
    with pytest.raises(ValueError, match="same ordinal"):
        blueprint([entry(1), entry(1, "history")], [Section(1, 1)])


def test_attempts_are_numbered_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        draw([entry(0)], [Section(1, 1)], attempt=0)


@pytest.mark.parametrize("limit", [0, -1, 2**32 + 1])
def test_a_stream_refuses_limits_it_cannot_serve(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        Stream(b"").below(limit)


# Equal chances: statistics of fixed seeds against the 0.999 quantile of chi-square


def chi_square(counts: Sequence[int]) -> float:
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 for count in counts) / expected


def test_every_question_has_the_same_chance_in_every_attempt() -> None:
    pool = [entry(ordinal) for ordinal in range(12)]
    plan = blueprint(pool, [Section(4, 1)])
    for attempt in (1, 2, 3):
        drawn = Counter(
            slot.ordinal
            for number in range(3000)
            for slot in draw_from(
                plan,
                seed=SEED,
                pseudonym=str(number),
                attempt=attempt,
                shuffle_questions=True,
                shuffle_choices=False,
            ).slots
        )
        assert chi_square([drawn[ordinal] for ordinal in range(12)]) < 31.3  # 11 degrees


def test_every_question_has_the_same_chance_of_every_position() -> None:
    plan = blueprint([entry(ordinal) for ordinal in range(4)], [Section(4, 1)])
    orders = Counter(
        tuple(
            slot.ordinal
            for slot in draw_from(
                plan,
                seed=SEED,
                pseudonym=str(number),
                attempt=1,
                shuffle_questions=True,
                shuffle_choices=False,
            ).slots
        )
        for number in range(4800)
    )
    assert len(orders) == 24
    assert chi_square(list(orders.values())) < 49.7  # 23 degrees


def test_every_order_of_choices_has_the_same_chance() -> None:
    plan = blueprint([entry(0)], [Section(1, 1)])
    orders = Counter(
        draw_from(
            plan,
            seed=SEED,
            pseudonym=str(number),
            attempt=1,
            shuffle_questions=False,
            shuffle_choices=True,
        )
        .slots[0]
        .order
        for number in range(4800)
    )
    assert len(orders) == 24
    assert chi_square(list(orders.values())) < 49.7  # 23 degrees


def test_a_limit_that_does_not_divide_the_words_is_served_evenly() -> None:
    stream = Stream(b"thirds")
    thirds = Counter(stream.below(3 * 2**30) // 2**30 for _ in range(3000))
    assert chi_square([thirds[third] for third in range(3)]) < 13.8  # 2 degrees


# Secrets and pools


def test_a_pseudonym_is_a_keyed_hash_of_the_normalised_name() -> None:
    secret, person = b"k" * 32, "Trần Thị Mẫu"
    composed = unicodedata.normalize("NFC", person)
    message = b"quizengine/pseudonym/1\0" + composed.encode()
    expected = hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]
    assert pseudonym(secret, composed) == expected
    assert pseudonym(secret, unicodedata.normalize("NFD", person)) == expected
    assert pseudonym(b"l" * 32, person) != expected


def test_the_pool_of_a_bank_counts_its_questions_and_carries_no_key() -> None:
    question = Question(
        id="law-1",
        kind=Kind.MULTIPLE,
        stem="Which?",
        choices=("a", "b", "c"),
        topic="law",
        level=Level.HARD,
        pinned=4,
        key=3,
    )
    pool = pool_of(Bank((question, question)))
    assert pool[0] == PoolEntry(0, "law-1", "law", Level.HARD, 3, 4, Kind.MULTIPLE)
    assert [one.ordinal for one in pool] == [0, 1]
    assert not hasattr(pool[0], "key")
