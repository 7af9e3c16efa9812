"""The figures of interactions, worked out by hand. Times are those of Kyiv: two hours before UTC, three from 29 March."""

import itertools
import json
import random
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

import crm.reports
from crm.backoffice.catalog import load_catalog
from crm.backoffice.configuration import CompanySettings
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Table, find, run
from crm.backoffice.working_time import clock
from crm.errors import BadRequest, Forbidden, UnknownName
from tests.company import Company
from tests.reports.deals import check_cells

assert crm.reports
KYIV = ZoneInfo("Europe/Kyiv")
PICKLISTS = {"medium": "interaction_medium", "direction": "direction", "state": "interaction_state", "result": "interaction_result"}


def march(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=KYIV)


# owner, account, medium, direction, state, planned start, planned minutes, held at, actual minutes
ROWS: tuple[tuple[Any, ...], ...] = (
    ("anna", "mill", "email", "inbound", "held", None, None, march(2, 16, 30), 5),  # Monday; answered after 90 + 20 = 110 minutes
    ("anna", "mill", "call", "outbound", "held", march(3, 9), 15, march(3, 9, 20), 12),
    ("anna", "mill", "call", "inbound", "held", None, None, march(6, 17, 50), 8),  # Friday; answered on Monday, after 10 + 60 = 70
    ("bohdan", "mill", "meeting", "outbound", "held", march(9, 10), 60, march(9, 10), 75),
    ("bohdan", "forge", "message", "inbound", "held", None, None, march(7, 12), None),  # Saturday; answered on Monday after 30
    ("anna", "forge", "letter", "outbound", "held", None, None, march(9, 9, 30), None),
    ("bohdan", "forge", "call", "inbound", "held", None, None, march(10, 11), 4),  # nobody has answered yet
    ("anna", "mill", "meeting", "outbound", "planned", march(2, 10), 60, None, None),  # overdue
    ("anna", "mill", "meeting", "outbound", "no_show", march(4, 10), 60, None, 20),  # waited in vain: no minutes of a held one
    ("bohdan", "forge", "visit", "outbound", "cancelled", march(5, 10), 90, None, None),
    ("bohdan", "forge", "visit", "outbound", "rescheduled", march(6, 10), 90, None, None),
    ("bohdan", None, "meeting", "internal", "held", None, None, march(11, 9), 30),
)


def fill(company: Company, *more: tuple[Any, ...]) -> dict[str, int]:
    ids: dict[str, int] = {}
    (ids["chief"],) = company.make("user", {"name": "Chief"})
    ids["anna"], ids["bohdan"] = company.make("user", {"name": "Anna", "manager": ids["chief"]}, {"name": "Bohdan"})
    ids["mill"], ids["forge"] = company.make("account", {"name": "Mill"}, {"name": "Forge"})
    keys = ("planned_start", "planned_minutes", "held_at", "actual_minutes")
    company.make("interaction", *(
        {
            "owner": ids[owner], "account": ids.get(account), "medium": company.option("interaction_medium", medium), "subject": f"Розмова {n}",
            "direction": company.option("direction", direction), "state": company.option("interaction_state", state), **dict(zip(keys, times, strict=True)),
        }
        for n, (owner, account, medium, direction, state, *times) in enumerate((*ROWS, *more))), source="import")
    return ids


def report(session: DataSession, **asked: str) -> Table:
    return run(find("interactions"), session, asked)[1]


def table(company: Company, **asked: str) -> Table:
    with company.system(write=False) as session:
        return report(session, **asked)


def test_the_whole_counts_states_directions_minutes_and_the_median_response(company: Company) -> None:
    fill(company)
    assert table(company).totals == {
        "planned": 1, "held": 8, "no_show": 1, "cancelled": 1, "overdue": 1, "inbound": 4, "outbound": 3,
        "minutes": 5 + 12 + 8 + 75 + 4 + 30, "median_response": 70.0,  # of 110, 70 and 30
    }


def test_each_owner_has_figures_of_his_own_whoever_answered(company: Company) -> None:
    ids = fill(company)
    found = {row["owner"]: row for row in table(company, by="owner").rows}
    assert found["Anna"] == {
        "owner": "Anna", "owner_id": ids["anna"], "planned": 1, "held": 4, "no_show": 1, "cancelled": 0, "overdue": 1, "inbound": 2, "outbound": 2,
        "minutes": 25, "median_response": 90.0,
    }
    assert found["Bohdan"]["minutes"] == 109
    assert found["Bohdan"]["median_response"] == 30.0  # it was Anna who answered


