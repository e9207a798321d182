"""The example portal: the engine inside an application with its own users, migrations and look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Engine, inspect

from examples.host_portal import portal
from tests.web.site import EVENING, SLUG, Reader, fill
from tests.web.test_journey import answer


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The portal on a database that its own create_all made, with the sample contest open."""
    made = portal.create_app(
        {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'portal.sqlite3'}"}
    )
    made.extensions["quizengine"].clock = lambda: EVENING
    with made.app_context():
        assert made.test_cli_runner().invoke(args=["db-demo"]).exit_code == 0
        portal.db.session.add(portal.User(name="Trần Minh Khuê", phone="0900000456"))
        portal.db.session.commit()
        fill(portal.db.engine, EVENING)
    yield made
    with made.app_context():
        made.extensions["quizengine"].writer().close()
        portal.db.engine.dispose()


def engine_of(app: Flask) -> Engine:
    """Return the portal's engine."""
    with app.app_context():
        return portal.db.engine


def log_in(app: Flask, phone: str) -> Reader:
    """Return the browser of a user of the portal."""
    reader = Reader(app.test_client())
    reader.client.set_cookie("quiz_language", "vi")
    reader.open("/log-in")
    reader.send(phone=phone)
    return reader


def test_a_user_of_the_portal_takes_part_in_its_look(app: Flask) -> None:
    reader = log_in(app, "0900000456")
    reader.open(f"/thi/{SLUG}/")
    assert '<header class="portal">' in reader.page
    reader.follow("Đăng ký và vào thi")
    reader.send(unit="VL-001", role="can-bo-co-so", consents="hien-ket-qua")
    reader.follow("Vào thi, lượt 1 trên 2")
    reader.send()
    answer(reader)
    assert "Bài của bạn đã tới nơi" in reader.page
    assert "20 trên 20\u00a0câu" in reader.page


def test_the_portals_log_in_is_asked_for_and_leads_back(app: Flask) -> None:
    reader = Reader(app.test_client())
    reader.open(f"/thi/{SLUG}/dang-ky")
    assert reader.path == "/log-in"
    reader.client.get("/")
    response = reader.client.get(f"/thi/{SLUG}/dang-ky")
    assert response.location == f"/log-in?next=%2Fthi%2F{SLUG}%2Fdang-ky"


def test_the_portals_staff_organise_and_its_users_do_not(app: Flask) -> None:
    reader = log_in(app, "0900000001")
    reader.open(f"/thi/to-chuc/{SLUG}/")
    assert reader.status == 200
    other = log_in(app, "0900000456")
    other.open(f"/thi/to-chuc/{SLUG}/")
    assert other.status == 403


def test_the_portals_own_pages_are_left_as_they_were(app: Flask) -> None:
    client = app.test_client()
    response = client.get("/")
    assert "Content-Security-Policy" not in response.headers
    assert client.get("/no-such-page").text.startswith("<!doctype html>\n<html lang=en>")
    assert client.post("/log-in", data={"phone": "0900000456"}).status_code == 400


# Flask-Migrate's own template asks Flask-SQLAlchemy the old way first.
@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated")
def test_the_portals_migrations_leave_the_engines_tables_alone(app: Flask, tmp_path: Path) -> None:
    folder = str(tmp_path / "migrations")
    with app.app_context():
        flask_migrate.init(folder)
        flask_migrate.stamp(folder)
        flask_migrate.migrate(folder, message="nothing to do")
    for written in (tmp_path / "migrations" / "versions").glob("*.py"):
        assert "op." not in written.read_text(encoding="utf-8").split("def upgrade")[1]
    names = inspect(engine_of(app)).get_table_names()
    assert "quiz_attempt" in names
    assert "quiz_alembic_version" in names
