"""deals by stage

An index by which a condition asks of each deal whether it has been in a stage.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = "ix_stage_history_deal_stage"


def upgrade() -> None:
    op.create_index(NAME, "stage_history", ["deal_id", "stage_id", "entered_at"], unique=False)


def downgrade() -> None:
    op.drop_index(NAME, "stage_history")
