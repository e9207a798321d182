"""A contest without a server: no Flask, no database, only values and functions.

It loads a bank file, draws papers for invented people, fills in their sheets, marks and ranks
them, and finds the essays that were copied. Run it in the project's folder::

    python examples/headless/contest.py [BANK FILE]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from quizengine import (
    Bank,
    Counts,
    Paper,
    Ranked,
    RankingKey,
    Scoring,
    Section,
    Standing,
    draw_paper,
    find_duplicates,
    keys_of,
    load_bank,
    mark,
    pool_of,
    pseudonym,
    rank,
)
from quizengine.core.contest import Target
from quizengine.core.ranking import actual_of, tally
from quizengine.core.sheets import Record, empty_sheet, merge

SAMPLE = Path(__file__).parents[2] / "question_banks" / "fire-safety-basics" / "bank.yaml"

# A real contest takes both from secrets.token_bytes(32) and publishes the seed only afterwards.
SEED = bytes(range(32))
PSEUDONYM_SECRET = bytes(reversed(range(32)))

SECTIONS = (Section(count=8, points=100),)
SCORING = Scoring.PARTIAL
OPENS_AT = datetime(2026, 3, 9, 8, tzinfo=UTC)
KEYS = (RankingKey.POINTS, RankingKey.PREDICTION, RankingKey.DURATION)

IDEA = (
    "Mỗi quý tổ bảo vệ nên cùng từng phân xưởng đi hết đường thoát nạn một lần, bấm giờ, rồi dán "
    "kết quả ngay cạnh cửa để ai cũng thấy chỗ nào còn bị chặn."
)
ESSAYS = {
    "Ba": IDEA,
    "Chi": IDEA,
    "Dan": (
        "Moi quy to bao ve nen cung tung phan xuong di het duong thoat nan mot lan, bam gio, roi "
        "dan ket qua ngay canh cua de ai cung thay cho nao con bi chan."
    ),
    "Em": (
        "Ở khu trọ của chúng tôi, bình chữa cháy treo quá cao nên chị em không với tới. Xin hạ "
        "xuống ngang vai và viết cách dùng bằng chữ thật to."
    ),
    "Giang": (
        f"{IDEA[: IDEA.index(', rồi')]}. Phần thưởng là một bữa ăn ca do tổ nhanh nhất tự chọn "
        "thực đơn, vì vui thì người ta mới nhớ."
    ),
}
"""Chi copied Ba, Dan did so without tone marks, Giang copied half; Em wrote an own essay."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented: how much they know, and what number they foretell."""

    name: str
    knows: float
    prediction: int


PEOPLE = (
    Person("Ba", 1.0, 3),
    Person("Chi", 1.0, 2),
    Person("Dan", 0.9, 1),
    Person("Em", 1.0, 2),
    Person("Giang", 0.5, 4),
)


def main() -> None:
    """Hold the contest and print what came of it."""
    bank = load_bank(sys.argv[1] if len(sys.argv) > 1 else SAMPLE)
    print(f"{bank.title}: {len(bank.questions)} questions, SHA-256 {bank.sha256[:16]}…")
    print_ranking(hold(bank))
    print_copies()


def hold(bank: Bank) -> tuple[Ranked, ...]:
    """Return the ranking of everybody's one attempt."""
    standings = [attempt(bank, person, Random(person.name)) for person in PEOPLE]
    counted = tally(standings, sum(section.count * section.points for section in SECTIONS))
    actual = actual_of(Target.PERFECT_PARTICIPANTS, counted)
    return rank(standings, keys=KEYS, counts=Counts.BEST, actual=actual)


def attempt(bank: Bank, person: Person, rng: Random) -> Standing:
    """Return what the ranking compares of a person's attempt: drawn, answered and marked."""
    paper = draw_paper(
        seed=SEED,
        pseudonym=pseudonym(PSEUDONYM_SECRET, person.name),
        attempt=1,
        pool=pool_of(bank),
        sections=SECTIONS,
        shuffle_questions=True,
        shuffle_choices=True,
    )
    sheet, at_ms = empty_sheet(len(paper.slots) + 1), 0
    for slot, value in answers(bank, paper, person, rng):
        at_ms += rng.randrange(4_000, 40_000)
        # Sequence numbers are the sender's: a higher one replaces what a lower one saved.
        sheet, _ = merge(sheet, slot, Record(sequence=slot + 1, at_ms=at_ms, value=value))
    score = mark(paper, sheet, keys_of(bank), SCORING)
    submitted_at = OPENS_AT + timedelta(milliseconds=at_ms)
    return Standing(person.name, 1, score.points, person.prediction, at_ms, submitted_at)


def answers(bank: Bank, paper: Paper, person: Person, rng: Random) -> Iterator[tuple[int, int]]:
    """Yield (slot, mask of chosen choices), and at the end the slot of the prediction."""
    for number, slot in enumerate(paper.slots):
        question = bank.questions[slot.ordinal]
        is_known = rng.random() < person.knows
        yield number, question.key if is_known else 1 << rng.randrange(len(question.choices))
    yield len(paper.slots), person.prediction


def print_ranking(ranking: tuple[Ranked, ...]) -> None:
    """Print a line for each person."""
    print("\nplace  name    points  foretold  minutes")
    for row in ranking:
        standing = row.standing
        minutes = standing.duration_ms / 60_000
        print(
            f"{row.place:5}  {standing.person:6} {standing.points:7} {standing.prediction:9}"
            f" {minutes:8.1f}"
        )


def print_copies() -> None:
    """Print the pairs of essays that share text, with the first letters they share."""
    report = find_duplicates(ESSAYS.items())
    print(f"\n{report.essays} essays, {len(report.pairs)} pairs that share text")
    for pair in report.pairs:
        start, end = pair.passages[0].a
        print(f"{pair.kind:7} {pair.a} ~ {pair.b}: “{ESSAYS[pair.a][start:end][:40]}…”")


if __name__ == "__main__":
    main()
