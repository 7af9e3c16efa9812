"""The history of stages as facts: what each stay and each move was, whoever wrote it and in whatever order."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select, text, update

from crm.backoffice import lists, records
from crm.backoffice.undo import undo
from crm.errors import UnknownName
from crm.sales.models import StageHistory
from crm.sales.stays import Move, Place, lasting, minutes_between, on_trail, stays, trail
from tests.company import Company

MIGRATION = import_module("migrations.versions.0002_stays_of_deals")
TRAILS = import_module("migrations.versions.0006_where_deals_have_been")
SINCE = import_module("migrations.versions.0021_since_when_deals_are_in_their_pipeline")
KYIV = ZoneInfo("Europe/Kyiv")
MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = 24 * 60
SALES = ("lead", "qualified", "proposal", "negotiation", "contract", "won", "lost")
STAGES = {n: Place(1, n, key if key in ("won", "lost") else "open") for n, key in enumerate(SALES)}


def at(day: float) -> datetime:
    return MARCH + timedelta(days=day)


def course(company: Company, *moves: tuple[str, float]) -> int:
    (deal,) = company.make("deal", {"name": "у", "stage": company.stage(moves[-1][0])}, source="import")
    company.make("stage_history", *({"deal": deal, "stage": company.stage(key), "entered_at": at(day)} for key, day in moves), source="import")
    return deal


def told(company: Company, deal: int) -> list[tuple[Any, ...]]:
    """Stage, stage before, days, skipped, back, re-opened, attempt of the deal's rows, and whether each is closed by the next."""
    names = {s.id: s.key for s in company.catalog.configured["stage"].values()}
    table = StageHistory.__table__
    with company.system(write=False) as session:
        rows = session.kernel(
            select(table).where(table.c.deal_id == deal, table.c.deleted_at.is_(None)).order_by(table.c.entered_at, table.c.id),
        ).all()
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        assert row.left_at == (after.entered_at if after is not None else None)
    assert [row.first for row in rows] == [n == 0 for n, _ in enumerate(rows)]
    assert {row.began_at for row in rows} == {row.entered_at for row in rows[:1]}
    assert [on_trail(row.trail) for row in rows] == [{row.stage_id for row in rows[: n + 1]} for n, _ in enumerate(rows)]
    days = [row.minutes / DAY if row.minutes is not None else None for row in rows]
    return [
        (names[row.stage_id], names.get(row.from_stage_id), lasted, row.skipped, row.back, row.reopened, row.attempt)
        for row, lasted in zip(rows, days, strict=True)
    ]


def test_a_stay_ends_when_the_next_begins_and_each_move_says_what_it_was(company: Company) -> None:
    deal = course(company, ("lead", 0), ("proposal", 2), ("qualified", 3.5), ("lost", 4), ("proposal", 10), ("won", 11))
    assert told(company, deal) == [
        ("lead", None, 2, 0, False, False, 1),
        ("proposal", "lead", 1.5, 1, False, False, 1),
        ("qualified", "proposal", 0.5, 0, True, False, 1),
        ("lost", "qualified", 6, 0, False, False, 1),
        ("proposal", "lost", 1, 0, False, True, 2),
        ("won", "proposal", None, 2, False, False, 2),  # over negotiation and contract
    ]


def test_who_begins_late_has_skipped_what_lies_before(company: Company) -> None:
    assert told(company, course(company, ("negotiation", 0), ("won", 1))) == [
        ("negotiation", None, 1, 3, False, False, 1), ("won", "negotiation", None, 1, False, False, 1)]


def test_days_of_a_file_are_whole_whatever_the_change_of_the_clock() -> None:
    def midnight(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=KYIV).astimezone(UTC)

    assert minutes_between(midnight(date(2026, 3, 28)), midnight(date(2026, 3, 30)), KYIV) == 2 * DAY  # 47 hours
    assert minutes_between(midnight(date(2026, 10, 24)), midnight(date(2026, 10, 26)), KYIV) == 2 * DAY  # 49 hours
    assert minutes_between(at(0), at(0) + timedelta(seconds=119), KYIV) == 1
    # half an hour passes while the clock is turned back by one
    assert minutes_between(datetime(2026, 10, 25, 0, 45, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC), KYIV) == 0
    assert minutes_between(datetime(2026, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC), KYIV) > 0


