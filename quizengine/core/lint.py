"""What is wrong or doubtful in a bank: found on the value, wherever it was read from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from quizengine.core.banks import LETTERS, Bank, Kind, Question, letters_of, mask_of
from quizengine.errors import Param, Place, Problem, Severity

MIN_CHOICES = 2
MAX_CHOICES = 8
MAX_STEM = 10_000
"""Letters of a stem: some pages of text. A longer one is a file that was not read as meant."""
MAX_CHOICE = 2_000
MAX_ID = 80
"""Letters of a question's id, as many as the database keeps."""
NEAR_PERCENT = 92
"""From this likeness on two stems are reported as nearly the same."""
NEAR_LETTERS = 400
"""How much of a stem is compared; the time grows with its square."""
NEAR_LIMIT = 2_000
"""Banks over this many questions are searched for equal stems only; the lint says so."""
SKEW_PERCENT = 60
"""From this share on, where the right choice stands gives it away."""
SKEW_QUESTIONS = 20
"""Fewer questions than this say nothing about skew: chance alone reaches the share too often."""

Part = Literal["question", "stem", "choices", "key", "pinned", "source"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem by question index and part, for a reader that knows where those stand."""

    severity: Severity
    code: str
    index: int | None = None
    """The question, counted from zero; None for the bank as a whole."""
    part: Part = "question"
    params: Mapping[str, Param] = field(default_factory=dict)


def lint(bank: Bank) -> tuple[Problem, ...]:
    """Return every problem of a bank, placed by question id, in question order."""

    def place(found: Finding) -> Place:
        if found.index is None:
            return Place("file")
        return Place("question", bank.questions[found.index].id)

    return tuple(
        Problem(found.severity, found.code, place(found), found.params) for found in find(bank)
    )


def find(bank: Bank) -> tuple[Finding, ...]:
    """Return every finding of a bank: question by question, then the bank as a whole."""
    if not bank.questions:
        return (Finding("error", "bank.empty"),)
    rules: tuple[Callable[[Bank], Iterator[Finding]], ...] = (
        _repeated_ids,
        _repeated_questions,
        _near_stems,
        _missing_sources,
        _skewed_letter,
        _skewed_length,
    )
    found = list(chain.from_iterable(_of_question(*each) for each in enumerate(bank.questions)))
    found += chain.from_iterable(rule(bank) for rule in rules)
    last = len(bank.questions)
    return tuple(sorted(found, key=lambda each: last if each.index is None else each.index))


KEY_CODES = frozenset(("bank.key_outside", "bank.key_missing", "bank.key_several"))
SPREAD_CODES = frozenset(("bank.key_same_letter", "bank.key_longest"))


def find_of_key(bank: Bank, index: int) -> tuple[Finding, ...]:
    """Return the findings that another key of one question may have changed.

    Those of its own with a code of ``KEY_CODES``, and of the whole bank those of ``SPREAD_CODES``.
    """
    own = (one for one in _of_question(index, bank.questions[index]) if one.code in KEY_CODES)
    return (*own, *_skewed_letter(bank), *_skewed_length(bank))


def folded(text: str) -> str:
    """Return the text without case, spacing and closing marks: two such equal texts are one."""
    return " ".join(text.casefold().split()).rstrip(" .;,:?!…")


def _of_question(index: int, question: Question) -> Iterator[Finding]:
    def report(code: str, part: Part, severity: Severity = "error", **params: Param) -> Finding:
        short = question.id if len(question.id) <= MAX_ID else f"{question.id[:20]}…"
        return Finding(severity, code, index, part, {"question": short, **params})

    count = len(question.choices)
    if len(question.id) > MAX_ID:
        yield report("bank.id_too_long", "question", length=len(question.id), limit=MAX_ID)
    if not question.stem:
        yield report("bank.stem_empty", "stem")
    if len(question.stem) > MAX_STEM:
        yield report("bank.stem_too_long", "stem", length=len(question.stem), limit=MAX_STEM)
    if count < MIN_CHOICES:
        yield report("bank.choices_missing", "choices", count=count)
        return
    if count > MAX_CHOICES:
        yield report("bank.choices_too_many", "choices", count=count, limit=MAX_CHOICES)
    for letter, choice in zip(LETTERS, question.choices, strict=False):
        if not choice:
            yield report("bank.choice_empty", "choices", letter=letter)
        if len(choice) > MAX_CHOICE:
            yield report(
                "bank.choice_too_long",
                "choices",
                letter=letter,
                length=len(choice),
                limit=MAX_CHOICE,
            )
    for letters in _repeated_choices(question):
        yield report("bank.choice_repeated", "choices", letters=letters)
    if outside := question.key >> count << count:
        yield report("bank.key_outside", "key", key=letters_of(outside), count=count)
    if not question.key:
        yield report("bank.key_missing", "key")
    elif question.kind is not Kind.MULTIPLE and question.key.bit_count() > 1:
        yield report("bank.key_several", "key", key=", ".join(letters_of(question.key)))
    if question.kind is Kind.TRUE_FALSE and count != 2:
        yield report("bank.true_false_choices", "choices", count=count)
    if question.pinned >> count:
        yield report(
            "bank.pinned_outside", "pinned", pinned=letters_of(question.pinned >> count << count)
        )
    for letter, loose in _loose_references(question):
        yield report("bank.choice_refers", "choices", "warning", letter=letter, pin=loose)


def _repeated_choices(question: Question) -> Iterator[str]:
    letters = defaultdict(list)
    for letter, choice in zip(LETTERS, question.choices, strict=False):
        if choice:
            letters[folded(choice)].append(letter)
    return (", ".join(same) for same in letters.values() if len(same) > 1)


_ALL_OR_NONE = re.compile(
    r"\b(?:tất cả|cả (?:hai|ba|bốn|năm|2|3|4|5)|không (?:có )?(?:đáp án|phương án|câu|ý) nào)\b"
    r"(?=.*\b(?:trên|dưới|này|kia|đều|đáp án|phương án|đúng|sai)\b)"
    r"|\b(?:all|none|both|neither|any) of (?:the )?(?:above|below|these|them)\b"
)
_NAMED = re.compile(
    r"^(?:cả |both |either |neither |đáp án |phương án |câu |ý )*"
    r"(?P<letters>[a-h](?:\s*(?:,|;|/|&|và|and|or|hoặc)\s*[a-h])+)\b"
)


def _loose_references(question: Question) -> Iterator[tuple[str, str]]:
    """Yield each choice that speaks of other choices, with the letters a shuffle must not move."""
    for letter, choice in zip(LETTERS, question.choices, strict=False):
        text = folded(choice)
        needed = mask_of(letter)
        if named := _NAMED.match(text):
            needed |= mask_of(re.findall(r"\b[a-h]\b", named["letters"]))
        elif not _ALL_OR_NONE.search(text):
            continue
        if loose := needed & ~question.pinned & ((1 << len(question.choices)) - 1):
            yield letter, ", ".join(letters_of(loose))


def _repeated_ids(bank: Bank) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, question in enumerate(bank.questions):
        if first.setdefault(question.id, index) != index:
            params: dict[str, Param] = {"question": question.id, "ordinal": index + 1}
            params["first"] = first[question.id] + 1
            yield Finding("error", "bank.id_repeated", index, params=params)


def _repeated_questions(bank: Bank) -> Iterator[Finding]:
    """Yield each question with the stem of an earlier one and at least one of its choices."""
    first: dict[tuple[str, str], int] = {}
    for index, question in enumerate(bank.questions):
        stem = folded(question.stem)
        same = {(stem, choice) for choice in _folded_choices(question)} if stem else set()
        if earlier := [first[each] for each in same if each in first]:
            params = {"question": question.id, "other": bank.questions[min(earlier)].id}
            yield Finding("warning", "bank.question_repeated", index, "stem", params)
        for each in same:
            first.setdefault(each, index)


def _near_stems(bank: Bank) -> Iterator[Finding]:
    """Yield each question whose stem is nearly that of an earlier one.

    Stems with other figures in them ("Điều 4", "Điều 5") ask for other things, and so do general
    stems over wholly other choices ("Phát biểu nào đúng?").
    """
    questions = bank.questions
    if len(questions) > NEAR_LIMIT:
        sizes = {"count": len(questions), "limit": NEAR_LIMIT}
        yield Finding("warning", "bank.stems_not_compared", params=sizes)
        return
    from rapidfuzz import fuzz, process

    stems = [folded(question.stem) for question in questions]
    starts = [stem[:NEAR_LETTERS] for stem in stems]
    figures = [re.findall(r"\d+", stem) for stem in stems]
    choices = [_folded_choices(question) for question in questions]
    for index in range(1, len(stems)):
        near = process.extract(
            starts[index], starts[:index], scorer=fuzz.ratio, score_cutoff=NEAR_PERCENT, limit=None
        )
        for _, score, other in near:
            if (
                stems[other] != stems[index]
                and figures[other] == figures[index]
                and not choices[other].isdisjoint(choices[index])
            ):
                params: dict[str, Param] = {
                    "question": questions[index].id,
                    "other": questions[other].id,
                    "percent": int(score),
                }
                yield Finding("warning", "bank.stem_near", index, "stem", params)
                break


def _folded_choices(question: Question) -> set[str]:
    return {folded(choice) for choice in question.choices}


def _missing_sources(bank: Bank) -> Iterator[Finding]:
    """Yield each question without a source, or one finding when no question has any."""
    bare = [index for index, question in enumerate(bank.questions) if not question.source]
    if len(bare) == len(bank.questions):
        yield Finding("warning", "bank.sources_missing", params={"count": len(bare)})
        return
    for index in bare:
        params = {"question": bank.questions[index].id}
        yield Finding("warning", "bank.source_missing", index, "source", params)


def _comparable(bank: Bank) -> list[Question]:
    """Return the questions with one right choice among three or more."""
    return [
        question
        for question in bank.questions
        if question.kind is Kind.SINGLE
        and len(question.choices) > 2
        and question.key.bit_count() == 1
        and question.key < 1 << len(question.choices)
    ]


def _skewed_letter(bank: Bank) -> Iterator[Finding]:
    keys = Counter(letters_of(question.key) for question in _comparable(bank))
    if keys.total() < SKEW_QUESTIONS:
        return
    letter, times = keys.most_common(1)[0]
    if (percent := 100 * times // keys.total()) >= SKEW_PERCENT:
        params: dict[str, Param] = {
            "letter": letter,
            "percent": percent,
            "count": keys.total(),
        }
        yield Finding("warning", "bank.key_same_letter", params=params)


def _skewed_length(bank: Bank) -> Iterator[Finding]:
    questions = _comparable(bank)
    if len(questions) < SKEW_QUESTIONS:
        return
    longest = sum(_key_is_longest(question) for question in questions)
    if (percent := 100 * longest // len(questions)) >= SKEW_PERCENT:
        params = {"percent": percent, "count": len(questions)}
        yield Finding("warning", "bank.key_longest", params=params)


def _key_is_longest(question: Question) -> bool:
    *_, second, most = sorted(map(len, question.choices))
    return most > second and len(question.choices[question.key.bit_length() - 1]) == most
