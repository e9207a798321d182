"""Essays: drafts that no older one replaces, one text a person, copies found and kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from quizengine import signals
from quizengine.core.sheets import Outcome
from quizengine.core.text import fold
from quizengine.errors import Conflict, InvalidInput, NotFound
from quizengine.services import essays
from quizengine.services.audit import verify
from quizengine.services.contests import find
from quizengine.services.essays import EssayPage, Scan, ScanPart
from quizengine.store.audit import read_entries
from quizengine.store.essays import StoredMatch, count_submitted
from tests.services.desk import (
    ACTOR,
    AFTER,
    CLOSES,
    ESSAY_CLOSES,
    MILLISECOND,
    MINUTE,
    OPENS,
    SLUG,
    Desk,
    make_contest,
    opened_desk,
    statements,
    words,
)

TEXT = words(30)
GREATEST = 2**63 - 1


@pytest.fixture
def seated(desk: Desk) -> Desk:
    """The desk with An registered."""
    desk.register("an")
    return desk


def draft(
    desk: Desk, text: str, sequence: int, at: datetime = OPENS, person: str = "an"
) -> Outcome:
    """Keep a draft."""
    return desk.do(
        lambda session: essays.save_draft(
            session, SLUG, person=person, text=text, sequence=sequence, now=at
        )
    )


def page(desk: Desk, at: datetime = OPENS, person: str = "an") -> EssayPage:
    """Return the essay as its page shows it."""
    return desk.look(lambda session: essays.essay_page(session, SLUG, person, now=at))


# Drafts


def test_nothing_is_there_before_the_first_draft(seated: Desk) -> None:
    found = page(seated)
    assert (found.draft, found.sequence, found.words, found.receipt) == ("", 0, 0, None)
    assert found.phase == "running"


def test_a_later_draft_stays_whatever_comes_after_it(seated: Desk) -> None:
    outcomes = [
        draft(seated, text, sequence)
        for text, sequence in (("hai", 2), ("một", 1), ("hai", 2), ("khác", 2), ("ba chữ nữa", 3))
    ]
    assert outcomes == [
        Outcome.SAVED,
        Outcome.SUPERSEDED,
        Outcome.SAVED,
        Outcome.SUPERSEDED,
        Outcome.SAVED,
    ]
    found = page(seated)
    assert (found.draft, found.sequence, found.words) == ("ba chữ nữa", 3, 3)
    assert found.receipt is None


@pytest.mark.parametrize(
    ("at", "phase"),
    [
        (OPENS - MILLISECOND, "before"),
        (OPENS, "running"),
        (CLOSES + MINUTE, "running"),
        (ESSAY_CLOSES, "running"),
        (ESSAY_CLOSES + MILLISECOND, "after"),
    ],
)
def test_the_essay_has_a_window_of_its_own(seated: Desk, at: datetime, phase: str) -> None:
    expected = Outcome.SAVED if phase == "running" else Outcome.REFUSED
    assert page(seated, at).phase == phase
    assert draft(seated, "một", 1, at) is expected
    if phase == "running":
        assert seated.write("an", TEXT, at, sequence=2).words == 30
    else:
        with pytest.raises(Conflict) as refusal:
            seated.write("an", TEXT, at, sequence=2)
        codes = {"before": "essay.not_open_yet", "after": "essay.closed"}
        assert refusal.value.code == codes[phase]
        assert page(seated).receipt is None


def test_a_draft_keeps_line_ends_of_one_kind_and_no_nul(seated: Desk) -> None:
    draft(seated, "  một\r\nhai\rba\n\x00 ", 1)
    assert page(seated).draft == "  một\nhai\nba\n "


@pytest.mark.parametrize("sequence", [0, -1, GREATEST + 1])
def test_a_sequence_number_out_of_range_is_refused_and_nothing_kept(
    seated: Desk, sequence: int
) -> None:
    with pytest.raises(InvalidInput):
        draft(seated, "một", sequence)
    with pytest.raises(InvalidInput):
        seated.write("an", TEXT, OPENS, sequence=sequence)
    assert page(seated).sequence == 0


def test_the_greatest_sequence_number_is_kept(seated: Desk) -> None:
    assert draft(seated, "một", GREATEST) is Outcome.SAVED
    assert page(seated).sequence == GREATEST


def test_a_draft_that_is_far_too_long_is_refused(seated: Desk) -> None:
    with pytest.raises(InvalidInput) as refusal:
        draft(seated, "a" * (essays.MAX_CHARACTERS + 1), 1)
    assert refusal.value.code == "essay.too_many_characters"
    assert draft(seated, "a" * essays.MAX_CHARACTERS, 1) is Outcome.SAVED


# Handing in


def test_the_receipt_says_what_the_server_holds(seated: Desk) -> None:
    receipt = seated.write("an", TEXT, OPENS)
    assert receipt.words == 30
    assert receipt.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert receipt.submitted_at == OPENS
    assert page(seated).receipt == receipt
    assert page(seated).draft == TEXT


def test_handing_in_the_same_text_again_gives_the_same_receipt(seated: Desk) -> None:
    first = seated.write("an", TEXT, OPENS)
    assert seated.write("an", TEXT, OPENS + MINUTE) == first
    assert seated.write("an", TEXT, OPENS + MINUTE, sequence=2) == first


def test_a_later_text_takes_the_place_of_the_earlier_until_the_end(seated: Desk) -> None:
    first = seated.write("an", TEXT, OPENS)
    second = seated.write("an", words(40), ESSAY_CLOSES, sequence=2)
    assert second.code == first.code
    assert (second.words, second.submitted_at) == (40, ESSAY_CLOSES)
    assert page(seated, AFTER).receipt == second


def test_a_text_behind_a_later_draft_is_not_handed_in(seated: Desk) -> None:
    draft(seated, "bản sau", 5)
    with pytest.raises(Conflict) as refusal:
        seated.write("an", TEXT, OPENS, sequence=4)
    assert refusal.value.code == "essay.superseded"
    found = page(seated)
    assert (found.draft, found.receipt) == ("bản sau", None)


def test_a_draft_after_handing_in_leaves_what_was_handed_in(seated: Desk) -> None:
    receipt = seated.write("an", TEXT, OPENS)
    draft(seated, "sửa tiếp", 2)
    found = page(seated)
    assert (found.draft, found.receipt) == ("sửa tiếp", receipt)


@pytest.mark.parametrize(
    ("count", "code"),
    [(19, "essay.too_short"), (20, None), (200, None), (201, "essay.too_long")],
)
def test_the_limits_of_words_are_checked_when_handing_in(
    seated: Desk, count: int, code: str | None
) -> None:
    assert draft(seated, words(count), 1) is Outcome.SAVED
    if code is None:
        assert seated.write("an", words(count), OPENS, sequence=2).words == count
        return
    with pytest.raises(InvalidInput) as refusal:
        seated.write("an", words(count), OPENS, sequence=2)
    assert refusal.value.code == code
    assert refusal.value.params["words"] == count
    assert page(seated).receipt is None


def test_the_essay_stays_open_when_attempts_are_used_up_and_rounds_closed(seated: Desk) -> None:
    for day in range(2):
        seated.take("an", OPENS + timedelta(days=day))
    assert draft(seated, "một", 1, OPENS + timedelta(days=2)) is Outcome.SAVED
    seated.close(CLOSES)
    assert seated.write("an", TEXT, CLOSES + MINUTE, sequence=2).words == 30


def test_publication_ends_the_essay(seated: Desk) -> None:
    seated.close()
    seated.publish(CLOSES + MINUTE)
    assert page(seated, CLOSES + 2 * MINUTE).phase == "after"
    assert draft(seated, "một", 1, CLOSES + 2 * MINUTE) is Outcome.REFUSED


def test_only_a_registered_person_writes(seated: Desk) -> None:
    with pytest.raises(NotFound):
        draft(seated, "một", 1, person="nobody")
    with pytest.raises(NotFound):
        page(seated, person="nobody")


def test_a_contest_without_an_essay_has_none(database_url: str) -> None:
    with opened_desk(database_url, replace(make_contest(), essay=None)) as desk:
        desk.register("an")
        for deed in (lambda: page(desk), lambda: draft(desk, "một", 1)):
            with pytest.raises(NotFound) as refusal:
                deed()
            assert refusal.value.code == "essay.no_task"


def test_handing_in_sends_one_signal_for_each_text(seated: Desk) -> None:
    heard: list[tuple[str, str]] = []

    def hear(_sender: str, *, slug: str, person: str) -> None:
        heard.append((slug, person))

    with signals.essay_submitted.connected_to(hear):
        for _ in range(2):
            seated.write("an", TEXT, OPENS)
        seated.write("an", words(40), OPENS, sequence=2)
    assert heard == [(SLUG, "an"), (SLUG, "an")]


# Copies


def scan(desk: Desk) -> tuple[StoredMatch, ...]:
    """Scan the contest's essays and return the matches kept."""
    store(desk, desk.look(lambda session: essays.scan_contest(session, SLUG)))
    return desk.look(lambda session: essays.read_matches(session, SLUG))


