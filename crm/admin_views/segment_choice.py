"""`/account/segment`, `/contact/segment`: the chosen records of a list put into a static segment, or taken out of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, make_response, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.addresses import query_string
from crm.admin_views.kit.answers import done, say
from crm.admin_views.kit.chosen_actions import Action, with_chosen, with_filter
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.kit.selection import allowed, chosen
from crm.backoffice import records
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.parts import in_parts
from crm.contacts.segments.models import DYNAMIC, OF, STATIC
from crm.errors import Forbidden, Invalid
from crm.messages import Message, m, mn

pages = Blueprint("segment_choice", __name__)
ADD, TAKE = "add", "take"
OF_KEYS = dict(OF)
OFFERED = 200


def offered(session: UserSession, entity: str) -> bool:
    """Whether this reader may put records of the list into segments."""
    return entity in OF_KEYS and {"segment", entity} <= set(session.sight.creatable("segment_member")) and session.sight.may("segment", "read")


@with_chosen
def to_a_segment(session: UserSession, entity: str) -> list[Action]:
    """Put into a segment, or taken out."""
    return [("segment", "filter", m("Segment…"))] if offered(session, entity) else []


@with_filter
def keep_as_a_segment(session: UserSession, entity: str, where: str) -> list[Action]:
    """A dynamic segment of what the filter shows."""
    if not where or entity not in OF_KEYS or not {"of", "kind", "condition"} <= set(session.sight.creatable("segment")):
        return []
    return [(f"/segment/new/?{urlencode({'of': entity, 'kind': DYNAMIC, 'condition': where})}", "filter", m("Keep as a segment…"))]


@pages.route("/<any(account, contact):entity>/segment", methods=["GET", "POST"])
def choose(entity: str) -> Response:
    """The panel; with `step=apply` the change itself, which can be undone. Raises Forbidden without the right to any of it."""
    session, kind = context.session(), context.catalog().entity(entity)
    if not session.sight.may(entity, "read") or not offered(session, entity):
        raise Forbidden()
    selection = chosen(session, kind)
    how = TAKE if request.values.get("how") == TAKE else ADD
    known = _segments(session, entity)
    number = number_of(request.values.get("segment", ""))
    error = ""
    if request.method == "POST" and request.form.get("step") == "apply":
        if number in known:
            seen = allowed(session, kind, selection.ids, "read")
            try:
                message = _add(session, kind, number, seen) if how == ADD else _take(session, kind, number, seen)
            except Invalid as refused:
                error = say(refused.message)
            else:
                batch = session.batch
                session.commit()
                return done(message, undo=batch, changed=True, rows=[])
        else:
            error = say(m("Choose a segment."))
    html = render_template(
        "admin/segments/choose.html", segments=sorted(known.items(), key=lambda one: one[1].casefold()), chosen=number, how=how, error=error,
        count=len(selection.ids), everything=selection.everything, ids="" if selection.everything else ",".join(map(str, selection.ids)),
        action=f"/{entity}/segment?{query_string(request.args)}" if selection.everything else f"/{entity}/segment",
        create=f"/segment/new/?of={entity}" if session.sight.may("segment", "create") else "",
        takes="until" in session.sight.editable("segment_member"),
    )
    return make_response(html, 422 if error else 200)


def _segments(session: UserSession, of: str) -> dict[int, str]:
    """The static segments of such records, by number."""
    source = session.table("segment")
    if not {"of", "kind"} <= set(session.sight.filterable("segment")):
        return {}
    found = session.execute(select(source.id).where(source.visible, source["of"] == of, source["kind"] == STATIC).order_by(source.id.desc()).limit(OFFERED))
    return lookup.titles(session, session.catalog.entity("segment"), found.scalars())


def _present(session: UserSession, of: str, segment: int, ids: Sequence[int]) -> dict[int, int]:
    """Record → its membership, of those that are in the segment now."""
    rows = session.table("segment_member")
    found: dict[int, int] = {}
    for part in in_parts(ids):
        query = select(rows[of], rows.id).where(rows.visible, rows["current"] == segment, rows[of].in_(part))
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def _add(session: UserSession, kind: Entity, segment: int, ids: Sequence[int]) -> Message:
    known = _present(session, kind.key, segment, ids)
    fresh = [number for number in ids if number not in known]
    for part in in_parts(fresh):
        records.create_many(session, "segment_member", [{"segment": segment, kind.key: number} for number in part])
    added = mn("%(num)s record added to the segment.", "%(num)s records added to the segment.", len(fresh))
    return added if not known else m("%(done)s %(left)s", done=added, left=mn("%(num)s was in it already.", "%(num)s were in it already.", len(known)))


def _take(session: UserSession, kind: Entity, segment: int, ids: Sequence[int]) -> Message:
    members = list(_present(session, kind.key, segment, ids).values())
    now = datetime.now(UTC)
    for part in in_parts(members):
        records.change_many(session, "segment_member", {number: {"until": now} for number in part})
    return mn("%(num)s record taken out of the segment.", "%(num)s records taken out of the segment.", len(members))
