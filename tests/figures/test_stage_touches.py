"""Touches of deals by stage: a few worked out by hand, many against a plain computation in Python."""

import json
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from statistics import mean, median
from typing import Any

import pytest

import crm.reports
from crm.backoffice import lists, records
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Table, find, run
from crm.errors import Forbidden, UnknownName
from tests.company import Company
from tests.lowcode.test_made import put
from tests.reports.deals import check_cells

assert crm.reports
MARCH = datetime(2026, 3, 1, 9, tzinfo=UTC)


def at(day: float) -> datetime:
    return MARCH + timedelta(days=day)


# deal → owner, where it stands, the day each stage was entered, touches as (day, minutes)
DEALS: dict[str, tuple[str, str, tuple[tuple[str, float], ...], tuple[tuple[float, int | None], ...]]] = {
    # one before it had any stage, two as a lead, one at the very moment when it became a proposal, one after it was won
    "pumps": ("anna", "won", (("lead", 1), ("proposal", 5), ("won", 9)), ((0, 10), (2, 15), (4, None), (5, 20), (12, 60))),
    "valves": ("anna", "lost", (("lead", 1), ("lost", 3)), ((1, 5),)),
    # went back: the second time as a lead counts for the lead too
    "steel": ("bohdan", "lead", (("lead", 1), ("proposal", 2), ("lead", 4)), ((1.5, 10), (3, 30), (5, 10), (6, 10))),
    "wire": ("bohdan", "lead", (("lead", 1),), ()),
    "bare": ("bohdan", "proposal", (), ((2, 7),)),  # came without a history
}


def fill(company: Company) -> dict[str, int]:
    ids: dict[str, int] = {}
    for name in ("anna", "bohdan"):
        (ids[name],) = company.make("user", {"name": name.title()})
    for name, (owner, stage, moves, touches) in DEALS.items():
        (ids[name],) = company.make("deal", {"name": name, "owner": ids[owner], "stage": company.stage(stage), "opened_on": date(2026, 3, 1)}, source="import")
        company.make("stage_history", *({"deal": ids[name], "stage": company.stage(key), "entered_at": at(day)} for key, day in moves), source="import")
        company.make("interaction", *(talk(company, ids[name], at(day), minutes) for day, minutes in touches), source="import")
    company.make("interaction", talk(company, ids["wire"], at(2), 60, "no_show"), {**talk(company, ids["wire"], at(2), 60), "deal": None}, source="import")
    return ids


def talk(company: Company, deal: int, when: datetime, minutes: int | None, state: str = "held") -> dict[str, Any]:
    timed = {"held_at": when} if state == "held" else {"planned_start": when}
    return {
        "deal": deal, "medium": company.option("interaction_medium", "letter"), "direction": company.option("direction", "internal"),
        "state": company.option("interaction_state", state), "actual_minutes": minutes, **timed,
    }


def report(session: DataSession, **asked: str) -> Table:
    return run(find("stage_touches"), session, asked)[1]


def table(company: Company, **asked: str) -> Table:
    with company.system(write=False) as session:
        return report(session, **asked)


def test_a_touch_belongs_to_the_stage_in_which_it_found_its_deal(company: Company) -> None:
    fill(company)
    found = table(company, by="stage")
    assert [(row["stage"], row["deals"], row["touches"], row["minutes"]) for row in found.rows] == [
        (None, 2, 2, 17), ("lead", 4, 6, 50), ("proposal", 2, 2, 50), ("won", 1, 1, 60), ("lost", 1, 0, 0),
    ]
    lead = found.rows[1]
    # as leads: pumps (won) 2, valves (lost) 1, steel 3 and wire 0 (open)
    assert (lead["mean"], lead["median"]) == (1.5, 1.5)
    assert [(lead[f"{o}_deals"], lead[f"{o}_mean"], lead[f"{o}_median"]) for o in ("won", "lost", "open")] == [(1, 2.0, 2.0), (1, 1.0, 1.0), (2, 1.5, 1.5)]
    assert found.totals == {
        "deals": 5, "touches": 11, "minutes": 177, "mean": 2.2, "median": 1.0, "against_median": None, "won_deals": 1, "won_mean": 5.0, "won_median": 5.0,
        "lost_deals": 1, "lost_mean": 1.0, "lost_median": 1.0, "open_deals": 3, "open_mean": 5 / 3, "open_median": 1.0,
    }


