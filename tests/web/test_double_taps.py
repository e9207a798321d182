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
from tests.web.site import PASSWORD, SLUG, Reader, Site
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
