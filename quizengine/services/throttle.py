"""How often something may be tried: wrong passwords and codes, counted by address and in all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy.orm import Session

from quizengine.errors import NotAllowed
from quizengine.store import people
from quizengine.store.connection import Executor

THROTTLE_MINUTES = 15
MAX_TRIES = 10
"""Wrong tries of one thing from one address within the span."""
MAX_TRIES_EVERYWHERE = 100
"""Wrong tries of one thing within the span; larger, so that a stranger locks nobody out."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What tries are counted under, hashed: from the address, and from everywhere."""

    here: str
    everywhere: str


def subject_of(thing: str, address: str) -> Subject:
    """Return what the tries of a thing are counted under; the address is empty when unknown."""
    return Subject(here=_digest(f"{thing}:{_network(address)}"), everywhere=_digest(thing))


def check_tries(executor: Executor, subject: Subject, *, now: datetime) -> None:
    """Raise ``NotAllowed`` after too many wrong tries, from there or from everywhere."""
    limits = {subject.here: MAX_TRIES, subject.everywhere: MAX_TRIES_EVERYWHERE}
    for counted, limit in limits.items():
        tried = people.find_tries(executor, counted, now)
        if tried and tried[0] >= limit:
            minutes = max(1, -(-int((tried[1] - now).total_seconds()) // 60))
            raise NotAllowed("account.throttled", minutes=minutes)


def count_try(session: Session, subject: Subject, *, now: datetime) -> None:
    """Count a wrong try."""
    ends = now + timedelta(minutes=THROTTLE_MINUTES)
    people.count_try(session, subject.here, now, ends)
    people.count_try(session, subject.everywhere, now, ends)


def forget_tries(session: Session, subject: Subject) -> None:
    """Forget the wrong tries from there; those from everywhere stay, or guessing would be free."""
    people.forget_tries(session, subject.here)


def _network(address: str) -> str:
    """Return what one party has of addresses: an IPv6 /64, else the address itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped:
        # As a listener for both kinds reports it; a /64 of these would be all of IPv4.
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