def test_a_person_is_compared_with_others_in_the_same_stage(company: Company) -> None:
    fill(company)
    of_lead = {row["owner"]: (row["touches"], row["mean"], row["against_median"])
               for row in table(company, by="owner,stage").rows if row["stage_id"] == company.stage("lead")}
    assert of_lead == {"Anna": (3, 1.5, 1.0), "Bohdan": (3, 1.5, 1.0)}
    # over all stages: Anna's two deals took 6, Bohdan's three took 5; the median of 3 and 5/3 is 7/3
    assert {row["owner"]: row["against_median"] for row in table(company, by="owner").rows} == pytest.approx({"Anna": 9 / 7, "Bohdan": 5 / 7})


def test_the_period_chooses_deals_by_the_day_they_were_opened(company: Company) -> None:
    fill(company)
    assert table(company, period="2026-03").totals["touches"] == 11
    assert table(company, period="2026-04").totals == {
        **dict.fromkeys(table(company).totals), "deals": 0, "touches": 0, "minutes": 0, "won_deals": 0, "lost_deals": 0, "open_deals": 0,
    }


BY = ("", "stage", "pipeline", "owner", "manager", "account", "month", "department", "owner,stage", "pipeline,stage", "stage,month")


def test_every_cell_opens_its_records_and_their_minutes_add_up(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        for by in BY:
            found = report(session, by=by)
            assert check_cells(session, found) >= 5
            for row in (*found.rows, None):
                minutes = (found.totals if row is None else row)["minutes"]
                drill = found.drill(row, "minutes")
                assert drill is not None
                opened = lists.ids(session, lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)}), 100)
                took = [lists.record(session, "interaction", n, ["actual_minutes"]).values["actual_minutes"] for n in opened]
                assert sum(t or 0 for t in took) == (minutes or 0)


SAVED = """
conditions:
  of_anna:
    entity: deal
    label: {uk: Ганни, en: Of Anna}
    where: {field: owner.name, op: eq, value: Anna}
  others:
    entity: deal
    label: {uk: Не Ганни, en: Not of Anna}
    where: {not: {saved: of_anna}}
"""


def test_what_a_saved_condition_says_of_deals_is_asked_of_their_interactions(company: Company) -> None:
    fill(company)
    put(company, SAVED)
    with company.system(write=False) as session:
        found = report(session, by="owner", where='{"saved": "others"}')
        assert {row["owner"] for row in found.rows} == {"Bohdan"} and check_cells(session, found) >= 5
        drill = found.drill(None, "touches")
        assert drill is not None and {"not": {"field": "deal.owner.name", "op": "eq", "value": "Anna"}} in drill.where["all"]
        by_line = run(find("win_rate"), session, {"by": "product", "where": '{"saved": "others"}'})[1]
        opened = by_line.drill(None, "amount")
        assert opened is not None and opened.entity == "deal_line"


