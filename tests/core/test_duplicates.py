"""Duplicates: planted copies are found, and what everybody may share is not taken for one."""

from __future__ import annotations

import random
import subprocess
import sys
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizengine.core.duplicates import CROWD, DuplicateReport, Match, find_duplicates
from quizengine.core.text import fold, fold_letters
from quizengine.errors import InvalidInput

SYLLABLES = """
anh ba bạn bền biển bình bước các cần cây chăm chị chín chung chuyến con cơm dài dạy đèn đêm đi
đoàn đổi đồng đời đường em gần gió giúp góp hàng hát hiểu hoà học hỏi khéo khó kể kết lá làm lành
lao lắng lo lòng lớp mái mẹ mới một mùa mưa nắng nghe nghề ngày người nhà nhớ nhóm nói nước ông phố
quê quý rộng sáng sân sách sông sớm tay thăm thầy thép thuý thợ tổ trẻ trưa tự vẽ vui vững xanh
xưởng xây yên yêu
"""
WORDS = SYLLABLES.split()
PROMPT = (
    "Anh chị hãy đề xuất một sáng kiến để đổi mới hoạt động công đoàn ở đơn vị mình, nêu rõ lý do, "
    "cách làm, người thực hiện và kết quả mong muốn trong thời gian tới."
)


def write(seed: int, words: int = 240) -> str:
    """An essay of invented sentences; another seed gives an unrelated one."""
    rng = random.Random(seed)
    sentences = []
    while words > 0:
        length = rng.randint(7, 18)
        sentences.append(" ".join(rng.choices(WORDS, k=length)).capitalize() + ".")
        words -= length
    return " ".join(sentences)


def drop_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(filter(lambda part: not unicodedata.combining(part), decomposed))


def edit_words(text: str, share: float) -> str:
    rng = random.Random(5)
    words = text.split()
    return " ".join(rng.choice(WORDS) if rng.random() < share else word for word in words)


def shuffle_sentences(text: str) -> str:
    sentences = text.split(". ")
    blocks = [sentences[start : start + 4] for start in range(0, len(sentences), 4)]
    return ". ".join(sentence for block in reversed(blocks) for sentence in block)


def only_pair(report: DuplicateReport) -> Match:
    assert len(report.pairs) == 1, report.pairs
    return report.pairs[0]


def assert_passages_fold_equal(match: Match, texts: dict[str, str]) -> None:
    assert match.passages
    for passage in match.passages:
        one = texts[match.a][slice(*passage.a)]
        other = texts[match.b][slice(*passage.b)]
        assert one
        assert fold_letters(one)[0] == fold_letters(other)[0]


DISGUISES: dict[str, Callable[[str], str]] = {
    "verbatim": str,
    "capitals": str.upper,
    "punctuation": lambda text: text.replace(".", " !?").replace(" ", "  "),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "no diacritics": drop_marks,
    "tone placement": lambda text: text.replace("hoà", "hòa").replace("thuý", "thúy"),
    "y and i": lambda text: text.replace("quý", "quí"),
    "look-alikes": lambda text: text.translate(str.maketrans("aoecpTB", "аоесрТВ")),
    "zero-width": lambda text: "\u200b".join(text),
    "joined syllables": lambda text: text.replace(" ", ""),
    "split syllables": lambda text: text.replace("ng", "n g"),
    "line breaks": lambda text: text.replace(" ", "\r\n"),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES.keys())
def test_a_copy_that_reads_the_same_is_exact(disguise: Callable[[str], str]) -> None:
    texts = {f"{seed:02}": write(seed) for seed in range(20)}
    texts["copy"] = disguise(texts["07"])
    report = find_duplicates(texts.items())
    match = only_pair(report)
    assert (match.a, match.b, match.kind) == ("07", "copy", "exact")
    assert match.similarity == match.share_a == match.share_b == 1.0
    assert report.clusters == (("07", "copy"),)
    assert report.essays == 21
    assert_passages_fold_equal(match, texts)


