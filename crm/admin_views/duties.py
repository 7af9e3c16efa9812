"""`/duties/`: which roles conflict, and who holds two of them all the same."""

from dataclasses import dataclass

from flask import Blueprint, make_response, render_template
from sqlalchemy import select
from werkzeug.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession
from crm.errors import Forbidden
from crm.messages import Label
from crm.organization.duties import Held, clashes

pages = Blueprint("duties", __name__, url_prefix="/duties")
NEEDS = ("user", "role", "since", "until", "reason")
MOST = 10_000  # memberships that are looked through


@dataclass(frozen=True)
class Violation:
    """A person who holds two roles that conflict."""

    person: str
    url: str
    roles: tuple[str, str]
    reason: str  # "" where none was given
    allowed: bool


@pages.get("/")
def show() -> Response:
    """For those who may change roles and see who holds them: conflicts by name, and present violations among the people they see."""
    session, reader = context.session(), context.reader()
    if not session.sight.may("role", "update") or not set(NEEDS) <= set(session.sight.filterable("membership")):
        raise Forbidden()
    names = role_names(session, reader)
    declared = [(key, [names[c] for c in sorted(one.roles) if c in names], one.with_reason) for key, one in sorted(session.catalog.conflicts.items())]
    return make_response(render_template("admin/duties.html", declared=declared, violations=violations(session, reader, names)))


def role_names(session: UserSession, reader: Reader) -> dict[str, str]:
    """Code → name of the roles that this reader sees."""
    roles = session.table("role")
    rows = session.execute(select(roles["code"], roles["name"], roles["name_en"]).where(roles.visible))
    return {code: Label.of(name, name_en).text(reader.language) for code, name, name_en in rows}


def violations(session: UserSession, reader: Reader, names: dict[str, str]) -> list[Violation]:
    """Who holds today or later two roles that conflict, by person."""
    codes = sorted({code for one in session.catalog.conflicts.values() for code in one.roles} & set(names))
    held, roles = session.table("membership"), session.table("role")
    columns = (held.id.label("id"), held["user"].label("user_id"), held["since"].label("since"), held["until"].label("until"),
               held["reason"].label("reason"), roles["code"].label("code"))
    ends_later = held["until"].is_(None) | (held["until"] >= reader.today)
    query = select(*columns).join(roles.table, roles.id == held["role"]).where(held.visible, roles.visible, roles["code"].in_(codes), ends_later)
    by_person: dict[int, list[Held]] = {}
    for row in session.execute(query.order_by(held.id).limit(MOST)):
        by_person.setdefault(row.user_id, []).append(row)
    found = [(person, one, other, conflict) for person, rows in by_person.items() for one, other, conflict in clashes(rows, session.catalog.conflicts.values())]
    titles = lookup.titles(session, session.catalog.entity("user"), sorted({person for person, *_ in found}))
    made = [
        Violation(titles[person], f"/user/{person}/", (names[one.code], names[other.code]), one.reason or other.reason or "",
                  conflict.with_reason and bool(one.reason or other.reason))
        for person, one, other, conflict in found if person in titles
    ]
    return sorted(made, key=lambda v: (v.allowed, v.person.casefold()))
