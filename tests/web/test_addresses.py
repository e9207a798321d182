"""Addresses: a contest's slug never hides another page."""

from __future__ import annotations

from quizengine.core.contest_checks import RESERVED_SLUGS
from tests.web.site import Site


def test_the_reserved_slugs_are_the_first_parts_of_all_other_addresses(site: Site) -> None:
    """The organisers' addresses too, where a slug may stand after ``to-chuc``."""
    paths = [
        rule.rule.removeprefix("/thi/")
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint.startswith("quiz.") and rule.rule != "/thi/"
    ]
    firsts = {path.split("/")[0] for path in paths}
    seconds = {path.split("/")[1] for path in paths if path.startswith("to-chuc/")}
    literal = {part for part in firsts | seconds if part and not part.startswith("<")}
    assert literal <= RESERVED_SLUGS
    assert "to-chuc" in literal
