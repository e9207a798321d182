"""Banks as Word files (DOCX): read from the XML itself, written by python-docx.

The XML is read as it stands because that keeps paragraph numbers, automatic numbering, tracked
changes and text boxes in sight, and takes a tenth of the time.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError

from quizengine.core.banks import Bank
from quizengine.errors import Place
from quizengine.formats.document import Line, read_lines, written_lines
from quizengine.formats.drafts import DraftBank, settled
from quizengine.formats.reading import ReadBank, member_names, opened_zip, refused

if TYPE_CHECKING:
    from docx.document import Document

BODY = "word/document.xml"
STYLES = "word/styles.xml"


def is_document(data: bytes, name: str = "") -> bool:
    """Return whether a file is a Word document (DOCX)."""
    return BODY in member_names(data)


def read_document(data: bytes) -> ReadBank:
    """Return the bank of a Word document, each problem at its paragraph.

    Paragraphs are counted from 1 as Word counts them, empty ones and those in tables included.
    Tracked changes are read as if accepted.
    """
    with opened_zip(data) as archive:
        body = archive.read(BODY)
        styles = archive.read(STYLES) if STYLES in archive.namelist() else b""
    numbered = _numbered_styles(_parsed(styles)) if styles else set()
    lines = list(_lines(_parsed(body), numbered))
    found = read_lines("docx", lines)
    if not found.drafts:
        _explain(found, lines)
    return settled(found)


def _explain(found: DraftBank, lines: list[Line]) -> None:
    """Report why a document has no question, instead of each of its lines as not read."""
    found.problems = [each for each in found.problems if each.severity == "error"]
    numbered = next((line.place for line in lines if line.is_numbered), None)
    if numbered:
        found.report("bank.automatic_numbering", numbered)
    else:
        found.report("bank.headings_missing", Place("file"))


def _parsed(data: bytes) -> Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise refused("file.damaged") from error


def _name(element: Element) -> str:
    """Return the tag without its namespace: there are two, of transitional and strict files."""
    return element.tag.rpartition("}")[2]


def _value(element: Element) -> str:
    return next((value for name, value in element.items() if name.endswith("}val")), "")


_DELETED = {"del", "moveFrom", "Fallback", "pPrChange", "rPrChange", "delText", "instrText"}
_LOST = {"pic", "imagedata", "oMath", "OLEObject", "sym"}
_LETTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


@dataclass(slots=True)
class _Paragraph:
    number: int
    pieces: list[str] = field(default_factory=list)
    is_numbered: bool = False
    has_lost: bool = False


def _lines(body: Element, numbered_styles: set[str]) -> Iterator[Line]:
    for paragraph in _paragraphs(body, numbered_styles):
        place = Place("paragraph", str(paragraph.number))
        whole = unicodedata.normalize("NFC", "".join(paragraph.pieces))
        first, *others = whole.split("\n")
        yield Line(first, place, paragraph.is_numbered, paragraph.has_lost)
        yield from (Line(text, place) for text in others)


def _paragraphs(body: Element, numbered_styles: set[str]) -> list[_Paragraph]:
    """Return all paragraphs in document order; one inside another (a text box) follows it."""
    paragraphs: list[_Paragraph] = []
    outside = _Paragraph(0)
    waiting = [(body, outside)]
    while waiting:
        element, paragraph = waiting.pop()
        name = _name(element)
        if name in _DELETED:
            continue
        if name in _LOST:
            paragraph.has_lost = True
            continue
        if name == "p":
            paragraph = _Paragraph(len(paragraphs) + 1)
            paragraphs.append(paragraph)
        elif name == "t":
            paragraph.pieces.append(element.text or "")
        elif name == "pStyle":
            paragraph.is_numbered = _value(element) in numbered_styles
        elif name == "numId":
            paragraph.is_numbered = _value(element) != "0"
        elif name in _LETTERS:
            paragraph.pieces.append(_LETTERS[name])
        # The tab stops of a paragraph's properties are tabs by name only.
        if name != "tabs":
            waiting.extend((child, paragraph) for child in reversed(element))
    return paragraphs


def _numbered_styles(styles: Element) -> set[str]:
    """Return the ids of paragraph styles that number, by themselves or by what they stand on."""
    numbered: set[str] = set()
    children: dict[str, list[str]] = {}
    for style in styles:
        attributes = {name.rpartition("}")[2]: value for name, value in style.items()}
        style_id = attributes.get("styleId", "")
        for element in style.iter():
            if _name(element) == "numId" and _value(element) != "0":
                numbered.add(style_id)
            elif _name(element) == "basedOn":
                children.setdefault(_value(element), []).append(style_id)
    waiting = list(numbered)
    while waiting:
        heirs = set(children.get(waiting.pop(), ())) - numbered
        numbered |= heirs
        waiting += heirs
    return numbered


def write_document(bank: Bank) -> bytes:
    """Return the bank as a Word document: topics as headings, numbers in bold, A4.

    Equal banks give equal bytes.
    """
    from docx import Document
    from docx.shared import Cm, Pt

    document = Document()
    _lay_out(document)
    facts = document.core_properties
    facts.title, facts.language = bank.title[:255], bank.language
    facts.author = facts.comments = ""
    for line in written_lines(bank):
        style = "Heading 1" if line.role == "topic" else "Normal"
        paragraph = document.add_paragraph(style=style)
        paragraph.add_run(f"{line.label} ").bold = line.role != "choice"
        paragraph.add_run(line.text)
        looks = paragraph.paragraph_format
        if line.role == "choice":
            looks.left_indent = Cm(1)
        if line.role == "question":
            looks.space_before = Pt(10)
        looks.keep_with_next = line.role != "fact"
    stream = io.BytesIO()
    document.save(stream)
    return _steady(stream.getvalue())


def _lay_out(document: Document) -> None:
    from docx.shared import Cm, Pt, RGBColor

    for name, size in (("Normal", 13), ("Heading 1", 15)):
        style = document.styles[name]
        style.font.name = "Times New Roman"
        style.font.size = Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        # The theme's own font for these letters wins over the name unless it is named as well.
        fonts = style.element.rPr.rFonts
        for script in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(_qualified(script), None)
        fonts.set(_qualified("eastAsia"), "Times New Roman")
    document.styles["Normal"].paragraph_format.space_after = Pt(3)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(3), Cm(2)
    section.top_margin = section.bottom_margin = Cm(2)


def _qualified(name: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(f"w:{name}"))


def _steady(data: bytes) -> bytes:
    """Return the same zip without the time of its writing."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            after.writestr(zipfile.ZipInfo(name), before.read(name), zipfile.ZIP_DEFLATED)
    return stream.getvalue()
