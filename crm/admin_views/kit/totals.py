"""The foot of a list, asked for after the page: how many records match and what their amounts add up to."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from babel.numbers import format_decimal
from flask import request

from crm.admin_views.kit import context
from crm.admin_views.kit.awaited import marked
from crm.admin_views.kit.cells import currency_sign, text_formatter
from crm.admin_views.kit.columns import Column, columns
from crm.admin_views.kit.opened import arguments
from crm.backoffice import lists
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.measures import WEIGHTED, WON
from crm.backoffice.worth import Amounts, Worth, worths
from crm.messages import Message, m, mn, render

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView


def show(view: "EntityView") -> str:
    """The row of the table's foot, as HTML; it replaces the waiting one."""
    session, entity = context.session(), view.entity
    reader = context.reader()
    query = lists.parse_query(session, entity.key, arguments(session, entity))
    made = marked(session, entity, columns(session, entity, query.columns), reader)
    number = lists.count(session, query)
    sums = lists.totals(session, query) if any(c.totals for c in made) else {}
    worth = worths(session, query, sums)
    cells = [
        (column, [*total_text(entity, column, sums.get(column.key), reader, worth.get(column.key)), *weighted_text(column.spec, sums, worth, reader)])
        for column in made
    ]
    return view.render(
        "admin/model/list_foot.html", cells=cells, number=number.number, exact=number.exact, words=count_text(number, reader),
        text=number_text(number, reader.language), filtered=bool(request.args.get("where") or request.args.get("search") or request.args.get("unread")),
    )


def count_text(number: lists.Count, reader: Reader) -> str:
    """`1,234 records`, or `more than 10,000 records` where nobody counted further."""
    if not number.exact:
        return render(m("more than %(number)s records", number=format_decimal(number.number, locale=reader.language)), reader.language)
    return render(mn("%(text)s record", "%(text)s records", number.number, text=number_text(number, reader.language)), reader.language)


def number_text(number: lists.Count, language: str) -> str:
    """`1,234`, or `10,000+` where counting stopped."""
    return format_decimal(number.number, locale=language) + ("" if number.exact else "+")


def total_text(entity: Entity, column: Column, total: Amounts | None, reader: Reader, worth: Worth | None = None) -> list[str]:
    """A total as lines: one, or one a currency and what they come to together in the base currency, or which rate that lacks."""
    if not total:
        return []
    spec = entity.fields[column.key]
    if column.type != "money" or ("currency" not in entity.fields and set(total) == {None}):
        show_value = text_formatter(spec, reader)
        return [show_value(amount) for amount in total.values()]
    return money_text(spec, total, reader, worth)


def head_text(entity: Entity, column: Column, total: Amounts | None, reader: Reader, worth: Worth | None) -> list[str]:
    """A total above a group or a column, where there is little room: without the rates that lack, which the whole names."""
    return total_text(entity, column, total, reader, worth if worth is not None and worth.amount is not None else None)


def weighted_text(spec: Field, sums: Mapping[str, Amounts], worth: Mapping[str, Worth], reader: Reader, *, brief: bool = False) -> list[str]:
    """The weighted sum of a field as one line, in one currency: `weighted 4,809 UAH`; or which rate that lacks, unless it is to be
    `brief`. None where nothing is weighted."""
    return _in_one(spec, spec.key + WEIGHTED, sums, worth, reader, (m("weighted %(amount)s"), m("weighted: no rate for %(others)s")), brief=brief)


def won_text(spec: Field, sums: Mapping[str, Amounts], worth: Mapping[str, Worth], reader: Reader, *, brief: bool = False) -> list[str]:
    """The same of what is won: `won 4,809 UAH`."""
    return _in_one(spec, spec.key + WON, sums, worth, reader, (m("won %(amount)s"), m("won: no rate for %(others)s")), brief=brief)


def _in_one(
    spec: Field, key: str, sums: Mapping[str, Amounts], worth: Mapping[str, Worth], reader: Reader, said: tuple[Message, Message], *, brief: bool,
) -> list[str]:
    """A sum in one currency as one line, the first of `said`, or the second where a rate is missing."""
    home = reader.catalog.company.currency if reader.catalog else ""
    amounts: dict[str, Decimal] = {}
    for code, part in sums.get(key, {}).items():
        amounts[code or home] = amounts.get(code or home, Decimal(0)) + part
    if not amounts:
        return []
    amounts = {code: amount for code, amount in amounts.items() if amount} or {home: Decimal(0)}
    currency, amount = next(iter(amounts.items()))
    together = worth.get(key)
    if len(amounts) > 1 and together is not None:
        if together.amount is None:
            return [] if brief else [render(replace(said[1], params={"others": _lacking(together)}), reader.language)]
        currency, amount = home, together.amount
    shown = f"{text_formatter(spec, reader)(amount)} {currency_sign(currency, reader.language)}"
    return [render(replace(said[0], params={"amount": shown}), reader.language)]


def money_text(spec: Field, total: Amounts, reader: Reader, worth: Worth | None = None) -> list[str]:
    """Sums of money as such lines, the base currency first."""
    show_value = text_formatter(spec, reader)
    home = reader.catalog.company.currency if reader.catalog else ""
    unknown = render(m("no currency"), reader.language)
    ordered = sorted(total.items(), key=lambda pair: (pair[0] != home, pair[0] or ""))
    lines = [f"{show_value(amount)} {currency_sign(currency, reader.language) if currency else unknown}" for currency, amount in ordered]
    return [*lines, *_together(worth, home, show_value, reader)] if worth is not None and len(lines) > 1 else lines


def _together(worth: Worth, home: str, show_value: Callable[[Any], str], reader: Reader) -> list[str]:
    if worth.amount is not None:
        return [render(m("together %(amount)s", amount=f"{show_value(worth.amount)} {currency_sign(home, reader.language)}"), reader.language)]
    return [render(m("together: no rate for %(others)s", others=_lacking(worth)), reader.language)]


def _lacking(worth: Worth) -> str:
    """The currencies without a rate, each with the first day for which it is missing."""
    return ", ".join(f"{code} ({day.isoformat()})" for code, day in sorted(worth.missing.items()))
