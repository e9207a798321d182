"""Decisions on pairs of essays: kept over comparisons, bound to the texts that were read."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import audit, contests, decisions, essays
from quizengine.services.decisions import MAX_REASON, PairList, PairPage, Standing
from quizengine.services.results import publish_contest
from quizengine.store.activity import count_undecided
from quizengine.store.audit import Sought
from quizengine.store.decisions import list_copiers
from quizengine.store.tables import ParticipantRow
from tests.services.desk import ACTOR, AFTER, MINUTE, OPENS, SLUG, Desk, words


def scan(desk: Desk) -> None:
    """Compare the contest's essays and keep what is found."""
    found = desk.look(lambda session: essays.scan_contest(session, SLUG))
    for part in found.parts:
        desk.do(partial(essays.store_matches, scan=found, part=part))


@pytest.fixture
def read(desk: Desk) -> Desk:
    """The contest with an essay, a whole copy and half a copy of it."""
    texts = {
        "an": words(120),
        "binh": words(120),
        "chau": words(60) + " " + words(60, 900),
    }
    for person, text in texts.items():
        desk.register(person)
        desk.write(person, text, OPENS)
    scan(desk)
    return desk


def pairs(desk: Desk, standing: Standing | None = None, page: int = 1, size: int = 50) -> PairList:
    """Return a page of the pairs."""
    return desk.look(
        lambda session: decisions.list_pairs(session, SLUG, standing, page=page, size=size)
    )


def look(desk: Desk, at: int = 0) -> PairPage:
    """Return one of the pairs side by side."""
    pair = pairs(desk).rows[at]
    return desk.look(lambda session: decisions.pair_page(session, SLUG, pair.code_a, pair.code_b))


def decide(
    desk: Desk,
    at: int = 0,
    verdict: str = "b",
    reason: str = " Giống từng chữ. ",
    now: datetime = AFTER,
) -> None:
    """Decide on one of the pairs."""
    pair = pairs(desk).rows[at]
    desk.do(
        lambda session: decisions.decide(
            session,
            SLUG,
            pair.code_a,
            pair.code_b,
            verdict=verdict,
            reason=reason,
            read=(pair.stored.sha256_a, pair.stored.sha256_b),
            now=now,
            actor=ACTOR,
        )
    )


def copiers(desk: Desk) -> set[str]:
    """Return who copied, by what was decided."""

    query = select(ParticipantRow.id, ParticipantRow.person, ParticipantRow.contest_id)
    rows = desk.look(lambda session: session.execute(query).all())
    ids = desk.look(lambda session: list_copiers(session, rows[0].contest_id))
    return {row.person for row in rows if row.id in ids}


def test_pairs_stand_by_their_largest_share_and_wait_for_a_person(read: Desk) -> None:
    found = pairs(read)
    shares = [max(one.share_a, one.share_b) for one in found.rows]
    assert shares == sorted(shares, reverse=True)
    assert (len(found.rows), found.undecided, found.decided) == (3, 3, 0)
    assert all(one.is_open for one in found.rows)


def test_a_decision_says_what_who_when_and_why_and_is_on_record(read: Desk) -> None:
    decide(read)
    decision = look(read).pair.decision
    assert decision is not None
    assert (decision.decision, decision.copied) == ("upheld", "b")
    assert (decision.reason, decision.actor, decision.at) == ("Giống từng chữ.", ACTOR, AFTER)
    (entry,) = read.look(
        lambda session: audit.record_page(session, Sought(action="essays.decide"), 1).entries
    )
    assert entry.details["copies"] == pairs(read).rows[0].code_b
    assert read.look(audit.verify) is None


def test_the_list_is_narrowed_to_what_is_decided_or_not(read: Desk) -> None:
    decide(read, verdict="dismissed")
    assert len(pairs(read, "undecided").rows) == 2
    assert read.look(count_undecided) == {SLUG: 2}
    assert [one.decision is not None for one in pairs(read, "decided").rows] == [True]