def store(desk: Desk, found: Scan) -> None:
    """Keep what a scan found."""

    def keep(part: ScanPart) -> None:
        desk.do(lambda session: essays.store_matches(session, found, part))

    for part in found.parts:
        keep(part)
    desk.do(lambda session: essays.record_scan(session, found, now=AFTER, actor=ACTOR))


def planted(desk: Desk) -> None:
    """Let people hand in an essay, three kinds of copies of it, and one of their own."""
    texts = {
        "original": words(120),
        "exact": words(120),
        "bare": fold(words(120)),
        "half": words(60) + " " + words(60, 900),
        "own": words(120, 500),
    }
    for person, text in texts.items():
        desk.register(person)
        desk.write(person, text, OPENS)


def test_planted_copies_are_found_and_kept_with_their_passages(desk: Desk) -> None:
    planted(desk)
    matches = scan(desk)
    kinds = sorted(match.kind for match in matches)
    # Three essays with the same letters are three exact pairs; each shares its half with the half.
    assert kinds == ["exact"] * 3 + ["partial"] * 3
    for match in matches:
        assert match.passages
        for (start_a, end_a), (start_b, end_b) in match.passages:
            assert fold(match.text_a[start_a:end_a]) == fold(match.text_b[start_b:end_b])
    assert list(matches) == sorted(matches, key=lambda one: -one.similarity)
    assert not any(words(120, 500) in (match.text_a, match.text_b) for match in matches)


