"""stays of deals

What the history of stages says of each stay is kept with its rows; those that stand are worked out here, in the order of their deals, by the rules as
they were when this migration was written. What the product works out today stands in `crm/sales/stays.py` and may go on changing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import UtcMoment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "stage_history"
FIRST = "ix_stage_history_first_entered_at"
PART = 2_000  # deals at a time
CLOSED = ("won", "lost")
OF_STAY = ("left_at", "minutes", "first", "skipped", "back", "reopened", "attempt")

history = sa.table(
    TABLE, sa.column("id", sa.Integer), sa.column("deal_id", sa.Integer), sa.column("stage_id", sa.Integer), sa.column("from_stage_id", sa.Integer),
    sa.column("entered_at", UtcMoment()), sa.column("deleted_at", UtcMoment()), sa.column("attempt", sa.BigInteger), sa.column("left_at", UtcMoment()),
    sa.column("minutes", sa.BigInteger), sa.column("first", sa.Boolean), sa.column("skipped", sa.BigInteger), sa.column("back", sa.Boolean),
    sa.column("reopened", sa.Boolean),
)
stage = sa.table(
    "stage", sa.column("id", sa.Integer), sa.column("pipeline_id", sa.Integer), sa.column("position", sa.Integer), sa.column("kind", sa.String),
    sa.column("retired", sa.Boolean),
)
company = sa.table("company", sa.column("time_zone", sa.String))


class Place(NamedTuple):
    """Where a stage stands: its pipeline, its place there, and whether deals in it are open, won or lost."""

    pipeline: int | None
    position: int
    kind: str
    retired: bool


class Move(NamedTuple):
    """A row of the history as it was written."""

    id: int
    stage: int
    came_from: int | None
    entered_at: datetime


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("left_at", UtcMoment(), nullable=True))
    op.add_column(TABLE, sa.Column("minutes", sa.BigInteger(), nullable=True))
    op.add_column(TABLE, sa.Column("skipped", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("first", "back", "reopened"):
        op.add_column(TABLE, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    fill(op.get_bind())
    op.create_index(FIRST, TABLE, ["entered_at", "deal_id"], unique=False, sqlite_where=sa.text("first"), postgresql_where=sa.text("first"))


def fill(connection: sa.Connection) -> None:
    zone = connection.execute(sa.select(company.c.time_zone)).scalar()
    if zone is None:
        return  # nobody works here yet
    known = {row.id: Place(row.pipeline_id, row.position, row.kind, row.retired) for row in connection.execute(sa.select(stage))}
    put = sa.update(history).where(history.c.id == sa.bindparam("row")).values({name: sa.bindparam(f"new_{name}") for name in OF_STAY})
    for rows in deals(connection):
        found: list[dict[str, Any]] = []
        for _, own in groupby(rows, key=lambda row: row.deal_id):
            moves = [Move(row.id, row.stage_id, row.from_stage_id, row.entered_at) for row in own]
            found += [{"row": number, **{f"new_{name}": stay[name] for name in OF_STAY}} for number, stay in stays(moves, known, ZoneInfo(zone)).items()]
        if found:
            connection.execute(put, found)


def deals(connection: sa.Connection) -> Iterator[list[Any]]:
    """The rows of the history that stand, a part of the deals at a time."""
    first, last = connection.execute(sa.select(sa.func.min(history.c.deal_id), sa.func.max(history.c.deal_id))).one()
    for start in range(first or 0, (last or -1) + 1, PART):
        here = sa.select(history).where(history.c.deal_id.between(start, start + PART - 1), history.c.deleted_at.is_(None))
        yield list(connection.execute(here.order_by(history.c.deal_id, history.c.entered_at, history.c.id)))


def stays(moves: Sequence[Move], stages: Mapping[int, Place], zone: ZoneInfo) -> dict[int, dict[str, Any]]:
    """What follows for each row of a deal's history from those around it, by the names of the columns."""
    found: dict[int, dict[str, Any]] = {}
    attempt, stood, entered = 1, set[int](), set[int | None]()
    ordered = sorted(moves, key=lambda move: (move.entered_at, move.id))
    for before, move, after in zip([None, *ordered], ordered, [*ordered[1:], None], strict=False):
        came_from = before.stage if before is not None else move.came_from
        was, now = stages.get(came_from) if came_from is not None else None, stages.get(move.stage)
        reopened = was is not None and now is not None and was.kind in CLOSED and now.kind not in CLOSED
        attempt += reopened
        if came_from is not None:
            stood.add(came_from)
        stood.add(move.stage)
        pipeline = now.pipeline if now is not None else None
        inside = was is not None and now is not None and was.pipeline == now.pipeline
        found[move.id] = {
            "left_at": after.entered_at if after is not None else None,
            "minutes": minutes_between(move.entered_at, after.entered_at, zone) if after is not None else None,
            "first": now is not None and pipeline not in entered,
            "skipped": 0 if now is None or reopened else sum(
                1 for number, one in stages.items() if passed(one, now, was if inside else None) and number not in stood
            ),
            "back": bool(inside and was and now and was.kind not in CLOSED and now.kind not in CLOSED and now.position < was.position),
            "reopened": reopened, "attempt": attempt,
        }
        entered.add(pipeline)
    return found


def passed(one: Place, now: Place, was: Place | None) -> bool:
    """Whether an open stage in use lies between two others of its pipeline, or from its beginning up to one; on the way to a loss lies none."""
    if one.pipeline != now.pipeline or one.kind in CLOSED or one.retired or now.kind == "lost":
        return False
    return (was is None or one.position > was.position) and (now.kind == "won" or one.position < now.position)


def minutes_between(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Whole minutes from one moment to a later one as the clock on the wall in `zone` counts them."""
    first, last = wall_clock(start, zone), wall_clock(end, zone)
    return max(int((last - first).total_seconds()) // 60, 0)


def wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        return moment.astimezone(zone).replace(tzinfo=None)
    except OverflowError:  # at either end of the calendar
        return moment.astimezone(UTC).replace(tzinfo=None)


def downgrade() -> None:
    op.drop_index(FIRST, TABLE)
    for name in ("left_at", "minutes", "skipped", "first", "back", "reopened"):
        op.drop_column(TABLE, name)
