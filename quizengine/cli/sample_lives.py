"""What invented people do in the demonstration: register, answer, write, now and in past days.

Everything is done by the use cases themselves, at moments of which none is in the future.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from quizengine.cli.sample_people import SamplePerson, make_essays, make_people
from quizengine.core.banks import Bank
from quizengine.core.contest import Contest
from quizengine.core.units import UnitTree
from quizengine.services import accounts, answers, attempts, essays, people
from quizengine.services.accounts import NewAccount
from quizengine.services.answers import Answer
from quizengine.services.attempts import Exam
from quizengine.services.papers import Papers
from quizengine.services.transaction import transaction
from quizengine.store.people import Account

BATCH = 50
LATELY = 0.12
"""The share of people who came within the last hour; some of them are answering still."""
WRITERS = 0.6
UNLISTED = 90
"""One in so many people is of a unit that is not listed."""
UNLISTED_NAMES = ("CĐCS Xưởng gốm Đất Lành", "CĐCS Hợp tác xã Cói Bến Đá", "Tổ may Hoa Gạo 2")
QUITS, FLAGS, FORGETS = 0.06, 0.25, 0.06
"""The shares of attempts that end at once, have flagged questions, are never handed in."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The contest that people take part in, and what is used up by whatever they do."""

    contest: Contest
    bank: Bank
    tree: UnitTree
    papers: Papers
    rng: Random
    now: datetime


def live(
    engine: Engine, stage: Stage, count: int, guest: Account, show: Callable[[int, int], None]
) -> None:
    """Let invented people take part, and a guest, who has an account, make a first attempt."""
    leaves = [unit.code for unit in stage.tree.units if not stage.tree.children(unit.code)]
    crowd = make_people(stage.rng, count, leaves)
    texts = make_essays(stage.rng, count)
    with Session(engine) as session, transaction(session):
        _live_as_guest(session, stage, guest, leaves[0])
    for start in range(0, count, BATCH):
        with Session(engine) as session, transaction(session):
            for number in range(start, min(start + BATCH, count)):
                is_late_comer = number >= count - int(count * LATELY)
                ago = _ago(stage, is_late_comer=is_late_comer)
                _live_one_life(session, stage, number, crowd[number], texts[number], ago)
        show(min(start + BATCH, count), count)


def _live_as_guest(session: Session, stage: Stage, guest: Account, unit: str) -> None:
    sample = SamplePerson(guest.name, guest.login, unit, 1990, 0.8)
    at = stage.now - timedelta(days=1)
    _register(session, stage, guest.person, sample, at)
    _attempt(session, stage, guest.person, sample, at, is_whole=True)


def _ago(stage: Stage, *, is_late_comer: bool) -> timedelta:
    """Return how long ago somebody came."""
    if is_late_comer:
        return timedelta(minutes=stage.rng.uniform(1, 58))
    is_open_for = stage.now - stage.contest.rounds[0].opens_at
    return timedelta(minutes=stage.rng.uniform(61, is_open_for / timedelta(minutes=1) - 60))


def _live_one_life(
    session: Session,
    stage: Stage,
    number: int,
    sample: SamplePerson,
    text: str,
    ago: timedelta,
) -> None:
    rng, at = stage.rng, stage.now - ago
    new = NewAccount(f"sample-{sample.phone}", sample.phone, sample.name, "participant", None)
    person = accounts.add_account(session, new, now=at).person
    typed = rng.choice(UNLISTED_NAMES) if number % UNLISTED == 7 else ""
    _register(session, stage, person, sample, at, unit_typed=typed)
    for _ in range(rng.choice((1, 1, 1, 2))):
        if at < stage.now:
            _attempt(session, stage, person, sample, at)
        at += timedelta(minutes=25)
    if rng.random() < WRITERS and at < stage.now:
        at += (stage.now - at) * rng.random()
        essays.submit_essay(
            session, stage.contest.slug, person=person, text=text, sequence=1, now=at
        )


