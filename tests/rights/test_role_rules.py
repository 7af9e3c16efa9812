"""The rules of a role changed by people: through the door of configuration files, and never to more than one's own."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice.access import ACTIONS
from crm.backoffice.configuration import AccessRule, ConfigVersion
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode.apply import undo
from crm.errors import BadRequest, Conflict, Forbidden, NotFound
from crm.organization.models import Role
from crm.rights.roles import RoleRules, read_role, save, take_back
from tests.company import Company

ALL = {"entity": "account", "actions": ["read", "create", "update", "delete", "export"], "scope": "all", "fields": {"*": "edit"}}
READ = {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}


def role_id(company: Company, code: str) -> int:
    with company.system(write=False) as session:
        return session.execute(select(Role.id).where(Role.code == code)).scalar_one()


def role_of(company: Company, code: str) -> RoleRules:
    with company.system(write=False) as session:
        return read_role(session, role_id(company, code))


def change(company: Company, who: int, code: str, *rules: dict[str, Any], entity: str = "account", mark: str | None = None) -> Any:
    role = role_of(company, code)
    return save(company.engine, company.catalog, who, role.id, {entity: rules}, role.mark(entity) if mark is None else mark)


def rules(company: Company, code: str) -> Sequence[Any]:
    return role_of(company, code).rules


def test_a_saved_role_is_a_version_of_the_configuration_and_bites_at_once(company: Company) -> None:
    company.role("r", READ, {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read"}})
    owner, holder = company.person("owner"), company.person("r")
    applied = change(company, owner, "r", {**READ, "scope": "own"}, {"entity": "account", "effect": "deny", "actions": ["export"], "scope": "all"})
    assert [(c.kind, c.field, c.effect, c.records) for c in applied.changes] == [("rules", "r", "replace", 1)]
    assert [r["entity"] for r in rules(company, "r")] == ["account", "account", "deal"]  # in place of the old ones
    with company.system(write=False) as session:
        made = session.execute(select(ConfigVersion).where(ConfigVersion.id == applied.version)).scalar_one()
        kept = session.execute(select(JournalRow).where(JournalRow.action == "rules", JournalRow.record_id == role_id(company, "r"))).scalars().all()[-1]
        assert (made.actor_id, kept.actor_id, kept.source) == (owner, owner, "ui")
        assert kept.changes["rules"][0][0] == READ
    company.catalog = type(company)(company.engine).catalog
    assert [r.scope for r in company.access(holder).of("account")] == ["own", "all"]
    with company.system() as session:
        undo(session, applied.version)
        session.commit()
    assert rules(company, "r")[0] == READ


def test_what_one_changed_last_is_taken_back_by_oneself_alone(company: Company) -> None:
    company.role("r", READ)
    owner, other = company.person("owner"), company.person("owner")
    first = change(company, owner, "r", ALL)
    for who, version in ((other, first.version), (owner, first.version - 1), (owner, 10**6)):
        with pytest.raises(NotFound):
            take_back(company.engine, company.catalog, who, role_id(company, "r"), version)
    take_back(company.engine, company.catalog, owner, role_id(company, "r"), first.version)
    assert list(rules(company, "r")) == [READ]
    with pytest.raises(NotFound):  # it has been changed since: by the way back
        take_back(company.engine, company.catalog, owner, role_id(company, "r"), first.version)


def test_rules_that_somebody_else_changed_meanwhile_are_not_overwritten(company: Company) -> None:
    company.role("r", READ)
    owner, mark = company.person("owner"), role_of(company, "r").mark("account")
    change(company, owner, "r", ALL, mark=mark)
    with pytest.raises(Conflict):
        change(company, owner, "r", READ, mark=mark)
    assert list(rules(company, "r")) == [ALL]


def test_an_administrator_gives_what_he_holds_and_no_more(company: Company) -> None:
    company.role("r", READ)
    company.person("r")
    admin = company.person("administrator")
    change(company, admin, "r", {**ALL, "scope": "department"})
    change(company, admin, "r", {**ALL, "fields": {"*": "edit", "revenue": "hidden", "phone": "masked"}})
    before = rules(company, "r")
    deal = {"entity": "deal", "actions": ["read"], "scope": "all"}
    for entity, given in (
        ("deal", {**deal, "fields": {"*": "read", "margin": "read"}}),  # a sensitive field that he does not see
        ("deal", {**deal, "fields": {"*": "read", "margin": "masked"}}),
        ("stage_history", {"entity": "stage_history", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}}),
        ("deal", {**deal, "where": {"field": "margin", "op": "gt", "value": 1}, "fields": {"*": "read"}}),  # a condition over one
        ("deal", {**deal, "fields": {"*": "read", "amount": {"mode": "read", "where": {"field": "cost", "op": "gt", "value": 1}}}}),
        ("account", {**ALL, "where": {"sum": "deals.margin", "op": "gt", "value": 1}}),
        ("account", {"entity": "account", "effect": "deny", "actions": ["read"], "where": {"sum": "deals.margin", "op": "gt", "value": 1}}),
    ):
        with pytest.raises(Forbidden):
            change(company, admin, "r", given, entity=entity)
    assert rules(company, "r") == before


def test_the_owners_role_is_nobodys_to_change(company: Company) -> None:
    for who in (company.person("owner"), company.person("administrator")):
        with pytest.raises(Forbidden):
            change(company, who, "owner", {"entity": "account", "effect": "deny", "actions": list(ACTIONS), "scope": "all"})
    assert rules(company, "owner") == ()


def test_a_role_that_allows_more_or_is_held_by_somebody_mightier_is_not_changed(company: Company) -> None:
    company.role("r", READ)
    admin = company.person("administrator")
    with pytest.raises(Forbidden):
        change(company, admin, "head", READ)
    change(company, admin, "r", ALL)
    company.person("r", "head")
    with pytest.raises(Forbidden):
        change(company, admin, "r", READ)


def test_a_denial_that_binds_him_is_lifted_by_another_person(company: Company) -> None:
    denial = {"entity": "account", "effect": "deny", "actions": ["export"], "scope": "all"}
    company.role("limits", denial)
    admin, owner = company.person("administrator", "limits"), company.person("owner")
    for given in ((), ({**denial, "scope": "own"},), (READ,)):
        with pytest.raises(Forbidden):
            change(company, admin, "limits", *given)
    change(company, owner, "limits")
    assert rules(company, "limits") == ()


def test_unknown_names_and_too_many_rules_are_refused(company: Company) -> None:
    company.role("r", READ)
    owner = company.person("owner")
    for given in ([{**READ, "fields": {"nothing": "read"}}], [{**READ, "scope": "galaxy"}], [{**READ, "actions": []}], [READ] * 21):
        with pytest.raises(BadRequest):
            change(company, owner, "r", *given)
    with pytest.raises(NotFound):
        save(company.engine, company.catalog, owner, 10**6, {"account": [READ]}, "")
    with company.system(write=False) as session:
        stored = session.execute(select(AccessRule.rule).where(AccessRule.role_id == role_id(company, "r"))).scalars().all()
    assert json.dumps(stored) == json.dumps([READ])
