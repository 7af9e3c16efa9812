"""Conditions under names: one place says what they mean, everything that takes a condition may name them, and a change of one reaches all of it."""

import json
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from crm.backoffice import lists
from crm.backoffice.conditions.tree import dump, parse
from crm.backoffice.configuration import ConfigVersion
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.condition_uses import of_condition
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.backoffice.resting import TABLE as RESTING
from crm.contacts.segments import counting
from crm.errors import BadRequest, Invalid, UnknownCondition, UnknownName
from tests.company import Company
from tests.lowcode.test_made import put, refused, take_back

BIG = """
conditions:
  big:
    entity: deal
    label: {uk: Великі угоди, en: Large deals}
    note: {uk: Від тисячі, en: From a thousand}
    where: {field: amount, op: ge, value: 1000}
  big_and_new:
    entity: deal
    label: {uk: Великі нові, en: Large new ones}
    where: {all: [{saved: big}, {field: stage.key, op: eq, value: lead}]}
  capital:
    entity: account
    label: {uk: Столичні, en: Of the capital}
    where: {field: city, op: eq, value: Київ}
"""
SEES = {"entity": "deal", "actions": ["read", "update"], "scope": "all", "fields": {"*": "read", "amount": "hidden"}}
ACCOUNTS = {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}


def deals(company: Company) -> list[int]:
    (account,) = company.make("account", {"name": "Рудник", "city": "Київ"})
    rows = [{"name": str(amount), "account": account, "amount": amount, "stage": company.stage("lead")} for amount in (500, 1000, 5000)]
    return company.make("deal", *rows)


def found(company: Company, user_id: int, entity: str, where: Any) -> list[str]:
    with company.session(user_id) as session:
        query = lists.parse_query(session, entity, {"where": json.dumps(where), "sort": "id", "columns": "name"})
        return [str(row.values["name"]) for row in lists.page(session, query).rows]


def refusal(company: Company, user_id: int, entity: str, where: Any) -> BadRequest:
    with pytest.raises(BadRequest) as why:
        found(company, user_id, entity, where)
    return why.value


def said(company: Company, section: str = "conditions") -> dict[str, Any]:
    with company.system(write=False) as session:
        return dict(export.whole(session)[section])


def test_applied_exported_applied_again_and_undone(company: Company) -> None:
    changes = [("condition", "deal", "big", "create"), ("condition", "deal", "big_and_new", "create"), ("condition", "account", "capital", "create")]
    assert [one[:4] for one in put(company, BIG)] == changes
    assert said(company) == yaml.safe_load(BIG)["conditions"] and list(said(company)) == ["big", "big_and_new", "capital"]
    assert put(company, BIG) == []
    with company.system(write=False) as session:
        assert plan(session, read(yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False), company.catalog)) == []
    other = BIG.replace("value: 1000", "value: 2000").replace("Large new ones", "New and large")
    assert [one[2:4] for one in put(company, other)] == [("big", "change"), ("big_and_new", "label")]
    take_back(company)
    assert said(company) == yaml.safe_load(BIG)["conditions"]
    assert [one[2:4] for one in put(company, "conditions: {capital: null, nothing: null}")] == [("capital", "remove")]
    take_back(company)
    take_back(company, company.catalog.version - 4)
    assert said(company) == {}


def test_one_filters_by_its_name_as_by_what_it_says_and_in_groups(company: Company) -> None:
    put(company, BIG)
    deals(company)
    owner = company.person("owner")
    assert found(company, owner, "deal", {"saved": "big"}) == ["1000", "5000"]
    assert found(company, owner, "deal", {"not": {"saved": "big"}}) == ["500"]
    assert found(company, owner, "deal", {"all": [{"saved": "big_and_new"}, {"field": "amount", "op": "lt", "value": 2000}]}) == ["1000"]
    inside = {"count": "deals", "where": {"saved": "big"}, "op": "eq", "value": 2}
    assert found(company, owner, "account", {"all": [{"saved": "capital"}, inside]}) == ["Рудник"]
    kept = parse({"any": [{"saved": "big"}]}, company.catalog.saved)
    assert dump(kept) == {"any": [{"saved": "big"}]}


