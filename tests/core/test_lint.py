"""What the lint finds in a bank, each with a bank that has it and one that has not."""

from dataclasses import replace

import pytest

from quizengine.core.banks import Bank, Kind, Question, mask_of
from quizengine.core.lint import MAX_CHOICE, MAX_ID, MAX_STEM, NEAR_LIMIT, lint
from quizengine.errors import Place

GOOD = Question(
    "1",
    Kind.SINGLE,
    "Công đoàn Việt Nam được thành lập ngày nào?",
    ("Ngày 28/7/1929", "Ngày 1/5/1930", "Ngày 3/2/1930", "Ngày 2/9/1945"),
    key=1,
    source="Điều lệ",
)


def codes(*questions: Question) -> list[str]:
    return [problem.code for problem in lint(Bank(questions))]


def test_a_good_question_has_no_problem() -> None:
    assert codes(GOOD) == []


def test_an_empty_bank_is_an_error_of_the_file() -> None:
    (problem,) = lint(Bank(()))
    assert (problem.code, problem.severity, problem.place) == ("bank.empty", "error", Place("file"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"stem": ""}, "bank.stem_empty"),
        ({"choices": ("Huế",)}, "bank.choices_missing"),
        ({"choices": tuple(f"Ngày {day}" for day in range(9))}, "bank.choices_too_many"),
        ({"choices": ("Huế", "", "Vinh")}, "bank.choice_empty"),
        ({"choices": ("Huế", "Vinh", " huế. ")}, "bank.choice_repeated"),
        ({"key": 0}, "bank.key_missing"),
        ({"key": mask_of("F")}, "bank.key_outside"),
        ({"key": mask_of("AB")}, "bank.key_several"),
        ({"kind": Kind.TRUE_FALSE}, "bank.true_false_choices"),
        ({"pinned": mask_of("E")}, "bank.pinned_outside"),
        ({"stem": "d" * (MAX_STEM + 1)}, "bank.stem_too_long"),
        ({"choices": ("Huế", "d" * (MAX_CHOICE + 1))}, "bank.choice_too_long"),
    ],
)
def test_what_makes_a_question_unusable_is_an_error(change: dict[str, object], code: str) -> None:
    (problem,) = lint(Bank((replace(GOOD, **change),)))  # type: ignore[arg-type]
    assert (problem.code, problem.severity) == (code, "error")
    assert problem.place == Place("question", "1")
    assert problem.params["question"] == "1"


def test_what_is_as_long_as_allowed_is_no_problem() -> None:
    choices = ("Huế", "d" * MAX_CHOICE)
    assert codes(replace(GOOD, id="1" * MAX_ID, stem="d" * MAX_STEM, choices=choices)) == []


def test_an_id_that_the_database_cannot_keep_is_an_error() -> None:
    (problem,) = lint(Bank((replace(GOOD, id="1" * (MAX_ID + 1)),)))
    assert (problem.code, problem.params["limit"]) == ("bank.id_too_long", MAX_ID)


def test_every_problem_of_a_question_is_reported_not_the_first() -> None:
    assert codes(replace(GOOD, stem="", key=0)) == ["bank.stem_empty", "bank.key_missing"]


def test_problems_come_in_question_order() -> None:
    """A rule over the whole bank must not put its findings behind those of later questions."""
    second = replace(GOOD, id="1", stem="Chủ tịch công đoàn do ai bầu?")
    third = replace(GOOD, id="3", stem="Ngày nào?", key=0)
    assert codes(GOOD, second, third) == ["bank.id_repeated", "bank.key_missing"]


