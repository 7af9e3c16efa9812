"""Fields made by an administrator beside the product's own: a list sorted and filtered by either, by a formula, and sixteen who write under a roll-up."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from urllib.parse import quote

from sqlalchemy import Engine, func, select, update

from benchmarks.caller import Caller
from benchmarks.data import PASSWORD
from benchmarks.pages import PAGE, Question, Stage
from crm.backoffice import recomputing, records
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.guard import system_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import add_person

OWN, MADE = "the product's own", "made"
OWNER = "owner@firm.example"
# The picture of the amount, so that both lists show the same rows; a formula over it; what it comes to by customer.
FIELDS = "fields: {deal: {bench_amount: {type: money, indexed: true, class: open, label: {uk: Зроблена сума, en: Made amount}}}}"
FORMULA = (
    "fields: {deal: {bench_fee: {type: formula, formula: 'bench_amount * 0.02', indexed: true, class: open, label: {uk: Внесок, en: Fee}}}}"
)
ROLLUP = (
    "fields: {account: {bench_total: {type: rollup, of: deal.account, function: sum, field: bench_amount, class: open, label: {uk: Разом, en: Total}}}}"
)
WRITERS, EACH = 16, 10


@dataclass(frozen=True)
class Writing:
    """Seconds that a save took while sixteen wrote at once: the median and the longest."""

    median: float
    longest: float


def prepare(stage: Stage, say: Callable[[str], None]) -> Caller:
    """Makes the fields and fills them; the owner, signed in."""
    engine = stage.engine
    with system_session(engine, "benchmark", load_catalog(engine), write=True) as session:
        add_person(session, OWNER, "Власниця", roles=("owner",), password=PASSWORD)
        session.commit()
    for name, text, entity in (("a field", FIELDS, ""), ("a formula", FORMULA, "deal")):
        began = time.perf_counter()
        catalog = put(engine, text)
        say(f"  … {name} in {time.perf_counter() - began:.1f} s")
        if text is FIELDS:
            fill(engine, catalog)
        worked_out(engine, catalog, entity, say)
    return Caller(stage.app).sign_in(OWNER)


def put(engine: Engine, text: str) -> Catalog:
    with system_session(engine, "benchmark", load_catalog(engine), write=True) as session:
        apply(session, read(text, session.catalog))
        session.commit()
    return load_catalog(engine)


def worked_out(engine: Engine, catalog: Catalog, entity: str, say: Callable[[str], None]) -> None:
    """What the job worker does after a change: the values of the records that stood already."""
    if entity:
        began = time.perf_counter()
        done = recomputing.recompute(engine, catalog, entity)
        say(f"  … worked out for {done.records:,} records in {time.perf_counter() - began:.0f} s")


def fill(engine: Engine, catalog: Catalog) -> None:
    """The made amount of every deal is its amount."""
    kind = catalog.entity("deal")
    own, made = (list(kind.fields[key].stored(Decimal(1))) for key in ("amount", "bench_amount"))
    table = kind.table
    with engine.begin() as connection:
        connection.execute(update(table).values({there: table.c[here] for here, there in zip(own, made, strict=True)}))


def questions(stage: Stage, owner: Caller) -> Iterator[Question]:
    """Each asked of either field; the same rows come in the same order. Raises AssertionError when they do not."""
    bound = _bound(stage)

    def asked(column: str, share: Decimal = Decimal(1), **more: str) -> str:
        where = quote(json.dumps({"field": column, "op": "le", "value": str(bound * share)}))
        return f"/deal/?columns=name,account,stage,{column}&where={where}" + "".join(f"&{name}={value}" for name, value in more.items())

    pairs = {
        "sorted": ("/deal/?columns=name,account,stage,amount&sort=-amount", "/deal/?columns=name,account,stage,bench_amount&sort=-bench_amount"),
        "filter and sort": (asked("amount", sort="-amount"), asked("bench_amount", sort="-bench_amount")),
        "by a formula": (asked("amount", sort="-amount"), asked("bench_fee", Decimal("0.02"), sort="-bench_fee")),
    }
    for name, (own, made) in pairs.items():
        assert _rows(owner, own) == _rows(owner, made), f"{name}: not the same rows"
        yield Question(f"made field, {name}", {OWN: partial(owner.get, own), MADE: partial(owner.get, made)})


def _rows(owner: Caller, path: str) -> list[str]:
    found = [piece.split('"', 1)[0] for piece in owner.get(path).text.split('<tr data-id="')[1:]]
    assert len(found) == PAGE, path
    return found


def _bound(stage: Stage) -> Decimal:
    """The amount of the deal in the middle."""
    kind = load_catalog(stage.engine).entity("deal")
    column = kind.table.c[kind.fields["amount"].attribute]
    with stage.engine.connect() as connection:
        found = connection.execute(select(column).where(column.is_not(None)).order_by(column).offset(stage.deals // 2).limit(1)).scalar_one()
    return Decimal(found)


def written(stage: Stage, say: Callable[[str], None]) -> tuple[Writing, Writing]:
    """Sixteen who each change the made amount of ten deals of one customer: before there is a roll-up over it, and under one, whose sum must
    be right afterwards. Raises AssertionError when it is not."""
    engine = stage.engine
    chosen = _of_one_currency(engine, load_catalog(engine))
    without = _write(engine, load_catalog(engine), chosen, 1)
    catalog = put(engine, ROLLUP)
    worked_out(engine, catalog, "account", say)
    under = _write(engine, catalog, chosen, 2)
    deals, customer = catalog.entity("deal"), catalog.entity("account")
    amount, total = deals.table.c[deals.fields["bench_amount"].attribute], customer.table.c[customer.fields["bench_total"].attribute]
    with engine.connect() as connection:
        kept = connection.execute(select(total).where(customer.table.c.id == chosen)).scalar_one()
        live = connection.execute(select(amount).where(deals.table.c[deals.fields["account"].attribute] == chosen, deals.table.c.deleted_at.is_(None)))
        assert kept == sum(row[0] for row in live if row[0] is not None), "the roll-up is not the sum of its rows"
    return without, under


def _of_one_currency(engine: Engine, catalog: Catalog) -> int:
    """The customer with the most deals of one currency, as his own: amounts of several have no sum."""
    deals, customers = catalog.entity("deal"), catalog.entity("account")
    account, theirs, own = (kind.table.c[kind.fields[key].attribute] for kind, key in ((deals, "account"), (deals, "currency"), (customers, "currency")))
    one = (func.min(theirs) == func.max(theirs), func.max(theirs) == func.max(own), func.count(theirs) == func.count())
    found = select(account).join(customers.table, customers.table.c.id == account).where(deals.table.c.deleted_at.is_(None)).group_by(account)
    with engine.connect() as connection:
        return int(connection.execute(found.having(*one).order_by(func.count().desc(), account).limit(1)).scalar_one())


def _write(engine: Engine, catalog: Catalog, customer: int, factor: int) -> Writing:
    kind = catalog.entity("deal")
    with engine.connect() as connection:
        rows = select(kind.table.c.id).where(kind.table.c[kind.fields["account"].attribute] == customer, kind.table.c.deleted_at.is_(None))
        deals = list(connection.execute(rows.order_by(kind.table.c.id)).scalars())

    def work(writer: int) -> list[float]:
        taken = []
        for turn in range(EACH):
            began = time.perf_counter()
            with system_session(engine, "benchmark", catalog, write=True) as session:
                records.change(session, "deal", deals[(writer + turn * WRITERS) % len(deals)], {"bench_amount": Decimal(factor * (1000 * writer + turn + 1))})
                session.commit()
            taken.append(time.perf_counter() - began)
        return taken

    with ThreadPoolExecutor(WRITERS) as pool:
        all_taken = [one for taken in pool.map(work, range(WRITERS)) for one in taken]
    return Writing(statistics.median(all_taken), max(all_taken))
