"""A list in groups: heads with counts and sums, what one may group by, and the rows of an opened group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.addresses import address, query_string
from crm.admin_views.kit.cells import text_formatter
from crm.admin_views.kit.columns import Column
from crm.admin_views.kit.filters import as_json
from crm.admin_views.kit.sentence import NEUTRAL
from crm.admin_views.kit.totals import head_text, number_text
from crm.backoffice.conditions.tree import dump
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.grouped import Group, Groups, by_days, can_group, groups, parse_group, references, within
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import Count, ListQuery
from crm.backoffice.periods import Period
from crm.backoffice.text import sort_key
from crm.messages import Message, m, render

STEP_WORDS: Mapping[str, Message] = {"week": m("weeks"), "month": m("months"), "quarter": m("quarters"), "year": m("years")}


@dataclass(frozen=True)
class Head:
    """The head of a group: its name, how many records, sums by column, where its rows come from and which list shows them alone."""

    text: str
    number: str
    sums: list[list[str]]
    rows_url: str
    url: str


@dataclass(frozen=True)
class Choice:
    """Something to group by."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Grouped:
    """The list in groups; `others` says how many records stand in groups beyond those shown, "" for none."""

    label: str
    heads: list[Head]
    others: str


def choices(session: UserSession, entity: Entity, args: Mapping[str, str]) -> list[Choice]:
    """What this reader may group by; first by nothing."""
    language, now = context.reader().language, args.get("group", "")
    found = [Choice(render(m("Without groups"), language), address(entity.key, args, group=None), not now)]
    usable = (entity.fields[key] for key in session.sight.filterable(entity.key))
    for spec in sorted((spec for spec in usable if can_group(spec) and spec.key not in entity.named_by(language)), key=lambda spec: spec.system):
        for text, label in _ways(spec, language):
            found.append(Choice(label, address(entity.key, args, group=text), now == text or (now == spec.key and text == f"{spec.key}:month")))
    return found


def _ways(spec: Field, language: str) -> list[tuple[str, str]]:
    label = spec.label.text(language)
    return [(f"{spec.key}:{step}", f"{label}: {render(STEP_WORDS[step], language)}") for step in ("week", "month")] if by_days(spec) else [(spec.key, label)]


def grouped(session: UserSession, entity: Entity, query: ListQuery, made: Sequence[Column], args: Mapping[str, str]) -> Grouped | None:
    """The groups that the address asks for; None when it asks for none. Raises UnknownName, BadRequest."""
    asked = parse_group(session, entity.key, args.get("group", ""))
    if asked is None:
        return None
    found = groups(session, query, *asked)
    reader = context.reader()
    names = lookup.titles(session, session.catalog.entity(found.field.target or ""), list(references(found))) if _by_name(session, found.field) else {}
    told = sorted(((_text(session, found, group.value, names, reader), group) for group in found.groups), key=lambda pair: _place(session, found, *pair))
    words = [Head(text, number_text(Count(g.count, True), reader.language), _sums(entity, made, g, reader), *_urls(entity, query, g, args)) for text, g in told]
    step = f": {render(STEP_WORDS[found.step], reader.language)}" if found.step else ""
    others = number_text(Count(found.others, True), reader.language) if found.others else ""
    return Grouped(found.field.label.text(reader.language) + step, words, others)


def _by_name(session: UserSession, spec: Field) -> bool:
    return bool(spec.target) and spec.target not in session.catalog.configured


def _text(session: UserSession, found: Groups, value: Any, names: Mapping[int, str], reader: Reader) -> str:
    if value is None:
        return render(m("(empty)"), reader.language)
    if isinstance(value, Period):
        return period_name(value, found.step, reader.language)
    if _by_name(session, found.field):
        return names.get(value, NEUTRAL)
    return text_formatter(found.field, reader)(value)


def period_name(span: Period, step: str, language: str) -> str:
    """`November 2026`, `23–29 Nov 2026`, `2026`."""
    if step == "year":
        return str(span.first.year)
    if step == "quarter":
        return render(m("quarter %(quarter)s of %(year)s", quarter=(span.first.month + 2) // 3, year=span.first.year), language)
    if step == "month":
        name = str(format_date(span.first, "LLLL y", locale=language))
        return name[:1].upper() + name[1:]
    return f"{format_date(span.first, 'd MMM', locale=language)} – {format_date(span.last, 'd MMM y', locale=language)}"


def _place(session: UserSession, found: Groups, text: str, group: Group) -> tuple[Any, ...]:
    """Periods newest first, options and stages in their order, names by the alphabet; the empty come last."""
    value, spec = group.value, found.field
    if value is None:
        return (1,)
    if isinstance(value, Period):
        return 0, -value.first.toordinal()
    configured = session.catalog.configured.get(spec.target or "")
    known = list(configured) if configured is not None else [o.id for o in session.catalog.picklists[spec.picklist].options] if spec.picklist else []
    return 0, known.index(value) if value in known else len(known), sort_key(text), str(value)


def _sums(entity: Entity, made: Sequence[Column], group: Group, reader: Reader) -> list[list[str]]:
    return [head_text(entity, column, group.sums.get(column.key), reader, group.worths.get(column.key)) for column in made]


def _urls(entity: Entity, query: ListQuery, group: Group, args: Mapping[str, str]) -> tuple[str, str]:
    inside = within(query, group.leaf).where
    where = as_json(dump(inside)) if inside is not None else None
    shown = ",".join(query.columns)
    return f"/{entity.key}/rows?{query_string(args, where=where, group=None, view=None, columns=shown)}", address(entity.key, args, where=where, group=None)
