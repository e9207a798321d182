"""Taking part: the start, saving, the check, submitting, the receipt, and what goes wrong."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.web.site import EVENING, PASSWORD, ROUND, SLUG, Reader, Site, forms_of

START = f"/thi/{SLUG}/{ROUND}/bat-dau"
CLOSE = datetime(2021, 8, 28, 15, 0, tzinfo=UTC)


def begin(site: Site, reader: Reader | None = None) -> Reader:
    """Return a browser on the exam page of a new attempt."""
    found = reader or site.participant()
    found.open(START)
    found.send()
    assert found.path.startswith("/thi/lam-bai/")
    return found


def exam_id(reader: Reader) -> str:
    """Return the public id of the attempt whose page is open."""
    return reader.path.split("/")[3]


def token_of(reader: Reader) -> str:
    """Return the CSRF token of the present page."""
    return forms_of(reader.page, reader.path)[-1].fields["csrf_token"][0]


def situation_of(reader: Reader, exam: str) -> dict[str, Any]:
    """Return what a script is told of an attempt."""
    response = reader.client.get(exam + "/tinh-hinh", headers={"Accept": "application/json"})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.get_json()
    return found


def answered(reader: Reader, exam: str) -> int:
    """Return how many questions of an attempt have an answer on the server."""
    return sum(1 for one in situation_of(reader, exam)["answers"] if one.get("positions"))


def test_the_start_page_states_the_real_deadline_before_anything_starts(site: Site) -> None:
    reader = site.participant()
    reader.open(START)
    assert "20\u00a0phút, đến 20:20" in reader.page
    assert "lượt 1 trên 2" in reader.page
    reader.open(f"/thi/{SLUG}/")
    assert "Chưa thi lượt nào" in reader.page


def test_less_time_than_the_limit_is_stated_and_confirmed(site: Site) -> None:
    reader = site.participant()
    site.clock.now = CLOSE - timedelta(minutes=12)
    reader.open(START)
    assert "12\u00a0phút, đến 22:00" in reader.page
    reader.send()
    assert reader.status == 422
    assert "Đánh dấu vào ô để bắt đầu với 12" in reader.page
    reader.send(short_time="1")
    assert reader.path.startswith("/thi/lam-bai/")


def test_a_second_start_leads_to_the_open_attempt(site: Site) -> None:
    reader = begin(site)
    first = reader.path
    reader.open(START)
    assert reader.path == first


def test_a_closed_round_says_so_instead_of_starting(site: Site) -> None:
    reader = site.participant()
    reader.open(START)
    site.clock.now = CLOSE + timedelta(minutes=1)
    reader.send()
    assert reader.status == 409
    assert "Vòng thi đã đóng" in reader.page


def test_used_up_attempts_are_told_with_their_number(site: Site) -> None:
    reader = site.participant()
    for _ in range(2):
        begin(site, reader)
        reader.open(reader.path + "/kiem-tra")
        reader.send()
    reader.open(START)
    assert "Bạn đã dùng hết 2 lượt thi" in reader.page


def test_saved_answers_are_there_again_and_counted(site: Site) -> None:
    reader = begin(site)
    reader.send(then="stay", q0="1", q4="1", prediction="1.250")
    assert answered(reader, reader.path) == 2
    fields = forms_of(reader.page, reader.path)[-1].fields
    assert fields["q0"] == ["1"]
    assert fields["q4"] == ["1"]
    assert fields["prediction"] == ["1250"]


def test_a_prediction_that_is_no_number_loses_nothing_typed(site: Site) -> None:
    reader = begin(site)
    reader.send(then="check", q0="1", prediction="nhiều lắm")
    assert reader.status == 422
    fields = forms_of(reader.page, reader.path)[-1].fields
    assert fields["q0"] == ["1"]
    assert fields["prediction"] == ["nhiều lắm"]
    reader.send(then="check", prediction="7")
    assert reader.path.endswith("/kiem-tra")


def test_untouched_answers_keep_the_time_they_were_given(site: Site) -> None:
    reader = begin(site)
    reader.send(then="stay", q0="1")
    site.clock.move(minutes=5)
    reader.send(then="check")
    reader.send()
    assert "lưu lần cuối lúc 20:00:00" in reader.page


def test_an_old_page_never_replaces_later_answers_silently(site: Site) -> None:
    phone = begin(site)
    laptop = Reader(phone.client)
    laptop.open(phone.path)
    phone.send(then="stay", q0="1", q1="0")
    laptop.send(then="check", q0="0")
    assert "Câu 1: đang hiện câu trả lời mới hơn" in laptop.page
    assert forms_of(laptop.page, laptop.path)[-1].fields["q0"] == ["1"]


def test_answers_after_the_end_are_refused_and_named_on_the_receipt(site: Site) -> None:
    reader = begin(site)
    reader.send(then="stay", q0="1")
    site.clock.now = EVENING + timedelta(minutes=20, seconds=6)
    reader.send(then="check", q3="1")
    assert reader.path.endswith("/bien-nhan")
    assert "Câu 4 tới lúc 20:20:06, sau khi hết giờ, nên không được tính." in reader.page
    assert "Bài của bạn vẫn được tính" in reader.page
    assert "tự nộp với 1 câu đã lưu" in reader.page


def test_answers_within_the_grace_are_taken(site: Site) -> None:
    reader = begin(site)
    site.clock.now = EVENING + timedelta(minutes=20, seconds=5)
    reader.send(then="stay", q3="1")
    assert answered(reader, reader.path) == 1


def test_submitting_twice_leads_to_the_same_receipt(site: Site) -> None:
    reader = begin(site)
    reader.send(then="check", q0="1")
    again = Reader(reader.client, reader.path, reader.page)
    reader.send()
    site.clock.move(minutes=3)
    again.send()
    assert again.path == reader.path
    assert code_of(again) == code_of(reader)
    assert "Đã nộp lúc 20:00" in again.page


def code_of(reader: Reader) -> str:
    """Return the receipt code of the page."""
    found = re.search(r'class="code">([^<]+)<', reader.page)
    assert found
    return found.group(1)


def test_going_back_after_submitting_shows_the_receipt_and_late_answers_are_refused(
    site: Site,
) -> None:
    reader = begin(site)
    old = Reader(reader.client, reader.path, reader.page)
    reader.open(reader.path + "/kiem-tra")
    reader.send()
    old.send(then="stay", q0="1")
    assert old.path.endswith("/bien-nhan")
    assert "0 trên 20\u00a0câu" in old.page
    old.open(f"/thi/lam-bai/{exam_id(reader)}")
    assert old.path.endswith("/bien-nhan")


def test_answers_after_submitting_are_named_on_the_receipt(site: Site) -> None:
    reader = begin(site)
    old = Reader(reader.client, reader.path, reader.page)
    reader.open(reader.path + "/kiem-tra")
    reader.send()
    site.clock.move(seconds=9)
    old.send(then="stay", q0="1", q6="0", prediction="12")
    assert "3 câu trả lời tới muộn" in old.page
    assert "Câu 1, 7 tới lúc 20:00:09, sau khi đã nộp bài, nên không được tính." in old.page
    assert "Số dự đoán tới lúc 20:00:09, sau khi đã nộp bài" in old.page


def test_an_attempt_submitted_by_mistake_is_opened_again_from_its_receipt(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    reader.send(then="check", q0="1")
    assert "mở lại được trên trang biên nhận, đến 20:20" in reader.page
    reader.send()
    assert "đến 20:20" in reader.page
    reader.send()
    assert reader.path == exam
    assert answered(reader, exam) == 1
    reader.send(then="check", q1="0")
    reader.send()
    assert "2 trên 20\u00a0câu" in reader.page
    site.clock.move(minutes=20)
    reader.open(exam + "/bien-nhan")
    assert "Mở lại bài" not in reader.page


def test_opening_again_too_late_says_what_counts(site: Site) -> None:
    reader = begin(site)
    reader.send(then="check", q0="1")
    reader.send()
    site.clock.move(minutes=20)
    reader.send()
    assert reader.status == 409
    assert "Không mở lại được lượt này nữa" in reader.page
    assert "Những gì đã lưu vẫn được tính" in reader.page


def test_the_check_names_the_missing_first_and_then_the_flagged(site: Site) -> None:
    reader = begin(site)
    fields = {f"q{slot}": "0" for slot in range(18)}
    reader.send(then="check", f4="1", f8="1", **fields)
    page = reader.page
    order = ["2 câu chưa trả lời", "Câu\u00a019", "2 câu cần xem lại", "Câu\u00a05", "Câu trả lời"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert page.count("Xem lại</span>") == 2
    assert "Làm tiếp 2 câu còn trống" in page
    assert "Bạn còn 1 lượt khác" in page


def test_submitting_nothing_is_warned_of(site: Site) -> None:
    reader = begin(site)
    reader.send(then="check")
    assert "Chưa trả lời câu nào" in reader.page
    reader.send()
    reader.open(START)
    reader.send()
    reader.send(then="check")
    assert "Đây là lượt cuối của bạn" in reader.page


def test_a_second_device_shows_what_is_stored(site: Site) -> None:
    phone = begin(site)
    phone.send(then="stay", q0="1", f2="1")
    laptop = site.reader()
    laptop.open("/dang-nhap")
    laptop.send(login="0900000456", password=PASSWORD)
    laptop.open(START)
    assert laptop.path == phone.path
    fields = forms_of(laptop.page, laptop.path)[-1].fields
    assert fields["q0"] == ["1"]
    assert "f2" in fields


def test_the_addresses_that_only_take_forms_lead_back_to_the_questions(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    for end in ("/luu", "/nop", "/mo-lai"):
        reader.open(exam + end)
        assert reader.path == exam


def test_a_script_saves_single_answers_as_json(site: Site) -> None:
    reader = begin(site)
    answers = [
        {"slot": 0, "positions": [1], "sequence": 5},
        {"slot": 0, "positions": [0], "sequence": 4},
        {"slot": 20, "number": 77, "sequence": 1},
    ]
    response = reader.client.post(
        f"/thi/lam-bai/{exam_id(reader)}/luu",
        json={"answers": answers},
        headers={"X-Quiz-Token": token_of(reader)},
    )
    assert [reply["outcome"] for reply in response.get_json()["replies"]] == [
        "saved",
        "superseded",
        "saved",
    ]
    reader.open(f"/thi/lam-bai/{exam_id(reader)}")
    assert forms_of(reader.page, reader.path)[-1].fields["q0"] == ["1"]


def reply_to(reader: Reader, exam: str, **document: object) -> dict[str, Any]:
    """Return the one reply to a script's document with one answer."""
    response = send_json(reader, exam, json.dumps(document))
    assert response.status_code == 200, response.text
    (reply,) = response.get_json()["replies"]
    found: dict[str, Any] = reply
    return found


