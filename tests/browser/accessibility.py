"""What axe-core finds on a screen, in both themes and both widths, without loading the screen four times."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
from playwright.sync_api import Page

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# What a theme can break; all else is the same in both.
OF_COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
LOOKS: tuple[tuple[int, int, Literal["light", "dark"], dict[str, Any]], ...] = (
    (1280, 800, "light", RULES), (1280, 800, "dark", OF_COLOUR), (390, 844, "dark", RULES), (390, 844, "light", OF_COLOUR),
)
# On a phone nothing scrolls sideways unseen, and nowhere a button is narrower than its words.
CUT = """(phone) => [...document.querySelectorAll('.btn' + (phone ? ', main, dialog[open], .b-drawer, .b-scroll:not(:has(.b-x))' : ''))]
  .filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 30)}`)"""
# A bar at the edge of a phone covers a part of whatever stands under it at the moment; it is scrolled free of it, so that is no fault.
BARS = """(position) => document.querySelectorAll('.b-save, .b-bottom').forEach((one) => { one.style.position = position; })"""
RUN = """async (only) => {
  const found = await axe.run(document, { runOnly: only, resultTypes: ['violations'], preload: false });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary.split('\\n')[1] ?? ''}`));
}"""


@cache
def script() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def check(page: Page) -> list[str]:
    """Each fault with the width and theme in which it shows; that the page scrolls sideways is one."""
    faults: list[str] = []
    page.wait_for_load_state()  # between two pages there is a document without any element
    page.evaluate(BARS, "static")
    for width, height, theme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        wide = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{width}: the page is {wide} px wide"] if wide > width else []
        faults += [f"{width} {theme}: {cut} is cut" for cut in page.evaluate(CUT, width < 600)]
        if not page.evaluate("'axe' in window"):
            page.evaluate(script())
        faults += [f"{width} {theme}: {fault}" for fault in page.evaluate(RUN, rules)]
    page.evaluate(BARS, "")
    return faults
