"""Time spent on clients and deals, worked out by hand."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

import crm.reports
from crm.backoffice import lists
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Table, find, run
from crm.errors import Forbidden
from tests.company import Company
from tests.reports.deals import check_cells

assert crm.reports
# owner, account, deal, state, minutes
ROWS: tuple[tuple[Any, ...], ...] = (
    ("anna", "mill", "pumps", "held", 30), ("anna", "mill", "pumps", "held", 45), ("anna", "mill", None, "held", 15), ("anna", "forge", "valves", "held", None),
    ("anna", "mill", "pumps", "no_show", 500), ("bohdan", "forge", "valves", "held", 10), ("bohdan", "forge", "steel", "held", 20),
    ("olha", "mill", "lost", "held", 60), ("nina", "mill", None, "held", None),
)
STAGES = {"pumps": "won", "valves": "lead", "steel": "won", "lost": "lost"}


def fill(company: Company) -> dict[str, int]:
    ids: dict[str, int] = {}
    for name in ("anna", "bohdan", "olha", "nina"):
        (ids[name],) = company.make("user", {"name": name.title()})
    ids["mill"], ids["forge"] = company.make("account", {"name": "Mill"}, {"name": "Forge"})
    for name, stage in STAGES.items():
        (ids[name],) = company.make("deal", {"name": name, "stage": company.stage(stage), "account": ids["mill"]}, source="import")
    held = {"held_at": datetime(2026, 3, 2, 10, tzinfo=UTC)}
    planned = {"planned_start": datetime(2026, 3, 2, 10, tzinfo=UTC)}
    company.make("interaction", *(
        {
            "owner": ids[owner], "account": ids[account], "deal": ids.get(deal), "medium": company.option("interaction_medium", "letter"),
            "direction": company.option("direction", "outbound"), "state": company.option("interaction_state", state), "actual_minutes": minutes,
            **(held if state == "held" else planned),
        } for owner, account, deal, state, minutes in ROWS
    ), source="import")
    return ids


def report(session: DataSession, **asked: str) -> Table:
    return run(find("time_spent"), session, asked)[1]


def table(company: Company, **asked: str) -> Table:
    with company.system(write=False) as session:
        return report(session, **asked)


def test_the_whole_is_counted_once_a_client_and_a_deal(company: Company) -> None:
    fill(company)
    assert table(company).totals == {
        "held": 8, "timed": 6, "minutes": 180, "against_median": None, "clients": 2, "per_client": 90.0,
        "deals": 4, "per_deal": 165 / 4,  # pumps 75, valves 10, steel 20, lost 60; the 15 are on no deal
        "won_deals": 2, "per_won": 95 / 2,  # pumps and steel
    }
    kinds = {key: type(value) for key, value in table(company).totals.items() if value is not None}
    assert kinds == {key: float if key.startswith("per_") else int for key in kinds}, "the same numbers on both databases, no money"


def test_each_owner_stands_against_the_median_of_the_others(company: Company) -> None:
    fill(company)
    found = {row["owner"]: row for row in table(company, by="owner").rows}
    anna, nina = found["Anna"], found["Nina"]
    # minutes 90, 30 and 60: the median is 60; Nina has none at all
    assert (anna["minutes"], anna["against_median"], anna["clients"], anna["per_client"], anna["deals"], anna["per_deal"]) == (90, 1.5, 1, 90.0, 1, 75.0)
    assert (anna["won_deals"], anna["per_won"]) == (1, 75.0)
    assert (found["Bohdan"]["against_median"], found["Bohdan"]["per_deal"], found["Bohdan"]["per_won"]) == (0.5, 15.0, 20.0)
    assert (found["Olha"]["against_median"], found["Olha"]["won_deals"], found["Olha"]["per_won"]) == (1.0, 0, None)
    assert (nina["held"], nina["timed"], nina["minutes"], nina["against_median"], nina["per_client"]) == (1, 0, None, None, None)


def test_clients_deals_and_departments_have_rows_of_their_own(company: Company) -> None:
    fill(company)
    assert {row["account"]: row["minutes"] for row in table(company, by="account").rows} == {"Mill": 150, "Forge": 30}
    assert {row["deal"]: row["minutes"] for row in table(company, by="deal").rows} == {"pumps": 75, "valves": 10, "steel": 20, "lost": 60, None: 15}
    assert [row["minutes"] for row in table(company, by="department").rows] == [180]


def test_a_month_of_the_zone_counts_a_client_and_a_deal_once(company: Company) -> None:
    """In Kyiv, two hours before UTC, three in April: whatever day and hour of the month it was, and where the month in UTC is another one."""
    ids = fill(company)
    talk = {
        "account": ids["mill"], "deal": ids["pumps"], "owner": ids["anna"], "medium": company.option("interaction_medium", "letter"), "actual_minutes": 1,
        "direction": company.option("direction", "outbound"),
    }
    for moment in ((3, 1, 0), (3, 1, 5), (3, 15, 12), (3, 28, 9), (3, 31, 20), (3, 31, 21), (2, 28, 22), (4, 30, 20), (4, 30, 21)):
        company.make("interaction", {**talk, "held_at": datetime(2026, *moment, 30, tzinfo=UTC)}, source="import")
    found = {row["month"]: (row["held"], row["minutes"], row["clients"], row["deals"], row["won_deals"]) for row in table(company, by="month").rows}
    # March: eight of those before, and the first five here with the one of 28 February at 22:30 UTC
    assert found == {"2026-03": (14, 186, 2, 4, 2), "2026-04": (2, 2, 1, 1, 1), "2026-05": (1, 1, 1, 1, 1)}
    both = {(row["month"], row["account"]): row["minutes"] for row in table(company, by="account,month").rows}
    assert both == {("2026-03", "Mill"): 156, ("2026-03", "Forge"): 30, ("2026-04", "Mill"): 2, ("2026-05", "Mill"): 1}
    assert table(company, by="month", period="2030").rows == []
    with company.system(write=False) as session:
        assert check_cells(session, report(session, by="month,account")) > 10


def test_every_cell_opens_its_records_and_their_minutes_add_up(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        for by in ("", "owner", "account", "deal", "medium", "month", "department"):
            found = report(session, by=by)
            assert check_cells(session, found) >= 5
            for row in (*found.rows, None):
                drill = found.drill(row, "minutes")
                assert drill is not None
                numbers = lists.ids(session, lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)}), 100)
                rows = [lists.record(session, "interaction", n, ["actual_minutes"]).values["actual_minutes"] for n in numbers]
                assert (sum(rows) if rows else None) == (found.totals if row is None else row)["minutes"]


def test_a_reader_gets_figures_of_what_he_sees(company: Company) -> None:
    fill(company)
    talks = {"entity": "interaction", "actions": ["read"], "scope": "all"}
    firms = {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}}
    blind = company.person(company.role("blind", {**talks, "fields": {"*": "read", "deal": "hidden"}}, firms))
    with company.session(blind) as session:
        found = report(session)
        assert {c.key for c in found.measures} == {"held", "timed", "minutes", "against_median", "clients", "per_client"}
        assert (found.totals["minutes"], found.totals["clients"], found.totals["per_client"]) == (180, 0, None), "no company is his to see"
    less = company.person(company.role("less", {**talks, "fields": {"*": "read", "state": "hidden"}}))
    with company.session(less) as session, pytest.raises(Forbidden):
        report(session)
