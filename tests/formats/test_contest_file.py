"""Contest files: every problem at its line, one canonical form, never an exception."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizengine.core import contest as values
from quizengine.core.contest import REGISTRATION_FIELDS, Contest, Need
from quizengine.errors import has_errors
from quizengine.formats.contest_file import (
    at_lines,
    check_against_bank,
    contest_sha256,
    read_contest,
    read_contest_data,
    write_contest,
)
from quizengine.formats.contest_values import KEYS, read_duration, write_duration
from quizengine.formats.registry import load_bank
from quizengine.i18n import LANGUAGES, describe
from tests.sample_contests import SAMPLE as FOLDER
from tests.sample_contests import contests, sample_text

REFERENCE = Path(__file__).parents[2] / "docs" / "contest-file.md"
SAMPLE = sample_text()
LINES = SAMPLE.split("\n")


def sample() -> Contest:
    read = read_contest(SAMPLE)
    assert read.contest
    return read.contest


def found_in(text: str) -> list[tuple[str, str]]:
    """Return the codes of a text's problems, each with the text of the line it stands at."""
    rows = text.split("\n")
    read = read_contest(text)
    assert (read.contest is None) == has_errors(read.problems)
    for problem in read.problems:
        for language in LANGUAGES:
            message, suggestion = describe(problem, language)
            assert message != problem.code
            assert suggestion
    return [(problem.code, rows[int(problem.place.at) - 1]) for problem in read.problems]


def changed(old: str, new: str) -> str:
    assert old in SAMPLE
    return SAMPLE.replace(old, new, 1)


def test_the_sample_contest_has_no_problem() -> None:
    assert read_contest(SAMPLE).problems == ()


def test_the_sample_contest_draws_from_the_sample_bank_without_a_problem() -> None:
    bank = load_bank(FOLDER / "bank.yaml")
    assert check_against_bank(sample(), {"cong-doan-92": bank}) == ()


def test_problems_with_the_bank_are_placed_at_the_lines_of_the_file() -> None:
    text = changed("Hiến pháp và pháp luật", "Hiến pháp")
    contest = read_contest(text).contest
    assert contest
    bank = load_bank(FOLDER / "bank.yaml")
    (problem,) = at_lines(check_against_bank(contest, {"cong-doan-92": bank}), text)
    assert problem.code == "contest.topic_unknown_similar"
    assert text.split("\n")[int(problem.place.at) - 1].startswith("topic = ")


def test_the_sample_keeps_the_terms_it_was_made_for() -> None:
    one = sample().rounds[0]
    assert [section.count for section in one.sections] == [4] * 5
    assert one.opens_at == datetime(2021, 7, 26, 1, tzinfo=UTC)
    assert one.closes_at == datetime(2021, 8, 28, 15, tzinfo=UTC)
    assert (one.time_limit_ms, one.grace_ms, one.attempts) == (1_200_000, 5_000, 2)


def test_the_sample_names_no_outward_address() -> None:
    assert "http" not in SAMPLE


@settings(deadline=None, max_examples=100)
@given(contests())
def test_a_written_contest_reads_back_equal(contest: Contest) -> None:
    text = write_contest(contest)
    read = read_contest(text)
    assert read.problems == ()
    assert read.contest == contest
    assert write_contest(read.contest) == text


def test_equal_contests_have_equal_hashes_and_others_have_not() -> None:
    contest = sample()
    spaced = read_contest(SAMPLE.replace(" = ", "  =  ").replace("\n", "\r\n")).contest
    assert spaced
    assert contest_sha256(spaced) == contest_sha256(contest)
    shifted = contest.shifted(timedelta(milliseconds=1))
    assert contest_sha256(shifted) != contest_sha256(contest)


def test_the_order_in_which_mappings_were_filled_does_not_change_the_hash() -> None:
    contest = sample()
    title = dict(reversed(list(contest.title.items())))
    assert contest_sha256(replace(contest, title=title)) == contest_sha256(contest)


