"""The demonstration, served as its command serves it, for a browser to take part in."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

SLUG = "cong-doan-92"
START_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Site:
    """A running demonstration: its address and the organiser's password."""

    address: str
    password: str

    def page(self, path: str) -> str:
        """The address of a page of the contest."""
        return f"{self.address}/thi/{SLUG}/{path}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The demonstration with a few people, in an empty folder and on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "quizengine", "demo", "--port", str(port), "--people", "60"]
    log = tmp_path / "log"
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz", server, log)
            found = re.search(r"organiser / (\S+)", log.read_text())
            assert found, log.read_text()
            yield Site(f"http://127.0.0.1:{port}", found[1])
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            with urlopen(address, timeout=5):
                return
        except URLError:
            time.sleep(0.2)
    pytest.fail(f"the demonstration did not answer within {START_SECONDS} s: {log.read_text()}")
