"""The whole way through a contest, from the first page to the ranking, without JavaScript."""

from __future__ import annotations

import re

from tests.web.site import ESSAY, ROUND, SLUG, Reader, Site


def answer(reader: Reader, position: str = "0", prediction: str = "3") -> None:
    """Answer every question of the present exam page and submit."""
    reader.send(then="check", prediction=prediction, **{f"q{slot}": position for slot in range(20)})
    assert reader.path.endswith("/kiem-tra")
    reader.send()


def publish(site: Site) -> None:
    """Close the contest and publish its results from the organisers' desk."""
    organiser = site.organiser()
    organiser.open(f"/thi/to-chuc/{SLUG}/dong")
    organiser.send()
    site.clock.move(minutes=1)
    organiser.open(f"/thi/to-chuc/{SLUG}/cong-bo")
    organiser.send()
    assert organiser.status == 200, organiser.page
    assert "Đã công bố kết quả" in organiser.page


def test_a_person_registers_answers_writes_and_sees_the_ranking(any_site: Site) -> None:
    site = any_site
    reader = site.participant()
    reader.open(f"/thi/{SLUG}/")
    reader.follow("Vào thi, lượt 1 trên 2")
    assert "20\u00a0phút, đến 20:20" in reader.page
    reader.send()
    site.clock.move(minutes=12)
    answer(reader)
    assert "Bài của bạn đã tới nơi" in reader.page
    assert "20 trên 20\u00a0câu" in reader.page
    assert re.search(r'class="code">[2-9A-Z]{4}-[2-9A-Z]{4}<', reader.page)
    reader.follow("Viết bài tự luận")
    reader.send(text=ESSAY, then="check")
    assert "Xem lại trước khi nộp" in reader.page
    reader.send()
    assert "Bài viết của bạn đã tới nơi" in reader.page
    publish(site)
    reader.open(f"/thi/{SLUG}/{ROUND}/xep-hang")
    assert "Hạng 1" in reader.page
    assert "0••• •••• 456" in reader.page
    assert "0900000456" not in reader.page


def test_places_are_shown_by_page_and_the_own_place_above_them(site: Site) -> None:
    readers = [site.participant(f"Người {number}", f"09000001{number:02}") for number in range(3)]
    for minutes, reader in enumerate(readers, 1):
        reader.open(f"/thi/{SLUG}/{ROUND}/bat-dau")
        reader.send()
        site.clock.move(minutes=minutes)
        answer(reader)
    publish(site)
    page = readers[0].open(f"/thi/{SLUG}/{ROUND}/xep-hang")
    assert page.count("<tr") == 4
    assert page.count('class="me"') == 1
    assert readers[0].client.get(f"/thi/{SLUG}/{ROUND}/xep-hang?trang=9").status_code == 404
