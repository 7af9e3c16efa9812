"""What the rules of interactions look up: options by key, companies as the writer sees them, what comes after, who takes part."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_, func, or_, select

from crm.backoffice import records
from crm.backoffice.guard import DataSession, SystemSession
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import Draft
from crm.backoffice.saving.drafts import visible
from crm.contacts.interactions.models import Interaction, Participant

EMPTY = "interactions without participants"  # those that get them all at once: asking about each of hundreds would ask hundreds of times


def key_of(session: DataSession, picklist: str, number: int | None) -> str:
    """The key of an option, "" for none."""
    found = session.catalog.picklists[picklist].by_id(number) if number is not None else None
    return found.key if found else ""


def option(session: DataSession, picklist: str, key: str) -> int | None:
    """The number of an option; None in a company that does not have it."""
    found = session.catalog.picklists[picklist].by_key(key)
    return found.id if found else None


def known_to_writer(draft: Draft, key: str) -> bool:
    """Whether the writer sees the field on this record: what he does not see is not copied to where he might."""
    session = draft.session
    if isinstance(session, SystemSession) or key in draft.given:
        return True
    if key not in session.sight.filterable(draft.entity.key):
        return False
    source = session.table(draft.entity.key)
    return draft.is_new or session.scalar(select(source.id).where(source.visible, source.id == draft.id, source.shows(key))) is not None


def account_of_deal(session: DataSession, deal: int | None) -> int | None:
    """The company of a deal, as far as the writer may know it."""
    if deal is None or "account" not in session.sight.filterable("deal"):
        return None
    deals = session.table("deal")
    return _known(session, session.scalars(select(deals["account"]).where(deals.visible, deals.id == deal)).all())


def account_of_person(session: DataSession, contact: int | None) -> int | None:
    """Where a person works today, the primary position first, as far as the writer may know it."""
    if contact is None or not {"contact", "account", "primary", "since", "until"} <= set(session.sight.filterable("position")):
        return None
    positions, today = session.table("position"), session.reader.today
    query = select(positions["account"]).where(
        positions.visible, positions["contact"] == contact,
        or_(positions["since"].is_(None), positions["since"] <= today), or_(positions["until"].is_(None), positions["until"] >= today),
    )
    return _known(session, session.scalars(query.order_by(positions["primary"].desc(), positions.id.desc())).all())


def _known(session: DataSession, accounts: Sequence[int | None]) -> int | None:
    wanted = [a for a in accounts if a is not None]
    seen = visible(session, "account", wanted) if wanted else set()
    return next((a for a in wanted if a in seen), None)


def followers(session: DataSession, ids: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Interaction → those that follow it or were postponed from it, each with its state."""
    table = Interaction.__table__
    found: dict[int, list[tuple[int, int]]] = {}
    for part in in_parts(ids):
        query = select(table.c.id, table.c.state_id, table.c.follows_id, table.c.postponed_from_id).where(
            or_(table.c.follows_id.in_(part), table.c.postponed_from_id.in_(part)), table.c.deleted_at.is_(None)
        )
        for number, state, follows, postponed_from in session.kernel(query):
            found.setdefault(postponed_from if postponed_from in part else follows, []).append((number, state))
    return found


def copy_participants(session: DataSession, places: Mapping[int, int]) -> None:
    """Give interactions that have just been made the participants of others (old → new); who was there is still to be seen."""
    table = Participant.__table__
    columns = (table.c.interaction_id, table.c.contact_id, table.c.colleague_id, table.c.role_id)
    rows, numbers = [], sorted(places)
    for part in in_parts(numbers):
        query = select(*columns).where(table.c.interaction_id.in_(part), table.c.deleted_at.is_(None)).order_by(table.c.id)
        rows += [
            {"interaction": places[old], "contact": contact, "colleague": colleague, "role": role} for old, contact, colleague, role in session.kernel(query)
        ]
    session.info[EMPTY] = frozenset(places.values())
    try:
        records.follow_with_new(session, "interaction_participant", rows)
    finally:
        del session.info[EMPTY]


def takes_part(session: DataSession, interaction: int | None, contact: int | None, colleague: int | None, but: int) -> bool:
    """Whether the person or colleague stands among the participants that this session may know of, in another row than `but`. Who does not
    see them may not add one either, and learns nothing by trying."""
    if interaction in session.info.get(EMPTY, ()):
        return False
    table = Participant.__table__
    same = table.c.contact_id == contact if contact is not None else table.c.colleague_id == colleague
    query = select(table.c.id).where(table.c.interaction_id == interaction, same, table.c.id != but, table.c.deleted_at.is_(None))
    return bool(visible(session, "interaction_participant", session.kernel(query).scalars()))


def stand_twice(session: DataSession, interactions: Collection[int]) -> bool:
    """Whether somebody stands twice among those participants of one of these of whom the reader may know."""
    table, ids = Participant.__table__, sorted(interactions)
    for part in in_parts(ids):
        alive = and_(table.c.interaction_id.in_(part), table.c.deleted_at.is_(None))
        for person in (table.c.contact_id, table.c.colleague_id):
            twice = select(table.c.interaction_id, person).where(alive, person.is_not(None)).group_by(table.c.interaction_id, person).having(func.count() > 1)
            for interaction, number in session.kernel(twice).all():
                rows = select(table.c.id).where(table.c.interaction_id == interaction, person == number, table.c.deleted_at.is_(None))
                if len(visible(session, "interaction_participant", session.kernel(rows).scalars())) > 1:
                    return True
    return False
