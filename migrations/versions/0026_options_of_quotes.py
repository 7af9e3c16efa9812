"""options of quotes

Lines that the customer may choose, and whether he has.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("optional", "chosen"):
        op.add_column("quote_line", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for name in ("chosen", "optional"):
        op.drop_column("quote_line", name)
