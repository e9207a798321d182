"""The reference deployment: its secret, its settings, its health, its server."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from werkzeug.exceptions import ServiceUnavailable

from quizengine.store.schema import upgrade
from quizengine.store.tables import Base
from quizengine.web import app as reference
from quizengine.web import extension
from quizengine.web.app import create_app, environment_settings, secret_key
from tests.web.conftest import close_site, make_site
from tests.web.site import SLUG, Site


def test_a_secret_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = secret_key(tmp_path / "instance")
    assert secret_key(tmp_path / "instance") == first
    assert len(first) == 64
    assert (tmp_path / "instance" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_others_may_read_or_that_is_cut_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.write_text("a" * 64)
    path.chmod(0o644)
    with pytest.raises(RuntimeError, match="chmod 600"):
        secret_key(tmp_path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(RuntimeError, match="delete it"):
        secret_key(tmp_path)


def test_settings_come_from_the_environment_under_known_names_only() -> None:
    environment = {"QUIZ_DATABASE_URL": "sqlite://", "QUIZ_TRUSTED_PROXIES": "1", "QUIZ_X": "1"}
    found = environment_settings(environment)
    assert found == {"QUIZ_DATABASE_URL": "sqlite://", "QUIZ_TRUSTED_PROXIES": 1}


def test_without_settings_the_database_is_a_file_in_the_instance_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUIZ_DATABASE_URL", raising=False)
    app = create_app()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    assert url == f"sqlite:///{tmp_path / 'instance' / 'quizengine.sqlite3'}"


def test_health_says_whether_the_database_answers(site: Site) -> None:
    client = site.app.test_client()
    assert client.get("/healthz").status_code == 200
    empty = create_app({"QUIZ_DATABASE_URL": "sqlite://", "QUIZ_SECRET_KEY": "k" * 32})
    assert empty.test_client().get("/healthz").status_code == 503


def test_a_database_that_cannot_answer_is_a_page_that_says_try_again() -> None:
    app = create_app({"QUIZ_DATABASE_URL": "sqlite://", "QUIZ_SECRET_KEY": "k" * 32})
    response = app.test_client().get("/thi/")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert 'class="foot"' in response.text


def test_an_error_nobody_foresaw_is_a_page_in_the_look_and_tells_nothing(site: Site) -> None:
    def broken() -> str:
        raise ZeroDivisionError("secret detail")

    site.app.add_url_rule("/broken", "broken", broken)
    site.app.config["PROPAGATE_EXCEPTIONS"] = False
    reader = site.reader()
    reader.open("/broken")
    assert reader.status == 500
    assert 'class="foot"' in reader.page
    assert "secret detail" not in reader.page


@pytest.mark.parametrize("kind", [500, 503])
def test_a_script_is_told_in_json_that_something_broke(site: Site, kind: int) -> None:
    def broken() -> str:
        if kind == 503:
            raise ServiceUnavailable
        raise ZeroDivisionError("secret detail")

    site.app.add_url_rule("/broken", "broken", broken)
    site.app.config["PROPAGATE_EXCEPTIONS"] = False
    response = site.reader().client.get("/broken", headers={"Accept": "application/json"})
    assert response.status_code == kind
    assert response.get_json()["code"] == "web.broken"
    assert "Máy chủ gặp lỗi" in response.get_json()["message"]
    assert "secret detail" not in response.text


def test_a_database_that_goes_away_is_told_to_somebody_logged_in(site: Site) -> None:
    reader = site.participant()
    with site.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE quiz_session")
    reader.open(f"/thi/{SLUG}/")
    assert reader.status == 503
    assert 'class="foot"' in reader.page


def test_pages_work_on_a_database_in_memory() -> None:
    app = create_app({"QUIZ_DATABASE_URL": "sqlite://", "QUIZ_SECRET_KEY": "k" * 32})
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
    assert app.test_client().get("/thi/").status_code == 200
    engine.dispose()


def test_a_proxy_is_believed_only_when_one_is_declared() -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "thi.example"}
    for proxies, is_https in ((0, False), (1, True)):
        app = create_app(
            {
                "QUIZ_DATABASE_URL": "sqlite://",
                "QUIZ_SECRET_KEY": "k" * 32,
                "QUIZ_TRUSTED_PROXIES": proxies,
            }
        )
        response = app.test_client().get("/", headers=forwarded)
        assert ("Strict-Transport-Security" in response.headers) is is_https


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/thi/khong-co", "/thi/khong-co/"),
        ("/thi", "/thi/"),
        ("/", "/thi/"),
        ("/thi/khong-co?a=%2F&b", "/thi/khong-co/?a=%2F&b"),
    ],
)
def test_a_redirect_names_no_host_that_a_request_made_up(site: Site, path: str, to: str) -> None:
    response = site.app.test_client().get(path, headers={"Host": "evil.example"})
    assert response.status_code in (302, 308)
    assert response.headers["Location"] == to
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "evil.example" not in response.text


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/thi", "/thi//evil.example"])
def test_no_address_leads_to_another_site(site: Site, path: str) -> None:
    response = site.app.test_client().get("/", environ_overrides={"PATH_INFO": path})
    assert response.status_code in (308, 404)
    assert re.match(r"/[^/\\]|$", response.headers.get("Location", ""))


def test_what_a_page_links_is_kept_for_a_year_and_renamed_when_it_changes(site: Site) -> None:
    client = site.app.test_client()
    links = re.findall(r'<link[^>]*href="([^"]*)"', client.get("/thi/").text)
    assert len(links) == 2
    for address in links:
        assert re.fullmatch(r"/thi/static/\w+\.(css|svg)\?v=[0-9a-f]{8}", address)
        with client.get(address) as response:
            assert address.endswith(hashlib.sha256(response.data).hexdigest()[:8])
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("version", ["", "?v=", "?v=0123456789abcdef"])
def test_a_file_asked_for_under_another_version_is_asked_for_again(
    site: Site, version: str
) -> None:
    with site.app.test_client().get(f"/thi/static/quiz.css{version}") as response:
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["khong-co.css", "../app.py", "%2e%2e/app.py"])
def test_a_file_that_is_not_there_has_no_version(site: Site, path: str) -> None:
    response = site.app.test_client().get(f"/thi/static/{path}?v=0123456789abcdef")
    assert response.status_code == 404


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(port: int, path: str) -> tuple[int, str]:
    """Return the status and text of a page of a running server."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers; fail when it ends instead."""
    for _ in range(200):
        assert server.poll() is None, "the server ended"
        try:
            if get(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not answer")


@pytest.mark.slow
def test_gunicorn_serves_and_saves_from_forked_workers_after_a_preload(tmp_path: Path) -> None:
    made = make_site(tmp_path)
    # What a parent does before the fork must not harm the workers: here it has read and written.
    reader = made.participant()
    reader.open(f"/thi/{SLUG}/vong-1/bat-dau")
    close_site(made)
    port = free_port()
    environment = {
        **os.environ,
        "QUIZ_DATABASE_URL": f"sqlite:///{tmp_path / 'quiz.sqlite3'}",
        "QUIZ_SECRET_KEY": "a key for tests that is long enough",
    }
    command = [
        *(sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--threads", "4"),
        *("--worker-class", "gthread", "--bind", f"127.0.0.1:{port}"),
        "tests.web.preloaded:app",
    ]
    server = subprocess.Popen(command, env=environment, cwd=Path(__file__).parents[2])
    try:
        wait_for(port, server)
        for number in range(8):
            assert register_and_start(port, f"09000002{number:02}") == 303
    finally:
        server.terminate()
        assert server.wait(30) == 0


def register_and_start(port: int, phone: str) -> int:
    """Make an account on a running server, register, start an attempt; return the save's status."""
    browser = Browser(port)
    browser.get("/tao-tai-khoan")
    browser.post("/tao-tai-khoan", name="Người Thi", login=phone, password="ba từ dễ nhớ")
    browser.get(f"/thi/{SLUG}/dang-ky")
    registered = {"full_name": "Người Thi", "phone": phone, "unit": "VL-001"}
    browser.post(f"/thi/{SLUG}/dang-ky", **registered, role="can-bo-co-so", consents="hien-ket-qua")
    browser.get(f"/thi/{SLUG}/vong-1/bat-dau")
    exam = browser.post(f"/thi/{SLUG}/vong-1/bat-dau")
    browser.get(exam)
    browser.post(exam + "/luu", q0="1", sequence="1", then="stay")
    return browser.status


class Browser:
    """The least of a browser: cookies, the token of the last page, one connection a request."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies, self.token, self.status = port, dict[str, str](), "", 0

    def get(self, path: str) -> None:
        """Open a page and remember its token."""
        page = self._ask("GET", path, "")
        self.token = page.split('name="csrf_token" value="')[-1].split('"')[0]

    def post(self, path: str, **fields: str) -> str:
        """Send a form and return where it leads."""
        from urllib.parse import urlencode

        self._ask("POST", path, urlencode({"csrf_token": self.token, **fields}))
        return self.location

    def _ask(self, method: str, path: str, body: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        self.status = response.status
        self.location = response.headers.get("Location", "")
        text = response.read().decode()
        connection.close()
        return text


def test_the_reference_deployment_names_its_keys_once() -> None:
    assert set(reference.DEFAULTS).isdisjoint(extension.DEFAULTS)


def test_an_upgraded_database_is_left_as_it_is_by_a_start(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    assert upgrade(site.engine) == upgrade(site.engine)
    close_site(site)
