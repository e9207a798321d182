"""The canonical TOML text of a contest, which is frozen and hashed when the contest opens."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from quizengine.core.contest import (
    FORMAT_VERSION,
    REGISTRATION_FIELDS,
    Contest,
    EssayTask,
    Need,
    Registration,
    Reopen,
    Round,
    Shown,
    Texts,
)
from quizengine.formats.contest_values import FORMAT, write_duration

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def contest_sha256(contest: Contest) -> str:
    """Return the hex SHA-256 of a contest's canonical file; equal contests have equal hashes."""
    return hashlib.sha256(write_contest(contest).encode()).hexdigest()


class _Inline(dict[str, Any]):
    """A table written on the line of its key."""


def write_contest(contest: Contest) -> str:
    """Return the one canonical TOML text of a contest; reading it gives the contest back."""
    lines: list[str] = []
    _write_table(_data_of(contest), "", lines)
    return "\n".join(lines) + "\n"


def _write_table(table: Mapping[str, Any], path: str, lines: list[str]) -> None:
    """Write a table's own values, then its tables, since TOML cannot return to an outer table."""
    inner: list[tuple[str, Any]] = []
    for key, value in table.items():
        if value is None or value == [] or value == {}:
            continue
        if _is_table(value):
            inner.append((f"{path}.{_key(key)}" if path else _key(key), value))
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    for name, value in inner:
        for item in value if isinstance(value, list) else [value]:
            lines.append("")
            lines.append(f"[[{name}]]" if isinstance(value, list) else f"[{name}]")
            _write_table(item, name, lines)


def _is_table(value: object) -> bool:
    if isinstance(value, list):
        return isinstance(value[0], dict)
    return isinstance(value, dict) and not isinstance(value, _Inline)


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else _string(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }"
    return _string(str(value))


def _string(text: str) -> str:
    """Return a TOML basic string: only what must be escaped is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = escaped.replace("\t", "\\t").replace("\r", "\\r")
    return f'"{escaped}"'


def _data_of(contest: Contest) -> dict[str, Any]:
    """Return the nested mappings of a contest in the order of :data:`KEYS`."""
    zone = ZoneInfo(contest.time_zone)
    order = contest.languages
    eligibility = contest.eligibility
    roles = {role: _texts(texts, order) for role, texts in eligibility.roles.items()}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "slug": contest.slug,
        "languages": list(contest.languages),
        "time_zone": contest.time_zone,
        "title": _texts(contest.title, order),
        "summary": _texts(contest.summary, order),
        "organiser": _texts(contest.organiser, order),
        "contact": contest.contact,
        "results_at": _local(contest.results_at, zone),
        "complaint_days": contest.complaint_days,
        "as_of": contest.as_of,
        "eligibility": {
            "minimum_age": eligibility.minimum_age,
            "excluded": _texts(eligibility.excluded, order),
            "roles": roles,
        },
        "registration": _registration_data(contest.registration, order),
        "rounds": [_round_data(one, zone, order) for one in contest.rounds],
        "essay": _essay_data(contest.essay, zone, order) if contest.essay else None,
        "ranking": {
            "keys": [key.value for key in contest.ranking.keys],
            "ties": contest.ranking.ties.value,
        },
        "results": _results_data(contest.shows),
        "awards": [
            {
                "id": award.id,
                "title": _texts(award.title, order),
                "count": award.count,
                "prize": _texts(award.prize, order),
            }
            for award in contest.awards
        ],
        "materials": [
            {
                "title": _texts(material.title, order),
                "note": _texts(material.note, order),
                "url": material.url or None,
            }
            for material in contest.materials
        ],
        "events": [
            {
                "title": _texts(event.title, order),
                "note": _texts(event.note, order),
                "starts_at": _local(event.starts_at, zone),
                "url": event.url or None,
            }
            for event in contest.events
        ],
    }


def _results_data(shows: Sequence[Shown]) -> dict[str, Any] | None:
    """Return what results show, nothing where it is what a file that is silent says."""
    # A tuple, because an empty list is left out and here it says that nothing is shown.
    return {"shows": tuple(one.value for one in shows)} if set(shows) != set(Shown) else None


def _texts(texts: Texts, order: Sequence[str]) -> _Inline:
    return _Inline({language: texts[language] for language in order if language in texts})


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the clock reading in the zone, with its offset only where the clock reads it twice."""
    local = instant.astimezone(zone)
    if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
        return local.replace(tzinfo=None)
    return local


def _registration_data(registration: Registration, order: Sequence[str]) -> dict[str, Any]:
    fields = {name: registration.fields.get(name, Need.OFF) for name in REGISTRATION_FIELDS}
    return {
        "person_key": registration.person_key,
        "fields": {name: need.value for name, need in fields.items()},
        "consents": [
            {
                "id": consent.id,
                "required": consent.required,
                "purpose": consent.purpose and consent.purpose.value,
                "text": _texts(consent.text, order),
            }
            for consent in registration.consents
        ],
    }


def _round_data(one: Round, zone: ZoneInfo, order: Sequence[str]) -> dict[str, Any]:
    prediction = one.prediction
    return {
        "id": one.id,
        "title": _texts(one.title, order),
        "bank": one.bank,
        "opens_at": _local(one.opens_at, zone),
        "closes_at": _local(one.closes_at, zone),
        "time_limit": write_duration(one.time_limit_ms),
        "grace": write_duration(one.grace_ms),
        "clock": one.clock.value,
        "attempts": one.attempts,
        "counts": one.counts.value,
        "close_policy": one.close_policy.value,
        "reopen": None if one.reopen is Reopen.NEVER else one.reopen.value,
        "shuffle_questions": one.shuffle_questions,
        "shuffle_choices": one.shuffle_choices,
        "scoring": one.scoring.value,
        "reveal": one.reveal.value,
        "sections": [
            {
                "topic": section.topic,
                "level": section.level.value if section.level else None,
                "count": section.count,
                "points": section.points,
            }
            for section in one.sections
        ],
        "prediction": prediction
        and {
            "target": prediction.target.value,
            "population": prediction.population.value,
            "freeze": prediction.freeze.value,
            "prompt": _texts(prediction.prompt, order),
        },
    }


def _essay_data(essay: EssayTask, zone: ZoneInfo, order: Sequence[str]) -> dict[str, Any]:
    return {
        "title": _texts(essay.title, order),
        "prompt": _texts(essay.prompt, order),
        "opens_at": _local(essay.opens_at, zone),
        "closes_at": _local(essay.closes_at, zone),
        "min_words": essay.min_words,
        "max_words": essay.max_words,
        "role": essay.role.value,
    }
