"""Figures that widely used products are known to count wrongly, each as the smallest case that tells right from wrong."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

import crm.reports
from crm.backoffice import records
from crm.backoffice.reports import Table, find, run
from crm.sales.models import StageHistory
from tests.company import Company, today

assert crm.reports
TODAY = today()
LONG_AGO = datetime(2024, 3, 4, 9, tzinfo=UTC)  # more than a year


def report(company: Company, name: str, **asked: Any) -> Table:
    with company.system(write=False) as session:
        return run(find(name), session, asked)[1]


def moved(company: Company, deal: int, *stages: str, since: datetime = LONG_AGO) -> None:
    rows = ({"deal": deal, "stage": company.stage(key), "entered_at": since + timedelta(days=n)} for n, key in enumerate(stages))
    company.make("stage_history", *rows, source="import")


def test_what_was_spent_counts_once_however_many_deals_it_won(company: Company) -> None:
    """Cost 100, two deals with a margin of 150 each: (300 − 100) / 100 = 2. Joining deals and cost before adding up gives (300 − 200) / 200 = 0.5."""
    channel = company.option("sales_channel", "online")
    company.make("channel_cost", {"sales_channel": channel, "month": TODAY.replace(day=1), "amount": Decimal(100)})
    deal = {"name": "у", "stage": company.stage("won"), "sales_channel": channel, "opened_on": TODAY, "closed_on": TODAY}
    company.make("deal", *({**deal, "amount": Decimal(400), "cost": Decimal(250)} for _ in range(2)), source="import")
    (row,) = report(company, "channels", by="sales_channel").rows
    assert (row["won"], row["cost"], row["return_rate"]) == (2, Decimal(100), 2.0)


def test_losing_a_deal_takes_it_out_of_the_forecast(company: Company) -> None:
    """Counting lost deals at their full amount, and open ones by their probability, a loss would raise the forecast from 400 to 1,000."""
    (deal,) = company.make("deal", {"name": "у", "stage": company.stage("proposal"), "amount": Decimal(1000), "expected_on": TODAY, "opened_on": TODAY})
    before = report(company, "forecast", period=f"{TODAY}..{TODAY}").totals
    with company.system() as session:
        records.change(session, "deal", deal, {"stage": company.stage("lost"), "loss_reason": company.option("loss_reason", "price")})
        session.commit()
    after = report(company, "forecast", period=f"{TODAY}..{TODAY}").totals
    assert (before["open"], before["amount"], before["weighted"]) == (1, Decimal(1000), Decimal(400))
    assert [after[key] for key in ("open", "amount", "weighted", "closed", "p10", "p50", "p90")] == [0] * 7


def test_a_forecast_is_of_its_period(company: Company) -> None:
    stage = company.stage("proposal")
    days = (TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=2))
    company.make("deal", *({"name": "у", "stage": stage, "amount": Decimal(10**n), "expected_on": day, "opened_on": TODAY} for n, day in enumerate(days)))
    assert [report(company, "forecast", period=f"{day}..{day}").totals["amount"] for day in days] == [1, 10, 100]


def test_the_funnel_counts_deals_and_not_their_moves_and_keeps_the_lost(company: Company) -> None:
    """One deal goes A → C → B → won, one is lost from A, one is lost and opened again: three deals reached A, and one of three was won. Counting moves
    there would be four of A; without the lost ones the conversion to C would be one of two."""
    ways = (("lead", "proposal", "qualified", "won"), ("lead", "lost"), ("lead", "lost", "lead"))
    deals = company.make("deal", *({"name": "у", "stage": company.stage(way[-1])} for way in ways), source="import")
    for deal, way in zip(deals, ways, strict=True):
        moved(company, deal, *way)
    found = report(company, "funnel", pipeline="sales")
    rows = {row["stage"]: row for row in found.rows}
    assert [(rows[key]["entered"], rows[key]["reached"]) for key in ("lead", "qualified", "proposal", "won")] == [(3, 3), (1, 1), (1, 1), (1, 1)]
    assert rows["qualified"]["conversion"] == rows["lead"]["to_won"] == 1 / 3 and (rows["lead"]["lost"], rows["lead"]["open"]) == (1, 1)
    table = StageHistory.__table__
    with company.system(write=False) as session:
        attempts = session.kernel(select(table.c.attempt).where(table.c.deal_id == deals[2]).order_by(table.c.entered_at)).scalars().all()
    assert attempts == [1, 1, 2]


def test_a_cohort_holds_open_deals_and_those_that_closed_long_ago(company: Company) -> None:
    """Looking only at deals closed within a year, by the stage in which they ended, neither would be there."""
    old, still = company.make("deal", *({"name": "у", "stage": company.stage(key)} for key in ("won", "proposal")), source="import")
    moved(company, old, "lead", "won")
    moved(company, still, "lead", "proposal")
    found = report(company, "funnel", pipeline="sales", period="2024")
    assert [(row["stage"], row["reached"]) for row in found.rows if row["stage"] in ("lead", "proposal", "won")] == [("lead", 2), ("proposal", 2), ("won", 1)]
