"""Results for staff: where they stand, awards, the ranking with names, and all of it as files."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from quizengine.core.awards import Candidate
from quizengine.core.contest import EssayRole
from quizengine.core.rules import rules_of
from quizengine.errors import Conflict, NotFound
from quizengine.formats.tables import Cell, Table, write_table
from quizengine.services import audit, awards, contests, decisions
from quizengine.services.awards import Placed, RoundSheet
from quizengine.services.contests import ContestPage
from quizengine.services.results_document import results_csv, results_document, results_json
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.board import complaints_until
from quizengine.web.host import arrival, may, require_participant, session
from quizengine.web.languages import countdown, instant, say, text

PAGE_ROWS = 50
MAX_SEARCH = 120
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@quiz.get("/to-chuc/<slug>/ket-qua")
def results_page(slug: str) -> Page:
    """Show where the results stand and, once every round is over, awards and ranking."""
    shown = contests.contest_page(session(), slug)
    try:
        sheets = awards.round_sheets(session(), slug, is_whole=may("organise", slug))
    except Conflict as error:
        return page("results_desk", contest=shown.contest, shown=shown, sheet=None, waits=error)
    code = request.args.get("vong", sheets[0].code)
    sheet = next((one for one in sheets if one.code == code), None)
    if sheet is None:
        raise NotFound("round.unknown", round=code)
    search = request.args.get("tim", "").strip()[:MAX_SEARCH]
    found = sheet.find(search) if search else sheet.rows
    pages = max(1, -(-len(found) // PAGE_ROWS))
    number = min(max(1, request.args.get("trang", 1, type=int)), pages)

    def address(**changes: object) -> str:
        """Return the address of the same page with something changed."""
        kept: dict[str, object] = {"vong": code if len(sheets) > 1 else "", "tim": search}
        kept = {name: value for name, value in {**kept, **changes}.items() if value}
        return url_for("quiz.results_page", slug=slug, **kept)  # type: ignore[arg-type]

    return page(
        "results_desk",
        contest=shown.contest,
        shown=shown,
        sheets=sheets,
        sheet=sheet,
        rows=found[(number - 1) * PAGE_ROWS : number * PAGE_ROWS],
        found=len(found),
        search=search,
        page_number=number,
        pages=pages,
        link=address,
        complaints_until=complaints_until(shown),
        undecided=_undecided(shown),
        ranking_rule=next(
            one for one in rules_of(shown.contest) if one.code == "rule.ranking.keys"
        ),
    )


def _undecided(shown: ContestPage) -> int:
    """Return how many pairs of essays may still change who is given an award."""
    essay = shown.contest.essay
    if essay is None or essay.role is not EssayRole.REQUIRED_FOR_AWARD:
        return 0
    return decisions.list_pairs(session(), shown.slug).undecided


@quiz.get("/to-chuc/<slug>/ket-qua.json", defaults={"kind": "json"})
@quiz.get("/to-chuc/<slug>/ket-qua.csv", defaults={"kind": "csv"})
def results_file(slug: str, kind: str) -> Page:
    """Give the results as a document that is the same, byte for byte, whenever it is made."""
    document = results_document(session(), slug)
    _record_download(slug, kind)
    if kind == "csv":
        return _file(results_csv(document), "text/csv", f"{slug}.csv")
    return Response(results_json(document), mimetype="application/json")


@quiz.get("/to-chuc/<slug>/ket-qua.xlsx")
def results_workbook(slug: str) -> Page:
    """Give ranking, awards and figures as a workbook, with what the reader may see of people."""
    shown = contests.contest_page(session(), slug)
    sheets = awards.round_sheets(session(), slug, is_whole=may("organise", slug))
    tables = [
        table
        for number, sheet in enumerate(sheets, start=1)
        for table in _tables(shown, sheet, f"{number} " if len(sheets) > 1 else "")
    ]
    _record_download(slug, "xlsx")
    return _file(write_table(*tables), WORKBOOK, f"{slug}.xlsx")


def _record_download(slug: str, kind: str) -> None:
    with transaction(session()) as writing:
        audit.record(
            writing,
            action="results.download",
            subject=slug,
            actor=require_participant().id,
            now=arrival(),
            details={"format": kind},
        )


def _file(data: bytes, kind: str, name: str) -> Response:
    response = Response(data, mimetype=kind)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _tables(shown: ContestPage, sheet: RoundSheet, prefix: str) -> list[Table]:
    above: tuple[tuple[Cell, ...], ...] = (
        (text(shown.contest.title),),
        (text(sheet.rules.title),),
        (state_words(shown),),
    )
    zone = ZoneInfo(shown.contest.time_zone)
    header, widths = _ranking_header()
    return [
        Table(
            prefix + str(say("Ranking")),
            header,
            [_ranking_row(one) for one in sheet.rows],
            above,
            widths,
            zone,
        ),
        Table(
            prefix + str(say("Awards")),
            tuple(str(one) for one in (say("Award"), say("What it is"), say("Place"), *_who())),
            _award_rows(sheet),
            above,
            (24, 30, 8, 28, 40, 16),
            zone,
        ),
        Table(
            prefix + str(say("Figures")),
            (str(say("Figure")), str(say("Count"))),
            _figures(sheet),
            above,
            (48, 14),
            zone,
        ),
    ]


def state_words(shown: ContestPage) -> str:
    """Return in words how final the results are."""
    until = complaints_until(shown)
    if shown.published_at is None:
        return str(say("Provisional: not published yet"))
    if until is not None:
        time = instant(until, shown.contest.time_zone)
        return str(say("Provisional: complaints are taken until {time}", time=time))
    return str(say("Final"))


def _who() -> tuple[str, ...]:
    return (str(say("Participant")), str(say("Unit")), str(say("Phone number")))


def _ranking_header() -> tuple[tuple[str, ...], tuple[int, ...]]:
    words = (
        say("Place"),
        *_who(),
        say("Points"),
        say("Prediction"),
        say("Off by"),
        say("Time"),
        say("Milliseconds"),
        say("Ended"),
        say("Essay"),
    )
    return tuple(str(one) for one in words), (8, 28, 40, 16, 8, 12, 10, 12, 14, 20, 8)


def _ranking_row(row: Placed) -> tuple[Cell, ...]:
    return (
        row.place,
        row.name or row.code,
        row.unit_name,
        row.phone,
        row.points,
        row.prediction,
        row.prediction_error,
        str(countdown(row.duration_ms)),
        row.duration_ms,
        row.finished_at,
        str(say("yes") if row.has_essay else say("no")),
    )


def _award_rows(sheet: RoundSheet) -> list[tuple[Cell, ...]]:
    def line(title: str, what: str, one: Candidate) -> tuple[Cell, ...]:
        row = sheet.people[one.key]
        return (title, what, one.place, row.name or row.code, row.unit_name, row.phone)

    rows = []
    for part in sheet.awards.parts:
        title, prize = text(part.award.title), text(part.award.prize)
        rows += [line(title, prize, one) for one in part.given]
        for tie in part.ties:
            words = say(
                "Tie to be settled: {seats} of {people}", seats=tie.seats, people=len(tie.people)
            )
            rows += [line(title, str(words), one) for one in tie.people]
        if part.unfilled:
            rows.append((title, str(say("Not given: {count}", count=part.unfilled))))
    for one in sheet.awards.skipped:
        rows.append(line(str(say("Passed over")), reason_words(one), one))
    return rows


def reason_words(one: Candidate) -> str:
    """Return why somebody can take no award, in words."""
    words = {
        "not_eligible": say("Not of the roles or the age that the contest is for"),
        "no_essay": say("No essay handed in"),
        "copied_essay": say("The essay was found to be a copy"),
    }
    return str(words.get(one.reason or "", ""))


def _figures(sheet: RoundSheet) -> list[tuple[Cell, ...]]:
    found: list[tuple[Cell, ...]] = [
        (str(say("People in the ranking")), sheet.participants),
        (str(say("Attempts with an answer")), sheet.attempts),
        (str(say("Attempts without an answer, counted nowhere")), sheet.abandoned),
        (str(say("People with full marks")), sheet.full_marks()),
    ]
    if sheet.rules.prediction:
        found.append((str(say("The number that was predicted")), sheet.actual))
    return found
