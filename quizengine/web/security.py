"""What stands before a use case: CSRF tokens, origins, body limits; and response headers.

The token is WTForms' ``SessionCSRF`` without a time limit, because an exam page stays open
for long. It hangs on a secret of the log-in, so it dies with the log-in and not before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
from typing import IO
from urllib.parse import urlsplit

from flask import current_app, g, request, session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form
from wtforms.csrf.core import CSRFTokenField
from wtforms.csrf.session import SessionCSRF
from wtforms.form import BaseForm

from quizengine.errors import NotAllowed, NotFound
from quizengine.web.host import participant, wiring

TOKEN_FIELD = "csrf_token"
TOKEN_HEADER = "X-Quiz-Token"
NONCE_KEY = "quiz_nonce"
TOKEN_START = "##"
"""What WTForms puts before the 20 bytes in hex: no time at which the token ends."""
MASKED_LETTERS = 54
LARGEST_NUMBER = 2**63 - 1
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

DEFAULT_BODY_BYTES = 64 * 1024
BODY_BYTES = {
    "quiz.write_essay": 256 * 1024,
    "quiz.upload_essay": 5 * 1024 * 1024,
    "quiz.new_contest": 2 * 1024 * 1024,
    "quiz.contest_form_part": 512 * 1024,
    "quiz.upload_bank": 10 * 1024 * 1024,
    "quiz.upload_units": 10 * 1024 * 1024,
}
"""Limits of the routes that need another than the default."""


class ExpiredToken(NotAllowed):
    """The form belongs to an earlier log-in; what was typed is still in the request."""

    status = 403


class MaskedTokens(SessionCSRF):
    """Tokens that look different in every page and stay good for the whole log-in.

    Pages are sent compressed, and the length of a compressed page tells what is twice in it: a
    token that never changed could be found out by repeating guesses of it in an address.
    """

    def generate_csrf_token(self, csrf_token_field: CSRFTokenField) -> str:
        """Return the token of the log-in, masked anew."""
        return mask(super().generate_csrf_token(csrf_token_field))

    def validate_csrf_token(self, form: BaseForm, field: CSRFTokenField) -> None:
        """Raise ``ValidationError`` unless the token, masked or not, is that of the log-in."""
        field.data = unmask(field.data or "")
        super().validate_csrf_token(form, field)


def mask(plain: str) -> str:
    """Return a token under random bytes, which stand before it."""
    digest = bytes.fromhex(plain.removeprefix(TOKEN_START))
    pad = secrets.token_bytes(len(digest))
    return base64.urlsafe_b64encode(pad + _xor(pad, digest)).decode().rstrip("=")


def unmask(sent: str) -> str:
    """Return the token that was masked; anything else comes back as it is."""
    if len(sent) != MASKED_LETTERS or not sent.isascii():
        return sent
    try:
        both = base64.b64decode(sent + "==", altchars=b"-_", validate=True)
    except ValueError:
        return sent
    return TOKEN_START + _xor(both[: len(both) // 2], both[len(both) // 2 :]).hex()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


class TokenForm(Form):
    """A form of nothing but its token; every other form of ours extends it."""

    csrf_token: CSRFTokenField

    class Meta:
        csrf = True
        csrf_class = MaskedTokens
        csrf_time_limit = None
        csrf_field_name = TOKEN_FIELD

        @property
        def csrf_secret(self) -> bytes:
            """Return the application's secret key, turned into one for this purpose only."""
            return _signed(b"quizengine csrf")

        @property
        def csrf_context(self) -> dict[str, str]:
            """Return the session-like object that ``SessionCSRF`` reads its nonce from."""
            return {"csrf": form_nonce()}


def _signed(words: bytes) -> bytes:
    """Return 32 bytes that only somebody with the application's secret key can compute."""
    key = current_app.secret_key
    if not key:
        raise RuntimeError("quizengine needs a SECRET_KEY to protect its forms: set one")
    secret = key.encode() if isinstance(key, str) else key
    return hmac.digest(secret, words, hashlib.sha256)


def owner() -> str:
    """Return 16 hex digits by which a browser tells people apart; empty when nobody is logged in.

    What a page keeps in the browser goes under them, so that the next person on the same phone
    neither sees nor sends it; they say nothing of who it is.
    """
    person = participant()
    return _signed(b"quizengine owner " + person.id.encode()).hex()[:16] if person else ""


