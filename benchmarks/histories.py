"""Deals with a long history of stages by the database itself, in PostgreSQL: a million deals with four million moves within minutes. Each deal's way follows
from its number, so that every run has the same ones."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select, text

from benchmarks.data import FIRST, PASSWORD, READER, SELLERS, Filler, accounts, departments, sell, sellers, territories
from benchmarks.filling import filler_of
from benchmarks.load import bulk, copy, writing
from crm.backoffice import records
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.guard import system_session
from crm.backoffice.journal import JournalRow
from crm.contacts.interactions.models import Interaction
from crm.contacts.models import Account
from crm.organization.founding import add_person
from crm.organization.models import Department, Territory, User
from crm.sales.models import Deal, DealLine, StageHistory
from crm.sales.stays import Move, places, stays
from tests.company import build

OPEN = ("lead", "qualified", "proposal", "negotiation", "contract")
CLASSES = (Department, Territory, User, Account, Deal, DealLine, StageHistory, Interaction, JournalRow)
BEGIN = datetime(2023, 1, 2, 6, tzinfo=UTC)
DAYS = 1050  # of opening: until mid-November 2025
CHECKED = 500  # deals whose moves are compared with what the one door works out

# Of deal i: how far it got (1 to 5 open stages, every ninth over the second), whether it is open, won or lost, the minutes at which it entered its
# stage k, and its moves with those before and after them.
WAYS = """
WITH way AS MATERIALIZED (
  SELECT i, (ARRAY[2,2,3,3,3,4,4,4,5,5])[1 + i * 7 % 10] AS depth, i % 9 = 0 AND i * 7 % 10 > 1 AS skips,
    (ARRAY['open','won','won','lost','lost'])[1 + (i / 10) % 5] AS outcome,
    CAST(:begin AS timestamptz) + (i * 7919 % :days) * interval '1 day' + (i * 104729 % 43200) * interval '1 second' AS opened, 1000 + i * 31 % 20000 AS pace
  FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i
), named AS (
  SELECT *, (CASE WHEN skips THEN (CAST(:open AS int[]))[1:1] || (CAST(:open AS int[]))[3:depth] ELSE (CAST(:open AS int[]))[1:depth] END)
    || (CASE outcome WHEN 'won' THEN ARRAY[:won] WHEN 'lost' THEN ARRAY[:lost] ELSE ARRAY[]::int[] END) AS stages FROM way
), moved AS (
  SELECT named.*, k, opened + (k * pace + (i * 31 + k * 397) % 900) * interval '1 minute' AS entered,
    CASE WHEN k + 1 < cardinality(stages) THEN opened + ((k + 1) * pace + (i * 31 + (k + 1) * 397) % 900) * interval '1 minute' END AS gone
  FROM named, generate_series(0, cardinality(stages) - 1) AS k
)
"""
DEALS = WAYS + """
INSERT INTO deal ({columns}) SELECT {values}
FROM moved m, deal r WHERE r.id = :like AND m.k = cardinality(m.stages) - 1
"""
MOVES = WAYS + """
INSERT INTO stage_history ({columns}) SELECT {values} FROM moved m, stage_history r WHERE r.id = :like
"""
TALKS = WAYS + """
, talked AS (
  SELECT named.*, opened + (i % 40) * interval '1 day' AS at, CASE WHEN i % 10 < 7 THEN 'held' WHEN i % 10 = 7 THEN 'no_show' WHEN i % 10 = 8 THEN 'planned'
    ELSE 'cancelled' END AS state, CASE WHEN i % 3 = 0 THEN 'inbound' ELSE 'outbound' END AS direction FROM named
)
INSERT INTO interaction ({columns}) SELECT {values} FROM talked m, interaction r WHERE r.id = :like
"""
WALL = "floor(extract(epoch FROM (m.gone AT TIME ZONE 'Europe/Kyiv') - (m.entered AT TIME ZONE 'Europe/Kyiv')) / 60)"
PART = 200_000


@dataclass(frozen=True)
class Numbers:
    """The numbers of what the rows name."""

    open: list[int]
    won: int
    lost: int


def fill(engine: Engine, deals: int) -> int:
    """Found a company in an empty database of PostgreSQL and give it deals; how many moves they have. Raises AssertionError where the moves are not
    what the one door would have written."""
    build(engine)
    catalog = load_catalog(engine)
    with system_session(engine, "benchmark", catalog, write=True) as session:
        add_person(session, READER, "Керівниця", roles=("head",), password=PASSWORD)
        account = records.create(session, "account", {"name": "Зразок"})
        held = {"medium": option(catalog, "interaction_medium", "call"), "direction": option(catalog, "direction", "outbound")}
        then = {"held_at": BEGIN, "actual_minutes": 25}
        talk = records.create(session, "interaction", {"account": account, **held, "state": option(catalog, "interaction_state", "held"), **then})
        session.commit()
    filler = filler_of(engine, deals, 7)
    numbers = Numbers([filler.stages[key] for key in OPEN], filler.stages["won"], filler.stages["lost"])
    with bulk(engine, [c.__table__ for c in CLASSES]), writing(engine) as connection:
        for cls, rows in ((Department, departments), (Territory, territories), (User, sellers), (Account, accounts)):
            copy(connection, cls, rows(filler))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        _multiply(connection, filler, numbers, deals, talk)
    _check(engine, filler)
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM stage_history")).scalar_one())


def option(catalog: Catalog, picklist: str, key: str) -> int:
    found = catalog.picklists[picklist].by_key(key)
    assert found is not None, key
    return found.id


def _multiply(connection: Connection, filler: Filler, numbers: Numbers, deals: int, talk: int) -> None:
    """One deal as the one door would write it, and then the others after its likeness by the database; beside each an interaction after `talk`."""
    (sample,) = sell(connection, filler, range(1))
    like = {"deal": FIRST + sample.number, "stage_history": FIRST, "interaction": talk}
    seller = f"{FIRST} + m.i % {SELLERS}"
    owned = {"owner_id": seller, "department_id": f"{FIRST} + m.i % {SELLERS} % 20", "territory_id": f"{FIRST} + m.i % {SELLERS} % 10"}
    of_deal = {
        "id": f"{FIRST} + m.i", "code": f"'D-' || ({FIRST} + m.i)", "name": "'Угода ' || m.i", "account_id": f"{FIRST} + m.i % {filler.accounts}", **owned,
        "stage_id": "m.stages[cardinality(m.stages)]", "amount": "100 + m.i * 37 % 90000", "currency": "CASE WHEN m.i % 11 = 0 THEN 'USD' ELSE 'UAH' END",
        "opened_on": "CAST(m.opened AS date)", "closed_on": "CASE WHEN m.outcome <> 'open' THEN CAST(m.entered AS date) END",
        "expected_on": "CAST(m.opened AS date) + 60", "created_at": "m.opened", "updated_at": "m.entered",
        "loss_reason_id": f"CASE WHEN m.outcome = 'lost' THEN (ARRAY{list(filler.options['loss_reason'])})[1 + m.i % {len(filler.options['loss_reason'])}] END",
        "next_step_on": "CASE WHEN m.outcome = 'open' AND m.i % 3 > 0 THEN CAST(m.entered AS date) + 9 END",
    }
    of_move = {
        "id": f"{FIRST} + m.i * 8 + m.k", "deal_id": f"{FIRST} + m.i", "stage_id": "m.stages[m.k + 1]", "from_stage_id": "m.stages[m.k]",
        "entered_at": "m.entered", "left_at": "m.gone", "minutes": WALL, "first": "m.k = 0",
        "began_at": "m.opened + (m.i * 31 % 900) * interval '1 minute'", "created_at": "m.entered", "updated_at": "m.entered",
        "skipped": "CASE WHEN m.skips AND m.k = 1 THEN 1 WHEN m.outcome = 'won' AND m.gone IS NULL THEN 5 - m.depth ELSE 0 END",
        "trail": "',' || (SELECT string_agg(CAST(s AS text), ',' ORDER BY s) FROM unnest(m.stages[1:m.k + 1]) AS s) || ','",
    }
    of_talk = {
        "id": f"{FIRST} + m.i", "code": f"'I-' || ({FIRST} + m.i)", "account_id": f"{FIRST} + m.i % {filler.accounts}", "deal_id": f"{FIRST} + m.i", **owned,
        "state_id": _of_options(filler.catalog, "interaction_state", "m.state"), "direction_id": _of_options(filler.catalog, "direction", "m.direction"),
        "planned_start": "m.at", "planned_minutes": "30", "held_at": "CASE WHEN m.state = 'held' THEN m.at END", "starts_at": "m.at",
        "ends_at": "m.at + interval '30 minutes'", "actual_minutes": "CASE WHEN m.state = 'held' THEN 25 END", "created_at": "m.opened", "updated_at": "m.at",
    }
    for statement, table, values in ((DEALS, Deal.__table__, of_deal), (MOVES, StageHistory.__table__, of_move), (TALKS, Interaction.__table__, of_talk)):
        names = [column.name for column in table.c]
        taken = ", ".join(values.get(name, f'r."{name}"') for name in names)
        said = text(statement.format(columns=", ".join(f'"{name}"' for name in names), values=taken))
        for first in range(1, deals, PART):
            connection.execute(said, {
                "begin": BEGIN, "days": DAYS, "first": first, "last": min(first + PART, deals) - 1, "open": numbers.open, "won": numbers.won,
                "lost": numbers.lost, "like": like[table.name],
            })


def _of_options(catalog: Catalog, picklist: str, key: str) -> str:
    """The number of the option that a column names by its key."""
    cases = " ".join(f"WHEN '{one.key}' THEN {one.id}" for one in catalog.picklists[picklist].options)
    return f"CASE {key} {cases} END"


def _check(engine: Engine, filler: Filler) -> None:
    """The facts of some deals' moves are those that the one door works out."""
    table, known = StageHistory.__table__, places(filler.catalog.configured["stage"].values())
    with engine.connect() as connection:
        rows = connection.execute(select(table).where(table.c.deal_id.between(FIRST + 1, FIRST + CHECKED)).order_by(table.c.deal_id, table.c.entered_at)).all()
    of_deals: dict[int, list[Move]] = {}
    for row in rows:
        of_deals.setdefault(row.deal_id, []).append(Move(row.id, row.stage_id, row.from_stage_id, row.entered_at))
    worked_out = {number: stay for moves in of_deals.values() for number, stay in stays(moves, known, filler.catalog.company.zone).items()}
    for row in rows:
        stay = worked_out[row.id]
        for name in ("left_at", "minutes", "first", "began_at", "skipped", "back", "reopened", "attempt", "trail"):
            assert getattr(row, name) == getattr(stay, name), (name, row, stay)