@given(st.lists(st.integers(0, 2**31), max_size=9), st.integers(0, 2**31), st.sampled_from(("Europe/Kyiv", "America/St_Johns", "Australia/Lord_Howe", "UTC")))
def test_many_stays_that_go_on_last_as_long_as_each_by_itself(begun: list[int], end: int, zone: str) -> None:
    until = datetime.fromtimestamp(end, UTC) + timedelta(milliseconds=700)
    assert list(lasting(begun, ZoneInfo(zone), until)) == [minutes_between(datetime.fromtimestamp(second, UTC), until, ZoneInfo(zone)) for second in begun]


def test_the_hours_of_a_change_of_the_clock_are_counted_as_the_wall_shows_them() -> None:
    change = int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp())  # at this moment 04:00 becomes 03:00
    begun = [change + minutes * 60 for minutes in (-61, -60, -1, 0, 1)]
    assert list(lasting(begun, KYIV, datetime(2026, 10, 25, 12, tzinfo=UTC))) == [661, 660, 601, 660, 659]


def test_a_list_finds_the_moves_of_deals_that_had_been_in_a_stage(company: Company) -> None:
    course(company, ("lead", 0), ("proposal", 2), ("won", 3))
    with company.system(write=False) as session:
        where = {"field": "trail", "op": "contains", "value": f",{company.stage('proposal')},"}
        assert lists.count(session, lists.parse_query(session, "stage_history", {"where": json.dumps(where)})).number == 2
        assert lists.count(session, lists.parse_query(session, "stage_history", {"where": json.dumps({**where, "op": "eq"})})).number == 0


def test_people_who_move_a_deal_close_the_row_before(company: Company) -> None:
    (deal,) = company.make("deal", {"name": "у"})
    for key in ("won", "proposal"):
        with company.system() as session:
            records.change(session, "deal", deal, {"stage": company.stage(key)})
            session.commit()
    rows = told(company, deal)
    assert [(row[0], row[1], row[5], row[6]) for row in rows] == [
        ("lead", None, False, 1), ("won", "lead", False, 1), ("proposal", "won", True, 2)]
    with company.system(write=False) as session:
        query = lists.parse_query(session, "stage_history", {"where": '{"field": "left_at", "op": "empty"}'})
        assert lists.count(session, query).number == 1


def test_a_row_that_comes_later_or_goes_leaves_its_neighbours_in_order(company: Company) -> None:
    deal = course(company, ("qualified", 3), ("won", 9))
    company.make("stage_history", {"deal": deal, "stage": company.stage("lead"), "entered_at": at(0)}, source="import")
    (between,) = company.make("stage_history", {"deal": deal, "stage": company.stage("contract"), "entered_at": at(7)}, source="import")
    assert [row[:3] for row in told(company, deal)] == [
        ("lead", None, 3), ("qualified", "lead", 4), ("contract", "qualified", 2), ("won", "contract", None)]
    for verb, left in ((records.remove, ["lead", "qualified", "won"]), (records.restore, ["lead", "qualified", "contract", "won"])):
        with company.system() as session:
            verb(session, "stage_history", between)
            session.commit()
        assert [row[0] for row in told(company, deal)] == left
        assert [row[1] for row in told(company, deal)] == [None, *left[:-1]]
    with company.system() as session:
        records.change(session, "stage_history", between, {"entered_at": at(1)})
        session.commit()
    assert [row[0] for row in told(company, deal)] == ["lead", "contract", "qualified", "won"]
    assert [row[4] for row in told(company, deal)] == [False, False, True, False]
    other = course(company, ("lead", 0))
    with company.system() as session:
        records.change(session, "stage_history", between, {"deal": other})
        session.commit()
    assert [row[0] for row in told(company, deal)] == ["lead", "qualified", "won"]
    assert [row[:2] for row in told(company, other)] == [("lead", None), ("contract", "lead")]
    with company.system() as session:
        table = StageHistory.__table__
        first = session.kernel(select(table.c.id).where(table.c.deal_id == other, table.c.first)).scalar_one()
        records.change(session, "stage_history", first, {"entered_at": at(5)})  # after the stay had ended, until all are worked out again
        session.commit()
    assert [row[:2] for row in told(company, other)] == [("contract", "lead"), ("lead", "contract")]


def test_a_move_taken_back_leaves_no_trace_in_the_history(company: Company) -> None:
    deal = course(company, ("lead", 0), ("proposal", 2))
    before = told(company, deal)
    with company.system() as session:
        records.change(session, "deal", deal, {"stage": company.stage("won")})
        session.commit()
        batch = session.batch
    assert [row[0] for row in told(company, deal)] == ["lead", "proposal", "won"]
    with company.system() as session:
        assert not undo(session, batch).kept
        session.commit()
    assert told(company, deal) == before


