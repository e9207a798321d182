"""Banks as Word and plain text documents: ``Câu 1. … A. … B. … Đáp án: B … Nguồn: …``.

Both are read as lines: a line of a text file, a paragraph (or a part of it between line breaks) of
a Word file. A line opens a part of a question by how it begins; any other continues the part open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from quizengine.core.banks import LETTERS, Bank, Level, Question, letters_of, natural_kind
from quizengine.core.lint import folded
from quizengine.errors import InvalidFile, Place
from quizengine.formats.drafts import Draft, DraftBank, one_line, settled
from quizengine.formats.reading import ReadBank, decoded

#: What a line may begin with before a colon, and the part it opens.
QUESTION_LABELS = {
    "đáp án": "key",
    "đáp án đúng": "key",
    "đáp án đúng là": "key",
    "answer": "key",
    "answers": "key",
    "key": "key",
    "mức độ": "level",
    "level": "level",
    "loại": "kind",
    "kind": "kind",
    "ghim": "pinned",
    "pinned": "pinned",
    "giải thích": "explanation",
    "explanation": "explanation",
    "nguồn": "source",
    "source": "source",
}
BANK_LABELS = {
    "tiêu đề": "title",
    "title": "title",
    "ngôn ngữ": "language",
    "language": "language",
    "mốc dữ kiện": "as_of",
    "as of": "as_of",
}
#: The words of a written document, for Vietnamese and for any other language.
WORDS = {
    "vi": {
        "title": "Tiêu đề",
        "language": "Ngôn ngữ",
        "as_of": "Mốc dữ kiện",
        "topic": "Chủ đề",
        "question": "Câu",
        "kind": "Loại",
        "level": "Mức độ",
        "key": "Đáp án",
        "pinned": "Ghim",
        "explanation": "Giải thích",
        "source": "Nguồn",
        "single": "một đáp án",
        "multiple": "nhiều đáp án",
        "true_false": "đúng/sai",
        "easy": "dễ",
        "medium": "trung bình",
        "hard": "khó",
    },
    "en": {
        "title": "Title",
        "language": "Language",
        "as_of": "As of",
        "topic": "Topic",
        "question": "Question",
        "kind": "Kind",
        "level": "Level",
        "key": "Answer",
        "pinned": "Pinned",
        "explanation": "Explanation",
        "source": "Source",
        "single": "single",
        "multiple": "multiple",
        "true_false": "true/false",
        "easy": "easy",
        "medium": "medium",
        "hard": "hard",
    },
}

# Every repetition that another may follow over the same letters has a limit: a line of a stranger's
# file may be a million letters long, and a search must not take its square.
_QUESTION = re.compile(
    r"\s*(?:câu(?:\s+hỏi)?|bài|question)\s*"
    r"(?:(?P<number>\d{1,9})\s?[.:)](?!\d)|(?P<id>[^\s.:)]{0,40}\d\S{0,40}?)\s?[.:)](?=\s|$))"
    r"\s*(?P<text>.*)",
    re.IGNORECASE | re.DOTALL,
)
_UNCLEAR_QUESTION = re.compile(r"\s*(?:câu|question)\s*\d", re.IGNORECASE)
_TOPIC = re.compile(
    r"\s*(?:chủ đề|topic)\s*(?:\d{1,9}|[ivxlc]{1,9})?\s?[:.]\s*(?P<text>.*)", re.IGNORECASE
)
_LABEL = re.compile(r"\s*(?P<label>[^\W\d_]{1,20}(?:\s[^\W\d_]{1,20}){0,3})\s?:\s*(?P<text>.*)")
_CHOICE = re.compile(r"\s*(?P<letter>[A-Z])\s?[.):]\s*(?P<text>.*)")
_CHOICE_AHEAD = re.compile(r"(?P<letter>[A-Z])\s?[.)]\s")
_HEADING = re.compile(r"^[ \t]*(?:câu(?:[ \t]+hỏi)?|bài|question)[ \t]*\d+[ \t]*[.:)]", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its place, and what could not be read of it."""

    text: str
    place: Place
    is_numbered: bool = False
    """Whether Word puts a number or letter before it that is not in the text."""
    has_lost: bool = False
    """Whether it holds a picture, a formula or an object."""


