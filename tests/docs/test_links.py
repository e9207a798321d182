"""The pages: every link within the project leads somewhere, every page is on the list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import CHECKOUT, DOCS, links, read

PAGES = [
    *CHECKOUT.glob("*.md"),
    *DOCS.rglob("*.md"),
    *(CHECKOUT / "examples").rglob("*.md"),
    *(CHECKOUT / "question_banks").rglob("*.md"),
    *(CHECKOUT / "tests").rglob("*.md"),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(read(page)):
        if "://" in link:
            continue
        address, _, anchor = link.partition("#")
        target = page.parent / address if address else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


INDEX = read(DOCS / "index.md")


def test_the_list_of_pages_names_each_once() -> None:
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"}
    assert sorted(links(INDEX)) == sorted(pages)


def test_the_site_has_the_pages_of_the_list() -> None:
    trees = re.findall(r"^```\{toctree\}\n(.*?)^```$", INDEX, re.MULTILINE | re.DOTALL)
    named = [line for tree in trees for line in tree.splitlines() if line and line[0] != ":"]
    assert sorted(f"{name}.md" for name in named) == sorted(links(INDEX))


def test_every_picture_is_on_a_page() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(read(page))}
    assert set((DOCS / "pictures").glob("*.png")) <= shown
