"""Addresses: a contest's slug never hides another page."""

from __future__ import annotations

from quizengine.core.contest_checks import RESERVED_SLUGS
from tests.web.site import Site


def test_the_reserved_slugs_are_the_first_parts_of_all_other_addresses(site: Site) -> None:
    firsts = {
        rule.rule.removeprefix("/thi/").split("/")[0]
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint.startswith("quiz.") and rule.rule != "/thi/"
    }
    assert {first for first in firsts if not first.startswith("<")} == RESERVED_SLUGS
