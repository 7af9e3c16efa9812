"""Text with headings, lists and links, kept as HTML of a few elements. Whatever comes in is cleaned; what is shown is cleaned once more."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import Any, ClassVar, Unpack

import nh3
from sqlalchemy import ColumnElement
from sqlalchemy.orm import MappedColumn

from crm.backoffice.fields.base import Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.long_text import LongTextField
from crm.backoffice.fields.text import refuse_controls, refuse_length
from crm.backoffice.text import fold
from crm.messages import Label, m

MAX_LENGTH = 100_000  # of the HTML that is kept
MAX_GIVEN = 500_000  # of what comes in: text processors wrap every word
MAX_DEPTH = 100  # lists in lists; a person stops at four
MAX_TAGS = 20_000  # of what comes in; a full text that a word processor has wrapped word by word has some ten thousand
BLOCKS = frozenset({"p", "h2", "h3", "ul", "ol", "li", "blockquote", "pre"})
TAGS = BLOCKS | {"br", "strong", "b", "em", "i", "u", "s", "code", "a"}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
BREAK = "\n"
EXCERPT = 2_000  # characters of HTML that a cell of a list is made from
_KNOWN_TAG = re.compile(rf"</?(?:{'|'.join(sorted(TAGS | {'div'}))})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ANY_BLOCK = re.compile(rf"<(?:{'|'.join(sorted(BLOCKS))})[\s>]")
_DIV = re.compile(r"(</?)div(?=[\s/>])", re.IGNORECASE)  # what some browsers make of a paragraph
_OPENING = re.compile(r"<[a-zA-Z]")
# Elements that a browser, and so the cleaner, opens anew in each block that follows until they are closed: of those that are alike three
# at most, so that their attributes are what lets a short text grow beyond all bounds.
_REOPENED = re.compile(r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/][^>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^>]*>")  # of what is cleaned, where no attribute holds a >


@dataclass(frozen=True, kw_only=True)
class RichTextField(LongTextField):
    """Text without any of our elements in it is taken as it is written, lines and all. Found by its words, without the marks between."""

    type: ClassVar[str] = "rich_text"

    max_length: int = MAX_LENGTH

    def stored(self, value: Any) -> dict[str, Any]:
        return {self.attribute: value, f"{self.attribute}__find": None if value is None else fold(plain(value))}

    def clean(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise FieldError(m("Text is expected here."))
        refuse_length(value, MAX_GIVEN)
        refuse_controls(value, "\n\t\r")
        html = value if _KNOWN_TAG.search(value) else _paragraphs(LongTextField.clean(self, value) or "")
        cleaned = cleaned_html(html)
        refuse_controls(cleaned, "\n\t")
        refuse_length(cleaned, self.max_length)
        return cleaned if _ANY_TAG.sub("", cleaned).strip() else None

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return lambda value: "" if value is None else plain(value)

    def input_text(self, value: Any, reader: Reader) -> Text:
        return "" if value is None else str(value)

    def mask(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return Field.mask(self, column)


def cleaned_html(html: str) -> str:
    """`html` with nothing in it but our elements, links with our schemes, in a form that cleaning leaves as it is. Raises FieldError."""
    tags = len(_OPENING.findall(html))
    if tags > MAX_TAGS:
        raise FieldError(m("The text has a form that cannot be kept; paste it without its formatting."))
    once = _wrapped(_cleaned(_REOPENED.sub(r"<\1>", _DIV.sub(r"\1p", html))))
    refuse_length(once, MAX_GIVEN)
    # How deep elements stand shows only when it is clean: what is not closes what nobody opened and hides what it opens.
    if tags > MAX_DEPTH and _depth(once) > MAX_DEPTH:
        raise FieldError(m("The text is nested too deeply."))
    for _ in range(3):
        again = _wrapped(_cleaned(once))
        if again == once:
            return once
        refuse_length(again, MAX_GIVEN)
        once = again
    raise FieldError(m("The text has a form that cannot be kept; paste it without its formatting."))


def _cleaned(html: str) -> str:
    return nh3.clean(html, tags=set(TAGS), attributes={"a": {"href"}}, url_schemes=set(SCHEMES), link_rel="noopener noreferrer nofollow").strip()


def _wrapped(html: str) -> str:
    """Text before the first block stands in a paragraph of its own; paragraphs with nothing in them, not even a break, go."""
    html = html.replace("<p></p>", "")
    first = _ANY_BLOCK.search(html)
    lead, rest = (html[: first.start()], html[first.start() :]) if first else (html, "")
    return f"<p>{lead.strip()}</p>{rest}" if lead.strip() else rest


def _paragraphs(text: str) -> str:
    """Plain text as paragraphs: an empty line parts them, a line's end is a break."""
    parts = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
    return "".join(f"<p>{escape(part.strip(), quote=False).replace(BREAK, '<br>')}</p>" for part in parts)


class _Depth(HTMLParser):
    """How deep elements stand in each other."""

    now = most = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag != "br":
            self.now += 1
            self.most = max(self.most, self.now)

    def handle_endtag(self, tag: str) -> None:
        self.now = max(self.now - 1, 0)


def _depth(html: str) -> int:
    measured = _Depth()
    measured.feed(html)
    return measured.most


class _Plain(HTMLParser):
    """Words between the marks; a block begins a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "br" or tag in BLOCKS:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("• ")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


@lru_cache(maxsize=512)
def plain(html: str) -> str:
    """The text of cleaned HTML, block by block in lines of their own."""
    reading = _Plain()
    reading.feed(html)
    reading.close()
    return re.sub(r"\n\s*\n", "\n", "".join(reading.parts)).strip()


def excerpt(html: str) -> str:
    """The beginning of the text, for a cell that shows a line of it."""
    begun = html[:EXCERPT]
    return plain(begun[: begun.rfind("<")] if begun.rfind("<") > begun.rfind(">") else begun)


def rich_text(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """Text with headings, lists and links."""
    return declare(RichTextField(label=label, **facets))
