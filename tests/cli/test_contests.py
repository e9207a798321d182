"""The commands about contests, units, results and the record, from an empty database to results."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from quizengine.core.clock import utc_now
from quizengine.formats.contest_file import write_contest
from quizengine.formats.tables import read_table
from quizengine.services.results_document import results_json
from quizengine.store.tables import AuditRow
from tests.cli.conftest import Shell
from tests.sample_contests import SAMPLE
from tests.services.desk import OPENS, SLUG, Desk, make_contest, words

SAMPLE_SLUG = "cong-doan-92"


def prepared(shell: Shell) -> None:
    """Load the sample's units and contest into a new database, its bank not."""
    shell.run("db", "upgrade")
    shell.run("units", "load", SAMPLE / "units.csv")
    shell.run("contest", "load", SAMPLE / "contest.toml", "--opens", "now")


def test_a_contest_runs_from_files_to_results(shell: Shell) -> None:
    prepared(shell)
    refused = shell.run("contest", "open", SAMPLE_SLUG, expecting=1)
    assert refused.stderr.count("has not been loaded") == 1
    shell.run("bank", "load", SAMPLE / "bank.yaml", "--name", SAMPLE_SLUG)
    draft = shell.json("contest", "status", SAMPLE_SLUG, "--json")
    assert (draft["state"], draft["may_open"], draft["problems"]) == ("draft", True, [])
    assert "seed commitment" in shell.run("contest", "open", SAMPLE_SLUG).stdout
    running = shell.json("contest", "status", SAMPLE_SLUG, "--json")
    assert (running["state"], running["may_close"], running["participants"]) == ("open", True, 0)
    assert running["rounds"][0]["seed"] is None
    assert "embargo" in shell.run("results", SAMPLE_SLUG, expecting=1).stderr
    shell.run("contest", "close", SAMPLE_SLUG)
    published = shell.run("contest", "publish", SAMPLE_SLUG).stdout
    assert f"{SAMPLE_SLUG}: published" in published
    assert shell.json("contest", "status", SAMPLE_SLUG, "--json")["rounds"][0]["seed"]
    assert shell.json("results", SAMPLE_SLUG)["rounds"][0]["ranking"] == []
    assert "unbroken" in shell.run("audit", "verify").stdout


@pytest.mark.parametrize("step", ["open", "close", "publish"])
def test_a_step_out_of_order_says_why_and_exits_with_1(desk: Desk, shell: Shell, step: str) -> None:
    desk.close()
    desk.publish()
    said = shell.run("contest", step, SLUG, expecting=1).stderr
    assert said.strip()
    assert "contest.not" not in said


@pytest.mark.parametrize("command", ["status", "open", "close", "publish"])
def test_an_unknown_contest_exits_with_1(desk: Desk, shell: Shell, command: str) -> None:
    assert "khong-co" in shell.run("contest", command, "khong-co", expecting=1).stderr


def test_checking_a_contest_file_tells_problems_with_their_lines(shell: Shell) -> None:
    assert shell.json("contest", "check", SAMPLE / "contest.toml", "--json")["problems"] == []
    text = (SAMPLE / "contest.toml").read_text(encoding="utf-8")
    path = shell.folder / "contest.toml"
    path.write_text(text.replace("attempts = 2", "attempts = 0"), encoding="utf-8")
    document = shell.json("contest", "check", path, "--json", expecting=1)
    line = 1 + text[: text.index("attempts = 2")].count("\n")
    assert [one["place"] for one in document["problems"]] == [f"line {line}"]
    assert (
        document["problems"][0]["message"]
        in shell.run("contest", "check", path, expecting=1).stderr
    )
    shell.run("db", "upgrade")
    shell.run("contest", "load", path, expecting=1)
    shell.run("contest", "status", SAMPLE_SLUG, expecting=1)


@pytest.mark.parametrize("instant", ["tomorrow", "2026-11-30T08:00"])
def test_an_opening_that_is_no_instant_is_wrong_usage(shell: Shell, instant: str) -> None:
    shell.run("contest", "load", SAMPLE / "contest.toml", "--opens", instant, expecting=2)


def test_an_opening_moves_every_window(shell: Shell) -> None:
    shell.run("db", "upgrade")
    shell.run("contest", "load", SAMPLE / "contest.toml", "--opens", "2026-11-30T08:00+07:00")
    found = shell.json("contest", "status", SAMPLE_SLUG, "--json")["rounds"][0]
    assert found["opens_at"] == "2026-11-30T01:00:00+00:00"
    assert found["closes_at"] == "2027-01-02T15:00:00+00:00"


