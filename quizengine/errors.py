"""Every error the engine raises on purpose, and the located problems of a checked file.

The tree::

    QuizError
    ├── InvalidInput       422  something typed or uploaded is wrong; ``problems`` says what
    │   ├── InvalidFile    422  a file cannot be read as what it should be
    │   └── TooLarge       413  over a declared limit
    ├── NotAllowed         403  the person may not do this
    ├── NotFound           404  no such thing, or not theirs
    ├── Conflict           409  the state of the contest or attempt does not allow it now
    └── Unavailable        503  try again soon; nothing was saved

Errors carry a code and parameters; only web pages and the command line make sentences of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Param = str | int
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem is: ``Place("line", "12")``, ``Place("cell", "Sheet1!D14")``."""

    kind: Literal["file", "line", "paragraph", "cell", "question", "field"]
    at: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in something that was checked; the code names its sentence in the catalogues."""

    severity: Severity
    code: str
    place: Place = field(default_factory=lambda: Place("file"))
    params: Mapping[str, Param] = field(default_factory=dict)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Return whether any problem forbids using what was checked."""
    return any(problem.severity == "error" for problem in problems)


class QuizError(Exception):
    """Base of all errors of the engine: a code, the parameters of its sentence, an HTTP status."""

    status = 500

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({details})" if details else self.code


class InvalidInput(QuizError):
    """Something typed or uploaded is wrong; every problem is listed with its place."""

    status = 422

    def __init__(self, code: str, problems: Iterable[Problem] = (), **params: Param) -> None:
        super().__init__(code, **params)
        self.problems = tuple(problems)


class InvalidFile(InvalidInput):
    """A file cannot be read as what it should be."""


class TooLarge(InvalidInput):
    """Something is over a declared limit; ``params`` names the limit."""

    status = 413


class NotAllowed(QuizError):
    """The person may not do this."""

    status = 403


class NotFound(QuizError):
    """No such thing, or it belongs to somebody else: the two look the same from outside."""

    status = 404


class Conflict(QuizError):
    """The state of the contest or attempt does not allow it now."""

    status = 409


class Unavailable(QuizError):
    """The database is busy, full or stopping; nothing was saved, and it may be sent again."""

    status = 503
