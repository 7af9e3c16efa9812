"""How a value stands in a list: one function a column, built once a request, that turns the rows of a page into the HTML inside their cells.

Text comes from the field's own formatter; here it only gets its mark: a badge for an option, a pie for a stage, an avatar for a
person. Everything is escaped here, so that templates may take the cells as they are.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from html import escape  # to a plain string: one that knows it is markup costs as much again, and there are hundreds of cells
from typing import Any

from babel.numbers import format_decimal, get_currency_symbol

from crm.admin_views.kit.days import day_words, moment_words
from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, FieldError, Reader, Ref
from crm.backoffice.fields.file import FileField
from crm.backoffice.fields.many_to_many import joined
from crm.backoffice.fields.multi_picklist import MultiPicklistField
from crm.backoffice.fields.rich_text import cleaned_html, excerpt, plain
from crm.backoffice.fields.numbers import decimal_formatter
from crm.backoffice.lists import Masked, RowView
from crm.backoffice.types import FileRef
from crm.messages import m, render

Draw = Callable[[Any], str]  # the HTML of a value that is there
Painter = Callable[[Sequence[RowView]], list[str]]  # the rows of a page → the HTML inside their cells of one column

COLOURS = frozenset({
    "blue", "azure", "cyan", "teal", "green", "lime", "yellow", "orange", "red", "pink", "purple", "indigo", "violet", "grey", "gray", "won", "lost", "warn",
})
PICTURE = 96  # points of a small picture, either way
SIZES = {"MB": "МБ", "kB": "КБ", "B": "Б"}
further: dict[str, Callable[[Any, "Drawn"], Painter]] = {}  # types that are painted with words from elsewhere (`conditions`)
HIDDEN_REFERENCE = '<span class="b-unseen">•</span>'


class Drawn(dict[Any, str]):
    """Value → its HTML, drawn when the value first comes up: on a page most of them repeat."""

    def __init__(self, draw: Draw) -> None:
        super().__init__({None: "", "": ""})
        self._draw = draw

    def __missing__(self, value: Any) -> str:
        html = self[value] = f'<span class="b-masked">{escape(value.text)}</span>' if value.__class__ is Masked else self._draw(value)
        return html


def painter(entity: Entity, spec: Field, reader: Reader, *, link: bool = False, signed: bool = False, exact: bool = False) -> Painter:
    """The function that shows `spec` of rows to `reader`; `link` makes it the row's main text, leading to the record.

    In a list the head of the column names the company's own currency and days are said as people say them; outside a list amounts
    are `signed` with their currency, and where a record is told field by field its days are `exact`."""
    key, drawn = spec.key, Drawn(_rich(exact) if spec.type == "rich_text" else _draw(spec, reader, exact=exact))
    if link:
        return _linked(entity, key, drawn, reader)
    if isinstance(spec, FileField):
        return _file(entity, spec, drawn, reader)
    if spec.type in further:
        return further[spec.type](spec, drawn)
    if spec.type == "money" and "currency" in entity.fields:
        return _money(key, drawn, reader.language, home="" if signed else _home(reader))
    return lambda rows: [drawn[row.values.get(key)] for row in rows]


def unit(entity: Entity, spec: Field, reader: Reader) -> str:
    """The sign of the company's currency for the head of a column of money whose rows name another one where they have it."""
    home = _home(reader)
    return currency_sign(home, reader.language) if spec.type == "money" and "currency" in entity.fields and home else ""


@lru_cache(maxsize=512)
def currency_sign(code: str, language: str) -> str:
    """`₴` where the language writes a sign, else the code."""
    sign: str = get_currency_symbol(code, locale=language)
    return sign


def _home(reader: Reader) -> str:
    return reader.catalog.company.currency if reader.catalog else ""


def show_value(spec: Field, reader: Reader, value: Any) -> str:
    """The HTML of one value by itself."""
    return Drawn(_draw(spec, reader, exact=True))[value]


def initials(name: str) -> str:
    """Two letters for an avatar: of the first two words, or the first two of a single one."""
    words = [w for w in name.replace("«", " ").replace("»", " ").split() if w[:1].isalnum()]
    return (words[0][0] + words[1][0] if len(words) > 1 else (words[0][:2] if words else "?")).upper()


@lru_cache(maxsize=2048)
def avatar(number: int, name: str) -> str:
    """The round mark of a person; its colour follows the record's number."""
    return f'<span class="b-av u{number % 6}" aria-hidden="true">{escape(initials(name))}</span>'


