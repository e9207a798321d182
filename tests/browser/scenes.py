"""Every state that a participant or an organiser may meet, each by its name, ready to be looked at.

``stages`` makes the few databases there are; a scene is somebody's page on one of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NoReturn

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from quizengine.cli.sample_people import make_essays, make_people
from quizengine.core.contest import Reveal
from quizengine.services import attempts, contests, essays, results
from quizengine.services.answers import Answer
from quizengine.services.transaction import transaction
from quizengine.store.schema import upgrade
from tests.browser import acts
from tests.browser.desk import DRAFT, fill_desk
from tests.browser.stage import QUESTIONS, Stage, copy_stage, fill_stage, make_stage, served
from tests.web.site import EVENING, ROUND, SLUG, revealing, sample_contest

BEFORE = datetime(2021, 7, 25, 13, 0, tzinfo=UTC)
LAST_MINUTES = datetime(2021, 8, 28, 14, 51, tzinfo=UTC)
"""Nine minutes before the round closes."""
ROUND_OVER = datetime(2021, 8, 29, 2, 0, tzinfo=UTC)
"""The morning after the round, with two days left for essays."""
OVER = datetime(2021, 9, 2, 2, 0, tzinfo=UTC)
RESULTS = datetime(2021, 9, 6, 2, 0, tzinfo=UTC)
CROWD = 36
MINUTE = timedelta(minutes=1)
ESSAY = (
    "Mỗi tổ công đoàn dành mười lăm phút sáng thứ hai để nghe nhau. Ai có việc khó thì nói, tổ "
    "trưởng ghi lại và trả lời trong tuần. Việc nào vượt quá sức của tổ thì chuyển lên ban chấp "
    "hành, có ngày hẹn trả lời rõ ràng.\n\nLàm như vậy đoàn viên biết tiếng nói của mình đã đi "
    "tới đâu và ai đang lo việc ấy; ban chấp hành biết việc nào đang nóng ở từng tổ. Sau một quý, "
    "mỗi tổ gửi một trang kể lại những việc đã giải quyết xong."
)

VOID_REASON = "Điện thoại hỏng giữa chừng, có biên bản của tổ"
TERSE = "Nghe nhau nhiều hơn."


@dataclass(frozen=True, slots=True)
class Scene:
    """One state: where it is, who looks, and what they do there before it is looked at."""

    name: str
    stage: str
    path: str = ""
    """Below the contest; ``@`` stands for the person's last attempt, ``/`` for the site itself."""
    person: str | None = None
    act: Callable[[Page, Stage], None] | None = None
    status: int = 200

    def address(self, stage: Stage) -> str:
        """Return the address of the scene's page."""
        if self.path.startswith("@"):
            assert self.person is not None
            return stage.attempt(self.person, self.path[1:])
        return stage.address + self.path if self.path.startswith("/") else stage.page(self.path)

    def enter(self, page: Page, stage: Stage) -> None:
        """Bring a page of the scene's person into the scene."""
        response = page.goto(self.address(stage))
        assert response is not None
        assert response.status == self.status, page.url
        if self.act is not None:
            self.act(page, stage)


MATCHES = f"/thi/to-chuc/{SLUG}/bai-trung"
PEOPLE_PAGE = f"/thi/to-chuc/{SLUG}/nguoi-thi"
BANKS = "/thi/to-chuc/cau-hoi"
BUILDER = "/thi/to-chuc/cuoc-thi/moi"
STAFF = "/thi/to-chuc/"
FORM = "main a[href*='/soan/']"
EXTRA_TIME = acts.follow(
    "main a[href*='nguoi-thi/']", "main a[href*='/luot/']", "main a[href$='/them-gio']"
)
LOAD = acts.follow("main a[aria-label*='cau-hoi-92']", "main a[href$='/nap-vao']")
UNITS = acts.follow("main a[aria-label*='don-vi-moi']")
BROKEN_UNITS = acts.follow("main a[aria-label*='don-vi-loi']")
ACCOUNT = acts.follow("main a[href*='tai-khoan/']")

