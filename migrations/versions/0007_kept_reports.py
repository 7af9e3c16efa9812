"""kept reports"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("label_uk", sa.String(length=255), nullable=False),
        sa.Column("label_en", sa.String(length=255), nullable=False),
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("asks", sa.JSON(), nullable=False),
        sa.Column("chart", sa.String(length=16), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("(owner_id IS NULL) <> (key IS NULL)", name=op.f("ck_kept_report_own_or_shared")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_kept_report_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_report")),
        sa.UniqueConstraint("key", name=op.f("uq_kept_report_key")),
    )
    op.create_index(op.f("ix_kept_report_owner_id"), "kept_report", ["owner_id"], unique=False)
    op.create_table(
        "report_star",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["kept_report.id"], name=op.f("fk_report_star_report_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_report_star_user_id")),
        sa.PrimaryKeyConstraint("user_id", "report_id", name=op.f("pk_report_star")),
    )
    op.create_index(op.f("ix_report_star_report_id"), "report_star", ["report_id"], unique=False)


def downgrade() -> None:
    op.drop_table("report_star")
    op.drop_table("kept_report")