def test_one_over_a_hidden_field_is_as_unknown_as_one_that_is_not_there(company: Company) -> None:
    put(company, BIG)
    deals(company)
    blind = company.person(company.role("blind", SEES, ACCOUNTS))
    assert found(company, blind, "account", {"saved": "capital"}) == ["Рудник"]
    hidden, none = (refusal(company, blind, "deal", {"saved": key}) for key in ("big", "none"))
    assert isinstance(hidden, UnknownCondition) and (hidden.status, hidden.message.id) == (none.status, none.message.id)
    assert "amount" not in str(hidden.message.params) and (hidden.exit_code, none.exit_code) == (4, 1)
    through = refusal(company, blind, "account", {"count": "deals", "where": {"saved": "big_and_new"}, "op": "gt", "value": 0})
    assert isinstance(through, UnknownCondition) and through.message.params == {"key": "big_and_new"}
    # A size beyond the bounds does not tell that it is there either.
    many = [{"saved": "big_and_new"}] * 150
    assert isinstance(refusal(company, blind, "deal", {"all": many}), UnknownName)
    assert not isinstance(refusal(company, company.person("owner"), "deal", {"all": many}), UnknownName)


def test_rules_of_roles_ask_for_what_their_holders_do_not_see_and_change_with_it_at_once(company: Company) -> None:
    put(company, BIG)
    deals(company)
    code = company.role("big_only", {**SEES, "scope": "where", "where": {"saved": "big"}})
    person = company.person(code)
    everything: dict[str, Any] = {"all": []}
    assert found(company, person, "deal", everything) == ["1000", "5000"]
    changes = put(company, BIG.replace("value: 1000", "value: 5000"))
    assert changes == [("condition", "deal", "big", "change", 1), ("rules", "role", code, "condition", 1)]
    assert found(company, person, "deal", everything) == ["5000"]
    row = JournalRow.__table__
    with company.engine.connect() as connection:
        told = connection.execute(select(row.c.changes).where(row.c.action == "rules").order_by(row.c.id.desc()).limit(1)).scalar_one()["rules"]
    assert [rules[0]["where"]["value"] for rules in told] == [1000, 5000]
    take_back(company)
    assert found(company, person, "deal", everything) == ["1000", "5000"]
    assert said(company, "roles")[code]["rules"][0]["where"] == {"saved": "big"}


def test_rules_of_fields_and_checks_follow_it(company: Company) -> None:
    put(company, BIG)
    put(company, """
fields:
  deal:
    reason: {type: text, class: internal, label: {uk: Причина, en: Reason}, required_if: {saved: big}}
checks:
  deal:
    capital_only: {where: {any: [{not: {saved: big}}, {field: name, op: not_empty}]}, message: {uk: Без назви, en: Nameless}}
""")
    (account,) = company.make("account", {"name": "Рудник"})
    company.make("deal", {"name": "a", "account": account, "amount": 900})
    with pytest.raises(Invalid) as why:
        company.make("deal", {"name": "b", "account": account, "amount": 1500})
    assert "reason" in why.value.fields
    put(company, BIG.replace("value: 1000", "value: 2000"))
    company.make("deal", {"name": "b", "account": account, "amount": 1500})


