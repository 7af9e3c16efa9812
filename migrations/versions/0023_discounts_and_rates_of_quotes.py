"""discounts and rates of quotes

A discount on the whole of a quote beside those of its lines; of a line, at which rate the price of its product was converted.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, MoneyType, ScaledDecimal

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quote", sa.Column("whole_discount", ScaledDecimal(6), nullable=True))
    op.add_column("quote", sa.Column("whole_amount", MoneyType(), nullable=True))
    op.add_column("quote_line", sa.Column("priced_in", KeyText(3), nullable=True))
    op.add_column("quote_line", sa.Column("rate", ScaledDecimal(10), nullable=True))
    op.add_column("quote_line", sa.Column("rate_day", sa.Date(), nullable=True))


def downgrade() -> None:
    for name in ("rate_day", "rate", "priced_in"):
        op.drop_column("quote_line", name)
    for name in ("whole_amount", "whole_discount"):
        op.drop_column("quote", name)
