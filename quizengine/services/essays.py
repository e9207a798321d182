"""Essays: drafts kept as the exam's answers are, one text handed in a person, copies found."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core.attempts import PUBLIC_ID_BYTES, new_public_id, receipt_code
from quizengine.core.contest import EssayTask
from quizengine.core.duplicates import DuplicateReport, find_duplicates
from quizengine.core.sheets import Outcome
from quizengine.core.text import count_words
from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import audit
from quizengine.services.contests import contest_of, find
from quizengine.store import contests, essays, people
from quizengine.store.connection import Executor
from quizengine.store.essays import StoredMatch
from quizengine.store.people import StoredParticipant

MAX_CHARACTERS = 100_000
MAX_SEQUENCE = 2**63 - 1
Phase = Literal["before", "running", "after"]


@dataclass(frozen=True, slots=True)
class EssayPage:
    """A person's essay as its page shows it; ``words`` counts the draft."""

    task: EssayTask
    phase: Phase
    draft: str
    sequence: int
    words: int
    receipt: EssayReceipt | None


@dataclass(frozen=True, slots=True)
class EssayReceipt:
    """What the server holds of an essay that was handed in."""

    code: str
    sha256: str
    words: int
    submitted_at: datetime


def essay_page(executor: Executor, slug: str, person: str, *, now: datetime) -> EssayPage:
    """Return a registered person's essay; ``NotFound`` without a registration or an essay task."""
    participant, task, phase = _desk(executor, slug, person, now)
    stored = essays.find_essay(executor, participant.id)
    if stored is None:
        return EssayPage(task, phase, draft="", sequence=0, words=0, receipt=None)
    return EssayPage(
        task=task,
        phase=phase,
        draft=stored.draft,
        sequence=stored.sequence,
        words=count_words(stored.draft),
        receipt=_receipt(stored),
    )


def save_draft(
    connection: Connection | Session,
    slug: str,
    *,
    person: str,
    text: str,
    sequence: int,
    now: datetime,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> Outcome:
    """Keep a draft unless a later one is kept already; refused outside the essay's window.

    ``InvalidInput`` for more than ``MAX_CHARACTERS`` or a sequence number that cannot be kept.
    """
    participant, _, phase = _desk(connection, slug, person, now)
    if phase != "running":
        return Outcome.REFUSED
    if not 1 <= sequence <= MAX_SEQUENCE:
        raise InvalidInput("essay.sequence_out_of_range", limit=MAX_SEQUENCE)
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput("essay.too_many_characters", limit=MAX_CHARACTERS)
    cleaned = clean_text(text)
    public_id = new_public_id(entropy(PUBLIC_ID_BYTES))
    if essays.save_draft(connection, participant.id, public_id, cleaned, sequence, now):
        return Outcome.SAVED
    stored = essays.find_essay(connection, participant.id)
    is_replay = stored is not None and (stored.sequence, stored.draft) == (sequence, cleaned)
    return Outcome.SAVED if is_replay else Outcome.SUPERSEDED


def submit_essay(
    connection: Connection | Session,
    slug: str,
    *,
    person: str,
    text: str,
    sequence: int,
    now: datetime,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> EssayReceipt:
    """Hand in an essay; until the end of its window a later text takes its place.

    Raises ``Conflict`` outside the window or when a later draft is kept already, ``InvalidInput``
    when the text has too few or too many words.
    """
    participant, task, phase = _desk(connection, slug, person, now)
    if phase != "running":
        raise Conflict("essay.not_open_yet" if phase == "before" else "essay.closed")
    cleaned = clean_text(text)
    words = _checked_words(cleaned, task)
    outcome = save_draft(
        connection, slug, person=person, text=text, sequence=sequence, now=now, entropy=entropy
    )
    if outcome is Outcome.SUPERSEDED:
        raise Conflict("essay.superseded")
    sha256 = hashlib.sha256(cleaned.encode()).hexdigest()
    stored = essays.find_essay(connection, participant.id)
    if stored is None or stored.sha256 != sha256:
        values = {"text": cleaned, "words": words, "sha256": sha256, "submitted_at": now}
        essays.submit(connection, participant.id, values)
        signals.announce(connection.info, signals.essay_submitted, slug=slug, person=person)
        stored = essays.find_essay(connection, participant.id)
    receipt = _receipt(stored)
    assert receipt is not None
    return receipt


def scan_contest(
    session: Session,
    slug: str,
    *,
    now: datetime,
    actor: str,
    progress: Callable[[int, int], None] | None = None,
) -> DuplicateReport:
    """Find the copies among a contest's essays and keep them as matches; the prompt is no copy."""
    stored = find(session, slug)
    task = contest_of(stored.file).essay
    if task is None:
        raise NotFound("essay.no_task", slug=slug)
    rows = list(essays.read_submitted(session, stored.id))
    report = find_duplicates(
        [(public_id, text) for _, public_id, text in rows],
        exclude=list(task.prompt.values()),
        progress=progress,
    )
    ids = {public_id: row_id for row_id, public_id, _ in rows}
    matches = [
        {
            "essay_a_id": ids[pair.a],
            "essay_b_id": ids[pair.b],
            "kind": pair.kind,
            "similarity": pair.similarity,
            "share_a": pair.share_a,
            "share_b": pair.share_b,
            "passages": [[list(passage.a), list(passage.b)] for passage in pair.passages],
        }
        for pair in report.pairs
    ]
    essays.replace_matches(session, ids.values(), matches)
    audit.record(
        session,
        action="essays.scan",
        subject=slug,
        actor=actor,
        now=now,
        details={"essays": len(rows), "pairs": len(matches)},
    )
    return report


def read_matches(executor: Executor, slug: str) -> tuple[StoredMatch, ...]:
    """Return the matches of the last scan, the most similar first: for staff only."""
    return essays.read_matches(executor, find(executor, slug).id)


def essay_code(public_id: str) -> str:
    """Return the code that stands for an essay where its author must not be seen."""
    return receipt_code(public_id)


def clean_text(text: str) -> str:
    """Return a typed text as it is kept: line ends of one kind, no NUL, nothing else changed."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _checked_words(text: str, task: EssayTask) -> int:
    words = count_words(text)
    if words < task.min_words:
        raise InvalidInput("essay.too_short", words=words, limit=task.min_words)
    if words > task.max_words:
        raise InvalidInput("essay.too_long", words=words, limit=task.max_words)
    return words


def _desk(
    executor: Executor, slug: str, person: str, now: datetime
) -> tuple[StoredParticipant, EssayTask, Phase]:
    """Return who writes, what is asked, and whether it may be written now."""
    stored = contests.find_contest(executor, slug)
    participant = people.find_participant(executor, slug, person)
    if stored is None or participant is None:
        raise NotFound("attempt.not_registered", slug=slug)
    task = contest_of(stored.file).essay
    if task is None:
        raise NotFound("essay.no_task", slug=slug)
    if now < task.opens_at:
        return participant, task, "before"
    # The essay has a window of its own: closing the rounds does not end it, publication does.
    is_running = now <= task.closes_at and stored.state in ("open", "closed")
    return participant, task, "running" if is_running else "after"


def _receipt(stored: essays.StoredEssay | None) -> EssayReceipt | None:
    if stored is None or stored.submitted_at is None:
        return None
    assert stored.sha256 is not None
    assert stored.words is not None
    code = essay_code(stored.public_id)
    return EssayReceipt(code, stored.sha256, stored.words, stored.submitted_at)
