"""The known word that somebody most likely meant."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str], least: int = 70) -> str:
    """Return the most similar of the known words, or ``""`` when none is near enough.

    ``least`` is the lowest similarity that counts, 0 to 100, without regard to case.
    """
    from rapidfuzz import fuzz, process

    found = process.extractOne(
        word, list(known), scorer=fuzz.ratio, processor=str.lower, score_cutoff=least
    )
    return found[0] if found else ""