def test_rows_by_options_carry_their_keys_and_by_manager_the_owners_chief(company: Company) -> None:
    fill(company)
    by_medium = {row["medium"]: (row["held"], row["planned"], row["median_response"]) for row in table(company, by="medium").rows}
    assert by_medium == {"email": (1, 0, 110.0), "call": (3, 0, 70.0), "message": (1, 0, 30.0), "letter": (1, 0, None), "meeting": (2, 1, None),
                         "visit": (0, 0, None)}
    assert {row["direction"]: row["held"] for row in table(company, by="direction").rows} == {"inbound": 4, "outbound": 3, "internal": 1}
    assert {row["manager"]: row["held"] for row in table(company, by="manager").rows} == {"Chief": 4, None: 4}
    assert {(row["account"], row["medium"]): row["held"] for row in table(company, by="account,medium").rows}["Forge", "letter"] == 1
    assert [row["result"] for row in table(company, by="result").rows] == [None]


def test_overdue_is_what_is_still_planned_after_its_end(company: Company) -> None:
    now = datetime.now(UTC)
    fill(company, *(("anna", "mill", "call", "outbound", "planned", now + timedelta(minutes=minutes), 60, None, None) for minutes in (-200, -61, -50, 500)))
    found = table(company, period=f"{(now - timedelta(days=2)).date()}..{(now + timedelta(days=2)).date()}").totals
    assert (found["planned"], found["overdue"]) == (4, 2)
    with company.system(write=False) as session:
        assert check_cells(session, report(session, by="owner")) > 0


def test_months_are_those_of_the_zone_asked_for(company: Company) -> None:
    ids = fill(company)
    late = [datetime(2026, 3, 31, 21, 30, tzinfo=UTC), datetime(2026, 2, 28, 21, 59, tzinfo=UTC), datetime(2026, 2, 28, 22, 0, tzinfo=UTC)]
    values = {"medium": company.option("interaction_medium", "letter"), "direction": company.option("direction", "outbound"), "account": ids["mill"]}
    company.make("interaction", *({**values, "held_at": at} for at in late), source="import")
    assert {row["month"]: row["held"] for row in table(company, by="month").rows} == {"2026-02": 1, "2026-03": 9, "2026-04": 1}
    assert {row["month"]: row["held"] for row in table(company, by="month", time_zone="UTC").rows} == {"2026-02": 2, "2026-03": 9}
    assert {row["month"]: row["held"] for row in table(company, by="month", time_zone="Asia/Kathmandu").rows} == {"2026-03": 10, "2026-04": 1}
    assert table(company, period="2026-04").totals["held"] == 1
    assert table(company, period="2026-04", time_zone="UTC").totals["held"] == 0


def test_every_cell_opens_its_records(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        for by in ("owner", "account", "medium", "direction", "month", "department", "owner,medium"):
            assert check_cells(session, report(session, by=by)) >= 7
        found = report(session, by="owner")
        anna = next(row for row in found.rows if row["owner"] == "Anna")
        behind = found.drill(anna, "median_response")
    assert behind is not None
    assert [len(c["value"]) for c in behind.where["all"] if c["field"] == "id"] == [2]  # the two that were answered


@pytest.mark.parametrize(("hours", "median"), [
    ("1-5 09:00-18:00", 70.0),  # of 110, 70 and 30
    ("1-7 00:00-24:00", 2730.0),  # of 16 h 50, 64 h 10 and 45 h 30
    ("1-6 12:00-17:00", 300.0),  # of 30 on Monday, and twice the whole Saturday: mornings do not count
])
def test_responses_are_counted_in_the_companys_working_time(company: Company, hours: str, median: float) -> None:
    fill(company)
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(CompanySettings.__table__).values(working_time=hours))
    company.catalog = load_catalog(company.engine)
    assert table(company).totals["median_response"] == median


