"""costs of channels

What sales channels cost by month.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, MoneyType, UtcMoment

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INDEXED = (
    "code__sort", "created_at", "created_by_id", "department_id", "month", "name__sort", "owner_id", "territory_id", "updated_at", "updated_by_id",
)


def upgrade() -> None:
    op.create_table(
        "channel_cost",
        sa.Column("sales_channel_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount", MoneyType(), nullable=False),
        sa.Column("currency", KeyText(3), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_channel_cost_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_channel_cost_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_channel_cost_owner_id")),
        sa.ForeignKeyConstraint(["sales_channel_id"], ["picklist_option.id"], name=op.f("fk_channel_cost_sales_channel_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_channel_cost_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_channel_cost_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_cost")),
    )
    for name in INDEXED:
        op.create_index(f"ix_channel_cost_{name}", "channel_cost", [name, "id"])
    alive = sa.text("deleted_at IS NULL")
    op.create_index("uq_channel_cost_code", "channel_cost", ["code"], unique=True, sqlite_where=alive, postgresql_where=alive)


def downgrade() -> None:
    op.drop_table("channel_cost")