SCENES = (
    Scene("home", "running", "/thi/"),
    Scene("home-empty", "empty", "/thi/"),
    Scene("landing", "running"),
    Scene("landing-before", "before"),
    Scene("landing-registered", "running", person="registered"),
    Scene("landing-taken-part", "running", person="essayist"),
    Scene("landing-last-minutes", "last", person="registered"),
    Scene("landing-round-over", "round-over", person="submitted"),
    Scene("landing-closed", "closed"),
    Scene("landing-published", "published"),
    Scene("rules", "running", "the-le"),
    Scene("log-in", "running", "/dang-nhap"),
    Scene("log-in-wrong", "running", "/dang-nhap", act=acts.log_in_wrongly),
    Scene("log-in-by-code", "running", "/dang-nhap/ma"),
    Scene("own-account", "running", "/tai-khoan", "submitted"),
    Scene("register", "running", "dang-ky"),
    Scene("register-logged-in", "running", "dang-ky", "newcomer"),
    Scene("register-empty", "running", "dang-ky", act=acts.send_empty),
    Scene("register-unit", "running", "dang-ky", act=acts.look_for_unit),
    Scene("register-unlisted", "running", "dang-ky", act=acts.give_unlisted_unit),
    Scene("register-name", "running", "dang-ky", act=acts.write_name_large),
    Scene("start", "running", f"{ROUND}/bat-dau", "registered"),
    Scene("start-before", "before", f"{ROUND}/bat-dau", "registered"),
    Scene("start-short", "last", f"{ROUND}/bat-dau", "registered"),
    Scene("start-used-up", "running", f"{ROUND}/bat-dau", "used-up"),
    Scene("exam-fresh", "running", "@", "fresh"),
    Scene("exam", "running", "@", "answering"),
    Scene("exam-near-end", "running", "@", "hurried"),
    Scene("exam-last-minute", "running", "@", "breathless"),
    Scene("exam-palette", "running", "@", "answering", acts.open_palette),
    Scene("exam-bad-prediction", "running", "@", "answering", acts.predict_in_words),
    Scene("exam-offline", "running", "@", "answering", acts.answer_offline),
    Scene("exam-two-devices", "running", "@", "torn", acts.answer_on_two_devices),
    Scene("unsent", "running", "@", "torn", acts.leave_unsent),
    Scene("unsent-log-out", "running", "@", "torn", acts.log_out_unsent),
    Scene("check-missing", "running", "@kiem-tra", "answering"),
    Scene("check-complete", "running", "@kiem-tra", "complete"),
    Scene("receipt", "running", "@bien-nhan", "submitted"),
    Scene("receipt-expired", "running", "@bien-nhan", "expired"),
    Scene("receipt-late", "running", "@bien-nhan", "late"),
    Scene("receipt-hasty", "running", "@bien-nhan", "hasty"),
    Scene("receipt-void", "running", "@bien-nhan", "void"),
    Scene("receipt-published", "published", "@bien-nhan", "submitted"),
    Scene("key-review", "revealed", "@dap-an", "submitted"),
    Scene("essay-empty", "running", "bai-viet", "registered"),
    Scene("essay-before", "before", "bai-viet", "registered"),
    Scene("essay-draft", "running", "bai-viet", "drafting"),
    Scene("essay-offline", "running", "bai-viet", "offline", acts.write_offline),
    Scene("essay-closed", "closed", "bai-viet", "drafting"),
    Scene("essay-check", "running", "bai-viet/nop", "drafting"),
    Scene("essay-too-short", "running", "bai-viet/nop", "terse"),
    Scene("essay-receipt", "running", "bai-viet/bien-nhan", "essayist"),
    Scene("ranking-unpublished", "running", f"{ROUND}/xep-hang", status=409),
    Scene("ranking", "published", f"{ROUND}/xep-hang"),
    Scene("ranking-own", "published", f"{ROUND}/xep-hang", "submitted"),
    Scene("error-not-found", "running", "/thi/khong-co", status=404),
    Scene(
        "error-foreign",
        "running",
        "/thi/lam-bai/nobodys",
        "submitted",
        status=404,
    ),
    Scene("error-broken", "broken", "/hong", status=500),
    Scene("error-expired-form", "running", "bai-viet", "drafting", acts.send_with_old_token),
    Scene("error-busy", "down", "/thi/", status=503),
    Scene("organiser-desk", "running", "/thi/to-chuc/", "organiser"),
    Scene("organiser-status", "running", f"/thi/to-chuc/{SLUG}/", "organiser"),
    Scene("organiser-close", "running", f"/thi/to-chuc/{SLUG}/dong", "organiser"),
    Scene("organiser-publish", "closed", f"/thi/to-chuc/{SLUG}/cong-bo", "organiser"),
    Scene("organiser-matches", "closed", MATCHES, "organiser"),
    Scene("organiser-match", "closed", MATCHES, "organiser", acts.open_first_match),
    Scene("organiser-results", "published", f"/thi/to-chuc/{SLUG}/ket-qua", "organiser"),
    Scene("organiser-people", "running", PEOPLE_PAGE, "organiser"),
    Scene("organiser-person", "running", PEOPLE_PAGE, "organiser", acts.open_first_person),
    Scene("organiser-code", "running", PEOPLE_PAGE, "organiser", acts.give_code),
    Scene("organiser-people-found", "running", f"{PEOPLE_PAGE}?tim=thi", "organiser"),
    Scene("organiser-timeline", "running", PEOPLE_PAGE, "organiser", acts.open_timeline),
    Scene("organiser-bank-preview", "running", f"{BANKS}/nap", "organiser", acts.read_questions),
    Scene("organiser-builder-new", "running", BUILDER, "organiser"),
    Scene("organiser-builder", "running", BUILDER, "organiser", acts.begin_contest),
    Scene("organiser-void", "running", f"/thi/to-chuc/{SLUG}/huy-luot", "organiser"),
    Scene("organiser-desk-empty", "empty", STAFF, "owner"),
    Scene("organiser-banks-empty", "empty", f"{BANKS}/", "owner"),
    Scene("organiser-units-empty", "empty", f"{STAFF}don-vi/", "owner"),
    Scene("organiser-desk-busy", "desk", STAFF, "owner"),
    Scene("organiser-desk-jury", "desk", STAFF, "jury"),
    Scene("organiser-contests", "desk", f"{STAFF}cuoc-thi", "organiser"),
    Scene("organiser-status-draft", "desk", f"{STAFF}{DRAFT}/", "organiser"),
    Scene("organiser-status-amended", "desk", f"{STAFF}{SLUG}/", "organiser"),
    Scene("organiser-open", "desk", f"{STAFF}{DRAFT}/mo", "organiser"),
    Scene("organiser-extend", "desk", f"{STAFF}{SLUG}/gia-han", "organiser"),
    Scene("organiser-pause", "desk", f"{STAFF}{SLUG}/tam-dung", "organiser"),
    Scene("organiser-extra-time", "desk", f"{PEOPLE_PAGE}?luot=dang-lam", "organiser", EXTRA_TIME),
    Scene("organiser-banks", "desk", f"{BANKS}/", "organiser"),
    Scene("organiser-bank-upload", "desk", f"{BANKS}/nap", "organiser"),
    Scene("organiser-bank", "desk", f"{BANKS}/{SLUG}/", "organiser"),
    Scene("organiser-bank-version", "desk", f"{BANKS}/{SLUG}/1", "organiser"),
    Scene("organiser-bank-differences", "desk", f"{BANKS}/{SLUG}/thay-doi", "organiser"),
    Scene("organiser-bank-load", "desk", f"{BANKS}/", "organiser", LOAD),
    Scene("organiser-units", "desk", f"{STAFF}don-vi/", "organiser"),
    Scene("organiser-units-found", "desk", f"{STAFF}don-vi/?tim=hoa+gao", "organiser"),
    Scene("organiser-units-upload", "desk", f"{STAFF}don-vi/nap", "organiser"),
    Scene("organiser-units-preview", "desk", f"{STAFF}don-vi/", "organiser", UNITS),
    Scene("organiser-units-problems", "desk", f"{STAFF}don-vi/", "organiser", BROKEN_UNITS),
    *(
        Scene(f"organiser-builder-{part}", "desk", BUILDER, "organiser", acts.follow(FORM, link))
        for part, link in (
            ("name", "main a[href$='/ten']"),
            ("people", "main a[href$='/nguoi-thi']"),
            ("rounds", "main a[href$='/vong-thi']"),
            ("essay", "main a[href$='/bai-viet']"),
            ("ranking", "main a[href$='/xep-hang']"),
            ("awards", "main a[href$='/giai-thuong']"),
            ("materials", "main a[href$='/tai-lieu']"),
            ("page", "main a[href$='/xem/trang']"),
            ("rules", "main a[href$='/xem/the-le']"),
            ("paper", "main a[href*='/xem/de-mau/']"),
            ("drop", "main a[href$='/bo']"),
        )
    ),
    Scene("organiser-matches-open", "desk", MATCHES, "jury"),
    Scene("organiser-match-jury", "desk", MATCHES, "jury", acts.open_first_match),
    Scene("organiser-results-none", "desk", f"{STAFF}{SLUG}/ket-qua", "organiser"),
    Scene("organiser-results-closed", "closed", f"{STAFF}{SLUG}/ket-qua", "organiser"),
    Scene("organiser-record", "desk", f"{STAFF}nhat-ky", "organiser"),
    Scene("organiser-accounts", "desk", "/to-chuc/tai-khoan", "owner"),
    Scene("organiser-account", "desk", "/to-chuc/tai-khoan", "owner", ACCOUNT),
)


