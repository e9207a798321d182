"""A person who has a keyboard and nothing else."""

from __future__ import annotations

import re

from playwright.sync_api import Page

MOST_STEPS = 150

#: What a screen reader would call the focused element, near enough to find it by.
FOCUSED = """() => {
  const part = document.activeElement;
  if (!part || part === document.body) return null;
  const label = part.labels && part.labels.length ? part.labels[0].textContent : "";
  const name = part.getAttribute("aria-label") || label || part.textContent || part.value || "";
  const seen = [part, part.parentElement, ...part.parentElement.children].some(one => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
      || one === part && style.boxShadow !== "none";
  });
  return {name: name.replace(/\\s+/g, " ").trim(), kind: part.type || part.localName, seen};
}"""


class Keyboard:
    """Moves through a page with keys alone, and fails where the focus cannot be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, name: str, *, back: bool = False) -> None:
        """Press Tab until the focused element's name matches a pattern."""
        passed: dict[str, None] = {}
        for _ in range(MOST_STEPS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            focused = self.page.evaluate(FOCUSED)
            if focused is None:
                continue
            assert focused["seen"], f"the focus on {focused['name']!r} cannot be seen"
            if re.search(name, focused["name"]):
                return
            passed[focused["name"][:40]] = None
        raise AssertionError(f"no {name!r} among {list(passed)} on {self.page.url}")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def follow(self, name: str) -> None:
        """Go to a link or button, press Enter and wait for the page it leads to."""
        self.go_to(name)
        # Without a page in between Playwright would look at the old one.
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fill(self, name: str, text: str) -> None:
        """Go to a field and type."""
        self.go_to(name)
        self.page.keyboard.type(text)
