"""Every state is accessible, fits every window, can be tapped, and speaks the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from playwright.sync_api import Browser

from quizengine.core.text import normalise
from quizengine.formats.registry import load_bank
from quizengine.formats.unit_file import read_units
from tests.browser.looks import accessibility, sideways, small_targets, words
from tests.browser.scenes import ESSAY, SCENES, TERSE, Scene, stages
from tests.browser.stage import Stage
from tests.web.site import SAMPLE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

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
def test_a_scene_has_no_accessibility_violation_and_fits_windows_and_fingers(
    chromium: Browser, evening: Mapping[str, Stage], scene: Scene
) -> None:
    stage = evening[scene.stage]
    with stage.browser(chromium, scene.person) as context:
        page = context.new_page()
        scene.enter(page, stage)
        assert small_targets(page) == []
        assert sideways(page) == []
        assert accessibility(page) == []


@each_scene
def test_a_scene_has_no_sentence_in_another_language(
    chromium: Browser, evening: Mapping[str, Stage], scene: Scene
) -> None:
    stage = evening[scene.stage]
    for language, foreign in (("vi", ENGLISH), ("en", VIETNAMESE)):
        with stage.browser(chromium, scene.person, language=language) as context:
            page = context.new_page()
            scene.enter(page, stage)
            assert page.locator("html").get_attribute("lang") == language
            names = [person.account.name for person in stage.people.values()]
            said = words(page, without=[*known_content(), *names])
            assert [text for text in said if foreign.search(text)] == [], language


@cache
def known_content() -> list[str]:
    """Return what people and the bank say, longest first: it has one language only."""
    bank = load_bank(SAMPLE / "bank.yaml")
    units = read_units((SAMPLE / "units.csv").read_bytes(), "units.csv").units
    said = [TERSE, *ESSAY.split("\n\n")]
    said += [unit.name for unit in units]
    for question in bank.questions:
        said += [
            question.stem,
            *question.choices,
            question.topic,
            question.source,
            question.explanation,
        ]
    return sorted({" ".join(normalise(text).split()) for text in said if text}, key=len)[::-1]