def test_pages_hold_what_is_sought_and_past_the_end_stands_the_last(read: Desk) -> None:
    whole = pairs(read).rows
    paged = [pairs(read, page=number, size=2) for number in (1, 2, 9)]
    assert paged[0].rows + paged[1].rows == whole
    assert paged[1] == paged[2]
    assert paged[0].pages == 2


def test_a_decision_outlives_a_new_comparison(read: Desk) -> None:
    decide(read)
    before = pairs(read)
    scan(read)
    after = pairs(read)
    assert [one.decision for one in after.rows] == [one.decision for one in before.rows]


def test_another_text_asks_for_another_decision(read: Desk) -> None:
    decide(read)
    assert len(copiers(read)) == 1
    for person in ("an", "binh"):
        read.write(person, words(120) + " thêm vào", OPENS + MINUTE, sequence=2)
    scan(read)
    outdated = [one for one in pairs(read, "undecided").rows if one.decision]
    assert [one.decision.is_outdated for one in outdated if one.decision] == [True]
    assert read.look(count_undecided) == {SLUG: 3}
    assert copiers(read) == set()


def test_a_later_decision_takes_the_place_of_the_earlier(read: Desk) -> None:
    decide(read)
    decide(read, verdict="dismissed", reason="Cùng trích một nghị quyết.")
    decision = look(read).pair.decision
    assert decision is not None
    assert (decision.decision, decision.copied) == ("dismissed", None)
    assert copiers(read) == set()


def test_only_whoever_copied_loses_by_it(read: Desk) -> None:
    decide(read, verdict="a")
    one = copiers(read)
    decide(read, verdict="b")
    other = copiers(read)
    decide(read, verdict="both")
    assert len(one) == len(other) == 1
    assert copiers(read) == one | other


def test_the_way_leads_to_the_undecided_before_and_after(read: Desk) -> None:
    decide(read, at=1)
    first, middle, last = (look(read, at) for at in range(3))
    assert first.previous is None
    assert first.following == last.pair
    assert (middle.previous, middle.following) == (first.pair, last.pair)
    assert last.following is None
    assert [one.place for one in (first, middle, last)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("verdict", "reason", "code"),
    [
        ("", "Vì giống.", "decision.no_verdict"),
        ("upheld", "Vì giống.", "decision.no_verdict"),
        ("b", " \n ", "decision.no_reason"),
        ("b", "x" * (MAX_REASON + 1), "decision.reason_too_long"),
    ],
)
def test_a_decision_without_verdict_or_reason_is_refused(
    read: Desk, verdict: str, reason: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        decide(read, verdict=verdict, reason=reason)
    assert caught.value.code == code


def test_a_text_replaced_while_it_was_read_is_not_decided_on(read: Desk) -> None:
    pair = pairs(read).rows[0]
    with pytest.raises(Conflict) as caught:
        read.do(
            lambda session: decisions.decide(
                session,
                SLUG,
                pair.code_a,
                pair.code_b,
                verdict="a",
                reason="Vì giống.",
                read=("0" * 64, pair.stored.sha256_b),
                now=AFTER,
                actor=ACTOR,
            )
        )
    assert caught.value.code == "decision.text_replaced"
    assert pairs(read).decided == 0


def test_a_pair_that_shares_nothing_is_not_there(read: Desk) -> None:
    with pytest.raises(NotFound):
        read.look(lambda session: decisions.pair_page(session, SLUG, "A", "B"))


def test_nothing_is_decided_any_more_once_the_results_are_final(read: Desk) -> None:
    read.do(partial(contests.close_contest, slug=SLUG, now=AFTER, actor=ACTOR))
    read.do(partial(publish_contest, slug=SLUG, now=AFTER, actor=ACTOR))
    final_at = read.look(lambda session: contests.contest_page(session, SLUG)).final_at()
    assert final_at is not None
    decide(read, now=final_at - timedelta(milliseconds=1))
    with pytest.raises(Conflict, match="results_final"):
        decide(read, at=1, now=final_at)
