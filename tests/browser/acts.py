"""What people do on a page to get it into a state that no address leads to."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from urllib.parse import urljoin

from docx import Document
from playwright.sync_api import Page, expect

from quizengine.services.answers import Answer
from tests.browser.stage import Stage

NAME = "Nguyễn Thị Mẫu"
SAVED = re.compile("^(Đã lưu|Saved)")

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CONTEST, CONTACT = "Tìm hiểu an toàn lao động", "0900 000 123, 8:00 đến 17:00"
QUESTIONS_WITHOUT_A_KEY = """\
Chủ đề: Phòng cháy
Câu 1. Việc đầu tiên khi phát hiện cháy trong phân xưởng là gì?
A. Báo động cho mọi người cùng biết
B. Thu dọn đồ cá nhân
C. Chờ tổ trưởng đến
Câu 2. Bình khí CO2 thích hợp nhất để chữa đám cháy nào?
A. Đám cháy thiết bị điện trong phòng kín
B. Đám cháy rừng
C. Đám cháy kim loại kiềm
Đáp án: A
Câu 3. Lối thoát nạn phải như thế nào?
A. Khóa lại ngoài giờ làm việc
B. Luôn thông thoáng, không để vật cản
C. Chỉ mở khi có diễn tập
Đáp án: B
"""


TYPED = (
    CONTEST,
    CONTACT,
    *re.findall(r"^(?:Câu \d+\.|[A-C]\.|Chủ đề:) (.+)", QUESTIONS_WITHOUT_A_KEY, re.MULTILINE),
)
"""What organisers type in one language only."""


def send_empty(page: Page, _stage: Stage) -> None:
    """Send a form of registration with nothing in it."""
    page.locator("main form > .acts .btn").last.click()
    expect(page.locator(".note.bad")).to_be_visible()


def look_for_unit(page: Page, _stage: Stage) -> None:
    """Type a part of a unit's name and see the list."""
    page.locator("#unit").fill("hoa gao")
    expect(page.get_by_role("option").first).to_be_visible()
    page.locator("label[for=unit]").evaluate("label => label.scrollIntoView()")


def give_unlisted_unit(page: Page, _stage: Stage) -> None:
    """Open the fields of a unit that is not listed."""
    page.locator("#unlisted summary").click()
    page.locator("#unit_typed").fill("CĐCS Xưởng gốm Đất Lành")


def write_name_large(page: Page, _stage: Stage) -> None:
    """Type a name in capitals and leave the field."""
    page.locator("#full_name").fill(NAME.upper())
    page.locator("#full_name").blur()
    expect(page.locator("[data-name=full_name]")).to_be_visible()


def log_in_wrongly(page: Page, _stage: Stage) -> None:
    """Send a log-in that nobody has."""
    page.locator("[name=login]").fill("0900000999")
    page.locator("[name=password]").fill("sai mật khẩu")
    page.locator("main form .btn").first.click()
    expect(page.locator(".note.bad")).to_be_visible()


def open_palette(page: Page, _stage: Stage) -> None:
    """Open the list of questions, where the script has not opened it already."""
    expect(page.locator("[value=stay]")).to_have_count(0)
    expect(page.locator(".watch > .tag")).to_have_text(SAVED)
    if page.locator(".map[open]").count() == 0:
        page.locator(".map summary").click()


def predict_in_words(page: Page, _stage: Stage) -> None:
    """Type a prediction that is no number."""
    page.locator("#prediction").fill("nhiều")
    page.locator("#prediction").blur()
    expect(page.locator("[aria-invalid=true]")).to_be_visible()


def answer_offline(page: Page, _stage: Stage) -> None:
    """Lose the network and go on answering."""
    expect(page.locator(".watch > .tag")).to_have_text(SAVED)
    page.context.set_offline(True)
    for number in (13, 14):
        page.locator(f"#q{number} .opt").first.click()
    expect(page.locator(".note.warn")).to_be_visible()


