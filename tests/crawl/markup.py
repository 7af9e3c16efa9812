"""What a page says: every piece of text and every attribute that a person reads or hears, and the addresses it leads to."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any

# Attributes whose value is shown, spoken, or put before a person by a script.
SPOKEN = frozenset({"title", "alt", "placeholder", "label", "aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "aria-placeholder"})
SAID_BY_SCRIPTS = frozenset({
    "data-confirm", "data-confirm-button", "data-placeholder", "data-text", "data-title", "data-message", "data-label", "data-link-text",
})
# Keys of JSON under which words for people stand.
WORD_KEYS = frozenset({
    "title", "name", "label", "labels", "text", "unit", "words", "message", "empty", "hint", "help", "ops", "options", "categories", "periods",
})
SILENT = frozenset({"style", "svg", "kbd", "template"})  # keys are written on keys as they are; pictures hold no words
IN_ONE_LANGUAGE = {"data-uk": "uk", "data-en": "en"}  # words of each language, of which a script shows the one it is for
PLACE = re.compile(r"%\(\w+\)s")  # where a script puts a value
ICON = re.compile(r'<svg\b[^>]*><use href="[^"#]*#([^"]+)"\s*/></svg>')  # a third of the elements of a page; nobody reads them
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "use", "path", "rect", "circle"})
ADDRESSES = ("href", "hx-get")
# A parser of its own: the product's pages are well formed, and Python's takes as long to read one as the product takes to make it.
TAG = re.compile(r"""<!--.*?-->|<![^>]*>|</([a-zA-Z][^\s/>]*)[^>]*>|<([a-zA-Z][^\s/>]*)([^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*)>""", re.S)
ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")
UNREAD = frozenset({"script", "style"})


@dataclass(frozen=True)
class Said:
    """One piece of text of a page, and where it stands."""

    text: str
    place: str


@dataclass(frozen=True)
class Tag:
    """A tag as it opens: what it says of itself, where it leads, whether what stands in it is `silent`, in another language or read by a script."""

    name: str
    said: tuple[Said, ...]
    links: tuple[str, ...]
    silent: bool
    closed: bool
    language: str
    icon: str
    block: str


@lru_cache(maxsize=50_000)
def tag(name: str, attributes: str, language: str) -> Tag:
    """Rows, fields and frames of pages are alike: a tag is taken apart once, however often it stands somewhere."""
    name = name.lower()
    found: dict[str, str] = {}
    for match in ATTRIBUTE.finditer(attributes):
        found[match[1].lower()] = unescape(match[2] or match[3] or match[4] or "")
    foreign = found.get("lang", language) != language
    # The round marks of people and companies hold the first letters of their names.
    silent = name in SILENT or foreign or "b-av" in found.get("class", "").split()
    return Tag(
        name=name,
        said=() if silent or name == "script" else tuple(_told(name, found, language)),
        links=() if foreign or "download" in found else tuple(found[at] for at in ADDRESSES if found.get(at)),
        silent=silent,
        closed=name in VOID or attributes.endswith("/"),
        language=found.get("lang", ""),
        icon=found.get("href", "").rpartition("#")[2] if name == "use" else "",
        block="words" if "data-words" in found else "data" if found.get("type") == "application/json" else "",
    )


def _told(name: str, found: dict[str, str], language: str) -> Iterator[Said]:
    shown = [at for at in found if at in SPOKEN or at in SAID_BY_SCRIPTS]
    if name == "input" and found.get("type") in ("submit", "button", "reset"):
        shown.append("value")
    yield from (Said(found[at], f"{name}[{at}]") for at in shown if found[at].strip())
    # Any other sentence that a script may show: several words in an attribute of data.
    for at, value in found.items():
        if IN_ONE_LANGUAGE.get(at, language) != language:
            continue
        if at.startswith("data-") and at not in SAID_BY_SCRIPTS and re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}", value) and value[:1] not in "{[":
            yield Said(value, f"{name}[{at}]")


class Page:
    """`said`, `links` and the names of the `icons` of a page in `language`. What is marked as being in another language is not looked at."""

    def __init__(self, html: str, language: str) -> None:
        self.language = language
        self.document_language = ""
        self.said: list[Said] = []
        self.links: list[str] = []
        self.icons: set[str] = set(ICON.findall(html))
        self._open: list[Tag] = []
        self._silent = 0  # how many of those that are open are so
        self._read(ICON.sub("", html))

    def _read(self, html: str) -> None:
        at = 0
        while match := TAG.search(html, at):
            if match.start() > at:
                self._hear(html[at:match.start()])
            at = match.end()
            if match[1]:
                self._close(match[1].lower())
            elif match[2]:
                opened = tag(match[2], match[3], self.language)
                self._begin(opened)
                if opened.name in UNREAD and not opened.closed:  # what looks like a tag in there is none
                    end = re.compile(rf"</{opened.name}", re.I).search(html, at)
                    assert end, f"<{opened.name}> is not closed"
                    if opened.name == "script":
                        self._run(html[at:end.start()], opened.block)
                    at = end.start()
        self._hear(html[at:])

    def _begin(self, opened: Tag) -> None:
        if opened.icon:
            self.icons.add(opened.icon)
        if opened.name == "html":
            self.document_language = opened.language
        if not self._silent:
            self.said += opened.said
        self.links += opened.links
        if not opened.closed:
            self._open.append(opened)
            self._silent += opened.silent

    def _close(self, name: str) -> None:
        for n in range(len(self._open) - 1, -1, -1):
            if self._open[n].name == name:
                self._silent -= sum(one.silent for one in self._open[n:])
                del self._open[n:]
                return

    def _run(self, text: str, block: str) -> None:
        if block and text.strip():
            self.said += [Said(PLACE.sub(" · ", said), "script") for said in spoken_in(json.loads(text), everything=block == "words")]

    def _hear(self, text: str) -> None:
        if not self._silent and not text.isspace() and text:
            self.said.append(Said(" ".join(unescape(text).split()), f"<{self._open[-1].name if self._open else ''}>"))


def spoken_in(value: Any, *, everything: bool = False, key: str = "") -> Iterator[str]:
    """The words for people inside JSON: all of it, or what stands under `WORD_KEYS`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from spoken_in(inner, everything=everything, key=name)
    elif isinstance(value, list):
        if key in ("ops", "periods") or (key == "options" and value and isinstance(value[0], list)):
            yield from (str(pair[1]) for pair in value)  # (value, its words)
        else:
            for inner in value:
                yield from spoken_in(inner, everything=everything, key=key)
    elif isinstance(value, str) and value.strip() and (everything or key in WORD_KEYS):
        yield value
