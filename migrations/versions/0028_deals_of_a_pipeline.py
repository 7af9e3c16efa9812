"""deals of a pipeline

On PostgreSQL two small indexes say how many deals stand in a pipeline and in each of its stages: reports that asked the large ones ask them each time.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

STANDING = sa.text("left_at IS NULL AND deleted_at IS NULL")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_deal_of_pipeline", "deal", ["pipeline_id"], postgresql_where=sa.text("deleted_at IS NULL"))
        op.create_index("ix_stage_history_held", "stage_history", ["stage_id"], postgresql_include=["deal_id", "entered_at"], postgresql_where=STANDING)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_stage_history_held", "stage_history")
        op.drop_index("ix_deal_of_pipeline", "deal")
