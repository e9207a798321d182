"""Finding people of a contest, and one person's history."""

from __future__ import annotations

from datetime import datetime

import pytest

from quizengine.core.attempts import State, receipt_code
from quizengine.errors import NotFound
from quizengine.services import participants
from quizengine.services.participants import PeoplePage, PersonPage
from quizengine.store.audit import read_entries
from quizengine.store.participants import Standing
from tests.services.desk import ACTOR, AFTER, LIMIT, MINUTE, OPENS, SECOND, SLUG, Desk

NOW = OPENS + 10 * MINUTE


@pytest.fixture
def full_desk(desk: Desk) -> Desk:
    """The desk with three people who are registered."""
    desk.register("khue", full_name="Trần Minh Khuê", phone="0900000456")
    desk.register("ngan", full_name="Phạm Thu Ngân", phone="0900000318", unit="Q-2")
    desk.register("an", full_name="Đỗ Thị An", phone="0911222333")
    return desk


def found(
    desk: Desk,
    typed: str = "",
    *,
    unit: str = "",
    standing: Standing | None = None,
    page: int = 1,
    now: datetime = NOW,
) -> PeoplePage:
    """Return what a search finds."""
    return desk.look(
        lambda session: participants.find_people(
            session, SLUG, typed=typed, unit=unit, standing=standing, page=page, now=now
        )
    )


def names(desk: Desk, typed: str = "", **how: str) -> list[str]:
    """Return the given names of the people that a search finds."""
    return [row.name.split()[-1] for row in found(desk, typed, **how).rows]  # type: ignore[arg-type]


def view(desk: Desk, name: str, now: datetime = NOW) -> PersonPage:
    """Return the page of the one person of a name, with its record."""
    number = found(desk, name).rows[0].number
    return desk.do(
        lambda session: participants.view_person(session, SLUG, number, actor=ACTOR, now=now)
    )


def test_everybody_is_listed_by_given_name(full_desk: Desk) -> None:
    page = found(full_desk)
    assert [row.name for row in page.rows] == ["Đỗ Thị An", "Trần Minh Khuê", "Phạm Thu Ngân"]
    assert (page.total, page.page, page.pages) == (3, 1, 1)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("khue", ["Khuê"]),
        ("KHUÊ TRẦN", ["Khuê"]),
        ("do thi", ["An"]),
        ("đỗ", ["An"]),
        ("456", ["Khuê"]),
        ("0900 000", ["Khuê", "Ngân"]),
        ("+84 911 222 333", ["An"]),
        ("xuong may", ["Ngân"]),
        ("ngan binh minh", ["Ngân"]),
        ("xuong ma", []),
        ("khue binh minh", []),
        ("Q-1", ["An", "Khuê"]),
        ("%", []),
        ("_", []),
        ("…", []),
        ("không có ai", []),
    ],
)
def test_people_are_found_by_what_is_known_of_them(
    full_desk: Desk, typed: str, expected: list[str]
) -> None:
    assert names(full_desk, typed) == expected


def test_names_come_before_units_of_the_same_word(full_desk: Desk) -> None:
    full_desk.register("doan", full_name="Đoàn Văn Uyên")
    assert names(full_desk, "doan") == ["Uyên", "An", "Khuê", "Ngân"]


def test_a_receipt_code_and_an_address_find_whose_they_are(full_desk: Desk) -> None:
    attempt = full_desk.take("ngan", OPENS)
    essay = full_desk.write("an", "một hai ba " * 40, OPENS)
    assert names(full_desk, receipt_code(attempt)) == ["Ngân"]
    assert names(full_desk, receipt_code(attempt).lower().replace("-", " ")) == ["Ngân"]
    assert names(full_desk, f"https://thi.example/thi/lam-bai/{attempt}/bien-nhan") == ["Ngân"]
    assert names(full_desk, essay.code) == ["An"]
    assert names(full_desk, "a" * 26) == []


