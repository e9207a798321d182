"""The sample contest at one moment of its life, served to a browser, with a clock that tests set.

Every stage has a SQLite file and a server of its own. People are put into their states by the use
cases themselves, so that no browser has to click its way there.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext
from sqlalchemy.orm import Session
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from quizengine.core.banks import Bank
from quizengine.core.contest import Contest
from quizengine.formats.registry import load_bank
from quizengine.services import accounts, answers, attempts, essays, people
from quizengine.services.accounts import NewAccount, Role
from quizengine.services.answers import Answer
from quizengine.services.attempts import Exam
from quizengine.services.papers import Papers
from quizengine.services.transaction import transaction
from quizengine.store.people import Account
from quizengine.web.accounts import COOKIE
from quizengine.web.app import create_app
from quizengine.web.languages import LANGUAGE_COOKIE
from tests.services.desk import Entropy
from tests.web.conftest import close_site
from tests.web.site import EVENING, ROUND, SAMPLE, SLUG, Clock, Site, fill

T = TypeVar("T")

PHONE = (360, 740)
DESK = (1280, 800)
CONSENT = "hien-ket-qua"
QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, and the token of a live log-in."""

    account: Account
    token: str


@dataclass
class Stage:
    """A served site and the people in it."""

    site: Site
    address: str
    people: dict[str, Person] = field(default_factory=dict)
    attempts: dict[str, str] = field(default_factory=dict)
    """The public id of the last attempt that somebody started, by the person's key."""
    papers: Papers = field(default_factory=Papers)
    entropy: Entropy = field(default_factory=Entropy)

    @property
    def clock(self) -> Clock:
        """The clock of the server."""
        return self.site.clock

    def page(self, path: str = "") -> str:
        """Return the address of a page of the contest."""
        return f"{self.address}/thi/{SLUG}/{path}"

    def attempt(self, key: str, path: str = "") -> str:
        """Return the address of a page of somebody's last attempt."""
        return f"{self.address}/thi/lam-bai/{self.attempts[key]}{path and '/' + path}"

    def browser(
        self,
        chromium: Browser,
        key: str | None = None,
        *,
        size: tuple[int, int] = PHONE,
        language: str = "vi",
        script: bool = True,
        **options: Any,
    ) -> BrowserContext:
        """Return a new browser, with somebody logged in when a person is named."""
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=script,
            locale={"vi": "vi-VN", "en": "en-GB"}[language],
            **options,
        )
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": self.address}])
        if key is not None:
            token = self.people[key].token
            context.add_cookies([{"name": COOKIE, "value": token, "url": self.address}])
        return context

    def do(self, work: Callable[[Session], T]) -> T:
        """Return what the work returns, after its transaction is committed."""
        with Session(self.site.engine) as session, transaction(session):
            return work(session)

    def enrol(self, key: str, name: str, login: str, *, role: Role = "participant") -> None:
        """Make an account without a password, the key its person's id, and log it in."""
        new = NewAccount(key, login, name, role, None)
        account = self.do(lambda session: accounts.add_account(session, new, now=self.clock()))
        self.log_in([account])

    def log_in(self, those: Iterable[Account]) -> None:
        """Begin a session for each of some accounts."""

        def work(session: Session) -> None:
            for account in those:
                login = accounts.begin_session(session, account, now=self.clock())
                self.people[account.person] = Person(account, login.token)

        self.do(work)

    def register(self, key: str, *, unit: str = "VL-001") -> None:
        """Register somebody with an account in the contest."""
        fields = {
            "full_name": self.people[key].account.name,
            "phone": self.people[key].account.login,
            "unit": unit,
            "role": "can-bo-co-so",
        }
        self.do(
            lambda session: people.register(
                session,
                SLUG,
                person=key,
                fields=fields,
                consents=[CONSENT],
                is_staff=False,
                now=self.clock(),
            )
        )

    def start(self, key: str, *, ago: timedelta = timedelta()) -> str:
        """Start somebody's attempt some time ago and return its public id."""
        started = self.do(
            lambda session: attempts.start_attempt(
                session,
                SLUG,
                ROUND,
                person=key,
                now=self.clock() - ago,
                papers=self.papers,
                entropy=self.entropy,
            )
        )
        self.attempts[key] = started.public_id
        return started.public_id

    def exam(self, key: str) -> Exam:
        """Return the exam page's matter of somebody's last attempt."""
        with Session(self.site.engine) as session:
            return attempts.exam(
                session, self.attempts[key], person=key, now=self.clock(), papers=self.papers
            )

    def save(self, key: str, given: Sequence[Answer], *, ago: timedelta = timedelta()) -> None:
        """Save answers of somebody's last attempt some time ago."""
        self.do(
            lambda session: answers.save_answers(
                session,
                self.attempts[key],
                person=key,
                answers=given,
                now=self.clock() - ago,
                papers=self.papers,
            )
        )

    def flag(self, key: str, slots: Sequence[int]) -> None:
        """Flag questions of somebody's last attempt."""
        self.do(
            lambda session: answers.save_flags(
                session,
                self.attempts[key],
                person=key,
                slots=slots,
                sequence=1,
                now=self.clock(),
                papers=self.papers,
            )
        )

    def answer(
        self,
        key: str,
        count: int,
        *,
        right: int = 0,
        predicted: int | None = None,
        ago: timedelta = timedelta(),
    ) -> None:
        """Answer the first questions of somebody's last attempt, some of them right."""
        exam = self.exam(key)
        given = [
            Answer(
                question.slot,
                1,
                right_positions(question.stem, question.choices)
                if question.slot < right
                else frozenset({question.slot % len(question.choices)}),
            )
            for question in exam.questions[:count]
        ]
        if predicted is not None:
            given.append(Answer(len(exam.questions), 1, number=predicted))
        self.save(key, given, ago=ago)

    def submit(self, key: str, *, ago: timedelta = timedelta()) -> None:
        """Hand somebody's last attempt in."""
        self.do(
            lambda session: attempts.submit_attempt(
                session, self.attempts[key], person=key, now=self.clock() - ago
            )
        )

    def draft(self, key: str, text: str, *, is_final: bool = False) -> None:
        """Keep somebody's draft of the essay, or hand it in."""

        def work(session: Session) -> None:
            now = self.clock()
            if is_final:
                essays.submit_essay(
                    session, SLUG, person=key, text=text, sequence=1, now=now, entropy=self.entropy
                )
            else:
                essays.save_draft(
                    session, SLUG, person=key, text=text, sequence=1, now=now, entropy=self.entropy
                )

        self.do(work)


