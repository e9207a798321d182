"""The organiser's banks in a browser without scripts: read, look, put right, load, compare."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from quizengine.core.banks import Bank, mask_of
from quizengine.formats.reading import MAX_PACKED
from quizengine.formats.registry import write_bank
from quizengine.services import uploads
from tests.web.files import send_file
from tests.web.site import SLUG, Reader, Site

BANKS = "/thi/to-chuc/cau-hoi/"
UPLOAD = f"{BANKS}nap"
TEXT = """\
Câu 1. Công đoàn có mấy cấp?
A. Một
B. Bốn
Đáp án: A
Nguồn: Điều lệ

Câu 2. Ai bầu ban chấp hành?
A. Đại hội
B. Giám đốc
C. Hội đồng
Nguồn: Điều lệ

Câu 3. Phí công đoàn nộp khi nào?
A. Hằng tháng
B. Hằng năm
Đáp án: H
Nguồn: Điều lệ
"""


def uploaded(site: Site, text: str = TEXT, name: str = "Câu hỏi vòng 2.txt") -> Reader:
    """Return an organiser's browser on the preview of a file."""
    reader = site.organiser()
    reader.open(UPLOAD)
    send_file(reader, text.encode(), name)
    assert reader.status == 200, reader.page
    return reader


def form_of(reader: Reader, question: int) -> int:
    """Return which form of the page puts the key of a question right, questions from 0."""
    hidden = re.findall(r'<form [^>]*method="post".*?</form>', reader.page, re.DOTALL)
    found = [at for at, form in enumerate(hidden) if f'name="cau" value="{question}"' in form]
    assert found, f"question {question} is not on the page"
    return found[0]


def fix(reader: Reader, question: int, *letters: str) -> None:
    """Tick the right answer of a question and save."""
    reader.send_form(form_of(reader, question), **{"dap-an": letters})


def put_right(site: Site) -> Reader:
    """Return an organiser's browser on a preview without errors."""
    reader = uploaded(site)
    fix(reader, 1, "A")
    fix(reader, 2, "A")
    return reader


def test_a_file_is_read_put_right_and_loaded_without_a_script(site: Site) -> None:
    reader = uploaded(site)
    assert "Đọc được 3 câu." in reader.page
    assert "2 lỗi chặn việc nạp" in reader.page
    assert 'aria-disabled="true"' in reader.page
    fix(reader, 1, "A")
    assert "Đã lưu đáp án A của câu 2." in reader.page
    assert "Còn 1 lỗi." in reader.page
    fix(reader, 2, "B")
    assert "Không còn lỗi nào." in reader.page
    assert 'aria-disabled="true"' not in reader.page
    reader.follow("Nạp 3 câu")
    assert 'name="ten"' in reader.page
    assert 'value="cau-hoi-vong-2"' in reader.page
    reader.send(ten="Vòng 2")
    assert reader.path == f"{BANKS}Vòng 2/"
    assert "Đã nạp phiên bản 1" in reader.page
    assert "Lê Hoài An" in reader.page
    assert "Câu hỏi vòng 2.txt" not in reader.open(BANKS)


def test_each_problem_stands_at_its_question_with_its_place_and_a_link(site: Site) -> None:
    reader = uploaded(site)
    page = reader.page
    assert "Câu 2 chưa có đáp án." in page
    assert "Vị trí: dòng 7." in page
    link = re.search(r'<a href="([^"]*)#q2">Câu 2 chưa có đáp án', page)
    assert link
    assert 'id="q2"' in reader.open(link[1].replace("&amp;", "&"))
    assert 'id="q1"' not in reader.page
    assert 'id="q1"' in reader.follow("Tất cả (3)")


def test_the_right_answer_that_was_read_is_ticked_and_one_that_is_none_is_not(site: Site) -> None:
    reader = uploaded(site)
    page = reader.open(f"{reader.path}?xem=tat-ca")
    assert page.count('name="dap-an"') == 7
    assert re.findall(r'value="(\w)" checked', page) == ["A"]


def test_a_question_may_be_given_several_right_answers(site: Site) -> None:
    reader = uploaded(site)
    page = reader.follow("Câu này có nhiều đáp án đúng")
    assert 'type="checkbox" name="dap-an"' in page
    fix(reader, 1, "A", "C")
    assert "Đã lưu đáp án A, C của câu 2." in reader.page
    assert "Còn 1 lỗi." in reader.page