def test_the_units_are_shown_as_a_tree(shell: Shell) -> None:
    prepared(shell)
    lines = shell.run("units", "show").stdout.splitlines()
    assert lines[0].startswith("LS  ")
    assert lines[1].startswith("  VL  ")
    assert len(lines) >= 60


def test_a_file_that_is_no_unit_tree_is_not_loaded(shell: Shell) -> None:
    shell.run("db", "upgrade")
    path = shell.folder / "units.csv"
    path.write_text("không phải\n", encoding="utf-8")
    shell.run("units", "load", path, expecting=1)
    assert shell.run("units", "show").stdout == ""


def test_a_unit_that_people_are_in_is_not_left_out_of_the_tree(desk: Desk, shell: Shell) -> None:
    desk.register("an")
    path = shell.folder / "units.csv"
    path.write_text("code,name,parent\nX,Đơn vị khác,\n", encoding="utf-8")
    before = shell.run("units", "show").stdout
    said = shell.run("units", "load", path, expecting=1).stderr
    assert "Q-1" in said
    assert "units.in_use" not in said
    assert shell.run("units", "show").stdout == before


# Results


@pytest.fixture
def ended(desk: Desk) -> Desk:
    """A contest that three people took, one with a name that a spreadsheet would compute."""
    for person, name in (("an", "Trần An"), ("binh", "=1+1"), ("chi", "Lê Chi")):
        desk.register(person, full_name=name)
        desk.take(person, OPENS, right=3, predicted=2)
    desk.start("chi", OPENS + timedelta(days=1))
    desk.write("an", words(30), OPENS)
    desk.close()
    return desk


def test_results_are_printed_as_the_one_json_text(ended: Desk, shell: Shell) -> None:
    first = shell.run("results", SLUG).stdout_bytes
    assert shell.run("results", SLUG).stdout_bytes == first
    assert first == results_json(ended.document())
    assert shell.json("results", SLUG)["rounds"][0]["abandoned"] == 1
    shell.run("results", SLUG, "-o", "results.json")
    assert (shell.folder / "results.json").read_bytes() == first


def test_results_as_csv_open_in_a_spreadsheet_and_compute_nothing(
    ended: Desk, shell: Shell
) -> None:
    data = shell.run("results", SLUG, "--format", "csv").stdout_bytes
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    lines = ended.ranking()
    assert [int(row["place"]) for row in rows] == [line["place"] for line in lines]
    assert {row["name"] for row in rows} == {"Trần An", "'=1+1", "Lê Chi"}
    assert [row["phone"] for row in rows] == [line["phone"] for line in lines]
    assert sorted(row["has_essay"] for row in rows) == ["0", "0", "1"]


def test_results_as_xlsx_are_a_sheet_of_the_same_rows(ended: Desk, shell: Shell) -> None:
    path = shell.folder / "results.xlsx"
    said = shell.run("results", SLUG, "--format", "xlsx", "-o", path)
    assert "3 people" in said.stderr
    assert said.stdout == ""
    header, *rows = read_table(path.read_bytes(), path.name)[0].rows
    names = [row[header.index("name")] for row in rows]
    assert names == [line["name"] for line in ended.ranking()]
    phones = [row[header.index("phone")] for row in rows]
    assert phones == [line["phone"] for line in ended.ranking()]


def test_results_go_into_a_folder_that_is_there(ended: Desk, shell: Shell) -> None:
    said = shell.run("results", SLUG, "-o", shell.folder / "missing" / "x.json", expecting=2)
    assert "missing" in said.stderr


def test_an_unknown_format_is_wrong_usage(shell: Shell) -> None:
    shell.run("results", SLUG, "--format", "pdf", expecting=2)


# The record


def test_a_tampered_record_is_named(desk: Desk, shell: Shell) -> None:
    desk.do(
        lambda session: session.execute(
            update(AuditRow).where(AuditRow.number == 2).values(actor="nobody")
        )
    )
    assert "entry 2" in shell.run("audit", "verify", expecting=1).stdout


def test_the_record_says_who_used_the_command_line(shell: Shell) -> None:
    prepared(shell)
    from sqlalchemy.orm import Session

    from quizengine.store.audit import read_entries
    from quizengine.store.connection import connect

    engine = connect(shell.url)
    with Session(engine) as session:
        actors = {entry.actor for entry in read_entries(session)}
    engine.dispose()
    assert all(actor.startswith("command line") for actor in actors)


def test_a_contest_written_by_the_engine_loads(shell: Shell) -> None:
    path = Path("contest.toml")
    path.write_text(write_contest(make_contest().shifted(utc_now() - OPENS)), encoding="utf-8")
    shell.run("db", "upgrade")
    shell.run("contest", "load", path)
    assert shell.json("contest", "status", SLUG, "--json")["state"] == "draft"
