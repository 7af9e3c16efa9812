"""The win rate against figures worked out by hand (the deals stand in tests/reports/deals.py)."""

from decimal import Decimal
from typing import Any

import pytest

from tests.company import Company
from tests.reports.deals import check_cells, fill, win_rate

LATE = ("bohdan", "won", None, None, "30", "USD", ())


def rows(company: Company, **asked: str) -> list[dict[str, Any]]:
    with company.system(write=False) as session:
        return win_rate(session, **asked)[1].rows


def test_the_whole_counts_won_lost_days_and_the_amount_of_the_won(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        _, table = win_rate(session)
    # won: 100.10 + 200 + 300 + 70 + 50; days of four: 0 10 29 31
    assert table.totals == {"won": 5, "lost": 3, "win_rate": 0.625, "avg_days": 17.5, "median_days": 19.5, "amount": Decimal("720.1000")}
    assert table.rows == [table.totals]


def test_by_owner_each_row_has_its_own_median_and_an_owner_who_won_nothing_has_no_days(company: Company) -> None:
    ids = fill(company)
    found = {row["owner"]: row for row in rows(company, by="owner")}
    assert found["Anna"] == {
        "owner": "Anna", "owner_id": ids["anna"], "won": 3, "lost": 1, "win_rate": 0.75, "avg_days": 70 / 3, "median_days": 29.0, "amount": Decimal("600.1000"),
    }
    assert found["Bohdan"]["won"] == 2
    assert found["Bohdan"]["win_rate"] == 2 / 3
    assert found["Bohdan"]["median_days"] == 0.0
    assert found[None] == {
        "owner": None, "owner_id": None, "won": 0, "lost": 1, "win_rate": 0.0, "avg_days": None, "median_days": None, "amount": Decimal(0),
    }


def test_by_manager_takes_the_owners_chief(company: Company) -> None:
    ids = fill(company)
    found = {row["manager_id"]: (row["manager"], row["won"], row["lost"], row["amount"]) for row in rows(company, by="manager")}
    assert found == {ids["chief"]: ("Chief", 3, 1, Decimal("600.1000")), None: (None, 2, 2, Decimal("120.0000"))}


def test_by_product_counts_a_deal_once_a_product_and_adds_up_lines(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        _, table = win_rate(session, by="product")
    found = {row["product"]: row for row in table.rows}
    # Pump: deals 0, 1, 6 won and 3 lost; 60.10 + 15 + 50 + 50. Valve: deals 0, 1, 2; 25 + 150 + 300
    assert [found["Pump"][k] for k in ("won", "lost", "median_days", "amount")] == [3, 1, 10.0, Decimal("175.1000")]
    assert [found["Valve"][k] for k in ("won", "lost", "median_days", "amount")] == [3, 0, 29.0, Decimal("475.0000")]
    assert [found[None][k] for k in ("won", "lost", "amount")] == [1, 2, None]  # won without lines: no sum to tell
    assert [table.totals[k] for k in ("won", "lost", "amount")] == [5, 3, Decimal("650.1000")]  # a deal of two products is one deal in the total


def test_by_month_the_rows_stand_in_time_and_a_deal_without_a_date_stands_last(company: Company) -> None:
    fill(company)
    found = [(row["month"], row["won"], row["lost"]) for row in rows(company, by="month")]
    assert found == [("2023-12", 0, 1), ("2024-01", 1, 1), ("2024-02", 1, 1), ("2024-03", 2, 0), (None, 1, 0)]


def test_two_dimensions_make_a_row_of_every_pair(company: Company) -> None:
    fill(company)
    found = {(row["owner"], row["month"]): row["won"] for row in rows(company, by="owner,month")}
    assert found["Anna", "2024-03"] == 1
    assert found["Bohdan", "2024-03"] == 1
    assert found["Bohdan", None] == 1


@pytest.mark.parametrize(("period", "won", "lost"), [
    ("2024", 4, 2), ("2024-Q1", 4, 2), ("2024-02", 1, 1), ("2024-02-29..2024-03-01", 1, 1), ("2023-12-31..2023-12-31", 0, 1), ("2025", 0, 0),
])
def test_a_period_takes_both_its_days_in(company: Company, period: str, won: int, lost: int) -> None:
    fill(company)
    with company.system(write=False) as session:
        _, table = win_rate(session, period=period)
    assert (table.totals["won"], table.totals["lost"]) == (won, lost)
    assert (table.totals["win_rate"] is None) is (won + lost == 0)


def test_amounts_in_another_currency_are_never_added_without_a_rate(company: Company) -> None:
    fill(company, LATE)
    with company.system(write=False) as session:
        _, table = win_rate(session, by="owner")
        _, dollars = win_rate(session, by="owner", currency="usd")
    found = {row["owner"]: row["amount"] for row in table.rows}
    assert found["Anna"] == Decimal("600.1000")
    assert found["Bohdan"] is None
    assert table.totals["amount"] is None
    assert table.notes
    assert "USD" in table.notes[0].params["others"]
    assert {row["owner"]: row["amount"] for row in dollars.rows} == {"Anna": None, "Bohdan": None, None: Decimal(0)}


@pytest.mark.parametrize("asked", [
    {}, {"by": "owner"}, {"by": "manager"}, {"by": "territory"}, {"by": "product"}, {"by": "account"}, {"by": "month"}, {"by": "owner,month"},
    {"by": "product,owner"},
    {"by": "month", "period": "2024-Q1"}, {"by": "owner", "territory": "N"}, {"by": "product", "owner": "anna"},
    {"by": "product", "where": '{"any": [{"field": "amount", "op": "gt", "value": 150}, {"not": {"field": "owner.name", "op": "eq", "value": "Anna"}}]}'},
    {"by": "owner", "where": '{"count": "lines", "op": "gt", "value": 1}'},
])
def test_every_cell_opens_records_that_add_up_to_it(company: Company, asked: dict[str, str]) -> None:
    fill(company)
    with company.system(write=False) as session:
        _, table = win_rate(session, **asked)
        assert check_cells(session, table) >= len(table.rows) * 2


def test_a_branch_takes_in_what_lies_below_it(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        assert win_rate(session, territory="N")[1].totals["won"] == 3
        assert win_rate(session, territory="Південь")[1].totals["won"] == 2
