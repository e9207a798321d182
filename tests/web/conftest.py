"""The sites that the tests of the pages run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quizengine.core.contest import Contest
from quizengine.web.app import create_app
from tests.web.site import Clock, Site, fill


def make_site(
    folder: Path, *, url: str = "", is_open: bool = True, contest: Contest | None = None
) -> Site:
    """Return the reference deployment with the sample contest, on a SQLite file by default."""
    clock = Clock()
    app = create_app(
        {
            "QUIZ_DATABASE_URL": url or f"sqlite:///{folder / 'quiz.sqlite3'}",
            "QUIZ_SECRET_KEY": "a key for tests that is long enough",
        },
        clock=clock,
    )
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    return Site(app, engine, clock, fill(engine, clock(), contest=contest, is_open=is_open))


def close_site(site: Site) -> None:
    """Stop what a site's application runs."""
    with site.app.app_context():
        site.app.extensions["quizengine"].writer().close()
        site.engine.dispose()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The reference deployment with the sample contest open."""
    made = make_site(tmp_path)
    yield made
    close_site(made)


@pytest.fixture
def draft_site(tmp_path: Path) -> Iterator[Site]:
    """The reference deployment with the sample contest loaded and not open."""
    made = make_site(tmp_path, is_open=False)
    yield made
    close_site(made)


@pytest.fixture
def any_site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    """The reference deployment with the sample contest open, on each kind of database."""
    made = make_site(tmp_path, url=database_url)
    yield made
    close_site(made)
