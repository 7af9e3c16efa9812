"""Rights as the session gives them: records, fields, conditions, roles together, denials, assignment, children."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import lists, records
from crm.backoffice.history import history
from crm.backoffice.lists import Masked, Ref
from crm.errors import BadRequest, Forbidden, Invalid, NotFound, UnknownName
from crm.organization.models import Role
from tests.company import Company, today

EVERYBODY = {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}


def shown(company: Company, person: int, entity: str, record_id: int, *columns: str) -> dict[str, Any]:
    with company.session(person, write=False) as session:
        return dict(lists.record(session, entity, record_id, columns or None).values)


def test_a_field_shows_only_by_a_rule_that_admits_the_record(company: Company) -> None:
    company.role("wide", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "revenue": "hidden"}})
    company.role("own", {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}})
    me, other = company.person("wide", "own"), company.person()
    mine, theirs = company.make("account", {"name": "А", "owner": me, "revenue": "5"}, {"name": "Б", "owner": other, "revenue": "6"})
    assert shown(company, me, "account", mine)["revenue"] == Decimal(5)
    assert shown(company, me, "account", theirs)["revenue"] is None
    with company.session(me) as session:
        query = lists.parse_query(session, "account", {"where": '{"field": "revenue", "op": "ge", "value": 0}'})
        assert [r.id for r in lists.page(session, query).rows] == [mine]
        assert lists.totals(session, lists.parse_query(session, "account", {"columns": "revenue"}))["revenue"] == {"UAH": Decimal(5)}


def test_a_conditional_field_is_empty_where_its_condition_is_false(company: Company) -> None:
    company.role("r", {"entity": "deal", "actions": ["read"], "scope": "all",
                       "fields": {"*": "read", "margin": {"mode": "read", "where": {"field": "amount", "op": "lt", "value": 10}}}})
    me = company.person("r")
    small, large = company.make("deal", {"name": "м", "amount": 5, "margin": 1}, {"name": "в", "amount": 50, "margin": 2})
    assert (shown(company, me, "deal", small)["margin"], shown(company, me, "deal", large)["margin"]) == (Decimal(1), None)
    with company.session(me) as session:
        ordered = lists.page(session, lists.parse_query(session, "deal", {"sort": "-margin"})).rows
        assert [r.id for r in ordered] == [small, large]


def test_a_masked_value_is_shown_masked_and_counts_as_hidden(company: Company) -> None:
    company.role("r", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "phone": "masked"}})
    me = company.person("r")
    (account,) = company.make("account", {"name": "А", "phone": "+380441234567"})
    value = shown(company, me, "account", account)["phone"]
    assert isinstance(value, Masked) and "4412345" not in value.text
    with company.session(me) as session:
        for args in ({"where": '{"field": "phone", "op": "eq", "value": "+380441234567"}'}, {"sort": "phone"}):
            with pytest.raises(UnknownName):
                lists.parse_query(session, "account", args)
        assert lists.count(session, lists.parse_query(session, "account", {"search": "1234567"})).number == 0


def test_hidden_and_unknown_names_are_refused_alike(company: Company) -> None:
    company.role("r", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "revenue": "hidden"}})
    me = company.person("r")
    with company.session(me) as session:
        answers = []
        for name in ("revenue", "revenuf"):
            with pytest.raises(BadRequest) as refused:
                lists.parse_query(session, "account", {"sort": name})
            answers.append((refused.value.status, str(refused.value.message).replace(name, "")))
        assert answers[0] == answers[1]


def test_deny_takes_records_and_a_deny_with_fields_takes_only_those(company: Company) -> None:
    company.role("all", {"entity": "account", "actions": ["read", "update", "delete"], "scope": "all", "fields": {"*": "edit"}})
    company.role("less", {"entity": "account", "effect": "deny", "actions": ["delete"], "scope": "all"},
                 {"entity": "account", "effect": "deny", "actions": ["read"], "where": {"field": "city", "op": "eq", "value": "Київ"}},
                 {"entity": "account", "effect": "deny", "actions": ["read"], "scope": "all", "fields": {"revenue": "hidden"}})
    me = company.person("all", "less")
    kyiv, lviv = company.make("account", {"name": "К", "city": "Київ"}, {"name": "Л", "city": "Львів", "revenue": 5})
    with pytest.raises(NotFound):
        shown(company, me, "account", kyiv)
    with pytest.raises(UnknownName):
        shown(company, me, "account", lviv, "revenue")
    with company.session(me) as session:
        with pytest.raises(Forbidden):
            records.remove(session, "account", lviv)
        assert records.change(session, "account", lviv, {"city": "Одеса"}).changed == {"city"}


def test_a_sensitive_field_must_be_named(company: Company) -> None:
    company.role("star", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "edit"}})
    company.role("named", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "margin": "read"}})
    (deal,) = company.make("deal", {"name": "у", "margin": 3})
    assert "margin" not in shown(company, company.person("star"), "deal", deal)
    assert shown(company, company.person("named"), "deal", deal)["margin"] == Decimal(3)


def test_a_membership_that_ended_gives_nothing(company: Company) -> None:
    me = company.person(name="Тимчасовий")
    company.role("r", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})
    with company.system() as session:
        role = session.execute(select(Role.id).where(Role.code == "r")).scalar_one()
        yesterday = today() - timedelta(days=2)
        membership = records.create(session, "membership", {"user": me, "role": role, "until": yesterday})
        session.commit()
    assert not company.access(me).may("account", "read")
    with company.system() as session:
        records.change(session, "membership", membership, {"until": today() + timedelta(days=2)})
        session.commit()
    assert company.access(me).may("account", "read")


def test_only_assign_gives_a_record_away(company: Company) -> None:
    fields = {"*": "edit"}
    company.role("plain", {"entity": "deal", "actions": ["read", "update"], "scope": "own", "fields": fields}, EVERYBODY)
    company.role("giving", {"entity": "deal", "actions": ["read", "update", "assign"], "scope": "own", "fields": fields}, EVERYBODY)
    plain, giving, other = company.person("plain"), company.person("giving"), company.person()
    his, hers = company.make("deal", {"name": "1", "owner": plain}, {"name": "2", "owner": giving})
    with company.session(plain) as session, pytest.raises(Forbidden):
        records.change(session, "deal", his, {"owner": other})
    with company.session(giving) as session:
        records.change(session, "deal", hers, {"owner": other})
        session.commit()
        with pytest.raises(NotFound):
            lists.record(session, "deal", hers)


def test_a_reference_to_an_unseen_record_is_refused_as_to_none(company: Company) -> None:
    company.role("r", {"entity": "deal", "actions": ["read", "update", "create"], "scope": "own", "fields": {"*": "edit"}},
                 {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}})
    me = company.person("r")
    unseen, seen = company.make("account", {"name": "Чужа"}, {"name": "Моя", "owner": me})
    (deal,) = company.make("deal", {"name": "у", "owner": me, "account": unseen})
    assert shown(company, me, "deal", deal)["account"] == Ref(unseen, None)
    with company.session(me) as session:
        refusals = []
        for wanted in (unseen, 10**6):
            with pytest.raises(Invalid) as refused:
                records.create(session, "deal", {"name": "н", "account": wanted})
            refusals.append(str(refused.value.fields["account"]))
        assert refusals[0] == refusals[1]
        assert records.change(session, "deal", deal, {"account": seen}).changed == {"account"}


def test_child_rows_are_seen_with_their_parent_and_by_a_rule_of_their_own(company: Company) -> None:
    line = {"entity": "deal_line", "actions": ["read", "create"], "scope": "all", "fields": {"*": "edit"}}
    company.role("r", {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read"}},
                 {"entity": "product", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}, line)
    company.role("without", {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read"}})
    me, blind = company.person("r"), company.person("without")
    (product,) = company.make("product", {"name": "Товар", "price": 10})
    mine, theirs, his = company.make("deal", {"name": "1", "owner": me}, {"name": "2"}, {"name": "3", "owner": blind})
    lines = company.make("deal_line", *({"deal": d, "product": product, "price": 10} for d in (mine, theirs, his)))
    assert shown(company, me, "deal_line", lines[0])["amount"] == Decimal(10)
    for person, row in ((me, lines[1]), (blind, lines[2])):
        with pytest.raises((NotFound, UnknownName)):
            shown(company, person, "deal_line", row)
    with company.session(me) as session:
        records.create(session, "deal_line", {"deal": mine, "product": product, "price": 1})
        with pytest.raises((Invalid, Forbidden)):
            records.create(session, "deal_line", {"deal": theirs, "product": product, "price": 1})


def test_nobody_edits_what_he_cannot_read(company: Company) -> None:
    company.role("r", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "revenue": "hidden", "fax": "masked"}},
                 {"entity": "account", "actions": ["update"], "scope": "all", "fields": {"*": "edit"}})
    me = company.person("r")
    (account,) = company.make("account", {"name": "А", "revenue": 1, "fax": "+380441234567"})
    with company.session(me) as session:
        assert records.change(session, "account", account, {"city": "Київ"}).changed == {"city"}
        with pytest.raises(UnknownName):
            records.change(session, "account", account, {"revenue": 2})
        with pytest.raises(Forbidden):
            records.change(session, "account", account, {"fax": "+380441234568"})


def test_export_shows_what_rules_with_export_show(company: Company) -> None:
    company.role("r", {"entity": "account", "actions": ["read", "export"], "scope": "all", "fields": {"*": "read", "revenue": "hidden"}},
                 {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}})
    me = company.person("r")
    company.make("account", {"name": "А", "owner": me, "revenue": 5})
    both = frozenset({"read", "export"})
    with company.session(me) as session:
        assert "revenue" in session.sight.readable("account")
        assert "revenue" not in session.sight.readable("account", both)
        with pytest.raises(UnknownName):
            list(lists.stream(session, lists.ListQuery("account", ("revenue",), actions=both)))


def test_a_deleted_record_is_nowhere(company: Company) -> None:
    owner = company.person("owner")
    (account,) = company.make("account", {"name": "Була", "code": "A-X"})
    with company.session(owner) as session:
        records.remove(session, "account", account)
        session.commit()
        with pytest.raises(NotFound):
            lists.record(session, "account", account)
        assert lists.count(session, lists.parse_query(session, "account", {})).number == 0
        records.create(session, "account", {"name": "Нова", "code": "A-X"})
        with pytest.raises(Invalid):
            records.restore(session, "account", account)


def test_nobody_gives_a_role_that_allows_more_than_his_own(company: Company) -> None:
    administrator, other = company.person("administrator"), company.person()
    with company.system() as session:
        roles = dict(session.execute(select(Role.code, Role.id)).all())
    with company.session(administrator) as session:
        with pytest.raises(Invalid):
            records.create(session, "membership", {"user": other, "role": roles["owner"]})
        with pytest.raises(Invalid):
            records.create(session, "membership", {"user": other, "role": roles["head"]})
        assert records.create(session, "membership", {"user": other, "role": roles["clerk"]})


def test_the_past_of_a_record_that_could_have_been_denied_is_not_told(company: Company) -> None:
    here = {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    there = {"entity": "account", "effect": "deny", "actions": ["read"], "where": {"field": "city", "op": "eq", "value": "Одеса"}}
    told, untold = company.person(company.role("wide", here)), company.person(company.role("narrow", here, there))
    (account,) = company.make("account", {"name": "А", "city": "Одеса", "employees": 5})
    with company.system() as session:
        records.change(session, "account", account, {"city": "Київ", "employees": 6})
        session.commit()
    for person, fields in ((told, {"city", "employees"}), (untold, set())):
        with company.session(person, write=False) as session:
            found, _ = history(session, company.catalog.entity("account"), account)
            assert {c.field.key for h in found if h.action == "update" for c in h.changes} == fields
