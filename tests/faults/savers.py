"""Processes that save answers as fast as they can until they are killed.

A saver tells of each acknowledgement through a pipe, after the writer has returned and not before:
what lies in the pipe outlives the process. It stands for the phone that saw "saved".
"""

from __future__ import annotations

import itertools
import os
import queue
import random
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from quizengine.core.sheets import Outcome
from quizengine.services.answers import Answer
from quizengine.store.writer import Writer
from tests.faults.arena import SLOTS, Arena, entered
from tests.faults.processes import FORKED, WAIT_SECONDS

T = TypeVar("T")

THREADS = 8
LAG_SECONDS = 0.05
SEQUENCES_A_PROCESS = 1_000_000
#: Attempt (its place in the list), slot, sequence, ticked position, outcome. Shorter than
#: PIPE_BUF, so that the threads' writes never mix and a kill never cuts one in two.
_TOLD = struct.Struct(">IIIII")


class EagerWriter(Writer):
    """The control: a writer that answers while the commit is still to come."""

    def run(self, session: Session, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns some moments before it is committed."""
        answered: queue.SimpleQueue[T] = queue.SimpleQueue()

        def work_and_answer(connection: Connection) -> None:
            answered.put(work(connection))
            time.sleep(LAG_SECONDS)

        def commit_later() -> None:
            with Session(self._engine) as own:
                super(EagerWriter, self).run(own, work_and_answer)

        threading.Thread(target=commit_later, daemon=True).start()
        return answered.get(timeout=WAIT_SECONDS)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A save that its sender holds to be safe; ``position`` is what was ticked."""

    public_id: str
    slot: int
    sequence: int
    position: int
    outcome: Outcome


@dataclass
class Saver:
    """A process that saves, seen from outside."""

    process: ForkServerProcess
    pipe: Pipe
    attempts: Sequence[tuple[str, str]]
    acknowledged: list[Acknowledgement] = field(default_factory=list)
    _reader: threading.Thread | None = None

    def listen(self) -> None:
        """Take down what the process tells until it is dead and its pipe empty."""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for(self, acknowledgements: int) -> None:
        """Wait until the process is under load."""
        end = time.monotonic() + WAIT_SECONDS
        while len(self.acknowledged) < acknowledgements:
            assert self.process.is_alive(), "a saver died by itself"
            assert time.monotonic() < end, "a saver does not get anywhere"
            time.sleep(0.001)

    def kill(self) -> None:
        """Kill the process with SIGKILL and read what it had told."""
        self.process.kill()
        self.process.join()
        assert self._reader is not None
        self._reader.join()

    def _read(self) -> None:
        rest = b""
        while chunk := os.read(self.pipe.fileno(), 65536):
            rest += chunk
            whole = len(rest) - len(rest) % _TOLD.size
            self.acknowledged += map(self._acknowledgement, _TOLD.iter_unpack(rest[:whole]))
            rest = rest[whole:]
        self.pipe.close()
        assert not rest, "an acknowledgement was cut in two"

    def _acknowledgement(self, told: tuple[int, ...]) -> Acknowledgement:
        attempt, slot, sequence, position, outcome = told
        return Acknowledgement(
            self.attempts[attempt][0], slot, sequence, position, list(Outcome)[outcome]
        )


_numbers = itertools.count(1)


def start_saver(
    url: str, attempts: Sequence[tuple[str, str]], slots: range, writer: type[Writer]
) -> Saver:
    """Start a process that saves answers in some slots of attempts, each (public id, person)."""
    mine, theirs = FORKED.Pipe(duplex=False)
    first = next(_numbers) * SEQUENCES_A_PROCESS
    process = FORKED.Process(
        target=save_until_killed,
        args=(url, list(attempts), slots, writer, first, theirs),
        daemon=True,
    )
    process.start()
    theirs.close()
    saver = Saver(process, mine, attempts)
    saver.listen()
    return saver


@contextmanager
def crew(
    url: str, attempts: Sequence[tuple[str, str]], size: int, writer: type[Writer] = Writer
) -> Iterator[list[Saver]]:
    """Give savers on the same attempts; those that stand in the list at the end are killed.

    Each has slots of its own, so that no other's later answer hides what it lost.
    """
    savers = [start_saver(url, attempts, slots_of(number, size), writer) for number in range(size)]
    try:
        yield savers
    finally:
        for saver in savers:
            saver.kill()


def slots_of(number: int, size: int) -> range:
    """Return the slots of one saver in a crew."""
    return range(number, SLOTS, size)


def save_until_killed(
    url: str,
    attempts: Sequence[tuple[str, str]],
    slots: range,
    writer: type[Writer],
    first_sequence: int,
    pipe: Pipe,
) -> None:
    """Save one answer after another in several threads, and tell of each reply."""
    sequences = itertools.count(first_sequence)
    with entered(url, writer) as arena:
        threads = [
            threading.Thread(
                target=_save_for_ever, args=(arena, attempts, slots, sequences, pipe, n)
            )
            for n in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _save_for_ever(
    arena: Arena,
    attempts: Sequence[tuple[str, str]],
    slots: range,
    sequences: Iterator[int],
    pipe: Pipe,
    seed: int,
) -> None:
    rng = random.Random(seed)
    while True:
        attempt, slot, sequence = rng.randrange(len(attempts)), rng.choice(slots), next(sequences)
        public_id, person = attempts[attempt]
        position = sequence % 2
        answer = Answer(slot, sequence, frozenset({position}))
        (reply,) = arena.save(public_id, person, [answer])
        outcome = list(Outcome).index(reply.outcome)
        os.write(pipe.fileno(), _TOLD.pack(attempt, slot, sequence, position, outcome))


def losses(arena: Arena, acknowledged: Iterable[Acknowledgement]) -> list[Acknowledgement]:
    """Return the acknowledged answers that the database does not have.

    A slot has an answer when its record bears the answer's sequence number and ticks the position,
    or bears a higher one: then a later answer took its place, as it must.
    """
    newest: dict[tuple[str, int], Acknowledgement] = {}
    for one in acknowledged:
        assert one.outcome is not Outcome.REFUSED
        place = (one.public_id, one.slot)
        if place not in newest or newest[place].sequence < one.sequence:
            newest[place] = one
    stored = {public_id: _stored(arena, public_id) for public_id, _ in newest}
    return [one for place, one in newest.items() if not _has(stored[place[0]][place[1]], one)]


def _stored(arena: Arena, public_id: str) -> list[tuple[int, frozenset[int]]]:
    records, positions = arena.records(public_id), arena.positions(public_id)
    return [(records[slot].sequence, positions[slot]) for slot in range(SLOTS)]


def _has(stored: tuple[int, frozenset[int]], one: Acknowledgement) -> bool:
    sequence, positions = stored
    if sequence == one.sequence and one.outcome is Outcome.SAVED:
        return positions == {one.position}
    return sequence >= one.sequence
