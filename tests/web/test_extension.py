"""Embedding: what a host may do to the engine and the engine must never do to a host."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Column, Integer, MetaData, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from quizengine import Participant, QuizEngine
from quizengine.store.connection import connect
from quizengine.store.schema import upgrade
from tests.web.site import EVENING, ROUND, SLUG, Reader, fill, forms_of

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Host:
    """A host application made anew for each test, so that metadata is never shared."""

    def __init__(
        self,
        folder: Path,
        naming: dict[str, str] | None = None,
        quiz: QuizEngine | None = None,
        csrf: str = "",
        name: str = "host",
    ) -> None:
        metadata = MetaData(naming_convention=naming) if naming else MetaData()

        class Base(DeclarativeBase):
            pass

        Base.metadata = metadata

        class Visit(Base):
            __tablename__ = "visits"
            id: Mapped[int] = mapped_column(primary_key=True)
            who: Mapped[str]

        self.visit = Visit
        self.db = SQLAlchemy(model_class=Base)
        self.app = Flask(name)
        self.app.config["SECRET_KEY"] = "host"
        self.app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / (name + '.sqlite3')}"
        self.db.init_app(self.app)
        protect = CSRFProtect()
        if csrf == "before":
            protect.init_app(self.app)
        (quiz or QuizEngine()).init_app(
            self.app,
            db=self.db,
            participant=lambda: self.participant(),
            allow=lambda action, scope: False,
            clock=lambda: EVENING,
        )
        if csrf == "after":
            protect.init_app(self.app)
        self.participant: Callable[[], Participant | None] = lambda: Participant("7", "Trần Khuê")

    def engine(self) -> Any:
        """Return the host's engine."""
        with self.app.app_context():
            return self.db.engine

    def close(self) -> None:
        """Stop what runs."""
        with self.app.app_context():
            self.app.extensions["quizengine"].writer().close()
            self.db.engine.dispose()

    def differences(self, **more: Any) -> list[Any]:
        """Return what the host's autogenerate would write into a migration."""
        with self.engine().connect() as connection:
            options = {"compare_type": True, "compare_server_default": True, **more}
            context = MigrationContext.configure(connection, opts=options)
            return list(compare_metadata(context, self.db.metadata))

    def play(self) -> Reader:
        """Register, start, answer and submit as a browser does; return it at the receipt."""
        reader = Reader(self.app.test_client())
        reader.client.set_cookie("quiz_language", "vi")
        reader.open(f"/thi/{SLUG}/dang-ky")
        reader.send(phone="0900000456", unit="VL-001", role="can-bo-co-so", consents="hien-ket-qua")
        reader.open(f"/thi/{SLUG}/{ROUND}/bat-dau")
        reader.send()
        reader.send(then="check", q0="1", q1="0")
        reader.send()
        return reader


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """A maker of hosts that are stopped when the test ends."""
    with ExitStack() as stack:

        def make(**options: Any) -> Host:
            host = Host(tmp_path, **options)
            stack.callback(host.close)
            return host

        yield make


def test_one_extension_object_serves_two_applications(hosts: Callable[..., Host]) -> None:
    quiz = QuizEngine()
    one, two = hosts(quiz=quiz, name="one"), hosts(quiz=quiz, name="two")
    two.participant = lambda: Participant("8", "Ngô Quỳnh")
    for host in (one, two):
        fill(host.engine(), EVENING)
    assert "2 trên 20\u00a0câu" in one.play().page
    page = two.play().page
    assert "2 trên 20\u00a0câu" in page
    assert vars(quiz) == {}


def test_errors_have_our_pages_in_the_second_application_too(hosts: Callable[..., Host]) -> None:
    for name in ("one", "two"):
        host = hosts(name=name)
        fill(host.engine(), EVENING)
        response = host.app.test_client().get("/thi/khong-co/")
        assert response.status_code == 404
        assert 'class="foot"' in response.text


@pytest.mark.parametrize("naming", [None, NAMING], ids=["plain", "with a naming convention"])
def test_a_hosts_autogenerate_finds_nothing_after_our_upgrade(
    hosts: Callable[..., Host], naming: dict[str, str] | None
) -> None:
    host = hosts(naming=naming)
    with host.app.app_context():
        host.db.metadata.tables["visits"].create(host.db.engine)
        upgrade(host.db.engine)
    assert host.differences() == []


def test_a_hosts_autogenerate_finds_nothing_before_our_first_upgrade_either(
    hosts: Callable[..., Host],
) -> None:
    host = hosts()
    with host.app.app_context():
        host.db.metadata.tables["visits"].create(host.db.engine)
    assert host.differences(include_object=QuizEngine.include_object) == []
    assert host.differences() != []


@pytest.mark.parametrize("naming", [None, NAMING], ids=["plain", "with a naming convention"])
def test_tables_made_by_a_hosts_create_all_are_adopted_and_compare_equal(
    hosts: Callable[..., Host], naming: dict[str, str] | None
) -> None:
    host = hosts(naming=naming)
    with host.app.app_context():
        host.db.create_all()
        upgrade(host.db.engine)
        upgrade(host.db.engine)
    assert host.differences() == []


