"""The rules of a contest in words, made from the values that run it.

A rule is a code, which names its sentence in the catalogues, and what fills the sentence. The part
of the rules it belongs to is in its code: ``rule.points.wrong`` stands under the heading
``rule.points``. The end of a parameter's name says what it holds and how an edge shows it:

* ``…_at``: an instant as ISO text with its offset, shown in the contest's time zone;
* ``…_day``: a day as ISO text;
* ``…_ms``: a duration in milliseconds;
* ``…_texts``: a text per language of the contest;
* ``…_terms``: codes of terms in the same catalogues, listed in order;
* anything else: a text or a number shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from quizengine.core.contest import (
    ClosePolicy,
    Contest,
    Counts,
    Eligibility,
    EssayRole,
    EssayTask,
    Prediction,
    Ranking,
    RankingKey,
    Registration,
    Reopen,
    Reveal,
    Round,
    Scoring,
    Section,
    Texts,
    Ties,
)

Value = str | int | Texts | tuple[str, ...]

PARTS = ("who", "round", "paper", "time", "points", "prediction", "essay", "ranking", "results")
"""The headings of the rules, in order; those from ``round`` to ``prediction`` come per round."""

MAIN_RULES = frozenset(
    {
        "rule.time.attempts_one",
        "rule.time.attempts_best",
        "rule.time.attempts_first",
        "rule.time.attempts_last",
        "rule.time.cut",
        "rule.time.last_start",
        "rule.points.each",
        "rule.points.each_one",
        "rule.points.vary",
        "rule.ranking.keys",
        "rule.ranking.shared",
        "rule.essay.required_for_award",
        "rule.results.shown",
        "rule.results.shown_none",
        "rule.results.complaints",
        "rule.results.complaints_one",
        "rule.results.complaints_none",
    }
)
"""The rules that a page which has room for a few should show."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the rules: its code and what fills it."""

    code: str
    params: Mapping[str, Value]

    @property
    def part(self) -> str:
        """The part of the rules it belongs to, one of :data:`PARTS`."""
        return self.code.split(".")[1]


OWN_WORK = Rule("rule.essay.own_work", {})
"""What people are told of copying before they write."""


@dataclass(frozen=True, slots=True)
class Words:
    """How an edge says things in one language: sentences by code, numbers, instants and so on."""

    language: str
    sentence: Callable[[str], str]
    number: Callable[[int], str]
    instant: Callable[[datetime], str]
    day: Callable[[date], str]
    duration: Callable[[int], str]


def say(rule: Rule, words: Words) -> str:
    """Return the sentence of a rule; ``KeyError`` when it asks for what the rule does not hold."""
    shown = {name: _shown(name, value, words) for name, value in rule.params.items()}
    return words.sentence(rule.code).format_map(shown)


def _shown(name: str, value: Value, words: Words) -> str:
    if isinstance(value, tuple):
        separator = words.sentence("rule.separator")
        return f"{separator} ".join(words.sentence(term) for term in value)
    if isinstance(value, Mapping):
        return value.get(words.language) or next(iter(value.values()))
    if isinstance(value, int):
        return words.duration(value) if name.endswith("_ms") else words.number(value)
    if name.endswith("_at"):
        return words.instant(datetime.fromisoformat(value))
    if name.endswith("_day"):
        return words.day(date.fromisoformat(value))
    return value


def rules_of(contest: Contest) -> tuple[Rule, ...]:
    """Return every rule of a contest, part by part and round by round."""
    return tuple(_rules(contest))


def _rules(contest: Contest) -> Iterator[Rule]:
    yield from _rules_of_people(contest.eligibility, contest.registration)
    for one in contest.rounds:
        if len(contest.rounds) > 1:
            yield Rule("rule.round.title", {"title_texts": one.title})
        yield Rule(
            "rule.round.window",
            {
                "opens_at": one.opens_at.isoformat(),
                "closes_at": one.closes_at.isoformat(),
                "time_zone": contest.time_zone,
            },
        )
        yield from _rules_of_paper(one)
        yield from _rules_of_time(one)
        yield from _rules_of_points(one)
        if one.prediction:
            yield from _rules_of_prediction(one.prediction)
    if contest.essay:
        yield from _rules_of_essay(contest.essay)
    yield from _rules_of_ranking(contest.ranking)
    yield from _rules_of_results(contest)


def _rules_of_people(eligibility: Eligibility, registration: Registration) -> Iterator[Rule]:
    if eligibility.roles:
        yield Rule("rule.who.roles", {"roles_texts": _joined(eligibility.roles)})
    if eligibility.minimum_age is not None:
        yield Rule("rule.who.age", {"age": eligibility.minimum_age})
    if any(eligibility.excluded.values()):
        yield Rule("rule.who.excluded", {"excluded_texts": eligibility.excluded})
    yield Rule("rule.who.once", {"field_terms": (f"rule.field.{registration.person_key}",)})


def _joined(roles: Mapping[str, Texts]) -> Texts:
    """Return per language the roles' names in one text."""
    languages = next(iter(roles.values()))
    return {
        language: "; ".join(texts[language] for texts in roles.values() if language in texts)
        for language in languages
    }


def _rules_of_paper(one: Round) -> Iterator[Rule]:
    yield Rule("rule.paper.questions", {"questions": one.questions()})
    for section in one.sections:
        if rule := _rule_of_section(section):
            yield rule
    yield Rule("rule.paper.seed", {})
    if one.attempts > 1:
        yield Rule("rule.paper.fresh", {})
    if one.shuffle_questions:
        yield Rule("rule.paper.shuffled_questions", {})
    if one.shuffle_choices:
        yield Rule("rule.paper.shuffled_choices", {})