def _register(
    session: Session,
    stage: Stage,
    person: str,
    sample: SamplePerson,
    at: datetime,
    *,
    unit_typed: str = "",
) -> None:
    rules = stage.contest
    above = stage.tree.by_code[sample.unit].parent
    fields = {
        "full_name": sample.name,
        "phone": sample.phone,
        "unit": above if unit_typed and above else sample.unit,
        "unit_typed": unit_typed,
        "birth_year": str(sample.birth_year),
        "role": next(iter(rules.eligibility.roles), ""),
    }
    people.register(
        session,
        rules.slug,
        person=person,
        fields=fields,
        consents=[one.id for one in rules.registration.consents if one.required],
        is_staff=False,
        now=at,
        tree=stage.tree,
    )


def _attempt(
    session: Session,
    stage: Stage,
    person: str,
    sample: SamplePerson,
    at: datetime,
    *,
    is_whole: bool = False,
) -> None:
    """Start, answer and hand in an attempt; whoever began just now is answering still.

    Some give up at once; some forget to hand in, and an answer of theirs comes too late.
    """
    rng, slug, code = stage.rng, stage.contest.slug, stage.contest.rounds[0].id
    started = attempts.start_attempt(
        session, slug, code, person=person, now=at, papers=stage.papers
    )
    if rng.random() < QUITS and not is_whole:
        return
    exam = attempts.exam(session, started.public_id, person=person, now=at, papers=stage.papers)
    if rng.random() < FLAGS:
        _flag(session, stage, person, exam, at)
    for answer in _answers(stage, sample, exam):
        at += timedelta(seconds=rng.uniform(4, 40))
        if at >= stage.now:
            return
        _save(session, stage, person, exam, answer, at)
    at += timedelta(seconds=rng.uniform(5, 60))
    if rng.random() < FORGETS and not is_whole:
        _answer_late(session, stage, person, exam)
    elif at < stage.now:
        attempts.submit_attempt(session, exam.public_id, person=person, now=at)


def _answers(stage: Stage, sample: SamplePerson, exam: Exam) -> list[Answer]:
    """Return what somebody answers to each question, and predicts."""
    rng = stage.rng
    known = {question.stem: question for question in stage.bank.questions}
    given = []
    for shown in exam.questions:
        question = known[shown.stem]
        right = {text for bit, text in enumerate(question.choices) if question.key >> bit & 1}
        chosen = frozenset(place for place, text in enumerate(shown.choices) if text in right)
        if rng.random() > sample.ability:
            chosen = frozenset({rng.randrange(len(shown.choices))})
        given.append(Answer(shown.slot, shown.slot + 1, chosen))
    if exam.prediction_prompt:
        slot = len(exam.questions)
        given.append(Answer(slot, slot + 1, number=rng.randint(20, 400)))
    return given


def _answer_late(session: Session, stage: Stage, person: str, exam: Exam) -> None:
    """Let an answer that was given in time arrive too late, as over a slow network."""
    arrives = exam.deadline_at + timedelta(seconds=stage.rng.uniform(20, 90))
    if arrives < stage.now:
        given_at = exam.deadline_at - timedelta(seconds=stage.rng.uniform(1, 20))
        answer = Answer(0, len(exam.questions) + 2, frozenset({0}), device_at=given_at)
        _save(session, stage, person, exam, answer, arrives)


def _flag(session: Session, stage: Stage, person: str, exam: Exam, at: datetime) -> None:
    slots = stage.rng.sample(range(len(exam.questions)), k=min(3, len(exam.questions)))
    answers.save_flags(
        session,
        exam.public_id,
        person=person,
        slots=slots,
        sequence=1,
        now=at,
        papers=stage.papers,
    )


def _save(
    session: Session, stage: Stage, person: str, exam: Exam, answer: Answer, at: datetime
) -> None:
    answers.save_answers(
        session, exam.public_id, person=person, answers=[answer], now=at, papers=stage.papers
    )