@pytest.mark.parametrize(
    ("kind", "edit"),
    [
        ("near", lambda text: edit_words(text, 0.05)),
        ("near", lambda text: edit_words(text, 0.10)),
        ("near", shuffle_sentences),
        ("near", lambda text: drop_marks(shuffle_sentences(edit_words(text, 0.04))).upper()),
        ("partial", lambda text: text[: len(text) // 2] + write(501, 120)),
        ("partial", lambda text: text[: len(text) // 3]),
        ("partial", lambda text: write(502, 100) + text[300:700] + write(503, 100)),
        ("partial", lambda text: write(504, 110) + text[300:400] + write(505, 110)),
        (
            "partial",
            lambda text: (
                write(506, 60)
                + text[:150]
                + write(507, 60)
                + text[700:850]
                + write(508, 60)
                + text[400:550]
            ),
        ),
    ],
)
def test_an_edited_or_partial_copy_is_found(kind: str, edit: Callable[[str], str]) -> None:
    texts = {f"{seed:02}": write(seed) for seed in range(20)}
    texts["copy"] = edit(texts["07"])
    match = only_pair(find_duplicates(texts.items()))
    assert (match.a, match.b, match.kind) == ("07", "copy", kind)
    assert_passages_fold_equal(match, texts)


def test_a_quarter_of_the_words_changed_is_still_found() -> None:
    texts = {f"{seed:02}": write(seed) for seed in range(20)}
    texts["copy"] = edit_words(texts["07"], 0.25)
    match = only_pair(find_duplicates(texts.items()))
    assert (match.a, match.b) == ("07", "copy")


def test_half_of_an_essay_copied_is_half_of_its_share() -> None:
    own, source = write(1, 200), write(2, 200)
    report = find_duplicates([("a", source), ("b", source + " " + own)])
    match = only_pair(report)
    assert match.share_a == 1.0
    assert match.share_b == pytest.approx(0.5, abs=0.05)
    assert match.kind == "partial"
    (passage,) = match.passages
    assert passage.a == (0, len(source) - 1)
    assert fold((source + " " + own)[slice(*passage.b)]) == fold(source)


def test_essays_that_share_the_prompt_alone_are_not_duplicates() -> None:
    texts = {f"{seed:02}": f"{PROMPT}\n{write(seed)}" for seed in range(40)}
    assert find_duplicates(texts.items(), exclude=[PROMPT]).pairs == ()
    unmarked = {essay_id: drop_marks(text).upper() for essay_id, text in texts.items()}
    assert find_duplicates(unmarked.items(), exclude=[PROMPT]).pairs == ()
    assert len(find_duplicates([*texts.items()][:2]).pairs) == 1


def test_boilerplate_counts_neither_in_shares_nor_at_the_ends_of_passages() -> None:
    half = write(3, 100)
    texts = {"a": f"{PROMPT} {half}", "b": f"{PROMPT} {half} {write(4, 100)}"}
    match = only_pair(find_duplicates(texts.items(), exclude=[PROMPT]))
    assert match.share_a == 1.0
    assert match.share_b == pytest.approx(0.5, abs=0.05)
    assert texts["a"][slice(*match.passages[0].a)] == half[:-1]


def test_phrases_that_very_many_use_are_not_evidence() -> None:
    phrases = [
        "góp phần xây dựng quan hệ lao động hài hoà, ổn định và tiến bộ trong đơn vị",
        "chăm lo đời sống vật chất và tinh thần cho đoàn viên và người lao động",
        "với tinh thần đoàn kết, dân chủ, kỷ cương, sáng tạo và phát triển bền vững",
    ]
    texts = {
        f"{seed:03}": ". ".join([write(seed, 60), *phrases, write(1000 + seed, 200)])
        for seed in range(2 * CROWD)
    }
    texts["copy"] = texts["007"][:400] + write(3000)
    report = find_duplicates(texts.items())
    assert [(match.a, match.b) for match in report.pairs] == [("007", "copy")]


def test_texts_that_are_all_boilerplate_or_have_no_letters_do_not_match() -> None:
    texts = {"a": PROMPT, "b": PROMPT, "c": "", "d": "…", "e": "!"}
    assert find_duplicates(texts.items(), exclude=[PROMPT]).pairs == ()


def test_equal_texts_too_short_for_fingerprints_are_exact() -> None:
    match = only_pair(find_duplicates([("a", "Đoàn kết!"), ("b", "đoàn kết"), ("c", "Đổi mới")]))
    assert (match.a, match.b, match.kind) == ("a", "b", "exact")


def test_sources_are_matched_with_essays_and_not_with_each_other() -> None:
    source = write(1)
    texts = {"m": write(2) + " " + source[:400], "n": write(3)}
    report = find_duplicates(texts.items(), against=[("law", source), ("copy of law", source)])
    assert [(match.a, match.b) for match in report.pairs] == [("m", "copy of law"), ("m", "law")]
    assert report.clusters == ()
    assert report.essays == 2


def test_a_source_that_many_quote_is_named_for_each_of_them() -> None:
    source = write(1, 80)
    texts = {f"{seed:03}": f"{write(1000 + seed, 100)} {source}" for seed in range(3 * CROWD)}
    report = find_duplicates(texts.items(), against=[("law", source)])
    assert {match.a for match in report.pairs if match.b == "law"} == set(texts)


def test_an_essay_copied_by_a_hundred_is_one_cluster() -> None:
    source = write(1)
    texts = {f"{seed:03}": write(1000 + seed) for seed in range(50)}
    texts |= {f"m{number:03}": source for number in range(60)}
    texts |= {f"n{number:03}": f"{source} {write(2000 + number, 80)}" for number in range(60)}
    report = find_duplicates(texts.items())
    assert report.clusters == (tuple(sorted(key for key in texts if key[0] in "mn")),)


def test_one_sentence_written_over_and_over_is_found() -> None:
    texts = {"a": "công đoàn " * 40, "b": "Công đoàn! " * 30, "c": write(1)}
    match = only_pair(find_duplicates(texts.items()))
    assert (match.a, match.b) == ("a", "b")
    assert_passages_fold_equal(match, texts)


def test_importing_the_module_does_not_load_numpy() -> None:
    check = "import sys, quizengine.core.duplicates; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"essays\.id_repeated"):
        find_duplicates([("a", "x"), ("a", "y")])
    with pytest.raises(InvalidInput, match=r"essays\.id_repeated"):
        find_duplicates([("a", "x")], against=[("a", "y")])


def test_no_essays_give_an_empty_report() -> None:
    assert find_duplicates([]) == DuplicateReport(0, (), ())


def test_progress_ends_with_every_step_done() -> None:
    calls: list[tuple[int, int]] = []
    text = write(1)
    find_duplicates(
        [("a", text), ("b", text), ("c", write(2))],
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(3, 3), (4, 4)]


# Repetition, ligatures, marks and unequal boilerplate are what makes passages hard to place.
PIECE = st.sampled_from(
    [
        write(1, 12),
        write(2, 30),
        write(3, 9),
        write(4, 40).upper(),
        PROMPT,
        PROMPT[20:120],
        "ﬁnﬃ½",
        "a" * 24,
        "abc" * 8,
        " ",
        "\u200b",
        "e\u0323",
    ]
)
PIECES = st.lists(PIECE, max_size=8).map("".join)
ESSAYS = st.lists(PIECES, min_size=2, max_size=6)


@settings(max_examples=60)
@given(ESSAYS)
def test_passages_point_at_text_that_folds_equal_in_both(written: list[str]) -> None:
    texts = {str(number): text for number, text in enumerate(written)}
    for match in find_duplicates(texts.items(), exclude=[PROMPT]).pairs:
        assert_passages_fold_equal(match, texts)
        assert 0 < match.similarity <= 1
        assert 0 < match.share_a <= 1
        assert 0 < match.share_b <= 1
        assert match.a < match.b


@settings(max_examples=60)
@given(ESSAYS, st.randoms(use_true_random=False))
def test_the_order_of_the_essays_does_not_matter(written: list[str], rng: random.Random) -> None:
    essays = [(str(number), text) for number, text in enumerate(written)]
    shuffled = rng.sample(essays, len(essays))
    assert find_duplicates(shuffled) == find_duplicates(essays)


@settings(max_examples=60)
@given(PIECES, PIECES)
def test_a_pair_seen_from_the_other_side_is_its_mirror_image(one: str, other: str) -> None:
    forward = find_duplicates([("a", one), ("b", other)]).pairs
    backward = find_duplicates([("b", one), ("a", other)]).pairs
    assert len(forward) == len(backward)
    for match, mirror in zip(forward, backward, strict=True):
        assert (match.kind, match.similarity) == (mirror.kind, mirror.similarity)
        assert (match.share_a, match.share_b) == (mirror.share_b, mirror.share_a)
        assert {(passage.a, passage.b) for passage in match.passages} == {
            (passage.b, passage.a) for passage in mirror.passages
        }


@settings(max_examples=40)
@given(st.integers(min_value=0, max_value=600), st.integers(min_value=50, max_value=300))
def test_any_copied_run_is_covered_by_passages(start: int, length: int) -> None:
    source = write(1)
    run = source[start : start + length]
    texts = {"a": source, "b": f"{write(2, 60)} {run} {write(3, 60)}"}
    report = find_duplicates(texts.items())
    if len(fold_letters(run)[0]) >= 90:
        match = only_pair(report)
        covered = max(match.passages, key=lambda passage: passage.b[1] - passage.b[0])
        bare = fold_letters(texts["b"][slice(*covered.b)])[0]
        assert fold_letters(run)[0] in bare
