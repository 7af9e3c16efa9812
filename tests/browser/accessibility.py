"""What axe-core finds on a screen at both widths, in a theme each, without loading the screen twice.

Most of a screen stands on other screens as well: the rail, the row of a table, the field of a form. A part that is built, coloured and sized
like one that had no fault is left out, whatever its words; where nothing is new, axe-core need not come at all.
"""

import os
import re
from functools import cache
from itertools import count
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
# A number for each part: equal where elements, states, colours and sizes are equal, in the part itself and in what it stands in.
PARTS = """([chosen, values]) => {
  const said = new RegExp(values), refers = /^(for|aria-(labelledby|describedby|controls|owns|activedescendant))$/;
  const digest = (text, begun = 5381) => {
    let [one, two] = [begun | 0, 52711];
    for (let at = 0; at < text.length; at++) {
      one = Math.imul(one ^ text.charCodeAt(at), 2654435761);
      two = Math.imul(two ^ text.charCodeAt(at), 1597334677);
    }
    return (two >>> 0) * 2097152 + (one >>> 11);
  };
  const own = (one) => {
    const stand = (ids) => ids.split(/\\s+/).every((id) => document.getElementById(id));
    const told = (name, value) => said.test(name) ? `=${value}` : refers.test(name) ? stand(value) : !!value.trim();
    const attributes = [...one.attributes].map(({ name, value }) => name + told(name, value)).sort();
    const words = [...one.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    const built = [one.tagName, attributes, words, one.checked, one === document.activeElement];
    if (!one.checkVisibility({ visibilityProperty: true })) return built.join();
    const look = getComputedStyle(one), { width, height } = one.getBoundingClientRect();
    return [...built, look.color, look.backgroundColor, look.backgroundImage !== 'none', look.fontSize, look.fontWeight, look.opacity, look.position,
      look.overflow, width < 24, height < 24, one.scrollWidth > one.clientWidth, one.scrollHeight > one.clientHeight].join();
  };
  const numbers = [], parts = window.axeParts = [];
  const walk = (one, around) => {
    const here = own(one), place = one.matches(chosen) ? parts.push(one) - 1 : -1;
    const inside = [...one.children].reduce((text, child) => `${text}/${walk(child, digest(here, around))}`, here);
    if (place >= 0) numbers[place] = digest(inside, around);
    return digest(inside);
  };
  walk(document.documentElement, document.title.trim() ? 1 : 0);
  return numbers;
}"""
CHOSEN = "body, main, nav, header, footer, aside, dialog, section, article, form, fieldset, table, ul, dl, tr, li, td, a, select, .btn, .b-field, .b-card"
# Attributes whose value matters, not only whether there is one.
VALUES = "^(class|role|type|tabindex|lang|colspan|rowspan|scope|aria-(hidden|expanded|pressed|current|selected|invalid|checked|disabled|live|modal|sort))$"
RUN = """async ([only, known]) => {
  const left = new Set(known.map((place) => window.axeParts[place]));
  const outermost = [...left].filter((one) => { while ((one = one.parentElement)) if (left.has(one)) return false; return true; });
  window.axeLeft = new WeakSet(outermost.flatMap((one) => [one, ...one.querySelectorAll('*')]));
  const found = await axe.run({ include: document, exclude: outermost }, { runOnly: only, resultTypes: ['violations'], preload: false });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary.split('\\n')[1] ?? ''}`));
}"""
# axe-core asks of each element, rule by rule, in which of the parts that are left out it stands, of one part after the other.
ASKED, ANSWERED = "e=e.filter(function(e){return fs(e,t)})", "e=window.axeLeft.has(t.actualNode)?e.slice(0,1):[]"
_clean: set[int] = set()  # the parts that had no fault
PICTURES = os.environ.get("PICTURES", "")  # a folder for whoever wants to look at the screens that are checked
_number = count(1)


@cache
def script() -> str:
    text = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    assert text.count(ASKED) == 1, "another release of axe-core: where does it ask now which parts are left out?"
    return text.replace(ASKED, ANSWERED)


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
        faults += [f"{width} {theme}: {fault}" for fault in _found(page)]
        if PICTURES:
            name = re.sub(r"[^a-z]+", "-", urlsplit(page.url).path).strip("-") or "home"
            page.screenshot(path=f"{PICTURES}/{name}-{next(_number):03}-{width}-{theme}.png")
    page.emulate_media(color_scheme="light")
    page.evaluate(BARS, "")
    return faults


def _found(page: Page) -> list[str]:
    """The faults of what is new on the page as it stands."""
    parts: list[int] = page.evaluate(PARTS, [CHOSEN, VALUES])
    first = {number: place for place, number in reversed(list(enumerate(parts)))}
    known = [place for place, number in enumerate(parts) if number in _clean or first[number] != place]
    if not parts or parts[0] in _clean:  # the body
        return []
    if not page.evaluate("'axe' in window"):
        page.evaluate(script())
    faults: list[str] = page.evaluate(RUN, [RULES, known])
    if not faults:
        _clean.update(parts)
    return faults