@pytest.mark.parametrize(
    ("old", "new", "code", "at"),
    [
        ('slug = "cong-doan-92"', 'slug = "Công đoàn"', "contest.slug_form", "slug"),
        ('slug = "cong-doan-92"', 'slug = "to-chuc"', "contest.slug_reserved", "slug"),
        ("results_at =", "results_on =", "contest.unknown_key_similar", "results_on"),
        ('"Asia/Ho_Chi_Minh"', '"Hanoi"', "contest.time_zone_unknown", "time_zone"),
        ('"Asia/Ho_Chi_Minh"', '"Ho_Chi_Min"', "contest.time_zone_unknown_similar", "time_zone"),
        ('time_zone = "Asia/Ho_Chi_Minh"\n', "", "contest.key_missing", "# Cuộc thi mẫu"),
        ('"20m"', "20", "contest.not_duration", "time_limit"),
        ('"20m"', '"20 minutes"', "contest.not_duration", "time_limit"),
        ('"5s"', '"5m"', "contest.grace_too_large", "grace"),
        ("attempts = 2", "attempts = true", "contest.not_number", "attempts"),
        ("attempts = 2", "attempts = 0", "contest.attempts_none", "attempts"),
        ("attempts = 2\n", "", "contest.key_missing", "[[rounds]]"),
        ('close_policy = "cut"', "", "contest.choice_missing", "[[rounds]]"),
        ('clock = "attempt_start"', "", "contest.clock_missing", "[[rounds]]"),
        ('counts = "best"', 'counts = "bets"', "contest.choice_unknown_similar", "counts"),
        ("closes_at = 2021-08-28", "closes_at = 2021-06-28", "contest.window_reversed", "closes"),
        ("2021-08-28T22:00:00", "2021-08-28", "contest.not_instant", "closes_at"),
        ("2021-08-28T22:00:00", "0021-08-28T22:00:00", "contest.year_unlikely", "closes_at"),
        ('target = "perfect_participants"', "", "contest.choice_missing", "[rounds.prediction]"),
        ('population = "eligible"', "", "contest.choice_missing", "[rounds.prediction]"),
        ('freeze = "round_end"', "", "contest.choice_missing", "[rounds.prediction]"),
        ('role = "required_for_award"', "", "contest.choice_missing", "[essay]"),
        ("min_words = 50", "min_words = 5000", "contest.words_reversed", "min_words"),
        ("count = 4\npoints", "points", "contest.key_missing", "[[rounds.sections]]"),
        ("[ranking]", "[rankings]", "contest.key_missing", "# Cuộc thi mẫu"),
        ('ties = "shared"', 'ties = "draw"', "contest.ties_need_draw", "ties"),
        ('phone = "required"', 'phone = "off"', "contest.person_key_not_required", "person_key"),
        (', en = "Round 1"', "", "contest.language_missing", "title"),
        ('["vi", "en"]', "[]", "contest.languages_empty", "languages"),
        (
            'en = "Round 1"',
            'en = "Round 1", fr = "Tour 1"',
            "contest.language_undeclared",
            'title = { vi = "Vòng 1"',
        ),
        ('en = "Round 1"', "en = 1", "contest.not_text", "title"),
        ('{ vi = "Vòng 1", en = "Round 1" }', '"Vòng 1"', "contest.not_texts", "title"),
        ("as_of = 2021-07-20", "as_of = 2021-07-20T00:00:00", "contest.not_day", "as_of"),
        ("format_version = 1", "format_version = 2", "contest.version_other", "format_version"),
        ("format_version = 1\n", "", "contest.key_missing", "# Cuộc thi mẫu"),
        ("quizengine-contest", "quizengine-bank", "contest.format_other", "format"),
        ('"points", "prediction"', '"points", "points"', "contest.ranking_key_twice", "keys"),
        ("0900 000 123", "\\u0000", "contest.control_character", "contact"),
        ("complaint_days = 3", "complaint_days = -3", "contest.number_negative", "complaint_days"),
        ("required = true", 'required = "yes"', "contest.not_flag", "required"),
        ('id = "nhi"', 'id = "nhat"', "contest.id_twice", "id"),
        ("count = 1\n", "count = 0\n", "contest.award_count_none", "count"),
    ],
)
def test_a_mistake_is_reported_at_its_line(old: str, new: str, code: str, at: str) -> None:
    found = dict(found_in(changed(old, new)))
    assert code in found
    assert found[code].startswith(at)


