"""Views that are watched: their person is told once of every record that enters, by his own rights at the moment of looking.

What stood in the view is remembered; a look compares, remembers and tells in one transaction, so that whatever is cut off and done again
tells nothing twice. Between whole scans only records whose journal has grown are looked at; what time or other records bring in, a scan finds.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import delete, insert, select, update

from crm.backoffice import lists, notices
from crm.backoffice.conditions.tree import All, Leaf, meaning
from crm.backoffice.guard import DataSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.lists import ListQuery
from crm.backoffice.parts import in_parts
from crm.backoffice.views import shows
from crm.backoffice.views.models import ViewMember, ViewUse
from crm.backoffice.views.shelf import KeptView, all_views, use_of
from crm.errors import BramaError, Invalid
from crm.messages import Label, m, mn

LARGEST = 5_000  # records of a view that can be watched
CHANGED = 500  # records looked at one by one; when more have changed, the view is scanned
SCANNED_EVERY = timedelta(minutes=15)
OVERLAP = timedelta(minutes=5)  # a transaction may last that long before its journal is seen; what takes longer, a scan finds
NAMED = 50  # records that a notice leads to one by one
USE, MEMBER, JOURNAL = ViewUse.__table__, ViewMember.__table__, JournalRow.__table__


def watch(session: DataSession, view: KeptView, on: bool) -> None:
    """Tell the session's person of records that enter a view from now on, or no more. Raises Invalid for a view too large to watch."""
    use_id = use_of(session, view)
    session.kernel(delete(MEMBER).where(MEMBER.c.use_id == use_id))
    if not on:
        session.kernel(update(USE).where(USE.c.id == use_id).values(watched=None, looked_at=None, scanned_at=None))
        return
    query = _query(session, view)
    if query is None:
        raise Invalid({"watched": m("This view names something that is gone or hidden from you, so it cannot be watched.")})
    now = datetime.now(UTC)
    ids = lists.ids(session, query, LARGEST + 1)
    if len(ids) > LARGEST:
        raise Invalid({"watched": m("A view of at most %(count)s records can be watched. Narrow it.", count=LARGEST)})
    _remember(session, use_id, ids)
    session.kernel(update(USE).where(USE.c.id == use_id).values(watched=_digest(session, view), looked_at=now, scanned_at=now))


def look(session: DataSession) -> int:
    """Look at every view that the session's person watches, and tell him what has entered; of how many records. The caller commits."""
    watched = select(USE.c.id, USE.c.view_id, USE.c.watched, USE.c.looked_at, USE.c.scanned_at)
    watched = watched.where(USE.c.user_id == session.actor_id, USE.c.watched.is_not(None)).order_by(USE.c.id).with_for_update()
    views = {view.id: view for view in all_views(session)}
    told = 0
    for row in session.kernel(watched).all():
        view = views.get(row.view_id)
        if view is not None:
            told += _look_at(session, row, view)
    return told


def _look_at(session: DataSession, use: Any, view: KeptView) -> int:
    query = _query(session, view)
    if query is None:
        return 0  # his rights no longer reach: nothing is told until they do again
    now = datetime.now(UTC)
    if use.watched != _digest(session, view):
        return _begin_anew(session, use, view, query, now)
    changed = None if now - use.scanned_at >= SCANNED_EVERY else _changed(session, view.entity, use.looked_at - OVERLAP)
    if changed is not None and not changed:
        session.kernel(update(USE).where(USE.c.id == use.id).values(looked_at=now))
        return 0
    here = query if changed is None else replace(query, where=_also(query, Leaf(("id",), "in", changed)))
    inside = lists.ids(session, here, LARGEST + 1)
    if len(inside) > LARGEST:
        notices.tell(session, session.actor_id or 0, m("The view “%(view)s” has grown too large to be watched.", view=view.label), _address(view))
        session.kernel(delete(MEMBER).where(MEMBER.c.use_id == use.id))
        session.kernel(update(USE).where(USE.c.id == use.id).values(watched=None))
        return 0
    known = _known(session, use.id, changed)
    entered = [number for number in inside if number not in known]
    _drop(session, use.id, sorted(known.difference(inside)))
    _remember(session, use.id, entered)
    if entered:
        sentence = mn("%(num)s record has entered the view “%(view)s”: %(kind)s", "%(num)s records have entered the view “%(view)s”: %(kind)s", len(entered),
                      view=view.label, kind=_kind(session, view))
        notices.tell(session, session.actor_id or 0, sentence, _address(view, entered))
    values = {"looked_at": now} | ({"scanned_at": now} if changed is None else {})
    session.kernel(update(USE).where(USE.c.id == use.id).values(**values))
    return len(entered)


