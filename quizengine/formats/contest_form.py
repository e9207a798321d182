"""A contest file as the fields of a form, and back; whatever is typed is kept as it is.

A *form* has the tables and keys of a contest file, but every value is the text that stands in its
field: ``{"rounds": [{"opens_at": "2026-07-26T08:00", "time_limit": "20"}]}``. Times are readings of
the contest's clock, a time limit is in minutes and a grace in seconds; anything that is not plain
stays as a contest file writes it (``1h5s``). Roles, a table in the file, are rows with an id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime
from enum import Enum
from typing import Any

from quizengine.core.contest import FORMAT_VERSION, Clock, Freeze, Shown, Ties
from quizengine.core.contest_checks import MAX_SLUG
from quizengine.core.text import fold
from quizengine.formats.contest_values import FORMAT, KEYS, read_duration

Form = dict[str, Any]
"""Tables as mappings, rows as lists, texts as mappings by language, all else as text."""


class Kind(Enum):
    """What stands behind a key of the form."""

    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    INSTANT = "instant"
    DAY = "day"
    MINUTES = "minutes"
    SECONDS = "seconds"
    FLAG = "flag"
    WORDS = "words"
    TABLE = "table"
    OPTIONAL = "optional"
    ROWS = "rows"


_KINDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXTS: (
        *("title", "summary", "organiser", "eligibility.excluded", "eligibility.roles.title"),
        *("registration.consents.text", "rounds.title", "rounds.prediction.prompt"),
        *("essay.title", "essay.prompt", "awards.title", "awards.prize"),
        *("materials.title", "materials.note", "events.title", "events.note"),
    ),
    Kind.NUMBER: (
        *("complaint_days", "eligibility.minimum_age", "rounds.attempts", "rounds.sections.count"),
        *("rounds.sections.points", "essay.min_words", "essay.max_words", "awards.count"),
    ),
    Kind.INSTANT: (
        *("results_at", "rounds.opens_at", "rounds.closes_at", "essay.opens_at"),
        *("essay.closes_at", "events.starts_at"),
    ),
    Kind.DAY: ("as_of",),
    Kind.MINUTES: ("rounds.time_limit",),
    Kind.SECONDS: ("rounds.grace",),
    Kind.FLAG: (
        *("registration.consents.required", "rounds.shuffle_questions"),
        "rounds.shuffle_choices",
    ),
    Kind.WORDS: ("languages", "ranking.keys", "results.shows"),
    Kind.TABLE: ("eligibility", "registration", "registration.fields", "ranking", "results"),
    Kind.OPTIONAL: ("essay", "rounds.prediction"),
    Kind.ROWS: (
        *("eligibility.roles", "registration.consents", "rounds", "rounds.sections"),
        *("awards", "materials", "events"),
    ),
}
_KIND = {path: kind for kind, paths in _KINDS.items() for path in paths}

_TABLES = {
    **KEYS,
    "": tuple(key for key in KEYS[""] if key not in ("format", "format_version")),
    "eligibility.roles": ("id", "title"),
}
_NEEDED_ROWS = ("rounds", "rounds.sections")
_OMITTED_TEXTS = ("eligibility.excluded",)
_ONLY = {
    "rounds.clock": Clock.ATTEMPT_START.value,
    "rounds.prediction.freeze": Freeze.ROUND_END.value,
    "ranking.ties": Ties.SHARED.value,
}
"""Keys that have one value in this version, so that there is nothing to choose."""
_UNIT_MS = {Kind.MINUTES: 60_000, Kind.SECONDS: 1_000}
_UNIT = {Kind.MINUTES: "m", Kind.SECONDS: "s"}

_DIGITS = re.compile(r"-?\d{1,12}\Z", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_ROW = re.compile(r"\d{1,6}\Z", re.ASCII)
_LOCAL_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?\Z", re.ASCII)


def kind_of(path: str) -> Kind:
    """Return the kind of a key by its path without row numbers: ``rounds.sections.count``."""
    return _KIND.get(path, Kind.TEXT)


def is_row(part: str) -> bool:
    """Return whether a part of a field's path is the number of a row."""
    return _ROW.match(part) is not None


def plain_path(path: str) -> str:
    """Return the path of a field without the numbers of its rows."""
    return ".".join(part for part in path.split(".") if not is_row(part))


def form_of(data: Mapping[str, Any]) -> Form:
    """Return the form of the nested mappings of a contest file; it raises for no mapping."""
    words = _form_value(data.get("languages"), "languages", "")
    first = next(iter(words), "")
    form = _form_table(data, "", first)
    if "results" not in data:
        form["results"]["shows"] = [one.value for one in Shown]
    return form


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))


