"""The parts of a Markdown page that the tests hold against the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def read(path: Path) -> str:
    """Return the text of a page."""
    return path.read_text(encoding="utf-8")


def sections(text: str, mark: str) -> dict[str, str]:
    """Return what stands under each heading of one depth (``##``), up to the next as high."""
    plain = _FENCE.sub("", text)
    found: dict[str, str] = {}
    heading = None
    for line in plain.splitlines():
        depth, _, title = line.partition(" ")
        is_heading = bool(depth) and not depth.strip("#")
        if is_heading and len(depth) <= len(mark):
            heading = title if depth == mark else None
        elif heading is not None:
            found[heading] = found.get(heading, "") + line + "\n"
        if is_heading and depth == mark:
            found.setdefault(title, "")
    return found


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language, in order."""
    return [body for name, body in _FENCE.findall(text) if name == language]


def cells(text: str) -> list[list[str]]:
    """Return the rows of the tables in a text, without their heads."""
    rows: list[list[str]] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            continue
        row = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if set("".join(row)) <= set("-: "):
            rows = rows[:-1]
        else:
            rows.append(row)
    return rows


def names(text: str) -> list[str]:
    """Return what stands in back quotes."""
    return re.findall(r"`([^`]+)`", text)


def links(text: str) -> Iterator[str]:
    """Yield where the links of a page lead, those inside code left out."""
    yield from _LINK.findall(re.sub(r"`[^`]*`", "", _FENCE.sub("", text)))
