"""Files that organisers send to the desk: taken from the form, read at once or behind a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from quizengine.errors import InvalidInput, Place
from quizengine.i18n import describe_place
from quizengine.services import uploads
from quizengine.services.essay_files import file_name
from quizengine.services.transaction import transaction
from quizengine.store.uploads import Purpose
from quizengine.web.host import arrival, session
from quizengine.web.languages import language

ACCEPTED: Mapping[Purpose, str] = {
    "bank": ".docx,.txt,.xlsx,.csv,.yaml,.yml",
    "units": ".xlsx,.csv",
}
"""What the file picker offers first; what a file is, its content tells."""


def sent_name() -> str:
    """Return the name of the file that was sent, without its folders; empty when none was."""
    sent = request.files.get("file")
    return file_name(sent.filename or "") if sent else ""


def keep_sent(purpose: Purpose, *, actor: str) -> str:
    """Read and keep the file that was sent, a large one unread yet; return its public id.

    Raises what ``services.uploads.read_file`` and ``keep_file`` do; nothing is kept then.
    """
    name, sent = sent_name(), request.files.get("file")
    content = sent.read() if sent and name else b""
    uploads.check_file(content, name)
    found: dict[str, Any] = {}
    if len(content) <= uploads.QUICK_BYTES:
        found = uploads.read_file(content, name, purpose)
    with transaction(session()) as writing:
        return uploads.keep_file(
            writing, content, name, purpose=purpose, found=found, now=arrival(), actor=actor
        )


def read_kept(public_id: str, purpose: Purpose) -> InvalidInput | None:
    """Read a file that was kept unread; when that fails it is dropped, and the reason returned."""
    try:
        found = uploads.read_kept(session(), public_id, purpose)
    except InvalidInput as error:
        with transaction(session()) as writing:
            uploads.drop_upload(writing, public_id, purpose)
        return error
    with transaction(session()) as writing:
        uploads.save_found(writing, public_id, found)
    return None


def where(place: Place) -> str:
    """Return where a problem is, in words; empty for the file as a whole."""
    return "" if place.kind == "file" else describe_place(place, language())
