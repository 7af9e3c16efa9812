"""Who sees a record: a page of people, and what of its fields each does not see."""

from dataclasses import dataclass

from flask import render_template, request
from sqlalchemy import select

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import record_number
from crm.admin_views.kit.standing import standing
from crm.admin_views.rights.door import entity_of, keeper
from crm.backoffice.access import Access
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession, system_session
from crm.errors import Forbidden
from crm.messages import m
from crm.permissions import accesses
from crm.rights.rehearsal import knows_people
from crm.rights.who_sees import Sees, may_be_told, who_sees

PAGE = 50


@dataclass(frozen=True)
class Viewer:
    """One person. `told` is False where his rights rest on what whoever asks does not see."""

    id: int
    name: str
    told: bool
    sees: bool = False
    hidden: str = ""
    masked: str = ""
    edits: int = 0


def page(entity: str, record_id: int) -> str:
    """The people whom this person sees, in the order of their numbers; `?after=` goes on. Raises NotFound, Forbidden."""
    session = context.session()
    keeper(session)
    kind = entity_of(session, entity)
    rights = standing(session, kind, record_id)
    if not knows_people(session.sight):
        raise Forbidden(m("Who holds which role is not yours to see."))
    after = record_number(request.args["after"]) if request.args.get("after") else 0
    people = _people(session, after)
    known = {access.user_id: access for access in accesses(context.runtime().engine, [number for number, _ in people[:PAGE]], session.catalog)}
    told = [access for access in known.values() if may_be_told(session.sight, kind, rights.shown, access)]
    with system_session(context.runtime().engine, "who sees a record", session.catalog, source="ui", actor_id=session.actor_id) as work:
        found = who_sees(work, kind, record_id, told)
    viewers = [_viewer(session, kind, number, name, known.get(number), found.get(number)) for number, name in people[:PAGE]]
    title = lookup.titles(session, kind, [record_id]).get(record_id) or f"№ {record_id}"
    return render_template(
        "admin/rights/who.html", kind=kind, title=title, back=f"/{kind.key}/{record_id}/", viewers=viewers,
        more=f"/rights/who/{kind.key}/{record_id}/?after={people[PAGE - 1][0]}" if len(people) > PAGE else "",
    )


def _people(session: UserSession, after: int) -> list[tuple[int, str]]:
    people = session.table("user")
    named = people.title if "name" in session.sight.filterable("user") else people.id
    query = select(people.id, named).where(people.visible, people["active"], people.id > after).order_by(people.id).limit(PAGE + 1)
    return [(row[0], str(row[1])) for row in session.execute(query)]


def _viewer(session: UserSession, kind: Entity, number: int, name: str, access: Access | None, found: Sees | None) -> Viewer:
    if found is None:
        # Whoever has left meanwhile may do nothing.
        return Viewer(number, name, told=access is None)
    language = session.reader.language
    fields = [kind.fields[key] for key in session.sight.readable(kind.key) if not kind.fields[key].system]

    def named(mode: str) -> str:
        return ", ".join(spec.label.text(language) for spec in fields if found.modes[spec.key] == mode)

    if not found.sees:
        return Viewer(number, name, told=True)
    return Viewer(number, name, True, True, named("hidden"), named("masked"), sum(found.modes[spec.key] == "edit" for spec in fields))
