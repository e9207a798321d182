"""The answer path: starts, saves and submits, decided by the instant at which they arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core import sheets
from quizengine.core.attempts import State
from quizengine.core.contest import ClosePolicy, Contest, Reopen, Reveal
from quizengine.core.drawing import draw_paper, pool_of, pseudonym
from quizengine.core.papers import canonical_mask, pack_paper, unpack_paper
from quizengine.core.sheets import Outcome, Record
from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import answers as answering
from quizengine.services import attempts, contests, receipts, upkeep
from quizengine.services.answers import Answer, Reply, Situation, Stored
from quizengine.services.attempts import RoundStanding
from quizengine.services.papers import Papers
from quizengine.services.receipts import LateLine, Receipt
from quizengine.services.transaction import transaction
from quizengine.store import attempts as store
from quizengine.store import late_answers as late_store
from quizengine.store.attempts import StoredAttempt
from quizengine.store.contests import list_rounds
from quizengine.store.late_answers import LateAnswer
from quizengine.store.tables import AttemptRow, AuditRow, ParticipantRow
from tests.services.desk import (
    ACTOR,
    AFTER,
    CLOSES,
    GRACE,
    LIMIT,
    MAX_POINTS,
    MILLISECOND,
    MINUTE,
    OPENS,
    ROUND,
    SECOND,
    SLOTS,
    SLUG,
    Desk,
    make_bank,
    make_contest,
    make_round,
    opened_desk,
    right_positions,
    statements,
)

DEADLINE = OPENS + LIMIT
LAST = DEADLINE + GRACE
LATE = LAST + MILLISECOND


@pytest.fixture
def seated(desk: Desk) -> tuple[Desk, str]:
    """The desk, and An's attempt, started at the opening."""
    desk.register("an")
    return desk, desk.start("an", OPENS).public_id


def standing(desk: Desk, person: str, at: datetime) -> RoundStanding:
    """Return what a person may do in the round."""
    return desk.look(lambda session: attempts.standing(session, SLUG, ROUND, person, now=at))


def stored(desk: Desk, public_id: str) -> StoredAttempt:
    """Return an attempt as its row says."""
    found = desk.look(lambda session: store.find_any_attempt(session, public_id))
    assert found is not None
    return found


def void(desk: Desk, public_id: str, reason: str = "mất điện", at: datetime = OPENS) -> None:
    """Take an attempt out of every count."""
    desk.do(
        lambda session: attempts.void_attempt(
            session, SLUG, public_id, reason=reason, actor=ACTOR, now=at
        )
    )


# Starting


def test_a_second_start_returns_the_attempt_that_is_open(desk: Desk) -> None:
    desk.register("an")
    first = desk.start("an", OPENS)
    second = desk.start("an", OPENS + SECOND)
    assert first.is_new
    assert not second.is_new
    assert (second.public_id, second.number) == (first.public_id, 1)
    assert standing(desk, "an", OPENS + SECOND).attempts_used == 1


def test_attempts_are_limited(desk: Desk) -> None:
    desk.register("an")
    numbers = []
    for day in range(2):
        at = OPENS + timedelta(days=day)
        numbers.append(desk.start("an", at).number)
        desk.submit("an", desk.start("an", at).public_id, at + MINUTE)
    assert numbers == [1, 2]
    with pytest.raises(Conflict) as refusal:
        desk.start("an", OPENS + timedelta(days=3))
    assert refusal.value.code == "attempt.none_left"
    found = standing(desk, "an", OPENS + timedelta(days=3))
    assert (found.may_start, found.reason) == (False, "attempt.none_left")
    assert (found.attempts_allowed, found.attempts_used) == (2, 2)


def test_an_abandoned_start_uses_up_an_attempt(desk: Desk) -> None:
    desk.register("an")
    for day in range(2):
        desk.start("an", OPENS + timedelta(days=day))
    with pytest.raises(Conflict):
        desk.start("an", OPENS + timedelta(days=2))


def test_a_void_attempt_is_given_back(desk: Desk) -> None:
    desk.register("an")
    voided = desk.take("an", OPENS)
    desk.take("an", OPENS + timedelta(days=1))
    void(desk, voided)
    found = standing(desk, "an", OPENS + timedelta(days=2))
    assert (found.may_start, found.attempts_used) == (True, 1)
    again = desk.start("an", OPENS + timedelta(days=2))
    assert (again.is_new, again.number) == (True, 3)


def test_a_void_open_attempt_makes_room_for_the_next(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    void(desk, public_id)
    assert desk.start("an", OPENS + SECOND).number == 2


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (OPENS - MILLISECOND, "round.not_open_yet"),
        (OPENS, None),
        (CLOSES - MILLISECOND, None),
        (CLOSES, "round.closed"),
    ],
)
def test_the_window_opens_and_closes_to_the_millisecond(
    desk: Desk, at: datetime, code: str | None
) -> None:
    desk.register("an")
    assert standing(desk, "an", at).reason == code
    if code is None:
        assert desk.start("an", at).is_new
    else:
        with pytest.raises(Conflict) as refusal:
            desk.start("an", at)
        assert refusal.value.code == code


