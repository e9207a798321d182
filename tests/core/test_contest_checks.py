"""What must hold between the values of a contest, and between a contest and its banks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from quizengine.core.banks import Bank, Kind, Level, Question
from quizengine.core.contest import (
    Contest,
    EssayRole,
    Material,
    Need,
    RankingKey,
    Reopen,
    Reveal,
    Round,
    Section,
    Shown,
    Ties,
)
from quizengine.core.contest_checks import check_against_bank, check_contest
from quizengine.core.drawing import blueprint, pool_of
from quizengine.errors import Conflict, Problem
from quizengine.formats.contest_file import read_contest
from tests.sample_contests import contests, sample_text


@pytest.fixture
def contest() -> Contest:
    found = read_contest(sample_text()).contest
    assert found
    return found


def places(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(problem.code, problem.place.at) for problem in problems]


def with_round(contest: Contest, **changes: object) -> Contest:
    return replace(contest, rounds=(replace(contest.rounds[0], **changes),))  # type: ignore[arg-type]


@settings(deadline=None, max_examples=60)
@given(contests())
def test_a_sound_contest_has_no_problem(contest: Contest) -> None:
    assert check_contest(contest) == ()


def test_a_round_must_close_after_it_opens(contest: Contest) -> None:
    changed = with_round(contest, closes_at=contest.rounds[0].opens_at)
    assert places(check_contest(changed)) == [("contest.window_reversed", "rounds.0.closes_at")]


def test_a_time_limit_longer_than_a_window_that_cuts_is_a_warning(contest: Contest) -> None:
    one = contest.rounds[0]
    found = check_contest(with_round(contest, closes_at=one.opens_at + timedelta(minutes=10)))
    assert places(found) == [("contest.time_limit_over_window", "rounds.0.time_limit")]
    assert found[0].severity == "warning"


def test_rounds_may_not_be_open_together(contest: Contest) -> None:
    one = contest.rounds[0]
    second = replace(one, id="vong-2", opens_at=one.closes_at - timedelta(seconds=1))
    second = replace(second, closes_at=one.closes_at + timedelta(days=1))
    found = check_contest(replace(contest, rounds=(one, second)))
    assert places(found) == [("contest.rounds_overlap", "rounds.1.opens_at")]
    after = replace(second, opens_at=one.closes_at)
    assert check_contest(replace(contest, rounds=(one, after))) == ()


def test_a_bank_whose_key_was_shown_is_warned_of_in_a_later_round(contest: Contest) -> None:
    one = replace(contest.rounds[0], reveal=Reveal.KEY_AFTER_CLOSE)
    second = replace(one, id="vong-2", opens_at=one.closes_at + timedelta(hours=1))
    second = replace(second, closes_at=one.closes_at + timedelta(days=1))
    found = check_contest(replace(contest, rounds=(one, second)))
    assert places(found) == [("contest.key_known", "rounds.1.bank")]


def test_nobody_who_has_seen_the_score_may_open_an_attempt_again(contest: Contest) -> None:
    knowing = with_round(contest, reopen=Reopen.UNTIL_DEADLINE, reveal=Reveal.SCORE)
    assert places(check_contest(knowing)) == [("contest.reopen_knowing_score", "rounds.0.reopen")]
    assert check_contest(with_round(contest, reopen=Reopen.NEVER, reveal=Reveal.SCORE)) == ()
    for reveal in (Reveal.NOTHING, Reveal.KEY_AFTER_CLOSE):
        assert check_contest(with_round(contest, reopen=Reopen.UNTIL_DEADLINE, reveal=reveal)) == ()


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"attempts": 0}, "contest.attempts_none", "rounds.0.attempts"),
        ({"grace_ms": 60_001}, "contest.grace_too_large", "rounds.0.grace"),
        ({"time_limit_ms": 0}, "contest.time_limit_none", "rounds.0.time_limit"),
        ({"sections": ()}, "contest.sections_missing", "rounds.0.sections"),
        (
            {"sections": (Section(0, 1),)},
            "contest.section_count_none",
            "rounds.0.sections.0.count",
        ),
        ({"sections": (Section(1, 0),)}, "contest.section_points", "rounds.0.sections.0.points"),
        ({"sections": (Section(201, 1),)}, "contest.paper_too_long", "rounds.0.sections"),
        ({"prediction": None}, "contest.prediction_missing", "ranking.keys.1"),
        ({"id": "Vòng 1"}, "contest.id_form", "rounds.0.id"),
    ],
)
def test_a_round_that_cannot_run_is_refused(
    contest: Contest, changes: Mapping[str, object], code: str, place: str
) -> None:
    assert places(check_contest(with_round(contest, **changes))) == [(code, place)]


@pytest.mark.parametrize("role", [EssayRole.ADDED_POINTS, EssayRole.OWN_RANKING])
def test_essay_roles_that_need_marks_are_refused_with_those_that_work(
    contest: Contest, role: EssayRole
) -> None:
    assert contest.essay
    found = check_contest(replace(contest, essay=replace(contest.essay, role=role)))
    assert places(found) == [("contest.essay_role_needs_marks", "essay.role")]
    assert found[0].params["works"] == "none, required_for_award"


def test_essay_marks_and_draws_are_refused_with_what_works(contest: Contest) -> None:
    ranking = replace(
        contest.ranking, keys=(*contest.ranking.keys, RankingKey.ESSAY_MARK), ties=Ties.DRAW
    )
    found = check_contest(replace(contest, ranking=ranking))
    assert places(found) == [
        ("contest.ranking_key_needs_marks", "ranking.keys.4"),
        ("contest.ties_need_draw", "ranking.ties"),
    ]
    assert found[0].params["works"] == "points, prediction, duration, submitted_at"


def test_word_limits_must_leave_room(contest: Contest) -> None:
    assert contest.essay
    essay = replace(contest.essay, min_words=2000)
    found = check_contest(replace(contest, essay=essay))
    assert places(found) == [("contest.words_reversed", "essay.min_words")]


def test_the_person_key_must_be_required_and_able_to_tell_people_apart(contest: Contest) -> None:
    registration = contest.registration
    optional = replace(registration, fields={**registration.fields, "phone": Need.OPTIONAL})
    found = check_contest(replace(contest, registration=optional))
    assert places(found) == [("contest.person_key_not_required", "registration.person_key")]
    by_name = replace(registration, person_key="full_name")
    found = check_contest(replace(contest, registration=by_name))
    assert places(found) == [("contest.person_key_unfit", "registration.person_key")]


def test_a_minimum_age_needs_the_year_of_birth(contest: Contest) -> None:
    eligibility = replace(contest.eligibility, minimum_age=18)
    found = check_contest(replace(contest, eligibility=eligibility))
    assert places(found) == [("contest.age_unasked", "eligibility.minimum_age")]


def test_results_come_after_the_rounds_and_after_essays_that_prizes_need(contest: Contest) -> None:
    assert contest.essay
    early = replace(contest, results_at=contest.essay.closes_at - timedelta(seconds=1))
    assert places(check_contest(early)) == [("contest.results_before_essay", "results_at")]
    earlier = replace(contest, results_at=contest.rounds[0].closes_at - timedelta(seconds=1))
    assert ("contest.results_before_close", "results_at") in places(check_contest(earlier))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//other.example/x", "data:,x", "www"])
def test_an_address_that_a_page_may_not_link_to_is_refused(contest: Contest, url: str) -> None:
    material = Material({"vi": "x", "en": "x"}, {"vi": "x", "en": "x"}, url)
    found = check_contest(replace(contest, materials=(material,)))
    assert places(found) == [("contest.url_form", "materials.0.url")]


def test_nothing_is_said_of_what_could_not_be_read(contest: Contest) -> None:
    broken = with_round(contest, closes_at=contest.rounds[0].opens_at)
    assert check_contest(broken, ["rounds.0.opens_at"]) == ()


def bank_of(topics: Mapping[str, int], level: Level = Level.EASY) -> Bank:
    return Bank(
        tuple(
            Question(f"{topic}-{number}", Kind.SINGLE, "?", ("a", "b"), topic, level, key=1)
            for topic, count in topics.items()
            for number in range(count)
        )
    )


def one_round(contest: Contest, *sections: Section) -> Contest:
    return with_round(contest, bank="kho", sections=sections)


def test_an_unknown_bank_is_named_with_the_one_that_was_meant(contest: Contest) -> None:
    found = check_against_bank(one_round(contest, Section(1, 1)), {"khoo": bank_of({"A": 9})})
    assert places(found) == [("contest.bank_unknown_similar", "rounds.0.bank")]
    assert found[0].params["similar"] == "khoo"
    nothing = check_against_bank(one_round(contest, Section(1, 1)), {})
    assert places(nothing) == [("contest.bank_unknown", "rounds.0.bank")]


def test_an_unknown_topic_is_named_with_the_one_that_was_meant(contest: Contest) -> None:
    changed = one_round(contest, Section(1, 1, "Luật công đoàn"))
    found = check_against_bank(changed, {"kho": bank_of({"Luật Công đoàn": 9})})
    assert places(found) == [("contest.topic_unknown_similar", "rounds.0.sections.0.topic")]
    assert found[0].params["similar"] == "Luật Công đoàn"


def test_a_pool_smaller_than_the_section_is_an_error(contest: Contest) -> None:
    found = check_against_bank(one_round(contest, Section(5, 1, "A")), {"kho": bank_of({"A": 4})})
    assert places(found) == [("contest.pool_too_small", "rounds.0.sections.0")]
    assert found[0].params == {"pool": 4, "needed": 5}


def test_sections_that_share_a_pool_are_checked_as_the_drawing_does(contest: Contest) -> None:
    sections = (Section(4, 1), Section(3, 1, "A"))
    bank = bank_of({"A": 6})
    found = check_against_bank(one_round(contest, *sections), {"kho": bank})
    assert [problem.code for problem in found if problem.severity == "error"] == [
        "contest.pool_shared"
    ]
    with pytest.raises(Conflict):
        blueprint(pool_of(bank), sections)


def test_papers_that_are_much_alike_are_warned_of_with_the_remedy(contest: Contest) -> None:
    found = check_against_bank(one_round(contest, Section(10, 1)), {"kho": bank_of({"A": 12})})
    assert places(found) == [("contest.papers_alike", "rounds.0.sections.0")]
    assert found[0].severity == "warning"
    assert found[0].params == {"pool": 12, "drawn": 10, "share": 83, "enough": 20, "half": 50}


def test_a_bank_of_another_day_or_language_is_warned_of(contest: Contest) -> None:
    bank = bank_of({"A": 90})
    other = Bank(bank.questions, language="fr", as_of=date(2020, 1, 1))
    found = check_against_bank(one_round(contest, Section(1, 1)), {"kho": other})
    assert places(found) == [
        ("contest.bank_language", "rounds.0.bank"),
        ("contest.as_of_differs", "as_of"),
    ]


def test_two_rounds_are_checked_each_against_its_own_bank(contest: Contest) -> None:
    first: Round = one_round(contest, Section(1, 1)).rounds[0]
    second = replace(first, bank="khac")
    found = check_against_bank(replace(contest, rounds=(first, second)), {"kho": bank_of({"A": 9})})
    assert places(found) == [("contest.bank_unknown", "rounds.1.bank")]


def test_naming_people_whom_nobody_asked_is_a_warning(contest: Contest) -> None:
    consents = tuple(replace(one, purpose=None) for one in contest.registration.consents)
    registration = replace(contest.registration, consents=consents)
    unasked = replace(contest, registration=registration)
    found = check_contest(unasked)
    assert places(found) == [("contest.results_without_consent", "registration.consents")]
    assert found[0].severity == "warning"
    assert check_contest(replace(unasked, shows=(Shown.UNIT,))) == ()
    none = replace(unasked, registration=replace(registration, consents=()))
    assert places(check_contest(none)) == [("contest.results_without_consent", "registration")]