def stage_mark(stage: Configured) -> str:
    """A pie that fills with the probability; a tick for won, a cross for lost, whatever the colour: that is never the only sign."""
    kind = stage.values.get("kind")
    if kind == "won":
        drawing = '<circle cx="7" cy="7" r="6.5" fill="currentColor"/><path d="M4.2 7.2l2 2 3.6-4" fill="none" class="b-st-sign"/>'
    elif kind == "lost":
        drawing = '<circle cx="7" cy="7" r="6.5" fill="currentColor"/><path d="M4.8 4.8l4.4 4.4M9.2 4.8l-4.4 4.4" fill="none" class="b-st-sign"/>'
    else:
        filled = float(stage.values.get("probability") or 0) * 13.2
        drawing = (
            '<circle cx="7" cy="7" r="5.9" fill="none" stroke="currentColor" stroke-width="1.5"/><circle cx="7" cy="7" r="2.1" fill="none" '
            f'stroke="currentColor" stroke-width="4.2" stroke-dasharray="{filled:.2f} 99" transform="rotate(-90 7 7)"/>'
        )
    colour = stage.values.get("colour")
    css = f"b-st is-{colour}" if colour in COLOURS else f"b-st {kind}" if kind in ("won", "lost") else "b-st"
    return f'<svg class="{css}" viewBox="0 0 14 14" aria-hidden="true">{drawing}</svg>'


def text_formatter(spec: Field, reader: Reader) -> Callable[[Any], str]:
    """The field's formatter; whole amounts of money go without ",00", which in a list only hides the digits that differ."""
    show = spec.formatter(reader)
    if spec.type != "money":
        return show
    whole = decimal_formatter(reader.language, 0, 0)
    return lambda value: whole(value) if isinstance(value, Decimal) and value == value.to_integral_value() else show(value)


def _draw(spec: Field, reader: Reader, *, exact: bool = False) -> Draw:
    show = text_formatter(spec, reader)
    catalog = reader.catalog
    if spec.picklist and catalog is not None:
        return _badge_set(spec, reader, catalog) if isinstance(spec, MultiPicklistField) else _badges(show, catalog)
    if spec.target:
        one = _configured(spec.target, catalog, reader.language) if catalog is not None and spec.target in catalog.configured else _reference(spec.target)
        return _set(one) if spec.several else one
    if spec.type == "boolean":
        return _boolean(show)
    if spec.type in ("email", "url"):
        return _link_out(spec.type, show)
    if spec.type in ("date", "moment"):
        return _time(show, None if exact else day_words(reader) if spec.type == "date" else moment_words(reader))
    return lambda value: escape(show(value))


def _linked(entity: Entity, key: str, drawn: Drawn, reader: Reader) -> Painter:
    base = f'<a class="b-main-text" data-drawer href="/{entity.key}/'
    unnamed = render(m("(no name)"), reader.language)
    own = entity.named_by(reader.language)[0] if key == entity.declared.title else key

    def text(value: Any) -> str:
        # A reference as the row's title must not become a link inside a link.
        return (escape(value.text or "") if isinstance(value, Ref) else drawn[value]) or unnamed

    def named(row: RowView) -> str:
        value, name = row.values.get(key), row.values.get(own)
        if isinstance(value, str) and isinstance(name, str):
            # What is copied is the field's own text, as it is typed and pasted.
            return f'{base}{row.id}/" data-text="{escape(value)}">{escape(name)}</a>'
        return f'{base}{row.id}/">{text(value)}</a>'

    if own != key:
        return lambda rows: [named(row) for row in rows]
    return lambda rows: [f'{base}{row.id}/">{text(row.values.get(key))}</a>' for row in rows]


def _money(key: str, drawn: Drawn, language: str, *, home: str) -> Painter:
    signs = Drawn(lambda currency: f' <span class="b-unit">{escape(currency_sign(currency, language))}</span>' if isinstance(currency, str) else "")
    signs[home] = ""

    def money(rows: Sequence[RowView]) -> list[str]:
        texts = [drawn[row.values.get(key)] for row in rows]
        return [text and text + signs[row.values.get("currency")] for text, row in zip(texts, rows, strict=True)]

    return money


def _badges(show: Draw, catalog: Catalog) -> Draw:
    def badge(value: Any) -> str:
        option = catalog.options.get(value)
        colour = option.colour if option and option.colour in COLOURS else ""
        css = "b-tag" if not colour else f"b-tag {colour}" if colour in ("won", "lost", "warn") else f"b-tag is-{colour}"
        return f'<span class="{css}">{escape(show(value))}</span>'

    return badge


