"""What pages ask of a browser: Chrome 80 and Android 7, no other server, nothing inline."""

from __future__ import annotations

import re
from pathlib import Path

import esprima
import pytest

from quizengine.web.assets import FILES, compact

TEMPLATES = FILES.parents[1] / "templates" / "quiz"
SCRIPTS = sorted(FILES.glob("*.js"))
STYLES = sorted(FILES.glob("*.css"))
PAGES = sorted(TEMPLATES.glob("*.html"))

NEWER_CALLS = (
    r"\.replaceAll\(",
    r"\.at\(",
    r"\.findLast(Index)?\(",
    r"\.(toSorted|toReversed|toSpliced|with)\(",
    r"\.replaceChildren\(",
    r"\bstructuredClone\(",
    r"\bObject\.(hasOwn|groupBy)\(",
    r"\bMap\.groupBy\(",
    r"\bPromise\.(any|withResolvers)\(",
    r"\bAbortSignal\.(timeout|any)\(",
    r"\bcrypto\.randomUUID\(",
    r"\bArray\.fromAsync\(",
    r"\bWeakRef\b",
    r"\bAggregateError\b",
    r"\bIntl\.Segmenter\b",
    r"\bscheduler\.",
    r"\bstartViewTransition\(",
    r"\.(showPicker|checkVisibility|showPopover|togglePopover)\(",
    r"\.inert\b",
    r":(has|is|where)\(",
)
"""What came after Chrome 80 and would stop a script where it is missing."""

NEWER_STYLES = (
    r"(?<![-\w])(gap|row-gap)\s*:",
    r"(?<![-\w])inset(-inline|-block)?\s*:",
    r"(?<![-\w])(margin|padding|border)-(inline|block)\s*:",
    r"(?<![-\w])aspect-ratio\s*:",
    r"(?<![-\w])(translate|rotate|scale)\s*:",
    r"(?<![-\w])overflow\s*:\s*clip",
    r":(has|is|where)\(",
    r":not\([^()]*,",
    r"color-mix\(",
    r"\b(oklch|oklab|lch|lab|light-dark)\(",
    r"\d(d|s|l)v[hw]\b",
    r"@(layer|container|property|scope|starting-style)\b",
    r"\((width|height)\s*[<>]",
    r"subgrid",
    r"(^|[{};])\s*&",
)
"""What came after Chrome 80 and would spoil a page where it is missing.

Other new properties may be used: where they are missing, lines break less evenly or so.
"""

each = pytest.mark.parametrize


@each("script", SCRIPTS, ids=lambda file: file.name)
def test_every_script_is_ecmascript_2017(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    parsed = esprima.parseScript(text)
    assert parsed.type == "Program"
    assert esprima.parseScript(compact(text, ".js")).toDict() == parsed.toDict()


@each("text", ["a?.b", "a ?? b", "a ||= 1", "class A { #a = 1 }", "1_000", "await a"])
def test_newer_syntax_would_be_found(text: str) -> None:
    with pytest.raises(esprima.Error):
        esprima.parseScript(text)


@each("script", SCRIPTS, ids=lambda file: file.name)
def test_no_script_calls_what_chrome_80_lacks(script: Path) -> None:
    text = compact(script.read_text(encoding="utf-8"), ".js")
    assert [pattern for pattern in NEWER_CALLS if re.search(pattern, text)] == []


@each("script", SCRIPTS, ids=lambda file: file.name)
def test_every_script_is_strict_and_leaves_no_global(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert '"use strict";' in text
    kinds = {one.type for one in esprima.parseScript(text).body}
    assert kinds <= {"ExpressionStatement", "BlockStatement", "Directive"}


@each("styles", STYLES, ids=lambda file: file.name)
def test_no_style_needs_more_than_chrome_80(styles: Path) -> None:
    text = compact(styles.read_text(encoding="utf-8"), ".css")
    assert [pattern for pattern in NEWER_STYLES if re.search(pattern, text)] == []


@each("file", STYLES + SCRIPTS, ids=lambda file: file.name)
def test_no_file_asks_another_server_for_anything(file: Path) -> None:
    text = compact(file.read_text(encoding="utf-8"), file.suffix)
    assert not re.search(r"@import|url\((?!#)", text)
    assert not re.search(r"""["'`](https?:)?//""", text)


@each("page", PAGES, ids=lambda file: file.stem)
def test_no_page_asks_another_server_or_holds_a_script_or_style(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"""(src|srcset|action|data|poster)=["'](https?:)?//""", text)
    assert not re.search(r"""<link[^>]*href=["'](https?:)?//""", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)


def test_every_class_of_the_participants_style_sheet_is_on_some_page() -> None:
    """Rules for classes that nothing has cost every phone; the desk's may wait for their pages."""
    styles = compact((FILES / "quiz.css").read_text(encoding="utf-8"), ".css")
    classes = set(re.findall(r"\.([a-z][a-z0-9-]*)", re.sub(r"\{[^{}]*\}", "{}", styles)))
    used = "".join(file.read_text(encoding="utf-8") for file in PAGES + SCRIPTS)
    assert {one for one in classes if not re.search(rf"\b{one}\b", used)} == set()
