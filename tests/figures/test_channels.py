"""The report on channels of sale against figures worked out by hand; every count and sum is opened."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import crm.reports
from crm.backoffice.reports import find, run
from crm.errors import Forbidden
from tests.company import Company
from tests.reports.deals import check_cells

assert crm.reports
# channel, source, stage, opened, closed, amount, currency, margin, lines (quantity, price, amount)
DEALS: tuple[tuple[Any, ...], ...] = (
    ("direct", "web", "won", date(2025, 1, 1), date(2025, 1, 11), "90", "UAH", "30", (("2", "50", "90"),)),  # 10 days, 10 off 100
    ("direct", "web", "won", date(2025, 1, 20), date(2025, 2, 20), "10", "EUR", "1", (("1", "10", "10"),)),  # 31 days; 500 UAH
    ("direct", None, "won", date(2025, 2, 1), None, None, "UAH", "7", (("1", None, "5"),)),  # no day; its amount is its line's, which has no price
    ("direct", "web", "lost", date(2025, 1, 5), date(2025, 2, 5), "999", "UAH", None, (("1", "999", "1"),)),
    ("tender", "web", "lead", date(2025, 2, 3), None, "5", "UAH", None, ()),
    ("tender", None, "lost", date(2025, 3, 3), date(2025, 3, 9), "6", "UAH", None, ()),
    (None, None, "won", date(2024, 12, 31), date(2025, 1, 1), "4", "UAH", None, ()),  # no margin is known
)


@pytest.fixture
def sold(company: Company) -> Company:
    company.make("exchange_rate", {"currency": "EUR", "day": date(2024, 1, 1), "rate": Decimal(50)})
    (sheet,) = company.make("product", {"name": "Sheet"})
    sources = {key: company.catalog.picklists["source"].options[n].id for n, key in enumerate(("web",))}
    made = company.make("deal", *({
        "name": f"Deal {n}", "stage": company.stage(stage), "sales_channel": company.option("sales_channel", channel) if channel else None,
        "source": sources.get(source or ""), "opened_on": opened, "closed_on": closed, "amount": Decimal(amount) if amount else None, "currency": currency,
        "margin": Decimal(margin) if margin else None,
    } for n, (channel, source, stage, opened, closed, amount, currency, margin, _) in enumerate(DEALS)), source="import")
    company.make("deal_line", *(
        {"deal": deal, "product": sheet, "quantity": Decimal(quantity), "price": Decimal(price) if price else None, "amount": Decimal(amount)}
        for deal, row in zip(made, DEALS, strict=True) for quantity, price, amount in row[8]
    ), source="import")
    return company


def told(company: Company, **asked: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    with company.system(write=False) as session:
        table = run(find("channels"), session, asked)[1]
    return table.rows, table.totals


def test_what_became_of_the_deals_of_each_channel(sold: Company) -> None:
    rows, totals = told(sold, by="sales_channel")
    direct, tender, none = rows
    # won 90 + 10 € × 50 + 5 = 595 of three; margin 30 + 50 + 7 of 595; lines 90 + 500 of 100 + 500, for the third has no price to be below of
    assert direct == {
        "sales_channel": "direct", "deals": 4, "won": 3, "lost": 1, "open": 0, "to_won": 0.75, "low": None, "high": None, "win_rate": 0.75,
        "median_days": 20.5, "amount": Decimal(595), "avg_amount": Decimal(595) / 3, "discount": float(1 - Decimal(590) / 600),
        "margin_rate": float(Decimal(87) / 595),
    }
    assert tender == {
        "sales_channel": "tender", "deals": 2, "won": 0, "lost": 1, "open": 1, "to_won": 0.0, "low": None, "high": None, "win_rate": 0.0,
        "median_days": None, "amount": Decimal(0), "avg_amount": None, "discount": None, "margin_rate": None,
    }
    assert (none["sales_channel"], none["won"], none["median_days"], none["amount"], none["margin_rate"]) == (None, 1, 1.0, Decimal(4), None)
    assert {key: totals[key] for key in ("deals", "won", "lost", "open", "median_days", "amount", "avg_amount")} == {
        "deals": 7, "won": 4, "lost": 2, "open": 1, "median_days": 10.0, "amount": Decimal(599), "avg_amount": Decimal(599) / 4}


def test_a_cohort_is_what_began_in_a_month_and_every_cell_opens_its_deals(sold: Company) -> None:
    assert [(row["month"], row["deals"], row["won"]) for row in told(sold, by="month")[0]] == [
        ("2024-12", 1, 1), ("2025-01", 3, 2), ("2025-02", 2, 1), ("2025-03", 1, 0)]
    assert told(sold, period="2025-01")[1]["deals"] == 3 and told(sold, period="2030")[1] == {
        "deals": 0, "won": 0, "lost": 0, "open": 0, "to_won": None, "low": None, "high": None, "win_rate": None, "median_days": None, "amount": Decimal(0),
        "avg_amount": None, "discount": None, "margin_rate": None}
    with sold.system(write=False) as session:
        table = run(find("channels"), session, {"by": "sales_channel,month", "where": '{"field": "currency", "op": "eq", "value": "UAH"}'})[1]
        sums = replace(table, columns=tuple(column for column in table.columns if column.key != "avg_amount"))  # a mean is no sum
        assert check_cells(session, sums) == 5 * (len(table.rows) + 1)
        mean = table.drill(None, "avg_amount")
        assert mean is not None and mean.entity == "deal" and {"field": "amount", "op": "not_empty"} in mean.where["all"]


def test_twenty_deals_get_an_interval(company: Company) -> None:
    company.make("deal", *(
        {"name": f"D{n}", "stage": company.stage("won" if n < 5 else "lead"), "opened_on": date(2025, 1, 1)} for n in range(20)
    ), source="import")
    totals = told(company)[1]
    # Wilson's 95 % interval of 5 of 20, as published tables give it
    assert totals["to_won"] == 0.25 and totals["low"] == pytest.approx(0.1119, abs=1e-4) and totals["high"] == pytest.approx(0.4687, abs=1e-4)


def test_a_missing_rate_leaves_money_undefined_and_what_is_hidden_is_left_out(sold: Company) -> None:
    sold.make("deal", {"name": "Zloty", "stage": sold.stage("won"), "amount": Decimal(7), "currency": "PLN", "opened_on": date(2025, 1, 2)}, source="import")
    assert told(sold)[1]["amount"] is None and told(sold)[1]["avg_amount"] is None
    rules = [{"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "hidden"}}]
    with sold.session(sold.person(sold.role("blind", *rules)), write=False) as session:
        table = run(find("channels"), session, {"by": "source"})[1]
        assert [column.key for column in table.measures] == ["deals", "won", "lost", "open", "to_won", "low", "high", "win_rate", "median_days"]
        for wrong in ({"by": "nothing"}, {"by": "sales_channel", "sort": "margin_rate"}):
            with pytest.raises(Exception, match=r"."):
                run(find("channels"), session, wrong)
    rules[0]["fields"] = {"*": "read", "stage": "hidden"}
    with sold.session(sold.person(sold.role("blinder", *rules)), write=False) as session, pytest.raises(Forbidden):
        run(find("channels"), session, {})