def test_a_unit_limits_the_list_to_itself_and_what_is_below(full_desk: Desk) -> None:
    assert names(full_desk, unit="Q-2") == ["Ngân"]
    assert names(full_desk, unit="Q") == ["An", "Khuê", "Ngân"]
    assert names(full_desk, "an", unit="Q-2") == []
    assert found(full_desk, unit="Q").unit_name == "Quận Vĩnh Lam"


def test_people_are_filtered_by_where_their_attempts_stand(full_desk: Desk) -> None:
    full_desk.start("khue", OPENS)
    full_desk.take("ngan", OPENS)
    assert names(full_desk, standing="none") == ["An"]
    assert names(full_desk, standing="open") == ["Khuê"]
    assert names(full_desk, standing="finished") == ["Ngân"]
    assert names(full_desk, standing="void") == []
    later = OPENS + LIMIT + MINUTE
    assert found(full_desk, standing="open", now=later).total == 0
    assert found(full_desk, standing="finished", now=later).total == 2
    states = {row.name: [one.state for one in row.attempts] for row in found(full_desk).rows}
    assert states["Trần Minh Khuê"] == [State.OPEN]
    assert states["Phạm Thu Ngân"] == [State.SUBMITTED]
    assert states["Đỗ Thị An"] == []


def test_lists_are_paged_and_a_page_beyond_the_last_is_the_last(
    full_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participants, "PAGE_ROWS", 2)
    assert [row.name for row in found(full_desk).rows] == ["Đỗ Thị An", "Trần Minh Khuê"]
    last = found(full_desk, page=2)
    assert ([row.name for row in last.rows], last.pages) == (["Phạm Thu Ngân"], 2)
    assert found(full_desk, page=9) == last
    assert found(full_desk, page=-1).page == 1


def test_a_list_shows_no_more_of_a_phone_number_than_its_end(full_desk: Desk) -> None:
    masked = found(full_desk, "khue").rows[0].masked_phone
    assert masked.endswith("456")
    assert "0900" not in masked


def test_a_persons_page_tells_attempts_and_essay_but_no_points(full_desk: Desk) -> None:
    attempt = full_desk.take("khue", OPENS, lasting=5 * MINUTE)
    full_desk.start("khue", OPENS + 6 * MINUTE)
    full_desk.write("khue", "một hai ba " * 40, OPENS + SECOND)
    page = view(full_desk, "khue")
    first, second = page.rounds[0].attempts
    assert (first.state, second.state) == (State.SUBMITTED, State.OPEN)
    assert (first.finished_at, second.finished_at) == (OPENS + 5 * MINUTE, None)
    assert (first.answered, first.questions, second.answered) == (4, 4, 0)
    assert first.receipt == receipt_code(attempt)
    assert second.deadline_at == OPENS + 6 * MINUTE + LIMIT
    assert page.essay is not None
    assert (page.essay.words, page.essay.submitted_at) == (120, OPENS + SECOND)
    assert page.fields["phone"] == "0900000456"
    assert not hasattr(first, "points")


def test_each_look_at_a_person_is_on_the_record_and_a_search_is_not(full_desk: Desk) -> None:
    before = len(full_desk.look(lambda session: list(read_entries(session))))
    view(full_desk, "khue")
    entries = full_desk.look(lambda session: list(read_entries(session)))[before:]
    assert [(entry.action, entry.subject, entry.actor) for entry in entries] == [
        ("participant.view", "khue", ACTOR)
    ]
    assert entries[0].details == {"contest": SLUG}


def test_nobody_is_at_another_number(full_desk: Desk) -> None:
    with pytest.raises(NotFound) as refusal:
        full_desk.look(lambda session: participants.person_page(session, SLUG, 999_999, now=NOW))
    assert refusal.value.code == "participant.unknown"


def test_the_attempt_that_runs_is_found_until_its_time_is_over(full_desk: Desk) -> None:
    started = full_desk.start("khue", OPENS).public_id

    def running(person: str, now: datetime) -> str | None:
        return full_desk.look(
            lambda session: participants.running_attempt(session, person, now=now)
        )

    assert running("khue", NOW) == started
    assert running("khue", AFTER) is None
    assert running("ngan", NOW) is None
