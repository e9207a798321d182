"""Accounts of the reference deployment: log-ins that rotate, end, and tell nothing."""

from __future__ import annotations

import fcntl
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine

from quizengine.store.connection import database_path
from tests.web.site import PASSWORD, SLUG, Reader, Site


def session_cookie(reader: Reader) -> str:
    """Return the value of a browser's session cookie, empty when there is none."""
    cookie = reader.client.get_cookie("quiz_session")
    return cookie.value if cookie else ""


def test_an_account_is_made_and_logged_in_at_once(site: Site) -> None:
    reader = site.reader()
    reader.open("/tao-tai-khoan?next=/thi/cong-doan-92/")
    reader.send(name="Trần Minh Khuê", login="0900 000 456", password=PASSWORD)
    assert reader.path == f"/thi/{SLUG}/"
    assert "Trần Minh Khuê" in reader.page


def test_a_short_password_and_a_taken_log_in_are_told_and_the_name_is_kept(site: Site) -> None:
    site.person()
    reader = site.reader()
    reader.open("/tao-tai-khoan")
    reader.send(name="Người khác", login="0900000789", password="ngắn")
    assert reader.status == 422
    assert 'value="Người khác"' in reader.page
    reader.send(name="Người khác", login="+84 900 000 456", password=PASSWORD)
    assert reader.status == 409
    assert session_cookie(reader) == ""


def test_logging_in_changes_the_token_and_ends_the_old_one(site: Site) -> None:
    reader = site.person()
    first = session_cookie(reader)
    reader.open("/dang-nhap")
    reader.send(login="0900000456", password=PASSWORD)
    assert session_cookie(reader) not in ("", first)
    thief = site.reader()
    thief.client.set_cookie("quiz_session", first)
    thief.open(f"/thi/{SLUG}/dang-ky")
    assert thief.path == "/dang-nhap"


def test_making_a_second_account_ends_the_log_in_to_the_first(site: Site) -> None:
    reader = site.person()
    first = session_cookie(reader)
    reader.open("/tao-tai-khoan")
    reader.send(name="Người khác", login="0900000789", password=PASSWORD)
    assert session_cookie(reader) not in ("", first)
    thief = site.reader()
    thief.client.set_cookie("quiz_session", first)
    thief.open(f"/thi/{SLUG}/dang-ky")
    assert thief.path == "/dang-nhap"


def test_logging_out_ends_the_session_on_the_server(site: Site) -> None:
    reader = site.person()
    token = session_cookie(reader)
    reader.open("/thi/")
    reader.send_form(0)
    assert session_cookie(reader) == ""
    reader.client.set_cookie("quiz_session", token)
    reader.open(f"/thi/{SLUG}/dang-ky")
    assert reader.path == "/dang-nhap"


def test_wrong_log_ins_look_alike_and_are_slowed_down_after_ten(site: Site) -> None:
    site.person()
    reader = site.reader()
    pages = []
    for login in ("0900000456", "0900009999"):
        reader.open("/dang-nhap")
        reader.send(login=login, password="sai mật khẩu")
        assert reader.status == 403
        pages.append(reader.page.replace(login, ""))
    strip = [page.split('class="note')[1].split("</form>")[0].split("<input")[0] for page in pages]
    assert strip[0] == strip[1]
    for _ in range(10):
        reader.open("/dang-nhap")
        reader.send(login="0900000456", password="sai mật khẩu")
    reader.send(login="0900000456", password=PASSWORD)
    assert reader.status == 403
    assert session_cookie(reader) == ""
    site.clock.move(minutes=16)
    reader.send(login="0900000456", password=PASSWORD)
    assert session_cookie(reader)


def test_a_log_in_is_not_locked_for_those_at_another_address(site: Site) -> None:
    site.person()
    stranger, owner = site.reader(), site.reader()
    stranger.client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    for _ in range(11):
        stranger.open("/dang-nhap")
        stranger.send(login="0900000456", password="sai mật khẩu")
    owner.open("/dang-nhap")
    owner.send(login="0900000456", password=PASSWORD)
    assert session_cookie(owner)


def test_a_log_in_never_leads_to_another_site(site: Site) -> None:
    site.person()
    reader = site.reader()
    reader.open("/dang-nhap?next=https://evil.example/")
    reader.send(login="0900000456", password=PASSWORD)
    assert reader.path == "/thi/"


def test_a_session_ends_by_itself(site: Site) -> None:
    reader = site.person()
    site.clock.move(days=15)
    reader.open(f"/thi/{SLUG}/dang-ky")
    assert reader.path == "/dang-nhap"


@pytest.fixture
def hashings(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each hashing of a password: could others write and had they every connection?"""
    seen: list[bool] = []

    def watched(hashing: Callable[..., object]) -> Callable[..., object]:
        def watch(*given: object) -> object:
            seen.append(may_write(site.engine))
            return hashing(*given)

        return watch

    for name in ("hash", "verify"):
        monkeypatch.setattr(PasswordHasher, name, watched(getattr(PasswordHasher, name)))
    return seen


def may_write(engine: Engine) -> bool:
    """Return whether nobody has the turn to write nor a connection of the pool."""
    with open(f"{database_path(engine)}-turn", "w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return engine.pool.status().endswith("Current Checked out connections: 0")


def test_hashing_a_password_holds_up_nobody_who_saves(site: Site, hashings: list[bool]) -> None:
    reader = site.person()
    reader.open("/dang-nhap")
    for password in ("sai mật khẩu", PASSWORD):
        reader.send(login="0900000456", password=password)
    reader.open("/dang-nhap")
    reader.send(login="0900000999", password=PASSWORD)
    assert len(hashings) >= 4
    assert all(hashings)
