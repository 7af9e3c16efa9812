"""A person's shelf: his own views and the shared ones offered to him, in one query a list; what he keeps, renames, stars and orders.

Own views are read by their owner alone; nobody else's session or screen asks for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from crm.backoffice import journal
from crm.backoffice.guard import DataSession
from crm.backoffice.views.models import SavedView, ViewMember, ViewUse
from crm.backoffice.views.shared import SharedView, offered
from crm.errors import Invalid, NotFound
from crm.messages import Label, m

STANDARD = "standard"
MOST = 200  # own views of one person
LONGEST_NAME = 80
VIEW, USE, MEMBER = SavedView.__table__, ViewUse.__table__, ViewMember.__table__


@dataclass(frozen=True)
class KeptView:
    """A view as one person has it; `name` stands in addresses: the number of an own view, the key of a shared one."""

    id: int
    name: str
    entity: str
    label: Label
    shows: Mapping[str, Any]
    own: bool
    starred: bool = False
    opened_first: bool = False
    watched: bool = False


@dataclass(frozen=True)
class Shelf:
    """The views of one entity for one person, in his order, and all that he has starred; `first` is the one that a list without a query
    opens with, None for the standard list."""

    views: tuple[KeptView, ...]
    starred: tuple[KeptView, ...]
    first: KeptView | None
    insists: bool = False  # on the standard list, whatever his roles open with

    def named(self, name: str) -> KeptView:
        """Raises NotFound, alike for no such view and somebody else's."""
        found = next((view for view in self.views if view.name == name), None)
        if found is None:
            raise NotFound(m("There is no such view."))
        return found


def shelf(session: DataSession, entity: str) -> Shelf:
    """The shelf of the session's person for an entity, by one query."""
    rows = _rows(session)
    everything = _views(session, rows)
    views = tuple(view for view in everything if view.entity == entity)
    chosen = next((view for view in views if view.opened_first), None)
    insists = any(row.view_id is None and row.entity == entity and row.opened_first for row in rows)
    if chosen is None and not insists:
        by_role = next((view.key for view in offered(session.catalog.views, entity, session.access) if view.opens_for(session.access)), "")
        chosen = next((view for view in views if view.name == by_role), None)
    return Shelf(views, tuple(view for view in everything if view.starred), chosen, insists)


def all_views(session: DataSession) -> list[KeptView]:
    """Every view of the session's person, his own first, over what he may read; by one query."""
    return _views(session, _rows(session))


def _views(session: DataSession, rows: Sequence[Any]) -> list[KeptView]:
    uses = {row.view_id: row for row in rows}
    own = sorted((row for row in rows if row.owner_id is not None), key=lambda row: (row.position, row.view_id))
    shared = (view for view in session.catalog.views.values() if view.is_for(session.access))
    found = [*(_own(row) for row in own), *(_shared(view, uses.get(view.id)) for view in shared)]
    return [view for view in found if view.entity in session.catalog.entities and session.sight.may(view.entity, "read")]


def _rows(session: DataSession) -> Sequence[Any]:
    """Of what the person uses: his arrangement, and of his own views all."""
    own = and_(VIEW.c.id == USE.c.view_id, or_(VIEW.c.owner_id == USE.c.user_id, VIEW.c.owner_id.is_(None)))
    query = select(USE.c.entity, USE.c.view_id, USE.c.position, USE.c.starred, USE.c.opened_first, USE.c.watched)
    query = query.add_columns(VIEW.c.owner_id, VIEW.c.label_uk, VIEW.c.shows)
    return session.kernel(query.select_from(USE.outerjoin(VIEW, own)).where(USE.c.user_id == session.actor_id)).all()


def _own(row: Any) -> KeptView:
    marks = (row.starred, row.opened_first, row.watched is not None)
    return KeptView(row.view_id, str(row.view_id), row.entity, Label(row.label_uk, row.label_uk), row.shows, True, *marks)


def _shared(view: SharedView, use: Any) -> KeptView:
    marks = (use.starred, use.opened_first, use.watched is not None) if use is not None else ()
    return KeptView(view.id, view.key, view.entity, view.label, view.shows, False, *marks)


# --- what a person does with them ----------------------------------------------------------------------------------


def keep(session: DataSession, entity: str, name: str, shows: Mapping[str, Any]) -> int:
    """A new own view of the session's person; its number. Raises Invalid for a name that will not do."""
    name = _good_name(session, entity, name)
    count, last = session.kernel(select(func.count(), func.max(USE.c.position)).where(USE.c.user_id == session.actor_id)).one()
    if count >= MOST:
        raise Invalid({"name": m("You keep %(count)s views already. Remove some that you no longer use.", count=MOST)})
    row: dict[str, Any] = {
        "entity": entity, "owner_id": session.actor_id, "label_uk": name, "label_en": name, "shows": dict(shows), "roles": [], "default_for": [],
    }
    view_id: int = session.kernel(insert(VIEW).values(row).returning(VIEW.c.id)).scalar_one()
    session.kernel(insert(USE).values(user_id=session.actor_id, entity=entity, view_id=view_id, position=(last or 0) + 1))
    _journal(session, {f"view {view_id}": [None, entity]})
    return view_id


