"""Words in the reader's language: sentences by code, and instants, durations and numbers in words.

Two gettext domains stand under ``locale/``: ``problems`` names each sentence by its code, in every
language; ``pages`` names it by its English text. A language is there when its folder is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations, translation
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from quizengine.errors import Place, Problem, QuizError

_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = tuple(sorted(path.name for path in _FOLDER.iterdir() if path.is_dir()))
DEFAULT_LANGUAGE = "vi"
NO_BREAK_SPACE = "\u00a0"


class Description(NamedTuple):
    """What happened, and what to do about it; the second may be empty."""

    message: str
    suggestion: str


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalogue of page texts; English texts name themselves."""
    return translation("pages", _FOLDER, [language], fallback=True)


def sentence(code: str, language: str) -> str:
    """Return the sentence of a code, its ``{names}`` unfilled; ``KeyError`` for an unknown code."""
    found = _sentences(language).gettext(code)
    if found == code:
        raise KeyError(code)
    return found


def has_sentence(code: str, language: str) -> bool:
    """Return whether a code has a sentence."""
    return _sentences(language).gettext(code) != code


def describe(finding: Problem | QuizError, language: str) -> Description:
    """Return what a problem or error means and what to do; an unknown code is said as it is."""
    suggestion_code = f"{finding.code}.fix"
    message = finding.code
    suggestion = ""
    if has_sentence(finding.code, language):
        message = _fill(sentence(finding.code, language), finding.params, language)
    if has_sentence(suggestion_code, language):
        suggestion = _fill(sentence(suggestion_code, language), finding.params, language)
    return Description(message, suggestion)


def describe_place(place: Place, language: str) -> str:
    """Return where a problem is, in words: ``line 12``, ``trang tính “Sheet1”, ô D14``."""
    sheet, _, at = place.at.rpartition("!")
    if place.kind == "cell" and sheet:
        return sentence("place.cell_of_sheet", language).format(sheet=sheet, at=at)
    return sentence(f"place.{place.kind}", language).format(at=place.at)


def format_number(number: int, language: str) -> str:
    """Return a whole number with the language's mark between thousands."""
    return f"{number:,}".replace(",", sentence("number.thousands", language))


def format_instant(instant: datetime, zone: str, language: str) -> str:
    """Return an instant in a time zone to the minute, cut: a deadline is never promised late."""
    local = instant.astimezone(ZoneInfo(zone))
    return sentence("time.instant", language).format(
        clock=local.strftime("%H:%M"),
        weekday=sentence(f"time.weekday.{local.weekday()}", language),
        day=format_day(local.date(), language),
    )


def format_day(day: date, language: str) -> str:
    """Return a day: ``28/8/2021``, ``28 August 2021``."""
    month = sentence(f"time.month.{day.month}", language)
    return sentence("time.day", language).format(day=day.day, month=month, year=day.year)


def format_duration(milliseconds: int, language: str) -> str:
    """Return a length of time in hours, minutes and whole seconds, parts of 0 left out."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        _count(unit, number, language)
        for unit, number in (("hours", hours), ("minutes", minutes), ("seconds", seconds))
        if number
    ]
    return " ".join(parts) or _count("seconds", 0, language)


@cache
def _sentences(language: str) -> GNUTranslations:
    known = language if language in LANGUAGES else DEFAULT_LANGUAGE
    return translation("problems", _FOLDER, [known])


def _count(unit: str, number: int, language: str) -> str:
    found = _sentences(language).ngettext(f"time.{unit}", f"time.{unit}", number)
    return found.format(count=number).replace(" ", NO_BREAK_SPACE)


def _fill(text: str, params: Mapping[str, Any], language: str) -> str:
    shown = {
        name: format_number(value, language) if isinstance(value, int) else value
        for name, value in params.items()
    }
    return text.format_map(shown)
