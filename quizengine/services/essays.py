"""Essays: drafts kept as the exam's answers are, one text handed in a person, copies found."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from quizengine import signals
from quizengine.core.attempts import PUBLIC_ID_BYTES, new_public_id, receipt_code
from quizengine.core.contest import EssayTask
from quizengine.core.duplicates import DuplicateReport, Match, find_duplicates
from quizengine.core.sheets import Outcome
from quizengine.core.text import count_words
from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import audit
from quizengine.services.contests import amended_contest, contest_of, find
from quizengine.store import contests, essays, people
from quizengine.store.connection import Executor
from quizengine.store.essays import StoredMatch
from quizengine.store.people import StoredParticipant

MAX_CHARACTERS = 100_000
MAX_SEQUENCE = 2**63 - 1
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
PART_ROWS = 500
"""How many essays, and how many matches if they are of several essays, are written at once."""
Phase = Literal["before", "running", "after"]


@dataclass(frozen=True, slots=True)
class EssayPage:
    """A person's essay as its page shows it; ``words`` counts the draft, ``text`` was handed in."""

    task: EssayTask
    phase: Phase
    draft: str
    sequence: int
    words: int
    text: str | None
    receipt: EssayReceipt | None


@dataclass(frozen=True, slots=True)
class EssayReceipt:
    """What the server holds of an essay that was handed in."""

    code: str
    sha256: str
    words: int
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Scan:
    """What comparing a contest's essays found, in the parts that it is written in."""

    slug: str
    report: DuplicateReport
    pairs: int
    """How many pairs are to be kept: those whose texts nobody replaced meanwhile."""
    rows: Mapping[str, int]
    """The row of each essay by its public id."""
    parts: tuple[ScanPart, ...]


@dataclass(frozen=True, slots=True)
class ScanPart:
    """Some essays by public id, and the matches of which one of them is the first."""

    essays: tuple[str, ...]
    matches: tuple[Match, ...]


def essay_page(executor: Executor, slug: str, person: str, *, now: datetime) -> EssayPage:
    """Return a registered person's essay; ``NotFound`` without a registration or an essay task."""
    participant, task, phase = _desk(executor, slug, person, now)
    stored = essays.find_essay(executor, participant.id)
    if stored is None:
        return EssayPage(task, phase, draft="", sequence=0, words=0, text=None, receipt=None)
    return EssayPage(
        task=task,
        phase=phase,
        draft=stored.draft,
        sequence=stored.sequence,
        words=count_words(stored.draft),
        text=stored.text,
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
    executor: Executor,
    slug: str,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Scan:
    """Return the copies among a contest's essays; the prompt is no copy. It writes nothing.

    Comparing takes seconds to minutes: call it outside any write transaction, then write what it
    found with :func:`store_matches` and :func:`record_scan`.
    """
    stored = find(executor, slug)
    task = contest_of(stored.file).essay
    if task is None:
        raise NotFound("essay.no_task", slug=slug)
    rows = list(essays.read_submitted(executor, stored.id))
    report = find_duplicates(
        [(public_id, text) for _, public_id, text in rows],
        exclude=list(task.prompt.values()),
        progress=progress,
    )
    # Whoever handed in another text meanwhile was compared with the one before: the spans of its
    # passages would mark the wrong letters.
    texts = {public_id: text for _, public_id, text in rows}
    now = {public_id: text for _, public_id, text in essays.read_submitted(executor, stored.id)}
    pairs = tuple(
        pair
        for pair in report.pairs
        if now.get(pair.a) == texts[pair.a] and now.get(pair.b) == texts[pair.b]
    )
    ids = {public_id: row_id for row_id, public_id, _ in rows}
    return Scan(slug, report, len(pairs), ids, tuple(_parts(ids, pairs)))


def store_matches(session: Session, scan: Scan, part: ScanPart) -> None:
    """Write one part of what a scan found in place of what was found before among its essays.

    Each part is a transaction of its own, so that an answer never waits for thousands of matches.
    """
    # Two scans at once would write the same pairs; they take turns part by part.
    contests.find_contest(session, scan.slug, for_update=True)
    essays.replace_matches(
        session,
        [scan.rows[public_id] for public_id in part.essays],
        [_values(scan.rows, pair) for pair in part.matches],
    )


def record_scan(session: Session, scan: Scan, *, now: datetime, actor: str) -> None:
    """Put on record that a scan's matches were stored."""
    audit.record(
        session,
        action="essays.scan",
        subject=scan.slug,
        actor=actor,
        now=now,
        details={"essays": scan.report.essays, "pairs": scan.pairs},
    )


def _parts(ids: Iterable[str], pairs: Iterable[Match]) -> Iterator[ScanPart]:
    """Yield all essays in parts, each with the pairs of which its essays are the first."""
    found: dict[str, list[Match]] = {public_id: [] for public_id in ids}
    for pair in pairs:
        found[pair.a].append(pair)
    some: list[str] = []
    matches: list[Match] = []
    for public_id, own in found.items():
        if some and (len(some) == PART_ROWS or len(matches) + len(own) > PART_ROWS):
            yield ScanPart(tuple(some), tuple(matches))
            some, matches = [], []
        some.append(public_id)
        matches += own
    if some:
        yield ScanPart(tuple(some), tuple(matches))


def _values(ids: Mapping[str, int], pair: Match) -> Mapping[str, Any]:
    return {
        "essay_a_id": ids[pair.a],
        "essay_b_id": ids[pair.b],
        "kind": pair.kind,
        "similarity": pair.similarity,
        "share_a": pair.share_a,
        "share_b": pair.share_b,
        "passages": [[list(passage.a), list(passage.b)] for passage in pair.passages],
    }


def read_matches(executor: Executor, slug: str) -> tuple[StoredMatch, ...]:
    """Return the matches of the last scan, the most similar first: for staff only."""
    return essays.read_matches(executor, find(executor, slug).id)


def essay_code(public_id: str) -> str:
    """Return the code that stands for an essay where its author must not be seen."""
    return receipt_code(public_id)


def clean_text(text: str) -> str:
    """Return a typed text as it is kept: line ends of one kind, no NUL, nothing else changed.

    Half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD, as browsers send it.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return _HALF_A_PAIR.sub("\ufffd", text)


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
    task = amended_contest(executor, stored).essay
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
