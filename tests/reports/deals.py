"""Few deals whose figures can be worked out by hand, and what a report's cells open."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import crm.reports
from crm.backoffice import lists
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import CommonParams, Table, find, run
from tests.company import Company

assert crm.reports  # importing it completes the registry

# owner, stage, opened, closed, amount, currency, lines (product, amount)
DEALS: tuple[tuple[Any, ...], ...] = (
    ("anna", "won", date(2024, 1, 1), date(2024, 1, 11), "100.10", "UAH", (("pump", "60.10"), ("pump", "15"), ("valve", "25"))),  # 10 days
    ("anna", "won", date(2024, 1, 20), date(2024, 2, 20), "200", "UAH", (("pump", "50"), ("valve", "150"))),  # 31 days
    ("anna", "won", date(2024, 2, 1), date(2024, 3, 1), "300", None, (("valve", "300"),)),  # 29 days over a leap February; no currency: the base one
    ("anna", "lost", date(2024, 1, 5), date(2024, 2, 29), "999", "UAH", (("pump", "999"),)),
    ("bohdan", "won", date(2024, 3, 1), None, "70", "UAH", ()),  # nobody wrote when
    ("bohdan", "lost", date(2023, 12, 1), date(2023, 12, 31), "40", "EUR", ()),
    ("bohdan", "won", date(2024, 3, 31), date(2024, 3, 31), "50", "UAH", (("pump", "50"),)),  # 0 days
    ("bohdan", "proposal", date(2024, 3, 2), None, "10000", "UAH", (("pump", "10000"),)),  # open: in no figure
    (None, "lost", date(2024, 1, 1), date(2024, 1, 2), "5", "UAH", ()),
)


def fill(company: Company, *more: tuple[Any, ...]) -> dict[str, int]:
    """The deals with a chief, two sellers in two territories and two products; their ids by name."""
    ids: dict[str, int] = {}
    ids["north"], ids["south"] = company.make("territory", {"name": "Північ", "code": "N"}, {"name": "Південь", "code": "S"})
    (ids["village"],) = company.make("territory", {"name": "Село", "code": "N1", "parent": ids["north"]})
    (ids["chief"],) = company.make("user", {"name": "Chief", "code": "chief"})
    ids["anna"], ids["bohdan"] = company.make(
        "user", {"name": "Anna", "code": "anna", "manager": ids["chief"], "territory": ids["village"]},
        {"name": "Bohdan", "code": "bohdan", "territory": ids["south"]})
    ids["pump"], ids["valve"] = company.make("product", {"name": "Pump"}, {"name": "Valve"})
    rows = (*DEALS, *more)
    stages = {key: company.stage(key) for key in {row[1] for row in rows}}
    made = company.make("deal", *(
        {
            "name": f"Deal {n}", "code": f"D{n}", "owner": ids.get(owner), "stage": stages[stage], "opened_on": opened, "closed_on": closed,
            "amount": Decimal(amount), "currency": currency,
        }
        for n, (owner, stage, opened, closed, amount, currency, _) in enumerate(rows)), source="import")
    lines = [
        {"deal": deal, "product": ids[product], "quantity": Decimal(1), "amount": Decimal(amount)}
        for deal, row in zip(made, rows, strict=True) for product, amount in row[6]
    ]
    company.make("deal_line", *lines, source="import")
    return ids


def win_rate(session: DataSession, **asked: str) -> tuple[CommonParams, Table]:
    return run(find("win_rate"), session, asked)


def check_cells(session: DataSession, table: Table) -> int:
    """Every count and every sum of the table is what the list behind its cell holds; how many cells were compared."""
    compared = 0
    for row in (*table.rows, None):
        for column in table.measures:
            value = (table.totals if row is None else row)[column.key]
            drill = table.drill(row, column.key)
            if value is None or drill is None:
                continue
            query = lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)})
            if column.unit == "count":
                assert lists.count(session, query).number == value, (row, column.key)
                compared += 1
            elif column.unit == "money":
                sums = lists.totals(session, query).get("amount") or {}
                assert sum((amount for amount in sums.values()), Decimal(0)) == value, (row, column.key, sums)
                compared += 1
    return compared
