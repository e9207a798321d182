"""Every federation's colours are readable; what cannot be shown is said at the start."""

from __future__ import annotations

import colorsys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from quizengine.web.app import create_app
from quizengine.web.brand import (
    DARK_PAGE,
    WHITE,
    Colour,
    colours,
    contrast,
    luminance,
    picture,
    rule,
)
from tests.web.site import SLUG, Site

hexes = some.text("0123456789abcdefABCDEF", min_size=6, max_size=6)


def hue(colour: Colour) -> float:
    return colorsys.rgb_to_hls(*(one / 255 for one in colour))[0]


@given(hexes)
def test_white_reads_on_every_brand_and_its_twin_reads_in_the_dark(value: str) -> None:
    brand, night = colours(value)
    assert contrast(brand, WHITE) >= 7
    assert contrast(night, DARK_PAGE) >= 8
    assert contrast(night, brand) >= 3


@given(hexes)
def test_a_brand_only_gets_darker_and_its_twin_only_lighter(value: str) -> None:
    red, green, blue = bytes.fromhex(value)
    brand, night = colours(value)
    assert luminance(brand) <= luminance((red, green, blue)) <= luminance(night)


@pytest.mark.parametrize("value", ["#c8102e", "0057b7", "#b8860b", "#ff66cc", "#00585c"])
def test_the_hue_stays(value: str) -> None:
    given_colour: Colour = tuple(bytes.fromhex(value.removeprefix("#")))  # type: ignore[assignment]
    for made in colours(value):
        turn = abs(hue(made) - hue(given_colour))
        assert min(turn, 1 - turn) < 0.04


def test_a_colour_that_is_dark_enough_stays_as_it_is() -> None:
    assert colours("#00585c")[0] == (0, 88, 92)
    assert contrast((0, 0, 0), WHITE) == pytest.approx(21)
    assert rule("") == ""


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("QUIZ_DEFAULT_LANGUAGE", "fr", "en or vi"),
        ("QUIZ_BRAND", "teal", "#00585c"),
        ("QUIZ_BRAND", "#12", "#00585c"),
        ("QUIZ_LOGO", "https://elsewhere.example/logo.svg", "same site"),
        ("QUIZ_LOGO", "//elsewhere.example/logo.svg", "same site"),
        ("QUIZ_LOGO", "logo.svg", "no such file"),
        ("QUIZ_BANNER", "banner.pdf", "PNG"),
    ],
)
def test_a_value_that_cannot_be_shown_is_named_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=key) as caught:
        create_app({"QUIZ_DATABASE_URL": "sqlite://", key: value})
    assert words in str(caught.value)


def test_a_mistyped_file_is_not_taken_for_an_address(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        picture("QUIZ_LOGO", "logo", str(tmp_path / "lgoo.svg"))
    found = picture("QUIZ_LOGO", "logo", "/static/logo.svg")
    assert found
    assert (found.file, found.address) == (None, "/static/logo.svg")


def test_the_federations_colour_logo_and_banner_are_on_its_pages(
    site: Site, tmp_path: Path
) -> None:
    mark, wide = tmp_path / "mark.svg", tmp_path / "wide.png"
    mark.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    wide.write_bytes(b"\x89PNG, as far as this test goes")
    site.app.config.update(
        QUIZ_BRAND="#c8102e",
        QUIZ_LOGO=str(mark),
        QUIZ_BANNER=str(wide),
        QUIZ_BANNER_ALT="Cờ và hoa",
    )
    reader = site.reader()
    page = reader.open(f"/thi/{SLUG}/")
    assert '<img class="logo" src="/thi/static/logo.svg?v=' in page
    assert 'alt="Cờ và hoa"' in page
    assert "<pattern" not in page
    assert reader.client.get("/thi/static/banner.png").data == wide.read_bytes()
    assert reader.client.get("/thi/static/logo.svg").mimetype == "image/svg+xml"
    styles = reader.client.get("/thi/static/quiz.css").text
    assert styles.endswith(rule("#c8102e"))


def test_without_a_federations_own_the_look_is_the_engines(site: Site) -> None:
    reader = site.reader()
    page = reader.open(f"/thi/{SLUG}/")
    assert "<pattern" in page
    assert '<svg class="logo"' in page
    assert reader.client.get("/thi/static/logo.svg").status_code == 404
    assert "--brand:0 88 92;" in reader.client.get("/thi/static/quiz.css").text
