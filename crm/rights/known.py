"""Whether what is told of rights would tell more than its reader may see: the roles that another holds, and the values that decide where
rules apply."""

from collections.abc import Iterable, Iterator

from sqlalchemy import func, select

from crm.backoffice.access import Access, Action, Rule
from crm.backoffice.conditions.tree import Aggregate, All, Any_, Latest, Leaf, Node, Not, Saved
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.resting import all_show
from crm.backoffice.sight import Sight

READ: frozenset[Action] = frozenset({"read"})


def knows_roles(session: UserSession, person: int) -> bool:
    """Whether this reader sees every role that the person holds."""
    if not {"user", "role"} <= set(session.sight.filterable("membership")):
        return False
    source = session.table("membership")
    seen = session.execute(select(func.count()).select_from(source.table).where(source.visible, source["user"] == person)).scalar_one()
    table = session.catalog.entity("membership").table
    held = session.kernel(select(func.count()).select_from(table).where(table.c.user_id == person, table.c.deleted_at.is_(None))).scalar_one()
    return bool(seen == held)


def sees_all(sight: Sight, entity: str, fields: Iterable[str], actions: frozenset[Action] = READ) -> bool:
    """Whether this reader sees every record of the entity, and on every record these fields, unmasked."""
    if sight.access is None or sight.access.unlimited:
        return True
    kind = sight.catalog.entity(entity)
    return all_show(sight, kind, actions) and all(sight.grants(kind, kind.fields[key], actions, "read").always for key in fields)


def sees_what_decides(sight: Sight, entity: Entity, shown: frozenset[str], access: Access) -> bool:
    """Whether the conditions of the person's rules on `entity` look only at what this reader sees: plain fields that stand unmasked on
    the record (`shown`), and beyond it only fields and records of which he sees all."""
    return all(_seen(sight, entity, node, shown) for node in _conditions(access.of(entity.key)))


def rest_on_the_seen(sight: Sight, entity: Entity, rules: Iterable[Rule]) -> bool:
    """Whether the conditions of `rules` look only at fields that this reader sees unmasked on every record."""
    return all(_seen(sight, entity, node, None) for node in _conditions(rules))


def rests_on_the_seen(sight: Sight, entity: Entity, condition: Node) -> bool:
    """The same of one condition."""
    return _seen(sight, entity, condition, None)


def _conditions(rules: Iterable[Rule]) -> Iterator[Node]:
    for rule in rules:
        yield from (node for node in (rule.where, *(mode.where for mode in (rule.fields or {}).values())) if node is not None)


def _seen(sight: Sight, here: Entity, node: Node, shown: frozenset[str] | None) -> bool:
    """`shown` None stands for records that may be any: then a field must be seen on all of them."""
    match node:
        case All(parts) | Any_(parts):
            return all(_seen(sight, here, part, shown) for part in parts)
        case Not(part):
            return _seen(sight, here, part, shown)
        case Leaf(path):
            return _path(sight, here, path, shown)
        case Aggregate():
            return _rows(sight, here, node)
        case Latest(path, by, at):
            return all(_path(sight, here, one, shown) for one in (path, (*path[:-1], by), (at,)))
        case Saved(_, of, part):
            return part is not None and of == here.key and _seen(sight, here, part, shown)


def _rows(sight: Sight, here: Entity, node: Aggregate) -> bool:
    """Whether all that is counted or added up is seen."""
    relation = here.relations.get(node.path[0]) if node.of is None and node.path else None
    entity, link = node.of or ((relation.entity, relation.field) if relation is not None else ("", ""))
    measured = node.path if node.of else node.path[1:]
    rows = sight.catalog.entities.get(entity)
    if rows is None or not all_show(sight, rows):
        return False
    inside = node.where is None or _seen(sight, rows, node.where, None)
    return inside and all(_everywhere(sight, rows, key) for key in (link, *measured))


def _path(sight: Sight, here: Entity, path: tuple[str, ...], shown: frozenset[str] | None) -> bool:
    name, rest = path[0], path[1:]
    if name == "id" and not rest:
        return True
    relation = here.relations.get(name)
    if name not in here.fields and relation is None:
        return False
    if relation is not None and name not in here.fields:
        there, known = relation.entity, _everywhere(sight, sight.catalog.entity(relation.entity), relation.field)
    else:
        there, known = here.fields[name].target or "", name in shown if shown is not None else _everywhere(sight, here, name)
    if not rest:
        return known and relation is None
    target = sight.catalog.entities.get(there)
    return known and target is not None and all_show(sight, target) and _path(sight, target, rest, None)


def _everywhere(sight: Sight, entity: Entity, key: str) -> bool:
    spec = entity.fields.get(key)
    return spec is not None and sight.grants(entity, spec, READ, "read").always
