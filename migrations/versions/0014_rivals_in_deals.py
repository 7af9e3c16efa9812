"""rivals in deals

Competitors that are met in deals, and how often a deal was put off, as the journal tells it.
"""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, MoneyType, UtcMoment

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LISTS: tuple[tuple[str, str, str, tuple[tuple[str, str, str, str], ...]], ...] = (
    ("rival_threat", "Загроза від суперника", "Threat of a rival", (
        ("low", "Низька", "Low", "grey"), ("medium", "Середня", "Medium", "orange"), ("high", "Висока", "High", "red"),
    )),
    ("rival_status", "Стан суперника", "Status of a rival", (
        ("active", "Змагається", "Active", "blue"), ("won", "Обрали його", "Won", "red"), ("lost", "Програв", "Lost", "green"),
        ("withdrawn", "Відмовився", "Withdrawn", "grey"),
    )),
)
DAY = "expected_on"

company = sa.table("company", sa.column("id", sa.Integer))
picklist = sa.table("picklist", sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String))
option = sa.table(
    "picklist_option", sa.column("picklist", sa.String), sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String),
    sa.column("colour", sa.String), sa.column("position", sa.Integer), sa.column("retired", sa.Boolean),
)
deal = sa.table("deal", sa.column("id", sa.Integer), sa.column("put_off", sa.BigInteger))
journal = sa.table(
    "journal", sa.column("entity", sa.String), sa.column("record_id", sa.Integer), sa.column("action", sa.String), sa.column("changes", sa.JSON),
)


def upgrade() -> None:
    op.create_table("deal_competitor",
        sa.Column("deal_id", sa.Integer(), nullable=False),
        sa.Column("competitor_id", sa.Integer(), nullable=False),
        sa.Column("threat_id", sa.Integer(), nullable=True),
        sa.Column("status_id", sa.Integer(), nullable=False),
        sa.Column("offered_price", MoneyType(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("note__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["competitor_id"], ["competitor.id"], name=op.f("fk_deal_competitor_competitor_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_deal_competitor_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_competitor_deal_id")),
        sa.ForeignKeyConstraint(["status_id"], ["picklist_option.id"], name=op.f("fk_deal_competitor_status_id")),
        sa.ForeignKeyConstraint(["threat_id"], ["picklist_option.id"], name=op.f("fk_deal_competitor_threat_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_deal_competitor_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_competitor"))
    )
    op.create_index("ix_deal_competitor_competitor_id", "deal_competitor", ["competitor_id", "id"], unique=False)
    op.create_index("ix_deal_competitor_created_at", "deal_competitor", ["created_at", "id"], unique=False)
    op.create_index("ix_deal_competitor_created_by_id", "deal_competitor", ["created_by_id", "id"], unique=False)
    op.create_index("ix_deal_competitor_deal_id", "deal_competitor", ["deal_id", "id"], unique=False)
    op.create_index("ix_deal_competitor_updated_at", "deal_competitor", ["updated_at", "id"], unique=False)
    op.create_index("ix_deal_competitor_updated_by_id", "deal_competitor", ["updated_by_id", "id"], unique=False)
    op.add_column("deal", sa.Column("put_off", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_deal_put_off", "deal", ["put_off", "id"], unique=False)
    fill(op.get_bind())


def fill(connection: sa.Connection) -> None:
    """Give a company that stands the lists, unless it has made ones of these names itself, and its deals their counts."""
    if connection.execute(sa.select(company.c.id)).first() is None:
        return  # nobody works here yet
    for key, uk, en, options in LISTS:
        if connection.execute(sa.select(picklist.c.key).where(picklist.c.key == key)).first() is None:
            connection.execute(sa.insert(picklist).values(key=key, label_uk=uk, label_en=en))
            connection.execute(sa.insert(option), [
                {"picklist": key, "key": name, "label_uk": one, "label_en": other, "colour": colour, "position": place, "retired": False}
                for place, (name, one, other, colour) in enumerate(options)
            ])
    changed = sa.cast(journal.c.changes, sa.Text).contains(f'"{DAY}"')
    moves = sa.select(journal.c.record_id, journal.c.changes).where(journal.c.entity == "deal", journal.c.action == "update", changed)
    counted = Counter(number for number, changes in connection.execute(moves) if _later(changes))
    if counted:
        put = sa.update(deal).where(deal.c.id == sa.bindparam("row")).values(put_off=sa.bindparam("times"))
        connection.execute(put, [{"row": number, "times": times} for number, times in counted.items()])


def _later(changes: Any) -> bool:
    """Whether a change moved the day to a later one; days as the journal writes them stand in their order."""
    pair = changes.get(DAY) if isinstance(changes, dict) else None
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(day, str) for day in pair) and pair[0] < pair[1]


def downgrade() -> None:
    op.drop_index("ix_deal_put_off", "deal")
    op.drop_column("deal", "put_off")
    op.drop_table("deal_competitor")
