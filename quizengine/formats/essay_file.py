"""Essays as files: plain text, Word (DOCX), OpenDocument (ODT) and PDF, alone, in folders or lists.

A file is known by its content, not by its name. One that holds no text that can be read is an
error, never an empty essay: an essay nobody could compare must not look like one without copies.
"""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from quizengine.core.passages import MOST_LETTERS
from quizengine.errors import InvalidFile, InvalidInput, Param, Place, Problem
from quizengine.formats.reading import (
    MAX_PACKED,
    MEGABYTE,
    check_size,
    is_zip,
    member_names,
    opened_zip,
    refused,
    run_bounded,
)

LIST_SUFFIX = ".jsonl"

_WORD_BODY = "word/document.xml"
_OPEN_BODY = "content.xml"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXT_SUFFIXES = {"", ".txt", ".text", ".md"}
#: A single element may stand for any number of spaces; nobody writes more than this.
_MOST_SPACES = 100

_WORD_SKIPPED = {"del", "moveFrom", "Fallback", "pPr", "rPr"}
_OPEN_SKIPPED = {"tracked-changes", "annotation", "note", "forms", "sequence-decls"}
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "noBreakHyphen": "-"}
_PARAGRAPHS = {"p", "h"}


def read_essay(data: bytes, name: str) -> str:
    """Return the text of an essay file, paragraphs ending in a line end.

    Plain text comes as it stands in the file, without its byte order mark, so that offsets in it
    are offsets in the file's text; it is UTF-8, UTF-16 or Vietnamese Windows-1258.
    `InvalidFile` when the file is damaged, locked, of another kind or has no text; `TooLarge` over
    the limits of `quizengine.formats.reading`.
    """
    check_size(data)
    text = _reader(data, name)(data)
    if not any(map(str.isalnum, text)):
        raise refused("essay.no_text", Place("file", name), name=name)
    return text


def read_essay_bounded(data: bytes, name: str) -> str:
    """Return the text of a stranger's essay file, documents parsed in a child under limits.

    Plain text is decoded here: no parser runs on it. Otherwise as :func:`read_essay`.
    """
    if is_zip(data) or _is_pdf(data):
        check_size(data)
        return run_bounded(read_essay, data, name)
    return read_essay(data, name)


def has_macros(data: bytes) -> bool:
    """Return whether a document carries programs, which its text can do without."""
    return any(
        name.endswith("vbaProject.bin") or name.startswith(("Basic/", "Scripts/"))
        for name in member_names(data)
    )


def read_essay_folder(
    path: Path,
    *,
    read: Callable[[bytes, str], str] = read_essay,
    on_problem: Callable[[Problem], None] | None = None,
) -> Iterator[tuple[str, str]]:
    """Yield (id, text) of every essay under a folder, in one file, or in a list of JSON Lines.

    The id of a file is its path within the folder, the id of a line ``{"id": …, "text": …}`` its
    own; a line's text is yielded as it is. Names that begin with ``.`` or ``~$`` are passed over. A
    link inside the folder is followed to a file of the folder, never out of it or to a folder.
    What cannot be read goes to ``on_problem``, located by file and line, and is left out; without
    it `InvalidFile` with all such problems is raised after the last essay. ``read`` may be
    `read_essay_bounded`. What is too long to be compared is a problem too.
    """
    problems: list[Problem] = []
    report = on_problem or problems.append
    found = False
    for file in _essay_files(path):
        name = file.relative_to(path).as_posix() if file != path else file.name
        if file != path and _leads_out(file, path):
            report(Problem("error", "essay.link", Place("file", name), {"name": name}))
            continue
        for outcome in _outcomes(file, name, read):
            if isinstance(outcome, Problem):
                report(outcome)
            else:
                found = True
                yield outcome
    if problems:
        raise InvalidFile("essay.some_unreadable", problems, count=len(problems))
    if not found and not on_problem:
        raise refused("essay.none_found", Place("file", str(path)), path=str(path))


def _essay_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    within = (file for file in path.rglob("*") if file.is_symlink() or file.is_file())
    return sorted(file for file in within if not _is_passed_over(file.relative_to(path)))


def _leads_out(file: Path, folder: Path) -> bool:
    """Return whether a path is a link to no file of the folder: whoever sent it may aim it."""
    if not file.is_symlink():
        return False
    try:
        target = file.resolve(strict=True)
    except (OSError, RuntimeError):  # a loop is the one or the other, by the version of Python
        return True
    return not (target.is_file() and target.is_relative_to(folder.resolve()))


def _is_passed_over(path: Path) -> bool:
    return any(part.startswith((".", "~$")) for part in path.parts)


def _outcomes(
    file: Path, name: str, read: Callable[[bytes, str], str]
) -> Iterator[Problem | tuple[str, str]]:
    """Yield the essays and problems of one file, the problems located in the folder."""
    try:
        with file.open("rb") as opened:
            if file.suffix.lower() == LIST_SUFFIX:
                yield from _listed(iter(lambda: opened.readline(MAX_PACKED + 1), b""), name)
            else:
                text = read(opened.read(MAX_PACKED + 1), name)
                yield _too_long(name, Place("file", name), text) or (name, text)
    except OSError:
        yield Problem("error", "essay.not_readable", Place("file", name), {"name": name})
    except InvalidInput as error:
        for problem in error.problems or [Problem("error", error.code, params=error.params)]:
            params = {**problem.params, "name": name}
            yield replace(problem, place=Place("file", name), params=params)


