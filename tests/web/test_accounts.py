"""Accounts of the reference deployment: log-ins that rotate, end, and tell nothing."""

from __future__ import annotations

import fcntl
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from markupsafe import escape
from sqlalchemy import Engine

from quizengine.services import accounts as use_cases
from quizengine.store.connection import database_path
from tests.web.conftest import close_site, make_site
from tests.web.site import PASSWORD, SLUG, Reader, Site, forms_of, sample_contest
from tests.web.test_play import begin


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
    reader.send(name="Người khác", login="+84 900 000 456", password="một từ khác hẳn")
    assert reader.status == 409
    assert session_cookie(reader) == ""


@pytest.mark.parametrize(
    ("login", "password", "words"),
    [
        ("bantochuc", PASSWORD, "Số điện thoại chỉ gồm chữ số"),
        ("12", PASSWORD, "Số này có 2 chữ số"),
        ("0900000456", " " * 8, "Mật khẩu ngắn hơn 8 ký tự"),
        ("0900000456", "0900 000 456", "Mật khẩu trùng với"),
    ],
)
def test_an_account_has_a_phone_number_and_a_password_that_nobody_guesses(
    site: Site, login: str, password: str, words: str
) -> None:
    reader = site.reader()
    reader.open("/tao-tai-khoan")
    reader.send(name="Trần Minh Khuê", login=login, password=password)
    assert reader.status == 422
    assert words in reader.page


