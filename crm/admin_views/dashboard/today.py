"""The short lists of a person's day, and a door to each area with the number behind it: panels of a dashboard that areas bring."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask_login import current_user

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.cells import currency_sign, text_formatter
from crm.admin_views.kit.days import day_words, moment_words
from crm.admin_views.kit.menu import areas
from crm.admin_views.kit.totals import number_text
from crm.backoffice import lists
from crm.backoffice.conditions.tree import parse
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import Masked, RowView
from crm.backoffice.periods import day_end
from crm.messages import Label, Message, m, mn
from crm.rights.reviews.reading import waiting_for
from crm.sales.quotes.course import decides

SHOWN = 8
OPEN_AND_MINE = ({"field": "owner", "op": "eq", "value": "@me"}, {"field": "stage.kind", "op": "eq", "value": "open"})


@dataclass(frozen=True)
class Line:
    """One record on a card."""

    url: str
    title: str
    note: str = ""
    when: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Card:
    """A short list with the way to the whole of it."""

    title: str
    url: str
    count: str
    rows: list[Line]
    empty: str
    more: str = ""


@dataclass(frozen=True)
class Tile:
    """An entity with its number of records."""

    url: str
    label: str
    number: str


@dataclass(frozen=True)
class TileGroup:
    label: str
    tiles: list[Tile] = field(default_factory=list)


def _reviews(session: UserSession) -> Card | None:
    """Reviews of access in which decisions wait for this person; none while he looks with another's eyes."""
    waiting = waiting_for(session, current_user.id) if session.watcher is None else []
    if not waiting:
        return None
    words = day_words(context.reader())
    rows = [
        Line(f"/access-reviews/{one.id}/mine/", one.name, when=words(one.deadline), figure=say(mn("%(num)s decision", "%(num)s decisions", number)))
        for one, number in waiting
    ]
    return Card(say(m("Access reviews")), "/access-reviews/", str(len(rows)), rows, "")


def _approvals(session: UserSession) -> Card | None:
    """Quotes that wait for approval, for whoever may decide on some; none while nothing waits."""
    if not decides(session.sight) or not {"state", "asked_at"} <= set(session.sight.filterable("quote")):
        return None
    waiting = {"field": "state", "op": "eq", "value": "waiting"}
    found = _card(session, "quote", waiting, "asked_at", m("Quotes that wait for approval"), m("Nothing waits for approval."), note="deal")
    return found if found is not None and found.rows else None


def _plan(session: UserSession) -> Card | None:
    """Interactions that this person has planned until the end of the coming week, overdue ones first."""
    end = day_end(context.reader().today + timedelta(days=7), context.reader().zone)
    mine = ({"field": "owner", "op": "eq", "value": "@me"}, {"field": "state", "op": "eq", "value": "planned"})
    if "state" not in session.sight.filterable("interaction"):
        return None
    where = {"all": [*mine, {"field": "starts_at", "op": "lt", "value": end.isoformat()}]}
    return _card(session, "interaction", where, "starts_at", m("My plan"), m("No interaction is planned for the coming week."))


def _closing(session: UserSession) -> Card | None:
    """Open deals of this person that should close this month."""
    where = {"all": [*OPEN_AND_MINE, {"field": "expected_on", "op": "within", "value": "this_month"}]}
    return _card(session, "deal", where, "expected_on", m("My deals closing this month"), m("No deal of yours should close this month."))


def _steps(session: UserSession) -> Card | None:
    """Next steps of this person's open deals in the coming week, overdue ones first."""
    overdue = {"field": "next_step_on", "op": "lt", "value": context.reader().today.isoformat()}
    where = {"all": [*OPEN_AND_MINE, {"any": [{"field": "next_step_on", "op": "within", "value": "next_7_days"}, overdue]}]}
    return _card(session, "deal", where, "next_step_on", m("My next steps"), m("No step is planned for the coming week."), note="next_step")


def _latest(session: UserSession) -> Card | None:
    """The accounts changed last, for whoever has no deals of his own to look at."""
    if session.sight.may("deal", "read"):
        return None
    return _card(session, "account", None, "-updated_at", m("Changed lately"), m("Nothing has been changed yet."))


