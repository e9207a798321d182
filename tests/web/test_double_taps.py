"""Buttons that are tapped twice: the browser shows the second answer, which must be as good."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from quizengine.services import accounts, throttle
from quizengine.store.tables import AccountRow, ParticipantRow
from tests.web.site import PASSWORD, SLUG, Reader, Site, forms_of
from tests.web.test_accounts import lost_password
from tests.web.test_people import NEW, PATH


class Taps:
    """Two posts of one form by one browser, the first of which is done while the second hashes."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        self._patch = monkeypatch
        monkeypatch.setattr(accounts, "_HASHING", threading.BoundedSemaphore(2))

    def send(self, reader: Reader, **changes: str) -> tuple[Reader, Reader]:
        """Return the browser as each of the answers leaves it, that of the second last."""
        other = self.site.reader()
        cookie = reader.client.get_cookie("session")
        if cookie:
            other.client.set_cookie("session", cookie.value)
        logged_in = reader.client.get_cookie("quiz_session")
        if logged_in:
            other.client.set_cookie("quiz_session", logged_in.value)
        other.path, other.page = reader.path, reader.page
        first: list[str] = []

        def between(hashing: Callable[..., object]) -> Callable[..., object]:
            def work(*given: object) -> object:
                if not first:
                    first.append("sent")
                    tap = threading.Thread(target=lambda: other.send(**changes))
                    tap.start()
                    tap.join()
                return hashing(*given)

            return work

        with self._patch.context() as patch:
            for name in ("hash", "verify"):
                patch.setattr(PasswordHasher, name, between(getattr(PasswordHasher, name)))
            reader.send(**changes)
        assert first
        return other, reader


@pytest.fixture
def taps(site: Site, monkeypatch: pytest.MonkeyPatch) -> Taps:
    """Somebody who taps twice."""
    return Taps(site, monkeypatch)


def count(site: Site, row: type[AccountRow] | type[ParticipantRow]) -> int | None:
    """Return how many of something there are."""
    with Session(site.engine) as session:
        return session.scalar(select(func.count()).select_from(row))


def test_a_registration_tapped_twice_registers_once_and_logs_in(taps: Taps) -> None:
    reader = taps.site.reader()
    reader.open(PATH)
    for one in taps.send(reader, **NEW):
        assert one.path == f"/thi/{SLUG}/"
        assert "Nguyễn Thị Mẫu" in one.page
    assert count(taps.site, AccountRow) == count(taps.site, ParticipantRow) == 1


def test_an_account_tapped_twice_is_made_once_and_logged_in(taps: Taps) -> None:
    reader = taps.site.reader()
    reader.open(f"/tao-tai-khoan?next=/thi/{SLUG}/")
    for one in taps.send(reader, name="Trần Minh Khuê", login="0900000456", password=PASSWORD):
        assert one.path == f"/thi/{SLUG}/"
        assert "Trần Minh Khuê" in one.page
    assert count(taps.site, AccountRow) == 1


def test_a_taken_number_with_another_password_makes_no_log_in(site: Site) -> None:
    site.person()
    reader = site.reader()
    reader.open("/tao-tai-khoan")
    for _ in range(throttle.MAX_TRIES):
        reader.send(name="Người khác", login="0900000456", password="một từ khác hẳn")
        assert reader.status == 409
    reader.send(name="Người khác", login="0900000456", password=PASSWORD)
    assert reader.status == 403
    assert not reader.client.get_cookie("quiz_session")


def late_tap(reader: Reader, **changes: str) -> str:
    """Send a form twice, the second time with the cookie of the first; return where that leads."""
    form = forms_of(reader.page, reader.path)[-1]
    reader.send(**changes)
    assert reader.client.get_cookie("quiz_session")
    values = {**form.fields, **{name: [value] for name, value in changes.items()}}
    answer = reader.client.post(form.action, data=values)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_the_late_tap_of_an_entrance_leads_where_the_first_one_did(site: Site) -> None:
    reader = site.reader()
    reader.open(PATH)
    assert late_tap(reader, **NEW) == f"/thi/{SLUG}/?done=registered"
    for address in ("/tao-tai-khoan", "/dang-nhap"):
        reader = site.reader()
        reader.open(f"{address}?next=/thi/{SLUG}/the-le")
        typed = {"login": "0900000456", "password": PASSWORD, "name": "Trần Minh Khuê"}
        assert late_tap(reader, **typed) == f"/thi/{SLUG}/the-le"