def form_nonce() -> str:
    """Return the secret of this log-in, or of this browser while nobody is logged in."""
    nonce = wiring().nonce()
    if nonce is not None:
        return nonce
    if NONCE_KEY not in session:
        session[NONCE_KEY] = secrets.token_hex(32)
    stored: str = session[NONCE_KEY]
    return stored


def token() -> str:
    """Return the token that unsafe requests of this log-in carry."""
    if "quiz_token" not in g:
        g.quiz_token = TokenForm().csrf_token.current_token
    current: str = g.quiz_token
    return current


class EarlierForm(TokenForm):
    """A form of a page that this browser got before anybody was logged in."""

    class Meta:
        @property
        def csrf_context(self) -> dict[str, str]:
            """Return the nonce of nobody, which a log-in leaves where it is."""
            return {"csrf": session.get(NONCE_KEY, "")}


def is_from_before() -> bool:
    """Return whether somebody has logged in here since this browser got the form that it sends."""
    return participant() is not None and NONCE_KEY in session and _is_good(EarlierForm)


def _is_good(form: type[TokenForm]) -> bool:
    sent = request.headers.get(TOKEN_HEADER) or request.form.get(TOKEN_FIELD, "")
    return form(MultiDict({TOKEN_FIELD: sent})).validate()


def check_request() -> None:
    """Raise unless an unsafe request comes from a page of ours and carries its token.

    An address with what no database can hold is nobody's.
    """
    if "\x00" in request.path or any(map(_is_too_large, (request.view_args or {}).values())):
        raise NotFound("web.no_page")
    if request.method not in UNSAFE_METHODS:
        return
    if is_foreign():
        raise NotAllowed("web.foreign_origin")
    if not _is_good(TokenForm):
        raise ExpiredToken("web.expired_form")


def _is_too_large(value: object) -> bool:
    return isinstance(value, int) and value > LARGEST_NUMBER


def is_foreign() -> bool:
    """Return whether the browser says that another site sent the request.

    ``Sec-Fetch-Site`` decides where it is sent; a page cannot forge it. The scheme of ``Origin`` is
    not compared, because behind a proxy the application may not know its own.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.host
    except ValueError:
        return True


def limit_body() -> None:
    """Refuse bodies over the limit of the route, whatever the host's own limit is.

    Where the server ends the stream (chunked, for one), Werkzeug cuts a body at the limit and takes
    one that broke off for whole; so such a body is read here, and refused unless it is all there.
    """
    limit = BODY_BYTES.get(request.endpoint or "", DEFAULT_BODY_BYTES)
    request.max_content_length = limit
    if not request.environ.get("wsgi.input_terminated") or "quiz_body" in g:
        return
    g.quiz_body = True
    length = request.content_length
    if length is not None and length > limit:
        raise RequestEntityTooLarge
    body = _read_at_most(request.environ["wsgi.input"], limit + 1)
    if len(body) > limit:
        raise RequestEntityTooLarge
    if length is not None and len(body) < length:
        raise ClientDisconnected
    request.environ["wsgi.input"] = io.BytesIO(body)


def _read_at_most(stream: IO[bytes], size: int) -> bytes:
    """Return the bytes of a stream to its end, or as many as asked for."""
    body = b""
    while len(body) < size and (part := stream.read(size - len(body))):
        body += part
    return body


def add_headers(response: AnyResponse) -> AnyResponse:
    """Return the response with the headers that keep pages ours; a host may have set its own."""
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy", current_app.config["QUIZ_CONTENT_SECURITY_POLICY"]
    )
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # Not "no-referrer", which would make browsers send "Origin: null" with our own forms.
    headers.setdefault("Referrer-Policy", "same-origin")
    if not (_is_file(response) or response.cache_control.no_store):
        # Not "no-store": going back must bring back what was typed.
        headers["Cache-Control"] = "private, no-cache"
    return response


def _is_file(response: AnyResponse) -> bool:
    """Return whether it is a file that is everybody's: the error page instead of one is not."""
    endpoint = request.endpoint or ""
    return endpoint.endswith(".static") and response.status_code < 400
