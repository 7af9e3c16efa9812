"""What a page says: every piece of text and every attribute that a person reads or hears, and the addresses it leads to."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
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


@dataclass(frozen=True)
class Said:
    """One piece of text of a page, and where it stands."""

    text: str
    place: str


class Page(HTMLParser):
    """`said`, `links` and the names of the `icons` of a page in `language`. What is marked as being in another language is not looked at."""

    def __init__(self, html: str, language: str) -> None:
        super().__init__(convert_charrefs=True)
        self.language = language
        self.document_language = ""
        self.said: list[Said] = []
        self.links: list[str] = []
        self.icons: set[str] = set(ICON.findall(html))
        self._open: list[tuple[str, bool]] = []
        self._block: str | None = None
        self.feed(ICON.sub("", html))
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "use":
            self.icons.add(found.get("href", "").rpartition("#")[2])
        if tag == "html":
            self.document_language = found.get("lang", "")
        foreign = found.get("lang", self.language) != self.language
        # The round marks of people and companies hold the first letters of their names.
        silent = tag in SILENT or foreign or "b-av" in found.get("class", "").split()
        if tag == "script":
            self._block = "words" if "data-words" in found else "data" if found.get("type") == "application/json" else ""
        elif not self._is_silent and not silent:
            self._listen(tag, found)
        if not foreign and "download" not in found:
            self.links += [found[name] for name in ADDRESSES if found.get(name)]
        if tag not in VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._block = None
        for n in range(len(self._open) - 1, -1, -1):
            if self._open[n][0] == tag:
                del self._open[n:]
                return

    def handle_data(self, data: str) -> None:
        if self._block is not None:
            if self._block and data.strip():
                self.said += [Said(PLACE.sub(" · ", text), "script") for text in spoken_in(json.loads(data), everything=self._block == "words")]
        elif data.strip() and not self._is_silent:
            self.said.append(Said(" ".join(data.split()), f"<{self._open[-1][0] if self._open else ''}>"))

    @property
    def _is_silent(self) -> bool:
        return any(silent for _, silent in self._open)

    def _listen(self, tag: str, found: dict[str, str]) -> None:
        shown = [name for name in found if name in SPOKEN or name in SAID_BY_SCRIPTS]
        if tag == "input" and found.get("type") in ("submit", "button", "reset"):
            shown.append("value")
        self.said += [Said(found[name], f"{tag}[{name}]") for name in shown if found[name].strip()]
        # Any other sentence that a script may show: several words in an attribute of data.
        for name, value in found.items():
            if IN_ONE_LANGUAGE.get(name, self.language) != self.language:
                continue
            if name.startswith("data-") and name not in SAID_BY_SCRIPTS and re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}", value) and value[:1] not in "{[":
                self.said.append(Said(value, f"{tag}[{name}]"))


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
