"""What was expected of deals night by night, and what forecasts became: a few deals worked out by hand, many by an identity."""

import json
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

import crm.reports
from crm.backoffice import lists, records
from crm.backoffice.reports import Table, find, run
from crm.errors import Forbidden
from crm.sales.forecast.outlook import NIGHTS, keep_night
from sqlalchemy import select
from tests.company import Company, today

assert crm.reports
TODAY = today()
MONDAY, FRIDAY = TODAY - timedelta(days=6), TODAY - timedelta(days=2)
SOON, LATER = TODAY + timedelta(days=5), TODAY + timedelta(days=50)
PERIOD = f"{TODAY - timedelta(days=9)}..{TODAY + timedelta(days=30)}"
CHANGED = f"{MONDAY}..{FRIDAY}"
MOVES = ("new", "moved_in", "reopened", "grew", "shrank", "moved_out", "won", "lost")

# what each deal is on Monday and on Friday: stage, amount, expected day
DEALS: dict[str, tuple[tuple[str, str, date] | None, tuple[str, str, date]]] = {
    "stays": (("lead", "1", SOON), ("proposal", "1", SOON)),
    "grows": (("lead", "2", SOON), ("lead", "6", SOON)),
    "shrinks": (("lead", "16", SOON), ("lead", "8", SOON)),
    "slips": (("lead", "32", SOON), ("lead", "32", LATER)),
    "is_drawn_in": (("lead", "64", LATER), ("lead", "64", SOON)),
    "wins": (("contract", "128", SOON), ("won", "130", SOON)),
    "loses": (("lead", "256", SOON), ("lost", "256", SOON)),
    "comes": (None, ("lead", "512", SOON)),
    "comes_back": (("lost", "1024", SOON), ("lead", "1024", SOON)),
    "never": (("lead", "2048", LATER), ("lead", "4096", LATER)),
}


def save(company: Company, ids: dict[str, int], name: str, state: tuple[str, str, date], owner: int | None = None) -> None:
    stage, amount, expected = state
    values = {"stage": company.stage(stage), "amount": Decimal(amount), "currency": "UAH", "expected_on": expected}
    if name not in ids:
        (ids[name],) = company.make("deal", {"name": name, "owner": owner, "opened_on": TODAY - timedelta(days=30), **values}, source="import")
        return
    with company.system(source="import") as session:
        records.change(session, "deal", ids[name], values)
        session.commit()


def keep(company: Company, night: date) -> None:
    with company.system(source="job") as session:
        keep_night(session, night)
        session.commit()


def fill(company: Company) -> dict[str, int]:
    ids: dict[str, int] = {}
    (owner,) = company.make("user", {"name": "Anna", "code": "anna"})
    save(company, ids, "comes_back", ("lead", "1024", SOON), owner)
    keep(company, MONDAY - timedelta(days=1))  # it was open once, so it is followed after it closed
    for number, night in enumerate((MONDAY, FRIDAY)):
        for name, states in DEALS.items():
            state = states[number]
            if state is not None:
                save(company, ids, name, state, owner)
        keep(company, night)
    return ids | {"owner": owner}


def report(company: Company, name: str, **asked: str) -> Table:
    with company.system(write=False) as session:
        return run(find(name), session, asked)[1]


def stored(company: Company, deal: int) -> list[tuple[Any, ...]]:
    with company.system(write=False) as session:
        query = select(NIGHTS.c.since, NIGHTS.c.until, NIGHTS.c.amount).where(NIGHTS.c.deal_id == deal).order_by(NIGHTS.c.since, NIGHTS.c.id)
        return [tuple(row) for row in session.kernel(query)]


def test_a_row_lasts_as_long_as_nothing_changes(company: Company) -> None:
    ids = fill(company)
    saturday = FRIDAY + timedelta(days=1)
    keep(company, saturday)
    assert stored(company, ids["grows"]) == [(MONDAY, FRIDAY, Decimal(2)), (FRIDAY, None, Decimal(6))]
    assert stored(company, ids["never"])[-1] == (FRIDAY, None, Decimal(4096))
    save(company, ids, "grows", ("lead", "7", SOON))
    keep(company, saturday)
    save(company, ids, "grows", ("lead", "9", SOON))
    keep(company, saturday)  # the same night once more
    assert stored(company, ids["grows"])[1:] == [(FRIDAY, saturday, Decimal(6)), (saturday, None, Decimal(9))]


