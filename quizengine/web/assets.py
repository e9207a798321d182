"""The files that pages link, as browsers get them: compact, gzipped, kept for a year.

What stands in the folder of static files is written for people. Comments and indentation are taken
out when a process first serves a file, and the colours of the federation are put in.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Response, current_app, request, url_for

from quizengine.errors import NotFound
from quizengine.web import brand
from quizengine.web.encoding import takes_gzip

FILES = Path(__file__).parent / "static" / "quiz"
STYLES = "quiz.css"
EXAM_STYLES = "exam.css"
"""The sections of the style sheet that an exam page needs, as a sheet of their own."""
EXAM_SECTIONS = frozenset("12479")
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
KINDS |= brand.PICTURES
SQUEEZED = frozenset({".css", ".js", ".svg"})
"""Kinds that are text; pictures of dots are packed already."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SECTION = re.compile(r"^(?=/\* \d )", re.MULTILINE)
_BREAK = re.compile(r"([{};,])\n")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: its media type, its bytes, those gzipped, and a hash of them."""

    kind: str
    body: bytes
    squeezed: bytes | None
    version: str


def compact(text: str, suffix: str) -> str:
    """Return a style sheet or script without comments, empty lines and indentation.

    In scripts only whole lines that start with ``//`` are comments: anything else may be part of a
    text or of an expression.
    """
    if suffix == ".css":
        text = _COMMENT.sub("", text)
    lines = (line.strip() for line in text.splitlines())
    kept = (line for line in lines if line and not (suffix == ".js" and line.startswith("//")))
    joined = "\n".join(kept) + "\n"
    return _BREAK.sub(r"\1", joined) if suffix == ".css" else joined


def exam_part(styles: str) -> str:
    """Return the sections of the style sheet that an exam page needs; each starts ``/* 7 …``."""
    sections = _SECTION.split(styles)
    return "".join(one for one in sections if one[3:4] in EXAM_SECTIONS)


@lru_cache(maxsize=256)
def _read(path: Path, addition: str, is_exam: bool = False) -> Asset:
    """Return a file as it is sent, with something put at its end; read once a process."""
    body = path.read_bytes()
    if path.suffix in (".css", ".js"):
        text = exam_part(body.decode()) if is_exam else body.decode()
        body = (compact(text, path.suffix) + addition).encode()
    squeezed = gzip.compress(body, 9, mtime=0) if path.suffix in SQUEEZED else None
    version = hashlib.sha256(body).hexdigest()[:16]
    return Asset(KINDS[path.suffix], body, squeezed, version)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(one.name for one in FILES.iterdir() if one.suffix in KINDS)


def find(name: str) -> Asset:
    """Return a file of the pages by its name; ``NotFound`` for any other name."""
    if name in (STYLES, EXAM_STYLES):
        colours = brand.rule(current_app.config["QUIZ_BRAND"])
        return _read(FILES / STYLES, colours, name == EXAM_STYLES)
    if name in _names():
        return _read(FILES / name, "")
    for picture in (brand.logo(), brand.banner()):
        if picture is not None and picture.file is not None and name == picture.name:
            return _read(picture.file, "")
    raise NotFound("web.no_page")


def asset(name: str) -> str:
    """Return the address of a file that pages link: another one when its content is another."""
    return url_for("quiz.static", filename=name, v=find(name).version)


def address(picture: brand.Picture | None) -> str:
    """Return where a picture of the federation is; empty for none."""
    if picture is None:
        return ""
    return asset(picture.name) if picture.file else picture.address


def send(filename: str) -> Response:
    """Answer with a file: to keep for a year when it was asked for under its own hash."""
    found = find(filename)
    is_squeezed = found.squeezed is not None and takes_gzip()
    response = Response(found.squeezed if is_squeezed else found.body, content_type=found.kind)
    if found.squeezed is not None:
        response.vary.add("Accept-Encoding")
    if is_squeezed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(found.version + "-gzip" * is_squeezed)
    is_own = request.args.get("v") == found.version
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if is_own else "no-cache"
    )
    response.make_conditional(request)
    return response
