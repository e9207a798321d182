"""Content encoding: gzip for the browsers that take it."""

from __future__ import annotations

import gzip

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from quizengine.web.security import is_foreign

PAGE_KINDS = frozenset({"text/html", "application/json", "text/csv", "text/plain"})
PAGE_LEVEL = 9
"""Of a page made for one reader: half a millisecond more than 5, and 1% less on a weak network."""
LEAST_BYTES = 1024
"""What is shorter fits into one packet either way."""


def takes_gzip() -> bool:
    """Return whether the browser asked for gzip."""
    return request.accept_encodings.quality("gzip") > 0


def squeeze(response: AnyResponse) -> AnyResponse:
    """Return a page gzipped if that is worth while and tells nothing.

    A page that somebody else's page asked for in a reader's name stays as it is: who writes into
    the address and measures what comes back could otherwise guess words of the page, letter by
    letter. The token of the forms is another one in each page and cannot be guessed so.
    """
    if not _is_worth(response):
        return response
    response.vary.add("Accept-Encoding")
    if takes_gzip() and not (is_foreign() and request.cookies):
        response.set_data(gzip.compress(response.get_data(), PAGE_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _is_worth(response: AnyResponse) -> bool:
    return (
        response.mimetype in PAGE_KINDS
        and not response.is_streamed
        and not response.direct_passthrough
        and "Content-Encoding" not in response.headers
        and "ETag" not in response.headers
        and len(response.get_data()) >= LEAST_BYTES
    )
