"""Style sheets and scripts get shorter and mean the same."""

from __future__ import annotations

import re

import esprima
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizengine.web.compaction import compact_script, compact_style, markup_of, style_part

LETTERS = st.sampled_from(list("ab1 /*+-;:,.()[]{}=<>!?#@$&|'\n"))
TEXTS = st.text(LETTERS, max_size=12)
PIECES = st.one_of(
    TEXTS.map(lambda text: repr(text)[1:-1].replace('"', "").join('""')),
    TEXTS.map(lambda text: "'" + text.replace("'", "").replace("\n", "") + "'"),
    TEXTS.map(lambda text: "`" + text.replace("$", "") + "`"),
    st.sampled_from(
        [
            *("a", "$b", "12", "0.5", '/[/"] +/g', "/a {2}/", "a / b / c", "a + +b", "a - -b"),
            *("a++", "- -a", "!a", "typeof a", "a in b", "(x, y) => x / y", "{ c: a, d: [b] }.c"),
            *(
                "function (x) { return x; }",
                "async () => { await a; }",
                "`a ${ b } c`",
                "a ? b : c",
            ),
        ]
    ),
)
SPACES = st.sampled_from([" ", "  ", "\n  ", ""])


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """Return a script whose statements end in semicolons, in blocks or line breaks."""
    lines = []
    for piece in draw(st.lists(PIECES, max_size=6)):
        one, other = draw(SPACES), draw(SPACES)
        end = draw(st.sampled_from([";\n", "; ", "\n// said\n;", ";\n\n    // why\n"]))
        shape = draw(
            st.sampled_from(
                [
                    "go({0}{2}{1})",
                    "if (a){0}{{ b ={0}({2}){1}; }}{1}\nelse c(){1}",
                    "const x ={0}[{2},{1}a]",
                    "a = function () {{\n  return {2};\n}}\n",
                    "for (const n of [{2}]) {{{0}b += n{1} }}",
                ]
            )
        )
        lines.append(shape.format(one, other, f"({piece})") + end)
    return "{" + "".join(lines) + "}"


@given(scripts())
def test_a_script_is_parsed_as_before(script: str) -> None:
    try:
        tree = esprima.parseScript(script)
    except esprima.Error:
        return  # not every piece stands everywhere
    short = compact_script(script)
    assert esprima.parseScript(short).toDict() == tree.toDict()
    assert len(short) <= len(script) + 1
    assert compact_script(short) == short


@pytest.mark.parametrize(
    ("script", "short"),
    [
        ('// say\n(() => {\n  // why\n  go( "a  // b" );\n})();\n', '(()=>{go("a  // b");})();'),
        ("a = b\n// so\n(c)", "a=b\n(c)"),
        ("a = { b: 1 }\nc = 2;", "a={b:1}\nc=2;"),
        ("x = a + +b - -c;", "x=a+ +b- -c;"),
        ("x = / a/ .test(y) ? `${a} + b` : 'c : d';", "x=/ a/.test(y)?`${a} + b`:'c : d';"),
    ],
)
def test_spaces_that_say_something_stay(script: str, short: str) -> None:
    assert compact_script(script) == short + "\n"


def test_a_style_sheet_loses_comments_indentation_and_last_semicolons() -> None:
    styles = "/* one\ntwo */\n@media print{\n  a{\n    b:c; /* d */\n  }\n}\n\ne,\nf{g:h i;}\n"
    assert compact_style(styles) == "@media print{a{b:c}}e,f{g:h i}"


def test_a_page_gets_the_rules_that_can_match_something_of_it() -> None:
    markup = markup_of(
        ['<main class="page{% if a < 1 %} bad{% endif %}"><p class="tag {{ tone }}">'],
        ['one.className = `tag ${late ? "no" : 0} ok`; two = "off" + "x"; other();'],
    )
    assert markup.elements == {"main", "p"}
    assert {"page", "bad", "tag", "ok", "off", "x"} <= markup.classes
    assert not {"if", "tone", "other", "two"} & markup.classes
    kept = "*{a:b}p:not(.sm)>.tag[x=y]::after{a:var(--b)}@media (c){.off{d:e}}:focus{f:g}"
    styles = (
        ":root{--b:1;--c:2}*{a:b}p:not(.sm)>.tag[x=y]::after,h1{a:var(--b)}.top .page{a:b}"
        "@media (c){.off{d:e}.on{f:g}}@media (d){table{e:f}}@media print{p{a:b}}:focus{f:g}"
    )
    assert style_part(styles, markup) == ":root{--b:1;}" + kept


def test_what_is_left_of_a_sheet_closes_every_brace() -> None:
    styles = "a{b:c}@media (d){@supports (e:f){.g{h:i}}}j{k:l}"
    part = style_part(styles, markup_of(['<a><i class="g">'], []))
    assert part == "a{b:c}@media (d){@supports (e:f){.g{h:i}}}"
    assert not re.search(r"\{\}", part)
