"""Records that rest on fields of others: what a condition chose says what the fields in it hold. Such a record shows only to whoever sees each
of these fields wholly, so that it never tells him more than he could have asked himself.

A need is a name: `account.city` (a field of what is chosen: it shows on every record that the reader may see, whatever the record's values) or
`*deal.amount` (a field of what the condition leads to: every record of the kind shows, and the field on every one). One that the catalog no
longer knows is met by nobody but the owner.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, assert_never

from sqlalchemy import ColumnElement, String, and_, delete, exists, insert, literal, not_, select
from sqlalchemy.orm import Mapped, mapped_column

from crm.backoffice import grants
from crm.backoffice.access import Action
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import Aggregate, All, Any_, Latest, Leaf, Node, Not, Saved
from crm.backoffice.entities import Base, Entity
from crm.errors import UnknownCondition, UnknownName

if TYPE_CHECKING:
    from crm.backoffice.guard import DataSession
    from crm.backoffice.sight import Sight, Source

READ: frozenset[Action] = frozenset({"read"})
WHOLE = "*"
NOBODY = "?"  # a need that nobody meets


class Resting(Base):
    """A record rests on a field."""

    __tablename__ = "record_resting"

    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    need: Mapped[str] = mapped_column(String(160), primary_key=True)


TABLE = Resting.__table__


# --- what a condition needs ------------------------------------------------------------------------------------------


def needs(catalog: Catalog, entity: Entity, node: Node) -> frozenset[str]:
    """Of a condition over records of `entity`. Raises UnknownName for what the catalog does not know."""
    return frozenset(_of(catalog, entity, node, ""))


def _of(catalog: Catalog, here: Entity, node: Node, far: str) -> Iterator[str]:
    match node:
        case All(parts) | Any_(parts):
            for part in parts:
                yield from _of(catalog, here, part, far)
        case Not(part):
            yield from _of(catalog, here, part, far)
        case Leaf(path, _, value):
            yield from _path(catalog, here, path, value, far)
        case Aggregate():
            rows, measured = _rows(catalog, here, node)
            if node.of is not None or node.path[0] in here.relations:
                link = node.of[1] if node.of is not None else here.relations[node.path[0]].field
                yield _name(rows, link, WHOLE)
            else:
                yield _name(here, node.path[0], far)
                yield _name(rows, "id", WHOLE)
            for key in measured:
                yield _name(rows, key, WHOLE)
            if node.where is not None:
                yield from _of(catalog, rows, node.where, WHOLE)
        case Latest(path, by, at, _, value):
            yield from _path(catalog, here, path, value, far)
            yield from _path(catalog, here, (*path[:-1], by), None, far)
            yield from _path(catalog, here, (at,), None, far)
        case Saved(key, of, part):
            if part is None or of != here.key:
                raise UnknownCondition(key)
            yield from _of(catalog, here, part, far)
        case _:
            assert_never(node)


def _rows(catalog: Catalog, here: Entity, node: Aggregate) -> tuple[Entity, tuple[str, ...]]:
    """What an aggregate goes over, and the fields that it measures."""
    if node.of is not None:
        return _entity(catalog, node.of[0]), node.path
    if not node.path:
        raise UnknownName(node.function)
    relation = here.relations.get(node.path[0])
    return _entity(catalog, relation.entity if relation is not None else _field(here, node.path[0]).target), node.path[1:]


def _path(catalog: Catalog, here: Entity, path: tuple[str, ...], value: Any, far: str) -> Iterator[str]:
    name, rest = path[0], path[1:]
    relation = here.relations.get(name) if name not in here.fields else None
    if name == "id" and not rest:
        if far:
            yield _name(here, "id", far)
        return
    if relation is not None:
        rows = _entity(catalog, relation.entity)
        yield _name(rows, relation.field, WHOLE)
        if rest:
            yield from _path(catalog, rows, rest, value, WHOLE)
        return
    spec = _field(here, name)
    yield _name(here, name, far)
    if spec.target is None or spec.target in catalog.configured:
        return
    target = _entity(catalog, spec.target)
    if rest:
        yield from _path(catalog, target, rest, value, WHOLE)
    elif spec.several:
        yield _name(target, "id", WHOLE)
    if not rest and any(isinstance(one, str) for one in (value if isinstance(value, list) else [value])):
        yield _name(target, "code", WHOLE)  # a record is named by its code


def _field(here: Entity, key: str) -> Any:
    if key not in here.fields:
        raise UnknownName(key)
    return here.fields[key]


def _entity(catalog: Catalog, key: str | None) -> Entity:
    found = catalog.entities.get(key or "")
    if found is None:
        raise UnknownName(key or "")
    return found


def _name(entity: Entity, key: str, far: str) -> str:
    if key != "id":
        _field(entity, key)
    # LIKE takes an underscore for any letter.
    return f"{far}{entity.key}.{key}".replace("_", "-")


# --- who meets them --------------------------------------------------------------------------------------------------


def met(sight: "Sight") -> frozenset[str]:
    """Every need that this reader meets; worked out once for all who hold the same rules."""
    found: frozenset[str] | None = sight._granted.get("met")
    if found is None:
        found = sight._granted["met"] = frozenset(name for kind in sight.catalog.entities.values() for name in _met(sight, kind))
    return found


def all_show(sight: "Sight", kind: Entity, actions: frozenset[Action] = READ) -> bool:
    """Whether every record of a kind shows to this reader: of rows also every record to which they belong."""
    if sight.access is None or sight.access.unlimited:
        return True
    if kind.declared.rests or not sight.records(kind, actions).always:
        return False
    above = [kind.fields[key].target for key in (kind.parent, *kind.declared.seen_with) if key is not None]
    return all(target is not None and all_show(sight, sight.catalog.entity(target), actions) for target in above)


def _met(sight: "Sight", kind: Entity) -> Iterator[str]:
    records, everything = sight.records(kind, READ), all_show(sight, kind)
    if everything:
        yield _name(kind, "id", WHOLE)
    for key, spec in kind.fields.items():
        given = sight.grants(kind, spec, READ, "read")
        if everything and given.always:
            yield _name(kind, key, WHOLE)
        # Whatever a condition on values shows today it may have hidden when the record was chosen.
        steady = all(g.condition is None and g.rule.where is None for part in (records, given) for g in (*part.allowed, *part.denied))
        if steady and grants.covers(given, records):
            yield _name(kind, key, "")


def meets(sight: "Sight", wanted: Collection[str]) -> bool:
    """Whether this reader meets all of `wanted`."""
    return sight.access is None or sight.access.unlimited or met(sight) >= frozenset(wanted)


def shows(source: "Source") -> ColumnElement[bool] | None:
    """The records of `source` all of whose needs its reader meets; None when he meets every need there could be."""
    access = source.sight.access
    if access is None or access.unlimited:
        return None
    need, known = TABLE.alias(), literal("".join(f"|{name}|" for name in sorted(met(source.sight))), String)
    unmet = not_(known.like(literal("%|", String).concat(need.c.need).concat(literal("|%", String))))
    own = and_(need.c.entity == source.entity.key, need.c.record_id == source.table.c.id)
    return not_(exists(select(1).select_from(need).where(own, unmet).correlate(source.table)))


def keep(session: "DataSession", entity: str, record_id: int, wanted: Collection[str]) -> None:
    """The record rests on `wanted` from now on, and on nothing else."""
    session.kernel(delete(TABLE).where(TABLE.c.entity == entity, TABLE.c.record_id == record_id))
    if wanted:
        session.kernel(insert(TABLE), [{"entity": entity, "record_id": record_id, "need": name} for name in sorted(wanted)])
