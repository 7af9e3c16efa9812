"""Where a person works over time: one employer follows another, and what was said at the old one stays there."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.errors import Invalid
from crm.messages import m

PERIOD = frozenset({"contact", "account", "primary", "since", "until"})


def present_position(session: DataSession, contact: int, on: date) -> tuple[int, int | None, date | None] | None:
    """The position a person holds on a day, the primary one first, as far as the reader sees: its number, company and first day."""
    if not set(session.sight.filterable("position")) >= PERIOD:
        return None
    positions = session.table("position")
    query = select(positions.id, positions["account"], positions["since"]).where(
        positions.visible, positions["contact"] == contact,
        or_(positions["since"].is_(None), positions["since"] <= on), or_(positions["until"].is_(None), positions["until"] >= on),
    )
    row = session.execute(query.order_by(positions["primary"].desc(), positions.id.desc()).limit(1)).first()
    return (row[0], row[1], row[2]) if row is not None else None


def change_employer(session: DataSession, contact: int, values: Mapping[str, Any]) -> int:
    """The person works for `account` since a day (today when not given) with the further values of a position; what he held on that day
    ends the day before. The number of the new position.

    Raises Invalid when he works there already or began the old position no earlier, Forbidden, UnknownName.
    """
    since = values.get("since") or session.reader.today
    old = present_position(session, contact, since)
    if old is not None:
        number, account, began = old
        if account is not None and account == values.get("account"):
            raise Invalid({"account": m("This person works there already.")})
        if began is not None and began >= since:
            raise Invalid({"since": m("The present position begins no earlier than this day.")})
        records.change(session, "position", number, {"until": since - timedelta(days=1)})
    return records.create(session, "position", {**values, "contact": contact, "since": since, "primary": True})
