"""The sales funnel: a dozen deals worked out by hand in three modes, many against a plain computation in Python."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import crm.reports
from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Table, find, run
from crm.errors import BadRequest, Forbidden, UnknownName
from tests.company import ZONE, Company
from tests.reports.deals import check_cells

assert crm.reports
KYIV = ZoneInfo(ZONE)
STAGES = ("lead", "qualified", "proposal", "negotiation", "contract", "won")
MODES = ("cohort", "snapshot", "flow")


def at(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), KYIV).astimezone(UTC)


def march(day: float) -> datetime:
    return at(date(2026, 3, 1) + timedelta(days=int(day) - 1), int(day % 1 * 24))


# deal → owner, amount, moves as (stage, day of March; 32 is the first of April)
DEALS: dict[str, tuple[str, str, tuple[tuple[str, float], ...]]] = {
    "straight": ("anna", "100", (("lead", 1), ("qualified", 3), ("proposal", 6), ("negotiation", 8), ("contract", 9), ("won", 10))),
    "skips": ("anna", "200", (("lead", 1), ("proposal", 5), ("won", 20))),  # over qualified, then over two more
    "back": ("anna", "400", (("lead", 2), ("proposal", 4), ("qualified", 7), ("won", 40))),  # won in April
    "lost": ("bohdan", "800", (("lead", 2), ("qualified", 8), ("lost", 9))),
    "again": ("bohdan", "1600", (("lead", 3), ("lost", 4), ("qualified", 10))),  # opened again, and stands there
    "twice": ("bohdan", "3200", (("lead", 5), ("qualified", 6), ("lead", 9))),  # Frappe counts two leads of it
    "waits": ("bohdan", "6400", (("lead", 31.5),)),
    "before": ("anna", "12800", (("lead", -9), ("qualified", 12))),  # began in February
    "only_lost": ("anna", "25600", (("lost", 11),)),  # reached no stage
    "bare": ("anna", "51200", ()),  # came without a history
}


def fill(company: Company) -> dict[str, int]:
    ids: dict[str, int] = {}
    (ids["chief"],) = company.make("user", {"name": "Chief"})
    for name in ("anna", "bohdan"):
        (ids[name],) = company.make("user", {"name": name.title(), "code": name, **({"manager": ids["chief"]} if name == "anna" else {})})
    for name, (owner, amount, moves) in DEALS.items():
        stage = company.stage(moves[-1][0] if moves else "lead")
        (ids[name],) = company.make("deal", {"name": name, "owner": ids[owner], "stage": stage, "amount": Decimal(amount)}, source="import")
        if moves:
            rows = ({"deal": ids[name], "stage": company.stage(key), "entered_at": march(day)} for key, day in moves)
            company.make("stage_history", *rows, source="import")
    return ids


def report(session: DataSession, **asked: str) -> Table:
    return run(find("funnel"), session, asked)[1]


def table(company: Company, **asked: str) -> Table:
    with company.system(write=False) as session:
        return report(session, **asked)


def column(found: Table, key: str) -> list[Any]:
    return [row[key] for row in found.rows]


def test_a_cohort_goes_its_way_to_the_end_whenever_that_is(company: Company) -> None:
    fill(company)
    found = table(company, period="2026-03")
    assert column(found, "stage") == list(STAGES)
    # straight skips back lost again twice waits have been leads; "before" began in February
    assert column(found, "entered") == [7, 5, 3, 1, 1, 3]
    assert column(found, "reached") == [7, 6, 3, 3, 3, 3]  # "skips" jumped over qualified, "back" won without negotiating
    assert column(found, "conversion") == [1, 6 / 7, 1 / 2, 1, 1, 1]
    assert column(found, "won") == [3] * 6
    assert column(found, "to_won") == [3 / 7, 1 / 2, 1, 1, 1, 1]
    assert column(found, "lost") == [0, 1, 0, 0, 0, 0]  # "again" is lost no more
    assert column(found, "open") == [2, 1, 0, 0, 0, 0]
    # leads: 2, 4, 2, 6, 1, 1 days; qualified: 3, 33 (back), 1, 3 (twice); proposal: 2, 15, 3; negotiation 1; contract 1
    assert column(found, "median_days") == [2, 3, 3, 1, 1, None]
    assert column(found, "p90_days")[:3] == pytest.approx([5, 3 + 0.7 * 30, 3 + 0.8 * 12])
    # two leads and one qualified go on since March: of eight leads half are left after 1 1 2 2, of five qualified two after 1 3 3
    assert column(found, "km_median_days") == [2, 3, 3, 1, 1, None]
    assert column(found, "amount") == [Decimal(n) for n in (12700, 6300, 700, 700, 700, 700)]
    assert column(found, "low") == column(found, "high") == [None] * 6
    assert found.totals == {
        "stage": None, "entered": 8, "reached": 7, "conversion": None, "to_won": 3 / 8, "won": 3, "lost": 2, "open": 3, "median_days": None,
        "km_median_days": None, "p90_days": None, "amount": Decimal(12700), "low": None, "high": None, "without_history": 1,
    }


def test_a_snapshot_shows_where_deals_stood_when_the_period_ended(company: Company) -> None:
    fill(company)
    found = table(company, period="2026-03-07", mode="snapshot")
    # by the midnight after the 7th: "straight" is a proposal for two days, "lost" still a lead, "again" lost, "before" a lead since February
    assert column(found, "entered") == [7, 3, 3, 0, 0, 0]
    assert column(found, "reached") == [7, 4, 3, 0, 0, 0]
    assert column(found, "conversion") == [1, 4 / 7, 3 / 4, 0, None, None]
    assert column(found, "open") == [2, 2, 2, 0, 0, 0]
    assert column(found, "lost") == [1, 0, 0, 0, 0, 0]
    assert column(found, "won") == [0] * 6
    assert column(found, "median_days") == [2, 3, 3, None, None, None]  # leads: 1 1 2 2 4
    # of three that came to qualified one left after 3 days, when the two others had not lasted so long; a proposal of 3 days goes on as one of 3 ends
    assert column(found, "km_median_days") == [2, 3, 3, None, None, None]
    assert column(found, "amount") == [Decimal(n) for n in (19100, 3900, 700, 0, 0, 0)]
    assert (found.totals["entered"], found.totals["lost"], found.totals["open"], found.totals["without_history"]) == (7, 1, 6, 1)


def test_a_flow_shows_the_moves_inside_the_period_alone(company: Company) -> None:
    fill(company)
    found = table(company, period="2026-03-08..2026-03-12", mode="flow")
    # straight 8 9 10, lost 8 9, again 10, twice 9, before 12, only_lost 11
    assert column(found, "entered") == [1, 3, 0, 1, 1, 1]
    assert column(found, "reached") == [5, 4, 1, 1, 1, 1]
    assert column(found, "won") == [1] * 6
    assert column(found, "lost") == [0, 1, 0, 0, 0, 0]
    assert column(found, "open") == [1, 2, 0, 0, 0, 0]
    assert column(found, "median_days") == [None, 1, None, 1, 1, None]
    assert column(found, "km_median_days") == [None, None, None, 1, 1, None]  # of three qualified two go on
    assert column(found, "amount") == [Decimal(n) for n in (18500, 15300, 100, 100, 100, 100)]
    assert (found.totals["entered"], found.totals["lost"]) == (6, 2)


def test_without_a_period_the_three_views_are_one(company: Company) -> None:
    fill(company)
    cohort, *others = (table(company, mode=mode) for mode in MODES)
    assert all((other.rows, other.totals) == (cohort.rows, cohort.totals) for other in others)
    assert cohort.totals["entered"] == 9


def test_a_rate_of_many_has_an_interval_and_a_rate_of_few_has_none(company: Company) -> None:
    for number, (keys, times) in enumerate(((("lead", "qualified"), 10), (("lead",), 15))):
        made = company.make("deal", *({"name": f"{number}.{n}"} for n in range(times)), source="import")
        rows = [{"deal": d, "stage": company.stage(k), "entered_at": march(1 + n)} for d in made for n, k in enumerate(keys)]
        company.make("stage_history", *rows, source="import")
    lead, qualified, proposal = table(company).rows[:3]
    assert (qualified["low"], qualified["high"]) == pytest.approx((0.23403, 0.59261), abs=5e-6)  # 10 of 25, by hand
    assert lead["high"] == 1 and (proposal["low"], proposal["conversion"]) == (None, 0)  # of 10


BY = ("", "owner", "manager", "department", "territory", "account", "business_line", "source", "sales_channel", "loss_reason", "owner,manager")
PERIODS = ("2026-03", "2026-03-08..2026-03-12")


def test_every_cell_opens_as_many_deals_as_it_counts(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        assert check_cells(session, report(session)) == (6 + 1) * 6
        for mode in MODES:
            for period in PERIODS:
                assert check_cells(session, report(session, mode=mode, period=period)) == (6 + 1) * 6
            assert check_cells(session, report(session, mode=mode, by="owner", period="2026-03")) == (2 * 6 + 1) * 6


def test_what_is_split_adds_up_to_the_whole(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        for mode in MODES:
            for by in BY:
                whole, split = report(session, mode=mode, period="2026-03"), report(session, mode=mode, period="2026-03", by=by)
                assert split.totals == whole.totals
                for row in whole.rows:
                    parts = [part for part in split.rows if part["stage"] == row["stage"]]
                    for key in ("entered", "reached", "won", "lost", "open", "amount"):
                        assert sum(part[key] for part in parts) == row[key], (mode, by, key)


def test_stays_are_the_same_whether_equal_ones_are_counted_first_or_not(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(company)
    counted = [table(company, mode=mode, by=by, period="2026-03").rows for mode in MODES for by in ("", "owner")]
    monkeypatch.setattr("crm.sales.funnel.lengths.FEW", 0)
    assert [table(company, mode=mode, by=by, period="2026-03").rows for mode in MODES for by in ("", "owner")] == counted


def test_a_deal_in_the_bin_is_in_no_figure_with_all_its_moves(company: Company) -> None:
    ids = fill(company)
    with company.system() as session:
        records.remove(session, "deal", ids["straight"])
        session.commit()
    found = table(company, period="2026-03")
    assert (found.totals["entered"], found.totals["won"], found.totals["without_history"]) == (7, 2, 1)
    assert column(found, "median_days") == [2, 3, 9, None, None, None]  # without 2, 3, 2, 1 and 1 days
    assert table(company).totals["without_history"] == 1


def test_rows_are_sorted_by_stages_in_their_order(company: Company) -> None:
    fill(company)
    assert column(table(company, sort="-stage"), "stage") == list(reversed(STAGES))
    assert column(table(company, sort="-entered,stage", period="2026-03"), "stage") == ["lead", "qualified", "proposal", "won", "negotiation", "contract"]
    split = [(row["owner"], row["stage"]) for row in table(company, by="owner", sort="stage").rows]
    assert split[:3] == [("Anna", "lead"), ("Bohdan", "lead"), ("Anna", "qualified")]


def test_a_retired_stage_is_a_row_where_deals_have_been(company: Company) -> None:
    fill(company)
    with company.system() as session:
        for key in ("negotiation", "contract"):
            records.change(session, "stage", company.stage(key), {"retired": True})
        session.commit()
    later = Company(company.engine)
    assert column(table(later, period="2026-03"), "stage") == list(STAGES)
    found = table(later, period="2026-03-07", mode="snapshot")
    assert column(found, "stage") == ["lead", "qualified", "proposal", "won"] and column(found, "conversion")[-1] == 0
    with later.system(write=False) as session:
        assert check_cells(session, report(session, period="2026-03-07", mode="snapshot")) == (4 + 1) * 6


def test_money_of_another_currency_is_not_added(company: Company) -> None:
    ids = fill(company)
    with company.system() as session:
        records.change(session, "deal", ids["waits"], {"currency": "EUR"})
        session.commit()
    found = table(company, period="2026-03")
    assert column(found, "amount")[:2] == [None, Decimal(6300)] and len(found.notes) == 2


SECOND = """
pipelines:
  service:
    label: {uk: Сервіс, en: Service}
    entity: deal
    stages:
      - {key: ask, label: {uk: Запит, en: Request}, type: open}
      - {key: won, label: {uk: Так, en: Yes}, type: won}
