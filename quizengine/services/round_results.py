"""A round's result, computed from sheets, keys and rules alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quizengine.core.banks import Bank
from quizengine.core.clock import from_ms
from quizengine.core.contest import Contest, Population, Round
from quizengine.core.drawing import pseudonym
from quizengine.core.eligibility import calendar_year, is_eligible
from quizengine.core.papers import paper_columns
from quizengine.core.ranking import NO_PREDICTION, Columns, Tally, actual_of, rank_arrays
from quizengine.core.scoring import keys_of, mark_many
from quizengine.core.sheets import sheet_values
from quizengine.services.contests import rules_of_round
from quizengine.store import banks, people, results
from quizengine.store.connection import Executor
from quizengine.store.contests import StoredRound
from quizengine.store.results import FinishedAttempts, ResultLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RoundResult:
    """A round's result as computed: its counts, and one line a person by place."""

    actual: int | None
    tally: Tally
    abandoned: int
    lines: tuple[ResultLine, ...]


def compute_result(executor: Executor, contest: Contest, stored_round: StoredRound) -> RoundResult:
    """Return a round's result from what is stored now; the same rows always give the same result.

    An attempt without an answer is abandoned: it is counted apart and in nothing else.
    """
    rules = rules_of_round(contest, stored_round.code)
    bank = banks.read_bank(executor, stored_round.version_id)
    finished = results.read_finished(executor, stored_round.id)
    everybody = {row.id: row for row in people.list_participants(executor, stored_round.contest_id)}
    names = {
        row.id: pseudonym(stored_round.pseudonym_secret, row.person) for row in everybody.values()
    }
    columns = _columns(finished, names, rules, bank)
    if columns is None:
        return RoundResult(_actual(rules, _EMPTY), _EMPTY, len(finished.ids), ())
    tally = _tally(columns, rules)
    actual = _actual(rules, tally)
    if rules.prediction and rules.prediction.population is Population.ELIGIBLE:
        year = calendar_year(stored_round.closes_at, contest.time_zone)
        is_counted = [
            is_eligible(contest.eligibility, everybody[participant].fields, year=year)
            for participant in columns.participants
        ]
        actual = _actual(rules, _tally(columns, rules, is_counted))
    places = rank_arrays(
        columns.ranking, keys=contest.ranking.keys, counts=rules.counts, actual=actual
    )
    ranked = zip(places.rows.tolist(), places.place.tolist(), places.shared.tolist(), strict=True)
    lines = tuple(columns.line(row, place, shared, actual) for row, place, shared in ranked)
    return RoundResult(actual, tally, len(finished.ids) - len(columns.ids), lines)


_EMPTY = Tally(participants=0, perfect_participants=0, attempts=0)


@dataclass(frozen=True, slots=True)
class _Answered:
    """The finished attempts that have an answer, as equally long columns."""

    ids: list[int]
    participants: list[int]
    pseudonyms: list[str]
    ranking: Columns

    def line(self, row: int, place: int, shared: int, actual: int | None) -> ResultLine:
        """Return the stored form of a row that counts."""
        prediction = int(self.ranking.prediction[row])
        predicted = None if prediction == NO_PREDICTION else prediction
        is_compared = predicted is not None and actual is not None
        return ResultLine(
            participant_id=self.participants[row],
            attempt_id=self.ids[row],
            pseudonym=self.pseudonyms[row],
            place=place,
            shared=shared,
            points=int(self.ranking.points[row]),
            prediction=predicted,
            prediction_error=abs(prediction - (actual or 0)) if is_compared else None,
            duration_ms=int(self.ranking.duration_ms[row]),
            finished_at=from_ms(int(self.ranking.submitted_ms[row])),
        )


def _columns(
    finished: FinishedAttempts, names: Mapping[int, str], rules: Round, bank: Bank
) -> _Answered | None:
    """Return what is ranked, or None when no attempt has an answer."""
    import numpy as np

    slots = rules.questions()
    if not finished.ids:
        return None
    values = sheet_values(finished.sheets, slots + (rules.prediction is not None))
    kept = np.flatnonzero(values[:, :slots, 2].any(axis=1))
    if not len(kept):
        return None
    ordinals, points = paper_columns(finished.papers, slots)
    started = np.asarray(finished.started_ms, dtype=np.int64)
    deadline = np.asarray(finished.deadline_ms, dtype=np.int64)
    paused = np.asarray(finished.paused_ms, dtype=np.int64)
    submitted = np.asarray(
        [
            end if own is None else own
            for own, end in zip(finished.submitted_ms, finished.deadline_ms, strict=True)
        ],
        dtype=np.int64,
    )
    pseudonyms = [names[participant] for participant in finished.participants]
    numbers = {name: number for number, name in enumerate(sorted(set(pseudonyms)))}
    ranking = Columns(
        person=np.asarray([numbers[name] for name in pseudonyms], dtype=np.int64)[kept],
        attempt=np.asarray(finished.numbers, dtype=np.int64)[kept],
        points=mark_many(
            values[kept, :slots, 2], ordinals[kept], points[kept], keys_of(bank), rules.scoring
        ),
        prediction=_predictions(values, slots)[kept],
        duration_ms=np.maximum(np.minimum(submitted, deadline) - started - paused, 0)[kept],
        submitted_ms=submitted[kept],
    )
    rows = kept.tolist()
    return _Answered(
        ids=[finished.ids[row] for row in rows],
        participants=[finished.participants[row] for row in rows],
        pseudonyms=[pseudonyms[row] for row in rows],
        ranking=ranking,
    )


def _predictions(values: NDArray[np.uint32], slots: int) -> NDArray[np.int64]:
    import numpy as np

    if values.shape[1] == slots:
        return np.full(len(values), NO_PREDICTION, dtype=np.int64)
    is_saved = values[:, slots, 0] > 0
    return np.where(is_saved, values[:, slots, 2].astype(np.int64), NO_PREDICTION)


def _tally(columns: _Answered, rules: Round, is_counted: Sequence[bool] | None = None) -> Tally:
    """Return the numbers a prediction may be about, of all rows or of those that are counted."""
    import numpy as np

    rows = np.arange(len(columns.ids))
    if is_counted is not None:
        rows = np.flatnonzero(np.asarray(is_counted, dtype=np.bool_))
    people_of = columns.ranking.person[rows]
    is_perfect = columns.ranking.points[rows] == rules.max_points()
    return Tally(
        participants=len(np.unique(people_of)),
        perfect_participants=len(np.unique(people_of[is_perfect])),
        attempts=len(rows),
    )


def _actual(rules: Round, tally: Tally) -> int | None:
    return actual_of(rules.prediction.target, tally) if rules.prediction else None
