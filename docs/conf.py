"""How Sphinx makes the documentation: ``make docs``."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "quizengine"
author = "the quizengine contributors"
project_copyright = author
version = release = "0.1.0"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
language = "en"
nitpicky = True
# Types and functions that have no page here, told by where they are or only by their own name.
nitpick_ignore_regex = [
    ("py:class", r"(collections|datetime|pathlib|quizengine\.\w+)\..+"),
    ("py:class", r"[A-Z][A-Za-z]+(\[.*)?"),
    ("py:func", r"[a-z_]+"),
]

html_theme = "furo"
html_title = "quizengine"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False

# GitHub makes the same anchors, so that links work there as well.
myst_heading_anchors = 4

autodoc_member_order = "bysource"


def setup(app: Sphinx) -> None:
    """Show sheets as they are: no highlighter knows them."""
    app.add_lexer("csv", TextLexer)
