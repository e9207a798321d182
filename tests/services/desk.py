"""A small contest that is ready to be taken, and people who act in it at given instants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from quizengine.core.banks import Bank, Kind, Question
from quizengine.core.contest import (
    ClosePolicy,
    Consent,
    Contest,
    Counts,
    Eligibility,
    EssayRole,
    EssayTask,
    Need,
    Population,
    Prediction,
    Ranking,
    RankingKey,
    Registration,
    Reveal,
    Round,
    Scoring,
    Section,
    Target,
    Ties,
)
from quizengine.core.units import Unit, UnitTree
from quizengine.services import (
    answers as answering,
)
from quizengine.services import (
    attempts,
    banks,
    contests,
    essays,
    people,
    receipts,
    results,
    units,
)
from quizengine.services.answers import Answer, Reply
from quizengine.services.attempts import Exam, Started
from quizengine.services.essays import EssayReceipt
from quizengine.services.papers import Papers
from quizengine.services.receipts import Receipt
from quizengine.services.results_document import results_document
from quizengine.services.transaction import transaction
from quizengine.store.connection import connect
from quizengine.store.schema import upgrade

T = TypeVar("T")

SLUG = "hoi-thi"
ROUND = "vong-1"
BANK = "ngan-hang"
ACTOR = "tests"
OPENS = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=7)
ESSAY_CLOSES = CLOSES + timedelta(days=3)
AFTER = ESSAY_CLOSES + timedelta(days=1)
LIMIT = timedelta(minutes=20)
GRACE = timedelta(seconds=5)
MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SLOTS = 4
"""Two questions of a point, two of two points; the prediction's slot comes after them."""
MAX_POINTS = 6


def words(count_: int, first: int = 0) -> str:
    """Return a text of so many words, no run of which is in the text from another first number."""
    return " ".join(f"chữ{number * 7919}" for number in range(first, first + count_))


def make_bank(*, title: str = "Biển và rừng") -> Bank:
    """Return ten questions: five with one right choice, three with several, two true or false."""
    questions = [
        Question(
            id=f"bien-{number}",
            kind=Kind.SINGLE,
            stem=f"{words(6, 100 * number)}?",
            choices=tuple(f"lựa chọn {letter}{number}" for letter in "abcd"),
            topic="Biển",
            key=1 << number % 4,
            source=f"Tài liệu {number}",
        )
        for number in range(5)
    ]
    questions += [
        Question(
            id=f"rung-{number}",
            kind=Kind.MULTIPLE,
            stem=f"{words(6, 1000 + 100 * number)}?",
            choices=tuple(f"phương án {letter}{number}" for letter in "abcd"),
            topic="Rừng",
            key=0b0011 << number % 3,
            source=f"Tài liệu {number}",
        )
        for number in range(3)
    ]
    questions += [
        Question(
            id=f"rung-{number}",
            kind=Kind.TRUE_FALSE,
            stem=f"{words(6, 2000 + 100 * number)}.",
            choices=("Đúng", "Sai"),
            topic="Rừng",
            key=1 << number % 2,
            source=f"Tài liệu {number}",
        )
        for number in (3, 4)
    ]
    return Bank(tuple(questions), title=title)


def make_units() -> UnitTree:
    """Return a district with two grassroots unions under it."""
    return UnitTree(
        (
            Unit("Q", "Quận Vĩnh Lam", "district", "", "districts"),
            Unit("Q-1", "Công đoàn Trường Hoa Sen", "union", "Q", "unions"),
            Unit("Q-2", "Công đoàn Xưởng may Bình Minh", "union", "Q", "unions"),
        )
    )


def make_round(**changes: Any) -> Round:
    """Return the round's rules, some of them changed."""
    rules = Round(
        id=ROUND,
        title={"vi": "Vòng 1"},
        bank=BANK,
        opens_at=OPENS,
        closes_at=CLOSES,
        time_limit_ms=LIMIT // MILLISECOND,
        grace_ms=GRACE // MILLISECOND,
        attempts=2,
        counts=Counts.BEST,
        close_policy=ClosePolicy.CUT,
        shuffle_questions=True,
        shuffle_choices=True,
        scoring=Scoring.ALL_OR_NOTHING,
        reveal=Reveal.NOTHING,
        sections=(Section(2, 1, "Biển"), Section(2, 2, "Rừng")),
        prediction=Prediction(
            Target.PERFECT_PARTICIPANTS, Population.EVERYONE, {"vi": "Bao nhiêu người?"}
        ),
    )
    return replace(rules, **changes)


