"""Banks in any format: detection, round trips, refusal to lose anything, and hostile bytes."""

import io
import os
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quizengine.core.banks import Bank, Kind, Question
from quizengine.errors import InvalidFile, InvalidInput, Problem, has_errors
from quizengine.formats import registry
from quizengine.formats.reading import ReadBank
from quizengine.formats.registry import (
    FORMATS,
    Format,
    check_bank,
    load_bank,
    read_bank,
    write_bank,
)
from tests.formats.drawn_banks import LINES, banks

BANKS = Path(__file__).parents[2] / "question_banks"
SHARED = Path(os.environ.get("QUIZ_SHARED", Path(__file__).parents[3] / "shared"))
QUESTION = Question("1", Kind.SINGLE, "Năm nào?", ("1929", "1930"), key=1, source="Điều lệ")


Value = TypeVar("Value")


def outcome(attempt: Callable[[], Value]) -> tuple[Value | None, tuple[Problem, ...]]:
    """Return the value, or nothing and the problems of a typed refusal."""
    try:
        return attempt(), ()
    except InvalidInput as refusal:
        return None, refusal.problems


@pytest.mark.parametrize("name", ["cong-doan-92", "fire-safety-basics"])
def test_the_sample_banks_load_alike_from_all_their_files(name: str) -> None:
    found = {form: check_bank(BANKS / name / f"bank.{form}") for form in ("yaml", "docx", "xlsx")}
    assert [each.format for each in found.values()] == ["native", "docx", "xlsx"]
    assert [each.problems for each in found.values()] == [()] * 3
    assert len({each.bank.sha256 for each in found.values()}) == 1
    assert found["docx"].bank == found["xlsx"].bank == found["yaml"].bank


def test_the_examples_of_the_documentation_are_one_bank() -> None:
    text = (BANKS.parent / "docs" / "formats.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```(yaml|text|csv)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    found = [read_bank(example.encode()) for _, example in examples]
    assert [each.format for each in found] == ["native", "text", "csv"]
    assert [each.problems for each in found] == [()] * 3
    assert len({each.bank for each in found}) == 1


def test_every_format_has_a_section_in_the_documentation() -> None:
    text = (BANKS.parent / "docs" / "formats.md").read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"(`{name}`)" not in text] == []


def test_the_sample_bank_has_enough_questions_in_each_topic() -> None:
    bank = load_bank(BANKS / "cong-doan-92" / "bank.docx")
    by_topic = [question.topic for question in bank.questions]
    assert len(bank.questions) >= 60
    assert len(bank.topics()) == 5
    assert min(map(by_topic.count, bank.topics())) >= 12
    assert {question.kind for question in bank.questions} == set(Kind)


@given(banks(LINES), st.sampled_from(sorted(FORMATS)))
@settings(deadline=None, max_examples=150)
def test_what_is_written_reads_back_the_same_or_is_refused_by_name(bank: Bank, name: str) -> None:
    data, problems = outcome(lambda: write_bank(bank, name))
    if data is None:
        assert name != "native"
        ids = {question.id for question in bank.questions}
        assert problems
        assert {problem.place.at for problem in problems} <= ids | {""}
        return
    again = read_bank(data)
    assert (again.format, again.bank) == (name, bank)


def test_a_question_that_a_format_cannot_carry_is_named() -> None:
    tricky = replace(QUESTION, id="2", stem="Ai nói:\nB. Không rõ")
    with pytest.raises(InvalidInput) as caught:
        write_bank(Bank((QUESTION, tricky)), "thi.docx")
    (problem,) = caught.value.problems
    assert (problem.code, problem.place.at) == ("bank.not_carried", "2")
    assert write_bank(Bank((QUESTION, tricky)), "thi.xlsx")


def test_a_title_that_a_format_cannot_carry_is_told() -> None:
    with pytest.raises(InvalidInput) as caught:
        write_bank(Bank((QUESTION,), title="một\nhai"), "docx")
    assert [problem.code for problem in caught.value.problems] == ["bank.facts_not_carried"]


