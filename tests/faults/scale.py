"""How much a fault test does: its full count under QUIZ_FAULTS=full, a smoke form otherwise."""

from __future__ import annotations

import os

IS_FULL = os.environ.get("QUIZ_FAULTS") == "full"


def count(*, smoke: int, full: int) -> int:
    """Return how many times to do something in this run."""
    return full if IS_FULL else smoke
