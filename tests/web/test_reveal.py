"""What a participant may see of points and keys, and from when on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quizengine.core.contest import Reveal
from tests.web.conftest import close_site, make_site
from tests.web.site import SLUG, Site, revealing, sample_contest
from tests.web.test_journey import answer, publish
from tests.web.test_play import begin


@pytest.fixture
def site_that(tmp_path: Path) -> Iterator[Callable[[Reveal], Site]]:
    """A maker of a site whose contest reveals what is asked."""
    made: list[Site] = []

    def make(reveal: Reveal) -> Site:
        made.append(make_site(tmp_path, contest=revealing(sample_contest(), reveal)))
        return made[-1]

    yield make
    for site in made:
        close_site(site)


def test_nothing_is_shown_before_publication_when_the_contest_says_nothing(
    site_that: Callable[[Reveal], Site],
) -> None:
    site = site_that(Reveal.NOTHING)
    reader = begin(site)
    answer(reader)
    assert "<dt>Điểm</dt>" not in reader.page
    receipt = reader.path
    publish(site)
    assert "<dt>Điểm</dt>" in reader.open(receipt)


def test_points_are_on_the_receipt_at_once_when_the_contest_says_so(
    site_that: Callable[[Reveal], Site],
) -> None:
    reader = begin(site_that(Reveal.SCORE))
    exam = reader.path
    answer(reader)
    assert "<dt>Điểm</dt>" in reader.page
    reader.open(exam + "/dap-an")
    assert reader.status == 409


def test_the_key_stands_beside_the_answers_after_the_close_when_the_contest_says_so(
    site_that: Callable[[Reveal], Site],
) -> None:
    site = site_that(Reveal.KEY_AFTER_CLOSE)
    reader = begin(site)
    exam = reader.path
    answer(reader)
    assert "dap-an" not in reader.page
    reader.open(exam + "/dap-an")
    assert reader.status == 409
    organiser = site.organiser()
    organiser.open(f"/thi/to-chuc/{SLUG}/dong")
    organiser.send()
    site.clock.move(minutes=1)
    reader.open(exam)
    reader.open(exam + "/dap-an")
    assert reader.status == 200
    assert reader.page.count("<section") == 20
    assert "Nguồn: " in reader.page
    assert "đáp án đúng" in reader.page
