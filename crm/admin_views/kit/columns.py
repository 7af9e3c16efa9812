"""The columns of a list: which a reader has chosen, how each looks, and rows turned into cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

from flask import Response, request

from crm.admin_views.kit import context
from crm.admin_views.kit.card_marks import in_cells
from crm.admin_views.kit.cells import painter, unit
from crm.backoffice.entities import Entity
from crm.backoffice.fields.condition import ConditionField
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery, RowView

# Pixels a column has at least; a wider window gives all of them more in the same proportion.
WIDTHS = {
    "boolean": 88, "integer": 88, "percent": 88, "currency": 84, "date": 112, "duration": 104, "moment": 136, "money": 124, "decimal": 104, "phone": 132,
    "email": 160, "picklist": 144, "country": 120, "reference": 152, "many_to_many": 220, "multi_picklist": 220, "url": 160, "long_text": 220, "rich_text": 220,
    "file": 180, "image": 112, "tax_code": 112, "iban": 264,
}
MAIN, PERSON, STAGE, OTHER = 186, 160, 164, 124
BOX = 44  # the check box before them
# Where a cell stands in the three lines of a card on a phone.
PLACES = ("p2", "p3", "p4", "p5", "p6")
REMEMBERED = 365 * 24 * 3600


@dataclass(frozen=True)
class Column:
    """One column as this reader sees it; `css` is of its cells, `unit` the sign of the currency its amounts are in unless they name another."""

    key: str
    label: str
    unit: str
    help: str
    type: str
    css: str
    width: int
    editable: bool
    sortable: bool
    totals: bool
    spec: Field
    main: bool  # it leads to the record
    awaited: str = ""  # how far it has come, where it is still being worked out


def chosen(entity: Entity, readable: Iterable[str], actor: int | None) -> str | None:
    """The columns this person chose last for the entity, as far as he may still see them; None for the standard ones."""
    kept = request.cookies.get(_cookie(entity.key, actor))
    if not kept or len(kept) > 2000:
        return None
    allowed = set(readable)
    names = [name for name in kept.split(".") if name in allowed]
    return ",".join(dict.fromkeys(names)) or None


def remember(response: Response, entity: Entity, actor: int | None, keys: Sequence[str]) -> None:
    """Keep the choice on this device, for this person and this list; no keys: forget it."""
    name = _cookie(entity.key, actor)
    if keys:
        response.set_cookie(name, ".".join(keys), max_age=REMEMBERED, path=f"/{entity.key}/", httponly=True, samesite="Lax", secure=request.is_secure)
    else:
        response.delete_cookie(name, path=f"/{entity.key}/")


def _cookie(entity_key: str, actor: int | None) -> str:
    return f"columns_{entity_key}_{actor or 0}"


def columns(session: UserSession, entity: Entity, keys: Sequence[str]) -> list[Column]:
    """The columns `keys`, in this order, for the reader of `session`."""
    kept, language = context.access().derived(session.catalog), context.reader().language
    main = _main(entity, keys)
    places = _places([entity.fields[key] for key in keys if key != main])
    made = []
    for key in keys:
        place = "pk p1" if key == main else places.get(key, "hp")
        # Nothing of it is a person's: all who hold the same rules and read the same language share it.
        name = ("column", entity.key, key, place, language)
        column: Column | None = kept.get(name)
        if column is None:
            column = kept[name] = _column(session, entity, entity.fields[key], place, main=key == main)
        made.append(column)
    return made


def _column(session: UserSession, entity: Entity, spec: Field, place: str, *, main: bool) -> Column:
    reader, sight = context.reader(), session.sight
    sign = unit(entity, spec, reader) if "currency" in sight.readable(entity.key) else ""
    said = sight.layout(entity.key).told(spec)
    told = said.text(reader.language) if said else ""
    css = " ".join(c for c in (place, "b-num" if spec.align == "end" else "", "" if main or spec.align == "end" else "b-soft") if c)
    usable = spec.key in sight.filterable(entity.key)
    return Column(
        spec.key, spec.label.text(reader.language), sign, told, spec.type, css, max(_width(session, spec, main), _narrowest(spec, reader.language)),
        spec.in_cells and spec.key in sight.editable(entity.key), spec.sortable and usable, spec.totals and usable, spec, main,
    )


def with_companions(session: UserSession, entity: Entity, query: ListQuery) -> ListQuery:
    """The query with what the cells need beside the chosen columns: money is nothing without its currency, a row without its name."""
    extra = []
    if any(entity.fields[k].type == "money" for k in query.columns):
        extra.append("currency")
    extra.extend(spec.over for k in query.columns if isinstance(spec := entity.fields[k], ConditionField))
    extra.extend(entity.named_by(session.reader.language))
    readable = set(session.sight.readable(entity.key))
    return replace(query, columns=tuple(dict.fromkeys((*query.columns, *(k for k in extra if k in readable)))))


def cells(entity: Entity, made: Sequence[Column], rows: Sequence[RowView]) -> list[tuple[str, ...]]:
    """The HTML inside the cells of each row."""
    reader = context.reader()
    drawn = [painter(entity, column.spec, reader, link=column.main)(rows) for column in made]
    for place, column in enumerate(made):
        if column.awaited:
            drawn[place] = [html or f'<span class="b-faint" title="{escape(column.awaited)}">…</span>' for html in drawn[place]]
        if marked := in_cells(context.session(), entity.key, column.key, [row.id for row in rows]):
            beside = [marked.get(row.id, "") for row in rows]
            drawn[place] = [
                f'<span class="b-marked"><span class="b-cut">{html}</span>{mark}</span>' if mark else html
                for html, mark in zip(drawn[place], beside, strict=True)
            ]
    return list(zip(*drawn, strict=True)) if drawn else [()] * len(rows)


def _main(entity: Entity, keys: Sequence[str]) -> str:
    """The column that leads to the record: its title, else the first one."""
    return entity.declared.title if entity.declared.title in keys else keys[0] if keys else ""


def _width(session: UserSession, spec: Field, main: bool) -> int:
    if main:
        return MAIN
    if spec.target == "user":
        return PERSON
    if spec.target in session.catalog.configured:
        return STAGE
    return WIDTHS.get(spec.type, OTHER)


def _narrowest(spec: Field, language: str) -> int:
    """Pixels in which the longest word of the column's head has room, with the arrow of a sorted one: a head breaks between words only."""
    return 46 + round(7.2 * max(map(len, spec.label.text(language).split()), default=0))


def _places(fields: Sequence[Field]) -> dict[str, str]:
    """The cells of a card: the first amount beside the main text, then a date at the right and a person below, the rest from the left."""
    free = list(PLACES)
    found: dict[str, str] = {}

    def take(place: str, fits: Iterable[Field]) -> None:
        spec = next((f for f in fits if f.key not in found), None)
        if spec is not None and place in free:
            free.remove(place)
            found[spec.key] = place

    take("p2", (f for f in fields if f.align == "end"))
    take("p4", (f for f in fields if f.type in ("date", "moment")))
    take("p6", (f for f in fields if f.target == "user"))
    for place in list(free):
        if place in ("p3", "p5"):
            take(place, (f for f in fields if f.align != "end"))
    return found
