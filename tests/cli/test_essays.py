"""Scanning essays: a folder, a list, or a contest."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from quizengine.cli.sample_people import without_accents
from tests.cli.conftest import Shell
from tests.services.desk import OPENS, SLUG, Desk, words

ORIGINAL = words(150)
DOCUMENT = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:body></w:document>"
)


@pytest.fixture
def folder(shell: Shell) -> Path:
    """A folder with an essay, three kinds of copies of it, and one that is somebody's own."""
    texts = {
        "goc.txt": ORIGINAL,
        "y-het.txt": ORIGINAL + "\n",
        "khong-dau.txt": without_accents(ORIGINAL).upper(),
        "mot-nua.txt": words(75) + " " + words(75, 900),
        "rieng.txt": words(150, 400),
    }
    path = shell.folder / "bai-viet"
    path.mkdir()
    for name, text in texts.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


def pairs(document: Any) -> dict[tuple[str, str], str]:
    """Return the kind of each pair found."""
    return {(one["a"], one["b"]): one["kind"] for one in document["pairs"]}


def test_planted_copies_are_found_with_their_passages(shell: Shell, folder: Path) -> None:
    document = shell.json("essays", "scan", folder, "--json")
    assert document["essays"] == 5
    assert pairs(document) == {
        ("goc.txt", "khong-dau.txt"): "exact",
        ("goc.txt", "mot-nua.txt"): "partial",
        ("goc.txt", "y-het.txt"): "exact",
        ("khong-dau.txt", "mot-nua.txt"): "partial",
        ("khong-dau.txt", "y-het.txt"): "exact",
        ("mot-nua.txt", "y-het.txt"): "partial",
    }
    assert document["clusters"] == [["goc.txt", "khong-dau.txt", "mot-nua.txt", "y-het.txt"]]
    half = next(one for one in document["pairs"] if one["b"] == "mot-nua.txt")
    assert 0.4 < half["share_a"] < 0.6
    (start, end) = half["passages"][0]["a"]
    assert ORIGINAL[start:end] in ORIGINAL[: len(words(75)) + 20]


def test_the_report_for_people_names_the_pairs(shell: Shell, folder: Path) -> None:
    said = shell.run("essays", "scan", folder)
    assert "goc.txt ~ y-het.txt" in said.stdout
    assert said.stdout.splitlines()[-1] == "5 essays: 6 pairs in 1 clusters"
    assert said.stderr == ""


def test_a_list_of_essays_is_scanned(shell: Shell) -> None:
    path = shell.folder / "essays.jsonl"
    lines = [{"id": name, "text": ORIGINAL} for name in ("a", "b")]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert pairs(shell.json("essays", "scan", path, "--json")) == {("a", "b"): "exact"}


def test_what_everybody_may_quote_is_no_copy(shell: Shell, folder: Path) -> None:
    quoted = shell.folder / "de-bai.txt"
    quoted.write_text(ORIGINAL, encoding="utf-8")
    found = shell.json("essays", "scan", folder, "--json", "--exclude", quoted)
    assert "partial" not in pairs(found).values()


def test_copies_of_other_texts_are_found(shell: Shell, folder: Path) -> None:
    source = shell.folder / "bao"
    source.mkdir()
    (source / "rieng.txt").write_text(words(150, 400), encoding="utf-8")
    found = pairs(shell.json("essays", "scan", folder, "--json", "--against", source))
    assert found["rieng.txt", "bao/rieng.txt"] == "exact"


def test_an_essay_that_cannot_be_read_is_told_and_exits_with_1(shell: Shell, folder: Path) -> None:
    """It is compared with nothing, so the report must not look complete."""
    (folder / "hong.docx").write_bytes(b"PK\x03\x04 broken")
    result = shell.run("essays", "scan", folder, "--json", expecting=1)
    assert "hong.docx" in result.stderr
    document = json.loads(result.stdout)
    assert document["essays"] == 5
    (problem,) = document["problems"]
    assert (problem["severity"], problem["place"]) == ("error", "hong.docx")
    assert problem["code"] == "file.damaged"
    assert problem["message"] in result.stderr


