"""Writing the essay in a real browser: counted, saved by itself, offline, two devices, files."""

from __future__ import annotations

import io
import random
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import Browser, Locator, Page, expect

from quizengine.core.text import count_words
from tests.browser.looks import accessibility, sideways, small_targets
from tests.browser.stage import Stage, fill_stage, make_stage, served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ESSAY = "Mỗi tổ công đoàn nên có một buổi lắng nghe vào chiều thứ sáu hằng tuần.\n" * 4
SAVED = re.compile(r"Đã lưu nháp lúc \d\d:\d\d")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The open contest with two people registered, on a server of its own."""
    made = make_stage(tmp_path / "quiz.sqlite3")
    fill_stage(made)
    for key, name, login in (("an", "Lê Thị An", "0900000701"), ("ba", "Vũ Văn Ba", "0900000702")):
        made.enrol(key, name, login)
        made.register(key)
    with served(made):
        yield made


def box(page: Page) -> Locator:
    """The box that the essay is written in."""
    return page.get_by_label("Bài viết của bạn")


def bar(page: Page) -> Locator:
    """The line with the count of words and the state of saving."""
    return page.locator(".save")


def open_essay(page: Page, stage: Stage) -> None:
    """Open the page of the essay."""
    page.goto(stage.page("bai-viet"))


def saved_text(stage: Stage, key: str = "an") -> str:
    """Return the draft as the server has it."""
    with stage.site.engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT draft FROM quiz_essay JOIN quiz_participant AS p ON p.id = participant_id "
            "WHERE p.person = ?",
            (key,),
        ).scalar()
    return str(found or "")


def docx_file(text: str) -> Any:
    """Return a Word file as a browser's file field takes it."""
    document = Document()
    for paragraph in text.splitlines():
        document.add_paragraph(paragraph)
    stream = io.BytesIO()
    document.save(stream)
    return {"name": "bài của tôi.docx", "mimeType": "", "buffer": stream.getvalue()}


def texts(rng: random.Random) -> Iterator[str]:
    """Yield every assigned character between letters, and texts thrown together of all kinds."""
    known = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        # What another version of Unicode may have made a letter meanwhile proves nothing.
        if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")
    ]
    spaces = [character for character in known if character.isspace()]
    for start in range(0, len(known), 2_000):
        yield "".join(f"a{character}a – {character} " for character in known[start : start + 2_000])
    for _ in range(300):
        kinds = (known, spaces, "aăâế –.,\ufeff\u200b\u2060\u0301\r\n\x00", "\ud800\udc00\udfff")
        yield "".join(rng.choice(rng.choice(kinds)) for _ in range(rng.randrange(60)))


def test_the_browser_counts_every_text_as_the_server_does(chromium: Browser, stage: Stage) -> None:
    with stage.browser(chromium, "an") as context:
        page = context.new_page()
        open_essay(page, stage)
        all_texts = list(texts(random.Random(20)))
        counted = page.evaluate(
            """units => units.map(codes => {
                const box = document.querySelector("textarea"), parts = [];
                for (let at = 0; at < codes.length; at += 1000)
                    parts.push(String.fromCharCode(...codes.slice(at, at + 1000)));
                box.value = parts.join("");
                box.dispatchEvent(new Event("input"));
                return document.querySelector("output").value;
            })""",
            [_units(text) for text in all_texts],
        )
        for text, said in zip(all_texts, counted, strict=True):
            number = re.match(r"[\d.]+", said)
            assert number, said
            # Two halves that meet are one character to a browser and to the server that is sent it.
            sent = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
            assert int(number[0].replace(".", "")) == count_words(sent), text[:200]


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-le", "surrogatepass")
    return [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]


