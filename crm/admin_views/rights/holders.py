"""Who holds a role, from when until when: today's holders first, those whose time is over or has not come last."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from crm.admin_views.kit import lookup
from crm.backoffice.guard import UserSession

MOST = 200


@dataclass(frozen=True)
class Holder:
    """A membership; not `now` before it begins and when it is over."""

    user: int
    name: str
    department: str
    since: str
    until: str
    now: bool


def holders(session: UserSession, role_id: int) -> list[Holder] | None:
    """As far as this reader sees memberships and people; at most 200. None when he sees no memberships."""
    if not {"user", "role", "since", "until", "taken_until"} <= set(session.sight.filterable("membership")):
        return None
    held, dated, day = session.table("membership"), session.catalog.entity("membership").fields["since"].formatter(session.reader), session.reader.today
    query = select(held["user"], held["since"], held["until"], held["taken_until"]).where(held.visible, held["role"] == role_id).order_by(held.id).limit(MOST)
    rows, moment = session.execute(query).all(), datetime.now(UTC)
    names = lookup.titles(session, session.catalog.entity("user"), [row[0] for row in rows])
    units = departments_of(session, list(names))
    found = [
        Holder(
            user, names[user], units.get(user, ""), dated(since) if since else "", dated(until) if until else "",
            (since is None or since <= day) and (until is None or until >= day) and (taken is None or taken > moment),
        )
        for user, since, until, taken in rows if user in names
    ]
    return sorted(found, key=lambda one: (not one.now, one.name))


def departments_of(session: UserSession, people: list[int]) -> dict[int, str]:
    """Person → his department, of those that this reader sees."""
    if not people or "department" not in session.sight.filterable("user") or not session.sight.may("department", "read"):
        return {}
    users = session.table("user")
    rows = session.execute(select(users.id, users["department"]).where(users.visible, users.id.in_(people), users["department"].is_not(None))).all()
    titles = lookup.titles(session, session.catalog.entity("department"), [row[1] for row in rows])
    return {row[0]: titles[row[1]] for row in rows if row[1] in titles}
