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
from quizengine.errors import Conflict, InvalidInput, NotFound, TooLarge, Unavailable
from quizengine.formats.essay_file import has_macros, read_essay_bounded
from quizengine.formats.reading import MEGABYTE, refused
from quizengine.services import essays
from quizengine.store import essay_files, people
from quizengine.store import essays as essay_rows
from quizengine.store.connection import Executor
from quizengine.store.essay_files import StoredFile

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

    ``Conflict`` when ``MAX_FILES`` others are kept; otherwise as :func:`essays.save_draft`.
    """
    outcome = essays.save_draft(
        connection, slug, person=person, text=file.text, sequence=sequence, now=now
    )
    if outcome is not Outcome.SAVED:
        return outcome
    essay_id = _essay_id(connection, slug, person)
    assert essay_id is not None
    sha256 = hashlib.sha256(file.content).hexdigest()
    if essay_files.count_others(connection, essay_id, sha256) >= MAX_FILES:
        raise Conflict("essay.too_many_files", limit=MAX_FILES)
    essay_files.keep_file(connection, essay_id, StoredFile(file.name, sha256, now), file.content)
    return outcome


def list_files(executor: Executor, slug: str, person: str) -> tuple[StoredFile, ...]:
    """Return the files that a person handed over, the latest first."""
    essay_id = _essay_id(executor, slug, person)
    return essay_files.list_files(executor, essay_id) if essay_id is not None else ()


def file_content(executor: Executor, slug: str, person: str, sha256: str) -> tuple[str, bytes]:
    """Return the name and content of a person's own file; ``NotFound`` for anybody else's."""
    essay_id = _essay_id(executor, slug, person)
    found = None
    if essay_id is not None:
        found = essay_files.find_content(executor, essay_id, sha256)
    if found is None:
        raise NotFound("essay.no_such_file")
    return found


def _essay_id(executor: Executor, slug: str, person: str) -> int | None:
    participant = people.find_participant(executor, slug, person)
    stored = essay_rows.find_essay(executor, participant.id) if participant else None
    return stored.id if stored else None