def test_a_form_of_an_account_that_waited_too_long_is_offered_again_without_its_password(
    site: Site,
) -> None:
    reader = site.reader()
    reader.open("/tao-tai-khoan")
    reader.client.delete_cookie("session")
    fields = forms_of(reader.page, reader.path)[-1].fields
    typed = {"name": "Trần Minh Khuê", "login": "0900000456", "password": PASSWORD}
    response = reader.client.post(
        "/tao-tai-khoan", data={**fields, **typed}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert response.status_code == 403
    assert "Trần Minh Khuê" in response.text
    assert "0900000456" in response.text
    assert PASSWORD not in response.text


def test_logging_in_changes_the_token_and_ends_the_old_one(site: Site) -> None:
    reader = site.person()
    first = session_cookie(reader)
    reader.open("/dang-nhap")
    reader.send(login="0900000456", password=PASSWORD)
    assert session_cookie(reader) not in ("", first)
    thief = site.reader()
    thief.client.set_cookie("quiz_session", first)
    thief.open("/tai-khoan")
    assert thief.path == "/dang-nhap"


def test_making_a_second_account_ends_the_log_in_to_the_first(site: Site) -> None:
    reader = site.person()
    first = session_cookie(reader)
    reader.open("/tao-tai-khoan")
    reader.send(name="Người khác", login="0900000789", password=PASSWORD)
    assert session_cookie(reader) not in ("", first)
    thief = site.reader()
    thief.client.set_cookie("quiz_session", first)
    thief.open("/tai-khoan")
    assert thief.path == "/dang-nhap"


def test_logging_out_ends_the_session_on_the_server(site: Site) -> None:
    reader = site.person()
    token = session_cookie(reader)
    reader.open("/thi/")
    reader.send_form(0)
    assert session_cookie(reader) == ""
    reader.client.set_cookie("quiz_session", token)
    reader.open("/tai-khoan")
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
    reader.open("/tai-khoan")
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


def lost_password(site: Site, phone: str = "0900000456") -> str:
    """Return a code that an organiser gives to somebody by clicks."""
    organiser = site.organiser()
    organiser.open(f"/thi/to-chuc/{SLUG}/nguoi-thi?tim={phone}")
    organiser.follow("Trần Minh Khuê")
    organiser.send()
    assert organiser.headers["Cache-Control"] == "no-store"
    found = re.search(r'class="code">([^<]+)<', organiser.page)
    assert found, organiser.page
    return found[1]


def test_a_lost_password_never_loses_an_attempt(any_site: Site) -> None:
    """Begun on one telephone, gone on with on another by a code, handed in there."""
    first = begin(any_site)
    exam = first.path
    first.send(q0="1")
    code = lost_password(any_site)
    second = any_site.reader()
    second.open(f"/dang-nhap?next=/thi/{SLUG}/")
    second.follow("Đăng nhập bằng mã")
    second.send(login="0900 000 456", code=code.lower())
    assert second.path == "/tai-khoan"
    assert "Lượt thi của bạn vẫn đang chạy" in second.page
    second.follow("Làm bài tiếp")
    assert second.path == exam
    assert re.search(r'name="q0"[^>]*value="1"[^>]*checked', second.page)
    second.send(q1="0")
    assert len(re.findall(r"name=\"q\d+\"[^>]* checked", second.page)) == 2
    first.open(exam)
    assert first.path == exam


def test_after_a_code_a_new_password_is_set_or_left_for_later(site: Site) -> None:
    site.participant()
    code = lost_password(site)
    reader = site.reader()
    reader.open("/dang-nhap/ma")
    reader.send(login="0900000456", code=code)
    assert "Mật khẩu hiện tại" not in reader.page
    reader.send(password="ngắn")
    assert reader.status == 422
    reader.send(password="bốn từ mới tinh")
    assert reader.path == "/thi/"
    again = site.reader()
    again.open("/dang-nhap")
    again.send(login="0900000456", password="bốn từ mới tinh")
    assert session_cookie(again)


def test_who_sets_the_password_later_is_never_led_to_another_site(site: Site) -> None:
    site.participant()
    reader = site.reader()
    reader.open("/dang-nhap/ma")
    reader.send(login="0900000456", code=lost_password(site))
    for address in ("https://evil.example/x", "javascript:alert(1)", "//evil.example"):
        reader.open(f"/tai-khoan?next={address}")
        assert f'href="{address}' not in reader.page
        assert '<a href="/thi/">Để sau</a>' in reader.page
    reader.open(f"/tai-khoan?next=/thi/{SLUG}/the-le")
    assert f'<a href="/thi/{SLUG}/the-le">Để sau</a>' in reader.page


def test_a_code_works_once_and_wrong_ones_are_slowed_down(site: Site) -> None:
    site.participant()
    code = lost_password(site)
    reader = site.reader()
    reader.open("/dang-nhap/ma")
    reader.send(login="0900000456", code=code)
    assert session_cookie(reader)
    thief = site.reader()
    thief.open("/dang-nhap/ma")
    for _ in range(10):
        thief.send(login="0900000456", code=code)
        assert thief.status == 403
        assert "đã dùng rồi" in thief.page
    thief.send(login="0900000456", code=code)
    assert "quá nhiều lần" in thief.page
    assert session_cookie(thief) == ""


def test_a_code_ends_after_half_an_hour(site: Site) -> None:
    site.participant()
    code = lost_password(site)
    site.clock.move(minutes=30)
    reader = site.reader()
    reader.open("/dang-nhap/ma")
    reader.send(login="0900000456", code=code)
    assert reader.status == 403
    assert session_cookie(reader) == ""


def test_the_password_is_changed_with_the_old_one(site: Site) -> None:
    reader, elsewhere = site.person(), site.reader()
    elsewhere.open("/dang-nhap")
    elsewhere.send(login="0900000456", password=PASSWORD)
    reader.open("/tai-khoan")
    reader.send(old_password="sai mật khẩu", password="bốn từ mới tinh")
    assert reader.status == 403
    assert "Mật khẩu hiện tại không đúng" in reader.page
    assert "bốn từ" not in reader.page
    reader.send(old_password=PASSWORD, password="bốn từ mới tinh")
    assert "Đã đổi mật khẩu" in reader.page
    elsewhere.open("/tai-khoan")
    assert elsewhere.path == "/tai-khoan"
    reader.send(old_password="bốn từ mới tinh", password="lại bốn từ khác", ends_others="1")
    elsewhere.open("/tai-khoan")
    assert elsewhere.path == "/dang-nhap"


def test_logging_in_leads_to_the_attempt_whose_time_runs(site: Site) -> None:
    exam = begin(site).path
    for next_address in ("", f"/thi/{SLUG}/", f"/thi/{SLUG}/bai-viet"):
        reader = site.reader()
        reader.open(f"/dang-nhap?next={next_address}")
        reader.send(login="0900000456", password=PASSWORD)
        assert reader.path == exam
    reader = site.reader()
    reader.open(f"{exam}/kiem-tra")
    reader.send(login="0900000456", password=PASSWORD)
    assert reader.path == f"{exam}/kiem-tra"
    site.clock.move(hours=1)
    reader = site.reader()
    reader.open(f"/dang-nhap?next=/thi/{SLUG}/")
    reader.send(login="0900000456", password=PASSWORD)
    assert reader.path == f"/thi/{SLUG}/"


def test_the_log_in_names_whom_to_call(site: Site) -> None:
    contact = sample_contest().contact
    assert contact
    for address in ("/dang-nhap", f"/dang-nhap?next=/thi/{SLUG}/dang-ky", "/dang-nhap/ma"):
        page = site.reader().open(address)
        assert str(escape(contact)) in page.split("<footer")[0]


@pytest.mark.parametrize(
    ("contact", "number"),
    [
        ("0900 000 123", "0900000123"),
        ("0900.000.123", "0900000123"),
        ("+84 900-000-123", "+84900000123"),
    ],
)
def test_a_number_to_call_is_a_link_wherever_it_stands(
    tmp_path: Path, contact: str, number: str
) -> None:
    site = make_site(tmp_path, contest=replace(sample_contest(), contact=contact))
    assert site.reader().open("/dang-nhap").count(f'href="tel:{number}">{contact}</a>') == 2
    close_site(site)


def test_the_pages_of_the_log_in_do_not_lead_back_to_themselves(site: Site) -> None:
    for address in ("/dang-nhap", "/dang-nhap/ma", "/tao-tai-khoan"):
        assert "next=%2F" not in site.reader().open(address), address


def test_the_log_in_tells_nothing_of_a_draft(draft_site: Site) -> None:
    page = draft_site.reader().open(f"/dang-nhap?next=/thi/{SLUG}/")
    assert "Tìm hiểu 92 năm" not in page


def test_too_many_at_once_are_asked_to_send_it_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.person()
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(use_cases, "_HASHING", full)
    monkeypatch.setattr(use_cases, "HASHING_SECONDS", 0.01)
    reader = site.reader()
    reader.open("/dang-nhap")
    reader.send(login="0900000456", password=PASSWORD)
    assert reader.status == 503
    assert int(reader.headers["Retry-After"]) > 0
    assert "Quá nhiều người đang đăng nhập" in reader.page
    assert 'value="0900000456"' in reader.page
    full.release()
    reader.send(password=PASSWORD)
    assert session_cookie(reader)
