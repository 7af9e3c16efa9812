"""where deals have been

Each row of the history says in which stages its deal has been so far, and where deals stand now is found through an index that says it too.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = "stage_history"
FIRST = "ix_stage_history_first_entered_at"
STANDING = "ix_stage_history_standing"
STANDS = sa.text("left_at IS NULL AND deleted_at IS NULL")
PART = 2_000  # deals at a time

history = sa.table(
    TABLE, sa.column("id", sa.Integer), sa.column("deal_id", sa.Integer), sa.column("stage_id", sa.Integer), sa.column("entered_at"),
    sa.column("deleted_at"), sa.column("trail", sa.String),
)


def upgrade() -> None:
    connection = op.get_bind()
    collation = "C" if connection.dialect.name == "postgresql" else None
    op.add_column(TABLE, sa.Column("trail", sa.String(2000, collation=collation), nullable=True))
    fill(connection)
    op.drop_index(FIRST, TABLE)
    op.create_index(
        FIRST, TABLE, ["entered_at", "deal_id", "stage_id"], unique=False, sqlite_where=sa.text("first = 1 AND deleted_at IS NULL"),
        postgresql_where=sa.text("first AND deleted_at IS NULL"),
    )
    op.create_index(STANDING, TABLE, ["deal_id", "stage_id", "from_stage_id", "trail"], unique=False, sqlite_where=STANDS, postgresql_where=STANDS)


def fill(connection: sa.Connection) -> None:
    """The trails of all rows that stand: the stages that they and those before them name, each between commas."""
    put = sa.update(history).where(history.c.id == sa.bindparam("row")).values(trail=sa.bindparam("new_trail"))
    for rows in deals(connection):
        found: list[dict[str, Any]] = []
        for _, own in groupby(rows, key=lambda row: row.deal_id):
            named = set[int]()
            for row in own:
                named.add(row.stage_id)
                found.append({"row": row.id, "new_trail": f",{','.join(map(str, sorted(named)))},"})
        if found:
            connection.execute(put, found)


def deals(connection: sa.Connection) -> Iterator[list[Any]]:
    """The rows of the history that stand, a part of the deals at a time."""
    first, last = connection.execute(sa.select(sa.func.min(history.c.deal_id), sa.func.max(history.c.deal_id))).one()
    for start in range(first or 0, (last or -1) + 1, PART):
        here = sa.select(history.c.id, history.c.deal_id, history.c.stage_id).where(history.c.deal_id.between(start, start + PART - 1))
        yield list(connection.execute(here.where(history.c.deleted_at.is_(None)).order_by(history.c.deal_id, history.c.entered_at, history.c.id)))


def downgrade() -> None:
    op.drop_index(STANDING, TABLE)
    op.drop_index(FIRST, TABLE)
    op.create_index(FIRST, TABLE, ["entered_at", "deal_id"], unique=False, sqlite_where=sa.text("first"), postgresql_where=sa.text("first"))
    op.drop_column(TABLE, "trail")
