"""Finding people: the key that one is found by, and what a typed search looks for in keys.

A key is folded words, each after a space. A word that is looked for stands at the start of one of
them, digits anywhere: ``tran khue`` and ``khuê 456`` find Trần Minh Khuê, 0900 000 456.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from quizengine.core.attempts import RECEIPT_ALPHABET
from quizengine.core.text import fold, normalise

MAX_TYPED = 120
MAX_WORDS = 8
"""A longer search is cut, or its conditions would be too many for a database."""
LEAST_DIGITS = 3
"""Fewer digits are found at the start of a word only: they are in every phone number."""

_PHONE = re.compile(r"[\d\s.()+\-]+")
_COUNTRY = re.compile(r"^(\+|00)84")
_CODE = re.compile(f"[{RECEIPT_ALPHABET}]{{8}}")
_PUBLIC_ID = re.compile(r"(?<![a-z2-7])[a-z2-7]{26}(?![a-z2-7])")


@dataclass(frozen=True, slots=True)
class Search:
    """What a typed search looks for: parts that must all be in a key, or one attempt or essay."""

    parts: tuple[str, ...] = ()
    #: A receipt code, when what was typed may be one.
    code: str = ""
    #: The public id in an address that was pasted.
    public_id: str = ""


def search_key(*texts: str) -> str:
    """Return the key of what is called by some texts; a code is found joined and parted."""
    words: list[str] = []
    for text in texts:
        folded = fold(text).split()
        words += folded
        if len(folded) > 1 and any(map(str.isdigit, "".join(folded))):
            words.append("".join(folded))
    return "".join(f" {word}" for word in dict.fromkeys(words))


def read_search(typed: str) -> Search:
    """Return what a typed search looks for; nothing typed looks for nothing in particular."""
    text = normalise(typed).strip()
    public_id = _PUBLIC_ID.search(text)
    if public_id:
        return Search(public_id=public_id[0])
    code = re.sub(r"[\s\-–]", "", text).upper()
    return Search(
        parts=_parts(text),
        code=f"{code[:4]}-{code[4:]}" if _CODE.fullmatch(code) else "",
    )


def _parts(text: str) -> tuple[str, ...]:
    if _PHONE.fullmatch(text):
        # A number is stored with the 0 that stands for the country.
        text = re.sub(r"\D", "", _COUNTRY.sub("", re.sub(r"[\s.()\-]", "", text)))
    words = dict.fromkeys(fold(text[:MAX_TYPED]).split()[:MAX_WORDS])
    return tuple(
        word if word.isdigit() and len(word) >= LEAST_DIGITS else f" {word}" for word in words
    )
