"""What is unread: a record that somebody else changed last, after the reader opened it.

Unread to a person is a record whose last change was made by another person (what the system itself does marks nothing),
- within the last WITHIN days and since the person has an account, so that nothing is all unread to whoever comes anew,
- after the person last opened it, and after the person said last that all records of its kind are read.

It is told by what the reader sees anyway: where a record's `updated_at` or `updated_by` is hidden, it is not unread. It is a person's own
matter: not told to whoever looks through another's eyes.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select

from crm.backoffice import seen
from crm.backoffice.entities import Entity
from crm.backoffice.guard import DataSession
from crm.backoffice.pieces import Whole
from crm.backoffice.sight import Sight, Source
from crm.errors import BadRequest
from crm.messages import m

WITHIN = timedelta(days=30)
ASKED = frozenset({"updated_at", "updated_by"})


def may_tell(sight: Sight, entity: Entity) -> bool:
    """Whether what is unread of the entity can be told to this reader."""
    return entity.is_record and not entity.declared.read_by_all and set(sight.filterable(entity.key)) >= ASKED


def told(session: DataSession, entity: Entity) -> bool:
    """Whether it is told in this session: to a person, who looks with his own eyes."""
    return session.actor_id is not None and session.actor_id == session.sight.actor_id and may_tell(session.sight, entity)


def must_tell(session: DataSession, entity: Entity) -> None:
    """Raises BadRequest where it is not told."""
    if not told(session, entity):
        raise BadRequest(m("What you have not read yet is not told of this list."))


def is_unread(source: Source) -> ColumnElement[bool]:
    """The predicate over the records of `source`. Raises UnknownName where it may not be told."""
    changed, by, reader = source["updated_at"], source["updated_by"], source.sight.actor_id
    user, mark = source.sight.catalog.entity("user").table, seen.TABLE
    came = select(user.c.created_at).where(user.c.id == reader).scalar_subquery()
    read = select(1).select_from(mark).where(
        mark.c.entity == source.entity.key, mark.c.record_id.in_([source.id, seen.EVERY]), mark.c.user_id == reader, mark.c.last_at >= changed,
    )
    recently = datetime.now(UTC) - WITHIN
    unread = and_(changed > recently, by.is_not(None), by != reader, changed > came, ~exists(read.correlate(source.table)))
    return source.sight.seal(Whole(unread))  # type: ignore[no-any-return]