"""


def test_of_several_pipelines_one_is_named(company: Company) -> None:
    ids = fill(company)
    company.configure(SECOND)
    service = {"deal": ids["straight"], "stage": company.stage("ask", "service"), "entered_at": march(20)}
    company.make("stage_history", service, source="import")  # it went on there
    with company.system(write=False) as session:
        with pytest.raises(BadRequest, match="Say which pipeline"):
            report(session)
        with pytest.raises(BadRequest):
            report(session, pipeline="no_such")
        assert column(report(session, pipeline="Service"), "stage") == ["ask", "won"]
        here, there = report(session, pipeline="sales", period="2026-03"), report(session, pipeline="service", period="2026-03")
        assert (here.totals["entered"], here.totals["won"], here.totals["open"]) == (8, 2, 3)  # it stands neither here nor there as it did
        assert (there.totals["entered"], there.rows[0]["open"], there.totals["without_history"]) == (1, 1, 0)
        assert check_cells(session, here) == (6 + 1) * 6 and check_cells(session, there) == (2 + 1) * 6
        periods = ("2026-03-01..2026-03-19", "2026-03-04..2026-03-21")
        asked = [{"pipeline": pipeline, "mode": mode, "period": one} for pipeline in ("sales", "service") for mode in MODES for one in periods]
        told = [report(session, **one).rows for one in asked]
    # whoever knows the moves by a rule has them all put together
    rule = {"actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    named = {"field": "deal.name", "op": "not_empty"}
    some = company.role("by_name", {"entity": "deal", **rule}, {"entity": "stage_history", **rule, "scope": "where", "where": named})
    with company.session(company.person(some)) as session:
        for one, rows in zip(asked, told, strict=True):
            assert report(session, **one).rows == rows, one


def test_a_reader_gets_figures_of_what_he_sees(company: Company) -> None:
    ids = fill(company)
    rule = {"actions": ["read"], "scope": "all", "fields": {"*": "read"}}

    def reader(key: str, **other: dict[str, Any]) -> int:
        rules = {"deal": {}, "stage_history": {}} | other
        return company.person(company.role(key, *({"entity": entity, **rule, **more} for entity, more in rules.items())))

    own = reader("own", deal={"scope": "own"})
    with company.system() as session:
        for name in ("lost", "bare"):
            records.change(session, "deal", ids[name], {"owner": own, "loss_reason": company.option("loss_reason", "price")})
        session.commit()
    with company.session(own) as session:
        found = report(session)
        assert (found.totals["entered"], found.totals["lost"], found.totals["without_history"]) == (1, 1, 1)
        assert check_cells(session, found) > 30
    with company.session(reader("poor", deal={"fields": {"*": "read", "amount": "hidden"}})) as session:
        found = report(session)
        assert "amount" not in {c.key for c in found.columns} and found.totals["entered"] == 9 and len(found.notes) == 1
        with pytest.raises(UnknownName):
            report(session, sort="amount")
    where = {"field": "deal.name", "op": "ne", "value": "straight"}
    with company.session(reader("some", stage_history={"scope": "where", "where": where})) as session:
        found = report(session)
        assert (found.totals["entered"], found.totals["without_history"]) == (8, 2)
        assert check_cells(session, found) > 30
    for hidden in ("stage", "entered_at"):
        with company.session(reader(f"no_{hidden}", stage_history={"fields": {"*": "read", hidden: "hidden"}})) as session, pytest.raises(Forbidden):
            report(session)
    with company.session(reader("no_owner", deal={"fields": {"*": "read", "owner": "hidden"}})) as session, pytest.raises(UnknownName):
        report(session, by="owner")
    with company.session(company.person(company.role("no_past", {"entity": "deal", **rule}))) as session, pytest.raises(Forbidden):
        report(session)


def test_whoever_may_know_some_moves_only_by_a_rule_gets_the_same_figures_another_way(company: Company) -> None:
    ids = fill(company)
    rule = {"actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    everything = {"field": "deal.name", "op": "not_empty"}
    some = company.role("by_condition", {"entity": "deal", **rule}, {"entity": "stage_history", **rule, "scope": "where", "where": everything})
    blind = company.role("but_the_first", {"entity": "deal", **rule}, {
        "entity": "stage_history", **rule, "scope": "where", "where": {"field": "entered_at", "op": "ge", "value": march(4).isoformat()}})
    for mode in MODES:
        whole = table(company, mode=mode, period="2026-03", by="loss_reason")
        with company.session(company.person(some)) as session:
            assert not session.table("stage_history").as_one("stage")
            assert report(session, mode=mode, period="2026-03", by="loss_reason").rows == whole.rows
    with company.session(company.person(blind)) as session:
        found = report(session)
    # he knows no move before the 4th, so no trail may tell him of one: of eight leads one of the 5th, one of the 9th by "twice" and "waits" are left
    assert found.rows[0]["entered"] == 2 and ids


@pytest.fixture
def emptied(company: Company) -> Company:
    return company


Course = Sequence[tuple[int, int]]  # (stage, day) of the moves of a deal; the stage 6 is lost
drawn = st.lists(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 20)), max_size=6), max_size=8)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(courses=drawn, first=st.integers(1, 15), lasting=st.integers(1, 10))
def test_random_histories_keep_the_identities_and_agree_with_a_plain_computation(
    emptied: Company, courses: Sequence[Course], first: int, lasting: int,
) -> None:
    company = emptied
    keys = (*STAGES, "lost")
    owners = [None, *company.make("user", {"name": "Х"}, {"name": "У"})]
    deals = company.make("deal", *({"name": "у", "owner": owners[n % 3]} for n, _ in enumerate(courses)), source="import") if courses else []
    moves = {deal: sorted((march(day), n, stage) for n, (stage, day) in enumerate(course)) for deal, course in zip(deals, courses, strict=True)}
    rows = [{"deal": d, "stage": company.stage(keys[stage]), "entered_at": when} for d, course in moves.items() for when, _, stage in course]
    if rows:
        company.make("stage_history", *rows, source="import")
    where = json.dumps({"field": "id", "op": "in", "value": deals or [0]})
    period = f"2026-03-{first:02}..2026-03-{min(first + lasting, 28):02}"
    start, end = march(first), march(min(first + lasting, 28) + 1)
    for mode in MODES:
        found = table(company, mode=mode, period=period, where=where)
        expected = plainly(moves, mode, start, end)
        assert {key: column(found, key) for key in expected} == expected, mode
        reached = column(found, "reached")
        assert reached == sorted(reached, reverse=True)
        whole, last = found.totals, found.rows[-1]
        # who reached a stage got further, or stopped there: won, or lost or open here, or gone back
        assert whole["entered"] == whole["won"] + whole["lost"] + whole["open"]
        assert last["reached"] >= last["entered"] >= last["won"]
        for row in found.rows:
            assert row["entered"] <= row["reached"] and row["won"] <= row["reached"]
        split = table(company, mode=mode, period=period, where=where, by="owner")
        assert split.totals == whole
        for row in found.rows:
            for key in ("entered", "reached", "won", "lost", "open"):
                assert sum(one[key] for one in split.rows if one["stage"] == row["stage"]) == row[key]


def plainly(moves: dict[int, list[tuple[datetime, int, int]]], mode: str, start: datetime, end: datetime) -> dict[str, list[Any]]:
    """The same figures move by move, in Python alone."""
    entered, reached, lost, still = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    won = Counter[int]()
    days: dict[int, list[float]] = defaultdict(list)
    for course in moves.values():
        if mode == "cohort":
            seen = course if course and start <= course[0][0] < end else []
        else:
            seen = [move for move in course if move[0] < end and (mode == "snapshot" or move[0] >= start)]
        if not seen:
            continue
        named = {stage for _, _, stage in seen} - {6}
        far = max(named, default=-1)
        entered.update(named)
        reached.update(range(far + 1))
        last = seen[-1][2]
        before = course[course.index(seen[-1]) - 1][2] if course.index(seen[-1]) else None
        if last == 5:
            won.update(range(far + 1))
        elif last == 6 and before is not None:
            lost[before] += 1
        elif last < 5:
            still[last] += 1
        for move, after in zip(course, course[1:], strict=False):
            if move in seen and (mode == "cohort" or after[0] < end):
                days[move[2]].append((after[0] - move[0]).days)
    return {
        "entered": [entered[n] for n in range(6)], "reached": [reached[n] for n in range(6)], "won": [won[n] for n in range(6)],
        "lost": [lost[n] for n in range(6)], "open": [still[n] for n in range(6)],
        "median_days": [median(days[n]) if days[n] else None for n in range(6)],
    }