@pytest.mark.parametrize(("text", "sentence"), [
    ("{a: {entity: deal, label: A, where: {saved: a}}}", "leads to itself: a → a"),
    ("{a: {entity: deal, label: A, where: {not: {saved: b}}}, b: {entity: deal, label: B, where: {all: [{saved: a}]}}}", "leads to itself"),
    ("{a: {entity: deal, label: A, where: {saved: nowhere}}}", "There is no saved condition “nowhere”"),
    ("{a: {entity: deal, label: A, where: {saved: capital}}}", "is about “account” and cannot be asked of “deal”"),
    ("{a: {entity: deal, label: A, where: {field: nonsense, op: empty}}}", "nonsense"),
    ("{a: {entity: nothing, label: A, where: {all: []}}}", "there is no entity “nothing”"),
    ("{capital: {entity: deal, label: A, where: {all: []}}}", "it is about “account” and stays so"),
    ("{a: {entity: deal, label: A}}", "“where” is missing"),
    ("{a: {entity: deal, label: A, wher: 1}}", "“wher” is not known here"),
    ("{a: {entity: deal, label: A, where: {saved: [big]}}}", "takes the key of a saved condition"),
    ("{a: {entity: deal, label: A, where: {saved: big, op: eq}}}", "does not know “op”"),
])
def test_what_makes_no_sense_is_refused_with_its_place(company: Company, text: str, sentence: str) -> None:
    put(company, BIG)
    assert sentence in refused(company, f"conditions: {text}")


def test_doubling_stops_at_the_bounds_of_one_condition(company: Company) -> None:
    chain = {f"c{n}": {"entity": "deal", "label": f"C{n}", "where": {"all": [{"saved": f"c{n - 1}"}] * 2}} for n in range(1, 40)}
    chain["c0"] = {"entity": "deal", "label": "C0", "where": {"field": "amount", "op": "ge", "value": 1}}
    assert "too" in refused(company, json.dumps({"conditions": chain}))
    straight = {f"c{n}": {"entity": "deal", "label": f"C{n}", "where": {"not": {"saved": f"c{n - 1}"}}} for n in range(1, 14)}
    assert "nested too deeply" in refused(company, json.dumps({"conditions": {**straight, "c0": chain["c0"]}}))
    joins = {"entity": "deal", "label": "J", "where": {"all": [{"field": "account.parent.parent.city", "op": "eq", "value": str(n)} for n in range(5)]}}
    put(company, json.dumps({"conditions": {"j": joins}}))
    assert "too large" in refused(company, "roles: {r: {label: R, rules: [{entity: deal, actions: [read], where: {all: [{saved: j}, {saved: j}]}}]}}")


def test_what_names_it_must_go_on_making_sense(company: Company) -> None:
    put(company, BIG)
    filled = [{"field": "name", "op": "ne", "value": str(n)} for n in range(150)]
    company.role("many", {"entity": "deal", "actions": ["read"], "where": {"all": [{"saved": "big"}, *filled]}})
    wide = json.dumps({"conditions": {"big": {"entity": "deal", "label": "B", "where": {"all": filled}}}})
    assert "A rule of role “many” names it" in refused(company, wide)


def test_one_that_is_still_used_stays_and_the_uses_are_named(company: Company) -> None:
    put(company, BIG)
    code = company.role("big_only", {**SEES, "scope": "where", "where": {"saved": "big"}})
    put(company, "views: {large: {entity: deal, label: Large, where: {saved: big_and_new}}}")
    with company.system(write=False) as session:
        assert {(use.kind, use.name) for use in of_condition(session, "big")} == {("rule", code), ("saved", "big_and_new")}
        assert {(use.kind, use.name) for use in of_condition(session, "big_and_new")} == {("view", "large")}
    assert "saved condition “big_and_new”: the condition makes no sense: There is no saved condition “big”" in refused(company, "conditions: {big: null}")
    rest = "conditions: {big: null, big_and_new: null}\nviews: {large: {entity: deal, label: Large}}"
    assert "“big” is still asked for by a rule of role “big_only”" in refused(company, rest)
    assert "the view “large”" in refused(company, "conditions: {big_and_new: null}")
    together = """
conditions: {big: null, big_and_new: null}
views: {large: {entity: deal, label: Large}}
roles: {big_only: {label: {uk: big_only, en: big_only}, rules: []}}
"""
    put(company, together)
    assert list(said(company)) == ["capital"]
    take_back(company)
    assert list(said(company)) == ["big", "big_and_new", "capital"] and said(company, "views")["large"]["where"] == {"saved": "big_and_new"}


