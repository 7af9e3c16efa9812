"""A record as it was: whatever was done to it since, the values of then come back; what a reader may not see today does not."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from crm.backoffice import links, records
from crm.backoffice.as_of import Past, as_of
from crm.errors import BramaError, NotFound
from tests.company import Company
from tests.statements import statements

OWNER = "owner"
TEXTS = st.sampled_from(["Криниця", "Джерело", "", "=1+1", "Ґава 'лапки' \\N"])
STEPS = st.lists(st.one_of(
    st.tuples(st.just("name"), st.sampled_from(["Насос", "Помпа", "Труба"])),
    st.tuples(st.just("amount"), st.none() | st.decimals("0", "99999", places=2)),
    st.tuples(st.just("description"), TEXTS),
    st.tuples(st.just("expected_on"), st.none() | st.dates(datetime(2020, 1, 1).date(), datetime(2030, 1, 1).date())),
    st.tuples(st.just("line"), st.decimals("1", "9", places=2)),
    st.tuples(st.just("quantity"), st.decimals("1", "9", places=2)),
    st.tuples(st.just("remove_line"), st.none()),
    st.tuples(st.just("remove"), st.none()),
    st.tuples(st.just("restore"), st.none()),
), min_size=1, max_size=12)


def stored(company: Company, entity: str, number: int) -> dict[str, Any]:
    """What stands in a row, read past everything."""
    kind = company.catalog.entity(entity)
    with company.system(write=False) as session:
        table = kind.table
        row = session.kernel(select(table).where(table.c.id == number)).mappings().one()
        held = links.stored(session, kind, [number])[number]
        return {"deleted": row["deleted_at"] is not None, **{k: row[f.attribute] for k, f in kind.in_columns() if not f.system}, **held}


def moment() -> datetime:
    """One that lies after all that was written, and before all that will be."""
    time.sleep(0.002)
    now = datetime.now(UTC)
    time.sleep(0.002)
    return now


def do(company: Company, deal: int, lines: list[int], product: int, what: str, value: Any) -> None:
    with company.system() as session:
        try:
            match what:
                case "line":
                    lines.append(records.create(session, "deal_line", {"deal": deal, "product": product, "quantity": value, "price": Decimal(5)}))
                case "quantity" | "remove_line" if not lines:
                    return
                case "quantity":
                    records.change(session, "deal_line", lines[-1], {"quantity": value})
                case "remove_line":
                    records.remove(session, "deal_line", lines.pop(0))
                case "remove" | "restore":
                    getattr(records, what)(session, "deal", deal)
                case _:
                    records.change(session, "deal", deal, {what: value})
        except BramaError:
            return
        session.commit()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_the_values_of_then_come_back(company: Company, steps: list[tuple[str, Any]]) -> None:
    person = company.person(OWNER)
    before = moment()
    [account], [product] = company.make("account", {"name": "Компанія"}), company.make("product", {"name": "Насос"})
    [deal] = company.make("deal", {"name": "Угода", "account": account})
    lines: list[int] = []
    seen: list[tuple[datetime, dict[str, Any], dict[int, dict[str, Any]]]] = []
    for what, value in steps:
        do(company, deal, lines, product, what, value)
        seen.append((moment(), stored(company, "deal", deal), {line: stored(company, "deal_line", line) for line in lines}))
    if stored(company, "deal", deal)["deleted"]:
        do(company, deal, lines, product, "restore", None)
    kind = company.catalog.entity("deal")
    with company.session(person, write=False) as session:
        own, rows = as_of(session, kind, deal, before)
        assert not own.existed and own.values == {} and rows == []
        for at, then, below in seen:
            own, rows = as_of(session, kind, deal, at)
            assert own.removed == then.pop("deleted")
            if own.removed:
                assert own.values == {}
                continue
            assert own.values == {key: then[key] for key in own.values} and own.values.keys() == own.now.keys() == then.keys()
            assert {row.id: dict(row.values) for row in rows} == {i: {k: v for k, v in r.items() if k != "deleted"} for i, r in below.items()}


def test_a_set_as_it_was_without_what_the_reader_does_not_see(company: Company) -> None:
    owner = company.person(OWNER)
    one, other = company.make("product_category", {"name": "Насоси"}, {"name": "Труби"})
    [account] = company.make("account", {"name": "Криниця", "interests": (one,)})
    at = moment()
    with company.system() as session:
        records.change(session, "account", account, {"interests": (other,)})
        session.commit()
    second = {"field": "id", "op": "eq", "value": other}
    rules = [{"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "revenue": "hidden"}},
             {"entity": "product_category", "actions": ["read"], "scope": "where", "where": second, "fields": {"*": "read"}}]
    half = company.person(company.role("half", *rules))
    for person, then in ((owner, (one,)), (half, None)):
        with company.session(person, write=False) as session:
            past, _ = as_of(session, company.catalog.entity("account"), account, at)
            assert (past.values["interests"], past.now["interests"]) == (then, (other,))


def test_what_is_hidden_today_has_no_past(company: Company) -> None:
    [account] = company.make("account", {"name": "Криниця", "revenue": Decimal(777), "city": "Львів", "phone": "+380441234567"})
    at = moment()
    with company.system() as session:
        records.change(session, "account", account, {"revenue": Decimal(1), "city": "Одеса", "phone": None})
        session.commit()
    fields = {"*": "read", "revenue": "hidden", "phone": "masked", "city": {"mode": "read", "where": {"field": "name", "op": "eq", "value": "Криниця"}}}
    somebody = company.person(company.role("some", {"entity": "account", "actions": ["read"], "scope": "all", "fields": fields}))
    nobody = company.person(company.role("none", {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}}))
    with company.session(somebody, write=False) as session:
        past, _ = as_of(session, company.catalog.entity("account"), account, at)
        assert past.values["name"] == "Криниця" and not {"revenue", "phone", "city"} & {*past.values, *past.now} and past.changed == frozenset()
    with company.session(nobody, write=False) as session, pytest.raises(NotFound):
        as_of(session, company.catalog.entity("account"), account, at)


def test_what_was_erased_is_said_to_be(company: Company) -> None:
    past = Past(company.catalog.entity("contact"), 1, True, False, {"name": None}, {"name": "Стерта особа"}, frozenset({"name"}))
    assert past.changed == {"name"}


def test_it_costs_as_many_queries_however_much_happened(company: Company) -> None:
    owner = company.person(OWNER)
    [product] = company.make("product", {"name": "Насос"})
    [deal] = company.make("deal", {"name": "Угода"})
    at, asked = moment(), []
    for count in (2, 30):
        for n in range(count):
            with company.system() as session:
                records.change(session, "deal", deal, {"name": f"Угода {count} {n}"})
                records.create(session, "deal_line", {"deal": deal, "product": product, "quantity": Decimal(1)})
                session.commit()
        with company.session(owner, write=False) as session, statements(company.engine) as sent:
            as_of(session, company.catalog.entity("deal"), deal, at)
        asked.append(len(sent))
    assert asked[0] == asked[1] <= 20, asked
