"""Writing the essay: drafts, two pages at once, handing in, the receipt."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import UTC, datetime

from docx import Document
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.web.site import ESSAY, SLUG, Reader, Site, forms_of

PATH = f"/thi/{SLUG}/bai-viet"


def test_a_draft_is_kept_and_its_words_are_counted(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    reader.send(text="Một ý\r\nhai ý", then="stay")
    assert "Đã lưu bản nháp: 4 chữ" in reader.page
    assert forms_of(reader.page, reader.path)[-1].fields["text"] == ["Một ý\nhai ý"]


def test_too_short_an_essay_is_kept_and_the_numbers_are_told(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    reader.send(text="Ngắn quá.", then="check")
    reader.send()
    assert reader.status == 422
    assert "Bài có 2 chữ; ít nhất phải có 50 chữ" in reader.page
    assert "Ngắn quá." in reader.page


def test_a_later_text_takes_the_place_of_one_handed_in_until_the_end(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    reader.send(text=ESSAY, then="check")
    reader.send()
    assert "Bài viết của bạn đã tới nơi" in reader.page
    reader.open(PATH)
    reader.send(text=ESSAY + "Thêm một câu.", then="check")
    reader.send()
    assert f"{len((ESSAY + 'Thêm một câu.').split())} chữ" in reader.page


def test_an_older_page_does_not_overwrite_a_later_draft_and_keeps_what_was_typed(
    site: Site,
) -> None:
    reader = site.participant()
    reader.open(PATH)
    old = Reader(reader.client, reader.path, reader.page)
    reader.send(text="Bản mới trên điện thoại.", then="stay")
    old.send(text="Bản cũ trên máy tính.", then="stay")
    assert old.status == 409
    assert forms_of(old.page, old.path)[-1].fields["text"] == ["Bản cũ trên máy tính."]
    assert "Bản mới trên điện thoại." in old.page
    old.send(then="stay")
    assert "Đã lưu bản nháp" in old.page


def test_what_arrives_after_the_end_stays_in_the_box_and_the_end_is_told(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    site.clock.now = datetime(2021, 8, 31, 15, 0, 1, tzinfo=UTC)
    reader.send(text=ESSAY, then="check")
    assert reader.status == 409
    assert "Đã hết hạn nhận bài viết" in reader.page
    assert forms_of(reader.page, reader.path)[-1].fields["text"] == [ESSAY]
    assert "data-held" in reader.page


def test_after_the_end_the_page_shows_what_counts_and_what_does_not(site: Site) -> None:
    handed_in, written = site.participant(), site.participant("Lý Thu Hà", "0900000457")
    handed_in.open(PATH)
    handed_in.send(text=ESSAY, then="check")
    handed_in.send()
    for reader in (handed_in, written):
        reader.open(PATH)
        reader.send(text="Phần sửa sau cùng.", then="stay")
    site.clock.now = datetime(2021, 8, 31, 15, 0, 1, tzinfo=UTC)
    for reader in (handed_in, written):
        reader.open("/dang-nhap")
        reader.open(PATH)
        assert "Phần sửa sau cùng." in reader.page
        assert "<textarea" not in reader.page
    assert ESSAY.strip() in handed_in.page
    assert "Phần sửa sau đó chưa nộp nên không được tính" in handed_in.page
    assert "Bản nháp 4 chữ của bạn chưa nộp nên không được tính" in written.page


def test_handing_in_a_draft_that_changed_meanwhile_asks_again(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    reader.send(text=ESSAY, then="check")
    other = Reader(reader.client)
    other.open(PATH)
    other.send(text=ESSAY + "Khác.", then="stay")
    reader.send()
    assert reader.status == 409
    assert "Khác." in reader.page
    reader.send()
    assert "Bài viết của bạn đã tới nơi" in reader.page


def test_an_oversized_essay_is_refused_with_its_size_and_what_to_do(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    reader.send(text="chữ " * 70_000, then="stay")
    assert reader.status == 413
    assert re.search(r"dài \d+ KB, trang này nhận đến 256 KB", reader.page)
    assert "Bấm nút quay lại của trình duyệt" in reader.page


def test_before_the_window_the_page_says_when_it_opens(site: Site) -> None:
    reader = site.participant()
    site.clock.now = datetime(2021, 7, 25, tzinfo=UTC)
    reader.open("/dang-nhap")
    reader.open(PATH)
    assert "Mở lúc 08:00 thứ hai, 26/7/2021" in reader.page


def test_a_form_without_its_text_clears_no_draft(site: Site) -> None:
    reader = site.participant()
    path = f"/thi/{SLUG}/bai-viet"
    reader.open(path)
    reader.send(text=ESSAY, then="stay")
    token = forms_of(reader.page, path)[-1].fields["csrf_token"][0]
    for left in ({}, {"sequence": "9"}, {"text": "khác"}):
        response = reader.client.post(path, data={"csrf_token": token, **left})
        assert response.status_code == 422
        assert "thiếu một phần" in response.text
    reader.open(path)
    assert ESSAY.strip() in reader.page


def test_the_rule_on_copying_stands_where_people_write(site: Site) -> None:
    reader = site.participant()
    assert "Bài phải do chính bạn viết" in reader.open(PATH)
    assert "Bài phải do chính bạn viết" in reader.open(f"/thi/{SLUG}/the-le")


def test_text_far_over_the_limit_of_letters_stays_in_the_box(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    reader.send(text="a" * 100_001, then="stay")
    assert reader.status == 422
    assert forms_of(reader.page, reader.path)[-1].fields["text"] == ["a" * 100_001]


def test_a_sequence_that_is_no_number_overwrites_nothing(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    reader.send(text="Bản đầu.", then="stay")
    for sequence in ("", "abc", "0", "-1", "9" * 30):
        reader.open(PATH)
        reader.send(text="Bản khác.", sequence=sequence, then="stay")
        assert reader.status == 422
    reader.open(PATH)
    assert "Bản đầu." in reader.page


# Saving by script


def save(reader: Reader, text: str, sequence: int) -> TestResponse:
    """Save a draft as the page's script does."""
    fields = forms_of(reader.page, PATH)[-1].fields
    return reader.client.post(
        PATH,
        data={"csrf_token": fields["csrf_token"][0], "text": text, "sequence": sequence},
        headers={"Accept": "application/json"},
    )


