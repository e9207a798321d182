"""The contest builder: begun, filled in wrongly, put right, looked at, made a draft and opened."""

from __future__ import annotations

import io
import re

import pytest

from quizengine.formats.contest_fields import PARTS
from quizengine.formats.contest_file import read_contest, write_contest
from tests.web.site import SAMPLE, SLUG, Form, Reader, Site, forms_of

NEW = "/thi/to-chuc/cuoc-thi/moi"
TOPIC = "Công đoàn theo Hiến pháp và pháp luật"


def begin(site: Site, title: str = "Tìm hiểu an toàn lao động") -> Reader:
    """Return an organiser who has begun a contest from the preset."""
    organiser = site.organiser()
    organiser.open(NEW)
    organiser.send_form(way(organiser, "mau"), title=title, contact="0900 000 123")
    assert organiser.status == 200, organiser.page
    return organiser


def way(reader: Reader, name: str) -> int:
    """Return which form of the page begins a contest in one of the three ways."""
    found = [form.fields.get("cach") == [name] for form in forms_of(reader.page, reader.path)]
    return found.index(True)


def part(reader: Reader, name: str) -> str:
    """Return a page of the form that the reader looks at."""
    return reader.open(f"{home_of(reader)}/{name}")


def home_of(reader: Reader) -> str:
    """Return the address of the form that the reader looks at."""
    return "/thi/to-chuc/soan/" + reader.path.split("/soan/")[1].split("/")[0]


def overview(reader: Reader) -> str:
    """Return the page that says how the form stands."""
    return reader.open(home_of(reader))


def error_at(reader: Reader, name: str) -> str:
    """Return what stands beside a field, empty when nothing is wrong with it."""
    found = re.search(rf'id="{re.escape(name)}-error">(.*?)</span>', reader.page, re.DOTALL)
    return re.sub(r"<[^>]*>", "", found[1]).strip() if found else ""


def test_five_fields_make_a_contest_that_can_be_opened(site: Site) -> None:
    organiser = begin(site)
    assert "Không còn gì vướng" in organiser.page or "Mọi thứ đã ổn" in organiser.page
    organiser.send()
    assert organiser.path == "/thi/to-chuc/tim-hieu-an-toan-lao-dong/"
    organiser.follow("Mở cuộc thi")
    organiser.send()
    assert "Đã mở cuộc thi" in organiser.page
    organiser.open("/thi/tim-hieu-an-toan-lao-dong/the-le")
    assert TOPIC in organiser.page


def test_a_contest_without_a_name_is_not_begun(site: Site) -> None:
    organiser = site.organiser()
    organiser.open(NEW)
    organiser.send_form(way(organiser, "mau"), title=" ", contact="dòng này ở lại")
    assert organiser.status == 422
    assert "Chưa có tên cuộc thi" in organiser.page
    assert "dòng này ở lại" in organiser.page


def test_what_is_wrong_is_kept_and_said_at_its_field(site: Site) -> None:
    organiser = begin(site)
    part(organiser, "vong-thi")
    organiser.send(**{"rounds.0.attempts": "hai", "rounds.0.closes_at": "2021-08-01T08:00"})
    assert "Lỗi:" in organiser.page.split("</title>")[0]
    assert 'href="#rounds.0.attempts"' in organiser.page
    assert "Đây chưa phải số nguyên" in error_at(organiser, "rounds.0.attempts")
    assert "Giờ đóng đang trước" in error_at(organiser, "rounds.0.closes_at")
    assert 'value="hai"' in organiser.page
    organiser.open(organiser.path)
    assert 'value="hai"' in organiser.page
    overview(organiser)
    assert 'aria-disabled="true"' in organiser.page
    assert "Đây chưa phải số nguyên" in organiser.page


def test_rows_are_added_and_taken_out_without_a_script(site: Site) -> None:
    organiser = begin(site)
    part(organiser, "giai-thuong")
    organiser.send(add="awards")
    assert error_at(organiser, "awards.0.title.vi") == ""
    organiser.send(
        add="awards", **{"awards.0.title.vi": "Giải Nhất", "awards.0.prize.vi": "1.000.000 đ"}
    )
    organiser.send(**{"awards.1.title.vi": "Giải Nhì"})
    assert "Ô này còn trống" in error_at(organiser, "awards.1.prize.vi")
    organiser.send(remove="awards.0")
    assert "Giải Nhất" not in organiser.page
    assert 'value="Giải Nhì"' in organiser.page


