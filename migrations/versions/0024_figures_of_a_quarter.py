"""figures of a quarter

On PostgreSQL deals that were closed in a period, interactions of a deal, the moves of a period and how long stays lasted are counted from indexes that hold
all that is asked of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOVED, MOVES, THERE = "ix_stage_history_moved", "stage_history", "deleted_at IS NULL"
COVERING: tuple[tuple[str, str, list[str], list[str], str], ...] = (  # name, table, keys, what is held beside it, of which rows
    ("ix_deal_closed", "deal", ["closed_on"], [
        "stage_id", "owner_id", "department_id", "territory_id", "opened_on", "pipeline_id", "currency", "amount",
    ], f"closed_on IS NOT NULL AND {THERE}"),
    ("ix_stage_history_lasted", MOVES, ["stage_id", "minutes"], ["left_at", "entered_at", "began_at", "deal_id"], f"left_at IS NOT NULL AND {THERE}"),
    ("ix_interaction_of_deal", "interaction", ["deal_id"], ["state_id", "id"], f"deal_id IS NOT NULL AND {THERE}"),
)
HELD = ["deal_id", "stage_id", "from_stage_id", "left_at", "minutes"]


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _moved([*HELD, "began_at", "trail"])
        for name, table, keys, held, where in COVERING:
            op.create_index(name, table, keys, postgresql_include=held, postgresql_where=sa.text(where))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name, table, *_ in COVERING:
            op.drop_index(name, table)
        _moved(HELD)


def _moved(held: list[str]) -> None:
    op.drop_index(MOVED, MOVES)
    op.create_index(MOVED, MOVES, ["entered_at"], postgresql_include=held, postgresql_where=sa.text(THERE))