def test_what_is_worked_out_is_no_edit_and_takes_no_value_from_people(company: Company) -> None:
    deal = course(company, ("lead", 0), ("won", 1))
    with company.system(write=False) as session:
        versions = session.kernel(select(StageHistory.__table__.c.row_version).where(StageHistory.__table__.c.deal_id == deal)).scalars().all()
    assert sorted(versions) == [1, 2]  # the second row was told from which stage it came
    role = company.role("clerk_of_moves", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}, {
        "entity": "stage_history", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit", "left_at": "edit"}})
    with company.session(company.person(role)) as session, pytest.raises(UnknownName):
        records.change(session, "stage_history", 1, {"left_at": at(9)})


def test_when_a_stay_ended_is_as_secret_as_when_it_began(company: Company) -> None:
    course(company, ("lead", 0), ("won", 1))
    rule = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    role = company.role("no_moments", rule, {**rule, "entity": "stage_history", "fields": {"*": "read", "entered_at": "hidden"}})
    with company.session(company.person(role)) as session:
        assert not {"left_at", "minutes", "first", "back", "attempt"} & set(session.sight.readable("stage_history"))
        assert "stage" in session.sight.readable("stage_history")


DRAWN = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=9)


@given(DRAWN, st.none() | st.integers(0, 6), st.integers(0, 6))
def test_the_migration_says_of_any_history_what_is_worked_out_today(drawn: Sequence[tuple[int, int]], came_from: int | None, retired: int) -> None:
    stages = {n: place._replace(pipeline=1 + n // 5, retired=n == retired) for n, place in STAGES.items()}
    moves = [Move(n, stage, came_from, at(day)) for n, (stage, day) in enumerate(drawn)]
    then = MIGRATION.stays([MIGRATION.Move(m.id, m.stage, m.came_from, m.entered_at) for m in moves], {n: MIGRATION.Place(*p) for n, p in stages.items()}, KYIV)
    now = stays(moves, stages, KYIV)
    assert then == {number: {name: getattr(stay, name) for name in MIGRATION.OF_STAY} for number, stay in now.items()}


@given(st.frozensets(st.integers(1, 10**6)))
def test_a_trail_is_read_as_it_was_written(stages: frozenset[int]) -> None:
    assert on_trail(trail(stages)) == stages if stages else on_trail(None) == frozenset()


@given(DRAWN)
def test_stays_follow_each_other_without_gap_or_overlap(drawn: Sequence[tuple[int, int]]) -> None:
    moves = [Move(n, stage, None, at(day)) for n, (stage, day) in enumerate(drawn)]
    found = stays(moves, STAGES, KYIV)
    ordered = sorted(moves, key=lambda m: (m.entered_at, m.id))
    assert sum(s.first for s in found.values()) == bool(moves)
    assert sum(s.minutes is None for s in found.values()) == bool(moves)
    assert [found[m.id].left_at for m in ordered] == [*[m.entered_at for m in ordered[1:]], *([None] if moves else [])]
    attempts = [found[m.id].attempt for m in ordered]
    assert attempts == sorted(attempts) and (not attempts or attempts[-1] == 1 + sum(s.reopened for s in found.values()))
    known = {m.stage for m in moves if STAGES[m.stage].kind == "open"}
    assert sum(s.skipped for s in found.values()) <= 5 * len(moves) and all(not s.skipped or not s.back for s in found.values())
    assert not any(s.back for s in found.values()) or len(known) > 1


def test_the_migration_works_out_what_stood_before_it(company: Company) -> None:
    first, second = course(company, ("lead", 0), ("proposal", 2), ("won", 3)), course(company, ("lost", 1), ("lead", 5))
    before = [told(company, deal) for deal in (first, second)]
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(StageHistory).values(left_at=None, minutes=None, first=False, skipped=0, back=False, reopened=False, attempt=7))
        MIGRATION.fill(connection)
        connection.execute(update(StageHistory).values(trail=None))
        TRAILS.fill(connection)
        connection.execute(update(StageHistory).values(began_at=None))
        connection.execute(text(SINCE.FILLED))
    assert [told(company, deal) for deal in (first, second)] == before


def test_each_move_says_since_when_its_deal_is_in_the_pipeline() -> None:
    two = {0: Place(1, 0, "open"), 1: Place(1, 1, "open"), 2: Place(2, 0, "open")}
    moves = [Move(n, stage, None, at(day)) for n, (stage, day) in enumerate(((1, 3), (0, 1), (2, 4), (1, 6)))]
    assert [stay.began_at for _, stay in sorted(stays(moves, two, KYIV).items())] == [at(1), at(1), at(4), at(1)]
