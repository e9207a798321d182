"""A site to test pages on: the sample contest, a real database, a clock to set, readers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from quizengine.core.banks import Bank
from quizengine.core.contest import Contest, Reopen, Reveal
from quizengine.core.units import UnitTree
from quizengine.formats.contest_file import read_contest
from quizengine.formats.registry import load_bank as read_bank
from quizengine.formats.unit_file import read_units
from quizengine.services import accounts, banks, contests, units
from quizengine.services.transaction import transaction
from quizengine.store.schema import upgrade

SAMPLE = Path(__file__).resolve().parents[2] / "question_banks" / "cong-doan-92"
SLUG = "cong-doan-92"
ROUND = "vong-1"
EVENING = datetime(2021, 8, 22, 13, 0, tzinfo=UTC)
"""Eight in the evening in Viet Nam, within every window of the sample contest."""
PASSWORD = "ba từ dễ nhớ"
ESSAY = "Mỗi tổ công đoàn nên có một buổi lắng nghe vào chiều thứ sáu hằng tuần. " * 4


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = EVENING

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@dataclass(frozen=True)
class Form:
    """A form as a browser sees it: where it goes and what it sends."""

    action: str
    fields: Mapping[str, list[str]]


def forms_of(page: str, path: str) -> list[Form]:
    """Return the POST forms of a page with the values a browser would send untouched."""
    found = []
    for attributes, body in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL):
        if 'method="post"' not in attributes:
            continue
        action = re.search(r'action="([^"]*)"', attributes)
        fields: dict[str, list[str]] = {}
        for tag in re.findall(r"<input([^>]*)>", body):
            parts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            is_choice = parts.get("type") in ("radio", "checkbox")
            if "name" in parts and (not is_choice or re.search(r"\bchecked\b", tag)):
                fields.setdefault(parts["name"], []).append(html.unescape(parts.get("value", "")))
        for name, text in re.findall(
            r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', body, re.DOTALL
        ):
            fields[name] = [html.unescape(text)]
        for name, options in re.findall(
            r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', body, re.DOTALL
        ):
            offered = re.findall(r"<option([^>]*)>([^<]*)", options)
            chosen = next((one for one in offered if "selected" in one[0]), offered[0])
            value = re.search(r'value="([^"]*)"', chosen[0])
            text = value.group(1) if value else chosen[1]
            fields.setdefault(name, []).append(html.unescape(text))
        found.append(Form(html.unescape(action.group(1)) if action else path, fields))
    return found


@dataclass
class Reader:
    """One person's browser, without JavaScript: a client that fills in the forms of pages."""

    client: FlaskClient
    path: str = ""
    page: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    def open(self, path: str) -> str:
        """Return the page at an address, redirects followed."""
        return self._keep(self.client.get(path, follow_redirects=True))

    def send(self, **changes: str | Iterable[str]) -> str:
        """Return the page after sending the page's last form with some fields changed."""
        return self.send_form(-1, **changes)

    def send_form(self, form: int, **changes: str | Iterable[str]) -> str:
        """Return the page after sending one of the page's forms with some fields changed."""
        chosen = forms_of(self.page, self.path)[form]
        values = {name: list(old) for name, old in chosen.fields.items()}
        for name, new in changes.items():
            values[name] = [new] if isinstance(new, str) else list(new)
        return self._keep(self.client.post(chosen.action, data=values, follow_redirects=True))

    def follow(self, words: str) -> str:
        """Return the page behind the link whose text or label is the given words."""
        link = re.search(
            rf'<a[^>]*href="([^"]*)"[^>]*(?:aria-label="{re.escape(words)}"[^>]*>|>\s*{re.escape(words)}\s*</a>)',
            self.page,
        )
        assert link, f"no link {words!r} on {self.path}"
        return self.open(html.unescape(link.group(1)))

    def _keep(self, response: TestResponse) -> str:
        self.path = response.request.path
        self.page = response.get_data(as_text=True)
        self.status = response.status_code
        self.headers = dict(response.headers)
        return self.page


@dataclass
class Site:
    """An application on the sample contest."""

    app: Flask
    engine: Engine
    clock: Clock
    bank: Bank

    def reader(self, language: str = "vi") -> Reader:
        """Return a new browser."""
        client = self.app.test_client()
        client.set_cookie("quiz_language", language)
        return Reader(client)

    def person(self, name: str = "Trần Minh Khuê", phone: str = "0900000456") -> Reader:
        """Return the browser of somebody with a new account, logged in."""
        reader = self.reader()
        reader.open("/tao-tai-khoan")
        reader.send(name=name, login=phone, password=PASSWORD)
        assert reader.status == 200, reader.page
        return reader

    def participant(self, name: str = "Trần Minh Khuê", phone: str = "0900000456") -> Reader:
        """Return the browser of somebody registered in the contest."""
        reader = self.person(name, phone)
        reader.open(f"/thi/{SLUG}/dang-ky")
        reader.send(unit="VL-001", role="can-bo-co-so", consents="hien-ket-qua", printed=name)
        assert (
            "done=registered" in reader.client.get(reader.path).request.url or reader.status == 200
        )
        return reader

    def organiser(self) -> Reader:
        """Return the browser of an organiser, logged in."""
        with Session(self.engine) as session, transaction(session):
            accounts.create_account(
                session,
                login="bantochuc",
                name="Lê Hoài An",
                password=PASSWORD,
                role="organiser",
                now=self.clock(),
            )
        reader = self.reader()
        reader.open("/dang-nhap")
        reader.send(login="bantochuc", password=PASSWORD)
        return reader


def sample_contest() -> Contest:
    """Return the sample contest as its file states it."""
    contest = read_contest((SAMPLE / "contest.toml").read_text(encoding="utf-8")).contest
    assert contest is not None
    return contest


def revealing(contest: Contest, reveal: Reveal) -> Contest:
    """Return a contest that shows participants more, or less."""
    rounds = (replace(one, reveal=reveal, reopen=Reopen.NEVER) for one in contest.rounds)
    return replace(contest, rounds=tuple(rounds))


def fill(
    engine: Engine, now: datetime, *, contest: Contest | None = None, is_open: bool = True
) -> Bank:
    """Load the sample bank, units and contest into an empty database and open the contest."""
    upgrade(engine)
    bank = read_bank(SAMPLE / "bank.yaml")
    contest = contest or sample_contest()
    tree = UnitTree(read_units((SAMPLE / "units.csv").read_bytes(), "units.csv").units)
    with Session(engine) as session, transaction(session):
        banks.load_bank(session, bank, name=SLUG, now=now, actor="test")
        units.load_units(session, tree, now=now, actor="test")
        contests.load_contest(session, contest, now=now, actor="test")
        if is_open:
            contests.open_contest(session, SLUG, now=now, actor="test", entropy=bytes)
    return bank
