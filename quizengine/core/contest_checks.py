"""What must hold between the values of a contest before it may open.

Each problem stands at ``Place("field", path)``, where the path is the way to the value in a contest
file: ``rounds.0.closes_at``, ``registration.person_key``. A form shows it there; the reader of
contest files turns it into a line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from quizengine.core.banks import Bank, Level
from quizengine.core.clock import to_ms
from quizengine.core.contest import (
    MAX_GRACE_MS,
    MAX_POINTS,
    MAX_QUESTIONS,
    PERSON_KEYS,
    ClosePolicy,
    Contest,
    EssayRole,
    EssayTask,
    Need,
    RankingKey,
    Reopen,
    Reveal,
    Round,
    Section,
    Shown,
    Texts,
    Ties,
)
from quizengine.core.drawing import blueprint, pool_of
from quizengine.core.suggestions import closest
from quizengine.errors import Conflict, Param, Place, Problem, Severity

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
MAX_SLUG = 60
RESERVED_SLUGS = frozenset(
    (
        *("cau-hoi", "cuoc-thi", "don-vi", "lam-bai", "ngon-ngu", "nhat-ky", "static", "to-chuc"),
        *("soan", "truc-tiep"),
    )
)
"""What pages that belong to no contest have in the place of a slug."""
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?\Z")
ADDRESS = re.compile(r"(https?://[^\s/]|/(?![/\\]))\S*\Z")
"""An outward web address, or a path on the contest's own site."""
MAX_SHARE_PERCENT = 50
"""Two papers that share more than this part of their questions on average are worth a warning."""

ESSAY_ROLES = (EssayRole.NONE, EssayRole.REQUIRED_FOR_AWARD)
"""The roles that need no jury marks."""
RANKING_KEYS = tuple(key for key in RankingKey if key is not RankingKey.ESSAY_MARK)
"""The ranking keys that need no jury marks."""


@dataclass(slots=True)
class _Findings:
    """The problems found so far; nothing is said about paths whose values could not be read."""

    unread: Collection[str]
    problems: list[Problem] = field(default_factory=list)

    def add(
        self,
        code: str,
        path: str,
        relies: Sequence[str] = (),
        severity: Severity = "error",
        **params: Param,
    ) -> None:
        for unread in self.unread:
            if _is_within(path, unread):
                return
            if any(_is_within(one, unread) or _is_within(unread, one) for one in relies):
                return
        self.problems.append(Problem(severity, code, Place("field", path), params))


def _is_within(path: str, other: str) -> bool:
    return path == other or path.startswith(other + ".")


def check_contest(contest: Contest, unread: Collection[str] = ()) -> tuple[Problem, ...]:
    """Return every problem between the values of a contest.

    ``unread`` are the paths whose values are stand-ins because the file's own could not be read.
    """
    found = _Findings(unread)
    _check_names(contest, found)
    _check_languages(contest, found)
    _check_registration(contest, found)
    _check_rounds(contest, found)
    for index, one in enumerate(contest.rounds):
        _check_round(one, f"rounds.{index}", found)
    if contest.essay:
        _check_essay(contest, contest.essay, found)
    _check_ranking(contest, found)
    _check_results(contest, found)
    _check_shown(contest, found)
    _check_extras(contest, found)
    return tuple(found.problems)


def _check_names(contest: Contest, found: _Findings) -> None:
    if not SLUG.match(contest.slug) or len(contest.slug) > MAX_SLUG:
        found.add("contest.slug_form", "slug", slug=contest.slug, most=MAX_SLUG)
    elif contest.slug in RESERVED_SLUGS:
        found.add("contest.slug_reserved", "slug", slug=contest.slug)
    _check_time_zone(contest.time_zone, found)
    lists: tuple[tuple[str, Sequence[str]], ...] = (
        ("rounds", [one.id for one in contest.rounds]),
        ("awards", [one.id for one in contest.awards]),
        ("registration.consents", [one.id for one in contest.registration.consents]),
    )
    for path, ids in lists:
        for index, one in enumerate(ids):
            at = f"{path}.{index}.id"
            if not SLUG.match(one) or len(one) > MAX_SLUG:
                found.add("contest.id_form", at, id=one, most=MAX_SLUG)
            elif one in ids[:index]:
                found.add("contest.id_twice", at, id=one)
    for role in contest.eligibility.roles:
        if not SLUG.match(role) or len(role) > MAX_SLUG:
            found.add("contest.id_form", f"eligibility.roles.{role}", id=role, most=MAX_SLUG)


