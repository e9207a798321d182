"""The organisers' desk: opening, closing, publishing, essays alike, void attempts."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from quizengine.services import contests
from quizengine.services.transaction import transaction
from tests.web.site import ESSAY, EVENING, ROUND, SLUG, Site, sample_contest
from tests.web.test_play import begin, exam_id

DESK = f"/thi/to-chuc/{SLUG}/"


def test_the_desk_is_for_organisers_only(site: Site) -> None:
    stranger = site.reader()
    stranger.open("/thi/to-chuc/")
    assert stranger.path == "/dang-nhap"
    participant = site.participant()
    for end in ("", "dong", "huy-luot", "bai-trung", "ket-qua.json"):
        participant.open(DESK + end)
        assert participant.status == 403, end


def test_opening_states_its_effect_and_happens_once(draft_site: Site) -> None:
    organiser = draft_site.organiser()
    organiser.open(DESK)
    assert "bản nháp" in organiser.page
    organiser.follow("Mở cuộc thi")
    assert "được giữ nguyên từ đây" in organiser.page
    organiser.send()
    assert "Đã mở cuộc thi" in organiser.page
    organiser.open(DESK + "mo")
    assert "chưa làm được bước này" in organiser.page
    token = {"csrf_token": _token(organiser.page)}
    assert organiser.client.post(DESK + "mo", data=token).status_code == 409


def test_a_contest_that_is_not_ready_names_what_is_in_the_way(site: Site) -> None:
    contest = sample_contest()
    rounds = tuple(replace(one, bank="khong-co") for one in contest.rounds)
    with Session(site.engine) as session, transaction(session):
        contests.load_contest(
            session, replace(contest, slug="khac", rounds=rounds), now=EVENING, actor="test"
        )
    organiser = site.organiser()
    organiser.open("/thi/to-chuc/khac/")
    assert "Chưa đạt" in organiser.page
    assert 'aria-disabled="true"' in organiser.page
    organiser.open("/thi/to-chuc/khac/mo")
    assert "Chưa đạt" in organiser.page
    sent = {"csrf_token": _token(organiser.page)}
    response = organiser.client.post("/thi/to-chuc/khac/mo", data=sent)
    assert response.status_code == 422
    assert "Chưa đạt" in response.text


def test_the_desk_lists_drafts_and_what_is_open(draft_site: Site) -> None:
    organiser = draft_site.organiser()
    organiser.open("/thi/to-chuc/")
    assert "Bản nháp" in organiser.page
    organiser.follow("Tình trạng Tìm hiểu 92 năm Công đoàn Việt Nam")
    assert organiser.path == DESK


def _token(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def test_the_desk_counts_what_happens(site: Site) -> None:
    begin(site)
    organiser = site.organiser()
    organiser.open(DESK)
    assert "<dt>Đã đăng ký</dt><dd>1</dd>" in organiser.page
    assert "<dt>Lượt đang làm</dt><dd>1</dd>" in organiser.page


def test_publishing_waits_for_the_last_attempt(site: Site) -> None:
    begin(site)
    organiser = site.organiser()
    organiser.open(DESK + "dong")
    assert "1 lượt đang làm kết thúc ngay" in organiser.page
    organiser.send()
    organiser.open(DESK)
    assert "Vẫn còn lượt thi chưa kết thúc" in organiser.page
    site.clock.move(seconds=6)
    organiser.open(DESK)
    organiser.follow("Công bố kết quả")
    organiser.send()
    organiser.open(DESK + "ket-qua")
    organiser.follow("Tệp dữ liệu (JSON)")
    assert organiser.status == 200
    assert organiser.page == organiser.open(DESK + "ket-qua.json")


def test_an_attempt_is_void_with_a_reason_and_may_be_made_again(site: Site) -> None:
    reader = begin(site)
    organiser = site.organiser()
    organiser.open(DESK + "huy-luot")
    address = f"http://localhost/thi/lam-bai/{exam_id(reader)}"
    organiser.send(attempt=address, reason="")
    assert organiser.status == 422
    assert address in organiser.page
    organiser.send(reason="Mất điện cả phòng")
    assert "Đã hủy lượt thi" in organiser.page
    reader.open(f"/thi/lam-bai/{exam_id(reader)}")
    assert "Lượt này không được tính" in reader.page
    reader.open(f"/thi/{SLUG}/{ROUND}/bat-dau")
    assert "lượt 1 trên 2" in reader.page


def test_essays_that_share_text_are_shown_side_by_side_without_names(site: Site) -> None:
    for name, phone in (("Phạm Thu Ngân", "0900000318"), ("Ngô Diễm Quỳnh", "0900000027")):
        reader = site.participant(name, phone)
        reader.open(f"/thi/{SLUG}/bai-viet")
        reader.send(text=f"Tôi xin nêu một ý.\n{ESSAY}", then="check")
        reader.send()
    organiser = site.organiser()
    organiser.open(DESK + "bai-trung")
    assert "Chưa có cặp bài nào" in organiser.page
    organiser.send()
    assert "1 cặp bài đang chờ quyết định" in organiser.page
    code = organiser.page.split("/bai-trung/")[1].split('"')[0]
    organiser.open(f"{DESK}bai-trung/{code}")
    assert organiser.page.count("<mark") >= 2
    assert 'href="#b1"' in organiser.page
    assert "Ngân" not in organiser.page
    organiser.open(f"{DESK}bai-trung/AAAA-AAAA/BBBB-BBBB")
    assert organiser.status == 404