def make_contest(**changes: Any) -> Contest:
    """Return the contest, some of its values changed; ``rules`` stands for its one round."""
    rules = changes.pop("rules", None) or make_round()
    contest = Contest(
        slug=SLUG,
        title={"vi": "Hội thi"},
        summary={"vi": "Bốn câu hỏi và một bài viết."},
        time_zone="Asia/Ho_Chi_Minh",
        languages=("vi",),
        organiser={"vi": "Ban tổ chức"},
        contact="0900 000 123",
        results_at=AFTER,
        complaint_days=3,
        eligibility=Eligibility(roles={}, excluded={}),
        registration=Registration(
            person_key="phone",
            fields={
                "full_name": Need.REQUIRED,
                "phone": Need.REQUIRED,
                "birth_year": Need.OPTIONAL,
                "staff_code": Need.OFF,
                "role": Need.OFF,
                "unit": Need.REQUIRED,
            },
            consents=(
                Consent("hien-ten", {"vi": "Hiện tên"}, required=True),
                Consent("nhan-tin", {"vi": "Nhận tin"}, required=False),
            ),
        ),
        rounds=(rules,),
        ranking=Ranking(
            (
                RankingKey.POINTS,
                RankingKey.PREDICTION,
                RankingKey.DURATION,
                RankingKey.SUBMITTED_AT,
            ),
            Ties.SHARED,
        ),
        essay=EssayTask(
            title={"vi": "Một ý tưởng"},
            prompt={"vi": "Viết một đề xuất ngắn cho đơn vị của bạn."},
            opens_at=OPENS,
            closes_at=ESSAY_CLOSES,
            min_words=20,
            max_words=200,
            role=EssayRole.NONE,
        ),
    )
    return replace(contest, **changes)


