"""What a process remembers of attempts: saves reading, and changes nothing."""

from __future__ import annotations

import pytest

from quizengine.core.papers import unpack_paper
from quizengine.services import papers
from quizengine.services.answers import Answer
from quizengine.services.papers import Papers, sitting_of
from quizengine.store import attempts
from quizengine.store.attempts import StoredAttempt
from tests.services.desk import OPENS, SECOND, SLOTS, Desk, statements


def stored(desk: Desk, public_id: str) -> StoredAttempt:
    """Return an attempt as its row says."""
    found = desk.look(lambda session: attempts.find_any_attempt(session, public_id))
    assert found is not None
    return found


def test_what_is_remembered_is_what_is_stored(desk: Desk) -> None:
    desk.register("an")
    row = stored(desk, desk.start("an", OPENS).public_id)
    memory = Papers()
    assert memory.recall(row.public_id) is None
    assert memory.remember(row) == memory.recall(row.public_id) == sitting_of(row)
    assert sitting_of(row).paper == unpack_paper(row.paper)
    assert (sitting_of(row).records, sitting_of(row).started_at) == (SLOTS + 1, OPENS)


def test_the_attempts_recalled_longest_ago_are_forgotten_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "REMEMBERED_ATTEMPTS", 2)
    rows = []
    for person in ("an", "binh", "chi"):
        desk.register(person)
        rows.append(stored(desk, desk.start(person, OPENS).public_id))
    memory = Papers()
    memory.remember(rows[0])
    memory.remember(rows[1])
    memory.recall(rows[0].public_id)
    memory.remember(rows[2])
    remembered = [memory.recall(row.public_id) is not None for row in rows]
    assert remembered == [True, False, True]


def test_a_later_save_reads_nothing_and_prompts_are_read_once(desk: Desk) -> None:
    desk.register("an")
    public_id = desk.start("an", OPENS).public_id
    desk.save("an", public_id, [Answer(0, 1, frozenset({0}))], OPENS + SECOND)
    with statements(desk.engine) as ran:
        desk.save("an", public_id, [Answer(0, 2, frozenset({1}))], OPENS + SECOND)
    assert [one.split()[0] for one in ran if not one.startswith("BEGIN")] == ["UPDATE"]
    with statements(desk.engine) as ran:
        desk.exam("an", public_id, OPENS + SECOND)
    assert not any("FROM quiz_question" in one for one in ran)