def test_what_was_closed_before_anybody_looked_is_not_followed_and_what_is_gone_ends(company: Company) -> None:
    ids: dict[str, int] = {}
    save(company, ids, "old", ("won", "5", SOON))
    save(company, ids, "open", ("lead", "5", SOON))
    keep(company, MONDAY)
    assert stored(company, ids["old"]) == []
    with company.system() as session:
        records.remove(session, "deal", ids["open"])
        session.commit()
    keep(company, FRIDAY)
    assert stored(company, ids["open"]) == [(MONDAY, FRIDAY, Decimal(5))]


def test_a_forecast_changes_for_reasons(company: Company) -> None:
    ids = fill(company)
    found = report(company, "forecast_changes", period=PERIOD, changed=CHANGED, by="owner")
    (row,) = found.rows
    assert row["owner_id"] == ids["owner"]
    assert {key: int(row[key] or 0) for key in ("opening", *MOVES, "closing")} == {
        "opening": 1 + 2 + 16 + 32 + 128 + 256, "new": 512, "moved_in": 64, "reopened": 1024, "grew": 4, "shrank": 8, "moved_out": 32, "won": 128, "lost": 256,
        "closing": 1 + 6 + 8 + 64 + 512 + 1024,
    }
    with company.system(write=False) as session:
        for key, names in {
            "new": ["comes"], "moved_in": ["is_drawn_in"], "reopened": ["comes_back"], "grew": ["grows"], "shrank": ["shrinks"], "moved_out": ["slips"],
            "won": ["wins"], "lost": ["loses"],
        }.items():
            drill = found.drill(row, key)
            assert drill is not None
            query = lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where), "columns": "name"})
            assert [one.values["name"] for one in lists.page(session, query).rows] == names, key
        for key in ("opening", "closing"):
            drill = found.drill(None, key)
            assert drill is not None
            query = lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)})
            assert sum((lists.totals(session, query).get("amount") or {}).values()) == row[key]


def test_many_deals_are_opened_by_a_condition_that_says_the_same(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(company)
    table = report(company, "forecast_changes", period=PERIOD, changed=CHANGED)
    monkeypatch.setattr("crm.sales.forecast.changes_report.MANY", 0)
    with company.system(write=False) as session:
        for key in set(MOVES) - {"grew", "shrank"}:
            drill = table.drill(None, key)
            assert drill is not None
            query = lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)})
            assert lists.count(session, query).number == 1, key


@pytest.mark.parametrize("seed", [1, 2])
def test_what_came_less_what_went_is_the_difference(company: Company, seed: int) -> None:
    chance, ids = Random(seed), dict[str, int]()
    nights = [TODAY - timedelta(days=n) for n in (8, 6, 4, 2)]
    for night in nights:
        for n in range(14):
            if chance.random() < 0.6:
                state = (chance.choice(("lead", "proposal", "won", "lost")), str(chance.randint(1, 999)), chance.choice((SOON, LATER)))
                save(company, ids, f"d{n}", state)
        keep(company, night)
    for first, last in zip(nights, nights[1:], strict=False):
        totals = report(company, "forecast_changes", period=PERIOD, changed=f"{first}..{last}").totals
        came, went = (sum(totals[key] for key in part) for part in (("new", "moved_in", "reopened", "grew"), ("shrank", "moved_out", "won", "lost")))
        assert totals["opening"] + came - went == totals["closing"]


def test_who_does_not_see_amounts_of_then_learns_nothing(company: Company) -> None:
    fill(company)
    company.role(
        "blind", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
        {"entity": "deal_outlook", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "hidden"}},
    )
    with company.session(company.person("blind"), write=False) as session, pytest.raises(Forbidden):
        run(find("forecast_changes"), session, {})


# --- how near forecasts came ----------------------------------------------------------------------------------------


