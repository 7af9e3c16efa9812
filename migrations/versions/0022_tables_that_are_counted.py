"""tables that are counted

PostgreSQL looks over the tables that reports count sooner than it would by itself: an index is read alone only where it knows that all see the row, and of
a million rows it would wait for two hundred thousand changes.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("deal", "stage_history", "interaction")
SETTINGS = ("autovacuum_vacuum_scale_factor", "autovacuum_vacuum_insert_scale_factor")
SHARE = 0.02  # of the rows


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = {SHARE}' for name in SETTINGS)})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} RESET ({', '.join(SETTINGS)})")
