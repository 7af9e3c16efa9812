"""what stages ask for

Requirements, moves and checklists of stages, their service time, and what is ticked of records.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stage", sa.Column("days", sa.BigInteger(), nullable=True))
    op.create_table(
        "stage_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_stage_rule_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_rule")),
        sa.UniqueConstraint("stage_id", name=op.f("uq_stage_rule_stage_id")),
    )
    op.create_table(
        "stage_tick",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_stage_tick_stage_id")),
        sa.PrimaryKeyConstraint("entity", "record_id", "stage_id", "item", name=op.f("pk_stage_tick")),
    )


def downgrade() -> None:
    op.drop_table("stage_tick")
    op.drop_table("stage_rule")
    op.drop_column("stage", "days")