@pytest.mark.parametrize("naming", [None, NAMING], ids=["plain", "with a naming convention"])
def test_a_naming_convention_changes_no_name_of_ours(
    hosts: Callable[..., Host], naming: dict[str, str] | None, tmp_path: Path
) -> None:
    host = hosts(naming=naming)
    with host.app.app_context():
        host.db.create_all()
    own = connect(f"sqlite:///{tmp_path / 'own.sqlite3'}")
    upgrade(own)
    assert named(host.engine()) == named(own)
    own.dispose()


def named(engine: Any) -> set[str]:
    """Return the names of the constraints and indexes of our tables."""
    from sqlalchemy import inspect

    found: set[str] = set()
    inspector = inspect(engine)
    for table in inspector.get_table_names():
        if table.startswith("quiz_"):
            for kind in ("unique_constraints", "check_constraints", "indexes", "foreign_keys"):
                rows = getattr(inspector, f"get_{kind}")(table)
                found.update(f"{table}.{row['name']}" for row in rows)
    return found


def test_a_table_of_the_hosts_with_a_name_of_ours_is_kept() -> None:
    from quizengine.store.schema import copy_tables

    metadata = MetaData()
    own = Table("quiz_bank", metadata, Column("id", Integer, primary_key=True), Column("x", String))
    copy_tables(metadata)
    assert metadata.tables["quiz_bank"] is own


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_hosts_csrf_check_lets_our_pages_through_in_either_order(
    hosts: Callable[..., Host], order: str
) -> None:
    host = hosts(csrf=order)

    @host.app.post("/own")
    def own() -> str:
        return "done"

    fill(host.engine(), EVENING)
    assert "2 trên 20\u00a0câu" in host.play().page
    assert host.app.test_client().post("/own").status_code == 400


@pytest.mark.parametrize("order", ["before", "after"])
def test_our_own_token_is_checked_although_the_hosts_is_not(
    hosts: Callable[..., Host], order: str
) -> None:
    host = hosts(csrf=order)
    fill(host.engine(), EVENING)
    response = host.app.test_client().post(f"/thi/{SLUG}/dang-ky", data={"phone": "1"})
    assert response.status_code == 403


def test_a_user_loader_that_writes_and_does_not_commit_locks_nothing(
    hosts: Callable[..., Host],
) -> None:
    host = hosts()

    @host.app.before_request
    def note() -> None:
        host.db.session.add(host.visit(who="7"))
        host.db.session.flush()

    with host.app.app_context():
        host.db.create_all()
    fill(host.engine(), EVENING)
    assert "2 trên 20\u00a0câu" in host.play().page
    with host.app.app_context():
        assert host.db.session.query(host.visit).count() >= 4


def test_a_user_loader_that_has_read_does_not_hinder_a_transaction(
    hosts: Callable[..., Host],
) -> None:
    host = hosts()

    @host.app.before_request
    def look() -> None:
        host.db.session.query(host.visit).all()

    with host.app.app_context():
        host.db.create_all()
    fill(host.engine(), EVENING)
    assert "2 trên 20\u00a0câu" in host.play().page


def test_a_token_lives_through_a_hosts_short_session_checks_and_dies_with_the_session(
    hosts: Callable[..., Host],
) -> None:
    host = hosts(csrf="before")
    host.app.config["WTF_CSRF_TIME_LIMIT"] = 1

    @host.app.get("/forget")
    def forget() -> str:
        session.clear()
        return ""

    fill(host.engine(), EVENING)
    reader = Reader(host.app.test_client())
    reader.open(f"/thi/{SLUG}/dang-ky")
    form = forms_of(reader.page, reader.path)[-1]
    assert reader.client.post(form.action, data=form.fields).status_code == 422
    reader.open("/forget")
    assert reader.client.post(form.action, data=form.fields).status_code == 403


def test_the_arrival_is_read_before_the_hosts_own_work(hosts: Callable[..., Host]) -> None:
    host = hosts()
    order: list[str] = []

    @host.app.before_request
    def slow_loader() -> None:
        order.append("loader")

    def clock() -> Any:
        order.append("clock")
        return EVENING

    host.app.extensions["quizengine"].clock = clock
    fill(host.engine(), EVENING)
    host.app.test_client().get(f"/thi/{SLUG}/")
    assert order == ["clock", "loader"]


def test_a_hosts_own_pages_get_nothing_of_ours(hosts: Callable[..., Host]) -> None:
    host = hosts()

    @host.app.post("/own")
    def own() -> str:
        return "done"

    client = host.app.test_client()
    response = client.post("/own", data="x" * 500_000)
    assert response.text == "done"
    assert "Content-Security-Policy" not in response.headers
    assert "Set-Cookie" not in response.headers


def test_nobody_logged_in_is_a_page_when_the_host_has_no_log_in_address(
    hosts: Callable[..., Host],
) -> None:
    host = hosts()
    host.participant = lambda: None
    fill(host.engine(), EVENING)
    response = host.app.test_client().get(f"/thi/{SLUG}/dang-ky")
    assert response.status_code == 401
    assert "Đăng nhập" in response.text


def test_no_module_of_the_pages_makes_a_database_or_extends_the_hosts_models() -> None:
    folder = Path(__file__).parents[2] / "quizengine"
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        made = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SQLAlchemy"
        ]
        assert not made or path.name == "app.py", path
        assert "db.Model" not in path.read_text(encoding="utf-8"), path
