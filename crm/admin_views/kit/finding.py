"""The global search: a few records of every entity whose text fits, for the command palette."""

from urllib.parse import quote

from flask import jsonify, request
from flask.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.menu import ORDER
from crm.admin_views.kit.viewing import view_url
from crm.backoffice import lists
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.kept_reports.shelf import kept_reports
from crm.backoffice.lists import RowView
from crm.backoffice.text import fold
from crm.backoffice.views.shelf import all_views
from crm.messages import m, render

EACH = 5
MOST = 20
SHORTEST = 2


def answer() -> Response:
    """`GET /search?q=` → `[{"entity", "label", "text", "code", "url"}]`, at most 20, views of lists and kept reports first, only what this reader may see."""
    session = context.session()
    typed = " ".join(request.args.get("q", "").replace("\0", " ").split())[:100]
    if len(typed) < SHORTEST:
        return jsonify([])
    language = context.reader().language
    found = [*_views(session, typed), *_reports(session, typed)]
    for entity in _searched(session):
        for row in _found(session, entity, typed):
            text = lookup.title_of(entity, row.values)
            code = lookup.title_of(entity, {"code": row.values.get("code")})
            found.append({"entity": entity.key, "label": entity.label.text(language), "text": text, "code": code, "url": f"/{entity.key}/{row.id}/"})
        if len(found) >= MOST:
            break
    return jsonify(found[:MOST])


def _views(session: UserSession, typed: str) -> list[dict[str, str]]:
    """At most EACH views of lists by their names."""
    language, entities = context.reader().language, session.catalog.entities
    words = fold(typed).split()
    fitting = [view for view in all_views(session) if all(word in fold(view.label.text(language)) for word in words)]
    return [
        {"entity": v.entity, "label": entities[v.entity].plural.text(language), "text": v.label.text(language), "code": "", "url": view_url(v.entity, v)}
        for v in fitting[:EACH]
    ]


def _reports(session: UserSession, typed: str) -> list[dict[str, str]]:
    """At most EACH kept reports by their names."""
    language, words = context.reader().language, fold(typed).split()
    label = render(m("Report"), language)
    fitting = [one for one in kept_reports(session) if all(word in fold(one.label.text(language)) for word in words)]
    return [
        {"entity": "", "label": label, "text": one.label.text(language), "code": "", "url": f"/report/{one.report}?kept={quote(one.name)}"}
        for one in fitting[:EACH]
    ]


def _found(session: UserSession, entity: Entity, typed: str) -> list[RowView]:
    """At most EACH records: first those in whose title stands what was typed, then those that hold its words anywhere."""
    title, columns = entity.declared.title, lookup.title_columns(session, entity)
    rows: list[RowView] = []
    if title in session.sight.filterable(entity.key) and "contains" in entity.fields[title].operators:
        rows += lists.page(session, lists.ListQuery(entity.key, columns, Leaf((title,), "contains", typed), (("id", False),), size=EACH)).rows
    if len(rows) < EACH:
        known = {row.id for row in rows}
        rest = lists.page(session, lists.ListQuery(entity.key, columns, None, (("id", False),), typed, None, EACH)).rows
        rows += [row for row in rest if row.id not in known]
    return rows[:EACH]


def _searched(session: UserSession) -> list[Entity]:
    place = {key: n for n, key in enumerate(ORDER)}
    fitting = [e for e in session.catalog.entities.values() if e.is_record and e.declared.area and session.sight.may(e.key, "read")]
    return sorted(fitting, key=lambda e: place.get(e.key, len(place)))
