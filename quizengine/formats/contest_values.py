"""The keys of a contest file and how the value of each is read, with what may be wrong with it.

The values come as nested mappings, as ``tomllib`` gives them; ``docs/contest-file.md`` is the
reference of the keys.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from quizengine.core.clock import EPOCH
from quizengine.core.contest import REGISTRATION_FIELDS, Texts
from quizengine.core.suggestions import closest
from quizengine.errors import Param, Place, Problem

KEYS: Mapping[str, tuple[str, ...]] = {
    "": (
        *("format", "format_version", "slug", "languages", "time_zone", "title", "summary"),
        *("organiser", "contact", "results_at", "complaint_days", "as_of"),
        *("eligibility", "registration", "rounds", "essay", "ranking", "results"),
        *("awards", "materials", "events"),
    ),
    "eligibility": ("minimum_age", "excluded", "roles"),
    "registration": ("person_key", "fields", "consents"),
    "registration.fields": REGISTRATION_FIELDS,
    "registration.consents": ("id", "required", "purpose", "text"),
    "rounds": (
        *("id", "title", "bank", "opens_at", "closes_at", "time_limit", "grace", "clock"),
        *("attempts", "counts", "close_policy", "reopen", "shuffle_questions"),
        *("shuffle_choices", "scoring", "reveal", "sections", "prediction"),
    ),
    "rounds.sections": ("topic", "level", "count", "points"),
    "rounds.prediction": ("target", "population", "freeze", "prompt"),
    "essay": ("title", "prompt", "opens_at", "closes_at", "min_words", "max_words", "role"),
    "ranking": ("keys", "ties"),
    "results": ("shows",),
    "awards": ("id", "title", "count", "prize"),
    "materials": ("title", "note", "url"),
    "events": ("title", "note", "starts_at", "url"),
}
"""The keys each table may have, in the order of the canonical form."""

FORMAT = "quizengine-contest"
FIRST_YEAR, LAST_YEAR = 2000, 2199
MAX_NUMBER = 1_000_000
MAX_DURATION_MS = 366 * 24 * 3_600_000

_DURATION = re.compile(r"(?=.)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?\Z", re.ASCII)
_UNITS_MS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(slots=True)
class Reading:
    """What one reading found, and the languages and zone its values are read by."""

    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    languages: tuple[str, ...] = ()
    zone: ZoneInfo | None = None

    def refuse(self, code: str, path: str, at: str | None = None, /, **params: Param) -> None:
        """Report an error and note that the value at the path is a stand-in."""
        self.problems.append(
            Problem("error", code, Place("field", path if at is None else at), params)
        )
        self.unread.add(path)


class Table:
    """One table of the file: each method reads one key, or reports why it cannot."""

    def __init__(self, data: Mapping[str, Any], path: str, kind: str, reading: Reading) -> None:
        self.data = data
        self.path = path
        self.kind = kind
        self.reading = reading
        # The keys of ``eligibility.roles`` are the contest's own.
        if kind in KEYS:
            self.refuse_unknown(KEYS[kind])

    def refuse_unknown(self, known: Sequence[str]) -> None:
        for key in self.data:
            if key in known:
                continue
            similar = closest(key, known)
            params: dict[str, Param] = {"key": key, "known": ", ".join(known)}
            code = "contest.unknown_key"
            if similar:
                code, params["similar"] = "contest.unknown_key_similar", similar
            place = Place("field", self.at(key))
            self.reading.problems.append(Problem("error", code, place, params))

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        return key in self.data

    def refuse(self, key: str, code: str, **params: Param) -> None:
        self.reading.refuse(code, self.at(key), key=key, **params)

    def value(self, key: str, expected: str, *types: type) -> Any:
        """Return the value when it is there and of one of the types, else None."""
        if key not in self.data:
            path = self.at(key)
            self.reading.refuse("contest.key_missing", path, self.path, key=key)
            return None
        value = self.data[key]
        # In Python a bool is an int; in a contest file it is not.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            self.refuse(key, f"contest.not_{expected}")
            return None
        return value

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and not self.has(key):
            return default
        value = self.value(key, "text", str)
        return "" if value is None else self.clean(key, value)

    def clean(self, key: str, value: str) -> str:
        """Return a text in NFC without the space around it; control characters are refused."""
        if _CONTROL.search(value):
            self.refuse(key, "contest.control_character")
            return "-"
        return unicodedata.normalize("NFC", value).strip()

    def texts(self, key: str, default: Texts | None = None) -> Texts:
        """Return a text per language; a contest in one language may give it as plain text."""
        if default is not None and not self.has(key):
            return default
        value = self.value(key, "texts", dict, str)
        languages = self.reading.languages
        if isinstance(value, str):
            if len(languages) == 1:
                return {languages[0]: self.clean(key, value)}
            if languages:
                self.refuse(key, "contest.not_texts")
            value = None
        if value is None:
            self.reading.unread.add(self.at(key))
            return {}
        return {
            language: self.clean(f"{key}.{language}", text)
            for language, text in value.items()
            if self.is_text(f"{key}.{language}", text)
        }

    def is_text(self, key: str, value: object) -> bool:
        if not isinstance(value, str):
            self.refuse(key, "contest.not_text")
        return isinstance(value, str)

    def number(self, key: str) -> int:
        value = self.value(key, "number", int)
        if value is not None and not -MAX_NUMBER <= value <= MAX_NUMBER:
            self.refuse(key, "contest.number_too_large", most=MAX_NUMBER)
            return 0
        return int(value or 0)

    def count(self, key: str) -> int:
        """Return a number that is not negative."""
        number = self.number(key)
        if number < 0:
            self.refuse(key, "contest.number_negative", number=number)
        return max(number, 0)

    def flag(self, key: str) -> bool:
        return bool(self.value(key, "flag", bool))

    def choice(self, key: str, values: type[Choice], default: Choice | None = None) -> Choice:
        if default is not None and not self.has(key):
            return default
        if not self.has(key):
            works = ", ".join(one.value for one in values if one.value)
            path = self.at(key)
            self.reading.refuse("contest.choice_missing", path, self.path, key=key, works=works)
            return next(iter(values))
        value = self.value(key, "text", str)
        return self.one_of(key, value, values)

    def one_of(self, key: str, value: str | None, values: type[Choice]) -> Choice:
        for one in values:
            if one.value and one.value == value:
                return one
        if value is not None:
            works = [one.value for one in values if one.value]
            params: dict[str, Param] = {"value": value, "works": ", ".join(works)}
            code = "contest.choice_unknown"
            if similar := closest(value, works):
                code, params["similar"] = "contest.choice_unknown_similar", similar
            self.refuse(key, code, **params)
        return next(iter(values))

    def duration(self, key: str) -> int:
        value = self.value(key, "duration", str)
        if value is None:
            return 0
        milliseconds = read_duration(value)
        if milliseconds is None or milliseconds > MAX_DURATION_MS:
            self.refuse(key, "contest.not_duration")
        return milliseconds or 0

    def day(self, key: str) -> date | None:
        if not self.has(key):
            return None
        value = self.value(key, "day", date)
        if isinstance(value, datetime):
            self.refuse(key, "contest.not_day")
        return None if isinstance(value, datetime) else value

    def instant(self, key: str) -> datetime:
        value = self.value(key, "instant", datetime)
        if value is None:
            return EPOCH
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.refuse(key, "contest.year_unlikely", year=str(value.year))
            return EPOCH
        instant: datetime = value
        if instant.tzinfo is None:
            return self.local_instant(key, instant)
        if self.reading.zone is None:
            # Local times are then stand-ins, with which a real instant cannot be compared.
            self.reading.unread.add(self.at(key))
        return instant.astimezone(UTC)

    def local_instant(self, key: str, value: datetime) -> datetime:
        """Return the instant of a reading of the contest's own clock, if there is just one."""
        zone = self.reading.zone
        if zone is None:
            return value.replace(tzinfo=UTC)
        first, second = (value.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() != second.utcoffset():
            is_read_twice = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == value
            code = "contest.time_ambiguous" if is_read_twice else "contest.time_skipped"
            self.refuse(key, code, time=value.isoformat(" "), zone=zone.key)
        return first.astimezone(UTC)

    def table(self, key: str) -> Table:
        """Return a table; an empty one whose keys nobody misses when it cannot be read."""
        value = self.value(key, "table", dict)
        if value is None:
            return Table({}, self.at(key), self.kind_of(key), Reading())
        return Table(value, self.at(key), self.kind_of(key), self.reading)

    def tables(self, key: str, *, required: bool = False) -> list[Table]:
        """Return the items of an array of tables."""
        if not self.has(key) and not required:
            return []
        value = self.value(key, "tables", list)
        found = []
        for index, item in enumerate(value or ()):
            if isinstance(item, dict):
                kind = self.kind_of(key)
                found.append(Table(item, f"{self.at(key)}.{index}", kind, self.reading))
            else:
                self.refuse(f"{key}.{index}", "contest.not_table")
        return found

    def words(self, key: str) -> list[str]:
        """Return an array of texts."""
        value = self.value(key, "list", list)
        return [
            self.clean(f"{key}.{index}", item) if self.is_text(f"{key}.{index}", item) else ""
            for index, item in enumerate(value or ())
        ]

    def kind_of(self, key: str) -> str:
        return f"{self.kind}.{key}" if self.kind else key


def read_duration(text: str) -> int | None:
    """Return the milliseconds of a duration such as ``1h30m`` or ``5s``; None when it is none."""
    found = _DURATION.match(text.replace(" ", ""))
    if not found or any(len(part or "") > 9 for part in found.groups()):
        return None
    return sum(
        int(part or 0) * each for part, (_, each) in zip(found.groups(), _UNITS_MS, strict=True)
    )


def write_duration(milliseconds: int) -> str:
    """Return a duration in the largest units that fit: 5,400,000 is ``1h30m``."""
    parts = []
    for unit, each in _UNITS_MS:
        number, milliseconds = divmod(milliseconds, each)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
