"""stays of deals

What the history of stages says of each stay is kept with its rows; those that stand are worked out here, in the order of their deals.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import UtcMoment
from crm.sales.stays import OF_STAY, Move, Place, stays

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "stage_history"
FIRST = "ix_stage_history_first_entered_at"
PART = 2_000  # deals at a time

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
            found += [{"row": number, **{f"new_{name}": getattr(stay, name) for name in OF_STAY}} for number, stay in stays(moves, known, ZoneInfo(zone)).items()]
        if found:
            connection.execute(put, found)


def deals(connection: sa.Connection) -> Iterator[list[Any]]:
    """The rows of the history that stand, a part of the deals at a time."""
    first, last = connection.execute(sa.select(sa.func.min(history.c.deal_id), sa.func.max(history.c.deal_id))).one()
    for start in range(first or 0, (last or -1) + 1, PART):
        here = sa.select(history).where(history.c.deal_id.between(start, start + PART - 1), history.c.deleted_at.is_(None))
        yield list(connection.execute(here.order_by(history.c.deal_id, history.c.entered_at, history.c.id)))


def downgrade() -> None:
    op.drop_index(FIRST, TABLE)
    for name in ("left_at", "minutes", "skipped", "first", "back", "reopened"):
        op.drop_column(TABLE, name)
