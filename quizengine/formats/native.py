"""The native bank file: YAML that people can edit and compare, read with a line for every problem.

Reading goes over the parser's events, not over a composed document: the composer recurses, and a
file of a hundred thousand brackets would end the process.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from quizengine.core.banks import Bank, Question, letters_of
from quizengine.errors import InvalidFile, Place
from quizengine.formats.drafts import Draft, DraftBank, settled
from quizengine.formats.reading import ReadBank, decoded, decoded_as_written, refused

NAME = "quizengine-bank"
FORMAT_VERSION = 1
MAX_DEPTH = 6
BANK_FIELDS = ("format", "format_version", "title", "language", "as_of", "questions")
#: Field of the file to attribute of a draft.
QUESTION_FIELDS = {
    "id": "id",
    "kind": "kind",
    "topic": "topic",
    "level": "level",
    "text": "stem",
    "choices": "choices",
    "key": "key",
    "pinned": "pinned",
    "source": "source",
    "explanation": "explanation",
}
_MARK = re.compile(rf"^(?:---\s+)?[\"']?format[\"']?\s*:\s*[\"']?{NAME}\b", re.MULTILINE)


@dataclass(slots=True)
class Node:
    """A value of the file and its line: a text, a list of nodes, or fields with nodes."""

    line: int
    text: str | None = None
    items: list[Node] = field(default_factory=list)
    fields: list[tuple[Node, Node]] | None = None

    @property
    def place(self) -> Place:
        return Place("line", str(self.line))

    def is_list(self) -> bool:
        return self.text is None and self.fields is None


def is_native(data: bytes, name: str = "") -> bool:
    """Return whether a file says in its first lines that it is a native bank."""
    try:
        return bool(_MARK.search(decoded(data)[:2000]))
    except InvalidFile:
        return False


def read_native(data: bytes) -> ReadBank:
    """Return the bank of a native file; ``InvalidFile`` for broken YAML and unknown versions."""
    root = parsed(decoded_as_written(data))
    found = DraftBank("native")
    values = _fields(found, root, BANK_FIELDS)
    _check_version(values)
    for name in ("title", "language", "as_of"):
        if name in values:
            setattr(found, name, _text(found, name, values[name]))
            found.places[name] = values[name].place
    if (questions := values.get("questions")) is not None:
        for node in _list(found, "questions", questions):
            found.drafts.append(_draft(found, node))
    return settled(found)


def _check_version(values: dict[str, Node]) -> None:
    if "format_version" not in values:
        raise refused("file.version_missing", Place("line", "1"), known=FORMAT_VERSION)
    node = values["format_version"]
    if node.text != str(FORMAT_VERSION):
        version = (node.text or "?")[:20]
        raise refused("file.version_unknown", node.place, version=version, known=FORMAT_VERSION)


def _draft(found: DraftBank, node: Node) -> Draft:
    draft = Draft(node.place)
    for name, value in _fields(found, node, tuple(QUESTION_FIELDS)).items():
        attribute = QUESTION_FIELDS[name]
        draft.places[attribute] = value.place
        if name == "choices":
            draft.choices = [_text(found, name, each) for each in _list(found, name, value)]
        elif name in ("key", "pinned") and value.is_list():
            setattr(draft, name, ", ".join(_text(found, name, each) for each in value.items))
        else:
            setattr(draft, attribute, _text(found, name, value))
    return draft


def _fields(found: DraftBank, node: Node, known: tuple[str, ...]) -> dict[str, Node]:
    if node.fields is None:
        found.report("file.fields_expected", node.place)
        return {}
    values: dict[str, Node] = {}
    for name, value in node.fields:
        word = name.text or ""
        if word not in known:
            fields = ", ".join(known)
            found.report("file.field_unknown", name.place, field=word[:40], known=fields)
        elif word in values:
            found.report("file.field_repeated", name.place, field=word)
        else:
            values[word] = value
    return values


def _list(found: DraftBank, name: str, node: Node) -> list[Node]:
    if not node.is_list():
        found.report("file.list_expected", node.place, field=name)
    return node.items


def _text(found: DraftBank, name: str, node: Node) -> str:
    if node.text is None:
        found.report("file.text_expected", node.place, field=name)
    return node.text or ""


def parsed(text: str) -> Node:
    """Return the one document of a YAML text, every scalar as written.

    ``InvalidFile`` with the line for broken YAML, aliases, a second document and deep nesting.
    """
    try:
        return _parsed(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise refused("file.yaml_broken", Place("line", str(line))) from error


def _parsed(events: Iterator[yaml.Event]) -> Node:
    root: Node | None = None
    open_nodes: list[Node] = []
    names: list[Node | None] = []  # for each open node the field name that waits for its value
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            open_nodes.pop()
            names.pop()
            continue
        node = _node(event)
        if node is None:
            continue
        if root is None:
            root = node
        elif not open_nodes:
            raise refused("file.yaml_broken", node.place)
        else:
            _put(open_nodes[-1], names, node)
        if node.text is None:
            open_nodes.append(node)
            names.append(None)
            if len(open_nodes) > MAX_DEPTH:
                raise refused("file.yaml_too_deep", node.place)
    return root or Node(1)


def _put(parent: Node, names: list[Node | None], node: Node) -> None:
    if parent.fields is None:
        parent.items.append(node)
    elif (name := names[-1]) is None:
        names[-1] = node
    else:
        parent.fields.append((name, node))
        names[-1] = None


def _node(event: yaml.Event) -> Node | None:
    line = event.start_mark.line + 1 if event.start_mark else 1
    if isinstance(event, yaml.AliasEvent):
        raise refused("file.yaml_alias", Place("line", str(line)))
    if isinstance(event, yaml.ScalarEvent):
        is_none = event.implicit[0] and event.value in ("~", "null")
        return Node(line, "" if is_none else unicodedata.normalize("NFC", event.value))
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(line)
    if isinstance(event, yaml.MappingStartEvent):
        return Node(line, fields=[])
    return None


def write_native(bank: Bank) -> bytes:
    """Return the canonical YAML of a bank: equal banks give equal bytes."""
    body = {
        "format": NAME,
        "format_version": FORMAT_VERSION,
        "title": bank.title,
        "language": bank.language,
        "as_of": bank.as_of,
        "questions": [_fields_of(question) for question in bank.questions],
    }
    kept = {name: value for name, value in body.items() if value not in ("", None)}
    text = yaml.dump(
        kept, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1_000_000, indent=2
    )
    return str(text).encode()


def _fields_of(question: Question) -> dict[str, object]:
    written: dict[str, object] = {
        "id": question.id,
        "kind": str(question.kind),
        "topic": question.topic,
        "level": str(question.level),
        "text": question.stem,
        "choices": list(question.choices),
        "key": letters_of(question.key),
        "pinned": letters_of(question.pinned),
        "source": question.source,
        "explanation": question.explanation,
    }
    return {name: value for name, value in written.items() if value != ""}


class _Dumper(yaml.CSafeDumper):
    """Writes texts of several lines as blocks, so that a changed line is one changed line."""


def _write_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)
