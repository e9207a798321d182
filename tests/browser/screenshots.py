"""Pictures of every state: ``python -m tests.browser.screenshots``, or ``make screenshots``.

Each scene is taken on a phone and a desk, in light and dark, in Vietnamese and English, as whole
pages, into ``build/screenshots``; its ``index.html`` shows all of them. Words after the command
name the scenes to take, all by default; ``--pictures`` also renews the few in ``docs/pictures``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests.browser.looks import SCHEMES
from tests.browser.palette import write_palette_png
from tests.browser.scenes import SCENES, Scene, stages
from tests.browser.stage import DESK, PHONE, Stage
from tests.conftest import CHECKOUT, CHROMIUM_ARGUMENTS

SHOTS = CHECKOUT / "build" / "screenshots"
PICTURES = CHECKOUT / "docs" / "pictures"
SIZES = {"phone": PHONE, "desk": DESK}
LANGUAGES = ("vi", "en")
LARGEST_PICTURE = 120 * 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the documentation: the window's height of one scene, no more."""

    scene: str
    size: str
    scheme: Literal["light", "dark"]
    language: str

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.scene}-{self.size}-{self.scheme}-{self.language}.png"


CHOSEN = (
    Picture("landing", "phone", "light", "vi"),
    Picture("register-unit", "phone", "light", "vi"),
    Picture("exam", "phone", "light", "vi"),
    Picture("exam-offline", "phone", "dark", "vi"),
    Picture("receipt", "phone", "light", "vi"),
    Picture("landing", "desk", "light", "en"),
    Picture("exam", "desk", "light", "vi"),
    Picture("ranking-own", "desk", "light", "vi"),
    *(
        Picture(scene, "desk", "light", language)
        for language in LANGUAGES
        for scene in (
            "organiser-desk",
            "organiser-bank-preview",
            "organiser-builder",
            "organiser-status",
            "organiser-people-found",
            "organiser-match",
            "organiser-results",
        )
    ),
)


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description="Take pictures of every state.")
    parser.add_argument("scenes", nargs="*", help="names of scenes; all by default")
    parser.add_argument("--pictures", action="store_true", help="renew docs/pictures too")
    asked = parser.parse_args()
    scenes = [scene for scene in SCENES if not asked.scenes or scene.name in asked.scenes]
    program = shutil.which("chromium")
    if program is None:
        sys.exit("no chromium on this machine")
    with (
        TemporaryDirectory() as folder,
        stages(Path(folder)) as made,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        take_all(browser, made, scenes)
        if asked.pictures:
            take_pictures(browser, made)
        browser.close()
    print(write_sheet(SHOTS))


def take_all(browser: Browser, made: Mapping[str, Stage], scenes: Sequence[Scene]) -> None:
    """Take whole pages of some scenes, in every size, scheme and language."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for scene, (name, size), language in product(scenes, SIZES.items(), LANGUAGES):
        stage = made[scene.stage]
        with stage.browser(browser, scene.person, size=size, language=language) as context:
            page = context.new_page()
            scene.enter(page, stage)
            # What sticks to the window's edge would stand in the middle of the whole page.
            page.evaluate("scrollTo(0, 0)")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                file = SHOTS / f"{scene.name}-{name}-{scheme}-{language}.png"
                page.screenshot(path=file, full_page=True)


def take_pictures(browser: Browser, made: Mapping[str, Stage]) -> None:
    """Take the documentation's pictures anew, small enough for a repository."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    by_name = {scene.name: scene for scene in SCENES}
    with browser.new_context() as bench:
        canvas = bench.new_page()
        for picture in CHOSEN:
            file = PICTURES / picture.name
            write_palette_png(canvas, _shot(browser, made, by_name[picture.scene], picture), file)
            assert file.stat().st_size <= LARGEST_PICTURE, f"{file} is too large"


def _shot(browser: Browser, made: Mapping[str, Stage], scene: Scene, picture: Picture) -> bytes:
    stage, is_phone = made[scene.stage], picture.size == "phone"
    with stage.browser(
        browser,
        scene.person,
        size=SIZES[picture.size],
        language=picture.language,
        color_scheme=picture.scheme,
        reduced_motion="reduce",
        device_scale_factor=2 if is_phone else 1,
    ) as context:
        page = context.new_page()
        scene.enter(page, stage)
        return page.screenshot()


def write_sheet(folder: Path) -> Path:
    """Write a page that shows every picture in a folder, scene by scene; return its path."""
    file = folder / "index.html"
    file.write_text("\n".join(_sheet_lines(folder)), encoding="utf-8")
    return file


def _sheet_lines(folder: Path) -> Iterator[str]:
    yield "<!doctype html><meta charset=utf-8><title>Screenshots</title>"
    yield "<style>body{font:16px sans-serif;background:#888}div{display:flex;flex-wrap:wrap}"
    yield "figure{margin:8px}img{height:480px;object-fit:cover;object-position:top}</style>"
    for scene in SCENES:
        yield f"<h2>{escape(scene.name)}</h2><div>"
        for size, scheme, language in product(SIZES, SCHEMES, LANGUAGES):
            name = f"{scene.name}-{size}-{scheme}-{language}.png"
            if (folder / name).exists():
                yield f'<figure><a href="{name}"><img loading=lazy src="{name}" alt=""></a>'
                yield f"<figcaption>{size}, {scheme}, {language}</figcaption></figure>"
        yield "</div>"


if __name__ == "__main__":
    main()
