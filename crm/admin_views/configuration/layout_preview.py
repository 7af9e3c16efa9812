"""A layout before it is published, drawn by the templates of the real screens over a real record. Nothing is written, and nothing shows that whoever
arranges it does not see himself."""

import json
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from crm.admin_views import board_page
from crm.admin_views.configuration import layout_form
from crm.admin_views.configuration.door import catalog_of
from crm.admin_views.kit import context, filters, forms, lookup
from crm.admin_views.kit.columns import BOX, columns, with_companions
from crm.admin_views.kit.details import read_card
from crm.admin_views.kit.listing import body, heads
from crm.admin_views.kit.menu import areas
from crm.admin_views.kit.standing import standing
from crm.admin_views.rights.door import reading
from crm.backoffice import lists
from crm.backoffice.access import Rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.layouts import over
from crm.backoffice.views import shows
from crm.backoffice.views.shared import offered
from crm.errors import BadRequest, NotFound
from crm.messages import LANGUAGES, m
from crm.rights.as_role import as_role
from crm.rights.roles import read_role

SCREENS = ("form", "card", "list", "board", "quick", "menu")
ROWS = 8  # of a list
LONGEST, MOST = 200_000, 5000  # of an arrangement as it is posted: letters, names


@dataclass(frozen=True)
class Whose:
    """The role of whose holders a screen is drawn, "" for no role. `rules` None: they take nothing away, or are not the looker's to know
    (`known` False)."""

    role: str
    rules: tuple[Rule, ...] | None = None
    known: bool = True


def draw(kind: Entity, role: str, whose: Whose) -> str:
    """The screen `?screen=` of the record `?record=` (the first one without it), in `?in=`, laid out as the posted `arrangement` of the layout of
    `role` would lay it out. Raises BadRequest for an arrangement that makes no sense, NotFound for a record that this reader does not see."""
    screen, language = request.args.get("screen", "form"), request.args.get("in", "")
    if screen not in SCREENS or language not in ("", *LANGUAGES):
        raise BadRequest(m("There is no such screen."))
    catalog, waits = _arranged(kind, role), kind.key not in context.catalog().entities
    reader = replace(context.reader(), catalog=catalog, language=language or context.reader().language)
    access = as_role(catalog, context.access(), whose.role, whose.rules)
    session = context.only_show(access, catalog, reader)
    return _drawn(session, catalog.entity(kind.key), screen, whose, waits=waits)


def asked_role(roles: dict[str, str]) -> Whose:
    """The role of `?as=`: with its rules where this reader keeps roles. Raises NotFound for one that he does not know."""
    code = request.args.get("as", "")
    if code not in ("", *roles):
        raise NotFound(m("There is no such page."))
    if not code:
        return Whose("")
    with reading() as session:
        if not session.sight.may("role", "update"):
            return Whose(code, known=False)
        where = json.dumps({"field": "code", "op": "eq", "value": code})
        found = lists.ids(session, lists.parse_query(session, "role", {"where": where}), 1)
        if not found:
            raise NotFound(m("There is no such page."))
        role = read_role(session, found[0])
    return Whose(code, None if role.is_owner else role.parsed)


def _arranged(kind: Entity, role: str) -> Catalog:
    text, catalog = request.form.get("arrangement", ""), catalog_of(kind)
    if len(text) > LONGEST:
        raise BadRequest(m("The arrangement is too large."))
    try:
        form = MultiDict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST))
    except ValueError:
        raise BadRequest(m("The arrangement is too large.")) from None
    said, errors = layout_form.said(layout_form.taken(form), kind)
    if errors:
        raise BadRequest(m("A section needs a name in both languages, and fields stand below one."))
    document = from_raw({"layouts": {kind.key: {"roles": {role: said}} if role else said}}, catalog)
    return over(catalog, document.layouts)