def test_every_mistake_is_reported_in_the_order_of_the_file() -> None:
    text = SAMPLE
    for old, new in [
        ('"Asia/Ho_Chi_Minh"', '"Asia/Hochiminh"'),
        ('person_key = "phone"', 'person_key = "full_name"'),
        ('close_policy = "cut"', ""),
        ("2021-08-28T22:00:00", "2021-06-28T22:00:00"),
        ('"20m"', "20"),
        ('role = "required_for_award"', 'role = "own_ranking"'),
        ('"shared"', '"draw"'),
    ]:
        text = text.replace(old, new, 1)
    assert [code for code, _ in found_in(text)] == [
        "contest.time_zone_unknown_similar",
        "contest.person_key_unfit",
        "contest.choice_missing",
        "contest.window_reversed",
        "contest.not_duration",
        "contest.essay_role_needs_marks",
        "contest.ties_need_draw",
    ]


def test_a_missing_table_is_reported_once_and_not_key_by_key() -> None:
    text = re.sub(r"\[ranking\]\n.*\n.*\n", "", SAMPLE)
    assert [code for code, _ in found_in(text)] == ["contest.key_missing"]


def test_ranking_without_times_needs_no_clock() -> None:
    text = changed('["points", "prediction", "duration", "submitted_at"]', '["points"]')
    text = re.sub(r"clock = .*\n", "", text)
    assert [code for code, _ in found_in(text)] == ["contest.prediction_unused"]


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("2021-03-28T02:30:00", "contest.time_skipped"),
        ("2021-10-31T02:30:00", "contest.time_ambiguous"),
    ],
)
def test_a_local_time_that_is_none_or_two_instants_is_refused(time: str, code: str) -> None:
    text = changed("Asia/Ho_Chi_Minh", "Europe/Berlin")
    text = text.replace("opens_at = 2021-07-26T08:00:00", f"opens_at = {time}", 1)
    assert ("opens_at = " + time) in dict(found_in(text)).get(code, "")


def test_a_time_with_its_offset_is_that_instant_in_any_zone() -> None:
    text = changed("2021-08-28T22:00:00", "2021-10-31T02:30:00+01:00")
    text = text.replace("Asia/Ho_Chi_Minh", "Europe/Berlin").replace("2021-09-06", "2021-12-06")
    contest = read_contest(text).contest
    assert contest
    assert contest.rounds[0].closes_at == datetime(2021, 10, 31, 1, 30, tzinfo=UTC)
    assert "closes_at = 2021-10-31T02:30:00+01:00" in write_contest(contest)


def test_a_contest_in_one_language_gives_its_texts_plainly() -> None:
    text = re.sub(r'\{ vi = (".*?"), en = ".*?" \}', r"\1", SAMPLE)
    text = re.sub(r'\nen = ".*"', "", text).replace('["vi", "en"]', '["vi"]')
    read = read_contest(text)
    assert read.problems == ()
    assert read.contest
    assert read.contest.rounds[0].title == {"vi": "Vòng 1"}


def test_fields_that_registration_does_not_name_are_off() -> None:
    contest = read_contest(changed('staff_code = "off"\n', "")).contest
    assert contest
    assert contest.registration.fields["staff_code"] is Need.OFF
    assert list(contest.registration.fields) == list(REGISTRATION_FIELDS)


def test_texts_are_kept_composed_and_trimmed() -> None:
    contest = read_contest(changed("Vòng 1", "  Vo\u0300ng 1 ")).contest
    assert contest
    assert contest.rounds[0].title["vi"] == "Vòng 1"


def test_a_syntax_error_is_placed_at_its_line() -> None:
    assert found_in(changed("attempts = 2", "attempts = two")) == [
        ("contest.not_toml", "attempts = two")
    ]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(LINES) - 1), st.sampled_from(["", "x", "x = 1", "[x]", "[[x]]", "= 1"]))