def _form_table(data: Mapping[str, Any], path: str, first: str) -> Form:
    form: Form = {}
    for key in _TABLES[path]:
        at = f"{path}.{key}" if path else key
        if kind_of(at) is not Kind.OPTIONAL or key in data:
            form[key] = _form_value(data.get(key), at, first)
    return form


def _form_value(value: Any, path: str, first: str) -> Any:
    kind = kind_of(path)
    if kind is Kind.ROWS:
        return [_form_table(row, path, first) for row in _rows(value, path)]
    if kind in (Kind.TABLE, Kind.OPTIONAL):
        return _form_table(value if isinstance(value, Mapping) else {}, path, first)
    if kind is Kind.TEXTS:
        return _form_texts(value, first)
    if kind is Kind.WORDS:
        return [_word(one) for one in value if _word(one)] if _is_list(value) else []
    if kind in _UNIT_MS and isinstance(value, str):
        return _plain_duration(value, kind)
    return _word(value) or _ONLY.get(path, "")


def _rows(value: Any, path: str) -> list[Mapping[str, Any]]:
    """Return the rows of a list; roles are a table by id in a file."""
    if path == "eligibility.roles" and isinstance(value, Mapping):
        return [{"id": str(role), "title": title} for role, title in value.items()]
    return [row for row in value if isinstance(row, Mapping)] if _is_list(value) else []


