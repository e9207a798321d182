"""The rules in words say what the values of the contest do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings

from quizengine.core.contest import (
    ClosePolicy,
    Contest,
    Counts,
    EssayRole,
    RankingKey,
    Reopen,
    Reveal,
    Scoring,
    Section,
)
from quizengine.core.rules import MAIN_RULES, PARTS, Rule, Words, rules_of, say
from quizengine.formats.contest_file import read_contest
from quizengine.i18n import (
    LANGUAGES,
    format_day,
    format_duration,
    format_instant,
    format_number,
    sentence,
)
from tests.sample_contests import contests, sample_text


@pytest.fixture
def contest() -> Contest:
    found = read_contest(sample_text()).contest
    assert found
    return found


def by_code(contest: Contest) -> dict[str, Mapping[str, object]]:
    return {rule.code: rule.params for rule in rules_of(contest)}


def with_round(contest: Contest, **changes: object) -> Contest:
    return replace(contest, rounds=(replace(contest.rounds[0], **changes),))  # type: ignore[arg-type]


@settings(deadline=None, max_examples=60)
@given(contests())
def test_every_rule_has_a_known_part_and_values_of_its_kind(contest: Contest) -> None:
    for rule in rules_of(contest):
        assert rule.part in PARTS
        for name, value in rule.params.items():
            assert isinstance(value, tuple) == name.endswith("_terms")
            assert isinstance(value, dict) == name.endswith("_texts")
            if name.endswith("_at"):
                assert datetime.fromisoformat(str(value)).tzinfo
            elif name.endswith("_day"):
                assert date.fromisoformat(str(value))
            elif name.endswith("_ms"):
                assert isinstance(value, int)


@settings(deadline=None, max_examples=30)
@given(contests())
def test_every_rule_can_be_said_in_every_language_of_the_engine(contest: Contest) -> None:
    for language in LANGUAGES:
        words = Words(
            language=language,
            sentence=partial(sentence, language=language),
            number=partial(format_number, language=language),
            instant=partial(format_instant, zone=contest.time_zone, language=language),
            day=partial(format_day, language=language),
            duration=partial(format_duration, language=language),
        )
        for rule in rules_of(contest):
            assert sentence(f"rule.{rule.part}", language)
            assert say(rule, words)


@settings(deadline=None, max_examples=60)
@given(contests())
def test_parts_come_in_their_order(contest: Contest) -> None:
    parts = [PARTS.index(rule.part) for rule in rules_of(replace(contest, rounds=()))]
    assert parts == sorted(parts)
    one = replace(contest, rounds=contest.rounds[:1])
    parts = [PARTS.index(rule.part) for rule in rules_of(one)]
    assert parts == sorted(parts)


def test_the_sample_states_its_terms(contest: Contest) -> None:
    rules = by_code(contest)
    assert rules["rule.time.attempts_best"] == {"attempts": 2}
    assert rules["rule.time.cut"] == {
        "limit_ms": 1_200_000,
        "closes_at": "2021-08-28T15:00:00+00:00",
    }
    assert rules["rule.time.grace"] == {"grace_ms": 5_000}
    assert rules["rule.points.each_one"] == {"most": 20}
    assert rules["rule.prediction.target"] == {
        "target_terms": ("rule.target.perfect_participants",),
        "population_terms": ("rule.population.eligible",),
    }
    assert rules["rule.essay.words"] == {"least": 50, "most": 1000}
    assert rules["rule.ranking.keys"] == {
        "keys_terms": (
            "rule.key.points",
            "rule.key.prediction",
            "rule.key.duration",
            "rule.key.submitted_at",
        )
    }
    assert rules["rule.results.complaints"] == {"days": 3}
    assert rules["rule.results.as_of"] == {"facts_day": "2021-07-20"}
    assert {"rule.essay.required_for_award", "rule.paper.seed", "rule.who.excluded"} <= set(rules)


@pytest.mark.parametrize(
    ("changes", "present", "absent"),
    [
        ({"attempts": 1}, "rule.time.attempts_one", "rule.paper.fresh"),
        ({"counts": Counts.FIRST}, "rule.time.attempts_first", "rule.time.attempts_best"),
        ({"counts": Counts.LAST}, "rule.time.attempts_last", "rule.time.attempts_best"),
        ({"close_policy": ClosePolicy.LAST_START}, "rule.time.last_start", "rule.time.cut"),
        ({"reopen": Reopen.NEVER}, "rule.time.started", "rule.time.reopen"),
        ({"reopen": Reopen.UNTIL_DEADLINE}, "rule.time.reopen", "rule.time.last_start"),
        ({"grace_ms": 0}, "rule.time.cut", "rule.time.grace"),
        ({"scoring": Scoring.PARTIAL}, "rule.points.partial", "rule.points.all_or_nothing"),
        ({"reveal": Reveal.SCORE}, "rule.results.score", "rule.results.nothing"),
        (
            {"reveal": Reveal.KEY_AFTER_CLOSE},
            "rule.results.key_after_close",
            "rule.results.nothing",
        ),
        ({"prediction": None}, "rule.points.each_one", "rule.prediction.target"),
        ({"shuffle_choices": False}, "rule.paper.seed", "rule.paper.shuffled_choices"),
        ({"sections": (Section(2, 5),)}, "rule.points.each", "rule.paper.topic"),
        (
            {"sections": (Section(2, 5, "A"), Section(1, 1))},
            "rule.points.rest",
            "rule.points.each",
        ),
    ],
)
def test_a_changed_value_changes_the_rule_that_states_it(
    contest: Contest, changes: Mapping[str, object], present: str, absent: str
) -> None:
    rules = by_code(with_round(contest, **changes))
    assert present in rules
    assert absent not in rules


def test_a_ranking_without_time_says_nothing_of_time(contest: Contest) -> None:
    ranking = replace(contest.ranking, keys=(RankingKey.POINTS,))
    rules = by_code(replace(contest, ranking=ranking))
    assert "rule.ranking.duration" not in rules
    assert rules["rule.ranking.keys"] == {"keys_terms": ("rule.key.points",)}


def test_an_essay_without_a_part_says_so(contest: Contest) -> None:
    assert contest.essay
    essay = replace(contest.essay, role=EssayRole.NONE, min_words=0)
    rules = by_code(replace(contest, essay=essay))
    assert {"rule.essay.no_part", "rule.essay.words_most"} <= set(rules)
    assert not any(code.startswith("rule.essay") for code in by_code(replace(contest, essay=None)))


def test_several_rounds_are_named(contest: Contest) -> None:
    assert "rule.round.title" not in by_code(contest)
    one = contest.rounds[0]
    second = replace(one, opens_at=one.closes_at, closes_at=one.closes_at + timedelta(days=1))
    codes = [rule.code for rule in rules_of(replace(contest, rounds=(one, second)))]
    assert codes.count("rule.round.title") == 2


def test_a_page_with_little_room_still_states_time_points_and_ranking(contest: Contest) -> None:
    main = {rule.part for rule in rules_of(contest) if rule.code in MAIN_RULES}
    assert main == {"time", "points", "essay", "ranking", "results"}


WORDS = Words(
    language="vi",
    sentence={
        "rule.x": "{roles_texts} | {from_at} | {on_day} | {limit_ms} | {keys_terms} | {n} | {name}",
        "rule.separator": ",",
        "rule.key.points": "điểm",
        "rule.key.duration": "thời gian",
    }.__getitem__,
    number="{:,}".format,
    instant="{:%H:%M}".format,
    day="{:%d/%m}".format,
    duration="{} ms".format,
)


def test_each_kind_of_value_is_said_by_the_end_of_its_name() -> None:
    rule = Rule(
        "rule.x",
        {
            "roles_texts": {"en": "official", "vi": "cán bộ"},
            "from_at": "2021-07-26T01:00:00+00:00",
            "on_day": "2021-07-20",
            "limit_ms": 5000,
            "keys_terms": ("rule.key.points", "rule.key.duration"),
            "n": 1000,
            "name": "{n}",
        },
    )
    assert say(rule, WORDS) == "cán bộ | 01:00 | 20/07 | 5000 ms | điểm, thời gian | 1,000 | {n}"


def test_a_reader_whose_language_is_missing_sees_the_first() -> None:
    rule = Rule("rule.x", {"roles_texts": {"en": "official"}})
    words = replace(WORDS, sentence={"rule.x": "{roles_texts}"}.__getitem__)
    assert say(rule, words) == "official"


def test_codes_are_names_of_sentences(contest: Contest) -> None:
    assert all(re.fullmatch(r"rule\.[a-z]+\.[a-z_]+", rule.code) for rule in rules_of(contest))


def test_the_rules_say_what_results_show_and_of_whom_they_do_not(contest: Contest) -> None:
    codes = by_code(contest)
    assert codes["rule.results.shown"]["fields_terms"] == (
        "rule.shown.full_name",
        "rule.shown.unit",
        "rule.shown.phone",
    )
    assert "rule.results.unnamed" not in codes  # without that consent nobody takes part
    consents = tuple(replace(one, required=False) for one in contest.registration.consents)
    free = replace(contest, registration=replace(contest.registration, consents=consents))
    assert "rule.results.unnamed" in by_code(free)
    bare = by_code(replace(free, shows=()))
    assert "rule.results.shown_none" in bare
    assert not {"rule.results.shown", "rule.results.unnamed"} & set(bare)
