"""actions of competitors

What competitors did, when, and where it is known from.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, UtcMoment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KINDS = (
    ("price_cut", "Знизив ціни", "Price cut", "red"), ("tender", "Вийшов на тендер", "Tender", "orange"), ("campaign", "Рекламна кампанія", "Campaign", "blue"),
    ("hire", "Найняв людей", "Hire", "purple"), ("product", "Новий продукт", "New product", "teal"), ("other", "Інше", "Other", "grey"),
)
INDEXED = (
    "account_id", "code__sort", "competitor_id", "created_at", "created_by_id", "deal_id", "department_id", "happened_on",
    "interaction_id", "name__sort", "owner_id", "territory_id", "updated_at", "updated_by_id",
)

company = sa.table("company", sa.column("id", sa.Integer))
picklist = sa.table("picklist", sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String))
option = sa.table(
    "picklist_option", sa.column("picklist", sa.String), sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String),
    sa.column("colour", sa.String), sa.column("position", sa.Integer), sa.column("retired", sa.Boolean),
)


def upgrade() -> None:
    op.create_table("competitor_action",
        sa.Column("competitor_id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("known_from", sa.String(length=255), nullable=True),
        sa.Column("interaction_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("deal_id", sa.Integer(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("details__find", KeyText(), nullable=True),
        sa.Column("known_from__sort", KeyText(200), nullable=True),
        sa.Column("known_from__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_competitor_action_account_id")),
        sa.ForeignKeyConstraint(["competitor_id"], ["competitor.id"], name=op.f("fk_competitor_action_competitor_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_competitor_action_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_competitor_action_deal_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_competitor_action_department_id")),
        sa.ForeignKeyConstraint(["interaction_id"], ["interaction.id"], name=op.f("fk_competitor_action_interaction_id")),
        sa.ForeignKeyConstraint(["kind_id"], ["picklist_option.id"], name=op.f("fk_competitor_action_kind_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_competitor_action_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_competitor_action_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_competitor_action_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitor_action")),
    )
    for name in INDEXED:
        op.create_index(f"ix_competitor_action_{name}", "competitor_action", [name, "id"])
    alive = sa.text("deleted_at IS NULL")
    op.create_index("uq_competitor_action_code", "competitor_action", ["code"], unique=True, sqlite_where=alive, postgresql_where=alive)
    _kinds()


def _kinds() -> None:
    """A company that stands gets the kinds of actions; a new one has them of its standard configuration."""
    connection = op.get_bind()
    if connection.execute(sa.select(company.c.id)).first() is None:
        return
    if connection.execute(sa.select(picklist.c.key).where(picklist.c.key == "competitor_action_kind")).first() is not None:
        return
    connection.execute(sa.insert(picklist).values(key="competitor_action_kind", label_uk="Дії конкурентів", label_en="Competitors’ actions"))
    connection.execute(sa.insert(option), [
        {"picklist": "competitor_action_kind", "key": key, "label_uk": uk, "label_en": en, "colour": colour, "position": place, "retired": False}
        for place, (key, uk, en, colour) in enumerate(KINDS)
    ])


def downgrade() -> None:
    op.drop_table("competitor_action")