@pytest.mark.parametrize(
    ("choice", "pinned", "needed"),
    [
        ("Tất cả các đáp án trên", "", "D"),
        ("Cả ba văn bản trên", "", "D"),
        ("Không có phương án nào đúng", "", "D"),
        ("All of the above", "", "D"),
        ("None of these", "", "D"),
        ("Cả A và B", "", "A, B, D"),
        ("A, B và C đều đúng", "ABC", "D"),
        ("Both A and C", "D", "A, C"),
    ],
)
def test_a_choice_that_speaks_of_others_must_be_pinned_with_them(
    choice: str, pinned: str, needed: str
) -> None:
    question = replace(GOOD, choices=(*GOOD.choices[:3], choice), pinned=mask_of(pinned))
    (problem,) = lint(Bank((question,)))
    assert (problem.code, problem.severity) == ("bank.choice_refers", "warning")
    assert problem.params["pin"] == needed
    assert codes(replace(question, pinned=mask_of("ABCD"))) == []


@pytest.mark.parametrize(
    "choice", ["Tất cả người lao động", "Cả nước", "A-lếch-xan", "Không đổi", "C. Mác"]
)
def test_a_choice_that_only_sounds_alike_needs_no_pin(choice: str) -> None:
    assert codes(replace(GOOD, choices=(*GOOD.choices[:3], choice))) == []


def test_the_same_question_twice_is_a_warning() -> None:
    again = replace(GOOD, id="2", stem=GOOD.stem.upper())
    (problem,) = lint(Bank((GOOD, again)))
    assert (problem.code, problem.severity) == ("bank.question_repeated", "warning")
    assert problem.params == {"question": "2", "other": "1"}


def test_a_nearly_equal_stem_is_a_warning_with_the_likeness() -> None:
    (problem,) = lint(Bank((GOOD, replace(GOOD, id="2", stem=f"{GOOD.stem[:-1]} vậy?"))))
    assert problem.code == "bank.stem_near"
    assert 92 <= int(problem.params["percent"]) < 100


def test_other_figures_or_other_choices_make_another_question() -> None:
    law = replace(GOOD, stem="Theo Hiến pháp năm 2013, Điều 10 quy định về tổ chức nào?")
    same_but_figure = replace(law, id="2", stem=law.stem.replace("10", "9"))
    same_but_choices = replace(law, id="3", choices=("Mặt trận", "Hội"))
    assert codes(law, same_but_figure, same_but_choices) == []


def test_a_bank_too_large_to_compare_says_so() -> None:
    questions = [
        replace(GOOD, id=str(number), stem=f"Câu {number}?", key=1 << number % 4)
        for number in range(NEAR_LIMIT + 1)
    ]
    assert codes(*questions) == ["bank.stems_not_compared"]


def test_missing_sources_are_one_warning_when_none_is_given() -> None:
    bare = replace(GOOD, source="")
    other = replace(bare, id="2", stem="Ai bầu chủ tịch?")
    assert codes(bare, other) == ["bank.sources_missing"]
    assert codes(GOOD, other) == ["bank.source_missing"]


def skewed(keys: str, choices: tuple[str, ...]) -> list[Question]:
    return [
        replace(GOOD, id=str(number), stem=f"Năm {number}?", choices=choices, key=mask_of(letter))
        for number, letter in enumerate(keys)
    ]


def test_a_key_that_is_nearly_always_one_letter_is_told_with_the_figure() -> None:
    choices = ("một", "hai", "bảy", "tám")
    (problem,) = lint(Bank(tuple(skewed("B" * 15 + "ACDAC", choices))))
    assert (problem.code, problem.params["letter"]) == ("bank.key_same_letter", "B")
    assert problem.params["percent"] == 75
    assert codes(*skewed("ABCD" * 5, choices)) == []
    assert codes(*skewed("B" * 19, choices)) == []


def test_a_key_that_is_nearly_always_the_longest_is_told_with_the_figure() -> None:
    questions = [
        replace(
            GOOD,
            id=str(number),
            stem=f"Năm {number}?",
            choices=tuple("dài hơn" if at == number % 4 else f"x{at}" for at in range(4)),
            key=1 << number % 4,
        )
        for number in range(20)
    ]
    (problem,) = lint(Bank(tuple(questions)))
    assert (problem.code, problem.params["percent"]) == ("bank.key_longest", 100)