@contextmanager
def stages(folder: Path) -> Iterator[Mapping[str, Stage]]:
    """Serve every stage there is, by its name, on databases in a folder."""
    with ExitStack() as stack:
        made = _make_stages(folder)
        yield {name: stack.enter_context(served(stage)) for name, stage in made.items()}


def _make_stages(folder: Path) -> dict[str, Stage]:
    before = make_stage(folder / "before.sqlite3", now=BEFORE)
    fill_stage(before)
    _enrol_everybody(before)
    running = copy_stage(before, folder / "running.sqlite3", now=EVENING)
    _live(running)
    last = copy_stage(running, folder / "last.sqlite3", now=LAST_MINUTES)
    round_over = copy_stage(running, folder / "round-over.sqlite3", now=ROUND_OVER)
    closed = copy_stage(running, folder / "closed.sqlite3", now=OVER)
    close(closed)
    published = copy_stage(closed, folder / "published.sqlite3", now=RESULTS)
    publish(published)
    empty = make_stage(folder / "empty.sqlite3")
    upgrade(empty.site.engine)
    empty.enrol("owner", "Phan Thị Hạnh", "vanphong", role="owner")
    desk = copy_stage(running, folder / "desk.sqlite3")
    fill_desk(desk)
    return {
        "before": before,
        "running": running,
        "desk": desk,
        "last": last,
        "round-over": round_over,
        "closed": closed,
        "published": published,
        "revealed": _revealed(folder / "revealed.sqlite3"),
        "empty": empty,
        "broken": _broken(folder / "broken.sqlite3"),
        # No table is there: to the engine that is a database that does not answer.
        "down": make_stage(folder / "down.sqlite3"),
    }