def test_a_condition_that_cannot_be_asked_of_interactions_opens_nothing(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        found = report(session, by="stage", where='{"count": "lines", "op": "eq", "value": 0}')
        assert found.drill(found.rows[0], "touches") is None
        assert check_cells(session, found) >= 5


def test_many_random_deals_agree_with_a_plain_computation(company: Company) -> None:
    rng = random.Random(11)
    stages = list(company.catalog.configured["stage"].values())
    people = company.make("user", *({"name": f"П{n}"} for n in range(4)))
    deals = [
        {"name": f"у{n}", "owner": rng.choice([*people, None]), "stage": rng.choice(stages).id, "opened_on": date(2026, rng.randint(1, 3), 1)}
        for n in range(60)
    ]
    numbers = company.make("deal", *deals, source="import")
    moves: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    for n in numbers:
        rows = [{"deal": n, "stage": rng.choice(stages).id, "entered_at": at(rng.randint(0, 6))} for _ in range(rng.randint(0, 5))]  # some at one moment
        for number, row in zip(company.make("stage_history", *rows, source="import") if rows else [], rows, strict=True):
            moves[n].append((row["entered_at"], number, row["stage"]))
    talks = [
        talk(company, rng.choice(numbers), at(rng.randint(0, 14) / 2), rng.choice([None, 5, 20]), rng.choice(["held", "held", "no_show"]))
        for _ in range(400)
    ]
    made = company.make("interaction", *talks, source="import")
    gone = {made[7], made[70]}
    with company.system() as session:
        for number in gone:
            records.remove(session, "interaction", number)
        session.commit()

    def then(n: int, when: datetime) -> int | None:
        return max((move for move in moves[n] if move[0] <= when), default=(None, None, None))[2]

    held, kinds = company.option("interaction_state", "held"), {s.id: s.values["kind"] for s in stages}
    touches: dict[tuple[int, int | None], int] = defaultdict(int)
    minutes: dict[tuple[Any, int | None], int] = defaultdict(int)
    of = dict(zip(numbers, deals, strict=True))
    for number, one in zip(made, talks, strict=True):
        if one["state"] == held and number not in gone:
            place = (one["deal"], then(one["deal"], one["held_at"]))
            touches[place] += 1
            minutes[of[place[0]]["owner"], place[1]] += one["actual_minutes"] or 0
    stood = {(n, stage) for n in numbers for _, _, stage in moves[n]} | set(touches)
    expected: dict[tuple[Any, int | None], dict[str, Any]] = {}
    for key in {(of[n]["owner"], stage) for n, stage in stood}:
        mine = [(touches[n, stage], kinds[of[n]["stage"]]) for n, stage in stood if (of[n]["owner"], stage) == key]
        row = expected[key] = {"deals": len(mine), "touches": sum(t for t, _ in mine), "minutes": minutes[key]}
        for name, some in (("", mine), *((f"{o}_", [one for one in mine if one[1] == o]) for o in ("won", "lost", "open"))):
            row |= {f"{name}{word}": of_some([t for t, _ in some]) if some else None for word, of_some in (("mean", mean), ("median", median))}
    found = {(row["owner_id"], row["stage_id"]): row for row in table(company, by="owner,stage").rows}
    assert set(found) == set(expected) and len(found) > 20
    for key, row in expected.items():
        shown = {name: found[key][name] for name in row}
        assert {**shown, "minutes": shown["minutes"] or 0} == pytest.approx(row), key
    with company.system(write=False) as session:
        assert check_cells(session, report(session, by="owner,stage")) > 100


def test_a_reader_gets_figures_of_what_he_sees(company: Company) -> None:
    ids = fill(company)
    whole = {"actions": ["read"], "scope": "all", "fields": {"*": "read"}}

    def reader(key: str, **other: dict[str, Any]) -> int:
        rules = {"deal": {}, "interaction": {}, "stage_history": {}} | other
        return company.person(company.role(key, *({"entity": entity, **whole, **rule} for entity, rule in rules.items())))

    own = reader("own", deal={"scope": "own"})
    with company.system() as session:
        records.change(session, "deal", ids["pumps"], {"owner": own}, seen_version=1)
        session.commit()
    with company.session(own) as session:
        assert report(session, by="stage").totals["touches"] == 5  # of the pumps alone
        assert check_cells(session, report(session, by="stage")) > 0
    with company.session(reader("mute", interaction={"fields": {"*": "read", "actual_minutes": "hidden"}})) as session:
        assert "minutes" not in {c.key for c in report(session).columns}
    with company.session(reader("blind", deal={"fields": {"*": "read", "stage": "hidden"}})) as session:
        found = report(session, by="stage")
        assert {c.key for c in found.measures} == {"deals", "touches", "minutes", "mean", "median", "against_median"} and found.chart is None
    where = {"field": "name", "op": "eq", "value": "pumps"}
    with company.session(reader("some", stage_history={"scope": "where", "where": {"field": "deal.name", "op": "ne", "value": "pumps"}})) as session:
        # of the moves of the pumps he knows nothing: their touches are in no stage that he knows
        assert {row["stage_id"]: row["touches"] for row in report(session, by="stage", where=json.dumps(where)).rows} == {None: 5}
        assert check_cells(session, report(session, by="stage")) > 0
    for hidden in ("state", "starts_at", "held_at"):
        with company.session(reader(f"no_{hidden}", interaction={"fields": {"*": "read", hidden: "hidden"}})) as session, pytest.raises(Forbidden):
            report(session)
    with company.session(reader("no_past", stage_history={"fields": {"*": "read", "entered_at": "hidden"}})) as session:
        with pytest.raises(Forbidden):
            report(session)
        asked = {"latest": "deal.stage_history.stage", "by": "entered_at", "at": "starts_at", "op": "eq", "value": "lead"}
        with pytest.raises(UnknownName):
            lists.count(session, lists.parse_query(session, "interaction", {"where": json.dumps(asked)}))
