"""The pages: every link within the project leads somewhere, every page is on the list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import CHECKOUT, DOCS, links, read

PAGES = [
    *CHECKOUT.glob("*.md"),
    *DOCS.glob("*.md"),
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


def test_the_list_of_pages_names_each_once() -> None:
    listed = list(links(read(DOCS / "index.md")))
    assert listed == sorted(page.name for page in DOCS.glob("*.md") if page.name != "index.md")