def test_a_closed_contest_starts_nothing(desk: Desk) -> None:
    desk.register("an")
    desk.close(OPENS + MINUTE)
    with pytest.raises(Conflict):
        desk.start("an", OPENS + MINUTE)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ClosePolicy.CUT, CLOSES),
        (ClosePolicy.LAST_START, CLOSES - MINUTE + LIMIT),
    ],
)
def test_the_deadline_follows_the_close_policy_and_was_stated_before(
    database_url: str, policy: ClosePolicy, expected: datetime
) -> None:
    contest = make_contest(rules=make_round(close_policy=policy))
    with opened_desk(database_url, contest) as desk:
        desk.register("an")
        stated = standing(desk, "an", CLOSES - MINUTE).deadline_if_started_now
        started = desk.start("an", CLOSES - MINUTE)
        exam = desk.exam("an", started.public_id, CLOSES - MINUTE)
        assert stated == exam.deadline_at == expected


@pytest.mark.parametrize(("person", "round_code"), [("nobody", ROUND), ("an", "vong-9")])
def test_starting_unregistered_or_in_an_unknown_round_is_not_found(
    desk: Desk, person: str, round_code: str
) -> None:
    desk.register("an")
    with pytest.raises(NotFound):
        desk.start(person, OPENS, round_code=round_code)


def test_a_start_after_the_last_attempt_ran_out_is_a_new_one(seated: tuple[Desk, str]) -> None:
    desk, first = seated
    assert desk.start("an", LAST).public_id == first
    assert standing(desk, "an", LATE).may_start
    assert desk.start("an", LATE).number == 2
    assert stored(desk, first).state is State.EXPIRED


# Papers


def test_stored_papers_are_the_papers_drawn_again_from_the_seed(desk: Desk) -> None:
    for person in ("an", "binh"):
        desk.register(person)
        for day in range(2):
            desk.take(person, OPENS + timedelta(days=day))
    rules = make_round()

    def drawn_again(session: Session) -> list[tuple[bytes, bytes]]:
        stored_round = list_rounds(session, contests.find(session, SLUG).id)[0]
        rows = session.execute(
            select(ParticipantRow.person, AttemptRow.number, AttemptRow.paper).join(
                ParticipantRow, ParticipantRow.id == AttemptRow.participant_id
            )
        )
        return [
            (
                paper,
                pack_paper(
                    draw_paper(
                        seed=stored_round.seed,
                        pseudonym=pseudonym(stored_round.pseudonym_secret, person),
                        attempt=number,
                        pool=pool_of(make_bank()),
                        sections=rules.sections,
                        shuffle_questions=rules.shuffle_questions,
                        shuffle_choices=rules.shuffle_choices,
                    )
                ),
            )
            for person, number, paper in rows
        ]

    pairs = desk.look(drawn_again)
    assert len({kept for kept, _ in pairs}) == 4
    assert [kept for kept, _ in pairs] == [drawn for _, drawn in pairs]


def test_the_exam_shows_saved_choices_where_the_paper_shows_them(
    seated: tuple[Desk, str],
) -> None:
    desk, public_id = seated
    desk.answer("an", public_id, OPENS + SECOND, right=SLOTS, predicted=7)
    exam = desk.exam("an", public_id, OPENS + MINUTE)
    assert exam.answered == SLOTS
    assert exam.prediction == 7
    assert exam.last_saved_at == OPENS + SECOND
    assert exam.next_sequence == 2
    for question in exam.questions:
        assert question.chosen == right_positions(question.stem, question.choices)


