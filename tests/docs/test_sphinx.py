"""The documentation as a site: Sphinx makes it, and nothing in it is worth a warning."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import quizengine
from tests.docs.markdown import CHECKOUT, DOCS, read


@pytest.mark.slow
def test_the_site_is_made_without_a_warning(tmp_path: Path) -> None:
    site, trees = str(tmp_path / "site"), str(tmp_path / "trees")
    options = ["--quiet", "--nitpicky", "--fail-on-warning", "--keep-going", "-d", trees]
    command = [sys.executable, "-m", "sphinx", *options, str(DOCS), site]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = read(Path(site) / "api.html")
    assert [name for name in quizengine.__all__ if f'id="quizengine.{name}"' not in page] == []
    assert _reaching_outside(Path(site)) == []


def _reaching_outside(site: Path) -> list[str]:
    """Return the pages that load a script, a style, a font or a picture from another site."""
    asks = re.compile(
        r"""<(script|img|iframe)[^>]*\ssrc="(https?:)?//|<link[^>]*href="(https?:)?//"""
    )
    return [page.name for page in site.rglob("*.html") if asks.search(read(page))]
