"""What everybody may read: the list, a contest, its rules, in either language."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.web.site import ROUND, SLUG, Site

PATH = f"/thi/{SLUG}/"


def test_the_front_leads_to_the_contests_that_are_open(site: Site) -> None:
    reader = site.reader()
    reader.open("/")
    assert reader.path == "/thi/"
    assert "Tìm hiểu 92 năm Công đoàn Việt Nam" in reader.page
    assert "Đang mở" in reader.page


def test_a_contest_page_has_the_facts_the_awards_the_rules_and_the_commitments(site: Site) -> None:
    page = site.reader().open(PATH)
    for words in (
        "20 câu trong 20\u00a0phút",
        "Giải Khuyến khích",
        "3.000.000 đ",
        "Nghị quyết số 02-NQ/TW",
        "Tọa đàm “Giữ lửa truyền thống",
        "22:00 thứ bảy, 28/8/2021",
        "Mã cam kết số bí mật, Vòng 1",
        "Công bố cùng kết quả",
    ):
        assert words in page, words


def test_the_seed_stays_secret_while_the_contest_runs(site: Site) -> None:
    assert "00" * 32 not in site.reader().open(PATH)


def test_the_full_rules_stand_under_headings(site: Site) -> None:
    page = site.reader().open(PATH + "the-le")
    assert page.count("<h2>") >= 6
    assert page.count("<li>") > 15
    assert "rule." not in page


def test_a_draft_is_nobodys_but_its_organisers(draft_site: Site) -> None:
    reader = draft_site.reader()
    reader.open(PATH)
    assert reader.status == 404
    assert "Chưa có cuộc thi nào" in reader.open("/thi/")
    organiser = draft_site.organiser()
    organiser.open(PATH)
    assert organiser.status == 200


def test_the_language_is_changed_by_a_link_and_kept(site: Site) -> None:
    reader = site.reader()
    reader.open(PATH)
    reader.follow("English")
    assert '<html lang="en">' in reader.page
    assert "92 years of the Viet Nam Trade Union" in reader.page
    assert '<html lang="en">' in reader.open("/thi/")
    cookie = reader.client.get_cookie("quiz_language")
    assert cookie
    assert cookie.http_only


def test_without_a_choice_the_browsers_language_decides(site: Site) -> None:
    client = site.app.test_client()
    for accepted, language in (("en-GB,en;q=0.9", "en"), ("vi-VN", "vi"), ("fr", "vi")):
        page = client.get("/thi/", headers={"Accept-Language": accepted}).text
        assert f'<html lang="{language}">' in page


def test_changing_the_language_never_leads_to_another_site(site: Site) -> None:
    client = site.app.test_client()
    for address in ("https://evil.example/", "//evil.example/", "/\\evil.example", "evil"):
        response = client.get("/thi/ngon-ngu/en", query_string={"next": address})
        assert response.location == "/thi/"
    assert client.get("/thi/ngon-ngu/xx").status_code == 404


def test_the_ranking_is_closed_before_publication(site: Site) -> None:
    reader = site.reader()
    reader.open(f"{PATH}{ROUND}/xep-hang")
    assert reader.status == 409
    assert "chưa được công bố" in reader.page


def test_an_unknown_address_is_told_in_the_look_and_the_readers_language(site: Site) -> None:
    for path in ("/khong-co", "/thi/khong-co/", f"{PATH}khong/co/gi", f"{PATH}vong-9/xep-hang"):
        reader = site.reader("en")
        reader.open(path)
        assert reader.status == 404, path
        assert 'class="foot"' in reader.page
        assert '<html lang="en">' in reader.page


def test_before_the_opening_the_page_says_when_and_nobody_can_start(site: Site) -> None:
    site.clock.now = datetime(2021, 7, 25, 1, tzinfo=UTC)
    reader = site.participant()
    assert "Vòng 1 mở lúc 08:00 thứ hai, 26/7/2021" in reader.page
    assert "Vào thi" not in reader.page
    reader.open(f"{PATH}{ROUND}/bat-dau")
    assert "Vòng thi chưa mở" in reader.page
    assert "<form method" not in reader.page.split("<main")[1]


def test_after_the_close_the_page_says_when_it_closed(site: Site) -> None:
    reader = site.participant()
    site.clock.now = datetime(2021, 8, 29, tzinfo=UTC)
    reader.open(PATH)
    assert "Vòng 1 đã đóng lúc 22:00 thứ bảy, 28/8/2021" in reader.page
