"""What a process may remember of running attempts, so that saving an answer reads nothing.

Papers and question texts never change once drawn or loaded, so remembering them can only save time:
whose attempt it is and until when it takes answers is decided by the write itself.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from quizengine.core.banks import Prompt
from quizengine.core.drawing import Paper
from quizengine.core.papers import unpack_paper
from quizengine.core.sheets import RECORD_BYTES
from quizengine.store import banks
from quizengine.store.attempts import StoredAttempt
from quizengine.store.connection import Executor

REMEMBERED_ATTEMPTS = 20_000


@dataclass(frozen=True, slots=True)
class Sitting:
    """The unchanging part of an attempt."""

    paper: Paper
    started_at: datetime
    records: int
    """Slots of the paper, and one more when the round asks for a prediction."""


class Papers:
    """The papers and prompts that a process has lately read; safe to share between threads."""

    def __init__(self) -> None:
        self._sittings: OrderedDict[str, Sitting] = OrderedDict()
        self._prompts: dict[int, tuple[Prompt, ...]] = {}
        self._guard = threading.Lock()

    def recall(self, public_id: str) -> Sitting | None:
        """Return what is remembered of an attempt, or None."""
        with self._guard:
            sitting = self._sittings.get(public_id)
            if sitting is not None:
                self._sittings.move_to_end(public_id)
            return sitting

    def remember(self, attempt: StoredAttempt) -> Sitting:
        """Return the unchanging part of an attempt and remember it for a while."""
        sitting = sitting_of(attempt)
        with self._guard:
            self._sittings[attempt.public_id] = sitting
            while len(self._sittings) > REMEMBERED_ATTEMPTS:
                self._sittings.popitem(last=False)
        return sitting

    def prompts(self, executor: Executor, version_id: int) -> tuple[Prompt, ...]:
        """Return the prompts of a bank version, by ordinal; read once a process."""
        if version_id not in self._prompts:
            self._prompts[version_id] = banks.read_prompts(executor, version_id)
        return self._prompts[version_id]


def sitting_of(attempt: StoredAttempt) -> Sitting:
    """Return the unchanging part of an attempt."""
    return Sitting(
        paper=unpack_paper(attempt.paper),
        started_at=attempt.started_at,
        records=len(attempt.sheet) // RECORD_BYTES,
    )
