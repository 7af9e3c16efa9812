"""What is made is kept like everything else: backed up and restored, erased with a person, never swept away, never in the way of a migration."""

import warnings
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select

from config import Settings
from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.custom.everything import every_table
from crm.backoffice.custom.naming import is_made
from crm.backoffice.database import make_engine
from crm.backoffice.entities import Base
from crm.backoffice.fields.many_to_many import ManyToManyField
from crm.backoffice.journal import JournalRow
from crm.backoffice.personal import erasing
from crm.serving.backup import backup, restore
from crm.serving.schema import ours
from tests.company import Company
from tests.lowcode.test_made import TENDER, put, take_back

MORE = """
fields:
  contact:
    hobby: {type: text, class: internal, personal: true, label: {uk: Захоплення, en: Hobby}}
    note: {type: long_text, class: internal, label: {uk: Примітка, en: Note}}
    likes: {type: many_to_many, to: product, class: internal, label: {uk: Уподобання, en: Likes}}
"""
SECRET = "Вирощує орхідеї Їжакевич"


def everything(company: Company) -> dict[str, list[tuple[object, ...]]]:
    with company.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=str) for table in every_table(connection)
            if table.name not in ("journal", "outbox")
        }


def test_a_backup_holds_it_and_gives_it_back(company: Company, settings: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    put(company, TENDER)
    put(company, MORE)
    (firm,) = company.make("account", {"name": "Фірма"})
    (product,) = company.make("product", {"name": "Насос"})
    company.make("tender", {"customer": firm, "budget": 100})
    company.make("contact", {"name": "Їжакевич", "hobby": SECRET, "likes": (product,)})
    put(company, "removed: [contact.hobby]", agreed=True)
    before = everything(company)
    assert SECRET in str(before), "what a removed field held is kept"
    backup(company.engine, settings, tmp_path / "backup.tar")
    engine = make_engine(elsewhere.database_url)
    restore(engine, elsewhere, tmp_path / "backup.tar")
    restored = Company(engine)
    assert everything(restored) == before
    take_back(restored)
    assert "hobby" in restored.catalog.entity("contact").fields
    (second,) = restored.make("tender", {"customer": firm, "budget": 1})
    assert second > 1, "numbers go on"
    engine.dispose()


def test_a_person_erased_is_gone_from_made_fields_removed_ones_and_their_past_too(company: Company, settings: Settings) -> None:
    put(company, MORE)
    put(company, TENDER)
    (person,) = company.make("contact", {"name": "Їжакевич Ґанна", "hobby": "Шахи", "note": "Любить каву"})
    with company.system() as session:
        records.change(session, "contact", person, {"hobby": SECRET})
        session.commit()
    (firm,) = company.make("account", {"name": "Фірма"})
    (told,) = company.make("tender", {"customer": firm, "name": "Тендер, який веде Їжакевич Ґанна"})
    put(company, "removed: [contact.hobby]", agreed=True)
    erasing.erase(
        company.engine, company.catalog, "contact", person, instance=settings.instance, kept=settings.files, jobs=settings.jobs_database, actor_id=None,
        source="cli",
    )
    assert SECRET not in str(everything(company)) and "Шахи" not in str(everything(company))
    with company.engine.connect() as connection:
        past = str(connection.execute(select(JournalRow.__table__.c.changes)).all())
        tender = company.catalog.entity("tender").table
        name = connection.execute(select(tender.c.name).where(tender.c.id == told)).scalar_one()
    assert SECRET not in past and "Шахи" not in past and "Їжакевич" not in name


def test_migrations_do_not_see_it(company: Company) -> None:
    put(company, TENDER)
    put(company, MORE)
    with company.engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # departments have heads who stand in departments: the cycle is known
        context = MigrationContext.configure(connection, opts={"target_metadata": Base.metadata, "include_object": ours})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("name", ["ce_7", "ce_7__cf_3", "account__cf_12", "cf_3", "cf_3__sort"])
def test_stored_names_are_known(name: str) -> None:
    assert is_made(name)


@pytest.mark.parametrize("name", ["account", "office_3", "price_1", "account__interests", "code__sort", "huey_task"])
def test_names_of_the_product_are_not_taken_for_made_ones(name: str) -> None:
    assert not is_made(name) and not any(is_made(table) for table in Base.metadata.tables)


def test_sets_of_references_are_linked_and_seen_from_both_sides(company: Company) -> None:
    put(company, MORE)
    one, two = company.make("product", {"name": "Насос"}, {"name": "Клапан"})
    (person,) = company.make("contact", {"name": "Їжакевич", "likes": (one, two)})
    kind = company.catalog.entity("contact")
    spec = kind.fields["likes"]
    assert isinstance(spec, ManyToManyField)
    with company.engine.connect() as connection:
        links = kind.links(spec)
        assert connection.execute(select(func.count()).select_from(links).where(links.c.owner_id == person)).scalar_one() == 2
    assert load_catalog(company.engine).entity("product").relations["contact_likes"].entity == "contact"