def right_positions(stem: str, choices: Sequence[str]) -> frozenset[int]:
    """Return where a question of the sample bank shows its right choices."""
    question = next(one for one in _sample_bank().questions if one.stem == stem)
    right = {choice for bit, choice in enumerate(question.choices) if question.key >> bit & 1}
    return frozenset(position for position, choice in enumerate(choices) if choice in right)


@cache
def _sample_bank() -> Bank:
    return load_bank(SAMPLE / "bank.yaml")


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: Any) -> None:
        """Say nothing: a test that fails says what it saw."""


def make_stage(file: Path, *, now: datetime = EVENING) -> Stage:
    """Return a site on a SQLite file that may be filled already; it is not served yet."""
    clock = Clock()
    clock.now = now
    app = create_app(
        {
            "QUIZ_DATABASE_URL": f"sqlite:///{file}",
            "QUIZ_SECRET_KEY": "a key for tests that is long enough",
        },
        clock=clock,
    )
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    return Stage(Site(app, engine, clock, _sample_bank()), "")


def fill_stage(stage: Stage, *, contest: Contest | None = None, is_open: bool = True) -> None:
    """Load the sample contest into a stage's empty database."""
    fill(stage.site.engine, stage.clock(), contest=contest, is_open=is_open)


def copy_stage(stage: Stage, file: Path, *, now: datetime | None = None) -> Stage:
    """Return another site on a copy of a stage's database; its people are logged in anew."""
    source = stage.site.engine.url.database
    assert source is not None
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(file),))
    copy = make_stage(file, now=now or stage.clock())
    copy.attempts = dict(stage.attempts)
    copy.log_in(person.account for person in stage.people.values())
    return copy


@contextmanager
def served(stage: Stage) -> Iterator[Stage]:
    """Serve a stage on a free port until the block ends."""
    server = make_server("127.0.0.1", 0, stage.site.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stage.address = f"http://127.0.0.1:{server.port}"
    try:
        yield stage
    finally:
        _stop(server, thread)
        close_site(stage.site)


def _stop(server: BaseWSGIServer, thread: threading.Thread) -> None:
    server.shutdown()
    thread.join()
    server.server_close()
