"""What a bank is: masks, kinds, the clean form of texts, and the hash of a version."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.banks import (
    Bank,
    Kind,
    Prompt,
    Question,
    clean_text,
    letters_of,
    mask_of,
    natural_kind,
)

QUESTION = Question("1", Kind.SINGLE, "Thủ đô?", ("Huế", "Hà Nội"), key=2, source="Hiến pháp")


@given(st.integers(0, 2**26 - 1))
def test_letters_and_masks_are_the_same_thing(mask: int) -> None:
    assert mask_of(letters_of(mask)) == mask


def test_a_mask_is_only_of_letters() -> None:
    with pytest.raises(ValueError, match="substring"):
        mask_of("A1")


def test_a_prompt_has_no_key_source_or_explanation() -> None:
    prompt = QUESTION.prompt()
    assert type(prompt) is Prompt
    assert not {"key", "source", "explanation"} & set(dir(prompt))


def test_equal_banks_have_equal_hashes_and_any_change_another() -> None:
    bank = Bank((QUESTION,), title="Ngân hàng", as_of=date(2021, 7, 20))
    others = [
        replace(bank, title=""),
        replace(bank, as_of=None),
        replace(bank, language="en"),
        replace(bank, questions=(replace(QUESTION, key=1),)),
        replace(bank, questions=(QUESTION, QUESTION)),
    ]
    assert replace(bank).sha256 == bank.sha256
    assert len({bank.sha256, *(other.sha256 for other in others)}) == 6


def test_the_hash_of_a_bank_never_changes() -> None:
    """Results and published commitments name banks by it."""
    assert Bank((QUESTION,)).sha256 == (
        "53b98b5489b360ea4c825ce59801c7af8acef33fb8b6d26f60fa82c5c733226a"
    )


@pytest.mark.parametrize(
    ("choices", "key", "kind"),
    [
        (("Đúng", "Sai"), 1, Kind.TRUE_FALSE),
        (("FALSE", "True"), 2, Kind.TRUE_FALSE),
        (("Đúng", "Sai", "Không rõ"), 1, Kind.SINGLE),
        (("a", "b", "c"), 0b101, Kind.MULTIPLE),
        (("a", "b", "c"), 0, Kind.SINGLE),
    ],
)
def test_a_question_that_states_no_kind_has_a_natural_one(
    choices: tuple[str, ...], key: int, kind: Kind
) -> None:
    assert natural_kind(choices, key) is kind


@given(st.text())
def test_cleaning_a_clean_text_changes_nothing(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


def test_a_clean_text_is_composed_and_has_plain_blanks() -> None:
    assert clean_text("\ufeff Co\u0302ng\u00a0đoàn \r\n là\u200b gì\x00 \n") == "Công đoàn\n là gì"
