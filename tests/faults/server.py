"""The real server on loopback, and phones that talk to it as the pages do."""

from __future__ import annotations

import html
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from quizengine.core.sheets import Outcome
from tests.faults.arena import ROUND, SLOTS, SLUG
from tests.faults.processes import WAIT_SECONDS

CHECKOUT = Path(__file__).resolve().parents[2]
PASSWORD = "ba từ dễ nhớ"


class NotAnswered(Exception):
    """The server died, is overloaded or says that it cannot save now: send it again."""


@dataclass(frozen=True)
class Server:
    """A running ``quizengine serve``."""

    process: subprocess.Popen[bytes]
    port: int

    def workers(self) -> list[int]:
        """Return the process ids of the workers that live now."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in listed.split()]

    def stop(self) -> int:
        """Ask the server to end what it does and stop; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_SECONDS)


@contextmanager
def serving(url: str, folder: Path, *, workers: int, threads: int) -> Iterator[Server]:
    """Serve the reference deployment on a free port of loopback until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "QUIZ_DATABASE_URL": url,
        "QUIZ_SECRET_KEY": "a key for tests that is long enough",
    }
    options = ["--port", str(port), "--workers", str(workers), "--threads", str(threads)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "quizengine", "serve", *options],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    server = Server(process, port)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _wait_until_ready(server: Server) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        assert server.process.poll() is None, "the server did not start"
        try:
            if Phone(server.port).get("/healthz").status == 200:
                return
        except NotAnswered:
            time.sleep(0.05)
    raise AssertionError("the server did not get ready")


@dataclass(frozen=True)
class Response:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Phone:
    """A browser of one person: cookies, the token of the page, and what was acknowledged."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    public_id: str = ""
    sequence: int = 0
    #: What is ticked on the phone, by slot.
    ticked: dict[int, int] = field(default_factory=dict)
    #: Sequence number and position last acknowledged, by slot.
    acknowledged: dict[int, tuple[int, int]] = field(default_factory=dict)

    def get(self, path: str) -> Response:
        """Return the page at a path; redirects are not followed."""
        return self._request("GET", path)

    def send_form(self, path: str, fields: Mapping[str, str]) -> Response:
        """Return the response to a form of the page last read."""
        body = urlencode({"csrf_token": self.token, **fields})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._request("POST", path, body, kind)

    def take_part(self, number: int) -> None:
        """Make an account, register and start an attempt, all through the pages."""
        self._open("/tao-tai-khoan")
        login = f"07{number:08d}"
        person = {"name": "Trần Minh Khuê", "login": login, "password": PASSWORD}
        assert self.send_form("/tao-tai-khoan", person).status == 303
        self._open(f"/thi/{SLUG}/dang-ky")
        fields = {
            "full_name": "Trần Minh Khuê",
            "phone": login,
            "unit": "VL-001",
            "role": "can-bo-co-so",
            "consents": "hien-ket-qua",
        }
        registered = self.send_form(f"/thi/{SLUG}/dang-ky", fields)
        assert registered.status == 303, registered.text
        self._open(f"/thi/{SLUG}/{ROUND}/bat-dau")
        started = self.send_form(f"/thi/{SLUG}/{ROUND}/bat-dau", {})
        assert started.status == 303, started.text
        self.public_id = started.headers["location"].rsplit("/", 1)[1]
        self._open(f"/thi/lam-bai/{self.public_id}")

    def tick(self) -> int:
        """Tick another answer in the next slot; return the slot."""
        self.sequence += 1
        slot = self.sequence % SLOTS
        self.ticked[slot] = 1 - self.ticked.get(slot, 1)
        return slot

    def save_by_script(self, slot: int) -> None:
        """Send one answer as the page's script does; note the acknowledgement once it is there."""
        answer = {"slot": slot, "sequence": self.sequence, "positions": [self.ticked[slot]]}
        response = self._request(
            "POST",
            f"/thi/lam-bai/{self.public_id}/luu",
            json.dumps({"answers": [answer]}),
            {"Content-Type": "application/json", "X-Quiz-Token": self.token},
        )
        assert response.status == 200, response.text
        (reply,) = json.loads(response.text)["replies"]
        assert reply["outcome"] == Outcome.SAVED, reply
        self.acknowledged[slot] = (self.sequence, self.ticked[slot])

    def save_by_form(self, slot: int) -> None:
        """Send the whole page as a browser without JavaScript does."""
        ticked = {f"q{one}": str(position) for one, position in self.ticked.items()}
        fields = {"sequence": str(self.sequence), "then": "stay", **ticked}
        response = self.send_form(f"/thi/lam-bai/{self.public_id}/luu", fields)
        assert response.status == 303, response.text
        assert response.headers["location"].endswith("luu=1"), response.headers
        self.acknowledged[slot] = (self.sequence, self.ticked[slot])

    def _open(self, path: str) -> None:
        response = self.get(path)
        assert response.status == 200, f"{path}: {response.status}"
        found = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', response.text)
        assert found, f"no form on {path}"
        self.token = html.unescape(found.group(1))

    def _request(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            connection.request(method, path, body, {"Cookie": cookies, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise NotAnswered from error
        finally:
            connection.close()
        for header in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: one.value for name, one in SimpleCookie(header).items()}
        response = Response(
            answer.status, {name.lower(): value for name, value in answer.headers.items()}, text
        )
        if response.status == 503:
            assert int(response.headers["retry-after"]) > 0
            raise NotAnswered
        return response
