"""Quizzes and contests: from a file of questions to a ranking that can be defended.

Importing this loads no framework: banks, papers, marks, rankings and duplicates work without Flask
and without a database. ``QuizEngine``, the Flask extension, is loaded when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quizengine.core.banks import Bank, Kind, Question
from quizengine.core.contest import Counts, RankingKey, Scoring, Section
from quizengine.core.drawing import Paper, draw_paper, pool_of, pseudonym
from quizengine.core.duplicates import DuplicateReport, find_duplicates
from quizengine.core.ranking import Ranked, Standing, rank
from quizengine.core.scoring import Score, keys_of, mark
from quizengine.errors import Problem, QuizError
from quizengine.formats.registry import check_bank, load_bank

if TYPE_CHECKING:
    from quizengine.web.extension import QuizEngine
    from quizengine.web.host import Participant

__all__ = [
    "Bank",
    "Counts",
    "DuplicateReport",
    "Kind",
    "Paper",
    "Participant",
    "Problem",
    "Question",
    "QuizEngine",
    "QuizError",
    "Ranked",
    "RankingKey",
    "Score",
    "Scoring",
    "Section",
    "Standing",
    "check_bank",
    "draw_paper",
    "find_duplicates",
    "keys_of",
    "load_bank",
    "mark",
    "pool_of",
    "pseudonym",
    "rank",
]


def __getattr__(name: str) -> Any:
    if name == "QuizEngine":
        from quizengine.web.extension import QuizEngine

        return QuizEngine
    if name == "Participant":
        from quizengine.web.host import Participant

        return Participant
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
