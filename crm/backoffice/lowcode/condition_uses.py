"""Who names a saved condition, and what becomes of all of them when it says something else or goes."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.compiler import compile_condition
from crm.backoffice.conditions.kept import KEEPERS
from crm.backoffice.conditions.resaving import Resaving
from crm.backoffice.conditions.saved import SavedConditions
from crm.backoffice.conditions.tree import as_stored, meaning, parse, saved_in
from crm.backoffice.configuration import AccessRule
from crm.backoffice.fields.condition import ConditionField, node_of
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.uses import GONE, Use, naming
from crm.backoffice.lowcode.where_used import made_asking
from crm.backoffice.sight import Sight
from crm.errors import BadRequest, BramaError
from crm.messages import Message, m

RULES = AccessRule.__table__
Raw = Mapping[str, Any]


@dataclass(frozen=True)
class RoleNow:
    """A role with its rules as they stand in a file."""

    id: int
    code: str
    rules: tuple[Raw, ...]


@dataclass(frozen=True)
class KeptOne:
    """A condition in a record: of which entity's records it is, and its JSON."""

    entity: str
    id: int
    code: str
    over: str
    text: str


def of_condition(session: SystemSession, key: str) -> list[Use]:
    """Saved conditions, rules of fields, checks, rules of roles, views and kept conditions that name it."""
    return [*made_asking(session.catalog.made, key), *naming(session, Resaving(key, GONE))]


def roles_naming(session: SystemSession, keys: Collection[str]) -> list[RoleNow]:
    """The roles in whose rules one of the keys stands."""
    if not keys:
        return []
    role = session.catalog.entity("role").table
    query = select(role.c.id, role.c.code, RULES.c.rule).join(RULES, RULES.c.role_id == role.c.id).where(role.c.deleted_at.is_(None))
    held: dict[tuple[int, str], list[Raw]] = {}
    for number, code, rule in session.execute(query.order_by(role.c.id, RULES.c.position)):
        held.setdefault((number, code), []).append(rule)
    return [RoleNow(number, code, tuple(rules)) for (number, code), rules in held.items() if any(named_by_rule(rule) & set(keys) for rule in rules)]


def named_by_rule(rule: Raw) -> set[str]:
    """The saved conditions that a rule of a role names itself."""
    fields = rule.get("fields")
    modes = fields.values() if isinstance(fields, Mapping) else ()
    return {key for raw in (rule.get("where"), *(mode.get("where") for mode in modes if isinstance(mode, Mapping))) if raw is not None for key in named(raw)}


def named(raw: Any) -> set[str]:
    """The saved conditions that a condition names itself."""
    try:
        return set(saved_in(parse(raw, as_stored)))
    except BramaError:
        return set()


def kept_naming(session: SystemSession, keys: Collection[str]) -> Iterator[KeptOne]:
    """The conditions in records, removed ones too, in which one of the keys stands."""
    for kind in session.catalog.entities.values():
        for spec in kind.fields.values():
            if isinstance(spec, ConditionField):
                over, column = kind.table.c[kind.fields[spec.over].attribute], kind.table.c[spec.attribute]
                rows = session.execute(select(kind.table.c.id, kind.table.c.code, over, column).where(column.like('%"saved"%'))).all()
                for number, code, of, text in rows:
                    if set(saved_in(node_of(text, as_stored))) & set(keys):
                        yield KeptOne(kind.key, number, code, of, text)


def suit_what_keeps_them(session: SystemSession, after: Catalog, keys: Collection[str]) -> None:
    """Raises BadRequest where a condition in a record would make no sense any more, were `keys` to say what they say in `after`."""
    sight = Sight(None, after, after.reader())
    for one in kept_naming(session, keys):
        try:
            node = node_of(one.text, after.saved)
            compile_condition(node, sight.table(one.over))
        except BramaError as fault:
            raise _unsuited(one, fault.message) from None
        keeper = KEEPERS.get(one.entity)
        why = keeper.why_not(after, one.over, node) if keeper is not None else None
        if why is not None:
            raise _unsuited(one, why)


def _unsuited(one: KeptOne, why: Message) -> BadRequest:
    return BadRequest(m("The condition of “%(name)s” names it and would make no sense any more: %(why)s", name=one.code, why=why))


def follow(session: SystemSession, keys: Collection[str]) -> None:
    """Tell the areas whose records name one of the keys, which says something else from now on."""
    found: dict[str, list[int]] = {}
    for one in kept_naming(session, keys):
        found.setdefault(one.entity, []).append(one.id)
    for entity, ids in found.items():
        if entity in KEEPERS:
            KEEPERS[entity].follow(session, ids)


def spelled_out(rules: Iterable[Raw], saved: SavedConditions) -> list[Raw]:
    """Rules of a role with what saved conditions say in their place: what the journal keeps."""
    return [_rule(rule, saved) for rule in rules]


def _rule(rule: Raw, saved: SavedConditions) -> dict[str, Any]:
    new = dict(rule)
    if rule.get("where") is not None:
        new["where"] = meaning(rule["where"], saved)
    if isinstance(rule.get("fields"), Mapping):
        new["fields"] = {
            key: {**mode, "where": meaning(mode["where"], saved)} if isinstance(mode, Mapping) and mode.get("where") is not None else mode
            for key, mode in rule["fields"].items()
        }
    return new
