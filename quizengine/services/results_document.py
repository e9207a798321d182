"""The results document: every round's ranking with its names, the same whenever it is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from quizengine.core.contest import Contest
from quizengine.core.drawing import commitment
from quizengine.core.scoring import SCORING_VERSION
from quizengine.core.units import UnitTree
from quizengine.errors import Conflict
from quizengine.formats.tables import Table, write_csv, write_table
from quizengine.services.contests import contest_of, find, rules_of_round
from quizengine.services.round_results import compute_result
from quizengine.services.units import unit_tree
from quizengine.store import attempts, contests, essays, people
from quizengine.store.connection import Executor
from quizengine.store.contests import StoredContest, StoredRound
from quizengine.store.people import StoredParticipant
from quizengine.store.results import ResultLine

FORMAT_VERSION = 1
COLUMNS = (
    "round",
    "place",
    "shared",
    "name",
    "phone",
    "unit",
    "unit_name",
    "points",
    "prediction",
    "prediction_error",
    "duration_ms",
    "finished_at",
    "has_essay",
    "pseudonym",
)


def results_document(executor: Executor, slug: str) -> dict[str, Any]:
    """Return the results of a contest's rounds, computed from what is stored: for staff only.

    The same answers give the same document on every database. ``Conflict`` while a round runs,
    because every count is under embargo until its close.
    """
    stored = find(executor, slug)
    if stored.state in ("draft", "open"):
        raise Conflict("results.before_close", slug=slug)
    contest = contest_of(stored.file)
    rounds = contests.list_rounds(executor, stored.id)
    if any(attempts.latest_end(executor, row.id) is not None for row in rounds):
        raise Conflict("contest.attempts_running", slug=slug)
    return {
        "format": "quizengine-results",
        "format_version": FORMAT_VERSION,
        "contest": slug,
        "rules_sha256": stored.sha256,
        "rounds": [_round_document(executor, contest, stored, row) for row in rounds],
    }


def results_json(document: Mapping[str, Any]) -> bytes:
    """Return a document as its one JSON text: sorted names, two spaces, a final line end."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=2)
    return text.encode() + b"\n"


def _unit_name(units: UnitTree, code: str) -> str:
    unit = units.by_code.get(code)
    return unit.name if unit else ""


def results_csv(document: Mapping[str, Any]) -> bytes:
    """Return a document as CSV, a row a person; no cell of it computes."""
    return write_csv(_table(document))


def results_workbook(document: Mapping[str, Any]) -> bytes:
    """Return a document as XLSX, a row a person."""
    return write_table(_table(document))


def _table(document: Mapping[str, Any]) -> Table:
    rows = [
        tuple(_cell(one["round"], line, column) for column in COLUMNS)
        for one in document["rounds"]
        for line in one["ranking"]
    ]
    return Table(document["contest"], COLUMNS, rows)


def _cell(round_code: str, line: Mapping[str, Any], column: str) -> Any:
    if column == "round":
        return round_code
    return int(line[column]) if column == "has_essay" else line[column]


def _round_document(
    executor: Executor, contest: Contest, stored: StoredContest, stored_round: StoredRound
) -> dict[str, Any]:
    rules = rules_of_round(contest, stored_round.code)
    result = compute_result(executor, contest, stored_round)
    everybody = {row.id: row for row in people.list_participants(executor, stored.id)}
    authors = essays.list_authors(executor, stored.id)
    units = unit_tree(executor)
    return {
        "round": rules.id,
        "scoring_version": SCORING_VERSION,
        "seed_commitment": commitment(stored_round.seed),
        "max_points": rules.max_points(),
        "prediction_target": rules.prediction.target.value if rules.prediction else None,
        "prediction_actual": result.actual,
        "participants": result.tally.participants,
        "perfect_participants": result.tally.perfect_participants,
        "attempts": result.tally.attempts,
        "abandoned": result.abandoned,
        "ranking": [
            _line_document(line, everybody[line.participant_id], units, authors)
            for line in result.lines
        ],
    }


def _line_document(
    line: ResultLine, participant: StoredParticipant, units: UnitTree, authors: frozenset[int]
) -> dict[str, Any]:
    return {
        "place": line.place,
        "shared": line.shared,
        "pseudonym": line.pseudonym,
        "name": participant.name,
        "phone": participant.fields.get("phone", ""),
        "unit": participant.unit,
        "unit_name": _unit_name(units, participant.unit),
        "points": line.points,
        "prediction": line.prediction,
        "prediction_error": line.prediction_error,
        "duration_ms": line.duration_ms,
        "finished_at": line.finished_at.isoformat(timespec="milliseconds"),
        "has_essay": line.participant_id in authors,
    }