class Entropy:
    """Bytes that nobody could tell from random ones, the same in every run."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._calls = count()

    def __call__(self, size: int) -> bytes:
        """Return the next bytes."""
        return sha256(f"{self._seed}/{next(self._calls)}".encode()).digest()[:size]


@dataclass
class Desk:
    """A database, and what people do with it."""

    engine: Engine
    papers: Papers = field(default_factory=Papers)
    entropy: Entropy = field(default_factory=Entropy)
    _phones: Iterator[int] = field(default_factory=lambda: count(1))

    def look(self, work: Callable[[Session], T]) -> T:
        """Return what the work reads, in a session of its own."""
        with Session(self.engine) as session:
            return work(session)

    def do(self, work: Callable[[Session], T]) -> T:
        """Return what the work returns, after its transaction is committed."""
        with Session(self.engine) as session, transaction(session):
            return work(session)

    def load(self, contest: Contest | None = None, bank: Bank | None = None) -> None:
        """Load bank, units and contest, the contest as a draft."""

        def work(session: Session) -> None:
            banks.load_bank(session, bank or make_bank(), name=BANK, now=OPENS, actor=ACTOR)
            units.load_units(session, make_units(), now=OPENS, actor=ACTOR)
            contests.load_contest(session, contest or make_contest(), now=OPENS, actor=ACTOR)

        self.do(work)

    def open(self, at: datetime = OPENS) -> None:
        """Open the contest."""
        self.do(
            lambda session: contests.open_contest(
                session, SLUG, now=at, actor=ACTOR, entropy=self.entropy
            )
        )

    def close(self, at: datetime = CLOSES) -> None:
        """Close the contest."""
        self.do(lambda session: contests.close_contest(session, SLUG, now=at, actor=ACTOR))

    def publish(self, at: datetime = AFTER) -> None:
        """Publish the results."""
        self.do(lambda session: results.publish_contest(session, SLUG, now=at, actor=ACTOR))

    def register(
        self, person: str, *, is_staff: bool = False, agrees: bool = True, **fields: str
    ) -> None:
        """Register somebody, by default with a phone number of their own."""
        values = {
            "full_name": f"Người {person}",
            "phone": f"09{next(self._phones):08}",
            "unit": "Q-1",
            **fields,
        }
        self.do(
            lambda session: people.register(
                session,
                SLUG,
                person=person,
                fields=values,
                consents=("hien-ten",) if agrees else (),
                is_staff=is_staff,
                now=OPENS,
            )
        )

    def newcomer(self) -> str:
        """Register somebody new and return who it is."""
        person = f"newcomer-{next(self._phones)}"
        self.register(person)
        return person

    def start(self, person: str, at: datetime, *, round_code: str = ROUND) -> Started:
        """Start an attempt."""
        return self.do(
            lambda session: attempts.start_attempt(
                session,
                SLUG,
                round_code,
                person=person,
                now=at,
                papers=self.papers,
                entropy=self.entropy,
            )
        )

    def exam(self, person: str, public_id: str, at: datetime) -> Exam:
        """Open the attempt's page."""
        return self.look(
            lambda session: attempts.exam(
                session, public_id, person=person, now=at, papers=self.papers
            )
        )

    def save(
        self, person: str, public_id: str, answers: Sequence[Answer], at: datetime
    ) -> tuple[Reply, ...]:
        """Save answers."""
        return self.do(
            lambda session: answering.save_answers(
                session, public_id, person=person, answers=answers, now=at, papers=self.papers
            )
        )

    def submit(self, person: str, public_id: str, at: datetime) -> Receipt:
        """Hand an attempt in."""
        return self.do(
            lambda session: attempts.submit_attempt(session, public_id, person=person, now=at)
        )

    def receipt(self, person: str, public_id: str, at: datetime) -> Receipt:
        """Open the receipt's page."""
        return self.look(
            lambda session: receipts.receipt(session, public_id, person=person, now=at)
        )

    def answer(
        self,
        person: str,
        public_id: str,
        at: datetime,
        *,
        right: int = SLOTS,
        predicted: int | None = None,
    ) -> None:
        """Answer every question, the first ``right`` ones of the paper right, and predict."""
        exam = self.exam(person, public_id, at)
        answers = [
            Answer(question.slot, 1, right_positions(question.stem, question.choices))
            if question.slot < right
            else Answer(question.slot, 1, wrong_positions(question.stem, question.choices))
            for question in exam.questions
        ]
        if predicted is not None:
            answers.append(Answer(len(exam.questions), 1, number=predicted))
        self.save(person, public_id, answers, at)

    def take(
        self,
        person: str,
        at: datetime,
        *,
        right: int = SLOTS,
        predicted: int | None = None,
        lasting: timedelta = 5 * MINUTE,
    ) -> str:
        """Start, answer and hand in an attempt; return its public id."""
        started = self.start(person, at)
        self.answer(person, started.public_id, at + SECOND, right=right, predicted=predicted)
        self.submit(person, started.public_id, at + lasting)
        return started.public_id

    def write(self, person: str, text: str, at: datetime, sequence: int = 1) -> EssayReceipt:
        """Hand in an essay."""
        return self.do(
            lambda session: essays.submit_essay(
                session,
                SLUG,
                person=person,
                text=text,
                sequence=sequence,
                now=at,
                entropy=self.entropy,
            )
        )

    def document(self) -> dict[str, Any]:
        """Return the results as computed now."""
        return self.look(lambda session: results_document(session, SLUG))

    def ranking(self) -> list[dict[str, Any]]:
        """Return the lines of the round's ranking as computed now."""
        lines: list[dict[str, Any]] = self.document()["rounds"][0]["ranking"]
        return lines


def right_positions(stem: str, choices: Sequence[str]) -> frozenset[int]:
    """Return where a question shows its right choices."""
    question = next(one for one in make_bank().questions if one.stem == stem)
    right = {choice for bit, choice in enumerate(question.choices) if question.key >> bit & 1}
    return frozenset(position for position, choice in enumerate(choices) if choice in right)


def wrong_positions(stem: str, choices: Sequence[str]) -> frozenset[int]:
    """Return one position at which a question shows a wrong choice."""
    right = right_positions(stem, choices)
    return frozenset({min(set(range(len(choices))) - right)})


@contextmanager
def opened_desk(
    url: str, contest: Contest | None = None, *, is_open: bool = True
) -> Iterator[Desk]:
    """A desk on an empty database with the contest loaded, and open unless said otherwise."""
    engine = connect(url)
    try:
        upgrade(engine)
        desk = Desk(engine)
        desk.load(contest)
        if is_open:
            desk.open()
        yield desk
    finally:
        engine.dispose()


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The SQL statements that run on an engine meanwhile."""
    ran: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        ran.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield ran
    finally:
        event.remove(engine, "before_cursor_execute", listen)
