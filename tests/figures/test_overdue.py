"""What was planned and what is overdue: a few worked out by hand, many against a plain computation in Python."""

import json
import random
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

import crm.reports
from crm.backoffice import lists
from crm.backoffice.catalog import load_catalog
from crm.backoffice.configuration import CompanySettings
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Table, find, run
from crm.backoffice.working_time import working_time
from crm.contacts.overdue_report import Today
from crm.errors import Forbidden
from tests.company import Company
from tests.reports.deals import check_cells

assert crm.reports
KYIV = ZoneInfo("Europe/Kyiv")
AGES = ("late_0", "late_1", "late_3", "late_6", "late_11")
EDGES = (0, 1, 3, 6, 11, 10**6)


def plan(company: Company, owner: int | None, start: datetime, minutes: int | None, state: str = "planned") -> dict[str, Any]:
    return {
        "owner": owner, "medium": company.option("interaction_medium", "meeting"), "direction": company.option("direction", "internal"),
        "state": company.option("interaction_state", state), "planned_start": start, "planned_minutes": minutes,
        **({"held_at": start} if state == "held" else {}),
    }


def report(session: DataSession, **asked: str) -> Table:
    return run(find("overdue"), session, asked)[1]


def table(company: Company, **asked: str) -> Table:
    with company.system(write=False) as session:
        return report(session, **asked)


def working(company: Company, hours: str) -> None:
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(CompanySettings.__table__).values(working_time=hours))
    company.catalog = load_catalog(company.engine)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_days_late_are_working_days_that_have_come_since() -> None:
    """On Tuesday, 10 March 2026: an end on Monday is one day late, on Friday, Saturday and Sunday two; Wednesday before is a day off."""
    tuesday = datetime(2026, 3, 10, 12, tzinfo=KYIV)
    today = Today(tuesday.astimezone(UTC), KYIV, working_time("1-5 09:00-18:00"), {datetime(2026, 3, 4).date(): None})
    late = today.since(datetime(2026, 2, 1, tzinfo=UTC))
    days = {10: 0, 9: 1, 8: 2, 7: 2, 6: 2, 5: 3, 4: 4, 3: 4, 2: 5, 1: 6}
    assert {day: late(datetime(2026, 3, day, 23, 59, tzinfo=KYIV)) for day in days} == days
    edges = today.edges()
    for day, number in days.items():
        for minute in (datetime(2026, 3, day, 0, 0, tzinfo=KYIV), datetime(2026, 3, day, 23, 59, tzinfo=KYIV)):
            assert [minute < edge for edge in edges if edge] == [number >= least for least in (1, 3, 6, 11)]


def test_where_nobody_works_nothing_gets_older() -> None:
    every = {datetime(2026, 3, 10).date() - timedelta(days=n): None for n in range(4000)}
    assert Today(datetime(2026, 3, 10, tzinfo=UTC), KYIV, working_time("1-5 09:00-18:00"), every).edges() == [None] * 4


def test_what_was_planned_is_counted_by_what_became_of_it(company: Company) -> None:
    working(company, "1-7 00:00-24:00")  # every day counts
    anna, bohdan = company.make("user", {"name": "Anna"}, {"name": "Bohdan"})
    noon = datetime.combine(now().astimezone(KYIV).date(), datetime.min.time(), KYIV) + timedelta(hours=12)
    back = [noon - timedelta(days=days) for days in range(20)]
    company.make(
        "interaction", plan(company, anna, back[1], 30), plan(company, anna, back[4], 30), plan(company, anna, back[12], 30),
        plan(company, anna, back[9], 30, "held"), plan(company, anna, back[9], 30, "cancelled"), plan(company, bohdan, back[2], None),
        plan(company, bohdan, now() + timedelta(hours=1), 30), plan(company, bohdan, now() - timedelta(minutes=29), 30), source="import",
    )
    found = table(company, by="owner")
    assert found.rows == [
        {"owner": "Anna", "owner_id": anna, "due": 5, "kept": 1, "kept_rate": 0.2, "overdue": 3, "overdue_rate": 0.6, "against_median": 1.5, "late_0": 0,
         "late_1": 1, "late_3": 1, "late_6": 0, "late_11": 1, "median_late": 4.0},
        {"owner": "Bohdan", "owner_id": bohdan, "due": 1, "kept": 0, "kept_rate": 0.0, "overdue": 1, "overdue_rate": 1.0, "against_median": 0.5, "late_0": 0,
         "late_1": 1, "late_3": 0, "late_6": 0, "late_11": 0, "median_late": 2.0},
    ]
    assert (found.totals["overdue"], found.totals["median_late"], found.totals["against_median"]) == (4, 3.0, None)