def test_a_format_is_chosen_by_name_or_by_the_name_of_a_file() -> None:
    bank = Bank((QUESTION,))
    assert write_bank(bank, "THI.YML") == write_bank(bank, "native")
    with pytest.raises(InvalidInput, match=r"file\.format_unknown"):
        write_bank(bank, "thi.odt")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_content_decides_whatever_the_file_is_called(name: str) -> None:
    data = write_bank(Bank((QUESTION,)), name)
    assert read_bank(data, "ảnh.png").format == name


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.empty"),
        (b" \n", "file.empty"),
        (b"%PDF-1.7 x", "file.pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "file.old_office"),
        (b"{\\rtf1 x}", "file.old_office"),
        (b"PK\x03\x04 x", "file.damaged"),
        (b"\x89PNG\r\n\x1a\n\0\0", "file.unknown"),
        (b"just a letter", "file.unknown"),
        ("Câu 1. Năm nào?".encode("cp1258", "replace"), "file.encoding_unknown"),
    ],
)
def test_files_of_no_known_format_say_what_they_are(data: bytes, code: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        read_bank(data, "x")
    assert [problem.code for problem in caught.value.problems] == [caught.value.code] == [code]


def test_loading_a_bank_with_errors_raises_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "thi.txt"
    path.write_text("Câu 1. x?\nA. a\nB. b\nCâu 2. y?\nA. a\nĐáp án: A", encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        load_bank(path)
    assert [problem.code for problem in caught.value.problems] == [
        "bank.key_missing",
        "bank.choices_missing",
        "bank.sources_missing",
    ]
    assert caught.value.params == {"name": "thi.txt", "count": 2}


def test_an_installed_package_adds_a_format_but_replaces_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = EntryPoints(
        EntryPoint(name, f"{__name__}:{target}", registry.ENTRY_POINT_GROUP)
        for name, target in (("added", "ADDED"), ("native", "IMPOSTOR"))
    )
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))
    registry.known_formats.cache_clear()
    try:
        assert read_bank(b"!! mine", "x").format == "added"
        assert registry.known_formats()["native"] is FORMATS["native"]
    finally:
        registry.known_formats.cache_clear()


ADDED = Format(
    "added",
    (".mine",),
    lambda data, name: data.startswith(b"!! mine"),
    lambda data: ReadBank(Bank((QUESTION,)), "added"),
)
IMPOSTOR = replace(ADDED, name="native")


def read_or_refuse(data: bytes) -> None:
    """Read the bytes; anything raised but a typed error with its problems fails the test."""
    found, problems = outcome(lambda: read_bank(data, "x"))
    if found is None:
        assert problems
    else:
        assert found.bank.questions or has_errors(found.problems)


@given(st.binary(max_size=300) | LINES.map(str.encode))
@settings(deadline=None)
def test_any_bytes_give_a_bank_or_typed_problems(data: bytes) -> None:
    read_or_refuse(data)


@given(
    st.sampled_from(
        [b"format: quizengine-bank\nformat_version: 1\n", b"C\xc3\xa2u 1. ", b"question,A,B\n"]
    ),
    st.text(max_size=200),
)
@settings(deadline=None)
def test_any_text_after_a_known_beginning_gives_a_bank_or_typed_problems(
    head: bytes, rest: str
) -> None:
    read_or_refuse(head + rest.encode("utf-8", "surrogatepass"))


def spoiled(data: bytes, rng: random.Random) -> bytes:
    """Return the bytes with a few of them cut out, changed, doubled or put in."""
    marks = [b"<", b"&", b'"', b"</w:p>", b"<w:p>", b"&#0;", b"\0", b"\xff", b"[", b"*a", b"9" * 12]
    for _ in range(rng.choice([1, 2, 5, 20])):
        at = rng.randrange(len(data) + 1)
        end = at + rng.choice([0, 1, 3, 50, 1000])
        middle = rng.choice([b"", data[at:end] * 2, rng.randbytes(2), rng.choice(marks)])
        data = data[:at] + middle + data[end:]
    return data


def spoiled_files(data: bytes, rng: random.Random) -> Iterator[bytes]:
    """Yield the file spoiled as it stands and, if it is a zip, with one part spoiled inside."""
    yield spoiled(data, rng)
    if not data.startswith(b"PK"):
        return
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as good, zipfile.ZipFile(stream, "w") as bad:
        victim = rng.choice([name for name in good.namelist() if name.endswith(".xml")])
        for name in good.namelist():
            part = good.read(name)
            bad.writestr(name, spoiled(part, rng) if name == victim else part)
    yield stream.getvalue()


@pytest.mark.parametrize("name", sorted(FORMATS))
@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.differing_executors])
def test_any_spoiled_file_gives_a_bank_or_typed_problems(name: str, seed: int) -> None:
    for data in spoiled_files(WRITTEN[name], random.Random(seed)):
        read_or_refuse(data)


WRITTEN = {name: write_bank(Bank((QUESTION, replace(QUESTION, id="2"))), name) for name in FORMATS}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared fixtures are not here")
def test_files_of_other_systems_give_banks_or_located_problems() -> None:
    files = [path for path in (SHARED / "fixtures").rglob("*") if path.is_file()]
    assert files
    for path in files:
        read_or_refuse(path.read_bytes())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared fixtures are not here")
def test_a_sheet_of_another_system_is_read_whole() -> None:
    (path,) = (SHARED / "fixtures" / "vi_xlsx").iterdir()
    found = check_bank(path)
    assert len(found.bank.questions) == 2
    assert not has_errors(found.problems)
