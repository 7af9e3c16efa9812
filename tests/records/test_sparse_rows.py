"""New records of one call of which some have a value of the product's own and others have none."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select

from crm.backoffice import records
from crm.sales.forecast import settling
from crm.sales.forecast.usual import usual
from tests.company import Company


def test_deals_of_stages_with_and_without_a_history_are_made_together(company: Company) -> None:
    stages = [company.stage(key) for key in ("lead", "won")]
    decided = [{"name": f"D{n}", "stage": company.stage("won" if n % 2 else "lost")} for n in range(60)]
    made = company.make("deal", *decided, source="import")
    company.make("stage_history", *(
        {"deal": deal, "stage": stage, "entered_at": datetime(2026, 1, 1 + n, tzinfo=UTC)} for deal, row in zip(made, decided, strict=True)
        for n, stage in enumerate((company.stage("lead"), row["stage"]))
    ), source="import")
    with company.system() as session:
        settling.recount(session)
        session.commit()
    with company.system() as session:
        assert usual(session, company.catalog.configured["stage"][stages[0]]).history is not None, "the case is none"
        ids = records.create_many(session, "deal", [{"name": "open", "stage": stages[0]}, {"name": "won", "stage": stages[1]}])
        deal = session.catalog.entity("deal").table
        found = dict(tuple(row) for row in session.kernel(select(deal.c.name, deal.c.history_probability).where(deal.c.id.in_(ids))))
    assert found["won"] is None and Decimal(0) < found["open"] < 1
