"""The three probabilities of a deal and by which it goes; what history says, worked out by hand; the category in which a deal is forecast."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from config import Settings
from crm.backoffice import lists, records
from crm.backoffice.jobs import TABLE as JOBS, Work
from crm.backoffice.recomputing import lagging, recompute
from crm.backoffice.reports import Table, find, run
from crm.backoffice.undo import undo
from crm.errors import Invalid, UnknownName
from crm.sales.forecast import settling
from crm.sales.models import Deal
from tests.company import Company, today
from tests.reports.deals import check_cells

WAY = ("lead", "qualified", "proposal", "negotiation", "contract", "won")
KEYS = ("probability", "probability_source", "history_probability", "forecast_category", "row_version")
FROM_HISTORY = """
pipelines:
  sales: {label: {uk: Продажі, en: Sales}, probability: {source: history, least: 5}, stages: []}
"""
# Ten decided deals, six of them won: p0 = 6/10. Lost from: lead, qualified, proposal twice.
LOST_FROM = (1, 2, 3, 3)


def past(company: Company) -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for passed, end in (*((5, "won"),) * 6, *((n, "lost") for n in LOST_FROM)):
        moves = (*WAY[:passed], end)
        (deal,) = company.make("deal", {"name": "у", "stage": company.stage(end), "closed_on": date(2026, 3, 20)}, source="import")
        company.make("stage_history", *(
            {"deal": deal, "stage": company.stage(key), "entered_at": start + timedelta(days=n)} for n, key in enumerate(moves)
        ), source="import")


def settled(company: Company) -> int:
    done = settling.settle(Work(0, {}, None, company.engine, company.catalog, Settings(instance=Path(), database_url="")))
    return int(done["changed"])


def held(company: Company, deal: int) -> tuple[Any, ...]:
    """Probability, its source, what history says, the category by key, the version."""
    with company.system(write=False) as session:
        values = lists.record(session, "deal", deal, KEYS)
        options = company.catalog.picklists["forecast_category"]
        found = options.by_id(values.values["forecast_category"])
        return (*(values.values[key] for key in KEYS[:3]), found.key if found else None, values.row_version)


def change(company: Company, deal: int, **values: Any) -> None:
    with company.system() as session:
        records.change(session, "deal", deal, values)
        session.commit()


def test_what_somebody_says_holds_as_long_as_the_deal_stays_in_its_stage(company: Company) -> None:
    (deal,) = company.make("deal", {"name": "у"})
    assert held(company, deal)[:2] == (Decimal("0.05"), "stage")
    change(company, deal, probability=Decimal("0.5"))
    change(company, deal, name="інша")
    assert held(company, deal)[:2] == (Decimal("0.5"), "manual")
    change(company, deal, probability=None)
    assert held(company, deal)[:2] == (Decimal("0.05"), "stage")
    change(company, deal, probability=Decimal("0.5"))
    change(company, deal, stage=company.stage("proposal"))
    assert held(company, deal)[:2] == (Decimal("0.4"), "stage")
    change(company, deal, stage=company.stage("contract"), probability=Decimal("0.85"))  # what the stage says too
    assert held(company, deal)[:2] == (Decimal("0.85"), "stage")


def test_an_undone_move_brings_back_what_somebody_had_said(company: Company) -> None:
    (deal,) = company.make("deal", {"name": "у", "probability": Decimal("0.5"), "forecast_category": company.option("forecast_category", "commit")})
    with company.system() as session:
        records.change(session, "deal", deal, {"stage": company.stage("proposal")})
        session.commit()
        batch = session.batch
    assert held(company, deal)[:4] == (Decimal("0.4"), "stage", None, "pipeline")
    with company.system() as session:
        undo(session, batch)
        session.commit()
    assert held(company, deal)[:4] == (Decimal("0.5"), "manual", None, "commit")


def test_a_deal_is_forecast_as_its_stage_says_unless_another_is_chosen(company: Company) -> None:
    (deal,) = company.make("deal", {"name": "у"})
    assert held(company, deal)[3] == "pipeline"
    change(company, deal, stage=company.stage("contract"))
    assert held(company, deal)[3] == "commit"
    change(company, deal, forecast_category=company.option("forecast_category", "omitted"))
    assert held(company, deal)[3] == "omitted"
    change(company, deal, forecast_category=None)
    assert held(company, deal)[3] == "commit"
    with pytest.raises(Invalid) as refused:
        change(company, deal, forecast_category=company.option("forecast_category", "closed"))
    assert set(refused.value.fields) == {"forecast_category"}
    change(company, deal, stage=company.stage("won"))
    assert held(company, deal)[3] == "closed"
    with pytest.raises(Invalid):
        change(company, deal, forecast_category=company.option("forecast_category", "commit"))
    change(company, deal, stage=company.stage("lost"), loss_reason=company.option("loss_reason", "price"))
    assert held(company, deal)[3] == "omitted"


def report(company: Company, **asked: str) -> Table:
    with company.system(write=False) as session:
        return run(find("stage_probability"), session, asked)[1]


def test_history_is_drawn_towards_the_rate_of_the_pipeline(company: Company) -> None:
    past(company)
    company.make("deal", {"name": "ще відкрита", "stage": company.stage("proposal")})  # undecided: in no figure
    found = report(company)
    assert [(row["stage"], row["reached"], row["won"], row["probability"]) for row in found.rows] == [
        ("lead", 10, 6, pytest.approx(12 / 20)), ("qualified", 9, 6, pytest.approx(12 / 19)), ("proposal", 8, 6, pytest.approx(12 / 18)),
        ("negotiation", 6, 6, pytest.approx(12 / 16)), ("contract", 6, 6, pytest.approx(12 / 16)),
    ]
    assert (found.totals["reached"], found.totals["won"], found.totals["win_rate"]) == (10, 6, pytest.approx(0.6))
    # Wilson of 12 among 18, by the textbook: (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n) with z = 1.959964.
    assert (found.rows[2]["low"], found.rows[2]["high"]) == (pytest.approx(0.4375, abs=1e-4), pytest.approx(0.8372, abs=1e-4))
    assert found.rows[2]["of_stage"] == pytest.approx(0.4)
    assert report(company, period="2025").rows[0]["probability"] is None
    with company.system(write=False) as session:
        assert check_cells(session, run(find("stage_probability"), session, {})[1]) == 12  # of five stages reached and won, and both totals


def test_open_deals_are_given_what_history_says_and_go_by_it_where_the_pipeline_says_so(company: Company) -> None:
    past(company)
    plain, said, new = company.make(
        "deal", {"name": "звичайна", "stage": company.stage("proposal")}, {"name": "оцінена", "stage": company.stage("proposal"), "probability": "0.9"},
        {"name": "нова"})
    assert settled(company) == 0  # fewer than twenty decided deals: nothing is inferred
    company.configure(FROM_HISTORY.replace("history", "stage"))
    assert settled(company) == 3
    version = held(company, plain)[4]
    assert held(company, plain)[:3] == (Decimal("0.4"), "stage", Decimal("0.67"))
    company.configure(FROM_HISTORY)
    with company.system(write=False) as session:
        assert session.kernel(select(JOBS.c.kind).where(JOBS.c.kind == settling.JOB)).first() is not None  # the change has asked for it
    assert settled(company) == 2
    assert settled(company) == 0
    assert held(company, plain) == (Decimal("0.67"), "history", Decimal("0.67"), "pipeline", version)  # nobody has edited it
    assert held(company, said)[:3] == (Decimal("0.9"), "manual", Decimal("0.67"))
    assert held(company, new)[:3] == (Decimal("0.6"), "history", Decimal("0.6"))
    change(company, new, stage=company.stage("negotiation"))
    assert held(company, new)[:3] == (Decimal("0.75"), "history", Decimal("0.75"))
    change(company, new, stage=company.stage("won"))
    assert held(company, new)[:3] == (Decimal(1), "stage", None)
    company.configure(FROM_HISTORY.replace("history", "stage"))
    settled(company)
    # The new one is won meanwhile: (7 + 10 · 7/11) / (9 + 10) = 0.703.
    assert held(company, plain)[:3] == (Decimal("0.4"), "stage", Decimal("0.7"))


def test_formulas_over_a_probability_that_history_has_changed_are_computed_anew(company: Company) -> None:
    past(company)
    company.configure("""
