"""The rules of one role: read for a screen, judged, and put in force through the door of configuration files."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Engine, select

from crm.backoffice import versions
from crm.backoffice.access import EVERYTHING, Rule, parse_rule
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import Lookup, unsaved
from crm.backoffice.configuration import AccessRule, ConfigVersion
from crm.backoffice.guard import DataSession, SystemSession, system_session
from crm.backoffice.lowcode import made_apply
from crm.backoffice.lowcode.apply import Applied, apply
from crm.backoffice.lowcode.document import Document, RoleSpec, check_rule
from crm.backoffice.sight import Sight
from crm.errors import BadRequest, Conflict, Forbidden, NotFound
from crm.messages import Label, Message, m
from crm.organization.comparing import allows_no_more, denied_to, holds_as_much, same_rule
from crm.organization.models import Membership, Role
from crm.organization.standing import OWNER
from crm.permissions import access_now
from crm.rights.known import rest_on_the_seen

MOST_RULES = 20  # of one entity in one role
Raw = Mapping[str, Any]


@dataclass(frozen=True)
class RoleRules:
    """A role and its rules, as they stand in a configuration file."""

    id: int
    code: str
    label: Label
    builtin: bool
    rules: tuple[Raw, ...]
    saved: Lookup = field(default=unsaved, compare=False, repr=False)

    @cached_property
    def parsed(self) -> tuple[Rule, ...]:
        """The same as typed values, numbered as explanations cite them."""
        return tuple(parse_rule(self.code, n, raw, self.saved) for n, raw in enumerate(self.rules, 1))

    @property
    def is_owner(self) -> bool:
        """Whether it is beyond rules."""
        return self.builtin and self.code == OWNER

    def of(self, entity: str) -> tuple[Raw, ...]:
        """Its rules about one entity, in their order."""
        return tuple(raw for raw in self.rules if raw.get("entity") == entity)

    def mark(self, *entities: str) -> str:
        """What tells whether the rules about these entities are still those that a form was made of."""
        return hashlib.sha256(json.dumps([self.of(key) for key in entities], sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]

    def with_all(self, given: Mapping[str, Sequence[Raw]]) -> "RoleRules":
        """The role with other rules about some entities."""
        made = self
        for entity, rules in given.items():
            made = made.with_rules(entity, rules)
        return made

    def with_rules(self, entity: str, given: Sequence[Raw]) -> "RoleRules":
        """The role with other rules about one entity, where the first of them stood."""
        places = [n for n, raw in enumerate(self.rules) if raw.get("entity") == entity]
        at = places[0] if places else len(self.rules)
        before = tuple(raw for raw in self.rules[:at] if raw.get("entity") != entity)
        after = tuple(raw for raw in self.rules[at:] if raw.get("entity") != entity)
        return replace(self, rules=(*before, *given, *after))


def read_role(session: DataSession, role_id: int) -> RoleRules:
    """Whoever asks must have found that the reader sees the role. Raises NotFound."""
    role, rules = Role.__table__, AccessRule.__table__
    named = select(role.c.id, role.c.code, role.c.name, role.c.name_en, role.c.builtin)
    row = session.kernel(named.where(role.c.id == role_id, role.c.deleted_at.is_(None))).first()
    if row is None:
        raise NotFound()
    held = session.kernel(select(rules.c.rule).where(rules.c.role_id == role_id).order_by(rules.c.position)).scalars()
    return RoleRules(row.id, row.code, Label.of(row.name, row.name_en), bool(row.builtin), tuple(held), session.catalog.saved)


def why_not(session: DataSession, sight: Sight, role: RoleRules) -> Message | None:
    """Why the one who looks may not change the rules of the role at all; None when he may."""
    access = sight.access
    if role.is_owner:
        return m("The owner may do everything, always: this role has no rules.")
    if access is None or access.unlimited:
        return None
    if not allows_no_more(access, sight.catalog, role.parsed):
        return m("This role allows more than you may do yourself.")
    if not _rests_on_the_seen(sight, role.parsed):
        return m("This role rests on values that you may not see.")
    membership = Membership.__table__
    others = select(membership.c.user_id).where(membership.c.role_id == role.id, membership.c.deleted_at.is_(None), membership.c.user_id != access.user_id)
    held = select(membership.c.role_id).distinct().where(membership.c.user_id.in_(others), membership.c.deleted_at.is_(None))
    if not holds_as_much(session, access, list(session.kernel(held).scalars())):
        return m("Somebody who holds this role may do more than you.")
    return None


def _rests_on_the_seen(sight: Sight, rules: Sequence[Rule]) -> bool:
    return all(rule.entity == EVERYTHING or rest_on_the_seen(sight, sight.catalog.entity(rule.entity), (rule,)) for rule in rules)


def judge(session: DataSession, sight: Sight, role: RoleRules, new: RoleRules) -> None:
    """Raises BadRequest for rules that name what is not there, Forbidden where the one who acts may not make `new` of `role`."""
    for rule in new.parsed:
        check_rule(rule, sight.catalog)
    refusal = why_not(session, sight, role)
    if refusal is not None:
        raise Forbidden(refusal)
    access = sight.access
    if access is None or access.unlimited:
        return
    if not allows_no_more(access, sight.catalog, new.parsed):
        raise Forbidden(m("You may not allow more than you may do yourself."))
    if not _rests_on_the_seen(sight, new.parsed):
        raise Forbidden(m("A condition may look only at what you see yourself on every record."))
    lifted = [old for old in role.parsed if old.effect == "deny" and not any(same_rule(old, rule) for rule in new.parsed)]
    if any(denied_to(access, rule) for rule in lifted):
        raise Forbidden(m("This role denies something to you: another person must lift it."))


def save(engine: Engine, catalog: Catalog, user_id: int, role_id: int, given: Mapping[str, Sequence[Raw]], mark: str) -> Applied:
    """Give a role other rules about some entities, in the name of a person who may change roles: one new version of the configuration.

    Raises Conflict when the rules about these are no longer those of `mark`, Forbidden, BadRequest, NotFound.
    """
    if any(len(rules) > MOST_RULES for rules in given.values()):
        raise BadRequest(m("A role holds at most %(most)s rules about one kind of record.", most=MOST_RULES))
    with _work(engine, catalog, user_id) as session:
        _alone(session)
        role = read_role(session, role_id)
        if role.mark(*given) != mark:
            raise Conflict("role", role_id, ("rules",))
        applied = _put(session, engine, user_id, role, role.with_all(given))
        session.commit()
    return applied


def take_back(engine: Engine, catalog: Catalog, user_id: int, role_id: int, version: int) -> Applied:
    """Bring back the rules that a role had before `version`, which this person made and after which the rules were not changed again.

    Raises NotFound for any other version, Forbidden.
    """
    with _work(engine, catalog, user_id) as session:
        _alone(session)
        role = read_role(session, role_id)
        made = _made(session, version)
        rules = (made.before["file"].get("roles") or {}).get(role.code, {}).get("rules") if made is not None else None
        if made is None or rules is None or made.actor_id != user_id or _changed_since(session, role.code, version):
            raise NotFound(m("There is nothing to undo."))
        applied = _put(session, engine, user_id, role, replace(role, rules=tuple(rules)))
        session.commit()
    return applied


def _alone(session: SystemSession) -> None:
    """Nobody else changes the configuration now, and what is judged is judged by what is in force."""
    versions.one_at_a_time(session)
    if versions.in_force(session) != session.catalog.version:
        made_apply.follow(session)


def _work(engine: Engine, catalog: Catalog, user_id: int) -> SystemSession:
    return system_session(engine, "rights of a role", catalog, write=True, source="ui", actor_id=user_id)


def _put(session: SystemSession, engine: Engine, user_id: int, role: RoleRules, new: RoleRules) -> Applied:
    # By the rules in force at this moment: what the page was shown with may have been taken away since.
    access = access_now(engine, user_id, session.catalog)
    judge(session, Sight(access, session.catalog, session.reader), role, new)
    return apply(session, Document(roles=(RoleSpec(role.code, role.label, new.rules, role.builtin),)))


def _made(session: DataSession, version: int) -> Any:
    row = ConfigVersion.__table__
    found = session.kernel(select(row.c.actor_id, row.c.before, row.c.changes).where(row.c.id == version)).first()
    return found if found is not None and all(change["kind"] == "rules" for change in found.changes) else None


def _changed_since(session: DataSession, code: str, version: int) -> bool:
    row = ConfigVersion.__table__
    later = session.kernel(select(row.c.changes).where(row.c.id > version)).scalars()
    return any(change["kind"] in ("rules", "role") and change["field"] == code for changes in later for change in changes)
