"""What is wrong with a contest that is being filled in as a form, each problem at its field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quizengine.core.contest import PERSON_KEYS, Contest
from quizengine.core.contest_checks import is_time_zone
from quizengine.errors import InvalidFile, Param, Place, Problem
from quizengine.formats.contest_file import read_contest, read_contest_data
from quizengine.formats.contest_form import Form, Kind, data_of, form_of, kind_of, plain_path
from quizengine.formats.reading import decoded

STAND_IN_ZONE = "Asia/Ho_Chi_Minh"

PARTS: Mapping[str, tuple[str, ...]] = {
    "ten": ("title", "summary", "organiser", "contact", "slug", "languages", "time_zone"),
    "nguoi-thi": ("eligibility", "registration"),
    "vong-thi": ("rounds",),
    "bai-viet": ("essay",),
    "xep-hang": ("ranking", "results", "results_at", "complaint_days", "as_of"),
    "giai-thuong": ("awards",),
    "tai-lieu": ("materials", "events"),
}
"""The pages of the form by the last part of their address, and the keys that each asks for."""

_BLANK = {"contest.key_missing", "contest.choice_missing", "contest.clock_missing"}
_OWN_WORDS = {
    *("age_unasked", "as_of_differs", "bank_language", "bank_unknown", "bank_unknown_similar"),
    *("choice_unknown", "choice_unknown_similar", "control_character", "grace_too_large"),
    *("languages_empty", "language_missing", "number_negative", "number_too_large"),
    *("not_day", "not_duration", "not_instant", "not_number", "person_key_not_required"),
    *("person_key_unfit", "prediction_missing", "prediction_unused", "ranking_empty"),
    *("ranking_key_twice", "reopen_knowing_score", "results_before_close"),
    *("results_before_essay", "results_without_consent", "roles_missing", "roles_unasked"),
    *("rounds_overlap", "sections_missing", "time_limit_none", "time_limit_over_window"),
    *("time_zone_unknown", "window_reversed", "words_none", "words_reversed", "year_unlikely"),
}
"""Problems whose sentence in a file names keys or TOML, and which a form says in its own words."""


@dataclass(frozen=True, slots=True)
class ReadForm:
    """A contest read from a form with its problems; of use only when none is an error."""

    contest: Contest
    problems: tuple[Problem, ...]


def read_form(form: Mapping[str, Any]) -> ReadForm:
    """Return the contest of a form with every problem, each at ``Place("field", name)``."""
    contest, problems = read_contest_data(data_of(form))
    return ReadForm(contest, at_fields(problems, form))


def preview_of(form: Mapping[str, Any], *, blank: str = "…") -> Contest:
    """Return a contest that can be shown whatever is missing: ``blank`` stands for empty texts."""
    data = data_of(form, blank=blank)
    if not is_time_zone(str(data.get("time_zone", ""))):
        data["time_zone"] = STAND_IN_ZONE
    data.setdefault("slug", "-")
    registration = data["registration"]
    if registration.get("person_key") not in PERSON_KEYS:
        registration["person_key"] = PERSON_KEYS[0]
    return read_contest_data(data)[0]


def at_fields(problems: Iterable[Problem], form: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return the problems of a contest at the fields of its form, in words that fit a form."""
    return tuple(_at_field(problem, form) for problem in problems)


def part_of(name: str) -> str:
    """Return the page of the form on which a field stands."""
    first = name.split(".")[0]
    return next((part for part, keys in PARTS.items() if first in keys), next(iter(PARTS)))


def _at_field(problem: Problem, form: Mapping[str, Any]) -> Problem:
    path, params = problem.place.at, dict(problem.params)
    languages: Sequence[str] = form.get("languages") or ["vi"]
    if problem.code in _BLANK:
        path = f"{path}.{params['key']}" if path else str(params["key"])
    if problem.code == "contest.clock_missing":
        path = path.rpartition(".")[0] + ".clock"
    path = _of_role(path, form)
    if kind_of(plain_path(path)) is Kind.TEXTS:
        path = f"{path}.{params.get('language', languages[0])}"
    if path.count(".") == 3 and plain_path(path) == "rounds.sections":
        path = f"{path}.count"
    params |= _titles(params, form, languages)
    return Problem(problem.severity, _code(problem.code), Place("field", path), params)


def _code(code: str) -> str:
    if code in _BLANK:
        return "form.choice_blank" if code == "contest.choice_missing" else "form.blank"
    name = code.partition(".")[2]
    return f"form.{name}" if code.startswith("contest.") and name in _OWN_WORDS else code


def _of_role(path: str, form: Mapping[str, Any]) -> str:
    """Return the path of a role's row, for a role that the file names by its id."""
    start = "eligibility.roles."
    if not path.startswith(start):
        return path
    role, _, rest = path.removeprefix(start).partition(".")
    for index, row in enumerate(form.get("eligibility", {}).get("roles", ())):
        if row.get("id") == role:
            return f"{start}{index}.title{'.' if rest else ''}{rest}"
    return start.rstrip(".")


def _titles(
    params: Mapping[str, Param], form: Mapping[str, Any], languages: Sequence[str]
) -> dict[str, Param]:
    """Return what stands in place of the ids of rounds: the titles that people know them by."""
    titles: dict[str, str] = {
        one.get("id", ""): one.get("title", {}).get(languages[0], "")
        for one in form.get("rounds", ())
    }
    return {
        name: titles[str(params[name])]
        for name in ("round", "other")
        if name in params and titles.get(str(params[name]))
    }


_UNREADABLE = {
    *("contest.not_toml", "contest.too_long", "contest.nested_too_deep", "contest.format_other"),
    *("contest.version_other", "contest.unknown_key", "contest.unknown_key_similar"),
}
"""What a form cannot hold; everything else can be put right in it."""


def read_form_file(content: bytes) -> Form:
    """Return the form of an uploaded contest file, whatever is still wrong in it.

    Raises ``InvalidFile`` with what a form could only lose, each at its line. To be run in the
    bounded child.
    """
    text = decoded(content)
    found = [one for one in read_contest(text).problems if one.code in _UNREADABLE]
    if found:
        raise InvalidFile("contest.file_unfit", found)
    return form_of(tomllib.loads(text))