def _form_texts(value: Any, first: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {str(language): _word(text) for language, text in value.items()}
    return {first or "vi": _word(value)} if _word(value) else {}


def _plain_duration(text: str, kind: Kind) -> str:
    milliseconds = read_duration(text)
    if milliseconds is None or milliseconds % _UNIT_MS[kind]:
        return _word(text)
    return str(milliseconds // _UNIT_MS[kind])


def _word(value: Any) -> str:
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _instant_text(value)
    # A database keeps no zero character.
    return str(value).replace("\0", "")


def _instant_text(value: datetime) -> str:
    if value.second or value.microsecond:
        return value.isoformat(timespec="auto" if value.microsecond % 1000 else "milliseconds")
    return value.isoformat(timespec="minutes")


def is_local_minute(text: str) -> bool:
    """Return whether a browser's field for day and time can show a text; empty is one it can."""
    return not text or _LOCAL_MINUTE.match(text) is not None


def data_of(form: Mapping[str, Any], *, blank: str = "") -> dict[str, Any]:
    """Return the nested mappings of a contest file; empty fields are left out.

    ``blank`` stands for every text that is missing, for a preview of what is not finished.
    """
    languages = [one for one in form.get("languages", ()) if one]
    if blank and not languages:
        languages = ["vi"]
    data = {"format": FORMAT, "format_version": FORMAT_VERSION}
    data |= _data_table(form, "", languages, blank)
    if blank:
        data["languages"] = languages
    return data


def _data_table(
    form: Mapping[str, Any], path: str, languages: Sequence[str], blank: str
) -> dict[str, Any]:
    data = {}
    for key in _TABLES[path]:
        at = f"{path}.{key}" if path else key
        value = _data_value(form.get(key), at, languages, blank)
        if value is not None:
            data[key] = value
    return data


def _data_value(value: Any, path: str, languages: Sequence[str], blank: str) -> Any:
    kind = kind_of(path)
    if kind is Kind.ROWS:
        rows = [_data_table(row, path, languages, blank) for row in value or ()]
        if path == "eligibility.roles":
            return _roles(rows) or None
        return rows if rows or path in _NEEDED_ROWS else None
    if kind is Kind.TABLE or (kind is Kind.OPTIONAL and value is not None):
        return _data_table(value or {}, path, languages, blank)
    if kind is Kind.TEXTS:
        return _data_texts(value or {}, path, languages, blank)
    if kind is Kind.WORDS:
        return list(value or ())
    text = (value or "").strip()
    return _READ[kind](text) if text and kind in _READ else text or None


def _roles(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    roles: dict[str, Any] = {}
    again: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        name = first = row.get("id") or f"nhom-{number}"
        while name in roles:
            again[first] = again.get(first, 1) + 1
            name = f"{first}-{again[first]}"
        roles[name] = row.get("title", {})
    return roles


def _data_texts(
    texts: Mapping[str, str], path: str, languages: Sequence[str], blank: str
) -> dict[str, str] | None:
    found = {language: texts.get(language, "").strip() for language in languages}
    if path in _OMITTED_TEXTS and not any(found.values()):
        return None
    kept = {language: text or blank for language, text in found.items()}
    return {language: text for language, text in kept.items() if text}


def _number(text: str) -> int | str:
    return int(text) if _DIGITS.match(text) else text


def _instant(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text) if _INSTANT.match(text) else text
    except ValueError:
        return text


def _day(text: str) -> date | str:
    try:
        return date.fromisoformat(text) if _DAY.match(text) else text
    except ValueError:
        return text


def _minutes(text: str) -> str:
    return f"{text}m" if text.isascii() and text.isdigit() else text


def _seconds(text: str) -> str:
    return f"{text}s" if text.isascii() and text.isdigit() else text


def _flag(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


_READ = {
    Kind.NUMBER: _number,
    Kind.INSTANT: _instant,
    Kind.DAY: _day,
    Kind.MINUTES: _minutes,
    Kind.SECONDS: _seconds,
    Kind.FLAG: _flag,
}


def fields_of(form: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values of a form by the names of its fields: ``rounds.0.title.vi``."""
    return dict(_fields(form, ""))


def _fields(value: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _fields(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and kind_of(plain_path(path)) is Kind.ROWS:
        for index, inner in enumerate(value):
            yield from _fields(inner, f"{path}.{index}")
    elif isinstance(value, list):
        yield path, list(value)
    else:
        yield path, [value]


def with_fields(
    form: Mapping[str, Any], fields: Mapping[str, Sequence[str]], keys: Iterable[str]
) -> Form:
    """Return a form whose keys of the first level are read anew from the fields of a page.

    Rows stand in the order of their numbers, whatever those are; a box that was not sent is not
    ticked; an optional table is there when any of its fields is.
    """
    tree: dict[str, Any] = {}
    for name, values in fields.items():
        node = tree
        parts = name.split(".")
        if not all(parts):
            continue
        for part in parts:
            node = node.setdefault(part, {})
        node[""] = list(values)
    read = {key: _sent_value(tree.get(key, {}), key) for key in keys if key in _TABLES[""]}
    changed = {**deepcopy(dict(form)), **read}
    return {key: value for key, value in changed.items() if value is not None}


def _sent_value(node: Mapping[str, Any], path: str) -> Any:
    kind = kind_of(path)
    if kind is Kind.ROWS:
        numbers = sorted((part for part in node if _ROW.match(part)), key=int)
        return [_sent_table(node[number], path) for number in numbers]
    if kind is Kind.OPTIONAL and not node:
        return None
    if kind in (Kind.TABLE, Kind.OPTIONAL):
        return _sent_table(node, path)
    if kind is Kind.TEXTS:
        return {language: _sent(inner) for language, inner in node.items() if language}
    if kind is Kind.WORDS:
        return list(dict.fromkeys(word for one in node.get("", ()) if (word := _clean(one))))
    if kind is Kind.FLAG:
        return _sent(node) or "false"
    return _sent(node)


def _sent_table(node: Mapping[str, Any], path: str) -> Form:
    found = {key: _sent_value(node.get(key, {}), f"{path}.{key}") for key in _TABLES[path]}
    return {key: value for key, value in found.items() if value is not None}


def _sent(node: Mapping[str, Any]) -> str:
    values = node.get("", ())
    return _clean(values[0]) if values else ""


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def slug_of(text: str) -> str:
    """Return a text as a name for addresses: ``Vòng 1`` gives ``vong-1``; it may be empty."""
    words = re.findall(r"[a-z0-9]+", fold(text))
    slug = "-".join(words)
    return slug if len(slug) <= MAX_SLUG else slug[:MAX_SLUG].rpartition("-")[0] or slug[:MAX_SLUG]


_NAMED_ROWS = {
    "rounds": ("title", "vong"),
    "awards": ("title", "giai"),
    "registration.consents": ("", "dong-y"),
    "eligibility.roles": ("title", "nhom"),
}


def with_ids(form: Mapping[str, Any]) -> Form:
    """Return a form in which every row that needs an id has one, made from its title."""
    changed: Form = deepcopy(dict(form))
    for path, (source, word) in _NAMED_ROWS.items():
        rows = _rows_at(changed, path)
        used = {row["id"] for row in rows if row.get("id")}
        for number, row in enumerate(rows, start=1):
            if not row.get("id"):
                title = next(filter(None, row.get(source, {}).values()), "") if source else ""
                row["id"] = _unused(slug_of(title) or f"{word}-{number}", used)
                used.add(row["id"])
    return changed


def _rows_at(form: Mapping[str, Any], path: str) -> list[Form]:
    found: Any = form
    for part in path.split("."):
        found = found.get(part) or {}
    return found or []


def _unused(name: str, used: Iterable[str]) -> str:
    taken, number, found = set(used), 2, name
    while found in taken:
        found = f"{name[: MAX_SLUG - 4]}-{number}"
        number += 1
    return found