@pytest.mark.parametrize("sent", [{"cau": "1"}, {"cau": "9", "dap-an": "A"}, {"dap-an": "A"}])
def test_nothing_ticked_or_a_question_that_is_not_there_is_said(
    site: Site, sent: dict[str, str]
) -> None:
    reader = uploaded(site)
    token = re.search(r'name="csrf_token" value="([^"]*)"', reader.page)
    assert token
    answer = reader.client.post(reader.path, data={"csrf_token": token[1], **sent})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_file_with_errors_cannot_be_loaded_by_its_address(site: Site) -> None:
    reader = uploaded(site)
    preview = reader.path
    assert reader.open(f"{preview}/nap-vao")
    assert reader.path == preview
    token = re.search(r'name="csrf_token" value="([^"]*)"', reader.page)
    assert token
    reader.client.post(f"{preview}/nap-vao", data={"csrf_token": token[1], "ten": "x"})
    assert "x" not in re.findall(r"<bdi>([^<]*)</bdi>", reader.open(BANKS))


@pytest.mark.parametrize("name", ["", "a/b", "nap", "x" * 81])
def test_a_name_that_cannot_be_is_said_at_its_field(site: Site, name: str) -> None:
    reader = put_right(site)
    reader.follow("Nạp 3 câu")
    reader.send(ten=name)
    assert reader.status == 422
    assert 'aria-invalid="true"' in reader.page


def bank_file(bank: Bank) -> str:
    return write_bank(bank, "native").decode()


def changed_bank(site: Site) -> Bank:
    """Return the site's bank with one key changed, one question left out and one added."""
    first, second, *rest = site.bank.questions
    last = rest.pop()
    other = replace(first, key=mask_of("A") if first.key != mask_of("A") else mask_of("B"))
    reworded = replace(second, stem=f"{second.stem} Chọn một ý.")
    new = replace(last, id="moi", stem="Một câu hoàn toàn mới?", choices=("Có", "Không"), key=1)
    return replace(site.bank, questions=(other, reworded, *rest, new))


def test_a_changed_file_shows_what_changes_and_makes_the_next_version(site: Site) -> None:
    reader = uploaded(site, bank_file(changed_bank(site)), "cuoi-cung.yaml")
    reader.follow(f"Nạp {len(site.bank.questions)} câu")
    page = reader.page
    assert f'value="{SLUG}"' in page
    assert "1 câu mới" in page
    assert "1 câu không còn" in page
    assert "trong đó 1 câu đổi đáp án" in page
    assert "Chọn một ý.</ins>" in page
    assert "Cuộc thi đã mở vẫn dùng phiên bản cũ" in page
    reader.send()
    assert "Đã nạp phiên bản 2" in reader.page
    again = reader.follow("so với phiên bản 1")
    assert "Từ phiên bản 1 sang 2" in again
    assert "Chọn một ý.</ins>" in again
    assert "đổi đáp án" in again


def test_the_same_file_again_says_that_nothing_changes(site: Site) -> None:
    reader = uploaded(site, bank_file(site.bank), "lai.yaml")
    reader.follow(f"Nạp {len(site.bank.questions)} câu")
    assert "Tệp giống hệt phiên bản 1" in reader.page
    reader.send()
    assert "Không có gì thay đổi" in reader.page
    assert "Phiên bản 2" not in reader.page


def test_nothing_is_loaded_over_a_bank_whose_changes_were_not_shown(site: Site) -> None:
    reader = put_right(site)
    reader.follow("Nạp 3 câu")
    reader.send(ten=SLUG)
    assert reader.status == 409
    assert "3 câu mới" in reader.page
    reader.send()
    assert "Đã nạp phiên bản 2" in reader.page


def test_changes_under_another_name_are_looked_at_without_loading(site: Site) -> None:
    reader = put_right(site)
    reader.follow("Nạp 3 câu")
    reader.send(ten=SLUG, then="look")
    assert "Nạp thành phiên bản 2" in reader.page
    assert "csrf_token" not in reader.path


def test_a_file_that_cannot_be_read_is_said_with_its_place_and_not_kept(site: Site) -> None:
    reader = site.organiser()
    for content, words in (
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x00\x01\x02", "tệp"),
        ("Câu hỏi ôn tập\n\nA. Một".encode(), ""),
        (b"", "tệp"),
    ):
        reader.open(UPLOAD)
        page = send_file(reader, content, "tệp lạ.docx")
        assert reader.status == 422, content
        assert 'role="alert"' in page
        assert words in page
    assert "tệp lạ.docx" not in reader.open(BANKS)


