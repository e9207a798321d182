"""The headless example: a contest from a bank file to a ranking, as a plain script."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

from examples.headless.contest import PEOPLE, SECTIONS

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / "examples" / "headless" / "contest.py"
FRAMEWORKS = ("alembic", "apscheduler", "click", "flask", "sqlalchemy", "wtforms")


@cache
def _printed(*arguments: str) -> list[str]:
    """Run the script in a process of its own and return the lines it prints."""
    code = (
        "import runpy, sys; sys.argv[:] = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__');"
        f"print(sorted(set({FRAMEWORKS}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code, str(SCRIPT), *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def _ranking(lines: list[str]) -> list[list[str]]:
    start = next(at for at, line in enumerate(lines) if line.startswith("place"))
    return [line.split() for line in lines[start + 1 : start + 1 + len(PEOPLE)]]


def test_the_script_loads_no_framework_and_no_database() -> None:
    assert _printed()[-1] == "[]"


def test_everybody_has_a_place_and_the_places_ascend() -> None:
    rows = _ranking(_printed())
    assert {row[1] for row in rows} == {person.name for person in PEOPLE}
    places = [int(row[0]) for row in rows]
    assert places[0] == 1
    assert places == sorted(places)


def test_points_decide_before_the_number_foretold_and_that_before_the_time() -> None:
    rows = _ranking(_printed())
    best = sum(section.count * section.points for section in SECTIONS)
    perfect = sum(int(row[2]) == best for row in rows)
    costs = [(-int(row[2]), abs(int(row[3]) - perfect), float(row[4])) for row in rows]
    assert perfect
    assert costs == sorted(costs)


def test_the_planted_copies_are_found_and_the_essay_of_ones_own_is_not() -> None:
    found = {line.split(":")[0] for line in _printed() if " ~ " in line}
    assert found == {
        "exact   Ba ~ Chi",
        "exact   Ba ~ Dan",
        "exact   Chi ~ Dan",
        "partial Ba ~ Giang",
        "partial Chi ~ Giang",
        "partial Dan ~ Giang",
    }


def test_it_takes_the_bank_of_any_format_that_is_read() -> None:
    lines = _printed("question_banks/fire-safety-basics/bank.docx")
    assert lines == _printed()
