"""stays over a moment

On PostgreSQL an index of spans finds where deals stood at a moment that have moved on since; it stands in for one that read all that moved on since.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLE = "stage_history"
ENDED = sa.text("left_at IS NOT NULL AND deleted_at IS NULL")
SPAN = sa.text("tstzrange(least(entered_at, left_at), greatest(entered_at, left_at), '(]')")
HELD = ["deal_id", "stage_id", "from_stage_id", "trail"]


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_stage_history_spans", TABLE, [SPAN], postgresql_using="gist", postgresql_include=["entered_at", "left_at", "began_at", *HELD], postgresql_where=ENDED,
        )
        op.drop_index("ix_stage_history_left", TABLE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_stage_history_left", TABLE, ["left_at"], postgresql_include=["entered_at", *HELD], postgresql_where=ENDED)
        op.drop_index("ix_stage_history_spans", TABLE)
