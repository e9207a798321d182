"""The page about configuration names every key there is, with its default."""

from __future__ import annotations

import re
from pathlib import Path

from quizengine.web import app, extension, security

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def test_every_key_is_documented_and_every_documented_key_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(QUIZ_\w+)` \|", text, re.MULTILINE))
    assert rows == set(extension.DEFAULTS) | set(app.DEFAULTS)


def test_the_documented_limits_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"other forms {security.DEFAULT_BODY_BYTES // 1024} KB" in text
    assert f"an essay {security.BODY_BYTES['quiz.write_essay'] // 1024} KB" in text
