"""Audit rows chained by hashes: a row that is changed, removed or moved breaks the chain.

The seal of a row is the SHA-256 of the row before's seal and of the row itself, in one JSON text. A
chain shows no rows missing at its end: for that, publish its last seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

Value = str | int | bool | None | Sequence["Value"] | Mapping[str, "Value"]
Entry = Mapping[str, Value]

GENESIS = "0" * 64
"""What stands before the first row."""


def seal(previous: str, entry: Entry) -> str:
    """Return the hex seal of an entry that follows the row sealed ``previous``.

    The hashed text is JSON with sorted names, no spaces and unescaped letters, in UTF-8:
    ``{"entry":{…},"previous":"…"}``. Entries hold texts, whole numbers, truth values, nothing, and
    lists and mappings of them; no fractions, which databases write back differently.
    """
    body = {"previous": previous, "entry": entry}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_break(rows: Iterable[tuple[Entry, str]], previous: str = GENESIS) -> int | None:
    """Return the index of the first (entry, seal) that does not follow the one before, or none.

    ``rows`` stand in the order they were sealed; ``previous`` is the seal before the first of them.
    """
    for index, (entry, sealed) in enumerate(rows):
        if seal(previous, entry) != sealed:
            return index
        previous = sealed
    return None
