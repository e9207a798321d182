"""Essays handed over as files: the text becomes the draft, the file is kept as it came."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from quizengine.core.sheets import Outcome
from quizengine.core.text import normalise
from quizengine.errors import InvalidInput, NotFound, TooLarge, Unavailable
from quizengine.formats.essay_file import has_macros, read_essay_bounded
from quizengine.formats.reading import MEGABYTE, refused
from quizengine.services import essays
from quizengine.store import essay_files, people
from quizengine.store import essays as essay_rows
from quizengine.store.connection import Executor
from quizengine.store.essay_files import StoredFile
from quizengine.store.essays import StoredEssay

MAX_BYTES = 5 * MEGABYTE
MAX_FILES = 10
MAX_NAME = 200
READERS = 2
"""How many files a process reads at once: each takes a processor, which answers need too."""
READ_WAIT_SECONDS = 5

_readers = threading.BoundedSemaphore(READERS)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that a person chose, and the text in it."""

    name: str
    content: bytes
    text: str


def read_file(content: bytes, name: str) -> ReadFile:
    """Return a person's file with its text, read in a bounded child process.

    Call it outside any transaction. ``InvalidInput`` when there is no file, ``TooLarge`` over
    ``MAX_BYTES``, ``InvalidFile`` when it holds macros or no text that can be read,
    ``Unavailable`` when too many files are being read.
    """
    name = file_name(name)
    if not name:
        raise InvalidInput("essay.no_file")
    if len(content) > MAX_BYTES:
        raise TooLarge("essay.file_too_large", megabytes=MAX_BYTES // MEGABYTE)
    if has_macros(content):
        raise refused("essay.macros", name=name)
    if not _readers.acquire(timeout=READ_WAIT_SECONDS):
        raise Unavailable("essay.many_files")
    try:
        text = read_essay_bounded(content, name)
    finally:
        _readers.release()
    return ReadFile(name, content, essays.clean_text(text))


def file_name(name: str) -> str:
    """Return the name of a file without folders, line ends and what cannot be seen in it."""
    last = normalise(name).replace("\\", "/").rpartition("/")[2]
    return " ".join(last.split())[-MAX_NAME:]


def keep_file(
    connection: Connection | Session,
    slug: str,
    *,
    person: str,
    file: ReadFile,
    sequence: int,
    now: datetime,
) -> Outcome:
    """Keep a file and make its text the draft, unless a later draft is kept already.

    Beyond ``MAX_FILES`` the oldest goes, but not the one that was handed in. Raises what
    :func:`essays.save_draft` raises.
    """
    outcome = essays.save_draft(
        connection, slug, person=person, text=file.text, sequence=sequence, now=now
    )
    if outcome is not Outcome.SAVED:
        return outcome
    essay = _essay(connection, slug, person)
    assert essay is not None
    kept = StoredFile(file.name, hashlib.sha256(file.content).hexdigest(), now)
    _make_room(connection, essay, kept)
    essay_files.keep_file(connection, essay.id, kept, file.content)
    return outcome


def _make_room(executor: Executor, essay: StoredEssay, file: StoredFile) -> None:
    files = essay_files.list_files(executor, essay.id)
    others = [one for one in files if one.sha256 != file.sha256]
    if len(others) < MAX_FILES:
        return
    end = essay.submitted_at
    handed_in = next((one for one in others if end and one.uploaded_at <= end), None)
    oldest = next(one for one in reversed(others) if one is not handed_in)
    essay_files.delete_file(executor, essay.id, oldest.sha256)


def list_files(executor: Executor, slug: str, person: str) -> tuple[StoredFile, ...]:
    """Return the files that a person handed over, the latest first."""
    essay = _essay(executor, slug, person)
    return essay_files.list_files(executor, essay.id) if essay else ()


def file_content(executor: Executor, slug: str, person: str, sha256: str) -> tuple[str, bytes]:
    """Return the name and content of a person's own file; ``NotFound`` for anybody else's."""
    essay = _essay(executor, slug, person)
    found = essay_files.find_content(executor, essay.id, sha256) if essay else None
    if found is None:
        raise NotFound("essay.no_such_file")
    return found


def _essay(executor: Executor, slug: str, person: str) -> StoredEssay | None:
    participant = people.find_participant(executor, slug, person)
    return essay_rows.find_essay(executor, participant.id) if participant else None
