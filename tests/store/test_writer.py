"""The answer path's writer: one commit for many, each job by itself, nothing lost at the end."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool, QueuePool, SingletonThreadPool, StaticPool

from quizengine import signals
from quizengine.errors import Conflict, Unavailable
from quizengine.store.connection import connect, set_up
from quizengine.store.writer import Writer

INSERT = text("INSERT INTO note (words) VALUES (:words)")
CHECKOUT = Path(__file__).parents[2]


def create(engine: Engine) -> None:
    """Make the table that the jobs write to."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT PRIMARY KEY)"))


def notes(engine: Engine) -> list[str]:
    """Return what is committed."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT words FROM note ORDER BY words")).scalars())


def noting(words: str) -> Callable[[Connection], str]:
    """Return a job that writes a note and returns the name of the thread it ran in."""

    def work(connection: Connection) -> str:
        connection.execute(INSERT, {"words": words})
        return threading.current_thread().name

    return work


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """A SQLite file."""
    made = connect(sqlite_url)
    create(made)
    yield made
    made.dispose()


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    """The writer of a SQLite file."""
    made = Writer(engine)
    yield made
    made.close()


def run(writer: Writer, engine: Engine, work: Callable[[Connection], object]) -> object:
    """Run a job as a request does."""
    with Session(engine) as session:
        return writer.run(session, work)


class Queued:
    """Jobs that wait together behind one that holds the writer, so that they make one batch."""

    def __init__(self, writer: Writer, engine: Engine) -> None:
        self._writer, self._engine = writer, engine
        self._held, self._release = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self.commits = 0
        self.outcomes: dict[str, object] = {}
        self._start("holder", self._hold)
        assert self._held.wait(30)

    def _hold(self, connection: Connection) -> None:
        event.listen(connection.engine, "commit", self._count)
        self._held.set()
        assert self._release.wait(30)

    def _count(self, _connection: Connection) -> None:
        self.commits += 1

    def _start(self, name: str, work: Callable[[Connection], object]) -> None:
        def request() -> None:
            try:
                self.outcomes[name] = run(self._writer, self._engine, work)
            except Exception as error:
                self.outcomes[name] = error

        self._threads.append(threading.Thread(target=request))
        self._threads[-1].start()

    def put(self, name: str, work: Callable[[Connection], object]) -> None:
        """Let a request wait with its job."""
        size = self._writer._jobs.qsize()
        self._start(name, work)
        end = time.monotonic() + 30
        while self._writer._jobs.qsize() == size and time.monotonic() < end:
            time.sleep(0.001)

    def go(self) -> None:
        """Let the writer go on and wait until every request is answered."""
        self._release.set()
        for thread in self._threads:
            thread.join()


def test_a_job_is_committed_when_its_result_comes_back(writer: Writer, engine: Engine) -> None:
    assert run(writer, engine, noting("một")) == "quizengine-writer"
    assert notes(engine) == ["một"]


def test_jobs_that_wait_together_are_committed_together(writer: Writer, engine: Engine) -> None:
    queued = Queued(writer, engine)
    for number in range(20):
        queued.put(str(number), noting(f"{number:02}"))
    queued.go()
    # One for the job that held the writer up, one for the twenty.
    assert queued.commits == 2
    assert notes(engine) == [f"{number:02}" for number in range(20)]


def test_a_job_that_fails_leaves_the_others_of_its_batch(writer: Writer, engine: Engine) -> None:
    queued = Queued(writer, engine)
    heard: list[str] = []

    def hear(_sender: str, *, slug: str) -> None:
        heard.append(slug)

    def announcing(words: str, error: Exception | None = None) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            noting(words)(connection)
            signals.announce(connection.info, signals.contest_opened, slug=words)
            if error is not None:
                raise error

        return work

    with signals.contest_opened.connected_to(hear):
        queued.put("một", announcing("một"))
        queued.put("hai", announcing("hai", Conflict("attempt.none_left")))
        queued.put("một lần nữa", announcing("một"))
        queued.put("ba", announcing("ba"))
        queued.go()
    assert isinstance(queued.outcomes["hai"], Conflict)
    assert isinstance(queued.outcomes["một lần nữa"], IntegrityError)
    assert queued.outcomes["một"] is queued.outcomes["ba"] is None
    assert notes(engine) == ["ba", "một"]
    assert sorted(heard) == ["ba", "một"]
    assert queued.commits == 2


def test_a_batch_that_the_database_refuses_is_unavailable_as_a_whole(
    writer: Writer, engine: Engine
) -> None:
    queued = Queued(writer, engine)
    queued.put("một", noting("một"))
    queued.put(
        "hỏng", lambda connection: connection.execute(text("INSERT INTO missing VALUES (1)"))
    )
    queued.put("hai", noting("hai"))
    queued.go()
    for name in ("một", "hỏng", "hai"):
        assert isinstance(queued.outcomes[name], Unavailable)
    assert notes(engine) == []
    # The same request sent again is kept.
    run(writer, engine, noting("một"))
    assert notes(engine) == ["một"]


def test_signals_go_out_after_the_commit(writer: Writer, engine: Engine) -> None:
    seen: list[list[str]] = []

    def hear(_sender: str, *, slug: str) -> None:
        seen.append(notes(engine))

    def work(connection: Connection) -> None:
        noting("một")(connection)
        signals.announce(connection.info, signals.contest_opened, slug="một")
        assert notes(engine) == []

    with signals.contest_opened.connected_to(hear):
        run(writer, engine, work)
    assert seen == [["một"]]


def test_a_database_that_somebody_holds_is_unavailable_after_the_timeout(
    writer: Writer, engine: Engine
) -> None:
    run(writer, engine, lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 20"))
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as refusal:
            run(writer, engine, noting("một"))
        assert refusal.value.code == "database.unavailable"
        other.execute("ROLLBACK")
    run(writer, engine, noting("một"))
    assert notes(engine) == ["một"]


def test_a_database_that_cannot_be_written_is_unavailable(writer: Writer, engine: Engine) -> None:
    run(writer, engine, lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(Unavailable):
        run(writer, engine, noting("một"))
    assert notes(engine) == []


def test_closing_commits_what_waits_and_a_later_job_starts_anew(
    writer: Writer, engine: Engine
) -> None:
    queued = Queued(writer, engine)
    for number in range(5):
        queued.put(str(number), noting(str(number)))
    closing_thread = threading.Thread(target=writer.close)
    closing_thread.start()
    queued.go()
    closing_thread.join()
    assert notes(engine) == ["0", "1", "2", "3", "4"]
    assert "quizengine-writer" not in [thread.name for thread in threading.enumerate()]
    assert run(writer, engine, noting("sau")) == "quizengine-writer"
    writer.close()
    writer.close()


def test_the_writer_ends_with_its_process_and_drains_first(engine: Engine) -> None:
    script = f"""
