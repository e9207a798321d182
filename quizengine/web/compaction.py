"""Style sheets and scripts as browsers need them: without comments, spaces and idle rules.

Nothing is renamed or rewritten, so what a browser shows of a script can still be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STYLE_BREAK = re.compile(r";\s*(?=\})|(?<=[{};,])\n")
_TOKEN = re.compile(
    r"""
      "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `(?:\\.|[^`\\])*`
    | (?<=[(,=:!&|?{};\[]) [ ]? / (?![*/=]) (?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n\[])+ / [a-z]*
    | (?:^[ ]*//.*\n? | \s)+ | [\w$]+ | .
    """,
    re.VERBOSE | re.MULTILINE,
)
"""A text, a regular expression where no division can be, space with comments, a word or sign."""
_WORD = re.compile(r"[\w$]")
_OPENS = frozenset("{;,([=&|?:<>!")
_CLOSES = frozenset("})]?:&|=.,;")
_CLASS = re.compile(r"\.([a-zA-Z][\w-]*)")
_ELEMENT = re.compile(r"(?<![\w.#-])[a-z][a-z0-9]*")
_STATE = re.compile(r"\baria-[a-z]+")
_CONDITION = re.compile(r"\[[^]]*\]|::?[\w-]+(?:\([^)]*\))?")
_NAMED = re.compile(r"(--[\w-]+):[^;}]*;?")
_FILLED = re.compile(r"\$\{[^}]*\}")
_TEMPLATE_CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
LEFT_OUT = ("@media print", "@page", "@media (prefers-reduced-motion")
"""What no page of questions needs: it is not printed, and jumps to a question at once."""


@dataclass(frozen=True, slots=True)
class Markup:
    """The elements and classes that a page can be made of, and its ``aria-`` attributes."""

    elements: frozenset[str]
    classes: frozenset[str]
    states: frozenset[str]


def compact_style(text: str) -> str:
    """Return a style sheet without comments, indentation, and semicolons that end a block."""
    lines = (line.strip() for line in _COMMENT.sub("", text).splitlines())
    return _STYLE_BREAK.sub("", "\n".join(line for line in lines if line) + "\n")


def compact_script(text: str) -> str:
    """Return a script without comments, and without the spaces and line breaks that say nothing.

    Only whole lines that start with ``//`` are comments: anything else may be part of a text or of
    an expression. A line break stays where a statement without a semicolon might end.
    """
    tokens = _TOKEN.findall(text)
    while tokens and _is_space(tokens[0]):
        del tokens[0]
    while tokens and _is_space(tokens[-1]):
        del tokens[-1]
    kept: list[str] = []
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        if not _is_space(token):
            kept.append(token.strip(" ") if token[0] == " " else token)
        elif "\n" in token:
            kept.append("\n" * _may_end(kept[-1][-1], following[0]))
        else:
            kept.append(" " * _would_merge(kept[-1][-1], following[0]))
    return "".join(kept) + "\n"


def _is_space(token: str) -> bool:
    return token.isspace() or token.lstrip().startswith("//")


def _may_end(last: str, first: str) -> bool:
    """Return whether a statement may end between two lines, by their last and first letters."""
    return last not in _OPENS and first not in _CLOSES


def _would_merge(last: str, first: str) -> bool:
    """Return whether two tokens without a space between would be one, or another one."""
    both_words = bool(_WORD.match(last) and _WORD.match(first))
    return both_words or (last in "+-/" and first in "+-/")


def markup_of(templates: list[str], scripts: list[str]) -> Markup:
    """Return what some templates can hold, and what some scripts name in their texts."""
    pages = [_TEMPLATE_CODE.sub(" ", template) for template in templates]
    elements = {name for page in templates for name in re.findall(r"<([a-z][a-z0-9]*)", page)}
    classes = {
        name
        for page in pages
        for names in re.findall(r'class="([^"]*)"', page)
        for name in names.split()
    }
    for script in scripts:
        for token in _TOKEN.findall(compact_script(script)):
            if token[0] in "\"'`":
                classes |= set(re.findall(r"[\w-]+", _FILLED.sub(" ", token)))
    states = {name for text in (*templates, *scripts) for name in _STATE.findall(text)}
    return Markup(frozenset(elements), frozenset(classes), frozenset(states))


def style_part(styles: str, markup: Markup) -> str:
    """Return the rules of a compact style sheet that can match something of a page on a screen.

    Names that no kept rule asks for are left out too.
    """
    kept = _matching(styles, markup)
    asked = set(re.findall(r"var\((--[\w-]+)", kept))
    return _NAMED.sub(lambda found: found[0] if found[1] in asked else "", kept)


def _matching(styles: str, markup: Markup) -> str:
    kept = []
    for head, body in _blocks(styles):
        if head.startswith(LEFT_OUT):
            continue
        if head.startswith(("@media", "@supports")):
            body = _matching(body, markup)
        elif not head.startswith("@"):
            head = ",".join(one for one in head.split(",") if _can_match(one, markup))
        if head and body:
            kept.append(f"{head}{{{body}}}")
    return "".join(kept)


def _blocks(styles: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before the braces of each block and what stands within."""
    depth = start = opened = 0
    for place, letter in enumerate(styles):
        if letter == "{":
            opened = opened if depth else place
            depth += 1
        elif letter == "}":
            depth -= 1
            if not depth:
                yield styles[start:opened].strip(), styles[opened + 1 : place]
                start = place + 1


def _can_match(selector: str, markup: Markup) -> bool:
    bare = _CONDITION.sub("", selector)
    return (
        markup.classes.issuperset(_CLASS.findall(bare))
        and markup.elements.issuperset(_ELEMENT.findall(bare))
        and markup.states.issuperset(_STATE.findall(selector))
    )
