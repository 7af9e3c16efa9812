"""first"""

import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeyText, MoneyType, ScaledDecimal, UtcMoment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

__all__ = ["KeyText", "MoneyType", "ScaledDecimal", "UtcMoment"]


_keys: list[tuple[str, sa.ForeignKeyConstraint]] = []


def create_table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """People stand in departments that people lead: PostgreSQL gets keys once every table is there, SQLite only knows them inside."""
    keys = [part for part in parts if isinstance(part, sa.ForeignKeyConstraint)]
    if op.get_bind().dialect.name == "sqlite":
        op.create_table(name, *parts)
        return
    op.create_table(name, *(part for part in parts if not isinstance(part, sa.ForeignKeyConstraint)))
    _keys.extend((name, key) for key in keys)


def create_keys() -> None:
    for table, key in _keys:
        remote = [element.target_fullname.split(".") for element in key.elements]
        op.create_foreign_key(key.name, table, remote[0][0], list(key.column_keys), [column for _, column in remote])
    _keys.clear()


def upgrade() -> None:
    create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("working_time", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    create_table(
        "computed_state",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("formulas", sa.String(length=64), nullable=False),
        sa.Column("towards", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=False),
        sa.Column("moved_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("entity", name=op.f("pk_computed_state")),
    )
    create_table(
        "custom_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("removed_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_check")),
    )
    op.create_index(
        "uq_custom_check_entity_key",
        "custom_check",
        ["entity", "key"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    create_table(
        "custom_counter",
        sa.Column("field", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("field", "scope", name=op.f("pk_custom_counter")),
    )
    create_table(
        "custom_entity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("removed_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_entity")),
        sa.UniqueConstraint("key", name=op.f("uq_custom_entity_key")),
    )
    create_table(
        "custom_field",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("stored", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("removed_at", UtcMoment(), nullable=True),
        sa.Column("dropped_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_field")),
    )
    op.create_index(
        "uq_custom_field_entity_key",
        "custom_field",
        ["entity", "key"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    create_table(
        "daily_work",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "day", name=op.f("pk_daily_work")),
    )
    create_table(
        "department",
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("head_id", sa.Integer(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_department_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_department_department_id")),
        sa.ForeignKeyConstraint(["head_id"], ["user.id"], name=op.f("fk_department_head_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_department_owner_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["department.id"], name=op.f("fk_department_parent_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_department_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_department_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
    )
    op.create_index("ix_department_code__sort", "department", ["code__sort", "id"], unique=False)
    op.create_index("ix_department_created_at", "department", ["created_at", "id"], unique=False)
    op.create_index("ix_department_created_by_id", "department", ["created_by_id", "id"], unique=False)
    op.create_index("ix_department_department_id", "department", ["department_id", "id"], unique=False)
    op.create_index("ix_department_head_id", "department", ["head_id", "id"], unique=False)
    op.create_index("ix_department_name__sort", "department", ["name__sort", "id"], unique=False)
    op.create_index("ix_department_owner_id", "department", ["owner_id", "id"], unique=False)
    op.create_index("ix_department_parent_id", "department", ["parent_id", "id"], unique=False)
    op.create_index("ix_department_territory_id", "department", ["territory_id", "id"], unique=False)
    op.create_index("ix_department_updated_at", "department", ["updated_at", "id"], unique=False)
    op.create_index("ix_department_updated_by_id", "department", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_department_code", "department", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "duplicate_evidence",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("one_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("other_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("much", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "one_id", "other_id", "field", name=op.f("pk_duplicate_evidence")),
    )
    op.create_index("ix_duplicate_evidence_other", "duplicate_evidence", ["entity", "other_id"], unique=False)
    create_table(
        "duplicate_search",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("finished_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("entity", name=op.f("pk_duplicate_search")),
    )
    create_table(
        "journal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=True),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("erased", sa.String(length=64), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_at"), "journal", ["at"], unique=False)
    op.create_index(op.f("ix_journal_batch"), "journal", ["batch"], unique=False)
    op.create_index("ix_journal_record", "journal", ["entity", "record_id", "id"], unique=False)
    create_table(
        "journal_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.Column("ranges", sa.JSON(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal_seal")),
    )
    create_table(
        "layout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layout")),
        sa.UniqueConstraint("entity", "role", name=op.f("uq_layout_entity_role")),
    )
    create_table(
        "likeness_key",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("entity", "record_id", "field", "key", name=op.f("pk_likeness_key")),
    )
    op.create_index("ix_likeness_found", "likeness_key", ["entity", "field", "key", "record_id"], unique=False)
    create_table(
        "merged_record",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "record_id", name=op.f("pk_merged_record")),
    )
    op.create_index(op.f("ix_merged_record_batch"), "merged_record", ["batch"], unique=False)
    create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("delivered_at", UtcMoment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_waiting", "outbox", ["delivered_at", "id"], unique=False)
    create_table(
        "picklist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("label_uk", sa.String(length=255), nullable=False),
        sa.Column("label_en", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picklist")),
        sa.UniqueConstraint("key", name=op.f("uq_picklist_key")),
    )
    create_table(
        "quality_snapshot",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("department_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "report", "department_id", "measure", name=op.f("pk_quality_snapshot")),
    )
    create_table(
        "record_resting",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("need", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("entity", "record_id", "need", name=op.f("pk_record_resting")),
    )
    create_table(
        "record_seen",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_at", UtcMoment(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "record_id", "user_id", name=op.f("pk_record_seen")),
    )
    op.create_index("ix_record_seen_last", "record_seen", ["last_at"], unique=False)
    op.create_index("ix_record_seen_user", "record_seen", ["user_id"], unique=False)
    create_table(
        "role_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("with_reason", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_conflict")),
        sa.UniqueConstraint("key", name=op.f("uq_role_conflict_key")),
    )
    create_table(
        "saved_condition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("label_uk", sa.String(length=255), nullable=False),
        sa.Column("label_en", sa.String(length=255), nullable=False),
        sa.Column("note_uk", sa.String(length=1000), nullable=False),
        sa.Column("note_en", sa.String(length=1000), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_condition")),
        sa.UniqueConstraint("key", name=op.f("uq_saved_condition_key")),
    )
    create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcMoment(), nullable=False),
        sa.Column("until", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_sign_in_attempt_kind_subject")),
    )
    op.create_index(op.f("ix_sign_in_attempt_last_at"), "sign_in_attempt", ["last_at"], unique=False)
    create_table(
        "territory",
        sa.Column("parent_id", sa.Integer(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_territory_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_territory_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_territory_owner_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["territory.id"], name=op.f("fk_territory_parent_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_territory_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_territory_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
    )
    op.create_index("ix_territory_code__sort", "territory", ["code__sort", "id"], unique=False)
    op.create_index("ix_territory_created_at", "territory", ["created_at", "id"], unique=False)
    op.create_index("ix_territory_created_by_id", "territory", ["created_by_id", "id"], unique=False)
    op.create_index("ix_territory_department_id", "territory", ["department_id", "id"], unique=False)
    op.create_index("ix_territory_name__sort", "territory", ["name__sort", "id"], unique=False)
    op.create_index("ix_territory_owner_id", "territory", ["owner_id", "id"], unique=False)
    op.create_index("ix_territory_parent_id", "territory", ["parent_id", "id"], unique=False)
    op.create_index("ix_territory_territory_id", "territory", ["territory_id", "id"], unique=False)
    op.create_index("ix_territory_updated_at", "territory", ["updated_at", "id"], unique=False)
    op.create_index("ix_territory_updated_by_id", "territory", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_territory_code", "territory", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "user",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("first_name", sa.String(length=255), nullable=True),
        sa.Column("last_name", sa.String(length=255), nullable=True),
        sa.Column("email", KeyText(254), nullable=True),
        sa.Column("phone", KeyText(64), nullable=True),
        sa.Column("position", sa.String(length=255), nullable=True),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("theme", sa.String(length=8), nullable=True),
        sa.Column("density", sa.String(length=16), nullable=True),
        sa.Column("password_changed_at", UtcMoment(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("keep_reason__sort", KeyText(200), nullable=True),
        sa.Column("keep_reason__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("first_name__sort", KeyText(200), nullable=True),
        sa.Column("first_name__find", KeyText(), nullable=True),
        sa.Column("last_name__sort", KeyText(200), nullable=True),
        sa.Column("last_name__find", KeyText(), nullable=True),
        sa.Column("phone__find", KeyText(), nullable=True),
        sa.Column("position__sort", KeyText(200), nullable=True),
        sa.Column("position__find", KeyText(), nullable=True),
        sa.Column("keep_reason", sa.String(length=255), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("erased_at", UtcMoment(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_user_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_user_department_id")),
        sa.ForeignKeyConstraint(["manager_id"], ["user.id"], name=op.f("fk_user_manager_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_user_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_user_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_user_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
    )
    op.create_index("ix_user_code__sort", "user", ["code__sort", "id"], unique=False)
    op.create_index("ix_user_created_at", "user", ["created_at", "id"], unique=False)
    op.create_index("ix_user_created_by_id", "user", ["created_by_id", "id"], unique=False)
    op.create_index("ix_user_department_id", "user", ["department_id", "id"], unique=False)
    op.create_index("ix_user_manager_id", "user", ["manager_id", "id"], unique=False)
    op.create_index("ix_user_name__sort", "user", ["name__sort", "id"], unique=False)
    op.create_index("ix_user_owner_id", "user", ["owner_id", "id"], unique=False)
    op.create_index("ix_user_territory_id", "user", ["territory_id", "id"], unique=False)
    op.create_index("ix_user_updated_at", "user", ["updated_at", "id"], unique=False)
    op.create_index("ix_user_updated_by_id", "user", ["updated_by_id", "id"], unique=False)
    op.create_index("uq_user_code", "user", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL"))
    op.create_index("uq_user_email", "user", ["email"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL"))
    create_table(
        "access_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcMoment(), nullable=False),
        sa.Column("reminded_at", UtcMoment(), nullable=True),
        sa.Column("overdue_told_at", UtcMoment(), nullable=True),
        sa.Column("called_off_at", UtcMoment(), nullable=True),
        sa.Column("signed_at", UtcMoment(), nullable=True),
        sa.Column("signed_by_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["opened_by_id"], ["user.id"], name=op.f("fk_access_review_opened_by_id")),
        sa.ForeignKeyConstraint(["signed_by_id"], ["user.id"], name=op.f("fk_access_review_signed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review")),
    )
    op.create_index(op.f("ix_access_review_opened_by_id"), "access_review", ["opened_by_id"], unique=False)
    create_table(
        "account_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("expires_at", UtcMoment(), nullable=False),
        sa.Column("used_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_account_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_token_token_hash")),
    )
    op.create_index(op.f("ix_account_token_user_id"), "account_token", ["user_id"], unique=False)
    create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name_en", sa.String(length=255), nullable=True),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.String(length=16), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("name_en__sort", KeyText(200), nullable=True),
        sa.Column("name_en__find", KeyText(), nullable=True),
        sa.Column("hours__sort", KeyText(200), nullable=True),
        sa.Column("hours__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_calendar_day_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_calendar_day_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_calendar_day_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_calendar_day_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_calendar_day_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
    )
    op.create_index("ix_calendar_day_code__sort", "calendar_day", ["code__sort", "id"], unique=False)
    op.create_index("ix_calendar_day_created_at", "calendar_day", ["created_at", "id"], unique=False)
    op.create_index("ix_calendar_day_created_by_id", "calendar_day", ["created_by_id", "id"], unique=False)
    op.create_index("ix_calendar_day_day", "calendar_day", ["day", "id"], unique=False)
    op.create_index("ix_calendar_day_department_id", "calendar_day", ["department_id", "id"], unique=False)
    op.create_index("ix_calendar_day_name__sort", "calendar_day", ["name__sort", "id"], unique=False)
    op.create_index("ix_calendar_day_owner_id", "calendar_day", ["owner_id", "id"], unique=False)
    op.create_index("ix_calendar_day_territory_id", "calendar_day", ["territory_id", "id"], unique=False)
    op.create_index("ix_calendar_day_updated_at", "calendar_day", ["updated_at", "id"], unique=False)
    op.create_index("ix_calendar_day_updated_by_id", "calendar_day", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_calendar_day_code",
        "calendar_day",
        ["code"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_calendar_day_day", "calendar_day", ["day"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "calendar_link",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("expires_at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_calendar_link_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_calendar_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_link_token_hash")),
    )
    create_table(
        "config_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=255), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("kept_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_config_draft_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_draft")),
        sa.UniqueConstraint("user_id", "what", name=op.f("uq_config_draft_user_id_what")),
    )
    create_table(
        "config_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_config_version_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_version")),
    )
    create_table(
        "field_conversion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("since", UtcMoment(), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_field_conversion_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_conversion")),
    )
    op.create_index(op.f("ix_field_conversion_state"), "field_conversion", ["state"], unique=False)
    create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("runner", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("started_at", UtcMoment(), nullable=False),
        sa.Column("moved_at", UtcMoment(), nullable=False),
        sa.Column("error_file", sa.String(length=64), nullable=True),
        sa.Column("upload_key", sa.String(length=32), nullable=True),
        sa.Column("undo_job_id", sa.Integer(), nullable=True),
        sa.Column("undo_key", sa.String(length=64), nullable=True),
        sa.Column("undo_to", sa.String(length=8), nullable=True),
        sa.Column("undo_position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_import_batch_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sa.UniqueConstraint("key", name=op.f("uq_import_batch_key")),
    )
    op.create_index("ix_import_batch_fingerprint", "import_batch", ["fingerprint", "state"], unique=False)
    create_table(
        "import_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_import_source_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_source")),
        sa.UniqueConstraint("made_by_id", "entity", "name", "version", name="uq_import_source_version"),
    )
    op.create_index("ix_import_source_entity", "import_source", ["entity", "name"], unique=False)
    create_table(
        "import_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("moved_at", UtcMoment(), nullable=False),
        sa.Column("file_key", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("profile", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("trial_of", sa.String(length=64), nullable=True),
        sa.Column("trial_job_id", sa.Integer(), nullable=True),
        sa.Column("run_job_id", sa.Integer(), nullable=True),
        sa.Column("batch", sa.String(length=64), nullable=True),
        sa.Column("figures_job_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_import_upload_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_upload")),
        sa.UniqueConstraint("key", name=op.f("uq_import_upload_key")),
    )
    op.create_index(op.f("ix_import_upload_batch"), "import_upload", ["batch"], unique=False)
    op.create_index("ix_import_upload_made_by_id", "import_upload", ["made_by_id", "id"], unique=False)
    create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("handed_at", UtcMoment(), nullable=True),
        sa.Column("beat_at", UtcMoment(), nullable=True),
        sa.Column("finished_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_job_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(op.f("ix_job_made_by_id"), "job", ["made_by_id"], unique=False)
    op.create_index("ix_job_state", "job", ["state", "id"], unique=False)
    create_table(
        "legal_entity",
        sa.Column("full_name", sa.String(length=255), nullable=True),
        sa.Column("tax_code", KeyText(20), nullable=True),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("iban", KeyText(34), nullable=True),
        sa.Column("bank", sa.String(length=255), nullable=True),
        sa.Column("signatory", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("full_name__sort", KeyText(200), nullable=True),
        sa.Column("full_name__find", KeyText(), nullable=True),
        sa.Column("address__sort", KeyText(200), nullable=True),
        sa.Column("address__find", KeyText(), nullable=True),
        sa.Column("bank__sort", KeyText(200), nullable=True),
        sa.Column("bank__find", KeyText(), nullable=True),
        sa.Column("signatory__sort", KeyText(200), nullable=True),
        sa.Column("signatory__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_legal_entity_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_legal_entity_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_legal_entity_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_legal_entity_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_legal_entity_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_entity")),
    )
    op.create_index("ix_legal_entity_code__sort", "legal_entity", ["code__sort", "id"], unique=False)
    op.create_index("ix_legal_entity_created_at", "legal_entity", ["created_at", "id"], unique=False)
    op.create_index("ix_legal_entity_created_by_id", "legal_entity", ["created_by_id", "id"], unique=False)
    op.create_index("ix_legal_entity_department_id", "legal_entity", ["department_id", "id"], unique=False)
    op.create_index("ix_legal_entity_name__sort", "legal_entity", ["name__sort", "id"], unique=False)
    op.create_index("ix_legal_entity_owner_id", "legal_entity", ["owner_id", "id"], unique=False)
    op.create_index("ix_legal_entity_tax_code", "legal_entity", ["tax_code", "id"], unique=False)
    op.create_index("ix_legal_entity_territory_id", "legal_entity", ["territory_id", "id"], unique=False)
    op.create_index("ix_legal_entity_updated_at", "legal_entity", ["updated_at", "id"], unique=False)
    op.create_index("ix_legal_entity_updated_by_id", "legal_entity", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_legal_entity_code",
        "legal_entity",
        ["code"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    create_table(
        "not_duplicates",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("one_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("other_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_not_duplicates_by_id")),
        sa.PrimaryKeyConstraint("entity", "one_id", "other_id", name=op.f("pk_not_duplicates")),
    )
    op.create_index(op.f("ix_not_duplicates_by_id"), "not_duplicates", ["by_id"], unique=False)
    create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.Column("sentence", sa.JSON(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("read_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_person", "notice", ["user_id", "read_at", "id"], unique=False)
    create_table(
        "notice_mail",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("told_until", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_mail_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_mail")),
    )
    create_table(
        "picklist_option",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("picklist", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("label_uk", sa.String(length=255), nullable=False),
        sa.Column("label_en", sa.String(length=255), nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["picklist"], ["picklist.key"], name=op.f("fk_picklist_option_picklist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picklist_option")),
        sa.UniqueConstraint("picklist", "key", name=op.f("uq_picklist_option_picklist_key")),
    )
    create_table(
        "pipeline",
        sa.Column("name_en", sa.String(length=255), nullable=True),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("name_en__sort", KeyText(200), nullable=True),
        sa.Column("name_en__find", KeyText(), nullable=True),
        sa.Column("entity__sort", KeyText(200), nullable=True),
        sa.Column("entity__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_pipeline_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_pipeline_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_pipeline_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_pipeline_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_pipeline_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline")),
    )
    op.create_index("ix_pipeline_code__sort", "pipeline", ["code__sort", "id"], unique=False)
    op.create_index("ix_pipeline_created_at", "pipeline", ["created_at", "id"], unique=False)
    op.create_index("ix_pipeline_created_by_id", "pipeline", ["created_by_id", "id"], unique=False)
    op.create_index("ix_pipeline_department_id", "pipeline", ["department_id", "id"], unique=False)
    op.create_index("ix_pipeline_name__sort", "pipeline", ["name__sort", "id"], unique=False)
    op.create_index("ix_pipeline_owner_id", "pipeline", ["owner_id", "id"], unique=False)
    op.create_index("ix_pipeline_territory_id", "pipeline", ["territory_id", "id"], unique=False)
    op.create_index("ix_pipeline_updated_at", "pipeline", ["updated_at", "id"], unique=False)
    op.create_index("ix_pipeline_updated_by_id", "pipeline", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_pipeline_code", "pipeline", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "product_category",
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_product_category_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_product_category_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_product_category_owner_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["product_category.id"], name=op.f("fk_product_category_parent_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_product_category_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_product_category_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_category")),
    )
    op.create_index("ix_product_category_code__sort", "product_category", ["code__sort", "id"], unique=False)
    op.create_index("ix_product_category_created_at", "product_category", ["created_at", "id"], unique=False)
    op.create_index("ix_product_category_created_by_id", "product_category", ["created_by_id", "id"], unique=False)
    op.create_index("ix_product_category_department_id", "product_category", ["department_id", "id"], unique=False)
    op.create_index("ix_product_category_name__sort", "product_category", ["name__sort", "id"], unique=False)
    op.create_index("ix_product_category_owner_id", "product_category", ["owner_id", "id"], unique=False)
    op.create_index("ix_product_category_parent_id", "product_category", ["parent_id", "id"], unique=False)
    op.create_index("ix_product_category_territory_id", "product_category", ["territory_id", "id"], unique=False)
    op.create_index("ix_product_category_updated_at", "product_category", ["updated_at", "id"], unique=False)
    op.create_index("ix_product_category_updated_by_id", "product_category", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_product_category_code",
        "product_category",
        ["code"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_recovery_code_digest")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"], unique=False)
    create_table(
        "role",
        sa.Column("name_en", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("emergency_hours", sa.BigInteger(), nullable=True),
        sa.Column("builtin", sa.Boolean(), nullable=False),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("name_en__sort", KeyText(200), nullable=True),
        sa.Column("name_en__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_role_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_role_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_role_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_role_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_role_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
    )
    op.create_index("ix_role_code__sort", "role", ["code__sort", "id"], unique=False)
    op.create_index("ix_role_created_at", "role", ["created_at", "id"], unique=False)
    op.create_index("ix_role_created_by_id", "role", ["created_by_id", "id"], unique=False)
    op.create_index("ix_role_department_id", "role", ["department_id", "id"], unique=False)
    op.create_index("ix_role_name__sort", "role", ["name__sort", "id"], unique=False)
    op.create_index("ix_role_owner_id", "role", ["owner_id", "id"], unique=False)
    op.create_index("ix_role_territory_id", "role", ["territory_id", "id"], unique=False)
    op.create_index("ix_role_updated_at", "role", ["updated_at", "id"], unique=False)
    op.create_index("ix_role_updated_by_id", "role", ["updated_by_id", "id"], unique=False)
    op.create_index("uq_role_code", "role", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL"))
    create_table(
        "running_timer",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("started_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_running_timer_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_running_timer")),
    )
    create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("label_uk", sa.String(length=255), nullable=False),
        sa.Column("label_en", sa.String(length=255), nullable=False),
        sa.Column("shows", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("default_for", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("(owner_id IS NULL) <> (key IS NULL)", name=op.f("ck_saved_view_ck_saved_view_own_or_shared")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_saved_view_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("key", name=op.f("uq_saved_view_key")),
    )
    op.create_index("ix_saved_view_owner", "saved_view", ["owner_id"], unique=False)
    create_table(
        "second_factor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcMoment(), nullable=False),
        sa.Column("confirmed_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_second_factor_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("user_id", name=op.f("uq_second_factor_user_id")),
    )
    create_table(
        "segment",
        sa.Column("name_en", sa.String(length=255), nullable=True),
        sa.Column("of", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("condition", sa.Text(), nullable=True),
        sa.Column("frozen_from_id", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", UtcMoment(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("name_en__sort", KeyText(200), nullable=True),
        sa.Column("name_en__find", KeyText(), nullable=True),
        sa.Column("of__sort", KeyText(200), nullable=True),
        sa.Column("of__find", KeyText(), nullable=True),
        sa.Column("kind__sort", KeyText(200), nullable=True),
        sa.Column("kind__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_segment_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_segment_department_id")),
        sa.ForeignKeyConstraint(["frozen_from_id"], ["segment.id"], name=op.f("fk_segment_frozen_from_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_segment_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_segment_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_segment_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
    )
    op.create_index("ix_segment_code__sort", "segment", ["code__sort", "id"], unique=False)
    op.create_index("ix_segment_counted_at", "segment", ["counted_at", "id"], unique=False)
    op.create_index("ix_segment_created_at", "segment", ["created_at", "id"], unique=False)
    op.create_index("ix_segment_created_by_id", "segment", ["created_by_id", "id"], unique=False)
    op.create_index("ix_segment_department_id", "segment", ["department_id", "id"], unique=False)
    op.create_index("ix_segment_frozen_from_id", "segment", ["frozen_from_id", "id"], unique=False)
    op.create_index("ix_segment_kind__sort", "segment", ["kind__sort", "id"], unique=False)
    op.create_index("ix_segment_name__sort", "segment", ["name__sort", "id"], unique=False)
    op.create_index("ix_segment_owner_id", "segment", ["owner_id", "id"], unique=False)
    op.create_index("ix_segment_size", "segment", ["size", "id"], unique=False)
    op.create_index("ix_segment_territory_id", "segment", ["territory_id", "id"], unique=False)
    op.create_index("ix_segment_updated_at", "segment", ["updated_at", "id"], unique=False)
    op.create_index("ix_segment_updated_by_id", "segment", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_segment_code", "segment", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "sign_in_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("password_changed_at", UtcMoment(), nullable=True),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("seen_at", UtcMoment(), nullable=False),
        sa.Column("expires_at", UtcMoment(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=255), nullable=False),
        sa.Column("revoked_at", UtcMoment(), nullable=True),
        sa.Column("watching_id", sa.Integer(), nullable=True),
        sa.Column("watching_until", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_sign_in_session_user_id")),
        sa.ForeignKeyConstraint(["watching_id"], ["user.id"], name=op.f("fk_sign_in_session_watching_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_session_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_session_expires_at"), "sign_in_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sign_in_session_user_id"), "sign_in_session", ["user_id"], unique=False)
    create_table(
        "sign_in_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("password_changed_at", UtcMoment(), nullable=True),
        sa.Column("expires_at", UtcMoment(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("used_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_sign_in_step_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_step")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_step_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_step_expires_at"), "sign_in_step", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sign_in_step_user_id"), "sign_in_step", ["user_id"], unique=False)
    create_table(
        "used_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_used_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_code")),
        sa.UniqueConstraint("user_id", "step", name=op.f("uq_used_code_user_id_step")),
    )
    op.create_index(op.f("ix_used_code_used_at"), "used_code", ["used_at"], unique=False)
    create_table(
        "access_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_access_rule_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_rule")),
        sa.UniqueConstraint("role_id", "position", name=op.f("uq_access_rule_role_id_position")),
    )
    op.create_index(op.f("ix_access_rule_role_id"), "access_rule", ["role_id"], unique=False)
    create_table(
        "account",
        sa.Column("kind_id", sa.Integer(), nullable=True),
        sa.Column("status_id", sa.Integer(), nullable=True),
        sa.Column("legal_form_id", sa.Integer(), nullable=True),
        sa.Column("tax_code", KeyText(20), nullable=True),
        sa.Column("industry_id", sa.Integer(), nullable=True),
        sa.Column("revenue", MoneyType(), nullable=True),
        sa.Column("currency", KeyText(3), nullable=True),
        sa.Column("employees", sa.BigInteger(), nullable=True),
        sa.Column("founded", sa.BigInteger(), nullable=True),
        sa.Column("country", KeyText(2), nullable=True),
        sa.Column("region_name", sa.String(length=255), nullable=True),
        sa.Column("city", sa.String(length=255), nullable=True),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("postal_code", sa.String(length=16), nullable=True),
        sa.Column("phone", KeyText(64), nullable=True),
        sa.Column("fax", KeyText(64), nullable=True),
        sa.Column("website", KeyText(2000), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("credit_limit", MoneyType(), nullable=True),
        sa.Column("payment_days", sa.BigInteger(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("region_name__sort", KeyText(200), nullable=True),
        sa.Column("region_name__find", KeyText(), nullable=True),
        sa.Column("city__sort", KeyText(200), nullable=True),
        sa.Column("city__find", KeyText(), nullable=True),
        sa.Column("address__sort", KeyText(200), nullable=True),
        sa.Column("address__find", KeyText(), nullable=True),
        sa.Column("postal_code__sort", KeyText(200), nullable=True),
        sa.Column("postal_code__find", KeyText(), nullable=True),
        sa.Column("phone__find", KeyText(), nullable=True),
        sa.Column("fax__find", KeyText(), nullable=True),
        sa.Column("website__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_account_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_account_department_id")),
        sa.ForeignKeyConstraint(["industry_id"], ["picklist_option.id"], name=op.f("fk_account_industry_id")),
        sa.ForeignKeyConstraint(["kind_id"], ["picklist_option.id"], name=op.f("fk_account_kind_id")),
        sa.ForeignKeyConstraint(["legal_form_id"], ["picklist_option.id"], name=op.f("fk_account_legal_form_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_account_owner_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["account.id"], name=op.f("fk_account_parent_id")),
        sa.ForeignKeyConstraint(["source_id"], ["picklist_option.id"], name=op.f("fk_account_source_id")),
        sa.ForeignKeyConstraint(["status_id"], ["picklist_option.id"], name=op.f("fk_account_status_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_account_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_account_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index("ix_account_city__sort", "account", ["city__sort", "id"], unique=False)
    op.create_index("ix_account_code__sort", "account", ["code__sort", "id"], unique=False)
    op.create_index("ix_account_created_at", "account", ["created_at", "id"], unique=False)
    op.create_index("ix_account_created_by_id", "account", ["created_by_id", "id"], unique=False)
    op.create_index("ix_account_department_id", "account", ["department_id", "id"], unique=False)
    op.create_index("ix_account_name__sort", "account", ["name__sort", "id"], unique=False)
    op.create_index("ix_account_owner_id", "account", ["owner_id", "id"], unique=False)
    op.create_index("ix_account_parent_id", "account", ["parent_id", "id"], unique=False)
    op.create_index("ix_account_revenue", "account", ["revenue", "id"], unique=False)
    op.create_index("ix_account_tax_code", "account", ["tax_code", "id"], unique=False)
    op.create_index("ix_account_territory_id", "account", ["territory_id", "id"], unique=False)
    op.create_index("ix_account_updated_at", "account", ["updated_at", "id"], unique=False)
    op.create_index("ix_account_updated_by_id", "account", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_account_code", "account", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "contact",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("middle_name", sa.String(length=255), nullable=True),
        sa.Column("email", KeyText(254), nullable=True),
        sa.Column("phone", KeyText(64), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("language_id", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("first_name__sort", KeyText(200), nullable=True),
        sa.Column("first_name__find", KeyText(), nullable=True),
        sa.Column("last_name__sort", KeyText(200), nullable=True),
        sa.Column("last_name__find", KeyText(), nullable=True),
        sa.Column("keep_reason__sort", KeyText(200), nullable=True),
        sa.Column("keep_reason__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("middle_name__sort", KeyText(200), nullable=True),
        sa.Column("middle_name__find", KeyText(), nullable=True),
        sa.Column("phone__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
        sa.Column("first_name", sa.String(length=255), nullable=True),
        sa.Column("last_name", sa.String(length=255), nullable=True),
        sa.Column("keep_reason", sa.String(length=255), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("erased_at", UtcMoment(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_contact_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_contact_department_id")),
        sa.ForeignKeyConstraint(["language_id"], ["picklist_option.id"], name=op.f("fk_contact_language_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_contact_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_contact_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_contact_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index("ix_contact_code__sort", "contact", ["code__sort", "id"], unique=False)
    op.create_index("ix_contact_created_at", "contact", ["created_at", "id"], unique=False)
    op.create_index("ix_contact_created_by_id", "contact", ["created_by_id", "id"], unique=False)
    op.create_index("ix_contact_department_id", "contact", ["department_id", "id"], unique=False)
    op.create_index("ix_contact_email", "contact", ["email", "id"], unique=False)
    op.create_index("ix_contact_name__sort", "contact", ["name__sort", "id"], unique=False)
    op.create_index("ix_contact_owner_id", "contact", ["owner_id", "id"], unique=False)
    op.create_index("ix_contact_territory_id", "contact", ["territory_id", "id"], unique=False)
    op.create_index("ix_contact_updated_at", "contact", ["updated_at", "id"], unique=False)
    op.create_index("ix_contact_updated_by_id", "contact", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_contact_code", "contact", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "import_later",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_later_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_later")),
    )
    op.create_index(op.f("ix_import_later_batch_id"), "import_later", ["batch_id"], unique=False)
    create_table(
        "import_row",
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("firm", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=8), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("fields", sa.String(length=200), nullable=False),
        sa.Column("much", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["import_upload.id"], name=op.f("fk_import_row_upload_id")),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_import_row")),
    )
    op.create_index("ix_import_row_decision", "import_row", ["upload_id", "decision", "number"], unique=False)
    op.create_index("ix_import_row_outcome", "import_row", ["upload_id", "outcome", "number"], unique=False)
    create_table(
        "membership",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("taken_until", UtcMoment(), nullable=True),
        sa.Column("reason__sort", KeyText(200), nullable=True),
        sa.Column("reason__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_membership_created_by_id")),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_membership_role_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_membership_updated_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_membership_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_created_at", "membership", ["created_at", "id"], unique=False)
    op.create_index("ix_membership_created_by_id", "membership", ["created_by_id", "id"], unique=False)
    op.create_index("ix_membership_role_id", "membership", ["role_id", "id"], unique=False)
    op.create_index("ix_membership_updated_at", "membership", ["updated_at", "id"], unique=False)
    op.create_index("ix_membership_updated_by_id", "membership", ["updated_by_id", "id"], unique=False)
    op.create_index("ix_membership_user_id", "membership", ["user_id", "id"], unique=False)
    create_table(
        "product",
        sa.Column("name_en", sa.String(length=255), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("price", MoneyType(), nullable=True),
        sa.Column("currency", KeyText(3), nullable=True),
        sa.Column("cost", MoneyType(), nullable=True),
        sa.Column("vat_rate", ScaledDecimal(6), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("name_en__sort", KeyText(200), nullable=True),
        sa.Column("name_en__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["category_id"], ["product_category.id"], name=op.f("fk_product_category_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_product_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_product_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_product_owner_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_product_territory_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["picklist_option.id"], name=op.f("fk_product_unit_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_product_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
    )
    op.create_index("ix_product_category_id", "product", ["category_id", "id"], unique=False)
    op.create_index("ix_product_code__sort", "product", ["code__sort", "id"], unique=False)
    op.create_index("ix_product_created_at", "product", ["created_at", "id"], unique=False)
    op.create_index("ix_product_created_by_id", "product", ["created_by_id", "id"], unique=False)
    op.create_index("ix_product_department_id", "product", ["department_id", "id"], unique=False)
    op.create_index("ix_product_name__sort", "product", ["name__sort", "id"], unique=False)
    op.create_index("ix_product_owner_id", "product", ["owner_id", "id"], unique=False)
    op.create_index("ix_product_price", "product", ["price", "id"], unique=False)
    op.create_index("ix_product_territory_id", "product", ["territory_id", "id"], unique=False)
    op.create_index("ix_product_updated_at", "product", ["updated_at", "id"], unique=False)
    op.create_index("ix_product_updated_by_id", "product", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_product_code", "product", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "role__emergency",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["role.id"], name=op.f("fk_role__emergency_owner_id")),
        sa.ForeignKeyConstraint(["target_id"], ["role.id"], name=op.f("fk_role__emergency_target_id")),
        sa.PrimaryKeyConstraint("owner_id", "target_id", name=op.f("pk_role__emergency")),
    )
    op.create_index("ix_role__emergency_target_id", "role__emergency", ["target_id"], unique=False)
    create_table(
        "stage",
        sa.Column("name_en", sa.String(length=255), nullable=True),
        sa.Column("pipeline_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("probability", ScaledDecimal(6), nullable=True),
        sa.Column("colour", sa.String(length=16), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("name_en__sort", KeyText(200), nullable=True),
        sa.Column("name_en__find", KeyText(), nullable=True),
        sa.Column("key__sort", KeyText(200), nullable=True),
        sa.Column("key__find", KeyText(), nullable=True),
        sa.Column("kind__sort", KeyText(200), nullable=True),
        sa.Column("kind__find", KeyText(), nullable=True),
        sa.Column("colour__sort", KeyText(200), nullable=True),
        sa.Column("colour__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_stage_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_stage_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_stage_owner_id")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipeline.id"], name=op.f("fk_stage_pipeline_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_stage_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_stage_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage")),
    )
    op.create_index("ix_stage_code__sort", "stage", ["code__sort", "id"], unique=False)
    op.create_index("ix_stage_created_at", "stage", ["created_at", "id"], unique=False)
    op.create_index("ix_stage_created_by_id", "stage", ["created_by_id", "id"], unique=False)
    op.create_index("ix_stage_department_id", "stage", ["department_id", "id"], unique=False)
    op.create_index("ix_stage_name__sort", "stage", ["name__sort", "id"], unique=False)
    op.create_index("ix_stage_owner_id", "stage", ["owner_id", "id"], unique=False)
    op.create_index("ix_stage_pipeline_id", "stage", ["pipeline_id", "id"], unique=False)
    op.create_index("ix_stage_territory_id", "stage", ["territory_id", "id"], unique=False)
    op.create_index("ix_stage_updated_at", "stage", ["updated_at", "id"], unique=False)
    op.create_index("ix_stage_updated_by_id", "stage", ["updated_by_id", "id"], unique=False)
    op.create_index("uq_stage_code", "stage", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL"))
    create_table(
        "view_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("view_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("starred", sa.Boolean(), nullable=False),
        sa.Column("opened_first", sa.Boolean(), nullable=False),
        sa.Column("watched", sa.String(length=64), nullable=True),
        sa.Column("looked_at", UtcMoment(), nullable=True),
        sa.Column("scanned_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_view_use_user_id")),
        sa.ForeignKeyConstraint(["view_id"], ["saved_view.id"], name=op.f("fk_view_use_view_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_use")),
        sa.UniqueConstraint("user_id", "entity", "view_id", name=op.f("uq_view_use_user_id_entity_view_id")),
    )
    op.create_index(op.f("ix_view_use_view_id"), "view_use", ["view_id"], unique=False)
    op.create_index(op.f("ix_view_use_watched"), "view_use", ["watched"], unique=False)
    create_table(
        "access_review_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("given_by_id", sa.Integer(), nullable=True),
        sa.Column("given_at", UtcMoment(), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("last_seen_at", UtcMoment(), nullable=True),
        sa.Column("conflicts", sa.JSON(), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("shorten_to", sa.Date(), nullable=True),
        sa.Column("comment", sa.String(length=500), nullable=True),
        sa.Column("decided_at", UtcMoment(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("comment_hash", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["given_by_id"], ["user.id"], name=op.f("fk_access_review_item_given_by_id")),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_access_review_item_membership_id")),
        sa.ForeignKeyConstraint(["review_id"], ["access_review.id"], name=op.f("fk_access_review_item_review_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["user.id"], name=op.f("fk_access_review_item_reviewer_id")),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_access_review_item_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_access_review_item_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review_item")),
    )
    op.create_index(op.f("ix_access_review_item_review_id"), "access_review_item", ["review_id"], unique=False)
    op.create_index(op.f("ix_access_review_item_user_id"), "access_review_item", ["user_id"], unique=False)
    op.create_index("ix_access_review_item_waiting", "access_review_item", ["reviewer_id", "decision"], unique=False)
    create_table(
        "account__interests",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("fk_account__interests_owner_id")),
        sa.ForeignKeyConstraint(["target_id"], ["product_category.id"], name=op.f("fk_account__interests_target_id")),
        sa.PrimaryKeyConstraint("owner_id", "target_id", name=op.f("pk_account__interests")),
    )
    op.create_index("ix_account__interests_target_id", "account__interests", ["target_id"], unique=False)
    create_table(
        "competitor",
        sa.Column("website", KeyText(2000), nullable=True),
        sa.Column("country", KeyText(2), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("price_position_id", sa.Integer(), nullable=True),
        sa.Column("strengths", sa.Text(), nullable=True),
        sa.Column("weaknesses", sa.Text(), nullable=True),
        sa.Column("answers", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("website__find", KeyText(), nullable=True),
        sa.Column("strengths__find", KeyText(), nullable=True),
        sa.Column("weaknesses__find", KeyText(), nullable=True),
        sa.Column("answers__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_competitor_account_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_competitor_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_competitor_department_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_competitor_owner_id")),
        sa.ForeignKeyConstraint(["price_position_id"], ["picklist_option.id"], name=op.f("fk_competitor_price_position_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_competitor_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_competitor_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitor")),
    )
    op.create_index("ix_competitor_account_id", "competitor", ["account_id", "id"], unique=False)
    op.create_index("ix_competitor_code__sort", "competitor", ["code__sort", "id"], unique=False)
    op.create_index("ix_competitor_created_at", "competitor", ["created_at", "id"], unique=False)
    op.create_index("ix_competitor_created_by_id", "competitor", ["created_by_id", "id"], unique=False)
    op.create_index("ix_competitor_department_id", "competitor", ["department_id", "id"], unique=False)
    op.create_index("ix_competitor_name__sort", "competitor", ["name__sort", "id"], unique=False)
    op.create_index("ix_competitor_owner_id", "competitor", ["owner_id", "id"], unique=False)
    op.create_index("ix_competitor_territory_id", "competitor", ["territory_id", "id"], unique=False)
    op.create_index("ix_competitor_updated_at", "competitor", ["updated_at", "id"], unique=False)
    op.create_index("ix_competitor_updated_by_id", "competitor", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_competitor_code", "competitor", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "contact_point",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("note", sa.String(length=255), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("bounced", sa.Boolean(), nullable=False),
        sa.Column("opt_out", sa.Boolean(), nullable=False),
        sa.Column("value__sort", KeyText(200), nullable=True),
        sa.Column("value__find", KeyText(), nullable=True),
        sa.Column("note__sort", KeyText(200), nullable=True),
        sa.Column("note__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_point_contact_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_contact_point_created_by_id")),
        sa.ForeignKeyConstraint(["kind_id"], ["picklist_option.id"], name=op.f("fk_contact_point_kind_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_contact_point_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
    )
    op.create_index("ix_contact_point_contact_id", "contact_point", ["contact_id", "id"], unique=False)
    op.create_index("ix_contact_point_created_at", "contact_point", ["created_at", "id"], unique=False)
    op.create_index("ix_contact_point_created_by_id", "contact_point", ["created_by_id", "id"], unique=False)
    op.create_index("ix_contact_point_updated_at", "contact_point", ["updated_at", "id"], unique=False)
    op.create_index("ix_contact_point_updated_by_id", "contact_point", ["updated_by_id", "id"], unique=False)
    create_table(
        "deal",
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("pipeline_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.Column("amount", MoneyType(), nullable=True),
        sa.Column("currency", KeyText(3), nullable=True),
        sa.Column("cost", MoneyType(), nullable=True),
        sa.Column("margin", MoneyType(), nullable=True),
        sa.Column("probability", ScaledDecimal(6), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("next_step", sa.String(length=255), nullable=True),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("sales_channel_id", sa.Integer(), nullable=True),
        sa.Column("business_line_id", sa.Integer(), nullable=True),
        sa.Column("loss_reason_id", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("next_step__sort", KeyText(200), nullable=True),
        sa.Column("next_step__find", KeyText(), nullable=True),
        sa.Column("description__find", KeyText(), nullable=True),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_deal_account_id")),
        sa.ForeignKeyConstraint(["business_line_id"], ["product_category.id"], name=op.f("fk_deal_business_line_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_deal_contact_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_deal_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_deal_department_id")),
        sa.ForeignKeyConstraint(["loss_reason_id"], ["picklist_option.id"], name=op.f("fk_deal_loss_reason_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_deal_owner_id")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipeline.id"], name=op.f("fk_deal_pipeline_id")),
        sa.ForeignKeyConstraint(["sales_channel_id"], ["picklist_option.id"], name=op.f("fk_deal_sales_channel_id")),
        sa.ForeignKeyConstraint(["source_id"], ["picklist_option.id"], name=op.f("fk_deal_source_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_deal_stage_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_deal_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_deal_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal")),
    )
    op.create_index("ix_deal_account_id", "deal", ["account_id", "id"], unique=False)
    op.create_index("ix_deal_amount", "deal", ["amount", "id"], unique=False)
    op.create_index("ix_deal_business_line_id", "deal", ["business_line_id", "id"], unique=False)
    op.create_index("ix_deal_closed_on", "deal", ["closed_on", "id"], unique=False)
    op.create_index("ix_deal_code__sort", "deal", ["code__sort", "id"], unique=False)
    op.create_index("ix_deal_contact_id", "deal", ["contact_id", "id"], unique=False)
    op.create_index("ix_deal_created_at", "deal", ["created_at", "id"], unique=False)
    op.create_index("ix_deal_created_by_id", "deal", ["created_by_id", "id"], unique=False)
    op.create_index("ix_deal_department_id", "deal", ["department_id", "id"], unique=False)
    op.create_index("ix_deal_expected_on", "deal", ["expected_on", "id"], unique=False)
    op.create_index("ix_deal_name__sort", "deal", ["name__sort", "id"], unique=False)
    op.create_index("ix_deal_next_step_on", "deal", ["next_step_on", "id"], unique=False)
    op.create_index("ix_deal_opened_on", "deal", ["opened_on", "id"], unique=False)
    op.create_index("ix_deal_owner_id", "deal", ["owner_id", "id"], unique=False)
    op.create_index("ix_deal_pipeline_id", "deal", ["pipeline_id", "id"], unique=False)
    op.create_index("ix_deal_stage_id", "deal", ["stage_id", "id"], unique=False)
    op.create_index("ix_deal_territory_id", "deal", ["territory_id", "id"], unique=False)
    op.create_index("ix_deal_updated_at", "deal", ["updated_at", "id"], unique=False)
    op.create_index("ix_deal_updated_by_id", "deal", ["updated_by_id", "id"], unique=False)
    op.create_index("uq_deal_code", "deal", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL"))
    create_table(
        "position",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("primary", sa.Boolean(), nullable=False),
        sa.Column("title__sort", KeyText(200), nullable=True),
        sa.Column("title__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_position_account_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_position_contact_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_position_created_by_id")),
        sa.ForeignKeyConstraint(["role_id"], ["picklist_option.id"], name=op.f("fk_position_role_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_position_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position")),
    )
    op.create_index("ix_position_account_id", "position", ["account_id", "id"], unique=False)
    op.create_index("ix_position_contact_id", "position", ["contact_id", "id"], unique=False)
    op.create_index("ix_position_created_at", "position", ["created_at", "id"], unique=False)
    op.create_index("ix_position_created_by_id", "position", ["created_by_id", "id"], unique=False)
    op.create_index("ix_position_updated_at", "position", ["updated_at", "id"], unique=False)
    op.create_index("ix_position_updated_by_id", "position", ["updated_by_id", "id"], unique=False)
    create_table(
        "product__goes_with",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["product.id"], name=op.f("fk_product__goes_with_owner_id")),
        sa.ForeignKeyConstraint(["target_id"], ["product.id"], name=op.f("fk_product__goes_with_target_id")),
        sa.PrimaryKeyConstraint("owner_id", "target_id", name=op.f("pk_product__goes_with")),
    )
    op.create_index("ix_product__goes_with_target_id", "product__goes_with", ["target_id"], unique=False)
    create_table(
        "segment_member",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("since", UtcMoment(), nullable=True),
        sa.Column("until", UtcMoment(), nullable=True),
        sa.Column("how", sa.String(length=16), nullable=True),
        sa.Column("why_left", sa.String(length=16), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=True),
        sa.Column("current_id", sa.Integer(), nullable=True),
        sa.Column("how__sort", KeyText(200), nullable=True),
        sa.Column("how__find", KeyText(), nullable=True),
        sa.Column("why_left__sort", KeyText(200), nullable=True),
        sa.Column("why_left__find", KeyText(), nullable=True),
        sa.Column("note__sort", KeyText(200), nullable=True),
        sa.Column("note__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_segment_member_account_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_segment_member_contact_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_segment_member_created_by_id")),
        sa.ForeignKeyConstraint(["current_id"], ["segment.id"], name=op.f("fk_segment_member_current_id")),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], name=op.f("fk_segment_member_segment_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_segment_member_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment_member")),
    )
    op.create_index("ix_segment_member_account_id", "segment_member", ["account_id", "id"], unique=False)
    op.create_index("ix_segment_member_contact_id", "segment_member", ["contact_id", "id"], unique=False)
    op.create_index("ix_segment_member_created_at", "segment_member", ["created_at", "id"], unique=False)
    op.create_index("ix_segment_member_created_by_id", "segment_member", ["created_by_id", "id"], unique=False)
    op.create_index("ix_segment_member_current_account", "segment_member", ["current_id", "account_id"], unique=False)
    op.create_index("ix_segment_member_current_contact", "segment_member", ["current_id", "contact_id"], unique=False)
    op.create_index("ix_segment_member_current_id", "segment_member", ["current_id", "id"], unique=False)
    op.create_index("ix_segment_member_segment_id", "segment_member", ["segment_id", "id"], unique=False)
    op.create_index("ix_segment_member_since", "segment_member", ["since", "id"], unique=False)
    op.create_index("ix_segment_member_until", "segment_member", ["until", "id"], unique=False)
    op.create_index("ix_segment_member_updated_at", "segment_member", ["updated_at", "id"], unique=False)
    op.create_index("ix_segment_member_updated_by_id", "segment_member", ["updated_by_id", "id"], unique=False)
    create_table(
        "view_member",
        sa.Column("use_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["use_id"], ["view_use.id"], name=op.f("fk_view_member_use_id")),
        sa.PrimaryKeyConstraint("use_id", "record_id", name=op.f("pk_view_member")),
    )
    create_table(
        "competitor__products",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["competitor.id"], name=op.f("fk_competitor__products_owner_id")),
        sa.ForeignKeyConstraint(["target_id"], ["product.id"], name=op.f("fk_competitor__products_target_id")),
        sa.PrimaryKeyConstraint("owner_id", "target_id", name=op.f("pk_competitor__products")),
    )
    op.create_index("ix_competitor__products_target_id", "competitor__products", ["target_id"], unique=False)
    create_table(
        "deal_line",
        sa.Column("deal_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("quantity", ScaledDecimal(4), nullable=False),
        sa.Column("price", MoneyType(), nullable=True),
        sa.Column("discount", ScaledDecimal(6), nullable=True),
        sa.Column("amount", MoneyType(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_deal_line_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_line_deal_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_deal_line_product_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_deal_line_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_line")),
    )
    op.create_index("ix_deal_line_created_at", "deal_line", ["created_at", "id"], unique=False)
    op.create_index("ix_deal_line_created_by_id", "deal_line", ["created_by_id", "id"], unique=False)
    op.create_index("ix_deal_line_deal_id", "deal_line", ["deal_id", "id"], unique=False)
    op.create_index("ix_deal_line_product_id", "deal_line", ["product_id", "id"], unique=False)
    op.create_index("ix_deal_line_updated_at", "deal_line", ["updated_at", "id"], unique=False)
    op.create_index("ix_deal_line_updated_by_id", "deal_line", ["updated_by_id", "id"], unique=False)
    create_table(
        "interaction",
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("deal_id", sa.Integer(), nullable=True),
        sa.Column("legal_entity_id", sa.Integer(), nullable=True),
        sa.Column("medium_id", sa.Integer(), nullable=False),
        sa.Column("direction_id", sa.Integer(), nullable=False),
        sa.Column("state_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("planned_start", UtcMoment(), nullable=True),
        sa.Column("planned_minutes", sa.BigInteger(), nullable=True),
        sa.Column("held_at", UtcMoment(), nullable=True),
        sa.Column("actual_minutes", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", UtcMoment(), nullable=True),
        sa.Column("ends_at", UtcMoment(), nullable=True),
        sa.Column("result_id", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Text(), nullable=True),
        sa.Column("agenda", sa.Text(), nullable=True),
        sa.Column("agreed", sa.Text(), nullable=True),
        sa.Column("objections", sa.Text(), nullable=True),
        sa.Column("next_step", sa.String(length=255), nullable=True),
        sa.Column("next_start", UtcMoment(), nullable=True),
        sa.Column("follows_id", sa.Integer(), nullable=True),
        sa.Column("postponed_from_id", sa.Integer(), nullable=True),
        sa.Column("moves", sa.BigInteger(), nullable=False),
        sa.Column("code__sort", KeyText(200), nullable=True),
        sa.Column("code__find", KeyText(), nullable=True),
        sa.Column("name__sort", KeyText(200), nullable=True),
        sa.Column("name__find", KeyText(), nullable=True),
        sa.Column("subject__sort", KeyText(200), nullable=True),
        sa.Column("subject__find", KeyText(), nullable=True),
        sa.Column("minutes__find", KeyText(), nullable=True),
        sa.Column("agenda__find", KeyText(), nullable=True),
        sa.Column("agreed__find", KeyText(), nullable=True),
        sa.Column("objections__find", KeyText(), nullable=True),
        sa.Column("next_step__sort", KeyText(200), nullable=True),
        sa.Column("next_step__find", KeyText(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_interaction_account_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_interaction_contact_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_interaction_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_interaction_deal_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_interaction_department_id")),
        sa.ForeignKeyConstraint(["direction_id"], ["picklist_option.id"], name=op.f("fk_interaction_direction_id")),
        sa.ForeignKeyConstraint(["follows_id"], ["interaction.id"], name=op.f("fk_interaction_follows_id")),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_interaction_legal_entity_id")),
        sa.ForeignKeyConstraint(["medium_id"], ["picklist_option.id"], name=op.f("fk_interaction_medium_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_interaction_owner_id")),
        sa.ForeignKeyConstraint(["postponed_from_id"], ["interaction.id"], name=op.f("fk_interaction_postponed_from_id")),
        sa.ForeignKeyConstraint(["result_id"], ["picklist_option.id"], name=op.f("fk_interaction_result_id")),
        sa.ForeignKeyConstraint(["state_id"], ["picklist_option.id"], name=op.f("fk_interaction_state_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_interaction_territory_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_interaction_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
    )
    op.create_index("ix_interaction_account_id", "interaction", ["account_id", "id"], unique=False)
    op.create_index("ix_interaction_account_starts_at", "interaction", ["account_id", "starts_at", "id"], unique=False)
    op.create_index("ix_interaction_code__sort", "interaction", ["code__sort", "id"], unique=False)
    op.create_index("ix_interaction_contact_id", "interaction", ["contact_id", "id"], unique=False)
    op.create_index("ix_interaction_contact_starts_at", "interaction", ["contact_id", "starts_at", "id"], unique=False)
    op.create_index("ix_interaction_created_at", "interaction", ["created_at", "id"], unique=False)
    op.create_index("ix_interaction_created_by_id", "interaction", ["created_by_id", "id"], unique=False)
    op.create_index("ix_interaction_deal_id", "interaction", ["deal_id", "id"], unique=False)
    op.create_index("ix_interaction_deal_starts_at", "interaction", ["deal_id", "starts_at", "id"], unique=False)
    op.create_index("ix_interaction_department_id", "interaction", ["department_id", "id"], unique=False)
    op.create_index("ix_interaction_ends_at", "interaction", ["ends_at", "id"], unique=False)
    op.create_index("ix_interaction_follows_id", "interaction", ["follows_id", "id"], unique=False)
    op.create_index("ix_interaction_held_at", "interaction", ["held_at", "id"], unique=False)
    op.create_index("ix_interaction_legal_entity_id", "interaction", ["legal_entity_id", "id"], unique=False)
    op.create_index("ix_interaction_name__sort", "interaction", ["name__sort", "id"], unique=False)
    op.create_index("ix_interaction_owner_id", "interaction", ["owner_id", "id"], unique=False)
    op.create_index("ix_interaction_owner_starts_at", "interaction", ["owner_id", "starts_at", "id"], unique=False)
    op.create_index("ix_interaction_owner_state_starts_at", "interaction", ["owner_id", "state_id", "starts_at", "id"], unique=False)
    op.create_index("ix_interaction_planned_start", "interaction", ["planned_start", "id"], unique=False)
    op.create_index("ix_interaction_postponed_from_id", "interaction", ["postponed_from_id", "id"], unique=False)
    op.create_index("ix_interaction_starts_at", "interaction", ["starts_at", "id"], unique=False)
    op.create_index("ix_interaction_territory_id", "interaction", ["territory_id", "id"], unique=False)
    op.create_index("ix_interaction_updated_at", "interaction", ["updated_at", "id"], unique=False)
    op.create_index("ix_interaction_updated_by_id", "interaction", ["updated_by_id", "id"], unique=False)
    op.create_index(
        "uq_interaction_code", "interaction", ["code"], unique=True, sqlite_where=sa.text("deleted_at IS NULL"), postgresql_where=sa.text("deleted_at IS NULL")
    )
    create_table(
        "stage_history",
        sa.Column("deal_id", sa.Integer(), nullable=False),
        sa.Column("from_stage_id", sa.Integer(), nullable=True),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", UtcMoment(), nullable=False),
        sa.Column("amount", MoneyType(), nullable=True),
        sa.Column("probability", ScaledDecimal(6), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("reason__sort", KeyText(200), nullable=True),
        sa.Column("reason__find", KeyText(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcMoment(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UtcMoment(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_stage_history_created_by_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_stage_history_deal_id")),
        sa.ForeignKeyConstraint(["from_stage_id"], ["stage.id"], name=op.f("fk_stage_history_from_stage_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_stage_history_stage_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_stage_history_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_history")),
    )
    op.create_index("ix_stage_history_created_at", "stage_history", ["created_at", "id"], unique=False)
    op.create_index("ix_stage_history_created_by_id", "stage_history", ["created_by_id", "id"], unique=False)
    op.create_index("ix_stage_history_deal_entered_at", "stage_history", ["deal_id", "entered_at", "id"], unique=False)
    op.create_index("ix_stage_history_deal_id", "stage_history", ["deal_id", "id"], unique=False)
    op.create_index("ix_stage_history_entered_at", "stage_history", ["entered_at", "id"], unique=False)
    op.create_index("ix_stage_history_from_stage_id", "stage_history", ["from_stage_id", "id"], unique=False)
    op.create_index("ix_stage_history_stage_id", "stage_history", ["stage_id", "id"], unique=False)
    op.create_index("ix_stage_history_updated_at", "stage_history", ["updated_at", "id"], unique=False)
    op.create_index("ix_stage_history_updated_by_id", "stage_history", ["updated_by_id", "id"], unique=False)
    create_table(
        "interaction__competitors",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["interaction.id"], name=op.f("fk_interaction__competitors_owner_id")),
        sa.ForeignKeyConstraint(["target_id"], ["competitor.id"], name=op.f("fk_interaction__competitors_target_id")),
        sa.PrimaryKeyConstraint("owner_id", "target_id", name=op.f("pk_interaction__competitors")),
    )
    op.create_index("ix_interaction__competitors_target_id", "interaction__competitors", ["target_id"], unique=False)
    create_table(
        "interaction__products",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["interaction.id"], name=op.f("fk_interaction__products_owner_id")),
        sa.ForeignKeyConstraint(["target_id"], ["product.id"], name=op.f("fk_interaction__products_target_id")),
        sa.PrimaryKeyConstraint("owner_id", "target_id", name=op.f("pk_interaction__products")),
    )
    op.create_index("ix_interaction__products_target_id", "interaction__products", ["target_id"], unique=False)
    create_table(
        "interaction_participant",
        sa.Column("interaction_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("colleague_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
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
        sa.ForeignKeyConstraint(["colleague_id"], ["user.id"], name=op.f("fk_interaction_participant_colleague_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_interaction_participant_contact_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_interaction_participant_created_by_id")),
        sa.ForeignKeyConstraint(["interaction_id"], ["interaction.id"], name=op.f("fk_interaction_participant_interaction_id")),
        sa.ForeignKeyConstraint(["role_id"], ["picklist_option.id"], name=op.f("fk_interaction_participant_role_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_interaction_participant_updated_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_participant")),
    )
    op.create_index("ix_interaction_participant_colleague_id", "interaction_participant", ["colleague_id", "id"], unique=False)
    op.create_index("ix_interaction_participant_contact_id", "interaction_participant", ["contact_id", "id"], unique=False)
    op.create_index("ix_interaction_participant_created_at", "interaction_participant", ["created_at", "id"], unique=False)
    op.create_index("ix_interaction_participant_created_by_id", "interaction_participant", ["created_by_id", "id"], unique=False)
    op.create_index("ix_interaction_participant_interaction_id", "interaction_participant", ["interaction_id", "id"], unique=False)
    op.create_index("ix_interaction_participant_updated_at", "interaction_participant", ["updated_at", "id"], unique=False)
    op.create_index("ix_interaction_participant_updated_by_id", "interaction_participant", ["updated_by_id", "id"], unique=False)
    create_keys()


def downgrade() -> None:
    cascade = "" if op.get_bind().dialect.name == "sqlite" else " CASCADE"
    for table in TABLES:
        op.execute(f'DROP TABLE "{table}"{cascade}')


TABLES = (
    "interaction_participant",
    "interaction__products",
    "interaction__competitors",
    "stage_history",
    "interaction",
    "deal_line",
    "competitor__products",
    "view_member",
    "segment_member",
    "product__goes_with",
    "position",
    "deal",
    "contact_point",
    "competitor",
    "account__interests",
    "access_review_item",
    "view_use",
    "stage",
    "role__emergency",
    "product",
    "membership",
    "import_row",
    "import_later",
    "contact",
    "account",
    "access_rule",
    "used_code",
    "sign_in_step",
    "sign_in_session",
    "segment",
    "second_factor",
    "saved_view",
    "running_timer",
    "role",
    "recovery_code",
    "product_category",
    "pipeline",
    "picklist_option",
    "notice_mail",
    "notice",
    "not_duplicates",
    "legal_entity",
    "job",
    "import_upload",
    "import_source",
    "import_batch",
    "field_conversion",
    "config_version",
    "config_draft",
    "calendar_link",
    "calendar_day",
    "account_token",
    "access_review",
    "user",
    "territory",
    "sign_in_attempt",
    "saved_condition",
    "role_conflict",
    "record_seen",
    "record_resting",
    "quality_snapshot",
    "picklist",
    "outbox",
    "merged_record",
    "likeness_key",
    "layout",
    "journal_seal",
    "journal",
    "duplicate_search",
    "duplicate_evidence",
    "department",
    "daily_work",
    "custom_field",
    "custom_entity",
    "custom_counter",
    "custom_check",
    "computed_state",
    "company",
)