def _begin_anew(session: DataSession, use: Any, view: KeptView, query: ListQuery, now: datetime) -> int:
    """The view asks for something else than when it was last looked at: what stands in it now is no news."""
    _drop(session, use.id, sorted(_known(session, use.id, None)))
    ids = lists.ids(session, query, LARGEST + 1)
    _remember(session, use.id, ids[:LARGEST])
    session.kernel(update(USE).where(USE.c.id == use.id).values(watched=_digest(session, view), looked_at=now, scanned_at=now))
    return 0


def _query(session: DataSession, view: KeptView) -> ListQuery | None:
    """What chooses the records of a view for this reader; None where he may not ask for all of it: a part left out would let others in."""
    left, _ = shows.cleaned(session.sight, view.entity, view.shows)
    if left.get("where") != (view.shows.get("where") or None):
        return None
    try:
        words = {part: text for part, text in shows.as_address(left).items() if part in ("where", "search")}
        return lists.parse_query(session, view.entity, words)
    except BramaError:
        return None


def _also(query: ListQuery, leaf: Leaf) -> Any:
    return All((query.where, leaf)) if query.where is not None else leaf


def _digest(session: DataSession, view: KeptView) -> str:
    asked = {part: view.shows.get(part) for part in ("where", "search")}
    if asked["where"]:
        asked["where"] = meaning(asked["where"], session.catalog.saved)
    return sha256(json.dumps([view.entity, asked], sort_keys=True).encode()).hexdigest()


def _changed(session: DataSession, entity: str, since: datetime) -> list[int] | None:
    """The records of an entity that were written since; None when they are too many to be looked at one by one."""
    written = select(JOURNAL.c.record_id).where(JOURNAL.c.at >= since, JOURNAL.c.entity == entity, JOURNAL.c.version.is_not(None))
    found = list(session.kernel(written.distinct().limit(CHANGED + 1)).scalars())
    return sorted(found) if len(found) <= CHANGED else None


def _known(session: DataSession, use_id: int, among: Sequence[int] | None) -> set[int]:
    query = select(MEMBER.c.record_id).where(MEMBER.c.use_id == use_id)
    return set(session.kernel(query if among is None else query.where(MEMBER.c.record_id.in_(among))).scalars())


def _remember(session: DataSession, use_id: int, ids: Sequence[int]) -> None:
    for part in in_parts(ids):
        session.kernel(insert(MEMBER), [{"use_id": use_id, "record_id": number} for number in part])


def _drop(session: DataSession, use_id: int, ids: Sequence[int]) -> None:
    for part in in_parts(ids):
        session.kernel(delete(MEMBER).where(MEMBER.c.use_id == use_id, MEMBER.c.record_id.in_(part)))


def _kind(session: DataSession, view: KeptView) -> Label:
    return session.catalog.entity(view.entity).plural


def _address(view: KeptView, entered: Iterable[int] = ()) -> str:
    """Where a notice leads: to the records themselves when they are few, else to the view."""
    ids = list(entered)
    words: Mapping[str, str] = {"view": view.name}
    if ids and len(ids) <= NAMED:
        words = {"where": json.dumps({"field": "id", "op": "in", "value": ids}, separators=(",", ":"))}
    return f"/{view.entity}/?{urlencode(words)}"


def watchers(session: DataSession) -> list[int]:
    """Whoever watches a view, those first who have waited longest."""
    query = select(USE.c.user_id).where(USE.c.watched.is_not(None)).group_by(USE.c.user_id).order_by(USE.c.user_id)
    return list(session.kernel(query).scalars())
