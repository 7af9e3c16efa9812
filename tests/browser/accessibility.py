"""What axe-core finds on a screen at both widths, in a theme each, without loading the screen twice."""

from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zlib import crc32

import axe_playwright_python
from playwright.sync_api import Page

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Which theme a screen has at which width goes by its address: over all screens each width is seen in each.
LOOKS: tuple[tuple[tuple[int, int, Literal["light", "dark"]], ...], ...] = (
    ((1280, 800, "light"), (390, 844, "dark")), ((1280, 800, "dark"), (390, 844, "light")),
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
    for width, height, theme in LOOKS[crc32(urlsplit(page.url).path.encode()) % len(LOOKS)]:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        wide = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{width}: the page is {wide} px wide"] if wide > width else []
        faults += [f"{width} {theme}: {cut} is cut" for cut in page.evaluate(CUT, width < 600)]
        if not page.evaluate("'axe' in window"):
            page.evaluate(script())
        faults += [f"{width} {theme}: {fault}" for fault in page.evaluate(RUN, RULES)]
    page.emulate_media(color_scheme="light")
    page.evaluate(BARS, "")
    return faults
