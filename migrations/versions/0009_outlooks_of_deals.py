"""outlooks of deals

What is expected of every open deal, night by night.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, MoneyType, ScaledDecimal, UtcMoment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LAST = sa.text("until IS NULL AND deleted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "deal_outlook",
        sa.Column("deal_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.Column("forecast_category_id", sa.Integer(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("amount", MoneyType(), nullable=True),
        sa.Column("currency", KeyText(3), nullable=True),
        sa.Column("probability", ScaledDecimal(6), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_deal_outlook_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_outlook_deal_id")),
        sa.ForeignKeyConstraint(["forecast_category_id"], ["picklist_option.id"], name=op.f("fk_deal_outlook_forecast_category_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_deal_outlook_stage_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_deal_outlook_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_outlook")),
    )
    op.create_index("ix_deal_outlook_created_at", "deal_outlook", ["created_at", "id"], unique=False)
    op.create_index("ix_deal_outlook_created_by_id", "deal_outlook", ["created_by_id", "id"], unique=False)
    op.create_index("ix_deal_outlook_deal_id", "deal_outlook", ["deal_id", "id"], unique=False)
    op.create_index("ix_deal_outlook_deal_since", "deal_outlook", ["deal_id", "since"], unique=False)
    op.create_index("ix_deal_outlook_expected_on", "deal_outlook", ["expected_on", "id"], unique=False)
    op.create_index("ix_deal_outlook_expected_since", "deal_outlook", ["expected_on", "since"], unique=False)
    op.create_index("ix_deal_outlook_last", "deal_outlook", ["deal_id"], unique=True, sqlite_where=LAST, postgresql_where=LAST)
    op.create_index("ix_deal_outlook_since", "deal_outlook", ["since", "id"], unique=False)
    op.create_index("ix_deal_outlook_stage_id", "deal_outlook", ["stage_id", "id"], unique=False)
    op.create_index("ix_deal_outlook_until", "deal_outlook", ["until", "id"], unique=False)
    op.create_index("ix_deal_outlook_updated_at", "deal_outlook", ["updated_at", "id"], unique=False)
    op.create_index("ix_deal_outlook_updated_by_id", "deal_outlook", ["updated_by_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("deal_outlook")
