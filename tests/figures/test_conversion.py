"""Money of several currencies in reports, against figures worked out by hand (the other deals stand in tests/reports/deals.py)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice.guard import DataSession
from crm.backoffice.money import exact_sum, round_half_up
from crm.backoffice.reports import Table, find, run
from crm.errors import BadRequest
from crm.messages import render
from tests.company import Company
from tests.reports.deals import fill, win_rate

HOME = Decimal("720.10")  # of the won in hryvnias
DOLLARS = (
    ("anna", "won", date(2024, 1, 1), date(2024, 1, 31), "100", "USD", ()),  # at 38
    ("bohdan", "won", date(2024, 3, 1), date(2024, 3, 5), "10.01", "USD", (("pump", "10.01"),)),  # at 38.5
    ("bohdan", "won", None, None, "1", "USD", ()),  # no day: at the last, 41
)
RATES = (("USD", date(2024, 1, 10), "38"), ("USD", date(2024, 3, 1), "38.5"), ("USD", date(2024, 5, 1), "41"))


def quote(company: Company, *rates: tuple[str, date, str]) -> None:
    company.make("exchange_rate", *({"currency": currency, "day": day, "rate": Decimal(rate)} for currency, day, rate in rates))


def totals(company: Company, **asked: str) -> tuple[Any, list[str]]:
    with company.system(write=False) as session:
        table = win_rate(session, **asked)[1]
    return table.totals["amount"], [render(note, "en") for note in table.notes]


@pytest.mark.parametrize(("rate", "amount", "note"), [
    # 720.10 + 100 × 38 + 10.01 × 38.5 + 1 × 41
    ("historic", "4946.485", "Amounts in USD are converted to UAH at the rates of their days (Closed on, Expected on)."),
    ("current", "5271.51", "Amounts in USD are converted to UAH at the last rates."),  # 720.10 + 111.01 × 41
    ("2024-02-01", "4938.48", "Amounts in USD are converted to UAH at the rates of 2024-02-01."),  # 720.10 + 111.01 × 38
    ("2024-01-09", None, "There is no exchange rate for USD (2024-01-09) or before, so sums with such amounts are left empty."),
])
def test_a_sum_takes_the_rates_that_are_asked_for(company: Company, rate: str, amount: str | None, note: str) -> None:
    fill(company, *DOLLARS)
    quote(company, *RATES)
    found = totals(company, rate=rate)
    assert found == (None if amount is None else Decimal(amount), [note])
    if rate == "historic":
        assert totals(company) == found


def test_the_figure_is_rounded_once_half_up_where_it_is_shown(company: Company) -> None:
    fill(company, *DOLLARS)
    quote(company, *RATES)
    amount, _ = totals(company)
    assert round_half_up(amount, 2) == Decimal("4946.49")
    with company.system(write=False) as session:
        rows = win_rate(session, by="owner")[1].rows
    # Anna 600.10 + 3800, Bohdan 120 + 385.385 + 41; their sum is the total, not one of rounded parts
    assert {row["owner"]: row["amount"] for row in rows} == {"Anna": Decimal("4400.10"), "Bohdan": Decimal("546.385"), None: Decimal(0)}


def test_in_another_currency_both_rates_are_those_of_the_day(company: Company) -> None:
    fill(company, *DOLLARS)
    quote(company, *RATES)
    amount, _ = totals(company, currency="USD", rate="current")
    assert round_half_up(amount, 10) == Decimal("128.5734146341")  # 111.01 + 720.10 / 41
    quote(company, ("EUR", date(2024, 1, 1), "40"))
    amount, notes = totals(company, currency="EUR", rate="2024-03-01")
    assert round_half_up(amount, 10) == Decimal("124.849625")  # (720.10 + 111.01 × 38.5) / 40
    assert notes == ["Amounts in UAH, USD are converted to EUR at the rates of 2024-03-01."]


def test_one_missing_rate_empties_the_sums_that_it_takes_part_in_and_no_other(company: Company) -> None:
    fill(company, *DOLLARS)
    quote(company, *RATES[1:])  # nothing before March
    with company.system(write=False) as session:
        table = win_rate(session, by="month")[1]
    assert [(row["month"], row["amount"]) for row in table.rows] == [
        ("2023-12", Decimal(0)), ("2024-01", None), ("2024-02", Decimal(200)), ("2024-03", Decimal("735.385")), (None, Decimal(111)),
    ]
    assert table.totals["amount"] is None
    assert [render(note, "en") for note in table.notes] == [
        "There is no exchange rate for USD (2024-01-31) or before, so sums with such amounts are left empty."]


def test_by_product_lines_take_the_rate_of_their_deal(company: Company) -> None:
    fill(company, *DOLLARS)
    quote(company, *RATES)
    with company.system(write=False) as session:
        rows = win_rate(session, by="product")[1].rows
    # pumps: 60.10 + 15 + 50 + 50, and 10.01 × 38.5
    assert {row["product"]: row["amount"] for row in rows}["Pump"] == Decimal("560.485")


def test_with_one_currency_nothing_is_asked_of_rates(company: Company) -> None:
    fill(company)
    assert totals(company) == (HOME, [])
    assert totals(company, rate="current") == (HOME, [])


def test_what_a_reader_does_not_see_dates_nothing(company: Company) -> None:
    """Without the day of closing a deal takes the day on which it was expected; without that today's rate."""
    fill(company, *DOLLARS)
    quote(company, *RATES)
    rules = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "closed_on": "hidden"}}
    with company.session(company.person(company.role("no_day", rules)), write=False) as session:
        table = win_rate(session)[1]
    assert table.totals["amount"] == Decimal("5271.51")
    assert [render(note, "en") for note in table.notes] == ["Amounts in USD are converted to UAH at the last rates."]
    rules = {**rules, "fields": {"*": "read", "currency": "hidden"}}
    with company.session(company.person(company.role("no_currency", rules)), write=False) as session:
        assert "amount" not in win_rate(session)[1].totals


