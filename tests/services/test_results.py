"""Results: places by the declared rules alone, the same on every database, shown once published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

from quizengine.core.contest import (
    Consent,
    Contest,
    Counts,
    Eligibility,
    Need,
    Population,
    Prediction,
    Purpose,
    Shown,
    Target,
)
from quizengine.core.drawing import pseudonym
from quizengine.core.papers import unpack_paper
from quizengine.core.ranking import Standing, actual_of, rank, tally
from quizengine.core.scoring import keys_of, mark
from quizengine.core.sheets import answered, prediction_of
from quizengine.errors import Conflict, NotFound
from quizengine.services import attempts, contests, results, upkeep
from quizengine.services.answers import Answer
from quizengine.services.results import RankingPage
from quizengine.services.results_document import FORMAT_VERSION, results_document, results_json
from quizengine.store.connection import connect
from quizengine.store.contests import list_rounds
from quizengine.store.schema import upgrade
from quizengine.store.tables import AttemptRow, Base, ParticipantRow
from tests.services.desk import (
    ACTOR,
    AFTER,
    GRACE,
    LIMIT,
    MAX_POINTS,
    MILLISECOND,
    MINUTE,
    OPENS,
    ROUND,
    SECOND,
    SLOTS,
    SLUG,
    Desk,
    make_bank,
    make_contest,
    make_round,
    opened_desk,
    words,
)

DAY = timedelta(days=1)


def finish(desk: Desk) -> None:
    """Close and publish the contest."""
    desk.close()
    desk.publish()


def ended(desk: Desk) -> dict[str, Any]:
    """Return the round's document after everything due was closed."""
    desk.close()
    desk.do(lambda session: upkeep.sweep(session, now=AFTER))
    document: dict[str, Any] = desk.document()["rounds"][0]
    return document


def page(desk: Desk, number: int = 1, size: int = 50) -> RankingPage:
    """Return a page of the published ranking."""
    return desk.look(
        lambda session: results.ranking_page(session, SLUG, ROUND, page=number, size=size)
    )


def void(desk: Desk, public_id: str) -> None:
    """Take an attempt out of every count."""
    desk.do(
        lambda session: attempts.void_attempt(
            session, SLUG, public_id, reason="nhầm", actor=ACTOR, now=AFTER
        )
    )


