"""The list page: what it shows comes from `lists`, what it looks like from `columns`; nothing here keeps a right."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from flask import jsonify, make_response, redirect, request
from flask.wrappers import Response
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.kit import chosen_actions, context, exporting, filters, lookup, unread_view
from crm.admin_views.kit.addresses import STANDARD, address, list_arguments, query_string
from crm.admin_views.kit.awaited import marked, told
from crm.admin_views.kit.columns import BOX, Column, cells, columns, remember, with_companions
from crm.admin_views.kit.grouping import choices, grouped
from crm.admin_views.kit.reporting import report_url
from crm.admin_views.kit.set_views import views_of
from crm.admin_views.kit.opened import Opened, arguments, opened, with_chosen
from crm.admin_views.kit.viewing import view_url, viewing
from crm.backoffice import lists, merging
from crm.backoffice.conditions.compiler import ME
from crm.backoffice.conditions.tree import All, Leaf, dump
from crm.backoffice.entities import Entity
from crm.backoffice.exchange.targets import may_import
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery, RowView
from crm.errors import UnknownName
from crm.messages import m, render

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

SIZES = (25, 50, 100, 200)


@dataclass(frozen=True)
class Head:
    """The head of a column: where a click leads, and how the list is sorted by it now ("" not at all); `rank` of several."""

    column: Column
    url: str
    sorted: str
    rank: int


@dataclass(frozen=True)
class Tab:
    """A question asked daily, as a tab above the filter."""

    label: str
    url: str
    current: bool
    changed: bool = False  # a view that one has led elsewhere since


def show(view: "EntityView") -> BaseResponse:
    """The page; with `of=account.12.deals` the part of that card, asked for by a script, to which others are led. Raises BadRequest or UnknownName
    for what the address names wrongly, NotFound for a card or rows of it that this reader does not see."""
    session, entity = context.session(), view.entity
    reader = context.reader()
    here = opened(session, entity, request.args)
    args = here.args
    query = lists.parse_query(session, entity.key, with_chosen(session, entity, args))
    of = query.of
    if of is not None and "HX-Request" not in request.headers:
        return redirect(address(entity.key, args, after=args.get("after")))
    made = marked(session, entity, widened(columns(session, entity, query.columns), here), reader)
    groups = grouped(session, entity, query, made, args)
    page = lists.page(session, replace(with_companions(session, entity, query), marks=True)) if groups is None else lists.Page([], None, None)
    sight = session.sight
    chips, names = filters.chips(session, entity, args.get("where", ""))
    can_create = sight.may(entity.key, "create") and bool(sight.creatable(entity.key))
    create_url, label = f"/{entity.key}/new/", entity.plural
    if of is not None:
        can_create, create_url = of.relation.field in sight.creatable(entity.key), f"{create_url}?{of.relation.field}={of.number}"
        label = of.relation.label
    html = view.render(
        "admin/model/list.html" if of is None else "admin/model/grid_on_card.html", of=of,
        entity=entity, title=label.text(reader.language), args=list_arguments(args), query=query, base=f"/{entity.key}/",
        query_string=query_string(args), heads=heads(entity, query, made, args), rows=body(entity, made, page.rows), shown=len(page.rows),
        groups=groups, group_choices=choices(session, entity, args),
        tabs=tabs(session, entity, here) if of is None else [], viewing=viewing(session, entity, here) if of is None else None,
        chips=[(chip, address(entity.key, args, where=chip.rest)) for chip in chips], names=names,
        where=args.get("where", ""), search=query.search, is_filtered=query.where is not None or bool(query.search) or query.unread,
        unread=unread_view.offered(session, entity, args), views=views_of(session, entity, args, "list") if of is None else [],
        report_url=report_url(session, entity, query, args) if of is None else "",
        unsearched=address(entity.key, args, search=None), unfiltered=address(entity.key, args, search=None, where=None, unread=None),
        next_url=_page_url(entity, args, page.next), previous_url=_page_url(entity, args, page.previous), first=not args.get("after"),
        sizes=[(size, address(entity.key, args, size=str(size)), size == query.size) for size in SIZES],
        exports=exporting.offers(session, entity, query, args),
        can_create=can_create, create_url=create_url, whole_url=whole_url(entity, query, args), can_edit=any(c.editable for c in made),
        can_change=sight.may(entity.key, "update") and bool(sight.editable(entity.key)), can_remove=sight.may(entity.key, "delete"),
        can_merge=merging.MOST if entity.declared.mergeable and sight.may(entity.key, "delete") and sight.may(entity.key, "update") else 0,
        choosing=chosen_actions.actions(session, entity.key), keeping=chosen_actions.keepings(session, entity.key, args.get("where", "")),
        unfinished=told(session, entity, (*query.columns, *(key for key, _ in query.sort), *_group(args)), query.where, reader),
        can_import=of is None and may_import(sight, entity), width=BOX + sum(c.width for c in made),
    )
    return make_response(html)


def _group(args: Mapping[str, str]) -> list[str]:
    """The field by which the list is in groups."""
    return [key for key in (args.get("group", "").partition(":")[0],) if key]


def whole_url(entity: Entity, query: ListQuery, args: Mapping[str, str]) -> str:
    """The list of a card as a list of its own: what the card says is a condition like the others there. "" where it is one already."""
    if query.of is None:
        return ""
    where = query.of.where if query.where is None else All((query.of.where, *(query.where.parts if isinstance(query.where, All) else (query.where,))))
    return address(entity.key, {key: value for key, value in args.items() if key != "of"}, where=filters.as_json(dump(where)))


def heads(entity: Entity, query: ListQuery, made: Sequence[Column], args: Mapping[str, str]) -> list[Head]:
    """The heads: a click sorts by the column alone, a second one turns the order round."""
    ranks = {key: (n, down) for n, (key, down) in enumerate(query.sort)}
    found = []
    for column in made:
        rank, down = ranks.get(column.key, (0, False))
        state = "" if column.key not in ranks else "down" if down else "up"
        # Amounts and dates are asked for largest and newest first, words from A.
        first_down = column.type in ("money", "decimal", "integer", "percent", "duration", "date", "moment")
        next_down = (not down) if state else first_down
        url = address(entity.key, args, sort=("-" if next_down else "") + column.key) if column.sortable else ""
        found.append(Head(column, url, state, rank + 1 if state and len(query.sort) > 1 else 0))
    return found


def body(entity: Entity, made: Sequence[Column], rows: Sequence[RowView]) -> Markup:
    """The rows as HTML."""
    pick = escape(render(m("Select"), context.reader().language)).replace("%", "%%")
    box = f'<td class="hp chk"><input class="form-check-input" type="checkbox" data-pick aria-label="{pick} %s"></td>'
    inside = "".join(f'<td class="{c.css}">%s</td>' if c.css else "<td>%s</td>" for c in made)
    pattern = f'<tr data-id="%d" data-v="%d"%s>{box}{inside}</tr>\n'
    names = [escape(lookup.title_of(entity, row.values)) for row in rows]
    drawn = cells(entity, made, rows)
    marked = [row.values.get(lists.UNREAD) for row in rows]
    if any(marked):
        main, mark = next((n for n, c in enumerate(made) if c.main), 0), _unread_mark()
        drawn = [(*shown[:main], mark + shown[main], *shown[main + 1 :]) if new and shown else shown for new, shown in zip(marked, drawn, strict=True)]
    # Each cell is escaped where it is painted.
    return Markup("".join([  # noqa: S704
        pattern % (row.id, row.row_version, ' class="is-unread"' if new else "", name, *shown)
        for row, new, name, shown in zip(rows, marked, names, drawn, strict=True)
    ]))


def _unread_mark() -> str:
    """The dot before what leads to an unread record, said to whoever does not see it."""
    language = context.reader().language
    why, word = (escape(render(words, language)) for words in (m("Changed by somebody else since you opened it"), m("unread")))
    return f'<span data-unread-mark><span class="b-unread" title="{why}"></span><span class="b-hidden">{word}: </span></span>'


def rows(view: "EntityView") -> Response:
    """`/<entity>/rows?…`: the rows of a page of the list as HTML, and after them where the next ones are: an opened group."""
    session, entity = context.session(), view.entity
    args = arguments(session, entity)
    query = lists.parse_query(session, entity.key, args)
    page = lists.page(session, replace(with_companions(session, entity, query), marks=True))
    made = columns(session, entity, query.columns)
    following = f"/{entity.key}/rows?{query_string(args, after=page.next)}" if page.next else ""
    return make_response(view.render("admin/model/list_rows.html", rows=body(entity, made, page.rows), next=following, width=len(made) + 1))


def rows_json(session: UserSession, entity: Entity, record_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Rows after a change, as the grid puts them in place: version and the HTML of each shown column, by key. A record that has
    left the reader's scope is not among them. At most 1,000."""
    query = lists.parse_query(session, entity.key, {"columns": arguments(session, entity).get("columns", "")})
    made = columns(session, entity, query.columns)
    asked = replace(with_companions(session, entity, query), where=Leaf(("id",), "in", list(record_ids)), size=max(len(record_ids), 1))
    rows = lists.page(session, asked).rows
    return [
        {"id": row.id, "row_version": row.row_version, "cells": dict(zip((c.key for c in made), shown, strict=True))}
        for row, shown in zip(rows, cells(entity, made, rows), strict=True)
    ]


