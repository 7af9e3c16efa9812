"""The global search: a few records of every entity whose text fits, for the command palette."""

from flask import jsonify, request
from flask.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.menu import ORDER
from crm.backoffice import lists
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession

EACH = 5
MOST = 20
SHORTEST = 2


def answer() -> Response:
    """`GET /search?q=` → `[{"entity", "label", "text", "code", "url"}]`, at most 20, only what this reader may see."""
    session = context.session()
    typed = " ".join(request.args.get("q", "").replace("\0", " ").split())[:100]
    if len(typed) < SHORTEST:
        return jsonify([])
    language = context.reader().language
    found = []
    for entity in _searched(session):
        rows = lists.page(session, lists.ListQuery(entity.key, lookup.title_columns(session, entity), None, (("id", False),), typed, None, EACH)).rows
        for row in rows:
            text = lookup.title_of(entity, row.values)
            code = lookup.title_of(entity, {"code": row.values.get("code")})
            found.append({"entity": entity.key, "label": entity.label.text(language), "text": text, "code": code, "url": f"/{entity.key}/{row.id}/"})
        if len(found) >= MOST:
            break
    return jsonify(found[:MOST])


def _searched(session: UserSession) -> list[Entity]:
    place = {key: n for n, key in enumerate(ORDER)}
    fitting = [e for e in session.catalog.entities.values() if e.is_record and e.declared.area and session.sight.may(e.key, "read")]
    return sorted(fitting, key=lambda e: place.get(e.key, len(place)))
