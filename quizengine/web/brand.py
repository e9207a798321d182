"""The colours, the logo and the banner of a federation.

From one colour come two: one dark enough for white letters and one of the same hue that is light
enough for dark pages. Ratios are those of WCAG 2.2, "contrast ratio".
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import current_app

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

WHITE: Colour = (255, 255, 255)
DARK_PAGE: Colour = (16, 22, 21)
"""The ground of pages in dark, ``--paper`` of the style sheet."""
WHITE_ON_BRAND = 7.0
NIGHT_ON_DARK = 8.0
NIGHT_ON_BRAND = 3.0
STEPS = 1024
"""Steps of lightness from black to white: the nearest colour that is good enough is taken."""

PICTURES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
KEYS: dict[str, Any] = {
    "QUIZ_BRAND": "",
    "QUIZ_LOGO": "",
    "QUIZ_BANNER": "",
    "QUIZ_BANNER_ALT": "",
}
"""The keys of the configuration and their defaults: the look as it comes."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the federation: a file that we serve, or an address of the same site."""

    name: str
    file: Path | None
    address: str


def luminance(colour: Colour) -> float:
    """Return the relative luminance of a colour, 0 for black to 1 for white."""
    parts = (one / 255 for one in colour)
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _at(colour: Colour, lightness: float) -> Colour:
    hue, _, saturation = colorsys.rgb_to_hls(*(one / 255 for one in colour))
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _lightness(colour: Colour) -> float:
    return (max(colour) + min(colour)) / 510


def darkened(colour: Colour) -> Colour:
    """Return the colour, made only so much darker that white letters can be read on it."""
    start, step = _lightness(colour), 0
    while contrast(colour, WHITE) < WHITE_ON_BRAND:
        step += 1
        colour = _at(colour, max(0.0, start - step / STEPS))
    return colour


def lightened(colour: Colour, brand: Colour) -> Colour:
    """Return the colour, made only so much lighter that it can be read in dark and on the brand."""
    start, step, tried = _lightness(colour), 0, colour
    while contrast(tried, DARK_PAGE) < NIGHT_ON_DARK or contrast(tried, brand) < NIGHT_ON_BRAND:
        step += 1
        tried = _at(colour, min(1.0, start + step / STEPS))
    return tried


def colours(value: str) -> tuple[Colour, Colour]:
    """Return the brand's colour and its twin for dark pages, from six hex digits.

    Raises ``ValueError`` that names the key.
    """
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", value):
        raise ValueError(f"QUIZ_BRAND is {value!r}: write one colour in hex, such as #00585c")
    red, green, blue = bytes.fromhex(value.removeprefix("#"))
    brand = darkened((red, green, blue))
    return brand, lightened((red, green, blue), brand)


@lru_cache(maxsize=8)
def rule(value: str) -> str:
    """Return the rule that puts a federation's colours into the style sheet; empty for ours."""
    if not value:
        return ""
    brand, night = (" ".join(map(str, colour)) for colour in colours(value))
    return f":root{{--brand:{brand};--brand-night:{night}}}\n"


@lru_cache(maxsize=8)
def picture(key: str, name: str, value: str) -> Picture | None:
    """Return the picture that a key names, None for none; ``ValueError`` says what is wrong."""
    if not value:
        return None
    path, suffix = Path(value), Path(value.partition("?")[0]).suffix.lower()
    if suffix not in PICTURES:
        raise ValueError(f"{key} is {value!r}: name an SVG, PNG, JPEG or WebP picture")
    if path.is_file():
        return Picture(name + suffix, path.resolve(), "")
    is_address = value.startswith("/") and value[:2] not in ("//", "/\\")
    # An address and a path look alike; where the folder exists, the file was meant.
    if not is_address or (path.parent.is_dir() and path.parent != Path("/")):
        raise ValueError(
            f"{key} is {value!r}, and there is no such file: name a file, such as "
            f"/srv/quiz/{name}.png, or an address of the same site, such as /static/{name}.png"
        )
    return Picture(name, None, value)


def logo() -> Picture | None:
    """Return the federation's logo, if it has one."""
    return picture("QUIZ_LOGO", "logo", current_app.config["QUIZ_LOGO"])


def banner() -> Picture | None:
    """Return the picture that stands in the place of the poster's drawing, if there is one."""
    return picture("QUIZ_BANNER", "banner", current_app.config["QUIZ_BANNER"])


def check(config: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` when a key of the look holds what cannot be shown."""
    rule(config["QUIZ_BRAND"])
    picture("QUIZ_LOGO", "logo", config["QUIZ_LOGO"])
    picture("QUIZ_BANNER", "banner", config["QUIZ_BANNER"])
