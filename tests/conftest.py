"""What every test may ask for: a database of each kind, a browser, the shared folder."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from tests.postgres import OLDEST_VERSION, Cluster, find_programs, run_cluster

CHECKOUT = Path(__file__).resolve().parent.parent

CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

settings.register_profile("local", deadline=None, print_blob=True)
# A run that decides whether a change lands must give the same verdict twice.
settings.register_profile(
    "ci", deadline=None, print_blob=True, derandomize=True, max_examples=60, database=None
)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")


def stop_without(what: str) -> NoReturn:
    """End the test: skipped on a person's machine, failed where every test must run."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL server for the whole run."""
    programs = find_programs()
    if programs is None:
        stop_without(f"no PostgreSQL {OLDEST_VERSION} or later on this machine")
    with run_cluster(programs) as running:
        yield running


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, this test's own."""
    with cluster.database() as url:
        yield url
        # A connection left open is named in the test that left it, not in whichever runs later.
        gc.collect()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet, this test's own."""
    return f"sqlite:///{tmp_path / 'quiz.sqlite3'}"


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)],
)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs on SQLite and again on PostgreSQL."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


# A module's, not the session's: while it lives its event loop holds the thread, and a test that
# runs a loop of its own would fail.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; a test opens its own context, with the size and settings it is about."""
    program = shutil.which("chromium")
    if program is None:
        stop_without("no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real-world samples that are not part of the project; skipped without it."""
    folder = Path(os.environ.get("QUIZ_SHARED", CHECKOUT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no folder of shared samples; QUIZ_SHARED names one")
    return folder
