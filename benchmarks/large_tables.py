"""`python -m benchmarks.large_tables`: what a change of the configuration over many records takes, and how long a writer waits meanwhile at most.
`BENCH_TENDERS=300000` for fewer than 1,000,000 rows, `BENCH_DATABASES=sqlite` for one database alone.

A tenth as many accounts have ten tenders each. A roll-up that adds them up is made, then the type of a text that holds amounts is changed; one
writer saves a tender all the while, as fast as it is let.
"""

import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from threading import Event, Thread

import yaml
from sqlalchemy import Engine, func, select, text

from benchmarks.databases import database
from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.guard import system_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.copying import FieldConversion
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.switching import carry_on
from crm.backoffice.recomputing import recompute
from tests.company import build

MADE = """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    fields:
      customer: {type: reference, to: account, label: {uk: Замовник, en: Customer}}
      budget: {type: money, label: {uk: Бюджет, en: Budget}}
      size: {type: text, label: {uk: Розмір, en: Size}}
"""
DECIMAL = "fields: {tender: {size: {type: decimal, indexed: true, label: {uk: Розмір, en: Size}, values: {немає: 0}}}}"
ROLLUP = "fields: {account: {tenders_total: {type: rollup, of: tender.customer, function: sum, field: budget, label: {uk: Сума, en: Total}}}}"


def run(kind: str, rows: int) -> None:
    with database(kind) as (url, _):
        engine = make_engine(url)
        build(engine)
        configure(engine, MADE)
        fill(engine, rows)
        print(f"{kind}: {rows:,} tenders of {rows // 10:,} accounts")
        measured(engine, "roll-up, the change itself", lambda: configure(engine, ROLLUP))
        measured(engine, "roll-up, counted by the job", lambda: recompute(engine, load_catalog(engine), "account"))
        check(engine)
        measured(engine, "text to decimal, its beginning", lambda: configure(engine, DECIMAL))
        measured(engine, "text to decimal, copied and switched", lambda: convert(engine))
        engine.dispose()


def convert(engine: Engine) -> None:
    with engine.connect() as connection:
        number = connection.scalar(select(FieldConversion.id))
    if number is None or carry_on(engine, number)["version"] is None:
        sys.exit("the type has not changed")


def configure(engine: Engine, said: str) -> None:
    catalog = load_catalog(engine)
    with system_session(engine, "benchmark", catalog, write=True) as session:
        apply(session, from_raw(yaml.safe_load(said), catalog))
        session.commit()


def fill(engine: Engine, rows: int) -> None:
    """Rows by the database itself: how they are written is not what is measured."""
    catalog = load_catalog(engine)
    account, tender = catalog.entity("account"), catalog.entity("tender")
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
    moment = "'2026-01-01 00:00:00.000000'"  # long ago, as most records are
    fields = {key: spec.attribute for key, spec in tender.fields.items()}
    with system_session(engine, "benchmark", catalog, write=True) as session:
        one = records.create(session, "account", {"name": "Фірма"})
        other = records.create(session, "tender", {"customer": one, "budget": Decimal(5), "size": "5"})
        session.commit()
    with engine.execution_options(writer=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        for table, here, count, given in (
            (account.table.name, one, rows // 10, {"name": "'Фірма ' || i", "code": "'B-' || i"}),
            (tender.table.name, other, rows, {
                "name": "'Тендер ' || i", "code": "'T-' || i", fields["customer"]: f"{one} + 1 + (i % {rows // 10})",
                fields["size"]: "CASE WHEN i % 1000 = 0 THEN 'немає' ELSE CAST(i % 5000 AS TEXT) || ',5' END",
            }),
        ):
            names = list(connection.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys())
            values = {"id": f"{here} + i", "created_at": moment, "updated_at": moment, **given}
            taken = ", ".join(values.get(name, f"r.{name}") for name in names)
            source = f"{numbers} SELECT {taken} FROM n, {table} r WHERE r.id = {here} AND i <= {count}"
            connection.execute(text(f"INSERT INTO {table} ({', '.join(names)}) {source}"))
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))


def measured(engine: Engine, what: str, work: Callable[[], object]) -> None:
    """The time of `work`, and how long the saves of a writer beside it took: in the middle and at most."""
    over, waits = Event(), list[float]()
    catalog = load_catalog(engine)
    with engine.connect() as connection:
        first = connection.scalar(select(func.max(catalog.entity("tender").table.c.id))) or 1

    def write() -> None:
        number = first
        while not over.is_set():
            began = time.monotonic()
            with system_session(engine, "benchmark", load_catalog(engine), write=True) as session:
                records.change(session, "tender", number, {"budget": Decimal(len(waits) % 1000)})
                session.commit()
            waits.append(time.monotonic() - began)
            number = number - 7919 if number > 7919 + 100 else first
            over.wait(0.02)

    thread = Thread(target=write)
    thread.start()
    began = time.monotonic()
    try:
        work()
    finally:
        took = time.monotonic() - began
        over.set()
        thread.join()
    waits.sort()
    print(f"  {what:<34} {took:8.1f} s; a save meanwhile {waits[len(waits) // 2]:.3f} s, at most {waits[-1]:.2f} s, of {len(waits)}")


def check(engine: Engine) -> None:
    """Stops the run when a sum is not what the database says."""
    catalog = load_catalog(engine)
    account, tender = catalog.entity("account"), catalog.entity("tender")
    total, customer, budget = account.fields["tenders_total"].attribute, tender.fields["customer"].attribute, tender.fields["budget"].attribute
    wrong = (f"SELECT count(*) FROM {account.table.name} a JOIN (SELECT {customer} c, sum({budget}) s FROM {tender.table.name} "
             f"WHERE deleted_at IS NULL GROUP BY {customer}) t ON t.c = a.id WHERE a.{total} IS DISTINCT FROM t.s")
    with engine.connect() as connection:
        number = connection.scalar(text(wrong if engine.dialect.name == "postgresql" else wrong.replace("IS DISTINCT FROM", "IS NOT")))
    if number:
        sys.exit(f"{number} sums are wrong")


if __name__ == "__main__":
    for one in os.environ.get("BENCH_DATABASES", "postgres").split(","):
        run(one, int(os.environ.get("BENCH_TENDERS", "1000000")))
