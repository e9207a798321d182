"""What everybody may read: the list, a contest, its rules, in either language."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from quizengine.web.board import time_left
from quizengine.web.in_app import inside_app
from tests.web.site import ROUND, SLUG, Reader, Site
from tests.web.test_journey import answer, publish
from tests.web.test_play import begin

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
        "3.000.000\u00a0đ",
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


def words_of(page: str) -> str:
    """Return the text of a page's main part, its tags taken out and its spaces made one."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.split("<main")[1]).split())


def test_the_time_left_stands_on_the_page_without_a_script(site: Site) -> None:
    reader = site.reader()
    for now, words in (
        (datetime(2021, 7, 25, 1, tzinfo=UTC), "Còn: 1 ngày"),
        (datetime(2021, 8, 22, 13, 0, 30, tzinfo=UTC), "Còn: 6 ngày 1 giờ Cuộc thi"),
        (datetime(2021, 8, 28, 14, 51, tzinfo=UTC), "Còn: 9 phút"),
    ):
        site.clock.now = now
        assert words in words_of(reader.open(PATH)), words
    site.clock.now = datetime(2021, 8, 29, tzinfo=UTC)
    assert "Còn:" not in words_of(reader.open(PATH))


@pytest.mark.parametrize(
    ("minutes", "parts"),
    [
        (0, [(0, "minutes")]),
        (59, [(59, "minutes")]),
        (60, [(1, "hours")]),
        (61, [(1, "hours"), (1, "minutes")]),
        (1440, [(1, "days")]),
        (1445, [(1, "days")]),
        (7860, [(5, "days"), (11, "hours")]),
        (-5, [(0, "minutes")]),
    ],
)
def test_time_left_is_told_in_its_two_largest_units(
    minutes: int, parts: list[tuple[int, str]]
) -> None:
    assert time_left(timedelta(minutes=minutes)) == parts
    assert time_left(timedelta(minutes=minutes, seconds=59)) == parts or minutes < 0


def test_somebody_who_took_part_is_told_after_the_close_that_it_counts(site: Site) -> None:
    reader = begin(site)
    answer(reader)
    absent = site.participant("Lý Mai Anh", "0900000222")
    site.clock.now = datetime(2021, 8, 29, tzinfo=UTC)
    page = words_of(reader.open(PATH))
    assert "Bài của bạn ở Vòng 1 được tính" in page
    assert "Máy chủ đã nhận 1 lượt của bạn" in page
    assert "Kết quả công bố lúc 09:00 thứ hai, 6/9/2021" in page
    assert "Bạn không có lượt thi nào ở Vòng 1" in words_of(absent.open(PATH))
    stranger = words_of(site.reader().open(PATH))
    assert "lượt thi nào" not in stranger


def test_after_everything_is_over_nobody_is_asked_to_register(site: Site) -> None:
    reader = site.reader()
    assert "Đăng ký và vào thi" in reader.open(PATH)
    site.clock.now = datetime(2021, 7, 25, 1, tzinfo=UTC)
    assert "Đăng ký và vào thi" not in reader.open(PATH)
    assert f'href="{PATH}dang-ky"' in reader.page
    site.clock.now = datetime(2021, 9, 1, tzinfo=UTC)
    assert f'href="{PATH}dang-ky"' not in reader.open(PATH)


def test_the_own_place_stands_on_the_page_once_the_results_are_out(site: Site) -> None:
    reader = begin(site)
    answer(reader)
    publish(site)
    page = words_of(reader.open(PATH))
    assert "Hạng 1 Vòng 1," in page
    assert "trên 20 điểm" in page


def test_a_draft_says_that_it_is_one(draft_site: Site) -> None:
    organiser = draft_site.organiser()
    assert "Chỉ ban tổ chức thấy trang này" in organiser.open(PATH)
    organiser.follow("Xem còn thiếu gì, và mở cuộc thi")
    assert organiser.path == f"/thi/to-chuc/{SLUG}/"


def test_the_list_tells_what_opens_runs_and_is_over(site: Site) -> None:
    reader = site.reader()
    for now, words in (
        (datetime(2021, 7, 25, 1, tzinfo=UTC), "Sắp mở"),
        (datetime(2021, 8, 22, 13, tzinfo=UTC), "Đang mở"),
        (datetime(2021, 8, 29, tzinfo=UTC), "Đã đóng"),
    ):
        site.clock.now = now
        assert words in words_of(reader.open("/thi/"))


ANDROID = "Mozilla/5.0 (Linux; Android 7.0; SM-G930F{view}) AppleWebKit/537.36 Chrome/80.0.3987.99 "


@pytest.mark.parametrize(
    ("user_agent", "app"),
    [
        (ANDROID.format(view="") + "Mobile Safari/537.36", ""),
        (ANDROID.format(view="; wv") + "Mobile Safari/537.36", "app"),
        (ANDROID.format(view="; wv") + "Mobile Safari/537.36 Zalo android/12100 ZaloTheme", "Zalo"),
        (ANDROID.format(view="; wv") + "Mobile [FB_IAB/FB4A;FBAV/300.0.0;]", "Facebook"),
        (ANDROID.format(view="; wv") + "Mobile [FB_IAB/Orca-Android;FBAV/3.0;]", "Messenger"),
        ("Mozilla/5.0 (iPhone) Mobile/15E148 [FBAN/MessengerForiOS;FBAV/4.0]", "Messenger"),
        ("Mozilla/5.0 (iPhone) Mobile/15E148 Instagram 150.0", "Instagram"),
        ("Mozilla/5.0 (iPhone) Mobile/15E148 Safari Line/11.1", "LINE"),
        ("", ""),
    ],
)
def test_a_browser_inside_another_application_is_known_by_what_it_says(
    user_agent: str, app: str
) -> None:
    assert inside_app(user_agent) == app


def test_somebody_inside_another_application_is_told_how_to_leave_it(site: Site) -> None:
    client = site.app.test_client()
    client.set_cookie("quiz_language", "vi")
    page = client.get(PATH, headers={"User-Agent": "Mozilla/5.0 Zalo iOS/500"}).text
    assert "Bạn đang xem trong Zalo" in page
    assert "Mở bằng trình duyệt" in page
    assert "Mở bằng trình duyệt" not in client.get(PATH).text


def test_a_page_that_may_come_back_offers_to_try_again(site: Site) -> None:
    reader = Reader(site.app.test_client())
    reader.open("/thi/khong-co/")
    assert "<svg viewBox" in reader.page
    assert "Thử lại" not in reader.page
