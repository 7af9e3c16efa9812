"""since when deals are in their pipeline

Each row of the history says since when its deal is in the pipeline, and on PostgreSQL reports read what they count from indexes that hold nothing else.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import UtcMoment

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = "stage_history"
STANDING = "ix_stage_history_standing"
STANDS = sa.text("left_at IS NULL AND deleted_at IS NULL")
THERE, GONE = "deleted_at IS NULL", "deleted_at IS NOT NULL"
COVERING: tuple[tuple[str, str, str, list[str], str], ...] = (  # name, table, key, what is held beside it, of which rows
    ("ix_deal_counted", "deal", "id", [
        "pipeline_id", "stage_id", "owner_id", "department_id", "territory_id", "currency", "amount", "probability", "opened_on", "expected_on", "closed_on",
        "next_step_on", "account_id", "contact_id", "source_id",
    ], THERE),
    ("ix_deal_gone", "deal", "id", [], GONE),
    ("ix_interaction_counted", "interaction", "starts_at", [
        "ends_at", "state_id", "direction_id", "account_id", "deal_id", "owner_id", "department_id", "territory_id",
    ], THERE),
    ("ix_stage_history_began", TABLE, "began_at", ["stage_id", "minutes", "left_at", "entered_at", "deal_id"], THERE),
    ("ix_stage_history_moved", TABLE, "entered_at", ["deal_id", "stage_id", "from_stage_id", "left_at", "minutes"], THERE),
    ("ix_stage_history_left", TABLE, "left_at", ["entered_at", "deal_id", "stage_id", "from_stage_id", "trail"], f"left_at IS NOT NULL AND {THERE}"),
)

# Rows of a pipeline beside the one by which their deal entered it; no deal has two of these.
FILLED = """
UPDATE stage_history SET began_at = (
  SELECT min(entry.entered_at) FROM stage_history AS entry, stage AS of_entry, stage AS own
  WHERE entry.deal_id = stage_history.deal_id AND entry.deleted_at IS NULL AND of_entry.id = entry.stage_id AND own.id = stage_history.stage_id
    AND of_entry.pipeline_id = own.pipeline_id
) WHERE deleted_at IS NULL
"""


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    op.drop_index(STANDING, TABLE)
    op.add_column(TABLE, sa.Column("began_at", UtcMoment(), nullable=True))
    op.execute(FILLED)
    op.create_index(
        STANDING, TABLE, ["deal_id", "began_at", "stage_id", "from_stage_id", "entered_at", "trail"], unique=False, sqlite_where=STANDS, postgresql_where=STANDS,
    )
    if postgres:
        for name, table, key, held, where in COVERING:
            op.create_index(name, table, [key], postgresql_include=held, postgresql_where=sa.text(where))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name, table, *_ in COVERING:
            op.drop_index(name, table)
    op.drop_index(STANDING, TABLE)
    op.drop_column(TABLE, "began_at")
    op.create_index(STANDING, TABLE, ["deal_id", "stage_id", "from_stage_id", "trail"], unique=False, sqlite_where=STANDS, postgresql_where=STANDS)