import threading
from sqlalchemy import text
from sqlalchemy.orm import Session
from quizengine.store.connection import connect
from quizengine.store.writer import Writer
engine = connect({str(engine.url)!r})
writer = Writer(engine)
def request(number):
    with Session(engine) as session:
        writer.run(session, lambda connection: connection.execute(
            text("INSERT INTO note (words) VALUES (:words)"), {{"words": str(number)}}))
threads = [threading.Thread(target=request, args=(number,)) for number in range(30)]
for thread in threads:
    thread.start()
"""
    run_script(script)
    assert len(notes(engine)) == 30


def run_script(script: str) -> str:
    """Run a program in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_process_that_was_forked_has_a_writer_of_its_own(engine: Engine) -> None:
    """As with a server that loads the application first and forks its workers then."""
    script = f"""
import os, threading
from sqlalchemy import text
from sqlalchemy.orm import Session
from quizengine.store.connection import connect
from quizengine.store.writer import Writer
engine = connect({str(engine.url)!r})
writer = Writer(engine)
def note(words):
    def work(connection):
        connection.execute(text("INSERT INTO note (words) VALUES (:words)"), {{"words": words}})
        return threading.get_native_id()
    with Session(engine) as session:
        return writer.run(session, work)
def names():
    return [thread.name for thread in threading.enumerate()]
note("before")
child = os.fork()
if child == 0:
    assert "quizengine-writer" not in names(), names()
    note("child")
    writer.close()
    os._exit(0)
note("parent")
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
"""
    assert run_script(script).split() == ["0"]
    assert notes(engine) == ["before", "child", "parent"]


# Where the work runs in the caller's session


def test_a_session_that_writes_already_is_used(writer: Writer, engine: Engine) -> None:
    """Another connection could only wait for it: as when a host's user loader has written."""
    with Session(engine) as session:
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        session.execute(INSERT, {"words": "máy chủ"})
        assert writer.run(session, noting("một")) == threading.current_thread().name
    assert notes(engine) == ["máy chủ", "một"]


def test_a_session_that_has_only_read_is_not_used(writer: Writer, engine: Engine) -> None:
    with Session(engine) as session:
        session.execute(text("SELECT words FROM note")).all()
        assert writer.run(session, noting("một")) == "quizengine-writer"


@pytest.mark.parametrize(
    ("url", "pool"),
    [
        ("sqlite://", SingletonThreadPool),
        ("sqlite:///file:notes?mode=memory&cache=shared&uri=true", QueuePool),
    ],
)
def test_a_database_in_memory_goes_through_the_session(
    url: str, pool: type[Pool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = create_engine(url, poolclass=pool)
    set_up(engine)
    create(engine)
    assert run(Writer(engine), engine, noting("một")) == threading.current_thread().name
    assert notes(engine) == ["một"]
    engine.dispose()
    assert list(tmp_path.iterdir()) == []


def test_a_single_shared_connection_goes_through_the_session(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url, poolclass=StaticPool)
    create(engine)
    assert run(Writer(engine), engine, noting("một")) == threading.current_thread().name
    assert notes(engine) == ["một"]
    engine.dispose()


@pytest.mark.postgres
def test_postgresql_goes_through_the_session(postgres_url: str) -> None:
    engine = connect(postgres_url)
    create(engine)
    writer = Writer(engine)
    heard: list[list[str]] = []

    def hear(_sender: str, *, slug: str) -> None:
        heard.append(notes(engine))

    def failing(connection: Connection) -> None:
        noting("hai")(connection)
        signals.announce(connection.info, signals.contest_opened, slug="hai")
        raise Conflict("attempt.none_left")

    def telling(connection: Connection) -> str:
        signals.announce(connection.info, signals.contest_opened, slug="một")
        return noting("một")(connection)

    with signals.contest_opened.connected_to(hear):
        with pytest.raises(Conflict):
            run(writer, engine, failing)
        assert run(writer, engine, telling) == threading.current_thread().name
    assert notes(engine) == ["một"]
    assert heard == [["một"]]
    engine.dispose()
