"""The report on channels of sale against figures worked out by hand; every count and sum is opened."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import crm.reports
from crm.backoffice import lists, records
from crm.backoffice.reports import find, run
from crm.errors import Forbidden, Invalid
from crm.messages import render
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

RESTING = ("cost", "cost_per_deal", "cost_per_customer", "return_rate", "payback_months")
NO_COST = dict.fromkeys(RESTING)


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
        "margin_rate": float(Decimal(87) / 595), **NO_COST,
    }
    assert tender == {
        "sales_channel": "tender", "deals": 2, "won": 0, "lost": 1, "open": 1, "to_won": 0.0, "low": None, "high": None, "win_rate": 0.0,
        "median_days": None, "amount": Decimal(0), "avg_amount": None, "discount": None, "margin_rate": None, **NO_COST,
    }
    assert (none["sales_channel"], none["won"], none["median_days"], none["amount"], none["margin_rate"]) == (None, 1, 1.0, Decimal(4), None)
    assert {key: totals[key] for key in ("deals", "won", "lost", "open", "median_days", "amount", "avg_amount")} == {
        "deals": 7, "won": 4, "lost": 2, "open": 1, "median_days": 10.0, "amount": Decimal(599), "avg_amount": Decimal(599) / 4}


def test_a_cohort_is_what_began_in_a_month_and_every_cell_opens_its_deals(sold: Company) -> None:
    assert [(row["month"], row["deals"], row["won"]) for row in told(sold, by="month")[0]] == [
        ("2024-12", 1, 1), ("2025-01", 3, 2), ("2025-02", 2, 1), ("2025-03", 1, 0)]
    assert told(sold, period="2025-01")[1]["deals"] == 3 and told(sold, period="2030")[1] == {
        "deals": 0, "won": 0, "lost": 0, "open": 0, "to_won": None, "low": None, "high": None, "win_rate": None, "median_days": None, "amount": Decimal(0),
        "avg_amount": None, "discount": None, "margin_rate": None, **NO_COST}
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


# channel, month, amount, currency
COSTS = (("direct", date(2025, 1, 20), "60", "UAH"), ("direct", date(2025, 1, 31), "0.4", "EUR"), ("direct", date(2025, 2, 1), "7", "UAH"),
         ("online", date(2025, 1, 1), "100", "UAH"))


@pytest.fixture
def spent(sold: Company) -> Company:
    sold.make("channel_cost", *(
        {"sales_channel": sold.option("sales_channel", channel), "month": month, "amount": Decimal(amount), "currency": currency}
        for channel, month, amount, currency in COSTS
    ))
    return sold


def resting(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[key] for key in RESTING)


def test_what_a_channel_costs_stands_against_what_its_deals_bring(spent: Company) -> None:
    with spent.system() as session:
        firms = [records.create(session, "account", {"name": name}) for name in ("One", "Two")]
        for number, firm in ((1, firms[0]), (2, firms[0]), (3, firms[1])):
            records.change(session, "deal", number, {"account": firm})
        session.commit()
    rows, totals = told(spent, by="sales_channel")
    # direct: 60 + 0.4 € × 50 + 7 = 87; four deals, two companies; margin 30 + 50 + 7 of no day; 30 came in the month of opening, 50 after one, 7 nobody knows
    assert {row["sales_channel"]: resting(row) for row in rows} == {
        "direct": (Decimal(87), Decimal(87) / 4, Decimal(87) / 2, 0.0, None),
        "online": (Decimal(100), None, None, -1.0, None), "tender": (None,) * 5, None: (None,) * 5,
    }
    assert totals["cost"] == Decimal(187) and totals["return_rate"] == pytest.approx(float((Decimal(87) - 187) / 187))
    by_month = {(row["sales_channel"], row["month"]): resting(row) for row in told(spent, by="sales_channel,month")[0]}
    # of January 80: 30 at once, 80 after a month; of February nothing is dated
    assert by_month["direct", "2025-01"] == (Decimal(80), Decimal(80) / 3, Decimal(80), 0.0, 1.0)
    assert by_month["direct", "2025-02"] == (Decimal(7), Decimal(7), Decimal(7), 0.0, None) and by_month["online", "2025-01"][0] == Decimal(100)
    assert told(spent, period="2025-02")[1]["cost"] == Decimal(7) and told(spent, period="2030")[1]["cost"] is None
    assert told(spent, period="2025-01-02..2025-01-31")[1]["cost"] is None, "the first day of no month lies in it"


def test_a_cost_opens_its_records_and_is_told_by_channel_and_month_alone(spent: Company) -> None:
    with spent.system(write=False) as session:
        table = run(find("channels"), session, {"by": "sales_channel,month", "currency": "UAH"})[1]
        costs = replace(table, columns=tuple(column for column in table.columns if not column.measure or column.key == "cost"))
        in_hryvnias = [row for row in costs.rows if row["cost"] is not None and row["month"] != "2025-01" or row["sales_channel"] == "online"]
        assert check_cells(session, replace(costs, rows=in_hryvnias, totals={"cost": None})) == 2
        opened = table.drill({"sales_channel": "direct", "month": "2025-01"}, "cost_per_deal")
        assert opened is not None and opened.entity == "channel_cost"
        assert lists.count(session, lists.parse_query(session, "channel_cost", {"where": json.dumps(opened.where)})).number == 2
        for asked in ({"by": "source"}, {"by": "sales_channel,owner"}, {"where": '{"field": "amount", "op": "gt", "value": 0}'}):
            table = run(find("channels"), session, asked)[1]
            assert all(row["cost"] is None and table.drill(row, "cost") is None for row in table.rows)
            assert any("by channel and month alone" in render(note, "en") for note in table.notes)


def test_a_cost_is_of_a_month_not_negative_and_called_after_both(company: Company) -> None:
    (number,) = company.make("channel_cost", {"sales_channel": company.option("sales_channel", "online"), "month": date(2026, 3, 17), "amount": Decimal(5)})
    with company.system(write=False) as session:
        values = lists.record(session, "channel_cost", number).values
    assert (values["name"], values["month"], values["currency"]) == ("Інтернет, 03.2026", date(2026, 3, 1), "UAH")
    with pytest.raises(Invalid) as refused:
        company.make("channel_cost", {"sales_channel": company.option("sales_channel", "online"), "month": date(2026, 3, 1), "amount": Decimal(-1)})
    assert set(refused.value.fields) == {"amount"}


def test_who_sees_no_cost_or_no_margin_is_told_nothing_that_rests_on_it(spent: Company) -> None:
    deal = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "margin": "read"}}
    cost = {"entity": "channel_cost", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "read"}}
    for number, (rules, shown) in enumerate((
        ((deal,), ()), ((deal, {**cost, "fields": {"*": "read"}}), ()), (({**deal, "fields": {"*": "read"}}, cost), RESTING[:3]), ((deal, cost), RESTING),
        ((deal, {**cost, "scope": "own"}), RESTING),
    )):
        with spent.session(spent.person(spent.role(f"role_{number}", *rules)), write=False) as session:
            table = run(find("channels"), session, {})[1]
            assert tuple(key for key in table.totals if key in RESTING) == shown, number
            if number == 4:
                assert table.totals["cost"] is None, "costs of others are not his to see"
    with spent.session(spent.person("seller"), write=False) as session:
        assert not session.sight.may("channel_cost", "read")
