"""Every state is accessible, fits every window, can be tapped, and speaks the reader's language."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from quizengine.core.text import normalise
from quizengine.formats.registry import load_bank
from quizengine.formats.unit_file import read_units
from tests.browser import acts, desk
from tests.browser.looks import accessibility, sideways, small_targets, words
from tests.browser.scenes import ESSAY, SCENES, TERSE, VOID_REASON, Scene, stages
from tests.browser.stage import Stage
from tests.web.site import SAMPLE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TREE = Path(__file__).with_name("exam_tree.txt")

VIETNAMESE = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
"""Letters that no English word has."""
ENGLISH = re.compile(
    r"\b(the|this|that|these|of|is|are|was|were|and|or|but|with|from|you|your|not|have|has|it|its"
    r"|one|all|each|which|what|when|who|will|can|may|at|if|by|question|answer|attempt|save[ds]?)\b",
    re.IGNORECASE,
)
"""Words that no Vietnamese sentence has, with or without accents."""


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Stage]]:
    """Every stage, served."""
    with stages(tmp_path_factory.mktemp("stages")) as made:
        yield made


each_scene = pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])


@each_scene
def test_a_scene_is_accessible_in_vietnamese_and_fits_windows_and_fingers(
    chromium: Browser, evening: Mapping[str, Stage], scene: Scene
) -> None:
    stage = evening[scene.stage]
    with stage.browser(chromium, scene.person) as context:
        page = context.new_page()
        scene.enter(page, stage)
        assert words_in(ENGLISH, page, stage) == []
        assert small_targets(page) == []
        assert sideways(page) == []
        assert accessibility(page) == []


@each_scene
def test_a_scene_is_all_in_english_for_those_who_ask(
    chromium: Browser, evening: Mapping[str, Stage], scene: Scene
) -> None:
    stage = evening[scene.stage]
    with stage.browser(chromium, scene.person, language="en") as context:
        page = context.new_page()
        scene.enter(page, stage)
        assert page.locator("html").get_attribute("lang") == "en"
        assert words_in(VIETNAMESE, page, stage) == []


def words_in(language: re.Pattern[str], page: Page, stage: Stage) -> list[str]:
    """Return the texts of a page that are in a language, but for what people and the bank say."""
    names = [person.account.name for person in stage.people.values()]
    said = words(page, without=[*known_content(), *names])
    return [text for text in said if language.search(text)]


@cache
def known_content() -> list[str]:
    """Return what people and the bank say, longest first: it has one language only."""
    bank = load_bank(SAMPLE / "bank.yaml")
    units = read_units((SAMPLE / "units.csv").read_bytes(), "units.csv").units
    said = [
        TERSE,
        VOID_REASON,
        acts.NAME,
        acts.NAME.upper(),
        *acts.TYPED,
        *desk.SAID,
        *ESSAY.split("\n\n"),
    ]
    said += [text for unit in units for text in (unit.name, unit.code, unit.kind, unit.table)]
    for question in bank.questions:
        said += [
            question.stem,
            *question.choices,
            question.topic,
            question.source,
            question.explanation,
        ]
    return sorted({" ".join(normalise(text).split()) for text in said if text}, key=len)[::-1]


def test_a_screen_reader_finds_the_questions_as_it_did(
    chromium: Browser, evening: Mapping[str, Stage]
) -> None:
    """The tree stands in ``exam_tree.txt``; ``QUIZ_RENEW=1`` writes it anew, to be looked at."""
    scene = next(scene for scene in SCENES if scene.name == "exam-palette")
    stage = evening[scene.stage]
    with stage.browser(chromium, scene.person) as context:
        page = context.new_page()
        scene.enter(page, stage)
        tree = page.locator("body").aria_snapshot() + "\n"
    tree = re.sub(r"timer: \d+:\d+", "timer: 00:00", tree)
    if os.environ.get("QUIZ_RENEW"):
        TREE.write_text(tree, encoding="utf-8")
    assert tree == TREE.read_text(encoding="utf-8")
