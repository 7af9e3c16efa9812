"""rates of exchange"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, ScaledDecimal, UtcMoment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange_rate",
        sa.Column("currency", KeyText(3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", ScaledDecimal(10), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_exchange_rate_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_exchange_rate_department_id")),
        sa.ForeignKeyConstraint(["origin_id"], ["picklist_option.id"], name=op.f("fk_exchange_rate_origin_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_exchange_rate_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_exchange_rate_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_exchange_rate_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rate")),
    )
    op.create_index("ix_exchange_rate_code__sort", "exchange_rate", ["code__sort", "id"], unique=False)
    op.create_index("ix_exchange_rate_created_at", "exchange_rate", ["created_at", "id"], unique=False)
    op.create_index("ix_exchange_rate_created_by_id", "exchange_rate", ["created_by_id", "id"], unique=False)
    op.create_index("ix_exchange_rate_currency", "exchange_rate", ["currency", "id"], unique=False)
    op.create_index("ix_exchange_rate_day", "exchange_rate", ["day", "id"], unique=False)
    op.create_index("ix_exchange_rate_department_id", "exchange_rate", ["department_id", "id"], unique=False)
    op.create_index("ix_exchange_rate_name__sort", "exchange_rate", ["name__sort", "id"], unique=False)
    op.create_index("ix_exchange_rate_owner_id", "exchange_rate", ["owner_id", "id"], unique=False)
    op.create_index("ix_exchange_rate_territory_id", "exchange_rate", ["territory_id", "id"], unique=False)
    op.create_index("ix_exchange_rate_updated_at", "exchange_rate", ["updated_at", "id"], unique=False)
    op.create_index("ix_exchange_rate_updated_by_id", "exchange_rate", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_exchange_rate_code",
        "exchange_rate",
        ["code"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("exchange_rate")
