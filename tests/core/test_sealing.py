"""Audit rows: a changed, removed or moved row breaks the chain."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.sealing import GENESIS, Entry, first_break, seal

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
entries = st.dictionaries(st.text(max_size=6), values, max_size=4)
logs = st.lists(entries, min_size=2, max_size=6)


def chain(log: list[Entry], previous: str = GENESIS) -> list[tuple[Entry, str]]:
    rows = []
    for entry in log:
        previous = seal(previous, entry)
        rows.append((entry, previous))
    return rows


def test_a_seal_is_the_hash_of_the_seal_before_and_the_row() -> None:
    text = f'{{"entry":{{"action":"mở","at_ms":5}},"previous":"{GENESIS}"}}'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert seal(GENESIS, {"at_ms": 5, "action": "mở"}) == expected


@given(logs)
def test_an_untouched_chain_has_no_break(log: list[Entry]) -> None:
    assert first_break(chain(log)) is None
    rows = chain(log)
    assert first_break(rows[1:], previous=rows[0][1]) is None


@given(logs, entries, st.data())
def test_a_changed_row_is_where_the_chain_breaks(
    log: list[Entry], other: Entry, data: st.DataObject
) -> None:
    rows = chain(log)
    index = data.draw(st.integers(0, len(rows) - 1))
    changed = {**other, "changed": data.draw(st.uuids()).hex}
    rows[index] = (changed, rows[index][1])
    assert first_break(rows) == index


@given(logs, st.data())
def test_a_row_resealed_alone_breaks_the_next(log: list[Entry], data: st.DataObject) -> None:
    rows = chain(log)
    index = data.draw(st.integers(0, len(rows) - 2))
    previous = rows[index - 1][1] if index else GENESIS
    changed: Entry = {**rows[index][0], "changed": data.draw(st.uuids()).hex}
    rows[index] = (changed, seal(previous, changed))
    assert first_break(rows) == index + 1


@given(logs, st.data())
def test_a_removed_row_breaks_the_chain_at_the_next(log: list[Entry], data: st.DataObject) -> None:
    rows = chain(log)
    index = data.draw(st.integers(0, len(rows) - 2))
    del rows[index]
    assert first_break(rows) == index


@given(logs, st.data())
def test_exchanged_rows_break_the_chain(log: list[Entry], data: st.DataObject) -> None:
    rows = chain(log)
    index = data.draw(st.integers(0, len(rows) - 2))
    rows[index], rows[index + 1] = rows[index + 1], rows[index]
    assert first_break(rows) == index


def test_no_rows_have_no_break() -> None:
    assert first_break([]) is None
