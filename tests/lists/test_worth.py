"""What sums of lists and groups in several currencies come to, worked out by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

import crm.reports
from crm.backoffice import lists
from crm.backoffice.guard import DataSession
from crm.backoffice.grouped import groups
from crm.backoffice.reports import find, run
from crm.backoffice.worth import Worth, worths
from crm.errors import Forbidden
from crm.messages import render
from tests.company import Company, today

assert crm.reports
# stage, closed on, expected on, amount, currency
DEALS = (
    ("won", date(2024, 1, 31), date(2024, 3, 31), "100", "USD"),  # at 38: closed
    ("won", date(2024, 3, 5), None, "10.01", "USD"),  # at 38.5
    ("lead", None, date(2024, 2, 1), "10", "USD"),  # at 38: expected
    ("lead", None, None, "1", "USD"),  # at the last, 41
    ("lead", None, None, "1000.005", "UAH"),
    ("proposal", None, None, "5", None),  # the base currency
    ("proposal", None, None, "0", "EUR"),  # nothing is worth nothing
)
RATES = (("USD", date(2024, 1, 10), "38"), ("USD", date(2024, 3, 1), "38.5"), ("USD", date(2024, 5, 1), "41"))


@pytest.fixture
def sold(company: Company) -> Company:
    company.make("deal", *(
        {"name": f"Deal {n}", "stage": company.stage(stage), "closed_on": closed, "expected_on": expected, "amount": Decimal(amount), "currency": currency}
        for n, (stage, closed, expected, amount, currency) in enumerate(DEALS)
    ), source="import")
    company.make("exchange_rate", *({"currency": currency, "day": day, "rate": Decimal(rate)} for currency, day, rate in RATES))
    return company


def foot(session: DataSession, **asked: str) -> dict[str, Worth]:
    """Of the fields themselves; how open deals are weighed stands in `test_boards`."""
    query = lists.parse_query(session, "deal", {"columns": "name,amount", **asked})
    return {key: worth for key, worth in worths(session, query, lists.totals(session, query)).items() if "~" not in key}


def test_the_foot_of_a_list_adds_up_what_is_converted_by_day(sold: Company) -> None:
    with sold.session(sold.person("head"), write=False) as session:
        # 3800 + 385.385 + 380 + 41 + 1000.005 + 5
        assert foot(session) == {"amount": Worth(Decimal("5611.39"))}
        assert foot(session, where='{"field": "currency", "op": "eq", "value": "UAH"}') == {}


def test_groups_add_up_to_the_foot(sold: Company) -> None:
    with sold.session(sold.person("head"), write=False) as session:
        query = lists.parse_query(session, "deal", {"columns": "name,amount"})
        found = {group.value: group.worths["amount"] for group in groups(session, query, "stage", "").groups}
        assert found == {
            sold.stage("won"): Worth(Decimal("4185.385")), sold.stage("lead"): Worth(Decimal("1421.005")), sold.stage("proposal"): Worth(Decimal(5)),
        }
        assert sum(found.values(), Worth(Decimal(0))) == foot(session)["amount"]
        by_month = groups(session, query, "expected_on", "month")
        assert sum((group.worths["amount"] for group in by_month.groups), Worth(Decimal(0))) == foot(session)["amount"]


def test_a_missing_rate_leaves_the_sum_undefined_and_is_named(sold: Company) -> None:
    sold.make("deal", {"name": "Zloty", "stage": sold.stage("lead"), "amount": Decimal(7), "currency": "PLN"},
              {"name": "Early", "stage": sold.stage("won"), "closed_on": date(2023, 12, 31), "amount": Decimal(7), "currency": "USD"}, source="import")
    with sold.session(sold.person("head"), write=False) as session:
        assert foot(session) == {"amount": Worth(None, {"PLN": today(), "USD": date(2023, 12, 31)})}
        query = lists.parse_query(session, "deal", {"columns": "name,amount"})
        found = {group.value: group.worths["amount"].amount for group in groups(session, query, "stage", "").groups}
        assert found == {sold.stage("won"): None, sold.stage("lead"): None, sold.stage("proposal"): Decimal(5)}


def test_two_worths_together_lack_what_either_lacks() -> None:
    early, late = Worth(None, {"USD": date(2024, 1, 1)}), Worth(None, {"USD": date(2024, 2, 1), "EUR": date(2024, 3, 1)})
    assert late + early == Worth(None, {"USD": date(2024, 1, 1), "EUR": date(2024, 3, 1)})
    assert Worth(Decimal(1)) + early == early
    assert Worth(Decimal(1)) + Worth(Decimal("0.5")) == Worth(Decimal("1.5"))


@pytest.mark.parametrize(("hidden", "expected"), [
    # without the day of closing: 100 at 38.5 (expected), 10.01 at 41
    ("closed_on", {"amount": Worth(Decimal("5686.4150"))}), ("currency", {}), ("amount", {}),
])
def test_what_a_reader_does_not_see_takes_no_part(sold: Company, hidden: str, expected: dict[str, Any]) -> None:
    rules = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", hidden: "hidden"}}
    with sold.session(sold.person(sold.role("blind", rules)), write=False) as session:
        columns = "name" if hidden == "amount" else "name,amount"
        assert foot(session, columns=columns) == expected


def test_records_without_a_day_of_their_own_take_the_last_rate(sold: Company) -> None:
    sold.make("account", {"name": "A", "revenue": Decimal(100), "currency": "USD"}, {"name": "B", "revenue": Decimal(1), "currency": "UAH"})
    with sold.session(sold.person("head"), write=False) as session:
        query = lists.parse_query(session, "account", {"columns": "name,revenue"})
        assert worths(session, query, lists.totals(session, query)) == {"revenue": Worth(Decimal(4101))}


def test_lines_are_in_the_currency_of_their_deal_and_take_its_rate(sold: Company) -> None:
    """Two lines of the deal at 38 and one of that in hryvnias: 60 × 38 + 40 × 38 + 5."""
    with sold.session(sold.person("head"), write=False) as session:
        deal = session.table("deal")
        ids = dict(session.execute(select(deal["name"], deal.id).where(deal.visible)).all())
    (pump,) = sold.make("product", {"name": "Pump"})
    sold.make("deal_line", *(
        {"deal": ids[name], "product": pump, "quantity": Decimal(1), "amount": Decimal(amount)}
        for name, amount in (("Deal 0", "60"), ("Deal 0", "40"), ("Deal 4", "5"))
    ), source="import")
    with sold.session(sold.person("head"), write=False) as session:
        query = lists.parse_query(session, "deal_line", {"columns": "product,amount"})
        sums = lists.totals(session, query)
        assert sums["amount"] == {"USD": Decimal(100), "UAH": Decimal(5)}
        assert worths(session, query, sums) == {"amount": Worth(Decimal(3805))}
        (group,) = groups(session, query, "product", "").groups
        assert group.sums["amount"] == sums["amount"] and group.worths["amount"] == Worth(Decimal(3805))
        table = run(find("records"), session, {"entity": "deal_line", "by": "product", "measure": "sum:amount,max:amount"})[1]
        assert [(row["sum:amount"], row["max:amount"]) for row in table.rows] == [(Decimal(3805), Decimal(2280))]
        assert "rates of their days" in render(table.notes[0], "en")
    rules = [{"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "currency": "hidden"}},
             {"entity": "deal_line", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}]
    with sold.session(sold.person(sold.role("blind", *rules)), write=False) as session, pytest.raises(Forbidden):
        run(find("records"), session, {"entity": "deal_line", "measure": "sum:amount"})
