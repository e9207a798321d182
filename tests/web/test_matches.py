"""Pairs of essays on the desk: the list, two side by side, the decision with its reason."""

from __future__ import annotations

from sqlalchemy.orm import Session

from quizengine.services import accounts
from quizengine.services.transaction import transaction
from tests.web.site import ESSAY, PASSWORD, SLUG, Reader, Site

PAIRS = f"/thi/to-chuc/{SLUG}/bai-trung"


def write(site: Site, name: str, phone: str, text: str) -> Reader:
    """Let somebody hand in an essay."""
    reader = site.participant(name, phone)
    reader.open(f"/thi/{SLUG}/bai-viet")
    reader.send(text=text, then="check")
    reader.send()
    return reader


def compared(site: Site) -> Reader:
    """Return an organiser in front of the list after three people handed in one essay."""
    write(site, "Trần Minh Khuê", "0900000456", ESSAY)
    write(site, "Lý Thu Hà", "0900000457", ESSAY + "Một câu khác.")
    write(site, "Đỗ An Nhiên", "0900000458", ESSAY.upper())
    organiser = site.organiser()
    organiser.open(PAIRS)
    organiser.send()
    return organiser


def first_pair(reader: Reader) -> str:
    """Open the first pair of the list and return its page."""
    reader.open(PAIRS)
    start = reader.page.index(f'href="{PAIRS}/') + len('href="')
    return reader.open(reader.page[start : reader.page.index('"', start)])


def test_the_list_says_how_many_wait_and_shows_no_names(any_site: Site) -> None:
    organiser = compared(any_site)
    assert "3 cặp bài đang chờ quyết định" in organiser.page
    assert "Trần Minh Khuê" not in organiser.page
    assert "Trần Minh Khuê" not in first_pair(organiser)


def test_a_decision_is_kept_with_who_and_why_and_leads_on(any_site: Site) -> None:
    organiser = compared(any_site)
    first_pair(organiser)
    assert "Giống từng chữ" in organiser.page
    organiser.send(verdict="b", reason="Giống <b>từng</b> chữ.")
    assert "Đã ghi quyết định" in organiser.page
    assert "Lê Hoài An đã quyết định lúc" in organiser.page
    assert "Giống &lt;b&gt;từng&lt;/b&gt; chữ." in organiser.page
    organiser.follow("Cặp chưa quyết định tiếp theo")
    assert "cặp 2 trên 3" in organiser.page
    organiser.open(PAIRS)
    assert "2 cặp bài đang chờ quyết định" in organiser.page
    assert organiser.open(f"{PAIRS}?loc=roi").count("Lê Hoài An,") == 1
    assert organiser.open(f"{PAIRS}?loc=chua").count("Lê Hoài An,") == 0
    assert "Kết luận về hai bài viết" in organiser.open("/thi/to-chuc/nhat-ky")


def test_what_was_typed_stays_when_something_is_missing(site: Site) -> None:
    organiser = compared(site)
    first_pair(organiser)
    organiser.send(reason="Có lý do, chưa chọn.")
    assert organiser.status == 422
    assert "Chưa chọn cặp này là gì" in organiser.page
    assert "Có lý do, chưa chọn." in organiser.page
    organiser.send(verdict="both", reason=" ")
    assert organiser.status == 422
    assert "Quyết định nào cũng cần lý do" in organiser.page
    assert 'value="both" checked' in organiser.page


def test_a_text_changed_after_the_decision_asks_to_look_again(site: Site) -> None:
    organiser = compared(site)
    first_pair(organiser)
    pair = organiser.path
    organiser.send(verdict="dismissed", reason="Cùng trích một bài.")
    for phone in ("0900000456", "0900000457", "0900000458"):
        reader = site.reader()
        reader.open("/dang-nhap")
        reader.send(login=phone, password=PASSWORD)
        reader.open(f"/thi/{SLUG}/bai-viet")
        reader.send(text=ESSAY + "Câu thêm sau.", then="check")
        reader.send()
    organiser.open(PAIRS)
    organiser.send()
    assert "Bài đã đổi, xem lại" in organiser.page
    assert "3 cặp bài đang chờ quyết định" in organiser.page
    assert "Bài đã đổi sau khi quyết định" in organiser.open(pair)


def test_a_jury_decides_without_seeing_a_name(site: Site) -> None:
    compared(site)
    with Session(site.engine) as session, transaction(session):
        accounts.create_account(
            session,
            login="giamkhao",
            name="Vũ Bá",
            password=PASSWORD,
            role="jury",
            now=site.clock(),
        )
    jury = site.reader()
    jury.open("/dang-nhap")
    jury.send(login="giamkhao", password=PASSWORD)
    first_pair(jury)
    jury.send(verdict="a", reason="Chép nguyên bài.")
    assert jury.status == 200
    assert "Vũ Bá đã quyết định lúc" in jury.page
    for word in ("Trần Minh Khuê", "Lý Thu Hà", "0900000456"):
        assert word not in jury.page
