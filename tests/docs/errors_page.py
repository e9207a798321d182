"""Makes ``docs/errors.md`` from the catalogue: ``python -m tests.docs.errors_page``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from babel.messages.pofile import read_po

from tests.docs.markdown import CHECKOUT, DOCS

CATALOGUE = CHECKOUT / "quizengine" / "locale" / "en" / "LC_MESSAGES" / "problems.po"
PAGE = DOCS / "errors.md"
WORDS = ("number", "place", "rule", "time")
"""What the catalogue holds beside errors: the words of rules, instants and numbers."""

HEAD = """\
# Errors and problems

Every refusal and every finding in a checked file has a code. Pages and commands say its sentence in
the reader's language; JSON carries the code as well. The part before the dot says what it is about;
names in braces are filled in. A *problem* of a file is an error or a warning with a place. The tree
of the error classes, with their HTTP statuses, is drawn at the top of `quizengine/errors.py`.

This page is made from the English catalogue by `.venv/bin/python -m tests.docs.errors_page`, and a
test compares the two.
"""


def codes() -> dict[str, str]:
    """Return the English sentence of every code and of its suggestion, from the catalogue."""
    with CATALOGUE.open("rb") as stream:
        messages = [message for message in read_po(stream) if message.id]
    return {
        message.id: message.string
        for message in messages
        if isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.id.split(".")[0] not in WORDS
    }


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    sentences = codes()
    own = sorted(code for code in sentences if not code.endswith(".fix"))
    for noun, found in groupby(own, lambda code: code.split(".")[0]):
        yield f"\n## {noun}\n\n| code | what it says | what to do |\n|---|---|---|\n"
        for code in found:
            message, fix = sentences[code], sentences.get(f"{code}.fix", "")
            yield f"| `{code}` | {_cell(message)} | {_cell(fix)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
