"""The native bank file: lossless, canonical, and every problem with its line."""

import pytest
from hypothesis import given, settings

from quizengine.core.banks import Bank, Kind, Level, Question, mask_of
from quizengine.errors import InvalidFile, Place
from quizengine.formats.native import is_native, read_native, write_native
from tests.formats.drawn_banks import ANY_TEXT, LINES, banks

HEAD = "format: quizengine-bank\nformat_version: 1\n"
QUESTION = """questions:
  - text: Công đoàn Việt Nam thành lập năm nào?
    choices:
      - 1929
      - 1930
    key: A
    source: Điều lệ
"""


def problems(text: str) -> list[tuple[str, str]]:
    return [(each.code, each.place.at) for each in read_native(text.encode()).problems]


@given(banks(ANY_TEXT))
@settings(deadline=None)
def test_any_bank_comes_back_as_it_was(bank: Bank) -> None:
    assert read_native(write_native(bank)).bank == bank


@given(banks(LINES))
@settings(deadline=None)
def test_texts_that_look_like_the_format_come_back_as_they_were(bank: Bank) -> None:
    data = write_native(bank)
    assert is_native(data)
    assert read_native(data).bank == bank


def test_a_mark_after_an_escaped_line_end_does_not_change_the_escape() -> None:
    choice = "\U0001f600\n\u0300b"
    question = Question("1", Kind.SINGLE, "0", ("0", choice), key=1)
    assert read_native(write_native(Bank((question,)))).bank.questions == (question,)


def test_writing_what_was_read_gives_the_same_bytes() -> None:
    data = write_native(read_native((HEAD + QUESTION).encode()).bank)
    assert write_native(read_native(data).bank) == data


def test_what_is_left_out_has_its_default() -> None:
    bank = read_native((HEAD + QUESTION).encode()).bank
    (question,) = bank.questions
    assert (bank.title, bank.language, bank.as_of) == ("", "vi", None)
    assert (question.id, question.kind, question.level) == ("1", Kind.SINGLE, Level.UNSTATED)
    assert question.choices == ("1929", "1930")
    assert (question.key, question.pinned) == (1, 0)


@pytest.mark.parametrize("written", ["AC", "A, C", "[A, C]", "a và c", "[a, c]", "'C,A'"])
def test_several_answers_are_letters_together_apart_or_listed(written: str) -> None:
    text = HEAD + QUESTION.replace("- 1930", "- 1930\n      - 1931").replace(
        "key: A", f"key: {written}"
    )
    (question,) = read_native(text.encode()).bank.questions
    assert (question.key, question.kind) == (mask_of("AC"), Kind.MULTIPLE)


def test_every_problem_has_the_line_of_its_part() -> None:
    text = (
        HEAD
        + "languages: vi\n"  # line 3
        + "as_of: 31/2/2021\n"  # line 4
        + QUESTION.replace("key: A", "key: Z1\n    level: cực khó")  # lines 10 and 11
        + "  - choices: Huế\n"  # line 13
    )
    assert problems(text) == [
        ("file.field_unknown", "3"),
        ("bank.date_unknown", "4"),
        ("bank.key_unclear", "10"),
        ("bank.level_unknown", "11"),
        ("file.list_expected", "13"),
        ("bank.stem_empty", "13"),
        ("bank.choices_missing", "13"),
        ("bank.source_missing", "13"),
    ]


def test_a_field_given_twice_is_an_error() -> None:
    text = HEAD + QUESTION + "    key: B\n"
    assert problems(text) == [("file.field_repeated", "10")]


@pytest.mark.parametrize("version", ["2", "0", "1.0", "[1]"])
def test_another_version_is_refused_and_named(version: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        read_native(f"format: quizengine-bank\nformat_version: {version}\n".encode())
    assert caught.value.code == "file.version_unknown"
    assert caught.value.problems[0].place == Place("line", "2")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("title: [", "file.yaml_broken"),
        ("title: a\n---\ntitle: b", "file.yaml_broken"),
        ("title: &a x\nlanguage: *a", "file.yaml_alias"),
        ("title: " + "[" * 100_000, "file.yaml_too_deep"),
        ("? " * 100_000, "file.yaml_too_deep"),
        ("title: !!python/object/apply:os.system [x]", None),
    ],
)
def test_yaml_that_is_broken_or_clever_is_refused_or_only_text(text: str, code: str | None) -> None:
    data = (HEAD + text).encode()
    if code is None:
        assert read_native(data).problems[0].code == "file.text_expected"
        return
    with pytest.raises(InvalidFile) as caught:
        read_native(data)
    assert caught.value.code == code
    assert caught.value.problems[0].place.kind == "line"