def test_no_file_at_all_is_said(site: Site) -> None:
    reader = site.organiser()
    reader.open(UPLOAD)
    page = send_file(reader, b"", "")
    assert reader.status == 422
    assert "Chưa chọn tệp nào." in page


def test_a_file_over_the_limit_is_refused_before_it_is_read(site: Site) -> None:
    reader = site.organiser()
    reader.open(UPLOAD)
    page = send_file(reader, b"x" * (MAX_PACKED + 1_000_000), "lon.docx")
    assert reader.status == 413
    assert "10.240 KB" in page


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    reader = site.organiser()
    reader.open(UPLOAD)
    reader.page = re.sub('name="csrf_token" value="[^"]*"', 'name="x" value=""', reader.page)
    send_file(reader, TEXT.encode(), "a.txt")
    assert reader.status == 403


def test_a_large_file_is_read_behind_a_page_that_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "QUICK_BYTES", 10)
    reader = uploaded(site)
    assert "Đang đọc tệp" in reader.page
    after = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]*)">', reader.page)
    assert after
    reader.open(after[1].replace("&amp;", "&"))
    assert "Đọc được 3 câu." in reader.page


def test_a_large_file_that_cannot_be_read_is_let_go_of(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "QUICK_BYTES", 10)
    reader = uploaded(site, "Không có câu hỏi nào ở đây cả.", "lạ.txt")
    reader.open(f"{reader.path}?doc=1")
    assert reader.status == 422
    assert "lạ.txt" not in reader.open(BANKS)


def test_a_file_is_dropped_without_loading(site: Site) -> None:
    reader = uploaded(site)
    preview = reader.path
    reader.send()
    assert "Đã bỏ tệp." in reader.page
    reader.open(preview)
    assert reader.status == 404


def test_names_of_files_stand_apart_and_are_nothing_but_text(site: Site) -> None:
    reader = uploaded(site, name="C:\\mẹ\\<script>alert(1)</script>\u202egpj.txt")
    assert "<bdi>&lt;" in reader.page or "<bdi>script&gt;" in reader.page
    assert "<script>alert" not in reader.page


def test_nothing_gives_the_file_back(site: Site) -> None:
    reader = uploaded(site, TEXT.replace("Bốn", "<script>alert(1)</script>"))
    assert "<script>alert" not in reader.page
    assert "&lt;script&gt;alert" in reader.open(f"{reader.path}?xem=tat-ca")


def test_long_banks_are_paged(site: Site) -> None:
    questions = (replace(site.bank.questions[0], id=str(at), stem=f"{at}?") for at in range(60))
    text = bank_file(replace(site.bank, questions=tuple(questions)))
    reader = uploaded(site, text, "dai.yaml")
    page = reader.open(f"{reader.path}?xem=tat-ca&trang=3")
    assert page.count('class="item"') == 10
    assert "Trang 3/3" in page or "Trang 3 " in page
    assert reader.open(f"{reader.path}?xem=tat-ca&trang=99").count('class="item"') == 10


def test_a_version_is_shown_with_its_keys(site: Site) -> None:
    reader = site.organiser()
    page = reader.open(f"{BANKS}{SLUG}/1")
    assert site.bank.questions[0].stem in page
    assert page.count('class="item"') == 25 or page.count('class="item"') == len(
        site.bank.questions
    )
    reader.open(f"{BANKS}{SLUG}/2")
    assert reader.status == 404
    reader.open(f"{BANKS}khong-co/")
    assert reader.status == 404


def test_the_list_names_versions_questions_and_contests(site: Site) -> None:
    page = site.organiser().open(BANKS)
    assert SLUG in page
    assert "1 phiên bản" in page
    assert str(len(site.bank.questions)) in page


@pytest.mark.parametrize("path", ["", "nap", f"{SLUG}/", f"{SLUG}/1", f"{SLUG}/thay-doi"])
def test_participants_and_strangers_see_no_bank(site: Site, path: str) -> None:
    client: FlaskClient = site.participant().client
    assert client.get(BANKS + path).status_code == 403
    assert site.reader().client.get(BANKS + path).status_code == 303