def widened(made: Sequence[Column], here: Opened) -> list[Column]:
    """The columns with the widths that the view keeps."""
    widths = here.view.shows.get("widths", {}) if here.view is not None else {}
    return [replace(column, width=widths.get(column.key, column.width)) for column in made]


def tabs(session: UserSession, entity: Entity, here: Opened) -> list[Tab]:
    """All, one's own where records have an owner, and the views."""
    args = {} if here.view is not None else {key: value for key, value in here.args.items() if key != "view"}
    language = context.reader().language
    where = args.get("where") or None
    plain = address(entity.key, args, where=None)
    found = [Tab(render(m("All"), language), f"{plain}?view={STANDARD}" if here.shelf.first and "?" not in plain else plain, not where and not here.view)]
    own = entity.declared.own
    if entity.is_record and own in session.sight.filterable(entity.key) and own != "id":
        mine = json.dumps({"field": own, "op": "eq", "value": ME}, separators=(",", ":"))
        found.append(Tab(render(m("Mine"), language), address(entity.key, args, where=mine), where == mine))
    found += [
        Tab(view.label.text(language), view_url(entity.key, view), view == here.view, here.changed and view == here.view) for view in here.shelf.views
    ]
    return found if len(found) > 1 else []


def _page_url(entity: Entity, args: Mapping[str, str], after: str | None) -> str | None:
    return address(entity.key, args, after=after) if after else None


