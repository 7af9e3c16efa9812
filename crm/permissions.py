"""From the roles a person holds today to an Access, and why a right is there or not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Row, Table, bindparam, select, true

from crm.backoffice.access import ACTIONS, EVERYTHING, Access, Action, Rule, parse_rule
from crm.backoffice.catalog import Catalog, version_in_force
from crm.backoffice.conditions.saved import read_saved
from crm.backoffice.conditions.tree import Node, dump
from crm.backoffice.configuration import AccessRule
from crm.backoffice.entities import Entity
from crm.backoffice.grants import Grant, Grants
from crm.backoffice.guard import UserSession, user_session
from crm.backoffice.saving.numbers import HIGHEST
from crm.backoffice.saving.rights import places
from crm.backoffice.sight import Source
from crm.errors import BadRequest, NotFound, UnknownName
from crm.messages import Message, m
from crm.organization import standing
from crm.organization.models import Department, Role, Territory

COMBINATIONS = 256  # of roles, remembered at a time


def today(catalog: Catalog) -> date:
    """The company's day, by which memberships begin and end."""
    return datetime.now(UTC).astimezone(catalog.company.zone).date()


def access_for(engine: Engine, user_id: int, catalog: Catalog) -> Access:
    """The rights of a person at this moment: roles held today, rules of the configuration in force. Raises NotFound."""
    with engine.connect() as connection:
        rows = connection.execute(_STANDING, {"person": user_id, "day": today(catalog)}).all()
    if not rows:
        raise NotFound()
    return access_of(engine, user_id, catalog, rows)


def access_of(engine: Engine, user_id: int, catalog: Catalog, rows: Sequence[Row[*tuple[Any, ...]]]) -> Access:
    """The same of a person whose rows of `crm.organization.standing` have just been read."""
    person = rows[0]
    roles = {row.role_id: row.role for row in rows if row.role_id is not None}
    held = _held(engine, catalog, tuple(roles.items()))
    departments = _units(engine, Department.__table__, person.department_id, below="department_tree" in held.scopes)
    territories = _units(engine, Territory.__table__, person.territory_id, below="territory" in held.scopes)
    zone = ZoneInfo(person.time_zone) if person.time_zone else catalog.company.zone
    unlimited = any(row.role == standing.OWNER and row.builtin for row in rows)  # never by the text of a code alone
    return Access(
        user_id, person.department_id, frozenset(departments), frozenset(territories), tuple(roles.values()), held.by_entity, unlimited,
        datetime.now(UTC).astimezone(zone).date(), zone, person.language or catalog.company.language, held.shared, person.territory_id,
        any(row.taken_until is not None for row in rows),
    )


def accesses(engine: Engine, user_ids: Sequence[int], catalog: Catalog) -> list[Access]:
    """The rights of several people at this moment, in the order of their numbers; those who have left are left out. At most 500."""
    query = (
        select(standing.USER.c.id.label("person"), *standing.COLUMNS).select_from(standing.HELD)
        .where(standing.USER.c.id.in_(sorted(set(user_ids))[:500]), standing.USER.c.deleted_at.is_(None), standing.USER.c.active.is_(true()))
        .order_by(standing.USER.c.id, standing.ORDER)
    )
    with engine.connect() as connection:
        rows = connection.execute(query, {"day": today(catalog)}).all()
    return [access_of(engine, person, catalog, list(held)) for person, held in groupby(rows, key=lambda row: row.person)]


def would_be(engine: Engine, access: Access, role: str, rules: Sequence[Rule]) -> Access:
    """The rights of somebody who holds `role`, were these its rules."""
    found: dict[str, list[Rule]] = {key: [rule for rule in given if rule.role != role] for key, given in access.rules.items()}
    for rule in rules:
        found.setdefault(rule.entity, []).append(rule)
    scopes = {rule.scope for given in found.values() for rule in given}
    territory = access.territory_id
    return replace(
        access, rules=MappingProxyType({key: tuple(given) for key, given in found.items()}), shared={},
        departments=frozenset(_units(engine, Department.__table__, access.department_id, below="department_tree" in scopes)),
        territories=frozenset(_units(engine, Territory.__table__, territory, below="territory" in scopes)),
    )


# Made once: every request asks it, and making it costs more than the answer.
_STANDING = (
    select(*standing.COLUMNS).select_from(standing.HELD)
    .where(standing.USER.c.id == bindparam("person"), standing.USER.c.deleted_at.is_(None), standing.USER.c.active.is_(true())).order_by(standing.ORDER)
)


def access_now(engine: Engine, user_id: int, catalog: Catalog) -> Access:
    """The same for work that lasts: by the rules in force now, whatever configuration it began with. Raises NotFound."""
    with engine.connect() as connection:
        version = version_in_force(connection)
    return access_for(engine, user_id, catalog if version == catalog.version else replace(catalog, version=version))


