"""Essays that share text: the list of pairs, two side by side, the decision on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from flask import redirect, request, url_for

from quizengine.errors import Conflict, InvalidInput, QuizError
from quizengine.services import contests, decisions, essays
from quizengine.services.decisions import PairPage, Standing
from quizengine.services.transaction import transaction
from quizengine.web.blueprint import Page, page, quiz
from quizengine.web.host import arrival, require_participant, session
from quizengine.web.pairs import marked

STANDINGS: dict[str, Standing] = {"chua": "undecided", "roi": "decided"}
"""Which pairs are listed, by the word in the address; otherwise all."""
FIRST_WORDS = 5


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
    asked = request.args.get("loc", "")
    found = decisions.list_pairs(
        session(), slug, STANDINGS.get(asked), page=request.args.get("trang", 1, type=int)
    )

    def address(**changes: Any) -> str:
        """Return the address of the same list with something changed."""
        kept = {"loc": asked if asked in STANDINGS else "", **changes}
        kept = {name: value for name, value in kept.items() if value}
        return url_for("quiz.matches", slug=slug, **kept)

    return page(
        "matches", contest=shown.contest, shown=shown, found=found, asked=asked, link=address
    )


@quiz.route("/to-chuc/<slug>/bai-trung/<code_a>/<code_b>", methods=["GET", "POST"])
def match(slug: str, code_a: str, code_b: str) -> Page:
    """Show two essays side by side, what they share marked in both, and take the decision."""
    if request.method == "GET":
        return _match_page(slug, code_a, code_b)
    person = require_participant()
    try:
        with transaction(session()) as writing:
            decisions.decide(
                writing,
                slug,
                code_a,
                code_b,
                verdict=request.form.get("verdict", ""),
                reason=request.form.get("reason", ""),
                read=(request.form.get("sha_a", ""), request.form.get("sha_b", "")),
                now=arrival(),
                actor=person.id,
            )
    except (InvalidInput, Conflict) as error:
        return _match_page(slug, code_a, code_b, error)
    where = url_for("quiz.match", slug=slug, code_a=code_a, code_b=code_b, xong="quyet-dinh")
    return redirect(where, 303)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One shared passage: how it begins, how long it is, and in what its two ends are alike."""

    first: str
    rest: str
    letters: int
    likeness: Literal["same", "case", "bare"]


def _match_page(slug: str, code_a: str, code_b: str, error: QuizError | None = None) -> Page:
    shown = contests.contest_page(session(), slug)
    found = decisions.pair_page(session(), slug, code_a, code_b)
    decision = found.pair.decision
    chosen = decision.copied or decision.decision if decision else ""
    return page(
        "match",
        error.status if error else 200,
        contest=shown.contest,
        shown=shown,
        found=found,
        pair=found.pair,
        text_a=marked(found.a.text, [a for a, _ in found.passages]),
        text_b=marked(found.b.text, [b for _, b in found.passages]),
        evidence=_evidence(found),
        error=error,
        verdict=request.form.get("verdict", "") if error else chosen,
        reason=request.form.get("reason", "") if error else decision.reason if decision else "",
        max_reason=decisions.MAX_REASON,
    )


def _evidence(found: PairPage) -> list[Evidence]:
    rows = []
    for (start_a, end_a), (start_b, end_b) in found.passages:
        a, b = found.a.text[start_a:end_a], found.b.text[start_b:end_b]
        likeness: Literal["same", "case", "bare"] = "bare"
        if a.split() == b.split():
            likeness = "same"
        elif a.casefold().split() == b.casefold().split():
            likeness = "case"
        words = a.split()
        rows.append(
            Evidence(words[0] if words else "", " ".join(words[1:FIRST_WORDS]), len(a), likeness)
        )
    return rows
