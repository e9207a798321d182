"""What is wrong with a page as a browser shows it: each function returns findings in words.

Measures are CSS pixels. Nothing here knows which page it looks at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.stage import DESK, PHONE

SMALLEST_TARGET = 44
TABLET = (768, 1024)
WINDOWS = ((320, 640), PHONE, (640, 400), TABLET, DESK)
"""Phones, a desk at 200 % and at 100 %, and what lies between."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ALL_RULES: dict[str, Any] = {"resultTypes": ["violations"]}
#: What the rest of the rules look at is the same in the dark.
COLOURS: dict[str, Any] = {
    **ALL_RULES,
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}

VIOLATIONS = """async rules => {
  const found = await axe.run(document, rules);
  return found.violations.map(one => one.help + ": "
    + one.nodes.map(node => node.target.join(" ") + " (" + node.failureSummary + ")").join("; "));
}"""

SMALL_TARGETS = """smallest => {
  const shown = part => part.checkVisibility({visibilityProperty: true, opacityProperty: false});
  const inSentence = link => {
    if (link.closest("mark")) return true;
    if (getComputedStyle(link).display !== "inline") return false;
    const block = link.closest("p, li, dd, dt, td, th, small, label, h1, h2, h3, div");
    return block !== null && block.textContent.trim().length > link.textContent.trim().length + 1;
  };
  const area = part => {
    const label = part.matches("input") ? part.closest("label") : null;
    return (label || part).getBoundingClientRect();
  };
  const reaches = (part, rect) => {
    // A pseudo-element may enlarge what can be hit.
    part.scrollIntoView({block: "center"});
    const box = part.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2, far = smallest / 2 - 1;
    return [[-far, 0], [far, 0], [0, -far], [0, far]].every(([dx, dy]) => {
      const hit = document.elementFromPoint(x + dx, y + dy);
      return hit !== null && (part === hit || part.contains(hit));
    });
  };
  const parts = document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=option]");
  // What only a keyboard's Enter presses is nobody's target.
  const never = ".skip:not(:focus), .sr[tabindex='-1']";
  return [...parts].filter(part => shown(part) && !part.matches(never)
      && !inSentence(part)).filter(part => {
    const rect = area(part);
    return (rect.width < smallest - 0.5 || rect.height < smallest - 0.5) && !reaches(part, rect);
  }).map(part => {
    const rect = area(part);
    const name = part.getAttribute("aria-label") || part.textContent.trim() || part.name || part.id;
    const size = rect.width.toFixed(0) + "×" + rect.height.toFixed(0);
    return part.localName + " “" + name.replace(/\\s+/g, " ").slice(0, 60) + "” is " + size;
  });
}"""

#: Words in other languages stand in elements that say so, and are no interface of this one.
WORDS = """content => {
  const language = document.documentElement.lang;
  const isForeign = part => {
    if (part.closest(content)) return true;
    const marked = part.closest("[lang]");
    return marked !== null && marked.lang !== language;
  };
  const words = [document.title];
  const walker = document.createTreeWalker(document.documentElement,
    NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    const part = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (part.matches("script, style, title") || isForeign(part)) continue;
    if (node.nodeType === Node.TEXT_NODE) words.push(node.data);
    else for (const attribute of node.attributes)
      // A single word in a script's attribute is a state's name, not a sentence.
      if (/^(aria-label|aria-description|aria-valuetext|title|placeholder|alt)$/
          .test(attribute.name) || /^data-/.test(attribute.name) && /\\s/.test(attribute.value))
        words.push(attribute.value);
  }
  return words.map(text => text.replace(/\\s+/g, " ").trim()).filter(text => /\\p{L}/u.test(text));
}"""


def accessibility(
    page: Page, sizes: Iterable[tuple[int, int]] = (PHONE, TABLET, DESK)
) -> list[str]:
    """Return axe-core's violations on windows of some sizes, in light and in dark."""
    findings = []
    page.evaluate(Axe().axe_script)
    for size in sizes:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for scheme in SCHEMES:
            # Colours that are still fading into one another are nobody's colours.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = page.evaluate(VIOLATIONS, ALL_RULES if scheme == "light" else COLOURS)
            findings += [f"{size[0]} px, {scheme}: {finding}" for finding in found]
    return findings


def sideways(page: Page) -> list[str]:
    """Return the windows in which the page must be scrolled sideways."""
    findings = []
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        shown = page.evaluate("document.documentElement.scrollWidth")
        if shown > width:
            findings.append(f"{shown} px wide in a window of {width}×{height}")
    return findings


def small_targets(page: Page) -> list[str]:
    """Return what can be tapped and is under 44 px either way, links inside sentences excepted."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    found: list[str] = page.evaluate(SMALL_TARGETS, SMALLEST_TARGET)
    return found


def words(page: Page, *, without: Iterable[str] = ()) -> list[str]:
    """Return the texts and labels of a page in its own language, but for some known content.

    The list of units, the two essays of a match, whose parts are marked, and names of files and of
    banks are content too.
    """
    found: list[str] = page.evaluate(WORDS, ".list li, .essay-text, .text, mark, bdi")
    for content in without:
        found = [text.replace(content, " ") for text in found]
    return [text for text in found if any(letter.isalpha() for letter in text)]