def _rules(engine: Engine, catalog: Catalog) -> Mapping[int, tuple[Rule, ...]]:
    """Role → its rules, read once a configuration version: rules change by the configuration alone."""
    known: Mapping[int, tuple[Rule, ...]] | None = catalog.memory.get(("rules", engine))
    if known is None:
        known = catalog.memory["rules", engine] = _read_rules(engine)
    return known


def _read_rules(engine: Engine) -> Mapping[int, tuple[Rule, ...]]:
    rules, role = AccessRule.__table__, Role.__table__
    found: dict[int, list[Rule]] = {}
    with engine.connect() as connection:
        saved = read_saved(connection)  # those of the same moment, whatever the catalog knows
        query = select(rules.c.role_id, rules.c.position, rules.c.rule, role.c.code).join(role, role.c.id == rules.c.role_id).order_by(rules.c.position)
        for row in connection.execute(query):
            found.setdefault(row.role_id, []).append(parse_rule(row.code, row.position + 1, row.rule, saved))
    return MappingProxyType({role_id: tuple(given) for role_id, given in found.items()})


@dataclass(frozen=True)
class _Held:
    """The rules of some roles together; `shared` is for what follows from them and from nothing of a person."""

    by_entity: Mapping[str, tuple[Rule, ...]]
    scopes: frozenset[str]
    shared: dict[str, Any] = field(default_factory=dict)


def _held(engine: Engine, catalog: Catalog, roles: tuple[tuple[int, str], ...]) -> _Held:
    """Of roles by number and code, the same for all who hold the same."""
    kept: dict[Any, _Held] = catalog.memory.setdefault(("held", engine), {})
    known = kept.get(roles)
    if known is not None:
        return known
    found: dict[str, list[Rule]] = {}
    for role_id, _ in roles:
        for rule in _rules(engine, catalog).get(role_id, ()):
            found.setdefault(rule.entity, []).append(rule)
    scopes = frozenset(rule.scope for rules in found.values() for rule in rules)
    if len(kept) >= COMBINATIONS:
        kept.clear()
    kept[roles] = made = _Held(MappingProxyType({entity: tuple(given) for entity, given in found.items()}), scopes)
    return made


def _units(engine: Engine, table: Table, top: int | None, *, below: bool) -> set[int]:
    """A unit of a tree, and everything below it when that is asked."""
    if top is None or not below:
        return set() if top is None else {top}
    tree = select(table.c.id).where(table.c.id == top).cte(recursive=True)
    tree = tree.union(select(table.c.id).join(tree, table.c.parent_id == tree.c.id).where(table.c.deleted_at.is_(None)))
    with engine.connect() as connection:
        return set(connection.execute(select(tree.c.id)).scalars())


@dataclass(frozen=True)
class Explanation:
    """Whether an action is allowed, the mode of the field asked about, and the grant that decides."""

    allowed: bool
    mode: str | None
    by: Grant | None
    why: Message

    @property
    def rule(self) -> Rule | None:
        """The rule to cite; none for what nobody's role says."""
        return self.by.rule if self.by is not None and self.by.rule.role else None

    @property
    def condition(self) -> Node | None:
        """The condition that holds here: of the field's mode when that has one, otherwise of the rule."""
        return (self.by.condition if self.by is not None else None) or (self.rule.where if self.rule is not None else None)

    def as_dict(self) -> dict[str, Any]:
        """The form of `flask access explain --format json`; `why` is rendered by the caller."""
        return {
            "allowed": self.allowed, "mode": self.mode, "rule": self.rule.name if self.rule else None, "role": self.rule.role if self.rule else None,
            "condition": dump(self.condition) if self.condition else None,
        }


def explain(
    engine: Engine, catalog: Catalog, access: Access, entity: str, record_id: int | None = None, field: str | None = None, action: Action = "read",
) -> Explanation:
    """Why a person may or may not do `action` to an entity, a record, or a field of it. Raises UnknownName, NotFound for nothing of that name.

    Asked of the database by the same predicates that guard his session.
    """
    kind = catalog.entity(entity)
    if record_id is not None and not 0 < record_id <= HIGHEST:
        raise NotFound()
    with user_session(engine, access, catalog) as session:
        return Inquiry(session, kind, record_id).answer(field, action)


