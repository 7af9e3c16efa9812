"""teams of deals

Who works on a deal in which role and with which share, and what each has to do at a stage.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, ScaledDecimal, UtcMoment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLES = (
    ("lead", "Керівник угоди", "Lead", "blue"), ("presale", "Передпродажний фахівець", "Presale", "teal"), ("lawyer", "Юрист", "Lawyer", "purple"),
    ("finance", "Фінансист", "Finance", "green"), ("logistics", "Логіст", "Logistics", "orange"), ("sponsor", "Куратор від керівництва", "Sponsor", "grey"),
)

company = sa.table("company", sa.column("id", sa.Integer))
picklist = sa.table("picklist", sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String))
option = sa.table(
    "picklist_option", sa.column("picklist", sa.String), sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String),
    sa.column("colour", sa.String), sa.column("position", sa.Integer), sa.column("retired", sa.Boolean),
)


def upgrade() -> None:
    op.create_table("deal_duty",
        sa.Column("deal_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=255), nullable=False),
        sa.Column("what_en", sa.String(length=255), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", UtcMoment(), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.Column("late_days", sa.BigInteger(), nullable=True),
        sa.Column("key__sort", KeyText(200), nullable=True),
        sa.Column("key__find", KeyText(), nullable=True),
        sa.Column("what__sort", KeyText(200), nullable=True),
        sa.Column("what__find", KeyText(), nullable=True),
        sa.Column("what_en__sort", KeyText(200), nullable=True),
        sa.Column("what_en__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_deal_duty_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_duty_deal_id")),
        sa.ForeignKeyConstraint(["done_by_id"], ["user.id"], name=op.f("fk_deal_duty_done_by_id")),
        sa.ForeignKeyConstraint(["role_id"], ["picklist_option.id"], name=op.f("fk_deal_duty_role_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_deal_duty_stage_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_deal_duty_updated_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_deal_duty_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_duty"))
    )
    op.create_index("ix_deal_duty_created_at", "deal_duty", ["created_at", "id"], unique=False)
    op.create_index("ix_deal_duty_created_by_id", "deal_duty", ["created_by_id", "id"], unique=False)
    op.create_index("ix_deal_duty_deal_id", "deal_duty", ["deal_id", "id"], unique=False)
    op.create_index("ix_deal_duty_deal_stage", "deal_duty", ["deal_id", "stage_id"], unique=False)
    op.create_index("ix_deal_duty_done_at", "deal_duty", ["done_at", "id"], unique=False)
    op.create_index("ix_deal_duty_done_by_id", "deal_duty", ["done_by_id", "id"], unique=False)
    op.create_index("ix_deal_duty_due_on", "deal_duty", ["due_on", "id"], unique=False)
    op.create_index("ix_deal_duty_stage_id", "deal_duty", ["stage_id", "id"], unique=False)
    op.create_index("ix_deal_duty_updated_at", "deal_duty", ["updated_at", "id"], unique=False)
    op.create_index("ix_deal_duty_updated_by_id", "deal_duty", ["updated_by_id", "id"], unique=False)
    op.create_index("ix_deal_duty_user_due_on", "deal_duty", ["user_id", "due_on"], unique=False)
    op.create_index("ix_deal_duty_user_id", "deal_duty", ["user_id", "id"], unique=False)
    op.create_table("deal_member",
        sa.Column("deal_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("share", ScaledDecimal(6), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=True),
        sa.Column("note__sort", KeyText(200), nullable=True),
        sa.Column("note__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_deal_member_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_member_deal_id")),
        sa.ForeignKeyConstraint(["role_id"], ["picklist_option.id"], name=op.f("fk_deal_member_role_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_deal_member_updated_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_deal_member_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_member"))
    )
    op.create_index("ix_deal_member_created_at", "deal_member", ["created_at", "id"], unique=False)
    op.create_index("ix_deal_member_created_by_id", "deal_member", ["created_by_id", "id"], unique=False)
    op.create_index("ix_deal_member_deal_id", "deal_member", ["deal_id", "id"], unique=False)
    op.create_index("ix_deal_member_updated_at", "deal_member", ["updated_at", "id"], unique=False)
    op.create_index("ix_deal_member_updated_by_id", "deal_member", ["updated_by_id", "id"], unique=False)
    op.create_index("ix_deal_member_user_deal", "deal_member", ["user_id", "deal_id"], unique=False)
    op.create_index("ix_deal_member_user_id", "deal_member", ["user_id", "id"], unique=False)
    fill(op.get_bind())


def fill(connection: sa.Connection) -> None:
    """Give a company that stands the roles of a team, unless it has made a list of that name itself."""
    if connection.execute(sa.select(company.c.id)).first() is None:
        return  # nobody works here yet
    if connection.execute(sa.select(picklist.c.key).where(picklist.c.key == "team_role")).first() is not None:
        return
    connection.execute(sa.insert(picklist).values(key="team_role", label_uk="Роль у команді угоди", label_en="Role on a deal team"))
    connection.execute(sa.insert(option), [
        {"picklist": "team_role", "key": key, "label_uk": uk, "label_en": en, "colour": colour, "position": place, "retired": False}
        for place, (key, uk, en, colour) in enumerate(ROLES)
    ])


def downgrade() -> None:
    op.drop_table("deal_duty")
    op.drop_table("deal_member")
