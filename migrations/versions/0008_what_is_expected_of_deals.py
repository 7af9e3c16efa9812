"""what is expected of deals

Whence a deal has its probability, what history says of it, the category in which it is forecast, and what became of past deals stage by stage.
"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, ScaledDecimal, UtcMoment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CATEGORIES = (
    ("commit", "Зобовʼязання", "Commit", "green"), ("best_case", "Найкращий випадок", "Best case", "teal"), ("pipeline", "У роботі", "Pipeline", "blue"),
    ("omitted", "Поза прогнозом", "Omitted", "grey"), ("closed", "Закрито", "Closed", "purple"),
)
OF_KIND = (("open", "pipeline"), ("won", "closed"), ("lost", "omitted"))
# What lists sort and search by beside the words themselves.
SORTED = {"stage": "rs`fd", "manual": "l`mt`k"}

company = sa.table("company", sa.column("id", sa.Integer))
picklist = sa.table("picklist", sa.column("key", sa.String), sa.column("label_uk", sa.String), sa.column("label_en", sa.String))
option = sa.table(
    "picklist_option", sa.column("id", sa.Integer), sa.column("picklist", sa.String), sa.column("key", sa.String), sa.column("label_uk", sa.String),
    sa.column("label_en", sa.String), sa.column("colour", sa.String), sa.column("position", sa.Integer), sa.column("retired", sa.Boolean),
)
stage = sa.table("stage", sa.column("id", sa.Integer), sa.column("kind", sa.String), sa.column("probability", ScaledDecimal(6)))
pipeline = sa.table(
    "pipeline", sa.column("probability_source", sa.String), sa.column("probability_source__sort", sa.String), sa.column("probability_source__find", sa.String),
)
deal = sa.table(
    "deal", sa.column("id", sa.Integer), sa.column("stage_id", sa.Integer), sa.column("probability", ScaledDecimal(6)),
    sa.column("probability_source", sa.String), sa.column("probability_source__sort", sa.String), sa.column("probability_source__find", sa.String),
    sa.column("forecast_category_id", sa.Integer),
)


def upgrade() -> None:
    op.add_column("pipeline", sa.Column("probability_source", sa.String(length=16), nullable=False, server_default="stage"))
    _companions("pipeline", "probability_source")
    op.add_column("pipeline", sa.Column("history_weight", sa.BigInteger(), nullable=False, server_default="10"))
    op.add_column("pipeline", sa.Column("history_least", sa.BigInteger(), nullable=False, server_default="20"))
    op.add_column("stage", sa.Column("forecast", sa.String(length=16), nullable=True))
    _companions("stage", "forecast")
    op.add_column("deal", sa.Column("probability_source", sa.String(length=16), nullable=True))
    _companions("deal", "probability_source")
    op.add_column("deal", sa.Column("history_probability", ScaledDecimal(6), nullable=True))
    # SQLite takes a foreign key with a new column only so.
    op.execute("ALTER TABLE deal ADD COLUMN forecast_category_id INTEGER CONSTRAINT fk_deal_forecast_category_id REFERENCES picklist_option (id)")
    op.create_table(
        "stage_odds",
        sa.Column("stage_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("won", sa.Integer(), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("decided_won", sa.Integer(), nullable=False),
        sa.Column("counted_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_stage_odds_stage_id")),
        sa.PrimaryKeyConstraint("stage_id", name=op.f("pk_stage_odds")),
    )
    fill(op.get_bind())


def _companions(table: str, name: str) -> None:
    op.add_column(table, sa.Column(f"{name}__sort", KeyText(200), nullable=True))
    op.add_column(table, sa.Column(f"{name}__find", KeyText(), nullable=True))


def fill(connection: sa.Connection) -> None:
    """Give a company that stands the categories, and its deals what they would have been given."""
    if connection.execute(sa.select(company.c.id)).first() is None:
        return  # nobody works here yet
    connection.execute(sa.update(pipeline).values(_worded("stage")))
    numbers = _options(connection)
    for kind, key in OF_KIND:
        of_kind = sa.select(stage.c.id).where(stage.c.kind == kind)
        connection.execute(sa.update(deal).where(deal.c.stage_id.in_(of_kind)).values(forecast_category_id=numbers[key]))
    own = sa.select(stage.c.probability).where(stage.c.id == deal.c.stage_id).scalar_subquery()
    for word, same in (("stage", deal.c.probability == own), ("manual", deal.c.probability.is_distinct_from(own))):
        values = _worded(word)
        connection.execute(sa.update(deal).where(deal.c.probability.is_not(None), same).values(values))


def _worded(word: str) -> dict[str, str]:
    return {"probability_source": word, "probability_source__sort": SORTED[word], "probability_source__find": word}


def _options(connection: sa.Connection) -> dict[str, int]:
    """The numbers of the categories, made where there are none."""
    known = {row.key: row.id for row in connection.execute(sa.select(option.c.key, option.c.id).where(option.c.picklist == "forecast_category"))}
    if connection.execute(sa.select(picklist.c.key).where(picklist.c.key == "forecast_category")).first() is None:
        connection.execute(sa.insert(picklist).values(key="forecast_category", label_uk="Категорія прогнозу", label_en="Forecast category"))
    for place, (key, uk, en, colour) in enumerate(CATEGORIES):
        if key not in known:
            made = sa.insert(option).values(
                picklist="forecast_category", key=key, label_uk=uk, label_en=en, colour=colour, position=place, retired=False,
            )
            known[key] = connection.execute(made.returning(option.c.id)).scalar_one()
    return known


def downgrade() -> None:
    op.drop_table("stage_odds")
    for name in ("forecast_category_id", "history_probability", *(f"probability_source{suffix}" for suffix in ("__find", "__sort", ""))):
        op.drop_column("deal", name)
    for suffix in ("__find", "__sort", ""):
        op.drop_column("stage", f"forecast{suffix}")
        op.drop_column("pipeline", f"probability_source{suffix}")
    op.drop_column("pipeline", "history_least")
    op.drop_column("pipeline", "history_weight")