def test_a_fresh_exam_has_nothing_chosen(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    exam = desk.exam("an", public_id, OPENS)
    assert [question.slot for question in exam.questions] == list(range(SLOTS))
    assert not any(question.chosen for question in exam.questions)
    assert (exam.answered, exam.prediction, exam.next_sequence) == (0, None, 1)
    assert exam.last_saved_at is None
    assert (exam.started_at, exam.deadline_at) == (OPENS, DEADLINE)


def test_what_a_process_remembers_changes_no_answer(seated: tuple[Desk, str]) -> None:
    """Saving with a process's memory of the paper and without it leaves the same sheet."""
    desk, public_id = seated
    desk.answer("an", public_id, OPENS + SECOND, right=2)
    kept = stored(desk, public_id).sheet
    desk.papers = Papers()
    replies = desk.save("an", public_id, [Answer(0, 1, frozenset({0}))], OPENS + MINUTE)
    assert replies[0].outcome in (Outcome.SAVED, Outcome.SUPERSEDED)
    assert stored(desk, public_id).sheet == kept
    desk.papers = Papers()
    desk.answer("an", public_id, OPENS + 2 * MINUTE, right=2)
    assert stored(desk, public_id).sheet == kept


# Saving


@pytest.mark.parametrize(
    ("at", "outcome", "reason"),
    [
        (OPENS, Outcome.SAVED, None),
        (DEADLINE, Outcome.SAVED, None),
        (LAST, Outcome.SAVED, None),
        (LATE, Outcome.REFUSED, "attempt.late"),
    ],
)
@pytest.mark.parametrize("is_swept", [False, True], ids=["unswept", "swept"])
def test_an_answer_is_taken_until_the_end_of_the_grace(
    seated: tuple[Desk, str], at: datetime, outcome: Outcome, reason: str | None, is_swept: bool
) -> None:
    """What arrived in time and only waited is taken although a sweep has been there first."""
    desk, public_id = seated
    if is_swept:
        assert desk.do(lambda session: upkeep.sweep(session, now=LATE + MINUTE)).expired == 1
    replies = desk.save("an", public_id, [Answer(0, 1, frozenset({1}))], at)
    assert replies == (Reply(0, 1, outcome, reason),)
    answered = desk.receipt("an", public_id, LATE + MINUTE).answered
    assert answered == (1 if outcome is Outcome.SAVED else 0)


def test_an_answer_within_the_last_millisecond_is_in_time(seated: tuple[Desk, str]) -> None:
    """Instants count in whole milliseconds: also for a replay that has nothing left to save."""
    desk, public_id = seated
    at = LAST + timedelta(microseconds=999)
    for _ in range(2):
        replies = desk.save("an", public_id, [Answer(0, 1, frozenset({1}))], at)
        assert replies == (Reply(0, 1, Outcome.SAVED),)


def test_a_round_without_grace_ends_at_its_deadline(database_url: str) -> None:
    with opened_desk(database_url, make_contest(rules=make_round(grace_ms=0))) as desk:
        desk.register("an")
        public_id = desk.start("an", OPENS).public_id
        answer = [Answer(0, 1, frozenset({0}))]
        late = desk.save("an", public_id, answer, DEADLINE + MILLISECOND)
        assert late[0].outcome is Outcome.REFUSED
        assert desk.save("an", public_id, answer, DEADLINE)[0].outcome is Outcome.SAVED


def test_an_answer_after_submitting_is_refused(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.answer("an", public_id, OPENS + SECOND)
    desk.submit("an", public_id, OPENS + MINUTE)
    kept = stored(desk, public_id).sheet
    replies = desk.save("an", public_id, [Answer(0, 9, frozenset({0}))], OPENS + 2 * SECOND)
    assert replies == (Reply(0, 9, Outcome.REFUSED, "attempt.submitted"),)
    assert stored(desk, public_id).sheet == kept


def test_an_answer_to_a_void_attempt_is_refused(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    void(desk, public_id)
    replies = desk.save("an", public_id, [Answer(0, 1, frozenset({0}))], OPENS)
    assert replies == (Reply(0, 1, Outcome.REFUSED, "attempt.void"),)


def test_a_later_answer_stays_whatever_comes_after_it(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    outcomes = [
        desk.save("an", public_id, [Answer(0, sequence, frozenset({choice}))], OPENS)[0].outcome
        for sequence, choice in ((5, 1), (3, 0), (5, 1), (5, 0), (6, 0))
    ]
    assert outcomes == [
        Outcome.SAVED,
        Outcome.SUPERSEDED,
        Outcome.SAVED,
        Outcome.SUPERSEDED,
        Outcome.SAVED,
    ]
    assert desk.exam("an", public_id, OPENS).questions[0].chosen == {0}


def test_an_answer_saved_before_the_end_is_saved_when_it_is_sent_again(
    seated: tuple[Desk, str],
) -> None:
    """Whoever missed the reply sends it again later, and is not told that it does not count."""
    desk, public_id = seated
    answer = [Answer(0, 5, frozenset({1}))]
    desk.save("an", public_id, answer, OPENS)
    assert desk.save("an", public_id, answer, LATE)[0].outcome is Outcome.SAVED
    desk.submit("an", public_id, OPENS + MINUTE)
    assert desk.save("an", public_id, answer, OPENS + MINUTE)[0].outcome is Outcome.SAVED
    assert desk.receipt("an", public_id, LATE).late == ()


def test_an_answer_replaces_nothing_that_its_page_has_not_seen(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.save("an", public_id, [Answer(0, 4, frozenset({1}), seen=0)], OPENS + MINUTE)
    unaware = Answer(0, 9, frozenset({0}), seen=0)
    reply = desk.save("an", public_id, [unaware], OPENS + 2 * MINUTE)[0]
    assert reply.outcome is Outcome.SUPERSEDED
    assert reply.stored == Stored(0, 4, frozenset({1}), None, OPENS + MINUTE)
    aware = Answer(0, 10, frozenset({0}), seen=4)
    assert desk.save("an", public_id, [aware], OPENS + 2 * MINUTE)[0].outcome is Outcome.SAVED
    # One's own earlier answer, come late: overtaken, and nothing to ask about.
    early = Answer(0, 9, frozenset({1}), seen=10)
    assert desk.save("an", public_id, [early], OPENS + 2 * MINUTE) == (
        Reply(0, 9, Outcome.SUPERSEDED),
    )


def test_saving_answers_one_by_one_takes_a_statement_each(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.exam("an", public_id, OPENS)
    first = [Answer(0, 1, frozenset({1}), seen=0)]
    desk.save("an", public_id, first, OPENS)
    answers = [Answer(slot, 2, frozenset({1}), seen=1) for slot in range(SLOTS)]
    with statements(desk.engine) as ran:
        desk.save("an", public_id, answers, OPENS + SECOND)
    assert len([one for one in ran if not one.startswith("BEGIN")]) == SLOTS


@st.composite
def evenings(draw: st.DrawFn) -> list[tuple[int, str, int]]:
    """Return what two devices do with one question: a device, a deed, a choice."""
    deed = st.tuples(
        st.integers(0, 1),
        st.sampled_from(["answer", "send", "send unheard", "look", "decide"]),
        st.integers(0, 1),
    )
    return draw(st.lists(deed, max_size=25))


@dataclass
class Device:
    """A browser with one waiting answer to one question, as the page's script keeps it."""

    seen: int = 0
    number: int = 0
    waiting: Answer | None = None
    conflict: Stored | None = None

    def answer(self, choice: int) -> None:
        """Choose; what was waiting is replaced and was never acknowledged."""
        self.number = max(self.number, self.seen) + 1
        self.waiting = Answer(0, self.number, frozenset({choice}), seen=self.seen)

    def hear(self, reply: Reply) -> None:
        """Take an answer out of the queue as the reply says."""
        if self.waiting is None or self.waiting.sequence != reply.sequence:
            return
        if reply.outcome is Outcome.SAVED:
            self.seen = reply.sequence
        self.conflict = reply.stored
        self.waiting = None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(evening=evenings())
def test_no_device_replaces_what_another_saved_without_having_seen_it(
    desk: Desk, evening: list[tuple[int, str, int]]
) -> None:
    """Two devices, lost replies: every change to an acknowledged answer was made knowingly."""
    person = desk.newcomer()
    public_id = desk.start(person, OPENS).public_id
    devices = Device(), Device()
    writer_of: dict[int, int] = {}  # who saved which sequence number
    for number, deed, choice in evening:
        device = devices[number]
        before = kept_record(desk, public_id)
        if deed == "answer" and device.conflict is None:
            device.answer(choice)
        elif deed == "decide" and device.conflict is not None:
            device.seen, device.conflict = device.conflict.sequence, None
            device.answer(choice)
        elif deed == "look" and device.waiting is None:
            device.seen, device.conflict = before.sequence, None
        elif deed.startswith("send") and device.waiting is not None:
            sent = device.waiting
            reply = desk.save(person, public_id, [sent], OPENS)[0]
            after = kept_record(desk, public_id)
            if after != before:
                assert reply.outcome is Outcome.SAVED
                assert before.sequence <= (sent.seen or 0)
                writer_of[after.sequence] = number
            elif reply.outcome is Outcome.SUPERSEDED:
                assert reply.stored is not None
                assert reply.stored.sequence == before.sequence
            else:
                assert (before.sequence, writer_of[before.sequence]) == (sent.sequence, number) or (
                    before.value == mask_of(desk, public_id, 0, sent.positions)
                )
            if deed == "send":
                device.hear(reply)


def kept_record(desk: Desk, public_id: str) -> Record:
    """Return what is saved of the first question."""
    return sheets.read_sheet(stored(desk, public_id).sheet)[0]


def test_an_answer_can_be_taken_back(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.save("an", public_id, [Answer(0, 1, frozenset({0}))], OPENS)
    desk.save("an", public_id, [Answer(0, 2, frozenset())], OPENS)
    exam = desk.exam("an", public_id, OPENS)
    assert exam.answered == 0
    assert exam.next_sequence == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(-1, 1, frozenset({0})), "answer.no_such_slot"),
        (Answer(SLOTS + 1, 1, frozenset({0})), "answer.no_such_slot"),
        (Answer(0, 0, frozenset({0})), "answer.no_such_slot"),
        (Answer(0, 2**32, frozenset({0})), "answer.no_such_slot"),
        (Answer(0, 1, frozenset({-1})), "answer.no_such_choice"),
        (Answer(0, 1, frozenset({4})), "answer.no_such_choice"),
        (Answer(SLOTS, 1), "answer.number_out_of_range"),
        (Answer(SLOTS, 1, number=-1), "answer.number_out_of_range"),
        (Answer(SLOTS, 1, number=2**32), "answer.number_out_of_range"),
    ],
)
def test_an_answer_that_the_paper_has_no_place_for_saves_none_of_them(
    seated: tuple[Desk, str], answer: Answer, code: str
) -> None:
    desk, public_id = seated
    kept = stored(desk, public_id).sheet
    with pytest.raises(InvalidInput) as refusal:
        desk.save("an", public_id, [Answer(1, 1, frozenset({0})), answer], OPENS)
    assert refusal.value.code == code
    assert stored(desk, public_id).sheet == kept


def test_the_greatest_numbers_are_kept(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    greatest = answering.MAX_NUMBER
    desk.save("an", public_id, [Answer(SLOTS, greatest, number=greatest)], OPENS)
    assert desk.exam("an", public_id, OPENS).prediction == greatest


def test_a_round_without_prediction_has_no_slot_for_it(database_url: str) -> None:
    rules = make_round(prediction=None)
    contest = make_contest(rules=rules)
    keys = tuple(key for key in contest.ranking.keys if key != "prediction")
    contest = replace(contest, ranking=replace(contest.ranking, keys=keys))
    with opened_desk(database_url, contest) as desk:
        desk.register("an")
        public_id = desk.start("an", OPENS).public_id
        assert desk.exam("an", public_id, OPENS).prediction_prompt is None
        with pytest.raises(InvalidInput):
            desk.save("an", public_id, [Answer(SLOTS, 1, number=3)], OPENS)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int, int, int, int | None]]:
    """Return saves (slot, sequence, value, ms, seen) that came late, twice or out of order."""
    span = (LIMIT + GRACE) // MILLISECOND
    save = st.tuples(
        st.integers(0, SLOTS),
        st.integers(1, 4),
        st.sampled_from([0, 1, 2]),
        st.sampled_from([0, 1, span - 1, span, span + 1, span + 60_000]),
        st.none() | st.integers(0, 4),
    )
    sent = draw(st.lists(save, max_size=12))
    repeated = draw(st.lists(st.sampled_from(sent), max_size=6)) if sent else []
    return draw(st.permutations(sent + repeated))


# Everybody drawn is somebody new, so that examples can share the desk.
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
def test_any_history_of_saves_leaves_what_merging_them_leaves(
    desk: Desk, history: list[tuple[int, int, int, int, int | None]]
) -> None:
    """The statement of the database and `core.sheets.merge` agree, outcome by outcome."""
    person = desk.newcomer()
    public_id = desk.start(person, OPENS).public_id
    exam = desk.exam(person, public_id, OPENS)
    expected = sheets.empty_sheet(SLOTS + 1)
    for slot, sequence, value, at_ms, seen in history:
        at = OPENS + at_ms * MILLISECOND
        positions, kept = frozenset[int](), value
        if slot < SLOTS:
            size = len(exam.questions[slot].choices)
            positions = frozenset({value % size}) if value else frozenset()
        answer = Answer(slot, sequence, positions, number=value, seen=seen)
        if slot < SLOTS:
            kept = mask_of(desk, public_id, slot, positions)
        reply = desk.save(person, public_id, [answer], at)[0]
        before = sheets.read_sheet(expected)[slot]
        if at > LAST:
            is_replay = (before.sequence, before.value) == (sequence, kept)
            assert reply.outcome is (Outcome.SAVED if is_replay else Outcome.REFUSED)
            continue
        expected, outcome = sheets.merge(expected, slot, Record(sequence, at_ms, kept), seen)
        assert reply.outcome is outcome
        is_told = outcome is Outcome.SUPERSEDED and seen is not None and before.sequence > seen
        assert (reply.stored is not None) == is_told
    assert stored(desk, public_id).sheet == expected


def mask_of(desk: Desk, public_id: str, slot: int, positions: frozenset[int]) -> int:
    """Return the canonical mask of shown positions."""
    return canonical_mask(unpack_paper(stored(desk, public_id).paper).slots[slot].order, positions)


# Late answers


def late_answers_of(desk: Desk, public_id: str) -> tuple[LateAnswer, ...]:
    """Return what is kept of the answers that came too late."""
    return desk.look(lambda session: late_store.list_of(session, stored(desk, public_id).id))


def test_late_answers_are_kept_apart_one_a_question_with_both_clocks(
    seated: tuple[Desk, str],
) -> None:
    desk, public_id = seated
    sheet = stored(desk, public_id).sheet
    device_at = DEADLINE - MINUTE
    for sequence, choice in ((3, 0), (2, 1), (7, 1), (7, 0)):
        answer = Answer(1, sequence, frozenset({choice}), seen=0, device_at=device_at)
        reply = desk.save("an", public_id, [answer], LATE + sequence * SECOND)[0]
        assert reply == Reply(1, sequence, Outcome.REFUSED, "attempt.late")
    value = mask_of(desk, public_id, 1, frozenset({1}))
    assert late_answers_of(desk, public_id) == (
        LateAnswer(1, 7, value, LATE + 7 * SECOND, device_at),
    )
    assert stored(desk, public_id).sheet == sheet
    receipt = desk.receipt("an", public_id, LATE + MINUTE)
    assert receipt.late == (LateLine(1, LATE + 7 * SECOND),)
    assert receipt.answered == 0


def test_answers_after_submitting_are_kept_as_evidence_and_told(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.submit("an", public_id, OPENS + MINUTE)
    at = OPENS + 2 * MINUTE
    desk.save("an", public_id, [Answer(SLOTS, 1, number=12)], at)
    assert desk.receipt("an", public_id, at).late == (LateLine(SLOTS, at),)


def test_a_late_answer_equal_to_the_one_that_counts_needs_no_word(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.save("an", public_id, [Answer(0, 1, frozenset({1}))], OPENS)
    desk.save("an", public_id, [Answer(0, 2, frozenset({1}))], LATE)
    assert desk.receipt("an", public_id, LATE).late == ()


def test_a_void_attempt_keeps_no_late_answers(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    void(desk, public_id)
    desk.save("an", public_id, [Answer(0, 2, frozenset({1}))], OPENS)
    assert late_answers_of(desk, public_id) == ()


# Flags


def flag(
    desk: Desk, person: str, public_id: str, slots: set[int], sequence: int, at: datetime
) -> bool:
    """Flag some questions."""
    return desk.do(
        lambda session: answering.save_flags(
            session,
            public_id,
            person=person,
            slots=slots,
            sequence=sequence,
            now=at,
            papers=desk.papers,
        )
    )


def test_the_latest_set_of_flags_stays(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    assert flag(desk, "an", public_id, {0, 3}, 5, OPENS)
    assert not flag(desk, "an", public_id, {1}, 5, OPENS)
    assert not flag(desk, "an", public_id, {1}, 4, OPENS)
    exam = desk.exam("an", public_id, OPENS)
    assert (exam.flagged, exam.next_sequence) == (frozenset({0, 3}), 6)
    assert flag(desk, "an", public_id, set(), 6, LAST)
    assert desk.exam("an", public_id, OPENS).flagged == set()


def test_flags_follow_the_conditions_of_answers(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.register("binh")
    with pytest.raises(NotFound):
        flag(desk, "binh", public_id, {0}, 1, OPENS)
    with pytest.raises(InvalidInput) as refusal:
        flag(desk, "an", public_id, {SLOTS}, 1, OPENS)
    assert refusal.value.code == "answer.no_such_flag"
    assert not flag(desk, "an", public_id, {0}, 1, LATE)
    desk.submit("an", public_id, OPENS)
    assert not flag(desk, "an", public_id, {0}, 1, OPENS)
    assert stored(desk, public_id).flags is None


# Reopening


def reopen(desk: Desk, person: str, public_id: str, at: datetime) -> None:
    """Open a submitted attempt again."""
    desk.do(
        lambda session: attempts.reopen_attempt(session, public_id, person=person, now=at),
    )


@pytest.fixture
def lenient(database_url: str) -> Iterator[tuple[Desk, str]]:
    """A desk whose round lets people open attempts again, and An's submitted one."""
    contest = make_contest(rules=make_round(reopen=Reopen.UNTIL_DEADLINE))
    with opened_desk(database_url, contest) as desk:
        desk.register("an")
        yield desk, desk.take("an", OPENS)


def test_a_submitted_attempt_may_be_opened_again_and_its_last_hand_in_counts(
    lenient: tuple[Desk, str],
) -> None:
    desk, public_id = lenient
    at = DEADLINE - MINUTE
    assert desk.receipt("an", public_id, at).reopen_until == DEADLINE
    desk.save("an", public_id, [Answer(0, 7, frozenset({0}))], at)
    reopen(desk, "an", public_id, at)
    reopen(desk, "an", public_id, at)  # a double click
    assert desk.exam("an", public_id, at).state is State.OPEN
    reply = desk.save("an", public_id, [Answer(0, 8, frozenset({1}))], at + SECOND)[0]
    assert reply.outcome is Outcome.SAVED
    receipt = desk.submit("an", public_id, at + 2 * SECOND)
    assert receipt.duration_ms == (LIMIT - MINUTE + 2 * SECOND) // MILLISECOND
    assert receipt.finished_at == at + 2 * SECOND
    assert receipt.late == ()  # what came too late was answered again
    kept = desk.look(lambda session: list(session.scalars(select(AuditRow.action))))
    assert kept.count("attempt.reopen") == 1


def test_an_attempt_opened_again_and_left_took_all_its_time(lenient: tuple[Desk, str]) -> None:
    desk, public_id = lenient
    reopen(desk, "an", public_id, OPENS + 10 * MINUTE)
    receipt = desk.receipt("an", public_id, LATE)
    assert (receipt.state, receipt.duration_ms) == (State.EXPIRED, LIMIT // MILLISECOND)
    assert receipt.answered == SLOTS
    assert receipt.reopen_until is None


def test_nobody_opens_an_attempt_again_without_the_time_or_the_right(
    lenient: tuple[Desk, str],
) -> None:
    desk, public_id = lenient
    desk.register("binh")
    with pytest.raises(NotFound):
        reopen(desk, "binh", public_id, OPENS + 10 * MINUTE)
    with pytest.raises(Conflict) as refusal:
        reopen(desk, "an", public_id, DEADLINE)
    assert refusal.value.code == "attempt.not_reopened"
    assert desk.receipt("an", public_id, DEADLINE).reopen_until is None
    second = desk.start("an", OPENS + 10 * MINUTE).public_id
    with pytest.raises(Conflict):
        reopen(desk, "an", public_id, OPENS + 11 * MINUTE)
    desk.submit("an", second, OPENS + 12 * MINUTE)
    reopen(desk, "an", public_id, OPENS + 13 * MINUTE)


def test_an_early_close_ends_what_could_have_been_opened_again(lenient: tuple[Desk, str]) -> None:
    desk, public_id = lenient
    desk.close(OPENS + 10 * MINUTE)
    assert desk.receipt("an", public_id, OPENS + 11 * MINUTE).reopen_until is None
    with pytest.raises(Conflict):
        reopen(desk, "an", public_id, OPENS + 11 * MINUTE)


def test_a_void_attempt_stays_void(lenient: tuple[Desk, str]) -> None:
    desk, public_id = lenient
    void(desk, public_id, at=OPENS + 10 * MINUTE)
    with pytest.raises(Conflict):
        reopen(desk, "an", public_id, OPENS + 11 * MINUTE)


def test_a_round_that_does_not_say_so_opens_nothing_again(desk: Desk) -> None:
    desk.register("an")
    public_id = desk.take("an", OPENS)
    assert desk.receipt("an", public_id, OPENS + 6 * MINUTE).reopen_until is None
    with pytest.raises(Conflict) as refusal:
        reopen(desk, "an", public_id, OPENS + 6 * MINUTE)
    assert refusal.value.code == "attempt.stays_submitted"


# How an attempt stands


def test_the_situation_says_what_is_stored_and_how_long_it_is_open(
    seated: tuple[Desk, str],
) -> None:
    desk, public_id = seated
    answers = [Answer(2, 4, frozenset({1})), Answer(SLOTS, 6, number=9)]
    desk.save("an", public_id, answers, OPENS + SECOND)
    flag(desk, "an", public_id, {1}, 8, OPENS)
    found = situation(desk, "an", public_id, LAST)
    assert [(one.slot, one.sequence, one.positions, one.number) for one in found.answers] == [
        (2, 4, {1}, None),
        (SLOTS, 6, frozenset(), 9),
    ]
    assert (found.state, found.flagged, found.next_sequence) == (State.OPEN, frozenset({1}), 9)
    assert (found.deadline_at, found.accepts_until) == (DEADLINE, LAST)
    assert situation(desk, "an", public_id, LATE).state is State.EXPIRED
    with pytest.raises(NotFound):
        situation(desk, "binh", public_id, OPENS)


def situation(desk: Desk, person: str, public_id: str, at: datetime) -> Situation:
    """Return how an attempt stands."""
    return desk.look(
        lambda session: answering.situation(
            session, public_id, person=person, now=at, papers=desk.papers
        )
    )


# Submitting


def test_submitting_again_returns_the_same_receipt(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.answer("an", public_id, OPENS + SECOND, right=3, predicted=9)
    first = desk.submit("an", public_id, OPENS + MINUTE)
    again = desk.submit("an", public_id, OPENS + 2 * MINUTE)
    late = desk.submit("an", public_id, LATE + MINUTE)
    assert first == again == late
    assert first.state is State.SUBMITTED
    assert first.finished_at == OPENS + MINUTE
    assert first.duration_ms == 60_000
    assert (first.answered, first.questions, first.prediction) == (SLOTS, SLOTS, 9)
    assert (first.number, first.attempts_allowed) == (1, 2)
    assert (first.points, first.max_points) == (None, MAX_POINTS)


@pytest.mark.parametrize(
    ("at", "state", "duration"),
    [
        (DEADLINE, State.SUBMITTED, LIMIT),
        (LAST, State.SUBMITTED, LIMIT),
        (LATE, State.EXPIRED, LIMIT),
    ],
)
@pytest.mark.parametrize("is_swept", [False, True], ids=["unswept", "swept"])
def test_submitting_works_until_the_end_of_the_grace(
    seated: tuple[Desk, str], at: datetime, state: State, duration: timedelta, is_swept: bool
) -> None:
    desk, public_id = seated
    if is_swept:
        desk.do(lambda session: upkeep.sweep(session, now=LATE + MINUTE))
    receipt = desk.submit("an", public_id, at)
    assert receipt.state is state
    assert receipt.duration_ms == duration // MILLISECOND
    assert receipt.finished_at == (DEADLINE if state is State.EXPIRED else at)


def test_lazy_and_swept_closing_give_equal_receipts(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.answer("an", public_id, OPENS + SECOND)
    lazy = desk.receipt("an", public_id, LATE)
    list_before = standing(desk, "an", LATE)
    assert stored(desk, public_id).state is State.OPEN
    desk.do(lambda session: upkeep.sweep(session, now=LATE))
    assert stored(desk, public_id).state is State.EXPIRED
    assert desk.receipt("an", public_id, LATE) == lazy
    assert standing(desk, "an", LATE) == list_before


def test_there_is_no_receipt_while_the_attempt_is_open(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    with pytest.raises(Conflict) as refusal:
        desk.receipt("an", public_id, LAST)
    assert refusal.value.code == "attempt.still_open"
    assert desk.receipt("an", public_id, LATE).state is State.EXPIRED


def test_the_list_of_attempts_says_how_each_stands(desk: Desk) -> None:
    desk.register("an")
    first = desk.take("an", OPENS)
    second = desk.start("an", OPENS + timedelta(hours=1)).public_id
    found = standing(desk, "an", OPENS + timedelta(hours=1))
    assert found.open_attempt == second
    assert [line.public_id for line in found.attempts] == [first, second]
    assert [line.state for line in found.attempts] == [State.SUBMITTED, State.OPEN]
    assert [line.finished_at for line in found.attempts] == [OPENS + 5 * MINUTE, None]
    assert [line.answered for line in found.attempts] == [SLOTS, 0]
    assert found.attempts[0].receipt == desk.receipt("an", first, OPENS + MINUTE).code


# Whose it is


def test_the_attempt_of_another_is_not_found(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.register("binh")
    deeds: list[Callable[[], object]] = [
        lambda: desk.exam("binh", public_id, OPENS),
        lambda: desk.save("binh", public_id, [Answer(0, 1, frozenset({0}))], OPENS),
        lambda: desk.submit("binh", public_id, OPENS),
        lambda: desk.receipt("binh", public_id, LATE),
        lambda: review(desk, "binh", public_id, LATE),
        lambda: desk.exam("an", "unknown", OPENS),
        lambda: desk.submit("an", "unknown", OPENS),
    ]
    for deed in deeds:
        with pytest.raises(NotFound) as refusal:
            deed()
        assert refusal.value.code == "attempt.unknown"
    assert desk.exam("an", public_id, OPENS).answered == 0
    # The process remembers the paper now; that opens nothing to another.
    desk.save("an", public_id, [Answer(0, 1, frozenset({0}))], OPENS)
    with pytest.raises(NotFound):
        desk.save("binh", public_id, [Answer(0, 2, frozenset({1}))], OPENS)


def review(desk: Desk, person: str, public_id: str, at: datetime) -> object:
    """Return the attempt with the keys."""
    return desk.look(
        lambda session: receipts.key_review(
            session, public_id, person=person, now=at, papers=desk.papers
        )
    )


# What is shown, and when


def take_part(desk: Desk) -> Receipt:
    """Let An register, start, answer and submit."""
    desk.register("an")
    public_id = desk.take("an", OPENS, right=3)
    return desk.receipt("an", public_id, OPENS + 10 * MINUTE)


def test_keys_are_read_in_no_statement_before_the_reveal(desk: Desk) -> None:
    with statements(desk.engine) as ran:
        receipt = take_part(desk)
        standing(desk, "an", AFTER)
        with pytest.raises(Conflict):
            review(desk, "an", receipt.public_id, AFTER)
    assert receipt.points is None
    assert not [statement for statement in ran if "quiz_key" in statement]


def test_points_are_shown_once_results_are_published(desk: Desk) -> None:
    receipt = take_part(desk)
    desk.close()
    assert desk.receipt("an", receipt.public_id, AFTER).points is None
    desk.publish()
    shown = desk.receipt("an", receipt.public_id, AFTER)
    assert shown.points == desk.ranking()[0]["points"]
    with pytest.raises(Conflict):
        review(desk, "an", receipt.public_id, AFTER)


def test_points_are_shown_at_once_where_the_round_says_so(database_url: str) -> None:
    with opened_desk(database_url, revealing(Reveal.SCORE)) as desk:
        receipt = take_part(desk)
        assert receipt.points is not None
        assert 3 <= receipt.points < MAX_POINTS


def revealing(reveal: Reveal) -> Contest:
    """Return the contest with a reveal policy."""
    return make_contest(rules=make_round(reveal=reveal))


def test_keys_are_shown_after_the_round_has_ended_for_everybody(database_url: str) -> None:
    with opened_desk(database_url, revealing(Reveal.KEY_AFTER_CLOSE)) as desk:
        receipt = take_part(desk)
        end = CLOSES + GRACE
        with pytest.raises(Conflict) as refusal:
            review(desk, "an", receipt.public_id, end)
        assert refusal.value.code == "results.not_revealed"
        lines = desk.look(
            lambda session: receipts.key_review(
                session,
                receipt.public_id,
                person="an",
                now=end + MILLISECOND,
                papers=desk.papers,
            )
        )
        assert (
            sum(line.points for line in lines)
            == desk.receipt("an", receipt.public_id, end + MILLISECOND).points
        )
        for line in lines:
            shown = line.question
            assert line.right == right_positions(shown.stem, shown.choices)
            assert (line.points == line.max_points) == (shown.chosen == line.right)
            assert line.source


def test_keys_stay_hidden_while_the_grace_of_an_early_close_runs(database_url: str) -> None:
    """Whoever was answering when the organiser closed may still send what is on its way."""
    with opened_desk(database_url, revealing(Reveal.KEY_AFTER_CLOSE)) as desk:
        receipt = take_part(desk)
        desk.register("binh")
        running = desk.start("binh", OPENS + 10 * MINUTE).public_id
        closed_at = OPENS + 12 * MINUTE
        desk.close(closed_at)
        last = closed_at + GRACE
        answer = [Answer(0, 1, frozenset({0}))]
        assert desk.save("binh", running, answer, last)[0].outcome is Outcome.SAVED
        with pytest.raises(Conflict):
            review(desk, "an", receipt.public_id, last)
        assert desk.receipt("an", receipt.public_id, last).points is None
        review(desk, "an", receipt.public_id, last + MILLISECOND)


def test_nobody_sees_the_keys_with_an_attempt_still_open(database_url: str) -> None:
    with opened_desk(database_url, revealing(Reveal.KEY_AFTER_CLOSE)) as desk:
        desk.register("an")
        public_id = desk.start("an", OPENS).public_id
        with pytest.raises(Conflict):
            review(desk, "an", public_id, LAST)


# Voiding


def test_voiding_needs_a_reason_and_happens_once(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    with pytest.raises(InvalidInput) as missing:
        void(desk, public_id, reason="  ")
    assert missing.value.code == "attempt.void_without_reason"
    void(desk, public_id, reason=" mất điện ")
    with pytest.raises(Conflict) as again:
        void(desk, public_id)
    assert again.value.code == "attempt.already_void"
    assert desk.receipt("an", public_id, OPENS).state is State.VOID


def test_voiding_an_unknown_attempt_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        void(desk, "unknown")


def test_nothing_is_voided_after_publication(seated: tuple[Desk, str]) -> None:
    desk, public_id = seated
    desk.close()
    desk.publish()
    with pytest.raises(Conflict) as refusal:
        void(desk, public_id, at=AFTER)
    assert refusal.value.code == "attempt.results_published"


# Signals


def test_starting_and_submitting_each_send_one_signal_after_the_commit(desk: Desk) -> None:
    desk.register("an")
    heard: list[tuple[str, State]] = []

    def started(_sender: str, *, attempt: str, person: str) -> None:
        heard.append((person, stored(desk, attempt).state))

    with (
        signals.attempt_started.connected_to(started),
        signals.attempt_submitted.connected_to(started),
    ):
        public_id = desk.start("an", OPENS).public_id
        desk.start("an", OPENS)
        desk.submit("an", public_id, OPENS + SECOND)
        desk.submit("an", public_id, OPENS + SECOND)
    assert heard == [("an", State.OPEN), ("an", State.SUBMITTED)]


def test_a_start_that_is_rolled_back_sends_nothing(desk: Desk) -> None:
    desk.register("an")
    heard: list[str] = []

    def hear(_sender: str, *, attempt: str, person: str) -> None:
        heard.append(attempt)

    with signals.attempt_started.connected_to(hear), Session(desk.engine) as session:
        with suppress(ZeroDivisionError), transaction(session):
            attempts.start_attempt(session, SLUG, ROUND, person="an", now=OPENS, papers=desk.papers)
            1 / 0  # noqa: B018  # what the edge stumbles over
        with transaction(session):
            pass
    assert heard == []
    assert standing(desk, "an", OPENS).attempts_used == 0


def test_a_request_with_more_answers_than_a_browser_can_have_waiting_is_refused(
    desk: Desk,
) -> None:
    desk.register("an")
    started = desk.start("an", OPENS)
    most = answering.SAVES_A_RECORD * (SLOTS + 1)
    flood = [Answer(0, number + 1, frozenset({0})) for number in range(most + 1)]
    with pytest.raises(InvalidInput) as refusal:
        desk.save("an", started.public_id, flood, OPENS + SECOND)
    assert refusal.value.code == "answer.too_many"
    assert desk.exam("an", started.public_id, OPENS + SECOND).answered == 0
    replies = desk.save("an", started.public_id, flood[:most], OPENS + SECOND)
    assert {reply.outcome for reply in replies} == {"saved"}
