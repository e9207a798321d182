"""The exam page with its script: nothing that somebody answered is lost, doubled or overwritten."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy.orm import Session

from quizengine.core.banks import Kind
from quizengine.core.units import UnitTree
from quizengine.formats.unit_file import read_units
from quizengine.services import banks, contests, units
from quizengine.services.transaction import transaction
from quizengine.store.schema import upgrade
from tests.browser.stage import DESK, QUESTIONS, Stage, make_stage, served
from tests.web.site import SAMPLE, SLUG, sample_contest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RUNS = 100 if os.environ.get("QUIZ_FAULTS") == "full" else 20
SAVE = "**/luu"
STATE = "**/tinh-hinh"
_phones = count(900_400_001)


@contextmanager
def evening_of_singles(folder: Path) -> Iterator[Stage]:
    """An open contest whose questions have four choices, one of them right.

    So a test may name questions and letters without knowing what was drawn.
    """
    stage = make_stage(folder / "quiz.sqlite3")
    upgrade(stage.site.engine)
    whole = stage.site.bank
    singles = [question for question in whole.questions if question.kind is Kind.SINGLE]
    tree = UnitTree(read_units((SAMPLE / "units.csv").read_bytes(), "units.csv").units)
    with Session(stage.site.engine) as session, transaction(session):
        now = stage.clock()
        banks.load_bank(
            session, replace(whole, questions=tuple(singles)), name=SLUG, now=now, actor="test"
        )
        units.load_units(session, tree, now=now, actor="test")
        contests.load_contest(session, sample_contest(), now=now, actor="test")
        contests.open_contest(session, SLUG, entropy=bytes, now=now, actor="test")
    with served(stage):
        yield stage


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An open contest for people who come and go while its clock stands."""
    with evening_of_singles(tmp_path_factory.mktemp("exam")) as stage:
        yield stage


@pytest.fixture
def late_evening(tmp_path: Path) -> Iterator[Stage]:
    """An open contest of one test, which moves its clock."""
    with evening_of_singles(tmp_path) as stage:
        yield stage


def newcomer(stage: Stage, *, ago: timedelta = timedelta()) -> str:
    """Return the key of somebody new who has an attempt open."""
    number = next(_phones)
    key = f"person-{number}"
    stage.enrol(key, "Trần Minh Khuê", f"0{number}")
    stage.register(key)
    stage.start(key, ago=ago)
    return key


def open_exam(context: BrowserContext, stage: Stage, key: str) -> Page:
    """Return the exam page of somebody, its script at work; a warning on leaving is accepted."""
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_response(STATE):
        page.goto(stage.attempt(key))
    expect(page.get_by_role("button", name="Lưu", exact=True)).to_have_count(0)
    return page


def choose(page: Page, number: int, letter: str) -> None:
    """Choose an option of a question as a finger does."""
    page.locator(f"#q{number} .opt").nth("ABCDEFGHIJ".index(letter)).click()


def state_of(page: Page) -> str:
    """Return what the page says of saving."""
    return page.locator(".watch > .tag").inner_text()


def expect_saved(page: Page) -> None:
    """Wait until the page says that everything is saved."""
    expect(page.locator(".watch > .tag")).to_have_text("Đã lưu", timeout=30_000)


def stored(stage: Stage, key: str) -> dict[int, str]:
    """Return the letters that the server has, by question number."""
    return {
        question.slot + 1: "".join("ABCDEFGHIJ"[one] for one in sorted(question.chosen))
        for question in stage.exam(key).questions
        if question.chosen
    }


def test_each_answer_is_saved_when_it_is_given_and_the_palette_follows(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        choose(page, 1, "B")
        expect_saved(page)
        choose(page, 3, "A")
        choose(page, 3, "C")
        page.get_by_label("dự đoán").fill("1.250")
        page.get_by_label("dự đoán").press("Enter")
        page.locator("#q4 .flag").click()
        expect_saved(page)
        page.locator("summary").click()
        expect(page.locator("summary")).to_have_text("2/20 câu")
        expect(page.get_by_role("link", name="Câu 3, đã trả lời", exact=True)).to_be_visible()
        page.get_by_role("link", name="Câu 4, chưa trả lời, xem lại").click()
        expect(page.locator(".dots")).to_be_hidden()
        page.locator("summary").click()
        page.locator("summary").press("Escape")
        expect(page.locator(".dots")).to_be_hidden()
        expect(page.get_by_role("status").first).to_have_text("")  # what goes well is not spoken
    assert stored(evening, key) == {1: "B", 3: "C"}
    exam = evening.exam(key)
    assert (exam.prediction, exam.flagged) == (1250, frozenset({3}))


def test_keys_choose_flag_and_move_inside_a_question(chromium: Browser, evening: Stage) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key, size=DESK) as context:
        page = open_exam(context, evening, key)
        page.locator("#q1 input").first.focus()
        for pressed in ("2", "n", "f", "3", "p", "n", "n", "1"):
            page.keyboard.press(pressed)
        expect_saved(page)
    assert stored(evening, key) == {1: "B", 2: "C", 3: "A"}
    assert evening.exam(key).flagged == frozenset({1})


