"""The demo company: enough of it, plausible, the same every time, and gone without a trace in the lists when it is removed."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from sqlalchemy import func, select

from config import Settings
from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.reports import find, run
from crm.cli.demo import is_empty, load_demo, remove_demo
from crm.contacts.demo_words import latin
from crm.errors import BadRequest, Invalid
from crm.organization.passwords import verify_password
from tests.company import Company
from tests.conftest import admin, database
from tests.demo_company import PASSWORD


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(instance=tmp_path, database_url="sqlite://", demo_password=PASSWORD)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """One demo for all tests that only look."""
    folder = tmp_path_factory.getbasetemp() / f"demo-{request.param}"
    shutil.rmtree(folder, ignore_errors=True)  # tests that a process takes over from another come back to what it has left
    folder.mkdir()
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("demo_folder"), folder, dirs_exist_ok=True)
        url = f"sqlite:///{folder / 'brama.db'}"
    else:
        server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
        admin(server, f"CREATE DATABASE demo_{os.getpid()} TEMPLATE {template}")
        url = database(server, f"demo_{os.getpid()}")
    made = Company(make_engine(url))
    if request.param == "postgres":
        load_demo(made.engine, Settings(instance=folder, database_url=url, demo_password=PASSWORD))
    made.catalog = load_catalog(made.engine)
    yield made
    made.engine.dispose()
    if request.param == "postgres":
        admin(server, f"DROP DATABASE demo_{os.getpid()} WITH (FORCE)")


@pytest.fixture
def demo(shown: Company, settings: Settings, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A copy of this test's own, with the file of its accounts."""
    on_postgres = shown.engine.dialect.name == "postgresql"
    folder = tmp_path_factory.getbasetemp() / ("demo-postgres" if on_postgres else "demo-sqlite")
    shutil.copy(folder / "demo.txt", settings.instance)
    shown.engine.dispose()  # a database is copied while nobody is in it
    if on_postgres:
        server = request.getfixturevalue("postgres_server")
        admin(server, f"CREATE DATABASE copy_{os.getpid()} TEMPLATE demo_{os.getpid()}")
        url = database(server, f"copy_{os.getpid()}")
    else:
        with make_engine(f"sqlite:///{folder / 'brama.db'}").connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(folder / "brama.db", settings.instance / "copy.db")
        url = f"sqlite:///{settings.instance / 'copy.db'}"
    made = Company(make_engine(url))
    made.catalog = load_catalog(made.engine)
    yield made
    made.engine.dispose()
    if on_postgres:
        admin(server, f"DROP DATABASE copy_{os.getpid()} WITH (FORCE)")


def counts(company: Company) -> dict[str, int]:
    """Records that are there, by entity, as lists and exports see them."""
    company.catalog = load_catalog(company.engine)
    with company.system(write=False) as session:
        found = {}
        for key in company.catalog.entities:
            source = session.table(key)
            found[key] = session.scalar(select(func.count()).select_from(source.table).where(source.visible)) or 0
        return found


def read(company: Company, entity: str, *keys: str) -> list[Any]:
    with company.system(write=False) as session:
        source = session.table(entity)
        return list(session.execute(select(source.id, *(source[k].label(k) for k in keys)).where(source.visible).order_by(source.id)))


def test_it_is_large_enough_and_every_account_signs_in_with_its_role(demo: Company, settings: Settings) -> None:
    there = counts(demo)
    least = {"account": 400, "contact": 900, "position": 900, "contact_point": 900, "deal": 1500, "deal_line": 1500, "stage_history": 3000}
    assert {key: there[key] for key in least if there[key] < least[key]} == {}
    listed = dict(line.split(" ", 1) for line in (settings.instance / "demo.txt").read_text().splitlines())
    assert list(listed) == [f"{who}@demo.example" for who in ("admin", "head", "seller", "clerk", "approver")]
    assert set(listed.values()) == {PASSWORD}
    assert (settings.instance / "demo.txt").stat().st_mode & 0o077 == 0
    user = demo.catalog.entity("user").table
    with demo.engine.connect() as connection:
        for email, role in zip(listed, ("owner", "head", "seller", "clerk", "approver"), strict=True):
            row = connection.execute(select(user).where(user.c.email == email)).mappings().one()
            assert verify_password(row["password_hash"], PASSWORD)
            assert demo.access(row["id"]).roles == (role,)


