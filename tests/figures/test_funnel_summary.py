"""The summary of the funnel and its reasons, over the dozen deals of `test_funnel`."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.money import WIDE
from crm.backoffice.reports import Table, find, run
from crm.errors import Forbidden
from crm.organization.founding import give_role
from tests.company import Company
from tests.figures.test_funnel import MODES, fill, march
from tests.reports.deals import check_cells


REPORTS = ("funnel_summary", "funnel_reasons")


def report(session: DataSession, name: str, **asked: str) -> Table:
    return run(find(name), session, asked)[1]


def table(company: Company, name: str, **asked: str) -> Table:
    with company.system(write=False) as session:
        found = report(session, name, **asked)
        for row in (*found.rows, None):  # a cell that is no sum still opens its deals
            for column in found.measures:
                if column.unit == "money":
                    assert found.drill(row, column.key) is not None
        counts = Table(tuple(c for c in found.columns if c.unit == "count"), found.rows, found.totals, found.currency, found.drill)
        assert check_cells(session, counts) == len(counts.columns) * (len(found.rows) + 1)
    return found


def test_velocity_is_what_its_four_parts_make(company: Company) -> None:
    fill(company)
    found = table(company, "funnel_summary", period="2026-03")
    # won: straight 100 in 9 days (1st to 10th), skips 200 in 19, back 400 in 38 (2nd of March to the 9th of April, less the hour of the summer time);
    # lost: "lost", "only_lost"; open: again, twice, waits
    days = (9 + 19 + 38 - 1 / 24) / 3
    assert found.totals == {
        "deals": 8, "won": 3, "lost": 2, "open": 3, "won_rate": 3 / 8, "won_low": None, "won_high": None, "win_rate": 3 / 5, "win_low": None, "win_high": None,
        "average_won": WIDE.divide(Decimal(700), 3), "cycle_days": pytest.approx(days), "skipped": 2, "returned": 2, "reopened": 1,
        "velocity": WIDE.divide(Decimal(700 * 3 * 3 * 24), 5 * (66 * 24 - 1)),  # 66 days less an hour
    }
    assert float(found.totals["velocity"]) == pytest.approx(3 * 3 / 5 * 700 / 3 / days)
    assert [found.rows[0][key] for key in found.totals] == list(found.totals.values())


def test_people_are_compared_side_by_side_and_add_up(company: Company) -> None:
    ids = fill(company)
    for mode in MODES:
        whole, split = (table(company, "funnel_summary", mode=mode, period="2026-03", by=by) for by in ("", "owner"))
        assert {row["owner_id"] for row in split.rows} == {ids["anna"], ids["bohdan"]}
        for key in ("deals", "won", "lost", "open", "skipped", "returned", "reopened"):
            assert sum(row[key] for row in split.rows) == whole.totals[key], (mode, key)
    anna = next(row for row in table(company, "funnel_summary", period="2026-03", by="owner").rows if row["owner"] == "Anna")
    assert (anna["deals"], anna["won"], anna["lost"], anna["open"]) == (4, 3, 1, 0)
    assert anna["velocity"] == 0 and anna["average_won"] == WIDE.divide(Decimal(700), 3)  # nothing is open


def test_of_nothing_nothing_is_a_figure(company: Company) -> None:
    found = table(company, "funnel_summary")
    assert {key for key, value in found.totals.items() if value is None} == {
        "won_rate", "won_low", "won_high", "win_rate", "win_low", "win_high", "average_won", "cycle_days", "velocity"}


def test_twenty_closed_deals_have_an_interval_nineteen_have_none(company: Company) -> None:
    for number in (19, 1):
        made = company.make("deal", *({"name": "у"} for _ in range(number)), source="import")
        rows = ({"deal": deal, "stage": company.stage(key), "entered_at": march(day)} for deal in made for key, day in (("lead", 1), ("won", 2)))
        company.make("stage_history", *rows, source="import")
        totals = table(company, "funnel_summary").totals
        assert (totals["win_low"] is None) == (number == 19)
    assert (totals["win_low"], totals["win_high"]) == (pytest.approx(0.83887, abs=5e-6), 1)  # 20 of 20: z² / (20 + z²) may be lost


def lose(company: Company, ids: dict[str, int], **reasons: str) -> None:
    with company.system() as session:
        for name, reason in reasons.items():
            records.change(session, "deal", ids[name], {"loss_reason": company.option("loss_reason", reason)})
        session.commit()


def reasons_of(found: Table) -> list[tuple[Any, ...]]:
    return [(row["stage"], row["loss_reason"], row["lost"], row["share"]) for row in found.rows]


def test_lost_deals_stand_by_stage_and_reason(company: Company) -> None:
    ids = fill(company)
    more = company.make("deal", {"name": "a", "amount": Decimal(1)}, {"name": "b", "amount": Decimal(1)}, source="import")
    moves = ({"deal": deal, "stage": company.stage(key), "entered_at": march(day)} for deal in more for key, day in (("qualified", 2), ("lost", 3)))
    company.make("stage_history", *moves, source="import")
    lose(company, ids | {"a": more[0]}, lost="price", a="price")
    found = table(company, "funnel_reasons", period="2026-03")
    assert reasons_of(found) == [("qualified", "price", 2, 2 / 3), ("qualified", None, 1, 1 / 3)]
    assert found.totals["lost"] == 4  # with the one that was never in another stage
    assert reasons_of(table(company, "funnel_reasons", period="2026-03-01..2026-03-05", mode="snapshot")) == [
        ("lead", None, 1, 1.0), ("qualified", "price", 1, 0.5), ("qualified", None, 1, 0.5)]
    assert len(table(company, "funnel_reasons", by="owner").rows) == 3


def test_what_is_hidden_of_deals_hides_what_follows_from_it(company: Company) -> None:
    lose(company, fill(company), lost="price")
    rule = {"actions": ["read"], "scope": "all", "fields": {"*": "read"}}

    def person(key: str, **fields: str) -> int:
        return company.person(company.role(key, {"entity": "deal", **rule, "fields": {"*": "read", **fields}}, {"entity": "stage_history", **rule}))

    with company.session(person("poor", amount="hidden")) as session:
        found = report(session, "funnel_summary")
        assert not {"average_won", "velocity"} & set(found.totals) and found.totals["won"] == 3 and found.totals["cycle_days"]
    with company.session(person("no_reasons", loss_reason="hidden")) as session, pytest.raises(Forbidden):
        report(session, "funnel_reasons")
    with company.session(person("own_only")) as session:
        assert report(session, "funnel_reasons").totals["lost"] == 2


def test_whoever_may_know_some_moves_only_by_a_rule_gets_the_same_another_way(company: Company) -> None:
    ids = fill(company)
    lose(company, ids, lost="price")
    rule = {"actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    everything = {"field": "deal.name", "op": "not_empty"}
    some = company.role("by_condition", {"entity": "deal", **rule}, {"entity": "stage_history", **rule, "scope": "where", "where": everything})
    own = company.role("own", {"entity": "deal", **rule, "scope": "own"}, {"entity": "stage_history", **rule}, {"entity": "user", **rule})
    asked = [{"mode": mode, "period": "2026-03", "by": by} for mode in MODES for by in ("", "owner")]
    with company.system(write=False) as session:
        told = [report(session, name, **one).rows for name in REPORTS for one in asked]
    with company.session(company.person(some)) as session:
        assert not session.table("stage_history").as_one("stage")
        for (name, one), rows in zip(product(REPORTS, asked), told, strict=True):
            unnamed = [{**row, "owner": None} if "owner" in row else row for row in rows]  # he reads no users
            assert report(session, name, **one).rows == unnamed, (name, one)
    with company.system() as session:
        give_role(session, ids["anna"], own)
        session.commit()
    with company.session(ids["anna"]) as session:
        for (name, one), rows in zip(product(REPORTS, asked), told, strict=True):
            if one["by"]:
                assert report(session, name, **one).rows == [row for row in rows if row["owner_id"] == ids["anna"]], (name, one)
