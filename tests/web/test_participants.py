"""The organiser's pages about people: finding them, one person, a log-in code."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.orm import Session

from quizengine.core.attempts import receipt_code
from quizengine.store.audit import read_entries
from tests.web.site import SLUG, Site
from tests.web.test_play import begin, exam_id

PEOPLE = f"/thi/to-chuc/{SLUG}/nguoi-thi"


def entries(site: Site, action: str) -> list[str]:
    """Return whom the record names for an action."""
    with Session(site.engine) as session:
        return [entry.subject for entry in read_entries(session) if entry.action == action]


def test_an_organiser_finds_somebody_and_sees_what_they_have_done(any_site: Site) -> None:
    reader = begin(any_site)
    any_site.participant("Phạm Thu Ngân", "0900000318")
    organiser = any_site.organiser()
    organiser.open(f"/thi/to-chuc/{SLUG}/")
    organiser.follow("Người dự thi")
    assert organiser.path == PEOPLE
    assert "2 người đã đăng ký" in organiser.page
    for typed in ("khue", "TRAN", "456", f"http://localhost/thi/lam-bai/{exam_id(reader)}"):
        organiser.open(f"{PEOPLE}?tim={typed}")
        assert "Tìm thấy 1 người" in organiser.page, typed
        assert "0900000456" not in organiser.page.replace(f"?tim={typed}", "")
        assert "đang làm" in organiser.page
    organiser.follow("Trần Minh Khuê")
    assert "0900000456" in organiser.page
    assert "Đã trả lời 0 trên 20 câu" in organiser.page
    assert "điểm" not in organiser.page.lower().split("<main")[1].split("</main")[0]


def test_a_search_is_named_by_its_address_and_filters_stay(site: Site) -> None:
    begin(site)
    site.participant("Phạm Thu Ngân", "0900000318")
    organiser = site.organiser()
    organiser.open(f"{PEOPLE}?luot=chua-thi")
    assert "Phạm Thu Ngân" in organiser.page
    assert "Trần Minh Khuê" not in organiser.page
    assert '<option value="chua-thi" selected>' in organiser.page
    link = re.search(r'<td class="wide"><a href="([^"]*)"', organiser.page)
    assert link
    organiser.open(link[1].replace("&amp;", "&"))
    assert "luot=chua-thi" in link[1]
    assert "Chỉ người của" in organiser.page
    organiser.open(f"{PEOPLE}?tim=không+có&trang=x")
    assert organiser.status == 200
    assert "Không tìm thấy ai" in organiser.page
    organiser.open(f'{PEOPLE}?tim="><script>')
    assert "<script>" not in organiser.page


def test_an_empty_contest_says_so(site: Site) -> None:
    assert "Chưa có ai đăng ký" in site.organiser().open(PEOPLE)


def test_each_look_at_a_person_and_each_code_is_on_record_and_a_search_is_not(site: Site) -> None:
    site.participant()
    organiser = site.organiser()
    organiser.open(f"{PEOPLE}?tim=khue")
    assert entries(site, "participant.view") == []
    organiser.follow("Trần Minh Khuê")
    organiser.open(organiser.path)
    looks = entries(site, "participant.view")
    assert len(looks) == 2
    organiser.send()
    code = re.search(r'class="code">([^<]+)<', organiser.page)
    assert code
    assert entries(site, "account.login_code") == looks[:1]
    with Session(site.engine) as session:
        assert code[1] not in str(list(read_entries(session)))
    organiser.open(organiser.path)
    assert organiser.path == PEOPLE + "/1"
    assert code[1] not in organiser.page


def test_staff_are_shown_as_staff_and_get_no_code_from_each_other(site: Site) -> None:
    organiser = site.organiser()
    organiser.open(f"/thi/{SLUG}/dang-ky")
    organiser.send(
        full_name="Lê Hoài An",
        phone="0900000111",
        unit="VL-001",
        role="can-bo-co-so",
        consents="hien-ket-qua",
    )
    organiser.open(PEOPLE)
    assert "(ban tổ chức)" in organiser.page
    organiser.follow("Lê Hoài An")
    assert "Cấp mã đăng nhập" not in organiser.page
    token = organiser.page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = organiser.client.post(f"{organiser.path}/ma", data={"csrf_token": token})
    assert answer.status_code == 404


def test_voiding_starts_from_the_persons_page(site: Site) -> None:
    reader = begin(site)
    organiser = site.organiser()
    organiser.open(f"{PEOPLE}?tim=khue")
    organiser.follow("Trần Minh Khuê")
    organiser.follow("Diễn biến lượt 1")
    organiser.follow("Hủy lượt này")
    organiser.send(reason="Mất điện cả phòng")
    assert "Đã hủy lượt thi" in organiser.page
    reader.open(f"/thi/lam-bai/{exam_id(reader)}")
    assert "Lượt này không được tính" in reader.page


def test_the_timeline_tells_saves_silences_and_late_answers_and_never_points(site: Site) -> None:
    reader = begin(site)
    public_id = exam_id(reader)
    site.clock.move(seconds=10)
    reader.send(q0="0", then="stay")
    site.clock.move(minutes=3)
    reader.send(q1="0", q2="1", then="stay")
    site.clock.move(minutes=20)
    reader.send(q3="0", then="stay")
    organiser = site.organiser()
    organiser.open(PEOPLE + "/1")
    organiser.follow("Diễn biến lượt 1")
    shown = organiser.page.split("<main")[1].split("</main")[0]
    for words in (
        "3 lần lưu, 2 khoảng im lặng quá một phút, 1 câu tới muộn",
        "Im lặng 3\xa0phút",
        "Câu\xa04: tới muộn, không tính",
        "Hết giờ",
        "Trần Minh Khuê",
    ):
        assert words in shown
    assert "Mỗi câu chỉ giữ lần lưu cuối" in shown
    assert "điểm số" not in shown.lower()
    assert "đáp án" not in shown.lower()
    assert shown.count("<rect") == 3 + 2 + 1
    assert entries(site, "attempt.view") == [public_id]


def test_the_timeline_of_a_void_attempt_says_why(site: Site) -> None:
    public_id = exam_id(begin(site))
    organiser = site.organiser()
    organiser.open(f"/thi/to-chuc/{SLUG}/huy-luot")
    organiser.send(attempt=receipt_code(public_id).lower(), reason="Nhầm đơn vị")
    assert "Đã hủy lượt thi" in organiser.page
    organiser.open(f"/thi/to-chuc/{SLUG}/luot/{public_id}")
    assert "Lý do: Nhầm đơn vị" in organiser.page


def test_a_code_of_no_attempt_voids_nothing(site: Site) -> None:
    begin(site)
    organiser = site.organiser()
    organiser.open(f"/thi/to-chuc/{SLUG}/huy-luot")
    organiser.send(attempt="AAAA-AAAA", reason="Nhầm")
    assert organiser.status == 404
    assert "Không có lượt thi nào trong cuộc thi này" in organiser.page


@pytest.mark.parametrize("end", ["", "?tim=khue", "/1", "/1/ma", "/99"])
def test_people_are_for_organisers_only(site: Site, end: str) -> None:
    participant = site.participant()
    participant.open(PEOPLE + end)
    assert participant.status == 403
    stranger = site.reader()
    stranger.open(PEOPLE + end)
    assert stranger.path == "/dang-nhap"
    assert entries(site, "participant.view") == []


def test_nobody_else_can_ask_for_a_code(site: Site) -> None:
    participant = site.participant()
    participant.open("/thi/")
    token = participant.page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = participant.client.post(f"{PEOPLE}/1/ma", data={"csrf_token": token})
    assert answer.status_code == 403
    assert entries(site, "account.login_code") == []


def test_a_person_of_no_such_number_or_contest_is_not_found(site: Site) -> None:
    organiser = site.organiser()
    for path in (f"{PEOPLE}/99", "/thi/to-chuc/khac/nguoi-thi", "/thi/to-chuc/khac/nguoi-thi/1"):
        organiser.open(path)
        assert organiser.status == 404, path


def test_a_host_without_codes_shows_no_button(site: Site) -> None:
    site.app.extensions["quizengine"].login_code = None
    site.participant()
    organiser = site.organiser()
    organiser.open(f"{PEOPLE}/1")
    assert "Cấp mã đăng nhập" not in organiser.page
    token = organiser.page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = organiser.client.post(f"{PEOPLE}/1/ma", data={"csrf_token": token})
    assert answer.status_code == 404
