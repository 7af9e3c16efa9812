"""judgements of forecasts

What people expect of a month, for themselves and for those below them, and why.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, MoneyType, UtcMoment

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEXED = (
    "code__sort", "created_at", "created_by_id", "department_id", "month", "name__sort",
    "owner_id", "seller_id", "stated_on", "territory_id", "unit_id", "updated_at", "updated_by_id",
)


def upgrade() -> None:
    op.create_table(
        "forecast_judgement",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("amount", MoneyType(), nullable=False),
        sa.Column("currency", KeyText(3), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=True),
        sa.Column("replaced_on", sa.Date(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("measure__sort", KeyText(200), nullable=True),
        sa.Column("measure__find", KeyText(), nullable=True),
        sa.Column("reason__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_forecast_judgement_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_forecast_judgement_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_forecast_judgement_owner_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["user.id"], name=op.f("fk_forecast_judgement_seller_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_forecast_judgement_territory_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["department.id"], name=op.f("fk_forecast_judgement_unit_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_forecast_judgement_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_judgement")),
    )
    for name in INDEXED:
        op.create_index(f"ix_forecast_judgement_{name}", "forecast_judgement", [name, "id"])
    alive = sa.text("deleted_at IS NULL")
    op.create_index("uq_forecast_judgement_code", "forecast_judgement", ["code"], unique=True, sqlite_where=alive, postgresql_where=alive)


def downgrade() -> None:
    op.drop_table("forecast_judgement")
