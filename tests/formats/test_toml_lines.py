"""Where the keys of a TOML file stand."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizengine.formats.toml_lines import line_at, lines_of

TEXT = '''\
# a comment with [brackets] and = signs
plain = 1   # another # comment
"quoted key" = 'x # no comment'
dotted.inner.key = 2021-07-26 08:00:00
long = """
[not.a.table]
key = "no"
it ends here""""
raw = \'\'\'
'' [[no]]
\'\'\'
inline = { vi = "a", deep = { en = "}" } }
list = [ # comment ]
  "first",
  { id = "second" },
  [1,
   2],
]

[table]
key = true

[[rounds]]
id = "one"
[[rounds.sections]]
count = 1
[[rounds.sections]]
count = 2
[rounds.prediction]
target = "x"

[[rounds]]
id = "two"
[[rounds.sections]]
count = 3
'''

EXPECTED = {
    "plain": 2,
    "quoted key": 3,
    "dotted.inner.key": 4,
    "long": 5,
    "raw": 9,
    "inline.deep.en": 12,
    "list": 13,
    "list.0": 14,
    "list.1.id": 15,
    "list.2.1": 17,
    "table": 20,
    "table.key": 21,
    "rounds.0": 23,
    "rounds.0.id": 24,
    "rounds.0.sections.0": 25,
    "rounds.0.sections.1.count": 28,
    "rounds.0.prediction": 29,
    "rounds.0.prediction.target": 30,
    "rounds.1.id": 33,
    "rounds.1.sections.0.count": 35,
}


def test_every_key_header_and_item_has_its_line() -> None:
    tomllib.loads(TEXT)
    lines = lines_of(TEXT)
    assert {name: lines.get(name) for name in EXPECTED} == EXPECTED


def test_carriage_returns_change_no_line() -> None:
    assert lines_of(TEXT.replace("\n", "\r\n")) == lines_of(TEXT)


def test_what_is_not_written_stands_at_the_table_around_it() -> None:
    lines = lines_of(TEXT)
    assert line_at(lines, "rounds.1.prediction.target") == 32
    assert line_at(lines, "rounds.0.sections.1.points") == 27
    assert line_at(lines, "nowhere") == 1


KEYS = st.text("abcXYZ09-_", min_size=1, max_size=4)
SCALARS = st.sampled_from(["1", '"a#]"', "'}{'", "true", "1.5", '"""x\n\n"""', "2021-01-01"])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(KEYS, SCALARS), min_size=1, unique_by=lambda pair: pair[0]))
def test_each_key_is_on_the_line_that_begins_with_it(pairs: list[tuple[str, str]]) -> None:
    text = "".join(f"{key} = {value}\n" for key, value in pairs)
    rows = text.split("\n")
    for key, line in lines_of(text).items():
        assert rows[line - 1].startswith(f"{key} = ")


@pytest.mark.parametrize("text", ["a = ", "a = [", 'a = "', "= 1", "a b"])
def test_a_file_that_is_no_toml_raises_nothing_but_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="no "):
        lines_of(text)
