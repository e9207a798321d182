"""Changing a contest's form: rows added and taken out, questions spread over topics, days moved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from quizengine.formats.contest_form import Form, Kind, data_of, is_row, kind_of, plain_path
from quizengine.formats.contest_values import FIRST_YEAR, LAST_YEAR

ADDABLE = (
    *("rounds", "rounds.sections", "rounds.prediction", "essay", "awards", "materials", "events"),
    *("registration.consents", "eligibility.roles"),
)
"""What a form may have more of, by its path without row numbers."""
MAX_ROWS = 60

_WEEK = timedelta(days=7)
_NEW_ROWS: Mapping[str, Mapping[str, Any]] = {
    "rounds.sections": {"topic": "", "level": "", "count": "", "points": "1"},
    "awards": {"id": "", "title": {}, "count": "1", "prize": {}},
    "materials": {"title": {}, "note": {}, "url": ""},
    "events": {"title": {}, "note": {}, "starts_at": "", "url": ""},
    "registration.consents": {"id": "", "required": "false", "purpose": "", "text": {}},
    "eligibility.roles": {"id": "", "title": {}},
}


def with_row(form: Mapping[str, Any], path: str) -> Form:
    """Return a form with one more row, or with the optional table, at a path as ``awards``.

    A path that leads nowhere changes nothing.
    """
    changed: Form = deepcopy(dict(form))
    plain = plain_path(path)
    parent, key = _parent(changed, path)
    if plain not in ADDABLE or not isinstance(parent, dict):
        return changed
    if kind_of(plain) is Kind.OPTIONAL:
        parent.setdefault(key, _essay(changed) if key == "essay" else _prediction(changed))
        return changed
    rows = parent.setdefault(key, [])
    if len(rows) < MAX_ROWS:
        rows.append(_round(rows) if plain == "rounds" else deepcopy(dict(_NEW_ROWS[plain])))
    return changed


def without_row(form: Mapping[str, Any], path: str) -> Form:
    """Return a form without a row as ``awards.2``, or without an optional table."""
    changed: Form = deepcopy(dict(form))
    parent, key = _parent(changed, path)
    if isinstance(parent, list) and is_row(key) and int(key) < len(parent):
        del parent[int(key)]
    elif isinstance(parent, dict) and kind_of(plain_path(path)) is Kind.OPTIONAL:
        parent.pop(key, None)
    if not any("prediction" in one for one in changed.get("rounds", ())):
        keys = changed.get("ranking", {}).get("keys", [])
        changed["ranking"] = {
            **changed.get("ranking", {}),
            "keys": [one for one in keys if one != "prediction"],
        }
    return changed


def _parent(form: Form, path: str) -> tuple[Any, str]:
    """Return what holds a path's last part; None when the way there leads nowhere."""
    *way, key = path.split(".")
    found: Any = form
    for part in way:
        if isinstance(found, list):
            found = found[int(part)] if is_row(part) and int(part) < len(found) else None
        elif isinstance(found, dict):
            found = found.get(part)
    return found, key


def _round(rows: Sequence[Form]) -> Form:
    """Return one more round like the last, after it and with a name of its own."""
    one: Form = deepcopy(rows[-1]) if rows else {"sections": [dict(_NEW_ROWS["rounds.sections"])]}
    number = len(rows) + 1
    names = {"vi": f"Vòng {number}", "en": f"Round {number}"}
    one |= {"id": "", "title": names}
    opens_at, closes_at = (_local(one.get(key, "")) for key in ("opens_at", "closes_at"))
    if opens_at and closes_at and closes_at > opens_at:
        days = math.ceil((closes_at - opens_at) / _WEEK) * 7
        one |= {key: moved(one[key], days) for key in ("opens_at", "closes_at")}
    return one


