"""Deciding on pairs of essays that share text: the machine only finds, a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy.orm import Session

from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import audit
from quizengine.services.contests import contest_page, find
from quizengine.services.essays import clean_text, essay_code
from quizengine.store import contests, decisions, people
from quizengine.store.connection import Executor
from quizengine.store.decisions import Passages, Side, StoredDecision, StoredPair

Standing = Literal["undecided", "decided"]
Verdict = Literal["dismissed", "a", "b", "both"]
"""No copy; or which of the two essays is one: ``both`` when they have a third source."""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
MAX_REASON = 2_000
PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Pair:
    """Two essays by the codes that stand for them, so that no author is seen."""

    code_a: str
    code_b: str
    kind: str
    share_a: float
    share_b: float
    decision: StoredDecision | None
    #: What the host or the reference deployment calls who decided.
    decided_by: str
    stored: StoredPair

    @property
    def is_open(self) -> bool:
        """Return whether a person has to decide: nobody has, or not on these texts."""
        return self.decision is None or self.decision.is_outdated


@dataclass(frozen=True, slots=True)
class PairList:
    """A page of the pairs sought, with how many there are of each standing."""

    rows: tuple[Pair, ...]
    undecided: int
    decided: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class PairPage:
    """Two essays side by side; ``previous`` and ``following`` lead to pairs that are undecided."""

    pair: Pair
    a: Side
    b: Side
    passages: Passages
    place: int
    of: int
    previous: Pair | None
    following: Pair | None


def list_pairs(
    executor: Executor,
    slug: str,
    standing: Standing | None = None,
    *,
    page: int = 1,
    size: int = PAGE_ROWS,
) -> PairList:
    """Return a page of a contest's pairs, the largest share first; past the end is the last."""
    pairs = _pairs(executor, slug)
    undecided = sum(one.is_open for one in pairs)
    sought = [one for one in pairs if standing is None or one.is_open == (standing == "undecided")]
    pages = max(1, -(-len(sought) // size))
    page = min(max(1, page), pages)
    rows = tuple(sought[(page - 1) * size : page * size])
    return PairList(rows, undecided, len(pairs) - undecided, page, pages)


def pair_page(executor: Executor, slug: str, code_a: str, code_b: str) -> PairPage:
    """Return a pair with both texts; ``NotFound`` when the two share nothing."""
    pairs = _pairs(executor, slug)
    at = _place_of(pairs, code_a, code_b)
    pair = pairs[at]
    before = [one for one in pairs[:at] if one.is_open]
    after = [one for one in pairs[at + 1 :] if one.is_open]
    return PairPage(
        pair=pair,
        a=decisions.read_side(executor, pair.stored.essay_a_id),
        b=decisions.read_side(executor, pair.stored.essay_b_id),
        passages=decisions.read_passages(executor, pair.stored.match_id),
        place=at + 1,
        of=len(pairs),
        previous=before[-1] if before else None,
        following=after[0] if after else None,
    )


def decide(
    session: Session,
    slug: str,
    code_a: str,
    code_b: str,
    *,
    verdict: str,
    reason: str,
    read: tuple[str, str],
    now: datetime,
    actor: str,
) -> None:
    """Write what was decided on a pair, in place of an earlier decision.

    ``read`` holds the SHA-256 of the two texts that were looked at: ``Conflict`` when one of them
    was replaced since, and once the results are final. ``InvalidInput`` without a verdict or a
    reason.
    """
    contests.find_contest(session, slug, for_update=True)
    final_at = contest_page(session, slug).final_at()
    if final_at is not None and now >= final_at:
        # Awards are read from the decisions: they would change and nobody would see why.
        raise Conflict("decision.results_final", slug=slug)
    pairs = _pairs(session, slug)
    stored = pairs[_place_of(pairs, code_a, code_b)].stored
    cleaned = _checked(verdict, reason)
    if read != (stored.sha256_a, stored.sha256_b):
        raise Conflict("decision.text_replaced", a=code_a, b=code_b)
    decisions.write_decision(
        session,
        {
            "essay_a_id": stored.essay_a_id,
            "essay_b_id": stored.essay_b_id,
            "decision": "dismissed" if verdict == "dismissed" else "upheld",
            "copied": None if verdict == "dismissed" else verdict,
            "sha256_a": stored.sha256_a,
            "sha256_b": stored.sha256_b,
            "reason": cleaned,
            "actor": actor,
            "at": now,
        },
    )
    copies = {"a": code_a, "b": code_b, "both": f"{code_a} {code_b}"}.get(verdict, "")
    audit.record(
        session,
        action="essays.decide",
        subject=slug,
        actor=actor,
        now=now,
        details={"pair": f"{code_a} {code_b}", "copies": copies, "reason": cleaned},
    )


def _checked(verdict: str, reason: str) -> str:
    if verdict not in VERDICTS:
        raise InvalidInput("decision.no_verdict")
    cleaned = clean_text(reason).strip()
    if not cleaned:
        raise InvalidInput("decision.no_reason")
    if len(cleaned) > MAX_REASON:
        raise InvalidInput("decision.reason_too_long", letters=len(cleaned), limit=MAX_REASON)
    return cleaned


def _pairs(executor: Executor, slug: str) -> tuple[Pair, ...]:
    stored = decisions.list_pairs(executor, find(executor, slug).id)
    actors = {one.decision.actor for one in stored if one.decision}
    names = people.names_of(executor, sorted(actors))
    return tuple(
        _pair(one, names.get(one.decision.actor) if one.decision else "") for one in stored
    )


def _pair(stored: StoredPair, decided_by: str | None) -> Pair:
    return Pair(
        code_a=essay_code(stored.id_a),
        code_b=essay_code(stored.id_b),
        kind=stored.kind,
        share_a=stored.share_a,
        share_b=stored.share_b,
        decision=stored.decision,
        decided_by=decided_by or (stored.decision.actor if stored.decision else ""),
        stored=stored,
    )


def _place_of(pairs: tuple[Pair, ...], code_a: str, code_b: str) -> int:
    for place, one in enumerate(pairs):
        if (one.code_a, one.code_b) == (code_a, code_b):
            return place
    raise NotFound("decision.no_pair", a=code_a, b=code_b)
