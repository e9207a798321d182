"""The formats that banks are read from and written to; an installed package may add its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path, PurePath

from quizengine.core.banks import Bank, Question, clean_text
from quizengine.core.lint import lint
from quizengine.errors import InvalidFile, InvalidInput, Place, Problem, has_errors
from quizengine.formats import document, native, sheet, word
from quizengine.formats.reading import MAX_PACKED, ReadBank, check_size, decoded, refused

ENTRY_POINT_GROUP = "quizengine.formats"


@dataclass(frozen=True, slots=True)
class Format:
    """How banks of one format are recognised by content, read, and written if they can be."""

    name: str
    suffixes: tuple[str, ...]
    recognise: Callable[[bytes, str], bool]
    """Whether a file, given its bytes and name, is of this format; raises nothing."""
    read: Callable[[bytes], ReadBank]
    """The bank and its problems; ``InvalidFile`` or ``TooLarge`` for a file not to be read."""
    write: Callable[[Bank], bytes] | None = None


#: Our own formats, the strictest to recognise first.
FORMATS = {
    each.name: each
    for each in (
        Format(
            "native", (".yaml", ".yml"), native.is_native, native.read_native, native.write_native
        ),
        Format("docx", (".docx",), word.is_document, word.read_document, word.write_document),
        Format("xlsx", (".xlsx",), sheet.is_bank_book, sheet.read_book, sheet.write_book),
        Format("csv", (".csv",), sheet.is_bank_csv, sheet.read_csv, sheet.write_bank_csv),
        Format("text", (".txt",), document.is_text, document.read_text, document.write_text),
    )
}


@cache
def known_formats() -> dict[str, Format]:
    """Return our formats by name, then those of installed packages that are new."""
    added: dict[str, Format] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        extra: Format = entry.load()
        added[extra.name] = extra
    return FORMATS | {name: extra for name, extra in added.items() if name not in FORMATS}


def read_bank(data: bytes, name: str = "") -> ReadBank:
    """Return the bank of a file with every problem in it; the format is told by content.

    Raises ``InvalidFile`` for a file of no known format or that is damaged, and ``TooLarge`` over
    the limits. A stranger's file is read through :func:`quizengine.formats.reading.run_bounded`.
    """
    check_size(data)
    for each in known_formats().values():
        if each.recognise(data, name):
            return each.read(data)
    raise refused(_unknown(data), name=PurePath(name).name)


def _unknown(data: bytes) -> str:
    """Return the code for a file of no known format, telling those that can be saved as one.

    Raises what :func:`decoded` does for a text in an encoding that is not read.
    """
    if not data.strip():
        return "file.empty"
    if data.startswith(b"%PDF"):
        return "file.pdf"
    if data.startswith((b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        return "file.old_office"
    if b"\0" not in data:
        decoded(data)
    return "file.unknown"


def check_bank(path: str | Path) -> ReadBank:
    """Return the bank of the file at a path with every problem in it, as :func:`read_bank` does."""
    with Path(path).open("rb") as file:
        return read_bank(file.read(MAX_PACKED + 1), Path(path).name)


def load_bank(path: str | Path) -> Bank:
    """Return the bank of the file at a path; ``InvalidFile`` with all problems at any error."""
    found = check_bank(path)
    if has_errors(found.problems):
        name = Path(path).name
        count = sum(problem.severity == "error" for problem in found.problems)
        raise InvalidFile("bank.has_errors", found.problems, name=name, count=count)
    return found.bank


def write_bank(bank: Bank, name_or_format: str) -> bytes:
    """Return a bank as a file of a format, given by name (``docx``) or by a file's name.

    What is written is read back and compared: ``InvalidInput`` names every question that would come
    back changed or with an error that it has not now, and nothing is written.
    """
    chosen = _format_to_write(name_or_format)
    unclean = [question for question in bank.questions if not _is_clean(question)]
    if unclean:
        raise _not_carried(chosen, unclean)
    assert chosen.write is not None
    data = chosen.write(bank)
    try:
        again = read_bank(data)
    except InvalidInput as error:
        raise _not_carried(chosen, bank.questions) from error
    if again.bank != bank or again.format != chosen.name:
        raise _not_carried(chosen, _lost(bank, again.bank))
    known = {problem.code for problem in lint(bank)}
    new = [each for each in again.problems if each.severity == "error" and each.code not in known]
    if new:
        named = {each.params.get("question") for each in new}
        raise _not_carried(chosen, [each for each in bank.questions if each.id in named])
    return data


def _format_to_write(name_or_format: str) -> Format:
    suffix = PurePath(name_or_format).suffix.lower()
    for each in known_formats().values():
        if each.write and (each.name == name_or_format or suffix in each.suffixes):
            return each
    known = ", ".join(each.name for each in known_formats().values() if each.write)
    raise InvalidInput("file.format_unknown", name=name_or_format, known=known)


def _is_clean(question: Question) -> bool:
    texts = (
        question.id,
        question.topic,
        question.stem,
        *question.choices,
        question.source,
        question.explanation,
    )
    return all(text == clean_text(text) for text in texts)


def _lost(bank: Bank, again: Bank) -> list[Question]:
    """Return the questions that came back changed; all from the first one lost or split on."""
    if len(bank.questions) == len(again.questions):
        pairs = zip(bank.questions, again.questions, strict=True)
        return [question for question, other in pairs if question != other]
    same = 0
    for question, other in zip(bank.questions, again.questions, strict=False):
        if question != other:
            break
        same += 1
    return list(bank.questions[same : same + 1])


def _not_carried(chosen: Format, questions: Sequence[Question]) -> InvalidInput:
    problems = [
        Problem(
            "error",
            "bank.not_carried",
            Place("question", question.id),
            {"question": question.id, "format": chosen.name},
        )
        for question in questions
    ]
    if not problems:
        problems = [Problem("error", "bank.facts_not_carried", params={"format": chosen.name})]
    return InvalidInput("bank.cannot_be_written", problems, format=chosen.name)