def names(document: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return who stands at which place."""
    return [(line["name"].removeprefix("Người "), line["place"]) for line in document["ranking"]]


def crowd(desk: Desk, people: int = 12) -> None:
    """Let people of every kind take part, the same ones in every run."""
    rng = Random(5)
    for number in range(people):
        person = f"p{number:02}"
        desk.register(person, is_staff=number % 6 == 5)
        for day in range(rng.choice((1, 1, 2))):
            at = OPENS + day * DAY + rng.randrange(60) * MINUTE
            public_id = desk.start(person, at).public_id
            kind = rng.randrange(8)
            if kind == 0:
                continue
            predicted = None if kind == 1 else rng.randrange(6)
            right = rng.choice((2, 3, SLOTS, SLOTS))
            desk.answer(person, public_id, at + SECOND, right=right, predicted=predicted)
            if kind > 2:
                # Few different times, so that people tie.
                desk.submit(person, public_id, at + rng.choice((5, 6)) * MINUTE)
            if kind == 7:
                void(desk, public_id)


def ranked_by_core(desk: Desk, contest: Contest) -> list[tuple[str, int, int, int, int | None]]:
    """Return (pseudonym, place, shared, points, prediction error) as `core.ranking` finds them."""
    rules = contest.rounds[0]

    def work(session: Session) -> list[tuple[str, int, int, int, int | None]]:
        secret = list_rounds(session, contests.find(session, SLUG).id)[0].pseudonym_secret
        rows = session.execute(
            select(AttemptRow, ParticipantRow.person)
            .join(ParticipantRow, ParticipantRow.id == AttemptRow.participant_id)
            .where(
                AttemptRow.state.in_(("submitted", "expired")), ParticipantRow.is_staff.is_(False)
            )
        )
        standings = [
            _standing(row, pseudonym(secret, person))
            for row, person in rows
            if answered(row.sheet, SLOTS)
        ]
        assert rules.prediction is not None
        counted = actual_of(rules.prediction.target, tally(standings, rules.max_points()))
        return [
            (
                one.standing.person,
                one.place,
                one.shared,
                one.standing.points,
                one.prediction_error,
            )
            for one in rank(
                standings, keys=contest.ranking.keys, counts=rules.counts, actual=counted
            )
        ]

    return desk.look(work)


def _standing(row: AttemptRow, person: str) -> Standing:
    score = mark(unpack_paper(row.paper), row.sheet, keys_of(make_bank()), make_round().scoring)
    end = row.submitted_at or row.deadline_at
    return Standing(
        person=person,
        attempt=row.number,
        points=score.points,
        prediction=prediction_of(row.sheet, SLOTS),
        duration_ms=(min(end, row.deadline_at) - row.started_at) // MILLISECOND,
        submitted_at=end,
    )


@pytest.mark.parametrize("counts", Counts)
def test_places_are_what_the_ranking_of_the_core_says(database_url: str, counts: Counts) -> None:
    contest = make_contest(rules=make_round(counts=counts))
    with opened_desk(database_url, contest) as desk:
        crowd(desk)
        found = [
            (
                line["pseudonym"],
                line["place"],
                line["shared"],
                line["points"],
                line["prediction_error"],
            )
            for line in ended(desk)["ranking"]
        ]
        assert found == ranked_by_core(desk, contest)
        assert len(found) > 5


def test_people_equal_in_every_key_share_a_place(desk: Desk) -> None:
    for person in ("an", "binh", "chi"):
        desk.register(person)
    desk.take("an", OPENS, predicted=1)
    desk.take("binh", OPENS, predicted=1)
    desk.take("chi", OPENS, right=2, predicted=1)
    lines = ended(desk)["ranking"]
    assert [(line["place"], line["shared"]) for line in lines] == [(1, 2), (1, 2), (3, 1)]
    first_two = [line["pseudonym"] for line in lines[:2]]
    assert first_two == sorted(first_two)


def test_an_abandoned_attempt_is_counted_apart_and_in_nothing_else(desk: Desk) -> None:
    for person in ("an", "binh"):
        desk.register(person)
    desk.take("an", OPENS)
    desk.start("binh", OPENS)
    desk.submit("an", desk.start("an", OPENS + DAY).public_id, OPENS + DAY + MINUTE)
    document = ended(desk)
    assert document["abandoned"] == 2
    assert (document["participants"], document["attempts"]) == (1, 1)
    assert names(document) == [("an", 1)]


def test_a_prediction_alone_is_no_answer(desk: Desk) -> None:
    desk.register("an")
    public_id = desk.start("an", OPENS).public_id
    desk.save("an", public_id, [Answer(SLOTS, 1, number=3)], OPENS)
    desk.submit("an", public_id, OPENS + MINUTE)
    assert ended(desk)["abandoned"] == 1


def test_a_contest_that_nobody_took_has_empty_results(desk: Desk) -> None:
    document = ended(desk)
    assert document["ranking"] == []
    assert document["prediction_actual"] == document["participants"] == document["attempts"] == 0
    desk.publish()
    assert (page(desk).rows, page(desk).pages) == ((), 1)


def test_staff_and_void_attempts_never_count(desk: Desk) -> None:
    for person in ("an", "binh"):
        desk.register(person)
    desk.register("staff", is_staff=True)
    desk.take("staff", OPENS)
    desk.take("an", OPENS, right=2)
    void(desk, desk.take("binh", OPENS))
    document = ended(desk)
    assert names(document) == [("an", 1)]
    assert document["perfect_participants"] == document["abandoned"] == 0
    assert (document["participants"], document["attempts"]) == (1, 1)


def test_a_void_best_attempt_leaves_the_other(desk: Desk) -> None:
    desk.register("an")
    best = desk.take("an", OPENS)
    desk.take("an", OPENS + DAY, right=2)
    void(desk, best)
    assert ended(desk)["ranking"][0]["points"] < MAX_POINTS


def test_the_best_attempt_is_the_best_by_the_whole_cascade(desk: Desk) -> None:
    """Equal points: the attempt with the nearer prediction counts, though it took longer."""
    for person in ("an", "binh"):
        desk.register(person)
    desk.take("an", OPENS, predicted=50, lasting=2 * MINUTE)
    desk.take("an", OPENS + DAY, predicted=2, lasting=9 * MINUTE)
    desk.take("binh", OPENS, predicted=3, lasting=MINUTE)
    document = ended(desk)
    assert document["prediction_actual"] == 2
    first = document["ranking"][0]
    assert (first["name"], first["prediction"], first["prediction_error"]) == ("Người an", 2, 0)
    assert first["duration_ms"] == 9 * MINUTE // MILLISECOND


@pytest.mark.parametrize(
    ("counts", "predicted"), [(Counts.BEST, 0), (Counts.FIRST, 7), (Counts.LAST, 9)]
)
def test_the_declared_attempt_counts(database_url: str, counts: Counts, predicted: int) -> None:
    contest = make_contest(rules=make_round(counts=counts, attempts=3))
    with opened_desk(database_url, contest) as desk:
        desk.register("an")
        for day, number in enumerate((7, 0, 9)):
            desk.take("an", OPENS + day * DAY, right=2, predicted=number)
        assert ended(desk)["ranking"][0]["prediction"] == predicted


def test_an_expired_attempt_counts_what_was_saved_with_its_whole_time(desk: Desk) -> None:
    desk.register("an")
    public_id = desk.start("an", OPENS).public_id
    desk.answer("an", public_id, OPENS + SECOND, right=SLOTS, predicted=1)
    line = ended(desk)["ranking"][0]
    assert line["points"] == MAX_POINTS
    assert line["duration_ms"] == LIMIT // MILLISECOND
    assert datetime.fromisoformat(line["finished_at"]) == OPENS + LIMIT


def test_what_is_submitted_in_the_grace_took_the_whole_time(desk: Desk) -> None:
    desk.register("an")
    desk.take("an", OPENS, lasting=LIMIT + GRACE)
    line = ended(desk)["ranking"][0]
    assert line["duration_ms"] == LIMIT // MILLISECOND
    assert datetime.fromisoformat(line["finished_at"]) == OPENS + LIMIT + GRACE


def test_a_sweep_before_or_a_publication_without_gives_equal_results(desk: Desk) -> None:
    for person in ("an", "binh"):
        desk.register(person)
        desk.answer(person, desk.start(person, OPENS).public_id, OPENS + SECOND, right=3)
    desk.close()
    desk.publish()
    lazily = desk.document()
    desk.do(lambda session: upkeep.sweep(session, now=AFTER))
    assert desk.document() == lazily
    assert [line["points"] for line in lazily["rounds"][0]["ranking"]] == [
        row.points for row in page(desk).rows
    ]


@pytest.mark.parametrize(
    ("target", "population", "expected"),
    [
        (Target.PARTICIPANTS, Population.EVERYONE, 3),
        (Target.PARTICIPANTS, Population.ELIGIBLE, 2),
        (Target.PERFECT_PARTICIPANTS, Population.EVERYONE, 2),
        (Target.PERFECT_PARTICIPANTS, Population.ELIGIBLE, 1),
        (Target.ATTEMPTS, Population.EVERYONE, 4),
        (Target.ATTEMPTS, Population.ELIGIBLE, 3),
    ],
)
def test_the_number_predicted_is_counted_as_declared(
    sqlite_url: str, target: Target, population: Population, expected: int
) -> None:
    rules = make_round(prediction=Prediction(target, population, {"vi": "Bao nhiêu?"}))
    contest = make_contest(rules=rules)
    fields = {**contest.registration.fields, "role": Need.OPTIONAL}
    contest = replace(
        contest,
        eligibility=Eligibility(roles={"can-bo": {"vi": "Cán bộ"}}, excluded={}),
        registration=replace(contest.registration, fields=fields),
    )
    with opened_desk(sqlite_url, contest) as desk:
        for person in ("an", "binh"):
            desk.register(person, role="can-bo")
        desk.register("khach")
        desk.register("staff", is_staff=True, role="can-bo")
        desk.take("an", OPENS)
        desk.take("an", OPENS + DAY)
        desk.take("binh", OPENS, right=2)
        desk.take("khach", OPENS)
        desk.take("staff", OPENS)
        document = ended(desk)
        assert document["prediction_actual"] == expected
        # The figures shown count everybody, whoever the prediction is about.
        assert (document["participants"], document["attempts"]) == (3, 4)


# The document


def test_the_document_is_the_same_bytes_when_computed_again(desk: Desk) -> None:
    crowd(desk)
    ended(desk)
    first = results_json(desk.document())
    assert results_json(desk.document()) == first
    desk.publish()
    assert results_json(desk.document()) == first
    assert first.endswith(b"}\n")
    assert json.loads(first)["format_version"] == FORMAT_VERSION


def test_the_same_events_give_the_same_bytes_on_both_databases(
    sqlite_url: str, postgres_url: str
) -> None:
    documents = []
    for url in (sqlite_url, postgres_url):
        with opened_desk(url) as desk:
            crowd(desk)
            desk.write("p00", words(30), OPENS)
            ended(desk)
            documents.append(results_json(desk.document()))
    assert documents[0] == documents[1]
    assert documents[0].count(b'"place"') > 5


def test_rows_copied_in_any_order_give_the_same_bytes(sqlite_url: str, postgres_url: str) -> None:
    """The ids of rows and their order in the database decide nothing."""
    with opened_desk(sqlite_url) as desk:
        crowd(desk)
        ended(desk)
        expected = results_json(desk.document())
        copy_shuffled(desk, postgres_url)
    engine = connect(postgres_url)
    with Session(engine) as session:
        assert results_json(results_document(session, SLUG)) == expected
    engine.dispose()


def copy_shuffled(desk: Desk, url: str) -> None:
    """Copy every row to an empty database, attempts with other ids and in another order."""
    target = create_engine(url)
    upgrade(target)
    with desk.engine.connect() as source, target.begin() as connection:
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in source.execute(select(table)).mappings()]
            if table.name == "quiz_attempt":
                Random(3).shuffle(rows)
                rows = [{**row, "id": 1000 + number} for number, row in enumerate(rows)]
            if rows:
                connection.execute(insert(table), rows)
    target.dispose()


def test_the_document_says_what_the_rules_and_seeds_were(desk: Desk) -> None:
    desk.register("an", phone="+84 900 000 777", unit="Q-2")
    desk.take("an", OPENS, predicted=4)
    desk.write("an", words(30), OPENS)
    document = ended(desk)
    shown = desk.look(lambda session: contests.contest_page(session, SLUG))
    assert desk.document()["rules_sha256"] == shown.sha256
    assert document["seed_commitment"] == shown.rounds[0].seed_commitment
    assert (document["round"], document["max_points"]) == (ROUND, MAX_POINTS)
    line = document["ranking"][0]
    assert (line["name"], line["phone"]) == ("Người an", "0900000777")
    assert (line["unit"], line["unit_name"]) == ("Q-2", "Công đoàn Xưởng may Bình Minh")
    assert line["has_essay"]


# What is under embargo


def test_results_are_under_embargo_until_the_close(desk: Desk) -> None:
    desk.register("an")
    desk.take("an", OPENS)
    with pytest.raises(Conflict) as refusal:
        desk.document()
    assert refusal.value.code == "results.before_close"
    desk.start("an", OPENS + DAY)
    desk.close(OPENS + DAY)
    with pytest.raises(Conflict) as running:
        desk.document()
    assert running.value.code == "contest.attempts_running"


def test_the_ranking_is_under_embargo_until_publication(desk: Desk) -> None:
    desk.register("an")
    desk.take("an", OPENS)
    for is_closed in (False, True):
        if is_closed:
            desk.close()
        with pytest.raises(Conflict) as refusal:
            page(desk)
        assert refusal.value.code == "results.not_published"
        with pytest.raises(Conflict):
            desk.look(lambda session: results.own_line(session, SLUG, ROUND, "an"))


# Pages


def test_pages_together_are_the_ranking(desk: Desk) -> None:
    crowd(desk)
    finish(desk)
    whole = page(desk, size=500)
    assert whole.pages == 1
    parts = [page(desk, number, size=3) for number in range(1, page(desk, size=3).pages + 1)]
    assert [row for part in parts for row in part.rows] == list(whole.rows)
    assert {len(part.rows) for part in parts[:-1]} == {3}
    document = desk.document()["rounds"][0]
    assert [row.name for row in whole.rows] == [line["name"] for line in document["ranking"]]
    assert (whole.participants, whole.attempts, whole.abandoned, whole.actual) == (
        document["participants"],
        document["attempts"],
        document["abandoned"],
        document["prediction_actual"],
    )


@pytest.mark.parametrize("number", [0, -1, 2])
def test_a_page_that_there_is_not_is_not_found(desk: Desk, number: int) -> None:
    finish(desk)
    with pytest.raises(NotFound) as refusal:
        page(desk, number)
    assert refusal.value.code == "results.no_such_page"


def test_an_unknown_round_or_contest_is_not_found(desk: Desk) -> None:
    finish(desk)
    with pytest.raises(NotFound):
        desk.look(lambda session: results.ranking_page(session, SLUG, "vong-9"))
    with pytest.raises(NotFound):
        desk.look(lambda session: results_document(session, "khong-co"))


def test_a_line_shows_three_digits_of_the_phone_number(desk: Desk) -> None:
    desk.register("an", phone="0900123456")
    desk.take("an", OPENS)
    desk.register("binh")
    finish(desk)
    row = page(desk).rows[0]
    assert row.masked_phone == "0••• •••• 456"
    assert "0900123456" not in repr(row)
    own = desk.look(lambda session: results.own_line(session, SLUG, ROUND, "an"))
    assert own == row
    assert desk.look(lambda session: results.own_line(session, SLUG, ROUND, "binh")) is None


@pytest.mark.parametrize(
    ("phone", "shown"), [("", ""), ("12", "••"), ("123", "•••"), ("1234", "0••• •••• 234")]
)
def test_masking_never_shows_a_whole_number(phone: str, shown: str) -> None:
    assert results.mask_phone(phone) == shown


def test_an_answer_that_waited_until_after_the_publication_is_refused(desk: Desk) -> None:
    desk.register("an")
    started = desk.start("an", OPENS)
    desk.answer("an", started.public_id, OPENS + MINUTE)
    desk.close()
    desk.publish()
    before = desk.document()
    in_time = OPENS + 2 * MINUTE
    replies = desk.save("an", started.public_id, [Answer(0, 9, frozenset({1}))], in_time)
    assert [(reply.outcome, reply.reason) for reply in replies] == [("refused", "attempt.late")]
    receipt = desk.submit("an", started.public_id, in_time)
    assert receipt.state == "expired"
    assert desk.document() == before


@pytest.fixture
def asked_desk(database_url: str) -> Iterator[Desk]:
    """A published ranking: Ân agreed to be named, Bình did not, Châu did and typed her unit."""
    contest = make_contest()
    consents = (Consent("hien-ten", {"vi": "Hiện tên"}, False, Purpose.PUBLIC_RESULTS),)
    registration = replace(contest.registration, consents=consents)
    with opened_desk(database_url, replace(contest, registration=registration)) as desk:
        desk.register("an", full_name="Trần Bảo Ân", phone="0900000111")
        desk.register("binh", agrees=False, full_name="Lê Bình", phone="0900000222")
        desk.register("chau", full_name="Ngô Châu", unit="Q-2", unit_typed="Lò gốm")
        for minutes, person in enumerate(("an", "binh", "chau")):
            desk.take(person, OPENS + minutes * DAY)
        finish(desk)
        yield desk


def seen(desk: Desk, search: str = "", viewer: str = "") -> list[tuple[str, str, str]]:
    """Return name, unit and phone of each line that somebody sees."""
    found = desk.look(
        lambda session: results.ranking_page(session, SLUG, ROUND, search=search, viewer=viewer)
    )
    assert found.found == len(found.rows)
    return sorted((row.name, row.unit_name, row.masked_phone) for row in found.rows)


def test_who_did_not_agree_is_not_named_but_to_themselves(asked_desk: Desk) -> None:
    names = [name for name, *_ in seen(asked_desk)]
    assert names == ["", "Ngô Châu", "Trần Bảo Ân"]
    assert seen(asked_desk)[0] == ("", "", "")
    own = ("Lê Bình", "Công đoàn Trường Hoa Sen", "0••• •••• 222")
    assert own in seen(asked_desk, viewer="binh")
    line = asked_desk.look(lambda session: results.own_line(session, SLUG, ROUND, "binh"))
    assert line
    assert (line.name, line.unit_name, line.masked_phone) == own
    assert len({row.code for row in page(asked_desk).rows}) == 3


def test_a_unit_as_typed_is_shown_to_its_own_person_only(asked_desk: Desk) -> None:
    assert "Lò gốm" not in repr(seen(asked_desk))
    line = asked_desk.look(lambda session: results.own_line(session, SLUG, ROUND, "chau"))
    assert line
    assert line.unit_name == "Lò gốm"
    document = asked_desk.document()["rounds"][0]["ranking"]
    assert {one["unit"] for one in document} == {"Q-1", "Q-2"}
    assert {one["name"] for one in document} == {"Trần Bảo Ân", "Lê Bình", "Ngô Châu"}


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("tran an", ["Trần Bảo Ân"]),
        ("ÂN", ["Trần Bảo Ân"]),
        ("hoa sen", ["Trần Bảo Ân"]),
        ("ngo xuong", ["Ngô Châu"]),
        ("binh", ["Ngô Châu"]),  # her unit is Bình Minh; Lê Bình is not to be found
        ("0900000111", []),
        ("111", []),
        ("lo gom", []),
        ("%", ["", "Ngô Châu", "Trần Bảo Ân"]),
    ],
)
def test_a_search_finds_only_what_is_shown(asked_desk: Desk, search: str, names: list[str]) -> None:
    assert [name for name, *_ in seen(asked_desk, search)] == names


def test_a_search_finds_the_viewers_own_line(asked_desk: Desk) -> None:
    assert [name for name, *_ in seen(asked_desk, "le binh", viewer="binh")] == ["Lê Bình"]


def test_results_show_no_more_than_the_contest_declares(sqlite_url: str) -> None:
    with opened_desk(sqlite_url, make_contest(shows=(Shown.UNIT,))) as desk:
        desk.register("an")
        desk.take("an", OPENS)
        finish(desk)
        assert seen(desk) == [("", "Công đoàn Trường Hoa Sen", "")]
