"""Registering in a real browser: the list of units by keyboard, the name, an unlisted unit."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "mùa thu lá vàng"
HOA_GAO = "CĐCS Trường Tiểu học Hoa Gạo"


def open_form(chromium: Browser, site: Site) -> Page:
    """The registration on a phone, as a stranger meets it."""
    context = chromium.new_context(viewport={"width": 360, "height": 740}, locale="vi-VN")
    page = context.new_page()
    page.goto(site.page("dang-ky"))
    return page


def test_a_unit_is_chosen_by_keyboard_with_accents_or_without(
    chromium: Browser, site: Site
) -> None:
    page = open_form(chromium, site)
    unit = page.get_by_role("combobox", name="Đơn vị của bạn")
    options = page.get_by_role("option")
    for typed in ("tieu hoc hoa gao", "Tiểu học Hoa Gạo"):
        unit.fill("")
        unit.press_sequentially(typed)
        expect(options.first).to_contain_text(HOA_GAO)
        expect(options.last).to_contain_text("Đơn vị của tôi không có ở đây")
        expect(options.first.locator("b").last).to_have_text("Gạo")
        expect(unit).to_have_attribute("aria-expanded", "true")
        unit.press("Escape")
        expect(unit).to_have_attribute("aria-expanded", "false")
        expect(unit).to_have_value(typed)
        unit.press("ArrowDown")
        expect(options.first).to_be_visible()
        unit.press("ArrowDown")
        expect(options.first).to_have_attribute("aria-selected", "true")
        active = unit.get_attribute("aria-activedescendant")
        assert active == options.first.get_attribute("id")
        expect(page.locator(".sr[role=status]").first).to_contain_text("đơn vị phù hợp")
        unit.press("Enter")
        expect(unit).to_have_value(HOA_GAO)
        expect(options).to_have_count(0)
        assert page.locator("input[name=unit_code]").input_value()
    unit.press_sequentially(" 2")
    expect(page.locator("input[name=unit_code]")).to_be_disabled()
    page.context.close()


def test_without_the_network_the_field_is_sent_as_it_is(chromium: Browser, site: Site) -> None:
    page = open_form(chromium, site)

    def fail(route: Route) -> None:
        route.abort()

    page.route("**/don-vi?*", fail)
    unit = page.get_by_role("combobox", name="Đơn vị của bạn")
    with page.expect_event("requestfailed", lambda one: "don-vi" in one.url):
        unit.press_sequentially("hoa gao")
    expect(unit).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Đăng ký và vào thi").click()
    expect(page.get_by_role("radio", name=HOA_GAO)).to_be_visible()
    page.context.close()


def test_a_person_of_an_unlisted_unit_takes_part_at_once(chromium: Browser, site: Site) -> None:
    page = open_form(chromium, site)
    name = page.get_by_label("Họ và tên")
    name.fill("TRẦN THỊ MẪU")
    name.press("Tab")
    page.get_by_role("button", name="In là Trần Thị Mẫu").click()
    expect(name).to_have_value("Trần Thị Mẫu")
    expect(page.locator("[data-name]")).to_be_hidden()
    page.get_by_label("Số điện thoại").fill("0900070002")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("radio").first.check()
    unit = page.get_by_role("combobox", name="Đơn vị của bạn")
    unit.press_sequentially("to hop may moi")
    expect(page.get_by_role("option").last).to_be_visible()
    unit.press("ArrowUp")
    unit.press("Enter")
    typed = page.get_by_label("Tên đơn vị của bạn")
    expect(typed).to_be_focused()
    expect(typed).to_have_value("to hop may moi")
    typed.fill("CĐCS Tổ hợp May Mới")
    parent = page.get_by_role("combobox", name="Đơn vị cấp trên")
    parent.press_sequentially("vinh lam")
    expect(page.get_by_role("option").first).to_be_visible()
    parent.press("ArrowDown")
    parent.press("Enter")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Đăng ký và vào thi").click()
    expect(page.locator("main")).to_contain_text("CĐCS Tổ hợp May Mới")
    page.context.close()


def test_the_scripts_of_the_page_serve_somebody_logged_in_too(
    chromium: Browser, site: Site
) -> None:
    page = open_form(chromium, site)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site.address}/tao-tai-khoan")
    page.get_by_label("Họ và tên").fill("Trần Thị Mẫu")
    page.get_by_label("Số điện thoại").fill("0900070003")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Tạo tài khoản").click()
    page.wait_for_url("**/thi/")
    page.goto(site.page("dang-ky"))
    name = page.get_by_label("Họ và tên")
    name.fill("TRẦN THỊ MẪU")
    name.press("Tab")
    expect(page.get_by_role("button", name="In là Trần Thị Mẫu")).to_be_visible()
    assert errors == []
    page.context.close()
