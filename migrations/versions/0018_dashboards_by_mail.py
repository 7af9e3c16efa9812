"""dashboards by mail

A schedule sends a kept report or a whole dashboard.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ONE = "(report_id IS NULL) <> (dashboard IS NULL)"


def upgrade() -> None:
    with op.batch_alter_table("report_schedule") as table:
        table.add_column(sa.Column("dashboard", sa.String(length=64), nullable=True))
        table.alter_column("report_id", existing_type=sa.Integer(), nullable=True)
        table.create_check_constraint(op.f("ck_report_schedule_report_or_dashboard"), ONE)


def downgrade() -> None:
    op.execute("DELETE FROM report_receiver WHERE schedule_id IN (SELECT id FROM report_schedule WHERE report_id IS NULL)")
    op.execute("DELETE FROM report_schedule WHERE report_id IS NULL")
    with op.batch_alter_table("report_schedule") as table:
        table.drop_constraint(op.f("ck_report_schedule_report_or_dashboard"), type_="check")
        table.alter_column("report_id", existing_type=sa.Integer(), nullable=False)
        table.drop_column("dashboard")
