"""The demonstration as it is served: a contest without JavaScript, from start to ranking."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Site
from tests.browser.stage import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "mùa thu lá vàng"
ESSAY = (
    "Tôi đề nghị mỗi tổ công đoàn có một buổi nói chuyện mười lăm phút vào sáng thứ hai. "
    "Ai có việc khó thì nói, tổ trưởng ghi lại và trả lời trong tuần. Việc nào vượt quá sức của tổ "
    "thì chuyển lên ban chấp hành, có ngày hẹn trả lời rõ ràng, để đoàn viên biết tiếng nói của "
    "mình đã đi tới đâu và ai đang lo việc ấy."
)


def open_browser(browser: Browser, size: tuple[int, int]) -> BrowserContext:
    """A browser of a person who reads Vietnamese."""
    return browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        java_script_enabled=False,
        locale="vi-VN",
    )


def test_a_person_takes_part_on_a_phone_without_javascript_and_sees_the_ranking(
    chromium: Browser, site: Site
) -> None:
    phone = open_browser(chromium, PHONE)
    page = phone.new_page()
    _register(page, site, "0900070001")
    receipt = _take_the_exam(page)
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", receipt)
    _write_the_essay(page, site)

    page.goto(site.page("vong-1/xep-hang"))
    expect(page.locator("table")).to_have_count(0)  # nothing is shown before the publication

    organiser = open_browser(chromium, DESK)
    desk = organiser.new_page()
    _log_in_as_organiser(desk, site)
    _close_and_publish(desk, site)

    page.goto(site.page("vong-1/xep-hang"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Xếp hạng")
    own = page.locator("tr.me")
    if not own.count():  # the own place stands above the table, whichever page it is on
        own = page.locator("section", has_text="Hạng của bạn")
    expect(own.first).to_be_visible()
    assert page.locator("tbody tr").count() > 10
    phone.close()
    organiser.close()


def _register(page: Page, site: Site, phone: str) -> None:
    page.goto(site.page(""))
    page.get_by_role("link", name="Đăng ký và vào thi").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng ký dự thi")
    expect(page.get_by_role("checkbox").first).not_to_be_checked()
    page.get_by_label("Họ và tên").fill("Nguyễn Thị Mẫu")
    page.get_by_label("Số điện thoại").fill(phone)
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    page.get_by_role("radio").first.check()
    page.get_by_label("Đơn vị của bạn", exact=True).fill("hoa gao")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Đăng ký").click()

    # Several units match; no page holds a password, so it is typed again.
    page.get_by_role("radio", name=re.compile("Trường Tiểu học Hoa Gạo")).check()
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Đăng ký").click()
    expect(page.locator(".note.ok")).to_contain_text("Nguyễn Thị Mẫu")


def _take_the_exam(page: Page) -> str:
    """Answer every question but the last, hand in, and return the receipt code."""
    page.get_by_role("link", name=re.compile("Vào thi")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("20 phút, đến")
    page.get_by_role("button", name=re.compile("Bắt đầu")).click()

    questions = page.locator("fieldset.q")
    expect(questions).to_have_count(20)
    for number in range(10):
        questions.nth(number).locator("input").first.check()
    page.get_by_role("button", name="Lưu").first.click()
    expect(page.locator("fieldset.q input:checked")).to_have_count(10)
    for number in range(10, 19):
        questions.nth(number).locator("input").first.check()
    page.get_by_label(re.compile("dự đoán")).fill("1.250")
    page.get_by_role("button", name="Kiểm tra").click()

    expect(page.locator(".note.warn")).to_contain_text("1 câu chưa trả lời")
    page.get_by_role("button", name=re.compile("Nộp bài")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bài của bạn đã tới nơi")
    expect(page.locator(".slip")).to_contain_text("19 trên 20 câu, dự đoán 1.250")
    return page.locator(".code").inner_text()


def _write_the_essay(page: Page, site: Site) -> None:
    page.goto(site.page("bai-viet"))
    page.get_by_role("textbox").fill(ESSAY)
    page.get_by_role("button", name="Lưu bản nháp").click()
    expect(page.get_by_role("textbox")).to_have_value(ESSAY)
    page.get_by_role("button", name="Xem lại rồi nộp").click()
    page.get_by_role("button", name=re.compile("Nộp bài")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bài viết của bạn đã tới nơi")


def _log_in_as_organiser(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/dang-nhap?next=/thi/to-chuc/")
    page.get_by_label("Số điện thoại hoặc tên đăng nhập").fill("organiser")
    page.get_by_label("Mật khẩu", exact=True).fill(site.password)
    page.get_by_role("button", name="Đăng nhập").click()


def _close_and_publish(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/thi/to-chuc/")
    page.get_by_role("link", name=re.compile("Tình trạng")).first.click()
    page.get_by_role("link", name="Đóng cuộc thi").click()
    page.get_by_role("button", name="Đóng cuộc thi").click()
    # An answer that is on its way may still come within the grace of five seconds.
    page.wait_for_timeout(6_000)
    page.reload()
    page.get_by_role("link", name="Công bố kết quả").click()
    page.get_by_role("button", name="Công bố kết quả").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("công bố")
