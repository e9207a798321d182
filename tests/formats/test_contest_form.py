"""The form of a contest: nothing is lost on the way to the fields and back, and nothing raises."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.contest import Contest
from quizengine.core.rules import Words, rules_of, say
from quizengine.formats.contest_fields import PARTS, part_of, preview_of, read_form
from quizengine.formats.contest_file import write_contest
from quizengine.formats.contest_form import (
    data_of,
    fields_of,
    form_of,
    slug_of,
    with_fields,
    with_ids,
)
from quizengine.formats.contest_values import KEYS
from quizengine.i18n import sentence
from tests.sample_contests import contests, sample_text

WORDS = Words("vi", lambda code: sentence(code, "vi"), str, datetime.isoformat, str, str)
KEYS_OF_FORM = [key for keys in PARTS.values() for key in keys]
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
    | st.datetimes()
    | st.sampled_from(["20m", "5s", "2026-07-26T08:00", "true", "vi"])
)
_NAMES = st.sampled_from(sorted({key for keys in KEYS.values() for key in keys} | {"vi", "0", ""}))
_DATA = st.dictionaries(
    _NAMES,
    st.recursive(
        _LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=8,
)


def sample_form() -> dict[str, Any]:
    return form_of(tomllib.loads(sample_text()))


@given(contests())
def test_a_contest_comes_back_from_the_fields_of_its_form(contest: Contest) -> None:
    form = form_of(tomllib.loads(write_contest(contest)))
    sent = with_fields({}, fields_of(form), KEYS_OF_FORM)
    read = read_form(sent)
    assert read.problems == ()
    assert read.contest == contest


@given(_DATA)
def test_the_form_of_any_mapping_is_a_form_that_can_be_read_and_shown(data: dict[str, Any]) -> None:
    form = form_of(data)
    sent = with_ids(with_fields(form, fields_of(form), KEYS_OF_FORM))
    for one in (form, sent):
        for problem in read_form(one).problems:
            assert part_of(problem.place.at) in PARTS
        assert all(say(rule, WORDS) for rule in rules_of(preview_of(one)))


@given(st.dictionaries(st.text("abcdefrounds.0123titlevi", max_size=30), st.lists(st.text())))
def test_whatever_a_browser_sends_is_a_form(fields: dict[str, list[str]]) -> None:
    read_form(with_fields({}, fields, KEYS_OF_FORM))


def test_a_wrong_value_stays_as_it_was_typed() -> None:
    form = with_fields(
        sample_form(),
        {"rounds.0.attempts": ["hai"], "rounds.0.opens_at": ["mai"], "rounds.0.time_limit": [""]},
        ["rounds"],
    )
    assert form["rounds"][0]["attempts"] == "hai"
    found = {problem.place.at: problem.code for problem in read_form(form).problems}
    assert found["rounds.0.attempts"] == "form.not_number"
    assert found["rounds.0.opens_at"] == "form.not_instant"
    assert found["rounds.0.time_limit"] == "form.blank"


def test_times_are_readings_of_the_clock_and_durations_plain_numbers() -> None:
    one = sample_form()["rounds"][0]
    assert (one["opens_at"], one["time_limit"], one["grace"]) == ("2021-07-26T08:00", "20", "5")
    data = data_of(sample_form())["rounds"][0]
    assert data["opens_at"] == datetime(2021, 7, 26, 8)
    assert (data["time_limit"], data["grace"]) == ("20m", "5s")


def test_what_is_not_whole_minutes_stays_as_the_file_has_it() -> None:
    form = form_of({"rounds": [{"time_limit": "1h30s"}, {"time_limit": "1h30m"}]})
    assert [one["time_limit"] for one in form["rounds"]] == ["1h30s", "90"]


def test_rows_keep_their_order_and_close_their_gaps() -> None:
    fields = {"awards.7.count": ["2"], "awards.10.count": ["3"], "awards.2.count": ["1"]}
    form = with_fields(sample_form(), fields, ["awards"])
    assert [award["count"] for award in form["awards"]] == ["1", "2", "3"]


def test_a_box_that_is_not_ticked_says_no_and_an_unsent_table_is_gone() -> None:
    form = with_fields(sample_form(), {"rounds.0.id": ["vong-1"]}, ["rounds", "essay"])
    assert form["rounds"][0]["shuffle_choices"] == "false"
    assert "prediction" not in form["rounds"][0]
    assert "essay" not in form
    assert form["awards"] == sample_form()["awards"]


def test_problems_of_roles_and_texts_stand_at_their_inputs() -> None:
    form = sample_form()
    form["eligibility"]["roles"][1]["title"] = {"vi": "", "en": "x"}
    form["title"]["en"] = " "
    found = {problem.place.at for problem in read_form(form).problems}
    assert found == {"eligibility.roles.1.title.vi", "title.en"}


def test_a_language_that_is_not_chosen_needs_no_text() -> None:
    form = sample_form()
    form["languages"] = ["vi"]
    assert read_form(form).problems == ()
    assert read_form(form).contest.title == {"vi": "Tìm hiểu 92 năm Công đoàn Việt Nam"}


def test_a_day_is_a_day_and_not_a_time() -> None:
    assert data_of({"as_of": "2021-07-20", "results_at": "2021-07-20"})["as_of"] == date(
        2021, 7, 20
    )
    assert data_of({"results_at": "2021-07-20"})["results_at"] == "2021-07-20"


def test_names_for_addresses_come_from_titles_and_are_never_the_same() -> None:
    assert slug_of("Tìm hiểu 92 năm Công đoàn Việt Nam!") == "tim-hieu-92-nam-cong-doan-viet-nam"
    assert slug_of("…") == ""
    assert len(slug_of("nghị quyết " * 20)) <= 60
    rows = [{"id": "", "title": {"vi": "Giải Ba"}}, {"id": "giai-ba", "title": {}}, {"title": {}}]
    named = with_ids({"awards": rows})["awards"]
    assert [row["id"] for row in named] == ["giai-ba-2", "giai-ba", "giai-3"]


def test_rounds_are_named_by_their_titles() -> None:
    form = sample_form()
    form["results_at"] = "2021-08-01T08:00"
    found = {problem.code: problem for problem in read_form(form).problems}
    assert found["form.results_before_close"].place.at == "results_at"
    assert found["form.results_before_close"].params["round"] == "Vòng 1"


def test_roles_of_one_name_are_told_apart_by_short_numbers() -> None:
    roles = [{"id": "a", "title": {}} for _ in range(1200)]
    found = data_of({"eligibility": {"roles": roles}})["eligibility"]["roles"]
    assert list(found) == ["a", *(f"a-{number}" for number in range(2, 1201))]
