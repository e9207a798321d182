"""The shape of the code: which layer may import which, and what a plain import loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
LAYERS = ["core", "formats", "store", "services", "web"]
FRAMEWORKS = {"alembic", "apscheduler", "click", "flask", "numpy", "sqlalchemy", "wtforms"}


def test_every_layer_imports_only_the_layers_below_it() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_importing_quizengine_loads_no_framework() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", "import quizengine, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "quizengine" in listed.stdout.split()
    assert not FRAMEWORKS & set(listed.stdout.split())


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_states_its_rule_in_three_lines(layer: str) -> None:
    readme = CHECKOUT / "quizengine" / layer / "README.md"
    title, *rule = readme.read_text(encoding="utf-8").splitlines()
    assert title == f"# {layer}"
    assert len(rule) == 3
