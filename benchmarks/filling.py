"""A company of any size into an empty database: what it begins with, its people and goods, its deals and interactions, by as many
processes as help."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from random import Random

from sqlalchemy import Engine, select

from benchmarks.data import PASSWORD, READER, SELLER, Filler, Row, accounts, departments, products, sell, sellers, territories
from benchmarks.interactions import contacts, positions, talk
from benchmarks.load import bulk, copy, writing
from crm.backoffice import journal
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.entities import Base
from crm.backoffice.guard import system_session
from crm.contacts.interactions.models import Interaction, Participant
from crm.contacts.models import Account, Contact, Position
from crm.organization.founding import add_person
from crm.organization.models import Department, Territory, User
from crm.sales.models import Deal, DealLine, Product, StageHistory
from tests.company import build

PART = 10_000  # deals written at once
CLASSES = (
    Department, Territory, User, Account, Contact, Position, Product, Deal, DealLine, StageHistory, Interaction, Participant, journal.JournalRow,
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How many deals, and how many interactions beside them."""

    deals: int
    interactions: int

    def interactions_of(self, deals: range) -> range:
        """The interactions that are written together with these deals: those that fall upon them when all are spread over all deals."""
        first, last = (-(-self.interactions * place // self.deals) for place in (deals.start, deals.stop))
        return range(first, last)


def fill(engine: Engine, size: Size, seed: int, say: Say) -> None:
    """Found the company in an empty database and fill it."""
    build(engine)
    catalog = load_catalog(engine)
    with system_session(engine, "benchmark", catalog, write=True) as session:
        add_person(session, READER, "Керівниця", roles=("head",), password=PASSWORD)
        add_person(session, SELLER, "Продавчиня", roles=("seller",), password=PASSWORD)
        session.commit()
    with bulk(engine, [c.__table__ for c in CLASSES]):
        with writing(engine) as connection:
            filler = filler_of(engine, size.deals, seed)
            parts: list[tuple[type[Base], Iterator[Row]]] = [
                (Department, departments(filler)), (Territory, territories(filler)), (User, sellers(filler)), (Account, accounts(filler)),
                (Contact, contacts(filler)), (Position, positions(filler)), (Product, products(filler)),
            ]
            for cls, rows in parts:
                copy(connection, cls, rows)
        _write_all(engine, size, seed, say)
        say("indexes")


def _write_all(engine: Engine, size: Size, seed: int, say: Say) -> None:
    """Every deal and interaction; on PostgreSQL by as many processes as there are processors."""
    url = engine.url.render_as_string(hide_password=False)
    parts = [(url, size, seed, start) for start in range(0, size.deals, PART)]
    if engine.dialect.name == "sqlite":
        for part in parts:
            _write_part(part)
        return
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for number, _ in enumerate(pool.map(_write_part, parts), 1):
            if number % 20 == 0:
                say(f"{number * PART:,} deals")


def _write_part(part: tuple[str, Size, int, int]) -> None:
    url, size, seed, start = part
    engine, numbers = _engine(url), range(start, min(start + PART, size.deals))
    with writing(engine) as connection:
        filler = filler_of(engine, size.deals, f"{seed}/{start}")
        courses = sell(connection, filler, numbers)
        talk(connection, filler, courses, size.interactions_of(numbers))


@lru_cache(maxsize=1)
def _engine(url: str) -> Engine:
    return make_engine(url, statement_seconds=0)


def filler_of(engine: Engine, deals: int, seed: int | str) -> Filler:
    catalog = load_catalog(engine)
    with engine.connect() as connection:
        people = [row.id for row in connection.execute(select(User.id).where(User.email.in_((READER, SELLER))).order_by(User.id))]
    pipeline = next(p.id for p in catalog.configured["pipeline"].values() if p.code == "sales")
    stages = {s.key: s.id for s in catalog.configured["stage"].values() if s.parent_id == pipeline}
    options = {key: [o.id for o in catalog.picklists[key].options] for key in ("sales_channel", "loss_reason", "source")}
    return Filler(catalog, Random(seed), deals, people, stages, pipeline, options)
