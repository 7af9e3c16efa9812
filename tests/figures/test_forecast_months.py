"""Months of a forecast side by side, and what has moved between them: a few deals worked out by hand, and the same figures from the other reports."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

import crm.reports
from crm.backoffice.reports import Table, find, run
from crm.errors import BadRequest, Forbidden, UnknownName
from crm.messages import render
from tests.company import Company, today
from tests.figures.test_outlooks import keep, save
from tests.reports.deals import check_cells

assert crm.reports
TODAY = today()


def month(number: int) -> date:
    """The first day of the month so many after this one."""
    months = TODAY.year * 12 + TODAY.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)


def name(number: int) -> str:
    return f"{month(number):%Y-%m}"


def table(company: Company, report: str, **asked: str) -> Table:
    with company.system(write=False) as session:
        found = run(find(report), session, asked)[1]
        if report not in ("forecast_months", "forecast_slips"):
            return found
        # behind what is weighted stand the same deals as behind their amount
        check_cells(session, replace(found, columns=tuple(column for column in found.columns if column.key != "weighted")))
    return found


# --- months side by side --------------------------------------------------------------------------------------------

NEXT, AFTER = month(1) + timedelta(days=9), month(2) + timedelta(days=4)
# stage, amount, probability, category, expected, closed
DEALS: tuple[tuple[str, str, str, str, date | None, date | None], ...] = (
    ("contract", "1000", "0.9", "commit", NEXT, None), ("negotiation", "2000.50", "0.5", "best_case", NEXT, None),
    ("lead", "64", "0.25", "pipeline", AFTER, None),
    ("won", "500", "1", "closed", AFTER, TODAY), ("lead", "7", "0.1", "pipeline", month(0) - timedelta(days=1), None),
    ("lead", "9", "0.1", "commit", None, None),
    ("lost", "9000", "0", "omitted", NEXT, TODAY),
)


def fill(company: Company) -> list[int]:
    people = company.make("user", {"name": "Anna", "code": "anna"}, {"name": "Bohdan", "code": "bohdan"})
    for number, (stage, amount, probability, category, expected, closed) in enumerate(DEALS):
        (deal,) = company.make("deal", {
            "name": f"Deal {number}", "owner": people[number % 2], "stage": company.stage(stage), "amount": Decimal(amount), "currency": "UAH",
            "expected_on": expected, "closed_on": closed, "opened_on": month(-3),
        }, source="import")
        with company.system() as session:
            deals = session.catalog.entity("deal").table
            session.kernel(deals.update().where(deals.c.id == deal).values(
                probability=Decimal(probability), forecast_category_id=company.option("forecast_category", category)))
            session.commit()
    return people


def test_months_stand_side_by_side_and_add_up_to_the_forecast_of_them_all(company: Company) -> None:
    people = fill(company)
    found = table(company, "forecast_months")
    rows = {row["month"]: row for row in found.rows}
    assert list(rows) == [name(n) for n in range(6)]
    figures = {month: {key: row[key] for key in ("closed", "commit", "best_case", "in_pipeline", "weighted")} for month, row in rows.items()}
    nothing = dict.fromkeys(figures[name(0)], Decimal(0))
    assert figures[name(0)] == {**nothing, "closed": Decimal(500)}
    # 1000 × 0.9 + 2000.50 × 0.5
    assert figures[name(1)] == {**nothing, "commit": Decimal(1000), "best_case": Decimal("2000.50"), "weighted": Decimal("1900.25")}
    assert figures[name(2)] == {**nothing, "in_pipeline": Decimal(64), "weighted": Decimal(16)}
    assert figures[name(5)] == nothing
    assert render(found.notes[0], "en").startswith("2 open deals were expected before these months or have no day")
    for asked in ({}, {"categories": "cumulative"}):
        months = table(company, "forecast_months", **asked)
        one = table(company, "forecast", period=f"{month(0)}..{month(6) - timedelta(days=1)}", **asked)
        assert months.totals == {key: one.totals[key] for key in months.totals}
    split = table(company, "forecast_months", by="owner")
    assert [(row["month"], row["owner_id"], row["open"], row["won"]) for row in split.rows] == [
        (name(0), people[1], 0, 1), (name(1), people[0], 1, 0), (name(1), people[1], 1, 0), (name(2), people[0], 1, 0)]


def test_quarters_and_the_edges_of_a_period(company: Company) -> None:
    fill(company)
    quarters = table(company, "forecast_months", step="quarter", period="2031-02-10..2031-07-01").rows
    assert [row["month"] for row in quarters] == ["2031-Q1", "2031-Q2", "2031-Q3"]
    only = table(company, "forecast_months", period=f"{NEXT + timedelta(days=1)}..{AFTER}").rows
    assert [row["open"] for row in only] == [0, 1]  # what is expected before the first day is in no row
    with company.system(write=False) as session, pytest.raises(BadRequest, match="side by side"):
        run(find("forecast_months"), session, {"period": "2024..2030"})


# --- slips between them ---------------------------------------------------------------------------------------------

FIRST, LAST = TODAY - timedelta(days=6), TODAY - timedelta(days=2)
ASKED = {"changed": f"{FIRST}..{LAST}", "period": f"{month(1)}..{month(4) - timedelta(days=1)}"}
# on the first and on the last night: stage, amount, expected
MOVES: dict[str, tuple[tuple[str, str, date | None] | None, tuple[str, str, date | None]]] = {
    "stays": (("lead", "1", NEXT), ("proposal", "3", NEXT)), "slips": (("lead", "2", NEXT), ("lead", "2", AFTER)),
    "slips too": (("lead", "4", NEXT), ("lead", "5", AFTER)),
    "wins": (("contract", "8", NEXT), ("won", "9", NEXT)), "loses": (("lead", "16", AFTER), ("lost", "16", AFTER)), "comes": (None, ("lead", "32", NEXT)),
    "leaves": (("lead", "64", AFTER), ("lead", "64", month(9))), "arrives": (("lead", "128", month(0)), ("lead", "128", AFTER)),
    "loses its day": (("lead", "256", NEXT), ("lead", "256", None)), "elsewhere": (("lead", "512", month(9)), ("lead", "512", month(10))),
}


def moves(company: Company) -> None:
    ids: dict[str, int] = {}
    for number, night in enumerate((FIRST, LAST)):
        for deal, states in MOVES.items():
            state: Any = states[number]
            if state is not None:
                save(company, ids, deal, state)
        keep(company, night)


def test_what_a_month_held_is_found_where_it_went(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    moves(company)
    found = table(company, "forecast_slips", **ASKED)
    cells = {(row["expected_then"], row["expected_now"]): (row["deals"], row["before"], row["after"]) for row in found.rows}
    assert cells == {
        (name(1), name(1)): (1, 1, 3), (name(1), name(2)): (2, 6, 7), (name(1), "won"): (1, 8, 9), (name(2), "lost"): (1, 16, 16),
        ("unknown", name(1)): (1, 0, 32), (name(2), "later"): (1, 64, 64), ("earlier", name(2)): (1, 128, 128), (name(1), "undated"): (1, 256, 256),
    }
    assert found.totals == {"deals": 9, "before": 479, "after": 515}
    for number in (1, 2, 3):  # the same months in the report on changes
        changes = table(company, "forecast_changes", changed=ASKED["changed"], period=name(number)).totals
        assert changes["opening"] == sum(cell[1] for (was, _), cell in cells.items() if was == name(number))
        assert changes["closing"] == sum(cell[2] for (_, now), cell in cells.items() if now == name(number))
    monkeypatch.setattr("crm.sales.forecast.moved_report.MANY", 0)  # by conditions the same deals
    with company.system(write=False) as session:
        many = run(find("forecast_slips"), session, ASKED)[1]
        assert check_cells(session, replace(many, columns=many.columns[:3])) == 9


def test_who_does_not_see_amounts_of_then_sees_how_many_moved(company: Company) -> None:
    moves(company)
    nights = {"entity": "deal_outlook", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "hidden"}}
    deals = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    company.role("no_amounts", deals, nights)
    company.role("no_days", deals, {**nights, "fields": {"*": "read", "expected_on": "hidden"}})
    with company.session(company.person("no_amounts"), write=False) as session:
        found = run(find("forecast_slips"), session, ASKED)[1]
        assert [column.key for column in found.measures] == ["deals"] and found.totals == {"deals": 9}
        with pytest.raises(UnknownName):
            run(find("forecast_slips"), session, {**ASKED, "sort": "-before"})
    with company.session(company.person("no_days"), write=False) as session, pytest.raises(Forbidden):
        run(find("forecast_slips"), session, ASKED)
