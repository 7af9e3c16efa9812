"""reports by mail"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import UtcMoment

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("every", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("due_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_report_schedule_owner_id")),
        sa.ForeignKeyConstraint(["report_id"], ["kept_report.id"], name=op.f("fk_report_schedule_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
    )
    for column in ("due_at", "owner_id", "report_id"):
        op.create_index(op.f(f"ix_report_schedule_{column}"), "report_schedule", [column], unique=False)
    op.create_table(
        "report_receiver",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("last_key", sa.String(length=128), nullable=True),
        sa.Column("last_at", UtcMoment(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["schedule_id"], ["report_schedule.id"], name=op.f("fk_report_receiver_schedule_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_report_receiver_user_id")),
        sa.PrimaryKeyConstraint("schedule_id", "user_id", name=op.f("pk_report_receiver")),
    )
    op.create_index(op.f("ix_report_receiver_user_id"), "report_receiver", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("report_receiver")
    op.drop_table("report_schedule")
