"""Rights that a plan changes while it also makes, renames or removes fields and kinds of records: what is told beforehand is what comes."""

from typing import Any

import pytest

from crm.backoffice import lists
from crm.backoffice.lowcode.apply import foreseen
from crm.backoffice.lowcode.document import from_raw
from crm.rights.configuring import of_raw, planned
from crm.rights.planned_rights import planned_roles
from crm.rights.rehearsal import Rehearsal, rehearse
from tests.company import Company
from tests.rights.test_saved_conditions import of, over, put

AMOUNTS = (500, 1000, 5000)
RISK = {"risk": {"type": "integer", "class": "internal", "label": {"uk": "Ризик", "en": "Risk"}}}
TENDER = {"label": {"uk": "Тендер", "en": "Tender"}, "plural": {"uk": "Тендери", "en": "Tenders"}, "fields": {
    "deal": {"type": "reference", "to": "deal", "label": {"uk": "Угода", "en": "Deal"}, "reverse": {"key": "tenders", "label": {"uk": "Т", "en": "T"}}},
    "budget": {"type": "integer", "label": {"uk": "Бюджет", "en": "Budget"}}}}
SETS = {"rivals": {"type": "many_to_many", "to": "account", "class": "internal", "label": {"uk": "Суперники", "en": "Rivals"}}}


def furnished(company: Company) -> tuple[str, int]:
    """A role that reads the large of three deals, and who holds it."""
    (account,) = company.make("account", {"name": "Рудник"})
    company.make("deal", *({"name": str(amount), "account": account, "amount": amount} for amount in AMOUNTS))
    company.configure("conditions: {big: {entity: deal, label: Big, where: {field: amount, op: ge, value: 1000}}}")
    code = company.role("small", {"entity": "deal", "actions": ["read"], "where": {"saved": "big"}, "fields": {"*": "read"}})
    return code, company.person(code)


def reads(company: Company, person: int) -> int:
    with company.session(person, write=False) as session:
        return lists.count(session, lists.ListQuery("deal", ())).number


def foretold(company: Company, said: dict[str, Any]) -> tuple[Rehearsal, Any]:
    plan = planned(company.engine, company.catalog, company.person("owner"), of_raw(said))
    (role,) = plan.roles
    found = rehearse(company.engine, plan.before, role.id, role.code, role.rules, seconds=600.0, over=role.over, unclear=role.unclear)
    assert found is not None
    return found, role


@pytest.mark.parametrize(("said", "where", "left"), [
    ({"fields": {"deal": RISK}}, {"any": [over("amount", 5000), over("risk", 1)]}, 1),
    ({"fields": {"deal": RISK}}, {"any": [over("amount", 5000), {"field": "risk", "op": "empty"}]}, 3),
    ({"fields": {"deal": RISK}}, {"not": over("risk", 1)}, 3),
    ({"fields": {"deal": RISK}}, {"all": [over("amount", 1000), {"field": "risk", "op": "ne", "value": 4}]}, 2),
    ({"entities": {"tender": TENDER}}, {"any": [over("amount", 5000), over("tenders.budget", 1)]}, 1),
    ({"entities": {"tender": TENDER}}, {"all": [over("amount", 5000), {"count": "tenders", "op": "eq", "value": 0}]}, 1),
    ({"entities": {"tender": TENDER}}, {"sum": "tenders.budget", "op": "ge", "value": 0}, 0),
    ({"entities": {"tender": TENDER}}, {"count": "*", "of": "tender.deal", "where": over("budget", 5), "op": "lt", "value": 1}, 3),
    ({"fields": {"deal": SETS}}, {"any": [over("amount", 5000), {"field": "rivals", "op": "not_empty"}]}, 1),
    ({"fields": {"deal": SETS}}, {"all": [over("amount", 1000), {"field": "rivals", "op": "empty"}]}, 2),
    ({"fields": {"account": RISK}}, {"not": {"any": [{"field": "account.risk", "op": "not_empty"}, over("amount", 1000)]}}, 1),
    ({"fields": {"account": RISK}}, {"all": [{"field": "account.name", "op": "not_empty"}, {"field": "account.risk", "op": "empty"}]}, 3),
])
def test_what_is_only_planned_is_empty_and_what_is_told_comes(company: Company, said: dict[str, Any], where: dict[str, Any], left: int) -> None:
    _, person = furnished(company)
    before = reads(company, person)
    said = {**said, "conditions": {"big": of(where)}}
    found, _ = foretold(company, said)
    told = {o.kind: (o.people, o.most) for o in found.outcomes if o.entity == "deal" and o.field is None and o.kind.endswith("_read")}
    put(company, company.person("owner"), said)
    assert reads(company, person) == left and before == 2
    lost, gained = told.get("lose_read", (1, 0)), told.get("gain_read", (1, 0))
    assert before - lost[1] + gained[1] == left and {lost[0], gained[0]} == {1}, told