def test_deals_fill_two_years_that_end_today_with_seasons_and_outcomes(shown: Company) -> None:
    today = datetime.now(UTC).astimezone(shown.catalog.company.zone).date()
    stages = shown.catalog.configured["stage"]
    deals = read(shown, "deal", "stage", "opened_on", "closed_on", "expected_on", "amount", "loss_reason", "owner", "account", "contact", "territory")
    opened = [d.opened_on for d in deals]
    assert today - timedelta(days=731) <= min(opened) < today - timedelta(days=700)
    assert today - timedelta(days=14) < max(opened) <= today
    assert len({(d.year, d.month) for d in opened}) >= 24
    kinds = Counter(stages[d.stage].values["kind"] for d in deals)
    assert min(kinds["won"], kinds["lost"]) > 300
    assert kinds["open"] > 50
    for d in deals:
        kind = stages[d.stage].values["kind"]
        assert (d.closed_on is None) is (kind == "open")
        assert d.closed_on is None or d.opened_on < d.closed_on <= today
        assert (d.loss_reason is not None) is (kind == "lost")
        assert None not in (d.owner, d.account, d.contact, d.territory)
        assert d.amount > 0
    months = Counter(d.month for d in opened)
    assert months[4] + months[10] > 1.2 * (months[1] + months[7])  # spring and autumn against the depths of winter and summer


def test_history_and_lines_agree_with_their_deal(shown: Company) -> None:
    deals = {d.id: d for d in read(shown, "deal", "stage", "opened_on", "closed_on", "amount")}
    zone = shown.catalog.company.zone
    moves: dict[int, list[Any]] = {}
    for row in read(shown, "stage_history", "deal", "from_stage", "stage", "entered_at"):
        moves.setdefault(row.deal, []).append(row)
    assert moves.keys() == deals.keys()
    for number, rows in moves.items():
        deal = deals[number]
        assert rows[-1].stage == deal.stage
        assert rows[0].from_stage is None
        assert rows[0].entered_at.astimezone(zone).date() == deal.opened_on
        assert [r.stage for r in rows[:-1]] == [r.from_stage for r in rows[1:]]
        assert [r.entered_at for r in rows] == sorted(r.entered_at for r in rows)
        assert deal.closed_on is None or rows[-1].entered_at.astimezone(zone).date() == deal.closed_on
    sums: dict[int, Any] = {}
    for line in read(shown, "deal_line", "deal", "amount"):
        sums[line.deal] = sums.get(line.deal, 0) + line.amount
    assert sums == {number: deal.amount for number, deal in deals.items()}


def test_deals_go_roundabout_now_and_then_and_some_stand_too_long(shown: Company) -> None:
    """The funnel has something to say of skips, returns and deals that came back; heads and sellers begin with dashboards of their own."""
    with shown.system(write=False) as session:
        ways = run(find("funnel_summary"), session, {"pipeline": "sales"})[1].totals
        late = run(find("overdue_stays"), session, {})[1].totals
    assert min(ways[key] for key in ("skipped", "returned", "reopened")) > 15, ways
    assert 0.1 < late["overdue_rate"] < 0.5
    assert {one.roles for one in shown.catalog.dashboards.values()} == {("head",), ("seller",)}


def test_customers_look_like_life(shown: Company) -> None:
    accounts = read(shown, "account", "name", "tax_code", "phone", "postal_code", "city", "legal_form", "website")
    assert len({a.name for a in accounts}) > 0.99 * len(accounts)
    trader = shown.option("legal_form", "sole_trader")
    for a in accounts:
        assert a.name.startswith("ФОП ") if a.legal_form == trader else "«" in a.name
        assert len(a.tax_code) == (10 if a.legal_form == trader else 8)
        assert phonenumbers.is_valid_number(phonenumbers.parse(a.phone)), a.phone
        assert len(a.postal_code) == 5
        assert a.website.endswith(".example")
    people = read(shown, "contact", "name", "first_name", "middle_name", "last_name", "email", "phone")
    for p in people:
        assert p.name == f"{p.last_name} {p.first_name} {p.middle_name}"
        assert p.middle_name.endswith("вна") or p.middle_name.endswith(("вич", "лліч"))
        assert not (p.middle_name.endswith("вна") and p.last_name.endswith(("ський", "цький", "ий")))
        assert not (p.middle_name.endswith("ич") and p.last_name.endswith(("ська", "цька")))
        assert phonenumbers.is_valid_number(phonenumbers.parse(p.phone)), p.phone
        assert p.email is None or p.email.endswith(".example")


