"""Awards: the next places take them, nobody is cut off within a tie, nobody vanishes silently."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from quizengine.core.awards import REASONS, AwardList, AwardPart, Candidate, list_awards
from quizengine.core.contest import Award


def make_awards(*counts: int) -> tuple[Award, ...]:
    """Return awards of which so many are given."""
    return tuple(
        Award(f"giai-{place}", {"vi": f"Giải {place}"}, count, {"vi": "Bằng khen"})
        for place, count in enumerate(counts, start=1)
    )


def ranked(*places: int) -> list[Candidate]:
    """Return candidates on the given places, numbered from 1."""
    return [Candidate(key, place) for key, place in enumerate(places, start=1)]


def keys(found: Sequence[Candidate]) -> list[int]:
    """Return whom a list names."""
    return [one.key for one in found]


def tied(part: AwardPart) -> list[tuple[list[int], int]]:
    """Return who is tied for an award, and for how many of it."""
    return [(keys(tie.people), tie.seats) for tie in part.ties]


def everybody(part: AwardPart) -> list[Candidate]:
    """Return whoever is or may be given an award."""
    return [*part.given, *(one for tie in part.ties for one in tie.people)]


def test_the_next_places_take_the_next_awards() -> None:
    found = list_awards(make_awards(1, 2), ranked(1, 2, 3, 4))
    assert [keys(part.given) for part in found.parts] == [[1], [2, 3]]
    assert all(not part.ties and not part.unfilled for part in found.parts)


def test_a_tie_within_one_award_is_given_to_all_of_it() -> None:
    found = list_awards(make_awards(2, 1), ranked(1, 1, 3))
    assert [keys(part.given) for part in found.parts] == [[1, 2], [3]]


def test_a_tie_across_the_edge_of_an_award_is_to_be_settled_on_both_sides() -> None:
    found = list_awards(make_awards(1, 2, 1), ranked(1, 1, 3, 4))
    first, second, third = found.parts
    assert (tied(first), keys(first.given)) == ([([1, 2], 1)], [])
    assert (tied(second), keys(second.given)) == ([([1, 2], 1)], [3])
    assert keys(third.given) == [4]


def test_a_tie_at_the_last_award_is_never_cut() -> None:
    (part,) = list_awards(make_awards(2), ranked(1, 2, 2, 2)).parts
    assert (keys(part.given), tied(part)) == ([1], [([2, 3, 4], 1)])


def test_an_award_may_be_tied_at_both_edges() -> None:
    _, second, _ = list_awards(make_awards(1, 2, 1), ranked(1, 1, 3, 3)).parts
    assert tied(second) == [([1, 2], 1), ([3, 4], 1)]


def test_whoever_can_take_no_award_is_passed_over_by_name_and_the_next_moves_up() -> None:
    candidates = [Candidate(1, 1, "no_essay"), Candidate(2, 2), Candidate(3, 3, "copied_essay")]
    found = list_awards(make_awards(1), candidates)
    assert keys(found.parts[0].given) == [2]
    assert keys(found.skipped) == [1]


def test_a_tie_that_is_none_without_those_passed_over_needs_no_settling() -> None:
    candidates = [Candidate(1, 1, "not_eligible"), Candidate(2, 1)]
    (part,) = list_awards(make_awards(1), candidates).parts
    assert (keys(part.given), part.ties) == ([2], ())


def test_what_nobody_is_left_for_is_told() -> None:
    found = list_awards(make_awards(1, 3), ranked(1, 2))
    assert [part.unfilled for part in found.parts] == [0, 2]
    assert list_awards((), ranked(1, 2)) == AwardList((), ())


@st.composite
def rankings(draw: st.DrawFn) -> list[Candidate]:
    """Draw a ranking with shared places, counted as the engine counts them."""
    groups = draw(st.lists(st.integers(1, 4), max_size=12))
    reasons = st.sampled_from((None, None, None, *REASONS))
    made: list[Candidate] = []
    for size in groups:
        place = len(made) + 1
        made += [Candidate(len(made) + one, place, draw(reasons)) for one in range(size)]
    return made


counts = st.lists(st.integers(1, 5), max_size=5)


@given(counts, rankings())
def test_every_award_is_given_settled_or_left_over_as_often_as_promised(
    counts: list[int], candidates: list[Candidate]
) -> None:
    for part in list_awards(make_awards(*counts), candidates).parts:
        seats = [tie.seats for tie in part.ties]
        assert len(part.given) + sum(seats) + part.unfilled == part.award.count
        assert all(tie.seats > 0 for tie in part.ties)


@given(counts, rankings())
def test_nobody_is_given_two_awards_and_nobody_passed_over_any(
    counts: list[int], candidates: list[Candidate]
) -> None:
    found = list_awards(make_awards(*counts), candidates)
    given_ = [one.key for part in found.parts for one in part.given]
    tied_ = {key for part in found.parts for group, _ in tied(part) for key in group}
    assert len(set(given_)) == len(given_)
    assert not set(given_) & tied_
    named = {*given_, *tied_}
    assert not named & {one.key for one in candidates if one.reason is not None}
    assert not named & set(keys(found.skipped))


@given(counts, rankings())
def test_nobody_better_goes_without_what_somebody_worse_is_given(
    counts: list[int], candidates: list[Candidate]
) -> None:
    found = list_awards(make_awards(*counts), candidates)
    named = [one for part in found.parts for one in everybody(part)]
    last = max((one.place for one in named), default=0)
    reached = {one.key for one in named} | set(keys(found.skipped))
    assert {one.key for one in candidates if one.place <= last} <= reached
    # Higher awards hold better places.
    levels = [[one.place for one in everybody(part)] for part in found.parts]
    for higher, lower in pairwise(levels):
        if higher and lower:
            assert max(higher) <= max(lower)
            assert min(higher) <= min(lower)


@given(counts, rankings())
def test_people_on_one_place_are_treated_alike(
    counts: list[int], candidates: list[Candidate]
) -> None:
    found = list_awards(make_awards(*counts), candidates)
    for place in {one.place for one in candidates}:
        eligible = {one.key for one in candidates if one.place == place and one.reason is None}
        for part in found.parts:
            for named in (set(keys(part.given)), *(set(group) for group, _ in tied(part))):
                assert not named & eligible or eligible <= named


@given(counts, rankings(), st.randoms(use_true_random=False))
def test_the_order_of_the_list_changes_nothing(
    counts: list[int], candidates: list[Candidate], rng: Random
) -> None:
    shuffled = list(candidates)
    rng.shuffle(shuffled)
    awards = make_awards(*counts)
    assert list_awards(awards, shuffled) == list_awards(awards, candidates)
