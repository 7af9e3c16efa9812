"""Who may change a saved condition: whoever configures its entity and sees what it asks for; where rights use it, whoever may change these roles."""

from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice.catalog import load_catalog
from crm.errors import BramaError, Forbidden
from crm.rights.configuring import of_raw, planned, publish
from crm.rights.rehearsal import rehearse
from crm.rights.roles import read_role, save
from tests.company import Company

CONFIGURES = {"entity": "deal", "actions": ["configure"], "scope": "all"}
READS = {"entity": "deal", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit", "probability": "hidden"}}
ROLES = [
    {"entity": "role", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}},
    {"entity": "membership", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
    {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
]


def of(where: dict[str, Any], entity: str = "deal") -> dict[str, Any]:
    return {"entity": entity, "label": {"uk": "Великі", "en": "Large"}, "where": where}


def over(field: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": "ge", "value": value}


def put(company: Company, user_id: int, raw: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    made = planned(company.engine, company.catalog, user_id, of_raw(raw))
    applied = publish(company.engine, company.catalog, user_id, of_raw(raw), made.version, agreed=True)
    company.catalog = load_catalog(company.engine)
    return [(c.kind, c.field, c.effect) for c in applied.changes]


def refused(company: Company, user_id: int, raw: dict[str, Any]) -> str:
    before = company.catalog.version
    with pytest.raises(Forbidden) as why:
        put(company, user_id, raw)
    assert load_catalog(company.engine).version == before
    return str(why.value.message.id)


def conditions(**named: Any) -> dict[str, Any]:
    return {"conditions": named}


def test_who_configures_the_entity_makes_changes_and_removes_one(company: Company) -> None:
    keeper = company.person(company.role("keeper", CONFIGURES, READS))
    assert put(company, keeper, conditions(big=of(over("amount", 1000)))) == [("condition", "big", "create")]
    assert put(company, keeper, conditions(big=of(over("amount", 2000)))) == [("condition", "big", "change")]
    assert put(company, keeper, conditions(big=None)) == [("condition", "big", "remove")]
    assert "right to configure" in refused(company, keeper, conditions(firms=of({"field": "city", "op": "not_empty"}, "account")))
    reader = company.person(company.role("reader", READS))
    assert "right to configure" in refused(company, reader, conditions(big=of(over("amount", 1))))


def test_nobody_asks_for_what_he_does_not_see_nor_changes_what_does(company: Company) -> None:
    keeper = company.person(company.role("keeper", CONFIGURES, READS))
    assert "only of fields that you see" in refused(company, keeper, conditions(sure=of(over("probability", "0.5"))))
    company.configure("conditions: {sure: {entity: deal, label: Sure, where: {field: probability, op: ge, value: 0.5}}}")
    for new in (None, of(over("amount", 1))):
        assert "rests on values" in refused(company, keeper, conditions(sure=new))
    assert "only of fields that you see" in refused(company, keeper, conditions(more=of({"any": [{"saved": "sure"}]})))


def test_what_rights_use_is_changed_by_who_may_change_these_roles(company: Company) -> None:
    company.configure("conditions: {big: {entity: deal, label: Big, where: {field: amount, op: ge, value: 1000}}}")
    company.configure("conditions: {also: {entity: deal, label: Also, where: {any: [{saved: big}]}}}")
    small = {"entity": "deal", "actions": ["read"], "where": {"saved": "also"}, "fields": {"*": "read", "probability": "hidden"}}
    company.role("small", small)
    keeper = company.person(company.role("keeper", CONFIGURES, READS))
    wider = conditions(big=of({"all": []}))
    assert "Rights of roles use this condition" in refused(company, keeper, wider)
    chief = company.person(company.role("chief", CONFIGURES, READS, *ROLES))
    assert put(company, chief, wider) == [("condition", "big", "change"), ("rules", "small", "condition")]
    # Its name and note are no right.
    assert put(company, keeper, conditions(big=of({"all": []}) | {"note": {"uk": "Усі", "en": "All"}})) == [("condition", "big", "label")]


def test_nobody_widens_his_own_reach_by_it(company: Company) -> None:
    company.configure("conditions: {big: {entity: deal, label: Big, where: {field: amount, op: ge, value: 1000}}}")
    limited = [{**READS, "actions": ["read"], "scope": "where", "where": {"saved": "big"}}, CONFIGURES]
    code = company.role("limited", *limited, *ROLES)
    person = company.person(code)
    for new in (of({"all": []}), of(over("amount", 1)), None):
        with pytest.raises(BramaError):
            planned(company.engine, company.catalog, person, of_raw(conditions(big=new)))
    denial = {"entity": "deal", "effect": "deny", "actions": ["read"], "scope": "all", "where": {"saved": "big"}}
    refused(company, company.person(company.role("denied", READS, CONFIGURES, *ROLES, denial)), conditions(big=of(over("amount", 10**9))))


def test_a_rehearsal_counts_what_a_changed_condition_does(company: Company) -> None:
    (account,) = company.make("account", {"name": "Рудник"})
    company.make("deal", *({"name": str(amount), "account": account, "amount": amount} for amount in (500, 1000, 5000)))
    company.configure("conditions: {big: {entity: deal, label: Big, where: {field: amount, op: ge, value: 1000}}}")
    code = company.role("small", {"entity": "deal", "actions": ["read"], "where": {"saved": "big"}, "fields": {"*": "read"}})
    company.person(code)
    owner = company.person("owner")
    plan = planned(company.engine, company.catalog, owner, of_raw(conditions(big=of(over("amount", 5000)))))
    (new,) = plan.roles
    found = rehearse(company.engine, company.catalog, new.id, new.code, new.rules)
    assert found is not None and [(o.entity, o.kind, o.people, o.most) for o in found.outcomes] == [("deal", "lose_read", 1, 1)]


def test_a_rule_may_name_only_what_its_maker_sees_and_gives_no_more_than_he_has(company: Company) -> None:
    company.configure("""
conditions:
  sure: {entity: deal, label: Sure, where: {field: probability, op: ge, value: 0.5}}
  big: {entity: deal, label: Big, where: {field: amount, op: ge, value: 1000}}
""")
    company.role("given", {"entity": "deal", "actions": ["read"], "scope": "none", "fields": {"*": "read", "probability": "hidden"}})
    chief = company.person(company.role("chief", READS, *ROLES))

    def give(key: str) -> None:
        with company.system(write=False) as session:
            number = session.execute(_role_number(company, "given")).scalar_one()
            role = read_role(session, number)
        rule = {"entity": "deal", "actions": ["read"], "where": {"saved": key}, "fields": {"*": "read", "probability": "hidden"}}
        save(company.engine, company.catalog, chief, number, {"deal": [rule]}, role.mark("deal"))
        company.catalog = load_catalog(company.engine)

    with pytest.raises(Forbidden):
        give("sure")
    with pytest.raises(BramaError):
        give("nothing")
    give("big")


def test_an_option_that_rights_ask_for_through_a_condition_is_not_merged_by_who_is_limited(company: Company) -> None:
    options = list(company.catalog.picklists["industry"].options)
    old, new = options[0].key, options[1].key
    company.configure(f"conditions: {{mined: {{entity: account, label: Mined, where: {{field: industry, op: eq, value: {old}}}}}}}")
    keeper = company.person(company.role("keeper", {"entity": "account", "actions": ["configure", "read", "update"], "scope": "all", "fields": {"*": "edit"}}))
    raw = {"merged": {"industry": {old: new}}}
    assert planned(company.engine, company.catalog, keeper, of_raw(raw)).changes
    company.role("miners", {"entity": "account", "actions": ["read"], "where": {"saved": "mined"}})
    assert "merging them is for the owner" in refused(company, keeper, raw)


def _role_number(company: Company, code: str) -> Any:
    table = company.catalog.entity("role").table
    return select(table.c.id).where(table.c.code == code, table.c.deleted_at.is_(None))