def _check_time_zone(name: str, found: _Findings) -> None:
    if is_time_zone(name):
        return
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(available_timezones())}
    similar = closest(name, cities.values()) or cities.get(closest(name, cities), "")
    if similar:
        found.add("contest.time_zone_unknown_similar", "time_zone", zone=name, similar=similar)
    else:
        found.add("contest.time_zone_unknown", "time_zone", zone=name)


def is_time_zone(name: str) -> bool:
    """Return whether a name is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _texts_of(contest: Contest) -> Iterator[tuple[str, Texts]]:
    """Yield the path and the texts of everything a contest says in its languages."""
    yield from (("title", contest.title), ("summary", contest.summary))
    yield "organiser", contest.organiser
    if contest.eligibility.excluded:
        yield "eligibility.excluded", contest.eligibility.excluded
    for role, texts in contest.eligibility.roles.items():
        yield f"eligibility.roles.{role}", texts
    for index, consent in enumerate(contest.registration.consents):
        yield f"registration.consents.{index}.text", consent.text
    for index, one in enumerate(contest.rounds):
        yield f"rounds.{index}.title", one.title
        if one.prediction:
            yield f"rounds.{index}.prediction.prompt", one.prediction.prompt
    if contest.essay:
        yield from (("essay.title", contest.essay.title), ("essay.prompt", contest.essay.prompt))
    for index, award in enumerate(contest.awards):
        yield f"awards.{index}.title", award.title
        yield f"awards.{index}.prize", award.prize
    for index, material in enumerate(contest.materials):
        yield f"materials.{index}.title", material.title
        yield f"materials.{index}.note", material.note
    for index, event in enumerate(contest.events):
        yield f"events.{index}.title", event.title
        yield f"events.{index}.note", event.note


def _check_languages(contest: Contest, found: _Findings) -> None:
    if not contest.languages:
        found.add("contest.languages_empty", "languages")
    for index, language in enumerate(contest.languages):
        if not LANGUAGE.match(language):
            found.add("contest.language_form", f"languages.{index}", language=language)
        elif language in contest.languages[:index]:
            found.add("contest.language_twice", f"languages.{index}", language=language)
    for path, texts in _texts_of(contest):
        for language in contest.languages:
            if not texts.get(language, "").strip():
                found.add(
                    "contest.language_missing", path, ["languages"], text=path, language=language
                )
        for language in texts:
            if language not in contest.languages:
                found.add(
                    "contest.language_undeclared",
                    f"{path}.{language}",
                    ["languages"],
                    text=path,
                    language=language,
                )


def _check_registration(contest: Contest, found: _Findings) -> None:
    registration = contest.registration
    need, key = registration.fields, registration.person_key
    if key not in PERSON_KEYS:
        found.add(
            "contest.person_key_unfit",
            "registration.person_key",
            key=key,
            fields=", ".join(PERSON_KEYS),
        )
    elif need.get(key) is not Need.REQUIRED:
        found.add(
            "contest.person_key_not_required",
            "registration.person_key",
            ["registration.fields"],
            key=key,
        )
    asks_role = need.get("role", Need.OFF) is not Need.OFF
    if asks_role and not contest.eligibility.roles:
        found.add("contest.roles_missing", "registration.fields.role", ["eligibility"])
    if contest.eligibility.roles and not asks_role:
        found.add("contest.roles_unasked", "eligibility.roles", ["registration.fields"])
    age = contest.eligibility.minimum_age
    if age is not None and need.get("birth_year") is not Need.REQUIRED:
        found.add(
            "contest.age_unasked", "eligibility.minimum_age", ["registration.fields"], age=age
        )


def _check_rounds(contest: Contest, found: _Findings) -> None:
    if not contest.rounds:
        found.add("contest.rounds_missing", "rounds")
    numbered = enumerate(contest.rounds)
    for (one, first), (two, second) in combinations(numbered, 2):
        first_ends, second_ends = first.ends_at(), second.ends_at()
        relies = [
            f"rounds.{index}.{key}"
            for index in (one, two)
            for key in ("opens_at", "closes_at", "close_policy", "time_limit")
        ]
        if first.opens_at < second_ends and second.opens_at < first_ends:
            found.add(
                "contest.rounds_overlap",
                f"rounds.{two}.opens_at",
                relies,
                round=second.id,
                other=first.id,
            )
        earlier = min((first, second), key=lambda each: each.opens_at)
        if first.bank == second.bank and earlier.reveal is Reveal.KEY_AFTER_CLOSE:
            found.add(
                "contest.key_known",
                f"rounds.{two}.bank",
                [*relies, f"rounds.{one}.bank", f"rounds.{one}.reveal", f"rounds.{two}.reveal"],
                "warning",
                bank=second.bank,
                round=earlier.id,
            )


def _check_round(one: Round, path: str, found: _Findings) -> None:
    window = [f"{path}.opens_at", f"{path}.closes_at"]
    if one.closes_at <= one.opens_at:
        found.add("contest.window_reversed", window[1], window)
    elif one.close_policy is ClosePolicy.CUT and _length_ms(one) < one.time_limit_ms:
        relies = [*window, f"{path}.close_policy"]
        found.add("contest.time_limit_over_window", f"{path}.time_limit", relies, "warning")
    if one.reveal is Reveal.SCORE and one.reopen is not Reopen.NEVER:
        relies = [f"{path}.reveal"]
        found.add("contest.reopen_knowing_score", f"{path}.reopen", relies, round=one.id)
    if one.attempts < 1:
        found.add("contest.attempts_none", f"{path}.attempts", attempts=one.attempts)
    if one.time_limit_ms < 1:
        found.add("contest.time_limit_none", f"{path}.time_limit")
    if one.grace_ms > MAX_GRACE_MS:
        found.add("contest.grace_too_large", f"{path}.grace", seconds=MAX_GRACE_MS // 1000)
    if not one.sections:
        found.add("contest.sections_missing", f"{path}.sections", round=one.id)
    if one.questions() > MAX_QUESTIONS:
        at = f"{path}.sections"
        found.add("contest.paper_too_long", at, questions=one.questions(), most=MAX_QUESTIONS)
    for index, section in enumerate(one.sections):
        at = f"{path}.sections.{index}"
        if section.count < 1:
            found.add("contest.section_count_none", f"{at}.count", count=section.count)
        if not 1 <= section.points <= MAX_POINTS:
            points = section.points
            found.add("contest.section_points", f"{at}.points", points=points, most=MAX_POINTS)


def _length_ms(one: Round) -> int:
    return to_ms(one.closes_at) - to_ms(one.opens_at)


def _check_essay(contest: Contest, essay: EssayTask, found: _Findings) -> None:
    window = ["essay.opens_at", "essay.closes_at"]
    if essay.closes_at <= essay.opens_at:
        found.add("contest.window_reversed", window[1], window)
    if essay.min_words < 0 or essay.max_words < 1:
        found.add("contest.words_none", "essay.max_words", ["essay.min_words"])
    elif essay.min_words > essay.max_words:
        found.add(
            "contest.words_reversed",
            "essay.min_words",
            ["essay.max_words"],
            least=essay.min_words,
            most=essay.max_words,
        )
    if essay.role not in ESSAY_ROLES:
        found.add(
            "contest.essay_role_needs_marks",
            "essay.role",
            role=essay.role,
            works=", ".join(ESSAY_ROLES),
        )
    if essay.role is EssayRole.REQUIRED_FOR_AWARD and contest.results_at < essay.closes_at:
        found.add("contest.results_before_essay", "results_at", [window[1], "essay.role"])


def _check_ranking(contest: Contest, found: _Findings) -> None:
    keys = contest.ranking.keys
    if not keys:
        found.add("contest.ranking_empty", "ranking.keys")
    for index, key in enumerate(keys):
        at = f"ranking.keys.{index}"
        if key in keys[:index]:
            found.add("contest.ranking_key_twice", at, key=key)
        if key not in RANKING_KEYS:
            works = ", ".join(RANKING_KEYS)
            found.add("contest.ranking_key_needs_marks", at, key=key, works=works)
    for index, one in enumerate(contest.rounds):
        path = f"rounds.{index}.prediction"
        if one.prediction is None and RankingKey.PREDICTION in keys:
            at = f"ranking.keys.{keys.index(RankingKey.PREDICTION)}"
            found.add("contest.prediction_missing", at, [path], round=one.id)
        if one.prediction and RankingKey.PREDICTION not in keys:
            relies = ["ranking.keys"]
            found.add("contest.prediction_unused", path, relies, "warning", round=one.id)
    if contest.ranking.ties is not Ties.SHARED:
        ties = contest.ranking.ties
        found.add("contest.ties_need_draw", "ranking.ties", ties=ties, works=Ties.SHARED)


def _check_results(contest: Contest, found: _Findings) -> None:
    for index, one in enumerate(contest.rounds):
        keys = ("opens_at", "closes_at", "close_policy", "time_limit")
        relies = [f"rounds.{index}.{key}" for key in keys]
        if contest.results_at < one.ends_at():
            found.add("contest.results_before_close", "results_at", relies, round=one.id)


def _check_shown(contest: Contest, found: _Findings) -> None:
    """Warn when results name people whom nobody asked whether they agree."""
    named = [one for one in contest.shown() if one is not Shown.UNIT]
    if named and not contest.publishing_consents():
        found.add(
            "contest.results_without_consent",
            "registration.consents" if contest.registration.consents else "registration",
            ["registration.fields", "results"],
            "warning",
            fields=", ".join(named),
        )


def _check_extras(contest: Contest, found: _Findings) -> None:
    for index, award in enumerate(contest.awards):
        if award.count < 1:
            found.add("contest.award_count_none", f"awards.{index}.count", count=award.count)
    addresses = [(f"materials.{at}.url", one.url) for at, one in enumerate(contest.materials)]
    addresses += [(f"events.{at}.url", one.url) for at, one in enumerate(contest.events)]
    for path, url in addresses:
        if url and not ADDRESS.match(url):
            found.add("contest.url_form", path, url=url)


def check_against_bank(contest: Contest, banks: Mapping[str, Bank]) -> tuple[Problem, ...]:
    """Return every problem between a contest's rounds and the banks, by name, they draw from."""
    found = _Findings(())
    for index, one in enumerate(contest.rounds):
        bank = banks.get(one.bank)
        if bank is None:
            _add_unknown_bank(one.bank, banks, f"rounds.{index}.bank", found)
            continue
        if bank.language not in contest.languages:
            found.add(
                "contest.bank_language",
                f"rounds.{index}.bank",
                severity="warning",
                bank=one.bank,
                language=bank.language,
            )
        if contest.as_of and bank.as_of and contest.as_of != bank.as_of:
            found.add(
                "contest.as_of_differs",
                "as_of",
                severity="warning",
                bank=one.bank,
                bank_day=bank.as_of.isoformat(),
                contest_day=contest.as_of.isoformat(),
            )
        _check_sections(one, bank, f"rounds.{index}.sections", found)
        _check_overlap(one, bank, f"rounds.{index}.sections", found)
    return tuple(found.problems)