class Inquiry:
    """Questions about one record (or about some record of the entity, when none is named), all answered by one query. Raises NotFound."""

    def __init__(self, session: UserSession, kind: Entity, record_id: int | None) -> None:
        self.session, self.kind, self.record_id = session, kind, record_id
        self.visible = True
        self.holding: dict[tuple[int, int], bool] = {}
        if record_id is not None:
            with session.sight.aside():
                self._ask(session.table(kind.key), record_id)

    def answer(self, field: str | None = None, action: Action = "read") -> Explanation:
        """Raises UnknownName for no such field, BadRequest for no such action."""
        if field is not None and field not in self.kind.fields:
            raise UnknownName(field)
        if action not in ACTIONS:
            raise BadRequest(m("“%(action)s” is not an action.", action=str(action)[:40]))
        if action == "configure":
            return self._configuring()
        visible = self._deciding(self._records("read")) if self.visible else None
        # Who makes a record need not see it afterwards; a row of a parent he puts only under one that he sees.
        if visible is None and (action != "create" or (self.kind.parent is not None and self.record_id is not None)):
            return Explanation(False, "hidden" if field else None, None, m("No rule of the person's roles shows this record."))
        if field is None:
            return self._record(action, visible)
        mode, by = self._mode(field) if visible else ("hidden", None)
        if action in ("read", "export"):
            if action == "export" and not self._exports(field):
                return Explanation(False, mode, by, m("No rule that allows export shows the field here."))
            allowed = mode in ("read", "edit")
            return Explanation(allowed, mode, by, m("A rule shows the field here.") if allowed else m("No rule shows the field here."))
        if action in ("create", "update"):
            if action == "update" and field in places(self.kind) and self._deciding(self._records("assign")) is None:
                return Explanation(False, mode, by, m("Only a rule that lets the record be given to others lets this field be changed."))
            writing = self._writes(field, action)
            why = m("A rule lets the field be changed here.") if writing else m("No rule lets the field be changed here.")
            return Explanation(writing is not None, mode, writing, why)
        return self._record(action, visible)

    def _configuring(self) -> Explanation:
        """Of the entity, whatever the record: by a rule about it or about every entity."""
        access = self.session.sight.access
        if access is None or not access.configures(self.kind.key):
            return Explanation(False, None, None, m("No rule of the person's roles lets this be configured."))
        rules = (rule for key in (self.kind.key, EVERYTHING) for rule in access.of(key) if "configure" in rule.actions and rule.scope == "all")
        rule = next(rules, None)
        return Explanation(True, None, Grant(rule) if rule is not None else None, m("A rule allows it."))

    def _record(self, action: Action, visible: Grant | None) -> Explanation:
        deciding = self._deciding(self._records(*("read", action) if action == "export" else (action,)))
        if deciding is None:
            return Explanation(False, None, visible, m("The record is visible, but no rule allows the action on it."))
        return Explanation(True, None, deciding, m("A rule allows it."))

    def _mode(self, field: str) -> tuple[str, Grant | None]:
        shown = self._deciding(self._field(field, "read", "read"))
        if shown is None:
            masked = self._deciding(self._field(field, "masked", "read"))
            return ("masked", masked) if masked else ("hidden", None)
        editing = self._writes(field, "update")
        held = field not in places(self.kind) or self._deciding(self._records("assign")) is not None
        return ("edit", editing) if editing and held else ("read", shown)

    def _writes(self, field: str, action: Action) -> Grant | None:
        if self.kind.fields[field].system or self.kind.fields[field].derived or self._deciding(self._records(action)) is None:
            return None
        if action == "update" and self._deciding(self._field(field, "read", "read")) is None:
            return None
        return self._deciding(self._field(field, "edit", action))

    def _exports(self, field: str) -> bool:
        both: tuple[Action, ...] = ("read", "export")
        return self._deciding(self._records(*both)) is not None and self._deciding(self._field(field, "read", *both)) is not None

    def _records(self, *actions: Action) -> Grants:
        return self.session.sight.records(self.kind, frozenset(actions))

    def _field(self, field: str, mode: str, *actions: Action) -> Grants:
        return self.session.sight.grants(self.kind, self.kind.fields[field], frozenset(actions), mode)

    def _deciding(self, given: Grants) -> Grant | None:
        """The first grant that holds on the record (on some record, when none is asked about), unless a denial does."""
        if self.record_id is None:
            return None if given.never else given.allowed[0]
        if any(self._holds(g) for g in given.denied):
            return None
        return next((g for g in given.allowed if self._holds(g)), None)

    def _holds(self, grant: Grant) -> bool:
        return grant.everywhere or self.holding[_place(grant)]

    def _ask(self, source: Source, record_id: int) -> None:
        """Every rule of the person for this entity, and every condition of its fields, tried on the record at once."""
        rules = () if self.session.sight.access is None else self.session.sight.access.of(self.kind.key)
        grants = [g for rule in rules if rule.scope != "none" for g in _grants(rule) if not g.everywhere]
        table = source.table
        columns = [source.visible.label("seen"), *(source._term(g).label(f"g{n}") for n, g in enumerate(grants))]
        row = self.session.kernel(select(*columns).where(table.c.id == record_id, table.c.deleted_at.is_(None))).first()
        if row is None:
            raise NotFound()
        self.visible = bool(row[0])
        self.holding = {_place(g): bool(held) for g, held in zip(grants, row[1:], strict=True)}


def _grants(rule: Rule) -> Iterable[Grant]:
    yield Grant(rule)
    yield from (Grant(rule, mode.where) for mode in (rule.fields or {}).values() if mode.where is not None)


def _place(grant: Grant) -> tuple[int, int]:
    return id(grant.rule), id(grant.condition)
