"""A person erased is named nowhere: not in the database's file, whatever wrote there, nor beside it, nor in the backup made after."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import insert, select, text, update

from config import Settings
from crm.backoffice import outbox, records
from crm.backoffice.entities import Base
from crm.backoffice.exchange.uploads import ImportUpload
from crm.backoffice.guard import system_session
from crm.backoffice.journal import JournalRow, print_of, values_hash
from crm.backoffice.likeness.duplicates import part
from crm.backoffice.likeness.evidence import DECIDED, EVIDENCE
from crm.backoffice.likeness.index import KEYS
from crm.backoffice.likeness.search import search
from crm.backoffice.merging import merge
from crm.backoffice.personal import erasing
from crm.backoffice.personal.erasing import Touch
from crm.backoffice.personal.gathering import gather
from crm.backoffice.undo import undo
from crm.errors import BadRequest, Forbidden, Invalid, NotFound
from crm.serving.backup import backup
from tests.company import Company

NAME, SURNAME, EMAIL, PHONE = "Ґалаґан-Їжакевич Євпраксія", "Ґалаґан-Їжакевич", "yevpraksiia@galagan.example", "+380671234599"
SECRETS = (NAME, "Євпраксія Ґалаґан-Їжакевич", SURNAME, EMAIL, PHONE, "Любить орхідеї")
JOURNAL = JournalRow.__table__
Erase = Callable[..., Touch]


@pytest.fixture
def erase(company: Company, settings: Settings) -> Erase:
    def run(entity: str, number: int, actor: int | None = None) -> Touch:
        return erasing.erase(
            company.engine, company.catalog, entity, number, instance=settings.instance, kept=settings.files, jobs=settings.jobs_database, actor_id=actor,
            source="cli",
        )

    return run


def fill(company: Company, settings: Settings) -> int:
    """A person of whom everything in the company speaks; her number."""
    [firm] = company.make("account", {"name": "ТОВ «Квіти»", "description": f"Дзвонити: {NAME.upper()}, {PHONE}"})
    [person] = company.make("contact", {
        "last_name": SURNAME, "first_name": "Євпраксія", "email": EMAIL, "phone": PHONE, "description": "Любить орхідеї", "birth_date": None,
    })
    [twin] = company.make("contact", {"name": NAME, "email": EMAIL})
    company.make("position", {"account": firm, "contact": person, "title": "Любить орхідеї"})
    company.make("contact_point", {"contact": person, "kind": company.option("contact_point_kind", "telegram"), "value": "@galagan_yevpraksiia"})
    talk = {"medium": company.option("interaction_medium", "call"), "direction": company.option("direction", "outbound"),
            "state": company.option("interaction_state", "held"), "account": firm,
            "held_at": datetime(2026, 5, 4, 9, tzinfo=UTC), "actual_minutes": 5, "result": company.option("interaction_result", "agreed")}
    [_, other] = company.make(
        "interaction", {**talk, "contact": person, "subject": f"Про {SURNAME.lower()}", "minutes": "Любить орхідеї"}, {**talk, "subject": f"Лист від {NAME}"})
    company.make("deal", {"name": f"Букет для {SURNAME}ої", "account": firm, "contact": person})
    with company.system() as session:
        records.change(session, "contact", person, {"email": f"old.{EMAIL}"})
        session.commit()
    with company.system() as session:
        records.change(session, "contact", person, {"email": EMAIL})
        records.remove(session, "interaction", other)
        merge(session, "contact", person, [twin], {})
        outbox.post(session, "letter", [("one", {"to": EMAIL, "name": NAME})])
        session.kernel(insert(ImportUpload.__table__).values(
            key="k" * 32, entity="contact", made_at=datetime.now(UTC), moved_at=datetime.now(UTC), file_key="ab" * 16, file_name=f"{NAME}.csv", size=3,
            mapping={}, profile={"samples": [NAME]}, why={}))
        session.commit()
    for folder, name, content in (
        (settings.files / "ab", "ab" * 16, f"Імʼя;Пошта\n{NAME};{EMAIL}\n".encode("cp1251", "replace")),
        (settings.instance / "imports", "errors.csv", f"{NAME};зле".encode()),
        (settings.instance / "mail", "1.eml", f"Subject: =?utf-8?b?x?=\nTo: {EMAIL}\n\nлист".encode()),
        (settings.instance / "mail", "2.eml", b"To: other@example.com\n\nlyst"),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return person


def spellings(secret: str) -> set[bytes]:
    """The bytes by which a text may lie in a file: in any case, as JSON in ASCII too."""
    cases = {secret, secret.lower(), secret.upper(), secret.title(), secret.casefold()}
    return {one.encode() for one in cases} | {json.dumps(one)[1:-1].encode() for one in cases}


def told(content: bytes) -> list[str]:
    return [secret for secret in SECRETS if any(one in content for one in spellings(secret))]


def everything_kept(company: Company, settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Every file of the installation; on PostgreSQL every row of every table."""
    for path in sorted(settings.instance.parent.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()
    if company.engine.dialect.name == "postgresql":
        with company.engine.connect() as connection:
            for table in Base.metadata.tables:
                for (row,) in connection.execute(text(f'SELECT t::text FROM "{table}" t')):
                    yield table, str(row).replace("\\\\", "\\").encode()


def test_she_is_named_nowhere_and_the_journal_still_verifies(
    company: Company, settings: Settings, app: Flask, flask: Callable[..., Result], erase: Erase, tmp_path: Path
) -> None:
    person = fill(company, settings)
    assert flask("journal", "seal").exit_code == 0
    before = [name for name, content in everything_kept(company, settings) if told(content)]
    assert len(before) > 3

    planned = erasing.rehearse(company.engine, company.catalog, "contact", person, instance=settings.instance, kept=settings.files)
    assert [name for name, content in everything_kept(company, settings) if told(content)] == before  # looked at, and nothing done
    done = erase("contact", person)
    assert (done.rows, done.journal, done.mentions) == (planned.rows, planned.journal, planned.mentions)
    assert done.rows["contact"] == 2 and done.rows["contact_point"] == 1 and done.mentions["account.description"] == 1 and done.files == 3
    assert done.swept
    company.engine.dispose()
    app.extensions["brama"].engine.dispose()

    backup(company.engine, settings, tmp_path / "after.tar")
    company.engine.dispose()
    assert [(name, told(content)) for name, content in everything_kept(company, settings) if told(content)] == []
    assert told((tmp_path / "after.tar").read_bytes()) == []
    assert (settings.instance / "mail" / "2.eml").is_file() and not (settings.instance / "mail" / "1.eml").exists()

    verified = json.loads(flask("journal", "verify").stdout)
    assert verified["ok"], verified
    with company.system(write=False) as session:
        table = company.catalog.entity("contact").table
        row = session.kernel(select(table).where(table.c.id == person)).one()
        assert (row.name, row.email, row.phone, row.last_name) == ("Стерта особа", None, None, None) and row.erased_at is not None
        deal = company.catalog.entity("deal").table
        assert session.kernel(select(deal.c.contact_id)).scalar() == person  # what refers to her still does
        assert session.kernel(select(KEYS).where(KEYS.c.entity == "contact", KEYS.c.record_id == person)).first() is None
        last = session.kernel(select(JOURNAL).where(JOURNAL.c.entity == "contact", JOURNAL.c.record_id == person).order_by(JOURNAL.c.id.desc())).first()
        assert last is not None and last.action == "erase" and last.changes == {}


def test_what_stands_in_an_erased_row_is_not_replaced_unnoticed(company: Company, flask: Callable[..., Result], erase: Erase) -> None:
    [person] = company.make("contact", {"name": NAME})
    erase("contact", person)
    assert json.loads(flask("journal", "verify").stdout)["ok"]
    with company.engine.execution_options(writer=True).begin() as connection:
        row = connection.execute(select(JOURNAL).where(JOURNAL.c.erased.is_not(None))).first()
        assert row is not None
        connection.execute(update(JOURNAL).where(JOURNAL.c.id == row.id).values(changes={**row.changes, "owner": [None, 7]}))
    assert json.loads(flask("journal", "verify").stdout)["first_broken"] == row.id
    assert print_of(row.changes) != print_of({**row.changes, "owner": [None, 7]})


def test_a_row_is_not_passed_off_as_erased(company: Company, flask: Callable[..., Result]) -> None:
    """The hash alone, which is the same, does not free the values."""
    company.make("contact", {"name": NAME})
    with company.engine.execution_options(writer=True).begin() as connection:
        row = connection.execute(select(JOURNAL).where(JOURNAL.c.entity == "contact")).one()
        hashed = values_hash(row.salt, row.changes)
        connection.execute(update(JOURNAL).where(JOURNAL.c.id == row.id).values(changes={"name": [None, "Інша"]}, erased=hashed, salt=""))
    assert json.loads(flask("journal", "verify").stdout)["first_broken"] == row.id


def test_a_namesake_keeps_his_name_and_what_others_say_of_it(company: Company, erase: Erase) -> None:
    one, other = company.make("contact", {"name": "Петренко Іван", "last_name": "Петренко"}, {"name": "Петренко Іван", "last_name": "Петренко"})
    [deal] = company.make("deal", {"name": "Петренко Іван: двері"})
    [shared] = company.make("account", {"name": "ФОП", "phone": "+380671112233"})
    with company.system() as session:
        records.change(session, "contact", one, {"phone": "+380671112233"})
        session.commit()
    done = erase("contact", one)
    assert done.shared == ("Петренко Іван",)
    with company.system(write=False) as session:
        contacts, deals, accounts = (company.catalog.entity(k).table for k in ("contact", "deal", "account"))
        assert dict(session.kernel(select(contacts.c.id, contacts.c.name)).all()) == {one: "Стерта особа", other: "Петренко Іван"}
        assert session.kernel(select(deals.c.name).where(deals.c.id == deal)).scalar() == "Петренко Іван: двері"
        assert session.kernel(select(accounts.c.phone).where(accounts.c.id == shared)).scalar() == "+380671112233"


def test_an_erasure_is_never_taken_back(company: Company, erase: Erase) -> None:
    with company.system() as session:
        person = records.create(session, "contact", {"name": NAME})
        made = session.batch
        session.commit()
    erase("contact", person)
    with company.system() as session:
        batch = session.kernel(select(JOURNAL.c.batch).where(JOURNAL.c.action == "erase")).scalar()
        with pytest.raises(BadRequest, match="cannot be brought back"):
            undo(session, str(batch))
        kept = undo(session, made)
        assert kept.undone == 0 and len(kept.kept) == 1


def test_who_may_not_and_what_must_be_kept(company: Company, erase: Erase) -> None:
    [person] = company.make("contact", {"name": NAME, "keep_reason": "Суд"})
    with pytest.raises(Invalid, match="reason to keep"):
        erase("contact", person)
    today = company.catalog.reader().today
    for until, free in ((today, False), (today - timedelta(days=1), True)):
        with company.system() as session:
            records.change(session, "contact", person, {"keep_until": until})
            session.commit()
        with company.system(write=False) as session:
            if free:
                erasing.judge(session, "contact", person)
            else:
                with pytest.raises(Invalid):
                    erasing.judge(session, "contact", person)
    rules = {"entity": "contact", "actions": ["read", "update", "delete", "export"], "scope": "all", "fields": {"*": "edit"}}
    reader = company.person(company.role("reader", rules))
    eraser = company.person(company.role("eraser", {**rules, "actions": ["read", "erase"]}))
    with company.session(reader) as session, pytest.raises(Forbidden):
        erasing.judge(session, "contact", person)
    with company.session(eraser) as session:
        erasing.judge(session, "contact", person)
        with pytest.raises(NotFound):
            erasing.judge(session, "contact", person + 1000)
        with pytest.raises(BadRequest):
            erasing.judge(session, "account", 1)


def test_a_colleague_and_the_last_owner(company: Company, erase: Erase, settings: Settings) -> None:
    owner, other = company.person("owner", name=NAME, email=EMAIL), company.person("seller", name="Коваль Ірина", email="iryna@example.com")
    with pytest.raises(Forbidden):
        erase("user", owner)
    company.person("owner", name="Другий Власник", email="second@example.com")
    done = erase("user", owner, other)
    assert done.rows["user"] == 1
    with company.system(write=False) as session:
        table = company.catalog.entity("user").table
        row = session.kernel(select(table).where(table.c.id == owner)).one()
        assert (row.name, row.email, row.active, row.password_hash) == ("Стерта особа", None, False, None)
        assert session.kernel(select(JOURNAL.c.actor_id).where(JOURNAL.c.action == "erase")).scalar() == other


def test_what_is_kept_is_gathered_whole_or_as_far_as_one_may_export(company: Company, settings: Settings, flask: Callable[..., Result]) -> None:
    person = fill(company, settings)
    code = f"C-{person}"
    whole = json.loads(flask("personal", "export", "contact", code).stdout)
    assert {one["entity"] for one in whole["records"]} == {"contact", "position", "contact_point", "interaction"}
    assert whole["records"][0]["rows"][0]["email"] == EMAIL and any("email" in h["changes"] for h in whole["history"])
    archive = flask("personal", "export", "contact", code, "--format", "zip").stdout_bytes
    assert json.loads(zipfile.ZipFile(io.BytesIO(archive)).read("person.json"))["person"] == whole["person"]
    rule = {"entity": "contact", "actions": ["read", "export"], "scope": "all", "fields": {"*": "read", "email": "hidden", "phone": "masked"}}
    somebody = company.person(company.role("somebody", rule))
    with company.session(somebody) as session:
        seen = gather(session, "contact", person).as_json()
    assert NAME in seen and EMAIL not in seen and PHONE not in seen and "interaction" not in seen and "орхідеї" in seen
    unable = company.person(company.role("unable", {**rule, "actions": ["read"]}))
    with company.session(unable) as session, pytest.raises(Forbidden):
        gather(session, "contact", person)


def test_the_command_asks_twice(company: Company, settings: Settings, flask: Callable[..., Result]) -> None:
    [person] = company.make("contact", {"name": NAME, "code": "C-one"})
    planned = flask("personal", "erase", "contact", "C-one")
    assert planned.exit_code == 0 and json.loads(planned.stdout)["rows"] == {"contact": 1} and "Nothing was erased" in planned.stderr
    assert flask("personal", "erase", "contact", "C-one", "--confirm", "C-two").exit_code == 1
    assert flask("personal", "erase", "contact", "C-none", "--confirm", "C-none").exit_code == 1
    assert flask("personal", "erase", "account", "A-1").exit_code == 1
    with system_session(company.engine, "test", company.catalog) as session:
        table = company.catalog.entity("contact").table
        assert session.kernel(select(table.c.name).where(table.c.id == person)).scalar() == NAME
    done = flask("personal", "erase", "contact", "C-one", "--confirm", "C-one")
    assert done.exit_code == 0 and json.loads(done.stdout)["swept"] is True


def test_of_who_was_erased_no_duplicates_are_kept_and_none_are_found(company: Company, erase: Erase) -> None:
    numbers = company.make("contact", *({"name": NAME, "email": EMAIL} for _ in range(3)))
    search(company.engine, company.catalog, "contact", pause=0)
    with company.system() as session:
        part(session, company.catalog.entity("contact"), numbers[1:])
        session.commit()
    for number in numbers[1:]:
        erase("contact", number)
    search(company.engine, company.catalog, "contact", pause=0)
    with company.engine.connect() as connection:
        assert connection.execute(select(EVIDENCE)).all() == connection.execute(select(DECIDED)).all() == []


def test_rows_are_counted_and_given_only_where_the_reader_sees_whom_they_name(company: Company) -> None:
    [person] = company.make("contact", {"name": NAME})
    talk = {
        "medium": company.option("interaction_medium", "call"), "direction": company.option("direction", "outbound"),
        "planned_start": datetime(2026, 5, 1, 10, tzinfo=UTC), "planned_minutes": 30,
    }
    [firm] = company.make("account", {"name": "ТОВ «Квіти»"})
    company.make("interaction", {**talk, "name": "Дзвінок", "account": firm, "contact": person})
    whole = {"entity": "contact", "actions": ["read", "update", "export", "delete", "erase"], "scope": "all", "fields": {"*": "edit"}}
    for role, fields, known in (("sees", {"*": "read"}, {"contact": 1, "interaction": 1}), ("guesses", {"*": "read", "contact": "hidden"}, {"contact": 1})):
        company.role(role, whole, {"entity": "interaction", "actions": ["read", "export"], "scope": "all", "fields": fields})
        with company.session(company.person(role)) as session:
            assert erasing.outlook(session, "contact", person).rows == known
            assert {one["entity"] for one in gather(session, "contact", person).data["records"]} == known.keys()
