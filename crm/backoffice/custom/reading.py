"""What administrators have made, read into the description: entities with the fields of both kinds."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog
from sqlalchemy import Connection, Table, select

from crm.backoffice.conditions.tree import Lookup, unsaved
from crm.backoffice.custom.fields import Kept, Option, Said, checks_of, field_of, label_of
from crm.backoffice.custom.models import CHECKS, ENTITIES, FIELDS
from crm.backoffice.custom.tables import own_fields, table_of, widened
from crm.backoffice.entities import Declared, Entity, arranged
from crm.backoffice.fields.base import Field
from crm.errors import FieldError, UnknownName
from crm.messages import Label

log = structlog.get_logger("brama.custom")


@dataclass(frozen=True)
class KeptEntity:
    """A made entity as its row holds it."""

    number: int
    key: str
    said: Said

    @property
    def entity(self) -> str:
        return self.key


@dataclass(frozen=True)
class Made:
    """All that administrators have made, in its order."""

    entities: Mapping[str, KeptEntity] = field(default_factory=dict)
    fields: tuple[Kept, ...] = ()
    gone: frozenset[str] = frozenset()  # keys of removed entities
    checks: tuple[Kept, ...] = ()  # those that have names

    def of(self, entity: str) -> dict[str, Kept]:
        """The made fields of an entity by key."""
        return {kept.key: kept for kept in self.fields if kept.entity == entity}


def read_made(connection: Connection) -> Made:
    """What stands in the database and is not removed."""
    entities = connection.execute(select(ENTITIES).order_by(ENTITIES.c.position, ENTITIES.c.id)).all()
    gone = frozenset(row.key for row in entities if row.removed_at is not None)
    standing = {row.key: KeptEntity(row.id, row.key, row.said) for row in entities if row.removed_at is None}
    return Made(standing, _kept(connection, FIELDS), gone, _kept(connection, CHECKS))


def _kept(connection: Connection, table: Table) -> tuple[Kept, ...]:
    rows = connection.execute(select(table).where(table.c.removed_at.is_(None)).order_by(table.c.position, table.c.id))
    return tuple(Kept(row.id, row.entity, row.key, row.said) for row in rows)


def leave_out(kept: Kept, why: Exception) -> None:
    """What is done with a field that makes no sense any more: a page without it is better than none."""
    log.warning("field left out", entity=kept.entity, field=kept.key, why=str(why))


def described(
    own: Mapping[str, Entity], made: Made, option: Option, wrong: Callable[[Kept, Exception], None] = leave_out, saved: Lookup = unsaved,
) -> dict[str, Entity]:
    """The description of everything: the product's entities with their made fields, and the made ones. `wrong` is told of a field whose
    sources are gone or make no sense."""
    if not made.fields and not made.entities and not made.checks:
        return dict(own)
    checks: dict[str, list[Said]] = defaultdict(list)
    for one in made.checks:
        checks[one.entity].append(one.said)
    bound = _Binding(own, made, option, wrong, saved)
    found: dict[str, Entity] = {}
    for key, entity in own.items():
        extra = bound.of(key)
        found[key] = replace(entity, fields=arranged({**entity.fields, **extra}), table=widened(entity.table, extra.values())) if extra else entity
        if checks[key]:
            found[key] = replace(found[key], checks=checks_of(checks[key], saved))
    for key, (number, said) in ((one.key, (one.number, one.said)) for one in made.entities.values()):
        extra = bound.of(key)
        standard = {spec.key: spec for spec in own_fields()}
        demanded = checks_of((*said.get("checks", ()), *checks[key]), saved)
        found[key] = Entity(declared(key, said), table_of(number, extra.values()), arranged({**standard, **extra}), checks=demanded)
    return found


def declared(key: str, said: Said) -> Declared:
    """What a made entity says of itself."""
    plural = Label(said["plural"]["uk"], said["plural"]["en"])
    return Declared(
        key=key, label=label_of(said), plural=plural, area=said.get("area", "other"), icon=said.get("icon", "database"), prefix=said.get("prefix", ""),
        composed=("name",),
    )


class _Binding:
    """Made fields described in any order: one that is computed asks for those it is computed from."""

    def __init__(self, own: Mapping[str, Entity], made: Made, option: Option, wrong: Callable[[Kept, Exception], None], saved: Lookup) -> None:
        self.own, self.entities, self.option, self.wrong, self.saved = own, made.entities, option, wrong, saved
        self.made: dict[str, dict[str, Kept]] = defaultdict(dict)
        for kept in made.fields:
            self.made[kept.entity][kept.key] = kept
        self.done: dict[tuple[str, str], Field | None] = {}

    def of(self, entity: str) -> dict[str, Field]:
        """An entity's made fields that make sense."""
        found: dict[str, Field] = {}
        for key, kept in self.made.get(entity, {}).items():
            try:
                found[key] = self.field(entity, key)
            except (FieldError, UnknownName) as why:
                self.wrong(kept, why)
        return found

    def field(self, entity: str, key: str) -> Field:
        """Raises FieldError, UnknownName."""
        kept = self.made.get(entity, {}).get(key)
        if kept is None:
            standing = self.own[entity].fields if entity in self.own else {spec.key: spec for spec in own_fields()} if entity in self.entities else {}
            if key not in standing:
                raise UnknownName(f"{entity}.{key}")
            return standing[key]
        if (entity, key) in self.done:
            known = self.done[entity, key]
            if known is None:  # being described: it leads to itself
                raise UnknownName(f"{entity}.{key}")
            return known
        self.done[entity, key] = None
        try:
            self.done[entity, key] = found = field_of(kept, self.field, self.option, self.saved)
        finally:
            if self.done[entity, key] is None:
                del self.done[entity, key]
        return found
