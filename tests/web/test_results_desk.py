"""Results for staff: how final they are, awards with ties and those passed over, files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from quizengine.formats.tables import read_table
from quizengine.services import accounts, attempts, contests, essays, people, results
from quizengine.services import answers as answering
from quizengine.services.answers import Answer
from quizengine.services.papers import Papers
from quizengine.services.transaction import transaction
from quizengine.store.tables import ParticipantRow
from tests.web.site import ESSAY, PASSWORD, ROUND, SLUG, Reader, Site

DESK = f"/thi/to-chuc/{SLUG}/"
NAMES = ("Trần Minh Khuê", "=1+1 Lý Thu Hà", "Đỗ An Nhiên", "Ngô Quỳnh")


def take(site: Site, name: str, place: int, *, essay: bool = True, agrees: bool = True) -> None:
    """Let somebody take the round; whoever has a later place answers later."""
    at = site.clock.now + timedelta(seconds=place)
    person, papers = f"0900000{place:03}", Papers()
    fields = {"full_name": name, "phone": person, "unit": "VL-001", "role": "can-bo-co-so"}
    with Session(site.engine) as session, transaction(session):
        people.register(
            session,
            SLUG,
            person=person,
            fields=fields,
            consents=("hien-ket-qua",),
            is_staff=False,
            now=at,
        )
        started = attempts.start_attempt(session, SLUG, ROUND, person=person, now=at, papers=papers)
    with Session(site.engine) as session, transaction(session):
        answering.save_answers(
            session,
            started.public_id,
            person=person,
            answers=[Answer(0, 1, frozenset({0}))],
            now=at,
            papers=papers,
        )
        attempts.submit_attempt(
            session, started.public_id, person=person, now=at + timedelta(minutes=place)
        )
        if not agrees:
            withdrawn = update(ParticipantRow).where(ParticipantRow.person == person)
            session.execute(withdrawn.values(consents=[]))
        if essay:
            essays.submit_essay(
                session, SLUG, person=person, text=f"{name} {ESSAY}", sequence=1, now=at
            )


@pytest.fixture
def closed(any_site: Site) -> Site:
    """The sample contest closed after four people took it, one of them without an essay."""
    for place, name in enumerate(NAMES, start=1):
        take(any_site, name, place, essay=place != 3, agrees=place != 4)
    any_site.clock.move(hours=1)
    with Session(any_site.engine) as session, transaction(session):
        contests.close_contest(session, SLUG, now=any_site.clock(), actor="test")
    any_site.clock.move(hours=1)
    return any_site


def reporter(site: Site) -> Reader:
    """Return the browser of a reporter, logged in."""
    with Session(site.engine) as session, transaction(session):
        accounts.create_account(
            session,
            login="bao-cao",
            name="Vũ Bá",
            password=PASSWORD,
            role="reporter",
            now=site.clock(),
        )
    reader = site.reader()
    reader.open("/dang-nhap")
    reader.send(login="bao-cao", password=PASSWORD)
    return reader


def test_before_the_close_there_are_no_results(site: Site) -> None:
    take(site, NAMES[0], 1)
    organiser = site.organiser()
    organiser.open(DESK + "ket-qua")
    assert "Chưa có kết quả" in organiser.page
    assert NAMES[0] not in organiser.page
    assert organiser.client.get(DESK + "ket-qua.xlsx").status_code == 409


def test_awards_stand_with_those_passed_over_and_why(closed: Site) -> None:
    organiser = closed.organiser()
    organiser.open(DESK + "ket-qua")
    assert "Tạm thời, chưa công bố" in organiser.page
    awards, _, rest = organiser.page.partition("Không xét giải")
    assert all(name in awards for name in (NAMES[0], "=1+1 Lý Thu Hà", NAMES[3]))
    assert NAMES[2] not in awards
    assert "Không nộp bài viết" in rest


def test_an_upheld_copy_is_passed_over(closed: Site) -> None:
    organiser = closed.organiser()
    organiser.open(DESK + "bai-trung")
    organiser.send()
    organiser.open(DESK + "ket-qua")
    assert "cặp bài chưa quyết định" in organiser.page
    organiser.follow("Xem và quyết định")
    start = organiser.page.index(f'href="{DESK}bai-trung/') + len('href="')
    organiser.open(organiser.page[start : organiser.page.index('"', start)])
    organiser.send(verdict="both", reason="Chép từ báo.")
    organiser.open(DESK + "ket-qua")
    assert organiser.page.count("Bài viết được kết luận là sao chép") == 2


def test_the_ranking_is_searched_by_name_without_accents(closed: Site) -> None:
    organiser = closed.organiser()
    organiser.open(DESK + "ket-qua?tim=nhien")
    listed = organiser.page.partition("Tìm tên")[2]
    assert NAMES[2] in listed
    assert NAMES[0] not in listed


def test_published_results_are_provisional_and_then_final(closed: Site) -> None:
    organiser = closed.organiser()
    with Session(closed.engine) as session, transaction(session):
        results.publish_contest(session, SLUG, now=closed.clock(), actor="test")
    assert "nhận khiếu nại đến" in organiser.open(DESK + "ket-qua").lower()
    closed.clock.move(days=60)
    organiser.open("/dang-nhap")
    organiser.send(login="bantochuc", password=PASSWORD)
    assert "Chính thức" in organiser.open(DESK + "ket-qua")


def test_the_workbook_holds_ranking_awards_and_figures_and_computes_nothing(closed: Site) -> None:
    organiser = closed.organiser()
    answer = organiser.client.get(DESK + "ket-qua.xlsx")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={SLUG}.xlsx"
    ranking, awards, figures = read_table(answer.data)
    cells = [cell for row in ranking.rows for cell in row]
    assert "=1+1 Lý Thu Hà" in cells
    assert "0900000002" in cells
    assert "Không nộp bài viết" in [cell for row in awards.rows for cell in row]
    assert ["Người có trong bảng xếp hạng", "4"] in [list(row[:2]) for row in figures.rows]


def test_every_download_is_on_record(closed: Site) -> None:
    organiser = closed.organiser()
    for kind in ("xlsx", "csv", "json"):
        assert organiser.client.get(f"{DESK}ket-qua.{kind}").status_code == 200
    assert organiser.open("/thi/to-chuc/nhat-ky?viec=results.download").count("format: ") == 3


def test_csv_cells_that_would_compute_stay_texts(closed: Site) -> None:
    text = closed.organiser().client.get(DESK + "ket-qua.csv").data.decode("utf-8-sig")
    assert "'=1+1 Lý Thu Hà" in text


def test_a_reporter_sees_what_public_results_show(closed: Site) -> None:
    reader = reporter(closed)
    reader.open(DESK + "ket-qua")
    assert reader.status == 200
    assert NAMES[0] in reader.page
    assert NAMES[3] not in reader.page
    assert "0900000001" not in reader.page
    workbook = read_table(reader.client.get(DESK + "ket-qua.xlsx").data)
    cells = [cell for sheet in workbook for row in sheet.rows for cell in row]
    assert NAMES[3] not in cells
    assert not any(cell.startswith("09000") for cell in cells)
    assert reader.client.get(DESK + "ket-qua.json").status_code == 403
