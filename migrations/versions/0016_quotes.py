"""quotes

Quotes of deals in versions, their lines, and the limits of discounts.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, MoneyType, ScaledDecimal, UtcMoment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATES = (
    ("draft", "Чернетка", "Draft", "grey"), ("waiting", "На погодженні", "Waiting for approval", "orange"),
    ("approved", "Погоджено", "Approved", "teal"), ("sent", "Надіслано", "Sent", "blue"), ("accepted", "Прийнято", "Accepted", "green"),
    ("declined", "Відхилено", "Declined", "red"), ("superseded", "Замінено новою", "Superseded", "grey"), ("expired", "Строк минув", "Expired", "orange"),
)
INDEXED = {
    "discount_limit": (
        "category_id", "code__sort", "created_at", "created_by_id", "department_id", "name__sort", "owner_id", "role_id", "territory_id",
        "updated_at", "updated_by_id",
    ),
    "quote": (
        "amount", "asked_at", "asked_by_id", "author_id", "code__sort", "created_at", "created_by_id", "deal_id", "decided_by_id",
        "deepest", "department_id", "discount", "legal_entity_id", "name__sort", "owner_id", "previous_id", "sent_on", "territory_id",
        "total", "updated_at", "updated_by_id", "valid_until",
    ),
    "quote_line": (
        "created_at", "created_by_id", "product_id", "quote_id", "updated_at", "updated_by_id",
    ),
}
NAMED = ("quote", "discount_limit")  # whose codes are unique among what is not deleted

company = sa.table("company", sa.column("id", sa.Integer))
picklist = sa.table("picklist", sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String))
option = sa.table(
    "picklist_option", sa.column("picklist", sa.String), sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String),
    sa.column("colour", sa.String), sa.column("position", sa.Integer), sa.column("retired", sa.Boolean),
)


def upgrade() -> None:
    op.create_table("discount_limit",
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("most", ScaledDecimal(6), nullable=False),
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
        sa.ForeignKeyConstraint(["category_id"], ["product_category.id"], name=op.f("fk_discount_limit_category_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_discount_limit_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_discount_limit_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_discount_limit_owner_id")),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_discount_limit_role_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_discount_limit_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_discount_limit_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discount_limit")),
    )
    op.create_table("quote",
        sa.Column("deal_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("previous_id", sa.Integer(), nullable=True),
        sa.Column("state_id", sa.Integer(), nullable=False),
        sa.Column("legal_entity_id", sa.Integer(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("currency", KeyText(3), nullable=True),
        sa.Column("list_amount", MoneyType(), nullable=True),
        sa.Column("amount", MoneyType(), nullable=True),
        sa.Column("tax", MoneyType(), nullable=True),
        sa.Column("total", MoneyType(), nullable=True),
        sa.Column("discount", ScaledDecimal(6), nullable=True),
        sa.Column("deepest", ScaledDecimal(6), nullable=True),
        sa.Column("over_limit", sa.Boolean(), nullable=False),
        sa.Column("payment_terms", sa.Text(), nullable=True),
        sa.Column("delivery_terms", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("decision_reason", sa.String(length=255), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", UtcMoment(), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcMoment(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("number__sort", KeyText(200), nullable=True),
        sa.Column("number__find", KeyText(), nullable=True),
        sa.Column("payment_terms__find", KeyText(), nullable=True),
        sa.Column("delivery_terms__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
        sa.Column("decision__sort", KeyText(200), nullable=True),
        sa.Column("decision__find", KeyText(), nullable=True),
        sa.Column("decision_reason__sort", KeyText(200), nullable=True),
        sa.Column("decision_reason__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_quote_asked_by_id")),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_quote_author_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_quote_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_quote_deal_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_quote_decided_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_quote_department_id")),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_quote_legal_entity_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_quote_owner_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["quote.id"], name=op.f("fk_quote_previous_id")),
        sa.ForeignKeyConstraint(["state_id"], ["picklist_option.id"], name=op.f("fk_quote_state_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_quote_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_quote_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
    )
    op.create_table("quote_line",
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("quantity", ScaledDecimal(4), nullable=False),
        sa.Column("price", MoneyType(), nullable=True),
        sa.Column("list_price", MoneyType(), nullable=True),
        sa.Column("discount", ScaledDecimal(6), nullable=True),
        sa.Column("tax_rate", ScaledDecimal(6), nullable=True),
        sa.Column("amount", MoneyType(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_quote_line_created_by_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_quote_line_product_id")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_line_quote_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_quote_line_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_line")),
    )
    for table, names in INDEXED.items():
        for name in names:
            op.create_index(f"ix_{table}_{name}", table, [name, "id"])
    alive = sa.text("deleted_at IS NULL")
    for table in NAMED:
        op.create_index(f"uq_{table}_code", table, ["code"], unique=True, sqlite_where=alive, postgresql_where=alive)
    op.create_index("uq_quote_version", "quote", ["deal_id", "number", "version"], unique=True)
    _states()


def _states() -> None:
    """A company that stands gets the states of quotes; a new one has them of its standard configuration."""
    connection = op.get_bind()
    if connection.execute(sa.select(company.c.id)).first() is None:
        return
    if connection.execute(sa.select(picklist.c.key).where(picklist.c.key == "quote_state")).first() is not None:
        return
    connection.execute(sa.insert(picklist).values(key="quote_state", label_uk="Стан пропозиції", label_en="State of a quote"))
    connection.execute(sa.insert(option), [
        {"picklist": "quote_state", "key": key, "label_uk": uk, "label_en": en, "colour": colour, "position": place, "retired": False}
        for place, (key, uk, en, colour) in enumerate(STATES)
    ])


def downgrade() -> None:
    for table in ("quote_line", "quote", "discount_limit"):
        op.drop_table(table)
