"""The roles that a person sees, with how many hold each today."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from crm.backoffice.guard import UserSession
from crm.messages import Label


@dataclass(frozen=True)
class RoleLine:
    """A role; `holders` only for who sees memberships."""

    id: int
    code: str
    label: str
    builtin: bool
    holders: int | None


def roles(session: UserSession) -> list[RoleLine]:
    """At most 500 of them, in the order in which they were made."""
    source = session.table("role")
    usable = set(session.sight.filterable("role"))
    keys = [key for key in ("name", "name_en", "code", "builtin") if key in usable]
    rows = session.execute(select(source.id, *(source[key].label(key) for key in keys)).where(source.visible).order_by(source.id).limit(500)).mappings().all()
    held = _holders(session)
    return [
        RoleLine(
            row["id"], row.get("code") or "", Label.of(row.get("name") or f"№ {row['id']}", row.get("name_en")).text(session.reader.language),
            bool(row.get("builtin")), held.get(row["id"], 0) if held is not None else None,
        )
        for row in rows
    ]


def _holders(session: UserSession) -> dict[int, int] | None:
    """Role → how many people hold it today; None when this reader may not see it."""
    if not {"role", "since", "until", "user"} <= set(session.sight.filterable("membership")):
        return None
    held, day = session.table("membership"), session.reader.today
    query = select(held["role"], func.count(held["user"].distinct())).where(
        held.visible, or_(held["since"].is_(None), held["since"] <= day), or_(held["until"].is_(None), held["until"] >= day)
    ).group_by(held["role"])
    return {row[0]: row[1] for row in session.execute(query)}
