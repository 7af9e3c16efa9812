"""What a report's reader may see: which fields a figure may be computed from, and the names of the records it is grouped by."""

from collections.abc import Iterable

from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.reports.table import Column
from crm.backoffice.sight import Sight
from crm.errors import Forbidden, UnknownName
from crm.messages import m


def require(sight: Sight, entity: str, path: str) -> None:
    """Raises UnknownName when a step of `path` ("owner.manager", "lines.product") does not exist or is hidden or masked for the reader; a path of another
    entity begins with its key ("deal:amount")."""
    here, _, path = path.rpartition(":") if ":" in path else (entity, "", path)
    for name in path.split("."):
        description = sight.catalog.entity(here)
        relation = description.relations.get(name)
        if relation is not None and name not in description.fields:
            require(sight, relation.entity, relation.field)
            here = relation.entity
            continue
        field = description.fields.get(name)
        if field is None:
            raise UnknownName(name)
        if name not in sight.filterable(here):
            raise UnknownName(name, hidden=True)
        here = field.target or here


def seen(sight: Sight, entity: str, path: str) -> bool:
    """Whether the reader may use every step of `path` in a computation."""
    try:
        require(sight, entity, path)
    except UnknownName:
        return False
    return True


def sees(session: DataSession, entity: str, path: str) -> bool:
    """The same of whoever the session is for."""
    return seen(session.sight, entity, path)


def visible_columns(session: DataSession, entity: str, measures: Iterable[Column]) -> tuple[Column, ...]:
    """The measures that rest on nothing hidden from the reader. Raises Forbidden when none is left."""
    shown = tuple(c for c in measures if all(sees(session, entity, path) for path in c.needs))
    if not shown or not session.sight.may(entity, "read"):
        raise Forbidden(m("Every figure of this report rests on something you may not see."))
    return shown


def names(session: DataSession, entity: str, ids: Iterable[int | None]) -> dict[int, str]:
    """What the records of `entity` are called, by id. One that the reader may not see, or whose name is hidden or masked, is absent."""
    wanted = sorted({i for i in ids if i is not None})
    configured = session.catalog.configured.get(entity)
    if configured is not None:
        return {i: configured[i].label.text(session.reader.language) for i in wanted if i in configured}
    title = session.catalog.entity(entity).declared.title
    if title not in session.sight.filterable(entity):
        return {}
    source = session.table(entity)
    found: dict[int, str] = {}
    for chunk in in_parts(wanted):
        rows = session.execute(select(source.id, source.title).where(source.visible, source.id.in_(chunk)))
        found.update((row[0], row[1]) for row in rows if row[1] is not None)
    return found
