"""report alerts"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=80), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("above", sa.Boolean(), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_report_alert_owner_id")),
        sa.ForeignKeyConstraint(["report_id"], ["kept_report.id"], name=op.f("fk_report_alert_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_alert")),
    )
    for column in ("owner_id", "report_id"):
        op.create_index(op.f(f"ix_report_alert_{column}"), "report_alert", [column], unique=False)


def downgrade() -> None:
    op.drop_table("report_alert")
