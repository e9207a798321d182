"""The life of a contest: draft, open, closed, published, each step once and in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core.attempts import State
from quizengine.core.contest import Section
from quizengine.core.drawing import commitment
from quizengine.errors import Conflict, InvalidInput, NotFound, QuizError
from quizengine.formats.contest_file import contest_sha256
from quizengine.services import contests
from quizengine.services.banks import load_bank
from quizengine.services.contests import ContestPage, Status, round_phase
from quizengine.store import contests as store
from quizengine.store.audit import read_entries
from tests.services.desk import (
    ACTOR,
    AFTER,
    BANK,
    CLOSES,
    GRACE,
    LIMIT,
    MILLISECOND,
    MINUTE,
    OPENS,
    ROUND,
    SECOND,
    SLUG,
    Desk,
    make_bank,
    make_contest,
    make_round,
    opened_desk,
)

Step = Callable[[Desk], None]
STEPS: dict[str, Step] = {
    "open": lambda desk: desk.open(),
    "close": lambda desk: desk.close(),
    "publish": lambda desk: desk.publish(),
}


@pytest.fixture
def draft(database_url: str) -> Iterator[Desk]:
    """The contest loaded and not open."""
    with opened_desk(database_url, is_open=False) as made:
        yield made


def page(desk: Desk) -> ContestPage:
    """Return what anybody may know."""
    return desk.look(lambda session: contests.contest_page(session, SLUG))


def status(desk: Desk, at: timedelta = timedelta()) -> Status:
    """Return what staff see, some time after the opening."""
    return desk.look(lambda session: contests.status(session, SLUG, now=OPENS + at))


def test_a_contest_goes_from_draft_to_published(draft: Desk) -> None:
    states = [page(draft).state]
    for step in STEPS.values():
        step(draft)
        states.append(page(draft).state)
    assert states == ["draft", "open", "closed", "published"]
    found = page(draft)
    assert (found.opened_at, found.closed_at, found.published_at) == (OPENS, CLOSES, AFTER)


@pytest.mark.parametrize(
    ("before", "step", "code"),
    [
        ([], "close", "contest.not_open"),
        ([], "publish", "contest.not_closed"),
        (["open"], "open", "contest.not_draft"),
        (["open"], "publish", "contest.not_closed"),
        (["open", "close"], "open", "contest.not_draft"),
        (["open", "close"], "close", "contest.not_open"),
        (["open", "close", "publish"], "publish", "contest.not_closed"),
        (["open", "close", "publish"], "close", "contest.not_open"),
    ],
)
def test_a_step_out_of_order_is_a_conflict_and_changes_nothing(
    draft: Desk, before: list[str], step: str, code: str
) -> None:
    for name in before:
        STEPS[name](draft)
    found = page(draft)
    with pytest.raises(Conflict) as refusal:
        STEPS[step](draft)
    assert refusal.value.code == code
    assert page(draft) == found


@pytest.mark.parametrize("step", sorted(STEPS))
def test_an_unknown_contest_is_not_found(database_url: str, step: str) -> None:
    other = make_contest(slug="khac")
    with opened_desk(database_url, other, is_open=False) as desk, pytest.raises(NotFound):
        STEPS[step](desk)


def test_a_draft_may_be_loaded_again_and_replaces_the_earlier(draft: Desk) -> None:
    renamed = make_contest(title={"vi": "Hội thi mới"})
    draft.load(renamed)
    assert page(draft).contest == renamed
    assert page(draft).sha256 == contest_sha256(renamed)
    assert len(draft.look(contests.list_pages)) == 1


def test_loading_an_unchanged_draft_changes_nothing(draft: Desk) -> None:
    def entries(session: Session) -> int:
        return [entry.action for entry in read_entries(session)].count("contest.load")

    draft.load()
    assert draft.look(entries) == 1


@pytest.mark.parametrize("steps", [["open"], ["open", "close"], ["open", "close", "publish"]])
def test_opening_freezes_the_file(draft: Desk, steps: list[str]) -> None:
    for step in steps:
        STEPS[step](draft)
    with pytest.raises(Conflict) as refusal:
        draft.load(make_contest(title={"vi": "Hội thi mới"}))
    assert refusal.value.code == "contest.not_draft"
    assert page(draft).contest == make_contest()


def test_a_contest_with_problems_is_not_loaded(draft: Desk) -> None:
    with pytest.raises(InvalidInput) as refusal:
        draft.load(make_contest(rules=make_round(closes_at=OPENS - MINUTE), slug="sai"))
    assert refusal.value.problems
    with pytest.raises(NotFound):
        draft.look(lambda session: contests.find(session, "sai"))


def test_a_bank_that_is_not_there_forbids_opening(draft: Desk) -> None:
    draft.load(make_contest(rules=make_round(bank="khong-co")))
    assert not status(draft).may_open
    with pytest.raises(InvalidInput) as refusal:
        draft.open()
    assert refusal.value.code == "contest.not_ready"
    assert refusal.value.problems == status(draft).problems
    assert page(draft).state == "draft"


def test_a_bank_with_too_few_questions_forbids_opening(draft: Desk) -> None:
    draft.load(make_contest(rules=make_round(sections=(Section(6, 1, "Biển"),))))
    with pytest.raises(InvalidInput):
        draft.open()
    assert page(draft).rounds[0].seed_commitment is None


def test_the_commitments_are_to_the_secrets_that_are_stored(desk: Desk) -> None:
    stored = stored_round(desk)
    shown = page(desk).round(ROUND)
    assert shown.seed_commitment == commitment(stored.seed)
    assert shown.pseudonym_commitment == commitment(stored.pseudonym_secret)
    assert stored.seed != stored.pseudonym_secret
    assert len(stored.seed) == len(stored.pseudonym_secret) == contests.SECRET_BYTES


def stored_round(desk: Desk) -> store.StoredRound:
    """Return the round with its secrets."""

    def read(session: Session) -> store.StoredRound:
        return store.list_rounds(session, contests.find(session, SLUG).id)[0]

    return desk.look(read)


def test_the_seed_is_published_with_the_results_and_not_before(desk: Desk) -> None:
    assert page(desk).rounds[0].seed is None
    desk.close()
    assert page(desk).rounds[0].seed is None
    desk.publish()
    shown = page(desk).rounds[0]
    assert shown.seed is not None
    assert commitment(bytes.fromhex(shown.seed)) == shown.seed_commitment


def test_a_round_keeps_the_bank_version_of_the_opening(desk: Desk) -> None:
    bound = stored_round(desk).version_id
    changed = make_bank(title="Sửa")
    desk.do(lambda session: load_bank(session, changed, name=BANK, now=OPENS, actor=ACTOR))
    assert stored_round(desk).version_id == bound


def test_closing_ends_rounds_and_open_attempts_now(desk: Desk) -> None:
    desk.register("an")
    started = desk.start("an", OPENS + MINUTE)
    desk.close(OPENS + 3 * MINUTE)
    assert page(desk).rounds[0].closes_at == OPENS + 3 * MINUTE
    exam = desk.exam("an", started.public_id, OPENS + 3 * MINUTE)
    assert exam.deadline_at == OPENS + 3 * MINUTE
    assert exam.state is State.OPEN
    late = OPENS + 3 * MINUTE + GRACE + MILLISECOND
    assert desk.exam("an", started.public_id, late).state is State.EXPIRED


def test_closing_after_the_window_moves_no_close(desk: Desk) -> None:
    desk.close(CLOSES + MINUTE)
    assert page(desk).rounds[0].closes_at == CLOSES


def test_publishing_waits_for_the_grace_of_the_last_attempt(desk: Desk) -> None:
    desk.register("an")
    desk.start("an", OPENS + MINUTE)
    closed_at = OPENS + 3 * MINUTE
    desk.close(closed_at)
    assert not desk.look(
        lambda session: contests.status(session, SLUG, now=closed_at + GRACE)
    ).may_publish
    with pytest.raises(Conflict) as refusal:
        desk.publish(closed_at + GRACE)
    assert refusal.value.code == "contest.attempts_running"
    over = closed_at + GRACE + MILLISECOND
    assert desk.look(lambda session: contests.status(session, SLUG, now=over)).may_publish
    desk.publish(over)


def test_the_status_counts_people_attempts_and_essays_without_staff(desk: Desk) -> None:
    for person in ("an", "binh", "chi"):
        desk.register(person)
    desk.register("staff", is_staff=True)
    desk.take("an", OPENS)
    desk.start("binh", OPENS)
    desk.take("staff", OPENS)
    found = status(desk, MINUTE)
    assert found.participants == 3
    assert found.attempts == {State.OPEN: 1, State.SUBMITTED: 1, State.EXPIRED: 0, State.VOID: 0}
    assert found.essays == 0
    assert (found.may_open, found.may_close, found.may_publish) == (False, True, False)


def test_the_status_counts_what_is_over_as_over_before_any_sweep(desk: Desk) -> None:
    desk.register("an")
    desk.start("an", OPENS)
    assert status(desk, LIMIT + GRACE).attempts[State.OPEN] == 1
    over = status(desk, LIMIT + GRACE + MILLISECOND).attempts
    assert (over[State.OPEN], over[State.EXPIRED]) == (0, 1)


def test_pages_are_listed_newest_first(desk: Desk) -> None:
    desk.load(make_contest(slug="sau"))
    assert [one.slug for one in desk.look(contests.list_pages)] == ["sau", SLUG]


def test_the_phase_of_a_round_follows_its_window_and_the_contest(desk: Desk) -> None:
    shown = page(desk).round(ROUND)
    assert round_phase(shown, "draft", OPENS) == "before"
    assert round_phase(shown, "open", OPENS - MILLISECOND) == "before"
    assert round_phase(shown, "open", OPENS) == "running"
    assert round_phase(shown, "open", CLOSES - MILLISECOND) == "running"
    assert round_phase(shown, "open", CLOSES) == "after"
    assert round_phase(shown, "closed", OPENS) == "after"


def test_an_unknown_round_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        page(desk).round("vong-9")


def test_each_step_sends_its_signal_after_the_commit(draft: Desk) -> None:
    heard: list[tuple[str, str]] = []

    def listen(name: str) -> Callable[..., None]:
        # What the listener reads is what is committed.
        return lambda _sender, slug: heard.append((name, page(draft).state))

    listeners = {name: listen(name) for name in ("opened", "closed", "published")}
    with (
        signals.contest_opened.connected_to(listeners["opened"]),
        signals.contest_closed.connected_to(listeners["closed"]),
        signals.results_published.connected_to(listeners["published"]),
    ):
        for step in STEPS.values():
            step(draft)
        with pytest.raises(QuizError):
            draft.open()
    assert heard == [("opened", "open"), ("closed", "closed"), ("published", "published")]


def test_the_second_round_of_a_contest_has_secrets_of_its_own(database_url: str) -> None:
    second = make_round(
        id="vong-2",
        title={"vi": "Vòng 2"},
        opens_at=CLOSES + 60 * SECOND,
        closes_at=CLOSES + timedelta(days=1),
    )
    contest = make_contest()
    contest = replace(contest, rounds=(*contest.rounds, second))
    with opened_desk(database_url, contest) as desk:
        commitments = [
            secret
            for shown in page(desk).rounds
            for secret in (shown.seed_commitment, shown.pseudonym_commitment)
        ]
        assert len(set(commitments)) == 4