def _rule_of_section(section: Section) -> Rule | None:
    what, params = _pool(section)
    return Rule(f"rule.paper.{what}", {"count": section.count, **params}) if what else None


def _pool(section: Section) -> tuple[str, dict[str, Value]]:
    """Return the word for what a section draws by, empty when it draws any question."""
    params: dict[str, Value] = {}
    if section.topic is not None:
        params["topic"] = section.topic
    if section.level:
        params["level_terms"] = (f"rule.level.{section.level.value}",)
    if section.topic is not None and section.level:
        return "topic_level", params
    if section.topic is not None:
        return "topic", params
    return ("level" if section.level else ""), params


def _rules_of_time(one: Round) -> Iterator[Rule]:
    if one.attempts == 1:
        yield Rule("rule.time.attempts_one", {})
    else:
        code = {
            Counts.BEST: "rule.time.attempts_best",
            Counts.FIRST: "rule.time.attempts_first",
            Counts.LAST: "rule.time.attempts_last",
        }[one.counts]
        yield Rule(code, {"attempts": one.attempts})
    yield Rule("rule.time.started", {})
    is_cut = one.close_policy is ClosePolicy.CUT
    yield Rule(
        "rule.time.cut" if is_cut else "rule.time.last_start",
        {"limit_ms": one.time_limit_ms, "closes_at": one.closes_at.isoformat()},
    )
    yield Rule("rule.time.expired", {"limit_ms": one.time_limit_ms})
    if one.reopen is Reopen.UNTIL_DEADLINE:
        yield Rule("rule.time.reopen", {})
    if one.grace_ms:
        yield Rule("rule.time.grace", {"grace_ms": one.grace_ms})


def _rules_of_points(one: Round) -> Iterator[Rule]:
    worths = {section.points for section in one.sections}
    if worths == {1}:
        yield Rule("rule.points.each_one", {"most": one.max_points()})
    elif len(worths) == 1:
        yield Rule("rule.points.each", {"points": worths.pop(), "most": one.max_points()})
    else:
        yield Rule("rule.points.vary", {"most": one.max_points()})
        for section in one.sections:
            what, params = _pool(section)
            params |= {"count": section.count, "points": section.points}
            yield Rule(f"rule.points.{what or 'rest'}", params)
    is_partial = one.scoring is Scoring.PARTIAL
    yield Rule("rule.points.partial" if is_partial else "rule.points.all_or_nothing", {})


def _rules_of_prediction(prediction: Prediction) -> Iterator[Rule]:
    yield Rule(
        "rule.prediction.target",
        {
            "target_terms": (f"rule.target.{prediction.target.value}",),
            "population_terms": (f"rule.population.{prediction.population.value}",),
        },
    )
    yield Rule("rule.prediction.frozen", {})
    yield Rule("rule.prediction.none", {})


def _rules_of_essay(essay: EssayTask) -> Iterator[Rule]:
    yield Rule(
        "rule.essay.window",
        {
            "title_texts": essay.title,
            "opens_at": essay.opens_at.isoformat(),
            "closes_at": essay.closes_at.isoformat(),
        },
    )
    if essay.min_words > 0:
        words: dict[str, Value] = {"least": essay.min_words, "most": essay.max_words}
        yield Rule("rule.essay.words", words)
    else:
        yield Rule("rule.essay.words_most", {"most": essay.max_words})
    yield Rule("rule.essay.once", {})
    yield OWN_WORK
    if essay.role is EssayRole.REQUIRED_FOR_AWARD:
        yield Rule("rule.essay.required_for_award", {})
    elif essay.role is EssayRole.NONE:
        yield Rule("rule.essay.no_part", {})


def _rules_of_ranking(ranking: Ranking) -> Iterator[Rule]:
    yield Rule(
        "rule.ranking.keys",
        {"keys_terms": tuple(f"rule.key.{key.value}" for key in ranking.keys)},
    )
    if RankingKey.DURATION in ranking.keys:
        yield Rule("rule.ranking.duration", {})
    if ranking.ties is Ties.SHARED:
        yield Rule("rule.ranking.shared", {})
    yield Rule("rule.ranking.uncounted", {})


def rules_of_shown(contest: Contest) -> Iterator[Rule]:
    """Yield what public results show of a person, and of one who does not agree to it."""
    if terms := tuple(f"rule.shown.{one.value}" for one in contest.shown()):
        yield Rule("rule.results.shown", {"fields_terms": terms})
    else:
        yield Rule("rule.results.shown_none", {})
    if terms and any(not one.required for one in contest.publishing_consents()):
        yield Rule("rule.results.unnamed", {})


def _rules_of_results(contest: Contest) -> Iterator[Rule]:
    for one in contest.rounds:
        params: dict[str, Value] = {"closes_at": one.ends_at().isoformat()}
        if one.reveal is Reveal.KEY_AFTER_CLOSE:
            yield Rule("rule.results.key_after_close", params)
        else:
            is_score = one.reveal is Reveal.SCORE
            yield Rule("rule.results.score" if is_score else "rule.results.nothing", {})
    yield Rule("rule.results.published", {"results_at": contest.results_at.isoformat()})
    yield from rules_of_shown(contest)
    if contest.complaint_days > 1:
        yield Rule("rule.results.complaints", {"days": contest.complaint_days})
    else:
        is_one = contest.complaint_days == 1
        yield Rule("rule.results.complaints_one" if is_one else "rule.results.complaints_none", {})
    if contest.as_of:
        yield Rule("rule.results.as_of", {"facts_day": contest.as_of.isoformat()})
