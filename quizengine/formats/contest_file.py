"""Contest files: a contest from TOML, with every problem in the file at its line.

``docs/contest-file.md`` is the reference of the keys.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from quizengine.core.banks import Level
from quizengine.core.contest import (
    FORMAT_VERSION,
    REGISTRATION_FIELDS,
    Award,
    Clock,
    ClosePolicy,
    Consent,
    Contest,
    Counts,
    Eligibility,
    EssayRole,
    EssayTask,
    Event,
    Freeze,
    Material,
    Need,
    Population,
    Prediction,
    Purpose,
    Ranking,
    RankingKey,
    Registration,
    Reopen,
    Reveal,
    Round,
    Scoring,
    Section,
    Shown,
    Target,
    Ties,
)
from quizengine.core.contest_checks import check_against_bank, check_contest, is_time_zone
from quizengine.errors import Place, Problem, has_errors
from quizengine.formats.contest_text import contest_sha256, write_contest
from quizengine.formats.contest_values import FORMAT, Reading, Table
from quizengine.formats.toml_lines import line_at, lines_of

__all__ = [
    "ReadContest",
    "at_lines",
    "check_against_bank",
    "contest_sha256",
    "read_contest",
    "read_contest_data",
    "write_contest",
]

MAX_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class ReadContest:
    """A contest read from a file, and what is wrong with it; no contest when there are errors."""

    contest: Contest | None
    problems: tuple[Problem, ...]


def read_contest(text: str) -> ReadContest:
    """Return the contest of a TOML file with every problem in it, each at its line."""
    if len(text) > MAX_CHARACTERS:
        return ReadContest(
            None, (Problem("error", "contest.too_long", params={"most": MAX_CHARACTERS}),)
        )
    try:
        data = tomllib.loads(text)
        lines = lines_of(text)
    except RecursionError:
        return ReadContest(None, (Problem("error", "contest.nested_too_deep"),))
    except ValueError as error:
        return ReadContest(None, (_syntax_problem(text, str(error)),))
    contest, problems = read_contest_data(data)
    placed = _at_lines(problems, lines)
    return ReadContest(None if has_errors(placed) else contest, placed)


def at_lines(problems: Iterable[Problem], text: str) -> tuple[Problem, ...]:
    """Return problems of a contest, such as those with its banks, at the lines of its file.

    ``text`` must be one that :func:`read_contest` made the contest from.
    """
    return _at_lines(problems, lines_of(text))


def _at_lines(problems: Iterable[Problem], lines: Mapping[str, int]) -> tuple[Problem, ...]:
    placed = (_at_line(problem, lines) for problem in problems)
    return tuple(sorted(placed, key=lambda problem: int(problem.place.at)))


def _syntax_problem(text: str, message: str) -> Problem:
    """Return tomllib's complaint with its line, which it writes into its English message."""
    found = re.search(r"line (\d+)", message)
    line = found.group(1) if found else str(text.rstrip().count("\n") + 1)
    detail = re.sub(r" \(at .*\)$", "", message)
    return Problem("error", "contest.not_toml", Place("line", line), {"detail": detail})


def _at_line(problem: Problem, lines: Mapping[str, int]) -> Problem:
    line = line_at(lines, problem.place.at)
    return Problem(problem.severity, problem.code, Place("line", str(line)), problem.params)


def read_contest_data(data: Mapping[str, Any]) -> tuple[Contest, tuple[Problem, ...]]:
    """Return a contest and the problems of the nested mappings it is written as.

    Problems stand at ``Place("field", "rounds.0.count")``. Values that could not be read are
    replaced by stand-ins so that the rest is checked too: the contest is of use only when no
    problem is an error.
    """
    reading = Reading()
    root = Table(data, "", "", reading)
    contest = _contest(root)
    problems = (*reading.problems, *check_contest(contest, reading.unread))
    return contest, problems


def _contest(root: Table) -> Contest:
    reading = root.reading
    _check_version(root)
    reading.languages = tuple(root.words("languages"))
    time_zone = root.text("time_zone")
    reading.zone = ZoneInfo(time_zone) if is_time_zone(time_zone) else None
    ranking = _ranking(root.table("ranking"))
    return Contest(
        slug=root.text("slug"),
        title=root.texts("title"),
        summary=root.texts("summary"),
        time_zone=time_zone,
        languages=reading.languages,
        organiser=root.texts("organiser"),
        contact=root.text("contact"),
        results_at=root.instant("results_at"),
        complaint_days=root.count("complaint_days"),
        eligibility=_eligibility(root.table("eligibility")),
        registration=_registration(root.table("registration")),
        rounds=tuple(_round(table, ranking) for table in root.tables("rounds", required=True)),
        ranking=ranking,
        essay=_essay(root.table("essay")) if root.has("essay") else None,
        awards=tuple(_award(table) for table in root.tables("awards")),
        materials=tuple(_material(table) for table in root.tables("materials")),
        events=tuple(_event(table) for table in root.tables("events")),
        as_of=root.day("as_of"),
        shows=_shows(root.table("results")) if root.has("results") else tuple(Shown),
    )


