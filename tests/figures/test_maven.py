"""The win rate of 8,800 real deals against figures computed with an independent tool (the README of the sample data)."""

import csv
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.company import Company
from tests.reports.deals import check_cells, win_rate

pytestmark = pytest.mark.sample_data


def fill(company: Company) -> None:
    folder = Path(os.environ["SAMPLE_DATA"]) / "maven_crm"
    deals, teams = ([*csv.DictReader((folder / f).read_text(encoding="utf-8").splitlines())] for f in ("sales_pipeline.csv", "sales_teams.csv"))
    stages = {"Won": company.stage("won"), "Lost": company.stage("lost"), "Engaging": company.stage("qualified"), "Prospecting": company.stage("lead")}
    bosses = sorted({t["manager"] for t in teams})
    chief = dict(zip(bosses, company.make("user", *({"name": name} for name in bosses)), strict=True))
    agents = dict(zip((t["sales_agent"] for t in teams), company.make("user", *({"name": t["sales_agent"], "manager": chief[t["manager"]]} for t in teams)),
        strict=True))

    def day(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    company.make("deal", *({
        "code": d["opportunity_id"], "owner": agents[d["sales_agent"]], "stage": stages[d["deal_stage"]], "opened_on": day(d["engage_date"]),
        "closed_on": day(d["close_date"]), "amount": Decimal(d["close_value"]) if d["close_value"] else None, "currency": "USD",
    } for d in deals), source="import")


def test_the_figures_are_those_of_the_independent_tool(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        _, table = win_rate(session, by="manager", currency="USD", period="2016-01-01..2018-12-31")
        check_cells(session, table)
    assert table.totals["won"] == 4238
    assert table.totals["lost"] == 2473
    assert table.totals["win_rate"] == pytest.approx(0.631501, abs=5e-7)
    assert table.totals["avg_days"] == pytest.approx(51.782, abs=5e-4)
    assert table.totals["median_days"] == 57
    assert table.totals["amount"] == 10_005_534
    found = {row["manager"]: (row["won"], row["amount"]) for row in table.rows}
    assert found["Melvin Marxen"] == (882, 2_251_930)
    assert found["Dustin Brinkmann"] == (747, 1_094_363)