def test_many_random_plans_agree_with_a_plain_computation(company: Company) -> None:
    company.make("calendar_day", *({"day": (now() - timedelta(days=n)).date(), "name": f"Вихідний {n}"} for n in (3, 8, 9)))
    company.catalog = load_catalog(company.engine)
    rng, zone, moment = random.Random(5), company.catalog.company.zone, now()
    off = {(moment - timedelta(days=n)).date() for n in (3, 8, 9)}
    people = [*company.make("user", *({"name": f"П{n}"} for n in range(4))), None]
    plans = [
        plan(company, rng.choice(people), moment - timedelta(minutes=rng.randint(120, 40000)), rng.choice([None, 15, 90]),
             rng.choice(["planned", "planned", "held", "no_show"]))
        for _ in range(280)
    ]
    plans += [plan(company, rng.choice(people), moment + timedelta(minutes=rng.randint(120, 4000)), 30) for _ in range(20)]
    company.make("interaction", *plans, source="import")
    today = datetime.now(UTC).astimezone(zone).date()

    def late(one: dict[str, Any]) -> int:
        day, number = ends(one).astimezone(zone).date(), 0
        while day < today:
            day += timedelta(days=1)
            number += day.isoweekday() < 6 and day not in off
        return number

    def ends(one: dict[str, Any]) -> datetime:
        return one["planned_start"] + timedelta(minutes=one["planned_minutes"] or 0)

    held, planned = company.option("interaction_state", "held"), company.option("interaction_state", "planned")
    expected: dict[Any, dict[str, Any]] = {}
    for person in people:
        due = [one for one in plans if one["owner"] == person and ends(one) < moment]
        days = [late(one) for one in due if one["state"] == planned]
        expected[person] = {
            "due": len(due), "kept": sum(one["state"] == held for one in due), "overdue": len(days), "median_late": median(days),
            **{key: sum(low <= d < high for d in days) for key, low, high in zip(AGES, EDGES, EDGES[1:], strict=False)},
        }
    usual = median(row["overdue"] for row in expected.values())
    found = table(company, by="owner")
    for row in found.rows:
        assert {key: row[key] for key in expected[row["owner_id"]]} == expected[row["owner_id"]]
        assert row["against_median"] == row["overdue"] / usual
    assert len(found.rows) == 5
    every = [late(one) for one in plans if one["state"] == planned and ends(one) < moment]
    assert (found.totals["overdue"], found.totals["median_late"]) == (len(every), median(every))
    with company.system(write=False) as session:
        for by in ("", "owner", "manager", "department", "medium", "owner,medium"):
            assert check_cells(session, report(session, by=by)) >= 16


@pytest.mark.parametrize("name", ["overdue", "time_spent"])
def test_a_comparison_opens_what_all_rows_are_compared_by(company: Company, name: str) -> None:
    people = company.make("user", {"name": "Anna"}, {"name": "Bohdan"})
    hour = now() - timedelta(hours=30)
    company.make("interaction", *(plan(company, p, hour, 30, state) | ({"actual_minutes": 20} if state == "held" else {}) for p in people for state in (
        "held", "planned", "planned")), source="import")
    with company.system(write=False) as session:
        found = run(find(name), session, {"by": "owner"})[1]
        drill = found.drill(found.rows[0], "against_median")
        assert drill is not None and drill.group == "owner" and drill == found.drill(found.rows[1], "against_median")
        opened = lists.count(session, lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where), "columns": ",".join(drill.columns)})).number
        assert opened == {"overdue": 4, "time_spent": 2}[name] and ("actual_minutes" in drill.columns) == (name == "time_spent")
        behind = run(find(name), session, {"by": "manager"})[1]
        assert behind.drill(None, "against_median") is not None


def test_a_reader_gets_figures_of_what_he_sees(company: Company) -> None:
    rule = {"entity": "interaction", "actions": ["read"], "fields": {"*": "read"}}
    me = company.person(company.role("own", {**rule, "scope": "own"}))
    company.make("interaction", *(plan(company, owner, now() - timedelta(days=1), 30) for owner in (me, None, None)), source="import")
    assert table(company).totals["overdue"] == 3
    with company.session(me) as session:
        assert report(session, by="owner").totals["overdue"] == 1
        assert check_cells(session, report(session, by="department")) > 0
    for hidden in ("state", "planned_minutes"):
        fields = {"*": "read", hidden: "hidden"}
        with company.session(company.person(company.role(f"no_{hidden}", {**rule, "scope": "all", "fields": fields}))) as session, pytest.raises(Forbidden):
            report(session)
    some = {"*": "read", "state": {"mode": "read", "where": {"field": "owner", "op": "eq", "value": "@me"}}}
    reader = company.person(company.role("some", {**rule, "scope": "all", "fields": some}))
    with company.session(reader) as session:
        assert (report(session).totals["due"], report(session).totals["overdue"]) == (3, 0), "of no plan he sees the state"