def answer_on_two_devices(page: Page, stage: Stage) -> None:
    """Answer a question that another device answered since the page was opened."""
    expect(page.locator(".keys")).not_to_have_text("")  # the server has told how things stand
    sequence = stage.exam("torn").next_sequence + 100
    stage.save("torn", [Answer(0, sequence, frozenset({0}))])
    page.locator("#q1 .opt").nth(1).click()
    expect(page.locator("#q1 .two")).to_be_visible()
    page.locator("#q1").scroll_into_view_if_needed()


def leave_unsent(page: Page, stage: Stage) -> None:
    """Leave the questions for the contest's page while no answer gets through."""
    page.context.route("**/luu", lambda route: route.abort())
    page.on("dialog", lambda dialog: dialog.accept())
    expect(page.locator(".watch > .tag")).to_have_text(SAVED)
    page.locator("#q2 .opt:not(:has(input:checked))").first.click()
    expect(page.locator(".watch > .tag")).not_to_have_text(SAVED)
    page.goto(stage.page())
    expect(page.locator("[role=status] h2", has_text="2")).to_be_visible()


def log_out_unsent(page: Page, stage: Stage) -> None:
    """Log out while an answer has not got through."""
    leave_unsent(page, stage)
    page.locator("header form button").click()
    expect(page.locator(".note button").nth(1)).to_be_visible()


def write_offline(page: Page, _stage: Stage) -> None:
    """Lose the network and write on."""
    page.context.set_offline(True)
    page.locator("#text").press_sequentially("Thêm một ý. ")
    expect(page.locator("[data-state=offline]")).to_be_visible(timeout=20_000)


def send_with_old_token(page: Page, _stage: Stage) -> None:
    """Send a form that was opened under an earlier log-in."""
    page.locator("form.essay [name=csrf_token]").evaluate("field => { field.value = 'old'; }")
    page.locator("form.essay .btn[value=check]").click()
    expect(page.locator("form.essay")).to_have_count(0)


def open_first_match(page: Page, _stage: Stage) -> None:
    """Open the first pair of essays that share text."""
    page.locator("main a[href*='bai-trung/']").first.click()
    expect(page.locator("mark").first).to_be_visible()


def open_first_person(page: Page, _stage: Stage) -> None:
    """Open the first person of a list."""
    page.locator("main a[href*='nguoi-thi/']").first.click()
    expect(page).to_have_url(re.compile(r"nguoi-thi/\d+"))


def give_code(page: Page, stage: Stage) -> None:
    """Give the first person of a list a log-in code."""
    open_first_person(page, stage)
    page.locator("form[action$='/ma'] .btn").click()
    expect(page.locator(".code")).to_be_visible()


def open_timeline(page: Page, stage: Stage) -> None:
    """Open the course of an attempt of the first person of a list who has one."""
    page.goto(f"{page.url}?luot=da-thi")
    open_first_person(page, stage)
    page.locator("main a[href*='/luot/']").first.click()
    expect(page.locator(".course")).to_be_visible()


def read_questions(page: Page, _stage: Stage) -> None:
    """Read a Word file in which one question has no key."""
    page.locator("input[type=file]").set_input_files(
        {"name": "cau-hoi-an-toan.docx", "mimeType": WORD, "buffer": word_file()}
    )
    page.locator("main form[enctype] .btn").click()
    expect(page.locator(".item").first).to_be_visible()


def word_file() -> bytes:
    """Return a Word file in which one question has no key."""
    document = Document()
    for line in QUESTIONS_WITHOUT_A_KEY.splitlines():
        document.add_paragraph(line)
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def begin_contest(page: Page, _stage: Stage) -> None:
    """Begin a contest from what most are like."""
    page.locator("#title").fill(CONTEST)
    page.locator("#contact").fill(CONTACT)
    page.locator("main form:has(#title) .btn").click()
    expect(page.locator("main .checks").first).to_be_visible()


def follow(*selectors: str) -> Callable[[Page, Stage], None]:
    """Return what follows the first link that each selector finds, one page after the other."""

    def act(page: Page, _stage: Stage) -> None:
        for selector in selectors:
            address = page.locator(selector).first.get_attribute("href")
            assert address is not None
            response = page.goto(urljoin(page.url, address))
            assert response is not None
            assert response.ok, page.url

    return act