def _drawn(session: UserSession, kind: Entity, screen: str, whose: Whose, *, waits: bool) -> str:
    """With `waits` the kind is only kept as a draft: it has no records yet, and a form is that of a new one."""
    template, language = "admin/configuration/preview.html", context.reader().language
    shared = {"screen": screen, "entity": kind, "language": language, "whose": whose, "why": ""}
    if screen == "menu":
        access = session.access if whose.role else context.access()
        rail = areas(access, session.catalog, session.reader.language) if access is not None else []
        return render_template(template, **shared | {"rail": rail})
    if not session.sight.may(kind.key, "read"):
        return render_template(template, **shared | {"why": "unread"})
    if screen == "list":
        return render_template(template, **shared, **_list(session, kind, whose, waits=waits))
    if screen == "board":
        return render_template(template, **shared | _board(session, kind, waits=waits))
    if screen == "quick" or (waits and screen == "form"):
        filled = forms.record_form(session, kind, session.sight.creatable(kind.key), {}, asked=(), in_sheet=screen == "quick")
        return render_template(template, **shared | {"filled": filled, "why": "" if filled.fields else "unwritten"})
    number = _record(session, kind) if not waits else None
    if number is None:
        return render_template(template, **shared | {"why": "empty"})
    rights = standing(session, kind, number)
    if screen == "card":
        return render_template(template, **shared, card=read_card(session, kind, number, rights))
    keys = [key for key in session.sight.editable(kind.key) if key in rights.editable]
    row = lists.record(session, kind.key, number, tuple(dict.fromkeys((*keys, *lookup.title_columns(session, kind)))))
    filled = forms.record_form(session, kind, keys, row.values, number, row.row_version, asked=(), in_sheet=False)
    forms.fill_chosen(session, filled)
    return render_template(template, **shared | {"filled": filled, "name": lookup.title_of(kind, row.values), "why": "" if filled.fields else "unwritten"})


def _record(session: UserSession, kind: Entity) -> int | None:
    """The record that was asked for, else the first of the list. Raises NotFound for one that is not this reader's to see."""
    asked = request.args.get("record", "")
    if asked:
        if not (asked.isascii() and asked.isdecimal() and len(asked) < 10):
            raise NotFound()
        return int(asked)
    rows = lists.page(session, replace(lists.parse_query(session, kind.key, {}), columns=(), size=1)).rows
    return rows[0].id if rows else None


def _board(session: UserSession, kind: Entity, *, waits: bool) -> dict[str, object]:
    """Cards of the first records of the list; `why` where this reader's records stand on no board."""
    try:
        board = board_page.asked(session, kind, {})
    except BadRequest:
        return {"why": "undivided"}
    cards, page = (None, None) if waits else board_page.cards(session, board, replace(board.query, size=ROWS))
    return {"cards": cards} if page is not None and page.rows else {"why": "empty"}


def _list(session: UserSession, kind: Entity, whose: Whose, *, waits: bool) -> dict[str, object]:
    """Filtered and sorted as the list opens: by the layout, and for a role by the shared view that opens for it, as far as its looker may ask so."""
    view = next((one for one in offered(session.catalog.views, kind.key, session.access) if one.opens_for(session.access)), None) if whose.role else None
    opens = shows.as_address(shows.cleaned(session.sight, kind.key, view.shows)[0]) if view is not None else {}
    begins = {key: opens[key] for key in ("where", "sort") if opens.get(key)}
    query = lists.parse_query(session, kind.key, begins)
    made = columns(session, kind, query.columns)
    rows = [] if waits else lists.page(session, replace(with_companions(session, kind, query), size=ROWS)).rows
    title, width = kind.plural.text(context.reader().language), BOX + sum(one.width for one in made)
    return {
        "heads": heads(kind, query, made, begins), "rows": body(kind, made, rows), "shown": len(rows), "width": width, "title": title,
        "view": view.label.text(session.reader.language) if view is not None else "", "own_columns": bool(opens.get("columns")),
        "chips": [chip.phrase for chip in filters.chips(session, kind, begins.get("where", ""))[0]],
    }
