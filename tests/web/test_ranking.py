"""The published ranking: who is named in it, and finding somebody there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.web.conftest import close_site, make_site
from tests.web.site import PASSWORD, ROUND, SLUG, Reader, Site, sample_contest
from tests.web.test_journey import answer, publish

PATH = f"/thi/{SLUG}/"


@pytest.fixture
def ranked(tmp_path: Path) -> Iterator[tuple[Site, Reader]]:
    """A site whose results are out, of two people; the browser is of the one who is not named."""
    contest = sample_contest()
    consents = tuple(replace(one, required=False) for one in contest.registration.consents)
    registration = replace(contest.registration, consents=consents)
    site = make_site(tmp_path, contest=replace(contest, registration=registration))
    agreed = site.participant()
    silent = site.reader()
    silent.open(PATH + "dang-ky")
    silent.send(
        full_name="Lê Hoài Thương",
        phone="0900000222",
        password=PASSWORD,
        unit="VL-002",
        role="can-bo-co-so",
    )
    for reader in (agreed, silent):
        reader.open(f"{PATH}{ROUND}/bat-dau")
        reader.send()
        site.clock.move(minutes=5)
        answer(reader)
    publish(site)
    yield site, silent
    close_site(site)


def test_the_ranking_names_those_who_agreed_and_calls_the_others_participants(
    ranked: tuple[Site, Reader],
) -> None:
    site, silent = ranked
    page = site.reader().open(f"{PATH}{ROUND}/xep-hang")
    assert "Trần Minh Khuê" in page
    assert "0••• •••• 456" in page
    assert "Người dự thi <span" in page
    assert "Lê Hoài Thương" not in page
    assert "222" not in page
    own = silent.open(f"{PATH}{ROUND}/xep-hang")
    assert own.count("Lê Hoài Thương") == 3  # in the frame, above the table and in it
    assert "0••• •••• 222" in own


def test_a_name_is_found_in_the_ranking_without_accents(ranked: tuple[Site, Reader]) -> None:
    reader = ranked[0].reader()
    page = reader.open(f"{PATH}{ROUND}/xep-hang?tim=tran+khue")
    assert page.count("<tr") == 2
    assert "1 dòng có “tran khue”" in page
    page = reader.open(f"{PATH}{ROUND}/xep-hang?tim=thuong")
    assert page.count("<tr") == 0
    assert reader.status == 200
    assert 'value="thuong"' in page


def test_the_ranking_is_provisional_until_complaints_are_over(
    ranked: tuple[Site, Reader],
) -> None:
    site, reader = ranked
    assert "Tạm thời, nhận khiếu nại đến" in reader.open(f"{PATH}{ROUND}/xep-hang")
    site.clock.move(days=3)
    assert "Tạm thời" not in reader.open(f"{PATH}{ROUND}/xep-hang")
    assert "Chính thức" in reader.page


def test_the_rules_say_who_is_not_named(ranked: tuple[Site, Reader]) -> None:
    page = ranked[0].reader().open(PATH + "the-le")
    assert "Bảng kết quả ghi họ tên, đơn vị, ba số cuối điện thoại" in page
    assert "“Người dự thi” kèm một mã ngắn" in page
