"""The known word that was most likely meant."""

from quizengine.core.suggestions import closest


def test_a_near_word_is_found_whatever_its_case() -> None:
    assert closest("Topik", ["topic", "count"]) == "topic"


def test_nothing_near_gives_nothing() -> None:
    assert closest("banana", ["topic", "count"]) == ""
    assert closest("banana", []) == ""
