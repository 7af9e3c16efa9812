"""The one door: what a save does besides writing, what it refuses, and that a refused save writes nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from crm.backoffice import lists, records
from crm.backoffice.journal import JournalRow
from crm.backoffice.outbox import OutboxRow
from crm.errors import Conflict, Forbidden, Invalid, NotFound, UnknownName
from tests.company import Company


def values(company: Company, entity: str, record_id: int) -> dict[str, Any]:
    with company.system(write=False) as session:
        return dict(lists.record(session, entity, record_id).values)


def journal_of(company: Company, entity: str, record_id: int) -> list[tuple[str, dict[str, Any]]]:
    with company.system(write=False) as session:
        rows = session.execute(
            select(JournalRow.action, JournalRow.changes).where(JournalRow.entity == entity, JournalRow.record_id == record_id).order_by(JournalRow.id))
        return [(action, changes) for action, changes in rows]


def test_a_new_record_gets_code_owner_place_and_currency(company: Company) -> None:
    (department,) = company.make("department", {"name": "Збут"})
    me = company.person("owner", department=department)
    with company.session(me) as session:
        account = records.create(session, "account", {"name": "  Нова  "})
        session.commit()
    found = values(company, "account", account)
    assert (found["name"], found["code"], found["owner"].id, found["department"].id, found["currency"]) == ("Нова", f"A-{account}", me, department, "UAH")


def test_every_change_is_journaled_with_old_and_new_in_its_transaction(company: Company) -> None:
    (account,) = company.make("account", {"name": "А", "revenue": 5})
    with company.system() as session:
        records.change(session, "account", account, {"revenue": Decimal("7.5"), "name": "А"})
        session.commit()
        records.change(session, "account", account, {"revenue": 8})
        session.rollback()
    rows = journal_of(company, "account", account)
    assert [action for action, _ in rows] == ["create", "update"]
    assert rows[1][1] == {"revenue": ["5.0000", "7.5000"]} or rows[1][1] == {"revenue": ["5", "7.5"]}


def test_a_save_that_changes_nothing_writes_nothing(company: Company) -> None:
    (account,) = company.make("account", {"name": "А"})
    with company.system() as session:
        saved = records.change(session, "account", account, {"name": "А "})
        assert (saved.changed, saved.row_version) == (frozenset(), 1)
    assert len(journal_of(company, "account", account)) == 1


def test_one_bad_row_of_many_and_nothing_is_written(company: Company) -> None:
    with company.system() as session:
        with pytest.raises(records.InvalidRows) as refused:
            records.create_many(session, "account", [{"name": "добра"}, {"name": ""}, {"name": "рік", "founded": 99999}])
        session.commit()
        assert set(refused.value.rows) == {1, 2}
        assert session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.key.like("account:%"))) == 0
        assert lists.count(session, lists.parse_query(session, "account", {})).number == 0


def test_changes_of_different_fields_merge_and_of_the_same_collide(company: Company) -> None:
    (account,) = company.make("account", {"name": "А", "city": "Київ"})
    with company.system() as session:
        records.change(session, "account", account, {"city": "Львів"}, seen_version=1)
        merged = records.change(session, "account", account, {"name": "Б"}, seen_version=1)
        assert merged.changed == {"name"}
        with pytest.raises(Conflict) as collided:
            records.change(session, "account", account, {"city": "Одеса"}, seen_version=1)
        assert collided.value.fields == ("city",)
        session.commit()
    assert (values(company, "account", account)["name"], values(company, "account", account)["city"]) == ("Б", "Львів")


def test_what_both_wrote_alike_is_no_conflict(company: Company) -> None:
    (account,) = company.make("account", {"name": "А"})
    with company.system() as session:
        records.change(session, "account", account, {"city": "Львів"})
        assert records.change(session, "account", account, {"city": "Львів", "fax": None}, seen_version=1).changed == frozenset()


def test_unknown_and_system_fields_are_refused(company: Company) -> None:
    owner = company.person("owner")
    (account,) = company.make("account", {"name": "А"})
    with company.session(owner) as session:
        for key in ("no_such", "row_version", "created_at", "id", "deleted_at"):
            with pytest.raises(UnknownName):
                records.change(session, "account", account, {key: 1})


def test_codes_are_unique_among_what_is_not_deleted(company: Company) -> None:
    with company.system() as session:
        first = records.create(session, "product", {"name": "1", "code": "X"})
        with pytest.raises(Invalid) as refused:
            records.create(session, "product", {"name": "2", "code": "X"})
        assert set(refused.value.fields) == {"code"}
        records.remove(session, "product", first)
        assert records.create(session, "product", {"name": "2", "code": "X"})


def test_an_option_of_another_picklist_is_refused(company: Company) -> None:
    with company.system() as session, pytest.raises(Invalid):
        records.create(session, "account", {"name": "А", "industry": company.option("account_kind", "customer")})


def test_a_removed_record_does_not_exist_until_it_is_restored(company: Company) -> None:
    (account,) = company.make("account", {"name": "А"})
    with company.system() as session:
        records.remove(session, "account", account, seen_version=1)
        for verb in (records.remove, lambda s, e, i: records.change(s, e, i, {"name": "Б"})):
            with pytest.raises(NotFound):
                verb(session, "account", account)
        records.restore(session, "account", account)
        assert lists.record(session, "account", account).row_version == 3


def test_a_deal_follows_its_stage(company: Company) -> None:
    (deal,) = company.make("deal", {"name": "у", "amount": 10})
    first = values(company, "deal", deal)
    assert (first["stage"], first["probability"]) == (company.stage("lead"), Decimal("0.05"))
    with company.system() as session:
        with pytest.raises(Invalid) as refused:
            records.change(session, "deal", deal, {"stage": company.stage("lost")})
        assert set(refused.value.fields) == {"loss_reason"}
        records.change(session, "deal", deal, {"stage": company.stage("won")})
        session.commit()
    found = values(company, "deal", deal)
    assert (found["probability"], found["closed_on"]) == (Decimal(1), company.catalog.reader().today)
    with company.system(write=False) as session:
        query = lists.ListQuery("stage_history", ("from_stage", "stage"), sort=(("id", False),))
        assert [(r.values["from_stage"], r.values["stage"]) for r in lists.page(session, query).rows] == [
            (None, company.stage("lead")), (company.stage("lead"), company.stage("won"))]


def test_a_deal_is_worth_its_lines_until_another_amount_is_given(company: Company) -> None:
    (product,) = company.make("product", {"name": "Товар"})
    (deal,) = company.make("deal", {"name": "у"})
    line, _ = company.make(
        "deal_line", {"deal": deal, "product": product, "quantity": 3, "price": "33.3333", "discount": "0.1"}, {"deal": deal, "product": product, "price": 10})
    assert values(company, "deal_line", line)["amount"] == Decimal("89.9999")
    assert values(company, "deal", deal)["amount"] == Decimal("99.9999")
    with company.system() as session:
        records.change(session, "deal", deal, {"amount": 500})
        records.change(session, "deal_line", line, {"quantity": 1})
        session.commit()
    assert values(company, "deal", deal)["amount"] == Decimal(500)


@pytest.mark.parametrize("source", ["ui", "import"])
def test_an_amount_given_beside_lines_stays_and_a_missing_one_follows_them(company: Company, source: str) -> None:
    (product,) = company.make("product", {"name": "Товар"})
    given, zero, follows = company.make("deal", {"name": "1", "amount": 500}, {"name": "2", "amount": 0}, {"name": "3"}, source=source)
    company.make("deal_line", *({"deal": d, "product": product, "quantity": n, "price": 10} for d in (given, zero, follows) for n in (1, 2)), source=source)
    assert [values(company, "deal", d)["amount"] for d in (given, zero, follows)] == [500, 0, 30]


def test_margin_is_amount_less_cost_unless_given(company: Company) -> None:
    (deal,) = company.make("deal", {"name": "у", "amount": 10, "cost": 4})
    assert values(company, "deal", deal)["margin"] == Decimal(6)
    with company.system() as session:
        records.change(session, "deal", deal, {"margin": 1})
        records.change(session, "deal", deal, {"cost": 5})
        session.commit()
    assert values(company, "deal", deal)["margin"] == Decimal(1)


def test_dates_out_of_order_are_refused(company: Company) -> None:
    with company.system() as session, pytest.raises(Invalid) as refused:
        records.create(session, "deal", {"name": "у", "opened_on": date(2026, 5, 2), "closed_on": date(2026, 5, 1)})
    assert set(refused.value.fields) == {"closed_on"}


def test_a_field_that_does_not_show_on_a_record_is_refused_whatever_it_is_given(company: Company) -> None:
    company.role("glance", {
        "entity": "deal", "effect": "allow", "actions": ["read", "update"], "scope": "all",
        "fields": {"*": "edit", "cost": {"mode": "edit", "where": {"field": "amount", "op": "lt", "value": 100}}},
    })
    who = company.person("glance", email="glance@check.example")
    dear, cheap = company.make("deal", {"name": "Дорога", "amount": 500, "cost": 7}, {"name": "Дешева", "amount": 50, "cost": 7})
    for value in (7, 8, None):  # the one that is stored tells itself by no other answer
        with company.session(who) as session:
            assert list(records.check_changes(session, "deal", {dear: {"cost": value}})) == [0], value
            with pytest.raises(Forbidden):
                records.change(session, "deal", dear, {"cost": value})
    with company.session(who) as session:
        assert "cost" in records.change(session, "deal", cheap, {"cost": 8}).changed
        session.commit()
