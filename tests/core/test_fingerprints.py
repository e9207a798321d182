"""Winnowing: which hashes a text of bare letters is known by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.fingerprints import (
    GRAM,
    GUARANTEE,
    WINDOW,
    code_points,
    fingerprint,
    fingerprint_all,
    hash_grams,
)

# Few different letters make repeats and ties common.
LETTERS = st.text(alphabet="abc", max_size=120) | st.text(
    alphabet="abcdeghiklmnopqrstuvx1", max_size=120
)
RUNS = st.text(alphabet="abcdeghiklmnopqrstuvx", min_size=GUARANTEE, max_size=GUARANTEE)


@given(LETTERS, RUNS | st.text(alphabet="ab", min_size=GUARANTEE, max_size=GUARANTEE), LETTERS)
def test_any_shared_run_of_the_guaranteed_length_is_found(
    before: str, run: str, after: str
) -> None:
    planted = before + run + after
    assert set(fingerprint(planted).tolist()) & set(fingerprint(run).tolist())
    assert set(fingerprint(planted).tolist()) & set(fingerprint(after + run + before).tolist())


@given(st.lists(LETTERS, max_size=8))
def test_texts_taken_together_have_the_fingerprints_of_each_alone(texts: list[str]) -> None:
    together = fingerprint_all(texts)
    for number, text in enumerate(texts):
        mine = together.owners == number
        assert together.hashes[mine].tolist() == fingerprint(text).tolist()


@given(LETTERS)
def test_positions_name_the_run_that_was_hashed(text: str) -> None:
    prints = fingerprint_all(["", text])
    positions = prints.positions.tolist()
    assert positions == sorted(set(positions))
    for position, print_hash in zip(positions, prints.hashes.tolist(), strict=True):
        assert fingerprint(text[position : position + GRAM]).tolist() == [print_hash]


@given(LETTERS)
def test_every_window_holds_a_fingerprint(text: str) -> None:
    positions = set(fingerprint_all([text]).positions.tolist())
    for start in range(len(text) - GUARANTEE + 1):
        assert positions & set(range(start, start + WINDOW))


def test_short_texts_have_one_fingerprint_or_none() -> None:
    assert fingerprint("").size == 0
    assert fingerprint("a" * (GRAM - 1)).size == 0
    assert fingerprint("congdoanvietnam92nam").size == 1
    assert fingerprint_all([]).hashes.size == 0


def test_about_two_of_seventeen_runs_are_kept() -> None:
    text = "".join(chr(97 + (number * number * 7919 // 13) % 26) for number in range(20_000))
    assert 0.1 < fingerprint(text).size / len(text) < 0.14


@given(st.text(alphabet="abcd", max_size=60), st.integers(min_value=1, max_value=23))
def test_hashes_of_runs_are_equal_just_when_the_runs_are(text: str, length: int) -> None:
    hashes = hash_grams(code_points(text), length).tolist()
    runs = [text[start : start + length] for start in range(len(text) - length + 1)]
    assert len(hashes) == len(runs)
    assert len(set(hashes)) == len(set(runs)) == len(set(zip(hashes, runs, strict=True)))