@pytest.mark.parametrize("rate", ["yesterday", "2024-13-01", "0000-00-00", "2024-1", "current ,", "20240101"])
def test_a_rate_that_is_none_is_refused(company: Company, rate: str) -> None:
    with company.system(write=False) as session, pytest.raises(BadRequest):
        win_rate(session, rate=rate)


# --- the report over any entity ---------------------------------------------------------------------------------------


def any_records(session: DataSession, **asked: str) -> Table:
    return run(find("records"), session, {"entity": "deal", **asked})[1]


OPEN = (
    # expected on, amount, currency
    (date(2024, 2, 1), "10", "USD"),  # at 38
    (date(2024, 4, 1), "30", "USD"),  # at 38.5
    (None, "20", "USD"),  # at the last, 41
    (date(2999, 1, 1), "2", "USD"),  # a day to come: at the last
    (date(2024, 4, 1), "1000", "UAH"),
    (date(2024, 4, 1), None, "EUR"),  # no amount: no rate is needed
)


def open_deals(company: Company) -> list[int]:
    return company.make("deal", *(
        {"name": f"Open {n}", "stage": company.stage("lead"), "expected_on": day, "amount": amount and Decimal(amount), "currency": currency}
        for n, (day, amount, currency) in enumerate(OPEN)
    ), source="import")


def test_sums_means_and_bounds_are_those_of_converted_amounts(company: Company) -> None:
    open_deals(company)
    quote(company, *RATES)
    with company.system(write=False) as session:
        found = any_records(session, measure="count,sum:amount,avg:amount,min:amount,max:amount").totals
        current = any_records(session, measure="sum:amount,min:amount", rate="current").totals
        split = any_records(session, by="expected_on:year", measure="count,sum:amount").rows
    # 380 + 1155 + 820 + 82 + 1000
    assert found == {"count": 6, "sum:amount": Decimal(3437), "avg:amount": Decimal("687.4"), "min:amount": Decimal(82), "max:amount": Decimal(1155)}
    assert current == {"sum:amount": Decimal(3542), "min:amount": Decimal(82)}  # 62 × 41 + 1000
    assert [(row["expected_on:year"], row["count"], row["sum:amount"]) for row in split] == [
        ("2024", 4, Decimal(2535)), ("2999", 1, Decimal(82)), (None, 1, Decimal(820)),
    ]


def test_without_a_rate_there_is_no_figure(company: Company) -> None:
    open_deals(company)
    quote(company, *RATES[1:])
    with company.system(write=False) as session:
        table = any_records(session, measure="count,sum:amount,avg:amount,min:amount,max:amount")
    assert table.totals == {"count": 6, "sum:amount": None, "avg:amount": None, "min:amount": None, "max:amount": None}
    assert "USD (2024-02-01)" in render(table.notes[0], "en")


def test_every_cell_opens_the_records_that_it_converts(company: Company) -> None:
    open_deals(company)
    fill(company, *DOLLARS)
    quote(company, *RATES, ("EUR", date(2023, 1, 1), "40"))
    with company.system(write=False) as session:
        for table in (any_records(session, by="stage", measure="sum:amount"), win_rate(session, by="owner")[1]):
            key = "amount" if "amount" in table.totals else "sum:amount"
            for row in (*table.rows, None):
                drill = table.drill(row, key)
                assert drill is not None
                deals = session.table("deal")
                rows = session.execute(select(deals["amount"], deals["currency"], deals["closed_on"], deals["expected_on"]).where(
                    deals.visible, deals.asked(dict(drill.where))))
                parts = [amount * rate(currency, closed or expected) for amount, currency, closed, expected in rows if amount is not None]
                assert exact_sum(parts) == ((table.totals if row is None else row)[key] or 0)


def rate(currency: str | None, day: date | None) -> Decimal:
    """By hand: the newest of RATES that is not after the day."""
    known = [Decimal(value) for code, since, value in RATES if code == currency and (day is None or since <= day)]
    return {"EUR": Decimal(40), "USD": known[-1] if known else Decimal(0)}.get(currency or "UAH", Decimal(1))
