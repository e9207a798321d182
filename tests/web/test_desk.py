"""The desk's home: what needs a person, what runs, who may see figures; accounts; the record."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from quizengine.services import accounts, contest_forms
from quizengine.services.accounts import Role
from quizengine.services.transaction import transaction
from quizengine.store import audit
from quizengine.web.live import plot
from tests.web.site import PASSWORD, SLUG, Reader, Site
from tests.web.test_play import begin

HOME = "/thi/to-chuc/"
LIVE = "/thi/to-chuc/truc-tiep"
RECORD = "/thi/to-chuc/nhat-ky"
ACCOUNTS = "/to-chuc/tai-khoan"


def staff(site: Site, role: Role, login: str = "") -> Reader:
    """Return the browser of somebody of staff, logged in."""
    with Session(site.engine) as session, transaction(session):
        accounts.create_account(
            session,
            login=login or role,
            name="Lê Hoài An",
            password=PASSWORD,
            role=role,
            now=site.clock(),
        )
    reader = site.reader()
    reader.open("/dang-nhap")
    reader.send(login=login or role, password=PASSWORD)
    return reader


def title_of(page: str) -> str:
    """Return the words of a page's heading."""
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found
    return found[1]


def views(site: Site) -> int:
    """Return how many looks at figures are on record."""
    with Session(site.engine) as session:
        return sum(one.action == "figures.view" for one in audit.read_entries(session))


def test_the_title_is_the_sentence_of_the_day(site: Site) -> None:
    organiser = site.organiser()
    organiser.open(HOME)
    assert title_of(organiser.page) == "Một vòng đang mở, không có việc gì chờ bạn"
    site.clock.move(days=30)
    organiser = staff(site, "owner")
    organiser.open(HOME)
    assert title_of(organiser.page) == "Không có vòng nào đang mở, một việc cần bạn"
    organiser.follow("Đóng cuộc thi")
    assert organiser.path.endswith("/dong")


def test_a_draft_says_what_stands_against_opening_it(draft_site: Site) -> None:
    organiser = draft_site.organiser()
    organiser.open(HOME)
    assert "Trước khi mở" in organiser.page
    assert "Sẵn sàng" in organiser.page or "Đạt" in organiser.page


def test_what_runs_is_drawn_on_the_server_and_renewed_as_a_part(site: Site) -> None:
    begin(site)
    site.clock.move(minutes=3)
    organiser = site.organiser()
    organiser.open(HOME)
    assert organiser.page.count('class="plot"') == 3
    assert f'data-renew="{LIVE}"' in organiser.page
    part = organiser.client.get(LIVE)
    assert part.text.count('role="img" aria-label="Bắt đầu mỗi phút từ ') == 1
    assert "<html" not in part.text


def test_a_look_at_figures_under_embargo_is_on_record_once_an_hour(site: Site) -> None:
    organiser = site.organiser()
    for _ in range(4):
        organiser.open(HOME)
        organiser.client.get(LIVE)
        organiser.open(f"{HOME}{SLUG}/")
        site.clock.move(seconds=15)
    assert views(site) == 1
    site.clock.move(hours=1)
    organiser.client.get(LIVE)
    assert views(site) == 2


def test_who_takes_part_in_earnest_sees_no_figures_although_they_organise(site: Site) -> None:
    reader = site.participant()
    with site.engine.begin() as connection:
        connection.execute(text("UPDATE quiz_account SET role = 'organiser'"))
    for path in (HOME, LIVE, f"{HOME}{SLUG}/"):
        page = reader.client.get(path).text
        assert "mà bạn cũng dự thi" in page
        assert 'class="plot"' not in page
        assert "Đã đăng ký" not in page
    for name in ("gia-han", "tam-dung", "dong"):
        page = reader.client.get(f"{HOME}{SLUG}/{name}").text
        assert "<form" in page.split("<main")[1]
        assert not re.search(r"\d+ (người|lượt) đang làm", page)
    assert views(site) == 0


def test_how_many_are_answering_is_a_look_at_figures_on_the_pages_of_steps_too(site: Site) -> None:
    begin(site)
    organiser = site.organiser()
    organiser.open(f"{HOME}{SLUG}/gia-han")
    assert "1 người đang làm bài" in organiser.page
    assert views(site) == 1


def test_whoever_has_a_right_takes_part_as_staff(site: Site) -> None:
    for role in ("jury", "reporter", "auditor"):
        reader = staff(site, role)
        reader.open(f"/thi/{SLUG}/dang-ky")
        reader.send(
            phone=f"090000010{len(role)}",
            unit="VL-001",
            role="can-bo-co-so",
            consents="hien-ket-qua",
        )
    with site.engine.connect() as connection:
        registered = connection.execute(text("SELECT is_staff FROM quiz_participant")).scalars()
        assert [bool(one) for one in registered] == [True] * 3


