"""Two real companies' files by the given mappings, on the command line: what comes in, that a second run changes nothing, and the win rate
of 8,800 deals against figures computed with an independent tool (the README of the sample data)."""

import csv
import json
import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest
from sqlalchemy import text

from config import Settings
from crm.application import create_app
from crm.backoffice.reports import find, run
from tests.company import Company
from tests.reports.deals import check_cells, win_rate

pytestmark = pytest.mark.sample_data
FILES = (  # entity, file, mapping, rows, what they make besides
    ("account", "maven_crm/accounts.csv", "maven_accounts", 85, {}),
    ("product", "maven_crm/products.csv", "maven_products", 7, {"product_category": 3}),
    ("user", "maven_crm/sales_teams.csv", "maven_teams", 35, {"user": 6, "territory": 3}),
    ("deal", "maven_crm/sales_pipeline.csv", "maven_deals", 8800, {"deal_line": 8800}),
    ("account", "northwind/customers.csv", "northwind_customers", 91, {"contact": 91, "position": 91}),
)


class House:
    """An installation that is given commands."""

    def __init__(self, url: str, folder: Path) -> None:
        self.app = create_app(Settings(instance=folder, database_url=url, secret_key="k" * 40, testing=True))
        self.engine = self.app.extensions["brama"].engine
        self.data = Path(os.environ["SAMPLE_DATA"])

    def command(self, *arguments: str) -> Any:
        self.app.extensions["brama"].refresh()  # a process of its own begins with the configuration in force
        done = self.app.test_cli_runner().invoke(args=list(arguments))
        assert done.exit_code == 0, (arguments, done.stderr)
        return json.loads(done.stdout)

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(f'SELECT count(*) FROM "{table}" WHERE deleted_at IS NULL')).scalar_one())  # noqa: S608


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    made = House(database_url, tmp_path)
    yield made
    made.engine.dispose()


def counted(said: dict[str, Any]) -> dict[str, Any]:
    return {key: said[key] for key in ("rows", "created", "updated", "unchanged", "skipped", "failed", "related")}


def moves(house: House) -> int:
    """How many stage moves the file of deals tells: a day of engaging and a day of closing each."""
    lines = (house.data / "maven_crm/sales_pipeline.csv").read_text("utf-8").splitlines()[1:]
    return sum(bool(day) for line in lines for day in line.split(",")[5:7])


def test_two_companies_come_in_once_and_their_win_rate_is_that_of_the_independent_tool(house: House) -> None:
    mappings = house.data / "mappings"
    assert house.command("config", "apply", str(mappings / "maven_pipeline.yaml"))["changes"]
    for again in (False, True):
        for entity, file, mapping, rows, related in FILES:
            said = counted(house.command("data", "import", entity, str(house.data / file), "--mapping", str(mappings / f"{mapping}.yaml")))
            besides = {**related, "stage_history": moves(house)} if entity == "deal" else related
            assert said == {
                "rows": rows, "created": 0 if again else rows, "updated": 0, "unchanged": rows if again else 0, "skipped": 0, "failed": 0,
                "related": {} if again else besides,
            }, (entity, again)
    counts = {name: house.count(name) for name in ("account", "product", "user", "territory", "deal", "deal_line", "contact", "position")}
    assert counts == {
        "account": 85 + 91, "product": 7, "user": 35 + 6, "territory": 3, "deal": 8800, "deal_line": 8800, "contact": 91, "position": 91,
    }
    if house.engine.dialect.name == "postgresql":  # told of 8,800 deals, it plans for them
        with house.engine.connect() as connection:
            known = connection.execute(text("SELECT reltuples FROM pg_class WHERE relname IN ('deal', 'deal_line')")).scalars().all()
        assert known == [8800, 8800]
    check_figures(house)
    check_funnel(house)