def columns_choice(view: "EntityView") -> Response:
    """GET: every column this reader may have, the chosen ones first and in order. POST `columns=a,b`: remember that choice (empty: forget it)."""
    session, entity = context.session(), view.entity
    readable = session.sight.readable(entity.key)
    if request.method == "POST":
        wanted = [key for key in request.form.get("columns", "").split(",") if key]
        for key in wanted:
            if key not in readable:
                raise UnknownName(key)
        response = make_response("", 204)
        remember(response, entity, session.actor_id, list(dict.fromkeys(wanted)))
        return response
    now = lists.parse_query(session, entity.key, arguments(session, entity)).columns
    language = context.reader().language
    ordered = [(key, entity.fields[key]) for key in (*now, *(key for key in readable if key not in now))]
    described = [{"key": key, "label": spec.label.text(language), "shown": key in now, "system": spec.system} for key, spec in ordered]
    return jsonify(columns=described, standard=list(session.sight.columns(entity.key)))


def filter_description(view: "EntityView") -> Response:
    """What the filter builder offers at `?path=account.parent`."""
    session, entity = context.session(), view.entity
    path = tuple(step for step in request.args.get("path", "").split(".") if step)
    described = filters.describe(session, entity, path)
    return jsonify(**described, periods=filters.periods(context.reader()))
