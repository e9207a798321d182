"""The record's page: what staff did, and whether the record is unbroken."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from quizengine.services import audit
from quizengine.store.audit import Sought
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import session
from quizengine.web.organise import desk_zone

FILTERS = {"viec": "action", "nguoi": "actor", "ve": "subject"}
"""What narrows the list, by its word in the address."""


@quiz.get("/to-chuc/nhat-ky")
def record() -> Page:
    """Show the entries that the address asks for; the whole record is verified where it is short.

    Where it is long the page says so and verifies when asked to.
    """
    # PostgreSQL takes no zero character, not even to look for it.
    asked = {word: request.args.get(word, "").replace("\0", "").strip() for word in FILTERS}
    sought = Sought(**{FILTERS[word]: value for word, value in asked.items()})
    found = audit.record_page(session(), sought, request.args.get("trang", 1, type=int))
    is_verified = found.whole <= audit.QUICK_ROWS or "kiem-tra" in request.args

    def link(**changes: Any) -> str:
        """Return the address of the same list with something changed."""
        kept = {name: value for name, value in {**asked, **changes}.items() if value}
        return url_for("quiz.record", **kept)

    return page(
        "record",
        found=found,
        asked=asked,
        link=link,
        is_narrowed=any(asked.values()),
        is_verified=is_verified,
        broken=audit.verify(session()) if is_verified else None,
        zone=desk_zone(),
    )
