"""A roll-up added over many records: counted in parts while everybody writes on, told of until it is right, and right at the end."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from crm.backoffice import pace, recomputing, records
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.filling import under_way
from crm.backoffice.guard import system_session
from crm.backoffice.jobs import TABLE as JOBS
from tests.company import Company
from tests.lowcode.cutting import cut
from tests.lowcode.test_made import TENDER, put

FIRMS, EACH = 12, 2


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "FEW", 5)
    monkeypatch.setattr(pace, "CHUNK", 4)
    monkeypatch.setattr(pace.Pace, "took", lambda self, seconds: None)


def begun(company: Company) -> tuple[list[int], Catalog]:
    """Firms with tenders, then the roll-ups over them; the firms, and the catalog of who has not heard of the roll-ups yet."""
    rollups = yaml.safe_load(TENDER)
    fields = rollups.pop("fields")
    put(company, yaml.safe_dump(rollups, allow_unicode=True))
    firms = company.make("account", *({"name": f"Фірма {n}", "revenue": Decimal(1000)} for n in range(FIRMS)))
    company.make("tender", *({"customer": firm, "budget": Decimal(n + 1)} for firm in firms for n in range(EACH)))
    before = company.catalog
    put(company, yaml.safe_dump({"fields": fields}, allow_unicode=True))
    return firms, before


def held(company: Company) -> dict[int, tuple[Any, ...]]:
    kind = company.catalog.entity("account")
    columns = [kind.table.c[kind.fields[key].attribute] for key in ("tenders", "tenders_total", "share")]
    with company.engine.connect() as connection:
        return {row[0]: tuple(row[1:]) for row in connection.execute(select(kind.table.c.id, *columns))}


def right(company: Company) -> dict[int, tuple[Any, ...]]:
    """The same, counted by the database alone."""
    kind = company.catalog.entity("tender")
    table, customer, budget = kind.table, kind.table.c[kind.fields["customer"].attribute], kind.table.c[kind.fields["budget"].attribute]
    query = select(customer, func.count(), func.sum(budget, type_=budget.type)).where(table.c.deleted_at.is_(None)).group_by(customer)
    with company.engine.connect() as connection:
        found = {row[0]: (row[1], row[2], row[2] / 1000) for row in connection.execute(query)}
    return {firm: found.get(firm, (0, None, None)) for firm in held(company)}


def filling(company: Company) -> Any:
    with company.system(write=False) as session:
        return under_way(session).get("account")


def test_it_is_told_of_until_it_is_counted_and_no_writer_is_missed(company: Company) -> None:
    firms, before = begun(company)
    kind = company.catalog.entity("account")
    waiting = filling(company)
    assert waiting.columns == {kind.fields[key].attribute for key in ("tenders", "tenders_total", "last_result", "share")} and waiting.seen == 0
    assert set(held(company).values()) == {(None, None, None)}, "no wrong nought"
    with company.engine.connect() as connection:
        assert connection.scalars(select(JOBS.c.state).where(JOBS.c.kind == recomputing.JOB)).all() == ["queued"], "asked for with the change itself"
    ended, told = Event(), list[tuple[int, int]]()

    def write(writer: int) -> None:
        for turn in range(3):
            # One of them is a process that has not heard of the roll-ups.
            catalog = before if writer % 2 else company.catalog
            with system_session(company.engine, "test", catalog, write=True, source="test") as session:
                number = records.create(session, "tender", {"customer": firms[(writer * 3 + turn) % FIRMS], "budget": Decimal(100)})
                session.commit()
            with system_session(company.engine, "test", catalog, write=True, source="test") as session:
                match turn:
                    case 0:
                        records.change(session, "tender", number, {"customer": firms[writer]})
                    case 1:
                        records.remove(session, "tender", number)
                    case _:
                        records.create(session, "account", {"name": "Нова", "revenue": Decimal(1000)})
                session.commit()
        assert ended.wait(60)

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 1:
            assert filling(company).seen == 4

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write, n) for n in range(2)]
        recomputing.recompute(company.engine, before, "account", progress)
        ended.set()
        for one in writers:
            one.result()
    assert held(company) == right(company)
    assert [done for done, _ in told] == sorted({done for done, _ in told}) and all(done <= total for done, total in told)
    assert filling(company) is None and filling(company) is None


def test_killed_at_any_statement_it_goes_on_where_it_stood(company: Company) -> None:
    begun(company)
    stop, cuts, positions = 3, 0, list[int]()
    while cut(company.engine, stop, lambda: recomputing.recompute(company.engine, company.catalog, "account")):
        stop, cuts = stop + 2, cuts + 1
        positions.append(filling(company).seen)
        done = sum(1 for row in held(company).values() if row[0] is not None)
        assert done == positions[-1], "what is done and what is said to be done are one"
    assert cuts > 5 and positions == sorted(positions) and positions[-1] > 0
    assert held(company) == right(company)


def test_a_change_meanwhile_is_followed_and_another_label_begins_nothing(company: Company) -> None:
    begun(company)

    def change(done: int, total: int) -> None:
        if done == 4:
            put(company, "fields: {account: {share: {type: formula, formula: 'tenders_total / (revenue * 1)', gives: percent, class: sensitive, "
                         "label: {uk: Частка, en: Share}}}}")

    recomputing.recompute(company.engine, company.catalog, "account", change)
    assert held(company) == right(company) and filling(company) is None
    company.catalog = load_catalog(company.engine)
    put(company, "fields: {account: {tenders: {type: rollup, of: tender.customer, function: count, label: {uk: Торгів, en: Biddings}}}}")
    assert filling(company) is None
    with company.system(write=False) as session:
        assert recomputing.lagging(session) == []
