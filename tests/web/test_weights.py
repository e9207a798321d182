"""What a phone on a weak network has to fetch, measured on the real responses."""

from __future__ import annotations

import re

from tests.web.site import SLUG, Reader, Site
from tests.web.test_play import begin

KILOBYTE = 1024
EXAM = 12 * KILOBYTE
LANDING = 20 * KILOBYTE
STYLES = 5 * KILOBYTE
PAPERS = 10
GZIP = {"Accept-Encoding": "gzip, deflate"}


def weights(reader: Reader, path: str) -> dict[str, int]:
    """Return the bytes on the wire of a page and of every file that it links."""
    text = reader.client.get(path).text
    files = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="(/thi/static/[^"]+)"', text)
    found = {}
    for address in (path, *dict.fromkeys(files)):
        response = reader.client.get(address, headers=GZIP)
        assert response.status_code == 200, address
        assert response.headers["Content-Encoding"] == "gzip", address
        found[address.partition("?")[0]] = len(response.data)
    return found


def test_the_exam_page_is_light_with_its_style_and_its_script_whatever_is_drawn(
    site: Site,
) -> None:
    for number in range(PAPERS):
        reader = begin(site, site.participant(phone=f"09000004{number:02}"))
        for language in ("vi", "en"):
            reader.client.set_cookie("quiz_language", language)
            parts = weights(reader, reader.path)
            scripts = {address for address in parts if address.endswith(".js")}
            assert scripts == {"/thi/static/answers.js"}
            assert sum(size for path, size in parts.items() if ".svg" not in path) <= EXAM, parts


def test_the_page_of_a_contest_is_light_for_strangers_and_for_whoever_takes_part(
    site: Site,
) -> None:
    for reader in (site.reader(), begin(site)):
        parts = weights(reader, f"/thi/{SLUG}/")
        assert sum(parts.values()) <= LANDING, parts


def test_a_page_needs_one_style_sheet_of_a_few_kilobytes(site: Site) -> None:
    parts = weights(site.reader(), f"/thi/{SLUG}/")
    sheets = {address: size for address, size in parts.items() if address.endswith(".css")}
    assert list(sheets) == ["/thi/static/quiz.css"]
    assert max(sheets.values()) <= STYLES