def change(session: DataSession, view: KeptView, *, name: str | None = None, shows: Mapping[str, Any] | None = None) -> None:
    """Rename an own view or let it show something else. Raises Invalid."""
    values: dict[str, Any] = {}
    if name is not None:
        name = _good_name(session, view.entity, name, but=view.id)
        values |= {"label_uk": name, "label_en": name}
    if shows is not None:
        values["shows"] = dict(shows)
    if values:
        session.kernel(update(VIEW).where(VIEW.c.id == view.id, VIEW.c.owner_id == session.actor_id).values(**values))
        _journal(session, {f"view {view.id}": [view.entity, view.entity]})


def remove(session: DataSession, view: KeptView) -> None:
    """Forget an own view."""
    forget_uses(session, USE.c.view_id == view.id)
    session.kernel(delete(VIEW).where(VIEW.c.id == view.id, VIEW.c.owner_id == session.actor_id))
    _journal(session, {f"view {view.id}": [view.entity, None]})


def star(session: DataSession, view: KeptView, on: bool) -> None:
    """Put a view among the favourites, or take it out."""
    _use(session, view.entity, view.id, starred=on)


def open_first(session: DataSession, entity: str, view: KeptView | None, on: bool = True) -> None:
    """Let the list of an entity open with a view (None: with the standard list, whatever the roles say); not `on`: as the roles say."""
    session.kernel(update(USE).where(USE.c.user_id == session.actor_id, USE.c.entity == entity).values(opened_first=False))
    if on:
        _use(session, entity, view.id if view is not None else None, opened_first=True)


def move(session: DataSession, views: Sequence[KeptView], view: KeptView, step: int) -> None:
    """Move an own view by `step` places among the own ones, which are `views` in their order."""
    own = [one for one in views if one.own]
    at = own.index(view)
    own.insert(min(max(at + step, 0), len(own) - 1), own.pop(at))
    for place, one in enumerate(own):
        session.kernel(update(USE).where(USE.c.user_id == session.actor_id, USE.c.view_id == one.id).values(position=place))


def of_people(session: DataSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The own views of people, to be given to them."""
    own = select(VIEW.c.entity, VIEW.c.label_uk.label("name"), VIEW.c.shows).where(VIEW.c.owner_id.in_(ids)).order_by(VIEW.c.id)
    return [dict(row) for row in session.kernel(own).mappings()]


def forget(session: DataSession, ids: Sequence[int]) -> None:
    """Nothing that people kept of lists stays."""
    own = select(VIEW.c.id).where(VIEW.c.owner_id.in_(ids))
    forget_uses(session, or_(USE.c.user_id.in_(ids), USE.c.view_id.in_(own)))
    session.kernel(delete(VIEW).where(VIEW.c.owner_id.in_(ids)))


def forget_uses(session: DataSession, which: ColumnElement[bool]) -> None:
    """What people have made of views goes, with what was remembered for those who watched them."""
    session.kernel(delete(MEMBER).where(MEMBER.c.use_id.in_(select(USE.c.id).where(which))))
    session.kernel(delete(USE).where(which))


def use_of(session: DataSession, view: KeptView) -> int:
    """The number of what the session's person has made of a view, begun where it is nothing yet."""
    _use(session, view.entity, view.id, starred=view.starred)
    here = and_(USE.c.user_id == session.actor_id, USE.c.view_id == view.id)
    return int(session.kernel(select(USE.c.id).where(here)).scalar_one())


def _use(session: DataSession, entity: str, view_id: int | None, **values: bool) -> None:
    here = and_(USE.c.user_id == session.actor_id, USE.c.entity == entity, USE.c.view_id.is_(None) if view_id is None else USE.c.view_id == view_id)
    if session.kernel(update(USE).where(here).values(**values)).rowcount == 0:  # type: ignore[attr-defined]
        session.kernel(insert(USE).values(user_id=session.actor_id, entity=entity, view_id=view_id, **values))


def _good_name(session: DataSession, entity: str, name: str, but: int = 0) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise Invalid({"name": m("Give the view a name.")})
    if len(name) > LONGEST_NAME:
        raise Invalid({"name": m("A name of at most %(count)s characters.", count=LONGEST_NAME)})
    same = select(VIEW.c.id).where(VIEW.c.owner_id == session.actor_id, VIEW.c.entity == entity, VIEW.c.label_uk == name, VIEW.c.id != but)
    if session.kernel(same.limit(1)).first() is not None:
        raise Invalid({"name": m("You have a view of this name already.")})
    return name


def _journal(session: DataSession, changes: Mapping[str, Any]) -> None:
    """That he keeps something, not what: a view may say what he is after."""
    journal.event(session, "preferences", "user", session.actor_id, changes)
