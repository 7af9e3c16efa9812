"""dashboards"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dashboard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("label_uk", sa.String(length=255), nullable=False),
        sa.Column("label_en", sa.String(length=255), nullable=False),
        sa.Column("panels", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("(owner_id IS NULL) <> (key IS NULL)", name=op.f("ck_dashboard_own_or_shared")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_dashboard_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard")),
        sa.UniqueConstraint("key", name=op.f("uq_dashboard_key")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_dashboard_owner_id")),
    )


def downgrade() -> None:
    op.drop_table("dashboard")