def _broken(file: Path) -> Stage:
    """Return a site with a page that breaks, without a word about it in the log."""

    def fail() -> NoReturn:
        raise RuntimeError("a page that breaks")

    stage = make_stage(file)
    stage.site.app.add_url_rule("/hong", "broken", fail)
    stage.site.app.logger.setLevel(logging.CRITICAL)
    return stage


def _enrol_everybody(stage: Stage) -> None:
    stage.enrol("organiser", "Lê Hoài An", "bantochuc", role="organiser")
    stage.enrol("newcomer", "Đỗ Thị Thu Nhàn", "0900000700")
    for number, (key, name) in enumerate(PEOPLE.items()):
        stage.enrol(key, name, f"09000007{number + 10}")
        stage.register(key)


PEOPLE = {
    "registered": "Trần Minh Khuê",
    "fresh": "Phạm Ngọc Diệp",
    "answering": "Nguyễn Thị Mẫu",
    "hurried": "Bùi Gia Bảo",
    "breathless": "Hồ Văn Sơn",
    "torn": "Dương Bảo Châu",
    "complete": "Vũ Thanh Hà",
    "submitted": "Đặng Kim Oanh",
    "used-up": "Lý Xuân Trường",
    "expired": "Mai Hữu Phước",
    "late": "Trịnh Ngọc Lan",
    "hasty": "Lương Minh Tú",
    "void": "Tạ Quang Huệ",
    "drafting": "Ngô Diệu Uyên",
    "offline": "Bùi Thị Quỳnh",
    "terse": "Đinh Đức Hòa",
    "essayist": "Hoàng Thu Trâm",
}