@pytest.mark.parametrize(
    "pressed", [{"remove": "rounds.²"}, {"add": "rounds.².sections"}, {"spread": "²"}]
)
def test_a_row_with_a_number_that_is_none_changes_nothing(
    site: Site, pressed: dict[str, str]
) -> None:
    organiser = begin(site)
    part(organiser, "vong-thi")
    before = organiser.page.count('name="rounds.')
    assert before
    organiser.send(**pressed)
    assert organiser.status == 200
    part(organiser, "vong-thi")
    assert organiser.page.count('name="rounds.') == before


def test_a_prediction_comes_with_its_place_in_the_ranking(site: Site) -> None:
    organiser = begin(site)
    part(organiser, "vong-thi")
    organiser.send(add="rounds.0.prediction")
    assert "rounds.0.prediction.prompt.vi" in organiser.page
    overview(organiser)
    assert "dự đoán không dùng" not in organiser.page
    part(organiser, "vong-thi")
    organiser.send(remove="rounds.0.prediction")
    overview(organiser)
    assert "Không còn gì vướng" in organiser.page or "Mọi thứ đã ổn" in organiser.page


def test_an_essay_and_a_round_more(site: Site) -> None:
    organiser = begin(site)
    part(organiser, "bai-viet")
    organiser.send(add="essay")
    organiser.send(**{"essay.title.vi": "Một sáng kiến", "essay.prompt.vi": "Viết ngắn gọn"})
    assert "không còn chỗ nào phải sửa" in organiser.page
    part(organiser, "vong-thi")
    organiser.send(add="rounds")
    assert "Vòng 2" in organiser.page
    overview(organiser)
    assert "trước khi Vòng 2 kết thúc" in organiser.page


def test_the_pool_stands_beside_each_topic_and_questions_are_spread(site: Site) -> None:
    organiser = begin(site)
    part(organiser, "vong-thi")
    assert re.search(rf"{TOPIC} \(\d+ câu\)", organiser.page)
    assert "20 câu mỗi đề" in organiser.page
    for _ in range(4):
        organiser.send(remove="rounds.0.sections.0")
    organiser.send(**{"rounds.0.sections.0.count": "10"})
    assert "10 câu mỗi đề" in organiser.page
    organiser.send(spread="0")
    assert organiser.page.count('name="remove" value="rounds.0.sections.') == 5


def test_previews_and_the_sample_paper_show_no_key_and_lead_nowhere_wrong(site: Site) -> None:
    organiser = begin(site)
    home = organiser.path
    organiser.open(f"{home}/xem/the-le")
    assert "Xem trước" in organiser.page
    assert TOPIC in organiser.page
    organiser.open(f"{home}/xem/trang")
    assert "Tìm hiểu an toàn lao động" in organiser.page
    assert "/tim-hieu-an-toan-lao-dong/" not in organiser.page
    organiser.open(f"{home}/xem/de-mau/1")
    assert "Đề mẫu, không phải đề thật" in organiser.page
    assert organiser.page.count('class="q"') == 20
    first = re.findall(r"</span> (.*?)</legend>", organiser.page)
    organiser.follow("Rút đề mẫu khác")
    assert re.findall(r"</span> (.*?)</legend>", organiser.page) != first
    assert all(
        question.explanation not in organiser.page
        for question in site.bank.questions
        if question.explanation
    )
    organiser.open(f"{home}/xem/de-mau/7")
    assert organiser.status == 404


def test_a_form_that_is_not_finished_is_shown_all_the_same(site: Site) -> None:
    organiser = begin(site)
    home = organiser.path
    for name in PARTS:
        part(organiser, name)
        form = forms_of(organiser.page, organiser.path)[-1]
        empty = {key: "" for key in form.fields if key not in ("csrf_token", "whole")}
        organiser.send(**empty)
        assert organiser.status == 200, name
    for what in ("", "/xem/the-le", "/xem/trang", "/xem/de-mau/1", "/cuoc-thi.toml"):
        organiser.open(home + what)
        assert organiser.status in (200, 409), what
    assert organiser.status == 409