def _too_long(essay_id: str, place: Place, text: str) -> Problem | None:
    if len(text) <= MOST_LETTERS:
        return None
    return Problem("error", "essays.too_long", place, {"id": essay_id})


def _listed(lines: Iterable[bytes], name: str) -> Iterator[Problem | tuple[str, str]]:
    """Yield the essay of each line of a list, or the problem with it."""
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_PACKED:
            # What follows is the rest of this line: nothing tells where the next essay begins.
            params: dict[str, Param] = {"name": name, "line": number}
            params["megabytes"] = MAX_PACKED // MEGABYTE
            place = Place("line", f"{name}:{number}")
            yield Problem("error", "essay.line_too_long", place, params)
            return
        if not line.strip():
            continue
        essay = _listed_essay(line)
        code = "essay.line_invalid" if essay is None else "essay.id_repeated"
        if essay is None or essay[0] in seen:
            params = {"name": name, "line": number}
            if essay:
                params["id"] = essay[0]
            yield Problem("error", code, Place("line", f"{name}:{number}"), params)
        else:
            seen.add(essay[0])
            yield essay


def _listed_essay(line: bytes) -> tuple[str, str] | None:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    essay_id, text = record.get("id"), record.get("text")
    if isinstance(essay_id, int) and not isinstance(essay_id, bool):
        essay_id = str(essay_id)
    if isinstance(essay_id, str) and essay_id and isinstance(text, str):
        return essay_id, text
    return None


def _reader(data: bytes, name: str) -> Callable[[bytes], str]:
    if _is_pdf(data):
        return lambda content: _pdf_text(content, name)
    names = member_names(data)
    if _WORD_BODY in names:
        return lambda content: _part_text(content, _WORD_BODY, {"t"}, _WORD_SKIPPED)
    if _OPEN_BODY in names:
        return lambda content: _part_text(content, _OPEN_BODY, _PARAGRAPHS, _OPEN_SKIPPED)
    if data.startswith(_OLD_OFFICE):
        raise refused("essay.old_or_locked", Place("file", name), name=name)
    if is_zip(data) or Path(name).suffix.lower() not in _TEXT_SUFFIXES:
        raise refused("essay.format_unknown", Place("file", name), name=name)
    return lambda content: _plain_text(content, name)


def _is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:1024]


def _plain_text(data: bytes, name: str) -> str:
    """Return the text of bytes in the encoding they are in."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded(data, encoding, name)
    if b"\0" in data:
        # UTF-16 without a mark: the upper half of Latin letters is zero.
        is_little = data[1::2].count(0) > data[::2].count(0)
        return _decoded(data, "utf-16-le" if is_little else "utf-16-be", name)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return unicodedata.normalize("NFC", _decoded(data, _guessed_encoding(data), name))


def _guessed_encoding(data: bytes) -> str:
    from charset_normalizer import from_bytes

    guess = from_bytes(data, cp_isolation=["cp1258", "cp1252"]).best()
    return guess.encoding if guess else "utf-8"


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise refused("essay.encoding_unknown", Place("file", name), name=name) from error
    if "\0" in text:
        raise refused("essay.format_unknown", Place("file", name), name=name)
    return text


def _part_text(data: bytes, part: str, text_elements: set[str], skipped: set[str]) -> str:
    """Return the text of one XML part of a zipped document.

    Text counts inside the named elements; what stands in skipped ones, such as deleted text that is
    kept as a tracked change, does not.
    """
    pieces: list[str] = []
    # A stack instead of recursion: how deep elements nest is the sender's choice.
    waiting: list[tuple[Element | str, bool]] = [(_parsed_part(data, part), False)]
    while waiting:
        item, counts = waiting.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        name = item.tag.rpartition("}")[2]
        if name in skipped:
            continue
        counts = counts or name in text_elements
        inside: list[tuple[Element | str, bool]] = [(_stands_for(item, name), counts)]
        inside += [(item.text or "", counts)] if counts else []
        for child in item:
            inside.append((child, counts))
            if counts and child.tail:
                inside.append((child.tail, counts))
        if name in _PARAGRAPHS:
            inside.append(("\n", counts))
        waiting.extend(reversed(inside))
    return unicodedata.normalize("NFC", "".join(pieces))


def _stands_for(element: Element, name: str) -> str:
    """Return the letters an element is written for: a tab, a line break, several spaces."""
    if name != "s":
        return _BREAKS.get(name, "")
    count = next((value for key, value in element.items() if key.endswith("}c")), "1")
    return " " * min(int(count), _MOST_SPACES) if count.isdecimal() and len(count) < 9 else " "


def _parsed_part(data: bytes, part: str) -> Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    with opened_zip(data) as archive:
        content = archive.read(part)
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise refused("file.damaged") from error
    return root


def _pdf_text(data: bytes, name: str) -> str:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        is_locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if is_locked else [page.extract_text() for page in reader.pages]
    except MemoryError:
        raise
    # The library lets whatever a damaged file causes through: key, type and recursion errors.
    except Exception as error:
        raise refused("file.damaged", Place("file", name)) from error
    if is_locked:
        raise refused("essay.old_or_locked", Place("file", name), name=name)
    return unicodedata.normalize("NFC", "\n".join(pages))
