"""A renamed field is renamed wherever the configuration and people's views name it; one that is still asked for is not removed."""

import json

import pytest
from sqlalchemy import insert, select

from crm.backoffice.conditions.renaming import Renaming, renamed
from crm.backoffice.conditions.tree import dump, parse
from crm.backoffice.configuration import AccessRule
from crm.backoffice.fields.expressions import renamed as renamed_formula
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.backoffice.views.models import SavedView
from crm.errors import BadRequest
from tests.company import Company
from tests.lowcode.test_made import TENDER, put, take_back

RISK = "fields: {account: {risk: {type: decimal, class: internal, label: {uk: Ризик, en: Risk}}}}"
RENAMED = "fields: {account: {danger: {type: decimal, renamed_from: risk, label: {uk: Небезпека, en: Danger}}}}"
USED = """
roles:
  careful:
    label: {uk: Обережна, en: Careful}
    rules:
      - {entity: account, actions: [read], where: {field: risk, op: lt, value: 5}, fields: {"*": read, risk: masked}}
      - {entity: deal, actions: [read], scope: all, fields: {"*": read, amount: {mode: read, where: {field: account.risk, op: lt, value: 3}}}}
views:
  risky:
    entity: account
    label: {uk: Ризиковані, en: Risky}
    where: {all: [{field: risk, op: gt, value: 7}, {field: deals.account.risk, op: not_empty}]}
    sort: -risk,name
    columns: [name, risk]
    group: owner
fields:
  account:
    doubled: {type: formula, formula: "risk * 2 + coalesce(risk, 0)", class: internal, label: {uk: Подвоєне, en: Doubled}}
"""


def rules(company: Company) -> str:
    with company.engine.connect() as connection:
        return json.dumps(list(connection.execute(select(AccessRule.__table__.c.rule)).scalars()))


def views(company: Company) -> dict[str | None, dict[str, object]]:
    table = SavedView.__table__
    with company.engine.connect() as connection:
        return {row.key: row.shows for row in connection.execute(select(table.c.key, table.c.shows))}


def test_a_new_name_reaches_rules_views_own_views_segments_and_formulas_and_an_undo_takes_it_back(company: Company) -> None:
    put(company, RISK)
    put(company, USED)
    person = company.person("seller")
    condition = json.dumps({"field": "risk", "op": "gt", "value": 1})
    (segment,) = company.make("segment", {"name": "Сегмент", "of": "account", "kind": "dynamic", "condition": condition})
    with company.system() as session:
        own = {"entity": "account", "owner_id": person, "key": None, "label_uk": "Мій", "label_en": "Mine", "roles": [], "default_for": []}
        session.execute(insert(SavedView.__table__).values(**own, shows={"columns": ["risk", "name"], "widths": {"risk": 90}, "group": "risk"}))
        session.commit()
    before = rules(company), views(company)
    put(company, RENAMED)
    assert '"risk"' not in rules(company) and '"account.risk"' not in rules(company) and '"danger": "masked"' in rules(company)
    shown = views(company)["risky"]
    assert (shown["columns"], shown["sort"]) == (["name", "danger"], "-danger,name") and "deals.account.danger" in json.dumps(shown["where"])
    assert views(company)[None] == {"columns": ["danger", "name"], "widths": {"danger": 90}, "group": "danger"}
    assert company.catalog.entity("account").fields["doubled"].formula == "danger * 2 + coalesce(danger, 0)"
    table = company.catalog.entity("segment").table
    with company.engine.connect() as connection:
        assert "danger" in str(connection.execute(select(table.c.condition).where(table.c.id == segment)).scalar())
    take_back(company)
    assert (rules(company), views(company)) == before


def test_relations_that_are_called_after_a_field_follow_it(company: Company) -> None:
    put(company, TENDER)
    put(company, """
roles:
  counting:
    label: {uk: Лічить, en: Counts}
    rules:
      - {entity: account, actions: [read], where: {sum: tender_customer.budget, op: gt, value: 5}, fields: {"*": read}}
      - {entity: contact, actions: [read], where: {count: budget, of: tender.customer, op: gt, value: 5}, fields: {"*": read}}
""".replace("contact", "account"))
    put(company, "fields: {tender: {client: {type: reference, to: account, required: true, renamed_from: customer, label: {uk: Клієнт, en: Client}}}}")
    assert "tender_client.budget" in rules(company) and "tender.client" in rules(company) and "customer" not in rules(company).replace("customers", "")
    assert company.catalog.entity("account").fields["tenders"].rollup.reference == "client"  # type: ignore[union-attr]


def test_what_is_still_asked_for_is_not_removed(company: Company) -> None:
    put(company, RISK)
    put(company, USED)
    with company.system(write=False) as session:
        changes = [c for c in plan(session, read("removed: [account.doubled, account.risk]", company.catalog)) if c.field == "risk"]
    assert {(use.kind, use.name) for use in changes[0].uses} == {("rule", "careful"), ("view", "risky")}
    with pytest.raises(BadRequest) as refused:
        put(company, "removed: [account.doubled, account.risk]", agreed=True)
    assert "careful" in str(refused.value.message)
    put(company, 'roles: {careful: {label: {uk: Обережна, en: Careful}, rules: []}}')
    put(company, "removed: [account.doubled, account.risk]", agreed=True)
    assert "risk" not in company.catalog.entity("account").fields


@pytest.mark.parametrize(("raw", "new"), [
    ({"field": "risk", "op": "eq", "value": 1}, {"field": "danger", "op": "eq", "value": 1}),
    ({"field": "parent.parent.risk", "op": "empty"}, {"field": "parent.parent.danger", "op": "empty"}),
    ({"not": {"any": [{"field": "risk", "op": "empty"}]}}, {"not": {"any": [{"field": "danger", "op": "empty"}]}}),
    ({"count": "deals", "where": {"field": "account.risk", "op": "empty"}, "op": "gt", "value": 1},
     {"count": "deals", "where": {"field": "account.danger", "op": "empty"}, "op": "gt", "value": 1}),
    ({"field": "owner.risk", "op": "empty"}, {"field": "owner.risk", "op": "empty"}),
    ({"field": "name", "op": "eq", "value": "risk"}, {"field": "name", "op": "eq", "value": "risk"}),
], ids=str)
def test_a_path_is_followed_to_the_entity_where_the_field_stands(company: Company, raw: dict[str, object], new: dict[str, object]) -> None:
    put(company, RISK)
    kind = company.catalog.entity("account")
    assert dump(renamed(parse(raw), kind, company.catalog.entities, Renaming({("account", "risk"): "danger"}))) == new


@pytest.mark.parametrize(("text", "new"), [
    ("risk", "danger"), ("risk*risk_score-risk", "danger*risk_score-danger"), ("min( risk ,min)", "min( danger ,min)"), ("1 + 2", "1 + 2"),
    ("round(risk)", "round(danger)"),
])
def test_in_a_formula_whole_names_alone_are_renamed(text: str, new: str) -> None:
    assert renamed_formula(text, "risk", new if text == "1 + 2" else "danger") == new
