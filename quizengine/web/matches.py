"""Essays that share text, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, request, url_for

from quizengine.errors import NotFound
from quizengine.services import contests, essays
from quizengine.services.contests import ContestPage
from quizengine.services.transaction import transaction
from quizengine.store.essays import StoredMatch
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, require_participant, session
from quizengine.web.pairs import marked


@quiz.route("/to-chuc/<slug>/bai-trung", methods=["GET", "POST"])
def matches(slug: str) -> Page:
    """Show the pairs of essays that share text; comparing them anew is a step of its own."""
    person = require_participant()
    if request.method == "POST":
        scan = essays.scan_contest(session(), slug)
        for part in scan.parts:
            with transaction(session()) as writing:
                essays.store_matches(writing, scan, part)
        with transaction(session()) as writing:
            essays.record_scan(writing, scan, now=arrival(), actor=person.id)
        return redirect(url_for("quiz.matches", slug=slug, xong="so"), 303)
    shown = contests.contest_page(session(), slug)
    return page(
        "matches",
        contest=shown.contest,
        shown=shown,
        matches=_coded_matches(slug),
    )


@dataclass(frozen=True, slots=True)
class CodedMatch:
    """A match and the codes that stand for its essays, so that no author is seen."""

    code_a: str
    code_b: str
    evidence: StoredMatch


def _coded_matches(slug: str) -> tuple[CodedMatch, ...]:
    return tuple(
        CodedMatch(essays.essay_code(found.id_a), essays.essay_code(found.id_b), found)
        for found in essays.read_matches(session(), slug)
    )


@quiz.get("/to-chuc/<slug>/bai-trung/<code_a>/<code_b>")
def match(slug: str, code_a: str, code_b: str) -> Page:
    """Show two essays side by side, what they share marked in both."""
    shown = contests.contest_page(session(), slug)
    found = _coded_matches(slug)
    for place, pair in enumerate(found, start=1):
        if (pair.code_a, pair.code_b) == (code_a, code_b):
            return _match_page(shown, pair, place, len(found))
    raise NotFound("web.no_page")


def _match_page(shown: ContestPage, pair: CodedMatch, place: int, of: int) -> Page:
    evidence = pair.evidence
    return page(
        "match",
        contest=shown.contest,
        shown=shown,
        pair=pair,
        place=place,
        of=of,
        text_a=marked(evidence.text_a, [a for a, _ in evidence.passages]),
        text_b=marked(evidence.text_b, [b for _, b in evidence.passages]),
    )
