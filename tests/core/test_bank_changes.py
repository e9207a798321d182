"""Versions of a bank compared: the changes reported are all that differs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.bank_changes import BankChanges, compare_banks, compare_texts
from quizengine.core.banks import Bank, Kind, Question
from tests.formats.drawn_banks import ANY_TEXT, banks
from tests.services.desk import make_bank


def applied(changes: BankChanges, before: Bank, after: Bank) -> Bank:
    """Return the earlier version with the reported changes made, order of questions apart."""
    facts = {name: getattr(after, name) for name in changes.facts}
    new = {one.before: one.after for one in changes.changed}
    gone = [one.before for one in changes.removed]
    kept = []
    for question in before.questions:
        if question in gone:
            gone.remove(question)
            continue
        later = new.get(question, question)
        assert later is not None
        parts = {
            name: getattr(later, name)
            for one in changes.changed
            if one.before == question
            for name in one.parts
        }
        kept.append(replace(question, **parts))
    for one in changes.added:
        assert one.after is not None
        kept.insert(one.place, one.after)
    return replace(before, questions=tuple(kept), **facts)


def numbered(bank: Bank) -> Bank:
    """Return the bank with the ids that loaded banks have: each once."""
    questions = (replace(one, id=str(at)) for at, one in enumerate(bank.questions))
    return replace(bank, questions=tuple(questions))


@given(banks().map(numbered), banks().map(numbered), st.data())
def test_the_reported_changes_are_all_that_differs(
    first: Bank, second: Bank, data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations([*first.questions, *second.questions]))
    chosen = data.draw(st.integers(1, len(mixed)))
    after = numbered(replace(second, questions=tuple(mixed[:chosen])))
    changes = compare_banks(first, after)
    made = applied(changes, first, after)
    if changes.is_reordered:
        assert sorted(map(repr, made.questions)) == sorted(map(repr, after.questions))
        made = replace(made, questions=after.questions)
    assert made == after
    assert bool(changes) == (first != after)


@given(banks().map(numbered))
def test_a_version_does_not_differ_from_itself(bank: Bank) -> None:
    assert not compare_banks(bank, bank)


def test_a_question_put_in_the_middle_is_the_only_one_added() -> None:
    before = numbered(make_bank())
    new = Question("neu", Kind.SINGLE, "Một câu hoàn toàn khác?", ("Có", "Không"), key=1)
    after = numbered(replace(before, questions=(*before.questions[:3], new, *before.questions[3:])))
    changes = compare_banks(before, after)
    assert [one.after.stem for one in changes.added if one.after] == [new.stem]
    assert not changes.removed
    assert {one.parts for one in changes.changed} == {("id",)}
    assert not changes.is_reordered


def test_a_key_put_right_is_named_as_the_key() -> None:
    before = make_bank()
    first = replace(before.questions[0], key=0b0100)
    changes = compare_banks(before, replace(before, questions=(first, *before.questions[1:])))
    assert [one.parts for one in changes.questions] == [("key",)]


def test_a_question_rewritten_under_its_number_is_changed_not_replaced() -> None:
    before = make_bank()
    first = replace(before.questions[0], stem=f"{before.questions[0].stem} Chọn một ý.")
    changes = compare_banks(before, replace(before, questions=(first, *before.questions[1:])))
    assert [one.parts for one in changes.questions] == [("stem",)]


def test_another_question_under_an_old_number_is_one_removed_and_one_added() -> None:
    before = make_bank()
    other = Question(before.questions[0].id, Kind.SINGLE, "Thủ đô ở đâu?", ("Huế", "Hà Nội"), key=2)
    changes = compare_banks(before, replace(before, questions=(other, *before.questions[1:])))
    assert (len(changes.added), len(changes.removed), len(changes.changed)) == (1, 1, 0)


def test_the_same_questions_in_another_order_are_only_reordered() -> None:
    before = make_bank()
    changes = compare_banks(before, replace(before, questions=before.questions[::-1]))
    assert changes.is_reordered
    assert not changes.questions


@given(ANY_TEXT, ANY_TEXT)
def test_the_pieces_of_compared_texts_are_the_texts(before: str, after: str) -> None:
    old, new = compare_texts(before, after)
    assert ("".join(one.text for one in old), "".join(one.text for one in new)) == (before, after)
    assert [one.text for one in old if not one.is_changed] == [
        one.text for one in new if not one.is_changed
    ]
    assert any(one.is_changed for one in (*old, *new)) == (before != after)
