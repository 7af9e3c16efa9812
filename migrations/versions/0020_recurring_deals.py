"""recurring deals

After how many months the amount of a deal comes again, and until when.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deal", sa.Column("recurs_every", sa.BigInteger(), nullable=True))
    op.add_column("deal", sa.Column("recurs_until", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("deal", "recurs_until")
    op.drop_column("deal", "recurs_every")
