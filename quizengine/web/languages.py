"""The language of a page, and how words, numbers and instants are written in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g, request
from markupsafe import Markup

from quizengine.core.rules import Rule, Words
from quizengine.core.rules import say as say_rule
from quizengine.errors import Problem, QuizError
from quizengine.i18n import (
    LANGUAGES,
    Description,
    describe,
    format_day,
    format_duration,
    format_instant,
    format_number,
    sentence,
    translations,
)

LANGUAGE_COOKIE = "quiz_language"
COOKIE_SECONDS = 365 * 24 * 3600


def check(config: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` when the pages' own language is one that they do not speak."""
    wanted = config["QUIZ_DEFAULT_LANGUAGE"]
    if wanted not in LANGUAGES:
        known = " or ".join(LANGUAGES)
        raise ValueError(f"QUIZ_DEFAULT_LANGUAGE is {wanted!r}: write {known}")


def language() -> str:
    """Return the language of the page: the reader's choice, else the browser's, else ours."""
    if "quiz_language" not in g:
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        if chosen not in LANGUAGES:
            chosen = request.accept_languages.best_match(list(LANGUAGES))
        g.quiz_language = chosen or current_app.config["QUIZ_DEFAULT_LANGUAGE"]
    current: str = g.quiz_language
    return current


def say(message: str, **params: object) -> Markup:
    """Return a sentence in the page's language, its ``{name}`` filled with escaped values."""
    return Markup(translations(language()).gettext(message)).format(**params)


def say_many(one: str, many: str, count: int, **params: object) -> Markup:
    """Return the sentence for a count; ``{count}`` is written as the language writes numbers."""
    found = translations(language()).ngettext(one, many, count)
    return Markup(found).format(count=number(count), **params)


def text(texts: Mapping[str, str]) -> str:
    """Return an organiser's text in the page's language, else in the first it was written in."""
    return texts.get(language()) or next(iter(texts.values()), "")


def number(value: int) -> str:
    """Return a number with the thousands marks of the page's language."""
    return format_number(value, language())


def instant(value: datetime, zone: str) -> str:
    """Return an instant in the contest's zone, day and all."""
    return format_instant(value, zone, language())


def clock(value: datetime, zone: str) -> str:
    """Return the time of day of an instant, cut to the minute: no deadline is promised late."""
    return value.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def clock_seconds(value: datetime, zone: str) -> str:
    """Return the time of day of an instant to the second."""
    return value.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")


def duration(milliseconds: int) -> str:
    """Return a length of time in words."""
    return format_duration(milliseconds, language())


def countdown(milliseconds: int) -> str:
    """Return the time left as ``08:41`` or ``1:05:00``, never more than there is."""
    seconds = max(0, math.floor(milliseconds / 1000))
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes:02}:{seconds % 60:02}"


def described(finding: Problem | QuizError) -> Description:
    """Return what happened and what to do, for an error or a problem."""
    return describe(finding, language())


def rule_heading(part: str) -> str:
    """Return the heading of a part of the rules."""
    return sentence(f"rule.{part}", language())


def rule_text(rule: Rule, zone: str) -> str:
    """Return the sentence of a rule, its instants in the contest's zone."""
    current = language()
    words = Words(
        language=current,
        sentence=lambda code: sentence(code, current),
        number=number,
        instant=lambda moment: instant(moment, zone),
        day=lambda day: format_day(day, current),
        duration=duration,
    )
    return say_rule(rule, words)
