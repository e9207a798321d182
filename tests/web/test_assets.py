"""Files of the pages: compact, gzipped, under addresses of their content, and nothing else."""

from __future__ import annotations

import gzip
import re

import pytest
from flask.testing import FlaskClient

from quizengine.web import assets
from tests.web.site import SLUG, Site

GZIP = {"Accept-Encoding": "br, gzip"}


def addresses(client: FlaskClient) -> list[str]:
    """Return the addresses of the files that the front page links."""
    page = client.get("/thi/").text
    return re.findall(r'(?:href|src)="(/thi/static/[^"]+)"', page)


def test_a_file_under_its_own_hash_is_kept_for_a_year(site: Site) -> None:
    client = site.reader().client
    found = addresses(client)
    assert found
    for path in found:
        assert re.search(r"\?v=[0-9a-f]{8}$", path), path
        kept = client.get(path)
        assert kept.status_code == 200
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for other in (path.partition("?")[0], path[:-1] + "z"):
            assert client.get(other).headers["Cache-Control"] == "no-cache"


def test_a_browser_that_has_a_file_is_told_so(site: Site) -> None:
    client = site.reader().client
    path = addresses(client)[0]
    for headers in ({}, GZIP):
        tag = client.get(path, headers=headers).headers["ETag"]
        again = client.get(path, headers={**headers, "If-None-Match": tag})
        assert again.status_code == 304
        assert again.data == b""
        assert again.headers["Vary"] == "Accept-Encoding"


def test_text_is_gzipped_for_whoever_takes_it(site: Site) -> None:
    client = site.reader().client
    for name in ("quiz.css", "desk.css", "answers.js", "icon.svg"):
        plain, squeezed = (
            client.get(f"/thi/static/{name}", headers=headers) for headers in ({}, GZIP)
        )
        assert "Content-Encoding" not in plain.headers
        assert squeezed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(squeezed.data) == plain.data
        assert plain.headers["Vary"] == squeezed.headers["Vary"] == "Accept-Encoding"
        assert plain.headers["ETag"] != squeezed.headers["ETag"]
        refused = client.get(f"/thi/static/{name}", headers={"Accept-Encoding": "gzip;q=0"})
        assert refused.data == plain.data


@pytest.mark.parametrize(
    "name",
    ["", "..", "../quiz.css", "%2e%2e/app.py", "quiz.css/", "app.py", ".hidden", "quiz.css%00"],
)
def test_only_the_files_of_the_pages_are_served(site: Site, name: str) -> None:
    assert site.reader().client.get(f"/thi/static/{name}").status_code in (308, 404)


def test_what_is_served_holds_no_comment(site: Site) -> None:
    client = site.reader().client
    for file in assets.FILES.glob("*.css"):
        text = client.get(f"/thi/static/{file.name}").text
        assert "/*" not in text
        assert "\n " not in text
        assert text.count("{") == text.count("}")


def test_a_page_is_gzipped_for_whoever_takes_it(site: Site) -> None:
    client = site.reader().client
    plain = client.get(f"/thi/{SLUG}/")
    squeezed = client.get(f"/thi/{SLUG}/", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert len(squeezed.data) == squeezed.content_length
    assert gzip.decompress(squeezed.data).decode() == plain.text
    for response in (plain, squeezed):
        assert "Accept-Encoding" in response.headers["Vary"]
    assert "Content-Encoding" not in client.get("/healthz", headers=GZIP).headers


def test_a_page_of_a_reader_that_another_site_asked_for_is_not_gzipped(site: Site) -> None:
    reader = site.person()
    for headers, encoding in (
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-origin"}, "gzip"),
        ({"Sec-Fetch-Site": "none"}, "gzip"),
    ):
        response = reader.client.get(f"/thi/{SLUG}/", headers={**GZIP, **headers})
        assert response.headers.get("Content-Encoding") == encoding
    stranger = site.app.test_client()
    response = stranger.get(f"/thi/{SLUG}/", headers={**GZIP, "Sec-Fetch-Site": "cross-site"})
    assert response.headers["Content-Encoding"] == "gzip"


def test_an_exam_page_gets_the_part_of_the_style_sheet_that_it_needs(site: Site) -> None:
    client = site.reader().client
    whole, part = (client.get(f"/thi/static/{name}.css").text for name in ("quiz", "exam"))
    assert len(part) < len(whole) * 0.6
    for body in re.findall(r"\{([^{}]*)\}", part)[2:]:
        assert body in whole
    for name in (".opt", ".two", ".watch.bad", "prefers-color-scheme"):
        assert (name in whole) == (name in part), name
    for name in (".steps", ".poster", "textarea", "--mono", "@page"):
        assert name in whole
        assert name not in part
