"""A bank as a reader found it: texts with their places, and its settling into a value.

Readers only find what stands where; what a key, a level or a date means is decided here, once for
every format, and so is what is wrong with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from quizengine.core.banks import (
    LETTERS,
    Bank,
    Kind,
    Level,
    Question,
    clean_text,
    mask_of,
    natural_kind,
)
from quizengine.core.lint import find, folded
from quizengine.errors import Param, Place, Problem, Severity, has_errors
from quizengine.formats.reading import ReadBank

LEVELS = {
    "dễ": Level.EASY,
    "easy": Level.EASY,
    "trung bình": Level.MEDIUM,
    "medium": Level.MEDIUM,
    "khó": Level.HARD,
    "hard": Level.HARD,
}
KINDS = {
    "một đáp án": Kind.SINGLE,
    "single": Kind.SINGLE,
    "nhiều đáp án": Kind.MULTIPLE,
    "multiple": Kind.MULTIPLE,
    "đúng/sai": Kind.TRUE_FALSE,
    "true/false": Kind.TRUE_FALSE,
    "true_false": Kind.TRUE_FALSE,
}
LANGUAGES = {"tiếng việt": "vi", "vietnamese": "vi", "tiếng anh": "en", "english": "en"}

MAX_LANGUAGE = 16
"""Letters of a language's code, as many as the database keeps."""


@dataclass(slots=True)
class Draft:
    """A question as texts. ``places`` says where its parts stand; what has none, at ``place``."""

    place: Place
    id: str = ""
    kind: str = ""
    topic: str = ""
    level: str = ""
    stem: str = ""
    choices: list[str] = field(default_factory=list)
    key: str = ""
    pinned: str = ""
    source: str = ""
    explanation: str = ""
    places: dict[str, Place] = field(default_factory=dict)

    def place_of(self, part: str) -> Place:
        """Return where a part stands."""
        return self.places.get(part, self.place)


@dataclass(slots=True)
class DraftBank:
    """A bank as texts, with the problems that its reader met on the way."""

    format: str
    title: str = ""
    language: str = ""
    as_of: str = ""
    places: dict[str, Place] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def report(
        self, code: str, place: Place, severity: Severity = "error", **params: Param
    ) -> None:
        """Add a problem."""
        self.problems.append(Problem(severity, code, place, params))


def settled(found: DraftBank) -> ReadBank:
    """Return the bank that the texts mean, with all problems, the linter's too, in file order."""
    unclear: set[tuple[int | None, str]] = set()
    bank = Bank(
        questions=tuple(
            _question(found, index, draft, unclear) for index, draft in enumerate(found.drafts)
        ),
        title=one_line(found.title),
        language=_language(found),
        as_of=_as_of(found),
    )
    # A file of which nothing could be read has its reasons reported; that it is empty is none.
    findings = () if not found.drafts and has_errors(found.problems) else find(bank)
    for finding in findings:
        if (finding.index, finding.part) in unclear:
            continue
        place = Place("file")
        if finding.index is not None:
            place = found.drafts[finding.index].place_of(finding.part)
        found.report(finding.code, place, finding.severity, **finding.params)
    problems = tuple(sorted(found.problems, key=position))
    places = tuple({"question": draft.place, **draft.places} for draft in found.drafts)
    return ReadBank(bank, found.format, problems, places)


def one_line(text: str) -> str:
    """Return the text as it stands in a title, a topic or an id: without line breaks."""
    return " ".join(clean_text(text).split("\n"))


def letters_of_key(text: str, choices: list[str]) -> int | None:
    """Return the mask that a written key means, 0 for none, None for one that is unclear.

    Letters alone (``AC``, ``A, C``, ``A và C``), a letter with the text of its choice after it
    (``B. Huế``), or the text of one choice (``Đúng``).
    """
    plain = folded(text)
    if not plain:
        return 0
    letters = re.split(r"\s*[,;/&+]\s*|\s+(?:và|and|hoặc|or)\s+|\s+", plain)
    if all(re.fullmatch("[a-z]", letter) for letter in letters):
        return mask_of(letters)
    inside = LETTERS[: len(choices)].lower()
    if len(set(plain)) == len(plain) and set(plain) <= set(inside):
        return mask_of(plain)
    said = [folded(choice) for choice in choices]
    if said.count(plain) == 1:
        return 1 << said.index(plain)
    lettered = re.fullmatch(r"([a-z])\s*[.):]\s*(.+)", plain, re.DOTALL)
    if lettered and lettered[1] in inside and said[inside.index(lettered[1])] == lettered[2]:
        return mask_of(lettered[1])
    return None


def _question(
    found: DraftBank, index: int, draft: Draft, unclear: set[tuple[int | None, str]]
) -> Question:
    name = one_line(draft.id) or str(index + 1)
    choices = [clean_text(choice) for choice in draft.choices]

    def masked(part: str, text: str) -> int:
        mask = letters_of_key(text, choices)
        if mask is None:
            unclear.add((index, part))
            code = f"bank.{part}_unclear"
            found.report(code, draft.place_of(part), question=name, text=_short(text))
        return mask or 0

    key = masked("key", clean_text(draft.key))
    kind = natural_kind(choices, key)
    if word := folded(draft.kind):
        kind = KINDS.get(word, kind)
        if word not in KINDS:
            place = draft.place_of("kind")
            found.report("bank.kind_unknown", place, question=name, text=_short(draft.kind))
    level = Level.UNSTATED
    if word := folded(draft.level):
        level = LEVELS.get(word, level)
        if word not in LEVELS:
            place = draft.place_of("level")
            found.report("bank.level_unknown", place, question=name, text=_short(draft.level))
    return Question(
        id=name,
        kind=kind,
        stem=clean_text(draft.stem),
        choices=tuple(choices),
        topic=one_line(draft.topic),
        level=level,
        pinned=masked("pinned", clean_text(draft.pinned)),
        key=key,
        source=clean_text(draft.source),
        explanation=clean_text(draft.explanation),
    )


def _short(text: str) -> str:
    """Return enough of a text to find it by."""
    line = one_line(text)
    return line if len(line) <= 40 else line[:39] + "…"


def _language(found: DraftBank) -> str:
    word = one_line(found.language)
    language = LANGUAGES.get(folded(word), word) or "vi"
    is_code = re.fullmatch(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", language)
    if not is_code or len(language) > MAX_LANGUAGE:
        place = found.places.get("language", Place("file"))
        found.report("bank.language_unknown", place, text=_short(word))
        return "vi"
    return language


def _as_of(found: DraftBank) -> date | None:
    word = one_line(found.as_of)
    if not word:
        return None
    parts = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", word)
    turned = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", word)
    try:
        if parts:
            return date(int(parts[1]), int(parts[2]), int(parts[3]))
        if turned:
            return date(int(turned[3]), int(turned[2]), int(turned[1]))
    except ValueError:
        pass
    place = found.places.get("as_of", Place("file"))
    found.report("bank.date_unknown", place, text=_short(word))
    return None


def position(problem: Problem) -> tuple[bool, str, int, int, str]:
    """Return what sorts problems as they stand in the file; those of the whole file come last."""
    sheet, _, at = problem.place.at.rpartition("!")
    cell = re.fullmatch(r"([A-Z]*)(\d{1,9})", at)
    row, column = (int(cell[2]), cell[1]) if cell else (0, at)
    return (problem.place.kind == "file", sheet, row, len(column), column)