def _essay(form: Mapping[str, Any]) -> Form:
    rounds = form.get("rounds") or [{}]
    return {
        "title": {},
        "prompt": {},
        "opens_at": rounds[0].get("opens_at", ""),
        "closes_at": rounds[-1].get("closes_at", ""),
        "min_words": "0",
        "max_words": "1000",
        "role": "none",
    }


def _prediction(form: Form) -> Form:
    """Return a question that foretells a number, and let the ranking use it after the points."""
    ranking = form.setdefault("ranking", {})
    keys = ranking.setdefault("keys", [])
    if "prediction" not in keys:
        keys.insert(keys.index("points") + 1 if "points" in keys else len(keys), "prediction")
    return {
        "target": "perfect_participants",
        "population": "eligible",
        "freeze": "round_end",
        "prompt": {
            "vi": "Bạn dự đoán có bao nhiêu người trả lời đúng tất cả các câu?",
            "en": "How many people, do you think, will answer every question right?",
        },
    }


def spread(total: int, topics: Mapping[str, int]) -> dict[str, int]:
    """Return how many of ``total`` questions to draw from each topic, given their pools.

    As even as the pools allow, the larger pools first; topics of which none is drawn are left out.
    """
    counts = dict.fromkeys(topics, 0)
    for _ in range(min(total, sum(topics.values()))):
        free = [topic for topic in topics if counts[topic] < topics[topic]]
        counts[min(free, key=lambda topic: (counts[topic], -topics[topic]))] += 1
    return {topic: count for topic, count in counts.items() if count}


def sections_of(total: int, topics: Mapping[str, int], points: str = "1") -> list[Form]:
    """Return the sections of a paper over a bank's topics; one over all of them without topics."""
    if len(topics) < 2:
        return [{"topic": "", "level": "", "count": str(total), "points": points}]
    return [
        {"topic": topic, "level": "", "count": str(count), "points": points}
        for topic, count in spread(total, topics).items()
    ]


def with_spread(form: Mapping[str, Any], index: int, topics: Mapping[str, int]) -> Form:
    """Return a form whose round draws as many questions as before, evenly over the topics."""
    changed: Form = deepcopy(dict(form))
    one = changed["rounds"][index]
    counts = [row.get("count") for row in data_of(changed)["rounds"][index].get("sections", ())]
    total = sum(count for count in counts if isinstance(count, int) and count > 0)
    points = next((row["points"] for row in one.get("sections", ()) if row.get("points")), "1")
    one["sections"] = sections_of(min(total, 200) or 20, topics, points)
    return changed


def moved(text: str, days: int) -> str:
    """Return an instant of a form moved by whole days on the clock; any other text as it is."""
    instant = _local(text)
    if instant is None:
        return text
    try:
        later = instant + timedelta(days=days)
    except OverflowError:
        return text
    return text.replace(instant.date().isoformat(), later.date().isoformat(), 1)


def moved_form(form: Mapping[str, Any], days: int) -> Form:
    """Return a form with every instant moved by whole days, readings of the clock kept."""
    changed: Form = deepcopy(dict(form))
    tables = [changed, *changed.get("rounds", ()), *changed.get("events", ())]
    if "essay" in changed:
        tables.append(changed["essay"])
    for table in tables:
        for key in ("results_at", "opens_at", "closes_at", "starts_at"):
            if key in table:
                table[key] = moved(table[key], days)
    return changed


def days_ahead(form: Mapping[str, Any], now: datetime) -> int:
    """Return the fewest whole weeks, in days, that bring the first opening after a local time."""
    openings = [one for row in form.get("rounds", ()) if (one := _local(row.get("opens_at", "")))]
    if not openings:
        return 0
    return max(0, math.ceil((now - min(openings)) / _WEEK)) * 7


def _local(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text) if len(text) >= len("2026-07-26T08:00") else None
    except ValueError:
        return None
    if instant is None or not FIRST_YEAR <= instant.year <= LAST_YEAR:
        return None
    return instant.replace(tzinfo=None)
