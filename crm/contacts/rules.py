"""What counterparties and people must satisfy."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.rules import Draft, before_save, when_changed
from crm.contacts.models import Position
from crm.messages import m


@before_save("contact")
def name_from_parts(draft: Draft) -> None:
    """A person without a name is called by surname, first name and patronymic."""
    parts = [draft[key] for key in ("last_name", "first_name", "middle_name")]
    if not draft["name"] or (draft.changed("last_name", "first_name", "middle_name") and not draft.changed("name") and _was_made_of_parts(draft)):
        draft["name"] = " ".join(part for part in parts if part) or draft["name"]


def _was_made_of_parts(draft: Draft) -> bool:
    old = [draft.old.get(key) for key in ("last_name", "first_name", "middle_name")]
    return draft.old.get("name") == " ".join(part for part in old if part)


@before_save("account")
def not_own_parent(draft: Draft) -> None:
    """A company is not its own parent."""
    if draft["parent"] is not None and draft["parent"] == draft.id:
        draft.refuse("parent", m("A company cannot be its own parent."))


@before_save("account")
def plausible_numbers(draft: Draft) -> None:
    """Numbers of people and days are not negative; the year of founding is a year."""
    for key in ("employees", "payment_days"):
        if draft[key] is not None and draft[key] < 0:
            draft.refuse(key, m("A number from zero up is expected here."))
    if draft["founded"] is not None and not 1000 <= draft["founded"] <= 2100:
        draft.refuse("founded", m("A year of four digits is expected here."))


@before_save("position")
def period_in_order(draft: Draft) -> None:
    """A position ends no earlier than it begins."""
    if draft["since"] and draft["until"] and draft["until"] < draft["since"]:
        draft.refuse("until", m("The last day is before the first."))


@when_changed("position", "primary", "contact", "since", "until")
def one_primary_position(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A person has one primary position at a time: of those that overlap the newest one marked so."""
    table = Position.__table__
    ended: dict[int, dict[str, bool]] = {}
    for draft in drafts:
        if not draft["primary"] or session.source in ("import", "demo"):
            continue
        query = select(table.c.id).where(
            table.c.contact_id == draft["contact"], table.c.primary.is_(True), table.c.id != draft.id, table.c.deleted_at.is_(None),
            *([or_(table.c.since.is_(None), table.c.since <= draft["until"])] if draft["until"] else []),
            *([or_(table.c.until.is_(None), table.c.until >= draft["since"])] if draft["since"] else []),
        )
        ended |= {number: {"primary": False} for number in session.kernel(query).scalars()}
        ended.pop(draft.id, None)
    records.follow_with_changes(session, "position", ended)
