"""Files that organisers hand over: read in a bounded child, kept, put right, loaded or dropped."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from sqlalchemy.orm import Session

from quizengine.core.attempts import PUBLIC_ID_BYTES, new_public_id
from quizengine.core.banks import Kind, letters_of
from quizengine.core.text import fold
from quizengine.core.units import UnitTree
from quizengine.errors import Conflict, InvalidFile, InvalidInput, NotFound, Unavailable, has_errors
from quizengine.formats.previews import (
    Preview,
    from_document,
    read_preview,
    to_document,
    units_document,
    units_from,
    with_key,
)
from quizengine.formats.reading import MAX_PACKED, MEGABYTE, run_bounded, too_large
from quizengine.formats.unit_file import ReadUnits, read_units
from quizengine.services import banks, units
from quizengine.services.banks import LoadedBank
from quizengine.services.essay_files import file_name
from quizengine.store import banks as bank_rows
from quizengine.store import people, uploads
from quizengine.store.connection import Executor
from quizengine.store.uploads import Purpose, Upload, UploadTitle

KEPT_DAYS = 7
MAX_WAITING = 20
QUICK_BYTES = 300_000
"""Up to this size a file is read while the sender waits; a larger one shows that it is read."""
READERS = 1
"""How many files a process reads at once, beside the essays: answers need the processor too."""
READ_WAIT_SECONDS = 10
SAME_BANK_PERCENT = 50
"""From this share of known questions on, a file is taken for a new version of that bank."""

_readers = threading.BoundedSemaphore(READERS)


@dataclass(frozen=True, slots=True)
class BankUpload:
    """A bank file that waits; ``preview`` is None while it has not been read."""

    title: UploadTitle
    preview: Preview | None
    fixes: Mapping[int, Mapping[str, str]]
    """Of each question that was put right the letters of its key: ``was`` and ``now``."""


@dataclass(frozen=True, slots=True)
class UnitsUpload:
    """A unit list that waits; ``read`` is None while it has not been read."""

    title: UploadTitle
    read: ReadUnits | None


def read_file(content: bytes, name: str, purpose: Purpose) -> dict[str, Any]:
    """Return what a file holds, as the document that is kept; read in a bounded child process.

    Call it outside any transaction. ``InvalidInput`` when no file was chosen, ``TooLarge`` over a
    limit, ``InvalidFile`` with the places when nothing in it can be read, ``Unavailable`` when too
    many files are being read.
    """
    check_file(content, name)
    if not _readers.acquire(timeout=READ_WAIT_SECONDS):
        raise Unavailable("upload.many_files")
    try:
        if purpose == "bank":
            return to_document(run_bounded(read_preview, content, name))
        read = run_bounded(read_units, content, name)
    finally:
        _readers.release()
    if not read.units:
        raise InvalidFile("upload.no_units", read.problems)
    return units_document(read)


def check_file(content: bytes, name: str) -> None:
    """Raise unless a file was chosen that is not over the limit of size."""
    if not name:
        raise InvalidInput("upload.no_file")
    if len(content) > MAX_PACKED:
        raise too_large("file.too_large", megabytes=MAX_PACKED // MEGABYTE)


def keep_file(
    session: Session,
    content: bytes,
    name: str,
    *,
    purpose: Purpose,
    found: Mapping[str, Any],
    now: datetime,
    actor: str,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """Keep a file with what was read of it, nothing when that is to be done; return its public id.

    ``Conflict`` when ``MAX_WAITING`` files wait already.
    """
    if uploads.count_uploads(session) >= MAX_WAITING:
        raise Conflict("upload.too_many", limit=MAX_WAITING)
    public_id = new_public_id(entropy(PUBLIC_ID_BYTES))
    title = UploadTitle(public_id, file_name(name), actor, now)
    uploads.insert_upload(session, title, content, purpose=purpose, found=found)
    return public_id


def read_kept(executor: Executor, public_id: str, purpose: Purpose) -> dict[str, Any]:
    """Return what a file holds that was kept unread; raises as :func:`read_file` does."""
    upload = _find(executor, public_id, purpose)
    content = uploads.read_content(executor, public_id)
    return read_file(content, upload.title.file_name, purpose)


def save_found(session: Session, public_id: str, found: Mapping[str, Any]) -> None:
    """Write what was read of a file that was kept unread, unless it was written already."""
    for purpose in ("bank", "units"):
        upload = uploads.find_upload(session, public_id, purpose, for_update=True)
        if upload is not None and not upload.found:
            uploads.save_found(session, public_id, found, {})


def list_uploads(executor: Executor, purpose: Purpose) -> tuple[UploadTitle, ...]:
    """Return the files that wait, the newest first, with the names of who handed them over."""
    waiting = uploads.list_uploads(executor, purpose)
    names = people.names_of(executor, {one.made_by for one in waiting})
    return tuple(
        UploadTitle(one.public_id, one.file_name, names.get(one.made_by, one.made_by), one.made_at)
        for one in waiting
    )


def bank_upload(executor: Executor, public_id: str) -> BankUpload:
    """Return a bank file that waits; ``NotFound`` when there is none."""
    return _bank_upload(_find(executor, public_id, "bank"))


def units_upload(executor: Executor, public_id: str) -> UnitsUpload:
    """Return a unit list that waits; ``NotFound`` when there is none."""
    upload = _find(executor, public_id, "units")
    return UnitsUpload(upload.title, units_from(upload.found) if upload.found else None)


def fix_key(
    session: Session, public_id: str, index: int, key: int, *, kind: Kind | None = None
) -> BankUpload:
    """Put the key of a question right, given by its place in the file, and its kind when given.

    ``InvalidInput`` for a key that is not among the choices or a question that is not there.
    """
    upload = _bank_upload(_find(session, public_id, "bank", for_update=True))
    preview = _read(upload)
    fixed = with_key(preview, index, key, kind)
    fixes = dict(upload.fixes)
    now = letters_of(key)
    was = fixes.get(index, {}).get("was", letters_of(preview.bank.questions[index].key))
    fixes[index] = {"was": was, "now": now}
    if was == now:
        del fixes[index]
    kept = {str(place): dict(fix) for place, fix in sorted(fixes.items())}
    uploads.save_found(session, public_id, to_document(fixed), kept)
    return BankUpload(upload.title, fixed, fixes)


def load_bank(
    session: Session, public_id: str, *, name: str, seen: int | None, now: datetime, actor: str
) -> LoadedBank:
    """Load the questions of a file under a name and let go of the file, all or nothing.

    ``seen`` is the version that the person has seen the changes to, None for a name that is new:
    ``Conflict`` when another is the newest. ``InvalidInput`` with every problem while the file has
    errors; otherwise as ``banks.load_bank``.
    """
    upload = _bank_upload(_find(session, public_id, "bank", for_update=True))
    preview = _read(upload)
    name = banks.clean_name(name)
    newest = bank_rows.find_version(session, name)
    if newest is not None and newest.number != seen:
        raise Conflict("upload.version_changed" if seen else "upload.changes_unseen", name=name)
    if has_errors(preview.problems):
        raise InvalidInput("bank.has_errors", preview.problems)
    details: dict[str, Any] = {"file": upload.title.file_name}
    if upload.fixes:
        details["fixed"] = ", ".join(
            f"{preview.bank.questions[place].id}: {fix['was'] or '–'} → {fix['now']}"
            for place, fix in upload.fixes.items()
        )
    loaded = banks.load_bank(
        session,
        preview.bank,
        name=name,
        now=now,
        actor=actor,
        details=details,
    )
    uploads.delete_upload(session, public_id)
    return loaded


def load_units(session: Session, public_id: str, *, now: datetime, actor: str) -> int:
    """Put the units of a file in place of the tree and let go of the file; return how many.

    ``InvalidInput`` with every problem while it has errors; otherwise as ``units.load_units``.
    """
    upload = units_upload(session, public_id)
    if upload.read is None or has_errors(upload.read.problems):
        problems = upload.read.problems if upload.read else ()
        raise InvalidInput("unit.tree_broken", problems)
    units.load_units(session, UnitTree(upload.read.units), now=now, actor=actor)
    uploads.delete_upload(session, public_id)
    return len(upload.read.units)


def drop_upload(session: Session, public_id: str, purpose: Purpose) -> None:
    """Let go of a file without loading it; ``NotFound`` when there is none."""
    _find(session, public_id, purpose, for_update=True)
    uploads.delete_upload(session, public_id)


def drop_old(session: Session, *, now: datetime) -> int:
    """Drop the files that have waited for ``KEPT_DAYS``; return how many."""
    return uploads.delete_old(session, now - timedelta(days=KEPT_DAYS))


def proposed_name(executor: Executor, upload: BankUpload) -> str:
    """Return the name of the bank that most of the questions are in, else one made of the file's.

    The name that a contest refers to is short, in small letters, without accents.
    """
    known = [page.newest.version for page in banks.list_banks(executor)]
    stems = {question.stem for question in _read(upload).bank.questions}
    shares = [
        (100 * len(stems & bank_rows.read_stems(executor, one.id)) // len(stems), one.name)
        for one in known
    ]
    share, nearest = max(shares, default=(0, ""))
    if share >= SAME_BANK_PERCENT:
        return nearest
    plain = re.sub("[^a-z0-9]+", "-", fold(PurePath(upload.title.file_name).stem))
    return plain.strip("-")[: banks.MAX_NAME] or "ngan-hang"


def _find(
    executor: Executor, public_id: str, purpose: Purpose, *, for_update: bool = False
) -> Upload:
    upload = uploads.find_upload(executor, public_id, purpose, for_update=for_update)
    if upload is None:
        raise NotFound("upload.unknown")
    return upload


def _bank_upload(upload: Upload) -> BankUpload:
    preview = from_document(upload.found) if upload.found else None
    return BankUpload(upload.title, preview, {int(at): fix for at, fix in upload.fixes.items()})


def _read(upload: BankUpload) -> Preview:
    if upload.preview is None:
        raise Conflict("upload.not_read")
    return upload.preview
