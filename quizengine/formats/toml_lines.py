"""Where each key of a TOML file stands, which the standard library's reader does not say."""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> Mapping[str, int]:
    """Return the line, from 1, of every key, table header and array item of valid TOML.

    Names are the way to the value, items by their index: ``rounds.0.sections.2.count``.
    Text that ``tomllib`` refuses gives lines up to some place in it, or raises ``ValueError``.
    """
    return {".".join(map(str, path)): line for path, line in _Walk(text).lines.items()}


def line_at(lines: Mapping[str, int], name: str) -> int:
    """Return the line of a name, or of the nearest table around it that is written down."""
    while name and name not in lines:
        name = name.rpartition(".")[0]
    return lines.get(name, 1)


class _Walk:
    """One pass over the text; ``at`` is the offset reached."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counted_to = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        self.items: dict[Path, int] = {}
        table: Path = ()
        while not self.ended():
            if self.text.startswith("[", self.at):
                table = self.header()
            else:
                self.pair(table)

    def ended(self) -> bool:
        self.skip_blank()
        return self.at >= len(self.text)

    def header(self) -> Path:
        line = self.line_here()
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        *parents, last = self.keys()
        self.at += brackets
        path: Path = ()
        for key in parents:
            path = self.inside((*path, key))
        path = (*path, last)
        if brackets == 2:
            self.lines.setdefault(path, line)
            self.items[path] = self.items.get(path, 0) + 1
            path = self.inside(path)
        self.lines.setdefault(path, line)
        return path

    def inside(self, path: Path) -> Path:
        """Return the path of the newest item when the path is an array of tables."""
        return (*path, self.items[path] - 1) if path in self.items else path

    def pair(self, table: Path) -> None:
        line = self.line_here()
        path = table
        for key in self.keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.expect("=")
        self.value(path)

    def keys(self) -> list[str]:
        keys = [self.key()]
        while self.next_is("."):
            self.expect(".")
            keys.append(self.key())
        return keys

    def key(self) -> str:
        self.skip_blank()
        if bare := _BARE_KEY.match(self.text, self.at):
            self.at = bare.end()
            return bare.group()
        quoted = self.string()
        if quoted.startswith('"') and "\\" in quoted:
            return _unescaped(quoted)
        return quoted[1:-1]

    def value(self, path: Path) -> None:
        if self.next_is("{"):
            self.inline_table(path)
        elif self.next_is("["):
            self.array(path)
        elif self.next_is('"') or self.next_is("'"):
            self.string()
        elif scalar := _SCALAR.match(self.text, self.at):
            self.at = scalar.end()
        else:
            raise ValueError("no value")

    def inline_table(self, path: Path) -> None:
        self.expect("{")
        while not self.next_is("}"):
            self.pair(path)
            if self.next_is(","):
                self.expect(",")
        self.expect("}")

    def array(self, path: Path) -> None:
        self.expect("[")
        index = 0
        while not self.next_is("]"):
            self.lines[(*path, index)] = self.line_here()
            self.value((*path, index))
            index += 1
            if self.next_is(","):
                self.expect(",")
        self.expect("]")

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if not found:
            raise ValueError("no string")
        self.at = found.end()
        return found.group()

    def next_is(self, mark: str) -> bool:
        self.skip_blank()
        return self.text.startswith(mark, self.at)

    def expect(self, mark: str) -> None:
        if not self.next_is(mark):
            raise ValueError(f"no {mark}")
        self.at += len(mark)

    def skip_blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        if found:
            self.at = found.end()

    def line_here(self) -> int:
        self.line += self.text.count("\n", self.counted_to, self.at)
        self.counted_to = self.at
        return self.line


def _unescaped(quoted: str) -> str:
    import tomllib

    return next(iter(tomllib.loads(f"{quoted} = 0")))
