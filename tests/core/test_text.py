"""Text: normal form, folding, counting words, sorting and proposing names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quizengine.core.text import (
    count_words,
    fold,
    fold_letters,
    name_sort_key,
    normalise,
    proper_name,
)

VOWELS = "aăâeêioôơuưy"
TONES = ["", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"]
VIETNAMESE = (
    "".join(unicodedata.normalize("NFC", letter + tone) for letter in VOWELS for tone in TONES)
    + "bcdđghklmnpqrstvx"
)
SENTENCES = st.text(alphabet=VIETNAMESE + VIETNAMESE.upper() + " .,;:-\n0123456789", max_size=200)
ANY_TEXT = st.text(max_size=60)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@given(ANY_TEXT)
@example("e\u034f\u0301\u200d\u3164")
def test_normal_form_is_composed_stable_and_storable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once == nfc(once)
    assert "\x00" not in once
    once.encode()


def test_normal_form_has_plain_spaces_and_line_ends_and_nothing_invisible() -> None:
    assert normalise("\ufeffCông\u200b\xa0đoàn\u2009Việt\tNam\r\nmột\rhai\u2028ba") == (
        "Công đoàn Việt Nam\nmột\nhai\nba"
    )
    assert normalise("Co\u0302ng ty\u0301") == "Công tý"
    assert normalise("a\ud800b") == "a\ufffdb"


@given(ANY_TEXT | SENTENCES)
@example("ŉ İ ﬃ ǰ ẞ ΐ ½ \u0345 \u1fb3 Ǆ 한 \u1fef")
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    letters = fold_letters(text)[0]
    assert fold_letters(letters)[0] == letters


@given(ANY_TEXT | SENTENCES)
def test_composed_and_decomposed_text_fold_alike(text: str) -> None:
    assert fold(nfc(text)) == fold(nfd(text)) == fold(text)
    assert fold_letters(nfc(text))[0] == fold_letters(nfd(text))[0]


@given(SENTENCES)
def test_case_does_not_matter_in_vietnamese(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà Bình", "Hòa Bình"),
        ("Hoà Bình", "HOA BINH"),
        ("Đặng Thuý", "dang thúy"),
        ("Nguyễn", "Nguye\u0302\u0303n"),
        ("đoàn kết", "đo\u200bàn\u2060 kết\ufeff"),
        ("công đoàn", "сông đоàn"),
        ("CÔNG", "ϹÔΝG"),
        ("Tổ 12", "Ｔổ　１２"),
        ("Điều", "Ðiều"),
        ("a b", "  a,\n(b)! "),
    ],
)
def test_spellings_that_read_alike_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert fold_letters(one)[0] == fold_letters(other)[0]


def test_folding_keeps_words_apart_and_bare_letters_do_not() -> None:
    assert fold("Liên đoàn Lao động – Quận 3") == "lien doan lao dong quan 3"
    assert fold_letters("Lý Thái-Tổ")[0] == "lithaito"


def test_letters_of_other_scripts_are_kept() -> None:
    assert fold("中文 ไทย") == "中文 ไทย"


@given(ANY_TEXT | SENTENCES)
@example("½ﬁ…½")
def test_each_bare_letter_points_at_the_character_it_came_from(text: str) -> None:
    letters, offsets = fold_letters(text)
    assert len(letters) == len(offsets)
    assert list(offsets) == sorted(offsets)
    for letter, offset in zip(letters, offsets, strict=True):
        assert letter in fold_letters(text[offset])[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Công đoàn", 2),
        ("chính trị - xã hội", 4),
        ("12/7/2021, ngày …", 2),
        ("  một\n\nhai\xa0ba ", 3),
        ("***", 0),
    ],
)
def test_words_are_syllables(text: str, words: int) -> None:
    assert count_words(text) == words


@given(SENTENCES)
def test_composed_and_decomposed_text_have_the_same_words(text: str) -> None:
    assert count_words(nfc(text)) == count_words(nfd(text))


def test_names_sort_by_given_then_middle_then_family_name() -> None:
    ordered = [
        "Nguyễn An",
        "Lê Văn An",
        "Trần Văn An",
        "Lê Thị Ân",
        "Lê Minh Bình",
        "Lê Minh Bính",
        "Lê Đình Dạt",
        "Lê Dũng Đạt",
        "Lê Đình Đạt",
        "Vũ Thị Hoa",
        "Vũ Thị Hoà",
        "Vũ Thị Hoan",
        "Vũ Thị Ơn",
        "Vũ Thị Uyên",
        "Vũ Thị Ước",
        "Vũ Thị Yến",
    ]
    backwards = ordered[::-1]
    assert sorted(backwards, key=name_sort_key) == ordered


def test_tones_sort_ngang_huyen_hoi_nga_sac_nang() -> None:
    ordered = ["Ma", "Mà", "Mả", "Mã", "Má", "Mạ", "Mai", "Măng", "Mận"]
    backwards = ordered[::-1]
    assert sorted(backwards, key=name_sort_key) == ordered


def test_sort_keys_ignore_case_spacing_form_and_tone_placement() -> None:
    key = name_sort_key("Lê Thị Hoà")
    assert key == name_sort_key("LÊ  THỊ\xa0HÒA") == name_sort_key(nfd("lê thị hòa"))


@given(ANY_TEXT)
def test_sort_keys_are_lower_case_letters_and_digits(name: str) -> None:
    key = name_sort_key(name)
    assert not key.strip("0123456789abcdefghijklmnopqrstuvwxyz")


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("TRẦN MINH KHUÊ", "Trần Minh Khuê"),
        ("  đặng   thuỳ   trâm ", "Đặng Thuỳ Trâm"),
        ("nGUYỄN vĂN a", "Nguyễn Văn A"),
        ("H'HEN NIÊ", "H'Hen Niê"),
        ("y-ban êban", "Y-Ban Êban"),
        ("", ""),
    ],
)
def test_names_are_proposed_in_proper_case(typed: str, proposed: str) -> None:
    assert proper_name(typed) == proposed
    assert proper_name(nfd(typed)) == proposed
