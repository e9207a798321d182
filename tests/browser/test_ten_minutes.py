"""Ten minutes: from a Word file and a list of units to an open contest, by clicks alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from docx import Document
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from quizengine.cli import cli
from quizengine.core.clock import utc_now
from tests.browser.acts import WORD
from tests.browser.stage import DESK, PHONE, Stage, make_stage, served
from tests.web.site import SAMPLE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OWNER, PASSWORD = "vanphong", "mùa thu lá vàng"
TITLE = "Tìm hiểu 92 năm Công đoàn Việt Nam"
NAME = "Nguyễn Thị Mẫu"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A deployment as it is set up: the tables and the owner's account, and nothing else."""
    file = tmp_path / "quiz.sqlite3"
    monkeypatch.setenv("QUIZ_DATABASE_URL", f"sqlite:///{file}")
    owner = ["--login", OWNER, "--name", "Văn phòng", "--role", "owner", "--password", PASSWORD]
    for command in (["db", "upgrade"], ["account", "add", *owner]):
        result = CliRunner().invoke(cli, command)
        assert result.exit_code == 0, result.output
    with served(make_stage(file, now=utc_now())) as stage:
        yield stage


@dataclass
class Hands:
    """Somebody at a page, whose clicks and typed fields are counted; a chosen file is a click."""

    page: Page
    clicks: int = 0
    fields: int = 0

    def click(self, what: Locator) -> None:
        """Click a link, a button or a choice."""
        what.click()
        self.clicks += 1

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Click the link of a name; a page never has two that lead to different places."""
        self.click(self.page.get_by_role("link", name=name, exact=isinstance(name, str)).first)

    def press(self, name: str | re.Pattern[str]) -> None:
        """Click the button of a name."""
        self.click(self.page.get_by_role("button", name=name, exact=isinstance(name, str)).first)

    def fill(self, label: str, text: str) -> None:
        """Type into the field of a label."""
        self.page.get_by_label(label, exact=True).first.fill(text)
        self.fields += 1

    def choose(self, file: Path | FilePayload) -> None:
        """Choose a file."""
        self.page.locator("input[type=file]").first.set_input_files(file)
        self.clicks += 1


def word_file_without_a_key() -> FilePayload:
    """The sample's Word file as somebody may send it: the key of the second question forgotten."""
    document = Document(str(SAMPLE / "bank.docx"))
    keys = [line for line in document.paragraphs if line.text.startswith("Đáp án:")]
    assert keys[1].text == "Đáp án: C"
    element = keys[1]._element
    element.getparent().remove(element)
    stream = BytesIO()
    document.save(stream)
    return {"name": "cau-hoi.docx", "mimeType": WORD, "buffer": stream.getvalue()}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_office_worker_opens_a_contest_from_a_word_file_and_closes_it_with_results(
    chromium: Browser, empty: Stage, script: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with empty.browser(chromium, size=DESK, script=script) as context:
        hands = Hands(context.new_page())
        hands.page.goto(f"{empty.address}/thi/to-chuc/")
        log_in(hands)
        load_units(hands)
        load_questions(hands)
        build_contest(hands)
        open_contest(hands)
        with capsys.disabled():
            print(f"\n{hands.clicks} clicks and {hands.fields} fields to an open contest")
        assert hands.clicks <= 30
        assert hands.fields <= 6

        empty.clock.move(days=1, hours=12)
        take_part(chromium, empty)
        workbook = close_contest(hands, empty)
    assert NAME in workbook


def log_in(hands: Hands) -> None:
    """Log in as the owner; the empty desk says so."""
    hands.fill("Số điện thoại hoặc tên đăng nhập", OWNER)
    hands.fill("Mật khẩu", PASSWORD)
    hands.press("Đăng nhập")
    expect(hands.page.locator(".tabs [aria-current=page]")).to_have_text("Hôm nay")


def load_units(hands: Hands) -> None:
    """Hand over the Excel list of units and load it."""
    hands.follow("Đơn vị")
    hands.follow("Nạp danh sách đơn vị")
    hands.choose(SAMPLE / "units.xlsx")
    hands.press("Đọc tệp")
    hands.press(re.compile(r"^Nạp \d+ đơn vị$"))
    expect(hands.page.locator(".note.ok")).to_be_visible()


def load_questions(hands: Hands) -> None:
    """Hand over the Word file, put the key right that it lacks, and load it."""
    hands.follow("Câu hỏi")
    hands.follow("Nạp tệp câu hỏi")
    hands.choose(word_file_without_a_key())
    hands.press("Đọc tệp")
    expect(hands.page.locator(".note.bad").first).to_contain_text("1 lỗi")
    wrong = hands.page.locator("section.item").filter(has=hands.page.locator(".note.bad"))
    hands.click(wrong.get_by_text("Tổ chức chính trị - xã hội"))
    hands.click(wrong.locator(".note.bad button"))
    expect(hands.page.locator("#da-luu")).to_contain_text("C")
    hands.follow(re.compile(r"^Nạp \d+ câu$"))
    hands.press("Nạp thành bộ câu hỏi mới")


def build_contest(hands: Hands) -> None:
    """Build the contest from what most are like and make it a draft."""
    hands.follow("Hôm nay")
    hands.follow("Soạn cuộc thi")
    hands.fill("Tên cuộc thi", TITLE)
    hands.fill("Đơn vị tổ chức", "Liên đoàn Lao động quận Vĩnh Lam")
    hands.fill("Liên hệ, giải đáp", "0900 000 123, 8:00 đến 17:00")
    hands.press("Bắt đầu soạn")
    expect(hands.page.locator(".checks .tag.bad")).to_have_count(0)
    hands.press("Đưa vào cuộc thi")


def open_contest(hands: Hands) -> None:
    """Look at the list of what stands against opening, and open."""
    expect(hands.page.get_by_role("heading", level=1)).to_contain_text("bản nháp")
    expect(hands.page.locator(".checks .tag.bad")).to_have_count(0)
    hands.follow("Mở cuộc thi")
    hands.press("Mở cuộc thi")
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("Cuộc thi đang mở")


def take_part(chromium: Browser, stage: Stage) -> None:
    """Let somebody register on a phone, answer the first questions and hand in."""
    with stage.browser(chromium, size=PHONE, script=False) as context:
        page = context.new_page()
        page.goto(f"{stage.address}/thi/")
        page.get_by_role("link", name=TITLE).first.click()
        page.get_by_role("link", name="Đăng ký và vào thi").click()
        page.get_by_label("Họ và tên").fill(NAME)
        page.get_by_label("Số điện thoại").fill("0900070001")
        page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
        page.get_by_label("Đơn vị của bạn", exact=True).fill("VL-001")
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Đăng ký").click()
        page.get_by_role("link", name=re.compile("Vào thi")).first.click()
        page.get_by_role("button", name=re.compile("Bắt đầu")).click()
        questions = page.locator("fieldset.q")
        expect(questions).to_have_count(20)
        for number in range(5):
            questions.nth(number).locator("input").first.check()
        page.get_by_role("button", name="Kiểm tra").click()
        page.get_by_role("button", name=re.compile("Nộp bài")).click()
        expect(page.locator(".code")).to_be_visible()


def close_contest(hands: Hands, stage: Stage) -> str:
    """Close the contest, download its results, and return what the workbook's sheets say."""
    hands.follow("Đóng cuộc thi")
    hands.press("Đóng cuộc thi")
    expect(hands.page.get_by_role("heading", level=1)).to_contain_text("đã đóng")
    stage.clock.move(minutes=1)  # past the grace
    hands.follow("Kết quả")
    with hands.page.expect_download() as download:
        hands.follow("Tải bảng tính (XLSX)")
    with ZipFile(download.value.path()) as workbook:
        parts = [name for name in workbook.namelist() if name.endswith(".xml")]
        return "".join(workbook.read(name).decode() for name in parts)