def test_a_script_is_told_when_the_draft_was_saved(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    for _ in range(2):  # the second time because the first answer was lost
        response = save(reader, "Một ý.", 1)
        assert (response.status_code, response.json) == (
            200,
            {"message": "Đã lưu nháp lúc 20:00"},
        )


def test_a_script_is_told_why_a_draft_is_not_saved(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    save(reader, "Một ý.", 1)
    newer = save(reader, "Ý khác.", 1)
    assert newer.status_code == 409
    assert newer.json
    assert newer.json["code"] == "web.newer_draft"
    large = save(reader, "chữ " * 70_000, 2)
    assert large.status_code == 413
    assert large.json
    assert large.json["code"] == "essay.body_too_large"
    site.clock.now = datetime(2021, 8, 31, 15, 0, 1, tzinfo=UTC)
    reader.open("/dang-nhap")
    late = save(reader, "Ý muộn.", 2)
    assert late.status_code in (401, 409)
    assert late.json
    assert late.json["message"]


# Files


def word_file(*paragraphs: str) -> bytes:
    """Return a Word file of these paragraphs."""
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def send_file(
    reader: Reader, content: bytes, name: str, *, text: str | None = None, replace: bool = False
) -> None:
    """Send a file with the page's form."""
    fields = {key: list(values) for key, values in forms_of(reader.page, PATH)[-1].fields.items()}
    data: dict[str, object] = {name_: values[0] for name_, values in fields.items() if values}
    data.pop("file", None)
    if text is not None:
        data["text"] = text
    if replace:
        data["replace"] = "1"
    boundary, body = encode_multipart({**data, "file": FileStorage(io.BytesIO(content), name)})
    response = reader.client.post(
        f"{PATH}/tep",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        follow_redirects=True,
    )
    reader.page, reader.status = response.text, response.status_code
    reader.path = response.request.path


def test_the_text_of_a_file_is_shown_to_be_checked_and_the_file_is_on_the_receipt(
    site: Site,
) -> None:
    reader = site.participant()
    reader.open(PATH)
    content = word_file("Đoạn một.", ESSAY)
    send_file(reader, content, "bài của tôi.docx")
    assert (reader.status, reader.path) == (200, PATH)
    assert "Đây là chữ trong bài của tôi.docx" in reader.page
    assert forms_of(reader.page, PATH)[-1].fields["text"] == [f"Đoạn một.\n{ESSAY}\n"]
    reader.send(then="check")
    reader.send()
    assert "Bài viết của bạn đã tới nơi" in reader.page
    assert "bài của tôi.docx" in reader.page
    own = f"{PATH}/tep/{hashlib.sha256(content).hexdigest()}"
    response = reader.client.get(own)
    assert response.data == content
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.content_type == "application/octet-stream"
    other = site.participant("Lý Thu Hà", "0900000457")
    assert other.client.get(own).status_code == 404


def test_a_file_does_not_take_the_place_of_text_without_being_told_to(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    send_file(reader, b"trong tep", "bai.txt", text="Gõ trong khung.")
    assert reader.status == 409
    assert "Trong khung đã có 3 chữ nên chưa dùng tệp" in reader.page
    assert forms_of(reader.page, PATH)[-1].fields["text"] == ["Gõ trong khung."]
    send_file(reader, b"trong tep", "bai.txt", replace=True)
    assert forms_of(reader.page, PATH)[-1].fields["text"] == ["trong tep"]


def test_what_was_typed_is_kept_when_the_file_cannot_be_used(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    for content, name, words in (
        (b"", "", "Chưa chọn tệp nào"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "cũ.doc", "cũ.doc là tệp Word đời cũ"),
        (b"x" * 5_100_000, "to.txt", "Tệp lớn hơn 5 MB"),
        (b"a " * 100_000, "dai.txt", "Bài dài quá 100.000 ký tự"),
    ):
        send_file(reader, content, name, text=f"Gõ {name}.", replace=True)
        assert reader.status in (413, 422)
        assert words in reader.page
        assert forms_of(reader.page, PATH)[-1].fields["text"] == [f"Gõ {name}."]
        assert "data-held" not in reader.page  # it is saved, so the script goes on
        reader.open(PATH)
        assert forms_of(reader.page, PATH)[-1].fields["text"] == [f"Gõ {name}."]


def test_a_file_from_an_older_page_overwrites_no_later_draft(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    old = Reader(reader.client, reader.path, reader.page)
    reader.send(text="Bản mới.", then="stay")
    send_file(old, b"trong tep", "bai.txt", text="Bản cũ.", replace=True)
    assert old.status == 409
    assert forms_of(old.page, PATH)[-1].fields["text"] == ["Bản cũ."]
    assert "Bản mới." in old.page


def test_a_file_far_over_the_limit_is_refused_with_its_size(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    send_file(reader, b"x" * 6_000_000, "to.pdf")
    assert reader.status == 413
    assert re.search(r"nặng 5\.8\d\d KB, nhiều nhất là 5\.120 KB", reader.page)


def test_the_address_of_files_alone_leads_to_the_page(site: Site) -> None:
    reader = site.participant()
    reader.open(f"{PATH}/tep")
    assert (reader.status, reader.path) == (200, PATH)