def test_the_late_tap_of_a_code_leads_to_the_new_password(site: Site) -> None:
    site.participant()
    code = lost_password(site)
    reader = site.reader()
    reader.open("/dang-nhap/ma")
    assert late_tap(reader, login="0900000456", code=code).startswith("/tai-khoan?next=")


def test_a_code_tapped_twice_logs_in_by_either_answer(site: Site) -> None:
    site.participant()
    code = lost_password(site)
    reader, other = site.reader(), site.reader()
    reader.open("/dang-nhap/ma")
    cookie = reader.client.get_cookie("session")
    assert cookie
    other.client.set_cookie("session", cookie.value)
    other.path, other.page = reader.path, reader.page
    for one in (reader, other):
        one.send(login="0900000456", code=code)
        assert one.path == "/tai-khoan"
        assert one.client.get_cookie("quiz_session")


def reset_form(site: Site) -> Reader:
    """Return the browser of somebody who may set a new password after a code."""
    site.participant()
    reader = site.reader()
    reader.open(f"/dang-nhap/ma?next=/thi/{SLUG}/")
    reader.send(login="0900000456", code=lost_password(site))
    assert "old_password" not in reader.page
    return reader


def test_a_new_password_tapped_twice_is_saved_whichever_answer_is_shown(taps: Taps) -> None:
    for one in taps.send(reset_form(taps.site), password="bốn từ mới tinh"):
        assert one.path == f"/thi/{SLUG}/"


def test_the_late_tap_of_a_new_password_is_answered_as_saved(site: Site) -> None:
    reader = reset_form(site)
    form = forms_of(reader.page, reader.path)[-1]
    reader.send(password="bốn từ mới tinh")
    late = {**form.fields, "password": "bốn từ mới tinh"}
    assert reader.client.post("/tai-khoan", data=late).status_code == 303
    for _ in range(throttle.MAX_TRIES):
        guess = {**form.fields, "password": "một từ khác hẳn"}
        assert reader.client.post("/tai-khoan", data=guess).status_code == 403
    assert "quá nhiều lần" in reader.client.post("/tai-khoan", data=late).text


def test_a_form_of_somebody_else_does_not_lead_on(site: Site) -> None:
    """Two share a computer: the second typed into a page that was open before the first."""
    reader = site.reader()
    for address, typed in ((PATH, NEW), ("/dang-nhap", {"login": "0900000789"})):
        reader = site.reader()
        reader.open(address)
        form = forms_of(reader.page, reader.path)[-1]
        reader.open(PATH)
        reader.send(**{**NEW, "phone": "0900000456"})
        values = {**form.fields, **{name: [value] for name, value in typed.items()}}
        assert reader.client.post(address, data=values).status_code == 403


def test_a_token_of_nobody_gets_nobody_in_and_saves_nothing(site: Site) -> None:
    """The page of an earlier visit sends a registration of somebody who is not registered."""
    reader = site.reader()
    reader.open(PATH)
    form = forms_of(reader.page, reader.path)[-1]
    values = {**form.fields, **{name: [value] for name, value in NEW.items()}}
    stranger = site.reader()
    assert stranger.client.post("/dang-nhap", data={"login": "0900000456"}).status_code == 403
    reader.open("/tao-tai-khoan")
    reader.send(name="Trần Minh Khuê", login="0900000456", password=PASSWORD)
    answer = reader.client.post(PATH, data=values, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    assert "Nguyễn Thị Mẫu" in answer.text
    assert reader.client.post("/dang-nhap", data={"csrf_token": "x"}).status_code == 403
    assert count(site, ParticipantRow) == 0
