"""A contest in a real browser, from registration to the ranking."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import SLUG, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
PASSWORD = "mùa thu lá vàng"
ESSAY = (
    "Tôi đề nghị mỗi tổ công đoàn có một buổi nói chuyện mười lăm phút vào sáng thứ hai. "
    "Ai có việc khó thì nói, tổ trưởng ghi lại và trả lời trong tuần. Việc nào vượt quá sức của tổ "
    "thì chuyển lên ban chấp hành, có ngày hẹn trả lời rõ ràng, để đoàn viên biết tiếng nói của "
    "mình đã đi tới đâu và ai đang lo việc ấy."
)


def open_page(browser: Browser, size: dict[str, int], *, script: bool = False) -> BrowserContext:
    """A browser of a person who reads Vietnamese."""
    return browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        java_script_enabled=script,
        locale="vi-VN",
    )


Look = Callable[[Page], None]


def look_at_nothing(page: Page) -> None:
    """Without JavaScript nothing can be measured in the page."""


def look_closely(page: Page) -> None:
    """No accessibility violation, no sideways scroll, in light and in dark."""
    for scheme in ("light", "dark"):
        # Colours that are still fading into one another are nobody's colours.
        page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme} {page.url}\n{found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide, f"{page.url} is wider than the window"


def test_a_person_takes_part_on_a_phone_without_javascript_and_sees_the_ranking(
    chromium: Browser, site: Site
) -> None:
    phone = open_page(chromium, PHONE)
    page = phone.new_page()
    _register(page, site, "0900070001", look_at_nothing)
    receipt = _take_the_exam(page, look_at_nothing)
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", receipt)
    _write_the_essay(page, site, look_at_nothing)

    page.goto(site.page("vong-1/xep-hang"))
    expect(page.locator("table")).to_have_count(0)  # nothing is shown before the publication

    organiser = open_page(chromium, DESK)
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


def _register(page: Page, site: Site, phone: str, look: Look) -> None:
    page.goto(site.page(""))
    page.get_by_role("link", name="Đăng ký và vào thi").click()
    page.get_by_role("link", name="Tạo tài khoản").click()
    page.get_by_label("Họ và tên").fill("Nguyễn Thị Mẫu")
    page.get_by_label("Số điện thoại").fill(phone)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Tạo tài khoản").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng ký dự thi")
    expect(page.get_by_role("checkbox").first).not_to_be_checked()
    look(page)
    page.get_by_role("radio").first.check()
    page.get_by_label("Đơn vị của bạn").fill("hoa gao")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Đăng ký").click()
    look(page)
    page.get_by_role("radio", name=re.compile("Trường Tiểu học Hoa Gạo")).check()
    page.get_by_role("button", name="Đăng ký").click()
    look(page)


def _take_the_exam(page: Page, look: Look) -> str:
    """Answer every question but the last, hand in, and return the receipt code."""
    page.get_by_role("link", name=re.compile("Vào thi")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("20 phút, đến")
    look(page)
    page.get_by_role("button", name=re.compile("Bắt đầu")).click()

    questions = page.locator("fieldset.q")
    expect(questions).to_have_count(20)
    for number in range(10):
        questions.nth(number).locator("input").first.check()
    page.get_by_role("button", name="Lưu").first.click()
    expect(page.locator("fieldset.q input:checked")).to_have_count(10)
    look(page)
    for number in range(10, 19):
        questions.nth(number).locator("input").first.check()
    page.get_by_label(re.compile("dự đoán")).fill("1.250")
    page.get_by_role("button", name="Kiểm tra").click()

    expect(page.locator(".note.warn")).to_contain_text("1 câu chưa trả lời")
    look(page)
    page.get_by_role("button", name=re.compile("Nộp bài")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bài của bạn đã tới nơi")
    expect(page.locator(".slip")).to_contain_text("19 trên 20 câu, dự đoán 1.250")
    look(page)
    return page.locator(".code").inner_text()


def _write_the_essay(page: Page, site: Site, look: Look) -> None:
    page.goto(site.page("bai-viet"))
    page.get_by_role("textbox").fill(ESSAY)
    page.get_by_role("button", name="Lưu bản nháp").click()
    expect(page.get_by_role("textbox")).to_have_value(ESSAY)
    look(page)
    page.get_by_role("button", name="Xem lại rồi nộp").click()
    page.get_by_role("button", name=re.compile("Nộp bài")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bài viết của bạn đã tới nơi")
    look(page)


def _log_in_as_organiser(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/dang-nhap?next=/thi/to-chuc/")
    page.get_by_label("Số điện thoại hoặc tên đăng nhập").fill("organiser")
    page.get_by_label("Mật khẩu").fill(site.password)
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


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_of_a_participant_has_an_accessibility_violation_or_scrolls_sideways(
    chromium: Browser, site: Site, size: dict[str, int]
) -> None:
    context = open_page(chromium, size, script=True)
    page = context.new_page()
    for address in (f"{site.address}/thi/", site.page(""), site.page("the-le")):
        page.goto(address)
        look_closely(page)
    page.goto(f"{site.address}/thi/khong-co")
    look_closely(page)
    _register(page, site, f"09000800{size['width']:04}"[:10], look_closely)
    _take_the_exam(page, look_closely)
    _write_the_essay(page, site, look_closely)
    context.close()


def test_no_page_of_an_organiser_has_an_accessibility_violation_or_scrolls_sideways(
    chromium: Browser, site: Site
) -> None:
    context = open_page(chromium, DESK, script=True)
    page = context.new_page()
    _log_in_as_organiser(page, site)
    for path in ("", "dong", "bai-trung", "huy-luot"):
        page.goto(f"{site.address}/thi/to-chuc/{SLUG}/{path}")
        look_closely(page)
    _close_and_publish(page, site)
    look_closely(page)
    page.goto(site.page("vong-1/xep-hang"))
    expect(page.locator("tbody tr").first).to_be_visible()
    look_closely(page)
    context.close()
