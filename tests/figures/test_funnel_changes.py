"""What has become of deals in a period: moves from the history, amounts and days from the journal."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import crm.reports
from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Table, find, run
from crm.errors import Forbidden
from tests.company import Company
from tests.reports.deals import check_cells

assert crm.reports
NOTHING = dict.fromkeys(("entered", "moved_on", "moved_back", "won", "lost", "reopened", "grew", "shrank", "slipped"), 0)
# what is done with a deal of 100 that is expected on 1 January 2030, one save after another: stages by key, amounts, days
DEALS: dict[str, tuple[Any, ...]] = {
    "on": ("proposal", Decimal(150)),
    "won": ("won",),
    "again": ("lost", "proposal"),
    "back": ("proposal", "qualified", Decimal(50), Decimal(80), date(2030, 2, 1)),
    "there_and_back": (Decimal(150), Decimal(100), date(2031, 1, 1), date(2030, 1, 1)),  # the same as before
    "sooner": (date(2029, 1, 1),),
}


def fill(company: Company) -> dict[str, int]:
    (anna,) = company.make("user", {"name": "Anna"})
    ids: dict[str, int] = {"anna": anna}
    for name, changes in DEALS.items():
        given = {"name": name, "amount": Decimal(100), "expected_on": date(2030, 1, 1), "owner": anna if name == "back" else None}
        (ids[name],) = company.make("deal", given)
        for change in changes:
            key = "stage" if isinstance(change, str) else "amount" if isinstance(change, Decimal) else "expected_on"
            values: dict[str, Any] = {key: company.stage(change) if isinstance(change, str) else change}
            if change == "lost":
                values["loss_reason"] = company.option("loss_reason", "price")
            with company.system() as session:
                records.change(session, "deal", ids[name], values)
                session.commit()
    return ids


def report(session: DataSession, **asked: str) -> Table:
    found = run(find("funnel_changes"), session, asked)[1]
    assert check_cells(session, found) == len(found.rows) * len(found.measures)
    return found


def told(found: Table) -> dict[str, int]:
    return {row["change"]: row["deals"] for row in found.rows}


def test_what_happened_is_told_with_its_deals(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        found = report(session, period="today")
        assert told(found) == {"entered": 6, "moved_on": 2, "moved_back": 1, "won": 1, "lost": 1, "reopened": 1, "grew": 1, "shrank": 1, "slipped": 1}
        # amounts are those of now
        assert {row["change"]: row["amount"] for row in found.rows if row["change"] in ("grew", "shrank", "slipped")} == {
            "grew": Decimal(150), "shrank": Decimal(80), "slipped": Decimal(80)}
        assert told(report(session)) == told(found)
        assert told(report(session, period="2020")) == NOTHING and told(report(session, period="2998")) == NOTHING
        assert found.drill(None, "deals") is None


def test_changes_are_split_and_narrowed_as_other_figures(company: Company) -> None:
    ids = fill(company)
    with company.system(write=False) as session:
        split = report(session, period="today", by="owner")
        anna = {row["change"]: row["deals"] for row in split.rows if row["owner_id"] == ids["anna"]}
        assert anna == NOTHING | {"entered": 1, "moved_on": 1, "moved_back": 1, "shrank": 1, "slipped": 1}
        assert told(report(session, period="today", owner=f"id:{ids['anna']}")) == anna
        report(session, period="today", by="loss_reason,source")


def test_past_values_are_told_to_whom_the_field_shows_without_a_condition(company: Company) -> None:
    fill(company)
    rule = {"actions": ["read"], "scope": "all", "fields": {"*": "read"}}

    def reader(key: str, **amount: Any) -> int:
        return company.person(company.role(key, {"entity": "deal", **rule, "fields": {"*": "read", **amount}}, {"entity": "stage_history", **rule}))

    conditional = {"mode": "read", "where": {"field": "amount", "op": "lt", "value": 120}}
    for key, amount in (("hidden", "hidden"), ("masked", "masked"), ("some", conditional)):
        with company.session(reader(key, amount=amount)) as session:
            found = report(session, period="today")
            assert "grew" not in told(found) and "shrank" not in told(found) and told(found)["slipped"] == 1
            assert len(found.notes) == 1 and ("amount" in {c.key for c in found.columns}) == (key == "some")
    own = company.person(company.role("own", {"entity": "deal", **rule, "scope": "own"}, {"entity": "stage_history", **rule}))
    with company.session(own) as session:
        assert told(report(session, period="today")) == NOTHING
    alone = company.person(company.role("alone", {"entity": "deal", **rule}))
    with company.session(alone) as session, pytest.raises(Forbidden):
        report(session)