def test_a_line_replaced_by_anything_gives_a_contest_or_problems(at: int, line: str) -> None:
    text = "\n".join([*LINES[:at], line, *LINES[at + 1 :]])
    read = read_contest(text)
    assert read.contest or read.problems
    assert all(1 <= int(problem.place.at) <= len(LINES) for problem in read.problems)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=200) | st.text("[]{}=.\"'\n# a1", max_size=200))
def test_any_text_gives_problems_and_no_exception(text: str) -> None:
    assert read_contest(text).problems


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "x = " + "9" * 6000, "a" * 2_000_000])
def test_a_text_made_to_break_the_reader_is_refused(text: str) -> None:
    assert has_errors(read_contest(text).problems)


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
TOP_KEYS = st.sampled_from(KEYS[""])


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(TOP_KEYS, JSON_LIKE))
def test_values_of_any_shape_give_problems_and_no_exception(data: dict[str, object]) -> None:
    _, problems = read_contest_data(data)
    assert has_errors(problems)


@settings(deadline=None)
@given(st.integers(0, 400 * 86_400_000))
def test_a_written_duration_reads_back(milliseconds: int) -> None:
    assert read_duration(write_duration(milliseconds)) == milliseconds


def test_durations_name_their_units() -> None:
    assert read_duration("1h30m") == 5_400_000
    assert read_duration("20m") == 1_200_000
    assert [read_duration(text) for text in ("", "20", "m", "30m1h", "1.5h", "-5s")] == [None] * 6


def test_the_reference_names_every_key_value_and_no_other() -> None:
    reference = REFERENCE.read_text(encoding="utf-8")
    sections = re.split(r"^### ", reference, flags=re.MULTILINE)[1:]
    documented = {}
    for section in sections:
        name = re.match(r"`\[*([a-z_.]*)\]*`|The file itself", section)
        assert name, section[:40]
        documented[name[1] or ""] = re.findall(r"^\| `([a-z_]+)`", section, re.MULTILINE)
    assert {name: sorted(keys) for name, keys in documented.items()} == {
        name: sorted(keys) for name, keys in KEYS.items()
    }


@pytest.mark.parametrize(
    "enum",
    [
        values.Need,
        values.Counts,
        values.Clock,
        values.ClosePolicy,
        values.Scoring,
        values.Reveal,
        values.Target,
        values.Population,
        values.Freeze,
        values.EssayRole,
        values.RankingKey,
        values.Ties,
        values.Shown,
        values.Purpose,
    ],
)
def test_the_reference_names_every_value_of_a_choice(enum: type[values.Need]) -> None:
    reference = REFERENCE.read_text(encoding="utf-8")
    assert [one.value for one in enum if f"`{one.value}`" not in reference] == []


def test_the_example_of_the_reference_has_no_problem() -> None:
    examples = re.findall(r"```toml\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        assert read_contest(example).problems == ()


def test_without_a_table_of_results_name_unit_and_phone_are_shown_as_ever() -> None:
    """The canonical text is then silent too, so that older files keep their hashes."""
    text = changed('[results]\nshows = ["full_name", "unit", "phone"]', "#")
    contest = read_contest(text).contest
    assert contest
    assert contest.shows == tuple(values.Shown)
    assert "[results]" not in write_contest(contest)


def test_results_may_show_nothing_of_anybody() -> None:
    contest = read_contest(changed('shows = ["full_name", "unit", "phone"]', "shows = []")).contest
    assert contest
    assert contest.shown() == ()
    assert "shows = []" in write_contest(contest)
    assert read_contest(write_contest(contest)).contest == contest


def test_a_misspelt_field_of_the_results_and_purpose_are_named() -> None:
    text = changed('"phone"]', '"phome"]')
    assert found_in(text)[0][0] == "contest.choice_unknown_similar"
    text = changed('purpose = "public_results"', 'purpose = "publicity"')
    assert found_in(text)[0][0].startswith("contest.choice_unknown")
