"""Strangers' files: limits before parsing, and the bounded child process."""

import io
import os
import sys
import time
import zipfile
from pathlib import Path

import pytest

from quizengine.core.clock import EPOCH
from quizengine.errors import InvalidFile, InvalidInput, NotFound, Place, TooLarge
from quizengine.formats import reading
from quizengine.formats.reading import check_size, decoded, member_names, refused, run_bounded
from quizengine.formats.registry import read_bank, write_bank
from tests.formats.test_native import HEAD, QUESTION


def packed(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"x" * (reading.MAX_PACKED + 1), "file.too_large"),
        (packed(a=bytes(101_000_000)), "file.unpacks_too_large"),
        (packed(a=bytes(5_000_000)), "file.unpacks_too_large"),
        (packed(**{f"m{n}": b"" for n in range(1001)}), "file.too_many_entries"),
    ],
    ids=["packed", "unpacked", "ratio", "entries"],
)
def test_files_over_the_limits_are_refused_unopened(data: bytes, code: str) -> None:
    with pytest.raises(TooLarge) as caught:
        check_size(data)
    assert caught.value.code == code
    assert [problem.code for problem in caught.value.problems] == [code]


def test_usual_files_are_within_the_limits() -> None:
    check_size(b"")
    check_size(packed(a=b"x" * 100_000))


@pytest.mark.parametrize("data", [b"PK\x03\x04", packed(a=b"x")[:-8], b"PK\x03\x04" * 50])
def test_a_damaged_zip_is_refused_and_has_no_members(data: bytes) -> None:
    assert member_names(data) == frozenset()
    with pytest.raises(InvalidFile, match=r"file\.damaged"):
        check_size(data)


def test_no_member_is_extracted_by_its_name(tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    with pytest.raises(InvalidInput):
        read_bank(packed(**{f"../../{tmp_path}/evil.xml": b"x"}), "a.docx")
    assert set(tmp_path.rglob("*")) == before


def test_a_text_that_is_not_unicode_is_refused_at_its_line() -> None:
    with pytest.raises(InvalidFile) as caught:
        decoded("một\nhai\n".encode() + b"\xd4\xe2")
    assert caught.value.code == "file.encoding_unknown"
    assert caught.value.problems[0].place == Place("line", "3")


def raise_located(at: str) -> None:
    raise refused("file.damaged", Place("line", at), depth=3)


def raise_not_found() -> None:
    raise NotFound("thing.missing", name="x")


def hoard() -> int:
    return len(bytearray(400_000_000))


def hoard_in_numpy() -> int:
    import numpy as np

    return int(np.ones(100_000_000).sum())


def spin() -> None:
    while True:
        pass


def die() -> None:
    os.abort()


def fail() -> float:
    return 1 / 0


def chatter() -> str:
    print("to standard output")
    os.write(1, b"straight to the descriptor")
    return "value"


def surroundings() -> tuple[int, dict[str, str], bool]:
    return os.getppid(), dict(os.environ), "pytest" in sys.modules


def test_the_value_comes_back_from_another_process() -> None:
    parent, environment, has_pytest = run_bounded(surroundings)
    assert parent == os.getpid()
    assert has_pytest  # only because this test module imports it: nothing is inherited
    assert "PATH" not in environment
    assert not [name for name in environment if name.startswith(("QUIZ", "PG"))]


def test_values_of_the_engine_cross_the_border() -> None:
    data = (HEAD + QUESTION).encode()
    assert run_bounded(read_bank, data, "a.yaml") == read_bank(data, "a.yaml")
    bank = read_bank(data).bank
    assert run_bounded(write_bank, bank, "docx") == write_bank(bank, "docx")
    assert run_bounded(EPOCH.isoformat) == EPOCH.isoformat()


def test_errors_of_the_engine_cross_with_their_problems() -> None:
    with pytest.raises(InvalidFile) as caught:
        run_bounded(raise_located, "7")
    assert (caught.value.code, caught.value.params) == ("file.damaged", {"depth": 3})
    assert caught.value.problems[0].place == Place("line", "7")
    with pytest.raises(NotFound, match=r"thing\.missing"):
        run_bounded(raise_not_found)


@pytest.mark.parametrize(
    ("function", "code"),
    [
        (hoard, "file.too_big_to_read"),
        (hoard_in_numpy, "file.too_big_to_read"),
        (die, "file.crashed"),
        (fail, "file.crashed"),
    ],
)
def test_a_child_that_fails_is_a_refused_file(function: "object", code: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        run_bounded(function)  # type: ignore[arg-type]
    assert caught.value.code == code


@pytest.mark.parametrize("function", [spin, time.sleep])
def test_a_child_that_works_or_sleeps_too_long_is_stopped(function: "object") -> None:
    args = (30,) if function is time.sleep else ()
    with pytest.raises(InvalidFile, match=r"file\.too_slow"):
        run_bounded(function, *args, seconds=1)  # type: ignore[arg-type]


def test_the_cause_of_a_failure_is_kept_for_the_log() -> None:
    with pytest.raises(InvalidFile) as caught:
        run_bounded(fail)
    assert "ZeroDivisionError" in str(caught.value.__cause__)


def test_what_a_parser_prints_does_not_mix_with_its_value() -> None:
    assert run_bounded(chatter) == "value"


def test_a_module_in_the_working_folder_cannot_take_the_place_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quizengine.py").write_text("raise SystemExit('hijacked')")
    (tmp_path / "pickle.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    assert run_bounded(fail.__name__.upper) == "FAIL"