def test_how_alike_two_papers_are_is_told_before_opening(site: Site) -> None:
    organiser = begin(site)
    part(organiser, "vong-thi")
    size = sum(question.topic == TOPIC for question in site.bank.questions)
    for _ in range(4):
        organiser.send(remove="rounds.0.sections.1")
    organiser.send(
        **{"rounds.0.sections.0.topic": TOPIC, "rounds.0.sections.0.count": str(size - 2)}
    )
    percent = (size - 2) * 100 // size
    assert f"hai người trùng nhau khoảng {percent}% đề" in organiser.page
    overview(organiser)
    assert f"hai người trùng nhau trung bình {percent}%" in organiser.page


def test_an_earlier_contest_is_taken_over_with_later_days(site: Site) -> None:
    organiser = site.organiser()
    organiser.open(NEW)
    organiser.send_form(way(organiser, "cuoc-thi"), slug=SLUG)
    part(organiser, "ten")
    assert f'value="{SLUG}-2"' in organiser.page
    part(organiser, "vong-thi")
    assert 'value="2021-08-23T08:00"' in organiser.page
    assert 'value="2021-09-25T22:00"' in organiser.page


def test_a_file_is_taken_over_and_comes_back_the_same(site: Site) -> None:
    organiser = site.organiser()
    text = (SAMPLE / "contest.toml").read_text(encoding="utf-8").replace(SLUG, "tu-tep", 1)
    upload(organiser, text)
    home = organiser.path
    assert organiser.status == 200
    organiser.open(f"{home}/cuoc-thi.toml")
    contest = read_contest(text).contest
    assert contest is not None
    assert organiser.page == write_contest(contest)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("format_version = 1\ntitle", "Dòng 2"),
        ('format_version = 1\ntitel = "x"', "titel"),
        ("", "Chưa chọn tệp"),
    ],
)
def test_a_file_that_a_form_cannot_hold_is_refused(site: Site, text: str, says: str) -> None:
    organiser = site.organiser()
    upload(organiser, text)
    assert organiser.status == 422
    assert says in organiser.page


def upload(organiser: Reader, text: str) -> None:
    organiser.open(NEW)
    form: Form = forms_of(organiser.page, NEW)[way(organiser, "tep")]
    data: dict[str, object] = dict(form.fields)
    data["file"] = (io.BytesIO(text.encode()), "cuoc-thi.toml")
    organiser._keep(organiser.client.post(NEW, data=data, follow_redirects=True))


def test_a_draft_is_changed_through_its_form(draft_site: Site) -> None:
    organiser = draft_site.organiser()
    organiser.open(f"/thi/to-chuc/{SLUG}/soan")
    organiser.send()
    home = organiser.path
    part(organiser, "ten")
    assert f'name="slug" value="{SLUG}"' in organiser.page
    organiser.send(**{"title.vi": "Tên mới"})
    overview(organiser)
    organiser.send()
    assert organiser.path == f"/thi/to-chuc/{SLUG}/"
    assert "Tên mới" in organiser.page
    organiser.open(f"/thi/to-chuc/{SLUG}/soan")
    assert organiser.path == home


def test_an_open_contest_is_not_changed_and_says_what_still_can_be(site: Site) -> None:
    organiser = site.organiser()
    organiser.open(f"/thi/to-chuc/{SLUG}/soan")
    assert "nên thể lệ giữ nguyên" in organiser.page
    assert not forms_of(organiser.page.split("<main")[1], organiser.path)
    organiser.open(f"/thi/to-chuc/{SLUG}/cuoc-thi.toml")
    assert read_contest(organiser.page).contest is not None


def test_a_form_takes_the_place_of_no_other_contest(site: Site) -> None:
    organiser = begin(site)
    part(organiser, "ten")
    organiser.send(slug=SLUG)
    assert f"Địa chỉ {SLUG} đã có cuộc thi khác dùng" in error_at(organiser, "slug")


def test_a_form_is_thrown_away_after_asking(site: Site) -> None:
    organiser = begin(site)
    home = organiser.path
    organiser.follow("Bỏ bản soạn này")
    organiser.send()
    assert "Đã bỏ bản soạn" in organiser.page
    organiser.open(home)
    assert organiser.status == 404


def test_the_builder_is_for_organisers(site: Site) -> None:
    home = begin(site).path
    participant = site.participant()
    for path in (NEW, home, f"{home}/ten", f"{home}/xem/trang", f"{home}/cuoc-thi.toml"):
        participant.open(path)
        assert participant.status == 403, path
