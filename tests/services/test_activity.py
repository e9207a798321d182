"""Live figures and what needs a person, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import product

import pytest
from sqlalchemy.orm import Session

from quizengine.services import activity, attempts, contests, decisions, essays, needs
from quizengine.services.activity import LiveFigures
from quizengine.services.transaction import transaction
from quizengine.store import activity as stored
from quizengine.store import audit
from tests.services.desk import (
    ACTOR,
    AFTER,
    CLOSES,
    MINUTE,
    OPENS,
    SECOND,
    SLUG,
    Desk,
    opened_desk,
    statements,
)

TEXT = "Mỗi tổ nên có một buổi lắng nghe vào chiều thứ sáu hằng tuần để ai cũng được nói. " * 3


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk with the contest open, on each kind of database."""
    with opened_desk(database_url) as opened:
        yield opened


def page(desk: Desk) -> contests.ContestPage:
    """Return the contest's page."""
    return desk.look(lambda session: contests.contest_page(session, SLUG))


def test_what_people_do_is_counted_but_not_what_staff_do(desk: Desk) -> None:
    desk.register("an")
    desk.register("to-chuc", is_staff=True)
    for person in ("an", "to-chuc"):
        desk.take(person, OPENS + 10 * MINUTE, lasting=2 * MINUTE)
    now = OPENS + 20 * MINUTE
    found = desk.look(lambda session: activity.count(session, SLUG, now=now))
    assert (sum(found.starts), sum(found.submissions)) == (1, 1)
    assert found.starts[-10] == found.submissions[-8] == 1
    assert found.answers[-10] == sum(found.answers) > 0


def test_a_void_attempt_counts_nowhere_and_an_old_one_is_not_read(desk: Desk) -> None:
    desk.register("an")
    desk.register("binh")
    desk.take("an", OPENS)
    mine = desk.take("binh", OPENS + 100 * MINUTE)
    now = OPENS + 110 * MINUTE
    desk.do(
        lambda session: attempts.void_attempt(
            session, SLUG, mine, reason="Mất điện", actor=ACTOR, now=now
        )
    )
    found = desk.look(lambda session: activity.count(session, SLUG, now=now))
    assert sum(found.starts) == 0


def test_however_many_look_the_figures_are_counted_once_in_ten_seconds(desk: Desk) -> None:
    live, now = LiveFigures(), OPENS + MINUTE
    with statements(desk.engine) as ran:
        for later in range(10):
            with Session(desk.engine) as session:
                live.of(session, SLUG, now=now + later * SECOND)
        assert sum("quiz_attempt" in one for one in ran) == 1
        desk.look(lambda session: live.of(session, SLUG, now=now + 10 * SECOND))
        assert sum("quiz_attempt" in one for one in ran) == 2


def test_figures_of_a_prediction_are_closed_to_who_takes_part(desk: Desk) -> None:
    desk.register("an")
    desk.register("to-chuc", is_staff=True)
    shown, now = page(desk), OPENS + MINUTE

    def sees(person: str) -> bool:
        return desk.look(lambda session: activity.may_see_figures(session, shown, person, now=now))

    assert activity.is_under_embargo(shown, now)
    assert not sees("an")
    assert sees("to-chuc")
    assert sees("nobody-registered")
    desk.close(CLOSES)
    assert not activity.is_under_embargo(page(desk), CLOSES)


def test_a_look_is_on_record_once_a_person_and_hour(desk: Desk) -> None:
    looks = [OPENS + minutes * MINUTE for minutes in (0, 30, 59, 61)]
    for at, person in product(looks, ("an", "binh")):
        with Session(desk.engine) as session, transaction(session):
            activity.record_view(session, SLUG, actor=person, now=at)
    entries = desk.look(lambda session: list(audit.read_entries(session)))
    views = [(one.actor, one.at) for one in entries if one.action == activity.VIEWED]
    assert len(views) == len({(actor, activity.hour_of(at)) for actor, at in views}) == 4


def kinds(desk: Desk, now: datetime) -> list[tuple[str, int]]:
    """Return what needs a person."""
    return desk.look(
        lambda session: [
            (one.kind, one.count)
            for one in needs.list_needs(session, contests.list_pages(session), now=now)
        ]
    )


def test_units_that_were_typed_and_pairs_of_essays_need_a_person(desk: Desk) -> None:
    desk.register("an", unit_typed="Tổ bếp")
    desk.register("binh", unit_typed="Tổ bếp")
    for person in ("an", "binh"):
        desk.write(person, TEXT, OPENS + MINUTE)
    assert kinds(desk, OPENS + MINUTE) == [("units", 2)]

    def scan(session: Session) -> None:
        found = essays.scan_contest(session, SLUG)
        for part in found.parts:
            essays.store_matches(session, found, part)

    desk.do(scan)
    assert kinds(desk, OPENS + MINUTE) == [("units", 2), ("essays", 1)]
    pair = desk.look(lambda session: decisions.list_pairs(session, SLUG)).rows[0].stored

    def decide(session: Session) -> None:
        decisions.decide(
            session,
            SLUG,
            essays.essay_code(pair.id_a),
            essays.essay_code(pair.id_b),
            verdict="dismissed",
            reason="Cùng một mẫu",
            read=(pair.sha256_a, pair.sha256_b),
            now=OPENS,
            actor=ACTOR,
        )

    desk.do(decide)
    assert desk.look(stored.count_undecided) == {}
    desk.write("binh", TEXT + "Thêm.", OPENS + 2 * MINUTE, sequence=2)
    desk.do(scan)
    assert desk.look(stored.count_undecided) == {SLUG: 1}


def test_a_contest_needs_a_person_when_its_hours_are_over_and_until_it_is_published(
    desk: Desk,
) -> None:
    assert kinds(desk, OPENS) == []
    assert kinds(desk, AFTER) == [("close", 1)]
    desk.close(AFTER)
    assert kinds(desk, AFTER) == [("publish", 1)]
    desk.publish(AFTER)
    assert kinds(desk, AFTER) == []