def test_new_fields_and_kinds_of_records_are_named_and_not_counted(company: Company) -> None:
    furnished(company)
    fields = {"deal": {**RISK, "hint": {**RISK["risk"], "class": "sensitive"}}}
    said = {"fields": fields, "entities": {"tender": TENDER}, "conditions": {"big": of(over("amount", 1))}}
    found, role = foretold(company, said)
    assert role.made == (("deal", "risk"),) and {o.field for o in found.outcomes} == {None}
    assert [(o.kind, o.most) for o in found.outcomes if o.entity == "deal"] == [("gain_read", 1)]


def test_keys_that_change_and_fields_that_go_are_looked_at_as_they_stand(company: Company) -> None:
    code, person = furnished(company)
    company.configure("fields: {deal: {risk: {type: integer, class: internal, label: {uk: Р, en: R}}}}")
    company.configure("conditions: {big: {entity: deal, label: Big, where: {field: risk, op: empty}}}")
    assert reads(company, person) == 3
    renamed = {"fields": {"deal": {"danger": {**RISK["risk"], "renamed_from": "risk"}}}}
    found, _ = foretold(company, {**renamed, "conditions": {"big": of({"any": [over("danger", 0), over("amount", 1000)]})}})
    assert [(o.kind, o.most) for o in found.outcomes if o.entity == "deal" and o.field is None] == [("lose_read", 1)]
    found, _ = foretold(company, {"removed": ["deal.risk"], "fields": {"account": RISK}, "conditions": {"big": of(over("amount", 5000))}})
    assert [(o.kind, o.most) for o in found.outcomes if o.entity == "deal" and o.field is None] == [("lose_read", 2)]
    turned = {"fields": {"deal": {"risk": {**RISK["risk"], "type": "text"}}}, "conditions": {"big": of({"field": "risk", "op": "eq", "value": "high"})}}
    found, role = foretold(company, turned)
    assert role.unclear == {"deal"} and found.unclear[:1] == ["deal"] and not [o for o in found.outcomes if o.entity == "deal"]
    # A file's own rules name fields by the keys that they will have.
    rules = [{"entity": "deal", "actions": ["read"], "scope": "all", "where": over("danger", 0), "fields": {"*": "read", "danger": "hidden"}},
             {"entity": "tender", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}]
    said = {**renamed, "entities": {"tender": TENDER}, "roles": {code: {"label": {"uk": "М", "en": "S"}, "rules": rules}}}
    with company.system(write=False) as session:
        document = from_raw(said, session.catalog)
        (one,) = planned_roles(session, document, foreseen(session.catalog, document))
    told = rehearse(company.engine, company.catalog, one.id, one.code, one.rules, over=one.over, unclear=one.unclear)
    assert told is not None and [(o.kind, o.most) for o in told.outcomes if o.field is None] == [("lose_read", 3)]
    assert one.made == (("tender", None),)
