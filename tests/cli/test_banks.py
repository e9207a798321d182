"""The commands about banks."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from quizengine.core.banks import Bank
from quizengine.formats.registry import write_bank
from tests.cli.conftest import Shell
from tests.sample_contests import SAMPLE
from tests.services.desk import make_bank

BROKEN = "Câu 1. Hỏi gì?\nA. Một\nB. Hai\n\nCâu 2. Hỏi nữa?\nA. Một\nB. Hai\nĐáp án: B\n"


@pytest.fixture
def native(shell: Shell) -> Path:
    """A bank's native file."""
    return write(shell, make_bank())


def write(shell: Shell, bank: Bank) -> Path:
    """Write a bank's native file."""
    path = shell.folder / "bank.yaml"
    path.write_bytes(write_bank(bank, path.name))
    return path


def load(shell: Shell, path: Path, expecting: int = 0) -> Result:
    """Load a bank."""
    return shell.run("bank", "load", path, "--name", "mau", expecting=expecting)


def test_the_sample_banks_have_no_errors(shell: Shell) -> None:
    files = sorted(SAMPLE.glob("bank.*"))
    documents = shell.json("bank", "check", *files, "--json")
    assert [document["file"] for document in documents] == [str(path) for path in files]
    for document in documents:
        assert document["questions"] >= 60
        assert sum(document["by_kind"].values()) == document["questions"]
        assert not [one for one in document["problems"] if one["severity"] == "error"]


def test_checking_tells_every_error_with_its_place_and_exits_with_1(shell: Shell) -> None:
    path = shell.folder / "bank.txt"
    path.write_text(BROKEN, encoding="utf-8")
    document = shell.json("bank", "check", path, "--json", expecting=1)[0]
    error = next(one for one in document["problems"] if one["severity"] == "error")
    assert error["code"] == "bank.key_missing"
    assert error["place"]
    assert error["message"]
    assert error["suggestion"]
    spoken = shell.run("bank", "check", path, expecting=1)
    assert error["message"] in spoken.stderr
    assert error["suggestion"] in spoken.stderr
    assert spoken.stdout.startswith(str(path))


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PK\x03\x04"])
def test_a_file_that_is_no_bank_is_a_problem_not_a_crash(shell: Shell, content: bytes) -> None:
    path = shell.folder / "bank.docx"
    path.write_bytes(content)
    document = shell.json("bank", "check", path, "--json", expecting=1)[0]
    assert document["questions"] == 0
    assert [one["severity"] for one in document["problems"]] == ["error"]


@pytest.mark.parametrize("arguments", [(), ("missing.docx",), ("--keys",)])
def test_wrong_usage_exits_with_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.run("bank", "check", *arguments, expecting=2)


def test_loading_the_same_content_again_changes_nothing(shell: Shell, native: Path) -> None:
    shell.run("db", "upgrade")
    assert "version 1, 10 questions" in load(shell, native).stderr
    assert "unchanged, version 1" in load(shell, native).stderr
    assert "version 2" in load(shell, write(shell, make_bank(title="Sửa"))).stderr
    assert "version 3" in load(shell, write(shell, make_bank())).stderr


@pytest.mark.parametrize("name", ["", "  ", "m" * 81])
def test_a_bank_has_a_name_that_the_database_can_keep(
    shell: Shell, native: Path, name: str
) -> None:
    shell.run("db", "upgrade")
    said = shell.run("bank", "load", native, "--name", name, expecting=1).stderr
    assert "80" in said
    shell.run("bank", "load", native, "--name", "m" * 80)


def test_a_question_as_long_as_a_book_is_a_problem_with_its_place(shell: Shell) -> None:
    path = shell.folder / "bank.txt"
    stem = "Hỏi dài " * 10_000
    path.write_text(f"Câu 1. {stem}?\nA. Một\nB. {'hai ' * 600}\nĐáp án: A\n", encoding="utf-8")
    document = shell.json("bank", "check", path, "--json", expecting=1)[0]
    places = {one["code"]: one["place"] for one in document["problems"]}
    assert places["bank.stem_too_long"] == "line 1"
    assert places["bank.choice_too_long"]


def test_a_bank_with_errors_is_not_loaded(shell: Shell) -> None:
    shell.run("db", "upgrade")
    path = shell.folder / "bank.txt"
    path.write_text(BROKEN, encoding="utf-8")
    assert "answer" in load(shell, path, expecting=1).stderr.lower()
    assert "version 1" in load(shell, write(shell, make_bank())).stderr


def test_a_bank_is_converted_into_a_folder_that_is_there(shell: Shell, native: Path) -> None:
    for target in (shell.folder / "missing" / "out.xlsx", shell.folder):
        assert "Traceback" not in shell.run("bank", "convert", native, target, expecting=2).stderr


def test_a_file_that_cannot_be_written_is_named(shell: Shell, native: Path) -> None:
    target = shell.folder / f"{'dài' * 100}.xlsx"
    assert target.name in shell.run("bank", "convert", native, target, expecting=1).stderr


def test_a_bank_converts_to_a_file_of_the_same_bank(shell: Shell, native: Path) -> None:
    for name in ("one.xlsx", "two.docx", "three.yaml"):
        shell.run("bank", "convert", native, shell.folder / name)
    shell.run("db", "upgrade")
    load(shell, native)
    for name in ("one.xlsx", "two.docx", "three.yaml"):
        assert "unchanged" in load(shell, shell.folder / name).stderr
