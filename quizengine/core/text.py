"""Vietnamese text as the engine compares it: normalised, folded, counted, and sorted as names.

Three forms, from faithful to bare: `normalise` keeps everything a reader sees, `fold` keeps words,
for searching and for matching names and units, `fold_letters` keeps letters and digits alone, for
finding copies.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Characters that take no room on the page: controls, joiners, direction marks, fillers, variation
# selectors, tags. Left in, they hide a copy from a comparison and a word from a search.
INVISIBLE = frozenset(
    chr(code)
    for first, last in [
        (0x00, 0x08),
        (0x0E, 0x1B),
        (0x7F, 0x84),
        (0x86, 0x9F),
        (0xAD, 0xAD),
        (0x34F, 0x34F),
        (0x61C, 0x61C),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0),
        (0xFFF9, 0xFFFB),
        (0xE0000, 0xE0FFF),
    ]
    for code in range(first, last + 1)
)

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_SPACES = "\t\x1c\x1d\x1e\x1f\xa0\u1680\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_PLAIN = str.maketrans(
    dict.fromkeys(_SPACES, " ")
    | dict.fromkeys(INVISIBLE, "")
    # A lone surrogate cannot be stored as UTF-8.
    | dict.fromkeys(map(chr, range(0xD800, 0xE000)), "\ufffd")
)

# Letters that stand for a Latin letter, by shape: capitals and small letters are given apart, for
# their shapes differ (Greek Η looks like H, η like n). Composed forms are absent: they decompose
# first, so that composed and decomposed text fold alike.
_LOOK_ALIKES: dict[str, str] = {
    shape: letter
    for shapes, letters in [
        ("АВЕЗІЈКМНОРСТУХЅԌԚԜҮӀ", "abe3ijkmhopctyxsgqwyl"),
        ("авеіјкмнорстухѕԁԛԝүһӏґ", "abeijkmhopctyxsdqwyhlr"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "abezhikmnoptyxc"),
        ("αβγεηικνορτυχωϲϳ", "abyenikvoptuxwcj"),
        ("օսհոցԁզյ", "ouhngdqj"),
        ("đĐðÐɖƉøØłŁħĦıŧŦɑɡɩɪʏȷʋɴʜᴀᴄᴅᴇᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "ddddddoollhhittagiiyjvnhacdekmoptuvwz"),
    ]
    for shape, letter in zip(shapes, letters, strict=True)
} | {"æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th"}

_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_LETTER_MARKS = {
    "a\u0306": "a1",
    "a\u0302": "a2",
    "e\u0302": "e1",
    "o\u0302": "o1",
    "o\u031b": "o2",
    "u\u031b": "u1",
}
_WORD = re.compile(r"[^\W_]+")
_NAME_PART = re.compile(r"[^\W_][\w\u0300-\u036f]*")

# What a letter table holds where it does not hold the one folded letter.
_UNKNOWN = 0xFFFF_FFFF
_SEVERAL = 0xFFFF_FFFE


def normalise(text: str) -> str:
    """Return the text as it is stored: NFC, plain spaces and line ends, nothing invisible."""
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text).translate(_PLAIN))


def fold(text: str) -> str:
    """Return the words of a text without case, tone, marks and look-alikes, single spaces between.

    Two spellings that read as one word give one result: ``fold("Hoà Bình") == fold("HÒA  BÌNH")``.
    Folding twice changes nothing, and composed and decomposed text fold alike.
    """
    return " ".join(text.translate(_FOLDED).split())


def fold_letters(text: str) -> tuple[str, NDArray[np.int64]]:
    """Return the bare letters and digits of a text, and the offset in the text each came from.

    Spaces and punctuation are gone and y is i, so that joined and split syllables, and Lý and Lí,
    are alike. The offsets ascend; where one character gives several letters ("½") they share one.
    """
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    table = _letter_table()
    letters = table[codes]
    if letters.size and letters.max() >= _SEVERAL:
        _learn(table, codes[letters == _UNKNOWN])
        letters = table[codes]
    if letters.size and letters.max() == _SEVERAL:
        letters, offsets = _expand(codes, letters)
    else:
        offsets = np.flatnonzero(letters)
        letters = letters[offsets]
    return letters.tobytes().decode("utf-32-le"), offsets


def count_words(text: str) -> int:
    """Return how many words a text has, a Vietnamese word being a syllable.

    Counted are the runs between white space that hold a letter or a digit, so a lone dash is none.
    """
    return sum(any(map(str.isalnum, token)) for token in text.split())


def name_sort_key(name: str) -> str:
    """Return a key that sorts full names by given, then middle, then family name.

    The last word is the given name, the first the family name. Words compare one after another,
    each by its letters (a ă â b c d đ e ê … o ô ơ … u ư … y) and, those being equal, by its tone
    (ngang, huyền, hỏi, ngã, sắc, nặng), as Vietnamese dictionaries do: An, Ân, Bình, Bính. The key
    is made of 0-9 and a-z alone, so that every database compares it alike, and is some 2.5 times
    as long as the name.
    """
    words = [_word_key(word) for word in _WORD.findall(normalise(name).casefold())]
    given, family = words[-1:], words[:-1][:1]
    return "0".join("".join(part) for part in (given, words[1:-1], family))


def proper_name(text: str) -> str:
    """Return a name with each of its words capitalised: "TRẦN MINH KHUÊ" gives "Trần Minh Khuê"."""
    words = " ".join(normalise(text).split())
    return _NAME_PART.sub(lambda part: part[0][0].upper() + part[0][1:].lower(), words)


def fold_character(character: str) -> str:
    """Return what one character folds to: letters, a space, or nothing."""
    return _FOLDED[ord(character)]


class _FoldTable(dict[int, str]):
    """What each code point folds to, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold_once(chr(code))
        while (again := "".join(map(_fold_once, folded))) != folded:
            folded = again
        self[code] = folded
        return folded


