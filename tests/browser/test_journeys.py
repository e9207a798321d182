"""The whole evening of one person on a phone: by taps with JavaScript, and by keyboard alone.

``test_contest`` has the one without JavaScript, on the demonstration as it is served.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.keyboard import Keyboard
from tests.browser.scenes import ESSAY, OVER, RESULTS, close, publish
from tests.browser.stage import QUESTIONS, Stage, fill_stage, make_stage, served
from tests.web.site import ROUND

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "Nguyễn Thị Mẫu"
PASSWORD = "mùa thu lá vàng"
UNIT = "CĐCS Trường Tiểu học Hoa Gạo"
RECEIPT = re.compile("[2-9A-Z]{4}-[2-9A-Z]{4}")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The sample contest, open, with nobody in it."""
    made = make_stage(tmp_path / "quiz.sqlite3")
    fill_stage(made)
    with served(made):
        yield made


def test_a_person_takes_part_by_taps(chromium: Browser, stage: Stage) -> None:
    with stage.browser(chromium) as phone:
        page = phone.new_page()
        _register_by_taps(page, stage)
        page.get_by_role("link", name=re.compile("Vào thi")).first.click()
        page.get_by_role("button", name=re.compile("Bắt đầu")).click()

        questions = page.locator("fieldset.q")
        expect(questions).to_have_count(QUESTIONS)
        for number in range(QUESTIONS):
            questions.nth(number).locator("label.opt").first.click()
        questions.nth(4).locator("label.flag").click()
        page.get_by_label(re.compile("dự đoán")).fill("1.250")
        page.get_by_role("button", name="Kiểm tra").click()
        _hand_in_by_taps(page)

        page.goto(stage.page("bai-viet"))
        page.get_by_role("textbox").fill(ESSAY)
        page.get_by_role("button", name="Xem lại rồi nộp").click()
        page.get_by_role("button", name=re.compile("Nộp bài")).click()
        expect(page.locator(".code")).to_have_text(RECEIPT)

        _publish(page, stage)
        page.get_by_role("link", name="Đăng nhập").click()
        page.get_by_label("Số điện thoại hoặc tên đăng nhập").fill("0900070002")
        page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        _see_own_place(page)


def _see_own_place(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text("Xếp hạng")
    expect(page.locator("section", has_text="Hạng của bạn")).to_contain_text(NAME)
    expect(page.locator("tr.me")).to_have_count(1)


def _register_by_taps(page: Page, stage: Stage) -> None:
    page.goto(stage.page())
    page.get_by_role("link", name="Đăng ký và vào thi").click()
    page.get_by_label("Họ và tên").fill(NAME)
    page.get_by_label("Số điện thoại").fill("0900070002")
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    page.get_by_role("radio").first.check()
    page.get_by_role("combobox").first.fill("hoa gao tieu hoc")
    page.get_by_role("option", name=UNIT).click()
    for consent in page.get_by_role("checkbox").all():
        consent.check()
    page.get_by_role("button", name="Đăng ký").click()
    expect(page.locator(".note.ok")).to_contain_text(NAME)


def _hand_in_by_taps(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Kiểm tra bài trước khi nộp")
    expect(page.locator("main")).to_contain_text("20 trên 20 câu")
    expect(page.locator("main")).to_contain_text("1 câu")
    page.get_by_role("button", name=re.compile("Nộp bài")).click()
    expect(page.locator(".slip")).to_contain_text("20 trên 20 câu, dự đoán 1.250")
    expect(page.locator(".code")).to_have_text(RECEIPT)


def _publish(page: Page, stage: Stage) -> None:
    """Nothing is shown before the publication; by then the log-in of the evening has ended."""
    page.goto(stage.page(f"{ROUND}/xep-hang"))
    expect(page.locator("table")).to_have_count(0)
    stage.clock.now = OVER
    close(stage)
    stage.clock.now = RESULTS
    publish(stage)
    page.reload()
    expect(page.locator("tbody")).to_contain_text(NAME)


def test_a_person_takes_part_by_keyboard_alone(chromium: Browser, stage: Stage) -> None:
    with stage.browser(chromium) as phone:
        page = phone.new_page()
        keys = Keyboard(page)
        page.goto(stage.page())
        keys.follow("^Đăng ký và vào thi$")
        _register_by_keyboard(keys)
        keys.follow("^Vào thi")
        keys.follow("^Bắt đầu lượt")
        _answer_by_keyboard(keys)
        keys.go_to("Kiểm tra")
        keys.press("Enter")
        expect(page).to_have_url(re.compile("kiem-tra$"))
        expect(page.locator("main")).to_contain_text("20 trên 20 câu")
        keys.follow("^Nộp bài")
        expect(page.locator(".slip")).to_contain_text("20 trên 20 câu, dự đoán 1.250")

        keys.follow("^Viết")
        keys.fill("Bài viết của bạn", ESSAY)
        keys.follow("^Xem lại rồi nộp$")
        keys.follow("^Nộp bài")
        expect(page.locator(".code")).to_have_text(RECEIPT)

        _publish(page, stage)
        keys.follow("^Đăng nhập$")
        keys.fill("^Số điện thoại", "0900070003")
        keys.fill("^Mật khẩu", PASSWORD)
        with page.expect_navigation():
            keys.press("Enter")
        _see_own_place(page)


def _register_by_keyboard(keys: Keyboard) -> None:
    page = keys.page
    keys.fill("^Họ và tên", NAME)
    keys.fill("^Số điện thoại", "0900070003")
    keys.fill("^Mật khẩu", PASSWORD)
    keys.go_to("^Cán bộ công đoàn")
    keys.press("Space")
    keys.fill("^Đơn vị của bạn", "hoa gao tieu hoc")
    expect(page.get_by_role("option", name=UNIT)).to_be_visible()
    keys.press("ArrowDown", "Enter")
    expect(page.get_by_role("combobox").first).to_have_value(UNIT)
    expect(page).to_have_url(re.compile("dang-ky$"))
    keys.go_to("kết quả")
    keys.press("Space")
    expect(page.get_by_role("checkbox").first).to_be_checked()
    keys.follow("^Đăng ký")
    expect(page.locator(".note.ok")).to_contain_text(NAME)


def _answer_by_keyboard(keys: Keyboard) -> None:
    """Choose with number keys, flag with F, go on with N; the prediction comes after the last."""
    page = keys.page
    expect(page.locator("fieldset.q")).to_have_count(QUESTIONS)
    keys.go_to("^A")
    for number in range(QUESTIONS):
        keys.press(str(1 + number % 2))
        if number == 4:
            keys.press("f")
        keys.press("n")
    expect(page.locator("fieldset.q .opt input:checked")).to_have_count(QUESTIONS)
    expect(page.locator("fieldset.q .flag input:checked")).to_have_count(1)
    expect(page.get_by_label(re.compile("dự đoán"))).to_be_focused()
    page.keyboard.type("1.250")