def test_a_prediction_that_is_no_number_is_said_at_once_and_not_sent(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        field = page.get_by_label("dự đoán")
        field.fill("1.5")
        field.blur()
        expect(field).to_have_attribute("aria-invalid", "true")
        page.get_by_role("button", name="Kiểm tra").click()
        expect(field).to_be_focused()
        field.fill("15")
        page.get_by_role("button", name="Kiểm tra").click()
        page.wait_for_url("**/kiem-tra")
    assert evening.exam(key).prediction == 15


def test_a_prediction_is_saved_while_it_is_typed_and_a_space_is_none(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        field = page.get_by_label("dự đoán")
        field.fill(" ")
        field.blur()
        page.locator("#q1 .flag").click()
        expect_saved(page)
        assert evening.exam(key).prediction is None
        field.press_sequentially("1234")
        expect_saved(page)
        assert evening.exam(key).prediction == 1234
        # What is saved cannot be taken back: it is shown again.
        field.fill("")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(field).to_have_value("1234")


def test_a_prediction_saved_before_is_changed_without_a_question(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        page.get_by_label("dự đoán").fill("15")
        expect_saved(page)
    with evening.browser(chromium, key) as context:
        page = context.new_page()
        waiting: list[Route] = []
        page.route(STATE, lambda route: waiting.append(route))
        page.goto(evening.attempt(key))
        page.get_by_label("dự đoán").fill("16")
        page.wait_for_timeout(200)
        for route in list(waiting):
            route.continue_()
        page.unroute(STATE)
        expect_saved(page)
        expect(page.locator(".two")).to_have_count(0)
    assert evening.exam(key).prediction == 16


def test_answers_given_offline_wait_and_go_out_when_the_network_is_back(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        choose(page, 1, "A")
        expect_saved(page)
        context.set_offline(True)
        choose(page, 12, "B")
        choose(page, 13, "C")
        choose(page, 12, "D")
        expect(page.locator(".watch > .tag")).to_have_text("Mất mạng")
        note = page.locator(".note.warn:visible")
        expect(note).to_contain_text("Mất mạng. Cứ làm tiếp, đừng đóng trang này.")
        expect(note).to_contain_text("Đang giữ trong máy: câu 12, 13. Có mạng là gửi ngay")
        expect(page.get_by_role("status").first).to_contain_text("Mất mạng")
        page.get_by_role("button", name="Kiểm tra").click()
        expect(page.locator("#why")).to_contain_text("Cần có mạng để nộp")
        assert stored(evening, key) == {1: "A"}
        context.set_offline(False)
        page.wait_for_url("**/kiem-tra")
    assert stored(evening, key) == {1: "A", 12: "D", 13: "C"}


def test_whoever_goes_on_answering_is_not_carried_away_when_the_network_is_back(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        context.set_offline(True)
        choose(page, 1, "A")
        page.get_by_role("button", name="Kiểm tra").click()
        choose(page, 2, "B")
        context.set_offline(False)
        expect_saved(page)
        page.wait_for_timeout(200)
        assert page.url == evening.attempt(key)


def test_a_killed_tab_opened_again_sends_what_waited(chromium: Browser, evening: Stage) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        context.set_offline(True)
        choose(page, 5, "B")
        page.locator("#q6 .flag").click()
        page.wait_for_timeout(100)
        left = context.storage_state()
    assert stored(evening, key) == {}
    with evening.browser(chromium, key, storage_state=left) as context:
        page = open_exam(context, evening, key)
        expect(page.locator("#q5 input").nth(1)).to_be_checked()
        expect(page.locator("#q6 .flag input")).to_be_checked()
        expect_saved(page)
    assert stored(evening, key) == {5: "B"}
    assert evening.exam(key).flagged == frozenset({5})


@pytest.mark.parametrize(("taken", "kept"), [("Giữ đáp án C", "C"), ("Lấy đáp án D", "D")])
def test_two_devices_lead_to_a_choice_at_the_question(
    chromium: Browser, evening: Stage, taken: str, kept: str
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as one, evening.browser(chromium, key) as other:
        phone, laptop = open_exam(one, evening, key), open_exam(other, evening, key)
        choose(laptop, 7, "C")
        expect_saved(laptop)
        choose(phone, 7, "D")
        box = phone.locator("#q7 .note")
        expect(box).to_contain_text("Giữ đáp án C, lưu từ máy khác lúc 20:00")
        assert stored(evening, key) == {7: "C"}
        # It survives a reload, and nobody hands in past it without having chosen.
        phone.reload()
        phone.get_by_role("button", name="Kiểm tra").click()
        expect(box.get_by_role("button").first).to_be_focused()
        box.get_by_role("button", name=re.compile(taken)).click()
        expect(box).to_have_count(0)
        expect_saved(phone)
        expect(phone.locator("#q7 input").nth("ABCD".index(kept))).to_be_checked()
    assert stored(evening, key) == {7: kept}


def test_a_question_changed_twice_offline_overwrites_no_other_device(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as one, evening.browser(chromium, key) as other:
        phone, laptop = open_exam(one, evening, key), open_exam(other, evening, key)
        one.set_offline(True)
        choose(phone, 7, "A")
        phone.wait_for_timeout(300)  # the send was tried
        choose(phone, 7, "B")
        choose(laptop, 7, "C")
        expect_saved(laptop)
        one.set_offline(False)
        box = phone.locator("#q7 .note")
        expect(box).to_contain_text("Lấy đáp án B")
        assert stored(evening, key) == {7: "C"}
        box.get_by_role("button", name=re.compile("Lấy đáp án B")).click()
        expect_saved(phone)
    assert stored(evening, key) == {7: "B"}


def test_another_page_of_the_site_takes_nothing_from_the_open_exam(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        choose(page, 1, "A")
        expect_saved(page)
        other = context.new_page()
        with other.expect_response(evening.page()):
            other.goto(evening.page())
        other.wait_for_timeout(100)
        page.route(STATE, lambda route: route.abort())
        choose(page, 1, "B")
        expect_saved(page)
        expect(page.locator(".note:visible")).to_have_count(0)
        assert stored(evening, key) == {1: "B"}
        page.route(SAVE, lambda route: route.abort())
        choose(page, 5, "C")
        page.wait_for_timeout(100)
        page.close(run_before_unload=False)
        other.reload()
        expect(other.locator(".note")).to_contain_text("Vừa gửi xong và đã lưu: câu 5.")
    assert stored(evening, key) == {1: "B", 5: "C"}


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_an_answer_that_something_on_the_way_refuses_is_never_said_to_be_saved(
    chromium: Browser, evening: Stage, status: int
) -> None:
    key = newcomer(evening)

    def refuse(route: Route) -> None:
        if '"slot":3,' in (route.request.post_data or ""):
            route.fulfill(status=status, body="no")
        else:
            route.continue_()

    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        page.route(SAVE, refuse)
        choose(page, 4, "B")
        choose(page, 5, "C")
        expect(page.locator(".note:visible")).to_contain_text("câu 4", timeout=15_000)
        if status != 409:  # which says nothing of one answer
            expect(page.locator(".note:visible")).to_contain_text("giữ trong máy: câu 4.")
            assert stored(evening, key) == {5: "C"}
        page.unroute(SAVE)
        page.get_by_role("button", name="Thử gửi lại").click()
        expect_saved(page)
    assert stored(evening, key) == {4: "B", 5: "C"}


def test_what_another_device_answered_is_shown_when_the_page_is_looked_at_again(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as one, evening.browser(chromium, key) as other:
        phone, laptop = open_exam(one, evening, key), open_exam(other, evening, key)
        choose(laptop, 2, "A")
        expect_saved(laptop)
        with phone.expect_response(STATE):
            phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(phone.locator("#q2 input").first).to_be_checked()
        expect(phone.locator("#q2 > p")).to_have_text("Vừa đổi từ máy khác")
        # Seen, it may be changed without any question.
        choose(phone, 2, "B")
        expect_saved(phone)
        expect(phone.locator("#q2 .note")).to_have_count(0)
    assert stored(evening, key) == {2: "B"}


def test_two_tabs_of_one_browser_share_what_waits(chromium: Browser, evening: Stage) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        first, second = open_exam(context, evening, key), open_exam(context, evening, key)
        context.set_offline(True)
        choose(first, 1, "A")
        choose(second, 2, "B")
        expect(first.locator("#q2 input").nth(1)).to_be_checked()
        choose(first, 2, "C")
        context.set_offline(False)
        expect_saved(first)
        expect_saved(second)
        expect(second.locator(".note:visible")).to_have_count(0)
    assert stored(evening, key) == {1: "A", 2: "C"}


def test_without_storage_answers_wait_in_the_page(chromium: Browser, evening: Stage) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        context.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})"
        )
        page = open_exam(context, evening, key)
        context.set_offline(True)
        choose(page, 1, "A")
        context.set_offline(False)
        expect_saved(page)
    assert stored(evening, key) == {1: "A"}


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(RUNS))
def test_every_answer_arrives_although_a_third_of_the_requests_fails(
    chromium: Browser, evening: Stage, seed: int
) -> None:
    key = newcomer(evening)
    chance = random.Random(seed)

    def fail_some(route: Route) -> None:
        luck = chance.random()
        if luck < 0.15:
            route.abort()
        elif luck < 0.3:
            # The server has it, and its reply is lost on the way back.
            route.fetch()
            route.abort()
        else:
            route.continue_()

    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        page.route(SAVE, fail_some)
        last = {}
        for _ in range(20):
            number, place = chance.randint(1, QUESTIONS), chance.randrange(4)
            option = page.locator(f"#q{number} .opt > input").nth(place)
            option.evaluate("input => input.click()")
            last[number] = "ABCD"[place]
            page.wait_for_timeout(chance.choice((0, 0, 15, 60)))
        expect_saved(page)
        expect(page.locator(".note:visible")).to_have_count(0)
        assert page.evaluate("Object.values(localStorage).map(JSON.parse)[0].items") == []
    assert stored(evening, key) == last


def test_logging_out_with_unsent_answers_is_held_back(chromium: Browser, evening: Stage) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        page.route(SAVE, lambda route: route.abort())
        choose(page, 9, "A")
        page.goto(evening.page())
        expect(page.locator(".note")).to_contain_text("chưa gửi được: câu 9")
        page.get_by_role("button", name="Đăng xuất").click()
        expect(page.get_by_role("button", name="Đăng xuất, mất 1 câu chưa gửi")).to_be_visible()
        page.get_by_role("button", name="Gửi rồi đăng xuất").click()
        page.unroute(SAVE)
        expect(page.get_by_role("link", name="Đăng nhập")).to_be_visible()
    assert stored(evening, key) == {9: "A"}


def test_another_person_on_the_same_browser_neither_sends_nor_loses_them(
    chromium: Browser, evening: Stage
) -> None:
    key, other = newcomer(evening), newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        context.set_offline(True)
        choose(page, 9, "A")
        page.wait_for_timeout(100)
        left = context.storage_state()
    left["cookies"] = []
    with evening.browser(chromium, other, storage_state=left) as context:
        page = open_exam(context, evening, other)
        expect(page.locator("#q9 :checked")).to_have_count(0)
        page.goto(evening.page())
        expect(page.locator(".note:visible")).to_have_count(0)
        left = context.storage_state()
    assert stored(evening, key) == stored(evening, other) == {}
    left["cookies"] = []
    with evening.browser(chromium, key, storage_state=left) as context:
        page = context.new_page()
        page.goto(evening.page())
        expect(page.locator(".note")).to_contain_text("Vừa gửi xong và đã lưu: câu 9.")
    assert stored(evening, key) == {9: "A"}


def test_somebody_logged_out_meanwhile_is_asked_to_log_in_and_keeps_everything(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        cookies = context.cookies()
        context.clear_cookies()
        choose(page, 4, "B")
        expect(page.get_by_role("link", name="Đăng nhập lại")).to_be_visible()
        expect(page.locator(".note.warn:visible")).to_contain_text("Bạn đã đăng xuất.")
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page.get_by_role("button", name="Thử gửi lại").click()
        expect_saved(page)
    assert stored(evening, key) == {4: "B"}


def test_leaving_is_questioned_only_while_something_is_unsent(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    asked: list[str] = []
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        page.on("dialog", lambda dialog: asked.append(dialog.type))
        choose(page, 1, "A")
        expect_saved(page)
        page.reload()
        assert asked == []
        page.route(SAVE, lambda route: route.abort())
        choose(page, 1, "B")
        page.reload()
        assert asked == ["beforeunload"]


def test_the_end_of_the_time_leads_to_the_receipt_with_everything_sent(
    chromium: Browser, late_evening: Stage
) -> None:
    stage = late_evening
    key = newcomer(stage, ago=timedelta(minutes=20) - timedelta(seconds=62))
    with stage.browser(chromium, key) as context:
        page = open_exam(context, stage, key)
        expect(page.locator(".watch")).to_have_class(re.compile("warn"))
        expect(page.get_by_role("status").first).to_have_text("Còn 1 phút.")
        expect(page.locator(".watch")).to_have_class(re.compile("bad"))
        stage.clock.move(seconds=59)
        with page.expect_response(STATE):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        choose(page, 1, "A")
        expect_saved(page)
        expect(page.locator(".clock")).to_contain_text("00:00")
        stage.clock.move(minutes=2)
        page.wait_for_url("**/bien-nhan", timeout=15_000)
        assert page.evaluate("Object.keys(localStorage)") == []
    assert stored(stage, key) == {1: "A"}


def test_the_end_of_the_time_is_said_offline_too(chromium: Browser, late_evening: Stage) -> None:
    stage = late_evening
    key = newcomer(stage, ago=timedelta(minutes=20) - timedelta(seconds=4))
    with stage.browser(chromium, key) as context:
        page = open_exam(context, stage, key)
        context.set_offline(True)
        choose(page, 2, "A")
        expect(page.locator(".clock")).to_contain_text("00:00", timeout=10_000)
        expect(page.locator(".note:visible")).to_contain_text("Hết giờ.")
        expect(page.locator(".watch > .tag")).to_have_text("Hết giờ")
        expect(page.get_by_role("status").first).to_contain_text("Hết giờ.")


def test_whoever_was_logged_out_learns_it_at_the_end(
    chromium: Browser, late_evening: Stage
) -> None:
    stage = late_evening
    key = newcomer(stage, ago=timedelta(minutes=20) - timedelta(seconds=3))
    with stage.browser(chromium, key) as context:
        page = open_exam(context, stage, key)
        context.clear_cookies()
        stage.clock.move(minutes=1)
        link = page.get_by_role("link", name="Đăng nhập lại")
        expect(link).to_be_visible(timeout=30_000)


def test_a_page_from_the_browsers_own_store_shows_no_more_time_than_there_is(
    chromium: Browser, late_evening: Stage
) -> None:
    stage = late_evening
    key = newcomer(stage)
    with stage.browser(chromium, key) as context:
        page = open_exam(context, stage, key)
        html = page.request.get(stage.attempt(key)).text()
        stage.clock.move(minutes=6)
        page.reload()
        expect(page.locator(".clock")).to_contain_text("13:")
        page.route(STATE, lambda route: route.abort())
        page.route(
            stage.attempt(key), lambda route: route.fulfill(body=html, content_type="text/html")
        )
        page.reload()
        page.wait_for_timeout(300)
        expect(page.locator(".clock")).to_contain_text("13:")


def test_a_flag_left_in_the_browser_is_sent_without_a_word(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        context.set_offline(True)
        page.locator("#q6 .flag").click()
        page.wait_for_timeout(100)
        page.close()
        context.set_offline(False)
        page = context.new_page()
        with page.expect_response(SAVE):
            page.goto(evening.page())
        page.wait_for_timeout(100)
        expect(page.locator(".note.warn")).to_have_count(0)
    assert evening.exam(key).flagged == frozenset({5})


def test_a_day_offline_ends_in_an_honest_statement(chromium: Browser, late_evening: Stage) -> None:
    stage = late_evening
    key = newcomer(stage)
    with stage.browser(chromium, key) as context:
        page = open_exam(context, stage, key)
        choose(page, 1, "A")
        expect_saved(page)
        context.set_offline(True)
        choose(page, 2, "B")
        choose(page, 20, "C")
        page.wait_for_timeout(100)
        page.close()
        stage.clock.move(days=1)
        context.set_offline(False)
        page = context.new_page()
        page.goto(stage.page())
        expect(page.locator(".note")).to_contain_text("Không được tính: câu 2, 20")
        page.get_by_role("link", name="Xem biên nhận").click()
        expect(page.get_by_role("main")).to_contain_text("Câu 2, 20 tới lúc")
        assert page.evaluate("Object.keys(localStorage)") == []
    assert stored(stage, key) == {1: "A"}


def test_submitting_waits_for_answers_that_another_page_left(
    chromium: Browser, evening: Stage
) -> None:
    key = newcomer(evening)
    with evening.browser(chromium, key) as context:
        page = open_exam(context, evening, key)
        page.route(SAVE, lambda route: route.abort())
        choose(page, 3, "A")
        page.goto(evening.attempt(key, "kiem-tra"))
        page.get_by_role("button", name=re.compile("^Nộp bài")).click()
        expect(page.get_by_role("button", name="Nộp bài, mất 1 câu chưa gửi")).to_be_visible()
        page.get_by_role("button", name="Gửi rồi nộp bài").click()
        page.unroute(SAVE)
        page.wait_for_url("**/bien-nhan")
    assert stored(evening, key) == {3: "A"}