def test_a_draft_saves_itself_and_what_was_not_sent_comes_back_after_the_tab_was_closed(
    chromium: Browser, stage: Stage
) -> None:
    with stage.browser(chromium, "an") as context:
        page = context.new_page()
        open_essay(page, stage)
        expect(bar(page)).to_contain_text("0 trên tối đa 1.000 chữ, còn thiếu 50 chữ")
        box(page).fill("Một ý")
        expect(bar(page)).to_contain_text("2 trên tối đa 1.000 chữ, còn thiếu 48 chữ")
        expect(bar(page)).to_contain_text(SAVED, timeout=10_000)
        assert saved_text(stage) == "Một ý"

        context.set_offline(True)
        box(page).press_sequentially(" hay")
        expect(page.locator("[data-state=offline]")).to_be_visible(timeout=10_000)
        assert accessibility(page) == []
        page.get_by_role("button", name="Xem lại rồi nộp").click()
        expect(box(page)).to_have_value("Một ý hay")  # it stays, and no page of the browser comes
        page.close(run_before_unload=False)
        assert saved_text(stage) == "Một ý"

        context.set_offline(False)
        page = context.new_page()
        open_essay(page, stage)
        expect(box(page)).to_have_value("Một ý hay")
        expect(bar(page)).to_contain_text(SAVED, timeout=10_000)
        assert saved_text(stage) == "Một ý hay"
        assert page.evaluate("Object.keys(localStorage)") == []


def test_coming_back_online_sends_what_was_written_meanwhile(
    chromium: Browser, stage: Stage
) -> None:
    with stage.browser(chromium, "an") as context:
        page = context.new_page()
        open_essay(page, stage)
        context.set_offline(True)
        box(page).fill("Viết lúc mất mạng")
        expect(page.locator("[data-state=offline]")).to_be_visible(timeout=10_000)
        box(page).press_sequentially(" và sau đó")
        context.set_offline(False)
        expect(bar(page)).to_contain_text(SAVED, timeout=15_000)
        page.wait_for_function("() => !Object.keys(localStorage).length")
        assert saved_text(stage) == "Viết lúc mất mạng và sau đó"


def test_an_answer_that_was_lost_is_no_other_device(chromium: Browser, stage: Stage) -> None:
    with stage.browser(chromium, "an") as context:
        page = context.new_page()
        open_essay(page, stage)
        lost: list[str] = []

        def lose(route: Any) -> None:
            if not lost and route.request.method == "POST":
                lost.append(route.fetch().text())
                route.abort()
            else:
                route.continue_()

        page.route("**/bai-viet", lose)
        box(page).fill("Một")
        expect(page.locator("[data-state=offline]")).to_be_visible(timeout=10_000)
        assert len(lost) == 1
        assert saved_text(stage) == "Một"
        box(page).press_sequentially(" hai")
        page.wait_for_function("() => !Object.keys(localStorage).length", timeout=25_000)
        assert saved_text(stage) == "Một hai"


@pytest.mark.parametrize("keep", ["Giữ bài trong khung", "Lấy bản trên máy chủ"])
def test_of_two_devices_drafts_the_person_chooses(
    chromium: Browser, stage: Stage, keep: str
) -> None:
    with stage.browser(chromium, "an") as phone, stage.browser(chromium, "an") as desk:
        here, there = phone.new_page(), desk.new_page()
        open_essay(here, stage)
        open_essay(there, stage)
        box(there).fill("Bản trên máy bàn")
        expect(bar(there)).to_contain_text(SAVED, timeout=10_000)
        box(here).fill("Bản trên điện thoại")
        compare = here.get_by_role("button", name="So hai bản")
        expect(compare).to_be_visible(timeout=10_000)
        assert saved_text(stage) == "Bản trên máy bàn"
        here.reload()  # still nothing is chosen
        expect(box(here)).to_have_value("Bản trên điện thoại")
        compare.click()
        expect(here.get_by_role("alert")).to_contain_text("bản nháp mới hơn")
        expect(box(here)).to_have_value("Bản trên điện thoại")
        expect(here.locator(".text")).to_have_text("Bản trên máy bàn")
        assert accessibility(here) == []
        here.get_by_text(keep, exact=True).click()
        kept = "Bản trên điện thoại" if "khung" in keep else "Bản trên máy bàn"
        expect(box(here)).to_have_value(kept)
        expect(compare).to_be_hidden()
        assert saved_text(stage) == kept