def test_a_renamed_field_is_renamed_inside_and_nothing_has_changed_by_that(company: Company) -> None:
    put(company, "fields: {deal: {risk: {type: decimal, class: internal, label: {uk: Ризик, en: Risk}}}}")
    put(company, "conditions: {risky: {entity: deal, label: Risky, where: {field: risk, op: gt, value: 5}}}")
    company.role("careful", {"entity": "deal", "actions": ["read"], "where": {"not": {"saved": "risky"}}})
    put(company, """
fields:
  deal:
    warned: {type: text, class: internal, label: {uk: Попереджено, en: Warned}, required_if: {all: [{saved: risky}, {field: risk, op: not_empty}]}}
""")
    assert "saved condition “risky”" in refused(company, "removed: [deal.risk]")
    before = said(company), said(company, "fields")
    renamed = put(company, "fields: {deal: {danger: {type: decimal, renamed_from: risk, label: {uk: Ризик, en: Risk}}}}")
    assert {one[0] for one in renamed} == {"field", "rule"} and said(company)["risky"]["where"]["field"] == "danger"
    take_back(company)
    assert (said(company), said(company, "fields")) == before


def test_a_segment_rests_on_what_it_says_and_is_counted_anew(company: Company) -> None:
    put(company, BIG)
    put(company, "conditions: {client: {entity: account, label: Clients, where: {field: city, op: eq, value: Київ}}}")
    company.make("account", {"name": "А", "city": "Київ"}, {"name": "Б", "city": "Львів"})
    condition = json.dumps({"all": [{"saved": "client"}]})
    (segment,) = company.make("segment", {"name": "Клієнти", "of": "account", "kind": "dynamic", "condition": condition})

    def needs(number: int) -> list[str]:
        with company.engine.connect() as connection:
            return sorted(connection.execute(select(RESTING.c.need).where(RESTING.c.entity == "segment", RESTING.c.record_id == number)).scalars())

    def members() -> int:
        with company.system() as session:
            assert counting.count(session, segment)
            session.commit()
        member = company.catalog.entity("segment_member").table
        with company.engine.connect() as connection:
            return len(connection.execute(select(member.c.id).where(member.c.current_id == segment)).all())

    assert (needs(segment), members()) == (["account.city"], 1)
    (frozen,) = company.make("segment", {"name": "Знімок", "kind": "frozen", "frozen_from": segment})
    with pytest.raises(BadRequest, match="names it and would make no sense"):
        put(company, "conditions: {client: {entity: account, label: Clients, where: {field: owner, op: eq, value: '@me'}}}")
    put(company, "conditions: {client: {entity: account, label: Clients, where: {field: name, op: not_empty}}}")
    assert (needs(segment), members()) == (["account.name"], 2)
    assert needs(frozen) == ["account.city"]
    assert "the condition of “" in refused(company, "conditions: {client: null}")


def test_a_version_keeps_who_used_it_and_no_more_than_names(company: Company) -> None:
    put(company, BIG)
    put(company, BIG.replace("value: 1000", "value: 3000"))
    with company.engine.connect() as connection:
        changes = connection.execute(select(ConfigVersion.__table__.c.changes).order_by(ConfigVersion.__table__.c.id.desc()).limit(1)).scalar_one()
    assert changes[0]["uses"] == [{"kind": "saved", "name": "big_and_new"}]


def test_one_that_goes_with_its_field_and_what_uses_it_comes_back_with_them(company: Company) -> None:
    put(company, "fields: {deal: {risk: {type: decimal, class: internal, label: {uk: Ризик, en: Risk}}}}")
    put(company, """
conditions: {risky: {entity: deal, label: Risky, where: {field: risk, op: gt, value: 5}}}
fields: {deal: {warned: {type: text, class: internal, label: {uk: Попереджено, en: Warned}, required_if: {saved: risky}}}}
views: {risks: {entity: deal, label: Risks, where: {saved: risky}}}
""")
    before = said(company), said(company, "fields"), said(company, "views")
    put(company, "conditions: {risky: null}\nremoved: [deal.risk, deal.warned]\nviews: {risks: {entity: deal, label: Risks}}")
    assert said(company) == {}
    take_back(company)
    assert (said(company), said(company, "fields"), said(company, "views")) == before
