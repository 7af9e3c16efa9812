"""Overdue stays: the condition that names them, the report on them, and what both say to whoever does not see the history of stages."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

import crm.reports
from crm.admin_views.kit.filters import saved_conditions
from crm.backoffice import lists, records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.export import whole
from crm.backoffice.reports import find, run
from crm.errors import BadRequest, Forbidden, UnknownName
from crm.organization.founding import give_role
from crm.sales.neglect import overdue_stays
from tests.company import Company, today
from tests.reports.deals import check_cells

assert crm.reports
OVERDUE = '{"saved": "@overdue_stay"}'
KEYS = ("standing", "in_time", "overdue", "overdue_rate", "overdue_amount")


def worked_ago(days: int) -> datetime:
    """Noon of the last day after which so many working days have come, today among them; Monday to Friday are worked."""
    day = today()
    while days:
        days -= day.isoweekday() <= 5
        day -= timedelta(days=1)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


# owner, stage, working days in it (None: no history), amount
DEALS: tuple[tuple[str, str, int | None, str], ...] = (
    ("anna", "lead", 2, "100"), ("anna", "lead", 3, "200"), ("bohdan", "lead", 9, "300"), ("bohdan", "proposal", 4, "10"), ("anna", "proposal", 5, "20"),
    ("anna", "contract", 50, "7"), ("anna", "won", 50, "8"), ("bohdan", "lead", None, "9"),
)


@pytest.fixture
def stuck(company: Company) -> dict[str, int]:
    limits = {company.stage("lead"): 2, company.stage("proposal"): 4}
    with company.system() as session:
        stages = [one.id for one in session.catalog.configured["stage"].values()]
        records.change_many(session, "stage", {one: {"days": limits.get(one)} for one in stages})
        session.commit()
    company.catalog = load_catalog(company.engine)
    people = dict(zip(("anna", "bohdan"), company.make("user", {"name": "Anna"}, {"name": "Bohdan"}), strict=True))
    for n, (owner, stage, days, amount) in enumerate(DEALS):
        (deal,) = company.make("deal", {
            "name": f"Deal {n}", "owner": people[owner], "stage": company.stage(stage), "amount": Decimal(amount), "currency": "UAH", "expected_on": today(),
        }, source="import")
        if days is not None:
            # it came from another stage, in which it had stood for a year: that stay is over
            before = company.stage("lead" if stage != "lead" else "proposal")
            company.make(
                "stage_history", {"deal": deal, "stage": before, "entered_at": worked_ago(days) - timedelta(days=365)},
                {"deal": deal, "stage": company.stage(stage), "entered_at": worked_ago(days)}, source="import",
            )
    return people


def named(company: Company, where: str, by: int | None = None) -> set[str]:
    with company.session(by, write=False) if by is not None else company.system(write=False) as session:
        return {str(row.values["name"]) for row in lists.page(session, lists.parse_query(session, "deal", {"where": where, "columns": "name"})).rows}


def test_the_condition_names_what_stands_longer_than_its_service_time(company: Company, stuck: dict[str, int]) -> None:
    late = {"Deal 1", "Deal 2", "Deal 4"}
    assert named(company, OVERDUE) == late
    assert named(company, json.dumps({"all": [{"not": json.loads(OVERDUE)}, {"field": "owner", "op": "eq", "value": stuck["bohdan"]}]})) == {"Deal 3", "Deal 7"}
    with company.system(write=False) as session:
        ids = lists.ids(session, lists.parse_query(session, "deal", {}), 100)
        assert [(one.days, one.limit) for _, one in sorted(overdue_stays(session, ids).items())] == [(3, 2), (9, 2), (5, 4)], "as the mark in lists says"


def test_a_day_off_and_another_service_time_count_at_once(company: Company, stuck: dict[str, int]) -> None:
    off = next(day for n in range(9) if (day := today() - timedelta(days=n)).isoweekday() <= 5)
    company.make("calendar_day", {"day": off, "name": "Свято", "working": False})
    company.catalog = load_catalog(company.engine)
    assert named(company, OVERDUE) == {"Deal 2"}, "each of them has stood for a working day less"
    with company.system() as session:
        records.change(session, "stage", company.stage("lead"), {"days": None})
        records.change(session, "stage", company.stage("contract"), {"days": 48})
        session.commit()
    company.catalog = load_catalog(company.engine)
    assert named(company, OVERDUE) == {"Deal 5"}


def test_the_report_counts_them_by_stage_and_owner(company: Company, stuck: dict[str, int]) -> None:
    with company.system(write=False) as session:
        table = run(find("overdue_stays"), session, {"by": "stage,owner"})[1]
        assert check_cells(session, table) == 4 * (len(table.rows) + 1)
        assert run(find("overdue_stays"), session, {"period": "2001"})[1].totals["standing"] == 0
    found = {(row["stage_id"], row["owner"]): tuple(row[key] for key in KEYS) for row in table.rows}
    lead, proposal = company.stage("lead"), company.stage("proposal")
    assert found == {
        (lead, "Anna"): (2, 1, 1, 1 / 2, Decimal(200)), (lead, "Bohdan"): (2, 1, 1, 1 / 2, Decimal(300)),
        (proposal, "Anna"): (1, 0, 1, 1.0, Decimal(20)), (proposal, "Bohdan"): (1, 1, 0, 0.0, Decimal(0)),
    }
    assert tuple(table.totals[key] for key in KEYS) == (6, 3, 3, 1 / 2, Decimal(520))


def test_who_does_not_see_the_history_or_the_amount_is_told_nothing_of_them(company: Company, stuck: dict[str, int]) -> None:
    deals = {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read", "amount": "hidden"}}
    moves = {"entity": "stage_history", "actions": ["read"], "scope": "own", "fields": {"*": "read"}}
    roles = company.role("sees_moves", deals, moves), company.role("no_moments", deals, {**moves, "fields": {"*": "read", "entered_at": "hidden"}})
    with company.system() as session:
        for name, role in zip(("anna", "bohdan"), roles, strict=True):
            give_role(session, stuck[name], role)
        session.commit()
    assert named(company, OVERDUE, stuck["anna"]) == {"Deal 1", "Deal 4"}
    with company.session(stuck["anna"], write=False) as session:
        totals = run(find("overdue_stays"), session, {})[1].totals
        assert totals == {"standing": 3, "in_time": 1, "overdue": 2, "overdue_rate": 2 / 3}, "his own, and no amount"
        assert [one["key"] for one in saved_conditions(session, session.catalog.entity("deal"))] == ["@overdue_stay"]
    with company.session(stuck["bohdan"], write=False) as session:
        with pytest.raises(UnknownName):
            lists.parse_query(session, "deal", {"where": OVERDUE})
        with pytest.raises(Forbidden):
            run(find("overdue_stays"), session, {})
        assert overdue_stays(session, [1, 2, 3]) == {} and saved_conditions(session, session.catalog.entity("deal")) == []


def test_the_condition_is_the_products_own(company: Company) -> None:
    company.configure("conditions: {stuck_big: {entity: deal, label: {uk: Застрягли, en: Stuck}, where: {all: [{saved: '@overdue_stay'}]}}}")
    with company.system() as session:
        assert set(whole(session)["conditions"]) == {"stuck_big"}, "a file names it, and does not hold it"
        with pytest.raises(BadRequest):
            from_raw({"conditions": {"@overdue_stay": {"entity": "deal", "label": {"uk": "а", "en": "a"}, "where": {"all": []}}}}, company.catalog)