def test_the_next_person_on_the_phone_neither_sees_nor_sends_the_text(
    chromium: Browser, stage: Stage
) -> None:
    with stage.browser(chromium, "an") as context, stage.browser(chromium, "ba") as other:
        page = context.new_page()
        open_essay(page, stage)
        context.set_offline(True)
        box(page).fill("Của An")
        expect(page.locator("[data-state=offline]")).to_be_visible(timeout=10_000)
        page.goto("about:blank")
        cookies = context.cookies(stage.address)
        context.set_offline(False)
        context.add_cookies(_plain(other.cookies(stage.address)))
        open_essay(page, stage)
        expect(box(page)).to_have_value("")
        box(page).fill("Của Ba")
        expect(bar(page)).to_contain_text(SAVED, timeout=10_000)
        assert saved_text(stage, "ba") == "Của Ba"
        context.add_cookies(_plain(cookies))
        open_essay(page, stage)
        expect(box(page)).to_have_value("Của An")
        page.wait_for_function("() => !Object.keys(localStorage).length")
        assert (saved_text(stage, "an"), saved_text(stage, "ba")) == ("Của An", "Của Ba")


def _plain(cookies: Any) -> Any:
    return [{key: cookie[key] for key in ("name", "value", "domain", "path")} for cookie in cookies]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_word_file_is_taken_checked_and_handed_in(
    chromium: Browser, stage: Stage, script: bool
) -> None:
    with stage.browser(chromium, "an", script=script) as context:
        page, file = context.new_page(), docx_file(ESSAY)
        open_essay(page, stage)
        box(page).fill("Gõ dở")
        page.get_by_label("Tệp Word, PDF").set_input_files(file)
        page.get_by_role("button", name="Lấy chữ từ tệp").click()
        expect(page.get_by_role("alert")).to_contain_text("Trong khung đã có 2 chữ")
        expect(box(page)).to_have_value("Gõ dở")
        page.get_by_label("Tệp Word, PDF").set_input_files(file)
        page.get_by_label("Lấy chữ trong tệp thay cho bài trong khung").check()
        page.get_by_role("button", name="Lấy chữ từ tệp").click()
        expect(box(page)).to_have_value(ESSAY)
        if script:
            assert accessibility(page) == []
            assert sideways(page) == []
            assert small_targets(page) == []
        box(page).press_sequentially("Thêm một câu.")
        page.get_by_role("button", name="Xem lại rồi nộp").click()
        page.get_by_role("button", name=re.compile("Nộp bài")).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Bài viết của bạn đã tới nơi")
        expect(page.locator(".slip")).to_contain_text("bài của tôi.docx")
        with page.expect_download() as download:
            page.get_by_role("link", name="bài của tôi.docx").click()
        assert Path(download.value.path()).read_bytes() == file["buffer"]


def test_everything_is_done_by_keyboard(chromium: Browser, stage: Stage) -> None:
    with stage.browser(chromium, "an") as context:
        page = context.new_page()
        open_essay(page, stage)
        keys = page.keyboard
        _tab_to(page, "text")
        keys.insert_text(ESSAY)
        keys.press("Tab")
        expect(page.get_by_role("button", name="Xem lại rồi nộp")).to_be_focused()
        keys.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Xem lại trước khi nộp")
        for _ in range(20):
            keys.press("Tab")
            if page.evaluate("document.activeElement.textContent").startswith("Nộp bài"):
                break
        keys.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Bài viết của bạn đã tới nơi")


def _tab_to(page: Page, name: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == name:
            return
    pytest.fail(f"the Tab key does not lead to {name}")