def test_documents_of_strangers_are_parsed_in_a_process_of_their_own(
    shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    start = subprocess.run

    def counted(*arguments: Any, **more: Any) -> Any:
        started.append(arguments)
        return start(*arguments, **more)

    monkeypatch.setattr(subprocess, "run", counted)
    document = DOCUMENT.format(ORIGINAL)
    with zipfile.ZipFile(folder / "goc.docx", "w") as archive:
        archive.writestr("word/document.xml", document)
    (folder / "hong.pdf").write_bytes(b"%PDF-1.4 broken")
    found = shell.json("essays", "scan", folder, "--json", expecting=1)
    assert pairs(found)["goc.docx", "goc.txt"] == "exact"
    assert [one["place"] for one in found["problems"]] == ["hong.pdf"]
    assert len(started) == 2  # plain text needs no parser


def test_what_is_over_a_limit_is_a_problem_of_that_essay_alone(shell: Shell, folder: Path) -> None:
    (folder / "lon.txt").write_bytes(b"a" * 10_000_001)
    lines = [
        json.dumps({"id": "a", "text": ORIGINAL}),
        json.dumps({"id": "b", "text": "b" * 10**7}),
    ]
    (folder / "ds.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = shell.json("essays", "scan", folder, "--json", expecting=1)
    assert found["essays"] == 6
    assert {one["code"]: one["place"] for one in found["problems"]} == {
        "essay.line_too_long": "line ds.jsonl:2",
        "file.too_large": "lon.txt",
    }


def test_a_text_too_long_to_be_compared_is_a_problem_of_that_essay_alone(
    shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quizengine.formats.essay_file.MOST_LETTERS", len(ORIGINAL))
    (folder / "dai.txt").write_text(ORIGINAL + " " + words(150, 3000), encoding="utf-8")
    found = shell.json("essays", "scan", folder, "--json", expecting=1)
    places = {one["place"] for one in found["problems"] if one["code"] == "essays.too_long"}
    assert "dai.txt" in places
    assert "goc.txt" not in places


def test_a_whole_report_has_no_problems(shell: Shell, folder: Path) -> None:
    assert shell.json("essays", "scan", folder, "--json")["problems"] == []


def test_links_are_not_followed_out_of_the_folder(shell: Shell, folder: Path) -> None:
    secret = shell.folder / "mat-khau.txt"
    secret.write_text("không phải bài dự thi", encoding="utf-8")
    (folder / "ra-ngoai.txt").symlink_to(secret)
    (folder / "thu-muc-ngoai").symlink_to(shell.folder)
    (folder / "vong.txt").symlink_to(folder / "vong.txt")
    (folder / "vong").symlink_to(folder)
    (folder / "dut.txt").symlink_to(folder / "khong-co.txt")
    (folder / "trong.txt").symlink_to("rieng.txt")
    document = shell.json("essays", "scan", folder, "--json", expecting=1)
    assert document["essays"] == 6
    assert {one["place"] for one in document["problems"]} == {
        "dut.txt",
        "ra-ngoai.txt",
        "thu-muc-ngoai",
        "vong",
        "vong.txt",
    }
    assert {one["code"] for one in document["problems"]} == {"essay.link"}


def test_a_text_to_leave_out_that_cannot_be_read_exits_with_1(shell: Shell, folder: Path) -> None:
    broken = shell.folder / "hong.docx"
    broken.write_bytes(b"PK\x03\x04 broken")
    result = shell.run("essays", "scan", folder, "--exclude", broken, expecting=1)
    assert result.stderr.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("missing",),
        (".", "--contest", SLUG),
        ("--contest", SLUG, "--against", "."),
        (".", "--exclude", "."),
    ],
)
def test_wrong_usage_exits_with_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.run("essays", "scan", *arguments, expecting=2)


def test_the_essays_of_a_contest_are_scanned(desk: Desk, shell: Shell) -> None:
    for person, text in (("an", ORIGINAL), ("binh", ORIGINAL), ("chi", words(150, 400))):
        desk.register(person)
        desk.write(person, text, OPENS)
    document = shell.json("essays", "scan", "--contest", SLUG, "--json")
    assert document["essays"] == 3
    assert list(pairs(document).values()) == ["exact"]
    shell.run("essays", "scan", "--contest", "khong-co", expecting=1)