def test_a_script_is_told_of_a_later_answer_that_its_page_has_not_seen(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    theirs = {"slot": 0, "positions": [1], "sequence": 3, "seen": 0}
    assert reply_to(reader, exam, answers=[theirs])["outcome"] == "saved"
    mine = {"slot": 0, "positions": [0], "sequence": 9, "seen": 0}
    site.clock.move(minutes=1)
    reply = reply_to(reader, exam, answers=[mine])
    choice = reply["stored"].pop("choice")
    assert "Giữ đáp án B, lưu từ máy khác lúc 20:00" in choice
    assert "Lấy đáp án A của máy này" in choice
    assert reply == {
        "slot": 0,
        "sequence": 9,
        "outcome": "superseded",
        "reason": None,
        "message": None,
        "stored": {"slot": 0, "positions": [1], "sequence": 3, "time": "20:00"},
    }
    chosen = {**mine, "sequence": 10, "seen": 3}
    assert reply_to(reader, exam, answers=[chosen])["outcome"] == "saved"
    assert situation_of(reader, exam)["answers"] == [{"slot": 0, "positions": [0], "sequence": 10}]


def test_a_later_prediction_of_another_page_is_told_as_a_number(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    reply_to(reader, exam, answers=[{"slot": 20, "number": 5, "sequence": 2}])
    mine = {"slot": 20, "number": 7, "sequence": 4, "seen": 1}
    stored = reply_to(reader, exam, answers=[mine])["stored"]
    assert (stored["number"], stored["sequence"]) == (5, 2)
    assert "positions" not in stored


def test_a_refusal_says_in_the_readers_language_why(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    site.clock.now = EVENING + timedelta(minutes=20, seconds=6)
    answer = {"slot": 0, "positions": [1], "sequence": 3, "seen": 0, "at": 1_629_637_201_000}
    reply = reply_to(reader, exam, answers=[answer])
    assert (reply["outcome"], reply["reason"]) == ("refused", "attempt.late")
    assert reply["message"].startswith("Câu này tới sau khi hết giờ")
    reader.client.set_cookie("quiz_language", "en")
    assert reply_to(reader, exam, answers=[answer])["message"].startswith("This arrived aft")


@pytest.mark.parametrize("at", [-1, 0, 2**53, 10**30])
def test_a_devices_clock_may_say_what_it_likes(site: Site, at: int) -> None:
    reader = begin(site)
    exam = reader.path
    site.clock.move(minutes=30)
    answer = {"slot": 0, "positions": [1], "sequence": 3, "at": at}
    assert reply_to(reader, exam, answers=[answer])["outcome"] == "refused"


def test_a_script_is_told_how_its_attempt_stands(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    site.clock.move(minutes=5)
    answers = [
        {"slot": 3, "positions": [1], "sequence": 4},
        {"slot": 20, "number": 77, "sequence": 6},
    ]
    body = json.dumps({"answers": answers, "flags": {"slots": [8, 4], "sequence": 9}})
    assert send_json(reader, exam, body).status_code == 200
    found = situation_of(reader, exam)
    assert reader.client.post(
        exam + "/luu", json={"answers": []}, headers={"X-Quiz-Token": found.pop("token")}
    ).is_json
    words = found.pop("words")
    assert (words["ends"], words["changed"]) == ("đến 20:20", "Vừa đổi từ máy khác")
    assert "20:20" in words["held"]
    assert found == {
        "state": "open",
        "paused": False,
        "left_ms": 15 * 60_000,
        "over_ms": 15 * 60_000 + 5_000,
        "until": "20:20",
        "answers": answers,
        "flags": [4, 8],
        "sequence": 10,
        "leave": None,
    }


def test_the_page_tells_a_script_what_it_knows_of_each_record(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    answers = [
        {"slot": 3, "positions": [1], "sequence": 4},
        {"slot": 20, "number": 77, "sequence": 6},
    ]
    assert send_json(reader, exam, json.dumps({"answers": answers})).status_code == 200
    known = re.search(r'data-known="([^"]*)"', reader.open(exam))
    assert known
    assert known[1] == "0,0,0,4" + 16 * ",0" + ",6"


def test_a_script_is_told_when_its_attempt_is_over_and_where_to_go(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    site.clock.now = EVENING + timedelta(minutes=20, seconds=5)
    found = situation_of(reader, exam)
    assert (found["state"], found["left_ms"], found["over_ms"]) == ("open", 0, 0)
    assert found["leave"] is None
    site.clock.move(seconds=1)
    found = situation_of(reader, exam)
    assert (found["state"], found["left_ms"]) == ("expired", 0)
    assert found["leave"] == exam + "/bien-nhan"


def test_how_an_attempt_stands_is_told_to_nobody_else(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    stranger = site.participant("Lê Thị Lan", "0900000111")
    headers = {"Accept": "application/json"}
    answer = stranger.client.get(exam + "/tinh-hinh", headers=headers)
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "attempt.unknown"
    assert site.reader().client.get(exam + "/tinh-hinh", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "flags",
    ["[4]", "{}", '{"slots": [20], "sequence": 1}', '{"slots": [-1], "sequence": 1}',
     '{"slots": [true], "sequence": 1}', '{"slots": 4, "sequence": 1}',
     '{"slots": [4], "sequence": -1}', '{"slots": [4], "sequence": 4294967296}', "null"],
)  # fmt: skip
def test_flags_that_make_no_sense_save_nothing(site: Site, flags: str) -> None:
    reader = begin(site)
    exam = reader.path
    answer = '{"slot": 0, "positions": [1], "sequence": 1}'
    response = send_json(reader, exam, f'{{"answers": [{answer}], "flags": {flags}}}')
    assert response.status_code == 422
    assert response.get_json()["message"]
    found = situation_of(reader, exam)
    assert (found["answers"], found["flags"]) == ([], [])


def test_flags_are_kept_without_a_script_and_taken_away_again(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    reader.send(then="stay", f3="1", f7="1")
    assert situation_of(reader, exam)["flags"] == [3, 7]
    reader.send(then="stay", f3="1", f7=[])
    assert situation_of(reader, exam)["flags"] == [3]


def test_an_old_page_takes_no_flag_away(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    old = Reader(reader.client, reader.path, reader.page)
    reader.send(then="stay", f3="1")
    old.send(then="stay", f8="1")
    assert situation_of(reader, exam)["flags"] == [3, 8]


def test_json_that_makes_no_sense_is_refused_whole(site: Site) -> None:
    reader = begin(site)
    bodies: list[object] = [[], {"answers": [{"slot": "x"}]}, {"answers": [{"slot": 99}]}]
    for body in bodies:
        response = reader.client.post(
            f"/thi/lam-bai/{exam_id(reader)}/luu",
            json=body,
            headers={"X-Quiz-Token": token_of(reader)},
        )
        assert response.status_code == 422
        assert response.get_json()["message"]


def send_json(reader: Reader, exam: str, body: str) -> TestResponse:
    """Post a script's body to the address that saves answers."""
    headers = {"X-Quiz-Token": token_of(reader), "Content-Type": "application/json"}
    return reader.client.post(exam + "/luu", data=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        '{"answers": [{"slot": 0, "positions": [1], "sequence": Infinity}]}',
        '{"answers": [{"slot": 0, "positions": [1], "sequence": 1e400}]}',
        '{"answers": [{"slot": Infinity, "positions": [1], "sequence": 1}]}',
        '{"answers": [{"slot": 20, "number": NaN, "sequence": 1}]}',
        '{"answers": [{"slot": 0.9, "positions": [1], "sequence": 1}]}',
        '{"answers": [{"slot": 0, "positions": [0.7], "sequence": 1}]}',
        '{"answers": [{"slot": 0, "positions": [1], "sequence": 2.9}]}',
        '{"answers": [{"slot": false, "positions": [1], "sequence": 1}]}',
        '{"answers": [{"slot": 0, "positions": [true], "sequence": 1}]}',
        '{"answers": [{"slot": 0, "positions": "01", "sequence": 1}]}',
        '{"answers": [{"slot": 0, "positions": {"0": 1}, "sequence": 1}]}',
        '{"answers": [{"slot": 0, "positions": ["1"], "sequence": 1}]}',
        '{"answers": [{"slot": 20, "number": "77", "sequence": 1}]}',
        '{"answers": ["slot"]}',
        '{"answers": [{"slot": 0, "positions": [1], "sequence": 1, "seen": "0"}]}',
        '{"answers": [{"slot": 0, "positions": [1], "sequence": 1, "seen": -1}]}',
        '{"answers": [{"slot": 0, "positions": [1], "sequence": 1, "seen": 4294967296}]}',
        '{"answers": [{"slot": 0, "positions": [1], "sequence": 1, "at": 0.5}]}',
        "[" * 20_000,
        '{"answers": [{"slot": ' + "9" * 5_000 + "}]}",
    ],
)
def test_json_with_anything_but_whole_numbers_saves_nothing(site: Site, body: str) -> None:
    reader = begin(site)
    exam = reader.path
    response = send_json(reader, exam, body)
    assert response.status_code in (400, 422)
    assert response.get_json()["message"]
    assert answered(reader, exam) == 0


def test_more_than_a_phone_can_have_waiting_is_refused_in_words(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    answer = '{"slot": 0, "positions": [1], "sequence": 1}'
    too_many = send_json(reader, exam, f'{{"answers": [{",".join([answer] * 43)}]}}')
    assert too_many.status_code == 422
    assert "nhiều nhất là 42" in too_many.get_json()["message"]
    too_large = send_json(reader, exam, " " * 70_000 + '{"answers": []}')
    assert too_large.status_code == 413
    assert set(too_large.get_json()) == {"code", "message", "suggestion"}
    assert answered(reader, exam) == 0


@pytest.mark.parametrize("name", ["q0", "prediction", "sequence"])
def test_a_form_with_endless_digits_is_no_fault_of_the_server(site: Site, name: str) -> None:
    reader = begin(site)
    reader.send(then="stay", **{name: "9" * 5_000})
    assert reader.status in (200, 422)
    assert reader.client.get(f"/thi/lam-bai/{exam_id(reader)}?giu={'9' * 5_000}").status_code == 200
    assert answered(reader, f"/thi/lam-bai/{exam_id(reader)}") == 0


def test_what_a_script_sends_to_a_foreign_attempt_looks_like_nothing(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    reader.send(then="stay", q0="1")
    stranger = site.participant("Lê Thị Lan", "0900000111")
    stranger.open(f"/thi/{SLUG}/bai-viet")
    bodies = (
        '{"answers": []}',
        '{"answers": 1}',
        '{"answers": [{"slot": 99, "positions": [0], "sequence": 1}]}',
        '{"answers": [{"slot": 0, "positions": [9], "sequence": 1}]}',
        '{"answers": [{"slot": 0, "positions": [0], "sequence": 9}]}',
    )
    for path in (exam, "/thi/lam-bai/khong-co"):
        for body in bodies:
            assert send_json(stranger, path, body).status_code == 404, body
    assert send_json(reader, exam, '{"answers": []}').status_code == 200


def test_a_form_without_the_fields_of_the_page_clears_nothing(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    reader.send(then="stay", q0="1")
    headers = {"X-Quiz-Token": token_of(reader)}
    response = reader.client.post(exam + "/luu", headers=headers)
    assert response.status_code == 422
    assert "thiếu một phần" in response.text
    assert answered(reader, exam) == 1


def test_the_field_that_vouches_for_the_whole_page_is_sent_last(site: Site) -> None:
    reader = begin(site)
    assert list(forms_of(reader.page, reader.path)[-1].fields)[-1] == "sequence"


@pytest.mark.parametrize("typed", ["1.5", "1,2,3", "1.25", "12.5000", "1.000,000", "1.", ".250"])
def test_a_prediction_with_marks_that_part_no_thousands_is_asked_for_again(
    site: Site, typed: str
) -> None:
    reader = begin(site)
    reader.send(then="stay", prediction=typed)
    assert reader.status == 422
    assert "Viết bằng chữ số" in reader.page
    assert forms_of(reader.page, reader.path)[-1].fields["prediction"] == [typed]


@pytest.mark.parametrize("typed", ["1250000", "1.250.000", "1,250,000", "1 250 000", " 1.250.000 "])
def test_a_prediction_may_part_its_thousands(site: Site, typed: str) -> None:
    reader = begin(site)
    reader.send(then="stay", prediction=typed)
    assert forms_of(reader.page, reader.path)[-1].fields["prediction"] == ["1250000"]


def test_what_belongs_to_somebody_else_looks_like_nothing(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    stranger = site.participant("Lê Thị Lan", "0900000111")
    for end in ("", "/kiem-tra", "/bien-nhan", "/dap-an"):
        stranger.open(exam + end)
        assert stranger.status == 404, end
    stranger.open(f"/thi/{SLUG}/bai-viet")
    token = token_of(stranger)
    for end in ("/luu", "/nop"):
        form = {"csrf_token": token, "q0": "1", "sequence": "1"}
        assert stranger.client.post(exam + end, data=form).status_code == 404
    reader.open(exam)
    assert reader.path == exam
    assert answered(reader, exam) == 0


def test_the_receipt_waits_until_the_attempt_has_ended(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    reader.open(exam + "/bien-nhan")
    assert reader.path == exam


def test_the_key_is_not_shown_before_its_time(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    reader.open(exam + "/kiem-tra")
    reader.send()
    reader.open(exam + "/dap-an")
    assert reader.status == 409