def _check_version(root: Table) -> None:
    if root.has("format") and root.text("format") != FORMAT:
        root.refuse("format", "contest.format_other", format=FORMAT)
    version = root.number("format_version")
    if version != FORMAT_VERSION and "format_version" not in root.reading.unread:
        works = FORMAT_VERSION
        root.refuse("format_version", "contest.version_other", version=version, works=works)


def _eligibility(table: Table) -> Eligibility:
    roles = table.table("roles") if table.has("roles") else None
    return Eligibility(
        roles={key: roles.texts(key) for key in roles.data} if roles else {},
        excluded=table.texts("excluded", {}),
        minimum_age=table.count("minimum_age") if table.has("minimum_age") else None,
    )


def _registration(table: Table) -> Registration:
    fields = table.table("fields")
    return Registration(
        person_key=table.text("person_key"),
        fields={name: fields.choice(name, Need, Need.OFF) for name in REGISTRATION_FIELDS},
        consents=tuple(
            Consent(
                id=item.text("id"),
                text=item.texts("text"),
                required=item.flag("required"),
                purpose=item.choice("purpose", Purpose) if item.has("purpose") else None,
            )
            for item in table.tables("consents")
        ),
    )


def _round(table: Table, ranking: Ranking) -> Round:
    return Round(
        id=table.text("id"),
        title=table.texts("title"),
        bank=table.text("bank"),
        opens_at=table.instant("opens_at"),
        closes_at=table.instant("closes_at"),
        time_limit_ms=table.duration("time_limit"),
        grace_ms=table.duration("grace"),
        attempts=table.number("attempts"),
        counts=table.choice("counts", Counts),
        close_policy=table.choice("close_policy", ClosePolicy),
        shuffle_questions=table.flag("shuffle_questions"),
        shuffle_choices=table.flag("shuffle_choices"),
        scoring=table.choice("scoring", Scoring),
        reveal=table.choice("reveal", Reveal),
        sections=tuple(_section(item) for item in table.tables("sections", required=True)),
        prediction=_prediction(table.table("prediction")) if table.has("prediction") else None,
        clock=_clock(table, ranking),
        reopen=table.choice("reopen", Reopen, Reopen.NEVER),
    )


def _clock(table: Table, ranking: Ranking) -> Clock:
    timed = [key for key in ranking.keys if key in (RankingKey.DURATION, RankingKey.SUBMITTED_AT)]
    if table.has("clock") or not timed:
        return table.choice("clock", Clock, Clock.ATTEMPT_START)
    works = ", ".join(Clock)
    place = table.path
    table.reading.refuse(
        "contest.clock_missing", table.at("clock"), place, key=timed[0].value, works=works
    )
    return Clock.ATTEMPT_START


def _section(table: Table) -> Section:
    return Section(
        count=table.number("count"),
        points=table.number("points"),
        topic=table.text("topic") if table.has("topic") else None,
        level=table.choice("level", Level) if table.has("level") else None,
    )


def _prediction(table: Table) -> Prediction:
    return Prediction(
        target=table.choice("target", Target),
        population=table.choice("population", Population),
        prompt=table.texts("prompt"),
        freeze=table.choice("freeze", Freeze),
    )


def _essay(table: Table) -> EssayTask:
    return EssayTask(
        title=table.texts("title"),
        prompt=table.texts("prompt"),
        opens_at=table.instant("opens_at"),
        closes_at=table.instant("closes_at"),
        min_words=table.number("min_words"),
        max_words=table.number("max_words"),
        role=table.choice("role", EssayRole),
    )


def _ranking(table: Table) -> Ranking:
    words = table.words("keys")
    keys = tuple(
        table.one_of(f"keys.{index}", word, RankingKey) for index, word in enumerate(words)
    )
    return Ranking(keys, table.choice("ties", Ties))


def _shows(table: Table) -> tuple[Shown, ...]:
    words = table.words("shows")
    named = {table.one_of(f"shows.{index}", word, Shown) for index, word in enumerate(words)}
    return tuple(one for one in Shown if one in named)


def _award(table: Table) -> Award:
    return Award(
        id=table.text("id"),
        title=table.texts("title"),
        count=table.number("count"),
        prize=table.texts("prize"),
    )


def _material(table: Table) -> Material:
    return Material(table.texts("title"), table.texts("note"), table.text("url", ""))


def _event(table: Table) -> Event:
    return Event(
        title=table.texts("title"),
        starts_at=table.instant("starts_at"),
        note=table.texts("note"),
        url=table.text("url", ""),
    )
