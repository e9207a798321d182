"""The face of the library: what ``import quizengine`` offers, and what it does not load."""

from __future__ import annotations

import subprocess
import sys

import quizengine

PUBLIC_NAMES = {
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
}


def test_the_public_names_are_these_and_each_is_there() -> None:
    assert set(quizengine.__all__) == PUBLIC_NAMES
    assert len(PUBLIC_NAMES) <= 25
    assert all(hasattr(quizengine, name) for name in quizengine.__all__)


def test_importing_the_library_loads_no_framework_and_no_numpy() -> None:
    code = (
        "import sys, quizengine;"
        "heavy = {'flask', 'sqlalchemy', 'numpy', 'wtforms', 'apscheduler'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(quizengine, "nothing_of_this_name")
