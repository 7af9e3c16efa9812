"""links of quotes

By which a customer reads a quote and answers it; who answered, when and why.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, UtcMoment

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("quote_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_quote_link_made_by_id")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_link_quote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_quote_link_token_hash")),
    )
    op.create_index(op.f("ix_quote_link_made_by_id"), "quote_link", ["made_by_id"], unique=False)
    op.create_index(op.f("ix_quote_link_quote_id"), "quote_link", ["quote_id"], unique=False)
    op.add_column("quote", sa.Column("answered_by", sa.String(length=120), nullable=True))
    op.add_column("quote", sa.Column("answered_by__sort", KeyText(200), nullable=True))
    op.add_column("quote", sa.Column("answered_by__find", KeyText(), nullable=True))
    op.add_column("quote", sa.Column("answered_at", UtcMoment(), nullable=True))
    op.add_column("quote", sa.Column("answer_reason", sa.Text(), nullable=True))
    op.add_column("quote", sa.Column("answer_reason__find", KeyText(), nullable=True))


def downgrade() -> None:
    for name in ("answer_reason__find", "answer_reason", "answered_at", "answered_by__find", "answered_by__sort", "answered_by"):
        op.drop_column("quote", name)
    op.drop_index(op.f("ix_quote_link_quote_id"), table_name="quote_link")
    op.drop_index(op.f("ix_quote_link_made_by_id"), table_name="quote_link")
    op.drop_table("quote_link")