fields:
  deal:
    likely: {type: formula, formula: "amount * probability", label: {uk: Імовірна сума, en: Likely amount}, class: internal}
""" + FROM_HISTORY)
    (deal,) = company.make("deal", {"name": "у", "stage": company.stage("proposal"), "amount": Decimal(100)})
    recompute(company.engine, company.catalog, "deal")
    settled(company)
    with company.system(write=False) as session:
        assert [kind.key for kind in lagging(session)] == ["deal"]
    recompute(company.engine, company.catalog, "deal")
    with company.system(write=False) as session:
        assert lists.record(session, "deal", deal, ("likely",)).values["likely"] == Decimal(67)
        assert lagging(session) == []


def test_history_is_for_those_to_whom_it_is_named_and_a_source_goes_with_the_probability(company: Company) -> None:
    past(company)
    (deal,) = company.make("deal", {"name": "у", "stage": company.stage("proposal")})
    company.configure(FROM_HISTORY.replace("history", "stage"))
    settled(company)
    company.role("plain", {"entity": "deal", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}})
    company.role("told", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "history_probability": "read"}})
    company.role("blind", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "probability": "hidden"}})
    readable = {}
    for key in ("plain", "told", "blind"):
        with company.session(company.person(key), write=False) as session:
            readable[key] = {"probability_source", "history_probability", "probability"} & set(session.sight.readable("deal"))
    assert readable == {
        "plain": {"probability", "probability_source"}, "told": {"probability", "probability_source", "history_probability"}, "blind": set(),
    }
    with company.session(company.person("plain")) as session, pytest.raises(UnknownName):
        records.change(session, "deal", deal, {"history_probability": Decimal("0.9")})  # kept by the product


@pytest.mark.parametrize("share", ["1.7", "-0.1"])
def test_a_probability_is_a_fraction(company: Company, share: str) -> None:
    with pytest.raises(Invalid) as refused:
        company.make("deal", {"name": "у", "probability": Decimal(share)})
    assert set(refused.value.fields) == {"probability"}
    company.make("deal", {"name": "у", "probability": Decimal(1)}, {"name": "у", "probability": Decimal(0)})


def test_a_deal_is_not_expected_before_it_is_opened(company: Company) -> None:
    opened = date(2026, 3, 2)
    with pytest.raises(Invalid) as refused:
        company.make("deal", {"name": "у", "opened_on": opened, "expected_on": date(2026, 3, 1)})
    assert set(refused.value.fields) == {"expected_on"}
    company.make("deal", {"name": "у", "opened_on": opened, "expected_on": opened})
    (late,) = company.make("deal", {"name": "у", "expected_on": date(2026, 3, 1)})  # put down late: opened no later than that
    (new,) = company.make("deal", {"name": "у", "expected_on": today() + timedelta(days=9)})
    table = Deal.__table__
    with company.system(write=False) as session:
        days = dict(session.kernel(select(table.c.id, table.c.opened_on).where(table.c.id.in_([late, new]))).all())
    assert days == {late: date(2026, 3, 1), new: today()}


@pytest.mark.parametrize(("amount", "fits"), [("10000000000000.1234", True), ("1000000000000000", False)])
def test_an_amount_beyond_all_sense_is_refused_and_a_large_one_is_exact(company: Company, amount: str, *, fits: bool) -> None:
    if not fits:
        with pytest.raises(Invalid) as refused:
            company.make("deal", {"name": "у", "amount": Decimal(amount)})
        assert set(refused.value.fields) == {"amount"}
        return
    (deal,) = company.make("deal", {"name": "у", "amount": Decimal(amount)})
    with company.system(write=False) as session:
        assert lists.record(session, "deal", deal, ("amount",)).values["amount"] == Decimal(amount)
