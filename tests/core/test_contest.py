"""Contests as values: shifting, ends of rounds, sums of the blueprint."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from quizengine.core.contest import ClosePolicy, Contest, Need, Purpose, Shown
from quizengine.core.contest_checks import check_contest
from quizengine.formats.contest_file import read_contest
from tests.sample_contests import contests, sample_text


def sample() -> Contest:
    contest = read_contest(sample_text()).contest
    assert contest
    return contest


@settings(deadline=None, max_examples=40)
@given(contests(), st.timedeltas(timedelta(days=-900), timedelta(days=900)))
def test_shifting_moves_every_instant_and_keeps_every_length(
    contest: Contest, delta: timedelta
) -> None:
    moved = contest.shifted(delta)
    for before, after in zip(contest.rounds, moved.rounds, strict=True):
        assert after.opens_at - before.opens_at == delta
        assert after.closes_at - after.opens_at == before.closes_at - before.opens_at
    if contest.essay and moved.essay:
        assert moved.essay.closes_at - contest.essay.closes_at == delta
    assert moved.results_at - contest.results_at == delta
    assert moved.shifted(-delta) == contest
    assert check_contest(moved) == ()


def test_a_round_that_lets_late_starters_finish_ends_one_time_limit_after_its_close() -> None:
    one = sample().rounds[0]
    assert one.ends_at() == one.closes_at
    late = replace(one, close_policy=ClosePolicy.LAST_START)
    assert late.ends_at() - one.closes_at == timedelta(minutes=20)


def test_the_blueprint_says_how_many_questions_and_points_a_paper_has() -> None:
    one = sample().rounds[0]
    assert (one.questions(), one.max_points()) == (20, 20)


def test_results_show_what_is_declared_and_asked_of_those_who_agree() -> None:
    contest = sample()
    agreed = [one.id for one in contest.publishing_consents()]
    assert agreed == ["hien-ket-qua"]
    assert contest.shown_with(agreed) == tuple(Shown)
    assert contest.shown_with(["tin-cuoc-thi-sau"]) == ()
    fields = {**contest.registration.fields, "phone": Need.OFF}
    silent = replace(contest, registration=replace(contest.registration, fields=fields))
    assert silent.shown_with(agreed) == (Shown.FULL_NAME, Shown.UNIT)
    assert replace(contest, shows=(Shown.UNIT,)).shown_with(agreed) == (Shown.UNIT,)


def test_where_nobody_is_asked_results_show_what_is_declared() -> None:
    contest = sample()
    consents = tuple(replace(one, purpose=None) for one in contest.registration.consents)
    unasked = replace(contest, registration=replace(contest.registration, consents=consents))
    assert unasked.shown_with([]) == tuple(Shown)


def test_of_several_consents_to_publication_each_is_needed() -> None:
    contest = sample()
    consents = tuple(
        replace(one, purpose=Purpose.PUBLIC_RESULTS) for one in contest.registration.consents
    )
    both = replace(contest, registration=replace(contest.registration, consents=consents))
    assert both.shown_with(["hien-ket-qua"]) == ()
    assert both.shown_with(["hien-ket-qua", "tin-cuoc-thi-sau"]) == tuple(Shown)