def _add_unknown_bank(name: str, banks: Iterable[str], path: str, found: _Findings) -> None:
    if similar := closest(name, banks):
        found.add("contest.bank_unknown_similar", path, bank=name, similar=similar)
    else:
        found.add("contest.bank_unknown", path, bank=name)


def _check_sections(one: Round, bank: Bank, path: str, found: _Findings) -> None:
    """Check the pool by the rule of the drawing, which leaves nobody short whatever came before."""
    count = len(found.problems)
    for index, section in enumerate(one.sections):
        if section.topic is not None and section.topic not in bank.topics():
            _add_unknown_topic(section.topic, bank, f"{path}.{index}.topic", found)
        elif (size := _pool_size(section, bank)) < section.count:
            found.add("contest.pool_too_small", f"{path}.{index}", pool=size, needed=section.count)
    if len(found.problems) > count:
        return
    try:
        blueprint(pool_of(bank), one.sections)
    except Conflict as conflict:
        at = f"{path}.{int(conflict.params['section']) - 1}"
        pool, needed = conflict.params["available"], conflict.params["needed"]
        found.add("contest.pool_shared", at, pool=pool, needed=needed)


def _add_unknown_topic(topic: str, bank: Bank, path: str, found: _Findings) -> None:
    if similar := closest(topic, bank.topics()):
        found.add("contest.topic_unknown_similar", path, topic=topic, similar=similar)
    else:
        found.add("contest.topic_unknown", path, topic=topic)


def _pool_size(section: Section, bank: Bank) -> int:
    return sum(
        section.topic in (None, question.topic) and section.level in (None, question.level)
        for question in bank.questions
    )


def _check_overlap(one: Round, bank: Bank, path: str, found: _Findings) -> None:
    """Warn when two papers share much: of n drawn from a pool of p they share n/p on average."""
    drawn: Counter[tuple[str | None, Level | None]] = Counter()
    for section in one.sections:
        drawn[section.topic, section.level] += section.count
    for index, section in enumerate(one.sections):
        count = drawn.pop((section.topic, section.level), 0)
        pool = _pool_size(section, bank)
        if count and count <= pool and count * 100 > pool * MAX_SHARE_PERCENT:
            found.add(
                "contest.papers_alike",
                f"{path}.{index}",
                severity="warning",
                pool=pool,
                drawn=count,
                share=count * 100 // pool,
                enough=-(-count * 100 // MAX_SHARE_PERCENT),
                half=MAX_SHARE_PERCENT,
            )