def is_text(data: bytes, name: str = "") -> bool:
    """Return whether a file is plain text with the heading of a question in it."""
    try:
        return bool(_HEADING.search(decoded(data)))
    except InvalidFile:
        return False


def read_text(data: bytes) -> ReadBank:
    """Return the bank of a plain text file, each problem at its line."""
    texts = re.split(r"\r\n|\r|\n", decoded(data))
    lines = (Line(text, Place("line", str(at))) for at, text in enumerate(texts, start=1))
    return settled(read_lines("text", lines))


def read_lines(format_name: str, lines: Iterable[Line]) -> DraftBank:
    """Return the drafts of the lines of a document."""
    grammar = _Grammar(format_name)
    for line in lines:
        grammar.take(line)
    grammar.close()
    _renumber(grammar.found)
    return grammar.found


class _Grammar:
    """Puts lines together to drafts; one instance reads one document."""

    def __init__(self, format_name: str) -> None:
        self.found = DraftBank(format_name)
        self.topic = ""
        self.draft: Draft | None = None
        self.part = ""
        """The part that a line without a beginning of its own continues; empty for none."""
        self.texts: list[str] = []
        """The lines of the open part."""
        self.opened_at = Place("file")
        self.stray_letter = ""
        """The letter of the last choice met outside a question."""

    def take(self, line: Line) -> None:
        """Add a line to what is read so far."""
        if not line.text.strip() and self.part == "explanation":
            self.close()
        for text in _side_by_side(line.text) if self.draft else [line.text]:
            if text.strip():
                self._take(text, line)
        if line.has_lost and self.draft:
            self.found.report("bank.content_lost", line.place, question=self.draft.id)

    def _take(self, text: str, line: Line) -> None:
        taken = (
            self._take_question(text, line)
            or self._take_topic(text)
            or self._take_label(text, line)
            or (self.draft is not None and self._take_choice(self.draft, text, line))
        )
        if not taken:
            self._continue(text, line)

    def _open(self, part: str, text: str, line: Line) -> None:
        self.close()
        self.part, self.texts, self.opened_at = part, [text], line.place

    def close(self) -> None:
        """End the open part and give its draft the text."""
        if self.draft and self.part:
            text = "\n".join(self.texts)
            if self.part == "choices":
                self.draft.choices[-1] = text
            else:
                setattr(self.draft, self.part, text)
        self.part = ""

    def _take_question(self, text: str, line: Line) -> bool:
        match = _QUESTION.match(text)
        if match:
            self.close()
            self.draft = Draft(line.place, topic=self.topic, id=match["number"] or match["id"])
            self.found.drafts.append(self.draft)
            self._open("stem", match["text"], line)
            self.stray_letter = ""
        return bool(match)

    def _take_topic(self, text: str) -> bool:
        match = _TOPIC.match(text)
        if match:
            self.close()
            self.topic = match["text"]
            self.draft = None
        return bool(match)

    def _take_label(self, text: str, line: Line) -> bool:
        match = _LABEL.match(text)
        labels = QUESTION_LABELS if self.draft else BANK_LABELS
        part = labels.get(folded(match["label"])) if match else None
        if match is None or part is None or (self.draft is None and self.found.drafts):
            return False
        target = self.draft or self.found
        if part in target.places:
            question = self.draft.id if self.draft else ""
            code = "bank.part_repeated"
            self.found.report(code, line.place, part=match["label"], question=question)
        target.places[part] = line.place
        self._open(part, match["text"], line)
        if part not in ("explanation", "source"):
            setattr(target, part, match["text"])
            self.part = ""
        return True

    def _take_choice(self, draft: Draft, text: str, line: Line) -> bool:
        match = _CHOICE.match(text)
        expected = LETTERS[min(len(draft.choices), len(LETTERS) - 1)]
        if match is None or self.part not in ("stem", "choices"):
            return False
        if match["letter"] == expected:
            draft.places.setdefault("choices", line.place)
            self._open("choices", match["text"], line)
            draft.choices.append("")
            return True
        if match["letter"] <= "H":
            letter, question = match["letter"], draft.id
            code = "bank.choice_out_of_order"
            self.found.report(code, line.place, question=question, letter=letter, expected=expected)
        return False

    def _continue(self, text: str, line: Line) -> None:
        if self.part == "source" and line.place != self.opened_at:
            self.close()
        if _UNCLEAR_QUESTION.match(text):
            words, question = one_line(text)[:40], self.draft.id if self.draft else ""
            self.found.report("bank.heading_unclear", line.place, text=words, question=question)
        if line.is_numbered and (self.draft or self.topic):
            self.found.report("bank.automatic_numbering", line.place)
        if self.part:
            self.texts.append(text.strip())
            return
        words = one_line(text)[:60]
        self.found.report("bank.line_not_read", line.place, "warning", text=words)
        self._watch_strays(text, line)

    def _watch_strays(self, text: str, line: Line) -> None:
        """Report choices that follow each other outside a question: its heading was not seen."""
        match = _CHOICE.match(text)
        if match is None:
            return
        if match["letter"] == "B" and self.stray_letter == "A":
            self.found.report("bank.choices_without_question", line.place)
        self.stray_letter = match["letter"]


