"""What axe-core finds on a screen, in both themes and both widths, without loading the screen four times."""

from functools import cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

WIDTHS = ((1280, 800), (390, 844))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a theme can break; all else is the same in both.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
RUN = """async (only) => {
  const found = await axe.run(document, { runOnly: only, resultTypes: ['violations'] });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary.split('\\n')[1] ?? ''}`));
}"""


@cache
def script() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def check(page: Page) -> list[str]:
    """Each fault with the width and theme in which it shows; that the page scrolls sideways is one."""
    faults: list[str] = []
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        wide = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{width}: the page is {wide} px wide"] if wide > width else []
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of the two names
            rules = {"type": "tag", "values": RULES} if theme == "light" else {"type": "rule", "values": OF_COLOUR}
            if not page.evaluate("'axe' in window"):
                page.evaluate(script())
            faults += [f"{width} {theme}: {fault}" for fault in page.evaluate(RUN, rules)]
    return faults
