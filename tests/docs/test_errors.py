"""The page of error codes: made from the catalogue, and no code is raised that is not in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from quizengine.errors import QuizError
from quizengine.web import blueprint, host, security  # noqa: F401 - they add kinds of errors
from tests.docs.errors_page import PAGE, codes, page
from tests.docs.markdown import CHECKOUT, names, read

CODE = re.compile(r"[a-z]+(\.[a-z_0-9]*[a-z0-9])+")


def test_the_page_says_what_the_catalogue_says() -> None:
    assert read(PAGE) == page(), "run .venv/bin/python -m tests.docs.errors_page"


def test_every_code_that_is_raised_is_on_the_page() -> None:
    documented = set(names(read(PAGE)))
    raised = set(_raised())
    assert len(raised) > 40
    assert raised <= documented


def test_a_suggestion_belongs_to_a_sentence() -> None:
    found = codes()
    assert {code.removesuffix(".fix") for code in found} <= set(found)


def _raised() -> Iterator[str]:
    """Yield the codes given as such to an error, a problem, or what makes one."""
    makers = {"Problem", "refused", "too_large", *_kinds(QuizError)}
    for path in (CHECKOUT / "quizengine").rglob("*.py"):
        for call in ast.walk(ast.parse(read(path))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in makers:
                yield from _codes_of(call)


def _codes_of(call: ast.Call) -> Iterator[str]:
    for argument in call.args[:2]:
        for part in ast.walk(argument):
            if isinstance(part, ast.Constant) and CODE.fullmatch(str(part.value)):
                yield str(part.value)


def _kinds(kind: type[QuizError]) -> Iterator[str]:
    yield kind.__name__
    for below in kind.__subclasses__():
        yield from _kinds(below)
