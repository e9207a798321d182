"""The poster of a contest: an answer sheet whose filled bubbles draw the number in its title."""

from __future__ import annotations

import re

STEP = 10
"""Distance between bubbles, in the units of the drawing."""
DIGIT_COLUMNS = 6

_DIGITS = {
    "0": ".####.|##..##|#....#|#....#|#....#|#....#|#....#|##..##|.####.",
    "1": "...##.|..###.|.####.|...##.|...##.|...##.|...##.|...##.|.#####",
    "2": ".####.|##..##|....##|....##|...##.|..##..|.##...|##....|######",
    "3": ".####.|##..##|....##|....##|..###.|....##|....##|##..##|.####.",
    "4": "....##|...###|..####|.##.##|##..##|######|....##|....##|....##",
    "5": "######|##....|##....|#####.|....##|....##|....##|##..##|.####.",
    "6": "..###.|.##...|##....|#####.|##..##|##..##|##..##|##..##|.####.",
    "7": "######|....##|....##|...##.|...##.|..##..|..##..|.##...|.##...",
    "8": ".####.|##..##|##..##|##..##|.####.|##..##|##..##|##..##|.####.",
    "9": ".####.|##..##|##..##|##..##|.#####|....##|....##|...##.|.###..",
}


def title_number(title: str) -> str:
    """Return the first number of a title when it has one to three digits, else an empty string."""
    found = re.search(r"(?<!\w)[0-9]{1,3}(?!\w)", title)
    return found.group() if found else ""


def bound(text: str) -> str:
    """Return a text whose numbers stay on one line with the short word after them."""
    return re.sub(r"(?<=[0-9]) (?=\S{1,4}(?:\s|$))", "\u00a0", text)


def dots(title: str) -> tuple[int, str]:
    """Return the width of the drawing and the SVG path of its filled bubbles."""
    digits = title_number(title)
    moves = []
    for place, digit in enumerate(digits):
        left = (place * (DIGIT_COLUMNS + 2) + 1) * STEP
        for row, line in enumerate(_DIGITS[digit].split("|")):
            for column, mark in enumerate(line):
                if mark == "#":
                    moves.append(f"M{left + column * STEP + 5} {row * STEP + 5}h0")
    return max(1, len(digits)) * (DIGIT_COLUMNS + 2) * STEP, "".join(moves)
