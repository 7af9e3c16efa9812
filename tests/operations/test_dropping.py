"""Columns of fields that were removed long ago go for good: told in the journal, no undo any more, and everything else goes on."""

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, update

from config import Settings
from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.custom import dropping
from crm.backoffice.custom.dropping import drop
from crm.backoffice.custom.models import FIELDS
from crm.backoffice.daily import _kinds
from crm.backoffice.database import make_engine
from crm.backoffice.entities import Base
from crm.backoffice.jobs import Work
from crm.backoffice.journal import JournalRow
from crm.backoffice.personal import erasing
from crm.errors import BadRequest
from crm.messages import render
from crm.rights.configuring import of_undo, planned
from crm.serving.backup import backup, restore
from crm.serving.schema import ours
from tests.company import Company
from tests.lowcode.test_made import TENDER, held, put, take_back
from tests.operations.test_made import MORE, everything

OWN = "fields: {contact: {firm: {type: reference, to: account, class: internal, indexed: true, label: {uk: Фірма, en: Firm}}}}"
NOW = datetime.now(UTC)


def schema_of(company: Company) -> dict[str, set[str]]:
    made = inspect(company.engine)
    return {table: {column["name"] for column in made.get_columns(table)} for table in made.get_table_names()}


def test_what_was_removed_long_ago_is_dropped_and_cannot_come_back(company: Company, settings: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    put(company, TENDER)
    before = schema_of(company)
    put(company, MORE)
    put(company, OWN)
    (firm,) = company.make("account", {"name": "Фірма"})
    (product,) = company.make("product", {"name": "Насос"})
    (person,) = company.make("contact", {"name": "Їжакевич Ґанна", "hobby": "Шахи", "note": "Любить каву", "likes": (product,), "firm": firm})
    put(company, "removed: [contact.hobby, contact.likes, contact.firm]", agreed=True)
    removal = company.catalog.version
    (young,) = company.make("contact", {"name": "Молодий", "note": "Свіже"})
    put(company, "removed: [contact.note]", agreed=True)
    assert drop(company.engine, company.catalog, NOW - timedelta(days=1)) == []
    with company.engine.begin() as connection:
        connection.execute(update(FIELDS).where(FIELDS.c.key.in_(("hobby", "likes", "firm"))).values(removed_at=NOW - timedelta(days=2)))
    assert sorted(drop(company.engine, company.catalog, NOW - timedelta(days=1))) == ["contact.firm", "contact.hobby", "contact.likes"]
    after = schema_of(company)
    assert {table: columns - before.get(table, set()) for table, columns in after.items() if columns - before.get(table, set())} == {
        "contact": {name for name in after["contact"] if name.startswith("cf_")}}, "the table of links has gone too"
    assert drop(company.engine, company.catalog, NOW - timedelta(days=1)) == []
    with company.engine.connect() as connection:
        told = connection.execute(select(JournalRow.changes).where(JournalRow.action == "drop").order_by(JournalRow.id)).scalars().all()
        assert {change["field"][0] for change in told} == {"hobby", "likes", "firm"}
    version = load_catalog(company.engine).version
    with pytest.raises(BadRequest) as why:
        take_back(company, removal)
    assert "values were deleted" in render(why.value.message, "en") and load_catalog(company.engine).version == version
    with pytest.raises(BadRequest):
        planned(company.engine, company.catalog, company.person("owner"), of_undo(removal))
    company.catalog = load_catalog(company.engine)
    take_back(company, version)
    assert held(company, "contact", young, "note") == ("Свіже",), "what was removed lately comes back"
    put(company, MORE)
    with company.system() as session:
        records.change(session, "contact", person, {"hobby": "Плавання"})
        session.commit()
    whole = everything(company)
    backup(company.engine, settings, tmp_path / "backup.tar")
    engine = make_engine(elsewhere.database_url)
    restore(engine, elsewhere, tmp_path / "backup.tar")
    assert everything(Company(engine)) == whole
    engine.dispose()
    erasing.erase(
        company.engine, company.catalog, "contact", person, instance=settings.instance, kept=settings.files, jobs=settings.jobs_database, actor_id=None,
        source="cli",
    )
    assert "Плавання" not in str(everything(company))
    with company.engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = MigrationContext.configure(connection, opts={"target_metadata": Base.metadata, "include_object": ours})
        assert compare_metadata(context, Base.metadata) == []


def test_it_is_work_of_every_day_and_no_days_are_for_ever(company: Company, settings: Settings) -> None:
    put(company, MORE)
    put(company, "removed: [contact.hobby]", agreed=True)
    with company.engine.begin() as connection:
        connection.execute(update(FIELDS).where(FIELDS.c.key == "hobby").values(removed_at=NOW - timedelta(days=400)))
    assert dropping.JOB in _kinds

    def run(days: int) -> object:
        kept = Settings(**{**vars(settings), "keep_removed_days": days})
        return dropping.run(Work(0, {}, None, company.engine, company.catalog, kept))

    assert run(0) == {"dropped": []} and run(500) == {"dropped": []}
    assert run(365) == {"dropped": ["contact.hobby"]}