_FOLDED = _FoldTable()


def _fold_once(character: str) -> str:
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    return "".join(map(_fold_part, unicodedata.normalize("NFKD", character)))


def _fold_part(part: str) -> str:
    if part in _LOOK_ALIKES:
        return _LOOK_ALIKES[part]
    category = unicodedata.category(part)
    if part in INVISIBLE or unicodedata.combining(part) or category == "Me":
        return ""
    if category == "Nd":
        return str(unicodedata.digit(part))
    # Vowel signs of other scripts are marks that combine with nothing: they spell, so they stay.
    if category[0] in "LN" or category in ("Mn", "Mc"):
        return "" if category == "Lm" and not part.isascii() else part.casefold()
    return " "


@cache
def _letter_table() -> NDArray[np.uint32]:
    """Return the table from code point to bare letter, 0 for none; filled as characters are met."""
    import numpy as np

    return np.full(0x11_0000, _UNKNOWN, dtype=np.uint32)


def _learn(table: NDArray[np.uint32], codes: NDArray[np.uint32]) -> None:
    for code in set(codes.tolist()):
        letters = _bare(chr(code))
        table[code] = ord(letters) if len(letters) == 1 else _SEVERAL if letters else 0


def _bare(character: str) -> str:
    return _FOLDED[ord(character)].replace(" ", "").replace("y", "i")


def _expand(
    codes: NDArray[np.uint32], letters: NDArray[np.uint32]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return letters and offsets where some characters give several letters each."""
    import numpy as np

    several = np.flatnonzero(letters == _SEVERAL)
    pieces = [_bare(chr(code)) for code in codes[several].tolist()]
    counts = (letters != 0).astype(np.int64)
    counts[several] = [len(piece) for piece in pieces]
    expanded = np.repeat(letters, counts)
    expanded[expanded == _SEVERAL] = [ord(letter) for letter in "".join(pieces)]
    return expanded, np.repeat(np.arange(codes.size), counts)


def _word_key(word: str) -> str:
    """Return the key of one word: two or more characters a letter, then 0, then its tone."""
    units: list[str] = []
    tone = "0"
    base = ""
    for character in unicodedata.normalize("NFD", word):
        if character in _TONES:
            tone = _TONES[character]
        elif base + character in _LETTER_MARKS:
            units[-1] = _LETTER_MARKS[base + character]
        elif character == "đ":
            units.append("d1")
        else:
            for base in fold_character(character).replace(" ", ""):
                units.append(_unit_key(base))
    return "".join(units) + "0" + tone


def _unit_key(letter: str) -> str:
    # A digit is after the 0 that ends a word and before every letter; other scripts are after z.
    if letter.isdigit() and letter.isascii():
        return f"1{letter}"
    return f"{letter}0" if letter.isascii() else f"z9{ord(letter):06x}"
