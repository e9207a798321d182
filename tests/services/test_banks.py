"""Loading banks: versions, all or nothing, and keys that stay where they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from quizengine.core.banks import Bank
from quizengine.errors import InvalidInput, NotFound
from quizengine.services import banks
from quizengine.services.banks import LoadedBank
from quizengine.store.audit import read_entries
from quizengine.store.banks import find_version, list_versions, read_bank, read_prompts
from tests.services.desk import ACTOR, BANK, OPENS, Desk, make_bank, statements

CHANGED = make_bank(title="Biển và rừng, sửa")


def load(desk: Desk, bank: Bank, name: str = "moi") -> LoadedBank:
    """Load a bank."""
    return desk.do(
        lambda session: banks.load_bank(session, bank, name=name, now=OPENS, actor=ACTOR)
    )


def newest(desk: Desk, name: str = "moi") -> Bank:
    """Return what a contest that opens now would ask."""
    return desk.look(lambda session: banks.bank_of(session, name))


def test_a_bank_is_read_back_as_it_was_loaded(desk: Desk) -> None:
    loaded = load(desk, make_bank())
    assert loaded.is_new
    assert loaded.version.number == 1
    assert newest(desk) == make_bank()
    assert newest(desk).sha256 == loaded.version.sha256 == make_bank().sha256


def test_the_same_content_again_changes_nothing(desk: Desk) -> None:
    first = load(desk, make_bank())
    entries = desk.look(count_entries)
    again = load(desk, make_bank())
    assert again == LoadedBank(first.version, is_new=False)
    assert desk.look(count_entries) == entries


def count_entries(session: Session) -> int:
    """Return how long the record is."""
    return len(list(read_entries(session)))


def test_changed_content_is_the_next_version_and_the_earlier_stays(desk: Desk) -> None:
    first = load(desk, make_bank())
    second = load(desk, CHANGED)
    assert second.is_new
    assert second.version.number == 2
    assert newest(desk) == CHANGED
    assert desk.look(lambda session: read_bank(session, first.version.id)) == make_bank()


def test_going_back_to_earlier_content_makes_it_the_newest_again(desk: Desk) -> None:
    """What was loaded last is what a contest asks, also when it was loaded once before."""
    load(desk, make_bank())
    load(desk, CHANGED)
    back = load(desk, make_bank())
    assert back.is_new
    assert back.version.number == 3
    assert newest(desk) == make_bank()


def test_the_same_content_under_two_names_is_two_banks(desk: Desk) -> None:
    assert load(desk, make_bank(), "mot").is_new
    assert load(desk, make_bank(), "hai").is_new
    versions = desk.look(list_versions)
    assert [(one.name, one.number) for one in versions] == [("hai", 1), ("mot", 1), (BANK, 1)]


def test_a_bank_with_errors_is_refused_whole_with_every_problem(desk: Desk) -> None:
    good = make_bank().questions
    broken = Bank((*good[:3], replace(good[3], key=0), replace(good[4], stem="")))
    with pytest.raises(InvalidInput) as refusal:
        load(desk, broken)
    errors = [one.code for one in refusal.value.problems if one.severity == "error"]
    assert sorted(errors) == ["bank.key_missing", "bank.stem_empty"]
    assert desk.look(lambda session: find_version(session, "moi")) is None


def test_an_unknown_bank_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        newest(desk, "khong-co")


def test_prompts_are_the_questions_in_order_and_reading_them_reads_no_key(desk: Desk) -> None:
    version = load(desk, make_bank()).version
    with statements(desk.engine) as ran:
        prompts = desk.look(lambda session: read_prompts(session, version.id))
    assert prompts == tuple(question.prompt() for question in make_bank().questions)
    assert ran
    assert not any("quiz_key" in statement for statement in ran)