def _side_by_side(text: str) -> list[str]:
    """Return the choices of a line where several stand side by side behind tabs or wide gaps."""
    first = _CHOICE.match(text)
    if first is None:
        return [text]
    parts, start, expected = [], 0, LETTERS.index(first["letter"]) + 1
    for gap in re.finditer(r"\s+", text):
        ahead = _CHOICE_AHEAD.match(text, gap.end())
        is_wide = "\t" in gap[0] or len(gap[0]) > 1
        if is_wide and ahead and LETTERS.index(ahead["letter"]) == expected:
            parts.append(text[start : gap.start()])
            start, expected = gap.end(), expected + 1
    return [*parts, text[start:]]


def _renumber(found: DraftBank) -> None:
    """Give questions their ordinals where every topic counts from 1 again, and say so."""
    by_id = Counter(draft.id for draft in found.drafts)
    by_topic = Counter((draft.topic, draft.id) for draft in found.drafts)
    if by_id and max(by_id.values()) > 1 and max(by_topic.values()) == 1:
        again = next(draft for draft in found.drafts[1:] if by_id[draft.id] > 1)
        found.report("bank.numbers_restart", again.place, "warning", count=len(found.drafts))
        for ordinal, draft in enumerate(found.drafts, start=1):
            draft.id = str(ordinal)


@dataclass(frozen=True, slots=True)
class Written:
    """One line to write: its role, the label in bold, and the text."""

    role: str
    label: str
    text: str


def written_lines(bank: Bank) -> Iterator[Written]:
    """Yield the lines of a bank, labelled in its language."""
    words = WORDS["vi" if bank.language == "vi" else "en"]
    day = bank.as_of
    stated = f"{day.day}/{day.month}/{day.year:04}" if day else ""
    for part, text in (("title", bank.title), ("language", bank.language), ("as_of", stated)):
        if text:
            yield Written("fact", f"{words[part]}:", text)
    topic = ""
    for question in bank.questions:
        if question.topic != topic:
            topic = question.topic
            yield Written("topic", f"{words['topic']} {bank.topics().index(topic) + 1}:", topic)
        yield from _question_lines(question, words)


def _question_lines(question: Question, words: dict[str, str]) -> Iterator[Written]:
    yield Written("question", f"{words['question']} {question.id}.", question.stem)
    for letter, choice in zip(LETTERS, question.choices, strict=False):
        yield Written("choice", f"{letter}.", choice)
    kind, level = str(question.kind), question.level
    parts = {
        "kind": "" if kind == natural_kind(question.choices, question.key) else words[kind],
        "level": words[str(level)] if level is not Level.UNSTATED else "",
        "pinned": ", ".join(letters_of(question.pinned)),
        "explanation": question.explanation,
        "source": question.source,
    }
    yield Written("fact", f"{words['key']}:", ", ".join(letters_of(question.key)))
    for part, text in parts.items():
        if text:
            yield Written("fact", f"{words[part]}:", text)


def write_text(bank: Bank) -> bytes:
    """Return the bank as UTF-8 text, a blank line before each question and topic."""
    lines: list[str] = []
    for line in written_lines(bank):
        if line.role in ("topic", "question"):
            lines.append("")
        lines.append(f"{line.label} {line.text}".rstrip())
    return ("\n".join(lines).lstrip("\n") + "\n").encode()
