"""Writing the essay: drafts, two pages at once, handing in, the receipt."""

from __future__ import annotations

from datetime import UTC, datetime

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


def test_an_oversized_essay_is_refused_with_a_page_that_says_what_to_do(site: Site) -> None:
    reader = site.participant()
    reader.open(PATH)
    reader.send(text="chữ " * 70_000, then="stay")
    assert reader.status == 413
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
