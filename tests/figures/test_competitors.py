"""The report on competitors against figures worked out by hand; every count is opened."""

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
# stage, closed on, amount, products, rivals (who, offered price)
DEALS: tuple[tuple[Any, ...], ...] = (
    ("won", date(2025, 1, 5), "100", ("pump", "valve"), (("arctic", "90"), ("glass", "120"))),
    ("lost", date(2025, 1, 9), "200", ("pump",), (("arctic", "150"),)),
    ("won", date(2025, 2, 1), "10", (), (("arctic", None),)),
    ("lead", None, "50", ("valve",), (("glass", "55"),)),
    ("won", date(2025, 2, 2), "7", ("pump",), ()),  # no rival: in no figure
)


@pytest.fixture
def rivalled(company: Company) -> dict[str, int]:
    ids = dict(zip(("arctic", "glass"), company.make("competitor", {"name": "Arctic"}, {"name": "Glass"}), strict=True))
    ids |= dict(zip(("pump", "valve"), company.make("product", {"name": "Pump"}, {"name": "Valve"}), strict=True))
    status = company.option("rival_status", "active")
    for n, (stage, closed, amount, products, rivals) in enumerate(DEALS):
        (deal,) = company.make("deal", {
            "name": f"Deal {n}", "stage": company.stage(stage), "closed_on": closed, "amount": Decimal(amount), "currency": "EUR" if n else "UAH",
        }, source="import")
        company.make("deal_line", *(
            {"deal": deal, "product": ids[product], "quantity": Decimal(1), "amount": Decimal(amount) / len(products)} for product in products
        ), source="import")
        company.make("deal_competitor", *(
            {"deal": deal, "competitor": ids[who], "status": status, "offered_price": Decimal(price) if price else None} for who, price in rivals
        ), source="import")
    return ids


def told(company: Company, **asked: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    with company.system(write=False) as session:
        table = run(find("competitors"), session, asked)[1]
        assert check_cells(session, table) == 4 * (len(table.rows) + 1)
    return table.rows, table.totals


def test_each_competitor_has_the_deals_in_which_it_is_met(company: Company, rivalled: dict[str, int]) -> None:
    rows, totals = told(company, by="competitor")
    # arctic: −10 % of 100 and −25 % of 200; glass: +20 % of 100 and +10 % of 50
    assert rows == [
        {"competitor": "Arctic", "competitor_id": rivalled["arctic"], "met": 3, "won": 2, "lost": 1, "open": 0, "win_rate": 2 / 3, "low": None, "high": None,
         "price_gap": pytest.approx(-0.175)},
        {"competitor": "Glass", "competitor_id": rivalled["glass"], "met": 2, "won": 1, "lost": 0, "open": 1, "win_rate": 1.0, "low": None, "high": None,
         "price_gap": pytest.approx(0.15)},
    ]
    # a deal of two rivals is one deal; the middle of −25 %, −10 %, 10 %, 20 %
    assert totals == {"met": 4, "won": 2, "lost": 1, "open": 1, "win_rate": 2 / 3, "low": None, "high": None, "price_gap": pytest.approx(0.0)}


def test_a_rival_counts_once_however_many_lines_its_deal_has(company: Company, rivalled: dict[str, int]) -> None:
    rows, _ = told(company, by="product")
    assert {row["product"]: (row["met"], row["won"], row["lost"], row["price_gap"]) for row in rows} == {
        "Pump": (2, 1, 1, pytest.approx(-0.1)), "Valve": (2, 1, 0, pytest.approx(0.1)), None: (1, 1, 0, None),
    }
    assert [(row["month"], row["met"]) for row in told(company, by="month")[0]] == [("2025-01", 2), ("2025-02", 1), (None, 1)]
    assert told(company, period="2025-01", by="competitor")[1]["met"] == 2


def test_what_is_hidden_is_left_out(company: Company, rivalled: dict[str, int]) -> None:
    own = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    rivals = {"entity": "deal_competitor", "actions": ["read"], "scope": "all", "fields": {"*": "read", "offered_price": "hidden"}}
    with company.session(company.person(company.role("no_price", own, rivals)), write=False) as session:
        table = run(find("competitors"), session, {"by": "competitor"})[1]
        assert "price_gap" not in table.totals and table.totals["met"] == 4 and table.rows[0]["competitor"] is None, "whose names he does not see"
    with company.session(company.person(company.role("no_rivals", own)), write=False) as session, pytest.raises(Forbidden):
        run(find("competitors"), session, {})
