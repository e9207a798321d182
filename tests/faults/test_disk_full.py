"""A full disk costs nobody an answer: saves are refused as unavailable, and later taken again."""

from __future__ import annotations

import itertools
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from quizengine.core.sheets import Outcome
from quizengine.errors import Unavailable
from quizengine.services import attempts
from quizengine.services.answers import Answer
from tests.faults.arena import EVENING, SLOTS, Arena, name_of, opened
from tests.faults.scale import count

pytestmark = pytest.mark.faults

TIMES = count(smoke=3, full=100)
PEOPLE = 8
DISK_BYTES = 8 * 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes, in memory; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


@dataclass
class Sender:
    """One person who saves slot after slot, and never sends an answer twice."""

    arena: Arena
    public_id: str
    person: str
    sequences: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    kept: dict[int, int] = field(default_factory=dict)
    """The sequence number last acknowledged, by slot."""
    refusals: int = 0

    def send(self) -> None:
        """Send one answer; what is unavailable was not saved."""
        sequence = next(self.sequences)
        slot = sequence % SLOTS
        answer = Answer(slot, sequence, frozenset({sequence % 2}))
        try:
            (reply,) = self.arena.save(self.public_id, self.person, [answer])
        except Unavailable:
            self.refusals += 1
        else:
            assert reply.outcome is Outcome.SAVED
            self.kept[slot] = sequence


def test_a_full_disk_loses_nothing_and_invents_nothing(small_disk: Path) -> None:
    with opened(f"sqlite:///{small_disk / 'quiz.sqlite3'}", people=PEOPLE + 1) as arena:
        senders = [
            Sender(arena, arena.start(name_of(number)), name_of(number)) for number in range(PEOPLE)
        ]
        for _ in range(TIMES):
            _fill_in_the_midst(small_disk, senders)
            _check_reads(arena, senders[0])
            _check_nothing_half_started(arena)
            (small_disk / "filler").unlink()
            before = [dict(sender.kept) for sender in senders]
            for sender in senders:
                sender.send()
            assert all(sender.kept != old for sender, old in zip(senders, before, strict=True))
            assert [_stored(sender) for sender in senders] == [sender.kept for sender in senders]
            _empty_log(arena)
        arena.check_integrity()
        refused = sum(sender.refusals for sender in senders)
        saved = sum(len(sender.kept) for sender in senders)
        print(f"times full {TIMES}, saves refused {refused}, slots compared {saved}")
        assert refused >= TIMES


def _fill_in_the_midst(disk: Path, senders: list[Sender]) -> None:
    """Fill the disk while everybody saves, until everybody has been refused once more."""
    is_full = threading.Event()

    def save_on(sender: Sender) -> None:
        seen = None
        while seen is None or sender.refusals == seen:
            if is_full.is_set() and seen is None:
                seen = sender.refusals
            sender.send()

    threads = [threading.Thread(target=partial(save_on, sender)) for sender in senders]
    for thread in threads:
        thread.start()
    with (disk / "filler").open("wb", buffering=0) as filler:
        for block in (2**16, 2**12, 1):
            with suppress(OSError):
                while filler.write(bytes(block)):
                    pass
        os.fsync(filler.fileno())
        is_full.set()
        for thread in threads:
            thread.join()


def _check_reads(arena: Arena, sender: Sender) -> None:
    """A full disk does not keep anybody from reading."""
    with arena.engine.connect() as connection:
        exam = attempts.exam(
            connection, sender.public_id, person=sender.person, now=EVENING, papers=arena.papers
        )
    assert len(exam.questions) == SLOTS


def _check_nothing_half_started(arena: Arena) -> None:
    """A start that the disk has no room for leaves nothing behind."""
    person = name_of(PEOPLE)
    query = (
        "SELECT count(*) FROM quiz_attempt JOIN quiz_participant"
        " ON quiz_participant.id = participant_id WHERE person = :person"
    )
    expected = arena.scalar(query, person=person)
    with suppress(Unavailable):
        arena.start(person)
        expected = 1
    assert arena.scalar(query, person=person) == expected


def _empty_log(arena: Arena) -> None:
    """Empty SQLite's log: a long one is written over from its start, full disk or not."""
    assert arena.scalar("PRAGMA wal_checkpoint(TRUNCATE)") == 0


def _stored(sender: Sender) -> dict[int, int]:
    records = sender.arena.records(sender.public_id)
    return {slot: record.sequence for slot, record in enumerate(records) if record.sequence}
