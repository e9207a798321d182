"""Finding people by parts of names, numbers and codes, however they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.attempts import receipt_code
from quizengine.core.search import MAX_TYPED, MAX_WORDS, Search, read_search, search_key

KEY = search_key("Trần Minh Khuê", "0900000456", "CB-0123")


def is_found(typed: str, key: str = KEY) -> bool:
    """Return whether every part of a search is in a key."""
    return all(part in key for part in read_search(typed).parts)


@pytest.mark.parametrize(
    "typed",
    [
        "Khuê",
        "khue tran",
        "TRAN MINH",
        "tr kh",
        "456",
        "0900 000 456",
        "0900.000.456",
        "+84 900 000 456",
        "0084900000456",
        "khuê 456",
        "cb-0123",
        "CB0123",
        "cb 01",
        "",
        "  ",
        "…",
    ],
)
def test_a_person_is_found_by_parts_with_accents_or_without(typed: str) -> None:
    assert is_found(typed)


@pytest.mark.parametrize("typed", ["ran", "khuê 457", "minh anh", "45", "0900 000 457"])
def test_a_person_is_not_found_by_what_is_not_theirs(typed: str) -> None:
    assert not is_found(typed)


def test_letters_and_marks_typed_apart_are_the_same() -> None:
    assert is_found("đỗ thị hậu", search_key("Đỗ Thị Hậu"))
    assert is_found("do thi hau", search_key("Đỗ Thị Hậu"))


@pytest.mark.parametrize("typed", ["7kq4-m2xd", "7KQ4 M2XD", "7KQ4M2XD", " 7KQ4–M2XD "])
def test_a_receipt_code_is_known_however_it_is_typed(typed: str) -> None:
    assert read_search(typed).code == "7KQ4-M2XD"


def test_what_may_be_a_code_is_looked_for_as_a_name_too() -> None:
    assert read_search("Tran Anh") == Search((" tran", " anh"))
    assert read_search("Khanh Van") == Search((" khanh", " van"), "KHAN-HVAN")


def test_the_address_of_an_attempt_names_it() -> None:
    public_id = "abcdefghij234567klmnopqrst"
    assert read_search(f"https://thi.example/thi/lam-bai/{public_id}/bien-nhan") == Search(
        public_id=public_id
    )
    assert read_search(public_id).public_id == public_id


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26))
def test_every_receipt_code_is_read_as_one(public_id: str) -> None:
    code = receipt_code(public_id)
    assert read_search(code.lower()).code == code


@given(st.text(max_size=40))
def test_a_text_is_found_by_itself(text: str) -> None:
    search = read_search(text)
    assert search.public_id or is_found(text, search_key(text, *text.split()))


@given(st.text())
def test_no_part_has_a_sign_that_the_database_gives_a_meaning(text: str) -> None:
    assert not set("".join(read_search(text).parts)) & set("%_\\")


def test_a_long_search_is_cut() -> None:
    words = " ".join(f"b{number}" for number in range(1200))
    assert len(read_search(words).parts) == MAX_WORDS
    assert sum(map(len, read_search("a" * 5000).parts)) <= MAX_TYPED + 1
