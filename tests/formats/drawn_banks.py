"""Hypothesis strategies for banks, shared by the tests of formats."""

from datetime import date

from hypothesis import strategies as st

from quizengine.core.banks import Bank, Kind, Level, Question, clean_text

WORDS = st.lists(
    st.sampled_from(["Công", "đoàn", "Việt", "Nam", "năm", "1929", "có", "mấy", "điều", "là"]),
    min_size=1,
    max_size=8,
).map(lambda words: " ".join(words).lower())
"""Texts that no format takes for anything but a text."""

ANY_TEXT = st.text(max_size=40).map(clean_text)
LINES = st.text(
    st.sampled_from("aAbBcC.:) \nCâu1ĐápánNguồn\t\"'#-*|>{[&=+@,;_x0041à\u0300e\u0301<&…“”😀"),
    max_size=60,
).map(clean_text)
"""Texts made of what the formats themselves are written with."""


def one_line(text: str) -> str:
    return " ".join(text.split("\n"))


@st.composite
def banks(draw: st.DrawFn, texts: st.SearchStrategy[str] = WORDS) -> Bank:
    """Draw a bank whose questions are well formed: at least two choices, a key among them."""
    questions = []
    lines = texts.map(one_line)
    for number in range(1, draw(st.integers(1, 4)) + 1):
        choices = tuple(draw(st.lists(texts.filter(bool), min_size=2, max_size=6)))
        key = draw(st.integers(1, (1 << len(choices)) - 1))
        questions.append(
            Question(
                id=str(number),
                kind=draw(st.sampled_from(Kind)),
                stem=draw(texts.filter(bool)),
                choices=choices,
                topic=draw(st.just("") | lines),
                level=draw(st.sampled_from(Level)),
                pinned=draw(st.integers(0, (1 << len(choices)) - 1)),
                key=key,
                source=draw(st.just("") | texts),
                explanation=draw(st.just("") | texts),
            )
        )
    return Bank(
        tuple(questions),
        title=draw(st.just("") | lines),
        language=draw(st.sampled_from(["vi", "en", "zh-Hant"])),
        as_of=draw(st.none() | st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1))),
    )