def test_a_reader_sees_figures_of_what_he_sees(company: Company) -> None:
    ids = fill(company)
    everything = {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}

    def reader(key: str, **rule: Any) -> int:
        return company.person(company.role(key, {"entity": "interaction", "actions": ["read"], "scope": "all", "fields": {"*": "read"}, **rule}, everything))

    with company.session(reader("no_plan", fields={"*": "read", "planned_minutes": "hidden"})) as session:
        found = report(session, by="owner")
        assert "overdue" not in {c.key for c in found.columns}  # it would tell the minutes
        assert found.totals["held"] == 8
    with company.session(reader("no_time", fields={"*": "read", "held_at": "masked"})) as session:
        assert "median_response" not in {c.key for c in report(session).columns}
        with pytest.raises(UnknownName):
            report(session, by="month")
        with pytest.raises(UnknownName):
            report(session, period="2026-03")
    with company.session(reader("no_state", fields={"*": "read", "state": "hidden"})) as session, pytest.raises(Forbidden):
        report(session)
    mine = reader("own", scope="own")
    company.make("interaction", {
        "owner": mine, "account": ids["mill"], "medium": company.option("interaction_medium", "email"), "direction": company.option("direction", "inbound"),
        "held_at": march(2, 9), "actual_minutes": 3}, source="import")
    with company.session(mine) as session:
        found = report(session, by="account").rows
        # The company's name and the answers of others are not his to see.
        assert [(row["account"], row["held"], row["minutes"], row["median_response"]) for row in found] == [(None, 1, 3, None)]
    with company.session(reader("all")) as session, pytest.raises(BadRequest):
        report(session, by="stage")


def test_many_random_responses_agree_with_a_plain_computation(company: Company) -> None:
    """Every inbound held interaction against all outbound ones, over both changes of the clock, a public holiday and a worked Saturday."""
    rng = random.Random(3)
    company.make(
        "calendar_day", {"day": date(2026, 3, 30), "name": "Вихідний"},
        {"day": date(2026, 10, 24), "name": "Відпрацювання", "working": True, "hours": "10:00-15:00"},
    )
    company.catalog = load_catalog(company.engine)
    people, firms = company.make("user", {"name": "A"}, {"name": "B"}), company.make("account", *({"name": f"Ф{n}"} for n in range(5)))
    medium = company.option("interaction_medium", "letter")

    def talk() -> dict[str, Any]:
        start = datetime(2026, rng.choice((3, 10)), 20, tzinfo=UTC) + timedelta(seconds=rng.randrange(12 * 24) * 3600 + rng.choice((0, 0, 1, 59.5)))
        state, direction = rng.choice(("held", "held", "held", "planned")), rng.choice(("inbound", "outbound", "outbound", "internal"))
        return {
            "owner": rng.choice(people), "account": None if direction == "internal" else rng.choice(firms), "medium": medium, "state": state,
            "direction": direction, ("held_at" if state == "held" else "planned_start"): start,
        }

    talks = [talk() for _ in range(400)]
    lists = {"state": "interaction_state", "direction": "direction"}
    numbers = company.make("interaction", *({**one, **{key: company.option(name, one[key]) for key, name in lists.items()}} for one in talks), source="import")
    settings, days = company.catalog.company, company.catalog.special_days
    worked = clock(settings.working_time, settings.zone, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), days)
    waits: dict[int, tuple[dict[str, Any], int]] = {}
    for number, one in zip(numbers, talks, strict=True):
        if (one["direction"], one["state"]) == ("inbound", "held"):
            answers = [o["held_at"] for o in talks if (o["direction"], o["state"], o["account"]) == ("outbound", "held", one["account"])]
            later = [answer for answer in answers if answer >= one["held_at"]]
            if later:
                month = one["held_at"].astimezone(KYIV).strftime("%Y-%m")
                waits[number] = {"owner": one["owner"], "account": one["account"], "month": month}, worked(min(later)) - worked(one["held_at"])
    chosen: dict[str, Any] = {"period": "2026-03", "owner": f"id:{people[0]}", "where": json.dumps({"field": "account", "op": "eq", "value": firms[1]})}
    chosen["long"] = "2025-11..2026-03"
    fits = {"period": ("month", "2026-03"), "long": ("month", "2026-03"), "owner": ("owner", people[0]), "where": ("account", firms[1])}
    assert len(waits) > 60
    with company.system(write=False) as session:
        for by, names in itertools.product(("", "owner", "account", "month"), ((), ("period",), ("long",), ("owner",), ("where",), ("period", "where"))):
            found = report(session, by=by, **{name.replace("long", "period"): chosen[name] for name in names})
            for row in (*found.rows, None):
                wanted = [fits[name] for name in names]
                wanted += [(by, row["month"] if by == "month" else row[f"{by}_id"])] if row is not None and by else []
                expected = {number: wait for number, (place, wait) in waits.items() if all(place[key] == value for key, value in wanted)}
                value = (found.totals if row is None else row)["median_response"]
                assert value == (median(expected.values()) / 60 if expected else None), (by, names, row)
                drill = found.drill(row, "median_response")
                assert drill is not None
                assert [set(c["value"]) for c in drill.where["all"] if c["field"] == "id"] == [set(expected)]
