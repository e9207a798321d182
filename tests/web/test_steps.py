"""Steps of a running contest: extending, pausing, resuming, extra time, opening again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from quizengine.core.contest import Reveal
from tests.web.conftest import close_site, make_site
from tests.web.site import EVENING, ROUND, SLUG, Reader, Site, revealing, sample_contest
from tests.web.test_play import begin, exam_id

DESK = f"/thi/to-chuc/{SLUG}/"
WHY = "Mất điện ở hai phường"


def attempt_steps(site: Site, public_id: str) -> Reader:
    """Return an organiser's browser at an attempt's timeline."""
    organiser = site.organiser()
    organiser.open(f"{DESK}luot/{public_id}")
    return organiser


def test_a_round_is_extended_and_everybody_reads_why(any_site: Site) -> None:
    any_site.clock.now = sample_contest().rounds[0].closes_at - timedelta(minutes=6)
    reader = begin_short(any_site)
    organiser = any_site.organiser()
    organiser.open(DESK + "gia-han")
    assert "1 người đang làm bài" in organiser.page
    assert "1 lượt bị giờ đóng cắt ngắn" in organiser.page
    organiser.send(closes_at="2021-08-28T23:30", reason=WHY)
    assert organiser.path == DESK
    reader.open(f"/thi/lam-bai/{exam_id(reader)}")
    assert 'role="timer">20:00' in reader.page
    visitor = any_site.reader()
    for path in (f"/thi/{SLUG}/", f"/thi/{SLUG}/the-le"):
        visitor.open(path)
        assert f"Lý do: {WHY}" in visitor.page
        assert "23:30" in visitor.page


def begin_short(site: Site) -> Reader:
    """Return the browser of somebody who starts although the close is near."""
    reader = site.participant()
    reader.open(f"/thi/{SLUG}/{ROUND}/bat-dau")
    reader.send(short_time="y")
    return reader


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"closes_at": "2021-08-28T23:30", "reason": " "}, "Thay đổi chưa có lý do"),
        ({"closes_at": "mai", "reason": WHY}, "chưa đúng dạng ngày giờ"),
        ({"closes_at": "2021-08-01T23:30", "reason": WHY}, "không muộn hơn giờ đóng hiện nay"),
        ({"closes_at": "2031-08-01T23:30", "reason": WHY}, "muộn hơn giờ công bố kết quả"),
    ],
)
def test_an_extension_that_is_no_good_says_what_to_do_and_keeps_what_was_typed(
    site: Site, fields: dict[str, str], words: str
) -> None:
    organiser = site.organiser()
    organiser.open(DESK + "gia-han")
    organiser.send(**fields)
    assert organiser.status == 422
    assert words in organiser.page
    assert f'value="{fields["closes_at"]}"' in organiser.page


def test_the_essay_is_extended_from_the_same_page(site: Site) -> None:
    organiser = site.organiser()
    organiser.open(DESK + "gia-han")
    end = (sample_contest().results_at + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M")
    organiser.send(round="bai-viet", closes_at=end, reason=WHY)
    assert organiser.path == DESK
    visitor = site.reader()
    visitor.open(f"/thi/{SLUG}/the-le")
    assert f"Lý do: {WHY}" in visitor.page


def test_a_pause_stops_the_clock_keeps_answers_and_is_told_to_everybody(any_site: Site) -> None:
    reader = begin(any_site)
    public_id = exam_id(reader)
    any_site.clock.move(minutes=5)
    organiser = any_site.organiser()
    organiser.open(DESK + "tam-dung")
    assert "1 người đang làm bài: đồng hồ của họ dừng từ lúc này" in organiser.page
    organiser.send(reason=WHY)
    any_site.clock.move(hours=2)
    reader.open(f"/thi/lam-bai/{public_id}")
    assert "Ban tổ chức tạm dừng vòng thi" in reader.page
    assert 'role="timer">15:00' in reader.page
    state = reader.client.get(f"/thi/lam-bai/{public_id}/tinh-hinh").get_json()
    assert (state["state"], state["paused"], state["left_ms"]) == ("open", True, 900_000)
    reader.send(q0="0", then="stay")
    assert re.search(r'name="q0" value="0" checked', reader.page)
    visitor = any_site.participant("Phạm Thu Ngân", "0900000318")
    visitor.open(f"/thi/{SLUG}/")
    assert "tạm dừng từ" in visitor.page
    visitor.open(f"/thi/{SLUG}/{ROUND}/bat-dau")
    assert "đang tạm dừng" in visitor.page
    organiser.open(DESK + "tiep-tuc")
    assert "1 lượt làm tiếp với đúng thời gian còn lại" in organiser.page
    organiser.send(reason="Đã có điện")
    any_site.clock.move(minutes=9)
    reader.open(f"/thi/lam-bai/{public_id}")
    assert 'role="timer">06:00' in reader.page


def test_closing_in_a_pause_ends_it(site: Site) -> None:
    begin(site)
    organiser = site.organiser()
    organiser.open(DESK + "tam-dung")
    organiser.send(reason=WHY)
    organiser.open(DESK + "dong")
    organiser.send()
    assert "Cuộc thi đã đóng" in organiser.page
    organiser.open(DESK + "tiep-tuc")
    assert "<form" not in organiser.page.split("<main")[1].split("</main")[0]


def test_a_step_that_is_not_possible_offers_no_form(draft_site: Site) -> None:
    organiser = draft_site.organiser()
    for name in ("gia-han", "tam-dung", "tiep-tuc"):
        organiser.open(DESK + name)
        assert organiser.status == 200
        assert "<form" not in organiser.page.split("<main")[1].split("</main")[0]


def test_extra_time_is_given_from_the_timeline(any_site: Site) -> None:
    reader = begin(any_site)
    public_id = exam_id(reader)
    organiser = attempt_steps(any_site, public_id)
    organiser.follow("Thêm giờ")
    assert "Xếp hạng có so thời gian làm bài" in organiser.page
    organiser.send(minutes="nhiều", reason=WHY)
    assert organiser.status == 422
    assert "từ 1 đến 240" in organiser.page
    organiser.send(minutes="10", reason="Người thi khiếm thị")
    assert "Lượt thi đã được thêm giờ" in organiser.page
    assert "Người thi khiếm thị" in organiser.page
    reader.open(f"/thi/lam-bai/{public_id}")
    assert 'role="timer">30:00' in reader.page
    visitor = any_site.reader()
    visitor.open(f"/thi/{SLUG}/the-le")
    assert "một lượt thi được thêm 10\xa0phút" in visitor.page
    assert "khiếm thị" not in visitor.page
    assert public_id not in visitor.page


def test_a_second_click_on_extra_time_gives_no_more(any_site: Site) -> None:
    reader = begin(any_site)
    public_id = exam_id(reader)
    organiser = attempt_steps(any_site, public_id)
    organiser.follow("Thêm giờ")
    path, seen = organiser.path, organiser.page
    organiser.send(minutes="10", reason=WHY)
    organiser.path, organiser.page = path, seen
    organiser.send(minutes="10", reason=WHY)
    assert organiser.status == 409
    assert "đã được thêm tổng cộng 10 phút" in organiser.page
    reader.open(f"/thi/lam-bai/{public_id}")
    assert 'role="timer">30:00' in reader.page
    organiser.send(minutes="5", reason=WHY)
    reader.open(f"/thi/lam-bai/{public_id}")
    assert 'role="timer">35:00' in reader.page


def test_an_attempt_submitted_by_mistake_is_opened_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    site = make_site(
        tmp_path_factory.mktemp("site"), contest=revealing(sample_contest(), Reveal.NOTHING)
    )
    try:
        reader = begin(site)
        public_id = exam_id(reader)
        site.clock.move(minutes=2)
        reader.open(f"/thi/lam-bai/{public_id}/kiem-tra")
        reader.send()
        assert reader.path.endswith("/bien-nhan")
        site.clock.move(hours=1)
        organiser = attempt_steps(site, public_id)
        organiser.follow("Mở lại")
        assert "khi còn 18\xa0phút" in organiser.page
        organiser.send(reason="Bấm nhầm")
        assert "Lượt thi đã được mở lại" in organiser.page
        reader.open(f"/thi/lam-bai/{public_id}")
        assert 'role="timer">18:00' in reader.page
    finally:
        close_site(site)


def test_steps_of_an_unknown_attempt_are_not_found(site: Site) -> None:
    organiser = site.organiser()
    for end in ("", "/them-gio", "/mo-lai"):
        organiser.open(f"{DESK}luot/khong-co{end}")
        assert organiser.status == 404
    assert site.clock() == EVENING


def test_a_zero_character_in_a_reason_or_a_search_breaks_nothing(any_site: Site) -> None:
    organiser = any_site.organiser()
    organiser.open(DESK + "tam-dung")
    organiser.send(reason="Mất\0 điện")
    assert organiser.path == DESK
    visitor = any_site.reader()
    visitor.open(f"/thi/{SLUG}/the-le")
    assert "Lý do: Mất điện" in visitor.page
    for word in ("viec", "nguoi", "ve"):
        assert organiser.client.get(f"/thi/to-chuc/nhat-ky?{word}=%00").status_code == 200
    assert "round.pause" not in organiser.open("/thi/to-chuc/nhat-ky").split("<tbody>")[1]
