"""The report on price positions against figures worked out by hand; every count is opened."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import crm.reports
from crm.admin_views.report_chart import chart
from crm.backoffice.reports import find, run
from crm.errors import Forbidden, UnknownName
from tests.company import Company
from tests.reports.deals import check_cells

assert crm.reports
NAME = "price_position"
# stage, opened on, amount, products, rivals (who, offered price)
DEALS: tuple[tuple[Any, ...], ...] = (
    ("won", date(2025, 1, 5), "100", ("pump", "valve"), (("arctic", "90"), ("glass", "120"))),  # −10 %, +20 %
    ("lost", date(2025, 3, 31), "200", ("pump",), (("arctic", "150"),)),  # −25 %
    ("lead", date(2025, 4, 1), "50", (), (("arctic", "50"), ("glass", "55"))),  # 0 %, +10 %
    ("won", date(2025, 4, 2), "10", (), (("arctic", None),)),  # no price, no gap
    ("won", date(2025, 4, 3), "0", (), (("arctic", "5"),)),  # of nothing nothing is a share
    ("won", None, "400", (), (("glass", "100"),)),  # −75 %, nobody wrote when
    ("won", date(2025, 1, 6), "7", ("pump",), ()),
)


@pytest.fixture
def priced(company: Company) -> dict[str, int]:
    ids = dict(zip(("arctic", "glass"), company.make("competitor", {"name": "Arctic"}, {"name": "Glass"}), strict=True))
    ids |= dict(zip(("pump", "valve"), company.make("product", {"name": "Pump"}, {"name": "Valve"}), strict=True))
    for n, (stage, opened, amount, products, rivals) in enumerate(DEALS):
        (deal,) = company.make("deal", {
            "name": f"Deal {n}", "stage": company.stage(stage), "opened_on": opened, "amount": Decimal(amount), "currency": "EUR" if n else "UAH",
        }, source="import")
        company.make("deal_line", *({"deal": deal, "product": ids[one], "quantity": Decimal(1), "amount": Decimal(1)} for one in products), source="import")
        company.make("deal_competitor", *(
            {"deal": deal, "competitor": ids[who], "offered_price": Decimal(price) if price else None} for who, price in rivals
        ), source="import")
    return ids


def told(company: Company, **asked: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    with company.system(write=False) as session:
        table = run(find(NAME), session, asked)[1]
        check_cells(session, table)
    return table.rows, table.totals


def test_gaps_stand_by_quarter_and_competitor(company: Company, priced: dict[str, int]) -> None:
    rows, totals = told(company, by="quarter,competitor")
    keys = ("offers", "median_gap", "cheaper_rate", "deals", "won", "lost", "win_rate")
    assert {(row["quarter"], row["competitor"]): tuple(row[key] for key in keys) for row in rows} == {
        ("2025-Q1", "Arctic"): (2, pytest.approx(-0.175), 1.0, 2, 1, 1, 0.5), ("2025-Q1", "Glass"): (1, pytest.approx(0.2), 0.0, 1, 1, 0, 1.0),
        ("2025-Q2", "Arctic"): (1, pytest.approx(0.0), 0.0, 1, 0, 0, None), ("2025-Q2", "Glass"): (1, pytest.approx(0.1), 0.0, 1, 0, 0, None),
        (None, "Glass"): (1, pytest.approx(-0.75), 1.0, 1, 1, 0, 1.0),
    }
    assert [row["quarter"] for row in rows] == ["2025-Q1", "2025-Q1", "2025-Q2", "2025-Q2", None], "in the order of time"
    # −75, −25, −10, 0, 10, 20: the middle is −5 %, the mean −80/6 %; four deals, one of two rivals each
    assert totals == {
        "median_gap": pytest.approx(-0.05), "mean_gap": pytest.approx(-0.8 / 6), "offers": 6, "cheaper_rate": 0.5, "deals": 4, "won": 2, "lost": 1,
        "win_rate": 2 / 3,
    }
    assert told(company, period="2025-Q1")[1]["mean_gap"] == pytest.approx(-0.05)


def test_a_rival_counts_once_however_many_lines_its_deal_has(company: Company, priced: dict[str, int]) -> None:
    rows, _ = told(company, by="product")
    assert {row["product"]: (row["offers"], row["deals"]) for row in rows} == {"Pump": (3, 2), "Valve": (2, 1), None: (3, 2)}
    assert {row["month"]: row["offers"] for row in told(company, by="month", where='{"field": "opened_on", "op": "not_empty"}')[0]} == {
        "2025-01": 2, "2025-03": 1, "2025-04": 2,
    }


def test_it_is_drawn_as_lines_over_time(company: Company, priced: dict[str, int]) -> None:
    with company.system(write=False) as session:
        drawn = chart(run(find(NAME), session, {"by": "quarter,competitor"})[1], session.reader)
        assert drawn is not None and drawn["kind"] == "line" and drawn["rates"]
        assert {one["name"]: one["values"] for one in drawn["series"]} == {"Arctic": pytest.approx([-0.175, 0.0]), "Glass": pytest.approx([0.2, 0.1])}
        by_name = chart(run(find(NAME), session, {"by": "competitor"})[1], session.reader)
        assert by_name is not None and by_name["kind"] == "bar"


def test_whoever_does_not_see_a_price_or_an_amount_has_no_such_report(company: Company, priced: dict[str, int]) -> None:
    deal = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    rival = {**deal, "entity": "deal_competitor"}
    blind = [
        ({**deal, "fields": {"*": "read", "amount": "hidden"}}, rival), (deal, {**rival, "fields": {"*": "read", "offered_price": "masked"}}),
        (deal, {**rival, "fields": {"*": "read", "competitor": "hidden"}}), (deal,),
    ]
    for number, rules in enumerate(blind):
        with company.session(company.person(company.role(f"blind_{number}", *rules)), write=False) as session, pytest.raises(Forbidden):
            run(find(NAME), session, {"by": "quarter"})
    no_stage = company.role("no_stage", {**deal, "fields": {"*": "read", "stage": "hidden", "opened_on": "hidden"}}, rival)
    with company.session(company.person(no_stage), write=False) as session:
        totals = run(find(NAME), session, {})[1].totals
        assert "won" not in totals and "win_rate" not in totals and (totals["offers"], totals["deals"]) == (6, 4)
        with pytest.raises(UnknownName):
            run(find(NAME), session, {"by": "quarter"})