def test_removal_leaves_the_counts_from_before_and_what_people_made_with_what_that_refers_to(
    demo: Company, sqlite_template: Path, settings: Settings, tmp_path: Path,
) -> None:
    empty = Company(make_engine(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'empty.db')}"))
    before = counts(empty)
    empty.engine.dispose()
    if demo.engine.dialect.name == "sqlite":  # what is loaded again is the seed's, whatever the database
        there = [row[1:] for row in read(demo, "deal", "name", "amount", "opened_on")]
        assert remove_demo(demo.engine, settings).kept == ()
        check_gone(demo, before, settings)
        demo.make("account", {"name": "Власна компанія"})
        before["account"] += 1
        load_demo(demo.engine, settings)
        assert [row[1:] for row in read(demo, "deal", "name", "amount", "opened_on")] == there  # the same seed, the same company
    own = check_kept(demo, settings)
    with demo.system() as session:
        records.remove(session, "deal", own)
        session.commit()
    assert remove_demo(demo.engine, settings).kept == ()  # nobody refers to any of it now
    check_gone(demo, before, settings)


def check_gone(demo: Company, before: dict[str, int], settings: Settings) -> None:
    """Nothing of the demo is there, and there is nothing to take away."""
    assert counts(demo) == before
    assert demo.catalog.dashboards == {} and {one.values["days"] for one in demo.catalog.configured["stage"].values()} == {None}
    assert not (settings.instance / "demo.txt").exists()
    assert remove_demo(demo.engine, settings).removed == {}


def check_kept(demo: Company, settings: Settings) -> int:
    """Somebody makes a deal with one of the demo's companies and renames another before the demo is removed; the number of the deal."""
    before = counts(demo)
    seller = next(row.id for row in read(demo, "user", "email") if row.email == "seller@demo.example")
    account, other = sorted({row.account for row in read(demo, "position", "account")})[:2]
    (own,) = demo.make("deal", {"name": "Своя угода", "account": account, "owner": seller, "stage": demo.stage("lead")})
    with demo.system() as session:
        records.change(session, "account", other, {"name": "Перейменована"})
        session.commit()
    taken = remove_demo(demo.engine, settings)
    assert {row.id for row in read(demo, "deal")} == {own}
    assert [row.name for row in read(demo, "account", "name") if row.id == account]
    assert other not in {row.id for row in read(demo, "account")}  # changing a demo record does not make it one's own
    assert {entity for entity, _ in taken.kept} >= {"account", "user"}
    left = {row.id: row.active for row in read(demo, "user", "active")}
    assert left[seller] is False
    people = {row.contact for row in read(demo, "position", "account", "contact") if row.account == account}
    assert {row.id for row in read(demo, "contact")} == people  # who works for what stays, stays
    assert 0 < len(people) < before["contact"]
    return own


def test_a_second_demo_and_a_weak_password_are_refused(demo: Company, company: Company, settings: Settings, tmp_path: Path) -> None:
    before = counts(demo)
    with pytest.raises(BadRequest):
        load_demo(demo.engine, settings)
    assert counts(demo) == before
    with pytest.raises(Invalid):
        load_demo(company.engine, Settings(instance=tmp_path, database_url="sqlite://", demo_password="123"))
    assert counts(company)["deal"] == 0 < before["deal"]


def test_a_database_is_empty_until_somebody_works_in_it(company: Company) -> None:
    assert is_empty(company.engine)
    company.make("user", {"name": "Перша"})
    assert not is_empty(company.engine)


@pytest.mark.parametrize(("text", "expected"), [
    ("Згурський", "zghurskyi"), ("Юрій Щербак", "yurii-shcherbak"), ("Ґалаґан", "galagan"), ("Єва Їжакевич", "yeva-yizhakevych"), ("Мар’яна", "mariana"),
])
def test_names_in_latin_letters_follow_the_state_table(text: str, expected: str) -> None:
    assert latin(text) == expected