def _live(stage: Stage) -> None:
    """Let everybody get as far as their state says."""
    stage.start("fresh")
    stage.start("answering", ago=6 * MINUTE)
    stage.answer("answering", 12, ago=1 * MINUTE)
    stage.flag("answering", (3, 7))
    stage.start("hurried", ago=16 * MINUTE)
    stage.answer("hurried", 15, ago=2 * MINUTE)
    stage.start("breathless", ago=19 * MINUTE)
    stage.answer("breathless", 18, predicted=300, ago=1 * MINUTE)
    stage.start("torn", ago=5 * MINUTE)
    stage.answer("torn", 3)
    stage.start("complete", ago=12 * MINUTE)
    stage.answer("complete", QUESTIONS, predicted=1250, ago=1 * MINUTE)
    _take(stage, "submitted", right=19)
    _take(stage, "used-up", right=12)
    _take(stage, "used-up", right=14)
    stage.start("expired", ago=40 * MINUTE)
    stage.answer("expired", 17, right=17, ago=25 * MINUTE)
    stage.start("late", ago=21 * MINUTE)
    stage.answer("late", 18, right=18, ago=4 * MINUTE)
    stage.save("late", [Answer(slot, 9, frozenset({0})) for slot in (18, 19)])
    stage.start("hasty", ago=5 * MINUTE)
    stage.answer("hasty", 7, ago=1 * MINUTE)
    stage.submit("hasty")
    _take(stage, "void", right=3)
    _void(stage, "void")
    stage.draft("drafting", ESSAY)
    stage.draft("terse", TERSE)
    _take(stage, "essayist", right=QUESTIONS)
    stage.draft("essayist", ESSAY, is_final=True)
    _fill_up(stage)


def _take(stage: Stage, key: str, *, right: int, predicted: int = 25, minutes: int = 11) -> None:
    """Let somebody answer every question and hand in, some time ago."""
    stage.start(key, ago=(minutes + 20) * MINUTE)
    stage.answer(key, QUESTIONS, right=right, predicted=predicted, ago=21 * MINUTE)
    stage.submit(key, ago=20 * MINUTE)


def _void(stage: Stage, key: str) -> None:
    now = stage.clock()
    stage.do(
        lambda session: attempts.void_attempt(
            session, SLUG, stage.attempts[key], reason=VOID_REASON, actor="organiser", now=now
        )
    )


def _fill_up(stage: Stage) -> None:
    """Let invented people take part, so that there is a ranking, and copies among the essays."""
    rng = Random(92)
    crowd = make_people(rng, CROWD, [f"VL-{number:03}" for number in range(1, 31)])
    for person, essay in zip(crowd, make_essays(rng, CROWD), strict=True):
        key = f"crowd-{person.phone}"
        stage.enrol(key, person.name, person.phone)
        stage.register(key, unit=person.unit)
        right = QUESTIONS if person.ability == 1 else rng.randint(9, 19)
        minutes = rng.randint(4, 18)
        _take(stage, key, right=right, predicted=rng.randint(5, 60), minutes=minutes)
        stage.draft(key, essay, is_final=True)


def close(stage: Stage) -> None:
    """Close the contest and compare its essays."""
    now = stage.clock()
    stage.do(lambda session: contests.close_contest(session, SLUG, now=now, actor="organiser"))
    with Session(stage.site.engine) as session:
        scan = essays.scan_contest(session, SLUG)
        for part in scan.parts:
            with transaction(session):
                essays.store_matches(session, scan, part)
        with transaction(session):
            essays.record_scan(session, scan, now=now, actor="organiser")


def publish(stage: Stage) -> None:
    """Publish the results."""
    now = stage.clock()
    stage.do(lambda session: results.publish_contest(session, SLUG, now=now, actor="organiser"))


def _revealed(file: Path) -> Stage:
    """Return a closed contest that shows each person the key beside the own answers."""
    stage = make_stage(file)
    fill_stage(stage, contest=revealing(sample_contest(), Reveal.KEY_AFTER_CLOSE))
    stage.enrol("submitted", PEOPLE["submitted"], "0900000716")
    stage.register("submitted")
    _take(stage, "submitted", right=17)
    stage.clock.now = OVER
    stage.do(lambda session: contests.close_contest(session, SLUG, now=OVER, actor="organiser"))
    return stage
