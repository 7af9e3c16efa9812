"""Whether an explanation of somebody else's rights would tell more than its reader may see: the roles the other holds, and the values
that decide where his rules apply."""

from collections.abc import Iterator

from sqlalchemy import func, select

from crm.admin_views.kit.standing import Standing
from crm.backoffice.access import Access, Action
from crm.backoffice.conditions.tree import Aggregate, All, Any_, Leaf, Node, Not
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession

READ: frozenset[Action] = frozenset({"read"})


def knows_roles(session: UserSession, person: int) -> bool:
    """Whether this reader sees every role that the person holds."""
    if not {"user", "role"} <= set(session.sight.filterable("membership")):
        return False
    source = session.table("membership")
    seen = session.execute(select(func.count()).select_from(source.table).where(source.visible, source["user"] == person)).scalar_one()
    table = session.catalog.entity("membership").cls.__table__
    held = session.kernel(select(func.count()).select_from(table).where(table.c.user_id == person, table.c.deleted_at.is_(None))).scalar_one()
    return bool(seen == held)


def sees_what_decides(session: UserSession, entity: Entity, rights: Standing, access: Access) -> bool:
    """Whether the conditions of the person's rules on `entity` look only at what this reader sees: plain fields that stand unmasked on
    the record, and beyond it only fields and records of which he sees all. `rights` are the reader's own on the record."""
    return all(_seen(session, entity, node, rights.shown) for node in _conditions(access, entity))


def _conditions(access: Access, entity: Entity) -> Iterator[Node]:
    for rule in access.of(entity.key):
        yield from (node for node in (rule.where, *(mode.where for mode in (rule.fields or {}).values())) if node is not None)


def _seen(session: UserSession, here: Entity, node: Node, shown: frozenset[str] | None) -> bool:
    """`shown` None stands for records that may be any: then a field must be seen on all of them."""
    match node:
        case All(parts) | Any_(parts):
            return all(_seen(session, here, part, shown) for part in parts)
        case Not(part):
            return _seen(session, here, part, shown)
        case Leaf(path):
            return _path(session, here, path, shown)
        case Aggregate():
            return _rows(session, here, node)


def _rows(session: UserSession, here: Entity, node: Aggregate) -> bool:
    """Whether all that is counted or added up is seen."""
    relation = here.relations.get(node.path[0]) if node.of is None and node.path else None
    entity, link = node.of or ((relation.entity, relation.field) if relation is not None else ("", ""))
    measured = node.path if node.of else node.path[1:]
    rows = session.catalog.entities.get(entity)
    if rows is None or not session.sight.records(rows, READ).always:
        return False
    inside = node.where is None or _seen(session, rows, node.where, None)
    return inside and all(_everywhere(session, rows, key) for key in (link, *measured))


def _path(session: UserSession, here: Entity, path: tuple[str, ...], shown: frozenset[str] | None) -> bool:
    name, rest = path[0], path[1:]
    if name == "id" and not rest:
        return True
    relation = here.relations.get(name)
    if name not in here.fields and relation is None:
        return False
    if relation is not None and name not in here.fields:
        there, known = relation.entity, _everywhere(session, session.catalog.entity(relation.entity), relation.field)
    else:
        there, known = here.fields[name].target or "", name in shown if shown is not None else _everywhere(session, here, name)
    if not rest:
        return known and relation is None
    target = session.catalog.entities.get(there)
    return known and target is not None and session.sight.records(target, READ).always and _path(session, target, rest, None)


def _everywhere(session: UserSession, entity: Entity, key: str) -> bool:
    spec = entity.fields.get(key)
    return spec is not None and session.sight.grants(entity, spec, READ, "read").always