def check_figures(house: House) -> None:
    company = Company(house.engine)
    with company.system(write=False) as session:
        _, table = win_rate(session, by="manager", currency="USD", period="2016-01-01..2018-12-31")
        check_cells(session, table)
    assert (table.totals["won"], table.totals["lost"]) == (4238, 2473)
    assert table.totals["win_rate"] == pytest.approx(0.631501, abs=5e-7)
    assert table.totals["avg_days"] == pytest.approx(51.782, abs=5e-4)
    assert table.totals["median_days"] == 57
    assert Decimal(table.totals["amount"]) == 10_005_534
    found = {row["manager"]: (row["won"], row["amount"]) for row in table.rows}
    assert found["Melvin Marxen"] == (882, 2_251_930)
    assert found["Dustin Brinkmann"] == (747, 1_094_363)


PERIODS = {  # mode → period and its days
    ("cohort", ""): (date(2000, 1, 1), date(2099, 12, 31)), ("cohort", "2017-Q1"): (date(2017, 1, 1), date(2017, 3, 31)),
    ("snapshot", "2017-06-30"): (date(2000, 1, 1), date(2017, 6, 30)), ("flow", "2017-Q2"): (date(2017, 4, 1), date(2017, 6, 30)),
}


def check_funnel(house: House) -> None:
    """The funnel in each mode against the lines of the file counted one by one."""
    with (house.data / "maven_crm/sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        deals = list(csv.DictReader(file))
    company = Company(house.engine)
    with company.system(write=False) as session:
        for (mode, period), (first, last) in PERIODS.items():
            asked = {"pipeline": "maven", "mode": mode, "period": period, "currency": "USD"}
            found = run(find("funnel"), session, asked)[1]
            assert [row["stage"] for row in found.rows] == ["prospecting", "engaging", "won"]
            expected = told(deals, mode, first, last)
            engaging = {key: found.rows[1][key] for key in expected}
            assert engaging == pytest.approx(expected), (mode, period)
            prospecting, won = found.rows[0], found.rows[2]
            assert (prospecting["entered"], prospecting["reached"], prospecting["open"]) == (0, expected["reached"], 0)
            assert won["entered"] == won["reached"] == expected["won"] and won["conversion"] == engaging["won"] / engaging["reached"]
            assert found.totals["without_history"] == sum(not deal["engage_date"] for deal in deals) == 500
            check_cells(session, found)
            split = run(find("funnel"), session, {**asked, "by": "manager"})[1]
            assert split.totals == found.totals
            assert sum(row["reached"] for row in split.rows if row["stage"] == "engaging") == expected["reached"]


def told(deals: list[dict[str, str]], mode: str, first: date, last: date) -> dict[str, Any]:
    """The row of engaging from lines of the file: there deals are engaged on one day, and won or lost on a later one or not at all."""
    inside = [deal for deal in deals if deal["engage_date"]]

    def day(deal: dict[str, str], key: str) -> date | None:
        found = date.fromisoformat(deal[key]) if deal[key] else None
        return found if mode == "cohort" or found is None or found <= last else None

    if mode == "cohort":
        inside = [deal for deal in inside if first <= date.fromisoformat(deal["engage_date"]) <= last]
    engaged = [deal for deal in inside if (began := day(deal, "engage_date")) is not None and (mode != "flow" or began >= first)]
    closed = [deal for deal in inside if (ended := day(deal, "close_date")) is not None and (mode != "flow" or ended >= first)]
    won = [deal for deal in closed if deal["deal_stage"] == "Won"]
    over = {deal["opportunity_id"] for deal in closed}
    reached = {deal["opportunity_id"]: deal for deal in (*engaged, *won)}
    lasted = [(date.fromisoformat(d["close_date"]) - date.fromisoformat(d["engage_date"])).days for d in engaged if d["opportunity_id"] in over]
    return {
        "entered": len(engaged), "reached": len(reached), "won": len(won), "lost": len(closed) - len(won),
        "open": sum(deal["opportunity_id"] not in over for deal in engaged), "to_won": len(won) / len(reached), "median_days": median(lasted),
        "p90_days": quantiles(lasted, n=10, method="inclusive")[-1], "amount": Decimal(sum(int(d["close_value"] or 0) for d in reached.values())),
    }
