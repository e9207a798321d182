"""The architecture page against the code: layers, rooms, tables, signals, files it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from blinker import NamedSignal

from quizengine import signals
from quizengine.store.tables import Base
from tests.docs.markdown import CHECKOUT, DOCS, blocks, cells, names, read, sections

PAGE = read(DOCS / "architecture.md")
PACKAGE = CHECKOUT / "quizengine"
LAYERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
LOOSE = sorted(path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__"))
ROOMS = sections(PAGE, "###")


def _listed(text: str) -> list[str]:
    return re.findall(r"^- `(\w+)`", text, re.MULTILINE)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_rooms_of_a_layer_are_its_modules(layer: str) -> None:
    modules = sorted(path.stem for path in (PACKAGE / layer).glob("[a-z]*.py"))
    assert _listed(ROOMS[layer]) == modules


def test_the_modules_beside_the_layers_are_listed() -> None:
    assert _listed(ROOMS["beside the layers"]) == LOOSE


def test_the_picture_and_the_table_show_the_layers_there_are() -> None:
    layers = sections(PAGE, "##")["The layers"]
    drawn = set(re.findall(r"(\w+)(?:/|\.py)", blocks(PAGE, "")[0]))
    told = {name.removesuffix(".py").strip("/") for row in cells(layers) for name in names(row[0])}
    assert drawn == {*LAYERS, *LOOSE}
    assert told == {*LAYERS, "scheduler"}


def test_every_signal_is_part_of_the_contract_with_hosts() -> None:
    contract = names(sections(PAGE, "##")["The embedding contract"])
    known = {name for name, value in vars(signals).items() if isinstance(value, NamedSignal)}
    assert known <= set(contract)


def test_every_table_and_column_that_is_named_is_there() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
    }
    for name in names(PAGE):
        if re.fullmatch(r"quiz_[a-z_]+(\.[a-z_0-9]+)?", name) and name != "quiz_alembic_version":
            assert name in columns or name in Base.metadata.tables, name


def test_every_file_and_name_in_the_text_is_there() -> None:
    for name in names(PAGE):
        if re.fullmatch(r"[a-z_]+/[\w/.]+", name):
            assert _is_there(name), name


def _is_there(name: str) -> bool:
    """Return whether a file is there, or a name in it, as ``core/sheets.merge``."""
    for root in (CHECKOUT, PACKAGE, PACKAGE / "web"):
        if (root / name).exists():
            return True
        module, _, word = name.rpartition(".")
        file = Path(f"{root / module}.py")
        if file.exists() and re.search(rf"^(def|class) {word}\b", read(file), re.MULTILINE):
            return True
    return False