def _badge_set(spec: MultiPicklistField, reader: Reader, catalog: Catalog) -> Draw:
    """The options in the order of their list; a copied cell gives them as a pasted one takes them."""
    show, arranged = spec.one.formatter(reader), spec.arranged(reader)
    badge = _badges(show, catalog)

    def badges(value: Any) -> str:
        options = arranged(value)
        return f'<span class="b-set" data-text="{escape(joined(map(show, options)))}">{" ".join(map(badge, options))}</span>'

    return badges


def _file(entity: Entity, spec: FileField, drawn: Drawn, reader: Reader) -> Painter:
    """Its name as the way to it, with its size; a picture as a small one."""

    def one(row: RowView) -> str:
        value = row.values.get(spec.key)
        if not isinstance(value, FileRef):
            return drawn[value]
        address, name = f"/{entity.key}/{row.id}/file/{spec.key}", escape(value.name)
        if spec.picture:
            wide, high = fitting(value.width, value.height)
            drawn_small = f'<img src="{address}?size=small" alt="{name}" width="{wide}" height="{high}" loading="lazy">'
            return f'<a class="b-picture" href="{address}" target="_blank">{drawn_small}</a>'
        return f'<a class="b-ref" href="{address}" download>{name}</a> <span class="b-faint">{size_text(value.size, reader.language)}</span>'

    return lambda rows: [one(row) for row in rows]


def fitting(width: int, height: int) -> tuple[int, int]:
    """The size at which a small picture is shown: 96 points at most either way."""
    ratio = min(1.0, PICTURE / max(width, height, 1))
    return max(1, round(width * ratio)), max(1, round(height * ratio))


def size_text(size: int, language: str) -> str:
    """`1.2 MB`."""
    unit, number = next(((name, size / many) for name, many in (("MB", 2**20), ("kB", 2**10)) if size >= many), ("B", float(size)))
    return escape(f"{format_decimal(round(number, 1), locale=language)}\u00a0{unit if language != 'uk' else SIZES[unit]}")


def _rich(exact: bool) -> Draw:
    """Its beginning as a line in a list; where a record is told field by field, with its headings, lists and links, cleaned once more."""
    return _whole if exact else lambda value: escape(excerpt(value))


def _whole(value: Any) -> str:
    """What was kept past the door and cannot be cleaned stands as its words."""
    try:
        return f'<div class="b-rich">{cleaned_html(value)}</div>'
    except FieldError:
        return escape(plain(value))


def _configured(target: str, catalog: Catalog, language: str) -> Draw:
    rows = catalog.configured[target]

    def mark(value: Any) -> str:
        row = rows.get(value.id if isinstance(value, Ref) else value)
        if row is None:
            return HIDDEN_REFERENCE
        label = escape(row.label.text(language))
        return f'<span class="b-nick">{stage_mark(row)}<span class="b-cut">{label}</span></span>' if "kind" in row.values else label

    return mark


def _reference(target: str) -> Draw:
    person = target == "user"

    def reference(value: Any) -> str:
        if not isinstance(value, Ref) or value.text is None:
            return HIDDEN_REFERENCE
        text = escape(value.text)
        if person:
            return f'<span class="b-nick">{avatar(value.id, value.text)}<span class="b-cut">{text}</span></span>'
        return f'<a class="b-ref" href="/{target}/{value.id}/">{text}</a>'

    return reference


def _set(one: Draw) -> Draw:
    """The records of a set between commas; a copied cell gives them as a pasted one takes them."""

    def show(refs: Any) -> str:
        text = escape(joined(ref.text for ref in refs if ref.text))
        return f'<span class="b-set" data-text="{text}">{", ".join(map(one, refs))}</span>'

    return show


def _boolean(show: Draw) -> Draw:
    yes = (
        '<svg class="b-i b-i-s b-won" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
        f'<path d="M5 12l5 5l10 -10"/></svg><span class="visually-hidden">{escape(show(True))}</span>'
    )
    no = f'<span class="b-faint">{escape(show(False))}</span>'
    return lambda value: yes if value else no


def _link_out(kind: str, show: Draw) -> Draw:
    def link(value: Any) -> str:
        text = escape(show(value))
        if kind == "email":
            return f'<a class="b-ref" href="mailto:{escape(value)}">{text}</a>'
        if not str(value).startswith(("http://", "https://")):
            return text
        return f'<a class="b-ref" href="{escape(value)}" rel="noopener noreferrer" target="_blank">{text}</a>'

    return link


def _time(show: Draw, words: Draw | None) -> Draw:
    """The value as a mark of time; said in `words` it keeps the exact one for whoever points at it."""

    def time(value: Any) -> str:
        exact = escape(show(value))
        if not hasattr(value, "isoformat"):
            return exact
        told = f' title="{exact}">{escape(words(value))}' if words else f">{exact}"
        return f'<time datetime="{value.isoformat()}"{told}</time>'

    return time