def test_scanning_again_replaces_what_was_found_before(desk: Desk) -> None:
    planted(desk)
    first = scan(desk)
    assert scan(desk) == first
    desk.write("exact", words(120, 2000), OPENS, sequence=2)
    desk.write("bare", words(120, 3000), OPENS, sequence=2)
    assert [match.kind for match in scan(desk)] == ["partial"]
    assert desk.look(verify) is None


def test_handing_in_another_text_takes_the_matches_of_the_earlier_one_away(desk: Desk) -> None:
    planted(desk)
    scan(desk)
    before = desk.look(lambda session: essays.read_matches(session, SLUG))
    desk.write("bare", words(120, 3000), OPENS, sequence=2)
    after = desk.look(lambda session: essays.read_matches(session, SLUG))
    assert 0 < len(after) < len(before)
    assert not any(fold(words(120)) in (match.text_a, match.text_b) for match in after)


def test_comparing_writes_nothing_and_holds_up_no_writer(desk: Desk) -> None:
    """Somebody saves a draft from inside the comparison, in a turn of their own."""
    planted(desk)

    def meanwhile(done: int, whole: int) -> None:
        outcomes.append(draft(desk, f"nháp {done}", done + 2, person="own"))

    outcomes: list[Outcome] = []
    with statements(desk.engine) as ran:
        found = desk.look(lambda session: essays.scan_contest(session, SLUG, progress=meanwhile))
    assert outcomes
    assert Outcome.REFUSED not in outcomes
    assert not [one for one in ran if "quiz_match" in one or "quiz_audit" in one]
    assert desk.look(lambda session: essays.read_matches(session, SLUG)) == ()
    assert found.pairs == 6


def test_a_text_replaced_while_it_was_compared_is_in_no_match(desk: Desk) -> None:
    planted(desk)

    def meanwhile(_done: int, _whole: int) -> None:
        desk.write("exact", words(120, 2000), OPENS, sequence=2)

    found = desk.look(lambda session: essays.scan_contest(session, SLUG, progress=meanwhile))
    store(desk, found)
    texts = {
        text
        for match in desk.look(lambda session: essays.read_matches(session, SLUG))
        for text in (match.text_a, match.text_b)
    }
    assert texts == {words(120), fold(words(120)), words(60) + " " + words(60, 900)}


def test_matches_are_written_in_parts_of_a_bounded_size(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(desk)
    whole = scan(desk)
    monkeypatch.setattr(essays, "PART_ROWS", 2)
    found = desk.look(lambda session: essays.scan_contest(session, SLUG))
    assert len(found.parts) > 2
    # One essay's own matches stay together, however many they are.
    assert all(len(part.matches) <= 2 or len(part.essays) == 1 for part in found.parts)
    written = [row for part in found.parts for row in part.essays]
    assert len(written) == len(set(written)) == 5
    store(desk, found)
    assert desk.look(lambda session: essays.read_matches(session, SLUG)) == whole


def test_two_scans_at_once_leave_each_match_once(desk: Desk) -> None:
    planted(desk)
    first, second = (
        desk.look(lambda session: essays.scan_contest(session, SLUG)) for _ in range(2)
    )
    store(desk, first)
    kept = desk.look(lambda session: essays.read_matches(session, SLUG))
    store(desk, second)
    assert desk.look(lambda session: essays.read_matches(session, SLUG)) == kept


def test_a_scan_is_on_the_record(desk: Desk) -> None:
    planted(desk)
    scan(desk)
    entry = desk.look(lambda session: list(read_entries(session)))[-1]
    assert (entry.action, entry.subject) == ("essays.scan", SLUG)
    assert entry.details == {"essays": 5, "pairs": 6}


def test_the_essays_of_staff_and_drafts_are_not_compared(desk: Desk) -> None:
    desk.register("an")
    desk.write("an", words(120), OPENS)
    desk.register("staff", is_staff=True)
    desk.write("staff", words(120), OPENS)
    desk.register("binh")
    draft(desk, words(120), 1, person="binh")
    assert scan(desk) == ()

    assert desk.look(lambda session: count_submitted(session, find(session, SLUG).id)) == 1


def test_a_contest_without_an_essay_is_not_scanned(database_url: str) -> None:
    with (
        opened_desk(database_url, replace(make_contest(), essay=None)) as desk,
        pytest.raises(NotFound),
    ):
        scan(desk)