def months_ago(number: int) -> date:
    day = TODAY.replace(day=1)
    for _ in range(number):
        day = (day - timedelta(days=1)).replace(day=1)
    return day


def past(company: Company) -> dict[str, int]:
    """Two months that are over: of the first 700 were expected and 600 came, of the second 50 and 100."""
    ids: dict[str, int] = {}
    people = company.make("user", {"name": "Anna", "code": "anna"}, {"name": "Bohdan", "code": "bohdan"})
    first, second = months_ago(2), months_ago(1)
    inside = {first: first + timedelta(days=10), second: second + timedelta(days=10)}
    promised = {"a": (first, "1000", "0.5", 0), "b": (first, "400", "0.5", 1), "c": (second, "500", "0.1", 0), "out": (second, "9000", None, 1)}
    for name, (month, amount, probability, owner) in promised.items():
        (ids[name],) = company.make("deal", {
            "name": name, "owner": people[owner], "stage": company.stage("lead"), "amount": Decimal(amount), "currency": "UAH", "expected_on": inside[month],
            "opened_on": first - timedelta(days=200),
        }, source="import")
        with company.system() as session:
            table = session.catalog.entity("deal").table
            session.kernel(table.update().where(table.c.id == ids[name]).values(probability=Decimal(probability) if probability else None))
            session.commit()
    keep(company, first - timedelta(days=40))
    for name, month, amount in (("a", first, "600"), ("c", second, "100")):
        with company.system(source="import") as session:
            values = {"stage": company.stage("won"), "amount": Decimal(amount), "closed_on": inside[month]}
            records.change(session, "deal", ids[name], values)
            session.commit()
    keep(company, TODAY)
    return ids | dict(zip(("anna", "bohdan"), people, strict=True))


def test_forecasts_stand_beside_what_was_won(company: Company) -> None:
    past(company)
    found = report(company, "forecast_accuracy", by="month")
    first, second = (f"{months_ago(n):%Y-%m}" for n in (2, 1))
    rows = {row["month"]: row for row in found.rows}
    assert [(rows[m]["forecast"], rows[m]["actual"], rows[m]["error"]) for m in (first, second)] == [(700, 600, 100), (50, 100, -50)]
    assert rows[first]["bias"] == pytest.approx(1 / 6) and rows[second]["mape"] == 0.5
    totals = found.totals
    assert (totals["months"], totals["forecast"], totals["actual"], totals["error"]) == (2, 750, 700, 50)
    assert totals["bias"] == pytest.approx(50 / 700) and totals["mape"] == pytest.approx((1 / 6 + 1 / 2) / 2)
    with company.system(write=False) as session:
        for row in (*found.rows, None):
            drill = found.drill(row, "actual")
            assert drill is not None
            query = lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)})
            assert sum((lists.totals(session, query).get("amount") or {}).values()) == (totals if row is None else row)["actual"]
        drill = found.drill(None, "forecast")
        assert drill is not None
        assert lists.count(session, lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)})).number == 4


def test_owners_are_judged_over_the_same_months(company: Company) -> None:
    ids = past(company)
    rows = {row["owner_id"]: row for row in report(company, "forecast_accuracy", by="owner", ahead="30").rows}
    anna, bohdan = rows[ids["anna"]], rows[ids["bohdan"]]
    assert (anna["months"], anna["forecast"], anna["actual"], bohdan["forecast"], bohdan["actual"]) == (2, 550, 700, 200, 0)
    assert bohdan["bias"] is None and bohdan["mape"] is None  # of nothing won there is no share
    assert anna["mape"] == pytest.approx((100 / 600 + 50 / 100) / 2)


def test_of_months_that_nobody_foretold_nothing_is_said(company: Company) -> None:
    found = report(company, "forecast_accuracy")
    assert found.totals["months"] == 0 and found.totals["mape"] is None and len(found.notes) == 1
    past(company)
    assert report(company, "forecast_accuracy", ahead="90").totals["months"] < 2
    assert report(company, "forecast_accuracy", period="0001-01").totals["months"] == 0  # there is no night before the first day of all
