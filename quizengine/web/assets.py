"""The files that pages link, as browsers get them: compact, gzipped, kept for a year.

What stands in the folder of static files is written for people. Comments and spaces are taken out
when a process first serves a file, and the colours of the federation are put in.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Response, current_app, request, url_for

from quizengine.errors import NotFound
from quizengine.web import brand
from quizengine.web.compaction import compact_script, compact_style, markup_of, style_part
from quizengine.web.encoding import takes_gzip

FILES = Path(__file__).parent / "static" / "quiz"
STYLES = "quiz.css"
EXAM_STYLES = "exam.css"
"""The rules of the style sheet that an exam page can use, as a sheet of their own."""
TEMPLATES = FILES.parents[1] / "templates" / "quiz"
EXAM_TEMPLATES = ("frame.html", "exam.html", "two.html")
EXAM_SCRIPTS = ("answers.js",)
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
KINDS |= brand.PICTURES
SQUEEZED = frozenset({".css", ".js", ".svg"})
"""Kinds that are text; pictures of dots are packed already."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: its media type, its bytes, those gzipped, and a hash of them."""

    kind: str
    body: bytes
    squeezed: bytes | None
    version: str


def compact(text: str, suffix: str) -> str:
    """Return a style sheet or script as it is sent; its kind is told by the suffix of its file."""
    return compact_style(text) if suffix == ".css" else compact_script(text)


def exam_part(styles: str) -> str:
    """Return the rules of a compact style sheet that an exam page can use."""
    templates = [(TEMPLATES / name).read_text(encoding="utf-8") for name in EXAM_TEMPLATES]
    scripts = [(FILES / name).read_text(encoding="utf-8") for name in EXAM_SCRIPTS]
    return style_part(styles, markup_of(templates, scripts))


@lru_cache(maxsize=256)
def _read(path: Path, addition: str, is_exam: bool = False) -> Asset:
    """Return a file as it is sent, with something put at its end; read once a process."""
    body = path.read_bytes()
    if path.suffix in (".css", ".js"):
        text = compact(body.decode(), path.suffix)
        body = ((exam_part(text) if is_exam else text) + addition).encode()
    squeezed = gzip.compress(body, 9, mtime=0) if path.suffix in SQUEEZED else None
    version = hashlib.sha256(body).hexdigest()[:8]
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