def _card(session: UserSession, key: str, where: Any, sort: str, title: Message, empty: Message, *, note: str = "account") -> Card | None:
    """None when this person may not read what the card is about."""
    entity = session.catalog.entities.get(key)
    name = sort.lstrip("-")
    if entity is None or not session.sight.may(key, "read"):
        return None
    usable, readable = session.sight.filterable(key), session.sight.readable(key)
    if name not in usable or ("owner" not in usable and where is not None):
        return None
    columns = tuple(dict.fromkeys(k for k in (*lookup.title_columns(session, entity), name, note, "amount", "currency") if k in readable))
    query = lists.ListQuery(key, columns, parse(where) if where else None, ((name, sort.startswith("-")),), size=SHOWN)
    rows = lists.page(session, query).rows
    number = lists.count(session, query) if len(rows) == SHOWN else lists.Count(len(rows), True)
    address = {"where": json.dumps(where, separators=(",", ":"))} if where else {}
    url = f"/{key}/?{urlencode({**address, 'sort': sort})}"
    return Card(say(title), url, number_text(number, context.reader().language), [_line(entity, row, name, note) for row in rows], say(empty))


def _line(entity: Entity, row: RowView, when: str, note: str) -> Line:
    return Line(
        f"/{entity.key}/{row.id}/", lookup.title_of(entity, row.values) or f"№ {row.id}", _text(entity, row, note), _text(entity, row, when),
        _amount(entity, row),
    )


def _text(entity: Entity, row: RowView, key: str) -> str:
    value = row.values.get(key)
    if value is None or key not in entity.fields:
        return ""
    if isinstance(value, Masked):
        return value.text
    if isinstance(value, Ref):
        return value.text or ""
    if isinstance(value, date) and not isinstance(value, datetime):
        return day_words(context.reader())(value)
    if isinstance(value, datetime):
        return moment_words(context.reader())(value)
    return text_formatter(entity.fields[key], context.reader())(value)


def _amount(entity: Entity, row: RowView) -> str:
    text, currency = _text(entity, row, "amount"), row.values.get("currency")
    return f"{text} {currency_sign(currency, context.reader().language)}" if text and isinstance(currency, str) else text


def tiles(session: UserSession) -> list[TileGroup]:
    """How many records of each daily entity this person sees."""
    reader = context.reader()
    groups = []
    for area in areas(context.access(), session.catalog, reader.language, pages=()):
        if area.key == "administration":
            continue
        tiles = []
        for entry in area.entries:
            number = lists.count(session, lists.ListQuery(entry.key, ()))
            tiles.append(Tile(entry.url, entry.label, number_text(number, reader.language)))
        groups.append(TileGroup(area.label, tiles))
    return groups


NUMBERS = "numbers"  # the panel of the doors to areas
TODAY: Mapping[str, tuple[Label, Callable[[UserSession], Card | None]]] = {
    "reviews": (Label("Перегляди прав", "Access reviews"), _reviews),
    "approvals": (Label("Пропозиції, що чекають на погодження", "Quotes that wait for approval"), _approvals), "plan": (Label("Мій план", "My plan"), _plan),
    "closing": (Label("Мої угоди, що закриваються цього місяця", "My deals closing this month"), _closing),
    "steps": (Label("Мої наступні кроки", "My next steps"), _steps), "latest": (Label("Нещодавно змінене", "Changed lately"), _latest),
}
NAMES: Mapping[str, Label] = {**{what: label for what, (label, _) in TODAY.items()}, NUMBERS: Label("Скільки чого є", "How many there are")}
# What a person begins with whose roles begin with nothing of their own.
STANDARD: tuple[Mapping[str, Any], ...] = (
    *({"kind": "today", "what": what, "width": 8} for what in ("reviews", "approvals", "plan")), {"kind": "today", "what": NUMBERS, "width": 4},
    *({"kind": "today", "what": what, "width": 8} for what in ("closing", "steps", "latest")),
)