def test_an_owner_makes_an_account_and_its_person_logs_in_by_the_code(site: Site) -> None:
    owner = staff(site, "owner")
    owner.open(ACCOUNTS)
    owner.send_form(-1, name="Phạm Thu Ngân", login="GiamKhao", role="jury")
    code = re.search(r'<p class="code">([^<]*)</p>', owner.page)
    assert code
    assert owner.headers["Cache-Control"] == "no-store"
    person = site.reader()
    person.open("/dang-nhap/ma")
    person.send(login="giamkhao", code=code[1])
    person.open(HOME)
    assert person.status == 200
    assert person.client.get(ACCOUNTS).status_code == 403
    owner.open(ACCOUNTS)
    assert code[1] not in owner.page
    owner.follow("Phạm Thu Ngân")
    owner.send_form(1, role="auditor")
    assert "Đã đổi vai trò" in owner.page
    assert person.client.get(RECORD).status_code == 200
    owner.send_form(2)
    assert "Đã chấm dứt mọi lần đăng nhập" in owner.page
    assert person.client.get(HOME).status_code == 303


def test_the_last_owner_cannot_be_demoted(site: Site) -> None:
    owner = staff(site, "owner")
    owner.open(ACCOUNTS)
    owner.follow("Lê Hoài An")
    owner.send_form(1, role="jury")
    assert owner.status == 409
    assert "Đây là chủ cuối cùng" in owner.page


def test_the_record_is_narrowed_paged_and_verified(site: Site) -> None:
    auditor = staff(site, "auditor")
    auditor.open(RECORD)
    assert title_of(auditor.page) == "Nhật ký còn nguyên vẹn"
    assert "Mở cuộc thi" in auditor.page
    auditor.open(f"{RECORD}?viec=contest.open&ve={SLUG[:5].upper()}")
    assert "Tìm được 1 dòng" in auditor.page
    auditor.open(f"{RECORD}?ve=%25")
    assert "Không có dòng nào như vậy" in auditor.page
    auditor.open(f"{RECORD}?trang=999")
    assert auditor.status == 200
    with site.engine.begin() as connection:
        connection.execute(text("UPDATE quiz_audit SET actor = 'ai' WHERE number = 2"))
    auditor.open(RECORD)
    assert title_of(auditor.page) == "Nhật ký đã bị sửa ở dòng 2"


def test_contests_are_found_by_title_and_one_alone_is_gone_to_at_once(site: Site) -> None:
    organiser = site.organiser()
    organiser.open("/thi/to-chuc/cuoc-thi?tim=tim+hieu")
    assert "1 cuộc thi" in organiser.page
    organiser.open("/thi/to-chuc/cuoc-thi?tim=khong+co&luc=open")
    assert "Không cuộc thi nào khớp" in organiser.page
    organiser.open("/thi/to-chuc/cuoc-thi?xem=nguoi-thi")
    assert organiser.path == f"{HOME}{SLUG}/nguoi-thi"


def test_a_line_goes_from_the_bottom_to_the_top_and_tells_its_trend() -> None:
    rising = plot(range(60))
    assert rising.line.startswith("M0 39L")
    assert rising.line.endswith("L100 3")
    assert (rising.last, rising.trend, rising.most) == (59, "up", 59)
    still = plot([0] * 60)
    assert set(re.findall(r" (\d+)", still.line)) == {"39"}
    assert still.trend == "level"
    assert plot(range(60, 0, -1)).trend == "down"


def test_the_figures_of_a_minute_are_those_until_its_end(site: Site) -> None:
    begin(site)
    organiser = site.organiser()
    organiser.open(HOME)
    assert '<b class="fig">1</b>' not in organiser.page
    site.clock.now = site.clock.now.replace(second=0) + timedelta(minutes=1)
    organiser.open(HOME)
    assert '<b class="fig">1</b>' in organiser.page


def test_files_and_forms_that_were_left_wait_on_the_desk(site: Site) -> None:
    organiser = site.organiser()
    with Session(site.engine) as session, transaction(session):
        form = contest_forms.from_contest(session, SLUG, now=site.clock())
        titled = {**form, "title": dict.fromkeys(form["title"], "Hội thi mới")}
        contest_forms.begin(session, titled, now=site.clock(), actor="a")
    organiser.open(HOME)
    assert title_of(organiser.page) == "Một vòng đang mở, một việc cần bạn"
    assert "Hội thi mới" in organiser.page
    organiser.follow("Soạn tiếp")
    assert organiser.status == 200
    assert organiser.path.startswith("/thi/to-chuc/soan/")
    jury = staff(site, "jury")
    assert "Hội thi mới" not in jury.client.get(HOME).text
