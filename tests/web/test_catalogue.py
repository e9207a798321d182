"""The words of the pages: every sentence is there in every language, and is one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from quizengine import i18n
from quizengine.web.poster import dots, title_number

FOLDER = Path(__file__).resolve().parents[2] / "quizengine"
PAGES = FOLDER / "locale" / "vi" / "LC_MESSAGES" / "pages.po"


def asked() -> set[str | tuple[str, ...]]:
    """Return every sentence that a template or a view asks for; pairs for one and many."""
    found = [
        *extract_from_dir(FOLDER / "web" / "templates", method_map=[("**.html", "jinja2")]),
        *extract_from_dir(
            FOLDER / "web",
            method_map=[("*.py", "python")],
            keywords={"say": None, "say_many": (1, 2)},
        ),
    ]
    return {message for _file, _line, message, _comments, _context in found}


def catalogue() -> Catalog:
    """Return the Vietnamese catalogue of the pages."""
    with PAGES.open("rb") as file:
        return read_po(file)


def places(text: str) -> list[str]:
    """Return the names in braces of a sentence, sorted."""
    return sorted(set(re.findall(r"\{(\w+)\}", text)))


def test_every_sentence_of_the_pages_is_there_in_vietnamese_and_none_is_left_over() -> None:
    known = {message.id for message in catalogue() if message.id}
    assert asked() - known == set()
    assert known - asked() == set()


def test_a_translation_fills_the_same_places_as_its_sentence() -> None:
    for message in catalogue():
        if not message.id:
            continue
        one = message.id if isinstance(message.id, str) else message.id[0]
        for text in listed(message.string):
            assert text, one
            assert places(text) == places(one), one


def test_the_compiled_catalogue_is_made_from_the_written_one() -> None:
    with PAGES.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    assert strings(compiled) == strings(catalogue())


def strings(found: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return what a catalogue says, whatever kinds of lists it was read into."""
    return {listed(message.id): listed(message.string) for message in found if message.id}


def listed(text: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return one text or several as a tuple."""
    return (text,) if isinstance(text, str) else tuple(text or ())


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_code_that_the_pages_raise_has_a_sentence(language: str) -> None:
    codes = {
        code
        for path in (FOLDER / "web").glob("*.py")
        for code in re.findall(r'"(web\.\w+)"', path.read_text(encoding="utf-8"))
    }
    assert len(codes) > 8
    for code in sorted(codes):
        assert i18n.has_sentence(code, language), code
        assert i18n.has_sentence(f"{code}.fix", language), code


def test_the_poster_shows_the_number_of_the_title() -> None:
    assert title_number("Tìm hiểu 92 năm Công đoàn") == "92"
    assert title_number("Năm 2026") == ""
    width, path = dots("Tìm hiểu 92 năm Công đoàn")
    assert width == 160
    assert path.count("M") > 40


@pytest.mark.parametrize(
    "title", ["Tìm hiểu ٩٢ năm", "Tìm hiểu ９２ năm", "Tìm hiểu ٩2 năm", "ư92"]
)
def test_the_poster_draws_only_the_digits_it_has(title: str) -> None:
    assert title_number(title) == ""
    assert dots(title) == (80, "")
