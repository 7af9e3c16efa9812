"""From the roles a person holds today to an Access, and why a right is there or not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Table, and_, or_, select, true

from crm.backoffice.access import ACTIONS, Access, Action, Rule, parse_rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import dump
from crm.backoffice.configuration import AccessRule
from crm.backoffice.entities import Entity
from crm.backoffice.grants import Grant, Grants
from crm.backoffice.guard import DataSession, user_session
from crm.backoffice.sight import Source
from crm.errors import BadRequest, NotFound, UnknownName
from crm.messages import Message, m
from crm.organization.models import Department, Membership, Role, Territory, User

OWNER = "owner"


def access_for(engine: Engine, user_id: int, catalog: Catalog) -> Access:
    """The rights of a person at this moment: roles held today, rules of the configuration in force. Raises NotFound."""
    today = datetime.now(UTC).astimezone(catalog.company.zone).date()
    user, membership, role = (c.__table__ for c in (User, Membership, Role))
    holds = and_(
        membership.c.user_id == user.c.id, membership.c.deleted_at.is_(None),
        or_(membership.c.since.is_(None), membership.c.since <= today), or_(membership.c.until.is_(None), membership.c.until >= today),
    )
    query = (
        select(user.c.department_id, user.c.territory_id, user.c.language, user.c.time_zone, role.c.id, role.c.code)
        .select_from(user.outerjoin(membership, holds).outerjoin(role, and_(role.c.id == membership.c.role_id, role.c.deleted_at.is_(None))))
        .where(user.c.id == user_id, user.c.deleted_at.is_(None), user.c.active.is_(true())).order_by(role.c.id)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
        if not rows:
            raise NotFound()
        person = rows[0]
        roles = {row.id: row.code for row in rows if row.id is not None}
        rules = [rule for role_id in roles for rule in _rules(engine, catalog.version).get(role_id, ())]
        kinds = {rule.scope for rule in rules}
        departments = _below(connection, Department.__table__, person.department_id) if "department_tree" in kinds else {person.department_id} - {None}
        territories = _below(connection, Territory.__table__, person.territory_id) if "territory" in kinds else {person.territory_id} - {None}
    zone = ZoneInfo(person.time_zone) if person.time_zone else catalog.company.zone
    return Access(
        user_id, person.department_id, frozenset(departments), frozenset(territories), tuple(roles.values()), _by_entity(rules), OWNER in roles.values(),
        datetime.now(UTC).astimezone(zone).date(), zone, person.language or catalog.company.language,
    )


@lru_cache(maxsize=64)
def _rules(engine: Engine, version: int) -> Mapping[int, tuple[Rule, ...]]:
    """Role → its rules, read once a configuration version: rules change by the configuration alone."""
    rules, role = AccessRule.__table__, Role.__table__
    found: dict[int, list[Rule]] = {}
    with engine.connect() as connection:
        for row in connection.execute(select(rules.c.role_id, rules.c.position, rules.c.rule, role.c.code).join(role, role.c.id == rules.c.role_id).order_by(rules.c.position)):
            found.setdefault(row.role_id, []).append(parse_rule(row.code, row.position + 1, row.rule))
    return MappingProxyType({role_id: tuple(given) for role_id, given in found.items()})


def _by_entity(rules: Iterable[Rule]) -> Mapping[str, tuple[Rule, ...]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.entity, []).append(rule)
    return MappingProxyType({entity: tuple(given) for entity, given in found.items()})


def _below(connection: Connection, table: Table, top: int | None) -> set[int]:
    """A unit of a tree and everything below it."""
    if top is None:
        return set()
    tree = select(table.c.id).where(table.c.id == top).cte(recursive=True)
    tree = tree.union(select(table.c.id).join(tree, table.c.parent_id == tree.c.id).where(table.c.deleted_at.is_(None)))
    return set(connection.execute(select(tree.c.id)).scalars())


@dataclass(frozen=True)
class Explanation:
    """Whether an action is allowed, the mode of the field asked about, and the rule that decides."""

    allowed: bool
    mode: str | None
    rule: Rule | None
    why: Message

    def as_dict(self) -> dict[str, Any]:
        """The form of `flask access explain --format json`; `why` is rendered by the caller."""
        condition = dump(self.rule.where) if self.rule and self.rule.where else None
        return {
            "allowed": self.allowed, "mode": self.mode, "rule": self.rule.name if self.rule else None, "role": self.rule.role if self.rule else None,
            "condition": condition,
        }


def explain(
    engine: Engine, catalog: Catalog, access: Access, entity: str, record_id: int | None = None, field: str | None = None, action: Action = "read",
) -> Explanation:
    """Why a person may or may not do `action` to an entity, a record, or a field of it. Raises UnknownName, NotFound for nothing of that name.

    Asked of the database by the same predicates that guard his session.
    """
    kind = catalog.entity(entity)
    if field is not None and field not in kind.fields:
        raise UnknownName(field)
    if action not in ACTIONS:
        raise BadRequest(m("“%(action)s” is not an action.", action=str(action)[:40]))
    with user_session(engine, access, catalog) as session:
        return _Inquiry(session, kind, record_id, action).answer(field)


class _Inquiry:
    def __init__(self, session: DataSession, kind: Entity, record_id: int | None, action: Action) -> None:
        self.session, self.kind, self.record_id, self.action = session, kind, record_id, action
        self.source: Source = session.table(kind.key)
        if record_id is not None:
            table = kind.cls.__table__
            if session.kernel(select(table.c.id).where(table.c.id == record_id, table.c.deleted_at.is_(None))).first() is None:
                raise NotFound()

    def answer(self, field: str | None) -> Explanation:
        visible = self._deciding(self.session.sight.records(self.kind, frozenset({"read"})), whole=True)
        if visible is None:
            return Explanation(False, "hidden" if field else None, None, m("No rule of the person's roles shows this record."))
        if field is None:
            return self._record(visible)
        mode, rule = self._mode(field)
        wanted = {"read": ("read", "edit"), "export": ("read", "edit"), "masked": ("masked",)}.get(self.action, ("edit",))
        if self.action == "export" and not self._exports(field):
            return Explanation(False, mode, rule, m("No rule that allows export shows the field here."))
        if self.action in ("create", "update"):
            rule = self._writes(field)
            allowed = rule is not None
            return Explanation(allowed, mode, rule, m("A rule lets the field be changed here.") if allowed else m("No rule lets the field be changed here."))
        allowed = mode in wanted
        return Explanation(allowed, mode, rule, m("A rule shows the field here.") if allowed else m("No rule shows the field here."))

    def _record(self, visible: Grant) -> Explanation:
        actions: frozenset[Action] = frozenset({"read", self.action})
        deciding = self._deciding(self.session.sight.records(self.kind, frozenset({self.action}) if self.action != "export" else actions))
        if deciding is None:
            return Explanation(False, None, visible.rule if visible.rule.role else None, m("The record is visible, but no rule allows the action on it."))
        return Explanation(True, None, deciding.rule if deciding.rule.role else None, m("A rule allows it."))

    def _mode(self, field: str) -> tuple[str, Rule | None]:
        spec = self.kind.fields[field]
        read: frozenset[Action] = frozenset({"read"})
        shown = self._deciding(self.session.sight.grants(self.kind, spec, read, "read"))
        if shown is None:
            masked = self._deciding(self.session.sight.grants(self.kind, spec, read, "masked"))
            return ("masked", masked.rule) if masked else ("hidden", None)
        editing = self._writes(field, "update") if not spec.system else None
        if editing is not None:
            return "edit", editing if editing.role else None
        return "read", shown.rule if shown.rule.role else None

    def _writes(self, field: str, action: Action | None = None) -> Rule | None:
        spec = self.kind.fields[field]
        action = action or self.action
        wanted: frozenset[Action] = frozenset({action})
        if spec.system or self._deciding(self.session.sight.records(self.kind, wanted)) is None:
            return None
        if action == "update" and self._deciding(self.session.sight.grants(self.kind, spec, frozenset({"read"}), "read")) is None:
            return None
        editing = self._deciding(self.session.sight.grants(self.kind, spec, wanted, "edit"))
        return editing.rule if editing else None

    def _exports(self, field: str) -> bool:
        both: frozenset[Action] = frozenset({"read", "export"})
        return (
            self._deciding(self.session.sight.records(self.kind, both)) is not None
            and self._deciding(self.session.sight.grants(self.kind, self.kind.fields[field], both, "read")) is not None
        )

    def _deciding(self, given: Grants, *, whole: bool = False) -> Grant | None:
        """The first grant that holds on the record (on some record, when none is asked about), unless a denial does."""
        if self.record_id is None:
            return None if given.never else given.allowed[0]
        if whole and not self._holds(self.source.visible):
            return None
        if any(self._holds(self.source._term(g)) for g in given.denied):
            return None
        return next((g for g in given.allowed if self._holds(self.source._term(g))), None)

    def _holds(self, predicate: Any) -> bool:
        table = self.source.table
        return self.session.kernel(select(table.c.id).where(table.c.id == self.record_id, predicate)).first() is not None
