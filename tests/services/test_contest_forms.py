"""Forms of contests in the database: kept as they are, checked, sampled, made drafts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from quizengine.core.banks import Prompt
from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.formats.contest_form import Form
from quizengine.formats.contest_presets import PRESETS, Beginning
from quizengine.services import contest_forms, contests
from quizengine.services.contest_forms import FormCheck, SavedForm
from tests.services.desk import ACTOR, BANK, CLOSES, OPENS, SLUG, Desk, make_contest, make_round

BEGINNING = Beginning("Vui để học", "Ban tổ chức", "0900 000 123", BANK)
BEFORE = OPENS - timedelta(days=30)


def begun(desk: Desk, **changes: Any) -> str:
    """Return the id of a form that was begun from the first preset, some of it changed."""

    def work(session: Session) -> str:
        form = contest_forms.from_preset(session, "10-10-1", BEGINNING, now=BEFORE)
        return contest_forms.begin(session, form | changes, now=BEFORE, actor=ACTOR)

    return desk.do(work)


def found(desk: Desk, form_id: str) -> SavedForm:
    return desk.look(lambda session: contest_forms.find(session, form_id))


def check(desk: Desk, form_id: str) -> FormCheck:
    saved = found(desk, form_id)
    return desk.look(lambda session: contest_forms.check(session, saved, now=BEFORE))


def change(desk: Desk, form_id: str, **changes: Any) -> None:
    desk.do(
        lambda session: contest_forms.change(
            session, form_id, lambda form: form | changes, now=OPENS, actor="another"
        )
    )


def load(desk: Desk, form_id: str) -> str:
    return desk.do(lambda session: contest_forms.load(session, form_id, now=BEFORE, actor=ACTOR))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_no_problem_but_that_the_bank_is_small(desk: Desk, name: str) -> None:
    form_id = desk.do(
        lambda session: contest_forms.begin(
            session,
            contest_forms.from_preset(session, name, BEGINNING, now=BEFORE),
            now=BEFORE,
            actor=ACTOR,
        )
    )
    assert {one.code for one in check(desk, form_id).problems} <= {
        "contest.pool_too_small",
        "contest.pool_shared",
        "contest.papers_alike",
    }


def test_a_form_is_kept_whatever_is_wrong_with_it(desk: Desk) -> None:
    form_id = begun(desk)
    change(desk, form_id, results_at="ngày kia", complaint_days="")
    saved = found(desk, form_id)
    assert (saved.form["results_at"], saved.saved_by, saved.saved_at) == (
        "ngày kia",
        "another",
        OPENS,
    )
    codes = {one.place.at: one.code for one in check(desk, form_id).problems}
    assert codes["results_at"] == "form.not_instant"
    assert codes["complaint_days"] == "form.blank"
    with pytest.raises(InvalidInput, match=r"contest\.has_errors"):
        load(desk, form_id)


def test_the_check_tells_how_alike_papers_are(desk: Desk) -> None:
    sections = [{"topic": "Biển", "level": "", "count": "4", "points": "1"}]
    rounds = found(desk, begun(desk)).form["rounds"]
    form_id = begun(desk, rounds=[{**rounds[0], "sections": sections}])
    done = check(desk, form_id)
    assert [one.percent for one in done.overlaps] == [80]
    assert [one.code for one in done.of_part("vong-thi")] == ["contest.papers_alike"]
    assert done.state("vong-thi") == "warn"
    assert done.state("ten") == "ok"


def test_a_form_made_a_draft_keeps_its_slug_and_replaces_only_its_own_draft(desk: Desk) -> None:
    form_id = begun(desk, rounds=small_rounds(desk))
    assert load(desk, form_id) == "vui-de-hoc"
    change(desk, form_id, slug="khac", contact="máy lẻ 5")
    assert load(desk, form_id) == "vui-de-hoc"
    page = desk.look(lambda session: contests.contest_page(session, "vui-de-hoc"))
    assert page.contest.contact == "máy lẻ 5"
    other = begun(desk, rounds=small_rounds(desk))
    assert found(desk, other).form["slug"] == "vui-de-hoc-2"
    change(desk, other, slug="vui-de-hoc")
    assert "form.slug_taken" in {one.code for one in check(desk, other).problems}
    with pytest.raises(InvalidInput):
        load(desk, other)


def small_rounds(desk: Desk) -> list[dict[str, Any]]:
    """Return a round that the bank of the desk is large enough for."""
    rounds = found(desk, begun(desk)).form["rounds"]
    sections = [{"topic": "Biển", "level": "", "count": "2", "points": "1"}]
    return [{**rounds[0], "sections": sections}]


def test_another_contest_is_taken_over_whole_weeks_later(desk: Desk) -> None:
    form = desk.look(
        lambda session: contest_forms.from_contest(session, SLUG, now=CLOSES + timedelta(days=100))
    )
    form_id = desk.do(lambda session: contest_forms.begin(session, form, now=BEFORE, actor=ACTOR))
    contest = check(desk, form_id).contest
    weeks = (contest.rounds[0].opens_at - OPENS) / timedelta(weeks=1)
    assert weeks == 16
    assert contest == replace(make_contest().shifted(timedelta(weeks=16)), slug=f"{SLUG}-2")


def test_the_form_of_a_draft_is_known_until_the_draft_says_something_else(desk: Desk) -> None:
    form_id = begun(desk, rounds=small_rounds(desk))
    load(desk, form_id)
    own = desk.look(lambda session: contest_forms.form_of_draft(session, "vui-de-hoc"))
    assert own is not None
    assert own.public_id == form_id
    other = make_contest(slug="vui-de-hoc")
    desk.do(lambda session: contests.load_contest(session, other, now=OPENS, actor=ACTOR))
    assert desk.look(lambda session: contest_forms.form_of_draft(session, "vui-de-hoc")) is None


def test_an_open_contest_is_not_replaced(desk: Desk) -> None:
    form_id = desk.do(
        lambda session: contest_forms.begin(
            session,
            contest_forms.draft_form(session, SLUG),
            now=BEFORE,
            actor=ACTOR,
            loaded=SLUG,
        )
    )
    with pytest.raises(Conflict, match=r"contest\.not_draft"):
        load(desk, form_id)


def sample(desk: Desk, form: Form, index: int, number: int) -> tuple[Prompt, ...]:
    return desk.look(lambda session: contest_forms.sample_paper(session, form, index, number))


def test_sample_papers_differ_and_tell_no_key(desk: Desk) -> None:
    form = found(desk, begun(desk, rounds=small_rounds(desk))).form
    papers = {sample(desk, form, 0, number) for number in range(1, 9)}
    assert len(papers) > 1
    assert all(len(paper) == 2 for paper in papers)
    assert not any(hasattr(question, "key") for paper in papers for question in paper)
    with pytest.raises(NotFound):
        sample(desk, form, 1, 1)


def test_a_bank_that_is_missing_or_too_small_gives_no_sample(desk: Desk) -> None:
    rounds = small_rounds(desk)
    missing: tuple[dict[str, Any], ...] = ({"bank": "khong-co"}, {"sections": []}, {"bank": ""})
    for changes in missing:
        form = found(desk, begun(desk, rounds=[{**rounds[0], **changes}])).form
        with pytest.raises(Conflict):
            sample(desk, form, 0, 1)


def test_a_form_thrown_away_is_gone_and_its_draft_stays(desk: Desk) -> None:
    form_id = begun(desk, rounds=small_rounds(desk))
    load(desk, form_id)
    desk.do(lambda session: contest_forms.drop(session, form_id))
    with pytest.raises(NotFound):
        found(desk, form_id)
    assert desk.look(lambda session: contests.contest_page(session, "vui-de-hoc"))


def test_a_round_of_the_desk_is_a_form_too(desk: Desk) -> None:
    form = desk.look(lambda session: contest_forms.draft_form(session, SLUG))
    assert form["rounds"][0]["time_limit"] == str(make_round().time_limit_ms // 60_000)
